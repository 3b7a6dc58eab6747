//! Which service of the catalogue a ticket is about, and in which area it is heard where it is a call. How much somebody has to do
//! comes out of an index.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in columns() {
            // SQLite takes one column a statement.
            manager.alter_table(Table::alter().table("ticket").add_column(column).to_owned()).await?;
        }
        for sql in [FILL, AT_WORK] {
            manager.get_connection().execute_unprepared(sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX ticket_at_work").await?;
        for column in columns() {
            let name = column.get_column_name().clone();
            manager.alter_table(Table::alter().table("ticket").drop_column(name).to_owned()).await?;
        }
        Ok(())
    }
}

fn columns() -> Vec<ColumnDef> {
    let text = |name| ColumnDef::new(name).text().to_owned();
    vec![text("service"), text("call_area")]
}

/// Of each person, what is theirs to do: a few among all that they ever did.
const AT_WORK: &str =
    "CREATE INDEX ticket_at_work ON ticket (handler_id) WHERE status IN ('dispatched', 'accepted')";

/// Where somebody went back and comes again, tickets say it already; no earlier version says it.
const FILL: &str =
    "UPDATE ticket SET service = state ->> 'service', call_area = state ->> 'call' WHERE state_v >= 5";
