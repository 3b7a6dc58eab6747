//! A database of its own for each test, copied from a template that is made once: migrated, with Mile's playbook,
//! places and units in it.

use crate::app::{config, morning};
use crate::services;
use api::{App, Clock, Demo};
use chrono::TimeDelta;
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
    // The day before: keys that are made in tests are newer than these.
    let clock = Clock::manual(morning() - TimeDelta::days(1));
    let app = App::start(config(url, None), clock).await.expect("the template's server starts");
    app.load_county(Demo::Mile).await.expect("Mile loads");
    app.stop().await.expect("the template's server stops");
}

/// Copies the newest ticket's row so many times, a second apart from the first copy on, as submitted ones: for lists
/// that are too long to be made over HTTP. The copies have no history.
pub async fn copy_tickets(url: &str, count: u32) {
    let columns = "county, street, community, scope_code, desk, place_id, requester_id, channel, content_id, version, round, \
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

/// Adds so many people in bulk, each with five roles in a community of Mile: for lists that are too long to be made over
/// HTTP. They come last in every list, because their names do not open.
pub async fn copy_people(url: &str, count: u32) {
    let places = "(SELECT code, row_number() OVER (ORDER BY code) AS k FROM place WHERE length(code) = 12)";
    let total = "(SELECT count(*) FROM place WHERE length(code) = 12)";
    let sql = match url.strip_prefix("postgres") {
        Some(_) => format!(
            "INSERT INTO app_user (id, name, grants_version, version, created_at) \
             SELECT ('00000000' || substr(md5('copy' || n), 9))::uuid, u.name, 1, 1, u.created_at \
             FROM (SELECT * FROM app_user ORDER BY id LIMIT 1) u, generate_series(1, {count}) n; \
             INSERT INTO role_grant (id, user_id, role, scope) \
             SELECT md5('grant' || n || '-' || g)::uuid, ('00000000' || substr(md5('copy' || n), 9))::uuid, \
               (ARRAY['grid_worker', 'grid_leader', 'volunteer', 'party_member', 'community_clerk'])[g], \
               jsonb_build_object('places', jsonb_build_array(p.code)) \
             FROM generate_series(1, {count}) n, generate_series(1, 5) g, {places} p WHERE p.k = 1 + n % {total}; \
             INSERT INTO grant_place (grant_id, code, user_id) SELECT id, scope -> 'places' ->> 0, user_id FROM role_grant r \
             WHERE NOT EXISTS (SELECT 1 FROM grant_place p WHERE p.grant_id = r.id); ANALYZE"
        ),
        None => format!(
            "CREATE TEMP TABLE copy AS WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) \
               SELECT n, CAST(x'00000000' || randomblob(12) AS blob) AS id FROM s; \
             INSERT INTO app_user (id, name, grants_version, version, created_at) \
             SELECT c.id, u.name, 1, 1, u.created_at FROM (SELECT * FROM app_user ORDER BY id LIMIT 1) u, copy c; \
             INSERT INTO role_grant (id, user_id, role, scope) \
             SELECT randomblob(16), c.id, g.role, json_object('places', json_array(p.code)) \
             FROM copy c, {places} p, (SELECT 'grid_worker' AS role UNION ALL SELECT 'grid_leader' UNION ALL SELECT 'volunteer' \
               UNION ALL SELECT 'party_member' UNION ALL SELECT 'community_clerk') g WHERE p.k = 1 + c.n % {total}; \
             INSERT INTO grant_place (grant_id, code, user_id) SELECT r.id, scope ->> '$.places[0]', r.user_id FROM role_grant r \
             WHERE NOT EXISTS (SELECT 1 FROM grant_place p WHERE p.grant_id = r.id); DROP TABLE copy"
        ),
    };
    execute(url, &sql).await;
}

/// Runs SQL beside the server.
pub async fn execute(url: &str, sql: &str) {
    if url.starts_with("postgres") {
        let mut session = PgConnection::connect(url).await.expect("PostgreSQL answers");
        session.execute(sqlx::AssertSqlSafe(sql)).await.expect("the statement runs");
    } else {
        let mut file = sqlx::SqliteConnection::connect(url).await.expect("SQLite opens");
        file.execute(sqlx::AssertSqlSafe(sql)).await.expect("the statement runs");
    }
}

/// A number that a query yields.
pub async fn number(url: &str, sql: &str) -> i64 {
    if url.starts_with("postgres") {
        let mut session = PgConnection::connect(url).await.expect("PostgreSQL answers");
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut session).await.expect("a number")
    } else {
        let mut file = sqlx::SqliteConnection::connect(url).await.expect("SQLite opens");
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut file).await.expect("a number")
    }
}

/// Lets nobody write tickets, on PostgreSQL, until it lets go.
#[derive(Debug)]
pub struct HeldTickets {
    session: PgConnection,
    url: String,
    table: &'static str,
}

impl HeldTickets {
    /// Holds them.
    pub async fn at(url: &str) -> Self {
        Self::of(url, "ticket").await
    }

    /// Holds another table instead.
    pub async fn of(url: &str, table: &'static str) -> Self {
        let mut session = PgConnection::connect(url).await.expect("PostgreSQL answers");
        let sql = format!("BEGIN; LOCK TABLE {table} IN SHARE MODE");
        session.execute(sqlx::AssertSqlSafe(sql)).await.expect("nobody else holds it");
        Self { session, url: url.to_owned(), table }
    }

    /// Until somebody waits to write one.
    pub async fn somebody_waits(&self) {
        self.so_many_wait(1).await;
    }

    /// Until so many wait. Copies of one template have the same numbers for their tables.
    pub async fn so_many_wait(&self, count: i64) {
        let waits = format!(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '{}'::regclass \
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            self.table
        );
        while number(&self.url, &waits).await < count {}
    }

    /// Lets go.
    pub async fn let_go(mut self) {
        self.session.execute("ROLLBACK").await.expect("PostgreSQL answers");
    }
}

/// Lets nobody write the ticket of one number, on PostgreSQL, until it lets go. There is a ticket already.
#[derive(Debug)]
pub struct HeldNumber {
    session: PgConnection,
    url: String,
}

impl HeldNumber {
    /// Holds it.
    pub async fn at(url: &str, number: &str) -> Self {
        let mut session = PgConnection::connect(url).await.expect("PostgreSQL answers");
        let sql = format!(
            "BEGIN; CREATE TEMP TABLE held AS SELECT * FROM ticket LIMIT 1; \
             UPDATE held SET id = gen_random_uuid(), number = '{number}'; INSERT INTO ticket SELECT * FROM held"
        );
        session.execute(sqlx::AssertSqlSafe(sql)).await.expect("nobody has it");
        Self { session, url: url.to_owned() }
    }

    /// Until somebody waits to write it.
    pub async fn somebody_waits(&self) {
        let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'";
        while number(&self.url, waits).await == 0 {}
    }

    /// Lets go.
    pub async fn let_go(mut self) {
        self.session.execute("ROLLBACK").await.expect("PostgreSQL answers");
    }
}

/// Puts a place where no call can put one yet.
pub async fn add_place(url: &str, code: &str, name: &str) {
    for sql in [
        format!("INSERT INTO place (id, code, name) VALUES ({{id}}, '{code}', '{name}')"),
        format!("INSERT INTO place_code (code, place_id) SELECT code, id FROM place WHERE code = '{code}'"),
    ] {
        match url.strip_prefix("postgres") {
            Some(_) => {
                let mut session = PgConnection::connect(url).await.expect("PostgreSQL answers");
                let sql = sql.replace("{id}", "gen_random_uuid()");
                session.execute(sqlx::AssertSqlSafe(sql)).await.expect("a place is added");
            }
            None => {
                let mut file = sqlx::SqliteConnection::connect(url).await.expect("SQLite opens");
                let sql = sql.replace("{id}", "randomblob(16)");
                file.execute(sqlx::AssertSqlSafe(sql)).await.expect("a place is added");
            }
        }
    }
}

/// Whether a text lies plain anywhere in a database: in SQLite's files byte by byte, in every row of every table of
/// PostgreSQL as text and as bytes.
pub async fn contains(url: &str, text: &str) -> bool {
    let Some(file) = url.strip_prefix("sqlite://") else {
        let mut session = PgConnection::connect(url).await.expect("PostgreSQL answers");
        let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
        let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut session).await.expect("tables");
        for table in tables {
            // A row as text shows bytes as hex, so the text is looked for as hex too.
            let sql = format!(
                "SELECT EXISTS (SELECT 1 FROM \"{table}\" r WHERE strpos(r::text, $1) > 0 \
                 OR strpos(r::text, encode(convert_to($1, 'UTF8'), 'hex')) > 0)"
            );
            let found: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                .bind(text)
                .fetch_one(&mut session)
                .await
                .expect("a table is searched");
            if found {
                return true;
            }
        }
        return false;
    };
    ["", "-wal", "-shm"].iter().any(|end| {
        let bytes = fs::read(format!("{file}{end}")).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}
