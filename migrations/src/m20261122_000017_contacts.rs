//! The tickets of a phone number come out of an index in the order of their list.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        // Empty where a program of before writes the row.
        let created_at = ColumnDef::new("created_at").timestamp_with_time_zone().to_owned();
        manager.alter_table(Table::alter().table("ticket_contact").add_column(created_at).to_owned()).await?;
        let fill = "UPDATE ticket_contact SET created_at = t.created_at FROM ticket t WHERE t.id = ticket_contact.ticket_id";
        db.execute_unprepared(fill).await?;
        db.execute_unprepared("DROP INDEX ticket_contact_phone").await?;
        manager.create_index(phones().col("created_at").col("ticket_id").to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX ticket_contact_phone").await?;
        manager.create_index(phones()).await?;
        let table = Table::alter().table("ticket_contact").drop_column("created_at").to_owned();
        manager.alter_table(table).await
    }
}

fn phones() -> IndexCreateStatement {
    Index::create()
        .name("ticket_contact_phone")
        .table("ticket_contact")
        .col("phone_hash")
        .and_where(Expr::col("phone_hash").is_not_null())
        .to_owned()
}
