//! What people say on a played day: `api/demo/mile/day.toml`.

use domain::ticket::{Affair, Severity};
use serde::Deserialize;

/// All of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pool {
    /// Where in a community something is.
    pub(super) spots: Vec<String>,
    /// For whoever takes a ticket.
    pub(super) notes: Vec<String>,
    /// What the requester is told while the work goes on.
    pub(super) assurances: Vec<String>,
    pub(super) declined: Vec<String>,
    pub(super) withdrawn: Vec<String>,
    pub(super) supervision: Vec<String>,
    /// Comments; an empty one is none.
    pub(super) satisfied: Vec<String>,
    pub(super) dissatisfied: Vec<String>,
    /// Replies of a second round.
    pub(super) again: Vec<String>,
    pub(super) complaints: Vec<Complaint>,
}

/// What somebody raises.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Complaint {
    pub(super) category: String,
    pub(super) severity: Severity,
    pub(super) affair: Option<Affair>,
    /// Whose business it is, where not the grid worker's.
    pub(super) unit: Option<String>,
    /// With `{spot}`.
    pub(super) content: String,
    /// What it may come to.
    pub(super) replies: Vec<String>,
}

impl Pool {
    pub(super) fn mile() -> anyhow::Result<Self> {
        Ok(toml::from_str(include_str!("../../../demo/mile/day.toml"))?)
    }
}
