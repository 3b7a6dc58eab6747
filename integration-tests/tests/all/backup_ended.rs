//! Backups and restores that somebody ends, or kills.

use crate::ticket::Cast;
use api::{Step, Told};
use chrono::TimeDelta;
use integration_tests::Backend;
use integration_tests::app::{MASTER_KEY, TestApp, morning};
use integration_tests::database::number;
use integration_tests::safe::{Safe, everything};
use rstest::rstest;
use std::fs;
use std::future::pending;
use std::sync::Arc;
use tokio::sync::Notify;

/// Wherever it is: before anything is there, while it is loaded, and when all of it stands but was not looked at. Only
/// where there is nothing the next one begins.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_ended_leaves_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (safe, app) = (Safe::new(), TestApp::start(backend).await);
    let _ = Cast::of(&app).await.ticket_at("closed").await;
    let file = safe.file("b.tar");
    let _ = safe.backup(&app.url, &file, false).await.unwrap();
    let (empty, before) = (backend.empty().await, everything(&app.url).await);
    let loads = (backend == Backend::Postgres).then_some(Step::Load);
    for step in [Step::Copy, Step::Count, Step::Verify].into_iter().chain(loads) {
        let (told, ended) = at(step);
        let said = safe.restore_until(&empty.url, &file, MASTER_KEY, told, ended).await.expect_err("ended");
        assert_eq!(said, "已中断", "{step:?}");
    }
    let _ = safe.restore(&empty.url, &file, MASTER_KEY).await.unwrap();
    assert_eq!(everything(&empty.url).await, before);
    // Of that one there are backups too.
    let again = safe.file("again.tar");
    let _ = safe.backup(&empty.url, &again, false).await.unwrap();
    let database = safe.restored(backend, &again).await;
    assert_eq!(everything(&database.url).await, before);
    assert_eq!(number(&database.url, "SELECT COUNT(*) FROM restoration").await, 2);
    app.stop().await;
}

/// Where nobody can take it away again, it must say what it is.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_loaded_is_known_as_restored_from_the_beginning() {
    let (safe, app) = (Safe::new(), TestApp::start(Backend::Postgres).await);
    let file = safe.file("b.tar");
    let _ = safe.backup(&app.url, &file, false).await.unwrap();
    let empty = Backend::Postgres.empty().await;
    let (told, killed) = at(Step::Count);
    tokio::select! {
        done = safe.restore_until(&empty.url, &file, MASTER_KEY, told, pending()) => panic!("{done:?}"),
        () = killed => (),
    }
    assert_eq!(number(&empty.url, "SELECT COUNT(*) FROM restoration").await, 1);
    app.stop().await;
}

/// One to be told how far it has come, and what ends when that is there.
fn at(step: Step) -> (Told, impl Future<Output = ()>) {
    let reached = Arc::new(Notify::new());
    let there = reached.clone();
    let told: Told = Arc::new(move |at, _, _| {
        if at == step {
            there.notify_one();
        }
    });
    (told, async move { reached.notified().await })
}

#[rstest]
#[tokio::test]
async fn what_killed_backups_left_goes(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (safe, app) = (Safe::new(), TestApp::start(backend).await);
    for (name, hours) in
        [(".huying-old.tmp", 25), (".huying-new.tmp", 23), ("old.tmp", 25), (".huying-old", 25)]
    {
        let file = fs::File::create(safe.file(name)).unwrap();
        file.set_modified((morning() - TimeDelta::hours(hours)).into()).unwrap();
    }
    let _ = safe.backup(&app.url, &safe.file("b.tar"), false).await.unwrap();
    assert_eq!(safe.names(), [".huying-new.tmp", ".huying-old", "b.tar", "old.tmp"]);
    app.stop().await;
}
