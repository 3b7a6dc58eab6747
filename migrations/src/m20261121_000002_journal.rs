//! The journal: events of every kind of aggregate, the texts that they refer to, and the answers kept by key.

use super::dialect;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [event(), free_text(), idempotency()] {
            manager.create_table(table).await?;
        }
        let history = Index::create()
            .name("event_stream")
            .table("event")
            .col("stream")
            .col("stream_version")
            .unique()
            .to_owned();
        manager.create_index(history).await?;
        let oldest =
            Index::create().name("idempotency_created_at").table("idempotency").col("created_at").to_owned();
        manager.create_index(oldest).await?;
        dialect::add_event_xid(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["idempotency", "free_text", "event"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn event() -> TableCreateStatement {
    Table::create()
        .table("event")
        .col(ColumnDef::new("position").big_integer().not_null().auto_increment().primary_key())
        .col(ColumnDef::new("stream").uuid().not_null())
        .col(ColumnDef::new("stream_version").integer().not_null())
        .col(ColumnDef::new("kind").text().not_null())
        .col(ColumnDef::new("v").small_integer().not_null())
        .col(ColumnDef::new("actor").uuid())
        .col(ColumnDef::new("scope_code").text().not_null())
        .col(ColumnDef::new("text_id").uuid())
        .col(ColumnDef::new("occurred_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("recorded_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("payload").json_binary().not_null())
        .to_owned()
}

/// What people wrote freely, apart from the events, so that it can be erased.
fn free_text() -> TableCreateStatement {
    Table::create()
        .table("free_text")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("stream").uuid().not_null())
        .col(ColumnDef::new("body").text().not_null())
        .to_owned()
}

/// Answers of calls with an `Idempotency-Key`, sealed, for 24 hours.
fn idempotency() -> TableCreateStatement {
    Table::create()
        .table("idempotency")
        .col(ColumnDef::new("key").blob().not_null().primary_key())
        .col(ColumnDef::new("body_hash").blob().not_null())
        .col(ColumnDef::new("answer").blob().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .to_owned()
}
