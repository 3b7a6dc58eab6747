//! Tickets that wait for the decision of those above can be listed.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in columns() {
            manager.alter_table(Table::alter().table("ticket").add_column(column).to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in columns().iter().rev() {
            let name = column.get_column_name();
            manager.alter_table(Table::alter().table("ticket").drop_column(name).to_owned()).await?;
        }
        Ok(())
    }
}

/// What a ticket's row says besides. Programs of before leave it as it is.
fn columns() -> Vec<ColumnDef> {
    vec![ColumnDef::new("escalated").boolean().not_null().default(false).to_owned()]
}
