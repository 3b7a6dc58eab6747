//! Open tickets of before warn, too: the sweep looks at them when they are to, and not only when their limit is over. And
//! lists of what is read or still standing come out of an index.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// When a ticket's clocks that run are to warn first.
const WARNS: &str = "(SELECT min(c.warn_at) FROM clock c WHERE c.ticket_id = ticket.id AND c.met_at IS NULL \
     AND c.breached_at IS NULL AND c.cancelled_at IS NULL AND c.paused_at IS NULL AND c.warn_at < c.due_at)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        db.execute_unprepared(&format!(
            "UPDATE ticket SET next_at = {WARNS} WHERE next_at IS NOT NULL AND state_v < 4 AND {WARNS} < next_at"
        ))
        .await?;
        let read = Index::create()
            .name("inbox_read")
            .table("inbox")
            .col("user_id")
            .col("id")
            .and_where(Expr::col("read_at").is_not_null())
            .to_owned();
        manager.create_index(read).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // A ticket that is looked at too early is left as it is.
        manager.get_connection().execute_unprepared("DROP INDEX inbox_read").await.map(drop)
    }
}
