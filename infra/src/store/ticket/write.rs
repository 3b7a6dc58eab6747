//! The ticket's guarded write: its row as columns that lists look at, with the state beside them.

use super::super::Store;
use super::super::error::StoreError;
use super::super::journal::{Column, Entry, KeptAnswer, Values};
use super::super::log::event_row;
use domain::text::Text;
use domain::ticket::{Affair, Assignee, Event, Handling, Severity, Ticket};
use domain::view::{Contact, TicketView};
use uuid::Uuid;

/// How many characters of the content a list shows.
pub(in crate::store) const EXCERPT: usize = 80;

/// Columns that never change after the submission, but for what is erased.
pub(in crate::store) const FIXED: [Column; 10] = [
    ("number", "text"),
    ("channel", "text"),
    ("content_id", "uuid"),
    ("excerpt", "text"),
    ("address_id", "uuid"),
    ("origin_id", "uuid"),
    ("confidential", "boolean"),
    ("created_at", "timestamptz"),
    ("playbook", "integer"),
    ("message_key", "bytea"),
];
/// Columns that every change writes.
pub(in crate::store) const CURRENT: [Column; 36] = [
    ("version", "integer"),
    ("county", "integer"),
    ("street", "integer"),
    ("community", "bigint"),
    ("scope_code", "text"),
    ("place_id", "uuid"),
    ("status", "text"),
    ("requester_id", "uuid"),
    ("unit_id", "uuid"),
    ("handler_id", "uuid"),
    ("category", "text"),
    ("severity", "text"),
    ("affair", "text"),
    ("handling", "text"),
    ("desk", "text"),
    ("supervised", "boolean"),
    ("commonality", "text"),
    ("planned_for", "date"),
    ("claim_roles", "integer"),
    ("service", "text"),
    ("call_area", "text"),
    ("round", "integer"),
    ("plan_id", "uuid"),
    ("answer_id", "uuid"),
    ("reply_id", "uuid"),
    ("comment_id", "uuid"),
    ("end_reason_id", "uuid"),
    ("next_at", "timestamptz"),
    ("owed_since", "timestamptz"),
    ("updated_at", "timestamptz"),
    ("escalated", "boolean"),
    ("first_asked_id", "uuid"),
    ("referral_id", "uuid"),
    ("requester_unit_id", "uuid"),
    ("topic_id", "uuid"),
    ("state_v", "smallint"),
];

/// In `claim_roles`, so many bits above the roles that may claim a ticket stand those of them that hear its call.
pub(super) const HEARD: u32 = 16;

/// A change that was decided on, to be written down.
pub(in crate::store) struct Change<'a> {
    /// The version that it was decided on, with who took part then; `None` for a new ticket.
    pub(in crate::store) from: Option<(i32, Participants)>,
    pub(in crate::store) view: &'a TicketView,
    pub(in crate::store) events: &'a [Event],
    pub(in crate::store) texts: Vec<&'a Text>,
    /// Of a new ticket.
    pub(in crate::store) contact: Option<&'a Contact>,
    /// Of a new ticket that was taken from a message of a chat: by what that is known.
    pub(in crate::store) message_key: Option<[u8; 32]>,
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
        let joined = ticket.joined.iter().map(|user| (user.0, "requester"));
        let called = ticket.called().into_iter().map(|unit| (unit.0, "called"));
        let watching = ticket.delegates.iter().map(|user| (user.0, "delegate"));
        let mut all: Vec<_> = joined.chain(assist).chain(called).chain(watching).collect();
        // Whoever helps both by themselves and with a team takes part once.
        for mate in &ticket.mates {
            if !all.contains(&(mate.0, "assist")) {
                all.push((mate.0, "assist"));
            }
        }
        Self(all)
    }

    /// Each with its kind.
    pub(in crate::store) fn rows(&self) -> Vec<(Uuid, String)> {
        self.0.iter().map(|(party, kind)| (*party, (*kind).to_owned())).collect()
    }

    /// The rows that make these of `ticket` out of `before`. Lists are in the order of its submission.
    fn since(&self, before: &Self, ticket: &Ticket) -> Vec<Values> {
        let only = |some: &Self, others: &Self, active: bool| -> Vec<Values> {
            let row = |(party, kind): &(Uuid, &'static str)| {
                vec![
                    ticket.id.0.into(),
                    (*party).into(),
                    (*kind).into(),
                    active.into(),
                    ticket.submitted_at.into(),
                ]
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
    pub(in crate::store) fn entry(&self, change: Change<'_>) -> Result<Entry, StoreError> {
        let Change { from, view, events, texts, contact, message_key, answer } = change;
        let ticket = &view.ticket;
        let stream = ticket.id.0;
        let was = from.as_ref().map(|(version, _)| *version);
        let (version, before) = from.unwrap_or_default();
        let scope_code = ticket.place.code.as_str();
        let row = |(event, version)| event_row(event, stream, version, scope_code);
        Ok(Entry {
            stream,
            was,
            row: if was.is_none() { new_row(view, message_key)? } else { current_row(view)? },
            texts: texts.into_iter().map(|text| text_row(text, stream)).collect(),
            events: events.iter().zip(version + 1..).map(row).collect::<Result<_, _>>()?,
            parties: Participants::of(ticket).since(&before, ticket),
            contact: contact.and_then(|contact| self.contact_row(ticket, contact)),
            answer,
        })
    }
}

fn text_row(text: &Text, stream: Uuid) -> Values {
    vec![text.reference.id.0.into(), stream.into(), text.body.as_str().into()]
}

/// In the order of [`FIXED`] and [`CURRENT`], and the state.
fn new_row(view: &TicketView, message_key: Option<[u8; 32]>) -> Result<Values, StoreError> {
    let ticket = &view.ticket;
    let mut row: Values = vec![
        ticket.number.as_str().into(),
        ticket.channel.name().into(),
        ticket.content.id.0.into(),
        view.texts.content.as_deref().map(excerpt).into(),
        ticket.address.map(|text| text.id.0).into(),
        ticket.origin.map(|origin| origin.title.id.0).into(),
        ticket.confidential.into(),
        ticket.submitted_at.into(),
        ticket.begun_under().and_then(|version| i32::try_from(version).ok()).into(),
        message_key.map(|key| key.to_vec()).into(),
    ];
    row.extend(current_row(view)?);
    Ok(row)
}

/// The beginning of a content, as lists show it.
fn excerpt(content: &str) -> String {
    content.chars().take(EXCERPT).collect()
}

/// In the order of [`CURRENT`], and the state.
fn current_row(view: &TicketView) -> Result<Values, StoreError> {
    let ticket = &view.ticket;
    let code = &ticket.place.code;
    let corrupt = || StoreError::corrupt("ticket", "scope_code", ticket.id, "not a community or below");
    let street = code.street().and_then(|digits| digits.parse::<i32>().ok()).ok_or_else(corrupt)?;
    let community = code.community().and_then(|digits| digits.parse::<i64>().ok()).ok_or_else(corrupt)?;
    let parties = ticket.parties();
    let work = ticket.state.work();
    let state = serde_json::to_string(ticket)
        .map_err(|error| StoreError::corrupt("ticket", "state", ticket.id, error))?;
    Ok(vec![
        view.version.into(),
        code.county().parse::<i32>().map_err(|_| corrupt())?.into(),
        street.into(),
        community.into(),
        code.as_str().into(),
        ticket.place.id.0.into(),
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
        ticket.assessment.map(|there| there.commonality.name()).into(),
        ticket.assessment.and_then(|there| there.planned_for).into(),
        (ticket.claimable().bits() | ticket.heard().bits() << HEARD).into(),
        ticket.service.clone().into(),
        ticket.call.map(|area| area.to_string()).into(),
        i32::from(ticket.round).into(),
        work.and_then(|work| work.plan).map(|plan| plan.text.id.0).into(),
        work.and_then(|work| work.reply).map(|reply| reply.text.id.0).into(),
        ticket.resolution().map(|resolution| resolution.reply.id.0).into(),
        ticket.rating.and_then(|rating| rating.comment).map(|comment| comment.id.0).into(),
        ticket.end_reason().map(|reason| reason.id.0).into(),
        ticket.next_due().into(),
        ticket.owed_since().into(),
        view.updated_at.into(),
        ticket.escalation.is_some().into(),
        ticket.first_asked.map(|person| person.0).into(),
        ticket.referral.map(|referral| referral.text.id.0).into(),
        ticket.requester_unit.map(|unit| unit.0).into(),
        ticket.topic.map(|topic| topic.reason.id.0).into(),
        ticket.stored_version().into(),
        state.into(),
    ])
}
