//! What of a ticket is left out of the figures (剔除), since an appeal against it was upheld: what is counted stays, and the same
//! is counted without it beside.

use super::Ticket;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// What can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Excludable {
    /// 超时.
    Breach,
    /// 评价.
    Rating,
    /// 整件工单.
    Ticket,
}

/// That something is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// What.
    pub what: Excludable,
    /// As far as it had happened by then: when the appeal was made. A breach after that counts.
    pub until: Timestamp,
}

impl Ticket {
    /// Whether what happened then is left out.
    pub fn leaves_out(&self, what: Excludable, at: Timestamp) -> bool {
        self.excluded.iter().any(|one| one.what == what && at <= one.until)
    }

    /// Whether all of it is left out.
    pub fn is_left_out(&self) -> bool {
        self.excluded.iter().any(|one| one.what == Excludable::Ticket)
    }

    /// Whether there is something of that kind that counts still.
    pub fn counts(&self, what: Excludable) -> bool {
        match what {
            _ if self.is_left_out() => false,
            Excludable::Breach => {
                let breached = self.clocks.iter().filter_map(|clock| clock.breached_at);
                breached.into_iter().any(|at| !self.leaves_out(what, at))
            }
            Excludable::Rating => self.rating.is_some_and(|rating| !self.leaves_out(what, rating.at)),
            Excludable::Ticket => true,
        }
    }
}
