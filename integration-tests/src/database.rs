//! A database of its own for each test, copied from a template that is made once: migrated, with Mile's playbook,
//! places and units in it.

use crate::app::config;
use crate::services;
use api::{App, Clock, Demo};
use sqlx::{Connection, Executor, PgConnection};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// On what a test runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// SQLite, cache in process.
    Sqlite,
    /// PostgreSQL, cache in Redis.
    Postgres,
}

const TEMPLATE: &str = "template_mile";

static SQLITE_TEMPLATE: OnceCell<PathBuf> = OnceCell::const_new();
static POSTGRES_TEMPLATE: OnceCell<()> = OnceCell::const_new();
/// All SQLite files of this process. Statics are never dropped, so each process removes what those before it have left.
static FILES: LazyLock<PathBuf> = LazyLock::new(|| {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/test-data");
    let own = all.join(std::process::id().to_string());
    fs::create_dir_all(&own).expect("the target directory takes test data");
    for dir in fs::read_dir(&all).expect("the directory is there").flatten() {
        if !Path::new("/proc").join(dir.file_name()).exists() {
            // Another process may be doing the same.
            let _ = fs::remove_dir_all(dir.path());
        }
    }
    own
});
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Where a test's database is, and its files as long as it is used.
pub struct Database {
    /// For `DATABASE_URL`.
    pub url: String,
    _files: Option<TempDir>,
}

impl Backend {
    /// A fresh database with Mile in it.
    pub async fn database(self) -> Database {
        match self {
            Self::Sqlite => {
                let template = SQLITE_TEMPLATE.get_or_init(sqlite_template).await;
                let (database, file) = new_sqlite();
                fs::copy(template, file).expect("the template is copied");
                database
            }
            Self::Postgres => {
                POSTGRES_TEMPLATE.get_or_init(postgres_template).await;
                new_postgres(&format!("TEMPLATE {TEMPLATE}")).await
            }
        }
    }

    /// A database with nothing in it.
    pub async fn empty(self) -> Database {
        match self {
            Self::Sqlite => new_sqlite().0,
            Self::Postgres => new_postgres("").await,
        }
    }

    /// The Redis that goes with it.
    pub fn redis_url(self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(services::redis().url()),
        }
    }
}

fn new_sqlite() -> (Database, PathBuf) {
    let dir = TempDir::new_in(&*FILES).expect("a directory for a test");
    let file = dir.path().join("huying.db");
    (Database { url: format!("sqlite://{}", file.display()), _files: Some(dir) }, file)
}

async fn new_postgres(how: &str) -> Database {
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::SeqCst));
    administer(&format!("CREATE DATABASE {name} {how}")).await;
    Database { url: services::postgres().url(&name), _files: None }
}

async fn administer(sql: &str) {
    let url = services::postgres().url("postgres");
    let mut session = PgConnection::connect(&url).await.expect("PostgreSQL answers");
    session.execute(sqlx::AssertSqlSafe(sql)).await.expect(sql);
}

async fn sqlite_template() -> PathBuf {
    let file = FILES.join("template.db");
    load_mile(&format!("sqlite://{}", file.display())).await;
    file
}

async fn postgres_template() {
    administer(&format!("CREATE DATABASE {TEMPLATE}")).await;
    load_mile(&services::postgres().url(TEMPLATE)).await;
}

async fn load_mile(url: &str) {
    let app = App::start(config(url, None), Clock::system()).await.expect("the template's server starts");
    app.load_county(Demo::Mile).await.expect("Mile loads");
    app.stop().await.expect("the template's server stops");
}

/// Copies the newest ticket's row so many times, a second apart from the first copy on, as submitted ones: for lists
/// that are too long to be made over HTTP. The copies have no history.
pub async fn copy_tickets(url: &str, count: u32) {
    let columns = "county, street, community, scope_code, place_id, requester_id, channel, content_id, version, round, \
         updated_at, state, state_v";
    match url.strip_prefix("postgres") {
        Some(_) => {
            let sql = format!(
                "INSERT INTO ticket (id, number, status, created_at, {columns}) \
                 SELECT gen_random_uuid(), 'copy-' || n, 'submitted', created_at + n * interval '1 second', {columns} \
                 FROM (SELECT * FROM ticket ORDER BY created_at DESC LIMIT 1) t, generate_series(1, {count}) n"
            );
            let mut session = PgConnection::connect(url).await.expect("PostgreSQL answers");
            session.execute(sqlx::AssertSqlSafe(sql)).await.expect("rows are copied");
        }
        None => {
            let sql = format!(
                "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) \
                 INSERT INTO ticket (id, number, status, created_at, {columns}) \
                 SELECT randomblob(16), 'copy-' || n, 'submitted', \
                 strftime('%Y-%m-%dT%H:%M:%S+00:00', unixepoch(created_at) + n, 'unixepoch'), {columns} \
                 FROM (SELECT * FROM ticket ORDER BY created_at DESC LIMIT 1) t, s"
            );
            let mut file = sqlx::SqliteConnection::connect(url).await.expect("SQLite opens");
            file.execute(sqlx::AssertSqlSafe(sql)).await.expect("rows are copied");
        }
    }
}
