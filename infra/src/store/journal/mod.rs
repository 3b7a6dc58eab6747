//! The journal: what makes an aggregate's row, its events, their texts and the answer durable together.
//!
//! The one place where the databases differ for speed. Both write together what waits. On PostgreSQL that is one statement,
//! which is the transaction too, so it takes one round trip; on SQLite one thread owns the only write connection.

mod entry;
mod group;
mod postgres;
mod sqlite;

use entry::Outcome;
pub(super) use entry::{Column, Entry, KeptAnswer, Values};
use group::Groups;
use postgres::Held;

use super::dialect;
use super::error::StoreError;
use super::patience::patience;
use super::row::Row;
use crate::Wake;
use crate::gauge::JournalGauges;
use crate::trace::step;
use futures_util::future::try_join_all;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement, TransactionTrait};
use std::future::Future;
use std::path::PathBuf;
use tracing::Instrument;

/// Why an entry was not written.
#[derive(Debug, thiserror::Error)]
pub(super) enum JournalError {
    /// The row was not in the version that the change was decided on.
    #[error("the row has moved on")]
    Conflict,
    /// An answer is kept under this key already.
    #[error("the key is taken")]
    KeyTaken,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for JournalError {
    fn from(error: StoreError) -> Self {
        if dialect::is_duplicate_of(&error, "idempotency") { Self::KeyTaken } else { Self::Store(error) }
    }
}

impl From<Outcome> for Result<(), JournalError> {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Written => Ok(()),
            Outcome::Conflict => Err(JournalError::Conflict),
            Outcome::KeyTaken => Err(JournalError::KeyTaken),
        }
    }
}

#[derive(Debug)]
pub(super) struct Journal {
    writer: Writer,
    wake: Wake,
    gauges: JournalGauges,
}

#[derive(Debug)]
enum Writer {
    Postgres(DatabaseConnection, Groups),
    Sqlite(sqlite::Writer),
}

impl Journal {
    /// Must be called on the runtime that is to write.
    pub(super) fn postgres(db: DatabaseConnection) -> Self {
        let (wake, gauges) = (Wake::default(), JournalGauges::default());
        let groups = Groups::new(db.get_postgres_connection_pool(), &wake, &gauges);
        Self { writer: Writer::Postgres(db, groups), wake, gauges }
    }

    /// Of a file that is there.
    pub(super) fn sqlite(file: PathBuf) -> Result<Self, StoreError> {
        let (connection, gauges) = (super::sqlite::writer(&file)?, JournalGauges::default());
        let writer = Writer::Sqlite(sqlite::Writer::start(file, connection, gauges.clone())?);
        Ok(Self { writer, wake: Wake::default(), gauges })
    }

    /// Rung after each write that others follow: of histories, and of what follows from them.
    pub(super) fn wake(&self) -> &Wake {
        &self.wake
    }

    /// What it counts of its work.
    pub(super) fn gauges(&self) -> &JournalGauges {
        &self.gauges
    }

    /// Counts and traces a change until it is durable or refused.
    async fn watched<T>(&self, write: impl Future<Output = T>) -> T {
        let _writing = self.gauges.write();
        write.instrument(step("journal write")).await
    }

    /// Wakes those who follow, when something was written.
    fn written(&self, found: bool) -> bool {
        if found {
            self.wake.ring();
        }
        found
    }

    /// Makes an entry durable, all of it or nothing.
    pub(super) async fn append(&self, entry: Entry) -> Result<(), JournalError> {
        let outcome = match &self.writer {
            // Who writes a group rings once for all of it.
            Writer::Postgres(_, groups) => self.watched(Box::pin(groups.append(entry))).await?,
            Writer::Sqlite(writer) => {
                let outcome = self.watched(writer.append(vec![entry])).await?;
                self.written(outcome == Outcome::Written);
                outcome
            }
        };
        outcome.into()
    }

    /// Makes changes of several tickets durable together, all of them or none.
    pub(super) async fn append_all(&self, entries: Vec<Entry>) -> Result<(), JournalError> {
        let written = async {
            match &self.writer {
                Writer::Postgres(db, _) => {
                    let pool = db.get_postgres_connection_pool().clone();
                    uninterrupted(async move { Ok(postgres::write_all(&pool, &entries).await?) }).await
                }
                Writer::Sqlite(writer) => writer.append(entries).await,
            }
        };
        let outcome = self.watched(written).await?;
        self.written(outcome == Outcome::Written);
        outcome.into()
    }

    /// Makes changes of several tickets durable, each for itself, and passes over those that have moved on or that somebody
    /// holds. How many it wrote.
    pub(super) async fn append_each(&self, entries: Vec<Entry>) -> Result<usize, StoreError> {
        let written = async {
            match &self.writer {
                Writer::Postgres(db, _) => {
                    self.gauges.group(entries.len());
                    let pool = db.get_postgres_connection_pool().clone();
                    uninterrupted(async move { Ok(postgres::write(&pool, &entries, Held::PassOver).await?) })
                        .await
                }
                Writer::Sqlite(writer) => {
                    try_join_all(entries.into_iter().map(|entry| writer.append(vec![entry]))).await
                }
            }
        };
        let outcomes = self.watched(written).await?;
        let written = outcomes.iter().filter(|outcome| **outcome == Outcome::Written).count();
        self.written(written > 0);
        Ok(written)
    }

    /// Writes rows that have no history, all or none.
    pub(super) async fn write(&self, statements: Vec<Statement>) -> Result<(), StoreError> {
        let written = async {
            match &self.writer {
                Writer::Postgres(db, _) => uninterrupted(transaction(db.clone(), statements)).await,
                Writer::Sqlite(writer) => writer.write(statements).await,
            }
        };
        self.watched(written).await
    }

    /// Writes rows, all or none, when the first statement touches one; whether it did.
    pub(super) async fn write_guarded(&self, statements: Vec<Statement>) -> Result<bool, JournalError> {
        let written = async {
            match &self.writer {
                Writer::Postgres(db, _) => {
                    uninterrupted(guarded_transaction(db.clone(), statements, Guard::First)).await
                }
                Writer::Sqlite(writer) => writer.write_guarded(statements, Guard::First).await,
            }
        };
        let found = self.watched(written).await?;
        Ok(self.written(found))
    }

    /// Writes very many rows, all or none, when each statement touches as many as it must; whether it did. Unlike any other
    /// write it may take minutes.
    pub(super) async fn write_exactly(&self, statements: Vec<Exactly>) -> Result<bool, JournalError> {
        let (statements, expected) = statements.into_iter().map(|Exactly(one, rows)| (one, rows)).unzip();
        let guard = Guard::Each(expected);
        let written = async {
            match &self.writer {
                Writer::Postgres(db, _) => {
                    let work = guarded_transaction(db.clone(), statements, guard);
                    let task = tokio::spawn(work);
                    task.await.map_err(|error| StoreError::Unavailable(error.to_string()))?
                }
                Writer::Sqlite(writer) => writer.write_guarded(statements, guard).await,
            }
        };
        let found = self.watched(written).await?;
        Ok(self.written(found))
    }

    /// Writes and answers the row that the statement returns.
    pub(super) async fn write_returning(&self, statement: Statement) -> Result<Option<Row>, StoreError> {
        let written = async {
            match &self.writer {
                Writer::Postgres(db, _) => {
                    let db = db.clone();
                    uninterrupted(async move { Ok(db.query_one_raw(statement).await?.map(Row::Sqlx)) }).await
                }
                Writer::Sqlite(writer) => writer.write_returning(statement).await,
            }
        };
        self.watched(written).await
    }

    /// Leaves nothing of what was overwritten beside the tables, as far as that is ours to do: PostgreSQL's own log and
    /// dead rows are its administrator's.
    pub(super) async fn forget(&self) {
        match &self.writer {
            Writer::Postgres(..) => {}
            Writer::Sqlite(writer) => writer.checkpoint().await,
        }
    }

    /// Waits for all that is queued.
    pub(super) async fn close(&self) {
        match &self.writer {
            Writer::Postgres(_, groups) => groups.close().await,
            Writer::Sqlite(writer) => writer.close().await,
        }
    }
}

/// A statement, and how many rows it must touch, where that matters.
#[derive(Debug)]
pub(super) struct Exactly(pub(super) Statement, pub(super) Option<u64>);

/// When statements are undone although none of them failed.
#[derive(Debug)]
enum Guard {
    /// Never.
    Open,
    /// When the first touches no row.
    First,
    /// When one touches more or fewer rows than it must.
    Each(Vec<Option<u64>>),
}

impl Guard {
    fn is_met(&self, statement: usize, touched: u64) -> bool {
        match self {
            Self::Open => true,
            Self::First => statement != 0 || touched > 0,
            Self::Each(expected) => {
                expected.get(statement).is_none_or(|rows| rows.is_none_or(|rows| rows == touched))
            }
        }
    }
}

async fn transaction(pool: DatabaseConnection, statements: Vec<Statement>) -> Result<(), StoreError> {
    let transaction = pool.begin().await?;
    for statement in statements {
        transaction.execute_raw(statement).await?;
    }
    Ok(transaction.commit().await?)
}

async fn guarded_transaction(
    pool: DatabaseConnection,
    statements: Vec<Statement>,
    guard: Guard,
) -> Result<bool, StoreError> {
    let transaction = pool.begin().await?;
    for (i, statement) in statements.into_iter().enumerate() {
        let touched = transaction.execute_raw(statement).await?.rows_affected();
        if !guard.is_met(i, touched) {
            transaction.rollback().await?;
            return Ok(false);
        }
    }
    transaction.commit().await?;
    Ok(true)
}

/// Goes on although the request went away: a transaction that is dropped while it begins goes back to the pool open, and
/// takes what others are told is written into a transaction that nobody commits.
async fn uninterrupted<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    let task = tokio::spawn(work);
    patience(async { task.await.map_err(|error| StoreError::Unavailable(error.to_string()))? }).await
}
