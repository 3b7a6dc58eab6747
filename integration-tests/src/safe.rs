//! Where tests keep backups, and what they compare of databases.

use crate::app::{MASTER_KEY, morning};
use crate::database::{Backend, Database};
use crate::services::postgres_bin;
use api::{Clock, Database as DatabaseAt, Job, Manifest, MasterKey, Restored, Told};
use sqlx::{Connection, Executor, PgConnection, Row, SqliteConnection};
use std::collections::BTreeMap;
use std::fs;
use std::future::pending;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// A directory for backups, and what is done there.
pub struct Safe {
    /// Where it is.
    pub dir: TempDir,
    clock: Clock,
}

impl Safe {
    /// An empty one.
    #[expect(clippy::new_without_default, reason = "it makes a directory")]
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("it works"), clock: Clock::manual(morning()) }
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Backs up.
    ///
    /// # Errors
    /// What was said.
    pub async fn backup(&self, url: &str, file: &Path, force: bool) -> Result<Manifest, String> {
        self.backup_with(url, file, force, postgres_bin().as_deref()).await
    }

    /// The same with other programs.
    ///
    /// # Errors
    /// What was said.
    pub async fn backup_with(
        &self,
        url: &str,
        file: &Path,
        force: bool,
        programs: Option<&Path>,
    ) -> Result<Manifest, String> {
        let master = &MasterKey::parse(MASTER_KEY).expect("it works");
        let job = Job { file, master, programs, clock: &self.clock, told: Arc::new(|_, _, _| {}) };
        let done = api::backup(&DatabaseAt::parse(url).expect("it works"), &job, force).await;
        done.map_err(|error| format!("{error:#}"))
    }

    /// Restores with a master key.
    ///
    /// # Errors
    /// What was said.
    pub async fn restore(&self, url: &str, file: &Path, key: &str) -> Result<Restored, String> {
        self.restore_until(url, file, key, Arc::new(|_, _, _| {}), pending()).await
    }

    /// The same, for those who hear how far it has come, and may end it.
    ///
    /// # Errors
    /// What was said.
    pub async fn restore_until(
        &self,
        url: &str,
        file: &Path,
        key: &str,
        told: Told,
        ended: impl Future<Output = ()>,
    ) -> Result<Restored, String> {
        let (master, programs) = (&MasterKey::parse(key).expect("it works"), postgres_bin());
        let job = Job { file, master, programs: programs.as_deref(), clock: &self.clock, told };
        let done = api::restore(&DatabaseAt::parse(url).expect("it works"), &job, ended).await;
        done.map_err(|error| format!("{error:#}"))
    }

    /// A new database out of a backup.
    pub async fn restored(&self, backend: Backend, file: &Path) -> Database {
        let database = backend.empty().await;
        let restored = self.restore(&database.url, file, MASTER_KEY).await.expect("it works");
        assert_eq!(restored.faults, Vec::<String>::new());
        database
    }

    /// What lies there.
    pub fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.dir.path()).expect("it works");
        let mut names: Vec<_> = names
            .map(|entry| entry.expect("it works").file_name().into_string().expect("it works"))
            .collect();
        names.sort();
        names
    }
}

/// All texts of a query.
pub async fn texts(url: &str, sql: &str) -> Vec<String> {
    let sql = sqlx::AssertSqlSafe(sql);
    if url.starts_with("postgres") {
        let mut eyes = PgConnection::connect(url).await.expect("it works");
        return eyes.fetch_all(sql).await.expect("it works").iter().map(|row| row.get(0)).collect();
    }
    let mut eyes = SqliteConnection::connect(url).await.expect("it works");
    eyes.fetch_all(sql).await.expect("it works").iter().map(|row| row.get(0)).collect()
}

/// Every row of every table, in no order of theirs, without what another cluster counts anew.
pub async fn everything(url: &str) -> BTreeMap<String, Vec<String>> {
    let on_postgres = url.starts_with("postgres");
    let tables = match on_postgres {
        true => "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'",
        false => "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
    };
    let mut all = BTreeMap::new();
    for table in texts(url, tables).await {
        let sql = match on_postgres {
            true => format!("SELECT (to_jsonb(t) - 'xid')::text FROM {table} t"),
            false => {
                let columns = texts(url, &format!("SELECT name FROM pragma_table_info('{table}')")).await;
                let quoted: Vec<_> = columns.iter().map(|column| format!("quote({column})")).collect();
                format!("SELECT {} FROM {table}", quoted.join(" || ',' || "))
            }
        };
        let mut rows = texts(url, &sql).await;
        rows.sort();
        all.insert(table, rows);
    }
    // That it was restored is all that is new; where reactors stand may be a later position of the same segment.
    all.remove("restoration");
    if on_postgres {
        all.remove("reactor");
    }
    all
}
