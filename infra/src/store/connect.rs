//! Connections, and the schema at start.

use super::error::StoreError;
use super::journal::Journal;
use crate::gauge::Pool;
use migrations::{Migrator, MigratorTrait, Standing};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sea_orm::sqlx::{self, ConnectOptions, Connection};
use sea_orm::{DatabaseConnection, DbErr, RuntimeErr, SqlxPostgresConnector, SqlxSqliteConnector};
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const POSTGRES_CONNECTIONS: u32 = 16;
const SQLITE_READERS: u32 = 2;
/// How long a request waits for a connection before it is told to come again.
const ACQUIRE: Duration = Duration::from_secs(3);
/// The command line is a second writer.
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// How long to wait before asking for the start lock again.
const LOCK_PAUSE: Duration = Duration::from_millis(50);
/// Connections idle for longer are tried before they are used.
const IDLE: Duration = Duration::from_secs(30);
/// One advisory lock for all that only one process may do at start.
const START_LOCK: i64 = 0x6875_7969_6e67;

/// Where the data is.
#[derive(Clone)]
pub enum Database {
    /// A SQLite file.
    Sqlite(Box<SqliteConnectOptions>),
    /// A PostgreSQL database, version 15 or newer.
    Postgres(Box<PgConnectOptions>),
}

/// Which way to migrate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the newest schema.
    Up,
    /// So many migrations back.
    Down(u32),
}

/// Held while one process does what only one may do at start; dropping it lets the next one in.
pub struct StartLock(#[expect(dead_code, reason = "dropping it unlocks")] Held);

/// SQLite's is a file beside the database.
enum Held {
    Sqlite(#[expect(dead_code, reason = "closing the file unlocks it")] File),
    Postgres(#[expect(dead_code, reason = "ending the session unlocks it")] Box<PgConnection>),
}

impl fmt::Debug for Database {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place())
    }
}

impl Database {
    /// Reads `sqlite://FILE` or `postgres://…`.
    ///
    /// # Errors
    /// [`StoreError::Seed`] for anything else; it does not repeat the URL.
    pub fn parse(url: &str) -> Result<Self, StoreError> {
        let bad = |error: sqlx::Error| StoreError::Seed(format!("无法识别：{error}"));
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options: PgConnectOptions = url.parse().map_err(bad)?;
            return Ok(Self::Postgres(Box::new(
                options.application_name("huying").disable_statement_logging(),
            )));
        }
        if url.contains(":memory:") || url.contains("mode=memory") {
            return Err(StoreError::Seed("不支持内存中的 SQLite：读写用不同的连接，且重启即失".into()));
        }
        if url.starts_with("sqlite:") {
            return Ok(Self::sqlite(url.parse().map_err(bad)?));
        }
        Err(StoreError::Seed("应以 sqlite:// 或 postgres:// 开头".into()))
    }

    /// A SQLite file, made if it is not there.
    pub fn sqlite_file(path: PathBuf) -> Self {
        Self::sqlite(SqliteConnectOptions::new().filename(path))
    }

    fn sqlite(options: SqliteConnectOptions) -> Self {
        let options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // What is erased leaves no trace in the file's free space.
            .pragma("secure_delete", "ON")
            .busy_timeout(BUSY)
            .disable_statement_logging();
        Self::Sqlite(Box::new(options))
    }

    /// Whether it is SQLite: one machine, one file.
    pub fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// The file, of SQLite.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(options) => Some(options.get_filename()),
            Self::Postgres(_) => None,
        }
    }

    /// Where it is, for people: the file, or host, port and database; never a password.
    pub fn place(&self) -> String {
        match self {
            Self::Sqlite(options) => options.get_filename().display().to_string(),
            Self::Postgres(options) => {
                let database = options.get_database().unwrap_or(options.get_username());
                format!("{}:{}/{database}", options.get_host(), options.get_port())
            }
        }
    }

    /// Waits until no other process is starting.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away, or no file can be made beside it.
    pub async fn lock(&self) -> Result<StartLock, StoreError> {
        match self {
            Self::Sqlite(options) => {
                let path = options.get_filename().with_extension("lock");
                let lock = tokio::task::spawn_blocking(move || {
                    let file = File::options().create(true).truncate(false).write(true).open(&path)?;
                    file.lock()?;
                    Ok::<_, std::io::Error>(file)
                });
                let file = lock.await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
                Ok(StartLock(Held::Sqlite(file.map_err(|error| StoreError::Unavailable(error.to_string()))?)))
            }
            Self::Postgres(options) => {
                let mut session = PgConnection::connect_with(options).await.map_err(connection)?;
                // Asking again, not waiting in the database: who waits there holds a snapshot, and some changes of the
                // schema wait for all older snapshots.
                let lock = || sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(START_LOCK);
                while !lock().fetch_one(&mut session).await.map_err(connection)? {
                    tokio::time::sleep(LOCK_PAUSE).await;
                }
                Ok(StartLock(Held::Postgres(Box::new(session))))
            }
        }
    }

    /// One connection without time limits.
    pub(super) async fn connect_for_migration(&self) -> Result<DatabaseConnection, StoreError> {
        match self {
            Self::Sqlite(options) => Ok(writer(options).await?),
            Self::Postgres(options) => {
                let pool = PgPoolOptions::new().max_connections(1).connect_with((**options).clone()).await;
                Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool.map_err(connection)?))
            }
        }
    }

    /// The pool that serves requests on PostgreSQL, and writes as well; on SQLite it serves what is seldom asked.
    pub(super) async fn connect_for_reading(&self) -> Result<DatabaseConnection, StoreError> {
        match self {
            Self::Sqlite(options) => {
                let options = (**options).clone().pragma("query_only", "ON");
                let pool = SqlitePoolOptions::new()
                    .max_connections(SQLITE_READERS)
                    .acquire_timeout(ACQUIRE)
                    .test_before_acquire(false)
                    .connect_with(options);
                Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool.await.map_err(connection)?))
            }
            Self::Postgres(options) => {
                // The limit of a page is a parameter: without a generic plan each page would be planned anew. Such a plan
                // looks dearer than it is, and would be compiled each time.
                // And whoever thinks that looking something up by its key means waiting for a disk reads whole tables.
                let settings = [
                    ("plan_cache_mode", "force_generic_plan"),
                    ("statement_timeout", "15s"),
                    ("jit", "off"),
                    ("random_page_cost", "1.1"),
                    // A machine that is gone leaves a transaction behind, which would hold back all who follow the log.
                    ("idle_in_transaction_session_timeout", "20s"),
                    ("tcp_keepalives_idle", "10"),
                    ("tcp_keepalives_interval", "5"),
                    ("tcp_keepalives_count", "3"),
                ];
                let pool = PgPoolOptions::new()
                    .max_connections(POSTGRES_CONNECTIONS)
                    .acquire_timeout(ACQUIRE)
                    .test_before_acquire(false)
                    .before_acquire(|session, meta| {
                        Box::pin(async move {
                            if meta.idle_for > IDLE {
                                session.ping().await?;
                            }
                            Ok(true)
                        })
                    })
                    .connect_with((**options).clone().options(settings));
                Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool.await.map_err(connection)?))
            }
        }
    }

    /// The journal of this database.
    pub(super) fn journal(&self, pool: &DatabaseConnection) -> Result<Journal, StoreError> {
        match self {
            Self::Sqlite(options) => Journal::sqlite(options.get_filename().to_owned()),
            Self::Postgres(_) => Ok(Journal::postgres(pool.clone())),
        }
    }
}

/// A connection that writes, for what nobody serves meanwhile.
pub(super) async fn writer(options: &SqliteConnectOptions) -> Result<DatabaseConnection, StoreError> {
    let pool: SqlitePool = SqlitePoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options.clone())
        .await
        .map_err(connection)?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

pub(super) fn connection(error: sqlx::Error) -> StoreError {
    StoreError::from(DbErr::Conn(RuntimeErr::SqlxError(error.into())))
}

/// How a pool does. Asking is the only way to tell how long whoever comes next has to wait.
pub(super) async fn pool(db: &DatabaseConnection, patience: Duration) -> Pool {
    let pool = db.get_postgres_connection_pool();
    let (open, idle, most) = (pool.size(), pool.num_idle(), pool.options().get_max_connections());
    let began = Instant::now();
    // One that does not come in time, or at all, has made them wait as long as it took to say so.
    drop(tokio::time::timeout(patience, pool.acquire()).await);
    Pool { open, idle, most, wait: began.elapsed() }
}

/// Brings the schema to where it should be. One that a newer program made stays as it is: only that one knows the way back.
/// The caller holds the lock.
pub(super) async fn migrate(db: &DatabaseConnection, direction: Direction) -> Result<(), StoreError> {
    match (Standing::of(db).await?, direction) {
        (Standing::Known, Direction::Up) => Migrator::up(db, None).await?,
        (Standing::Known, Direction::Down(steps)) => Migrator::down(db, Some(steps)).await?,
        (Standing::Newer(names), Direction::Up) => {
            tracing::warn!(
                migrations = names.join(", "),
                "the schema is newer than this program; it is served as it is"
            );
        }
        (Standing::Newer(names), Direction::Down(_)) => {
            let names = names.join("、");
            return Err(StoreError::Schema(format!(
                "数据库结构由更新版本的程序升级过（{names}），须用那个版本退回"
            )));
        }
        (Standing::Foreign(names), _) => {
            let names = names.join("、");
            return Err(StoreError::Schema(format!(
                "数据库结构与本程序不兼容，其中有本程序不认识的迁移（{names}）：请使用升级数据库的那个版本或更新的版本"
            )));
        }
    }
    Ok(())
}
