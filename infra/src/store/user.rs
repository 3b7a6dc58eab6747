//! Users: who signed in, how, and what they were granted.

use super::Store;
use super::entity::{app_user, identity};
use super::error::StoreError;
use super::row::column;
use crate::entropy;
use domain::actor::{Actor, Grant, Scope};
use domain::id::{UnitId, UserId};
use domain::place::PlaceCode;
use domain::time::Timestamp;
use sea_orm::{ActiveValue::Set, EntityTrait, QueryTrait, Value};
use std::sync::LazyLock;
use uuid::Uuid;

pub(super) const NAME: &str = "app_user.name";
pub(super) const SUBJECT: &str = "identity.subject";

static BY_ID: LazyLock<String> = LazyLock::new(|| one_user("$1"));
static BY_IDENTITY: LazyLock<String> = LazyLock::new(|| {
    one_user("(SELECT i.user_id FROM identity i WHERE i.provider = $1 AND i.subject_hash = $2)")
});

fn one_user(id: &str) -> String {
    format!(
        "SELECT u.id, u.name, u.grants_version, u.version, u.duty_version, g.role, CAST(g.scope AS text) AS scope, n.county AS unit_county \
         FROM app_user u LEFT JOIN role_grant g ON g.user_id = u.id LEFT JOIN unit n ON n.id = g.unit_id \
         WHERE u.id = {id} ORDER BY g.id"
    )
}

/// A user with the version of their grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// Who they are and what they may.
    pub actor: Actor,
    /// Grows with every change of their grants.
    pub grants_version: i32,
    /// How many events they have.
    pub version: i32,
    /// Grows with every shift and absence that is entered of them.
    pub duty_version: i32,
    /// Their name.
    pub name: String,
    /// The counties of the units that they were granted something for.
    pub units: Vec<(UnitId, PlaceCode)>,
}

impl Store {
    /// The user that signs in as `subject` at `provider`; made with this name, and with `id` where one is given, at
    /// the first time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sign_in(
        &self,
        provider: &'static str,
        subject: &str,
        name: &str,
        id: Option<UserId>,
        now: Timestamp,
    ) -> Result<UserRow, StoreError> {
        let hash = self.keys.digest(&[b"identity", provider.as_bytes(), subject.as_bytes()]).to_vec();
        if let Some(user) = self.user_by_identity(provider, &hash).await? {
            return Ok(user);
        }
        let id = id.map_or_else(|| entropy::id(now), |id| id.0);
        let user = app_user::ActiveModel {
            id: Set(id),
            name: Set(self.keys.seal(NAME, id, name.as_bytes())),
            grants_version: Set(1),
            created_at: Set(now),
        };
        let identity = identity::ActiveModel {
            provider: Set(provider.to_owned()),
            subject_hash: Set(hash.clone()),
            subject: Set(self.keys.seal(SUBJECT, id, subject.as_bytes())),
            user_id: Set(id),
        };
        let statements = vec![
            app_user::Entity::insert(user).build(self.backend()),
            identity::Entity::insert(identity).build(self.backend()),
        ];
        match self.journal.write(statements).await {
            // Somebody signed in as the same at the same moment: theirs is the user.
            Ok(()) | Err(StoreError::Duplicate(_)) => {}
            Err(error) => return Err(error),
        }
        let user = self.user_by_identity(provider, &hash).await?;
        user.ok_or_else(|| StoreError::corrupt("identity", "user_id", id, "the user is not there"))
    }

    async fn user_by_identity(&self, provider: &str, hash: &[u8]) -> Result<Option<UserRow>, StoreError> {
        self.one_user(&BY_IDENTITY, vec![provider.into(), hash.to_vec().into()]).await
    }

    /// A user with their grants; `None` when there is no such user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn user(&self, id: UserId) -> Result<Option<UserRow>, StoreError> {
        self.one_user(&BY_ID, vec![id.0.into()]).await
    }

    /// One query, a row a grant: a dispatch looks its lead up on its way.
    async fn one_user(&self, sql: &str, values: Vec<Value>) -> Result<Option<UserRow>, StoreError> {
        let rows = self.query_all(sql, values).await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let id = column(first, "app_user", "id")?;
        let name: Vec<u8> = column(first, "app_user", "name")?;
        let grants_version = column(first, "app_user", "grants_version")?;
        let (mut grants, mut units) = (Vec::new(), Vec::new());
        for row in &rows {
            let Some(role) = column::<Option<String>>(row, "role_grant", "role")? else { continue };
            let scope: String = column(row, "role_grant", "scope")?;
            let grant = stored_grant(id, &role, &scope)?;
            let county: Option<String> = column(row, "unit", "unit_county")?;
            if let (Scope::Unit(unit), Some(county)) = (&grant.scope, county) {
                units.push((*unit, self.stored_code(&county)?));
            }
            grants.push(grant);
        }
        Ok(Some(UserRow {
            actor: Actor { user: UserId(id), grants },
            grants_version,
            version: column(first, "app_user", "version")?,
            duty_version: column(first, "app_user", "duty_version")?,
            units,
            name: self.unsealed(NAME, id, &name)?,
        }))
    }
}

/// A grant from its row.
pub(super) fn stored_grant(user: Uuid, role: &str, scope: &str) -> Result<Grant, StoreError> {
    let corrupt = |column, reason: String| StoreError::corrupt("role_grant", column, user, reason);
    Ok(Grant {
        role: role.parse().map_err(|_| corrupt("role", role.to_owned()))?,
        scope: serde_json::from_str(scope).map_err(|error| corrupt("scope", error.to_string()))?,
    })
}
