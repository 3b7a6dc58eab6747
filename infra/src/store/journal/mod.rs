//! The journal: what makes an aggregate's row, its events, their texts and the answer durable together.
//!
//! The one place where the databases differ for speed. On PostgreSQL an entry is one statement, so one round trip is
//! the transaction. On SQLite one task owns the only write connection and commits what waits as one group.

mod entry;
mod postgres;
mod sqlite;

pub(super) use entry::{Entry, EventRow, Head, KeptAnswer};
pub(super) use postgres::one_statement;

use super::dialect;
use super::error::StoreError;
use super::patience::patience;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::{ConnectionTrait, DatabaseConnection, QueryResult, Statement, TransactionTrait};
use std::future::Future;

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
pub(super) enum Journal {
    Postgres(DatabaseConnection),
    Sqlite(sqlite::Writer),
}

impl Journal {
    pub(super) fn postgres(pool: DatabaseConnection) -> Self {
        Self::Postgres(pool)
    }

    /// Must be called on the runtime that is to run the writer.
    pub(super) fn sqlite(options: SqliteConnectOptions, connection: DatabaseConnection) -> Self {
        Self::Sqlite(sqlite::Writer::start(options, connection))
    }

    /// Makes an entry durable, all of it or nothing.
    pub(super) async fn append(&self, entry: Entry<'_>) -> Result<(), JournalError> {
        match self {
            Self::Postgres(pool) => postgres::append(pool, entry).await,
            Self::Sqlite(writer) => {
                let found = writer.write_guarded(entry.statements()).await?;
                if found { Ok(()) } else { Err(JournalError::Conflict) }
            }
        }
    }

    /// Writes rows that have no history, all or none.
    pub(super) async fn write(&self, statements: Vec<Statement>) -> Result<(), StoreError> {
        match self {
            Self::Postgres(pool) => uninterrupted(transaction(pool.clone(), statements)).await,
            Self::Sqlite(writer) => writer.write(statements).await,
        }
    }

    /// Writes and answers the row that the statement returns.
    pub(super) async fn write_returning(
        &self,
        statement: Statement,
    ) -> Result<Option<QueryResult>, StoreError> {
        match self {
            Self::Postgres(pool) => {
                let pool = pool.clone();
                uninterrupted(async move { Ok(pool.query_one_raw(statement).await?) }).await
            }
            Self::Sqlite(writer) => writer.write_returning(statement).await,
        }
    }

    /// Waits for all that is queued.
    pub(super) async fn close(&self) {
        match self {
            Self::Postgres(_) => {}
            Self::Sqlite(writer) => writer.close().await,
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

/// Goes on although the request went away: a transaction that is dropped while it begins goes back to the pool open, and
/// takes what others are told is written into a transaction that nobody commits.
async fn uninterrupted<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    let task = tokio::spawn(work);
    patience(async { task.await.map_err(|error| StoreError::Unavailable(error.to_string()))? }).await
}
