//! What clocks do while something is decided: they warn and ring by themselves, begin, are met, and are set anew.

use super::super::apply::set_clocks;
use super::super::{Clock, ClockKind, Done, Fact};
use super::Decision;
use crate::place::{Levels, PlaceCode};
use crate::policy::{Act, ClockRule, Sorting, Start};
use crate::ticket::Audience;
use crate::time::Timestamp;
use strum::IntoEnumIterator;

/// Whom a clock tells whose rule is no longer there.
const UNSAID: [Audience; 2] = [Audience::Handler, Audience::Desk];

impl Decision<'_> {
    /// Writes down what time has done by `until`, in the order in which it did.
    pub(super) fn settle(&mut self, until: Timestamp) {
        loop {
            let due = self.ticket.clocks.iter().filter(|clock| clock.is_due(until));
            if let Some(clock) = due.min_by_key(|clock| clock.due_at).cloned() {
                self.breach(&clock);
            } else if let Some(closes_at) = self.ticket.closes_at().filter(|at| until > *at) {
                self.push(Fact::Closed, vec![], None, closes_at);
            } else {
                return;
            }
        }
    }

    /// Warns of limits that will soon be over. Only time does: whoever acts needs no warning.
    pub(super) fn warn(&mut self) {
        let mut near: Vec<Clock> =
            self.ticket.clocks.iter().filter(|clock| clock.warns(self.now)).cloned().collect();
        near.sort_by_key(|clock| clock.warn_at);
        for clock in near {
            let tell = self.rule_of(&clock).map_or(UNSAID.to_vec(), |rule| rule.warns.clone());
            self.push(Fact::Warned { tell }, vec![clock.warn(self.now)], None, clock.warn_at);
        }
    }

    /// A breach goes up a level by itself (practices M03), and a plan that was due starts the answer's clock.
    pub(super) fn breach(&mut self, clock: &Clock) {
        let mut clocks = vec![clock.breach()];
        if clock.kind == ClockKind::Plan {
            clocks.extend(self.answer_clock(&self.ticket.sorting(), clock.due_at));
        }
        let escalates = self.rule_of(clock).is_none_or(|rule| rule.escalates);
        self.push(Fact::Breached { tell: self.told(clock) }, clocks, None, clock.due_at);
        if let Some(desk) = self.desk_above().filter(|_| escalates) {
            self.push(Fact::Escalated { desk, reason: None }, vec![], None, clock.due_at);
        }
    }

    /// Whom a breach of a clock is told.
    pub(super) fn told(&self, clock: &Clock) -> Vec<Audience> {
        self.rule_of(clock).map_or(UNSAID.to_vec(), |rule| rule.tells.clone())
    }

    /// The rule of a clock as it is today.
    fn rule_of(&self, clock: &Clock) -> Option<&ClockRule> {
        self.policy.rule(clock.kind, &self.ticket.sorting())
    }

    /// The desk one level up; none above the county.
    pub(super) fn desk_above(&self) -> Option<PlaceCode> {
        self.ticket.desk.parent(&Levels::default())
    }

    /// The clock of the answer, which starts when the plan is made or was due, whichever is earlier.
    pub(super) fn answer_clock(&self, sorting: &Sorting<'_>, from: Timestamp) -> Option<Clock> {
        let rule = self.policy.rule(ClockKind::Answer, sorting)?;
        let begun = |from| self.begun(Clock::start(rule, self.ticket.round, from, self.policy));
        match self.of_this_round(ClockKind::Answer) {
            None => Some(begun(from)),
            // The plan was due before anybody heard that it had been made. An extension since is a promise, and stays.
            Some(there) => {
                let kept = |begun: Clock| Clock { warned_at: there.warned_at, ..begun };
                (from < there.started_at && *there == kept(begun(there.started_at))).then(|| begun(from))
            }
        }
    }

    pub(super) fn of_this_round(&self, kind: ClockKind) -> Option<&Clock> {
        self.ticket.clocks.iter().find(|clock| clock.kind == kind && clock.round == self.ticket.round)
    }

    /// A clock that begins, or begins anew, perhaps in the past: it rested when the ticket did, and what was done in time
    /// before anybody asked for it counts.
    fn begun(&self, clock: Clock) -> Clock {
        let clock = clock.rested(&self.ticket.rests, self.ticket.paused, &self.policy.calendar);
        match self.done(&clock) {
            // Of what was a breach already, it is not told once more.
            Some(met) if met.breached_at.is_some() || met.met_at <= Some(met.due_at) => met,
            Some(_) | None => clock,
        }
    }

    /// An owed clock, met by the first that was done already since it began, if anything was: in time or not.
    pub(super) fn done(&self, clock: &Clock) -> Option<Clock> {
        let counts = |done: &&Done| clock.stops_on(done.act) && done.at >= clock.started_at;
        let first = self.ticket.done.iter().find(counts).filter(|_| clock.is_owed())?;
        Some(clock.meet(first.at, &self.policy.calendar))
    }

    /// What an act meets.
    pub(super) fn met(&self, act: Act) -> Vec<Clock> {
        let owed = self.ticket.clocks.iter().filter(|clock| clock.is_owed() && clock.stops_on(act));
        owed.map(|clock| clock.meet(self.at, &self.policy.calendar)).collect()
    }

    /// Everything that is still owed, as no longer mattering.
    pub(super) fn cancelled(&self) -> Vec<Clock> {
        let owed = self.ticket.clocks.iter().filter(|clock| clock.is_owed());
        owed.map(|clock| clock.cancel(self.at, &self.policy.calendar)).collect()
    }

    /// A new round against new clocks: it is about the work and not the way there, and the answer waits for the plan.
    pub(super) fn round_clocks(&self, round: u16, dispatched: bool) -> Vec<Clock> {
        let kinds = [ClockKind::Accept, ClockKind::Solve, ClockKind::Plan];
        let rules = kinds.into_iter().filter_map(|kind| self.policy.rule(kind, &self.ticket.sorting()));
        let begins = |rule: &&ClockRule| match rule.start() {
            Start::Submission => true,
            Start::Dispatch => dispatched,
            Start::Acceptance | Start::Plan => false,
        };
        rules.filter(begins).map(|rule| Clock::start(rule, round, self.at, self.policy)).collect()
    }

    /// Starts, with the event that happened last, the clocks that wait for such a step, if it is the first of this round.
    pub(super) fn start_with_the_last(&mut self, step: Start) {
        let sorting = self.ticket.sorting();
        let rules = ClockKind::iter().filter_map(|kind| self.policy.rule(kind, &sorting));
        let begins = |rule: &&ClockRule| {
            let there = self.of_this_round(rule.kind);
            rule.start() == step
                && self.is_of_this_round(rule.kind)
                // One that sorting has cancelled waits for this step.
                && there.is_none_or(|clock| clock.cancelled_at.is_some() && clock.met_at.is_none())
        };
        let round = self.ticket.round;
        let start = |rule: &ClockRule| self.begun(Clock::start(rule, round, self.at, self.policy));
        let clocks: Vec<_> = rules.filter(begins).map(start).collect();
        if let Some(event) = self.events.last_mut() {
            event.clocks.extend(clocks.iter().cloned());
        }
        set_clocks(&mut self.ticket.clocks, &clocks);
    }

    /// The clocks that sorting starts or sets anew. They count from where they would have counted; what was breached stays
    /// breached, and what keeps its rule keeps its limit, an extension most of all.
    pub(super) fn sorted_anew(&self, sorting: &Sorting<'_>) -> Vec<Clock> {
        let mut clocks: Vec<_> = ClockKind::iter().filter_map(|kind| self.set_anew(kind, sorting)).collect();
        let planned = match self.policy.rule(ClockKind::Plan, sorting) {
            Some(_) => {
                clocks.iter().find(|clock| clock.kind == ClockKind::Plan).and_then(|clock| clock.met_at)
            }
            None => self.ticket.done.iter().find(|done| done.act == Act::Plan).map(|done| done.at),
        };
        clocks.extend(planned.and_then(|at| self.answer_clock(sorting, at)));
        clocks.retain(|clock| !self.ticket.clocks.contains(clock));
        clocks
    }

    fn set_anew(&self, kind: ClockKind, sorting: &Sorting<'_>) -> Option<Clock> {
        let ticket = &self.ticket;
        let (rule, before) = (self.policy.rule(kind, sorting), self.policy.rule(kind, &ticket.sorting()));
        if rule == before {
            return None;
        }
        let begun = |rule, from| Clock::start(rule, ticket.round, from, self.policy);
        match (rule, self.of_this_round(kind)) {
            // One that an earlier grading cancelled runs again, as if it had never stopped.
            (Some(rule), Some(clock)) if clock.met_at.is_none() => match self.began(rule, Some(clock)) {
                Some(from) => Some(self.begun(Clock { breached_at: clock.breached_at, ..begun(rule, from) })),
                None if clock.is_in_time() => Some(clock.cancel(self.at, &self.policy.calendar)),
                None => None,
            },
            (Some(_), None) if !self.is_of_this_round(kind) => None,
            (Some(rule), None) => self.began(rule, None).map(|from| self.begun(begun(rule, from))),
            (None, Some(clock)) if clock.is_in_time() => Some(clock.cancel(self.at, &self.policy.calendar)),
            _ => None,
        }
    }

    /// Whether this round has such clocks: a later one is about the work and not the way there.
    fn is_of_this_round(&self, kind: ClockKind) -> bool {
        kind != ClockKind::Arrive || self.ticket.round == 1
    }

    /// From when a clock of this round counts; `None` while that has not come. The answer's counts from the plan, and keeps
    /// its start.
    fn began(&self, rule: &ClockRule, there: Option<&Clock>) -> Option<Timestamp> {
        match rule.start() {
            Start::Submission => Some(self.ticket.round_at),
            Start::Dispatch => self.ticket.steps.dispatched,
            Start::Acceptance => self.ticket.steps.accepted,
            Start::Plan => there.map(|clock| clock.started_at),
        }
    }
}
