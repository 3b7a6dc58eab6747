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
use infra::store::UserRow;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

/// How long a token is good for.
pub(crate) const LIFETIME: TimeDelta = TimeDelta::minutes(15);
const ISSUER: &str = "huying";
/// How many verified tokens a process remembers.
const REMEMBERED: u64 = 100_000;

/// Who a token stands for.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) actor: Actor,
    /// Checked against the database with the query that a call makes anyway.
    pub(crate) grants_version: i32,
    expires_at: Timestamp,
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
    signing: (String, EncodingKey),
    verifying: Vec<(String, DecodingKey)>,
    jwks: serde_json::Value,
    verified: moka::sync::Cache<[u8; 32], Arc<Session>>,
}

impl Tokens {
    pub(crate) fn new(keys: &Keyring) -> anyhow::Result<Self> {
        let mut verifying = Vec::new();
        let mut jwks = Vec::new();
        for key in keys.token_keys() {
            let x = BASE64_URL_SAFE_NO_PAD.encode(key.public);
            verifying.push((key.id.to_string(), DecodingKey::from_ed_components(&x)?));
            jwks.push(json!({
                "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key.id.to_string(), "x": x
            }));
        }
        let newest = keys.token_keys().first().ok_or_else(|| anyhow::anyhow!("没有签发令牌的密钥"))?;
        let signing = (newest.id.to_string(), EncodingKey::from_ed_der(newest.pkcs8.expose_secret()));
        let verified = moka::sync::Cache::builder().max_capacity(REMEMBERED).build();
        Ok(Self { signing, verifying, jwks: json!({ "keys": jwks }), verified })
    }

    /// The public keys.
    pub(crate) fn jwks(&self) -> &serde_json::Value {
        &self.jwks
    }

    /// A token for a user.
    pub(crate) fn issue(&self, user: &UserRow, now: Timestamp, lifetime: TimeDelta) -> ApiResult<String> {
        let (kid, key) = &self.signing;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: user.actor.user.0,
            gv: user.grants_version,
            iat: now.timestamp(),
            exp: (now + lifetime).timestamp(),
        };
        let header = Header { kid: Some(kid.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, key).map_err(ApiError::internal)
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
                let claims = self.verify(token)?;
                let session = Arc::new(load(&claims, state).await?);
                self.verified.insert(hash, session.clone());
                session
            }
        };
        if state.clock.now() >= session.expires_at {
            self.verified.invalidate(&hash);
            return Err(ApiError::new("auth.token_expired"));
        }
        Ok(session)
    }

    fn verify(&self, token: &str) -> ApiResult<Claims> {
        let invalid = || ApiError::new("auth.token_invalid");
        let kid = jsonwebtoken::decode_header(token).map_err(|_| invalid())?.kid.ok_or_else(invalid)?;
        let (_, key) = self.verifying.iter().find(|(id, _)| *id == kid).ok_or_else(invalid)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        // Expiry is checked against our own clock, at every use.
        validation.validate_exp = false;
        Ok(jsonwebtoken::decode::<Claims>(token, key, &validation).map_err(|_| invalid())?.claims)
    }
}

/// What the user was granted when the token was issued. Cached by user and version, so it never grows old.
async fn load(claims: &Claims, state: &State) -> ApiResult<Session> {
    let expires_at =
        DateTime::from_timestamp(claims.exp, 0).ok_or_else(|| ApiError::new("auth.token_invalid"))?;
    // Named after the signing key too: deployments may share a Redis.
    let key = format!("huying:{}:actor:{}:{}", state.tokens.signing.0, claims.sub, claims.gv);
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
    Ok(Session { actor, grants_version: claims.gv, expires_at })
}
