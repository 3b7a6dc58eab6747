//! The buckets of this process, one a key, through `governor` on our own clock.

use super::Quota;
use crate::clock::Clock;
use governor::RateLimiter;
use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// With more keys than this, new ones share buckets: whoever calls from ever new keys is limited the more for it, and
/// takes no more memory.
const MOST_KEYS: usize = 1 << 20;
/// Of so many keys one bucket is kept then.
const SHARED_BY: usize = 16;
/// Idle keys are looked for after so many takings, or as many as there are keys.
const SWEEP: usize = 4096;

/// Our clock, as `governor` reads it.
#[derive(Debug, Clone)]
struct OurClock(Clock);

impl GovernorClock for OurClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.now().timestamp_micros()).unwrap_or_default())
    }
}

/// A bucket a key. Keys are kept as hashes: their length costs nothing, and no address stays in memory.
pub(super) struct Bucket {
    limiter: RateLimiter<u64, DashMapStateStore<u64>, OurClock, NoOpMiddleware<Duration>>,
    clock: OurClock,
    hasher: RandomState,
    most_keys: usize,
    full: AtomicBool,
    since_sweep: AtomicUsize,
    next_sweep: AtomicUsize,
}

impl Bucket {
    pub(super) fn new(quota: Quota, clock: &Clock) -> Self {
        Self::holding(quota, clock, MOST_KEYS)
    }

    fn holding(quota: Quota, clock: &Clock, most_keys: usize) -> Self {
        // A gain of nothing is none of a quota: at most a million in at least a second.
        let gain = governor::Quota::with_period(quota.gain());
        let quota = gain.unwrap_or(governor::Quota::per_hour(quota.count)).allow_burst(quota.count);
        let clock = OurClock(clock.clone());
        Self {
            limiter: RateLimiter::new(quota, DashMapStateStore::default(), clock.clone()),
            clock,
            hasher: RandomState::new(),
            most_keys,
            full: AtomicBool::new(false),
            since_sweep: AtomicUsize::new(0),
            next_sweep: AtomicUsize::new(SWEEP.min(most_keys)),
        }
    }

    pub(super) fn hash(&self, key: &str) -> u64 {
        self.hasher.hash_one(key)
    }

    /// One from a key's bucket, or how long until there is one again.
    pub(super) fn take(&self, hash: u64) -> Result<(), Duration> {
        self.sweep();
        let buckets = u64::try_from(self.most_keys / SHARED_BY).unwrap_or(u64::MAX).max(1);
        let key = if self.full.load(Ordering::Relaxed) { hash % buckets } else { hash };
        self.limiter.check_key(&key).map_err(|until| until.wait_time_from(self.clock.now()))
    }

    /// Forgets full buckets now and then: they are like new ones.
    fn sweep(&self) {
        if self.since_sweep.fetch_add(1, Ordering::Relaxed) < self.next_sweep.load(Ordering::Relaxed) {
            return;
        }
        self.since_sweep.store(0, Ordering::Relaxed);
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
        let keys = self.limiter.len();
        self.full.store(keys >= self.most_keys, Ordering::Relaxed);
        // Never so late that the keys between two sweeps outgrow those that may be held.
        self.next_sweep.store(keys.max(SWEEP).min(self.most_keys), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};

    fn clock() -> Clock {
        Clock::manual(DateTime::from_timestamp(1_795_222_800, 0).unwrap())
    }

    fn ten_a_minute() -> Quota {
        Quota::new(10, Duration::from_secs(60)).unwrap()
    }

    #[test]
    fn a_bucket_empties_and_fills_by_our_clock() {
        let clock = clock();
        let bucket = Bucket::new(ten_a_minute(), &clock);
        let [one, other] = ["203.0.113.7", "203.0.113.8"].map(|key| bucket.hash(key));
        assert!((0..10).all(|_| bucket.take(one).is_ok()));
        assert_eq!(bucket.take(one), Err(Duration::from_secs(6)));
        assert!(bucket.take(other).is_ok());
        clock.advance(TimeDelta::seconds(6));
        assert!(bucket.take(one).is_ok() && bucket.take(one).is_err());
        clock.advance(TimeDelta::minutes(5));
        assert!((0..10).all(|_| bucket.take(one).is_ok()) && bucket.take(one).is_err());
    }

    #[test]
    fn idle_keys_are_forgotten_and_too_many_share() {
        let clock = clock();
        let bucket = Bucket::holding(ten_a_minute(), &clock, 1000);
        let passed = (0..5_000).filter(|key| bucket.take(key * 1_000_003).is_ok()).count();
        // Sharing limits more, never less.
        assert!((1_000..=1_001 + 62 * 10).contains(&passed), "{passed}");
        assert!(bucket.limiter.len() <= 1_001 + 62, "{}", bucket.limiter.len());
        clock.advance(TimeDelta::minutes(2));
        for _ in 0..3_000 {
            let _ = bucket.take(8);
        }
        assert!(bucket.limiter.len() <= 2, "{}", bucket.limiter.len());
    }
}
