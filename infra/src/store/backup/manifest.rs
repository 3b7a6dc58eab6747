//! What a backup says of itself.

use super::super::log::Cursor;
use super::tally::Tally;
use super::{BackupError, FORMAT};
use domain::time::Timestamp;
use migrations::{Migrator, MigratorTrait};
use sea_orm::DbBackend;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What is in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The layout of the file.
    pub format: u32,
    /// The version of the program that wrote it.
    pub program: String,
    /// Which database it is from.
    pub backend: Kept,
    /// The major version of its server, of PostgreSQL.
    pub server: Option<u32>,
    /// In which schema the tables were, of PostgreSQL.
    pub schema: Option<String>,
    /// The newest migration.
    pub migration: String,
    /// Of which moment it is.
    pub taken_at: Timestamp,
    /// The last event's.
    pub last_position: i64,
    /// Which keys open it; themselves they are wrapped, and by what is not in the backup.
    pub keys: Vec<Needed>,
    /// Where the reactors stood.
    pub reactors: Vec<Stands>,
    /// What is in each table. Without what other clusters count anew.
    pub tables: BTreeMap<String, Tally>,
}

/// Which database a backup is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kept {
    /// SQLite: the file.
    Sqlite,
    /// PostgreSQL: what `pg_dump` wrote.
    Postgres,
}

impl Kept {
    pub(super) fn of(backend: DbBackend) -> Self {
        if backend == DbBackend::Postgres { Self::Postgres } else { Self::Sqlite }
    }

    /// As people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }

    /// The database's name in the file.
    pub(super) fn entry(self) -> &'static str {
        match self {
            Self::Sqlite => "database.db",
            Self::Postgres => "database.dump",
        }
    }
}

/// A key without which something does not open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needed {
    /// Its id.
    pub id: Uuid,
    /// What it is for.
    pub purpose: String,
}

/// Where a reactor stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stands {
    /// Which.
    pub name: String,
    /// How far it had come.
    pub cursor: Cursor,
    /// The positions of the events that it had not read.
    pub unread: Tally,
}

/// What can be told whatever the format.
#[derive(Deserialize)]
struct Head {
    format: u32,
}

impl Manifest {
    /// Reads it, as far as this program knows how.
    ///
    /// # Errors
    /// [`BackupError::UnknownFormat`], [`BackupError::NewerSchema`], [`BackupError::Damaged`].
    pub(super) fn parse(json: &[u8]) -> Result<Self, BackupError> {
        let damaged = |error: serde_json::Error| BackupError::Damaged(format!("manifest.json：{error}"));
        let Head { format } = serde_json::from_slice(json).map_err(damaged)?;
        if format != FORMAT {
            return Err(BackupError::UnknownFormat(format));
        }
        let manifest: Self = serde_json::from_slice(json).map_err(damaged)?;
        if Migrator::migrations().iter().all(|known| known.name() != manifest.migration) {
            return Err(BackupError::NewerSchema(manifest.migration));
        }
        Ok(manifest)
    }

    /// What is not as it was, a line each.
    pub(super) fn differences(&self, tables: &BTreeMap<String, Tally>, reactors: &[Stands]) -> Vec<String> {
        let mut differences = Vec::new();
        let names: std::collections::BTreeSet<_> = self.tables.keys().chain(tables.keys()).collect();
        for name in names {
            let rows = |tally: Option<&Tally>| tally.map_or(0, |tally| tally.rows);
            let (was, is) = (self.tables.get(name), tables.get(name));
            if was != is {
                differences.push(format!("表 {name}：备份时 {} 行，现在 {} 行", rows(was), rows(is)));
            }
        }
        for Stands { name, unread, .. } in &self.reactors {
            let is = reactors.iter().find(|reactor| reactor.name == *name).map(|reactor| &reactor.unread);
            if is != Some(unread) {
                differences.push(format!("后台任务 {name} 尚未读到的事件不是备份时的那些"));
            }
        }
        differences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_does_not_know_it_refuses() {
        assert!(matches!(Manifest::parse(br#"{"format": 2}"#), Err(BackupError::UnknownFormat(2))));
        assert!(matches!(Manifest::parse(b"{"), Err(BackupError::Damaged(_))));
        let newer = br#"{"format": 1, "program": "9", "backend": "sqlite", "migration": "m2099_x", "last_position": 0,
            "taken_at": "2026-11-21T01:00:00Z", "keys": [], "reactors": [], "tables": {}}"#;
        assert!(matches!(Manifest::parse(newer), Err(BackupError::NewerSchema(name)) if name == "m2099_x"));
    }
}
