//! Starting: the schema forward and back, the example data once and no more, a restart that remembers.

use crate::ticket::Cast;
use api::{App, Clock, Demo, MigrateTo};
use integration_tests::app::{COMMUNITY, TestApp, UNIT, config, lamp};
use integration_tests::database::{execute, number};
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[tokio::test]
async fn the_schema_goes_forward_and_back(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let database = backend.empty().await;
    let at = api::Database::parse(&database.url).unwrap();
    for _ in 0..2 {
        api::migrate(&at, MigrateTo::Up).await.unwrap();
        api::migrate(&at, MigrateTo::Up).await.unwrap();
        api::migrate(&at, MigrateTo::Down(1)).await.unwrap();
        api::migrate(&at, MigrateTo::Down(1_000)).await.unwrap();
    }
    let url = database.url.clone();
    let app = TestApp::on(database, config(&url, None)).await;
    assert_eq!(app.anyone().get("//ready").await.status, 200);
    app.stop().await;
}

/// Whatever interrupts a migration, what it had done is undone: the next start does it anew.
#[rstest]
#[tokio::test]
async fn a_migration_that_is_interrupted_is_done_anew(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let database = backend.empty().await;
    let at = api::Database::parse(&database.url).unwrap();
    api::migrate(&at, MigrateTo::Up).await.unwrap();
    // Back to where there were no reactors, whose third table of four is in the way.
    let reactors = "SELECT count(*) FROM seaql_migrations WHERE version LIKE '%_reactor'";
    while number(&database.url, reactors).await == 1 {
        api::migrate(&at, MigrateTo::Down(1)).await.unwrap();
    }
    execute(&database.url, "CREATE TABLE flag (id integer)").await;
    for _ in 0..2 {
        let error = api::migrate(&at, MigrateTo::Up).await.unwrap_err();
        assert!(format!("{error:#}").contains("flag"), "{error:#}");
    }
    execute(&database.url, "DROP TABLE flag").await;
    let url = database.url.clone();
    let app = TestApp::on(database, config(&url, None)).await;
    app.stop().await;
}

/// What lists of tickets and people show to those who look through columns that later migrations fill.
async fn seen(app: &TestApp) -> Vec<Vec<Value>> {
    let supervisor = app.staff("supervisor", "532504").await;
    let admin = app.staff("county_admin", "532504").await;
    let of_unit = app.of_unit("department_handler", UNIT).await;
    let volunteer = app.staff("volunteer", COMMUNITY).await;
    let mut all = Vec::new();
    for (caller, list) in [
        (&supervisor, "/tickets?limit=100"),
        (&supervisor, "/tickets?supervised=true"),
        (&supervisor, "/tickets?handling=immediate"),
        (&supervisor, "/tickets?desk=532504001"),
        (&volunteer, "/tickets?claimable=true"),
        (&of_unit, "/tickets"),
        (&admin, "/users?role=grid_worker"),
        (&admin, &format!("/users?unit={UNIT}")),
    ] {
        let items = caller.get(list).await.expect(200).items().to_vec();
        assert!(!items.is_empty(), "{list}");
        all.push(items.iter().map(|item| item["id"].clone()).collect());
    }
    all
}

#[rstest]
#[tokio::test]
async fn what_was_there_is_there_after_going_back_and_forward(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let leader = app.staff("supervisor", "532504").await;
    let clerk = &cast.clerk;
    let (watched, raised, open, of_unit) =
        (cast.ticket().await, cast.ticket().await, cast.ticket().await, cast.ticket().await);
    let act = async |who: &Caller, ticket: &str, what: &str, body: Value| {
        let _ = who.post(&format!("{ticket}/{what}"), body).await.expect(200);
    };
    act(&leader, &watched, "supervise", json!({"reason": "久拖未办"})).await;
    act(clerk, &raised, "escalate", json!({"reason": "超出社区能力"})).await;
    act(clerk, &open, "grade", json!({"affair": "private"})).await;
    act(clerk, &of_unit, "dispatch", json!({"lead": {"unit": UNIT}, "handling": "immediate"})).await;
    let before = seen(&app).await;
    let (url, mut database) = (app.url.clone(), app.leave().await);
    let at = api::Database::parse(&url).unwrap();
    // Each step back to where there was nothing but tickets.
    for steps in 1..=5 {
        api::migrate(&at, MigrateTo::Down(steps)).await.unwrap();
        api::migrate(&at, MigrateTo::Up).await.unwrap();
        let app = TestApp::on(database, config(&url, backend.redis_url())).await;
        let _ = app.app.index_names().await.unwrap();
        assert_eq!(seen(&app).await, before, "{steps} back");
        assert_eq!(app.app.verify().await.unwrap(), Vec::<String>::new(), "{steps} back");
        database = app.leave().await;
    }
}

async fn demo(url: &str, backend: Backend) -> (App, usize, Vec<String>) {
    let mut config = config(url, backend.redis_url());
    config.demo = Some(Demo::Mile);
    let app = App::start(config, Clock::system()).await.unwrap();
    let anyone = Caller::anyone(&app.url());
    let login = anyone.post("/auth/wechat", json!({"code": "dev:督查员马丽"})).await.expect(200);
    let supervisor = anyone.with_token(login.str("access_token"));
    let (mut states, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = supervisor.get(&format!("/tickets?limit=100{cursor}")).await.expect(200);
        states.extend(page.items().iter().map(|item| item["status"].as_str().unwrap().to_owned()));
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let count = states.len();
    states.sort();
    states.dedup();
    (app, count, states)
}

#[rstest]
#[tokio::test]
async fn the_example_loaded_twice_is_not_double(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let database = backend.empty().await;
    let (first, count, states) = demo(&database.url, backend).await;
    assert!(count >= 200, "{count}");
    assert_eq!(
        states,
        ["accepted", "closed", "declined", "dispatched", "merged", "resolved", "submitted", "withdrawn"]
    );
    assert_eq!(first.verify().await.unwrap(), Vec::<String>::new());
    first.stop().await.unwrap();
    let (second, again, _) = demo(&database.url, backend).await;
    assert_eq!(again, count);
    // The example in the document works as it stands.
    let anyone = Caller::anyone(&second.url());
    let login = anyone.post("/auth/wechat", json!({"code": "dev:社区书记陈红梅"})).await.expect(200);
    let clerk = anyone.with_token(login.str("access_token"));
    let document = anyone.get("//openapi.json").await.json;
    let example = document["components"]["schemas"]["Dispatch"]["example"].clone();
    let dispatch = "/tickets/01990000-0000-7000-8000-000000000101/dispatch";
    assert_eq!(clerk.post(dispatch, example).await.expect(200).str("status"), "dispatched");
    let zhaomin = json!({"username": "zhaomin", "password": "huying-demo-2026"});
    let _ = anyone.post("/auth/password", zhaomin.clone()).await.expect(200);
    second.stop().await.unwrap();
    // Served in earnest, what was printed opens nothing.
    let mut earnest = config(&database.url, backend.redis_url());
    earnest.dev_login = false;
    let third = App::start(earnest, Clock::system()).await.unwrap();
    let anyone = Caller::anyone(&third.url());
    anyone.post("/auth/password", zhaomin).await.refused(401, "auth.password_invalid");
    third.stop().await.unwrap();
}

#[rstest]
#[tokio::test]
async fn a_restart_remembers(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let database = backend.database().await;
    let clock = Clock::manual(integration_tests::app::morning());
    let start = || App::start(config(&database.url, backend.redis_url()), clock.clone());
    let first = start().await.unwrap();
    let anyone = Caller::anyone(&first.url());
    let login = anyone.post("/auth/wechat", json!({"code": "dev:王芳"})).await.expect(200);
    let token = login.str("access_token");
    let key = [("idempotency-key", "k")];
    let filed = anyone.with_token(token).post_with("/tickets", &key, lamp()).await.expect(201);
    first.stop().await.unwrap();
    let second = start().await.unwrap();
    let resident = Caller::anyone(&second.url()).with_token(token);
    assert_eq!(resident.get(&crate::ticket::path(&filed)).await.expect(200).json, filed.json);
    let again = resident.post_with("/tickets", &key, lamp()).await.expect(201);
    assert_eq!((again.header("idempotent-replayed"), &again.text), ("true", &filed.text));
    let next = resident.post("/tickets", lamp()).await.expect(201);
    // The rest of the first block is a gap, and the replayed call drew a number before it was recognised.
    assert_eq!(next.str("number"), "532504-261121-00052");
    second.stop().await.unwrap();
}

#[rstest]
#[tokio::test]
async fn another_master_key_does_not_start(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let mut other = config(&app.url, None);
    other.master_key = api::MasterKey::parse("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=").unwrap();
    let error = App::start(other, Clock::system()).await.err().expect("it does not start");
    assert!(format!("{error:#}").contains("HUYING_MASTER_KEY"), "{error:#}");
    app.stop().await;
}

/// The example counties beside Mile, and who looks at all of each.
fn others() -> [(Demo, &'static str); 4] {
    [
        (Demo::Longli, include_str!("../../../api/demo/longli/people.toml")),
        (Demo::Fuqing, include_str!("../../../api/demo/fuqing/people.toml")),
        (Demo::Qingzhou, include_str!("../../../api/demo/qingzhou/people.toml")),
        (Demo::Zuoyun, include_str!("../../../api/demo/zuoyun/people.toml")),
    ]
}

/// The name of whoever looks at all tickets of an example.
fn supervisor(people: &str) -> String {
    let people: toml::Table = toml::from_str(people).unwrap();
    let people = people["people"].as_array().unwrap();
    let of_county =
        |one: &&toml::Value| one.get("role").is_some_and(|role| role.as_str() == Some("county_admin"));
    people.iter().find(of_county).unwrap()["name"].as_str().unwrap().to_owned()
}

#[rstest]
#[tokio::test]
async fn one_deployment_holds_five_counties(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let database = backend.empty().await;
    let (mile, ..) = demo(&database.url, backend).await;
    mile.stop().await.unwrap();
    for (county, people) in others() {
        let mut config = config(&database.url, backend.redis_url());
        config.demo = Some(county);
        let app = App::start(config, Clock::system()).await.unwrap();
        let anyone = Caller::anyone(&app.url());
        let code = format!("dev:{}", supervisor(people));
        let login = anyone.post("/auth/wechat", json!({"code": code})).await.expect(200);
        let page = anyone.with_token(login.str("access_token")).get("/tickets?limit=100").await.expect(200);
        assert!(page.items().len() >= 20, "{county:?}: {}", page.items().len());
        assert_eq!(app.verify().await.unwrap(), Vec::<String>::new(), "{county:?}");
        app.stop().await.unwrap();
    }
}
