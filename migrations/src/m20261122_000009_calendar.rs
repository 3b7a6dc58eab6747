//! Calendars: a year's holidays and make-up days, of the whole country and of counties.

use crate::dialect;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(calendar_year()).await?;
        // Whoever went back and comes again has a history already.
        dialect::fill_calendars(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("calendar_year").to_owned()).await
    }
}

/// `scope` is a county's six digits, or empty for the whole country; `id` is the stream of its events.
fn calendar_year() -> TableCreateStatement {
    Table::create()
        .table("calendar_year")
        .col(ColumnDef::new("scope").text().not_null())
        .col(ColumnDef::new("year").integer().not_null())
        .col(ColumnDef::new("id").uuid().not_null().unique_key())
        .col(ColumnDef::new("days").json_binary().not_null())
        .col(ColumnDef::new("version").integer().not_null())
        .col(ColumnDef::new("updated_at").timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col("scope").col("year"))
        .to_owned()
}
