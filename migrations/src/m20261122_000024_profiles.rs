//! What people can do and when they are free; and keyed hashes by which those of the roster are found by name.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let profile = ColumnDef::new("profile").json_binary().to_owned();
        manager.alter_table(Table::alter().table("app_user").add_column(profile).to_owned()).await?;
        manager.create_table(name_token()).await?;
        let of = Index::create().name("name_token_user").table("name_token").col("user_id").to_owned();
        manager.create_index(of).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("name_token").to_owned()).await?;
        manager.alter_table(Table::alter().table("app_user").drop_column("profile").to_owned()).await
    }
}

/// Keyed hashes of the beginnings of names and of their initials: names are sealed, so nothing else could be looked for. The
/// program fills it, which has the keys.
fn name_token() -> TableCreateStatement {
    Table::create()
        .table("name_token")
        .col(ColumnDef::new("token").blob().not_null())
        .col(ColumnDef::new("user_id").uuid().not_null())
        .primary_key(Index::create().col("token").col("user_id"))
        .to_owned()
}
