//! Whistles (吹哨报到): how units that were called answered, kept by a reactor. The ledger (台账): what lists and figures know of
//! assessments; nothing was assessed before.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(appraisal()).await?;
        let db = manager.get_connection();
        for sql in INDEXES {
            db.execute_unprepared(sql).await?;
        }
        let commonality = ColumnDef::new("commonality").text().to_owned();
        let planned_for = ColumnDef::new("planned_for").date().to_owned();
        for column in [commonality, planned_for] {
            manager.alter_table(Table::alter().table("ticket").add_column(column).to_owned()).await?;
        }
        for name in COUNTS {
            // What a program of before writes has none of it.
            let count = ColumnDef::new(name).big_integer().not_null().default(0).to_owned();
            manager.alter_table(Table::alter().table("figure").add_column(count).to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in COUNTS {
            manager.alter_table(Table::alter().table("figure").drop_column(name).to_owned()).await?;
        }
        for name in ["commonality", "planned_for"] {
            manager.alter_table(Table::alter().table("ticket").drop_column(name).to_owned()).await?;
        }
        manager.drop_table(Table::drop().table("appraisal").to_owned()).await
    }
}

/// What is counted of tickets on the ledger: problems of many, and of one.
const COUNTS: [&str; 2] = ["common", "individual"];

const INDEXES: [&str; 2] = [
    "CREATE INDEX appraisal_unit ON appraisal (generation, unit_id, year, community)",
    "CREATE INDEX appraisal_year ON appraisal (generation, year, unit_id, community)",
];

/// A row for each whistle and unit; what is thought of the unit in the ticket stands with its first one.
fn appraisal() -> TableCreateStatement {
    let moment = |name| ColumnDef::new(name).timestamp_with_time_zone().to_owned();
    Table::create()
        .table("appraisal")
        .col(ColumnDef::new("generation").integer().not_null())
        .col(ColumnDef::new("ticket_id").uuid().not_null())
        .col(ColumnDef::new("unit_id").uuid().not_null())
        .col(ColumnDef::new("nth").integer().not_null())
        .col(ColumnDef::new("community").text().not_null())
        .col(ColumnDef::new("year").integer().not_null())
        .col(moment("called_at").not_null().to_owned())
        .col(moment("due_at").not_null().to_owned())
        .col(moment("reported_at"))
        // From the whistle to the report-in.
        .col(ColumnDef::new("seconds").integer())
        // 0 to 100.
        .col(ColumnDef::new("community_score").integer())
        .col(ColumnDef::new("street_score").integer())
        .primary_key(Index::create().col("generation").col("ticket_id").col("unit_id").col("nth"))
        .to_owned()
}
