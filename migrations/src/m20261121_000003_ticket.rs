//! Tickets: the row that lists look at, with the state beside it; their clocks; their numbers.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [ticket(), clock(), number_lease()] {
            manager.create_table(table).await?;
        }
        for lens in ["county", "street", "community", "requester_id"] {
            manager.create_index(by(lens)).await?;
        }
        for lens in ["unit_id", "handler_id"] {
            let sparse = by(lens).and_where(Expr::col(lens).is_not_null()).to_owned();
            manager.create_index(sparse).await?;
        }
        let due = Index::create()
            .name("ticket_next_at")
            .table("ticket")
            .col("next_at")
            .and_where(Expr::col("next_at").is_not_null())
            .to_owned();
        manager.create_index(due).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["number_lease", "clock", "ticket"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// A lens that lists look through, newest last.
fn by(lens: &'static str) -> IndexCreateStatement {
    Index::create()
        .name(format!("ticket_{lens}"))
        .table("ticket")
        .col(lens)
        .col("created_at")
        .col("id")
        .to_owned()
}

fn ticket() -> TableCreateStatement {
    Table::create()
        .table("ticket")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("version").integer().not_null())
        .col(ColumnDef::new("number").text().not_null().unique_key())
        .col(ColumnDef::new("status").text().not_null())
        .col(ColumnDef::new("county").integer().not_null())
        .col(ColumnDef::new("street").integer().not_null())
        .col(ColumnDef::new("community").big_integer().not_null())
        .col(ColumnDef::new("scope_code").text().not_null())
        .col(ColumnDef::new("place_id").uuid().not_null())
        .col(ColumnDef::new("requester_id").uuid().not_null())
        .col(ColumnDef::new("unit_id").uuid())
        .col(ColumnDef::new("handler_id").uuid())
        .col(ColumnDef::new("category").text())
        .col(ColumnDef::new("severity").text())
        .col(ColumnDef::new("affair").text())
        .col(ColumnDef::new("channel").text().not_null())
        .col(ColumnDef::new("round").small_integer().not_null())
        .col(ColumnDef::new("content_id").uuid().not_null())
        .col(ColumnDef::new("address_id").uuid())
        .col(ColumnDef::new("reply_id").uuid())
        .col(ColumnDef::new("comment_id").uuid())
        .col(ColumnDef::new("next_at").timestamp_with_time_zone())
        .col(ColumnDef::new("owed_since").timestamp_with_time_zone())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("updated_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("state").json_binary().not_null())
        .col(ColumnDef::new("state_v").small_integer().not_null())
        .to_owned()
}

fn clock() -> TableCreateStatement {
    Table::create()
        .table("clock")
        .col(ColumnDef::new("ticket_id").uuid().not_null())
        .col(ColumnDef::new("kind").text().not_null())
        .col(ColumnDef::new("round").small_integer().not_null())
        .col(ColumnDef::new("started_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("due_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("warn_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("met_at").timestamp_with_time_zone())
        .col(ColumnDef::new("breached_at").timestamp_with_time_zone())
        .col(ColumnDef::new("cancelled_at").timestamp_with_time_zone())
        .col(ColumnDef::new("policy_version").integer().not_null())
        .primary_key(Index::create().col("ticket_id").col("kind").col("round"))
        .to_owned()
}

/// The next count of a county and day; replicas take 50 at a time.
fn number_lease() -> TableCreateStatement {
    Table::create()
        .table("number_lease")
        .col(ColumnDef::new("county").text().not_null())
        .col(ColumnDef::new("day").date().not_null())
        .col(ColumnDef::new("taken").integer().not_null())
        .primary_key(Index::create().col("county").col("day"))
        .to_owned()
}
