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
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use std::fs::File;
use std::pin::pin;
use uuid::Uuid;

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// What is in it: every table has been compared with this.
    pub manifest: Manifest,
    /// What did not add up in it when it was backed up, a sentence each.
    pub faults: Vec<String>,
}

impl Database {
    /// Makes this database from a backup, unless it is `ended` before. An older schema is brought up to date afterwards.
    ///
    /// # Errors
    /// [`BackupError`]; then there is nothing here, as before, unless it is [`BackupError::Left`].
    pub async fn restore(
        &self,
        job: &Job<'_>,
        ended: impl Future<Output = ()>,
    ) -> Result<Restored, BackupError> {
        let mut ended = pin!(ended);
        let (path, master) = (job.file.to_owned(), job.master.clone());
        let archive = unless(&mut ended, blocking(move || Archive::open(&path, &master))).await?;
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
        let _lock = unless(&mut ended, async { Ok(self.lock().await?) }).await?;
        let faults = match self {
            Self::Sqlite(options) => in_a_file(options, job, archive, &mut ended).await?,
            Self::Postgres(options) => in_tables(self, options, job, archive, &mut ended).await?,
        };
        Ok(Restored { manifest, faults })
    }
}

/// Does it unless it is ended before; then it is left as it is.
async fn unless<T>(
    ended: &mut (impl Future<Output = ()> + Unpin),
    work: impl Future<Output = Result<T, BackupError>>,
) -> Result<T, BackupError> {
    tokio::select! {
        done = work => done,
        () = ended => Err(BackupError::Interrupted),
    }
}

/// Aside, and moved into place when all is well.
async fn in_a_file(
    options: &SqliteConnectOptions,
    job: &Job<'_>,
    archive: Archive,
    ended: &mut (impl Future<Output = ()> + Unpin),
) -> Result<Vec<String>, BackupError> {
    let path = options.get_filename();
    sqlite::must_be_empty(path).await?;
    let aside = tempfile::Builder::new().prefix(".huying-").tempdir_in(archive::directory(path));
    let aside = aside.map_err(BackupError::file(path))?;
    let file = aside.path().join("huying.db");
    let made = async {
        let manifest = archive.manifest.clone();
        let to = archive::private(&file)?;
        drop(extract(archive, to, &job.told).await?);
        compare(&manifest, &mut sqlite::open(&file).await?, None, &job.told).await?;
        complete(&Database::sqlite_file(file.clone()), &manifest, None, job).await
    };
    let faults = unless(ended, made).await?;
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
    options: &PgConnectOptions,
    job: &Job<'_>,
    archive: Archive,
    ended: &mut (impl Future<Output = ()> + Unpin),
) -> Result<Vec<String>, BackupError> {
    let (manifest, size) = (archive.manifest.clone(), archive.size);
    let ready = async {
        let site = Site::new(options, job, &manifest).await?;
        let dump = tempfile::tempfile().map_err(BackupError::file(&std::env::temp_dir()))?;
        Ok((site, extract(archive, dump, &job.told).await?))
    };
    let (site, dump) = unless(ended, ready).await?;
    let now = job.clock.now();
    // With the rest, so whatever is found here later was restored. Older schemas have no place for it yet.
    let id = manifest.tables.contains_key("restoration").then(|| entropy::id(now));
    let loaded = async {
        let table = format!("\"{}\".\"restoration\"", manifest.schema.as_deref().unwrap_or_default());
        let remember = id.map(|id| restoration::statement(&table, id, now, manifest.taken_at));
        site.load(&dump, size, &manifest, &remember.unwrap_or_default(), job).await?;
        drop(dump);
        let mut source = site.source().await?;
        compare(&manifest, &mut source, id, &job.told).await?;
        source.run("ANALYZE").await?;
        complete(database, &manifest, id, job).await
    };
    match unless(ended, loaded).await {
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

/// With what was backed up; `restoration` is the only row that is not from there.
async fn compare(
    manifest: &Manifest,
    source: &mut Source,
    restoration: Option<Uuid>,
    told: &Told,
) -> Result<(), BackupError> {
    let tables = source.tallies(restoration, told).await?;
    let reactors = if tables.contains_key("reactor") { source.reactors().await? } else { Vec::new() };
    let differences = manifest.differences(&tables, &reactors);
    if differences.is_empty() { Ok(()) } else { Err(BackupError::Different(differences.join("；"))) }
}

/// Brings the schema up to date, remembers that all of it was restored, and looks whether it adds up.
async fn complete(
    database: &Database,
    manifest: &Manifest,
    remembered: Option<Uuid>,
    job: &Job<'_>,
) -> Result<Vec<String>, BackupError> {
    (job.told)(Step::Verify, 0, None);
    let now = job.clock.now();
    Store::prepare(database, job.master, now).await?;
    if remembered.is_none() {
        let db = database.connect_for_migration().await?;
        // What was told of the log before is no longer true of it.
        restoration::remember(&db, entropy::id(now), now, manifest.taken_at).await?;
        db.close().await.map_err(StoreError::from)?;
    }
    let store = Store::open_prepared(database, job.master, now).await?;
    // What is here is what was backed up: whatever is wrong with it is told, and no reason to have nothing.
    let faults = store.verify().await.unwrap_or_else(|error| vec![format!("没有核对完：{error}")]);
    store.close().await?;
    Ok(faults)
}
