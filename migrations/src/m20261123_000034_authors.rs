//! Who wrote each text of a matter, so that it goes with them; and errands' words for services stand in no event, where
//! nothing is erased.

use super::dialect;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "matter_text";
const AUTHOR: &str = "written_by";
const INDEX: &str = "matter_text_author";

/// Whoever the event names that the text stands in, and else whoever began the matter.
const FILL: &str = "UPDATE matter_text SET written_by = COALESCE(\
     (SELECT e.actor FROM event e WHERE e.stream = matter_text.matter_id AND e.text_id = matter_text.text_id), \
     (SELECT m.created_by FROM matter m WHERE m.id = matter_text.matter_id))";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let author = ColumnDef::new(AUTHOR).uuid().to_owned();
        manager.alter_table(Table::alter().table(TABLE).add_column(author).to_owned()).await?;
        manager.get_connection().execute_unprepared(FILL).await?;
        dialect::forget_services(manager).await?;
        let index = Index::create()
            .name(INDEX)
            .table(TABLE)
            .col(AUTHOR)
            .and_where(Expr::col(AUTHOR).is_not_null())
            .to_owned();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(&format!("DROP INDEX {INDEX}")).await?;
        manager.alter_table(Table::alter().table(TABLE).drop_column(AUTHOR).to_owned()).await
    }
}
