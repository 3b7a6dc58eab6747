//! What is in a database, counted: rows and a digest of every table, and how far reactors have come.

use super::super::log::{Cursor, Order};
use super::BackupError;
use super::manifest::{Manifest, Needed, Stands};
use crate::keys::{Keyring, MasterKey, WrappedKey};
use aws_lc_rs::digest::{SHA256, digest};
use domain::time::Timestamp;
use futures_util::TryStreamExt;
use sea_orm::DbBackend;
use sea_orm::sqlx::postgres::{PgConnection, PgRow};
use sea_orm::sqlx::sqlite::{SqliteConnection, SqliteRow};
use sea_orm::sqlx::{self, AssertSqlSafe, FromRow};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How many rows there are, and what they come to in whatever order they are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many.
    pub rows: u64,
    /// The sum of the first halves of their SHA-256, in hexadecimal.
    pub digest: String,
}

/// A tally in the making.
#[derive(Debug, Default)]
struct Count {
    rows: u64,
    sum: u128,
}

impl Count {
    fn add(&mut self, row: &str) {
        self.rows += 1;
        let (half, _) = digest(&SHA256, row.as_bytes()).as_ref().split_first_chunk().map_or_else(
            || unreachable!("SHA-256 has 32 bytes"),
            |(half, rest)| (u128::from_le_bytes(*half), rest),
        );
        self.sum = self.sum.wrapping_add(half);
    }

    fn tally(&self) -> Tally {
        Tally { rows: self.rows, digest: format!("{:032x}", self.sum) }
    }
}

/// One connection, on which everything that is read is of one moment.
#[derive(Debug)]
pub(super) enum Source {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Rows as text must not depend on how a server is set.
const PLAIN: &str = "SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET bytea_output = 'hex'; \
     SET extra_float_digits = 1; SET intervalstyle = 'postgres'; SET statement_timeout = 0; \
     SET idle_in_transaction_session_timeout = 0";

/// What of a table is another in another cluster.
fn is_of_the_cluster(table: &str, column: &str) -> bool {
    matches!((table, column), ("event" | "reactor", "xid") | ("reactor", "position"))
}

impl Source {
    pub(super) fn backend(&self) -> DbBackend {
        match self {
            Self::Sqlite(_) => DbBackend::Sqlite,
            Self::Postgres(_) => DbBackend::Postgres,
        }
    }

    /// For reading a PostgreSQL, with nothing of its server's settings.
    pub(super) async fn postgres(mut connection: PgConnection) -> Result<Self, BackupError> {
        sqlx::raw_sql(PLAIN).execute(&mut connection).await?;
        Ok(Self::Postgres(connection))
    }

    pub(super) async fn run(&mut self, sql: &str) -> Result<(), BackupError> {
        let sql = AssertSqlSafe(sql);
        match self {
            Self::Sqlite(connection) => sqlx::raw_sql(sql).execute(connection).await.map(drop)?,
            Self::Postgres(connection) => sqlx::raw_sql(sql).execute(connection).await.map(drop)?,
        }
        Ok(())
    }

    /// The rows of a query.
    pub(super) async fn all<T>(&mut self, sql: &str) -> Result<Vec<T>, BackupError>
    where
        T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let sql = AssertSqlSafe(sql);
        Ok(match self {
            Self::Sqlite(connection) => sqlx::query_as(sql).fetch_all(connection).await?,
            Self::Postgres(connection) => sqlx::query_as(sql).fetch_all(connection).await?,
        })
    }

    /// The only text of the only row.
    pub(super) async fn text(&mut self, sql: &str) -> Result<String, BackupError> {
        let rows: Vec<(String,)> = self.all(sql).await?;
        Ok(rows.into_iter().next().map(|(text,)| text).unwrap_or_default())
    }

    async fn count(&mut self, sql: &str) -> Result<Tally, BackupError> {
        let (sql, mut count) = (AssertSqlSafe(sql), Count::default());
        match self {
            Self::Sqlite(connection) => {
                let mut rows = sqlx::query_scalar::<_, String>(sql).fetch(connection);
                while let Some(row) = rows.try_next().await? {
                    count.add(&row);
                }
            }
            Self::Postgres(connection) => {
                let mut rows = sqlx::query_scalar::<_, String>(sql).fetch(connection);
                while let Some(row) = rows.try_next().await? {
                    count.add(&row);
                }
            }
        }
        Ok(count.tally())
    }

    /// The tables, in order; without those of PostgreSQL's extensions.
    pub(super) async fn tables(&mut self) -> Result<Vec<String>, BackupError> {
        let sql = match self {
            Self::Sqlite(_) => {
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1"
            }
            Self::Postgres(_) => {
                "SELECT c.relname::text FROM pg_class c WHERE c.relkind = 'r' \
                 AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) \
                 AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid \
                   AND d.deptype = 'e') ORDER BY 1"
            }
        };
        Ok(self.all::<(String,)>(sql).await?.into_iter().map(|(name,)| name).collect())
    }

    async fn tally(&mut self, table: &str, without: Option<Uuid>) -> Result<Tally, BackupError> {
        let sql = match self {
            Self::Sqlite(_) => format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid"),
            Self::Postgres(_) => format!(
                "SELECT attname::text FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid = \
                 (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                   WHERE n.nspname = current_schema() AND c.relname = '{table}') ORDER BY attnum"
            ),
        };
        let columns = self.all::<(String,)>(&sql).await?.into_iter();
        let sql = match self {
            Self::Sqlite(_) => {
                let columns: Vec<_> = columns.map(|(column,)| format!("quote(\"{column}\")")).collect();
                format!("SELECT {} FROM \"{table}\"", columns.join(" || ',' || "))
            }
            Self::Postgres(_) => {
                let columns = columns.filter(|(column,)| !is_of_the_cluster(table, column));
                let columns: Vec<_> = columns.map(|(column,)| format!("\"{column}\"")).collect();
                let without = without.filter(|_| table == "restoration");
                let rows = without.map(|id| format!(" WHERE id <> '{id}'")).unwrap_or_default();
                format!("SELECT ROW({})::text FROM \"{table}\"{rows}", columns.join(", "))
            }
        };
        self.count(&sql).await
    }

    /// Every table counted; `told` hears of how many. Of restorations one may be left out, on PostgreSQL.
    pub(super) async fn tallies(
        &mut self,
        without: Option<Uuid>,
        told: &super::Told,
    ) -> Result<BTreeMap<String, Tally>, BackupError> {
        let tables = self.tables().await?;
        let (all, mut tallies) = (tables.len() as u64, BTreeMap::new());
        for (done, table) in (0..).zip(tables) {
            told(super::Step::Count, done, Some(all));
            let tally = self.tally(&table, without).await?;
            tallies.insert(table, tally);
        }
        Ok(tallies)
    }

    /// Where the reactors stand, and which events each has not read.
    pub(super) async fn reactors(&mut self) -> Result<Vec<Stands>, BackupError> {
        let rows: Vec<(String, i64, i64)> =
            self.all("SELECT name, xid, position FROM reactor ORDER BY name").await?;
        let mut stands = Vec::with_capacity(rows.len());
        for (name, xid, position) in rows {
            let cursor = Cursor::at(xid, position);
            let behind =
                Order::of(self.backend()).after(&format!("'{}'", cursor.xid()), &position.to_string());
            let sql = format!(
                "SELECT CAST(e.position AS text) FROM event e WHERE {behind} AND e.aggregate = 'ticket'"
            );
            let unread = self.count(&sql).await?;
            stands.push(Stands { name, cursor, unread });
        }
        Ok(stands)
    }

    /// Everything that the manifest says, after a look whether the master key is the one that goes with it.
    pub(super) async fn manifest(
        &mut self,
        master: &MasterKey,
        taken_at: Timestamp,
        told: &super::Told,
    ) -> Result<Manifest, BackupError> {
        let tables = self.tables().await?;
        let there = |table: &str| tables.iter().any(|name| name == table);
        if !there("seaql_migrations") || !there("secret_key") {
            return Err(BackupError::Nothing("数据库里没有它的表".into()));
        }
        let keys = self.keys(taken_at).await?;
        Keyring::open(&keys, master, taken_at)?;
        let last: Vec<(i64,)> = self.all("SELECT COALESCE(MAX(position), 0) FROM event").await?;
        let (server, schema) = match self {
            Self::Sqlite(_) => (None, None),
            Self::Postgres(_) => {
                (Some(self.server().await?), Some(self.text("SELECT current_schema()::text").await?))
            }
        };
        Ok(Manifest {
            format: super::FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            backend: super::manifest::Kept::of(self.backend()),
            server,
            schema,
            migration: self
                .text("SELECT version FROM seaql_migrations ORDER BY version DESC LIMIT 1")
                .await?,
            taken_at,
            last_position: last.first().map_or(0, |(position,)| *position),
            keys: keys.into_iter().map(|key| Needed { id: key.id, purpose: key.purpose }).collect(),
            reactors: if there("reactor") { self.reactors().await? } else { Vec::new() },
            tables: self.tallies(None, told).await?,
        })
    }

    /// The keys, newest first; what of them came with later schemas is of no matter here.
    async fn keys(&mut self, now: Timestamp) -> Result<Vec<WrappedKey>, BackupError> {
        let sql = "SELECT id, purpose, wrapped FROM secret_key ORDER BY created_at DESC, id DESC";
        let rows: Vec<(Uuid, String, Vec<u8>)> = self.all(sql).await?;
        let key =
            |(id, purpose, wrapped)| WrappedKey { id, purpose, wrapped, created_at: now, retires_at: None };
        Ok(rows.into_iter().map(key).collect())
    }

    /// The major version of a PostgreSQL server.
    pub(super) async fn server(&mut self) -> Result<u32, BackupError> {
        let number = self.text("SELECT current_setting('server_version_num')").await?;
        Ok(number.parse::<u32>().unwrap_or_default() / 10_000)
    }
}
