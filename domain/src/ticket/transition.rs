//! Where a ticket stands after an event: its states, and nothing beside them.

use super::event::{Event, Fact};
use super::{Arrival, Assignee, Plan, Reply, Resolution, State, Ticket, Work};
use crate::id::UserId;
use chrono::TimeDelta;

/// How long a requester may rate where the answer does not say.
pub(super) const UNSAID_RATING: TimeDelta = TimeDelta::days(7);

impl Ticket {
    /// Where it stands after an event; `None` when that cannot happen here.
    pub(super) fn state_after(&self, event: &Event) -> Option<State> {
        let at = event.occurred_at;
        let state = self.state;
        Some(match (&event.fact, state) {
            (
                Fact::Warned { .. }
                | Fact::Breached { .. }
                | Fact::Escalated { .. }
                | Fact::Decided { .. }
                | Fact::TopicRaised { .. }
                | Fact::DelegatesNamed { .. }
                | Fact::FirstAsked { .. }
                | Fact::Referred { .. }
                | Fact::Graded { .. }
                | Fact::ExtensionAsked { .. }
                | Fact::ExtensionApproved { .. }
                | Fact::ExtensionRefused { .. }
                | Fact::Paused { .. }
                | Fact::Resumed { .. }
                | Fact::Urged
                | Fact::Whistled { .. }
                | Fact::ReportedIn { .. }
                | Fact::Discussed { .. }
                | Fact::Promised { .. }
                | Fact::Relieved { .. }
                | Fact::Absorbed { .. },
                state,
            ) if state.is_open() => state,
            (
                Fact::Supplemented { .. }
                | Fact::Supervised { .. }
                | Fact::Opined { .. }
                | Fact::Assessed { .. }
                | Fact::Noted { .. }
                | Fact::Unmasked { .. }
                | Fact::Recoded { .. }
                | Fact::Excluded { .. },
                state,
            ) => state,
            (Fact::Observed { .. }, state) if !state.is_over() => state,
            (Fact::Identified { from, to }, state) => state.identified(*from, *to),
            (Fact::Dispatched { lead, .. }, State::Submitted) => State::Dispatched { lead: *lead, at },
            (Fact::Claimed { handler, .. }, State::Submitted) => {
                State::Accepted(accepted(Assignee::Person(*handler), *handler, event))
            }
            (Fact::Accepted { handler }, State::Dispatched { lead, .. }) => {
                State::Accepted(accepted(lead, *handler, event))
            }
            (Fact::Returned { .. }, State::Dispatched { .. } | State::Accepted(_)) => State::Submitted,
            (Fact::HandedOver { to, .. }, State::Dispatched { .. } | State::Accepted(_)) => match to {
                Some(lead) => State::Dispatched { lead: *lead, at },
                None => State::Submitted,
            },
            (Fact::Arrived { position }, State::Accepted(work)) if work.arrival.is_none() => {
                State::Accepted(Work { arrival: Some(Arrival { at, position: *position }), ..work })
            }
            (Fact::Planned { text, due, means }, State::Accepted(work)) => State::Accepted(Work {
                plan: Some(Plan { text: *text, due: *due, means: *means, at }),
                ..work
            }),
            (Fact::Replied { text }, State::Accepted(work)) => {
                State::Accepted(Work { reply: Some(Reply { text: *text, at }), ..work })
            }
            (Fact::Resolved { outcome, reply, closes_at }, State::Accepted(work)) => {
                // The skeleton's answers did not say.
                let closes_at = closes_at.or(Some(at + UNSAID_RATING));
                let resolution = Resolution { outcome: *outcome, reply: *reply, at, closes_at };
                State::Resolved { work, resolution }
            }
            (Fact::Rated { .. }, state @ State::Resolved { .. }) => state,
            (Fact::Closed, State::Resolved { work, resolution }) => State::Closed { work, resolution, at },
            (Fact::Reworked { lead_left: false, .. }, State::Resolved { work, .. })
            | (Fact::Reopened { lead_left: false, .. }, State::Closed { work, .. }) => {
                State::Dispatched { lead: work.lead, at }
            }
            (Fact::Reworked { lead_left: true, .. }, State::Resolved { .. })
            | (Fact::Reopened { lead_left: true, .. }, State::Closed { .. }) => State::Submitted,
            (Fact::Withdrawn { reason }, state) if state.is_open() => {
                State::Withdrawn { reason: *reason, at }
            }
            (Fact::Declined { reason }, State::Submitted) => State::Declined { reason: *reason, at },
            (Fact::Merged { into, reason }, state) if state.is_open() => {
                State::Merged { into: *into, reason: *reason, at }
            }
            _ => return None,
        })
    }
}

fn accepted(lead: Assignee, handler: UserId, event: &Event) -> Work {
    Work { lead, handler, at: event.occurred_at, arrival: None, plan: None, reply: None }
}
