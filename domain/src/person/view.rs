//! What queries about people yield: the audit trail, and the copy of all that is held on somebody.

use super::change::Person;
use crate::absence::Absence;
use crate::geo::Position;
use crate::id::{TicketId, UserId};
use crate::place::PlaceCode;
use crate::shift::Shift;
use crate::ticket::{Satisfaction, Status};
use crate::time::Timestamp;
use crate::view::InboxEntry;
use uuid::Uuid;

/// A line of the audit trail. Read leniently: what a kind does not say is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Where it stands in the log.
    pub position: i64,
    /// When.
    pub at: Timestamp,
    /// `person`, `unit`, `calendar` or `ticket`.
    pub aggregate: String,
    /// Whom or what it is about.
    pub subject: Uuid,
    /// What happened.
    pub kind: String,
    /// Who did it; `None` when the program did.
    pub by: Option<UserId>,
    /// Where it counts.
    pub scope_code: String,
    /// Why; `None` where none was given, or once erased.
    pub reason: Option<String>,
    /// The role that was given or taken.
    pub role: Option<String>,
    /// For which places.
    pub places: Vec<String>,
    /// For which unit.
    pub unit: Option<String>,
    /// To whom tickets were handed over.
    pub successor: Option<String>,
    /// What a unit is called from then on.
    pub name: Option<String>,
    /// Of which year a calendar is.
    pub year: Option<i32>,
    /// Which version a playbook became.
    pub version: Option<u32>,
}

/// All that is held on a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    /// Themselves.
    pub person: Person,
    /// How they sign in: provider and subject.
    pub identities: Vec<(String, Option<String>)>,
    /// Their sessions.
    pub sessions: Vec<ExportedSession>,
    /// What they raised.
    pub tickets: Vec<ExportedTicket>,
    /// What they did on others' tickets.
    pub acts: Vec<ExportedStep>,
    /// What is written down about them.
    pub audit: Vec<AuditEntry>,
    /// What they were told.
    pub inbox: Vec<InboxEntry>,
    /// When they were or will be on duty.
    pub shifts: Vec<Shift>,
    /// When they were away, and when they stood in for others: of those without the reason.
    pub absences: Vec<Absence>,
    /// What they take part in beside tickets, and what they wrote something of.
    pub matters: Vec<ExportedMatter>,
    /// Photos that they added, by identity.
    pub photos: Vec<Uuid>,
}

/// A matter of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedMatter {
    /// Identity.
    pub id: Uuid,
    /// What kind of matter.
    pub kind: String,
    /// What it is within its kind, such as the service of an errand.
    pub topic: Option<String>,
    /// Its status.
    pub status: String,
    /// Where it belongs.
    pub place: PlaceCode,
    /// What that is called.
    pub place_name: String,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// Until when it is to be done.
    pub due_at: Option<Timestamp>,
    /// What they wrote of it, the first first.
    pub texts: Vec<String>,
}

/// A session of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "named like the columns")]
pub struct ExportedSession {
    pub created_at: Timestamp,
    pub used_at: Timestamp,
    pub expires_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// A ticket that they raised.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "named like the fields of Ticket")]
pub struct ExportedTicket {
    pub id: TicketId,
    pub number: String,
    pub status: Status,
    pub place: PlaceCode,
    pub place_name: String,
    pub category: Option<String>,
    pub address: Option<String>,
    /// The title of the event that it came from.
    pub origin: Option<String>,
    /// Name, phone and household to be called, in plain.
    pub contact: [Option<String>; 3],
    pub created_at: Timestamp,
    /// Its history, with the texts that are for them.
    pub steps: Vec<ExportedStep>,
}

/// A step of a ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportedStep {
    /// Of which ticket.
    pub ticket: TicketId,
    /// Its number.
    pub number: String,
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub kind: String,
    /// Whether they did it themselves.
    pub own: bool,
    /// What was written then.
    pub text: Option<String>,
    /// Where they were, where they did it themselves.
    pub position: Option<Position>,
    /// How satisfied they were.
    pub satisfaction: Option<Satisfaction>,
    /// 1 to 5.
    pub stars: Option<u8>,
}
