//! Red flags (practices L09): a completed ticket earns each eligible person who took it exactly one.

use crate::ticket::Cast;
use crate::wechat;
use api::{NewToken, Reactor, Scope};
use integration_tests::app::{COMMUNITY, NEIGHBOUR, TestApp};
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::json;

/// Somebody of a role in the community, with their id.
async fn one(app: &TestApp, name: &str, role: &str) -> (Caller, String) {
    let new = NewToken {
        role: role.to_owned(),
        scope: Scope::Place(COMMUNITY.to_owned()),
        person: Some(name.to_owned()),
        lifetime: std::time::Duration::from_secs(30 * 86_400),
    };
    let caller = app.anyone().with_token(&app.app.token(&new).await.unwrap());
    let id = app.id_of(&caller).await;
    (caller, id)
}

async fn held(caller: &Caller, query: &str) -> i64 {
    caller.get(&format!("/flags/count{query}")).await.expect(200).json["held"].as_i64().unwrap()
}

#[rstest]
#[tokio::test]
async fn l09_each_eligible_person_who_took_it_earns_one_flag(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let (member, member_id) = one(&app, "党员甲", "party_member").await;
    let (volunteer, volunteer_id) = one(&app, "志愿者乙", "volunteer").await;
    let ticket = cast.ticket().await;
    let assist = json!([{"person": member_id}, {"person": volunteer_id}]);
    let dispatch = json!({"lead": {"person": cast.worker_id}, "assist": assist});
    let _ = cast.clerk.post(&format!("{ticket}/dispatch"), dispatch).await.expect(200);
    let _ = cast.accept(&ticket).await.expect(200);
    app.pass(1);
    let _ = cast.resolve(&ticket).await.expect(200);
    app.app.catch_up().await.unwrap();
    assert_eq!(held(&cast.worker, "").await, 0, "not before it is closed");
    let _ = cast.rate(&ticket, "satisfied").await.expect(200);
    app.app.catch_up().await.unwrap();
    app.app.catch_up().await.unwrap();
    for (caller, flags) in
        [(&cast.worker, 1), (&member, 1), (&volunteer, 0), (&cast.clerk, 0), (&cast.resident, 0)]
    {
        let list = caller.get("/flags").await.expect(200);
        assert_eq!(list.items().len(), flags, "{}", list.text);
        assert_eq!(held(caller, "").await, i64::try_from(flags).unwrap());
    }
    let list = cast.worker.get("/flags").await.expect(200);
    let expected = json!({"person": cast.worker_id, "ticket": ticket.strip_prefix("/tickets/").unwrap(), "round": 1,
        "place": COMMUNITY, "earned_at": "2026-11-21T01:01:00Z", "taken_at": null});
    assert_eq!(list.items()[0], expected);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn l09_a_ticket_that_is_opened_again_takes_its_flag_back(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket_at("closed").await;
    app.app.catch_up().await.unwrap();
    assert_eq!(held(&cast.worker, "").await, 1);
    app.pass(60);
    let _ = cast.resident.post(&format!("{ticket}/reopen"), json!({"reason": "又不亮了"})).await.expect(200);
    app.app.catch_up().await.unwrap();
    assert_eq!(held(&cast.worker, "").await, 0);
    let list = cast.worker.get("/flags").await.expect(200);
    assert_eq!(list.items()[0]["taken_at"], "2026-11-21T02:00:00Z", "both times are kept");
    app.pass(1);
    let _ = cast.accept(&ticket).await.expect(200);
    let _ = cast.resolve(&ticket).await.expect(200);
    let _ = cast.rate(&ticket, "fairly_satisfied").await.expect(200);
    app.app.catch_up().await.unwrap();
    let list = cast.worker.get("/flags").await.expect(200);
    let rounds: Vec<_> =
        list.items().iter().map(|flag| (&flag["round"], flag["taken_at"].is_null())).collect();
    assert_eq!(rounds, [(&json!(2), true), (&json!(1), false)]);
    assert_eq!(held(&cast.worker, "").await, 1, "never two");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn l09_what_could_not_be_solved_earns_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    for (outcome, flags) in [("unsolvable", 0), ("explained", 1)] {
        let ticket = cast.ticket_at("accepted").await;
        let resolve = json!({"outcome": outcome, "reply": "已说明"});
        let _ = cast.worker.post(&format!("{ticket}/resolve"), resolve).await.expect(200);
        // Nobody rates it: it closes by itself.
        app.pass(8 * 24 * 60);
        app.app.catch_up().await.unwrap();
        assert_eq!(held(&cast.worker, "").await, flags, "{outcome}");
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn l09_it_counts_what_somebody_was_when_it_closed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", "532504").await;
    let (volunteer, id) = one(&app, "志愿者乙", "volunteer").await;
    let first = cast.ticket().await;
    let second = cast.ticket().await;
    for ticket in [&first, &second] {
        let lead = json!({"lead": {"person": id}});
        let _ = cast.clerk.post(&format!("{ticket}/dispatch"), lead).await.expect(200);
        let _ = volunteer.post(&format!("{ticket}/accept"), json!({})).await.expect(200);
        let solved = json!({"outcome": "solved", "reply": "好了"});
        let _ = volunteer.post(&format!("{ticket}/resolve"), solved).await.expect(200);
    }
    let _ = cast.rate(&first, "satisfied").await.expect(200);
    let grant = json!({"role": "party_member", "places": [COMMUNITY]});
    let granted = admin.post(&format!("/users/{id}/grant"), grant).await.expect(200);
    let _ = cast.rate(&second, "satisfied").await.expect(200);
    let grants = granted.json["grants"].as_array().unwrap();
    let grant = grants.iter().find(|grant| grant["role"] == "party_member").unwrap();
    let revoke = json!({"grant": grant["id"]});
    let _ = admin.post(&format!("/users/{id}/revoke"), revoke).await.expect(200);
    // All of it is followed only now, when they hold the role no more.
    app.app.catch_up().await.unwrap();
    let (volunteer, _) = one(&app, "志愿者乙", "volunteer").await;
    let list = volunteer.get("/flags").await.expect(200);
    let tickets: Vec<_> =
        list.items().iter().map(|flag| format!("/tickets/{}", flag["ticket"].as_str().unwrap())).collect();
    assert_eq!(tickets, [second]);
    assert!(app.app.rebuild(Reactor::Flags).await.unwrap());
    assert_eq!(volunteer.get("/flags").await.json, list.json);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn l09_flags_of_a_roster_entry_are_those_of_whom_it_turns_out_to_be(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, wechat) = wechat::start(backend).await;
    crate::password::add_user(&app, "chen.hongmei", Some("13800001111"), Some(("grid_worker", COMMUNITY)))
        .await;
    let roster =
        crate::password::login(&app.anyone(), "chen.hongmei", crate::password::PASSWORD).await.expect(200);
    let entry = app.anyone().with_token(roster.str("access_token"));
    let cast = Cast::of(&app).await;
    let cast = Cast { worker_id: app.id_of(&entry).await, worker: entry, ..cast };
    let _ = cast.ticket_at("closed").await;
    let chen = wechat::user(&app, &wechat, "o-chen").await;
    let bound = wechat::bind(&chen, &wechat.phone_code("13800001111")).await.expect(200);
    app.app.catch_up().await.unwrap();
    app.app.catch_up().await.unwrap();
    let chen = app.anyone().with_token(bound.str("access_token"));
    assert_eq!(held(&chen, "").await, 1);
    // And what they do from then on, by what the entry was granted.
    let cast = Cast { worker_id: app.id_of(&chen).await, worker: chen, ..cast };
    let _ = cast.ticket_at("closed").await;
    app.app.catch_up().await.unwrap();
    assert_eq!(held(&cast.worker, "").await, 2);
    assert!(app.app.rebuild(Reactor::Flags).await.unwrap());
    assert_eq!(held(&cast.worker, "").await, 2);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn flags_are_seen_by_whom_they_concern(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    for _ in 0..5 {
        let _ = cast.ticket_at("closed").await;
        app.pass(1);
    }
    app.app.catch_up().await.unwrap();
    let neighbour = app.staff("community_clerk", NEIGHBOUR).await;
    let admin = app.staff("county_admin", "532504").await;
    let of_worker = format!("?person={}", cast.worker_id);
    let at = |place: &str| format!("?place={place}");
    for (caller, query, count) in [
        (&cast.clerk, of_worker.clone(), 5),
        (&neighbour, of_worker.clone(), 0),
        (&cast.resident, of_worker.clone(), 0),
        (&admin, at("532504"), 5),
        (&admin, at("532504001"), 5),
        (&admin, at(NEIGHBOUR), 0),
        (&neighbour, at("532504"), 0),
        (&cast.clerk, at("532504"), 5),
        (&cast.resident, at("532504"), 0),
        (&cast.worker, at(NEIGHBOUR), 0),
        (&admin, format!("?place=532504&person={}", cast.worker_id), 5),
        (&admin, "?place=532504&from=2026-11-21T01:02:00Z&to=2026-11-21T01:04:00Z".to_owned(), 2),
    ] {
        let list = caller.get(&format!("/flags{query}")).await.expect(200);
        assert_eq!(list.items().len(), count, "{query}: {}", list.text);
        assert_eq!(held(caller, &query).await, i64::try_from(count).unwrap(), "{query}");
    }
    // Page by page it is the same.
    let all = admin.get("/flags?place=532504").await.expect(200);
    let (mut pages, mut next) = (vec![], String::new());
    loop {
        let page = admin.get(&format!("/flags?place=532504&limit=2{next}")).await.expect(200);
        pages.extend(page.items().to_vec());
        let Some(cursor) = page.json["next_cursor"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    assert_eq!(pages, all.items());
    for (query, status, code) in [
        ("place=53", 422, "place.no_level"),
        ("person=7", 400, "request.invalid_value"),
        ("limit=0", 422, "request.out_of_range"),
        ("cursor=AAAA", 422, "cursor.invalid"),
    ] {
        let refused = admin.get(&format!("/flags?{query}")).await;
        assert_eq!(refused.json["code"], code, "{query}: {}", refused.text);
        assert!(refused.status == status || code == "cursor.invalid", "{query}: {}", refused.status);
    }
    app.stop().await;
}
