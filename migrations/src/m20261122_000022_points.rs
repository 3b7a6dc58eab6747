//! Points: what is found on the ground of a county besides the net of places.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [point(), point_hours()] {
            manager.create_table(table).await?;
        }
        // Around a position: a band of latitude, then a range of longitudes.
        let near = of("point_near", &["band", "lng"]).and_where(Expr::col("retired_at").is_null()).to_owned();
        manager.create_index(near).await?;
        // Of a place and all below it, in the order of a list.
        manager.create_index(of("point_code", &["code", "id"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["point_hours", "point"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn of(name: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table("point").to_owned();
    for column in columns {
        index.col(*column);
    }
    index
}

/// A point as its last event left it.
fn point() -> TableCreateStatement {
    Table::create()
        .table("point")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("place_id").uuid().not_null())
        // That of its place today.
        .col(ColumnDef::new("code").text().not_null())
        .col(ColumnDef::new("kind").text().not_null())
        .col(ColumnDef::new("name").text().not_null())
        // Degrees, WGS-84.
        .col(ColumnDef::new("lat").double().not_null())
        .col(ColumnDef::new("lng").double().not_null())
        // The band of latitude that it lies in; what its services offer, as bits: both follow from the rest.
        .col(ColumnDef::new("band").integer().not_null())
        .col(ColumnDef::new("offers").integer().not_null())
        .col(ColumnDef::new("unit_id").uuid())
        // JSON: what nothing is found by.
        .col(ColumnDef::new("details").text().not_null())
        .col(ColumnDef::new("version").integer().not_null())
        .col(ColumnDef::new("retired_at").timestamp_with_time_zone())
        .to_owned()
}

/// When it is open, in minutes since Monday 00:00 in China; follows from its details.
fn point_hours() -> TableCreateStatement {
    Table::create()
        .table("point_hours")
        .col(ColumnDef::new("point_id").uuid().not_null())
        .col(ColumnDef::new("begins").integer().not_null())
        .col(ColumnDef::new("ends").integer().not_null())
        .primary_key(Index::create().col("point_id").col("begins"))
        .to_owned()
}
