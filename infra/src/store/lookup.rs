//! Queries of at most one row by a key. On PostgreSQL those that come at the same time are asked together.

use super::Store;
use super::error::StoreError;
use super::patience::patience;
use super::row::Row;
use super::together::{Asked, GROUP, Kept, Queue, Together, Waiting, Waits};
use crate::trace::step;
use domain::id::UserId;
use sea_orm::sqlx::error::BoxDynError;
use sea_orm::sqlx::postgres::{PgArguments, PgHasArrayType, PgRow};
use sea_orm::sqlx::{self, Arguments, AssertSqlSafe, Encode, Postgres, Type};
use sea_orm::{DatabaseConnection, DbBackend, DbErr, QueryResult, RuntimeErr, Value};
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;
use tracing::Instrument;
use uuid::Uuid;

/// What is looked up by.
pub(super) trait Key:
    Into<Value>
    + Debug
    + Clone
    + Send
    + Sync
    + 'static
    + Type<Postgres>
    + PgHasArrayType
    + for<'q> Encode<'q, Postgres>
{
}
impl Key for Uuid {}
impl Key for String {}

/// A query of at most one row by a key, `$1`, for somebody, `$2`.
#[derive(Debug)]
pub(super) struct Lookup<K: Key> {
    sql: &'static str,
    queue: Option<Arc<Queue<Many<K>>>>,
}

impl<K: Key> Lookup<K> {
    /// Must be called on the runtime that is to ask.
    pub(super) fn new(db: &DatabaseConnection, sql: &'static str) -> Self {
        let is_postgres = db.get_database_backend() == DbBackend::Postgres;
        let queue = is_postgres.then(|| Queue::new(db.get_postgres_connection_pool(), Many::new(sql)));
        Self { sql, queue }
    }
}

impl Store {
    /// The row of a key; `None` when there is none.
    pub(super) async fn look_up<K: Key>(
        &self,
        Lookup { sql, queue }: &Lookup<K>,
        key: K,
        asker: UserId,
    ) -> Result<Option<Row>, StoreError> {
        match queue {
            Some(queue) => Box::pin(queue.ask((key, asker.0))).instrument(step("store read")).await,
            None => self.query_one(sql, vec![key.into(), asker.0.into()]).await,
        }
    }
}

/// Asks for many at once.
#[derive(Debug)]
struct Many<K> {
    one: &'static str,
    many: Arc<str>,
    key: PhantomData<fn(K)>,
}

impl<K: Key> Many<K> {
    fn new(one: &'static str) -> Self {
        let each = one.replace("$1", "asked.key").replace("$2", "asked.asker");
        let many = format!(
            "SELECT asked.n, found.* FROM unnest($1, $2) WITH ORDINALITY AS asked(key, asker, n) \
             CROSS JOIN LATERAL ({each}) found"
        );
        Self { one, many: many.into(), key: PhantomData }
    }

    async fn rows(
        &self,
        connection: &mut Kept,
        asked: Vec<(K, Uuid)>,
    ) -> Result<Vec<Option<PgRow>>, StoreError> {
        let failed = |error: sqlx::Error| StoreError::from(DbErr::Query(RuntimeErr::SqlxError(error.into())));
        let typed = |error: BoxDynError| StoreError::Internal(DbErr::Type(error.to_string()));
        let connection = connection.get().await?;
        let mut arguments = PgArguments::default();
        if let [(key, asker)] = &asked[..] {
            arguments.add(key).map_err(typed)?;
            arguments.add(asker).map_err(typed)?;
            let row = sqlx::query_with(self.one, arguments).fetch_optional(connection).await;
            return Ok(vec![row.map_err(failed)?]);
        }
        let mut found: Vec<_> = asked.iter().map(|_| None).collect();
        let (keys, askers): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
        arguments.add(keys).map_err(typed)?;
        arguments.add(askers).map_err(typed)?;
        let many = AssertSqlSafe(self.many.clone());
        for row in sqlx::query_with(many, arguments).fetch_all(connection).await.map_err(failed)? {
            let n: i64 = sqlx::Row::try_get(&row, 0).map_err(failed)?;
            if let Some(found) = usize::try_from(n - 1).ok().and_then(|n| found.get_mut(n)) {
                *found = Some(row);
            }
        }
        Ok(found)
    }
}

impl<K: Key> Together for Many<K> {
    type Question = (K, Uuid);
    type Answer = Option<Row>;

    fn take(waiting: &mut Waiting<Self>) -> Vec<Waits<Self>> {
        let some = waiting.len().min(GROUP);
        waiting.drain(..some).filter(|(_, asked)| !asked.is_too_late()).collect()
    }

    async fn work(
        self: &Arc<Self>,
        connection: &mut Kept,
        questions: Vec<Self::Question>,
        asked: Vec<Asked<Self::Answer>>,
    ) {
        match patience(self.rows(connection, questions)).await {
            Ok(rows) => {
                for (row, asked) in rows.into_iter().zip(asked) {
                    asked.tell(Ok(row.map(|row| Row::from(QueryResult::from(row)))));
                }
            }
            Err(error) => {
                connection.give_back();
                for asked in asked {
                    asked.tell(Err(error.shared()));
                }
            }
        }
    }
}
