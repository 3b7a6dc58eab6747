//! That the database was made from a backup: what was said of it before may mean something else since.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let restoration = Table::create()
            .table("restoration")
            .col(ColumnDef::new("id").uuid().not_null().primary_key())
            .col(ColumnDef::new("restored_at").timestamp_with_time_zone().not_null())
            // When the backup was taken.
            .col(ColumnDef::new("taken_at").timestamp_with_time_zone().not_null())
            .to_owned();
        manager.create_table(restoration).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("restoration").to_owned()).await
    }
}
