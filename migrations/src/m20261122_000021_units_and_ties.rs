//! Units are more than their names; and who is tied to which place or unit (关系).

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in columns() {
            // SQLite takes one column a statement.
            manager.alter_table(Table::alter().table("unit").add_column(column).to_owned()).await?;
        }
        manager.create_table(tie()).await?;
        let db = manager.get_connection();
        for sql in INDEXES {
            db.execute_unprepared(sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("tie").to_owned()).await?;
        for index in ["unit_code", "unit_name"] {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {index}")).await?;
        }
        for column in columns() {
            let name = column.get_column_name().clone();
            manager.alter_table(Table::alter().table("unit").drop_column(name).to_owned()).await?;
        }
        Ok(())
    }
}

const INDEXES: [&str; 9] = [
    "CREATE UNIQUE INDEX unit_code ON unit (county, code) WHERE code IS NOT NULL",
    "CREATE INDEX unit_name ON unit (county, name)",
    "CREATE INDEX tie_person ON tie (user_id, id) WHERE user_id IS NOT NULL",
    "CREATE INDEX tie_unit ON tie (unit_id, id) WHERE unit_id IS NOT NULL",
    "CREATE INDEX tie_place ON tie (place_id, id) WHERE place_id IS NOT NULL",
    "CREATE INDEX tie_of ON tie (of_unit_id, id) WHERE of_unit_id IS NOT NULL",
    // One of a kind between two that goes on, for one line.
    "CREATE UNIQUE INDEX tie_once ON tie (kind, COALESCE(user_id, unit_id), COALESCE(place_id, of_unit_id), COALESCE(line, '')) WHERE until IS NULL",
    // A unit belongs below one other.
    "CREATE UNIQUE INDEX tie_under ON tie (unit_id) WHERE until IS NULL AND kind = 'under'",
    // One who answers for a line at a place (practices Z07).
    "CREATE UNIQUE INDEX tie_line ON tie (place_id, line) WHERE until IS NULL AND line IS NOT NULL",
];

fn columns() -> Vec<ColumnDef> {
    let text = |name| ColumnDef::new(name).text().to_owned();
    vec![
        text("kind").not_null().default("department").to_owned(),
        text("code"),
        ColumnDef::new("seat_id").uuid().to_owned(),
        // The first letters of its name in pinyin, by which people look for it. Empty where a program of before wrote the row.
        text("initials").not_null().default("").to_owned(),
        ColumnDef::new("retired_at").timestamp_with_time_zone().to_owned(),
    ]
}

/// Who (a person or a unit) is tied to what (a place or a unit), from when until when.
fn tie() -> TableCreateStatement {
    Table::create()
        .table("tie")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("kind").text().not_null())
        .col(ColumnDef::new("user_id").uuid())
        .col(ColumnDef::new("unit_id").uuid())
        .col(ColumnDef::new("place_id").uuid())
        .col(ColumnDef::new("of_unit_id").uuid())
        .col(ColumnDef::new("line").text())
        .col(ColumnDef::new("post").text())
        .col(ColumnDef::new("since").date().not_null())
        .col(ColumnDef::new("until").date())
        .col(ColumnDef::new("version").integer().not_null())
        .to_owned()
}
