//! 会商, 台账, 承诺: what is talked over, entered on the ledger, and promised (practices L01, L07, Z02).

use super::super::known::Assignment;
use super::super::{
    Assignee, Clock, ClockKind, Commonality, Fact, State, TicketRefusal, TimeFault, WrongState,
};
use super::{AHEAD_DAYS, Decision};
use crate::refusal::Refusal;
use crate::text::Text;
use crate::time::{Timestamp, china_day};
use chrono::{NaiveDate, NaiveTime, TimeDelta};

impl Decision<'_> {
    /// Talked over, with these units or among those who have it.
    pub(super) fn discuss(&mut self, units: &[Assignment], conclusion: &Text) -> Result<(), Refusal> {
        self.must_be_open()?;
        let units = if units.is_empty() { Vec::new() } else { self.units(units)? };
        self.happen(Fact::Discussed { units, conclusion: conclusion.reference }, vec![]);
        Ok(())
    }

    /// Refuses a unit that takes what is to be talked over first (共商对策).
    pub(super) fn must_be_discussed(&self) -> Result<(), Refusal> {
        let first = |affair| self.policy.discuss_first.contains(&affair);
        let of_unit = matches!(self.ticket.state, State::Dispatched { lead: Assignee::Unit(_), .. });
        if of_unit && self.ticket.affair.is_some_and(first) && self.ticket.discussion.is_none() {
            return Err(self.wrong(WrongState::NotDiscussed));
        }
        Ok(())
    }

    /// What the party branch made of it (党支部研判), and made of it anew.
    pub(super) fn assess(
        &mut self,
        commonality: Commonality,
        opinion: &Text,
        planned_for: Option<NaiveDate>,
    ) -> Result<(), Refusal> {
        if !matches!(self.ticket.state, State::Resolved { .. }) {
            self.must_be_open()?;
        }
        if let Some(day) = planned_for {
            must_be_ahead(day, self.now)?;
        }
        self.happen(Fact::Assessed { commonality, opinion: opinion.reference, planned_for }, vec![]);
        Ok(())
    }

    /// Answered on the spot, with a stated deadline (明确办结时限): the ticket stays open until it is resolved. A second promise
    /// takes the place of one that is not broken yet.
    pub(super) fn promise(&mut self, text: &Text, due_at: Timestamp) -> Result<(), Refusal> {
        self.must_be_open()?;
        let before = self.of_this_round(ClockKind::Promise);
        if before.is_some_and(|clock| !clock.is_in_time()) {
            return Err(self.wrong(WrongState::PromiseBroken));
        }
        self.ahead("/due_at", due_at, self.now)?;
        let started_at = before.map_or(self.at, |clock| clock.started_at);
        let clock = Clock::promise((self.ticket.round, started_at), self.at, due_at, self.policy);
        let clock = if self.ticket.paused.is_some() { clock.pause(self.at) } else { clock };
        self.happen(Fact::Promised { due_at, text: text.reference }, vec![clock]);
        Ok(())
    }
}

/// Refuses a day that is over, or too far ahead. Days are compared: the first that there is has no midnight in China.
fn must_be_ahead(day: NaiveDate, now: Timestamp) -> Result<(), TicketRefusal> {
    let (today, latest) = (china_day(now), now + TimeDelta::days(AHEAD_DAYS));
    let refused = |code, limit| Err(TicketRefusal::Time { code, field: "/planned_for", limit });
    if day < today {
        return refused(TimeFault::TooEarly, midnight(today));
    }
    if day > china_day(latest) { refused(TimeFault::TooLate, latest) } else { Ok(()) }
}

/// When a day begins in China.
fn midnight(day: NaiveDate) -> Timestamp {
    day.and_time(NaiveTime::MIN).and_utc() - TimeDelta::hours(8)
}
