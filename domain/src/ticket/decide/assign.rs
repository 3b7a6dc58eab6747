//! Who is to do it: 研判, 派单, 认领, 接单, 退回, 移交.

use super::super::known::{AssigneeFacts, Assignment, Team};
use super::super::{
    Affair, Assignee, ClockKind, Event, Fact, FieldFault, Handling, MAX_ASSIST, MAX_MATES, Severity, State,
    Ticket, TicketRefusal, WrongState,
};
use super::Decision;
use super::sort::{Sorted, may_claim};
use crate::id::UserId;
use crate::place::{PlaceCode, PlaceRef};
use crate::playbook::Playbook;
use crate::policy::{Act, Policy, Sorting, Start};
use crate::refusal::Refusal;
use crate::text::Text;
use crate::time::Timestamp;
use strum::IntoEnumIterator;

/// Somebody who left a post, with what they may since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// Who.
    pub person: UserId,
    /// What is left to them.
    pub facts: AssigneeFacts,
    /// Who takes over, with what is known of them.
    pub successor: Option<(UserId, AssigneeFacts)>,
    /// Who decided it.
    pub by: UserId,
}

/// 移交: what somebody who left had, and can no longer handle, goes to the successor where that one can, or back to the
/// unit that leads, or to be dispatched anew; and the successor assists in their place. Nothing when it is not theirs or
/// no longer open.
pub fn hand_over(ticket: &Ticket, departure: &Departure, policy: &Policy, now: Timestamp) -> Vec<Event> {
    let Departure { person: from, facts, successor, by } = departure;
    let mut decision = Decision::new(ticket, Some(*by), policy, now);
    decision.settle(now);
    let ticket = &decision.ticket;
    if !ticket.state.is_open() {
        return decision.events;
    }
    let place = ticket.place.code;
    let successor = successor.as_ref().filter(|(_, facts)| facts.can_handle_at(&place));
    let successor = successor.map(|(person, _)| Assignee::Person(*person));
    let (lead, handles) = (ticket.lead(), ticket.handler() == Some(*from));
    let was_first_asked = ticket.first_asked == Some(*from);
    let stays = facts.can_handle_at(&place);
    if ticket.assist.contains(&Assignee::Person(*from)) && !stays {
        let taken = |one: &Assignee| lead == Some(*one) || ticket.assist.contains(one);
        let to = successor.filter(|one| !taken(one));
        decision.happen(Fact::Relieved { assist: *from, to }, vec![]);
    }
    match lead {
        Some(Assignee::Unit(unit)) if handles && !facts.handles_for(unit) => {
            decision.happen(Fact::HandedOver { from: *from, to: lead }, vec![]);
        }
        Some(Assignee::Person(_)) if handles && !stays => {
            decision.happen(Fact::HandedOver { from: *from, to: successor }, vec![]);
        }
        Some(_) | None => {}
    }
    if was_first_asked && !stays {
        let person = successor.and_then(|one| match one {
            Assignee::Person(person) => Some(person),
            Assignee::Unit(_) => None,
        });
        decision.happen(Fact::FirstAsked { person }, vec![]);
    }
    decision.events
}

/// 并档: a roster entry turned out to be `to`, who is in its place from now on, whatever the ticket's state. Nothing where
/// it has no part.
pub fn identify(ticket: &Ticket, from: UserId, to: UserId, policy: &Policy, now: Timestamp) -> Vec<Event> {
    let mut decision = Decision::new(ticket, Some(to), policy, now);
    decision.settle(now);
    let before = decision.ticket.clone();
    decision.happen(Fact::Identified { from, to }, vec![]);
    if decision.ticket == before {
        decision.events.pop();
    }
    decision.events
}

/// 编码变更: its place lies elsewhere in the net, or another goes on as it. Nothing where the ticket lies there already.
pub fn recode(ticket: &Ticket, place: PlaceRef, policy: &Policy, now: Timestamp) -> Vec<Event> {
    if ticket.place == place {
        return vec![];
    }
    let mut decision = Decision::new(ticket, None, policy, now);
    decision.settle(now);
    decision.happen(Fact::Recoded { place }, vec![]);
    decision.events
}

impl Decision<'_> {
    pub(super) fn grade(
        &mut self,
        sorted: &Sorted<'_>,
        severity: Option<Severity>,
        playbook: &Playbook,
    ) -> Result<(), Refusal> {
        let Sorted { service, category, affair } = *sorted;
        if sorted.is_nothing() && severity.is_none() {
            return Err(TicketRefusal::field_fault(FieldFault::NothingToGrade, "").into());
        }
        self.must_be_open()?;
        let before = self.ticket.sorting();
        let sorting = Sorting {
            severity: severity.or(before.severity),
            affair: affair.or(before.affair),
            category: category.or(before.category),
            ..before
        };
        let clocks = self.sorted_anew(&sorting);
        let claim = may_claim(playbook, &sorting, self.ticket.call.is_some());
        let (named, service) = (category.map(str::to_owned), service.map(str::to_owned));
        self.happen(Fact::Graded { category: named, severity, affair, claim, service }, clocks);
        self.go_to_its_desk(category);
        // What was done too late before anybody asked for it is a breach like any other.
        for kind in ClockKind::iter() {
            let late = self.ticket.clocks.iter().filter(|clock| clock.kind == kind);
            if let Some(late) = late.into_iter().find_map(|clock| self.done(clock)) {
                self.breach(&late);
            }
        }
        Ok(())
    }

    /// What turns out to be of a category that lies on a higher desk goes there at once (practices M09).
    fn go_to_its_desk(&mut self, category: Option<&str>) {
        let desk = self.policy.desk(category, &self.ticket.place.code);
        if let Some(desk) = desk.filter(|desk| desk.as_str().len() < self.ticket.desk.as_str().len()) {
            self.happen(Fact::Escalated { desk, reason: None }, vec![]);
        }
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
        let before = self.ticket.sorting();
        let sorting = Sorting {
            severity: severity.or(before.severity),
            affair: affair.or(before.affair),
            handling: handling.or(before.handling),
            ..before
        };
        let clocks = self.sorted_anew(&sorting);
        let fact = Fact::Dispatched {
            lead: lead.to,
            assist: assist.iter().map(|one| one.to).collect(),
            severity,
            affair,
            handling,
            note: note.map(|text| text.reference),
        };
        self.happen(fact, clocks);
        self.start_with_the_last(Start::Dispatch);
        Ok(())
    }

    pub(super) fn claim(&mut self, actor: UserId, team: Option<&Team>) -> Result<(), Refusal> {
        self.must_be_open()?;
        let why = match self.ticket.state {
            State::Accepted(_) => Some(WrongState::AlreadyAccepted),
            State::Dispatched { .. } => Some(WrongState::AlreadyDispatched),
            _ => self.ticket.claimable().is_empty().then_some(WrongState::NotClaimable),
        };
        if let Some(why) = why {
            return Err(self.wrong(why));
        }
        team.map_or(Ok(()), |team| check_team(team, actor, &self.ticket.place.code))?;
        let met = self.met(Act::Accept);
        let mates = team.iter().flat_map(|team| team.members.iter().copied());
        let mates = mates.filter(|mate| *mate != actor).take(MAX_MATES).collect();
        self.happen(Fact::Claimed { handler: actor, team: team.map(|team| team.unit), mates }, met);
        self.start_with_the_last(Start::Dispatch);
        self.start_with_the_last(Start::Acceptance);
        Ok(())
    }

    pub(super) fn accept(&mut self, actor: UserId) -> Result<(), Refusal> {
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
        self.must_be_discussed()?;
        let met = self.met(Act::Accept);
        self.happen(Fact::Accepted { handler: actor }, met);
        self.start_with_the_last(Start::Acceptance);
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

/// Only a team of the county takes a ticket together, and only with somebody who is of it.
fn check_team(team: &Team, actor: UserId, place: &PlaceCode) -> Result<(), TicketRefusal> {
    let fault = |code| Err(TicketRefusal::field_fault(code, "/team"));
    if !team.known.is_some_and(|(kind, county)| kind.is_team() && county.covers(place)) {
        return fault(FieldFault::NotATeam);
    }
    if !team.granted && !team.members.contains(&actor) {
        return fault(FieldFault::NotInTeam);
    }
    Ok(())
}

fn check(one: &Assignment, place: &PlaceCode, field: String) -> Result<(), TicketRefusal> {
    if one.facts.can_handle_at(place) {
        return Ok(());
    }
    let unknown = one.facts == AssigneeFacts::Unknown;
    let fault = if unknown { FieldFault::LeadUnknown } else { FieldFault::LeadCannotHandle };
    Err(TicketRefusal::field_fault(fault, field))
}
