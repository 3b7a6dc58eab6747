//! SQLite: a copy by `VACUUM INTO`, which is one read transaction: writers go on, and it holds nothing that was erased.

use super::archive::{self, Writer};
use super::manifest::Kept;
use super::tally::Source;
use super::{BackupError, Job, Manifest, Step, Told, blocking};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sea_orm::sqlx::{self, Connection};
use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;
use tokio::time::interval;

/// Between two looks at how far it has come.
const LOOK: Duration = Duration::from_millis(200);

/// Copies the database into the file, and counts what is in the copy: servers have nothing to do with that.
pub(super) async fn copy(
    options: &SqliteConnectOptions,
    job: &Job<'_>,
    mut writer: Writer,
) -> Result<(Writer, Manifest), BackupError> {
    let path = options.get_filename();
    if !path.is_file() {
        return Err(BackupError::Nothing(format!("没有文件 {}", path.display())));
    }
    let taken_at = job.clock.now();
    // In a directory of its own, since SQLite makes more files than one, and may leave them when the disk is full.
    let dir = tempfile::Builder::new().prefix(".huying-").tempdir_in(archive::directory(job.file));
    let dir = dir.map_err(BackupError::file(job.file))?;
    let copy = dir.path().join("huying.db");
    drop(archive::private(&copy)?);
    vacuum(options, &copy, &job.told).await?;
    let mut source = open(&copy).await?;
    let manifest = source.manifest(job.master, taken_at, &job.told).await?;
    drop(source);
    let told = job.told.clone();
    let writer = blocking(move || {
        let mut file = File::open(&copy).map_err(BackupError::file(&copy))?;
        let size = file.metadata().map_err(BackupError::file(&copy))?.len();
        writer.database(Kept::Sqlite.entry(), &mut file, Some(size), &told)?;
        Ok(writer)
    })
    .await?;
    Ok((writer, manifest))
}

async fn vacuum(options: &SqliteConnectOptions, to: &Path, told: &Told) -> Result<(), BackupError> {
    let mut connection = SqliteConnection::connect_with(&options.clone().create_if_missing(false)).await?;
    let size = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let all: i64 = sqlx::query_scalar(size).fetch_one(&mut connection).await?;
    let name = to.to_string_lossy().into_owned();
    let look = async {
        let mut looks = interval(LOOK);
        loop {
            looks.tick().await;
            let done = fs::metadata(to).map_or(0, |file| file.len());
            told(Step::Copy, done, u64::try_from(all).ok());
        }
    };
    let copied = tokio::select! {
        copied = sqlx::query("VACUUM INTO $1").bind(name).execute(&mut connection) => copied,
        () = look => unreachable!("it looks for ever"),
    };
    // Before its files go.
    let closed = connection.close().await;
    copied?;
    Ok(closed?)
}

/// A file that nobody writes.
pub(super) async fn open(path: &Path) -> Result<Source, BackupError> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(true);
    Ok(Source::Sqlite(SqliteConnection::connect_with(&options).await?))
}

/// Whether nothing would be lost if there were another file.
pub(super) async fn must_be_empty(path: &Path) -> Result<(), BackupError> {
    let not_empty = |path: &Path| Err(BackupError::NotEmpty(path.display().to_string()));
    let is_written = |path: &Path| fs::metadata(path).is_ok_and(|file| file.len() > 0);
    // What another database left behind would be taken for changes of this one.
    for left in ["-wal", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(left);
        if is_written(Path::new(&name)) {
            return not_empty(Path::new(&name));
        }
    }
    if !path.exists() || (path.is_file() && !is_written(path)) {
        return Ok(());
    }
    let tables = match open(path).await {
        Ok(mut source) => source.tables().await,
        Err(error) => Err(error),
    };
    if tables.is_ok_and(|tables| tables.is_empty()) { Ok(()) } else { not_empty(path) }
}
