//! What people ask to be done with a ticket.

use super::{Affair, Assignee, Channel, Outcome, Satisfaction, Severity};
use crate::actor::Actor;
use crate::geo::Position;
use crate::id::TicketId;
use crate::number::TicketNumber;
use crate::permission::Action;
use crate::place::{PlaceCode, PlaceRef};
use crate::text::Text;

/// 点单: a new ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Its identity, drawn by the caller.
    pub id: TicketId,
    /// Its number, leased by the caller.
    pub number: TicketNumber,
    /// A community or below.
    pub place: PlaceRef,
    /// What troubles them.
    pub content: Text,
    /// Where exactly.
    pub address: Option<Text>,
    /// Key of the playbook's category.
    pub category: Option<String>,
    /// As the requester sees it; whoever dispatches may grade it anew.
    pub severity: Option<Severity>,
    /// As the requester sees it.
    pub affair: Option<Affair>,
    /// How it came in.
    pub channel: Channel,
}

impl Submission {
    /// What was written freely.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        std::iter::once(&self.content).chain(&self.address)
    }
}

/// What must be known of whom a ticket is to be assigned to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeadFacts {
    /// Nobody of that id.
    Unknown,
    /// A person, with what they were granted.
    Person(Actor),
    /// A unit of this county (six digits).
    Unit {
        /// The county that it belongs to.
        county: PlaceCode,
    },
}

/// What is to be done with a ticket that is there.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// 派单.
    Dispatch {
        /// To whom.
        lead: Assignee,
        /// What is known of them.
        facts: LeadFacts,
        /// Graded, or graded anew.
        severity: Option<Severity>,
        /// Sorted, or sorted anew.
        affair: Option<Affair>,
        /// For whoever takes it.
        note: Option<Text>,
    },
    /// 接单.
    Accept,
    /// 到场.
    Arrive {
        /// Where they are.
        position: Position,
    },
    /// 办结.
    Resolve {
        /// What it came to.
        outcome: Outcome,
        /// What the requester is told.
        reply: Text,
    },
    /// 评单.
    Rate {
        /// Satisfied or not.
        satisfaction: Satisfaction,
        /// 1 to 5.
        stars: Option<u8>,
        /// In their words.
        comment: Option<Text>,
    },
}

impl Command {
    /// The permission that it needs.
    pub fn action(&self) -> Action {
        match self {
            Self::Dispatch { .. } => Action::TicketDispatch,
            Self::Accept => Action::TicketAccept,
            Self::Arrive { .. } => Action::TicketArrive,
            Self::Resolve { .. } => Action::TicketResolve,
            Self::Rate { .. } => Action::TicketRate,
        }
    }

    /// What was written freely.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        match self {
            Self::Dispatch { note, .. } => note.as_ref(),
            Self::Resolve { reply, .. } => Some(reply),
            Self::Rate { comment, .. } => comment.as_ref(),
            Self::Accept | Self::Arrive { .. } => None,
        }
        .into_iter()
    }
}
