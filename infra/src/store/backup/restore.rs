//! A database made from a backup, where there is none. Everything that can be known before is looked at before anything is
//! written; what comes out otherwise than it was put in is taken away again.

use super::super::{Store, restoration};
use super::archive::{self, Archive};
use super::manifest::{Kept, Manifest};
use super::postgres::Site;
use super::tally::Source;
use super::{BackupError, Job, Step, Told, blocking, sqlite};
use crate::entropy;
use crate::store::{Database, StoreError};
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use std::fs::File;

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// What is in it: every table has been compared with this.
    pub manifest: Manifest,
    /// What did not add up in it when it was backed up, a sentence each.
    pub faults: Vec<String>,
}

impl Database {
    /// Makes this database from a backup. An older schema is brought up to date afterwards.
    ///
    /// # Errors
    /// [`BackupError`]; then there is nothing here, as before.
    pub async fn restore(&self, job: &Job<'_>) -> Result<Restored, BackupError> {
        let (path, master) = (job.file.to_owned(), job.master.clone());
        let archive = blocking(move || Archive::open(&path, &master)).await?;
        let here = if self.is_sqlite() { Kept::Sqlite } else { Kept::Postgres };
        let manifest = archive.manifest.clone();
        if manifest.backend != here {
            return Err(BackupError::OtherBackend { backup: manifest.backend.name(), here: here.name() });
        }
        if let Self::Sqlite(options) = self {
            let dir = archive::directory(options.get_filename());
            if !dir.is_dir() {
                return Err(BackupError::NoDirectory(dir.to_owned()));
            }
        }
        // Servers that start meanwhile wait.
        let _lock = self.lock().await?;
        let faults = match self {
            Self::Sqlite(options) => in_a_file(options, job, archive).await?,
            Self::Postgres(options) => {
                let site = Site::new(options, job, &manifest).await?;
                in_tables(self, &site, job, archive).await?
            }
        };
        Ok(Restored { manifest, faults })
    }
}

/// Aside, and moved into place when all is well.
async fn in_a_file(
    options: &SqliteConnectOptions,
    job: &Job<'_>,
    archive: Archive,
) -> Result<Vec<String>, BackupError> {
    let path = options.get_filename();
    sqlite::must_be_empty(path).await?;
    let aside = tempfile::Builder::new().prefix(".huying-").tempdir_in(archive::directory(path));
    let aside = aside.map_err(BackupError::file(path))?;
    let file = aside.path().join("huying.db");
    let manifest = archive.manifest.clone();
    let to = archive::private(&file)?;
    drop(extract(archive, to, &job.told).await?);
    compare(&manifest, &mut sqlite::open(&file).await?, &job.told).await?;
    let database = Database::sqlite_file(file.clone());
    let faults = complete(&database, &manifest, job).await?;
    let (from, to) = (file, path.to_owned());
    blocking(move || {
        let moved = File::open(&from)
            .and_then(|file| file.sync_all())
            .and_then(|()| std::fs::rename(&from, &to))
            .and_then(|()| archive::sync(archive::directory(&to)));
        moved.map_err(BackupError::file(&to))
    })
    .await?;
    Ok(faults)
}

/// In one transaction; afterwards it is looked at, and taken away when it is not what it was.
async fn in_tables(
    database: &Database,
    site: &Site<'_>,
    job: &Job<'_>,
    archive: Archive,
) -> Result<Vec<String>, BackupError> {
    let (manifest, size) = (archive.manifest.clone(), archive.size);
    let dump = tempfile::tempfile().map_err(BackupError::file(&std::env::temp_dir()))?;
    let dump = extract(archive, dump, &job.told).await?;
    site.load(&dump, size, &manifest, job).await?;
    drop(dump);
    let completed = async {
        let mut source = site.source().await?;
        compare(&manifest, &mut source, &job.told).await?;
        source.run("ANALYZE").await?;
        complete(database, &manifest, job).await
    };
    match completed.await {
        Ok(faults) => Ok(faults),
        Err(error) => match site.clear().await {
            Ok(()) => Err(error),
            Err(left) => Err(BackupError::Left { error: error.to_string(), left: left.to_string() }),
        },
    }
}

/// The database of a backup that was not altered, in a file.
async fn extract(mut archive: Archive, mut to: File, told: &Told) -> Result<File, BackupError> {
    let told = told.clone();
    blocking(move || {
        archive.database(&mut to, &told)?;
        Ok(to)
    })
    .await
}

async fn compare(manifest: &Manifest, source: &mut Source, told: &Told) -> Result<(), BackupError> {
    let tables = source.tallies(told).await?;
    let reactors = if tables.contains_key("reactor") { source.reactors().await? } else { Vec::new() };
    let differences = manifest.differences(&tables, &reactors);
    if differences.is_empty() { Ok(()) } else { Err(BackupError::Different(differences.join("；"))) }
}

/// Brings the schema up to date, remembers that all of it was restored, and looks whether it adds up.
async fn complete(
    database: &Database,
    manifest: &Manifest,
    job: &Job<'_>,
) -> Result<Vec<String>, BackupError> {
    (job.told)(Step::Verify, 0, None);
    let now = job.clock.now();
    Store::prepare(database, job.master, now).await?;
    let db = database.connect_for_migration().await?;
    // What was told of the log before is no longer true of it.
    restoration::remember(&db, entropy::id(now), now, manifest.taken_at).await?;
    db.close().await.map_err(StoreError::from)?;
    let store = Store::open_prepared(database, job.master, now).await?;
    // What is here is what was backed up: whatever is wrong with it is told, and no reason to have nothing.
    let faults = store.verify().await.unwrap_or_else(|error| vec![format!("没有核对完：{error}")]);
    store.close().await?;
    Ok(faults)
}
