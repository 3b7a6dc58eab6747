//! SQLite's writer: one thread that owns the only write connection, commits what waits as one group, and answers after
//! COMMIT. It receives statements, never closures; a request that went away cancels nothing that is queued.
//!
//! A taken key undoes its own change only. Whatever else fails fails the whole group, and the connection is thrown away: one
//! that was kept would take later changes into a transaction that never commits.

mod entry;
mod group;

use super::entry::{Entry, Outcome};
use super::{Guard, StoreError};
use crate::gauge::JournalGauges;
use crate::store::row::Row;
use crate::store::sqlite::writer;
use group::{Asked, Work};
use rusqlite::Connection;
use sea_orm::Statement;
use std::path::{Path, PathBuf};
use std::thread;
use tokio::sync::{mpsc, oneshot};

/// How many changes may wait before requests wait to be queued.
const QUEUE: usize = 1024;
/// How many changes are committed together at most.
const GROUP: usize = 128;

enum Job {
    Work(Work),
    /// Empties the write-ahead log into the file, after all that was queued before.
    Checkpoint,
    /// Ends the thread after all that was queued before.
    Close(oneshot::Sender<()>),
}

#[derive(Debug)]
pub(in crate::store) struct Writer(mpsc::Sender<Job>);

impl Writer {
    /// Begins to write through `connection`, and through a new one to `file` after a fault.
    pub(super) fn start(
        file: PathBuf,
        connection: Connection,
        gauges: JournalGauges,
    ) -> Result<Self, StoreError> {
        let (writer, jobs) = Self::queue();
        thread::Builder::new()
            .name("journal".into())
            .spawn(|| run(file, Some(connection), jobs, gauges))
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(writer)
    }

    fn queue() -> (Self, mpsc::Receiver<Job>) {
        let (sender, jobs) = mpsc::channel(QUEUE);
        (Self(sender), jobs)
    }

    pub(super) async fn write(&self, statements: Vec<Statement>) -> Result<(), StoreError> {
        let work = |asked| Work::Write { statements, guard: Guard::Open, asked };
        self.ask(|answer| Job::Work(work(Asked::new(answer)))).await?.map(drop)
    }

    /// Whether the guard was met.
    pub(super) async fn write_guarded(
        &self,
        statements: Vec<Statement>,
        guard: Guard,
    ) -> Result<bool, StoreError> {
        let work = |asked| Work::Write { statements, guard, asked };
        self.ask(|answer| Job::Work(work(Asked::new(answer)))).await?
    }

    /// Entries of several tickets are written all or none.
    pub(super) async fn append(&self, entries: Vec<Entry>) -> Result<Outcome, StoreError> {
        self.ask(|answer| Job::Work(Work::Append(entries, Asked::new(answer)))).await?
    }

    pub(super) async fn write_returning(&self, statement: Statement) -> Result<Option<Row>, StoreError> {
        self.ask(|answer| Job::Work(Work::Returning(statement, Asked::new(answer)))).await?
    }

    /// Best effort, and nobody waits for it: a reader at work puts it off to the next one.
    pub(super) async fn checkpoint(&self) {
        // A writer that is gone has emptied the log.
        let _ = self.0.send(Job::Checkpoint).await;
    }

    pub(super) async fn close(&self) {
        // A writer that is gone already is closed.
        let _ = self.ask(Job::Close).await;
    }

    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> Result<T, StoreError> {
        let gone = || StoreError::Unavailable("the writer has ended".into());
        let (sender, answer) = oneshot::channel();
        self.0.send(job(sender)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())
    }
}

fn run(
    file: PathBuf,
    mut connection: Option<Connection>,
    mut jobs: mpsc::Receiver<Job>,
    gauges: JournalGauges,
) {
    let mut queued = Vec::with_capacity(GROUP);
    while jobs.blocking_recv_many(&mut queued, GROUP) > 0 {
        let (mut closing, mut checkpoint) = (None, false);
        let mut group = Vec::with_capacity(queued.len());
        for job in queued.drain(..) {
            match job {
                Job::Work(work) => group.push(work),
                Job::Checkpoint => checkpoint = true,
                Job::Close(answer) => closing = Some(answer),
            }
        }
        if !group.is_empty() {
            gauges.group(group.len());
            connection = commit(&file, connection, group);
        }
        if checkpoint
            && let Some(connection) = &connection
            && let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        {
            tracing::warn!(%error, "the write-ahead log was not emptied");
        }
        if let Some(answer) = closing {
            if let Some(connection) = connection {
                close(connection);
            }
            let _ = answer.send(());
            return;
        }
    }
}

/// Carries out a group, answers each of its jobs, and hands the connection back when it is still to be trusted.
fn commit(file: &Path, connection: Option<Connection>, mut group: Vec<Work>) -> Option<Connection> {
    let opened = connection.map_or_else(|| writer(file).map_err(|error| error.to_string()), Ok);
    let (kept, failed) = match opened {
        Err(failed) => (None, Some(failed)),
        Ok(mut connection) => match group::commit(&mut connection, &mut group) {
            Ok(()) => (Some(connection), None),
            Err(failed) => {
                let changes = group.len();
                tracing::error!(
                    failed,
                    changes,
                    "a group of changes failed; the write connection is opened anew"
                );
                close(connection);
                (None, Some(failed))
            }
        },
    };
    group.into_iter().for_each(|work| work.tell(failed.as_deref()));
    kept
}

fn close(connection: Connection) {
    if let Err((_, error)) = connection.close() {
        tracing::warn!(%error, "the write connection did not close");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::connect;
    use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};

    fn insert(id: i64, bytes: i64) -> Vec<Statement> {
        let sql = "INSERT INTO t (id, body) VALUES ($1, zeroblob($2))";
        vec![Statement::from_sql_and_values(DbBackend::Sqlite, sql, [id.into(), bytes.into()])]
    }

    async fn ids(connection: &DatabaseConnection) -> Vec<i64> {
        let all = Statement::from_string(DbBackend::Sqlite, "SELECT id FROM t ORDER BY id");
        let rows = connection.query_all_raw(all).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    /// A file, its writer, what begins to write what is queued by then, and somebody else who looks into the file.
    async fn file() -> (tempfile::TempDir, Writer, impl FnOnce(), DatabaseConnection) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.db");
        let crate::store::Database::Sqlite(options) = crate::store::Database::sqlite_file(path.clone())
        else {
            unreachable!("a file is SQLite")
        };
        let eyes = connect::writer(&options).await.unwrap();
        eyes.execute_unprepared("CREATE TABLE t (id integer primary key, body blob)").await.unwrap();
        let writing = writer(&path).unwrap();
        // Full soon, and only for this connection.
        writing.pragma_update(None, "max_page_count", 20).unwrap();
        let (writer, jobs) = Writer::queue();
        let begin = || drop(thread::spawn(|| run(path, Some(writing), jobs, JournalGauges::default())));
        (dir, writer, begin, eyes)
    }

    #[tokio::test]
    async fn a_taken_key_undoes_its_own_change_only() {
        let (_dir, writer, begin, eyes) = file().await;
        let two_rows = [insert(3, 1), insert(1, 1)].concat();
        let group = tokio::join!(
            writer.write(insert(1, 1)),
            writer.write(insert(2, 1)),
            writer.write(two_rows),
            writer.write(insert(4, 1)),
            async { begin() },
        );
        assert!(matches!(group, (Ok(()), Ok(()), Err(StoreError::Duplicate(_)), Ok(()), ())), "{group:?}");
        assert_eq!(ids(&eyes).await, [1, 2, 4]);
    }

    #[tokio::test]
    async fn a_full_disk_fails_the_group_and_loses_nothing_that_is_acknowledged() {
        let (_dir, writer, begin, eyes) = file().await;
        eyes.execute_unprepared("INSERT INTO t (id) VALUES (1)").await.unwrap();
        let group = tokio::join!(
            writer.write(insert(2, 1)),
            writer.write(insert(3, 1_000_000)),
            writer.write(insert(4, 1)),
            async { begin() },
        );
        assert!(
            matches!(
                group,
                (
                    Err(StoreError::Unavailable(_)),
                    Err(StoreError::Unavailable(_)),
                    Err(StoreError::Unavailable(_)),
                    ()
                )
            ),
            "{group:?}"
        );
        assert_eq!(ids(&eyes).await, [1]);
        // There is room again: what is acknowledged now is seen by others.
        for id in 5..8 {
            writer.write(insert(id, 1)).await.unwrap();
            assert!(ids(&eyes).await.contains(&id));
        }
        writer.close().await;
        assert_eq!(ids(&eyes).await, [1, 5, 6, 7]);
    }

    #[tokio::test]
    async fn a_guard_that_finds_nothing_undoes_all() {
        let (_dir, writer, begin, eyes) = file().await;
        begin();
        let miss = Statement::from_string(DbBackend::Sqlite, "UPDATE t SET body = NULL WHERE id = 9");
        let all = [vec![miss], insert(1, 1)].concat();
        assert!(!writer.write_guarded(all.clone(), Guard::First).await.unwrap());
        assert_eq!(ids(&eyes).await, [0i64; 0]);
        writer.write(all).await.unwrap();
        assert_eq!(ids(&eyes).await, [1]);
    }

    #[tokio::test]
    async fn what_is_queued_is_written_although_nobody_waits_for_it() {
        let (_dir, writer, begin, eyes) = file().await;
        begin();
        drop(tokio::time::timeout(std::time::Duration::ZERO, writer.write(insert(1, 1))).await);
        writer.close().await;
        assert_eq!(ids(&eyes).await, [1]);
    }
}
