//! Keys as rows.

use super::Store;
use super::entity::secret_key;
use super::error::StoreError;
use crate::entropy;
use crate::keys::{MasterKey, Purpose, WrappedKey};
use chrono::TimeDelta;
use domain::time::Timestamp;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, DatabaseConnection, EntityTrait, QueryOrder, QueryTrait};

/// How long tokens of a replaced key stay good: as long as the longest of those that a login issues.
const OVERLAP: TimeDelta = TimeDelta::minutes(15);

/// All keys, newest first.
pub(super) async fn all(db: &DatabaseConnection) -> Result<Vec<WrappedKey>, StoreError> {
    let rows = secret_key::Entity::find()
        .order_by_desc(secret_key::Column::CreatedAt)
        .order_by_desc(secret_key::Column::Id)
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| WrappedKey {
            id: row.id,
            purpose: row.purpose,
            wrapped: row.wrapped,
            created_at: row.created_at,
            retires_at: row.retires_at,
        })
        .collect())
}

fn row(key: WrappedKey) -> secret_key::ActiveModel {
    let WrappedKey { id, purpose, wrapped, created_at, retires_at } = key;
    secret_key::ActiveModel {
        id: Set(id),
        purpose: Set(purpose),
        wrapped: Set(wrapped),
        created_at: Set(created_at),
        retires_at: Set(retires_at),
    }
}

/// Makes a key for each purpose that has none. The caller holds the start lock.
pub(super) async fn make_missing(
    db: &DatabaseConnection,
    master: &MasterKey,
    now: Timestamp,
) -> Result<(), StoreError> {
    let there = all(db).await?;
    for purpose in Purpose::ALL {
        if there.iter().any(|key| key.purpose == purpose.name()) {
            continue;
        }
        row(WrappedKey::generate(purpose, entropy::id(now), master, now)).insert(db).await?;
    }
    Ok(())
}

impl Store {
    /// All keys as they are stored, newest first; their secrets stay wrapped.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stored_keys(&self) -> Result<Vec<WrappedKey>, StoreError> {
        all(&self.db).await
    }

    /// Reads the keys anew; whether any was added or retired.
    ///
    /// # Errors
    /// [`StoreError`]; then the keys stay what they were.
    pub async fn reload_keys(&self, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.keys.replace(&all(&self.db).await?, &self.master, now)?)
    }

    /// Adds a key of this purpose. Older token keys retire after 15 minutes, or at once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rotate_key(
        &self,
        purpose: Purpose,
        at_once: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let key = WrappedKey::generate(purpose, entropy::id(now), &self.master, now);
        let mut statements = Vec::new();
        if purpose == Purpose::Token {
            let at = if at_once { now } else { now + OVERLAP };
            let sql = "UPDATE secret_key SET retires_at = $1 WHERE purpose = $2 AND (retires_at IS NULL OR retires_at > $1)";
            statements.push(self.statement(sql, vec![at.into(), purpose.name().into()]));
        }
        statements.push(secret_key::Entity::insert(row(key)).build(self.backend()));
        self.journal.write(statements).await
    }
}
