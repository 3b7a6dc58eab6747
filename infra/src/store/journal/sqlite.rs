//! SQLite's writer: one task that owns the only write connection, commits what waits as one group, a savepoint a
//! change, and answers after COMMIT. It receives statements, never closures; a request that went away cancels nothing
//! that is queued.
//!
//! A taken key undoes its own change only. Whatever else fails may have ended the transaction behind our back (SQLite
//! rolls back by itself when the disk is full), so then the whole group fails and the connection is thrown away: one
//! that was kept would take later changes into a transaction that never commits.

use super::StoreError;
use super::entry::{Entry, Outcome};
use super::sqlite_entry::append;
use crate::gauge::JournalGauges;
use crate::store::connect;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, QueryResult, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};
use tokio::sync::{mpsc, oneshot};

/// How many changes may wait before requests wait to be queued.
const QUEUE: usize = 1024;
/// How many changes are committed together at most.
const GROUP: usize = 128;

type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

enum Job {
    Work(Work),
    /// Empties the write-ahead log into the file, after all that was queued before.
    Checkpoint,
    /// Ends the task after all that was queued before.
    Close(oneshot::Sender<()>),
}

enum Work {
    /// All or none. A guarded one answers whether its first statement touched a row, and is undone when it did not.
    Write { statements: Vec<Statement>, guarded: bool, answer: Answer<bool> },
    /// Entries, all or none.
    Append(Vec<Entry>, Answer<Outcome>),
    /// One statement, which is all or nothing by itself.
    Returning(Statement, Answer<Option<QueryResult>>),
}

/// Work that was carried out, waiting for the COMMIT of its group.
enum Done {
    Write(Answer<bool>, Result<bool, StoreError>),
    Append(Answer<Outcome>, Result<Outcome, StoreError>),
    Returning(Answer<Option<QueryResult>>, Result<Option<QueryResult>, StoreError>),
}

#[derive(Debug)]
pub(in crate::store) struct Writer(mpsc::Sender<Job>);

impl Writer {
    /// Begins to write through `connection`, and through a new one with the same options after a fault.
    pub(super) fn start(
        options: SqliteConnectOptions,
        connection: DatabaseConnection,
        gauges: JournalGauges,
    ) -> Self {
        let (sender, jobs) = mpsc::channel(QUEUE);
        tokio::spawn(run(options, Some(connection), jobs, gauges));
        Self(sender)
    }

    pub(super) async fn write(&self, statements: Vec<Statement>) -> Result<(), StoreError> {
        self.ask(|answer| Job::Work(Work::Write { statements, guarded: false, answer })).await?.map(drop)
    }

    /// Whether the guard, the first statement, found its row.
    pub(super) async fn write_guarded(&self, statements: Vec<Statement>) -> Result<bool, StoreError> {
        self.ask(|answer| Job::Work(Work::Write { statements, guarded: true, answer })).await?
    }

    /// Entries of several tickets are written all or none.
    pub(super) async fn append(&self, entries: Vec<Entry>) -> Result<Outcome, StoreError> {
        self.ask(|answer| Job::Work(Work::Append(entries, answer))).await?
    }

    pub(super) async fn write_returning(
        &self,
        statement: Statement,
    ) -> Result<Option<QueryResult>, StoreError> {
        self.ask(|answer| Job::Work(Work::Returning(statement, answer))).await?
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

async fn run(
    options: SqliteConnectOptions,
    mut connection: Option<DatabaseConnection>,
    mut jobs: mpsc::Receiver<Job>,
    gauges: JournalGauges,
) {
    let mut queued = Vec::with_capacity(GROUP);
    while jobs.recv_many(&mut queued, GROUP).await > 0 {
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
            connection = commit(&options, connection, group).await;
        }
        if checkpoint
            && let Some(connection) = &connection
            && let Err(error) = connection.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await
        {
            tracing::warn!(%error, "the write-ahead log was not emptied");
        }
        if let Some(answer) = closing {
            if let Some(connection) = connection
                && let Err(error) = connection.close().await
            {
                tracing::warn!(%error, "the write connection did not close");
            }
            let _ = answer.send(());
            return;
        }
    }
}

/// Carries out a group, answers each of its jobs, and hands the connection back when it is still to be trusted.
async fn commit(
    options: &SqliteConnectOptions,
    connection: Option<DatabaseConnection>,
    group: Vec<Work>,
) -> Option<DatabaseConnection> {
    let connection = match connection {
        Some(connection) => connection,
        None => match connect::writer(options).await {
            Ok(connection) => connection,
            Err(error) => {
                let failed = error.to_string();
                group.into_iter().map(Work::skip).for_each(|done| done.answer(Some(&failed)));
                return None;
            }
        },
    };
    let mut done = Vec::with_capacity(group.len());
    let Err(failed) = carry_out(&connection, group, &mut done).await else {
        done.into_iter().for_each(|done| done.answer(None));
        return Some(connection);
    };
    tracing::error!(
        failed,
        changes = done.len(),
        "a group of changes failed; the write connection is opened anew"
    );
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "the write connection did not close");
    }
    done.into_iter().for_each(|done| done.answer(Some(&failed)));
    None
}

/// Runs a group in one transaction. Fails when anything but a taken key stood in the way.
async fn carry_out(
    connection: &DatabaseConnection,
    group: Vec<Work>,
    done: &mut Vec<Done>,
) -> Result<(), String> {
    let mode = Some(SqliteTransactionMode::Immediate);
    let options = TransactionOptions { sqlite_transaction_mode: mode, ..Default::default() };
    let mut group = group.into_iter();
    let result = match connection.begin_with_options(options).await {
        Err(error) => Err(error.to_string()),
        Ok(transaction) => {
            let mut result = Ok(());
            for work in group.by_ref() {
                let (carried_out, fault) = work.carry_out(&transaction).await;
                done.push(carried_out);
                if let Some(fault) = fault {
                    result = Err(fault);
                    break;
                }
            }
            match result {
                Ok(()) => transaction.commit().await.map_err(|error| error.to_string()),
                Err(fault) => {
                    // The connection is closed next, which rolls back whatever this does not.
                    let _ = transaction.rollback().await;
                    Err(fault)
                }
            }
        }
    };
    done.extend(group.map(Work::skip));
    result
}

impl Work {
    fn skip(self) -> Done {
        let skipped = || StoreError::Unavailable("its group failed".into());
        match self {
            Self::Write { answer, .. } => Done::Write(answer, Err(skipped())),
            Self::Append(_, answer) => Done::Append(answer, Err(skipped())),
            Self::Returning(_, answer) => Done::Returning(answer, Err(skipped())),
        }
    }

    /// The result, and beside it a fault that the group cannot go on after.
    async fn carry_out(self, transaction: &DatabaseTransaction) -> (Done, Option<String>) {
        match self {
            Self::Write { statements, guarded, answer } => {
                let result = write(transaction, statements, guarded).await;
                let fault = fault(&result);
                (Done::Write(answer, result), fault)
            }
            Self::Append(entries, answer) => {
                let result = append(transaction, entries).await;
                let fault = fault(&result);
                (Done::Append(answer, result), fault)
            }
            Self::Returning(statement, answer) => {
                let result = transaction.query_one_raw(statement).await.map_err(StoreError::from);
                let fault = fault(&result);
                (Done::Returning(answer, result), fault)
            }
        }
    }
}

impl Done {
    /// A group that failed did none of what succeeded in it; what failed by itself says why.
    fn answer(self, failed: Option<&String>) {
        fn outcome<T>(result: Result<T, StoreError>, failed: Option<&String>) -> Result<T, StoreError> {
            match failed {
                Some(why) if result.is_ok() => Err(StoreError::Unavailable(why.clone())),
                _ => result,
            }
        }
        // A request that went away has no ears; its change stands all the same.
        match self {
            Self::Write(answer, result) => drop(answer.send(outcome(result, failed))),
            Self::Append(answer, result) => drop(answer.send(outcome(result, failed))),
            Self::Returning(answer, result) => drop(answer.send(outcome(result, failed))),
        }
    }
}

fn fault<T>(result: &Result<T, StoreError>) -> Option<String> {
    match result {
        Ok(_) | Err(StoreError::Duplicate(_)) => None,
        Err(error) => Some(error.to_string()),
    }
}

async fn write(
    transaction: &DatabaseTransaction,
    statements: Vec<Statement>,
    guarded: bool,
) -> Result<bool, StoreError> {
    let savepoint = transaction.begin().await?;
    for (i, statement) in statements.into_iter().enumerate() {
        match savepoint.execute_raw(statement).await {
            Ok(result) if guarded && i == 0 && result.rows_affected() == 0 => {
                savepoint.rollback().await?;
                return Ok(false);
            }
            Ok(_) => {}
            Err(error) => {
                let error = StoreError::from(error);
                return match savepoint.rollback().await {
                    Ok(()) => Err(error),
                    // A full disk has ended the transaction already. What failed first is the reason.
                    Err(_) if !matches!(error, StoreError::Duplicate(_)) => Err(error),
                    Err(undo) => Err(undo.into()),
                };
            }
        }
    }
    savepoint.commit().await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sea_orm::DbBackend;

    fn insert(id: i64, bytes: i64) -> Vec<Statement> {
        let sql = "INSERT INTO t (id, body) VALUES ($1, zeroblob($2))";
        vec![Statement::from_sql_and_values(DbBackend::Sqlite, sql, [id.into(), bytes.into()])]
    }

    async fn ids(connection: &DatabaseConnection) -> Vec<i64> {
        let all = Statement::from_string(DbBackend::Sqlite, "SELECT id FROM t ORDER BY id");
        let rows = connection.query_all_raw(all).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    /// A file, its writer, and somebody else who looks into it.
    async fn file() -> (tempfile::TempDir, Writer, DatabaseConnection) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.db");
        let crate::store::Database::Sqlite(options) = crate::store::Database::sqlite_file(path) else {
            unreachable!("a file is SQLite")
        };
        let connection = connect::writer(&options).await.unwrap();
        connection.execute_unprepared("CREATE TABLE t (id integer primary key, body blob)").await.unwrap();
        // Full soon, and only for this connection.
        connection.execute_unprepared("PRAGMA max_page_count = 20").await.unwrap();
        let eyes = connect::writer(&options).await.unwrap();
        (dir, Writer::start((*options).clone(), connection, JournalGauges::default()), eyes)
    }

    #[tokio::test]
    async fn a_taken_key_undoes_its_own_change_only() {
        let (_dir, writer, eyes) = file().await;
        writer.write(insert(1, 1)).await.unwrap();
        let two_rows = [insert(3, 1), insert(1, 1)].concat();
        let group =
            tokio::join!(writer.write(insert(2, 1)), writer.write(two_rows), writer.write(insert(4, 1)));
        assert!(matches!(group, (Ok(()), Err(StoreError::Duplicate(_)), Ok(()))), "{group:?}");
        assert_eq!(ids(&eyes).await, [1, 2, 4]);
    }

    #[tokio::test]
    async fn a_full_disk_fails_the_group_and_loses_nothing_that_is_acknowledged() {
        let (_dir, writer, eyes) = file().await;
        writer.write(insert(1, 1)).await.unwrap();
        let group = tokio::join!(
            writer.write(insert(2, 1)),
            writer.write(insert(3, 1_000_000)),
            writer.write(insert(4, 1)),
        );
        assert!(
            matches!(
                group,
                (
                    Err(StoreError::Unavailable(_)),
                    Err(StoreError::Unavailable(_)),
                    Err(StoreError::Unavailable(_))
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
        let (_dir, writer, eyes) = file().await;
        let miss = Statement::from_string(DbBackend::Sqlite, "UPDATE t SET body = NULL WHERE id = 9");
        let all = [vec![miss], insert(1, 1)].concat();
        assert!(!writer.write_guarded(all.clone()).await.unwrap());
        assert_eq!(ids(&eyes).await, [0i64; 0]);
        writer.write(all).await.unwrap();
        assert_eq!(ids(&eyes).await, [1]);
    }

    #[tokio::test]
    async fn what_is_queued_is_written_although_nobody_waits_for_it() {
        let (_dir, writer, eyes) = file().await;
        drop(tokio::time::timeout(std::time::Duration::ZERO, writer.write(insert(1, 1))).await);
        writer.close().await;
        assert_eq!(ids(&eyes).await, [1]);
    }
}
