//! Who must know what happened to a ticket (practices L06: delivery in the app). Pure: from an event, and the ticket before and
//! after it, to whom it is told and as what. `docs/notices.md` shows the whole table.
//!
//! To add a kind of message: a variant of [`Notice`], its words in `openapi/src/label.rs`, an arm of [`notices`].

mod kind;
mod read;
mod recipient;
#[cfg(test)]
mod tests;

pub use kind::Notice;
pub use read::{InboxRefusal, MAX_READ, Read};
pub use recipient::{Recipient, recipients};

use crate::ticket::{Audience, ClockKind, Event, Fact, Satisfaction, Ticket};
use chrono::TimeDelta;

/// A ring that is written down later than this was slept through: the sweep was away. It goes into a list.
const BELATED: TimeDelta = TimeDelta::minutes(2);

/// Who is told what of an event, the most specific first: whoever belongs to several audiences hears the first. Whoever
/// did it is never told; that is left to whoever knows the people.
pub fn notices(before: Option<&Ticket>, event: &Event, after: &Ticket) -> Vec<(Audience, Notice)> {
    use Audience::{
        Assist, Called, Delegate, Desk, Dispatcher, Duty, FirstAsked, GridLeader, Handler, Requester,
        Supervisor, Whistler,
    };
    let had = before.unwrap_or(after);
    match &event.fact {
        Fact::Submitted { .. } => vec![(Desk, Notice::ToDispatch), (Duty, Notice::DutyNew)],
        Fact::Warned { tell } => {
            let mut told = rung(tell, Notice::Warned, event, after);
            told.extend(tell.contains(&Duty).then_some((Duty, Notice::DutyWarning)));
            told
        }
        Fact::Breached { tell } => {
            let mut told = rung(tell, Notice::Breached, event, after);
            told.push((Duty, Notice::DutyOverdue));
            told
        }
        // Sorted as what those above must know at once: whoever is on duty there, too.
        Fact::Escalated { desk: _, reason: None } if event.actor.is_some() => {
            vec![(Desk, Notice::Escalated), (Duty, Notice::DutyNew)]
        }
        Fact::Escalated { .. } => vec![(Desk, Notice::Escalated)],
        Fact::TopicRaised { .. } => {
            let mut all = vec![Requester, GridLeader, whoever_has(after), Desk];
            all.dedup();
            all.into_iter().map(|audience| (audience, Notice::TopicRaised)).collect()
        }
        Fact::DelegatesNamed { .. } => vec![(Delegate, Notice::DelegateNamed)],
        Fact::Observed { .. } => {
            let mut all = vec![whoever_has(after), Desk];
            all.dedup();
            all.into_iter().map(|audience| (audience, Notice::Observed)).collect()
        }
        Fact::FirstAsked { person: Some(_) } => vec![(FirstAsked, Notice::FirstAsked)],
        Fact::FirstAsked { person: None } => vec![],
        Fact::Referred { .. } => vec![(Requester, Notice::Referred)],
        Fact::Decided { .. } => vec![(Handler, Notice::Decided), (Desk, Notice::Decided)],
        Fact::Dispatched { .. } => {
            vec![(Handler, Notice::Assigned), (Assist, Notice::AssistAsked), (Requester, Notice::Dispatched)]
        }
        Fact::Claimed { team: Some(_), .. } => {
            vec![(Requester, Notice::Accepted), (Assist, Notice::AssistAsked)]
        }
        Fact::Claimed { .. } | Fact::Accepted { .. } => vec![(Requester, Notice::Accepted)],
        Fact::Returned { .. } => vec![(Desk, Notice::Returned)],
        Fact::HandedOver { from: _, to: Some(_) } => vec![(Handler, Notice::HandedOver)],
        Fact::HandedOver { from: _, to: None } => vec![(Desk, Notice::HandedBack)],
        Fact::Relieved { .. } => vec![(Assist, Notice::AssistAsked)],
        Fact::Arrived { .. } => vec![(Requester, Notice::Arrived)],
        Fact::Planned { .. } => vec![(Requester, Notice::Planned)],
        Fact::Replied { .. } => vec![(Requester, Notice::Replied)],
        Fact::Resolved { .. } => {
            vec![(Requester, Notice::Resolved), (Supervisor, Notice::SupervisedResolved)]
        }
        // What it leads to says it.
        Fact::Rated { satisfaction: Satisfaction::Dissatisfied, .. } => vec![],
        Fact::Rated { .. } => vec![(Handler, Notice::Rated)],
        Fact::Reworked { lead_left, .. } => vec![(back_to(*lead_left), Notice::Reworked)],
        Fact::Reopened { lead_left, .. } => vec![(back_to(*lead_left), Notice::Reopened)],
        // Closed by a rating: the rating says it.
        Fact::Closed if event.actor.is_some() => vec![],
        Fact::Closed => vec![(Requester, Notice::Closed), (Handler, Notice::Closed)],
        Fact::Supplemented { .. } => vec![(whoever_has(after), Notice::Supplemented)],
        Fact::Urged => vec![(whoever_has(after), Notice::Urged)],
        Fact::ExtensionAsked { .. } => {
            let decides = if after.dispatched_by.is_some() { Dispatcher } else { Desk };
            vec![(decides, Notice::ExtensionAsked)]
        }
        Fact::ExtensionApproved { .. } => vec![(Handler, Notice::ExtensionApproved)],
        Fact::ExtensionRefused { .. } => vec![(Handler, Notice::ExtensionRefused)],
        Fact::Paused { .. } => vec![(Handler, Notice::Paused)],
        Fact::Resumed { .. } => vec![(Handler, Notice::Resumed)],
        Fact::Supervised { .. } => vec![(Handler, Notice::Supervised), (Desk, Notice::Supervised)],
        Fact::Whistled { .. } => vec![(Called, Notice::Whistled)],
        Fact::ReportedIn { .. } => vec![(Whistler, Notice::ReportedIn), (Handler, Notice::ReportedIn)],
        Fact::Discussed { .. } => vec![(whoever_has(after), Notice::Discussed), (Assist, Notice::Discussed)],
        Fact::Promised { .. } => vec![(Requester, Notice::Promised)],
        Fact::Noted { .. } => vec![(Handler, Notice::Noted), (Assist, Notice::Noted)],
        Fact::Withdrawn { .. } => vec![(whoever_has(had), Notice::Withdrawn), (Assist, Notice::Withdrawn)],
        Fact::Declined { .. } => vec![(Requester, Notice::Declined)],
        Fact::Merged { .. } => {
            vec![(Requester, Notice::Merged), (Handler, Notice::Merged), (Assist, Notice::Merged)]
        }
        Fact::Absorbed { .. } => vec![(Handler, Notice::Absorbed)],
        Fact::Graded { .. }
        | Fact::Opined { .. }
        | Fact::Assessed { .. }
        | Fact::Identified { .. }
        | Fact::Unmasked { .. }
        | Fact::Recoded { .. }
        | Fact::Excluded { .. } => vec![],
    }
}

/// Whether it rang long after its time, because nobody watched: such rings, and what they bring with them, are told in one
/// list.
pub fn is_belated(event: &Event) -> bool {
    let by_itself = match &event.fact {
        Fact::Warned { .. } | Fact::Breached { .. } => true,
        Fact::Escalated { .. } => event.actor.is_none(),
        _ => false,
    };
    by_itself && event.recorded_at - event.occurred_at > BELATED
}

/// Whom a clock names; where it names nobody, whoever has the ticket and the desk. Whom there is not, the desk stands in
/// for: somebody must know. Of the way there, whoever was asked first knows as well while nobody has accepted it.
fn rung(tell: &[Audience], notice: Notice, event: &Event, ticket: &Ticket) -> Vec<(Audience, Notice)> {
    let tell = if tell.is_empty() { &[Audience::Handler, Audience::Desk] } else { tell };
    let named = tell.iter().filter(|audience| **audience != Audience::Duty);
    let mut told: Vec<_> = named
        .map(|audience| match audience {
            Audience::Handler => (whoever_has(ticket), notice),
            Audience::Dispatcher if ticket.dispatched_by.is_none() => (Audience::Desk, notice),
            Audience::Supervisor if ticket.supervision.is_none() => (Audience::Desk, notice),
            Audience::FirstAsked if ticket.answers_first().is_none() => (Audience::Desk, notice),
            other => (*other, notice),
        })
        .collect();
    told.dedup();
    let kind = event.clocks.first().map(|clock| clock.kind);
    let way_there = matches!(kind, Some(ClockKind::Accept | ClockKind::Arrive));
    if way_there && ticket.answers_first().is_some() && !tell.contains(&Audience::FirstAsked) {
        told.push((Audience::FirstAsked, notice));
    }
    told
}

fn whoever_has(ticket: &Ticket) -> Audience {
    if ticket.lead().is_some() { Audience::Handler } else { Audience::Desk }
}

fn back_to(lead_left: bool) -> Audience {
    if lead_left { Audience::Desk } else { Audience::Handler }
}
