//! Queries of at most one row by a key. On PostgreSQL those that come at the same time are asked together.

use super::Store;
use super::error::StoreError;
use super::patience::patience;
use super::together::{GROUP, Job, Jobs, Kept, Queue, Together, Waiting};
use crate::trace::step;
use sea_orm::sqlx::error::BoxDynError;
use sea_orm::sqlx::postgres::{PgArguments, PgHasArrayType, PgRow};
use sea_orm::sqlx::{self, Arguments, AssertSqlSafe, Encode, Postgres, Row, Type};
use sea_orm::{DatabaseConnection, DbBackend, DbErr, QueryResult, RuntimeErr, Value};
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;
use tracing::Instrument;

/// Part of a key.
pub(super) trait Part:
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

impl<T> Part for T where
    T: Into<Value>
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

/// A query of at most one row by a key of two parts, `$1` and `$2`.
#[derive(Debug)]
pub(super) struct Lookup<A: Part, B: Part> {
    sql: &'static str,
    queue: Option<Arc<Queue<Many<A, B>>>>,
}

impl<A: Part, B: Part> Lookup<A, B> {
    /// Must be called on the runtime that is to ask.
    pub(super) fn new(db: &DatabaseConnection, sql: &'static str) -> Self {
        let is_postgres = db.get_database_backend() == DbBackend::Postgres;
        let queue = is_postgres.then(|| Queue::new(db.get_postgres_connection_pool(), Many::new(sql)));
        Self { sql, queue }
    }
}

impl Store {
    /// The row of a key; `None` when there is none.
    pub(super) async fn look_up<A: Part, B: Part>(
        &self,
        Lookup { sql, queue }: &Lookup<A, B>,
        (a, b): (A, B),
    ) -> Result<Option<QueryResult>, StoreError> {
        match queue {
            Some(queue) => Box::pin(queue.ask((a, b))).instrument(step("store read")).await,
            None => self.query_one(sql, vec![a.into(), b.into()]).await,
        }
    }
}

/// Asks for many keys at once.
#[derive(Debug)]
struct Many<A, B> {
    one: &'static str,
    many: Arc<str>,
    keys: PhantomData<fn(A, B)>,
}

impl<A: Part, B: Part> Many<A, B> {
    fn new(one: &'static str) -> Self {
        let each = one.replace("$1", "asked.a").replace("$2", "asked.b");
        let many = format!(
            "SELECT asked.n, found.* FROM unnest($1, $2) WITH ORDINALITY AS asked(a, b, n) \
             CROSS JOIN LATERAL ({each}) found"
        );
        Self { one, many: many.into(), keys: PhantomData }
    }

    async fn rows(&self, connection: &mut Kept, keys: &[(A, B)]) -> Result<Vec<Option<PgRow>>, StoreError> {
        let failed = |error: sqlx::Error| StoreError::from(DbErr::Query(RuntimeErr::SqlxError(error.into())));
        let typed = |error: BoxDynError| StoreError::Internal(DbErr::Type(error.to_string()));
        let not_let_in = |error: sqlx::Error| DbErr::Conn(RuntimeErr::SqlxError(error.into()));
        let connection = connection.get().await.map_err(not_let_in)?;
        let mut arguments = PgArguments::default();
        if let [(a, b)] = keys {
            arguments.add(a).map_err(typed)?;
            arguments.add(b).map_err(typed)?;
            let row = sqlx::query_with(self.one, arguments).fetch_optional(connection).await;
            return Ok(vec![row.map_err(failed)?]);
        }
        arguments.add(keys.iter().map(|(a, _)| a.clone()).collect::<Vec<_>>()).map_err(typed)?;
        arguments.add(keys.iter().map(|(_, b)| b.clone()).collect::<Vec<_>>()).map_err(typed)?;
        let mut found: Vec<_> = keys.iter().map(|_| None).collect();
        for row in sqlx::query_with(AssertSqlSafe(self.many.clone()), arguments)
            .fetch_all(connection)
            .await
            .map_err(failed)?
        {
            let n: i64 = row.try_get(0).map_err(failed)?;
            if let Some(found) = usize::try_from(n - 1).ok().and_then(|n| found.get_mut(n)) {
                *found = Some(row);
            }
        }
        Ok(found)
    }
}

impl<A: Part, B: Part> Together for Many<A, B> {
    type Question = (A, B);
    type Answer = Option<QueryResult>;

    fn take(&self, waiting: &mut Waiting<Self>) -> Jobs<Self> {
        let some = waiting.len().min(GROUP);
        waiting.drain(..some).filter(|job| !job.asked.is_too_late()).collect()
    }

    async fn work(self: &Arc<Self>, connection: &mut Kept, jobs: Jobs<Self>) {
        if jobs.is_empty() {
            return;
        }
        let (keys, asked): (Vec<_>, Vec<_>) =
            jobs.into_iter().map(|Job { question, asked }| (question, asked)).unzip();
        match patience(self.rows(connection, &keys)).await {
            Ok(rows) => {
                for (row, asked) in rows.into_iter().zip(asked) {
                    asked.tell(Ok(row.map(QueryResult::from)));
                }
            }
            Err(error) => {
                connection.give_back();
                let is_away = matches!(error, StoreError::Unavailable(_));
                let why = error.to_string();
                for asked in asked {
                    let why = why.clone();
                    asked.tell(Err(if is_away {
                        StoreError::Unavailable(why)
                    } else {
                        StoreError::Internal(DbErr::Custom(why))
                    }));
                }
            }
        }
    }
}
