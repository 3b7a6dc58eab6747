//! SQLite finds by its index in what somebody takes part: of `active = TRUE` it did not see that the index was made for it.

use super::dialect;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::index_parties(manager, "active").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::index_parties(manager, "active = TRUE").await
    }
}
