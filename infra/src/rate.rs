//! How often somebody may do something: in this process, and across replicas where they share a Redis.
//!
//! A quota of 10 a minute is a bucket of 10 that gains one every 6 seconds (GCRA): after a rest all 10 may come at once,
//! and in the long run 10 a minute. In any one minute that begins with a full bucket at most twice the quota passes.
//!
//! With Redis, allowance is taken from there in blocks and spent in this process, so that a call seldom waits for it.
//! What that means for exactness: all replicas together never let more through than the quota, but a replica may hold up
//! to a block (less one) that another one would have needed, so that somebody whose calls are spread over `n` replicas
//! may be refused up to `(n - 1) * (block - 1)` early. What is held and not spent is forgotten after the quota's period.
//! Rates of fewer than 60 have blocks of one: they are exact.
//!
//! Without Redis, or while it is away, each process keeps its own count: `n` replicas then let up to `n` times the quota
//! through, never more. A process also counts what Redis allowed it, so that losing Redis is no new beginning.

mod bucket;
mod shared;

use crate::cache::Cache;
use crate::clock::Clock;
use crate::keys::Keyring;
use bucket::Bucket;
use shared::{Purse, Shared, Taken};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// How many keys' unspent allowance a process holds; the longest unused goes first, which allows less, never more.
const PURSES: u64 = 100_000;
/// The most that is taken from Redis at once.
const LARGEST_BLOCK: u32 = 20;
/// The longest period of a quota.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// Signing in, by address.
    Logins,
    /// Going on with a sign-in, or ending it, by address. What that takes cannot be guessed, so there may be many.
    Renewals,
    /// Tickets, by resident.
    Tickets,
    /// Calls, by user.
    Calls,
}

impl Rate {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Logins => "logins",
            Self::Renewals => "renewals",
            Self::Tickets => "tickets",
            Self::Calls => "calls",
        }
    }
}

/// So many in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    count: NonZeroU32,
    period: Duration,
}

impl Quota {
    /// At least one and at most a million, in one second to one day.
    pub fn new(count: u32, period: Duration) -> Option<Self> {
        let sane = count <= 1_000_000 && period >= Duration::from_secs(1) && period <= LONGEST;
        NonZeroU32::new(count).filter(|_| sane).map(|count| Self { count, period })
    }

    /// How many.
    pub fn count(&self) -> u32 {
        self.count.get()
    }

    /// In how many seconds.
    pub fn seconds(&self) -> u64 {
        self.period.as_secs()
    }

    /// How long it takes to gain one.
    fn gain(&self) -> Duration {
        self.period / self.count.get()
    }

    /// How many are taken from Redis at once.
    fn block(&self) -> u32 {
        (self.count.get() / 30).clamp(1, LARGEST_BLOCK)
    }
}

/// The quota of each rate; `None` is without a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quotas {
    /// Of [`Rate::Logins`].
    pub logins: Option<Quota>,
    /// Of [`Rate::Renewals`].
    pub renewals: Option<Quota>,
    /// Of [`Rate::Tickets`].
    pub tickets: Option<Quota>,
    /// Of [`Rate::Calls`].
    pub calls: Option<Quota>,
}

/// The quota is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Whole seconds after which one more may come; at least 1.
    pub seconds: u64,
    /// Which quota.
    pub quota: Quota,
}

/// The rates of this process.
pub struct Rates {
    logins: Option<Limiter>,
    renewals: Option<Limiter>,
    tickets: Option<Limiter>,
    calls: Option<Limiter>,
    clock: Clock,
    shared: Option<Shared>,
}

/// One rate.
struct Limiter {
    name: &'static str,
    quota: Quota,
    bucket: Bucket,
    purses: moka::sync::Cache<u64, Arc<Mutex<Purse>>>,
}

impl Rates {
    /// Through the cache's Redis, where it has one. Deployments that share a Redis are told apart by their keys.
    pub fn new(quotas: Quotas, clock: &Clock, cache: &Cache, keys: &Keyring) -> Self {
        let limiter = |rate: Rate, quota: Option<Quota>| {
            quota.map(|quota| Limiter {
                name: rate.name(),
                quota,
                bucket: Bucket::new(quota, clock),
                purses: moka::sync::Cache::builder().max_capacity(PURSES).build(),
            })
        };
        Self {
            logins: limiter(Rate::Logins, quotas.logins),
            renewals: limiter(Rate::Renewals, quotas.renewals),
            tickets: limiter(Rate::Tickets, quotas.tickets),
            calls: limiter(Rate::Calls, quotas.calls),
            clock: clock.clone(),
            shared: cache.redis().map(|redis| Shared::new(redis, keys, cache.gauges().clone())),
        }
    }

    /// Counts one more for `key`.
    ///
    /// # Errors
    /// When the quota is used up; it is not counted then.
    pub async fn check(&self, rate: Rate, key: &str) -> Result<(), Wait> {
        let limiter = match rate {
            Rate::Logins => &self.logins,
            Rate::Renewals => &self.renewals,
            Rate::Tickets => &self.tickets,
            Rate::Calls => &self.calls,
        };
        let Some(limiter) = limiter else {
            return Ok(());
        };
        let allowed = match &self.shared {
            None => limiter.bucket.take(limiter.bucket.hash(key)),
            Some(shared) => limiter.take_shared(shared, key, self.clock.now().timestamp_micros()).await,
        };
        allowed.map_err(|wait| Wait { seconds: whole_seconds(wait), quota: limiter.quota })
    }
}

fn whole_seconds(wait: Duration) -> u64 {
    let more = u64::from(wait.subsec_nanos() > 0);
    (wait.as_secs() + more).max(1)
}

impl Limiter {
    /// From what is held, or from Redis; from this process's own bucket while Redis is away.
    async fn take_shared(&self, shared: &Shared, key: &str, now: i64) -> Result<(), Duration> {
        let hash = self.bucket.hash(key);
        let purse = self.purses.get_with(hash, Arc::default);
        // Held while Redis is asked: whoever comes meanwhile waits for the same block.
        let mut purse = purse.lock().await;
        let taken = match purse.spend(now) {
            Some(taken) => taken,
            None => match shared.take(self.name, key, self.quota, now).await {
                Some(answer) => purse.fill(answer, now, self.quota.period),
                None => return self.bucket.take(hash),
            },
        };
        match taken {
            Taken::One => {
                // For the case that Redis goes away. It may say no where a Redis that lost its memory said yes.
                let _ = self.bucket.take(hash);
                Ok(())
            }
            Taken::Refused(wait) => Err(wait),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_small_beside_their_quota() {
        let block = |count| Quota::new(count, Duration::from_secs(60)).map(|quota| quota.block());
        assert_eq!([block(1), block(20), block(59), block(600)], [1, 1, 1, 20].map(Some));
        assert_eq!(block(1_000_000), Some(20));
        assert_eq!(block(0), None);
    }

    #[test]
    fn a_wait_is_whole_seconds_and_never_none() {
        let waits = [0, 1, 1_000, 1_001, 59_999].map(|millis| whole_seconds(Duration::from_millis(millis)));
        assert_eq!(waits, [1, 1, 1, 2, 60]);
    }
}
