//! How the store fails.

use super::dialect;
use crate::keys::KeyError;
use domain::ticket::Unreadable;
use sea_orm::DbErr;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away, full, or too busy: the same call may succeed later.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// A row with this key is there already. The text names the constraint.
    #[error("already there: {0}")]
    Duplicate(String),
    /// A row cannot be read.
    #[error("{table}.{column} of {id} cannot be read: {reason}")]
    Corrupt {
        /// Which table.
        table: &'static str,
        /// Which column.
        column: &'static str,
        /// Which row.
        id: String,
        /// Why.
        reason: String,
    },
    /// A row was written by a newer version of the program: who runs that can read it.
    #[error("{table} {id} is of version {version}, which is newer than this program")]
    Newer {
        /// Which table.
        table: &'static str,
        /// Which row.
        id: String,
        /// In which version it is stored.
        version: i16,
    },
    /// The schema is not one that this program can serve on, in words for the administrator.
    #[error("{0}")]
    Schema(String),
    /// The token shows grants that are no longer current.
    #[error("the grants have changed")]
    StaleGrants,
    /// The keys do not open.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A seed file cannot be used.
    #[error("{0}")]
    Seed(String),
    /// A mistake in the program.
    #[error("database: {0}")]
    Internal(DbErr),
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        dialect::classify(error)
    }
}

impl StoreError {
    /// The same for each of those who asked together.
    pub(super) fn shared(&self) -> Self {
        match self {
            Self::Unavailable(why) => Self::Unavailable(why.clone()),
            other => Self::Internal(DbErr::Custom(other.to_string())),
        }
    }

    /// A row that cannot be read, with why.
    pub(super) fn corrupt(
        table: &'static str,
        column: &'static str,
        id: impl ToString,
        reason: impl ToString,
    ) -> Self {
        Self::Corrupt { table, column, id: id.to_string(), reason: reason.to_string() }
    }

    /// A ticket or an event that cannot be read here, though perhaps by a newer program.
    pub(super) fn unreadable(
        table: &'static str,
        column: &'static str,
        id: impl ToString,
        why: Unreadable,
    ) -> Self {
        match why {
            Unreadable::Newer(version) => Self::Newer { table, id: id.to_string(), version },
            Unreadable::Version(_) | Unreadable::Json(_) => Self::corrupt(table, column, id, why),
        }
    }
}
