//! Users: who signed in, how, and what they were granted.

use super::Store;
use super::entity::{app_user, identity, role_grant};
use super::error::StoreError;
use crate::entropy;
use domain::actor::{Actor, Grant};
use domain::id::UserId;
use domain::time::Timestamp;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QueryTrait, Statement,
    sea_query::{Expr, ExprTrait},
};
use uuid::Uuid;

const NAME: &str = "app_user.name";
const SUBJECT: &str = "identity.subject";

/// A user with the version of their grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// Who they are and what they may.
    pub actor: Actor,
    /// Grows with every change of their grants.
    pub grants_version: i32,
    /// Their name.
    pub name: String,
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
        let key = (provider.to_owned(), hash.to_vec());
        let Some(identity) = identity::Entity::find_by_id(key).one(&self.db).await? else {
            return Ok(None);
        };
        self.user(UserId(identity.user_id)).await
    }

    /// A user with their grants; `None` when there is no such user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn user(&self, id: UserId) -> Result<Option<UserRow>, StoreError> {
        let Some(user) = app_user::Entity::find_by_id(id.0).one(&self.db).await? else {
            return Ok(None);
        };
        let grants = role_grant::Entity::find()
            .filter(role_grant::Column::UserId.eq(id.0))
            .order_by_asc(role_grant::Column::Id)
            .all(&self.db)
            .await?;
        let corrupt = |reason: String| StoreError::corrupt("app_user", "name", id, reason);
        let name = self.keys.unseal(NAME, id.0, &user.name).map_err(|error| corrupt(error.to_string()))?;
        Ok(Some(UserRow {
            actor: Actor { user: id, grants: grants.into_iter().map(grant).collect::<Result<_, _>>()? },
            grants_version: user.grants_version,
            name: String::from_utf8(name).map_err(|error| corrupt(error.to_string()))?,
        }))
    }

    /// Grants a role, unless the user has the very same grant.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn grant(&self, user: &UserRow, grant: &Grant, now: Timestamp) -> Result<(), StoreError> {
        if user.actor.grants.contains(grant) {
            return Ok(());
        }
        let scope = serde_json::to_value(&grant.scope)
            .map_err(|error| StoreError::corrupt("role_grant", "scope", user.actor.user, error))?;
        let role: &str = grant.role.into();
        let row = role_grant::ActiveModel {
            id: Set(entropy::id(now)),
            user_id: Set(user.actor.user.0),
            role: Set(role.to_owned()),
            scope: Set(scope),
        };
        let insert = role_grant::Entity::insert(row).build(self.backend());
        self.journal.write(vec![insert, self.newer_grants(user.actor.user.0)]).await
    }

    fn newer_grants(&self, user: Uuid) -> Statement {
        app_user::Entity::update_many()
            .col_expr(app_user::Column::GrantsVersion, Expr::col(app_user::Column::GrantsVersion).add(1))
            .filter(app_user::Column::Id.eq(user))
            .build(self.backend())
    }
}

fn grant(row: role_grant::Model) -> Result<Grant, StoreError> {
    let corrupt = |column, reason: String| StoreError::corrupt("role_grant", column, row.id, reason);
    Ok(Grant {
        role: row.role.parse().map_err(|_| corrupt("role", row.role.clone()))?,
        scope: serde_json::from_value(row.scope.clone())
            .map_err(|error| corrupt("scope", error.to_string()))?,
    })
}
