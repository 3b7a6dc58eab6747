//! Claims of a street and of a community come out of an index of theirs, and answers that are kept lie in their rows.

use super::dialect;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The lists, by what they are of.
const LISTS: [(&str, &str); 2] =
    [("ticket_claimable_street", "street"), ("ticket_claimable_community", "community")];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, area) in LISTS {
            let list = Index::create()
                .name(name)
                .table("ticket")
                .col(area)
                .col("created_at")
                .col("id")
                .and_where(Expr::col("claim_roles").ne(0))
                .to_owned();
            manager.create_index(list).await?;
        }
        dialect::keep_answers_in_rows(manager, true).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::keep_answers_in_rows(manager, false).await?;
        for (name, _) in LISTS {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        Ok(())
    }
}
