//! Places change: what they were called and where they lay is kept, and everything that lies in them goes along.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in columns() {
            // SQLite takes one column a statement.
            manager.alter_table(Table::alter().table(table).add_column(column).to_owned()).await?;
        }
        for table in [place_net(), recoding()] {
            manager.create_table(table).await?;
        }
        let db = manager.get_connection();
        db.execute_unprepared("UPDATE place_code SET holder_id = place_id").await?;
        // A list of what lies directly below a place looks at nothing else.
        db.execute_unprepared("CREATE INDEX place_level ON place (length(code), code)").await?;
        let held = Index::create().name("place_code_holder").table("place_code").col("holder_id").to_owned();
        manager.create_index(held).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for index in ["place_code_holder", "place_level"] {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {index}")).await?;
        }
        for table in ["recoding", "place_net"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        for (table, column) in columns() {
            let name = column.get_column_name().clone();
            manager.alter_table(Table::alter().table(table).drop_column(name).to_owned()).await?;
        }
        Ok(())
    }
}

fn columns() -> Vec<(&'static str, ColumnDef)> {
    let moment = |name| ColumnDef::new(name).timestamp_with_time_zone().to_owned();
    vec![
        // Of the place as an aggregate: its last event.
        ("place", ColumnDef::new("version").integer().not_null().default(1).to_owned()),
        ("place", moment("retired_at")),
        // Whose code it was; `place_id` is what it stands for today. Empty where a program of before wrote the row.
        ("place_code", ColumnDef::new("holder_id").uuid().to_owned()),
        ("place_code", moment("given_at")),
        ("place_code", moment("ended_at")),
    ]
}

/// How often the net of a county changed: each change is decided on one state of the whole net.
fn place_net() -> TableCreateStatement {
    Table::create()
        .table("place_net")
        .col(ColumnDef::new("county").text().not_null().primary_key())
        .col(ColumnDef::new("version").big_integer().not_null())
        .to_owned()
}

/// Codes under which tickets, grants and shifts may still lie although the places have others by now.
fn recoding() -> TableCreateStatement {
    Table::create()
        .table("recoding")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("code").text().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("due_at").timestamp_with_time_zone())
        .to_owned()
}
