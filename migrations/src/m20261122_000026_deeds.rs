//! Deeds (纪实): what people and units did for places.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(deed()).await?;
        let db = manager.get_connection();
        for sql in INDEXES {
            db.execute_unprepared(sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("deed").to_owned()).await
    }
}

const INDEXES: [&str; 5] = [
    "CREATE INDEX deed_county ON deed (county, on_day, id)",
    "CREATE INDEX deed_person ON deed (user_id, on_day, id) WHERE user_id IS NOT NULL",
    "CREATE INDEX deed_unit ON deed (unit_id, on_day, id) WHERE unit_id IS NOT NULL",
    "CREATE INDEX deed_tie ON deed (tie_id, on_day) WHERE tie_id IS NOT NULL",
    "CREATE INDEX deed_place ON deed (place_id)",
];

/// Who (a person or a unit) did what, where and when. What was done is a text of its own, so that it can be erased.
fn deed() -> TableCreateStatement {
    let moment = |name| ColumnDef::new(name).timestamp_with_time_zone().to_owned();
    Table::create()
        .table("deed")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("county").text().not_null())
        .col(ColumnDef::new("kind").text().not_null())
        .col(ColumnDef::new("user_id").uuid())
        .col(ColumnDef::new("unit_id").uuid())
        .col(ColumnDef::new("place_id").uuid().not_null())
        .col(ColumnDef::new("tie_id").uuid())
        .col(ColumnDef::new("on_day").date().not_null())
        .col(ColumnDef::new("text_id").uuid().not_null())
        .col(ColumnDef::new("served").integer())
        .col(ColumnDef::new("version").integer().not_null())
        .col(moment("created_at").not_null().to_owned())
        .col(moment("retracted_at"))
        .to_owned()
}
