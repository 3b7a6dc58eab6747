//! Who works for a reactor: on PostgreSQL the one process that holds its advisory lock, so that replicas do not all do the
//! same in vain. All locks of a process are held by one session of its own and end with it. Nothing depends on it but
//! speed: each write of a reactor is guarded.

use super::Reactor;
use crate::store::{Database, StoreError};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, Connection};
use sea_orm::{DbErr, RuntimeErr};
use std::collections::HashSet;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use tokio::time::timeout;

/// The first number of the locks; the second is made of the name.
const LOCKS: i32 = 0x6875_7969;
/// How long a session is trusted without asking.
const TRUSTED: Duration = Duration::from_secs(1);
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// The locks of this process.
#[derive(Debug)]
pub(in crate::store) struct Leadership {
    /// None on SQLite, where there is but one process.
    options: Option<Box<PgConnectOptions>>,
    session: Mutex<Option<Session>>,
}

#[derive(Debug)]
struct Session {
    connection: PgConnection,
    held: HashSet<Reactor>,
    asked: Instant,
}

impl Leadership {
    pub(in crate::store) fn new(database: &Database) -> Self {
        let options = match database {
            Database::Sqlite(_) => None,
            Database::Postgres(options) => Some(options.clone()),
        };
        Self { options, session: Mutex::new(None) }
    }

    /// Whether this process works for the reactor; takes the lock when it is free.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then it leads nothing any more.
    pub(in crate::store) async fn leads(&self, reactor: Reactor) -> Result<bool, StoreError> {
        let Some(options) = &self.options else { return Ok(true) };
        let mut session = self.session.lock().await;
        // Whatever goes wrong with it, or when nobody waits any more, the session ends, and its locks with it.
        let mut own = session.take();
        let result = timeout(PATIENCE, ask(&mut own, options, reactor)).await;
        let result = result.map_err(|_| StoreError::Unavailable("the session of the locks is silent".into()));
        let leads =
            result?.map_err(|error| StoreError::from(DbErr::Conn(RuntimeErr::SqlxError(error.into()))));
        if leads.is_ok() {
            *session = own;
        }
        leads
    }

    /// Leaves it to others.
    pub(in crate::store) async fn end(&self) {
        if let Some(session) = self.session.lock().await.take()
            && let Err(error) = session.connection.close().await
        {
            tracing::warn!(%error, "the session of the locks did not close");
        }
    }
}

async fn ask(
    session: &mut Option<Session>,
    options: &PgConnectOptions,
    reactor: Reactor,
) -> Result<bool, sqlx::Error> {
    let session = match session {
        Some(session) => session,
        None => {
            let connection = PgConnection::connect_with(options).await?;
            session.insert(Session { connection, held: HashSet::new(), asked: Instant::now() })
        }
    };
    if session.held.contains(&reactor) {
        if session.asked.elapsed() > TRUSTED {
            session.connection.ping().await?;
            session.asked = Instant::now();
        }
        return Ok(true);
    }
    let lock = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, hashtext($2))");
    let leads = lock.bind(LOCKS).bind(reactor.name()).fetch_one(&mut session.connection).await?;
    if leads {
        session.held.insert(reactor);
        tracing::info!(reactor = reactor.name(), "this process works for the reactor");
    }
    Ok(leads)
}
