//! A kept answer says whom or what it is about, so that erasing a person reaches it.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let stream = ColumnDef::new("stream").uuid().to_owned();
        manager.alter_table(Table::alter().table("idempotency").add_column(stream).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("idempotency").drop_column("stream").to_owned()).await
    }
}
