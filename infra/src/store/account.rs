//! Accounts of staff: a user name with a password, and what is written down when somebody secures theirs.

use super::change::{Answer, ChangeError, Delivered, Failed};
use super::dialect::is_duplicate_of;
use super::error::StoreError;
use super::otp::OTP_SECRET;
use super::record::{PersonEvent, Recorded};
use super::row::column;
use super::user::SUBJECT;
use super::{IdempotencyKey, Store, UserRow};
use domain::actor::Scope;
use domain::id::UserId;
use domain::password::normal;
use domain::person::Fact;
use domain::time::Timestamp;
use sea_orm::{Statement, Value};
use uuid::Uuid;

/// The provider of those who sign in with a password.
pub(super) const PASSWORD: &str = "password";

const BY_USERNAME: &str = "SELECT i.subject, c.user_id, c.password, c.otp_secret, c.otp_confirmed FROM identity i \
     JOIN credential c ON c.user_id = i.user_id JOIN app_user u ON u.id = i.user_id \
     WHERE i.provider = $1 AND i.subject_hash = $2 AND u.erased_at IS NULL";
const BY_USER: &str = "SELECT i.subject, c.user_id, c.password, c.otp_secret, c.otp_confirmed FROM identity i \
     JOIN credential c ON c.user_id = i.user_id WHERE i.provider = $1 AND i.user_id = $2";
const SET_PASSWORD: &str = "INSERT INTO credential (user_id, password, changed_at, otp_confirmed, otp_step) \
     VALUES ($1, $2, $3, FALSE, 0) ON CONFLICT (user_id) DO UPDATE SET password = excluded.password, \
     changed_at = excluded.changed_at";

/// Somebody who signs in with a password.
#[derive(Debug, Clone)]
pub struct Account {
    /// Who.
    pub user: UserRow,
    /// The name that they sign in with.
    pub username: String,
    /// The hash of their password.
    pub password: String,
    /// The secret of their one-time codes, asked for or only prepared.
    pub otp_secret: Option<Vec<u8>>,
    /// Whether one-time codes are asked for.
    pub otp_on: bool,
}

/// A password that is to be set.
#[derive(Debug, Clone, Copy)]
pub struct PasswordSet<'a> {
    /// Whose.
    pub user: UserId,
    /// By whom; `None` from the command line.
    pub by: Option<UserId>,
    /// The name to sign in with from now on; `None` leaves it.
    pub username: Option<&'a str>,
    /// The hash of the password.
    pub hash: &'a str,
    /// Under which the answer is kept.
    pub key: Option<IdempotencyKey>,
}

/// Where a person's history stands.
pub(super) struct Head {
    pub(super) version: i32,
    pub(super) scope_code: String,
}

/// A change of how somebody signs in.
pub(super) struct Secured {
    pub(super) user: UserId,
    pub(super) by: Option<UserId>,
    pub(super) fact: Fact,
    /// Whether it ends all their tokens and sessions.
    pub(super) signs_out: bool,
    pub(super) key: Option<IdempotencyKey>,
}

impl Store {
    /// Who signs in with this name; `None` when nobody does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn account(&self, username: &str) -> Result<Option<Account>, StoreError> {
        let hash = self.username_hash(username);
        self.one_account(BY_USERNAME, vec![PASSWORD.into(), hash.into()]).await
    }

    /// How this user signs in with a password; `None` when they do not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn account_of(&self, user: UserId) -> Result<Option<Account>, StoreError> {
        self.one_account(BY_USER, vec![PASSWORD.into(), user.0.into()]).await
    }

    async fn one_account(&self, sql: &str, values: Vec<Value>) -> Result<Option<Account>, StoreError> {
        let Some(row) = self.query_one(sql, values).await? else { return Ok(None) };
        let id: Uuid = column(&row, "credential", "user_id")?;
        let subject: Vec<u8> = column(&row, "identity", "subject")?;
        let sealed: Option<Vec<u8>> = column(&row, "credential", "otp_secret")?;
        let secret = sealed.map(|sealed| self.keys.unseal(OTP_SECRET, id, &sealed)).transpose();
        let Some(user) = self.user(UserId(id)).await? else { return Ok(None) };
        Ok(Some(Account {
            user,
            username: self.unsealed(SUBJECT, id, &subject)?,
            password: column(&row, "credential", "password")?,
            otp_secret: secret.map_err(|error| StoreError::corrupt("credential", "otp_secret", id, error))?,
            otp_on: column(&row, "credential", "otp_confirmed")?,
        }))
    }

    pub(super) fn username_hash(&self, username: &str) -> Vec<u8> {
        self.keys.digest(&[b"identity", PASSWORD.as_bytes(), normal(username).as_bytes()]).to_vec()
    }

    /// Sets a password, and ends all sessions and tokens. `None` when the user name is somebody else's.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn set_password(
        &self,
        set: &PasswordSet<'_>,
        now: Timestamp,
    ) -> Result<Option<Delivered>, ChangeError> {
        let id = set.user.0;
        let values = vec![id.into(), set.hash.to_owned().into(), now.into()];
        let mut rest = vec![self.statement(SET_PASSWORD, values)];
        if let Some(username) = set.username {
            let username = normal(username);
            let sql = "DELETE FROM identity WHERE provider = $1 AND user_id = $2";
            rest.push(self.statement(sql, vec![PASSWORD.into(), id.into()]));
            let sql =
                "INSERT INTO identity (provider, subject_hash, subject, user_id) VALUES ($1, $2, $3, $4)";
            let subject = self.keys.seal(SUBJECT, id, username.as_bytes());
            let values =
                vec![PASSWORD.into(), self.username_hash(&username).into(), subject.into(), id.into()];
            rest.push(self.statement(sql, values));
        }
        let secured =
            Secured { user: set.user, by: set.by, fact: Fact::PasswordSet, signs_out: true, key: set.key };
        match self.secure(&secured, rest, now).await {
            Err(ChangeError::Store(error)) if is_duplicate_of(&error, "identity") => Ok(None),
            result => result.map(Some),
        }
    }

    /// Ends all sessions and tokens of somebody (全部退出).
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn sign_out_everywhere(
        &self,
        user: UserId,
        key: Option<IdempotencyKey>,
        now: Timestamp,
    ) -> Result<Delivered, ChangeError> {
        let secured = Secured { user, by: Some(user), fact: Fact::SignedOut, signs_out: true, key };
        self.secure(&secured, vec![], now).await
    }

    /// The kept answer of an earlier call with the same key.
    ///
    /// # Errors
    /// [`ChangeError::KeyReused`] when it came with another body.
    pub async fn kept_answer(&self, key: Option<&IdempotencyKey>) -> Result<Option<Delivered>, ChangeError> {
        if key.is_none() {
            return Ok(None);
        }
        match self.or_kept(key, Err(Failed::Conflict)).await {
            Ok(delivered) => Ok(Some(delivered)),
            Err(ChangeError::Contended) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes down a change of how somebody signs in; the answer is 204.
    pub(super) async fn secure(
        &self,
        secured: &Secured,
        rest: Vec<Statement>,
        now: Timestamp,
    ) -> Result<Delivered, ChangeError> {
        let Secured { user, by, fact, signs_out, key } = secured;
        let attempt = || async {
            let head = self.head(*user).await?.ok_or(StoreError::StaleGrants)?;
            let mut all = rest.clone();
            if *signs_out {
                all.push(self.end_sessions(user.0, now));
            }
            let sql = "UPDATE app_user SET version = $2 + 1, grants_version = grants_version + $3 \
                 WHERE id = $1 AND version = $2 AND erased_at IS NULL";
            let values = vec![user.0.into(), head.version.into(), i32::from(*signs_out).into()];
            let guard = self.statement(sql, values);
            let recorded = Recorded { person: *user, version: head.version, by: *by, now, key: *key };
            let event = PersonEvent { fact: fact.clone(), scope_code: &head.scope_code, text: None };
            let answer = Answer { status: 204, version: head.version + 1, body: vec![] };
            self.record_person(&recorded, guard, all, &[event], Some(&answer)).await.map_err(again)?;
            Ok(answer)
        };
        self.until_changed(key.as_ref(), attempt).await
    }

    /// Where a person's history stands, and where their changes count: their first grant's place, or its unit's county.
    pub(super) async fn head(&self, user: UserId) -> Result<Option<Head>, StoreError> {
        let sql = "SELECT version FROM app_user WHERE id = $1";
        let Some(row) = self.query_one(sql, vec![user.0.into()]).await? else { return Ok(None) };
        let version = column(&row, "app_user", "version")?;
        let Some(user) = self.user(user).await? else { return Ok(None) };
        let scope_code = match user.actor.grants.first().map(|grant| &grant.scope) {
            Some(Scope::Places(places)) => places.first().copied(),
            Some(Scope::Unit(unit)) => self.unit_county(*unit).await?,
            None => None,
        };
        Ok(Some(Head { version, scope_code: scope_code.map(|code| code.to_string()).unwrap_or_default() }))
    }
}

/// An event of this number is there already: somebody else was faster.
pub(super) fn again(failed: Failed) -> Failed {
    match failed {
        Failed::Error(ChangeError::Store(error)) if is_duplicate_of(&error, "event") => Failed::Conflict,
        failed => failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Database;
    use crate::{Clock, MasterKey};

    #[tokio::test]
    async fn a_username_is_one_user_s_and_can_be_changed() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::sqlite_file(dir.path().join("huying.db"));
        let master = MasterKey::parse(&MasterKey::generate()).unwrap();
        let clock = Clock::manual(chrono::DateTime::from_timestamp(1_795_222_800, 0).unwrap());
        let store = Store::open(&database, &master, &clock).await.unwrap();
        let now = clock.now();
        let [first, second] = ["甲", "乙"].map(|name| store.sign_in("local", name, name, None, now));
        let (first, second) = (first.await.unwrap().actor.user, second.await.unwrap().actor.user);
        let set = |user, username| {
            let set = PasswordSet { user, by: None, username: Some(username), hash: "$", key: None };
            let store = &store;
            async move { store.set_password(&set, now).await.unwrap().is_some() }
        };
        assert!(set(first, "Chen").await);
        assert!(set(first, "chen").await, "one's own name again");
        assert!(!set(second, "CHEN").await);
        assert!(store.account_of(second).await.unwrap().is_none(), "nothing of it was written");
        assert!(set(first, "hongmei").await);
        assert!(store.account("chen").await.unwrap().is_none());
        assert_eq!(store.account("hongmei").await.unwrap().unwrap().user.actor.user, first);
        assert!(set(second, "chen").await);
        store.close().await.unwrap();
    }
}
