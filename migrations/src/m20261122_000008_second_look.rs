//! A handover is looked at twice: at once, and when all that was under way then has ended.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let due_at = ColumnDef::new("due_at").timestamp_with_time_zone().to_owned();
        manager.alter_table(Table::alter().table("handover").add_column(due_at).to_owned()).await?;
        let db = manager.get_connection();
        // Only what they had open was handed on to whoever roster entries had turned out to be, not all that named them.
        db.execute_unprepared(
            "INSERT INTO handover (id, person_id, successor_id, created_at) \
             SELECT u.id, u.id, u.joined_into, u.created_at FROM app_user u WHERE u.joined_into IS NOT NULL \
             AND NOT EXISTS (SELECT 1 FROM handover h WHERE h.id = u.id)",
        )
        .await?;
        // Supervision ends with the ticket.
        db.execute_unprepared(
            "UPDATE ticket SET supervised = false WHERE supervised = true \
             AND status IN ('closed', 'withdrawn', 'declined', 'merged')",
        )
        .await
        .map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("handover").drop_column("due_at").to_owned()).await
    }
}
