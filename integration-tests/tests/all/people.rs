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

pub(crate) async fn names(caller: &Caller, query: &str) -> Vec<String> {
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
    let volunteer = json!({"role": "volunteer", "places": [COMMUNITY]});
    let twice = json!({"name": "王", "grants": [volunteer, volunteer]});
    admin.post("/users", twice).await.refused(409, "grant.already_held");
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
async fn f07_a_number_opens_no_more_than_its_giver_could_take(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let system = app.staff("system_admin", COUNTY).await;
    let county = app.staff("county_admin", COUNTY).await;
    let grants =
        json!([{"role": "grid_worker", "places": [COMMUNITY]}, {"role": "hotline", "places": [COUNTY]}]);
    let person = system.post("/users", json!({"name": "王小二", "grants": grants})).await.expect(201);
    // Whoever binds the number by WeChat would be the hotline from then on.
    let own = json!({"name": "王小二", "phone": "13812345678"});
    let taken = county.put_with(&user(&person), &[], own.clone()).await;
    taken.refused_for(403, "person.phone_beyond_scope", "/phone");
    let _ = county.put_with(&user(&person), &[], json!({"name": "王小三"})).await.expect(200);
    let _ = system.put_with(&user(&person), &[], own).await.expect(200);
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
    // All are called like the one who has a phone.
    let namesakes = "INSERT INTO name_token (token, user_id) SELECT t.token, g.user_id FROM name_token t \
        JOIN app_user a ON a.id = t.user_id, (SELECT DISTINCT user_id FROM role_grant) g WHERE a.phone_hash IS NOT NULL \
        ON CONFLICT DO NOTHING";
    execute(&app.url, namesakes).await;
    execute(&app.url, "ANALYZE").await;
    let read = "SELECT coalesce(sum(seq_tup_read), 0)::bigint FROM pg_stat_user_tables WHERE relname IN ('app_user', 'role_grant', 'grant_place', 'name_token')";
    let postgres = backend == Backend::Postgres;
    let before = if postgres { settled(&app.url, read).await } else { 0 };
    // The copies are older than whoever is on these pages.
    for query in ["limit=2", "limit=1&role=grid_worker", "limit=1&place=532504001"] {
        let page = admin.get(&format!("/users?{query}")).await.expect(200);
        assert!(!page.items().is_empty() && page.json["next_cursor"].is_string());
    }
    let _ = clerk.get("/users?limit=1").await.expect(200);
    // What nobody has is looked for among 5,000 people a page.
    for query in ["role=supervisor", "q=王&role=supervisor", "q=wx&skill=电工"] {
        let (mut cursor, mut pages) = (String::new(), 1);
        while let Some(next) =
            admin.get(&format!("/users?{query}{cursor}")).await.expect(200).json["next_cursor"].as_str()
        {
            (cursor, pages) = (format!("&cursor={next}"), pages + 1);
        }
        assert_eq!(pages, 3, "{query}");
    }
    let _ = admin.get("/users?q=13812345678").await.expect(200);
    let _ = admin.get("/users?q=wxe&limit=1").await.expect(200);
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
    execute(&app.url, "DELETE FROM name_token").await;
    app.stop().await;
}

/// A figure of PostgreSQL that no longer moves: sessions report what they did when they are idle.
pub(crate) async fn settled(url: &str, sql: &str) -> i64 {
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
