//! The whole ticket: who else takes part in it, whom to call about it, and what lists and the sweep look at besides.

use crate::dialect;
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
        dialect::fill_machine(manager).await?;
        for table in [ticket_party(), ticket_contact()] {
            manager.create_table(table).await?;
        }
        let parties = Index::create()
            .name("ticket_party_party")
            .table("ticket_party")
            .col("party_id")
            .col("kind")
            .col("created_at")
            .col("ticket_id")
            .and_where(Expr::col("active").eq(true))
            .to_owned();
        let phones = Index::create()
            .name("ticket_contact_phone")
            .table("ticket_contact")
            .col("phone_hash")
            .and_where(Expr::col("phone_hash").is_not_null())
            .to_owned();
        let claimable = Index::create()
            .name("ticket_claimable")
            .table("ticket")
            .col("county")
            .col("created_at")
            .col("id")
            .and_where(Expr::col("claim_roles").ne(0))
            .to_owned();
        for index in [parties, phones, claimable] {
            manager.create_index(index).await?;
        }
        dialect::index_audit(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // They are of no use without the column that says what they are about.
        manager.get_connection().execute_unprepared("DELETE FROM event WHERE aggregate <> 'ticket'").await?;
        for index in ["event_audit", "ticket_claimable"] {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {index}")).await?;
        }
        for table in ["ticket_contact", "ticket_party"] {
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
    let text = |name| ColumnDef::new(name).text().not_null().default("").to_owned();
    let flag = |name| ColumnDef::new(name).boolean().not_null().default(false).to_owned();
    vec![
        // The place whose people decide next.
        ("ticket", text("desk")),
        ("ticket", flag("confidential")),
        ("ticket", flag("supervised")),
        // Who may claim it, a bit a role; 0 when nobody may.
        ("ticket", ColumnDef::new("claim_roles").integer().not_null().default(0).to_owned()),
        ("ticket", ColumnDef::new("handling").text().to_owned()),
        ("ticket", ColumnDef::new("origin_id").uuid().to_owned()),
        ("ticket", ColumnDef::new("end_reason_id").uuid().to_owned()),
        ("ticket", ColumnDef::new("plan_id").uuid().to_owned()),
        ("ticket", ColumnDef::new("answer_id").uuid().to_owned()),
        ("clock", ColumnDef::new("paused_at").timestamp_with_time_zone().to_owned()),
        ("clock", ColumnDef::new("paused_ms").big_integer().not_null().default(0).to_owned()),
        // Of what kind the stream is: `ticket`, `person`, `unit`.
        ("event", ColumnDef::new("aggregate").text().not_null().default("ticket").to_owned()),
    ]
}

/// Who takes part besides requester, lead and handler: people and units that assist, requesters that joined by a merge.
/// Rows are switched off and never removed, so that one statement can write them all.
fn ticket_party() -> TableCreateStatement {
    Table::create()
        .table("ticket_party")
        .col(ColumnDef::new("ticket_id").uuid().not_null())
        .col(ColumnDef::new("party_id").uuid().not_null())
        .col(ColumnDef::new("kind").text().not_null())
        .col(ColumnDef::new("active").boolean().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col("ticket_id").col("party_id").col("kind"))
        .to_owned()
}

/// Whom to call about a ticket, and in which household: personal data, sealed. The phone is looked up by its keyed hash.
fn ticket_contact() -> TableCreateStatement {
    Table::create()
        .table("ticket_contact")
        .col(ColumnDef::new("ticket_id").uuid().not_null().primary_key())
        .col(ColumnDef::new("name").blob())
        .col(ColumnDef::new("phone").blob())
        .col(ColumnDef::new("phone_hash").blob())
        .col(ColumnDef::new("household").blob())
        .to_owned()
}
