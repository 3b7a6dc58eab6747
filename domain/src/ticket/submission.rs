//! What people ask for with a new ticket (点单).

use super::known::{Assignment, UnitFacts};
use super::{Affair, Channel, Origin, Severity, TicketRefusal};
use crate::id::{TicketId, UnitId};
use crate::number::TicketNumber;
use crate::place::PlaceRef;
use crate::text::Text;
use crate::time::Timestamp;

/// 点单: a new ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Its identity, drawn by the caller.
    pub id: TicketId,
    /// Its number, leased by the caller.
    pub number: TicketNumber,
    /// A community or below, and no household.
    pub place: PlaceRef,
    /// What troubles them.
    pub content: Text,
    /// Where exactly.
    pub address: Option<Text>,
    /// The event that it came from, with its title.
    pub origin: Option<(Origin, Text)>,
    /// What it was taken from elsewhere (practices M10, F11).
    pub source: Option<Source>,
    /// The unit that asks through whoever submits (practices Z01).
    pub for_unit: Option<(UnitId, Option<UnitFacts>)>,
    /// Key of the playbook's category.
    pub category: Option<String>,
    /// As the requester sees it; whoever dispatches may grade it anew.
    pub severity: Option<Severity>,
    /// As the requester sees it.
    pub affair: Option<Affair>,
    /// How it came in.
    pub channel: Channel,
    /// Whether who raised it is hidden from whoever handles it.
    pub confidential: bool,
    /// When it was raised, where it was taken down on paper first.
    pub occurred_at: Option<Timestamp>,
    /// Code of the catalogue's service that it is about.
    pub service: Option<String>,
    /// Whether it is a call (群众呼叫): those around are to hear it at once, and whoever answers first takes it.
    pub call: bool,
    /// Who holds a post and is asked directly (practices F04).
    pub ask: Option<Assignment>,
}

impl Submission {
    /// What was written freely.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        std::iter::once(&self.content)
            .chain(&self.address)
            .chain(self.origin.as_ref().map(|(_, title)| title))
    }
}

/// What a ticket was taken from elsewhere, once. What chats are called names people: of it a ticket keeps nothing but that it
/// was taken from there. Each word has 1 to [`MAX_SOURCE`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A message of a chat, one in a county.
    Message {
        /// What the group is called.
        group: String,
        /// What the message is called there.
        id: String,
    },
    /// An order of a platform that files tickets: one of each account.
    Order {
        /// Its number there.
        number: String,
    },
}

impl Source {
    /// The way by which such come in.
    pub fn channel(&self) -> Channel {
        match self {
            Self::Message { .. } => Channel::Chat,
            Self::Order { .. } => Channel::Hotline,
        }
    }

    /// Why it is not filed once more.
    pub fn filed(&self, number: TicketNumber) -> TicketRefusal {
        match self {
            Self::Message { .. } => TicketRefusal::MessageFiled { number },
            Self::Order { .. } => TicketRefusal::OrderFiled { number },
        }
    }
}

/// The longest name of a chat, of a message in it and of an order, in characters.
pub const MAX_SOURCE: usize = 100;
