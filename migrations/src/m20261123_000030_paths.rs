//! Tickets that wait for the decision of those above, that somebody was asked first about, that a unit raised, or that were
//! taken from a message of a chat, which is filed once.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The lists, by what they are of.
const LISTS: [(&str, &str); 2] =
    [("ticket_first_asked", "first_asked_id"), ("ticket_requester_unit", "requester_unit_id")];
/// Of the key of the message.
const MESSAGE: &str = "ticket_message";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in columns() {
            manager.alter_table(Table::alter().table("ticket").add_column(column).to_owned()).await?;
        }
        for (name, of) in LISTS {
            let list = Index::create()
                .name(name)
                .table("ticket")
                .col(of)
                .col("created_at")
                .col("id")
                .and_where(Expr::col(of).is_not_null())
                .to_owned();
            manager.create_index(list).await?;
        }
        let once = Index::create().name(MESSAGE).table("ticket").col("message_key").unique().to_owned();
        manager.create_index(once).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in LISTS.map(|(name, _)| name).into_iter().chain([MESSAGE]) {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        for column in columns().iter().rev() {
            let name = column.get_column_name();
            manager.alter_table(Table::alter().table("ticket").drop_column(name).to_owned()).await?;
        }
        Ok(())
    }
}

/// What a ticket's row says besides. Programs of before leave it as it is.
fn columns() -> Vec<ColumnDef> {
    vec![
        ColumnDef::new("escalated").boolean().not_null().default(false).to_owned(),
        ColumnDef::new("first_asked_id").uuid().to_owned(),
        ColumnDef::new("referral_id").uuid().to_owned(),
        ColumnDef::new("requester_unit_id").uuid().to_owned(),
        ColumnDef::new("message_key").blob().to_owned(),
    ]
}
