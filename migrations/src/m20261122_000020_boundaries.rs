//! Boundaries of places, by which a position finds its grid.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(place_boundary()).await?;
        manager.alter_table(Table::alter().table("place_net").add_column(boundaries()).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("place_net").drop_column("boundaries").to_owned()).await?;
        manager.drop_table(Table::drop().table("place_boundary").to_owned()).await
    }
}

/// The areas of a place, WGS-84: the coordinates of a `MultiPolygon` as GeoJSON has them.
fn place_boundary() -> TableCreateStatement {
    Table::create()
        .table("place_boundary")
        .col(ColumnDef::new("place_id").uuid().not_null().primary_key())
        .col(ColumnDef::new("areas").text().not_null())
        .to_owned()
}

/// How often the boundaries of a county changed: processes keep them in memory, and ask whether they are those still.
fn boundaries() -> ColumnDef {
    ColumnDef::new("boundaries").big_integer().not_null().default(0).to_owned()
}
