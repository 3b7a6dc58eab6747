//! What a query yields: filled by the store with one query, turned into wire types by the contract.

use crate::actor::Actor;
use crate::id::{TicketId, UnitId, UserId};
use crate::number::TicketNumber;
use crate::place::PlaceCode;
use crate::ticket::{Affair, Channel, Event, Severity, Status, Ticket};
use crate::time::Timestamp;

/// A ticket with all that its page shows.
#[derive(Debug, Clone, PartialEq)]
pub struct TicketView {
    /// The ticket itself.
    pub ticket: Ticket,
    /// How many events it has: what `ETag` carries.
    pub version: i32,
    /// Name of its place today.
    pub place_name: String,
    /// What its texts say; a text that was erased is not here.
    pub texts: TicketTexts,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The texts of a ticket that are current.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "named like the references in Ticket")]
pub struct TicketTexts {
    pub content: Option<String>,
    pub address: Option<String>,
    pub reply: Option<String>,
    pub comment: Option<String>,
}

/// A ticket as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "named like the fields of Ticket")]
pub struct TicketSummary {
    pub id: TicketId,
    pub number: TicketNumber,
    pub version: i32,
    pub status: Status,
    /// The first characters of the content; `None` once erased.
    pub excerpt: Option<String>,
    pub place: PlaceCode,
    pub place_name: String,
    pub category: Option<String>,
    pub severity: Option<Severity>,
    pub affair: Option<Affair>,
    pub channel: Channel,
    pub unit: Option<UnitId>,
    pub handler: Option<UserId>,
    pub round: u16,
    /// The earliest limit that nobody has met yet.
    pub owed_since: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A line of a ticket's history.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineEntry {
    /// Its number in the history, from 1.
    pub version: i32,
    /// What happened.
    pub event: Event,
    /// What was written then; `None` where nothing was, or once erased.
    pub text: Option<String>,
}

/// A person as they see themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Who they are and what they may.
    pub actor: Actor,
    /// Their name.
    pub name: String,
}
