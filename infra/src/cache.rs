//! A cache for what is immutable or keyed by its version. Losing it costs time, never truth: every fault of it is a
//! miss.

use crate::gauge::CacheGauges;
use crate::trace::step;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands, AsyncConnectionConfig};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tracing::Instrument;

/// Values live at most this long.
const TTL: Duration = Duration::from_secs(15 * 60);
/// How many values the in-process cache holds.
const CAPACITY: u64 = 50_000;

/// In-process, or shared between replicas through Redis.
#[derive(Clone)]
pub struct Cache {
    place: Place,
    gauges: CacheGauges,
}

#[derive(Clone)]
enum Place {
    Memory(moka::sync::Cache<String, Vec<u8>>),
    Redis(ConnectionManager),
}

/// How the cache is, for readiness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheHealth {
    /// In this process: nothing to be reached.
    Memory,
    /// Redis answers.
    Up,
    /// Redis does not; everything works, more slowly.
    Down,
}

/// What a Redis says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisInfo {
    /// Its version, where it tells.
    pub version: Option<String>,
    /// Whether it is a replica, to which nobody can write.
    pub replica: bool,
}

impl RedisInfo {
    /// Asks the Redis of this URL, for two seconds.
    ///
    /// # Errors
    /// When it does not answer, or lets us in not; it repeats nothing of the URL.
    pub async fn ask(url: &str) -> Result<Self, redis::RedisError> {
        let limit = Some(Duration::from_secs(2));
        let config = AsyncConnectionConfig::new().set_connection_timeout(limit).set_response_timeout(limit);
        let client = redis::Client::open(url)?;
        let mut redis = client.get_multiplexed_async_connection_with_config(&config).await?;
        redis::cmd("PING").query_async::<()>(&mut redis).await?;
        // Some that others run do not tell.
        let said: String = redis::cmd("INFO").query_async(&mut redis).await.unwrap_or_default();
        let line = |name| said.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        Ok(Self {
            version: line("redis_version:").map(str::to_owned),
            replica: line("role:") == Some("slave"),
        })
    }
}

impl Cache {
    /// Whether this could be the URL of a Redis.
    pub fn is_redis_url(url: &str) -> bool {
        redis::Client::open(url).is_ok()
    }

    /// Redis when there is a URL. A Redis that is away does not keep the server from starting.
    ///
    /// # Errors
    /// A URL that is none.
    pub fn connect(redis_url: Option<&str>) -> Result<Self, redis::RedisError> {
        let Some(url) = redis_url else {
            let memory = moka::sync::Cache::builder().max_capacity(CAPACITY).time_to_live(TTL).build();
            return Ok(Self { place: Place::Memory(memory), gauges: CacheGauges::default() });
        };
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(Duration::from_millis(500)))
            .set_response_timeout(Some(Duration::from_millis(200)))
            .set_number_of_retries(1);
        let redis = ConnectionManager::new_lazy_with_config(redis::Client::open(url)?, config)?;
        Ok(Self { place: Place::Redis(redis), gauges: CacheGauges::default() })
    }

    /// What it counts of its work, and of Redis for all that use it.
    pub fn gauges(&self) -> &CacheGauges {
        &self.gauges
    }

    /// The value of `key`, if it is there and reads.
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let bytes = match &self.place {
            Place::Memory(cache) => cache.get(key),
            Place::Redis(redis) => {
                let asked = redis.clone().get::<_, Option<Vec<u8>>>(key).instrument(step("cache get")).await;
                self.fault("get", asked)?
            }
        };
        if bytes.is_some() { &self.gauges.hits } else { &self.gauges.misses }.inc();
        serde_json::from_slice(&bytes?).ok()
    }

    /// Keeps a value for up to 15 minutes.
    pub async fn put<T: Serialize + Sync>(&self, key: &str, value: &T) {
        let Ok(bytes) = serde_json::to_vec(value) else {
            return;
        };
        match &self.place {
            Place::Memory(cache) => cache.insert(key.to_owned(), bytes),
            Place::Redis(redis) => {
                let mut redis = redis.clone();
                let put = redis.set_ex::<_, _, ()>(key, bytes, TTL.as_secs()).instrument(step("cache put"));
                self.fault("put", put.await);
            }
        }
    }

    /// The connection that it shares with others, where there is one.
    pub(crate) fn redis(&self) -> Option<ConnectionManager> {
        match &self.place {
            Place::Memory(_) => None,
            Place::Redis(redis) => Some(redis.clone()),
        }
    }

    /// Whether it answers.
    pub async fn health(&self) -> CacheHealth {
        match &self.place {
            Place::Memory(_) => CacheHealth::Memory,
            Place::Redis(redis) => match redis::cmd("PING").query_async::<()>(&mut redis.clone()).await {
                Ok(()) => CacheHealth::Up,
                Err(_) => CacheHealth::Down,
            },
        }
    }

    fn fault<T>(&self, what: &'static str, result: redis::RedisResult<T>) -> Option<T> {
        let failed = |error: &_| {
            self.gauges.fault(what);
            tracing::warn!(%error, what, "cache missed: redis failed");
        };
        result.inspect_err(failed).ok()
    }
}
