//! A backup of everything, taken while servers run and write, as one file; and a database made from it where there is none.
//!
//! What is in it is of one moment: on SQLite what `VACUUM INTO` read in one transaction, on PostgreSQL what `pg_dump` and
//! the manifest saw of one exported snapshot. Neither keeps anybody from writing. The master key is not in it.

mod archive;
mod error;
mod manifest;
mod postgres;
mod preamble;
mod programs;
mod restore;
mod sqlite;
mod tally;
mod xids;

pub use error::BackupError;
pub use manifest::{Kept, Manifest, Needed, Stands};
pub use restore::Restored;
pub use tally::Tally;

use super::connect::Database;
use super::error::StoreError;
use crate::{Clock, MasterKey};
use archive::Target;
use std::path::Path;
use std::sync::Arc;

/// The layout of the file.
const FORMAT: u32 = 1;

/// What is being done, how much of it is done, and of how much where that is known. Tables are counted by tables, all
/// else by bytes.
pub type Told = Arc<dyn Fn(Step, u64, Option<u64>) + Send + Sync>;

/// What a backup or a restore is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Counts the rows of each table.
    Count,
    /// Copies the database, into the file or out of it.
    Copy,
    /// Loads the database.
    Load,
    /// Looks whether all adds up.
    Verify,
}

/// What a backup or a restore needs beside the database.
#[derive(Clone)]
pub struct Job<'a> {
    /// The backup.
    pub file: &'a Path,
    /// The master key of the data.
    pub master: &'a MasterKey,
    /// Where PostgreSQL's programs are; they are looked for without.
    pub programs: Option<&'a Path>,
    /// The time.
    pub clock: &'a Clock,
    /// Hears how far it has come.
    pub told: Told,
}

impl Database {
    /// Writes a backup of this moment to a file, which must not be there yet unless it is to be replaced. Servers go on; the
    /// schema stays what it is.
    ///
    /// # Errors
    /// [`BackupError`]; then there is no file, or the one that was there before.
    pub async fn backup(&self, job: &Job<'_>, force: bool) -> Result<Manifest, BackupError> {
        let target = Target::new(job.file, force, job.clock.now())?;
        let writer = target.writer(job.clock.now())?;
        let (writer, manifest) = match self {
            Self::Sqlite(options) => sqlite::copy(options, job, writer).await?,
            Self::Postgres(options) => postgres::dump(options, job, writer).await?,
        };
        let (master, written) = (job.master.clone(), manifest.clone());
        blocking(move || {
            writer.finish(&written, &master)?;
            target.keep()
        })
        .await?;
        Ok(manifest)
    }
}

/// Work that reads and writes files.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StoreError::Unavailable(error.to_string()))?
}
