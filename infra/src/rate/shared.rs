//! The buckets that replicas share, in Redis, and what is held of them here.

use super::Quota;
use crate::gauge::CacheGauges;
use crate::keys::Keyring;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use redis::aio::ConnectionManager;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a Redis that failed is left alone: nobody else waits for it meanwhile.
const LEFT_ALONE: Duration = Duration::from_secs(1);

/// Takes up to `want` from a bucket: how many were taken, or 0 and after how many microseconds there is one. The bucket is
/// kept as the time at which it is full again, and forgotten at that time. All is whole microseconds, which a double
/// holds exactly.
const TAKE: &str = r"
local now, gain, count, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local full = tonumber(redis.call('GET', KEYS[1]) or now)
if full < now then full = now end
local free = math.floor((now + gain * count - full) / gain)
if free < 1 then return {0, full - gain * (count - 1) - now} end
if want > free then want = free end
full = full + want * gain
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
return {want, 0}
";

/// What Redis answered.
pub(super) enum Answer {
    Granted(u32),
    Refused(Duration),
}

/// What came of taking one.
pub(super) enum Taken {
    One,
    Refused(Duration),
}

/// What this process holds for a key. Times are microseconds of our clock.
#[derive(Default)]
pub(super) struct Purse {
    left: u32,
    good_until: i64,
    shut_until: i64,
}

impl Purse {
    /// One of what is held; nothing when Redis has to be asked. Before the time that Redis named it is not asked again.
    pub(super) fn spend(&mut self, now: i64) -> Option<Taken> {
        if now >= self.good_until {
            self.left = 0;
        }
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            return Some(Taken::One);
        }
        let shut = u64::try_from(self.shut_until - now).ok().filter(|micros| *micros > 0)?;
        Some(Taken::Refused(Duration::from_micros(shut)))
    }

    /// Takes in what Redis answered, and one out of it.
    pub(super) fn fill(&mut self, answer: Answer, now: i64, period: Duration) -> Taken {
        match answer {
            Answer::Granted(count) => {
                let left = count.saturating_sub(1);
                *self = Self { left, good_until: now + micros(period), shut_until: 0 };
                Taken::One
            }
            Answer::Refused(wait) => {
                *self = Self { left: 0, good_until: 0, shut_until: now + micros(wait) };
                Taken::Refused(wait)
            }
        }
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX / 2)
}

/// Redis, as far as it is there.
pub(super) struct Shared {
    redis: ConnectionManager,
    take: redis::Script,
    deployment: String,
    failed: Mutex<Option<Instant>>,
    gauges: CacheGauges,
}

impl Shared {
    pub(super) fn new(redis: ConnectionManager, keys: &Keyring, gauges: CacheGauges) -> Self {
        let deployment = BASE64_URL_SAFE_NO_PAD.encode(&keys.digest(&[b"rates"])[..9]);
        Self { redis, take: redis::Script::new(TAKE), deployment, failed: Mutex::new(None), gauges }
    }

    /// A block for a key; `None` while Redis is away.
    pub(super) async fn take(&self, rate: &str, key: &str, quota: Quota, now: i64) -> Option<Answer> {
        if self.is_left_alone() {
            return None;
        }
        let taken: redis::RedisResult<(u32, u64)> = self
            .take
            .key(format!("huying:{}:rate:{rate}:{key}", self.deployment))
            .arg(now)
            .arg(micros(quota.gain()))
            .arg(quota.count())
            .arg(quota.block())
            .invoke_async(&mut self.redis.clone())
            .await;
        match taken {
            Ok((0, wait)) => Some(Answer::Refused(Duration::from_micros(wait))),
            Ok((count, _)) => Some(Answer::Granted(count)),
            Err(error) => {
                self.gauges.fault("rate");
                tracing::warn!(%error, rate, "each replica counts for itself: redis failed");
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                None
            }
        }
    }

    fn is_left_alone(&self) -> bool {
        let failed = *self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.is_some_and(|at| at.elapsed() < LEFT_ALONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_secs(60);

    #[test]
    fn a_purse_is_spent_and_forgotten() {
        let mut purse = Purse::default();
        assert!(purse.spend(0).is_none());
        assert!(matches!(purse.fill(Answer::Granted(3), 0, PERIOD), Taken::One));
        assert!(matches!(purse.spend(1), Some(Taken::One)));
        assert!(purse.spend(60_000_000).is_none(), "what is held is good for the period");
        assert!(purse.spend(2).is_none());
    }

    #[test]
    fn redis_is_not_asked_before_the_time_it_named() {
        let mut purse = Purse::default();
        let wait = Duration::from_secs(6);
        assert!(matches!(purse.fill(Answer::Refused(wait), 0, PERIOD), Taken::Refused(_)));
        let again = purse.spend(1_000_000);
        assert!(matches!(again, Some(Taken::Refused(wait)) if wait == Duration::from_secs(5)));
        assert!(purse.spend(6_000_000).is_none());
    }
}
