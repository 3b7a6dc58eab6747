//! Places (地点, practices M01): their codes, and how the net of them changes while everything that lies in it goes along.

mod boundary;
mod change;
mod code;
mod coverage;
mod event;
mod import;
mod refusal;
#[cfg(test)]
mod tests;

pub use boundary::{Boundary, BoundaryRefusal, MAX_POINTS, whole};
pub use change::{Change, Codes, Command, Part, Setting, Wanted, decide};
pub use code::{Levels, PlaceCode, PlaceRef, PlaceRefusal};
pub use coverage::Coverage;
pub use event::{Dated, EVENT_VERSION, Fact, Headline};
pub use import::{PlaceLine, PlaceSheet, Planned, plan};
pub use refusal::NetRefusal;

use crate::id::PlaceId;
use crate::time::Timestamp;

/// The longest name of a place, in characters.
pub const MAX_NAME: usize = 50;

/// A place as it is today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Who it is, for ever.
    pub id: PlaceId,
    /// Its code today, or the last that it had.
    pub code: PlaceCode,
    /// What it is called.
    pub name: String,
    /// How often it changed: the version of its last event.
    pub version: i32,
    /// Since when it is no place any more.
    pub retired_at: Option<Timestamp>,
}
