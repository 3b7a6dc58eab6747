//! Lists: their lenses, their filters, their pages.

use crate::ticket::Cast;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT, lamp};
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

fn numbers(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| item["number"].as_str().unwrap()[14..].to_owned()).collect()
}

async fn all(caller: &Caller, query: &str, limit: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = caller.get(&format!("/tickets?limit={limit}{query}{cursor}")).await.expect(200);
        assert!(page.items().len() <= limit);
        found.extend(numbers(page.items()));
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

#[rstest]
#[tokio::test]
async fn pages_neither_skip_nor_repeat(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    for i in 0..13 {
        // Several in the same microsecond: the id decides.
        if i % 4 == 0 {
            app.pass(1);
        }
        let _ = cast.ticket().await;
    }
    let whole = all(&cast.clerk, "", 100).await;
    assert_eq!(whole.len(), 13);
    for limit in [1, 3, 5, 13] {
        assert_eq!(all(&cast.clerk, "", limit).await, whole, "{limit} a page");
        assert_eq!(all(&cast.clerk, "&status=submitted", limit).await, whole, "{limit} a page, filtered");
    }
    // What is filed between two pages is not in the second one.
    let first = cast.clerk.get("/tickets?limit=5").await;
    app.pass(1);
    let _ = cast.ticket().await;
    let second = format!("/tickets?limit=5&cursor={}", first.str("next_cursor"));
    assert_eq!(numbers(cast.clerk.get(&second).await.items()), whole[5..10]);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn tickets_of_a_phone_number_come_newest_first(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let caller = app.resident("来电居民").await;
    let mut called = lamp();
    called["contact"] = json!({"phone": "13912345678"});
    let mut filed = Vec::new();
    for body in [called.clone(), lamp(), called.clone(), lamp(), called.clone(), called] {
        app.pass(1);
        filed.push(caller.post("/tickets", body).await.expect(201).json);
    }
    filed.reverse();
    let filed = numbers(&filed);
    // Their own number is called where the ticket names none.
    let own = app.id_of(&caller).await.replace('-', "");
    let hash = "(SELECT phone_hash FROM ticket_contact LIMIT 1)";
    let own = if backend == Backend::Sqlite { format!("X'{own}'") } else { format!("'{own}'") };
    let theirs = format!("UPDATE app_user SET phone_hash = {hash} WHERE id = {own}");
    integration_tests::database::execute(&app.url, &theirs).await;
    let all_at = |limit| all(&cast.clerk, "&q=13912345678", limit);
    for limit in [1, 2, 6] {
        assert_eq!(all_at(limit).await, filed, "{limit} a page");
        let filtered = all(&cast.clerk, "&q=13912345678&status=submitted", limit).await;
        assert_eq!(filtered, filed, "{limit} a page, filtered");
    }
    // Rows of programs that knew no time of a contact are among them.
    let old = "UPDATE ticket_contact SET created_at = NULL WHERE ticket_id IN (SELECT id FROM ticket WHERE number LIKE '%00003')";
    integration_tests::database::execute(&app.url, old).await;
    for limit in [1, 2, 6] {
        assert_eq!(all_at(limit).await, filed, "{limit} a page, one of an old program");
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn each_sees_through_their_lens(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let neighbour = app.resident("普建华").await;
    let mut there = lamp();
    there["place"]["code"] = json!(NEIGHBOUR);
    there["category"] = json!("property");
    let here = cast.ticket().await;
    let _ = neighbour.post("/tickets", there).await.expect(201);
    let _ = cast.dispatch(&here).await.expect(200);
    let to_unit = json!({"lead": {"unit": UNIT}});
    let at_unit = cast.ticket().await;
    let _ = cast.clerk.post(&format!("{at_unit}/dispatch"), to_unit).await.expect(200);
    let street = app.staff("street_dispatcher", STREET).await;
    let county = app.staff("supervisor", "532504").await;
    let unit = app.of_unit("department_handler", UNIT).await;
    let technician = app.staff("system_admin", "532504").await;
    let worker = &cast.worker_id;
    let expected: [(&Caller, String, &[&str]); 21] = [
        (&cast.resident, String::new(), &["00003", "00001"]),
        (&neighbour, String::new(), &["00002"]),
        (&neighbour, format!("&place={COMMUNITY}"), &[]),
        (&neighbour, format!("&place={STREET}"), &["00002"]),
        (&cast.clerk, String::new(), &["00003", "00001"]),
        (&cast.clerk, "&mine=true".into(), &[]),
        (&street, String::new(), &["00003", "00002", "00001"]),
        (&street, format!("&place={NEIGHBOUR}"), &["00002"]),
        (&street, "&category=property".into(), &["00002"]),
        (&street, format!("&handler={worker}"), &["00001"]),
        (&street, format!("&unit={UNIT}&place={COMMUNITY}"), &["00003"]),
        (&street, "&status=dispatched".into(), &["00003", "00001"]),
        (&street, "&status=dispatched&severity=large".into(), &[]),
        (&county, String::new(), &["00003", "00002", "00001"]),
        (&county, "&q=532504-261121-00002".into(), &["00002"]),
        (&cast.clerk, "&q=532504-261121-00002".into(), &[]),
        (&county, "&q=532504-261121-00002&mine=true".into(), &[]),
        (&unit, String::new(), &["00003"]),
        (&cast.worker, format!("&handler={worker}"), &["00001"]),
        (&technician, "&place=532504".into(), &[]),
        (&county, "&to=2026-11-21T01:00:00Z".into(), &[]),
    ];
    for (caller, query, numbers) in expected {
        // In one microsecond the order is the ids'.
        let mut found = all(caller, &query, 2).await;
        found.sort_by(|a, b| b.cmp(a));
        assert_eq!(found, numbers, "{query}");
    }
    app.stop().await;
}

/// "May this person see that ticket" is the same question to a list and to a ticket.
#[rstest]
#[tokio::test]
async fn a_list_shows_what_may_be_read(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let county = app.staff("county_admin", "532504").await;
    let mut tickets = Vec::new();
    for place in [COMMUNITY, NEIGHBOUR, "532504002001"] {
        for lead in [json!(null), json!({"unit": UNIT}), json!({"person": cast.worker_id})] {
            let mut body = lamp();
            body["place"]["code"] = json!(place);
            let filed = cast.resident.post("/tickets", body).await.expect(201);
            let path = crate::ticket::path(&filed);
            let out_of_reach = lead["person"].is_string() && place != COMMUNITY;
            if !lead.is_null() && !out_of_reach {
                let _ = county.post(&format!("{path}/dispatch"), json!({"lead": lead})).await.expect(200);
            }
            tickets.push((path, filed.str("number")[14..].to_owned()));
        }
    }
    let callers = [
        cast.resident.clone(),
        app.resident("普建华").await,
        cast.clerk.clone(),
        cast.worker.clone(),
        app.staff("volunteer", COMMUNITY).await,
        app.staff("street_dispatcher", STREET).await,
        app.staff("system_admin", "532504").await,
        app.staff("supervisor", "532504002").await,
        app.of_unit("department_handler", UNIT).await,
        app.of_unit("supervisor", UNIT).await,
    ];
    for caller in callers {
        let mut listed = all(&caller, "&place=532504", 4).await;
        listed.sort();
        let mut read = Vec::new();
        for (path, number) in &tickets {
            if caller.get(path).await.status == 200 {
                read.push(number.clone());
            }
        }
        assert_eq!(listed, read, "{}", caller.get("/me").await.text);
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_scan_ends_and_says_where(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket().await;
    let _ = cast.dispatch(&ticket).await.expect(200);
    app.pass(1);
    integration_tests::database::copy_tickets(&app.url, 5_001).await;
    // The only dispatched one lies behind more entries than one page looks at.
    let first = cast.clerk.get("/tickets?status=dispatched").await.expect(200);
    assert_eq!(first.items().len(), 0);
    let second = format!("/tickets?status=dispatched&cursor={}", first.str("next_cursor"));
    let second = cast.clerk.get(&second).await.expect(200);
    assert_eq!(
        (numbers(second.items()), &second.json["next_cursor"]),
        (vec!["00001".to_owned()], &Value::Null)
    );
    // The copies have no history, so this store does not add up.
    app.app.stop().await.unwrap();
}
