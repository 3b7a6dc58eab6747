//! Where a ticket stands, with what is true only there.

use super::{Assignee, ClockKind, Means, Outcome, ReferTo, Satisfaction, Status};
use crate::geo::Position;
use crate::id::{PointId, TicketId, UnitId, UserId};
use crate::place::PlaceCode;
use crate::policy::Act;
use crate::text::TextRef;
use crate::time::Timestamp;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// The event that a request came from (来源活动), such as the mass meeting of a village.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// What it was, in words.
    pub title: TextRef,
    /// The day in China on which it was held, where known.
    pub held_on: Option<NaiveDate>,
}

/// On the scene (到场).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Arrival {
    /// When.
    pub at: Timestamp,
    /// Where the handler said they were.
    pub position: Position,
}

/// How it is to be solved (办理方案), owed for complex tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What is to be done.
    pub text: TextRef,
    /// Until when, where said.
    pub due: Option<Timestamp>,
    /// By what means, where said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub means: Option<Means>,
    /// When it was made.
    pub at: Timestamp,
}

/// What the requester was told while the work goes on (阶段答复).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The words.
    pub text: TextRef,
    /// When.
    pub at: Timestamp,
}

/// How it was answered in the end; without one no ticket closes (practices L07, 件件有回音).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// What it came to.
    pub outcome: Outcome,
    /// What the requester was told.
    pub reply: TextRef,
    /// When.
    pub at: Timestamp,
    /// When the ticket closes by itself unless it was rated before.
    pub closes_at: Option<Timestamp>,
}

/// What the requester said of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// Satisfied or not.
    pub satisfaction: Satisfaction,
    /// 1 to 5, where given.
    pub stars: Option<u8>,
    /// In their words, where given.
    pub comment: Option<TextRef>,
    /// When.
    pub at: Timestamp,
}

/// Under supervision (督办) until it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supervision {
    /// Who put it there.
    pub by: UserId,
    /// Since when.
    pub at: Timestamp,
}

/// Handed up by somebody, and waits for a decision (逐级会商, practices F02).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// The desk that asked first: to which it can come back.
    pub from: PlaceCode,
    /// Since when.
    pub at: Timestamp,
}

/// What could not be settled on the spot, and waits for the next meeting of its desk (议题, practices Q02).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Who put it there.
    pub by: UserId,
    /// Why, among staff.
    pub reason: TextRef,
    /// Since when.
    pub at: Timestamp,
}

/// To whom its requester was guided last (引导, practices M02).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Referral {
    /// To what.
    pub to: ReferTo,
    /// To which point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<PointId>,
    /// To which unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    /// What the requester was told.
    pub text: TextRef,
    /// When.
    pub at: Timestamp,
}

/// A while in which the clocks rested (暂停计时).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rest {
    /// From when.
    pub from: Timestamp,
    /// Until when; not before `from`.
    pub to: Timestamp,
}

/// Something that a clock asks for, done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What.
    pub act: Act,
    /// When.
    pub at: Timestamp,
}

/// When a round first came so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Steps {
    /// 派单, or 认领.
    pub dispatched: Option<Timestamp>,
    /// 接单.
    pub accepted: Option<Timestamp>,
}

/// More time that the lead asked for (延期), while the clock runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// For which clock.
    pub clock: ClockKind,
    /// Until when.
    pub until: Timestamp,
    /// When it was asked for.
    pub asked_at: Timestamp,
}

/// The work of a round, from acceptance on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// Assigned to.
    pub lead: Assignee,
    /// Who took it.
    pub handler: UserId,
    /// When it was accepted.
    pub at: Timestamp,
    /// Set once on the scene.
    pub arrival: Option<Arrival>,
    /// The newest plan.
    pub plan: Option<Plan>,
    /// The newest reply.
    pub reply: Option<Reply>,
}

/// Where a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum State {
    /// Waits to be dispatched.
    Submitted,
    /// Waits to be accepted.
    Dispatched {
        /// Assigned to.
        lead: Assignee,
        /// Since.
        at: Timestamp,
    },
    /// Is being handled.
    Accepted(Work),
    /// Waits for the requester's rating.
    Resolved {
        /// What was done.
        work: Work,
        /// The answer.
        resolution: Resolution,
    },
    /// Done.
    Closed {
        /// What was done.
        work: Work,
        /// The answer.
        resolution: Resolution,
        /// Since.
        at: Timestamp,
    },
    /// Taken back by its requester.
    Withdrawn {
        /// Why.
        reason: TextRef,
        /// Since.
        at: Timestamp,
    },
    /// Not taken on.
    Declined {
        /// What the requester was told.
        reason: TextRef,
        /// Since.
        at: Timestamp,
    },
    /// Goes on as another.
    Merged {
        /// As which.
        into: TicketId,
        /// Why.
        reason: TextRef,
        /// Since.
        at: Timestamp,
    },
}

impl State {
    /// The word for it.
    pub fn status(&self) -> Status {
        match self {
            Self::Submitted => Status::Submitted,
            Self::Dispatched { .. } => Status::Dispatched,
            Self::Accepted(_) => Status::Accepted,
            Self::Resolved { .. } => Status::Resolved,
            Self::Closed { .. } => Status::Closed,
            Self::Withdrawn { .. } => Status::Withdrawn,
            Self::Declined { .. } => Status::Declined,
            Self::Merged { .. } => Status::Merged,
        }
    }

    /// The work of the current round, once accepted.
    pub fn work(&self) -> Option<&Work> {
        match self {
            Self::Accepted(work) | Self::Resolved { work, .. } | Self::Closed { work, .. } => Some(work),
            Self::Submitted
            | Self::Dispatched { .. }
            | Self::Withdrawn { .. }
            | Self::Declined { .. }
            | Self::Merged { .. } => None,
        }
    }

    /// The same with one person in another's place.
    pub(super) fn identified(mut self, from: UserId, to: UserId) -> Self {
        match &mut self {
            Self::Dispatched { lead, .. } => *lead = lead.identified(from, to),
            Self::Accepted(work) | Self::Resolved { work, .. } | Self::Closed { work, .. } => {
                work.lead = work.lead.identified(from, to);
                if work.handler == from {
                    work.handler = to;
                }
            }
            Self::Submitted | Self::Withdrawn { .. } | Self::Declined { .. } | Self::Merged { .. } => {}
        }
        self
    }

    /// Whether somebody still has to do something before it is resolved.
    pub fn is_open(&self) -> bool {
        self.status().is_open()
    }

    /// Whether it has come to an end; only what is closed may be opened again.
    pub fn is_over(&self) -> bool {
        !self.is_open() && !matches!(self, Self::Resolved { .. })
    }
}
