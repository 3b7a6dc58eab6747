//! Reactors: what follows from events follows exactly once, whatever else goes on.

use crate::ticket::Cast;
use integration_tests::Backend;
use integration_tests::app::{TestApp, config};
use integration_tests::database::{execute, number};
use rstest::rstest;

const FLAGS: &str = "SELECT COUNT(*) FROM flag WHERE taken_at IS NULL";

#[rstest]
#[tokio::test]
async fn an_event_that_cannot_be_read_is_set_aside_and_the_rest_goes_on(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let (first, second) = (cast.ticket_at("resolved").await, cast.ticket_at("resolved").await);
    let supplement = serde_json::json!({"content": "还有一盏"});
    let _ = cast.resident.post(&format!("{first}/supplement"), supplement).await.expect(200);
    let _ = cast.rate(&first, "satisfied").await.expect(200);
    let _ = cast.rate(&second, "satisfied").await.expect(200);
    let spoil = "UPDATE event SET payload = '{\"fact\": {\"kind\": \"nonsense\"}, \"clocks\": []}' WHERE kind = 'supplemented'";
    execute(
        &app.url,
        "CREATE TABLE mended AS SELECT position, payload FROM event WHERE kind = 'supplemented'",
    )
    .await;
    execute(&app.url, spoil).await;
    app.app.catch_up().await.unwrap();
    // What stands behind it in the same history follows all the same.
    assert_eq!(number(&app.url, FLAGS).await, 2);
    let aside = "SELECT COUNT(*) FROM set_aside s JOIN event e ON e.position = s.position \
        WHERE s.reactor = 'flags' AND e.kind = 'supplemented' AND s.tries = 3 AND s.error LIKE '%nonsense%'";
    assert_eq!(number(&app.url, aside).await, 1);
    let mend = "UPDATE event SET payload = (SELECT m.payload FROM mended m WHERE m.position = event.position) \
        WHERE kind = 'supplemented'";
    execute(&app.url, mend).await;
    execute(&app.url, "DROP TABLE mended").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_do_everything_once() {
    let app = TestApp::start(Backend::Postgres).await;
    let cast = Cast::of(&app).await;
    let mut lively = config(&app.url, Backend::Postgres.redis_url());
    lively.jobs = true;
    let (one, other) = (app.replica(lively.clone()).await, app.replica(lively).await);
    let closings = 8;
    for _ in 0..closings {
        let _ = cast.ticket_at("closed").await;
        // Whoever does not lead may work all the same: each write is guarded.
        let (first, second, third) = tokio::join!(app.app.react(), one.react(), other.react());
        first.and(second).and(third).unwrap();
    }
    let done = async {
        while number(&app.url, FLAGS).await < closings {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), done).await.expect("the reactors get there");
    assert_eq!(number(&app.url, FLAGS).await, closings);
    let leaders = "SELECT COUNT(DISTINCT pid) FROM pg_locks WHERE locktype = 'advisory' AND database = \
        (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert_eq!(number(&app.url, leaders).await, 1, "one of them leads");
    one.stop().await.unwrap();
    other.stop().await.unwrap();
    app.stop().await;
}
