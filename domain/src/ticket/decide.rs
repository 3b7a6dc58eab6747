//! What a command leads to. Pure: the playbook and every fact that a rule needs are arguments.

use super::command::{Command, LeadFacts, Submission};
use super::event::{Event, Fact};
use super::refusal::{TicketRefusal, WrongState};
use super::{Affair, Assignee, Channel, Clock, ClockKind, Satisfaction, Severity, State, Ticket};
use crate::actor::Actor;
use crate::geo::Position;
use crate::permission::Action;
use crate::place::PlaceRefusal;
use crate::playbook::{Playbook, Policy, Unmet};
use crate::refusal::Refusal;
use crate::text::Text;
use crate::time::Timestamp;

/// 点单. Starts the arrive clock, and the solve clock when it is graded already (practices M03).
///
/// # Errors
/// [`TicketRefusal::CategoryUnknown`], [`TicketRefusal::ChannelForStaff`], [`PlaceRefusal::TooWide`].
pub fn submit(
    s: &Submission,
    actor: &Actor,
    playbook: &Playbook,
    now: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    actor.has(Action::TicketSubmit)?;
    if s.place.code.community().is_none() {
        return Err(PlaceRefusal::TooWide { code: s.place.code }.into());
    }
    if let Some(category) = &s.category
        && !playbook.categories.iter().any(|known| known.key == *category)
    {
        let allowed: Vec<_> = playbook.categories.iter().map(|known| known.key.as_str()).collect();
        return Err(TicketRefusal::CategoryUnknown { allowed: allowed.join(", ") }.into());
    }
    if s.channel != Channel::MiniProgram && !actor.is_staff() {
        return Err(TicketRefusal::ChannelForStaff.into());
    }
    let clocks = [ClockKind::Arrive, ClockKind::Solve]
        .into_iter()
        .filter_map(|kind| playbook.policy.rule(kind, s.severity))
        .map(|rule| Clock::start(rule, 1, now, playbook.policy.version))
        .collect();
    let fact = Fact::Submitted {
        ticket: s.id,
        number: s.number,
        requester: actor.user,
        place: s.place,
        content: s.content.reference,
        address: s.address.as_ref().map(|text| text.reference),
        category: s.category.clone(),
        severity: s.severity,
        affair: s.affair,
        channel: s.channel,
    };
    Ok(vec![Event { fact, clocks, actor: Some(actor.user), occurred_at: now, recorded_at: now }])
}

/// What a command leads to. Settles every clock that is due first, so that a late act is a breach whether or not
/// anybody noticed the limit passing.
///
/// # Errors
/// [`TicketRefusal`] or a permission refusal; out of sight is [`TicketRefusal::NotFound`].
pub fn decide(
    ticket: &Ticket,
    command: &Command,
    actor: &Actor,
    policy: &Policy,
    now: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    let parties = ticket.parties();
    actor.may(Action::TicketView, &parties).map_err(|_| TicketRefusal::NotFound)?;
    actor.may(command.action(), &parties)?;
    let mut decision = Decision::settle(ticket, actor, policy, now);
    match command {
        Command::Dispatch { lead, facts, severity, affair, note } => {
            decision.dispatch(*lead, facts, *severity, *affair, note.as_ref())?;
        }
        Command::Accept => decision.accept()?,
        Command::Arrive { position } => decision.arrive(*position)?,
        Command::Resolve { outcome, reply } => {
            let fact = Fact::Resolved { outcome: *outcome, reply: reply.reference };
            decision.resolve(fact)?;
        }
        Command::Rate { satisfaction, stars, comment } => {
            decision.rate(*satisfaction, *stars, comment.as_ref())?;
        }
    }
    Ok(decision.events)
}

/// A decision in the making: the events so far, and the clocks as they stand after them.
struct Decision<'a> {
    ticket: &'a Ticket,
    actor: &'a Actor,
    policy: &'a Policy,
    now: Timestamp,
    clocks: Vec<Clock>,
    events: Vec<Event>,
}

impl<'a> Decision<'a> {
    fn settle(ticket: &'a Ticket, actor: &'a Actor, policy: &'a Policy, now: Timestamp) -> Self {
        let mut decision =
            Self { ticket, actor, policy, now, clocks: ticket.clocks.clone(), events: Vec::new() };
        decision.settle_due();
        decision
    }

    fn settle_due(&mut self) {
        let due: Vec<_> =
            self.clocks.iter().filter(|clock| clock.is_due(self.now)).map(Clock::breach).collect();
        for clock in due {
            let occurred_at = clock.due_at;
            self.push(Fact::Breached, vec![clock], None, occurred_at);
        }
    }

    fn push(
        &mut self,
        fact: Fact,
        clocks: Vec<Clock>,
        actor: Option<crate::id::UserId>,
        occurred_at: Timestamp,
    ) {
        super::apply::set_clocks(&mut self.clocks, &clocks);
        self.events.push(Event { fact, clocks, actor, occurred_at, recorded_at: self.now });
    }

    fn happen(&mut self, fact: Fact, clocks: Vec<Clock>) {
        self.push(fact, clocks, Some(self.actor.user), self.now);
    }

    fn wrong(&self, why: WrongState) -> Refusal {
        TicketRefusal::WrongState { why, status: self.ticket.status() }.into()
    }

    fn dispatch(
        &mut self,
        lead: Assignee,
        facts: &LeadFacts,
        severity: Option<Severity>,
        affair: Option<Affair>,
        note: Option<&Text>,
    ) -> Result<(), Refusal> {
        match self.ticket.state {
            State::Submitted => {}
            State::Dispatched { .. }
            | State::Accepted { .. }
            | State::Resolved { .. }
            | State::Closed { .. } => {
                return Err(self.wrong(WrongState::AlreadyDispatched));
            }
        }
        let place = &self.ticket.place.code;
        match facts {
            LeadFacts::Unknown => return Err(TicketRefusal::LeadUnknown.into()),
            LeadFacts::Person(person) if !person.can_handle_at(place) => {
                return Err(TicketRefusal::LeadCannotHandle.into());
            }
            LeadFacts::Unit { county } if !county.covers(place) => {
                return Err(TicketRefusal::LeadCannotHandle.into());
            }
            LeadFacts::Person(_) | LeadFacts::Unit { .. } => {}
        }
        let clocks = severity.map(|severity| self.graded(severity)).unwrap_or_default();
        self.happen(
            Fact::Dispatched { lead, severity, affair, note: note.map(|text| text.reference) },
            clocks,
        );
        // A limit that was over before anybody graded the ticket.
        self.settle_due();
        Ok(())
    }

    /// The clocks that grading starts or sets anew. They count from submission; what was breached stays breached.
    fn graded(&self, severity: Severity) -> Vec<Clock> {
        let round = self.ticket.round;
        let regrade = |kind| {
            let rule = self.policy.rule(kind, Some(severity));
            let there = self.clocks.iter().find(|clock| clock.kind == kind && clock.round == round);
            match (rule, there) {
                (Some(rule), Some(clock)) if clock.is_owed() => {
                    Some(clock.regrade(rule, self.policy.version))
                }
                (Some(rule), None) => {
                    Some(Clock::start(rule, round, self.ticket.submitted_at, self.policy.version))
                }
                (None, Some(clock)) if clock.is_running() => Some(clock.cancel(self.now)),
                _ => None,
            }
        };
        let clocks = [ClockKind::Arrive, ClockKind::Solve].into_iter().filter_map(regrade);
        clocks.filter(|clock| !self.clocks.contains(clock)).collect()
    }

    fn accept(&mut self) -> Result<(), Refusal> {
        match self.ticket.state {
            State::Submitted => return Err(self.wrong(WrongState::NotDispatched)),
            State::Dispatched { .. } => {}
            State::Accepted { .. } | State::Resolved { .. } | State::Closed { .. } => {
                return Err(self.wrong(WrongState::AlreadyAccepted));
            }
        }
        self.happen(Fact::Accepted { handler: self.actor.user }, vec![]);
        Ok(())
    }

    fn arrive(&mut self, position: Position) -> Result<(), Refusal> {
        match self.ticket.state {
            State::Submitted | State::Dispatched { .. } => return Err(self.wrong(WrongState::NotAccepted)),
            State::Accepted { arrival: None, .. } => {}
            State::Accepted { arrival: Some(_), .. } => return Err(self.wrong(WrongState::AlreadyArrived)),
            State::Resolved { .. } | State::Closed { .. } => {
                return Err(self.wrong(WrongState::AlreadyResolved));
            }
        }
        let met = self.owed(ClockKind::Arrive).map(|clock| clock.meet(self.now)).collect();
        self.happen(Fact::Arrived { position }, met);
        Ok(())
    }

    fn resolve(&mut self, fact: Fact) -> Result<(), Refusal> {
        match self.ticket.state {
            State::Submitted | State::Dispatched { .. } => return Err(self.wrong(WrongState::NotAccepted)),
            State::Accepted { .. } => {}
            State::Resolved { .. } | State::Closed { .. } => {
                return Err(self.wrong(WrongState::AlreadyResolved));
            }
        }
        if self.policy.arrive_unmet_at_resolve == Unmet::Breach {
            let unmet = self.owed(ClockKind::Arrive).filter(|clock| clock.is_running());
            let unmet: Vec<_> =
                unmet.map(|clock| Clock { breached_at: Some(self.now), ..clock.clone() }).collect();
            for clock in unmet {
                self.push(Fact::Breached, vec![clock], None, self.now);
            }
        }
        let arrive = self.owed(ClockKind::Arrive).map(|clock| clock.cancel(self.now));
        let solve = self.owed(ClockKind::Solve).map(|clock| clock.meet(self.now));
        let clocks = arrive.chain(solve).collect();
        self.happen(fact, clocks);
        Ok(())
    }

    fn rate(
        &mut self,
        satisfaction: Satisfaction,
        stars: Option<u8>,
        comment: Option<&Text>,
    ) -> Result<(), Refusal> {
        if stars.is_some_and(|stars| !(1..=5).contains(&stars)) {
            return Err(TicketRefusal::StarsOutOfRange.into());
        }
        match self.ticket.state {
            State::Submitted | State::Dispatched { .. } | State::Accepted { .. } => {
                return Err(self.wrong(WrongState::NotResolved));
            }
            State::Resolved { .. } => {}
            State::Closed { .. } => return Err(self.wrong(WrongState::AlreadyClosed)),
        }
        let comment = comment.map(|text| text.reference);
        self.happen(Fact::Rated { satisfaction, stars, comment }, vec![]);
        if satisfaction != Satisfaction::Dissatisfied {
            self.happen(Fact::Closed, vec![]);
            return Ok(());
        }
        let round = self.ticket.round + 1;
        let rule = self.policy.rule(ClockKind::Solve, self.ticket.severity);
        let clock = rule.map(|rule| Clock::start(rule, round, self.now, self.policy.version));
        self.happen(Fact::Reworked { round }, clock.into_iter().collect());
        Ok(())
    }

    fn owed(&self, kind: ClockKind) -> impl Iterator<Item = &Clock> {
        self.clocks.iter().filter(move |clock| clock.kind == kind && clock.is_owed())
    }
}
