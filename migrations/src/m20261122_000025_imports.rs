//! Imports that were asked for over the API: a sheet that waits, and what came of it.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(import_job()).await?;
        let db = manager.get_connection();
        // Served without a look at what is done.
        let waits =
            "CREATE INDEX import_job_waits ON import_job (created_at) WHERE status IN ('waiting', 'running')";
        db.execute_unprepared(waits).await?;
        db.execute_unprepared("CREATE INDEX import_job_created_at ON import_job (created_at)").await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("import_job").to_owned()).await
    }
}

/// `file`, `report` and `marked` are sealed: sheets are full of names and phone numbers. The file goes when it is done, the
/// rest a week later.
fn import_job() -> TableCreateStatement {
    let moment = |name| ColumnDef::new(name).timestamp_with_time_zone().to_owned();
    Table::create()
        .table("import_job")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("county").text().not_null())
        .col(ColumnDef::new("subject").text().not_null())
        .col(ColumnDef::new("dry_run").boolean().not_null())
        .col(ColumnDef::new("status").text().not_null())
        .col(ColumnDef::new("step").text())
        .col(ColumnDef::new("reason").blob())
        .col(ColumnDef::new("file").blob())
        .col(ColumnDef::new("tally").text())
        .col(ColumnDef::new("report").blob())
        .col(ColumnDef::new("marked").blob())
        .col(ColumnDef::new("created_by").uuid().not_null())
        .col(moment("created_at").not_null().to_owned())
        .col(ColumnDef::new("attempts").integer().not_null().default(0))
        .col(moment("claimed_at"))
        .col(moment("finished_at"))
        .to_owned()
}
