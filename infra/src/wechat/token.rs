//! The one access token of a mini-program. Whoever fetches one while others have it would be no help to them: so it is
//! fetched by one at a time, kept in this process, and handed to other replicas through the cache, sealed.

use super::client::Client;
use super::reply::{Reply, TokenReply};
use super::{WechatApp, WechatError};
use crate::cache::Cache;
use crate::entropy;
use crate::keys::Keyring;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use chrono::TimeDelta;
use domain::time::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use uuid::Uuid;

/// What the sealed value in the cache is for.
const SEALED: &str = "wechat.access_token";
/// How long before its end a token is given up, at least; jittered by as much again.
const EARLY_SECONDS: i64 = 300;
/// Those who waited for a fetch that failed are told so; only later is another made.
const GIVE_UP: Duration = Duration::from_secs(1);

pub(super) struct SharedToken {
    name: String,
    cache: Cache,
    keys: Arc<Keyring>,
    held: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Held>,
    failed: Option<(Instant, WechatError)>,
}

#[derive(Clone)]
struct Held {
    token: SecretString,
    until: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Cached {
    token: String,
    until: Timestamp,
}

impl fmt::Debug for SharedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedToken")
    }
}

impl SharedToken {
    pub(super) fn new(app: &WechatApp, cache: Cache, keys: Arc<Keyring>) -> Self {
        // Deployments may share a Redis, but not their keys.
        let digest = keys.digest(&[b"wechat_token", app.app_id.as_bytes(), app.base_url.as_bytes()]);
        let name = format!("huying:wechat:{}", BASE64_URL_SAFE_NO_PAD.encode(digest));
        Self { name, cache, keys, held: Mutex::default() }
    }

    /// The token, but never `dead`.
    pub(super) async fn get(
        &self,
        client: &Client,
        app: &WechatApp,
        dead: Option<&str>,
        now: Timestamp,
    ) -> Result<String, WechatError> {
        // Whoever comes while one fetches waits here, and finds what was fetched.
        let mut state = self.held.lock().await;
        let good = |held: &Held| now < held.until && Some(held.token.expose_secret()) != dead;
        if let Some(held) = state.token.as_ref().filter(|held| good(held)) {
            return Ok(held.token.expose_secret().to_owned());
        }
        state.token = None;
        if let Some(held) = self.shared().await.filter(good) {
            return Ok(state.token.insert(held).token.expose_secret().to_owned());
        }
        if let Some((_, error)) = state.failed.as_ref().filter(|(at, _)| at.elapsed() < GIVE_UP) {
            return Err(error.clone());
        }
        match fetch(client, app, now).await {
            Ok(held) => {
                state.failed = None;
                self.share(&held).await;
                Ok(state.token.insert(held).token.expose_secret().to_owned())
            }
            Err(error) => {
                state.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    async fn shared(&self) -> Option<Held> {
        let sealed: Vec<u8> = self.cache.get(&self.name).await?;
        let opened = self.keys.unseal(SEALED, Uuid::nil(), &sealed).ok()?;
        let Cached { token, until } = serde_json::from_slice(&opened).ok()?;
        Some(Held { token: token.into(), until })
    }

    async fn share(&self, held: &Held) {
        let cached = Cached { token: held.token.expose_secret().to_owned(), until: held.until };
        let Ok(bytes) = serde_json::to_vec(&cached) else { return };
        self.cache.put(&self.name, &self.keys.seal(SEALED, Uuid::nil(), &bytes)).await;
    }
}

/// The call that tells the token. As long as a token is good, whoever asks is told the same one: asking ends nobody's.
pub(super) fn question(app: &WechatApp) -> (String, serde_json::Value) {
    let body = json!({
        "grant_type": "client_credential", "appid": app.app_id, "secret": app.secret.expose_secret(),
        "force_refresh": false,
    });
    (format!("{}/cgi-bin/stable_token", app.base_url), body)
}

async fn fetch(client: &Client, app: &WechatApp, now: Timestamp) -> Result<Held, WechatError> {
    let (url, body) = question(app);
    let reply: Reply<TokenReply> = client.post("stable_token", &url, &[], &body).await?;
    let TokenReply { access_token, expires_in } = reply.of_app()?;
    let token = access_token.filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| WechatError::Busy("no access_token".into()))?;
    let jitter = i64::from(u16::from_le_bytes(entropy::bytes())) % EARLY_SECONDS;
    let until = now + TimeDelta::seconds(expires_in - EARLY_SECONDS - jitter);
    Ok(Held { token: token.into(), until })
}
