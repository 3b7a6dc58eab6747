//! What was talked over about a ticket (会商), and what its party branch made of it (台账): practices L01, L07, Z02.

use super::Commonality;
use crate::id::{UnitId, UserId};
use crate::time::Timestamp;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// A joint discussion (会商): who led it, and which units took part. Its conclusion stands on the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discussion {
    /// Who wrote its conclusion down.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// The units that took part, where said.
    pub units: Vec<UnitId>,
}

/// What the party branch made of it (党支部研判): it stands on the ledger (台账) since. In what words, the timeline says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// Whose problem it is.
    pub commonality: Commonality,
    /// Who wrote it down.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// The day in China on which the dispatch plan has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_for: Option<NaiveDate>,
}
