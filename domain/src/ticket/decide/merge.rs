//! 并单: two tickets about one thing go on as one.

use super::super::{Event, Fact, FieldFault, Ticket, TicketRefusal, WrongState};
use super::Decision;
use crate::actor::Actor;
use crate::permission::Action;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::text::Text;
use crate::time::Timestamp;

/// What merging `source` into `target` leads to, for each of them. The requesters of the source follow the target from
/// then on. Both must still be open, so no circle can come about: what was merged is not open. Each is settled by the policy
/// of its own playbook, the source's first.
///
/// # Errors
/// As [`super::decide`]; a target that the actor may not merge into is as unknown as one that is not there.
pub fn merge(
    source: &Ticket,
    target: Option<&Ticket>,
    reason: &Text,
    actor: &Actor,
    [leaves_by, stays_by]: [&Policy; 2],
    now: Timestamp,
) -> Result<(Vec<Event>, Vec<Event>), Refusal> {
    actor.may(Action::TicketView, &source.parties()).map_err(|_| TicketRefusal::NotFound)?;
    actor.may(Action::TicketMerge, &source.parties())?;
    let into = |fault| TicketRefusal::field_fault(fault, "/into");
    let within = |target: &&Ticket| {
        target.place.code.county() == source.place.code.county()
            && actor.may(Action::TicketMerge, &target.parties()).is_ok()
    };
    let target = target.filter(within).ok_or_else(|| into(FieldFault::MergeTargetUnknown))?;
    if source.id == target.id {
        return Err(into(FieldFault::MergeIntoItself).into());
    }
    let mut leaving = Decision::new(source, Some(actor.user), leaves_by, now);
    let mut staying = Decision::new(target, Some(actor.user), stays_by, now);
    leaving.settle(now);
    staying.settle(now);
    leaving.must_be_open()?;
    if !staying.ticket.state.is_open() {
        return Err(staying.wrong(WrongState::MergeTargetNotOpen));
    }
    let clocks = leaving.cancelled();
    leaving.happen(Fact::Merged { into: target.id, reason: reason.reference }, clocks);
    let mut requesters = vec![source.requester];
    requesters.extend(&source.joined);
    staying.happen(Fact::Absorbed { from: source.id, requesters }, vec![]);
    Ok((leaving.events, staying.events))
}
