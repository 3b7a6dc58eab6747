//! The ticket's guarded write: its row as columns that lists look at, with the state beside them.

use super::super::Store;
use super::super::dialect::json_param;
use super::super::error::StoreError;
use super::super::journal::{Entry, EventRow, Head, KeptAnswer, PartyRow, one_statement};
use super::super::log::event_row;
use domain::text::Text;
use domain::ticket::{Affair, Assignee, Clock, Event, Handling, STATE_VERSION, Severity, Ticket};
use domain::time::Timestamp;
use domain::view::{Contact, TicketView};
use sea_orm::{DbBackend, Value};
use std::sync::LazyLock;
use uuid::Uuid;

/// Columns that never change after the submission.
const FIXED: [&str; 12] = [
    "number",
    "county",
    "street",
    "community",
    "scope_code",
    "place_id",
    "channel",
    "content_id",
    "address_id",
    "origin_id",
    "confidential",
    "created_at",
];
/// Columns that every change writes.
pub(super) const CURRENT: [&str; 22] = [
    "version",
    "status",
    "requester_id",
    "unit_id",
    "handler_id",
    "category",
    "severity",
    "affair",
    "handling",
    "desk",
    "supervised",
    "claim_roles",
    "round",
    "plan_id",
    "answer_id",
    "reply_id",
    "comment_id",
    "end_reason_id",
    "next_at",
    "owed_since",
    "updated_at",
    "state_v",
];

/// The fixed statements of this database.
#[derive(Debug)]
pub(in crate::store) struct TicketSql {
    insert: &'static str,
    update: &'static str,
}

struct Texts {
    insert: String,
    update: String,
}

impl Texts {
    fn new(backend: DbBackend) -> Self {
        // $1 is the id, and of an update $2 the version that it changes; the state comes last.
        let names = [FIXED.as_slice(), &CURRENT].concat();
        let params: Vec<_> = (0..names.len()).map(|i| format!("${}", i + 2)).collect();
        let last = names.len() + 2;
        let insert = format!(
            "INSERT INTO ticket (id, {}, state) VALUES ($1, {}, {})",
            names.join(", "),
            params.join(", "),
            json_param(backend, last)
        );
        let set: Vec<_> = CURRENT.iter().zip(3..).map(|(name, n)| format!("{name} = ${n}")).collect();
        let last_set = CURRENT.len() + 3;
        let state = json_param(backend, last_set);
        let update =
            format!("UPDATE ticket SET {}, state = {state} WHERE id = $1 AND version = $2", set.join(", "));
        match backend {
            DbBackend::Postgres => Self {
                insert: one_statement(&insert, last, true),
                update: one_statement(&update, last_set, false),
            },
            _ => Self { insert, update },
        }
    }
}

impl TicketSql {
    pub(in crate::store) fn new(backend: DbBackend) -> Self {
        static POSTGRES: LazyLock<Texts> = LazyLock::new(|| Texts::new(DbBackend::Postgres));
        static SQLITE: LazyLock<Texts> = LazyLock::new(|| Texts::new(DbBackend::Sqlite));
        let texts: &'static Texts = if backend == DbBackend::Postgres { &POSTGRES } else { &SQLITE };
        Self { insert: &texts.insert, update: &texts.update }
    }
}

/// A change that was decided on, to be written down.
pub(in crate::store) struct Change<'a> {
    /// The version that it was decided on, with who took part then; `None` for a new ticket.
    pub(in crate::store) from: Option<(i32, Participants)>,
    pub(in crate::store) view: &'a TicketView,
    pub(in crate::store) events: &'a [Event],
    pub(in crate::store) texts: Vec<&'a Text>,
    /// Of a new ticket.
    pub(in crate::store) contact: Option<&'a Contact>,
    pub(in crate::store) now: Timestamp,
    pub(in crate::store) answer: Option<KeptAnswer>,
}

/// Who takes part besides requester, lead and handler.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::store) struct Participants(Vec<(Uuid, &'static str)>);

impl Participants {
    pub(in crate::store) fn of(ticket: &Ticket) -> Self {
        let assist = ticket.assist.iter().map(|assignee| match assignee {
            Assignee::Person(person) => (person.0, "assist"),
            Assignee::Unit(unit) => (unit.0, "assist"),
        });
        Self(ticket.joined.iter().map(|user| (user.0, "requester")).chain(assist).collect())
    }

    /// Each with its kind.
    pub(in crate::store) fn rows(&self) -> Vec<(Uuid, String)> {
        self.0.iter().map(|(party, kind)| (*party, (*kind).to_owned())).collect()
    }

    /// The rows that make these out of `before`.
    fn since(&self, before: &Self, created_at: Timestamp) -> Vec<PartyRow> {
        let only = |some: &Self, others: &Self, active| -> Vec<PartyRow> {
            let row = |(party_id, kind): &(Uuid, &'static str)| PartyRow {
                party_id: *party_id,
                kind,
                active,
                created_at,
            };
            some.0.iter().filter(|party| !others.0.contains(party)).map(row).collect()
        };
        let mut rows = only(before, self, false);
        rows.extend(only(self, before, true));
        rows
    }
}

impl Store {
    /// The journal's entry of a change.
    pub(in crate::store) fn entry<'a>(&self, change: Change<'a>) -> Result<Entry<'a>, StoreError> {
        let Change { from, view, events, texts, contact, now, answer } = change;
        let ticket = &view.ticket;
        let head = match &from {
            None => Head { sql: self.ticket_sql.insert, values: insert_values(view)?, begins: true },
            Some((version, _)) => {
                Head { sql: self.ticket_sql.update, values: update_values(*version, view)?, begins: false }
            }
        };
        let (version, before) = from.unwrap_or_default();
        let rows = events.iter().zip(version + 1..).map(|(event, version)| event_row(event, version));
        Ok(Entry {
            head,
            stream: ticket.id.0,
            scope_code: ticket.place.code.as_str(),
            now,
            events: rows.collect::<Result<Vec<EventRow>, _>>()?,
            texts,
            clocks: changed_clocks(ticket, events),
            parties: Participants::of(ticket).since(&before, ticket.submitted_at),
            contact: contact.and_then(|contact| self.contact_row(ticket.id.0, contact)),
            answer,
        })
    }
}

/// The clocks that the events touched, each once, as they stand now.
pub(super) fn changed_clocks<'a>(ticket: &'a Ticket, events: &[Event]) -> Vec<&'a Clock> {
    let touched = |clock: &&Clock| {
        events.iter().flat_map(|event| &event.clocks).any(|c| c.kind == clock.kind && c.round == clock.round)
    };
    ticket.clocks.iter().filter(touched).collect()
}

fn insert_values(view: &TicketView) -> Result<Vec<Value>, StoreError> {
    let ticket = &view.ticket;
    let code = &ticket.place.code;
    let corrupt = || StoreError::corrupt("ticket", "scope_code", ticket.id, "not a community or below");
    let street = code.street().and_then(|digits| digits.parse::<i32>().ok()).ok_or_else(corrupt)?;
    let community = code.community().and_then(|digits| digits.parse::<i64>().ok()).ok_or_else(corrupt)?;
    let mut values: Vec<Value> = vec![
        ticket.id.0.into(),
        ticket.number.as_str().into(),
        code.county().parse::<i32>().map_err(|_| corrupt())?.into(),
        street.into(),
        community.into(),
        code.as_str().into(),
        ticket.place.id.0.into(),
        ticket.channel.name().into(),
        ticket.content.id.0.into(),
        ticket.address.map(|text| text.id.0).into(),
        ticket.origin.map(|origin| origin.title.id.0).into(),
        ticket.confidential.into(),
        ticket.submitted_at.into(),
    ];
    current_values(view, &mut values)?;
    Ok(values)
}

fn update_values(version: i32, view: &TicketView) -> Result<Vec<Value>, StoreError> {
    let mut values = vec![view.ticket.id.0.into(), version.into()];
    current_values(view, &mut values)?;
    Ok(values)
}

/// In the order of [`CURRENT`], and the state.
pub(super) fn current_values(view: &TicketView, values: &mut Vec<Value>) -> Result<(), StoreError> {
    let ticket = &view.ticket;
    let parties = ticket.parties();
    let work = ticket.state.work();
    let state = serde_json::to_string(ticket)
        .map_err(|error| StoreError::corrupt("ticket", "state", ticket.id, error))?;
    values.extend([
        view.version.into(),
        ticket.status().name().into(),
        ticket.requester.0.into(),
        parties.unit.map(|unit| unit.0).into(),
        parties.handler.map(|handler| handler.0).into(),
        ticket.category.clone().into(),
        ticket.severity.map(Severity::name).into(),
        ticket.affair.map(Affair::name).into(),
        ticket.handling.map(Handling::name).into(),
        ticket.desk.as_str().into(),
        ticket.supervision.is_some().into(),
        ticket.claimable().bits().into(),
        i32::from(ticket.round).into(),
        work.and_then(|work| work.plan).map(|plan| plan.text.id.0).into(),
        work.and_then(|work| work.reply).map(|reply| reply.text.id.0).into(),
        ticket.resolution().map(|resolution| resolution.reply.id.0).into(),
        ticket.rating.and_then(|rating| rating.comment).map(|comment| comment.id.0).into(),
        ticket.end_reason().map(|reason| reason.id.0).into(),
        ticket.next_due().into(),
        ticket.owed_since().into(),
        view.updated_at.into(),
        STATE_VERSION.into(),
        state.into(),
    ]);
    Ok(())
}
