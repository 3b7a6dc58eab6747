//! Whom an audience comes down to.

use super::{Notice, notices};
use crate::id::{UnitId, UserId};
use crate::permission::Roles;
use crate::place::PlaceCode;
use crate::playbook::Level;
use crate::ticket::{Assignee, Audience, Event, Fact, Ticket};

/// Somebody to be told; who that is in person, for a unit or a desk, only the roster knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// One person.
    Person(UserId),
    /// Whoever handles for a unit.
    Unit(UnitId),
    /// Whoever dispatches at a place, or at the nearest place above that has somebody.
    Desk(PlaceCode),
    /// Who leads the grid of a place, or the nearest above that has somebody.
    Leader(PlaceCode),
    /// Whoever is on duty for a place, by the nearest shift that covers it.
    Duty(PlaceCode),
    /// Whoever holds one of these roles for a place in this area (practices Q09).
    Called(PlaceCode, Roles),
}

/// Whom the audiences of [`notices`] come down to.
pub fn recipients(before: Option<&Ticket>, event: &Event, after: &Ticket) -> Vec<(Recipient, Notice)> {
    let had = before.unwrap_or(after);
    let told = notices(before, event, after).into_iter();
    // Those who may answer a call hear it first, and hear it as one.
    let called = match &event.fact {
        Fact::Submitted { call: Some(area), hear: Some(roles), .. } => {
            Some((Recipient::Called(*area, *roles), Notice::Called))
        }
        _ => None,
    };
    let each = told.flat_map(|(audience, notice)| {
        of(audience, had, event, after).into_iter().map(move |to| (to, notice))
    });
    called.into_iter().chain(each).collect()
}

fn of(audience: Audience, had: &Ticket, event: &Event, after: &Ticket) -> Vec<Recipient> {
    let people = |people: &mut dyn Iterator<Item = UserId>| people.map(Recipient::Person).collect();
    match audience {
        Audience::Requester => people(&mut [after.requester].into_iter().chain(after.joined.iter().copied())),
        Audience::Handler => match event.fact {
            // Whoever handled it, and the lead that it goes back to: a unit has others.
            Fact::Reworked { .. } | Fact::Reopened { .. } => {
                had.handler().map(Recipient::Person).into_iter().chain(handler(after)).collect()
            }
            Fact::Withdrawn { .. } | Fact::Merged { .. } => handler(had).into_iter().collect(),
            _ => handler(after).into_iter().collect(),
        },
        Audience::Assist => match &event.fact {
            Fact::Relieved { assist: _, to } => to.map(assignee).into_iter().collect(),
            _ => {
                let mates = had.mates.iter().chain(&after.mates).copied().map(Recipient::Person);
                had.assist.iter().chain(&after.assist).copied().map(assignee).chain(mates).collect()
            }
        },
        Audience::Desk => match &event.fact {
            // Those who asked, whether or not it goes back to them.
            Fact::Decided { .. } => {
                vec![Recipient::Desk(had.escalation.map_or(after.desk, |asked| asked.from))]
            }
            _ => vec![Recipient::Desk(after.desk)],
        },
        Audience::Delegate => match &event.fact {
            // Who watched it before knows.
            Fact::DelegatesNamed { persons } => {
                people(&mut persons.iter().copied().filter(|person| !had.delegates.contains(person)))
            }
            _ => people(&mut after.delegates.iter().copied()),
        },
        Audience::GridLeader => vec![Recipient::Leader(after.place.code)],
        Audience::Dispatcher => people(&mut after.dispatched_by.into_iter()),
        Audience::Supervisor => people(&mut after.supervision.map(|there| there.by).into_iter()),
        Audience::Duty => on_duty(event, after),
        Audience::Called => match &event.fact {
            Fact::Whistled { units, .. } => units.iter().copied().map(Recipient::Unit).collect(),
            _ => {
                let absent = after.whistles.iter().filter(|whistle| whistle.report.is_none());
                absent.map(|whistle| Recipient::Unit(whistle.unit)).collect()
            }
        },
        Audience::Whistler => match &event.fact {
            Fact::ReportedIn { unit, .. } => {
                people(&mut after.last_whistle(*unit).map(|last| last.by).into_iter())
            }
            _ => people(&mut after.whistles.last().map(|last| last.by).into_iter()),
        },
        Audience::FirstAsked => match &event.fact {
            Fact::FirstAsked { person } => people(&mut person.iter().copied()),
            _ => people(&mut after.answers_first().into_iter()),
        },
    }
}

/// Whoever is on duty for its place; of what lies with those above from the start, there as well.
fn on_duty(event: &Event, ticket: &Ticket) -> Vec<Recipient> {
    let above = Level::Community.of(&ticket.place.code).is_some_and(|community| community != ticket.desk);
    match &event.fact {
        Fact::Submitted { .. } if above => {
            vec![Recipient::Duty(ticket.place.code), Recipient::Duty(ticket.desk)]
        }
        Fact::Escalated { .. } => vec![Recipient::Duty(ticket.desk)],
        _ => vec![Recipient::Duty(ticket.place.code)],
    }
}

/// Who handles it, else whom it is assigned to.
fn handler(ticket: &Ticket) -> Option<Recipient> {
    ticket.handler().map(Recipient::Person).or_else(|| ticket.lead().map(assignee))
}

fn assignee(assignee: Assignee) -> Recipient {
    match assignee {
        Assignee::Person(person) => Recipient::Person(person),
        Assignee::Unit(unit) => Recipient::Unit(unit),
    }
}
