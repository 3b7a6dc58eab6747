//! People: how they sign in, what they were granted and by whom, and what is left to do when they go.

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
        let tables = [grant_place(), session(), credential(), login_failure(), login_address(), handover()];
        for table in tables {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        // Whoever went back and comes again has a history already.
        for table in ["app_user", "unit"] {
            let sql = format!(
                "UPDATE {table} SET version = (SELECT MAX(e.stream_version) FROM event e WHERE e.stream = {table}.id) \
                 WHERE EXISTS (SELECT 1 FROM event e WHERE e.stream = {table}.id)"
            );
            manager.get_connection().execute_unprepared(&sql).await?;
        }
        dialect::fill_grant_scopes(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["handover", "login_address", "login_failure", "credential", "session", "grant_place"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        for index in ["app_user_phone", "role_grant_unit", "unit_county"] {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {index}")).await?;
        }
        for (table, column) in columns() {
            let name = column.get_column_name().clone();
            manager.alter_table(Table::alter().table(table).drop_column(name).to_owned()).await?;
        }
        Ok(())
    }
}

fn columns() -> Vec<(&'static str, ColumnDef)> {
    let moment = |name| ColumnDef::new(name).timestamp_with_time_zone().to_owned();
    let version = || ColumnDef::new("version").integer().not_null().default(1).to_owned();
    vec![
        // Sealed; looked up by the keyed hash.
        ("app_user", ColumnDef::new("phone").blob().to_owned()),
        ("app_user", ColumnDef::new("phone_hash").blob().to_owned()),
        // Of the person as an aggregate: their last event.
        ("app_user", version()),
        ("app_user", moment("erased_at")),
        // Whom a roster entry turned out to be.
        ("app_user", ColumnDef::new("joined_into").uuid().to_owned()),
        ("role_grant", ColumnDef::new("unit_id").uuid().to_owned()),
        ("unit", version()),
        // Tokens that it signed are good until then; none while it is the newest.
        ("secret_key", moment("retires_at")),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    let of = |name: &'static str, table: &'static str, columns: &[&'static str]| {
        let mut index = Index::create().name(name).table(table).to_owned();
        for column in columns {
            index.col(*column);
        }
        index
    };
    vec![
        of("app_user_phone", "app_user", &["phone_hash"])
            .unique()
            .and_where(Expr::col("phone_hash").is_not_null())
            .to_owned(),
        of("role_grant_unit", "role_grant", &["unit_id", "user_id"])
            .and_where(Expr::col("unit_id").is_not_null())
            .to_owned(),
        of("grant_place_code", "grant_place", &["code", "user_id"]),
        of("unit_county", "unit", &["county", "id"]),
        of("session_user", "session", &["user_id"]),
        of("session_expires_at", "session", &["expires_at"]),
        of("login_failure_at", "login_failure", &["failed_at"]),
    ]
}

/// The places of grants, a row each, so that whoever is granted something in an area is found. The scope of the grant
/// itself is the truth.
fn grant_place() -> TableCreateStatement {
    Table::create()
        .table("grant_place")
        .col(ColumnDef::new("grant_id").uuid().not_null())
        .col(ColumnDef::new("code").text().not_null())
        .col(ColumnDef::new("user_id").uuid().not_null())
        .primary_key(Index::create().col("grant_id").col("code"))
        .to_owned()
}

/// A family of refresh tokens, one a sign-in. Only the hash of the newest token is kept.
fn session() -> TableCreateStatement {
    Table::create()
        .table("session")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("user_id").uuid().not_null())
        .col(ColumnDef::new("token_hash").blob().not_null())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("used_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("expires_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("ended_at").timestamp_with_time_zone())
        .to_owned()
}

/// How staff prove who they are: argon2id of the password, and a sealed secret for one-time codes.
fn credential() -> TableCreateStatement {
    Table::create()
        .table("credential")
        .col(ColumnDef::new("user_id").uuid().not_null().primary_key())
        .col(ColumnDef::new("password").text().not_null())
        .col(ColumnDef::new("changed_at").timestamp_with_time_zone().not_null())
        .col(ColumnDef::new("otp_secret").blob())
        .col(ColumnDef::new("otp_confirmed").boolean().not_null().default(false))
        .col(ColumnDef::new("otp_step").big_integer().not_null().default(0))
        .to_owned()
}

/// Wrong passwords by account and address (both as keyed hashes; accounts that do not exist count alike).
fn login_failure() -> TableCreateStatement {
    Table::create()
        .table("login_failure")
        .col(ColumnDef::new("account_hash").blob().not_null())
        .col(ColumnDef::new("address_hash").blob().not_null())
        .col(ColumnDef::new("failures").integer().not_null())
        .col(ColumnDef::new("failed_at").timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col("account_hash").col("address_hash"))
        .to_owned()
}

/// Addresses from which an account has signed in: nobody else's guessing locks them out.
fn login_address() -> TableCreateStatement {
    Table::create()
        .table("login_address")
        .col(ColumnDef::new("account_hash").blob().not_null())
        .col(ColumnDef::new("address_hash").blob().not_null())
        .col(ColumnDef::new("used_at").timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col("account_hash").col("address_hash"))
        .to_owned()
}

/// Open tickets that are still to be handed over because somebody left a post.
fn handover() -> TableCreateStatement {
    Table::create()
        .table("handover")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(ColumnDef::new("person_id").uuid().not_null())
        .col(ColumnDef::new("successor_id").uuid())
        .col(ColumnDef::new("decided_by").uuid())
        .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
        .to_owned()
}
