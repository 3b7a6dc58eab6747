//! Matters: what is promised, planned, done and reported beside tickets, of every kind in one table; whom each concerns, what
//! was written with it, and what only one of them may have.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [matter(), matter_party(), matter_text(), matter_slot()] {
            manager.create_table(table).await?;
        }
        let db = manager.get_connection();
        for sql in INDEXES {
            db.execute_unprepared(sql).await?;
        }
        let column = ColumnDef::new("matter_id").uuid().to_owned();
        manager.alter_table(Table::alter().table("inbox").add_column(column).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("inbox").drop_column("matter_id").to_owned()).await?;
        for table in ["matter_slot", "matter_text", "matter_party", "matter"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

const INDEXES: [&str; 6] = [
    "CREATE INDEX matter_county ON matter (kind, county, sorted_at, id)",
    "CREATE INDEX matter_place ON matter (place_id, kind, sorted_at, id)",
    "CREATE INDEX matter_parent ON matter (parent_id, kind, sorted_at, id) WHERE parent_id IS NOT NULL",
    "CREATE INDEX matter_ticket ON matter (ticket_id, kind, sorted_at, id) WHERE ticket_id IS NOT NULL",
    "CREATE INDEX matter_next ON matter (next_at, id) WHERE next_at IS NOT NULL",
    "CREATE INDEX matter_party_who ON matter_party (party_id, kind, sorted_at, matter_id)",
];

/// A matter: its state as JSON, and of it what lists look at.
fn matter() -> TableCreateStatement {
    let moment = |name| ColumnDef::new(name).timestamp_with_time_zone().to_owned();
    Table::create()
        .table("matter")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("kind").text().not_null())
        .col(ColumnDef::new("county").text().not_null())
        .col(ColumnDef::new("place_id").uuid().not_null())
        .col(ColumnDef::new("status").text().not_null())
        .col(ColumnDef::new("open").boolean().not_null())
        .col(ColumnDef::new("topic").text())
        .col(ColumnDef::new("parent_id").uuid())
        .col(ColumnDef::new("ticket_id").uuid())
        .col(moment("sorted_at").not_null().to_owned())
        .col(moment("due_at"))
        .col(moment("next_at"))
        .col(ColumnDef::new("state").json_binary().not_null())
        .col(ColumnDef::new("state_v").small_integer().not_null())
        .col(ColumnDef::new("version").integer().not_null())
        .col(ColumnDef::new("created_by").uuid())
        .col(moment("created_at").not_null().to_owned())
        .col(moment("updated_at").not_null().to_owned())
        .to_owned()
}

/// Whom a matter concerns, and as what.
fn matter_party() -> TableCreateStatement {
    Table::create()
        .table("matter_party")
        .col(ColumnDef::new("matter_id").uuid().not_null())
        .col(ColumnDef::new("role").text().not_null())
        .col(ColumnDef::new("party_id").uuid().not_null())
        .col(ColumnDef::new("kind").text().not_null())
        .col(ColumnDef::new("sorted_at").timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col("matter_id").col("role").col("party_id"))
        .to_owned()
}

/// Which texts a page shows with a matter.
fn matter_text() -> TableCreateStatement {
    Table::create()
        .table("matter_text")
        .col(ColumnDef::new("matter_id").uuid().not_null())
        .col(ColumnDef::new("text_id").uuid().not_null())
        .primary_key(Index::create().col("matter_id").col("text_id"))
        .to_owned()
}

/// What only one matter may have at a time: so limits hold whoever races.
fn matter_slot() -> TableCreateStatement {
    Table::create()
        .table("matter_slot")
        .col(ColumnDef::new("slot").text().not_null().primary_key())
        .col(ColumnDef::new("matter_id").uuid().not_null())
        .to_owned()
}
