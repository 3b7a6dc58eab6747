//! What a ticket's row and texts are after what the rules decided.

use super::super::error::StoreError;
use super::write::Participants;
use domain::ticket::{Command, Event, Ticket};
use domain::time::Timestamp;
use domain::view::{TicketTexts, TicketView};

/// The ticket that events make of another, or of nothing.
pub(super) fn fold(ticket: Option<Ticket>, events: &[Event]) -> Result<Ticket, StoreError> {
    let broken = |error| StoreError::corrupt("ticket", "state", "a change", error);
    let mut events = events.iter();
    let mut ticket = match (ticket, events.as_slice()) {
        (Some(ticket), _) => ticket,
        (None, [first, ..]) => {
            events.next();
            Ticket::begin(first).map_err(broken)?
        }
        (None, []) => {
            return Err(StoreError::corrupt("event", "payload", "a change", "a change without events"));
        }
    };
    for event in events {
        ticket.apply(event).map_err(broken)?;
    }
    Ok(ticket)
}

/// How many versions they are.
pub(super) fn count(events: &[Event]) -> i32 {
    i32::try_from(events.len()).expect("a change has few events")
}

/// The ticket after its events, and what the write is guarded by.
pub(super) fn after(
    loaded: TicketView,
    events: &[Event],
    command: Option<&Command>,
    now: Timestamp,
) -> Result<((i32, Participants), TicketView), StoreError> {
    let from = (loaded.version, Participants::of(&loaded.ticket));
    let ticket = fold(Some(loaded.ticket), events)?;
    let texts = texts_after(loaded.texts, &ticket, command);
    let version = from.0 + count(events);
    Ok((from, TicketView { ticket, version, texts, updated_at: now, ..loaded }))
}

/// The texts that are current after a command.
fn texts_after(mut texts: TicketTexts, ticket: &Ticket, command: Option<&Command>) -> TicketTexts {
    let body = command.and_then(Command::text).map(|text| text.body.as_str().to_owned());
    match command {
        Some(Command::Plan { .. }) => texts.plan = body,
        Some(Command::Reply { .. }) => texts.progress = body,
        Some(Command::Resolve { .. }) => texts.reply = body,
        Some(Command::Refer { .. }) => texts.referral = body,
        Some(Command::RaiseTopic { .. }) => texts.topic = body,
        Some(Command::Rate { .. }) => texts.comment = body,
        Some(Command::Withdraw { .. } | Command::Decline { .. }) => texts.end_reason = body,
        _ => {}
    }
    // A new round begins without the words of the last one.
    let work = ticket.state.work();
    texts.plan = texts.plan.filter(|_| work.is_some_and(|work| work.plan.is_some()));
    texts.progress = texts.progress.filter(|_| work.is_some_and(|work| work.reply.is_some()));
    texts.topic = texts.topic.filter(|_| ticket.topic.is_some());
    texts.reply = texts.reply.filter(|_| ticket.resolution().is_some());
    texts
}
