//! 平台智能派单: what the platform dispatches by itself, by a route of the playbook (practices Z01).

use super::super::known::Assignment;
use super::super::{Event, Ticket};
use super::Decision;
use crate::playbook::{Playbook, Route};
use crate::text::Text;
use crate::time::Timestamp;

/// Dispatches a ticket by a route, with a note that says which. Nothing where somebody was faster, where it is sorted
/// otherwise by now, or where whom the route leads to cannot handle it.
pub fn dispatch_by_route(
    ticket: &Ticket,
    route: &Route,
    (to, note): (&Assignment, &Text),
    playbook: &Playbook,
    now: Timestamp,
) -> Vec<Event> {
    if !ticket.awaits_platform() || playbook.route(ticket) != Some(route) {
        return Vec::new();
    }
    let mut decision = Decision::new(ticket, None, &playbook.policy, now);
    decision.settle(now);
    match decision.dispatch(to, &[], (None, None, None), Some(note)) {
        Ok(()) => {
            decision.settle(now);
            decision.events
        }
        Err(_) => Vec::new(),
    }
}
