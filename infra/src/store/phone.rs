//! Phone numbers: bound by WeChat, and the key by which a roster entry is known to be somebody who signs in.

use super::account::{Head, again};
use super::change::{Answer, ChangeError, Failed};
use super::dialect::is_duplicate_of;
use super::error::StoreError;
use super::handover::Handover;
use super::otp::OTP_SECRET;
use super::record::{PersonEvent, Recorded};
use super::row::column;
use super::user::{NAME, SUBJECT};
use super::{Store, UserRow};
use domain::id::UserId;
use domain::person::Fact;
use domain::phone::Phone;
use domain::time::Timestamp;
use sea_orm::Statement;
use uuid::Uuid;

/// The column that a phone number is sealed for.
pub(super) const PHONE: &str = "app_user.phone";
/// The provider of those who sign in with WeChat.
pub(super) const WECHAT: &str = "wechat";

/// What came of binding a phone number.
#[derive(Debug)]
pub enum Bound {
    /// It is theirs; with their grants as they are now.
    Theirs(UserRow),
    /// It is another user's.
    Taken,
}

/// Whose a phone number is.
struct Owner {
    id: Uuid,
    version: i32,
    name: Vec<u8>,
    /// JSON.
    profile: Option<String>,
    /// Entered by an administrator, and nobody has signed in with WeChat as them.
    roster: bool,
}

impl Store {
    /// A phone number as it is stored with a person.
    pub fn seal_phone(&self, person: UserId, phone: &Phone) -> Vec<u8> {
        self.keys.seal(PHONE, person.0, phone.as_str().as_bytes())
    }

    /// Binds a phone number to a user. A roster entry that has it turns out to be the user: what it was granted, its
    /// password and its tickets become theirs.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn bind_phone(
        &self,
        user: UserId,
        phone: &Phone,
        now: Timestamp,
    ) -> Result<Bound, ChangeError> {
        let attempt = || async {
            let answer = |status| Ok(Answer { status, version: 0, body: vec![] });
            let head = self.head(user).await?.ok_or(StoreError::StaleGrants)?;
            match self.phone_owner(phone).await? {
                Some(owner) if owner.id == user.0 => answer(204),
                Some(owner) if owner.roster => {
                    self.join(user, &head, &owner, phone, now).await?;
                    answer(204)
                }
                Some(_) => answer(409),
                None => {
                    let guard = self.take_phone(user, &head, phone, 1, None);
                    let recorded =
                        Recorded { person: user, version: head.version, by: Some(user), now, key: None };
                    let bound =
                        PersonEvent { fact: Fact::PhoneBound, scope_code: &head.scope_code, text: None };
                    let written = self.record_person(&recorded, guard, vec![], &[bound], None).await;
                    written.map_err(|failed| phone_taken(again(failed)))?;
                    answer(204)
                }
            }
        };
        if self.until_changed(None, attempt).await?.answer.status == 409 {
            return Ok(Bound::Taken);
        }
        let user = self.user(user).await?.ok_or(StoreError::StaleGrants)?;
        Ok(Bound::Theirs(user))
    }

    async fn phone_owner(&self, phone: &Phone) -> Result<Option<Owner>, StoreError> {
        let sql = "SELECT u.id, u.version, u.name, CAST(u.profile AS text) AS profile, u.erased_at, \
             (SELECT COUNT(*) FROM identity i WHERE i.user_id = u.id AND i.provider = $2) AS wechat \
             FROM app_user u WHERE u.phone_hash = $1";
        let values = vec![self.phone_hash(phone).to_vec().into(), WECHAT.into()];
        let Some(row) = self.query_one(sql, values).await? else { return Ok(None) };
        let erased: Option<Timestamp> = column(&row, "app_user", "erased_at")?;
        let wechat: i64 = column(&row, "identity", "wechat")?;
        Ok(Some(Owner {
            id: column(&row, "app_user", "id")?,
            version: column(&row, "app_user", "version")?,
            name: column(&row, "app_user", "name")?,
            profile: column(&row, "app_user", "profile")?,
            roster: erased.is_none() && wechat == 0,
        }))
    }

    /// Writes the phone number, and the name of the roster where there is one, into the user's row.
    fn take_phone(
        &self,
        user: UserId,
        head: &Head,
        phone: &Phone,
        events: i32,
        name: Option<Vec<u8>>,
    ) -> Statement {
        let sql = "UPDATE app_user SET phone = $3, phone_hash = $4, version = $2 + $5, \
             grants_version = grants_version + $6, name = COALESCE($7, name) \
             WHERE id = $1 AND version = $2 AND erased_at IS NULL";
        let joins = i32::from(name.is_some());
        let values = vec![
            user.0.into(),
            head.version.into(),
            self.seal_phone(user, phone).into(),
            self.phone_hash(phone).to_vec().into(),
            events.into(),
            joins.into(),
            name.into(),
        ];
        self.statement(sql, values)
    }

    async fn join(
        &self,
        user: UserId,
        head: &Head,
        owner: &Owner,
        phone: &Phone,
        now: Timestamp,
    ) -> Result<(), Failed> {
        let roster = owner.id;
        let sql = "UPDATE app_user SET phone = NULL, phone_hash = NULL, profile = NULL, joined_into = $3, version = version + 1, \
             grants_version = grants_version + 1 WHERE id = $1 AND version = $2 AND erased_at IS NULL \
             AND EXISTS (SELECT 1 FROM app_user m WHERE m.id = $3 AND m.version = $4 AND m.erased_at IS NULL)";
        let values = vec![roster.into(), owner.version.into(), user.0.into(), head.version.into()];
        let guard = self.statement(sql, values);
        let name = self.moved(NAME, roster, user.0, &owner.name)?;
        let mut rest = vec![self.take_phone(user, head, phone, 2, Some(name))];
        // What they hold already they do not hold twice.
        let twice = "SELECT r.id FROM role_grant r JOIN role_grant o ON o.user_id = $2 AND o.role = r.role AND o.scope = r.scope \
             WHERE r.user_id = $1";
        for (table, key) in [("grant_place", "grant_id"), ("role_grant", "id")] {
            let sql = format!("DELETE FROM {table} WHERE {key} IN ({twice})");
            rest.push(self.statement(&sql, vec![roster.into(), user.0.into()]));
        }
        for table in ["role_grant", "grant_place"] {
            let sql = format!("UPDATE {table} SET user_id = $2 WHERE user_id = $1");
            rest.push(self.statement(&sql, vec![roster.into(), user.0.into()]));
        }
        let sql = "UPDATE app_user SET joined_into = $2 WHERE joined_into = $1";
        rest.push(self.statement(sql, vec![roster.into(), user.0.into()]));
        // What they say of themselves goes before what is said of them.
        if let Some(profile) = &owner.profile {
            let profile: serde_json::Value = serde_json::from_str(profile)
                .map_err(|error| StoreError::corrupt("app_user", "profile", roster, error))?;
            let sql = "UPDATE app_user SET profile = $2 WHERE id = $1 AND profile IS NULL";
            rest.push(self.statement(sql, vec![user.0.into(), profile.into()]));
        }
        let named = self.unsealed(NAME, roster, &owner.name)?;
        rest.extend(self.found_by(roster, None));
        rest.extend(self.found_by(user.0, Some(&named)));
        rest.push(self.unless_in_post(user.0));
        rest.extend(self.move_account(roster, user.0).await?);
        rest.extend(self.move_inbox(roster, user.0));
        rest.extend(self.move_shifts(roster, user.0));
        rest.extend(self.move_ties(roster, user.0));
        rest.extend(self.move_absences(roster, user.0));
        rest.extend(self.move_matters(roster, user.0));
        let moved = "UPDATE photo SET user_id = $2 WHERE user_id = $1";
        rest.push(self.statement(moved, vec![roster.into(), user.0.into()]));
        rest.push(self.end_sessions(roster, now));
        rest.push(self.hand_over_later(Handover::Joined { roster: UserId(roster), user }, now));
        // What the roster entry was granted says where it counts.
        let scope = self.head(UserId(roster)).await?.map(|head| head.scope_code).unwrap_or_default();
        let scope_code = if scope.is_empty() { &head.scope_code } else { &scope };
        let event = |fact| PersonEvent { fact, scope_code, text: None };
        let events = [event(Fact::PhoneBound), event(Fact::Joined { roster: UserId(roster) })];
        let recorded = Recorded { person: user, version: head.version, by: Some(user), now, key: None };
        let written = self.record_person(&recorded, guard, rest, &events, None).await;
        written.map_err(|failed| phone_taken(again(failed)))?;
        self.handed.notify_one();
        Ok(())
    }

    /// The ways in which the roster entry signs in become the user's. A password of their own stays theirs.
    async fn move_account(&self, roster: Uuid, user: Uuid) -> Result<Vec<Statement>, StoreError> {
        let own = self.account_of(UserId(user)).await?.is_some();
        let sql = "SELECT provider, subject FROM identity WHERE user_id = $1";
        let mut statements = Vec::new();
        for row in self.query_all(sql, vec![roster.into()]).await? {
            let provider: String = column(&row, "identity", "provider")?;
            let subject: Vec<u8> = column(&row, "identity", "subject")?;
            let values = vec![roster.into(), provider.clone().into()];
            statements.push(if own && provider == super::account::PASSWORD {
                self.statement("DELETE FROM identity WHERE user_id = $1 AND provider = $2", values)
            } else {
                let sql = "UPDATE identity SET user_id = $3, subject = $4 WHERE user_id = $1 AND provider = $2 AND subject = $5";
                let sealed = self.moved(SUBJECT, roster, user, &subject)?;
                let values = [values, vec![user.into(), sealed.into(), subject.into()]].concat();
                self.statement(sql, values)
            });
        }
        let row = self.query_one("SELECT otp_secret FROM credential WHERE user_id = $1", vec![roster.into()]);
        let Some(row) = row.await? else { return Ok(statements) };
        if own {
            let sql = "DELETE FROM credential WHERE user_id = $1";
            statements.push(self.statement(sql, vec![roster.into()]));
            return Ok(statements);
        }
        let secret: Option<Vec<u8>> = column(&row, "credential", "otp_secret")?;
        let secret = secret.map(|sealed| self.moved(OTP_SECRET, roster, user, &sealed)).transpose()?;
        let sql = "UPDATE credential SET user_id = $2, otp_secret = $3 WHERE user_id = $1";
        statements.push(self.statement(sql, vec![roster.into(), user.into(), secret.into()]));
        Ok(statements)
    }

    /// What was sealed for a row, sealed for another.
    fn moved(
        &self,
        column: &'static str,
        from: Uuid,
        to: Uuid,
        sealed: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        let opened = self.keys.unseal(column, from, sealed);
        let opened = opened.map_err(|error| StoreError::corrupt("app_user", column, from, error))?;
        Ok(self.keys.seal(column, to, &opened))
    }
}

/// Somebody else bound the number at the same moment: look again whose it is.
fn phone_taken(failed: Failed) -> Failed {
    match failed {
        Failed::Error(ChangeError::Store(error)) if is_duplicate_of(&error, "app_user") => Failed::Conflict,
        failed => failed,
    }
}
