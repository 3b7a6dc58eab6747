//! Reactors: how far each has come, what it set aside, and what two of them keep: red flags and figures.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// What is counted of tickets, as columns.
const COUNTS: [&str; 15] = [
    "submitted",
    "dropped",
    "accepted",
    "accepted_in_time",
    "arrived",
    "arrived_in_time",
    "resolved",
    "solved",
    "solved_in_time",
    "breaches",
    "reworked",
    "rated",
    "satisfied",
    "fairly_satisfied",
    "dissatisfied",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [reactor(), set_aside(), flag(), figure()] {
            manager.create_table(table).await?;
        }
        let db = manager.get_connection();
        // Never two for one ticket. What sea-query cannot say alike for both, both read like this.
        for index in [
            "CREATE UNIQUE INDEX flag_held ON flag (generation, ticket_id, user_id) WHERE taken_at IS NULL",
            "CREATE INDEX flag_person ON flag (generation, user_id, earned_at, ticket_id, round)",
            "CREATE INDEX flag_county ON flag (generation, substr(scope_code, 1, 6), earned_at, ticket_id, user_id, round)",
            "CREATE INDEX flag_street ON flag (generation, substr(scope_code, 1, 9), earned_at, ticket_id, user_id, round)",
            "CREATE INDEX flag_community ON flag (generation, substr(scope_code, 1, 12), earned_at, ticket_id, user_id, round)",
        ] {
            db.execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["figure", "flag", "set_aside", "reactor"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn reactor() -> TableCreateStatement {
    Table::create()
        .table("reactor")
        .col(ColumnDef::new("name").text().not_null().primary_key())
        .col(ColumnDef::new("xid").big_integer().not_null())
        .col(ColumnDef::new("position").big_integer().not_null())
        .col(ColumnDef::new("generation").integer().not_null())
        // The last generation that anybody began to make.
        .col(ColumnDef::new("building").integer().not_null())
        .col(ColumnDef::new("updated_at").timestamp_with_time_zone().not_null())
        .to_owned()
}

/// Events that a reactor could not do; it went on without them.
fn set_aside() -> TableCreateStatement {
    Table::create()
        .table("set_aside")
        .col(ColumnDef::new("reactor").text().not_null())
        .col(ColumnDef::new("position").big_integer().not_null())
        .col(ColumnDef::new("stream").uuid().not_null())
        .col(ColumnDef::new("stream_version").integer().not_null())
        .col(ColumnDef::new("error").text().not_null())
        .col(ColumnDef::new("tries").integer().not_null())
        .col(ColumnDef::new("at").timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col("reactor").col("position"))
        .to_owned()
}

fn flag() -> TableCreateStatement {
    Table::create()
        .table("flag")
        .col(ColumnDef::new("generation").integer().not_null())
        .col(ColumnDef::new("ticket_id").uuid().not_null())
        .col(ColumnDef::new("user_id").uuid().not_null())
        .col(ColumnDef::new("round").integer().not_null())
        .col(ColumnDef::new("scope_code").text().not_null())
        .col(ColumnDef::new("earned_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("taken_at").timestamp_with_time_zone())
        .primary_key(Index::create().col("generation").col("ticket_id").col("user_id").col("round"))
        .to_owned()
}

fn figure() -> TableCreateStatement {
    let mut table = Table::create()
        .table("figure")
        .col(ColumnDef::new("generation").integer().not_null())
        // The code of a place, or `unit:` and the id of a unit.
        .col(ColumnDef::new("scope").text().not_null())
        .col(ColumnDef::new("day").date().not_null())
        .primary_key(Index::create().col("generation").col("scope").col("day"))
        .to_owned();
    for count in COUNTS {
        table.col(ColumnDef::new(count).big_integer().not_null());
    }
    table
}
