//! Keys as rows.

use super::entity::secret_key;
use super::error::StoreError;
use crate::entropy;
use crate::keys::{MasterKey, Purpose, WrappedKey};
use domain::time::Timestamp;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, DatabaseConnection, EntityTrait, QueryOrder};

/// All keys, newest first.
pub(super) async fn all(db: &DatabaseConnection) -> Result<Vec<WrappedKey>, StoreError> {
    let rows = secret_key::Entity::find().order_by_desc(secret_key::Column::CreatedAt).all(db).await?;
    Ok(rows
        .into_iter()
        .map(|row| WrappedKey { id: row.id, purpose: row.purpose, wrapped: row.wrapped })
        .collect())
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
        let WrappedKey { id, purpose, wrapped } = WrappedKey::generate(purpose, entropy::id(now), master);
        let row = secret_key::ActiveModel {
            id: Set(id),
            purpose: Set(purpose),
            wrapped: Set(wrapped),
            created_at: Set(now),
        };
        row.insert(db).await?;
    }
    Ok(())
}
