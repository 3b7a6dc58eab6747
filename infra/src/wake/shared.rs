//! Rings across replicas, by Redis. While Redis is away nothing is lost: other replicas read a little later.

use super::{Listener, Wake};
use crate::cache::Cache;
use crate::entropy;
use crate::gauge::CacheGauges;
use crate::keys::Keyring;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use futures_util::StreamExt;
use redis::aio::ConnectionManager;
use redis::{AsyncCommands, RedisResult};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// The least time between two rings that others are told of: what rings meanwhile is told as one.
const PAUSE: Duration = Duration::from_millis(20);
/// How often it is said that this replica is there, when nothing rings.
const BEAT: Duration = Duration::from_secs(10);
/// After so long without a word, its own among them, a connection is dead although nobody ended it.
const DEAF: Duration = Duration::from_secs(25);
/// How long Redis may take to let us listen.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two attempts to reach Redis, at first and at most.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Tells the other replicas of a deployment what rings here, and hears of theirs.
pub struct Replicas {
    client: redis::Client,
    publisher: ConnectionManager,
    channel: String,
    /// Who tells: one's own words wake nobody again.
    name: String,
    gauges: CacheGauges,
}

impl Replicas {
    /// Through the cache's Redis, where it has one. Deployments that share a Redis are told apart by their keys.
    ///
    /// # Errors
    /// A URL that is none.
    pub fn new(redis_url: Option<&str>, cache: &Cache, keys: &Keyring) -> RedisResult<Option<Self>> {
        let Some((url, publisher)) = redis_url.zip(cache.redis()) else {
            return Ok(None);
        };
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let deployment = encode(&keys.digest(&[b"wake"])[..9]);
        Ok(Some(Self {
            client: redis::Client::open(url)?,
            publisher,
            channel: format!("huying:{deployment}:wake"),
            name: encode(&entropy::bytes::<9>()),
            gauges: cache.gauges().clone(),
        }))
    }

    /// Tells and hears, for ever.
    pub async fn connect(&self, wake: &Wake) {
        tokio::join!(self.tell(wake), self.hear(wake));
    }

    async fn tell(&self, wake: &Wake) {
        let mut here = Listener(wake.0.here.subscribe());
        let mut told = true;
        loop {
            here.heard(BEAT).await;
            let result = self.publisher.clone().publish::<_, _, ()>(&self.channel, &self.name).await;
            match result {
                Ok(()) => {
                    told = true;
                    sleep(PAUSE).await;
                }
                Err(error) => {
                    self.gauges.fault("wake");
                    if std::mem::replace(&mut told, false) {
                        tracing::warn!(%error, "other replicas hear of changes later: redis failed");
                    }
                    sleep(BACKOFF.1).await;
                }
            }
        }
    }

    async fn hear(&self, wake: &Wake) {
        let mut wait = BACKOFF.0;
        loop {
            match self.hear_until_it_ends(wake).await {
                Ok(()) => wait = BACKOFF.0,
                Err(error) => {
                    tracing::debug!(%error, "other replicas are not heard: redis failed");
                    wait = (wait * 2).min(BACKOFF.1);
                }
            }
            sleep(wait).await;
        }
    }

    async fn hear_until_it_ends(&self, wake: &Wake) -> RedisResult<()> {
        let subscribe = async {
            let mut subscription = self.client.get_async_pubsub().await?;
            subscription.subscribe(&self.channel).await?;
            RedisResult::Ok(subscription)
        };
        let Ok(subscription) = timeout(PATIENCE, subscribe).await else {
            return Err((redis::ErrorKind::Io, "no answer").into());
        };
        let subscription = subscription?;
        // What rang while nobody heard.
        wake.ring_here();
        let mut words = subscription.into_on_message();
        while let Ok(Some(word)) = timeout(DEAF, words.next()).await {
            if word.get_payload_bytes() != self.name.as_bytes() {
                wake.ring_here();
            }
        }
        Ok(())
    }
}
