//! Who is away, and who stands in.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [absence(), absence_county()] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        manager.alter_table(Table::alter().table("app_user").add_column(duty_version()).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("app_user").drop_column("duty_version").to_owned()).await?;
        for table in ["absence_county", "absence"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn absence() -> TableCreateStatement {
    Table::create()
        .table("absence")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("user_id").uuid().not_null())
        .col(ColumnDef::new("starts_at").timestamp_with_time_zone().not_null())
        // As it starts, where it was ended before it began.
        .col(ColumnDef::new("ends_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("stand_in").uuid())
        // Of `free_text`.
        .col(ColumnDef::new("reason_id").uuid())
        .col(ColumnDef::new("created_by").uuid().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("version").integer().not_null())
        .to_owned()
}

/// The counties in which whoever is away held posts when it was entered, a row each, so that each county lists its own.
fn absence_county() -> TableCreateStatement {
    Table::create()
        .table("absence_county")
        .col(ColumnDef::new("county").integer().not_null())
        .col(ColumnDef::new("starts_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("absence_id").uuid().not_null())
        .primary_key(Index::create().col("absence_id").col("county"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let of = |name: &'static str, table: &'static str, columns: &[&'static str]| {
        let mut index = Index::create().name(name).table(table).to_owned();
        for column in columns {
            index.col(*column);
        }
        index
    };
    vec![
        of("absence_user", "absence", &["user_id", "starts_at", "id"]),
        of("absence_stand_in", "absence", &["stand_in", "starts_at", "id"])
            .and_where(Expr::col("stand_in").is_not_null())
            .to_owned(),
        of("absence_county_starts_at", "absence_county", &["county", "starts_at", "absence_id"]),
    ]
}

/// Grows with every shift and absence that is entered of a person: whether one overlaps is decided on one state of all of
/// theirs.
fn duty_version() -> ColumnDef {
    ColumnDef::new("duty_version").integer().not_null().default(0).to_owned()
}
