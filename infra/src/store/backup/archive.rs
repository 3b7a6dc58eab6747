//! The file of a backup: a tar with the database, the manifest, their SHA-256 as `sha256sum -c` takes them, and a seal over
//! those that only the master key makes. The manifest comes after the database: what was cut off has none.

use super::manifest::Manifest;
use super::{BackupError, Step, Told};
use crate::MasterKey;
use aws_lc_rs::digest::{Context, SHA256};
use base64::prelude::{BASE64_STANDARD, Engine};
use chrono::TimeDelta;
use domain::time::Timestamp;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use tar::{Builder, Header};
use tempfile::NamedTempFile;

const MANIFEST: &str = "manifest.json";
const SUMS: &str = "SHA256SUMS";
const SEAL: &str = "SHA256SUMS.seal";
/// Nothing but the database is larger.
const MOST: u64 = 16 << 20;
const BLOCK: u64 = 512;
/// What is written at a time.
const CHUNK: usize = 1 << 18;
/// How files that are not whole yet are called.
const ASIDE: (&str, &str) = (".huying-", ".tmp");
/// For so long nobody is at work on one without writing to it.
const WORK: TimeDelta = TimeDelta::days(1);

/// Where a backup goes: written aside, and moved into place when it is whole.
#[derive(Debug)]
pub(super) struct Target {
    aside: NamedTempFile,
    path: PathBuf,
    force: bool,
}

impl Target {
    /// A file for its owner alone, beside the one that is to be. What backups left there that were killed goes.
    pub(super) fn new(path: &Path, force: bool, now: Timestamp) -> Result<Self, BackupError> {
        let dir = directory(path);
        if !dir.is_dir() {
            return Err(BackupError::NoDirectory(dir.to_owned()));
        }
        if path.exists() && (!force || path.is_dir()) {
            return Err(BackupError::Exists(path.to_owned()));
        }
        remove_left(dir, now);
        let (start, end) = ASIDE;
        let aside = tempfile::Builder::new().prefix(start).suffix(end).tempfile_in(dir);
        let aside = aside.map_err(BackupError::file(path))?;
        Ok(Self { aside, path: path.to_owned(), force })
    }

    /// For what is read while this lives.
    pub(super) fn writer(&self, taken_at: Timestamp) -> Result<Writer, BackupError> {
        let file = self.aside.as_file().try_clone().map_err(BackupError::file(&self.path))?;
        let builder = Builder::new(file);
        Ok(Writer { builder, path: self.path.clone(), taken_at, sums: String::new() })
    }

    /// Moves it into place.
    pub(super) fn keep(self) -> Result<(), BackupError> {
        let Self { aside, path, force } = self;
        let kept = match force {
            true => aside.persist(&path),
            false => aside.persist_noclobber(&path),
        };
        match kept.map_err(|error| error.error).and_then(|_| sync(directory(&path))) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(BackupError::Exists(path)),
            Err(error) => Err(BackupError::File { path, error }),
        }
    }
}

fn remove_left(dir: &Path, now: Timestamp) {
    let (start, end) = ASIDE;
    for entry in dir.read_dir().into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_aside = name.to_str().is_some_and(|name| name.starts_with(start) && name.ends_with(end));
        let written = entry.metadata().and_then(|file| file.modified());
        if is_aside && written.is_ok_and(|at| Timestamp::from(at) < now - WORK) {
            // Somebody else may be removing it too, and it is no reason to have no backup.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

pub(super) fn directory(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// A new file for its owner alone.
pub(super) fn private(path: &Path) -> Result<File, BackupError> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(BackupError::file(path))
}

/// Has a directory remember its names.
pub(super) fn sync(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Writes the file.
pub(super) struct Writer {
    builder: Builder<File>,
    path: PathBuf,
    taken_at: Timestamp,
    sums: String,
}

impl Writer {
    /// The database, as long as it is.
    pub(super) fn database(
        &mut self,
        name: &str,
        source: &mut impl Read,
        all: Option<u64>,
        told: &Told,
    ) -> Result<(), BackupError> {
        let mut header = self.header();
        let entry = self.builder.append_writer(&mut header, name).map_err(BackupError::file(&self.path))?;
        let (mut entry, mut hash) = (entry, Context::new(&SHA256));
        copy(source, &mut entry, &mut hash, all, told).map_err(BackupError::file(&self.path))?;
        entry.finish().map_err(BackupError::file(&self.path))?;
        self.sum(name, hash);
        Ok(())
    }

    /// The rest, and all of it on the disk.
    pub(super) fn finish(mut self, manifest: &Manifest, master: &MasterKey) -> Result<(), BackupError> {
        let path = self.path.clone();
        let json =
            serde_json::to_vec_pretty(manifest).map_err(|error| BackupError::file(&path)(error.into()))?;
        let mut hash = Context::new(&SHA256);
        hash.update(&json);
        self.sum(MANIFEST, hash);
        let sums = std::mem::take(&mut self.sums);
        let seal = BASE64_STANDARD.encode(master.vouch(sums.as_bytes()));
        let entries = [(MANIFEST, json.as_slice()), (SUMS, sums.as_bytes()), (SEAL, seal.as_bytes())];
        let written = entries.into_iter().try_for_each(|(name, bytes)| {
            let mut header = self.header();
            header.set_size(bytes.len() as u64);
            self.builder.append_data(&mut header, name, bytes)
        });
        let file = written.and_then(|()| self.builder.into_inner());
        file.and_then(|file| file.sync_all()).map_err(BackupError::file(&path))
    }

    fn header(&self) -> Header {
        let mut header = Header::new_gnu();
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(self.taken_at.timestamp()).unwrap_or_default());
        header
    }

    fn sum(&mut self, name: &str, hash: Context) {
        let hash = hash.finish();
        let digits = hash.as_ref().iter().map(|byte| format!("{byte:02x}"));
        self.sums.extend(digits.chain([format!("  {name}\n")]));
    }
}

/// A backup that is looked at: all but the database was checked.
#[derive(Debug)]
pub(super) struct Archive {
    file: File,
    path: PathBuf,
    pub(super) manifest: Manifest,
    sums: String,
    /// Where the database begins, and how long it is.
    at: u64,
    pub(super) size: u64,
}

/// What was found in the file.
#[derive(Default)]
struct Found {
    database: Option<(String, u64, u64)>,
    manifest: Option<Vec<u8>>,
    sums: Option<Vec<u8>>,
    seal: Option<Vec<u8>>,
    end: u64,
}

impl Archive {
    /// Opens a file, reads what it says of itself, and looks whether this master key goes with it.
    pub(super) fn open(path: &Path, master: &MasterKey) -> Result<Self, BackupError> {
        let file = File::open(path).map_err(BackupError::file(path))?;
        let none = |reason: String| BackupError::NoBackup { path: path.to_owned(), reason };
        let found = find(&file).map_err(|error| none(error.to_string()))?;
        let Some((name, at, size)) = found.database else { return Err(none("里面没有数据库".into())) };
        let (Some(json), Some(sums), Some(seal)) = (found.manifest, found.sums, found.seal) else {
            return Err(BackupError::Damaged("文件不完整".into()));
        };
        let length = file.metadata().map_err(BackupError::file(path))?.len();
        if length != found.end + 2 * BLOCK {
            return Err(BackupError::Damaged("文件的长度不对".into()));
        }
        let sums = String::from_utf8(sums).map_err(|_| altered(SUMS))?;
        let mut hash = Context::new(&SHA256);
        hash.update(&json);
        check(&sums, MANIFEST, hash)?;
        let manifest = Manifest::parse(&json)?;
        let seal = BASE64_STANDARD.decode(seal).map_err(|_| altered(SEAL))?;
        if !master.vouches(sums.as_bytes(), &seal) {
            return Err(BackupError::OtherMasterKey);
        }
        if name != manifest.backend.entry() {
            return Err(BackupError::Damaged(format!("里面是 {name}")));
        }
        Ok(Self { file, path: path.to_owned(), manifest, sums, at, size })
    }

    /// Copies the database out of it, and looks whether it is the one that was put in.
    pub(super) fn database(&mut self, to: &mut File, told: &Told) -> Result<(), BackupError> {
        let name = self.manifest.backend.entry();
        let mut hash = Context::new(&SHA256);
        self.file.seek(SeekFrom::Start(self.at)).map_err(BackupError::file(&self.path))?;
        let mut source = (&self.file).take(self.size);
        let copied = copy(&mut source, to, &mut hash, Some(self.size), told);
        copied.and_then(|()| to.sync_all()).map_err(BackupError::file(&self.path))?;
        check(&self.sums, name, hash)
    }
}

fn find(file: &File) -> io::Result<Found> {
    let mut found = Found::default();
    let mut archive = tar::Archive::new(file);
    for entry in archive.entries_with_seek()? {
        let mut entry = match entry {
            Ok(entry) => entry,
            // What was cut off says so by what is missing.
            Err(_) if found.database.is_some() => break,
            Err(error) => return Err(error),
        };
        let (at, size) = (entry.raw_file_position(), entry.size());
        found.end = at + size.next_multiple_of(BLOCK);
        let name = entry.path()?.to_string_lossy().into_owned();
        let slot = match name.as_str() {
            MANIFEST => &mut found.manifest,
            SUMS => &mut found.sums,
            SEAL => &mut found.seal,
            _ if found.database.is_none() && name.starts_with("database.") => {
                found.database = Some((name, at, size));
                continue;
            }
            _ => return Err(io::Error::other(format!("不认识其中的 {name}"))),
        };
        let mut bytes = Vec::new();
        if size <= MOST && entry.read_to_end(&mut bytes).is_ok() {
            *slot = Some(bytes);
        }
    }
    Ok(found)
}

fn altered(name: &str) -> BackupError {
    BackupError::Damaged(format!("{name} 被改动过"))
}

fn check(sums: &str, name: &str, hash: Context) -> Result<(), BackupError> {
    let hash = hash.finish();
    let digits: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let line = format!("{digits}  {name}");
    if sums.lines().any(|found| found == line) { Ok(()) } else { Err(altered(name)) }
}

fn copy(
    source: &mut impl Read,
    target: &mut impl Write,
    hash: &mut Context,
    all: Option<u64>,
    told: &Told,
) -> io::Result<()> {
    let (mut chunk, mut done) = (vec![0; CHUNK], 0);
    loop {
        let read = match source.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(&chunk[..read]);
        target.write_all(&chunk[..read])?;
        done += read as u64;
        told(Step::Copy, done, all);
    }
}
