//! What happened to a ticket. Events are the history that a resident follows (查单), the audit trail and the outbox.

use super::{Affair, Assignee, Channel, Clock, Outcome, Satisfaction, Severity};
use crate::geo::Position;
use crate::id::{TicketId, UserId};
use crate::number::TicketNumber;
use crate::place::PlaceRef;
use crate::text::TextRef;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, EnumIter, IntoStaticStr};

/// The version in which events are stored; a reader of older ones upcasts.
pub const EVENT_VERSION: i16 = 1;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What.
    pub fact: Fact,
    /// The clocks that it started, met, breached or cancelled, as they stand after it.
    pub clocks: Vec<Clock>,
    /// Who did it; `None` when time did.
    pub actor: Option<UserId>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EnumDiscriminants)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[strum_discriminants(
    name(Headline),
    derive(Hash, EnumIter, IntoStaticStr),
    strum(serialize_all = "snake_case"),
    doc = "What kind of event it is: the word in the `kind` column and in the timeline."
)]
#[expect(missing_docs, reason = "the fields are those of the command that led to it")]
pub enum Fact {
    /// 点单.
    Submitted {
        ticket: TicketId,
        number: TicketNumber,
        requester: UserId,
        place: PlaceRef,
        content: TextRef,
        address: Option<TextRef>,
        category: Option<String>,
        severity: Option<Severity>,
        affair: Option<Affair>,
        channel: Channel,
    },
    /// A limit passed; which one is among the clocks.
    Breached,
    /// 派单.
    Dispatched { lead: Assignee, severity: Option<Severity>, affair: Option<Affair>, note: Option<TextRef> },
    /// 接单.
    Accepted { handler: UserId },
    /// 到场.
    Arrived { position: Position },
    /// 办结.
    Resolved { outcome: Outcome, reply: TextRef },
    /// 评单.
    Rated { satisfaction: Satisfaction, stars: Option<u8>, comment: Option<TextRef> },
    /// Not satisfied: it goes back to the same lead.
    Reworked { round: u16 },
    /// Done.
    Closed,
}

impl Headline {
    /// The word.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Fact {
    /// The kind.
    pub fn headline(&self) -> Headline {
        self.into()
    }

    /// Whether its text is among staff, and not for the requester.
    pub fn is_internal(&self) -> bool {
        matches!(self, Self::Dispatched { .. })
    }

    /// The text that the timeline shows with it.
    pub fn text(&self) -> Option<TextRef> {
        match self {
            Self::Submitted { content, .. } => Some(*content),
            Self::Dispatched { note, .. } => *note,
            Self::Resolved { reply, .. } => Some(*reply),
            Self::Rated { comment, .. } => *comment,
            Self::Breached
            | Self::Accepted { .. }
            | Self::Arrived { .. }
            | Self::Reworked { .. }
            | Self::Closed => None,
        }
    }
}
