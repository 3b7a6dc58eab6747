//! 按图索骥: a resident asks somebody who holds a post of their community, and nobody has to dispatch first (practices F04).

use super::super::known::{AssigneeFacts, Assignment};
use super::super::{Assignee, FieldFault, Ticket, TicketRefusal};
use super::{Decision, Event, Fact};
use crate::actor::Actor;
use crate::permission::Action;
use crate::policy::{Policy, Start};
use crate::post::PostRefusal;
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// The events of a submission with what follows from whom it asks. Nobody is the dispatcher: what such a one decides later, the desk does.
pub(super) fn asked(
    mut events: Vec<Event>,
    ask: Option<&Assignment>,
    actor: &Actor,
    policy: &Policy,
    now: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    let Some(ask) = ask else { return Ok(events) };
    if ask.to == Assignee::Person(actor.user) {
        return Err(PostRefusal::AskOneself.into());
    }
    // A member who checked in holds the post of a community for which they are granted nothing.
    let handles = match &ask.facts {
        AssigneeFacts::Person { actor, .. } => actor.has(Action::TicketAccept).is_ok(),
        AssigneeFacts::Unit { .. } | AssigneeFacts::Unknown => false,
    };
    if !handles {
        return Err(TicketRefusal::field_fault(FieldFault::LeadCannotHandle, "/ask").into());
    }
    let begun = events.split_first().and_then(|(first, rest)| {
        let mut ticket = Ticket::begin(first).ok()?;
        rest.iter().try_for_each(|event| ticket.apply(event)).ok()?;
        Some(ticket)
    });
    let Some(ticket) = begun else { return Ok(events) };
    let mut decision = Decision::new(&ticket, None, policy, now);
    let fact = Fact::Dispatched {
        lead: ask.to,
        assist: vec![],
        severity: None,
        affair: None,
        handling: None,
        note: None,
    };
    decision.happen(fact, vec![]);
    decision.start_with_the_last(Start::Dispatch);
    events.extend(decision.events);
    Ok(events)
}
