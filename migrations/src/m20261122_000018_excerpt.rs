//! A list shows the beginning of each ticket's content out of the ticket's own row.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Empty where a program of before wrote the row: there the list looks at the text.
        let excerpt = ColumnDef::new("excerpt").text().to_owned();
        manager.alter_table(Table::alter().table("ticket").add_column(excerpt).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("ticket").drop_column("excerpt").to_owned()).await
    }
}
