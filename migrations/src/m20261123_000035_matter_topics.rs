//! Matters of one topic, such as the duties of one key, come out of an index of their own, and so does the audit trail without
//! what nobody decided. Programs of before go on with the index of the whole trail, which also serves who asks for one kind.

use crate::dialect;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TOPICS: &str =
    "CREATE INDEX matter_topic ON matter (kind, county, topic, sorted_at, id) WHERE topic IS NOT NULL";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(TOPICS).await?;
        dialect::index_decided(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        db.execute_unprepared("DROP INDEX event_decided").await?;
        db.execute_unprepared("DROP INDEX matter_topic").await.map(drop)
    }
}
