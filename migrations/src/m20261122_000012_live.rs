//! One-time tickets for the live feed.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tickets = Table::create()
            .table("live_ticket")
            // Only its keyed hash is kept.
            .col(ColumnDef::new("hash").blob().not_null().primary_key())
            .col(ColumnDef::new("user_id").uuid().not_null())
            // Of the grants under which it was given out.
            .col(ColumnDef::new("grants_version").integer().not_null())
            .col(ColumnDef::new("wants").json_binary().not_null())
            .col(ColumnDef::new("expires_at").timestamp_with_time_zone().not_null())
            .to_owned();
        manager.create_table(tickets).await?;
        let index = |name, column| Index::create().name(name).table("live_ticket").col(column).to_owned();
        manager.create_index(index("live_ticket_user", "user_id")).await?;
        manager.create_index(index("live_ticket_expires_at", "expires_at")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("live_ticket").to_owned()).await
    }
}
