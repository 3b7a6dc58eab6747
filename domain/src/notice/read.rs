//! Which messages somebody has read.

use crate::refusal::Args;

/// The most messages that are read by their ids at once.
pub const MAX_READ: usize = 100;

/// Which messages somebody has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// These; those of others are left alone.
    These(Vec<i64>),
    /// This one and all before it.
    UpTo(i64),
}

/// Why messages were not shown, or not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InboxRefusal {
    /// None of that id, or another's.
    #[error("no such message")]
    NotFound,
    /// Neither ids nor up to where, or both.
    #[error("read these, or up to one")]
    TheseOrUpTo,
    /// None, or more than [`MAX_READ`].
    #[error("{count} ids")]
    Count {
        /// How many.
        count: usize,
    },
}

impl InboxRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "inbox.not_found",
            Self::TheseOrUpTo => "inbox.ids_or_up_to",
            Self::Count { .. } => "inbox.ids_count",
        }
    }

    /// The parts of its sentence.
    pub fn args(&self) -> Args {
        match self {
            Self::Count { count } => vec![("max", MAX_READ.to_string()), ("count", count.to_string())],
            Self::NotFound | Self::TheseOrUpTo => vec![],
        }
    }

    /// The field of the body.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::TheseOrUpTo | Self::Count { .. } => Some("/ids"),
            Self::NotFound => None,
        }
    }
}

impl Read {
    /// What a client asked for.
    ///
    /// # Errors
    /// [`InboxRefusal::TheseOrUpTo`], [`InboxRefusal::Count`].
    pub fn asked(ids: Option<Vec<i64>>, up_to: Option<i64>) -> Result<Self, InboxRefusal> {
        match (ids, up_to) {
            (Some(ids), None) if (1..=MAX_READ).contains(&ids.len()) => Ok(Self::These(ids)),
            (Some(ids), None) => Err(InboxRefusal::Count { count: ids.len() }),
            (None, Some(up_to)) => Ok(Self::UpTo(up_to)),
            (None, None) | (Some(_), Some(_)) => Err(InboxRefusal::TheseOrUpTo),
        }
    }
}
