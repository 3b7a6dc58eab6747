//! Whistles (吹哨报到): how units that were called answered, kept by a reactor.

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
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("appraisal").to_owned()).await
    }
}

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
