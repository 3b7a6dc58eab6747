//! What is before the next meeting of its desk: each county's comes out of an index of its own.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The list.
const LIST: &str = "ticket_topic";
/// Of the text that says why. Programs of before leave it as it is.
const REASON: &str = "topic_id";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let reason = ColumnDef::new(REASON).uuid().to_owned();
        manager.alter_table(Table::alter().table("ticket").add_column(reason).to_owned()).await?;
        let list = Index::create()
            .name(LIST)
            .table("ticket")
            .col("county")
            .col("created_at")
            .col("id")
            .and_where(Expr::col(REASON).is_not_null())
            .to_owned();
        manager.create_index(list).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(&format!("DROP INDEX {LIST}")).await?;
        manager.alter_table(Table::alter().table("ticket").drop_column(REASON).to_owned()).await
    }
}
