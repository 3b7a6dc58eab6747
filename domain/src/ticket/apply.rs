//! What an event makes of a ticket.

use super::event::{Event, Fact};
use super::{Arrival, Clock, Rating, Resolution, State, Ticket};

/// Events that do not follow from each other: the history was damaged, or the program is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {event} cannot follow on {status}")]
pub struct BrokenHistory {
    /// The event.
    pub event: &'static str,
    /// What the ticket was then.
    pub status: &'static str,
}

impl Ticket {
    /// The ticket that a first event begins.
    ///
    /// # Errors
    /// [`BrokenHistory`] when it is no submission.
    pub fn begin(event: &Event) -> Result<Self, BrokenHistory> {
        let Fact::Submitted {
            ticket,
            number,
            requester,
            place,
            content,
            address,
            category,
            severity,
            affair,
            channel,
        } = &event.fact
        else {
            return Err(BrokenHistory { event: event.fact.headline().name(), status: "nothing" });
        };
        Ok(Self {
            id: *ticket,
            number: *number,
            requester: *requester,
            place: *place,
            content: *content,
            address: *address,
            category: category.clone(),
            severity: *severity,
            affair: *affair,
            channel: *channel,
            submitted_at: event.occurred_at,
            round: 1,
            clocks: event.clocks.clone(),
            rating: None,
            state: State::Submitted,
        })
    }

    /// The ticket after `event`.
    ///
    /// # Errors
    /// [`BrokenHistory`]; the ticket is then as it was.
    pub fn apply(&mut self, event: &Event) -> Result<(), BrokenHistory> {
        let broken = BrokenHistory { event: event.fact.headline().name(), status: self.status().name() };
        let at = event.occurred_at;
        self.state = match (&event.fact, self.state) {
            (Fact::Breached, state) => state,
            (Fact::Dispatched { lead, severity, affair, note: _ }, State::Submitted) => {
                self.severity = severity.or(self.severity);
                self.affair = affair.or(self.affair);
                State::Dispatched { lead: *lead, at }
            }
            (Fact::Accepted { handler }, State::Dispatched { lead, .. }) => {
                State::Accepted { lead, handler: *handler, at, arrival: None }
            }
            (Fact::Arrived { position }, State::Accepted { lead, handler, at: since, arrival: None }) => {
                State::Accepted {
                    lead,
                    handler,
                    at: since,
                    arrival: Some(Arrival { at, position: *position }),
                }
            }
            (Fact::Resolved { outcome, reply }, State::Accepted { lead, handler, arrival, .. }) => {
                let resolution = Resolution { outcome: *outcome, reply: *reply, at };
                State::Resolved { lead, handler, arrival, resolution }
            }
            (Fact::Rated { satisfaction, stars, comment }, state @ State::Resolved { .. }) => {
                self.rating =
                    Some(Rating { satisfaction: *satisfaction, stars: *stars, comment: *comment, at });
                state
            }
            (Fact::Closed, State::Resolved { lead, handler, arrival, resolution }) => {
                State::Closed { lead, handler, arrival, resolution, at }
            }
            (Fact::Reworked { round }, State::Resolved { lead, .. }) => {
                self.round = *round;
                State::Dispatched { lead, at }
            }
            (
                Fact::Submitted { .. }
                | Fact::Dispatched { .. }
                | Fact::Accepted { .. }
                | Fact::Arrived { .. }
                | Fact::Resolved { .. }
                | Fact::Rated { .. }
                | Fact::Closed
                | Fact::Reworked { .. },
                _,
            ) => return Err(broken),
        };
        set_clocks(&mut self.clocks, &event.clocks);
        Ok(())
    }
}

/// Puts clocks in the place of their earlier selves, or at the end.
pub(super) fn set_clocks(clocks: &mut Vec<Clock>, changed: &[Clock]) {
    for clock in changed {
        match clocks.iter_mut().find(|there| there.kind == clock.kind && there.round == clock.round) {
            Some(there) => there.clone_from(clock),
            None => clocks.push(clock.clone()),
        }
    }
}
