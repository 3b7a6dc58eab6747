//! Sessions (会话): a family of refresh tokens each, of which only the newest is good. A token is used once. Whoever brings
//! one that was used before has a copy, or is robbed by somebody who has: the family ends either way.

use super::account::again;
use super::change::{Answer, ChangeError};
use super::error::StoreError;
use super::journal::JournalError;
use super::record::{PersonEvent, Recorded};
use super::row::column;
use super::{Store, UserRow};
use crate::entropy;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use chrono::TimeDelta;
use domain::id::UserId;
use domain::person::Fact;
use domain::time::Timestamp;
use sea_orm::Statement;
use uuid::Uuid;

/// How long a session lasts from its last use.
const IDLE: TimeDelta = TimeDelta::days(30);
/// How long it lasts at most.
const WHOLE: TimeDelta = TimeDelta::days(180);
const ID: usize = 16;
const SECRET: usize = 32;

/// What came of a refresh token.
#[derive(Debug)]
pub enum Refreshed {
    /// Another one.
    Renewed {
        /// Whose it is, with the version of their grants at that moment.
        user: UserRow,
        /// The next refresh token.
        token: String,
    },
    /// It is none, or no longer good.
    Invalid,
    /// It was used before: its family has ended.
    Reused,
}

struct Family {
    user: UserId,
    newest: Vec<u8>,
    created_at: Timestamp,
    expires_at: Timestamp,
    ended: bool,
}

fn token(id: Uuid, secret: &[u8; SECRET]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode([id.as_bytes().as_slice(), secret].concat())
}

fn parse(token: &str) -> Option<(Uuid, [u8; SECRET])> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    let (id, secret) = bytes.split_first_chunk::<ID>()?;
    Some((Uuid::from_bytes(*id), secret.try_into().ok()?))
}

impl Store {
    fn session_hash(&self, id: Uuid, secret: &[u8; SECRET]) -> Vec<u8> {
        self.keys.digest(&[b"session", id.as_bytes(), secret]).to_vec()
    }

    /// Begins a session: its first refresh token. Not when their grants have changed since they were looked at: whoever
    /// signs out everywhere, or sets another password, ends logins that are under way too.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn begin_session(&self, user: &UserRow, now: Timestamp) -> Result<String, StoreError> {
        let id = user.actor.user.0;
        // Changes nothing, but whoever changes the grants waits for it, or is waited for.
        let lock =
            "UPDATE app_user SET grants_version = grants_version WHERE id = $1 AND grants_version = $2";
        let lock = self.statement(lock, vec![id.into(), user.grants_version.into()]);
        let user = UserId(id);
        let (id, secret) = (entropy::id(now), entropy::bytes::<SECRET>());
        let sql = "INSERT INTO session (id, user_id, token_hash, created_at, used_at, expires_at) \
             VALUES ($1, $2, $3, $4, $4, $5)";
        let hash = self.session_hash(id, &secret);
        let values = vec![id.into(), user.0.into(), hash.into(), now.into(), (now + IDLE).into()];
        match self.journal.write_guarded(vec![lock, self.statement(sql, values)]).await {
            Ok(true) => Ok(token(id, &secret)),
            Ok(false) => Err(StoreError::StaleGrants),
            Err(JournalError::Store(error)) => Err(error),
            Err(error) => Err(StoreError::Unavailable(error.to_string())),
        }
    }

    /// Takes a refresh token for the next one.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn refresh_session(&self, presented: &str, now: Timestamp) -> Result<Refreshed, ChangeError> {
        let Some((id, secret)) = parse(presented) else { return Ok(Refreshed::Invalid) };
        let Some(family) = self.family(id).await? else { return Ok(Refreshed::Invalid) };
        if family.ended || family.expires_at <= now {
            return Ok(Refreshed::Invalid);
        }
        let hash = self.session_hash(id, &secret);
        if family.newest == hash {
            let next = entropy::bytes::<SECRET>();
            let expires_at = (now + IDLE).min(family.created_at + WHOLE);
            // The grants' version comes with it: should the family end a moment later, this token ends with it.
            let sql = "UPDATE session SET token_hash = $3, used_at = $4, expires_at = $5 \
                 WHERE id = $1 AND token_hash = $2 AND ended_at IS NULL \
                 RETURNING (SELECT u.grants_version FROM app_user u WHERE u.id = session.user_id) AS grants_version";
            let next_hash = self.session_hash(id, &next);
            let values = vec![id.into(), hash.into(), next_hash.into(), now.into(), expires_at.into()];
            if let Some(row) = self.journal.write_returning(self.statement(sql, values)).await? {
                let grants_version = column(&row, "app_user", "grants_version")?;
                let Some(user) = self.user(family.user).await? else { return Ok(Refreshed::Invalid) };
                let user = UserRow { grants_version, ..user };
                return Ok(Refreshed::Renewed { user, token: token(id, &next) });
            }
        }
        self.end_family(id, family.user, now).await?;
        Ok(Refreshed::Reused)
    }

    async fn family(&self, id: Uuid) -> Result<Option<Family>, StoreError> {
        let sql =
            "SELECT id, user_id, token_hash, created_at, expires_at, ended_at FROM session WHERE id = $1";
        let Some(row) = self.query_one(sql, vec![id.into()]).await? else { return Ok(None) };
        Ok(Some(Family {
            user: UserId(column(&row, "session", "user_id")?),
            newest: column(&row, "session", "token_hash")?,
            created_at: column(&row, "session", "created_at")?,
            expires_at: column(&row, "session", "expires_at")?,
            ended: column::<Option<Timestamp>>(&row, "session", "ended_at")?.is_some(),
        }))
    }

    /// Ends a family whose token came twice, and every access token of its owner.
    async fn end_family(&self, id: Uuid, user: UserId, now: Timestamp) -> Result<(), ChangeError> {
        let attempt = || async {
            let done = || Ok(Answer { status: 204, version: 0, body: vec![] });
            if self.family(id).await?.is_none_or(|family| family.ended) {
                return done();
            }
            let Some(head) = self.head(user).await? else { return done() };
            let sql = "UPDATE app_user SET version = $2 + 1, grants_version = grants_version + 1 WHERE id = $1 AND version = $2 \
                 AND EXISTS (SELECT 1 FROM session s WHERE s.id = $3 AND s.ended_at IS NULL)";
            let guard = self.statement(sql, vec![user.0.into(), head.version.into(), id.into()]);
            let sql = "UPDATE session SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
            let end = self.statement(sql, vec![id.into(), now.into()]);
            let recorded = Recorded { person: user, version: head.version, by: None, now, key: None };
            let event = PersonEvent { fact: Fact::TokenReused, scope_code: &head.scope_code, text: None };
            self.record_person(&recorded, guard, vec![end], &[event], None).await.map_err(again)?;
            done()
        };
        // Whoever was faster may have ended it; when not, it is tried until it has ended.
        loop {
            match self.until_changed(None, &attempt).await {
                Err(ChangeError::Contended) => {}
                result => return result.map(drop),
            }
        }
    }

    /// Ends the session of a refresh token, whichever of its family.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_session(&self, presented: &str, now: Timestamp) -> Result<(), StoreError> {
        let Some((id, _)) = parse(presented) else { return Ok(()) };
        let sql = "UPDATE session SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
        self.journal.write(vec![self.statement(sql, vec![id.into(), now.into()])]).await
    }

    /// What ends all sessions of somebody.
    pub(super) fn end_sessions(&self, user: Uuid, now: Timestamp) -> Statement {
        let sql = "UPDATE session SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL";
        self.statement(sql, vec![user.into(), now.into()])
    }

    /// Removes sessions whose last token would have expired by now, ended or not, some at a time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_old_sessions(&self, now: Timestamp) -> Result<(), StoreError> {
        let sql = "DELETE FROM session WHERE id IN \
             (SELECT id FROM session WHERE expires_at < $1 ORDER BY expires_at LIMIT 1000) RETURNING 1";
        let some = || self.journal.write_returning(self.statement(sql, vec![now.into()]));
        while some().await?.is_some() {}
        Ok(())
    }
}
