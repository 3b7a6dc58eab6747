//! Photos of what was done on the spot, sealed.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(photo()).await?;
        // What somebody added on a day is counted, and erased with them.
        let by =
            Index::create().name("photo_user").table("photo").col("user_id").col("created_at").to_owned();
        manager.create_index(by).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("photo").to_owned()).await
    }
}

fn photo() -> TableCreateStatement {
    Table::create()
        .table("photo")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("county").text().not_null())
        .col(ColumnDef::new("place_id").uuid().not_null())
        .col(ColumnDef::new("user_id").uuid().not_null())
        .col(ColumnDef::new("media").text().not_null())
        .col(ColumnDef::new("width").integer().not_null())
        .col(ColumnDef::new("height").integer().not_null())
        // Sealed.
        .col(ColumnDef::new("bytes").blob().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .to_owned()
}
