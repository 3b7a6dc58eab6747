//! What a command leads to. Pure: the playbook and every fact that a rule needs are arguments.

mod ask;
mod assign;
mod clocks;
mod delegate;
mod exclude;
mod first_asked;
mod follow;
mod handle;
mod ladder;
mod ledger;
mod merge;
mod oversee;
mod platform;
mod refer;
mod sort;
mod submit;
mod whistle;

pub use assign::{Departure, hand_over, identify, recode};
pub use exclude::exclude;
pub use merge::merge;
pub use platform::dispatch_by_route;
pub use submit::submit;
pub(crate) use whistle::MAX_REPORT_IN_MINUTES;

use super::command::Command;
use super::event::{Event, Fact};
use super::refusal::{TicketRefusal, TimeFault, WrongState};
use super::{Clock, State, Ticket};
use crate::actor::Actor;
use crate::id::UserId;
use crate::permission::{Action, Parties};
use crate::playbook::Playbook;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::time::{Timestamp, seconds};
use chrono::TimeDelta;

/// How far ahead a plan or more time may reach.
const AHEAD_DAYS: i64 = 731;

/// When something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// When it is written down.
    pub now: Timestamp,
    /// When it was done, where that was earlier: out of reach of the network.
    pub occurred_at: Option<Timestamp>,
    /// Whether whoever leads the ticket has left: a new round then waits to be dispatched.
    pub lead_left: bool,
}

impl From<Timestamp> for When {
    fn from(now: Timestamp) -> Self {
        Self { now, occurred_at: None, lead_left: false }
    }
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
    playbook: &Playbook,
    when: When,
) -> Result<Vec<Event>, Refusal> {
    see(ticket, command, actor)?;
    let mut decision = Decision::new(ticket, Some(actor.user), &playbook.policy, when.now);
    decision.lead_left = when.lead_left;
    let went_back = when.occurred_at.map_or(Ok(()), |occurred_at| decision.go_back(occurred_at));
    decision.settle(decision.at);
    let reach = actor.may(command.action(), &parties_of(&decision.ticket, command));
    match (reach, decision.carry_out(command, actor, playbook)) {
        // The state is the better reason: in another one it might be theirs to do.
        (Err(_), Err(refusal @ Refusal::Ticket(TicketRefusal::WrongState { .. }))) => return Err(refusal),
        (Err(reach), _) => return Err(reach.into()),
        (Ok(()), outcome) => outcome.and(went_back.map_err(Refusal::from))?,
    }
    decision.take_up(command, actor, playbook);
    // A limit that was over before anybody graded the ticket, or since the work was done.
    decision.settle(when.now);
    Ok(decision.events)
}

/// What time alone has done to a ticket by `now`: limits that passed or are about to, and a rating that nobody gave.
pub fn settle(ticket: &Ticket, policy: &Policy, now: Timestamp) -> Vec<Event> {
    let mut decision = Decision::new(ticket, None, policy, now);
    decision.settle(now);
    decision.warn();
    decision.events
}

/// Refuses who does not see the ticket, or has no role that does such things at all.
fn see(ticket: &Ticket, command: &Command, actor: &Actor) -> Result<(), Refusal> {
    let parties = parties_of(ticket, command);
    if actor.may(Action::TicketView, &ticket.parties()).is_err()
        && (!command.claims() || actor.may(Action::TicketClaim, &parties).is_err())
    {
        return Err(TicketRefusal::NotFound.into());
    }
    Ok(actor.has(command.action())?)
}

/// Who might have claimed it a moment ago learns that somebody else did.
fn parties_of<'a>(ticket: &'a Ticket, command: &Command) -> Parties<'a> {
    let claim = if command.claims() { ticket.claim } else { ticket.claimable() };
    Parties { claim, ..ticket.parties() }
}

/// Whether a time is neither earlier nor later than it may be.
fn between(
    field: &'static str,
    at: Timestamp,
    earliest: Timestamp,
    latest: Timestamp,
) -> Result<(), TicketRefusal> {
    if at < earliest {
        return Err(TicketRefusal::Time { code: TimeFault::TooEarly, field, limit: earliest });
    }
    if at > latest {
        return Err(TicketRefusal::Time { code: TimeFault::TooLate, field, limit: latest });
    }
    Ok(())
}

/// A decision in the making: the ticket as it stands after the events so far.
struct Decision<'a> {
    ticket: Ticket,
    actor: Option<UserId>,
    policy: &'a Policy,
    now: Timestamp,
    /// When what is done was done.
    at: Timestamp,
    lead_left: bool,
    events: Vec<Event>,
}

impl<'a> Decision<'a> {
    fn new(ticket: &Ticket, actor: Option<UserId>, policy: &'a Policy, now: Timestamp) -> Self {
        Self { ticket: ticket.clone(), actor, policy, now, at: now, lead_left: false, events: Vec::new() }
    }

    fn carry_out(&mut self, command: &Command, actor: &Actor, playbook: &Playbook) -> Result<(), Refusal> {
        match command {
            Command::Grade { category, severity, affair, service } => {
                let sorted = sort::Sorted::new(service.as_deref(), category.as_deref(), *affair, playbook)?;
                self.grade(&sorted, *severity, playbook)?;
            }
            Command::Dispatch { lead, assist, severity, affair, handling, note } => {
                self.dispatch(lead, assist, (*severity, *affair, *handling), note.as_ref())?;
            }
            Command::Claim => self.claim(actor.user, None)?,
            Command::ClaimTogether { team } => self.claim(actor.user, Some(team))?,
            Command::Accept => self.accept(actor.user)?,
            Command::Return { reason } => self.give_back(reason)?,
            Command::Arrive { position } => self.arrive(*position)?,
            Command::Plan { text, due, means } => self.plan(text, *due, *means)?,
            Command::NameDelegates { persons } => self.name_delegates(persons)?,
            Command::Observe { text, satisfied } => self.observe(text, *satisfied)?,
            Command::Reply { text } => self.reply(text)?,
            Command::Resolve { outcome, reply } => self.resolve(*outcome, reply)?,
            Command::Rate { satisfaction, stars, comment } => {
                self.rate(*satisfaction, *stars, comment.as_ref())?;
            }
            Command::Reopen { reason } => self.reopen(reason)?,
            Command::Supplement { content } => self.supplement(content)?,
            Command::Urge => self.urge()?,
            Command::Extend { until, reason } => self.extend(*until, reason)?,
            Command::ApproveExtension { note } => self.approve_extension(note.as_ref())?,
            Command::RefuseExtension { reason } => self.refuse_extension(reason)?,
            Command::Escalate { reason } => self.escalate(reason, playbook)?,
            Command::Refer { to, guide, text } => self.refer(*to, guide, text)?,
            Command::RaiseTopic { reason } => self.raise_topic(reason)?,
            Command::Decide { text, back } => self.answer_from_above(text, *back)?,
            Command::Pause { reason } => self.pause(reason)?,
            Command::Resume { reason } => self.resume(reason)?,
            Command::Supervise { reason } => self.supervise(reason)?,
            Command::Whistle { units, reason, due_minutes } => {
                self.whistle(units, reason, *due_minutes, (actor, &playbook.whistle))?;
            }
            Command::ReportIn { unit, position } => self.report_in(*unit, *position, actor)?,
            Command::Opine { unit, score, text } => {
                self.opine(*unit, *score, text.as_ref(), (actor, &playbook.whistle))?;
            }
            Command::Discuss { units, conclusion } => self.discuss(units, conclusion)?,
            Command::Assess { commonality, opinion, planned_for } => {
                self.assess(*commonality, opinion, *planned_for)?;
            }
            Command::Promise { text, due_at } => self.promise(text, *due_at)?,
            Command::Note { text } => self.happen(Fact::Noted { text: text.reference }, vec![]),
            Command::Withdraw { reason } => self.withdraw(reason)?,
            Command::Decline { reason } => self.decline(reason)?,
            Command::Unmask { reason } => {
                self.happen(Fact::Unmasked { reason: reason.reference }, vec![]);
            }
        }
        Ok(())
    }

    /// Takes what is done for done earlier: not before the step before it, and not longer ago than the playbook allows.
    fn go_back(&mut self, occurred_at: Timestamp) -> Result<(), TicketRefusal> {
        let since = match self.ticket.state {
            State::Dispatched { at, .. } => at,
            State::Accepted(work) => self.ticket.done.last().map_or(work.at, |done| done.at),
            _ => self.ticket.round_at,
        };
        let earliest = since.max(self.now - seconds(self.policy.offline_seconds));
        between("/occurred_at", occurred_at, earliest, self.now)?;
        self.at = occurred_at;
        Ok(())
    }

    /// Whether something that is promised lies after `earliest`, and not beyond all measure.
    fn ahead(&self, field: &'static str, at: Timestamp, earliest: Timestamp) -> Result<(), TicketRefusal> {
        if at == earliest {
            return Err(TicketRefusal::Time { code: TimeFault::TooEarly, field, limit: earliest });
        }
        between(field, at, earliest, self.now + TimeDelta::days(AHEAD_DAYS))
    }

    fn push(&mut self, fact: Fact, clocks: Vec<Clock>, actor: Option<UserId>, occurred_at: Timestamp) {
        let event = Event { fact, clocks, actor, occurred_at, recorded_at: self.now };
        let applied = self.ticket.apply(&event);
        debug_assert!(applied.is_ok(), "{applied:?}");
        self.events.push(event);
    }

    fn happen(&mut self, fact: Fact, clocks: Vec<Clock>) {
        self.push(fact, clocks, self.actor, self.at);
    }

    fn wrong(&self, why: WrongState) -> Refusal {
        TicketRefusal::WrongState { why, status: self.ticket.status() }.into()
    }

    /// Refuses what can only be done before it is resolved.
    fn must_be_open(&self) -> Result<(), Refusal> {
        match self.ticket.state {
            State::Submitted | State::Dispatched { .. } | State::Accepted(_) => Ok(()),
            State::Resolved { .. } => Err(self.wrong(WrongState::AlreadyResolved)),
            State::Closed { .. } => Err(self.wrong(WrongState::AlreadyClosed)),
            State::Withdrawn { .. } | State::Declined { .. } | State::Merged { .. } => {
                Err(self.wrong(WrongState::Ended))
            }
        }
    }

    /// Refuses what only whoever has accepted it can do.
    fn must_be_accepted(&self) -> Result<super::Work, Refusal> {
        match self.ticket.state {
            State::Submitted | State::Dispatched { .. } => Err(self.wrong(WrongState::NotAccepted)),
            State::Accepted(work) => Ok(work),
            State::Resolved { .. } | State::Closed { .. } => Err(self.wrong(WrongState::AlreadyResolved)),
            State::Withdrawn { .. } | State::Declined { .. } | State::Merged { .. } => {
                Err(self.wrong(WrongState::Ended))
            }
        }
    }
}
