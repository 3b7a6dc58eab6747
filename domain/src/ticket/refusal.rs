//! How tickets say no.

use super::Status;
use crate::refusal::Args;
use strum::{EnumIter, IntoStaticStr};

/// Why a command on a ticket was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TicketRefusal {
    /// Not there, or out of the actor's sight: nobody learns which.
    #[error("no such ticket")]
    NotFound,
    /// Not in this state.
    #[error("{why:?} while {status:?}")]
    WrongState {
        /// What is in the way.
        why: WrongState,
        /// Where the ticket stands.
        status: Status,
    },
    /// Nobody has the id that it was to be assigned to.
    #[error("nobody has this id")]
    LeadUnknown,
    /// They exist, and cannot take a ticket of this place.
    #[error("they cannot handle tickets of this place")]
    LeadCannotHandle,
    /// Not a category of the county's playbook.
    #[error("no such category")]
    CategoryUnknown {
        /// Those that there are.
        allowed: String,
    },
    /// Not 1 to 5.
    #[error("stars are 1 to 5")]
    StarsOutOfRange,
    /// Only staff enter what came by another way than the mini-program.
    #[error("residents file through the mini-program")]
    ChannelForStaff,
}

/// What is in the way of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, IntoStaticStr)]
#[expect(missing_docs, reason = "the codes say it")]
pub enum WrongState {
    #[strum(serialize = "ticket.not_dispatched")]
    NotDispatched,
    #[strum(serialize = "ticket.already_dispatched")]
    AlreadyDispatched,
    #[strum(serialize = "ticket.not_accepted")]
    NotAccepted,
    #[strum(serialize = "ticket.already_accepted")]
    AlreadyAccepted,
    #[strum(serialize = "ticket.already_arrived")]
    AlreadyArrived,
    #[strum(serialize = "ticket.not_resolved")]
    NotResolved,
    #[strum(serialize = "ticket.already_resolved")]
    AlreadyResolved,
    #[strum(serialize = "ticket.already_closed")]
    AlreadyClosed,
}

impl TicketRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "ticket.not_found",
            Self::WrongState { why, .. } => why.into(),
            Self::LeadUnknown => "ticket.lead_unknown",
            Self::LeadCannotHandle => "ticket.lead_cannot_handle",
            Self::CategoryUnknown { .. } => "ticket.category_unknown",
            Self::StarsOutOfRange => "ticket.stars_out_of_range",
            Self::ChannelForStaff => "ticket.channel_for_staff",
        }
    }

    /// Parts of the sentence.
    pub fn args(&self) -> Args {
        match self {
            Self::WrongState { status, .. } => vec![("status", status.name().to_owned())],
            Self::CategoryUnknown { allowed } => vec![("allowed", allowed.clone())],
            Self::NotFound
            | Self::LeadUnknown
            | Self::LeadCannotHandle
            | Self::StarsOutOfRange
            | Self::ChannelForStaff => vec![],
        }
    }

    /// The field that was wrong, where it was one.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::NotFound | Self::WrongState { .. } => None,
            Self::LeadUnknown | Self::LeadCannotHandle => Some("/lead"),
            Self::CategoryUnknown { .. } => Some("/category"),
            Self::StarsOutOfRange => Some("/stars"),
            Self::ChannelForStaff => Some("/channel"),
        }
    }
}
