//! What the two databases cannot say alike.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// The event log's transaction ids. SQLite has one writer, so there the position alone is the order of commits.
pub(crate) async fn add_event_xid(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let db = manager.get_connection();
    db.execute_unprepared("ALTER TABLE event ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id()")
        .await?;
    db.execute_unprepared("CREATE INDEX event_xid ON event (xid, position)").await?;
    Ok(())
}
