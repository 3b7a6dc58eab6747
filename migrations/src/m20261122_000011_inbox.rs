//! The inbox: what each person is told, without a word of anybody in it; and who is on duty.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [inbox(), inbox_item(), shift()] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["shift", "inbox_item", "inbox"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// A message a row. Ids are in the order of commits: whoever writes takes turns.
fn inbox() -> TableCreateStatement {
    Table::create()
        .table("inbox")
        .col(ColumnDef::new("id").big_integer().not_null().auto_increment().primary_key())
        .col(ColumnDef::new("user_id").uuid().not_null())
        .col(ColumnDef::new("kind").text().not_null())
        .col(ColumnDef::new("ticket_id").uuid())
        // Of the event that it tells of; a person is told of an event once.
        .col(ColumnDef::new("position").big_integer())
        // What it is about where that is no event, for the same.
        .col(ColumnDef::new("topic").text())
        .col(ColumnDef::new("clock").text())
        .col(ColumnDef::new("due_at").timestamp_with_time_zone())
        .col(ColumnDef::new("items").integer().not_null().default(1))
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("read_at").timestamp_with_time_zone())
        .to_owned()
}

/// What a message about many things is about.
fn inbox_item() -> TableCreateStatement {
    Table::create()
        .table("inbox_item")
        .col(ColumnDef::new("inbox_id").big_integer().not_null())
        .col(ColumnDef::new("position").big_integer().not_null())
        .col(ColumnDef::new("kind").text().not_null())
        .col(ColumnDef::new("ticket_id").uuid().not_null())
        .col(ColumnDef::new("clock").text())
        .col(ColumnDef::new("due_at").timestamp_with_time_zone())
        .primary_key(Index::create().col("inbox_id").col("position"))
        .to_owned()
}

fn shift() -> TableCreateStatement {
    Table::create()
        .table("shift")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("county").integer().not_null())
        .col(ColumnDef::new("place").text().not_null())
        .col(ColumnDef::new("user_id").uuid().not_null())
        .col(ColumnDef::new("starts_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("ends_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("created_by").uuid().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let of = |name: &'static str, table: &'static str, columns: &[&'static str]| {
        let mut index = Index::create().name(name).table(table).to_owned();
        for column in columns {
            index.col(*column);
        }
        index
    };
    let there = |column: &'static str| Expr::col(column).is_not_null();
    vec![
        of("inbox_user", "inbox", &["user_id", "id"]),
        of("inbox_unread", "inbox", &["user_id", "id"]).and_where(Expr::col("read_at").is_null()).to_owned(),
        of("inbox_position", "inbox", &["user_id", "position"])
            .unique()
            .and_where(there("position"))
            .to_owned(),
        of("inbox_topic", "inbox", &["user_id", "topic"]).unique().and_where(there("topic")).to_owned(),
        of("shift_county", "shift", &["county", "starts_at", "id"]),
        of("shift_user", "shift", &["user_id", "starts_at", "id"]),
        of("shift_place", "shift", &["place", "ends_at"]),
        of("shift_same", "shift", &["user_id", "place", "starts_at"]).unique().to_owned(),
    ]
}
