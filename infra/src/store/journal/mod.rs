//! The journal: what makes an aggregate's row, its events, their texts and the answer durable together.
//!
//! The one place where the databases differ for speed. On PostgreSQL an entry is one statement, so one round trip is
//! the transaction. On SQLite one task owns the only write connection and commits what waits as one group.

mod entry;
mod postgres;
mod sqlite;

pub(super) use entry::{ContactRow, Entry, EventRow, Head, KeptAnswer, PartyRow, answer_statement};
pub(super) use postgres::{EACH_ITS_OWN, clocks, events, one_statement};

use super::dialect;
use super::error::StoreError;
use super::patience::patience;
use crate::Wake;
use crate::gauge::JournalGauges;
use crate::trace::step;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::{ConnectionTrait, DatabaseConnection, QueryResult, Statement, TransactionTrait};
use std::future::Future;
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

#[derive(Debug)]
pub(super) struct Journal {
    writer: Writer,
    wake: Wake,
    gauges: JournalGauges,
}

#[derive(Debug)]
enum Writer {
    Postgres(DatabaseConnection),
    Sqlite(sqlite::Writer),
}

impl Journal {
    pub(super) fn postgres(pool: DatabaseConnection) -> Self {
        Self { writer: Writer::Postgres(pool), wake: Wake::default(), gauges: JournalGauges::default() }
    }

    /// Must be called on the runtime that is to run the writer.
    pub(super) fn sqlite(options: SqliteConnectOptions, connection: DatabaseConnection) -> Self {
        let gauges = JournalGauges::default();
        let writer = Writer::Sqlite(sqlite::Writer::start(options, connection, gauges.clone()));
        Self { writer, wake: Wake::default(), gauges }
    }

    /// Rung after each write that others follow: of histories, and of what follows from them.
    pub(super) fn wake(&self) -> &Wake {
        &self.wake
    }

    /// What it counts of its work.
    pub(super) fn gauges(&self) -> &JournalGauges {
        &self.gauges
    }

    /// Wakes those who follow, when something was written.
    fn written(&self, found: bool) -> bool {
        if found {
            self.wake.ring();
        }
        found
    }

    /// Counts and traces a change until it is durable or refused.
    async fn watched<T>(&self, write: impl Future<Output = T>) -> T {
        let _writing = self.gauges.write();
        write.instrument(step("journal write")).await
    }

    /// Makes an entry durable, all of it or nothing.
    pub(super) async fn append(&self, entry: Entry<'_>) -> Result<(), JournalError> {
        let written = async {
            match &self.writer {
                Writer::Postgres(pool) => postgres::append(pool, entry).await,
                Writer::Sqlite(writer) => writer.write_guarded(vec![entry.statements()]).await,
            }
        };
        let found = self.watched(written).await?;
        if self.written(found) { Ok(()) } else { Err(JournalError::Conflict) }
    }

    /// Makes entries of several aggregates durable together, all of them or none. They come in the order of their ids.
    pub(super) async fn append_all(&self, entries: Vec<Entry<'_>>) -> Result<(), JournalError> {
        let written = async {
            match &self.writer {
                Writer::Postgres(pool) => postgres::append_all(pool, entries).await,
                Writer::Sqlite(writer) => {
                    writer.write_guarded(entries.into_iter().map(Entry::statements).collect()).await
                }
            }
        };
        let found = self.watched(written).await?;
        if self.written(found) { Ok(()) } else { Err(JournalError::Conflict) }
    }

    /// Changes of several tickets as one statement of PostgreSQL, which passes over those that have moved on. How many it
    /// wrote: as many as rows that it returns.
    pub(super) async fn append_many(&self, statement: Statement) -> Result<usize, StoreError> {
        let written = match &self.writer {
            Writer::Postgres(pool) => {
                let pool = pool.clone();
                self.watched(uninterrupted(async move { Ok(pool.query_all_raw(statement).await?.len()) }))
                    .await?
            }
            Writer::Sqlite(_) => {
                return Err(StoreError::Unavailable("only PostgreSQL has such statements".into()));
            }
        };
        self.written(written > 0);
        Ok(written)
    }

    /// Writes rows that have no history, all or none.
    pub(super) async fn write(&self, statements: Vec<Statement>) -> Result<(), StoreError> {
        let written = async {
            match &self.writer {
                Writer::Postgres(pool) => uninterrupted(transaction(pool.clone(), statements)).await,
                Writer::Sqlite(writer) => writer.write(statements).await,
            }
        };
        self.watched(written).await
    }

    /// Writes rows, all or none, when the first statement touches one; whether it did.
    pub(super) async fn write_guarded(&self, statements: Vec<Statement>) -> Result<bool, JournalError> {
        let written = async {
            match &self.writer {
                Writer::Postgres(pool) => uninterrupted(guarded_transaction(pool.clone(), statements)).await,
                Writer::Sqlite(writer) => writer.write_guarded(vec![statements]).await,
            }
        };
        let found = self.watched(written).await?;
        Ok(self.written(found))
    }

    /// Writes and answers the row that the statement returns.
    pub(super) async fn write_returning(
        &self,
        statement: Statement,
    ) -> Result<Option<QueryResult>, StoreError> {
        let written = async {
            match &self.writer {
                Writer::Postgres(pool) => {
                    let pool = pool.clone();
                    uninterrupted(async move { Ok(pool.query_one_raw(statement).await?) }).await
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
            Writer::Postgres(_) => {}
            Writer::Sqlite(writer) => writer.checkpoint().await,
        }
    }

    /// Waits for all that is queued.
    pub(super) async fn close(&self) {
        match &self.writer {
            Writer::Postgres(_) => {}
            Writer::Sqlite(writer) => writer.close().await,
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
) -> Result<bool, StoreError> {
    let transaction = pool.begin().await?;
    for (i, statement) in statements.into_iter().enumerate() {
        let touched = transaction.execute_raw(statement).await?.rows_affected();
        if i == 0 && touched == 0 {
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
