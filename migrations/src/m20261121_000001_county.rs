//! A county: keys, playbooks, places, units, users and what they were granted.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables =
            [secret_key(), playbook(), place(), place_code(), unit(), app_user(), identity(), role_grant()];
        for table in tables {
            manager.create_table(table).await?;
        }
        let by_user = Index::create().name("role_grant_user").table("role_grant").col("user_id").to_owned();
        manager.create_index(by_user).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in
            ["role_grant", "identity", "app_user", "unit", "place_code", "place", "playbook", "secret_key"]
        {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// Keys, wrapped by the master key.
fn secret_key() -> TableCreateStatement {
    Table::create()
        .table("secret_key")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("purpose").text().not_null())
        .col(ColumnDef::new("wrapped").blob().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .to_owned()
}

fn playbook() -> TableCreateStatement {
    Table::create()
        .table("playbook")
        .col(ColumnDef::new("county").text().not_null().primary_key())
        .col(ColumnDef::new("source_hash").text().not_null())
        .col(ColumnDef::new("body").json_binary().not_null())
        .col(ColumnDef::new("updated_at").timestamp_with_time_zone().not_null())
        .to_owned()
}

fn place() -> TableCreateStatement {
    Table::create()
        .table("place")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("code").text().not_null().unique_key())
        .col(ColumnDef::new("name").text().not_null())
        .to_owned()
}

/// Every code that a place ever had: an old one resolves for ever.
fn place_code() -> TableCreateStatement {
    Table::create()
        .table("place_code")
        .col(ColumnDef::new("code").text().not_null().primary_key())
        .col(ColumnDef::new("place_id").uuid().not_null())
        .foreign_key(ForeignKey::create().from("place_code", "place_id").to("place", "id"))
        .to_owned()
}

fn unit() -> TableCreateStatement {
    Table::create()
        .table("unit")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("county").text().not_null())
        .col(ColumnDef::new("name").text().not_null())
        .to_owned()
}

/// `name` is sealed; `grants_version` grows with every change of what they were granted.
fn app_user() -> TableCreateStatement {
    Table::create()
        .table("app_user")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("name").blob().not_null())
        .col(ColumnDef::new("grants_version").integer().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .to_owned()
}

/// How users sign in. The subject (a WeChat openid) is looked up by its keyed hash and kept sealed.
fn identity() -> TableCreateStatement {
    Table::create()
        .table("identity")
        .col(ColumnDef::new("provider").text().not_null())
        .col(ColumnDef::new("subject_hash").blob().not_null())
        .col(ColumnDef::new("subject").blob().not_null())
        .col(ColumnDef::new("user_id").uuid().not_null())
        .primary_key(Index::create().col("provider").col("subject_hash"))
        .foreign_key(ForeignKey::create().from("identity", "user_id").to("app_user", "id"))
        .to_owned()
}

fn role_grant() -> TableCreateStatement {
    Table::create()
        .table("role_grant")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("user_id").uuid().not_null())
        .col(ColumnDef::new("role").text().not_null())
        .col(ColumnDef::new("scope").json_binary().not_null())
        .foreign_key(ForeignKey::create().from("role_grant", "user_id").to("app_user", "id"))
        .to_owned()
}
