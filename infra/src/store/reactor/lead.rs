//! Who works for a reactor: on PostgreSQL the one process that holds its advisory lock, so that replicas do not all do the
//! same in vain. And who sweeps which tickets: each process holds a seat, and the seats that are taken share the tickets.
//! All locks of a process are held by one session of its own and end with it. Nothing depends on it but speed: each write
//! of a reactor and of the sweep is guarded.

use super::Reactor;
use crate::store::{Database, StoreError};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, Connection};
use sea_orm::{DbErr, RuntimeErr};
use std::collections::HashSet;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use tokio::time::timeout;
use uuid::Uuid;

/// The first number of the locks; the second is made of the name.
const LOCKS: i32 = 0x6875_7969;
/// The first number of the seats.
const SEATS: i32 = LOCKS + 1;
/// How many processes may share the sweep; those beyond that take what is left over.
const MOST_SEATS: i32 = 64;
/// Who has a seat. A session that ended has none.
const TAKEN: &str = "SELECT objid::integer FROM pg_locks WHERE locktype = 'advisory' AND classid = $1::integer::oid \
     AND objsubid = 2 AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
     ORDER BY objid";
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
    seat: Option<i32>,
    share: Option<(Share, Instant)>,
}

/// Which tickets a process sweeps: the `rank`-th of `of` shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    rank: u32,
    of: u32,
}

impl Share {
    /// All tickets.
    pub const WHOLE: Self = Self { rank: 0, of: 1 };

    /// Whether a ticket is in it. The last bits of an id are drawn by chance.
    pub fn has(self, id: Uuid) -> bool {
        id.as_u128() % u128::from(self.of) == u128::from(self.rank)
    }

    /// That of a seat among those that are taken.
    fn of(seat: i32, taken: &[i32]) -> Self {
        let rank = taken.iter().position(|one| *one == seat).and_then(|rank| u32::try_from(rank).ok());
        let of = u32::try_from(taken.len()).ok().filter(|of| *of > 0);
        rank.zip(of).map_or(Self::WHOLE, |(rank, of)| Self { rank, of })
    }
}

impl Leadership {
    pub(in crate::store) fn new(database: &Database) -> Self {
        let options = match database {
            Database::Sqlite(_) => None,
            // A machine that is gone must not hold its locks for the hours that systems wait by themselves.
            Database::Postgres(options) => {
                let alive = [
                    ("tcp_keepalives_idle", "5"),
                    ("tcp_keepalives_interval", "2"),
                    ("tcp_keepalives_count", "3"),
                ];
                Some(Box::new((**options).clone().options(alive)))
            }
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
        let own = session.take();
        let (leads, own) = patiently(async {
            let mut own = Session::of(own, options).await?;
            Ok((own.leads(reactor).await?, own))
        })
        .await?;
        *session = Some(own);
        Ok(leads)
    }

    /// Which tickets this process sweeps.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then it has no seat any more.
    pub(in crate::store) async fn share(&self) -> Result<Share, StoreError> {
        let Some(options) = &self.options else { return Ok(Share::WHOLE) };
        let mut session = self.session.lock().await;
        let own = session.take();
        let (share, own) = patiently(async {
            let mut own = Session::of(own, options).await?;
            Ok((own.share().await?, own))
        })
        .await?;
        *session = Some(own);
        Ok(share)
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

async fn patiently<T>(ask: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
    match timeout(PATIENCE, ask).await {
        Ok(answer) => answer.map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(error.into())).into()),
        Err(_) => Err(StoreError::Unavailable("the session of the locks is silent".into())),
    }
}

impl Session {
    async fn of(own: Option<Self>, options: &PgConnectOptions) -> Result<Self, sqlx::Error> {
        if let Some(own) = own {
            return Ok(own);
        }
        let connection = PgConnection::connect_with(options).await?;
        Ok(Self { connection, held: HashSet::new(), asked: Instant::now(), seat: None, share: None })
    }

    async fn leads(&mut self, reactor: Reactor) -> Result<bool, sqlx::Error> {
        if self.held.contains(&reactor) {
            if self.asked.elapsed() > TRUSTED {
                self.connection.ping().await?;
                self.asked = Instant::now();
            }
            return Ok(true);
        }
        let lock = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, hashtext($2))");
        let leads = lock.bind(LOCKS).bind(reactor.name()).fetch_one(&mut self.connection).await?;
        if leads {
            self.held.insert(reactor);
            tracing::info!(reactor = reactor.name(), "this process works for the reactor");
        }
        Ok(leads)
    }

    async fn share(&mut self) -> Result<Share, sqlx::Error> {
        if let Some((share, _)) = self.share.filter(|(_, asked)| asked.elapsed() < TRUSTED) {
            return Ok(share);
        }
        let mut free = 0..MOST_SEATS;
        while self.seat.is_none()
            && let Some(seat) = free.next()
        {
            let lock = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, $2)");
            let taken: bool = lock.bind(SEATS).bind(seat).fetch_one(&mut self.connection).await?;
            self.seat = taken.then_some(seat);
        }
        let taken: Vec<i32> = sqlx::query_scalar(TAKEN).bind(SEATS).fetch_all(&mut self.connection).await?;
        let share = self.seat.map_or(Share::WHOLE, |seat| Share::of(seat, &taken));
        self.share = Some((share, Instant::now()));
        Ok(share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_share_all_tickets_and_none_is_in_two_shares() {
        let taken = [0, 3, 7];
        let shares = taken.map(|seat| Share::of(seat, &taken));
        for n in 0..1_000u128 {
            let id = Uuid::from_u128(n * 0x9e37_79b9_7f4a_7c15);
            assert_eq!(shares.iter().filter(|share| share.has(id)).count(), 1);
        }
        assert_eq!(Share::of(5, &taken), Share::WHOLE, "whoever has lost their seat sweeps all");
        assert!(Share::WHOLE.has(Uuid::nil()));
    }
}
