//! Reactors: what follows from events follows exactly once, whatever else goes on.

use crate::ticket::Cast;
use api::Reactor;
use integration_tests::Backend;
use integration_tests::app::{TestApp, config};
use integration_tests::database::{execute, number};
use rstest::rstest;
use sqlx::{Connection, Executor, PgConnection};

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
        WHERE e.kind = 'supplemented' AND s.tries = 3 AND s.error LIKE '%nonsense%'";
    assert_eq!(number(&app.url, aside).await, 6, "by each of the reactors");
    let mend = "UPDATE event SET payload = (SELECT m.payload FROM mended m WHERE m.position = event.position) \
        WHERE kind = 'supplemented'";
    execute(&app.url, mend).await;
    execute(&app.url, "DROP TABLE mended").await;
    // Mended, all is counted anew, and nothing is set aside any more.
    for reactor in [Reactor::Flags, Reactor::Figures, Reactor::Appraisals] {
        assert!(app.app.rebuild(reactor).await.unwrap());
    }
    let counted = "SELECT COUNT(*) FROM set_aside WHERE reactor IN ('flags', 'figures', 'appraisals')";
    assert_eq!(number(&app.url, counted).await, 0);
    assert_eq!(number(&app.url, FLAGS).await, 2);
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
    let leaders = format!(
        "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = {} AND granted AND database = \
         (SELECT oid FROM pg_database WHERE datname = current_database())",
        0x6875_7969
    );
    assert_eq!(number(&app.url, &leaders).await, 6, "each reactor has one process that works for it");
    one.stop().await.unwrap();
    other.stop().await.unwrap();
    app.stop().await;
}

/// Whoever leads may hang, or its machine be gone before anybody noticed: its session, and the locks in it, stay.
#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_hangs_is_helped() {
    let app = TestApp::start(Backend::Postgres).await;
    let cast = Cast::of(&app).await;
    let mut hung = PgConnection::connect(&app.url).await.unwrap();
    let lock = format!("SELECT pg_advisory_lock({}, hashtext(name)) FROM reactor", 0x6875_7969);
    hung.execute(sqlx::AssertSqlSafe(lock)).await.unwrap();
    let mut lively = config(&app.url, Backend::Postgres.redis_url());
    lively.jobs = true;
    let other = app.replica(lively).await;
    let _ = cast.ticket_at("closed").await;
    assert_eq!(number(&app.url, FLAGS).await, 0, "others leave it to whoever leads");
    // That is by the servers' clock, which stands still until now.
    app.pass(1);
    let helped = async {
        while number(&app.url, FLAGS).await < 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), helped).await.expect("somebody helps");
    other.stop().await.unwrap();
    app.stop().await;
}

/// What is read of a table, whatever its generation, as one number.
async fn sum(app: &TestApp, table: &str) -> i64 {
    let sql = match table {
        "flag" => {
            "SELECT COUNT(*) * 1000 + COUNT(taken_at) FROM flag f WHERE f.generation = (SELECT generation FROM reactor WHERE name = 'flags')"
        }
        _ => {
            "SELECT CAST(SUM(submitted * 1000 + resolved * 100 + reworked * 10 + rated) AS bigint) FROM figure f \
            WHERE f.generation = (SELECT generation FROM reactor WHERE name = 'figures')"
        }
    };
    number(&app.url, sql).await
}

#[rstest]
#[tokio::test]
async fn what_is_made_anew_is_what_was_there(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    for status in ["submitted", "dispatched", "accepted", "resolved", "closed", "closed"] {
        let _ = cast.ticket_at(status).await;
        app.pass(7);
    }
    let reopened = cast.ticket_at("closed").await;
    let reopen = serde_json::json!({"reason": "又不亮了"});
    let _ = cast.resident.post(&format!("{reopened}/reopen"), reopen).await.expect(200);
    app.app.catch_up().await.unwrap();
    let before = [sum(&app, "flag").await, sum(&app, "figure").await];
    assert_eq!(before[0], 3_001);
    for reactor in [Reactor::Flags, Reactor::Figures] {
        assert!(app.app.rebuild(reactor).await.unwrap());
    }
    assert_eq!([sum(&app, "flag").await, sum(&app, "figure").await], before);
    let old = "SELECT COUNT(*) FROM figure WHERE generation <> 2";
    assert_eq!(number(&app.url, old).await, 0, "what nobody reads is removed");
    // And on from there.
    let _ = cast.ticket_at("closed").await;
    app.app.catch_up().await.unwrap();
    assert_eq!(sum(&app, "flag").await, 4_001);
    app.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn tables_are_made_anew_while_people_work(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with(backend, |config| config.jobs = true).await;
    let cast = Cast::of(&app).await;
    let work = async {
        for _ in 0..15 {
            let _ = cast.ticket_at("closed").await;
        }
    };
    let rebuild = async {
        for reactor in [Reactor::Figures, Reactor::Flags, Reactor::Figures, Reactor::Flags] {
            assert!(app.app.rebuild(reactor).await.unwrap());
        }
    };
    tokio::join!(work, rebuild);
    app.app.catch_up().await.unwrap();
    assert_eq!(sum(&app, "flag").await, 15_000);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn of_two_who_make_tables_anew_the_later_one_counts(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let _ = cast.ticket_at("closed").await;
    app.app.catch_up().await.unwrap();
    let (first, second) = tokio::join!(app.app.rebuild(Reactor::Figures), app.app.rebuild(Reactor::Figures));
    assert!(first.unwrap() || second.unwrap(), "one of them at least");
    app.stop().await;
}

/// Whoever leads dies: another process goes on by itself.
#[tokio::test(flavor = "multi_thread")]
async fn the_lead_goes_to_another_process() {
    let app = TestApp::start(Backend::Postgres).await;
    let cast = Cast::of(&app).await;
    let mut lively = config(&app.url, Backend::Postgres.redis_url());
    lively.jobs = true;
    let one = app.replica(lively.clone()).await;
    let reach = async |flags: i64| {
        let done = async {
            while number(&app.url, FLAGS).await < flags {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), done).await.expect("the flags are there");
    };
    let _ = cast.ticket_at("closed").await;
    reach(1).await;
    let other = app.replica(lively).await;
    // The session of the locks ends, as when its process does.
    let end = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = \
        (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert!(number(&app.url, end).await > 0);
    let _ = cast.ticket_at("closed").await;
    reach(2).await;
    one.stop().await.unwrap();
    let _ = cast.ticket_at("closed").await;
    reach(3).await;
    other.stop().await.unwrap();
    assert_eq!(number(&app.url, FLAGS).await, 3);
    app.stop().await;
}

/// An event fails although it can be read: those beside it are done all the same.
#[rstest]
#[tokio::test]
async fn an_event_that_cannot_be_done_is_set_aside(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let (first, second) = (cast.ticket_at("closed").await, cast.ticket_at("closed").await);
    let id = |ticket: &str| ticket.strip_prefix("/tickets/").unwrap().replace('-', "");
    // In the way of the first flag lies one that nobody can have earned.
    let (ticket, worker) = (id(&first), cast.worker_id.replace('-', ""));
    let values = if backend == Backend::Postgres {
        format!("'{ticket}', '{worker}'")
    } else {
        format!("x'{ticket}', x'{worker}'")
    };
    let in_the_way = format!(
        "INSERT INTO flag (generation, ticket_id, user_id, round, scope_code, earned_at) \
         SELECT 1, {values}, 1, '532504001007', MAX(occurred_at) FROM event"
    );
    execute(&app.url, &in_the_way).await;
    app.app.catch_up().await.unwrap();
    assert_eq!(number(&app.url, FLAGS).await, 2, "the second ticket's is there");
    let aside = "SELECT COUNT(*) FROM set_aside s JOIN event e ON e.position = s.position \
        WHERE s.reactor = 'flags' AND e.kind = 'closed' AND s.tries = 3";
    assert_eq!(number(&app.url, aside).await, 1);
    assert!(!second.is_empty());
    assert!(app.app.rebuild(Reactor::Flags).await.unwrap());
    assert_eq!(number(&app.url, "SELECT COUNT(*) FROM set_aside").await, 0);
    app.stop().await;
}
