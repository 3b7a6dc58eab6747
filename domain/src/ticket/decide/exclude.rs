//! What appeals that were upheld do to a ticket.

use super::super::{Event, Exclusion, Fact, Ticket};
use super::Decision;
use crate::policy::Policy;
use crate::time::Timestamp;

/// 剔除: by an appeal that was upheld. Nothing where that was done already.
pub fn exclude(ticket: &Ticket, exclusion: Exclusion, policy: &Policy, now: Timestamp) -> Vec<Event> {
    if ticket.excluded.contains(&exclusion) {
        return vec![];
    }
    let mut decision = Decision::new(ticket, None, policy, now);
    decision.settle(now);
    let Exclusion { what, until } = exclusion;
    decision.happen(Fact::Excluded { what, until }, vec![]);
    decision.events
}
