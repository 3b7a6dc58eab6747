//! Playbooks as versions, each of which is kept; tickets say which one they began under.

use crate::dialect;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // 0 where a program of before wrote the row: there its body says which version it is.
        let version = ColumnDef::new("version").integer().not_null().default(0).to_owned();
        manager.alter_table(Table::alter().table("playbook").add_column(version).to_owned()).await?;
        manager.create_table(playbook_version()).await?;
        dialect::fill_playbook_versions(manager).await?;
        let began = ColumnDef::new("playbook").integer().to_owned();
        manager.alter_table(Table::alter().table("ticket").add_column(began).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("ticket").drop_column("playbook").to_owned()).await?;
        manager.drop_table(Table::drop().table("playbook_version").to_owned()).await?;
        manager.alter_table(Table::alter().table("playbook").drop_column("version").to_owned()).await
    }
}

/// `source_hash` is that of the seed file that it came from, or null; `note_id` a text of its own, so that it can be erased.
fn playbook_version() -> TableCreateStatement {
    Table::create()
        .table("playbook_version")
        .col(ColumnDef::new("county").text().not_null())
        .col(ColumnDef::new("version").integer().not_null())
        .col(ColumnDef::new("body").json_binary().not_null())
        .col(ColumnDef::new("source_hash").text())
        .col(ColumnDef::new("made_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("made_by").uuid())
        .col(ColumnDef::new("note_id").uuid())
        .primary_key(Index::create().col("county").col("version"))
        .to_owned()
}
