//! Access tokens: JWT, EdDSA, `kid`, 15 minutes. A verified token is cached by its hash until it expires, because an
//! Ed25519 check costs 50 µs.

use crate::app::State;
use crate::error::{ApiError, ApiResult};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use chrono::{DateTime, TimeDelta};
use domain::actor::Actor;
use domain::id::UserId;
use domain::time::Timestamp;
use infra::Keyring;
use infra::keys::TokenKey;
use infra::store::UserRow;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use uuid::Uuid;

/// How long a token is good for.
pub(crate) const LIFETIME: TimeDelta = TimeDelta::minutes(15);
const ISSUER: &str = "huying";
/// How many verified tokens a process remembers.
const REMEMBERED: u64 = 100_000;

/// How often keys are read anew, at most, because a token names one that is not known.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Who a token stands for.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) actor: Actor,
    /// Checked against the database with the query that a call makes anyway.
    pub(crate) grants_version: i32,
    expires_at: Timestamp,
    /// The key that signed it: when that is worth nothing, neither is the token.
    kid: String,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: Uuid,
    /// Version of the grants when it was issued.
    gv: i32,
    iat: i64,
    exp: i64,
}

/// Issues and verifies tokens.
pub(crate) struct Tokens {
    keys: RwLock<Arc<Vec<Key>>>,
    verified: moka::sync::Cache<[u8; 32], Arc<Session>>,
    /// When a token last named a key that is not known.
    looked: Mutex<Option<Instant>>,
}

/// A key, ready for use.
struct Key {
    id: String,
    signs: EncodingKey,
    verifies: DecodingKey,
    retires_at: Option<Timestamp>,
    public: serde_json::Value,
}

impl Key {
    fn new(key: &TokenKey) -> anyhow::Result<Self> {
        let (id, x) = (key.id.to_string(), BASE64_URL_SAFE_NO_PAD.encode(key.public));
        Ok(Self {
            signs: EncodingKey::from_ed_der(key.pkcs8.expose_secret()),
            verifies: DecodingKey::from_ed_components(&x)?,
            retires_at: key.retires_at,
            public: json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": &id, "x": x}),
            id,
        })
    }

    fn is_good(&self, now: Timestamp) -> bool {
        self.retires_at.is_none_or(|at| now < at)
    }
}

impl Tokens {
    pub(crate) fn new(keys: &Keyring) -> anyhow::Result<Self> {
        let verified = moka::sync::Cache::builder().max_capacity(REMEMBERED).build();
        let tokens = Self { keys: RwLock::default(), verified, looked: Mutex::default() };
        tokens.replace(keys)?;
        Ok(tokens)
    }

    /// Takes the keys as they are now; what was verified with the old ones is verified again.
    pub(crate) fn replace(&self, keys: &Keyring) -> anyhow::Result<()> {
        let keys = keys.token_keys().iter().map(Key::new).collect::<anyhow::Result<Vec<_>>>()?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        self.verified.invalidate_all();
        Ok(())
    }

    fn keys(&self) -> Arc<Vec<Key>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The public keys whose tokens are good.
    pub(crate) fn jwks(&self, now: Timestamp) -> serde_json::Value {
        let keys = self.keys();
        let good = keys.iter().filter(|key| key.is_good(now));
        json!({ "keys": good.map(|key| &key.public).collect::<Vec<_>>() })
    }

    /// A token for a user.
    pub(crate) fn issue(&self, user: &UserRow, now: Timestamp, lifetime: TimeDelta) -> ApiResult<String> {
        let keys = self.keys();
        // The newest, which does not retire.
        let key = keys.iter().find(|key| key.retires_at.is_none());
        let key = key.ok_or_else(|| ApiError::internal("no key signs tokens"))?;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: user.actor.user.0,
            gv: user.grants_version,
            iat: now.timestamp(),
            exp: (now + lifetime).timestamp(),
        };
        let header = Header { kid: Some(key.id.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &key.signs).map_err(ApiError::internal)
    }

    /// Who a token stands for.
    ///
    /// # Errors
    /// `auth.token_invalid`, `auth.token_expired`, `auth.grants_changed`.
    pub(crate) async fn session(&self, token: &str, state: &State) -> ApiResult<Arc<Session>> {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes());
        let hash: [u8; 32] = digest.as_ref().try_into().map_err(ApiError::internal)?;
        let session = match self.verified.get(&hash) {
            Some(session) => session,
            None => {
                let kid = kid(token)?;
                self.look_for(&kid, state).await?;
                let claims = self.verify(token, &kid)?;
                let session = Arc::new(load(&claims, kid, state).await?);
                self.verified.insert(hash, session.clone());
                session
            }
        };
        let now = state.clock.now();
        if !self.keys().iter().any(|key| key.id == session.kid && key.is_good(now)) {
            return Err(ApiError::new("auth.token_invalid"));
        }
        if now >= session.expires_at {
            self.verified.invalidate(&hash);
            return Err(ApiError::new("auth.token_expired"));
        }
        Ok(session)
    }

    /// Reads the keys anew when this one is not known: another replica may have added it. Whoever makes up keys does not
    /// make us read them all the time.
    async fn look_for(&self, kid: &str, state: &State) -> ApiResult<()> {
        let known = || self.keys().iter().any(|key| key.id == kid);
        if known() {
            return Ok(());
        }
        // Those who come meanwhile wait, and find it.
        let mut looked = self.looked.lock().await;
        if !known() && looked.is_none_or(|at| at.elapsed() >= LOOK_AGAIN) {
            *looked = Some(Instant::now());
            state.reload_keys().await?;
        }
        Ok(())
    }

    fn verify(&self, token: &str, kid: &str) -> ApiResult<Claims> {
        let invalid = || ApiError::new("auth.token_invalid");
        let keys = self.keys();
        let key = keys.iter().find(|key| key.id == kid).ok_or_else(invalid)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        // Expiry is checked against our own clock, at every use.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.verifies, &validation);
        Ok(claims.map_err(|_| invalid())?.claims)
    }
}

fn kid(token: &str) -> ApiResult<String> {
    let header = jsonwebtoken::decode_header(token).ok();
    header.and_then(|header| header.kid).ok_or_else(|| ApiError::new("auth.token_invalid"))
}

/// What the user was granted when the token was issued. Cached by user and version, so it never grows old.
async fn load(claims: &Claims, kid: String, state: &State) -> ApiResult<Session> {
    let expires_at =
        DateTime::from_timestamp(claims.exp, 0).ok_or_else(|| ApiError::new("auth.token_invalid"))?;
    // Named after the signing key too: deployments may share a Redis. And after the restoration: versions count on from
    // the backup, so the same one may come again.
    let since = state.store.restoration().unwrap_or_default();
    let key = format!("huying:{kid}:{since}:actor:{}:{}", claims.sub, claims.gv);
    let actor = match state.cache.get::<Actor>(&key).await {
        Some(actor) => actor,
        None => {
            let user = state.store.user(UserId(claims.sub)).await?;
            let user = user.filter(|user| user.grants_version == claims.gv);
            let user = user.ok_or_else(|| ApiError::new("auth.grants_changed"))?;
            state.cache.put(&key, &user.actor).await;
            user.actor
        }
    };
    Ok(Session { actor, grants_version: claims.gv, expires_at, kid })
}
