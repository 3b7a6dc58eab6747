//! What somebody did is found by who did it: for the copy of all that is held on them, and to erase what they wrote.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // What time did has no actor.
        let by_actor = Index::create()
            .name("event_actor")
            .table("event")
            .col("actor")
            .col("position")
            .and_where(Expr::col("actor").is_not_null())
            .to_owned();
        let identities = Index::create().name("identity_user").table("identity").col("user_id").to_owned();
        let joined = Index::create()
            .name("app_user_joined")
            .table("app_user")
            .col("joined_into")
            .and_where(Expr::col("joined_into").is_not_null())
            .to_owned();
        for index in [by_actor, identities, joined] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for index in ["app_user_joined", "identity_user", "event_actor"] {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {index}")).await?;
        }
        Ok(())
    }
}
