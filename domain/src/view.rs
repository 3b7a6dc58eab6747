//! What a query yields: filled by the store with one query, turned into wire types by the contract.

use crate::actor::Actor;
use crate::deed::Deed;
use crate::id::{TicketId, UnitId, UserId};
use crate::notice::Notice;
use crate::number::TicketNumber;
use crate::permission::{Action, Role};
use crate::person::Profile;
use crate::phone::Phone;
use crate::place::{PlaceCode, PlaceRef};
use crate::ticket::{Affair, Channel, ClockKind, Commonality, Event, Handling, Severity, Status, Ticket};
use crate::tie::Tie;
use crate::time::Timestamp;
use crate::unit::UnitKind;
use chrono::NaiveDate;

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
    /// Whom to call about it.
    pub contact: Contact,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// What its service is called today; `None` without one, or where the catalogue has it no more.
    pub service_name: Option<String>,
}

/// The texts of a ticket that are current.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "named like the references in Ticket")]
pub struct TicketTexts {
    pub content: Option<String>,
    pub address: Option<String>,
    pub origin: Option<String>,
    pub plan: Option<String>,
    pub progress: Option<String>,
    pub reply: Option<String>,
    pub comment: Option<String>,
    pub end_reason: Option<String>,
    pub referral: Option<String>,
    pub topic: Option<String>,
}

/// Whom to call (联系人): personal data, sealed where it is stored. What the ticket does not say is the requester's own.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Contact {
    /// Their name.
    pub name: Option<String>,
    /// Their number.
    pub phone: Option<Phone>,
    /// The household, as the digits of its code below the building.
    pub household: Option<String>,
}

/// Never in full in a log.
impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contact").field("phone", &self.phone).finish_non_exhaustive()
    }
}

/// How much of whom to call somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Nothing, not even who raised it.
    Hidden,
    /// `王**`, `138****5678`.
    Masked,
    /// Everything.
    Plain,
}

impl Sight {
    /// How much of whom to call `actor` sees: those who handle it must be able to call, unless it is confidential.
    pub fn of(actor: &Actor, ticket: &Ticket) -> Self {
        let parties = ticket.parties();
        if ticket.requester == actor.user {
            Self::Plain
        } else if ticket.confidential || !actor.sees_by_role(&parties) {
            Self::Hidden
        } else if actor.may(Action::TicketResolve, &parties).is_ok() {
            Self::Plain
        } else {
            Self::Masked
        }
    }
}

/// How much of a ticket somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sees {
    /// Of whom to call.
    pub sight: Sight,
    /// Whether what staff say among themselves is for them.
    pub staff: bool,
}

impl Sees {
    /// How much `actor` sees.
    pub fn of(actor: &Actor, ticket: &Ticket) -> Self {
        Self { sight: Sight::of(actor, ticket), staff: actor.sees_by_role(&ticket.parties()) }
    }
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
    pub handling: Option<Handling>,
    pub desk: PlaceCode,
    pub escalated: bool,
    /// Whether it is before the next meeting of its desk.
    pub topic: bool,
    pub supervised: bool,
    pub commonality: Option<Commonality>,
    pub planned_for: Option<NaiveDate>,
    pub round: u16,
    /// The earliest limit that nobody has met yet.
    pub owed_since: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A ticket that is like one that somebody is about to file: nothing of what it says, nor whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlikeTicket {
    /// Their own, which they may open.
    pub own: Option<TicketId>,
    /// For people.
    pub number: TicketNumber,
    /// Where it stands.
    pub status: Status,
    /// What it is about.
    pub category: Option<String>,
    /// The place where it lies, one level below the community at most, and what that is called.
    pub place: PlaceCode,
    /// What it is called.
    pub place_name: Option<String>,
    /// How many levels below the community it has in common with where they are.
    pub near: u8,
    /// When it was raised.
    pub created_at: Timestamp,
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
pub struct Myself {
    /// Who they are and what they may.
    pub actor: Actor,
    /// Their name.
    pub name: String,
    /// What they can do, want to do, and when they are free.
    pub profile: Option<Profile>,
}

/// A tie with the names of both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TieView {
    /// The tie.
    pub tie: Tie,
    /// What the person or unit is called, in plain.
    pub holder: String,
    /// The phone number of the person.
    pub phone: Option<Phone>,
    /// What the unit is.
    pub kind: Option<UnitKind>,
    /// What it is tied to is called so.
    pub target: String,
    /// The code of the place today.
    pub place: Option<PlaceCode>,
    /// Where it counts: the place, the seat of the unit, or its county.
    pub at: PlaceCode,
}

/// A deed with the names of both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeedView {
    /// The deed.
    pub deed: Deed,
    /// Who did it, in plain.
    pub doer: String,
    /// The place today.
    pub at: PlaceRef,
    /// What it is called.
    pub place_name: String,
    /// What was done; `None` once erased.
    pub account: Option<String>,
}

/// How often a linked leader came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitsView {
    /// How they are linked, and to what.
    pub tie: TieView,
    /// How often.
    pub visits: i64,
}

/// Somebody who holds a role for exactly a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The role.
    pub role: Role,
    /// Who.
    pub person: UserId,
    /// Their name in plain.
    pub name: String,
    /// Their phone number.
    pub phone: Option<Phone>,
}

/// A place of a chain of responsibility (责任链条, practices L03), and who answers for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainLink {
    /// The place.
    pub place: PlaceRef,
    /// Its name.
    pub name: String,
    /// Those who are tied to it today.
    pub ties: Vec<TieView>,
    /// Those who are granted a post for it.
    pub posts: Vec<Post>,
}

/// A message (消息). It holds no words of anybody and nothing personal; what it says is made when it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxEntry {
    /// Identity; later ones have greater ones.
    pub id: i64,
    /// What it says.
    pub kind: Notice,
    /// Of which ticket; `None` where it is of none or of many.
    pub ticket: Option<InboxTicket>,
    /// Of which matter, by its kind and identity.
    pub matter: Option<(String, uuid::Uuid)>,
    /// Which limit.
    pub clock: Option<ClockKind>,
    /// Until when that is or was.
    pub due_at: Option<Timestamp>,
    /// How many things it is about.
    pub items: i32,
    /// When it came.
    pub created_at: Timestamp,
    /// When it was read.
    pub read_at: Option<Timestamp>,
}

/// A ticket as a message shows it, also to whoever no longer sees it: nothing of what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "named like the fields of Ticket")]
pub struct InboxTicket {
    pub id: TicketId,
    pub number: TicketNumber,
    pub status: Status,
    pub place: PlaceCode,
    pub place_name: String,
}

/// One of the things that a message is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxItem {
    /// Of the event.
    pub position: i64,
    /// What it would have said alone.
    pub kind: Notice,
    /// Of which ticket.
    pub ticket: InboxTicket,
    /// Which limit.
    pub clock: Option<ClockKind>,
    /// When that passed, or passes.
    pub due_at: Option<Timestamp>,
}

/// How many messages somebody has not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread {
    /// At most 1,000.
    pub count: i64,
    /// Whether there are more.
    pub more: bool,
}
