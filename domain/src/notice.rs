//! Who must know what happened to a ticket (practices L06: delivery in the app). Pure: from an event, and the ticket before and
//! after it, to whom it is told and as what. `docs/notices.md` shows the whole table.
//!
//! To add a kind of message: a variant of [`Notice`], its words in `openapi/src/label.rs`, an arm of [`notices`].

mod read;
#[cfg(test)]
mod tests;

pub use read::{InboxRefusal, MAX_READ, Read};

use crate::id::{UnitId, UserId};
use crate::permission::Roles;
use crate::place::PlaceCode;
use crate::playbook::Level;
use crate::ticket::{Assignee, Audience, ClockKind, Event, Fact, Satisfaction, Ticket};
use chrono::TimeDelta;
use strum::{EnumIter, EnumString, IntoStaticStr};

/// A ring that is written down later than this was slept through: the sweep was away. It goes into a list.
const BELATED: TimeDelta = TimeDelta::minutes(2);

/// What a message in somebody's inbox says (消息种类).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Notice {
    /// New, and waits to be dispatched.
    ToDispatch,
    /// Given back: waits to be dispatched again.
    Returned,
    /// Whoever had it has left: waits to be dispatched again.
    HandedBack,
    /// Dispatched to oneself or one's unit.
    Assigned,
    /// Handed over to oneself from somebody who left.
    HandedOver,
    /// One is to assist.
    AssistAsked,
    /// One's own was dispatched.
    Dispatched,
    /// One's own was accepted or claimed.
    Accepted,
    /// Somebody is on the scene of one's own.
    Arrived,
    /// There is a plan for one's own.
    Planned,
    /// There is a reply while the work goes on.
    Replied,
    /// One's own is resolved: please rate.
    Resolved,
    /// What one supervises is resolved.
    SupervisedResolved,
    /// What one handled was rated.
    Rated,
    /// What one handled is to be done again.
    Reworked,
    /// What one handled was opened again.
    Reopened,
    /// Closed without a rating.
    Closed,
    /// The requester added something.
    Supplemented,
    /// The requester asks to hurry.
    Urged,
    /// More time is asked for.
    ExtensionAsked,
    /// More time was given.
    ExtensionApproved,
    /// More time was not given.
    ExtensionRefused,
    /// Somebody calls: whoever answers first takes it.
    Called,
    /// Its clocks rest.
    Paused,
    /// Its clocks go on.
    Resumed,
    /// It lies on one's desk now.
    Escalated,
    /// It is before the next meeting of its desk.
    TopicRaised,
    /// One watches it for the residents.
    DelegateNamed,
    /// A delegate of the residents said how it goes.
    Observed,
    /// One answers for it until somebody has accepted it.
    FirstAsked,
    /// One's own: who can help.
    Referred,
    /// It was decided on what one handed up, put before a meeting, or handles.
    Decided,
    /// A limit is about to pass.
    Warned,
    /// A limit passed.
    Breached,
    /// It is watched from above.
    Supervised,
    /// One's unit was called, and must report in.
    Whistled,
    /// A unit that was called has come.
    ReportedIn,
    /// It was talked over.
    Discussed,
    /// A deadline was stated for one's own.
    Promised,
    /// The requester took it back.
    Withdrawn,
    /// One's own was not taken on.
    Declined,
    /// It goes on as another.
    Merged,
    /// Another goes on as this one.
    Absorbed,
    /// Staff wrote a note.
    Noted,
    /// While on duty: a new one.
    DutyNew,
    /// While on duty: a limit passed.
    DutyOverdue,
    /// While on duty: a limit is about to pass.
    DutyWarning,
    /// Limits that passed while nobody watched, in one list.
    OverdueList,
    /// The working-time calendar of a year is not there.
    CalendarMissing,
    /// A matter is one's own to do.
    MatterAssigned,
    /// Something was said of a matter that one looks after.
    MatterReported,
    /// A matter waits for one's decision.
    MatterToDecide,
    /// A matter that one raised or does was decided on.
    MatterDecided,
    /// A matter is due soon.
    MatterDue,
    /// A matter was not done in time.
    MatterOverdue,
    /// A matter is over.
    MatterDone,
}

impl Notice {
    /// The word on the wire and in columns.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether somebody must do something while a clock runs: while whoever is told is away, their stand-in (代班人) is told
    /// as well. The bell rings stand-ins by itself.
    pub fn presses(self) -> bool {
        match self {
            Self::ToDispatch
            | Self::Called
            | Self::Returned
            | Self::HandedBack
            | Self::Assigned
            | Self::HandedOver
            | Self::AssistAsked
            | Self::Reworked
            | Self::Reopened
            | Self::Urged
            | Self::ExtensionAsked
            | Self::Escalated
            | Self::Decided
            | Self::FirstAsked
            | Self::Warned
            | Self::Breached
            | Self::Supervised
            | Self::Whistled => true,
            Self::Dispatched
            | Self::Accepted
            | Self::Arrived
            | Self::Planned
            | Self::Replied
            | Self::Referred
            | Self::TopicRaised
            | Self::DelegateNamed
            | Self::Observed
            | Self::Resolved
            | Self::SupervisedResolved
            | Self::Rated
            | Self::Closed
            | Self::Supplemented
            | Self::ExtensionApproved
            | Self::ExtensionRefused
            | Self::Paused
            | Self::Resumed
            | Self::Withdrawn
            | Self::Declined
            | Self::Merged
            | Self::Absorbed
            | Self::Noted
            | Self::ReportedIn
            | Self::Discussed
            | Self::Promised
            | Self::DutyNew
            | Self::DutyOverdue
            | Self::DutyWarning
            | Self::OverdueList
            | Self::CalendarMissing
            | Self::MatterAssigned
            | Self::MatterReported
            | Self::MatterToDecide
            | Self::MatterDecided
            | Self::MatterDue
            | Self::MatterOverdue
            | Self::MatterDone => false,
        }
    }
}

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
