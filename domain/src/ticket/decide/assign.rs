//! Who is to do it: 研判, 派单, 认领, 接单, 退回, 移交.

use super::super::command::{AssigneeFacts, Assignment};
use super::super::{
    Affair, Assignee, Clock, ClockKind, Event, Fact, FieldFault, Handling, MAX_ASSIST, Severity, State,
    Ticket, TicketRefusal, WrongState,
};
use super::Decision;
use crate::id::UserId;
use crate::place::PlaceCode;
use crate::playbook::Policy;
use crate::refusal::Refusal;
use crate::text::Text;
use crate::time::Timestamp;

/// 移交: what somebody who left had goes to the successor, or back to the unit that leads, or to be dispatched anew.
/// Nothing when it is not theirs or no longer open.
pub fn hand_over(
    ticket: &Ticket,
    from: UserId,
    successor: Option<UserId>,
    by: Option<UserId>,
    policy: &Policy,
    now: Timestamp,
) -> Vec<Event> {
    let mut decision = Decision::new(ticket, by, policy, now);
    decision.settle(now);
    let ticket = &decision.ticket;
    if ticket.state.is_open() && ticket.handler() == Some(from) {
        let to = match ticket.lead() {
            Some(unit @ Assignee::Unit(_)) => Some(unit),
            Some(Assignee::Person(_)) | None => successor.map(Assignee::Person),
        };
        decision.happen(Fact::HandedOver { from, to }, vec![]);
    }
    decision.events
}

impl Decision<'_> {
    pub(super) fn grade(
        &mut self,
        category: Option<&String>,
        severity: Option<Severity>,
        affair: Option<Affair>,
    ) -> Result<(), Refusal> {
        if category.is_none() && severity.is_none() && affair.is_none() {
            return Err(TicketRefusal::field_fault(FieldFault::NothingToGrade, "").into());
        }
        self.must_be_open()?;
        let clocks = severity.map(|severity| self.graded(severity)).unwrap_or_default();
        let claim = self.policy.claim(affair.or(self.ticket.affair));
        self.happen(Fact::Graded { category: category.cloned(), severity, affair, claim }, clocks);
        Ok(())
    }

    pub(super) fn dispatch(
        &mut self,
        lead: &Assignment,
        assist: &[Assignment],
        (severity, affair, handling): (Option<Severity>, Option<Affair>, Option<Handling>),
        note: Option<&Text>,
    ) -> Result<(), Refusal> {
        match self.ticket.state {
            State::Submitted => {}
            State::Dispatched { .. } | State::Accepted(_) | State::Resolved { .. } | State::Closed { .. } => {
                return Err(self.wrong(WrongState::AlreadyDispatched));
            }
            State::Withdrawn { .. } | State::Declined { .. } | State::Merged { .. } => {
                return Err(self.wrong(WrongState::Ended));
            }
        }
        let place = self.ticket.place.code;
        check(lead, &place, "/lead".to_owned())?;
        if assist.len() > MAX_ASSIST {
            return Err(TicketRefusal::field_fault(FieldFault::AssistTooMany, "/assist").into());
        }
        for (i, one) in assist.iter().enumerate() {
            check(one, &place, format!("/assist/{i}"))?;
            if one.to == lead.to || assist[..i].iter().any(|other| other.to == one.to) {
                return Err(
                    TicketRefusal::field_fault(FieldFault::AssistTwice, format!("/assist/{i}")).into()
                );
            }
        }
        let clocks = severity.map(|severity| self.graded(severity)).unwrap_or_default();
        let fact = Fact::Dispatched {
            lead: lead.to,
            assist: assist.iter().map(|one| one.to).collect(),
            severity,
            affair,
            handling,
            note: note.map(|text| text.reference),
        };
        self.happen(fact, clocks);
        Ok(())
    }

    /// The clocks that grading starts or sets anew. They count from the beginning of the round; what was breached stays
    /// breached.
    fn graded(&self, severity: Severity) -> Vec<Clock> {
        let ticket = &self.ticket;
        let regrade = |kind| {
            let rule = self.policy.rule(kind, Some(severity));
            let there = ticket.clocks.iter().find(|c| c.kind == kind && c.round == ticket.round);
            match (rule, there) {
                (Some(rule), Some(clock)) if clock.is_owed() => {
                    Some(clock.regrade(rule, self.policy.version))
                }
                // The answer's clock starts with the plan, and a new round is about the work and not the way there.
                (Some(_), None) if kind == ClockKind::Answer => None,
                (Some(_), None) if kind == ClockKind::Arrive && ticket.round > 1 => None,
                (Some(rule), None) => {
                    let clock = Clock::start(rule, ticket.round, ticket.round_at, self.policy.version);
                    let clock = clock.later(ticket.paused_ms);
                    let since = ticket.paused.filter(|since| *since <= clock.due_at);
                    Some(since.map_or(clock.clone(), |since| clock.pause(since)))
                }
                (None, Some(clock)) if clock.is_in_time() => Some(clock.cancel(self.at)),
                _ => None,
            }
        };
        let kinds = [ClockKind::Arrive, ClockKind::Solve, ClockKind::Plan, ClockKind::Answer];
        let clocks = kinds.into_iter().filter_map(regrade);
        clocks.filter(|clock| !ticket.clocks.contains(clock)).collect()
    }

    pub(super) fn claim(&mut self) -> Result<(), Refusal> {
        self.must_be_open()?;
        let why = match self.ticket.state {
            State::Accepted(_) => Some(WrongState::AlreadyAccepted),
            State::Dispatched { .. } => Some(WrongState::AlreadyDispatched),
            _ => self.ticket.claimable().is_empty().then_some(WrongState::NotClaimable),
        };
        if let Some(why) = why {
            return Err(self.wrong(why));
        }
        let Some(handler) = self.actor else { return Ok(()) };
        self.happen(Fact::Claimed { handler }, vec![]);
        Ok(())
    }

    pub(super) fn accept(&mut self) -> Result<(), Refusal> {
        match self.ticket.state {
            State::Submitted => return Err(self.wrong(WrongState::NotDispatched)),
            State::Dispatched { .. } => {}
            State::Accepted(_) | State::Resolved { .. } | State::Closed { .. } => {
                return Err(self.wrong(WrongState::AlreadyAccepted));
            }
            State::Withdrawn { .. } | State::Declined { .. } | State::Merged { .. } => {
                return Err(self.wrong(WrongState::Ended));
            }
        }
        if let Some(handler) = self.actor {
            self.happen(Fact::Accepted { handler }, vec![]);
        }
        Ok(())
    }

    pub(super) fn give_back(&mut self, reason: &Text) -> Result<(), Refusal> {
        self.must_be_open()?;
        if self.ticket.state == State::Submitted {
            return Err(self.wrong(WrongState::NotDispatched));
        }
        self.happen(Fact::Returned { reason: reason.reference }, vec![]);
        Ok(())
    }
}

fn check(one: &Assignment, place: &PlaceCode, field: String) -> Result<(), TicketRefusal> {
    let fault = match &one.facts {
        AssigneeFacts::Unknown => FieldFault::LeadUnknown,
        AssigneeFacts::Person { actor, units } if !actor.can_handle_at(place, units) => {
            FieldFault::LeadCannotHandle
        }
        AssigneeFacts::Unit { county } if !county.covers(place) => FieldFault::LeadCannotHandle,
        AssigneeFacts::Person { .. } | AssigneeFacts::Unit { .. } => return Ok(()),
    };
    Err(TicketRefusal::field_fault(fault, field))
}
