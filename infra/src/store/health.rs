//! A look at a database from outside, for whoever has to know why it does not serve. Nothing is changed: no file is made, no
//! schema brought up to date, no key made.

use super::calendar::Years;
use super::connect::Database;
use super::dialect::{code_of, tables};
use super::error::StoreError;
use super::key;
use super::reactor::{Reactor, ReactorState, state_of};
use super::row::{Row, column};
use crate::keys::{Keyring, MasterKey};
use domain::time::Timestamp;
use migrations::{Migrator, MigratorTrait, Standing};
use sea_orm::sqlx::postgres::{PgConnection, PgPoolOptions};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sea_orm::sqlx::{self, ConnectOptions, Connection};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, SqlxPostgresConnector, SqlxSqliteConnector, Statement,
    Value,
};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

/// How long a database may take to let us in.
const CONNECT: Duration = Duration::from_secs(3);
/// How long SQLite may be locked.
const BUSY: Duration = Duration::from_secs(1);
/// Where SQLite's header says whether there is a write-ahead log, and what it says then.
const WAL: (usize, u8) = (18, 2);

/// Why a database cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum NoLook {
    /// SQLite: there is no such file. It is made at the first start.
    #[error("no such file")]
    NoFile,
    /// SQLite: the file is no database.
    #[error("not a database")]
    NoDatabaseFile,
    /// PostgreSQL: no database of this name.
    #[error("{0}")]
    NoDatabase(String),
    /// PostgreSQL: the user or the password is not right, or this user may not come from here.
    #[error("{0}")]
    Credentials(String),
    /// Somebody else holds it.
    #[error("{0}")]
    Locked(String),
    /// Nobody answers, or not in time; or it may not be read.
    #[error("{0}")]
    Away(String),
}

/// What a database server says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Engine {
    /// A SQLite file.
    Sqlite {
        /// Whether it has a write-ahead log; without, readers wait for the writer.
        wal: bool,
    },
    /// A PostgreSQL server.
    Postgres {
        /// `server_version_num`: 150004 is 15.4.
        version: i32,
        /// Settings under which what was acknowledged may be lost, that are off.
        off: Vec<&'static str>,
        /// Whether it is a standby, which nobody can write to.
        standby: bool,
        /// Its clock.
        now: Timestamp,
    },
}

/// How a schema and this program go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// Whether there are no tables at all.
    pub is_empty: bool,
    /// Migrations that are still to be made, oldest first.
    pub pending: Vec<String>,
    /// Whether a newer program made it what it is.
    pub standing: Standing,
}

/// A database that is looked at.
#[derive(Debug)]
pub struct Look {
    db: DatabaseConnection,
    wal: bool,
}

impl Database {
    /// Opens it for looking only.
    ///
    /// # Errors
    /// [`NoLook`].
    pub async fn look(&self) -> Result<Look, NoLook> {
        match self {
            Self::Sqlite(options) => {
                let file = options.get_filename();
                let wal = has_wal(file)?;
                // Whoever opens a database with a write-ahead log makes files beside it, and the server may then lack the right
                // to use them. Without a log nobody has it open, so that nothing need be kept from changing under us.
                let is_open = file.with_file_name(with_end(file, "-wal")).exists();
                let options = SqliteConnectOptions::new()
                    .filename(file)
                    .read_only(true)
                    .immutable(!is_open)
                    .busy_timeout(BUSY)
                    .disable_statement_logging();
                let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await;
                let db = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool.map_err(|error| no_look(&error))?);
                Ok(Look { db, wal })
            }
            Self::Postgres(options) => {
                let settings = [("default_transaction_read_only", "on"), ("statement_timeout", "5s")];
                let options = (**options).clone().application_name("huying doctor").options(settings);
                // A pool tries again until its time is up, and does not say why.
                let first = tokio::time::timeout(CONNECT, PgConnection::connect_with(&options)).await;
                let first = first.map_err(|_| NoLook::Away(format!("no answer within {CONNECT:?}")))?;
                // That it is gone already is no fault.
                let _ = first.map_err(|error| no_look(&error))?.close().await;
                let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(CONNECT);
                let pool = pool.connect_with(options).await.map_err(|error| no_look(&error))?;
                Ok(Look { db: SqlxPostgresConnector::from_sqlx_postgres_pool(pool), wal: false })
            }
        }
    }
}

fn with_end(file: &Path, end: &str) -> std::ffi::OsString {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(end);
    name
}

/// Whether the file says that it has a write-ahead log. An empty file is a database without anything in it.
fn has_wal(file: &Path) -> Result<bool, NoLook> {
    let mut header = Vec::new();
    let read = File::open(file).and_then(|file| file.take(100).read_to_end(&mut header));
    match read {
        Err(error) if error.kind() == ErrorKind::NotFound => Err(NoLook::NoFile),
        Err(error) => Err(NoLook::Away(error.to_string())),
        Ok(0) => Ok(true),
        Ok(_) if !header.starts_with(b"SQLite format 3\0") => Err(NoLook::NoDatabaseFile),
        Ok(_) => Ok(header.get(WAL.0) == Some(&WAL.1)),
    }
}

/// By SQLSTATE, or by the primary one of SQLite's codes: NOTADB; BUSY, LOCKED.
fn no_look(error: &sqlx::Error) -> NoLook {
    let said = error.to_string();
    let code = code_of(error).unwrap_or_default();
    let sqlite = code.parse::<u32>().ok().filter(|_| code.len() < 5).map(|code| code & 0xff);
    match (code.as_str(), sqlite) {
        ("3D000", _) => NoLook::NoDatabase(said),
        (code, _) if code.starts_with("28") && code.len() == 5 => NoLook::Credentials(said),
        (_, Some(26)) => NoLook::NoDatabaseFile,
        (_, Some(5 | 6)) => NoLook::Locked(said),
        _ => NoLook::Away(said),
    }
}

impl Look {
    /// What the server says of itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn engine(&self) -> Result<Engine, StoreError> {
        const SAFETY: [&str; 3] = ["fsync", "full_page_writes", "synchronous_commit"];
        if self.db.get_database_backend() == DbBackend::Sqlite {
            return Ok(Engine::Sqlite { wal: self.wal });
        }
        let sql = "SELECT current_setting('server_version_num')::int AS version, current_setting('fsync') AS fsync, \
             current_setting('full_page_writes') AS full_page_writes, \
             current_setting('synchronous_commit') AS synchronous_commit, pg_is_in_recovery() AS standby, \
             clock_timestamp() AS now";
        let row = self.one(sql, vec![]).await?;
        let mut off = Vec::new();
        for name in SAFETY {
            if column::<String>(&row, "pg_settings", name)? == "off" {
                off.push(name);
            }
        }
        Ok(Engine::Postgres {
            version: column(&row, "pg_settings", "version")?,
            off,
            standby: column(&row, "pg_settings", "standby")?,
            now: column(&row, "pg_settings", "now")?,
        })
    }

    /// How its schema and this program go together.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn schema(&self) -> Result<Schema, StoreError> {
        let tables = self.tables().await?;
        let (of_migrations, others): (Vec<_>, Vec<_>) =
            tables.into_iter().partition(|name| name == "seaql_migrations");
        let applied = if of_migrations.is_empty() {
            Vec::new()
        } else {
            let rows = self.all("SELECT version FROM seaql_migrations ORDER BY version", vec![]).await?;
            names(&rows, "seaql_migrations", "version")?
        };
        let files = Migrator::get_migration_files();
        let known: Vec<_> = files.iter().map(|file| file.name().to_owned()).collect();
        let pending = known.into_iter().filter(|name| !applied.contains(name)).collect();
        Ok(Schema { is_empty: others.is_empty(), pending, standing: Standing::of_applied(applied) })
    }

    /// Whether the stored keys open with this master key, or, without one, could be asked to; `false` where there are none
    /// yet.
    ///
    /// # Errors
    /// [`StoreError::Key`], [`StoreError`].
    pub async fn keys_open(&self, master: Option<&MasterKey>, now: Timestamp) -> Result<bool, StoreError> {
        if !self.tables().await?.iter().any(|name| name == "secret_key") {
            return Ok(false);
        }
        let stored = key::all(&self.db).await?;
        if let Some(master) = master.filter(|_| !stored.is_empty()) {
            Keyring::open(&stored, master, now)?;
        }
        Ok(!stored.is_empty())
    }

    /// Where a reactor stands. At most `most` of the events that wait are counted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reactor_state(&self, reactor: Reactor, most: u32) -> Result<ReactorState, StoreError> {
        state_of(&self.db, reactor, most).await
    }

    /// When the oldest limit passed that nobody has settled.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn oldest_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let sql =
            "SELECT next_at FROM ticket WHERE next_at IS NOT NULL AND next_at < $1 ORDER BY next_at LIMIT 1";
        let rows = self.all(sql, vec![now.into()]).await?;
        rows.first().map(|row| column(row, "ticket", "next_at")).transpose()
    }

    /// Years that the calendar of the whole country should have by now, and has not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn missing_years(&self, now: Timestamp) -> Result<Vec<i32>, StoreError> {
        Ok(Years::read(&self.db).await?.nation().missing(now))
    }

    /// Whether SQLite finds its file in order, with what it says otherwise. `None` when that took too long.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn integrity(&self, limit: Duration) -> Result<Option<Result<(), String>>, StoreError> {
        let Ok(row) = tokio::time::timeout(limit, self.one("PRAGMA quick_check(1)", vec![])).await else {
            return Ok(None);
        };
        let said: String = column(&row?, "sqlite_master", "quick_check")?;
        Ok(Some(if said == "ok" { Ok(()) } else { Err(said) }))
    }

    async fn tables(&self) -> Result<Vec<String>, StoreError> {
        names(&self.all(tables(self.db.get_database_backend()), vec![]).await?, "tables", "name")
    }

    async fn one(&self, sql: &str, values: Vec<Value>) -> Result<Row, StoreError> {
        let none = || StoreError::corrupt("pg_settings", "name", "?", "no row");
        self.all(sql, values).await?.pop().ok_or_else(none)
    }

    async fn all(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let statement = Statement::from_sql_and_values(self.db.get_database_backend(), sql, values);
        Ok(self.db.query_all_raw(statement).await?.into_iter().map(Row::from).collect())
    }
}

fn names(rows: &[Row], table: &'static str, name: &'static str) -> Result<Vec<String>, StoreError> {
    rows.iter().map(|row| column(row, table, name)).collect()
}
