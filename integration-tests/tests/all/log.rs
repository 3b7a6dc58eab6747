//! The event log: a reader that follows its cursor sees every event once, whatever writers do meanwhile.

use crate::ticket::Cast;
use api::Cursor;
use integration_tests::Backend;
use integration_tests::app::{TestApp, lamp};
use rstest::rstest;
use sqlx::{Connection, Executor, PgConnection, Row};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

async fn read_on(app: &TestApp, cursor: &mut Cursor, seen: &mut Vec<i64>) {
    loop {
        let events = app.app.events_after(*cursor, 3).await.unwrap();
        let Some(last) = events.last() else { return };
        *cursor = last.cursor;
        seen.extend(events.iter().map(|event| event.cursor.position()));
    }
}

/// Reads on until there are so many. Transactions of other tests of the same cluster hold readers back too.
async fn read_until(count: usize, app: &TestApp, cursor: &mut Cursor, seen: &mut Vec<i64>) {
    let reading = async {
        while seen.len() < count {
            read_on(app, cursor, seen).await;
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), reading).await.expect("the reader gets there");
}

/// A transaction draws a position and stays open while others commit behind it: a reader that remembers only the last
/// position has passed it by the time it commits.
#[tokio::test]
async fn a_reader_waits_for_a_slow_writer() {
    let app = TestApp::start(Backend::Postgres).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket().await;
    let mut slow = PgConnection::connect(&app.url).await.unwrap();
    slow.execute("BEGIN").await.unwrap();
    let copy = "INSERT INTO event (stream, stream_version, kind, v, scope_code, occurred_at, recorded_at, payload) \
        SELECT stream, 2, 'breached', v, scope_code, occurred_at, recorded_at, '{\"fact\": {\"kind\": \"breached\"}, \"clocks\": []}' \
        FROM event WHERE aggregate = 'ticket' LIMIT 1 RETURNING position";
    let slow_position: i64 = slow.fetch_one(copy).await.unwrap().get(0);
    let _ = cast.ticket().await;

    let (mut cursor, mut seen) = (Cursor::default(), Vec::new());
    read_on(&app, &mut cursor, &mut seen).await;
    let mut eyes = PgConnection::connect(&app.url).await.unwrap();
    let naive: i64 =
        eyes.fetch_one("SELECT max(position) FROM event WHERE aggregate = 'ticket'").await.unwrap().get(0);
    assert!(!seen.contains(&slow_position));
    slow.execute("COMMIT").await.unwrap();
    let all: i64 =
        eyes.fetch_one("SELECT count(*) FROM event WHERE aggregate = 'ticket'").await.unwrap().get(0);
    let all = usize::try_from(all).unwrap();
    read_until(all, &app, &mut cursor, &mut seen).await;

    assert!(naive > slow_position, "a naive reader would have skipped position {slow_position}");
    assert_eq!(seen.iter().filter(|position| **position == slow_position).count(), 1);
    assert_eq!(seen.len(), all);
    assert_eq!(seen.iter().collect::<HashSet<_>>().len(), seen.len(), "none twice");
    // The row that the slow writer put in belongs to no change of the ticket.
    eyes.execute("DELETE FROM event WHERE kind = 'breached'").await.unwrap();
    assert!(!ticket.is_empty());
    app.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_skips_nothing_while_writers_race(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    let writing = Arc::new(AtomicBool::new(true));
    let mut writers: JoinSet<()> = (0..8)
        .map(|_| {
            let resident = resident.clone();
            async move {
                for _ in 0..25 {
                    let _ = resident.post("/tickets", lamp()).await.expect(201);
                }
            }
        })
        .collect();
    let done = writing.clone();
    let writers = tokio::spawn(async move {
        while let Some(writer) = writers.join_next().await {
            writer.unwrap();
        }
        done.store(false, Ordering::SeqCst);
    });
    let (mut cursor, mut seen) = (Cursor::default(), Vec::new());
    while writing.load(Ordering::SeqCst) {
        read_on(&app, &mut cursor, &mut seen).await;
        tokio::task::yield_now().await;
    }
    writers.await.unwrap();
    read_until(200, &app, &mut cursor, &mut seen).await;
    assert_eq!(seen.len(), 200);
    assert_eq!(seen.iter().collect::<HashSet<_>>().len(), 200);
    app.stop().await;
}
