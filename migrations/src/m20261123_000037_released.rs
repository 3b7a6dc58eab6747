//! Since when a unit that was called need not come any more: it is not missing then.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "appraisal";
/// Programs of before leave it empty, and count the unit as missing as they always did.
const RELEASED: &str = "released_at";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let released = ColumnDef::new(RELEASED).timestamp_with_time_zone().to_owned();
        manager.alter_table(Table::alter().table(TABLE).add_column(released).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table(TABLE).drop_column(RELEASED).to_owned()).await
    }
}
