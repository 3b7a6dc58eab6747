//! Beside a newer program, and after it was taken back: on a schema that it made, among tickets and events that it wrote.
//! `make upgrade` does the same with two programs.

use crate::live::id;
use crate::ticket::Cast;
use api::{App, Clock, MigrateTo, Reactor};
use integration_tests::app::{COMMUNITY, TestApp, config, lamp};
use integration_tests::database::{execute, number};
use integration_tests::{Backend, Listener};
use rstest::rstest;
use serde_json::json;

/// Has a later migration done to the schema, as a newer program remembers it.
async fn migrated_further(url: &str, name: &str) {
    execute(url, "CREATE TABLE later (id INTEGER); ALTER TABLE ticket ADD COLUMN later TEXT").await;
    execute(url, &format!("INSERT INTO seaql_migrations (version, applied_at) VALUES ('{name}', 0)")).await;
}

#[rstest]
#[tokio::test]
async fn a_schema_that_only_grew_is_served_as_it_is(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let ticket = Cast::of(&app).await.ticket().await;
    let (url, database) = (app.url.clone(), app.leave().await);
    migrated_further(&url, "m20990101_999999_later").await;
    let app = TestApp::on(database, config(&url, backend.redis_url())).await;
    let cast = Cast::of(&app).await;
    assert_eq!(cast.resident.get(&ticket).await.status, 200);
    let _ = cast.dispatch(&ticket).await.expect(200);
    let _ = cast.ticket_at("closed").await;
    // Only the program that knows the way goes back, and none goes back by itself.
    let at = api::Database::parse(&url).unwrap();
    let refused = api::migrate(&at, MigrateTo::Down(1)).await.unwrap_err().to_string();
    assert!(refused.contains("m20990101_999999_later") && refused.contains("退回"), "{refused}");
    api::migrate(&at, MigrateTo::Up).await.unwrap();
    assert_eq!(number(&url, "SELECT count(*) FROM later").await, 0);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_schema_that_lacks_what_this_program_needs_is_refused(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let database = backend.database().await;
    migrated_further(&database.url, "m20990101_999999_drop_desk_needs_999998").await;
    let refused = App::start(config(&database.url, None), Clock::system()).await.err().unwrap();
    let refused = format!("{refused:#}");
    assert!(refused.contains("不兼容") && refused.contains("drop_desk"), "{refused}");
}

/// What a newer program would have written: the same, under a version that is not known here.
async fn written_anew(url: &str, ticket: &str) {
    let id = ticket.rsplit('/').next().unwrap().replace('-', "");
    let is = |column: &str| match url.starts_with("postgres") {
        true => format!("{column} = '{id}'::uuid"),
        false => format!("{column} = x'{id}'"),
    };
    execute(url, &format!("UPDATE ticket SET state_v = state_v + 10 WHERE {}", is("id"))).await;
    let last = format!("(SELECT max(position) FROM event WHERE {})", is("stream"));
    execute(url, &format!("UPDATE event SET v = v + 10 WHERE position = {last}")).await;
}

/// As this program would have written all.
async fn as_written_here(url: &str) {
    let events = "FROM event WHERE aggregate = 'ticket'";
    execute(url, "UPDATE ticket SET state_v = (SELECT min(state_v) FROM ticket)").await;
    execute(url, &format!("UPDATE event SET v = (SELECT min(v) {events}) WHERE aggregate = 'ticket'")).await;
}

async fn refuse(cast: &Cast, ticket: &str) {
    let timeline = format!("{ticket}/timeline");
    let urged = cast.resident.post(&format!("{ticket}/urge"), json!({})).await;
    for answer in [cast.resident.get(ticket).await, cast.resident.get(&timeline).await, urged] {
        answer.refused(503, "store.newer");
        assert_eq!(answer.header("retry-after"), "1");
    }
}

#[rstest]
#[tokio::test]
async fn what_a_newer_program_wrote_is_left_to_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    const TOLD: &str = "SELECT count(*) FROM inbox";
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let (newer, other) = (cast.ticket().await, cast.ticket().await);
    app.app.react().await.unwrap();
    let state = "SELECT count(*) FROM ticket WHERE next_at < '2099-01-01'";
    assert_eq!(number(&app.url, state).await, 2, "both have limits");
    let _ = cast.dispatch(&newer).await.expect(200);
    written_anew(&app.url, &newer).await;
    let told = number(&app.url, TOLD).await;
    refuse(&cast, &newer).await;
    // Everything else goes on; what is a column of the ticket is shown, too.
    let _ = cast.dispatch(&other).await.expect(200);
    assert_eq!(cast.clerk.get("/tickets").await.expect(200).items().len(), 2);
    assert_eq!(cast.resident.post("/tickets", lamp()).await.status, 201);
    // What follows waits in its order for whoever can read it, and is not set aside. So does counting anew.
    for _ in 0..4 {
        let why = app.app.react().await.unwrap_err().to_string();
        assert!(why.contains("newer"), "{why}");
    }
    assert!(app.app.rebuild(Reactor::Figures).await.is_err());
    assert_eq!(number(&app.url, TOLD).await, told);
    assert_eq!(number(&app.url, "SELECT count(*) FROM set_aside").await, 0);
    // Limits of other tickets ring; those of this one wait for a newer program.
    app.pass(60);
    let behind = app.app.catch_up().await.unwrap_err().to_string();
    assert!(behind.contains("newer"), "{behind}");
    let rang = "SELECT count(DISTINCT stream) FROM event WHERE kind = 'breached'";
    assert_eq!(number(&app.url, rang).await, 2);
    // A newer program comes: it reads all, and everything follows once.
    as_written_here(&app.url).await;
    app.app.catch_up().await.unwrap();
    assert_eq!(number(&app.url, rang).await, 3);
    assert!(number(&app.url, TOLD).await > told);
    assert!(app.app.rebuild(Reactor::Figures).await.unwrap());
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn who_listens_is_sent_on_to_a_newer_program(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let place = json!({"place": COMMUNITY});
    let before = Listener::to(&cast.clerk, &place).await.cursor;
    // Another process, in which nobody has listened yet, reads what was missed from the log.
    let (url, database) = (app.url.clone(), app.leave().await);
    let app = TestApp::on(database, config(&url, backend.redis_url())).await;
    let cast = Cast::of(&app).await;
    let (first, second, third) = (cast.ticket().await, cast.ticket().await, cast.ticket().await);
    written_anew(&url, &second).await;
    let mut listener = Listener::after(&cast.clerk, &place, Some(&before)).await;
    assert_eq!(listener.event().await, ("submitted".to_owned(), id(&first)));
    assert_eq!(listener.closed().await, 1011, "it ends there, and passes nothing over");
    as_written_here(&url).await;
    let mut again = Listener::after(&cast.clerk, &place, Some(&listener.cursor)).await;
    for ticket in [&second, &third] {
        assert_eq!(again.event().await, ("submitted".to_owned(), id(ticket)));
    }
    app.stop().await;
}
