//! The clocks of 53522 (practices M03): on the scene in 5 minutes, a small problem solved in 30 minutes, a large one in
//! 5 hours. The limits are the playbook's; what a clock is, is here.

use crate::playbook::ClockRule;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// What must happen before a clock rings.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ClockKind {
    /// On the scene (到场).
    Arrive,
    /// Solved (办结).
    Solve,
}

/// A clock (时限): one a kind and round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// What must happen.
    pub kind: ClockKind,
    /// In which round of the ticket.
    pub round: u16,
    /// From when it counts.
    pub started_at: Timestamp,
    /// Until when it must have happened; at this very moment is still in time.
    pub due_at: Timestamp,
    /// When it warns.
    pub warn_at: Timestamp,
    /// When it happened, in time or late.
    pub met_at: Option<Timestamp>,
    /// Its due time, once that has passed unmet; or when the ticket was resolved without it, where the playbook calls
    /// that a breach. Never taken back.
    pub breached_at: Option<Timestamp>,
    /// When it stopped to matter.
    pub cancelled_at: Option<Timestamp>,
    /// Version of the playbook's policy that set it.
    pub policy_version: u32,
}

/// How a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ClockState {
    /// Nothing has happened yet, and there is time.
    Running,
    /// Happened in time.
    Met,
    /// Did not happen in time; `met_at` says when it did after all.
    Breached,
    /// No longer matters.
    Cancelled,
}

impl Clock {
    /// A clock that begins at `started_at`, which may lie in the past (a late grading).
    pub fn start(rule: &ClockRule, round: u16, started_at: Timestamp, policy_version: u32) -> Self {
        Self {
            kind: rule.kind,
            round,
            started_at,
            due_at: started_at + rule.limit(),
            warn_at: started_at + rule.warning(),
            met_at: None,
            breached_at: None,
            cancelled_at: None,
            policy_version,
        }
    }

    /// Neither met nor breached nor cancelled.
    pub fn is_running(&self) -> bool {
        self.is_owed() && self.breached_at.is_none()
    }

    /// Neither met nor cancelled: still owed, in time or not.
    pub fn is_owed(&self) -> bool {
        self.met_at.is_none() && self.cancelled_at.is_none()
    }

    /// Whether its time has passed unnoticed by `now`.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.is_running() && now > self.due_at
    }

    /// How it stands at `now`, whether or not anybody has settled it.
    pub fn state(&self, now: Timestamp) -> ClockState {
        if self.breached_at.is_some() || self.is_due(now) {
            ClockState::Breached
        } else if self.met_at.is_some() {
            ClockState::Met
        } else if self.cancelled_at.is_some() {
            ClockState::Cancelled
        } else {
            ClockState::Running
        }
    }

    /// The same clock with its breach written down, at its true time.
    pub(super) fn breach(&self) -> Self {
        Self { breached_at: Some(self.due_at), ..self.clone() }
    }

    pub(super) fn meet(&self, at: Timestamp) -> Self {
        Self { met_at: Some(at), ..self.clone() }
    }

    pub(super) fn cancel(&self, at: Timestamp) -> Self {
        Self { cancelled_at: Some(at), ..self.clone() }
    }

    /// Regraded: a new limit from the old start; a breach stays.
    pub(super) fn regrade(&self, rule: &ClockRule, policy_version: u32) -> Self {
        let anew = Self::start(rule, self.round, self.started_at, policy_version);
        Self { met_at: self.met_at, breached_at: self.breached_at, ..anew }
    }
}
