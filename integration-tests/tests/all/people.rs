//! The roster: who is entered, who is seen by whom, who grants what, and who leaves.

use crate::ticket::Cast;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT};
use integration_tests::database::{copy_people, execute, number};
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};
use std::time::Duration;

const COUNTY: &str = "532504";

/// Somebody new with a role for a place.
pub(crate) async fn worker(admin: &Caller, name: &str, phone: Option<&str>, place: &str) -> Answer {
    let grants = json!([{"role": "grid_worker", "places": [place]}]);
    admin.post("/users", json!({"name": name, "phone": phone, "grants": grants})).await.expect(201)
}

pub(crate) fn user(person: &Answer) -> String {
    format!("/users/{}", person.str("id"))
}

/// The grant to be a volunteer.
pub(crate) fn newest(person: &Answer) -> &Value {
    let grants = person.json["grants"].as_array().unwrap();
    &grants.iter().find(|grant| grant["role"] == "volunteer").unwrap()["id"]
}

async fn names(caller: &Caller, query: &str) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = caller.get(&format!("/users?limit=2{query}{cursor}")).await.expect(200);
        found.extend(page.items().iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

#[rstest]
#[tokio::test]
async fn f07_somebody_is_entered_and_shown_masked(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let person = worker(&admin, " 王小二 ", Some("+86 138-1234-5678"), COMMUNITY).await;
    assert_eq!((person.str("name"), person.str("phone")), ("王小二", "138****5678"));
    assert_eq!(person.json["grants"][0]["places"], json!([COMMUNITY]));
    assert_eq!(person.header("etag"), "\"2\"");
    let read = admin.get(&user(&person)).await.expect(200);
    assert_eq!((&read.json, read.header("etag")), (&person.json, "\"2\""));
    // The number is theirs alone, however it is written.
    let again = json!({"name": "李四", "phone": "13812345678"});
    admin.post("/users", again).await.refused_for(409, "person.phone_taken", "/phone");
    let key = [("idempotency-key", "k")];
    let body = json!({"name": "李四", "phone": "13912345678"});
    let first = admin.post_with("/users", &key, body.clone()).await.expect(201);
    let replay = admin.post_with("/users", &key, body).await.expect(201);
    assert_eq!((replay.header("idempotent-replayed"), &replay.text), ("true", &first.text));
    // Without a grant they are where they were entered, and of no names.
    assert_eq!(admin.get(&user(&first)).await.expect(200).str("name"), "李*");
    for (body, code, field) in [
        (json!({"name": ""}), "text.empty", "/name"),
        (json!({"name": "名".repeat(31)}), "text.too_long", "/name"),
        (json!({"name": "王", "phone": "12345"}), "phone.invalid", "/phone"),
        (
            json!({"name": "王", "grants": [{"role": "resident", "places": [COUNTY]}]}),
            "grant.resident",
            "/grants",
        ),
        (
            json!({"name": "王", "grants": [{"role": "volunteer"}]}),
            "grant.places_or_unit",
            "/grants/0/places",
        ),
        (
            json!({"name": "王", "grants": [{"role": "volunteer", "places": []}]}),
            "grant.places_count",
            "/grants/0/places",
        ),
        (
            json!({"name": "王", "grants": [{"role": "volunteer", "places": ["532504999"]}]}),
            "place.unknown",
            "/grants/0/places",
        ),
        (
            json!({"name": "王", "grants": [{"role": "volunteer", "places": ["53"]}]}),
            "place.no_level",
            "/grants/0/places/0",
        ),
        (
            json!({"name": "王", "grants": [{"role": "volunteer", "unit": uuid::Uuid::nil()}]}),
            "unit.unknown",
            "/grants/0/unit",
        ),
    ] {
        admin.post("/users", body).await.refused_for(422, code, field);
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn an_entry_is_changed_in_the_version_that_was_read(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let person = worker(&admin, "王小二", Some("13812345678"), COMMUNITY).await;
    let path = user(&person);
    let edit = json!({"name": "王小三", "phone": "0873-6123456"});
    let edited = admin.put_with(&path, &[("if-match", "\"2\"")], edit.clone()).await.expect(200);
    assert_eq!((edited.str("name"), edited.str("phone")), ("王小三", "087****3456"));
    let stale = admin.put_with(&path, &[("if-match", "\"2\"")], edit).await;
    stale.refused(412, "person.version_mismatch");
    let without = admin.put_with(&path, &[], json!({"name": "王小三"})).await.expect(200);
    assert_eq!((&without.json["phone"], without.header("etag")), (&Value::Null, "\"4\""));
    // The number is free again.
    let other = worker(&admin, "李四", Some("13812345678"), COMMUNITY).await;
    let taken = json!({"name": "王小三", "phone": "13812345678"});
    admin.put_with(&path, &[], taken).await.refused(409, "person.phone_taken");
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    clerk.put_with(&user(&other), &[], json!({"name": "x"})).await.refused(403, "permission.role");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn each_sees_those_of_their_area(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    for (name, place) in [("甲", COMMUNITY), ("乙", NEIGHBOUR), ("丙", STREET)] {
        app.pass(1);
        let _ = worker(&admin, name, None, place).await;
    }
    app.pass(1);
    let of_unit = json!([{"role": "department_handler", "unit": UNIT}]);
    let handler = admin
        .post("/users", json!({"name": "丁", "phone": "13812345678", "grants": of_unit}))
        .await
        .expect(201);
    app.pass(1);
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    app.pass(1);
    let street = app.staff("street_dispatcher", STREET).await;
    let everyone = names(&admin, "").await;
    let of_roster: Vec<_> = everyone.iter().filter(|name| !name.contains('@')).collect();
    let (clerk_name, street_name) = ("community_clerk@532504001007", "street_dispatcher@532504001");
    assert_eq!(of_roster, ["丁", "丙", "乙", "甲"], "newest first");
    assert_eq!(names(&clerk, "").await, [clerk_name, "甲"]);
    assert_eq!(names(&street, "").await, [street_name, clerk_name, "丙", "乙", "甲"]);
    assert_eq!(names(&street, "&role=grid_worker").await, ["丙", "乙", "甲"]);
    assert_eq!(names(&street, &format!("&role=grid_worker&place={NEIGHBOUR}")).await, ["乙"]);
    assert_eq!(names(&street, "&place=532504002").await, [""; 0]);
    assert_eq!(
        names(&clerk, &format!("&place={STREET}")).await,
        [clerk_name, "甲"],
        "the part that is theirs"
    );
    assert_eq!(names(&admin, &format!("&unit={UNIT}")).await, ["丁"]);
    assert_eq!(names(&admin, &format!("&unit={UNIT}&role=supervisor")).await, [""; 0]);
    assert_eq!(names(&street, &format!("&unit={UNIT}")).await, [""; 0], "a unit counts by its county");
    assert_eq!(names(&admin, "&q=%2B86%20138-1234-5678").await, ["丁"]);
    assert_eq!(names(&street, "&q=13812345678").await, [""; 0]);
    admin.get("/users?q=1").await.refused_for(422, "phone.invalid", "?q");
    street.get(&user(&handler)).await.refused(404, "person.not_found");
    clerk.get("/users/nobody").await.refused(404, "person.not_found");
    let first = admin.get("/users?limit=1").await;
    let cursor = format!("/users?limit=1&role=volunteer&cursor={}", first.str("next_cursor"));
    admin.get(&cursor).await.refused(400, "cursor.invalid");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_resident_is_seen_where_their_ticket_lies(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let resident = format!("/users/{}", app.id_of(&cast.resident).await);
    let [county, street, other] = [COUNTY, STREET, "532504002"].map(|place| app.staff("county_admin", place));
    let (county, street, other) = (county.await, street.await, other.await);
    county.get(&resident).await.refused(404, "person.not_found");
    let _ = cast.ticket().await;
    for admin in [&county, &street] {
        assert_eq!(admin.get(&resident).await.expect(200).str("name"), "王*");
    }
    other.get(&resident).await.refused(404, "person.not_found");
    for role in ["system_admin", "supervisor"] {
        app.staff(role, COUNTY).await.get(&resident).await.refused(404, "person.not_found");
    }
    cast.clerk.get(&resident).await.refused(404, "person.not_found");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn grants_stay_within_the_scope_of_who_grants(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let county = app.staff("county_admin", COUNTY).await;
    let street = app.staff("county_admin", STREET).await;
    let system = app.staff("system_admin", COUNTY).await;
    let person = user(&worker(&county, "王小二", None, COMMUNITY).await);
    let grant = format!("{person}/grant");
    let of = |role: &str, place: &str| json!({"role": role, "places": [place]});
    for (caller, body) in [
        (&street, of("grid_worker", "532504002")),
        (&street, of("grid_worker", COUNTY)),
        (&street, json!({"role": "grid_worker", "places": [COMMUNITY, "532504002"]})),
        (&street, json!({"role": "department_handler", "unit": UNIT})),
        (&county, of("hotline", COUNTY)),
        (&county, of("system_admin", COMMUNITY)),
    ] {
        caller.post(&grant, body).await.refused(403, "grant.beyond_scope");
    }
    let beyond = json!({"name": "x", "grants": [{"role": "volunteer", "places": ["532504002"]}]});
    street.post("/users", beyond).await.refused_for(403, "grant.beyond_scope", "/grants");
    system.post(&grant, of("resident", COMMUNITY)).await.refused_for(422, "grant.resident", "/role");
    county.post(&grant, of("grid_worker", COMMUNITY)).await.refused(409, "grant.already_held");
    let _ = system.post(&grant, of("hotline", COUNTY)).await.expect(200);
    let granted =
        county.post(&grant, json!({"role": "volunteer", "places": [NEIGHBOUR, STREET, STREET]})).await;
    let grants = granted.expect(200).json["grants"].as_array().unwrap().clone();
    let held = |role: &str| grants.iter().find(|grant| grant["role"] == role).unwrap();
    assert_eq!(held("volunteer")["places"], json!([STREET]), "what another covers adds nothing");
    // What one could not have granted one does not take.
    let revoke = |grant: &Value| json!({"grant": grant["id"]});
    county
        .post(&format!("{person}/revoke"), revoke(held("hotline")))
        .await
        .refused(403, "grant.beyond_scope");
    let _ = county.post(&format!("{person}/revoke"), revoke(held("volunteer"))).await.expect(200);
    county.post(&format!("{person}/revoke"), revoke(held("volunteer"))).await.refused_for(
        422,
        "grant.unknown",
        "/grant",
    );
    let other = app.staff("county_admin", "532504002").await;
    other.post(&grant, of("volunteer", "532504002")).await.refused(404, "person.not_found");
    app.staff("supervisor", COUNTY)
        .await
        .post(&grant, of("volunteer", COUNTY))
        .await
        .refused(403, "permission.role");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_grant_has_at_most_64_places(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let person = user(&worker(&admin, "王小二", None, COMMUNITY).await);
    let file = include_str!("../../../api/demo/mile-places.csv");
    let codes: Vec<_> =
        file.lines().filter_map(|line| line.split(',').next()).filter(|code| code.len() == 12).collect();
    let grant = |count: usize| json!({"role": "grid_leader", "places": codes[..count]});
    let grant_path = format!("{person}/grant");
    admin.post(&grant_path, grant(65)).await.refused_for(422, "grant.places_count", "/places");
    let granted = admin.post(&grant_path, grant(64)).await.expect(200);
    let places = granted.json["grants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|grant| grant["places"].as_array().unwrap().len());
    assert_eq!(places.max(), Some(64));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn tokens_die_with_what_they_stood_for(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let person = format!("/users/{}", app.id_of(&clerk).await);
    let _ = clerk.get("/tickets").await.expect(200);
    let grants = admin.get(&person).await.expect(200).json["grants"].clone();
    let _ = admin.post(&format!("{person}/revoke"), json!({"grant": grants[0]["id"]})).await.expect(200);
    for path in ["/tickets", "/users", "/units", "/me"] {
        clerk.get(path).await.refused(401, "auth.grants_changed");
    }
    // What was an administrator's token ends too.
    let own = format!("/users/{}", app.id_of(&admin).await);
    let grants = admin.get(&own).await.expect(200).json["grants"].clone();
    let _ = admin.post(&format!("{own}/revoke"), json!({"grant": grants[0]["id"]})).await.expect(200);
    for path in ["/audit", "/users", "/units", &person] {
        admin.get(path).await.refused(401, "auth.grants_changed");
    }
    admin.post("/users", json!({"name": "x"})).await.refused(401, "auth.grants_changed");
    admin.post("/units", json!({"name": "x", "place": COUNTY})).await.refused(401, "auth.grants_changed");
    admin.post(&format!("{person}/leave"), json!({"reason": "x"})).await.refused(401, "auth.grants_changed");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn whoever_leaves_is_succeeded_by_who_can(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let leave = format!("/users/{}/leave", cast.worker_id);
    let next = worker(&admin, "接替人", None, COMMUNITY).await;
    let elsewhere = worker(&admin, "别处的", None, NEIGHBOUR).await;
    for wrong in [elsewhere.str("id"), &cast.worker_id, "01990000-0000-7000-8000-00000000ffff"] {
        let body = json!({"successor": wrong, "reason": "调动"});
        admin.post(&leave, body).await.refused_for(422, "person.successor_cannot_handle", "/successor");
    }
    admin.post(&leave, json!({"reason": " "})).await.refused_for(422, "text.empty", "/reason");
    let body = json!({"successor": next.str("id"), "reason": "调往别处"});
    let left = admin.post(&leave, body.clone()).await.expect(200);
    assert_eq!(left.json["grants"], json!([]));
    cast.worker.get("/tickets").await.refused(401, "auth.grants_changed");
    admin.post(&leave, body).await.refused(409, "person.not_in_post");
    assert_eq!(number(&app.url, "SELECT count(*) FROM handover WHERE successor_id IS NOT NULL").await, 1);
    // They can be granted something again.
    let grant = json!({"role": "volunteer", "places": [NEIGHBOUR]});
    let _ = admin.post(&format!("/users/{}/grant", cast.worker_id), grant).await.expect(200);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn whoever_leaves_hands_over_what_is_open(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let next = worker(&admin, "接替人", None, COMMUNITY).await;
    let (dispatched, accepted) = (cast.ticket_at("dispatched").await, cast.ticket_at("accepted").await);
    let (resolved, closed) = (cast.ticket_at("resolved").await, cast.ticket_at("closed").await);
    let leave = format!("/users/{}/leave", cast.worker_id);
    let body = json!({"successor": next.str("id"), "reason": "调往别处"});
    let _ = admin.post(&leave, body).await.expect(200);
    // A server that died here goes on with it: nothing but the row says what is left to do.
    assert_eq!(number(&app.url, "SELECT count(*) FROM handover").await, 1);
    app.app.catch_up().await.unwrap();
    assert_eq!(number(&app.url, "SELECT count(*) FROM handover").await, 0);
    for ticket in [&dispatched, &accepted] {
        let handed = cast.clerk.get(ticket).await.expect(200);
        assert_eq!(
            (handed.str("status"), &handed.json["lead"]["person"]),
            ("dispatched", &json!(next.str("id")))
        );
        let timeline = cast.resident.get(&format!("{ticket}/timeline?limit=100")).await;
        assert_eq!(timeline.items().last().unwrap()["label"], "移交");
    }
    for (ticket, status) in [(&resolved, "resolved"), (&closed, "closed")] {
        assert_eq!(cast.clerk.get(ticket).await.str("status"), status);
    }
    // A second look changes nothing.
    let before = cast.clerk.get(&accepted).await.header("etag").to_owned();
    app.app.catch_up().await.unwrap();
    assert_eq!(cast.clerk.get(&accepted).await.header("etag"), before);
    // Without a successor the desk dispatches anew.
    let leave = format!("/users/{}/leave", next.str("id"));
    let _ = admin.post(&leave, json!({"reason": "退休"})).await.expect(200);
    app.app.catch_up().await.unwrap();
    assert_eq!(cast.clerk.get(&dispatched).await.str("status"), "submitted");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn whoever_left_gets_nothing_back(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let (resolved, closed) = (cast.ticket_at("resolved").await, cast.ticket_at("closed").await);
    let accepted = cast.ticket_at("accepted").await;
    // They assist with another's ticket, too.
    let other = worker(&admin, "同事", None, COMMUNITY).await;
    let helped = cast.ticket().await;
    let both = json!({"lead": {"person": other.str("id")}, "assist": [{"person": cast.worker_id}]});
    let _ = cast.clerk.post(&format!("{helped}/dispatch"), both).await.expect(200);
    // Taking back the only role that handles tickets is as good as leaving.
    let person = format!("/users/{}", cast.worker_id);
    let grant = admin.get(&person).await.expect(200).json["grants"][0]["id"].clone();
    let _ = admin.post(&format!("{person}/revoke"), json!({"grant": grant})).await.expect(200);
    app.app.catch_up().await.unwrap();
    assert_eq!(cast.clerk.get(&accepted).await.str("status"), "submitted");
    let relieved = cast.clerk.get(&helped).await;
    assert_eq!((relieved.str("status"), &relieved.json["assist"]), ("dispatched", &json!([])));
    let again = cast.rate(&resolved, "dissatisfied").await.expect(200);
    assert_eq!((again.str("status"), &again.json["round"]), ("submitted", &json!(2)));
    let reopen = json!({"reason": "又坏了"});
    let reopened = cast.resident.post(&format!("{closed}/reopen"), reopen).await.expect(200);
    assert_eq!((reopened.str("status"), &reopened.json["lead"]), ("submitted", &Value::Null));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn ten_thousand_people_are_found_by_index(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let person = worker(&admin, "王小二", Some("13812345678"), COMMUNITY).await;
    let path = user(&person);
    copy_people(&app.url, 10_000).await;
    assert!(number(&app.url, "SELECT count(*) FROM grant_place").await > 50_000);
    let read = "SELECT coalesce(sum(seq_tup_read), 0)::bigint FROM pg_stat_user_tables WHERE relname IN ('app_user', 'role_grant', 'grant_place')";
    let postgres = backend == Backend::Postgres;
    let before = if postgres { settled(&app.url, read).await } else { 0 };
    // The copies are older than whoever is on these pages.
    for query in ["limit=2", "limit=1&role=grid_worker", "limit=1&place=532504001"] {
        let page = admin.get(&format!("/users?{query}")).await.expect(200);
        assert!(!page.items().is_empty() && page.json["next_cursor"].is_string());
    }
    let _ = clerk.get("/users?limit=1").await.expect(200);
    // A role that nobody has is looked for among 5,000 people a page.
    let mut cursor = String::new();
    let mut pages = 1;
    while let Some(next) =
        admin.get(&format!("/users?role=supervisor{cursor}")).await.expect(200).json["next_cursor"].as_str()
    {
        (cursor, pages) = (format!("&cursor={next}"), pages + 1);
    }
    assert_eq!(pages, 3);
    let _ = admin.get("/users?q=13812345678").await.expect(200);
    let _ = admin.get(&format!("/users?unit={UNIT}")).await.expect(200);
    let _ = admin.get(&path).await.expect(200);
    let _ = admin.put_with(&path, &[], json!({"name": "王小三"})).await.expect(200);
    let grant = json!({"role": "volunteer", "places": [NEIGHBOUR]});
    let granted = admin.post(&format!("{path}/grant"), grant).await.expect(200);
    let revoke = json!({"grant": newest(&granted)});
    let _ = admin.post(&format!("{path}/revoke"), revoke).await.expect(200);
    let _ = admin.post(&format!("{path}/unmask"), json!({"reason": "核实"})).await.expect(200);
    let _ = admin.post(&format!("{path}/leave"), json!({"reason": "调动"})).await.expect(200);
    let _ = admin.post(&format!("{path}/erase"), json!({"reason": "本人要求"})).await.expect(200);
    let _ = admin.get("/audit").await.expect(200);
    if postgres {
        assert_eq!(settled(&app.url, read).await - before, 0, "rows that were read one after another");
    }
    execute(&app.url, "DELETE FROM grant_place").await;
    execute(&app.url, "DELETE FROM role_grant").await;
    app.stop().await;
}

/// A figure of PostgreSQL that no longer moves: sessions report what they did when they are idle.
async fn settled(url: &str, sql: &str) -> i64 {
    let mut last = number(url, sql).await;
    let mut quiet = 0;
    while quiet < 15 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let now = number(url, sql).await;
        quiet = if now == last { quiet + 1 } else { 0 };
        last = now;
    }
    last
}
