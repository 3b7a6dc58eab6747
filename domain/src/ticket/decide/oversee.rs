//! What those above do: 暂停与恢复计时, 督办, 不予受理.

use super::super::{Clock, Fact, State, WrongState};
use super::Decision;
use crate::refusal::Refusal;
use crate::text::Text;

impl Decision<'_> {
    pub(super) fn pause(&mut self, reason: &Text) -> Result<(), Refusal> {
        self.must_be_open()?;
        if self.ticket.paused.is_some() {
            return Err(self.wrong(WrongState::AlreadyPaused));
        }
        let running = self.ticket.clocks.iter().filter(|clock| clock.is_running() && !clock.restless);
        let clocks: Vec<Clock> = running.map(|clock| clock.pause(self.at)).collect();
        self.happen(Fact::Paused { reason: reason.reference }, clocks);
        Ok(())
    }

    pub(super) fn resume(&mut self, reason: &Text) -> Result<(), Refusal> {
        self.must_be_open()?;
        if self.ticket.paused.is_none() {
            return Err(self.wrong(WrongState::NotPaused));
        }
        let resting = self.ticket.clocks.iter().filter(|clock| clock.paused_at.is_some());
        let clocks: Vec<Clock> = resting.map(|clock| clock.resume(self.at, &self.policy.calendar)).collect();
        self.happen(Fact::Resumed { reason: reason.reference }, clocks);
        Ok(())
    }

    pub(super) fn supervise(&mut self, reason: &Text) -> Result<(), Refusal> {
        if !matches!(self.ticket.state, State::Resolved { .. }) {
            self.must_be_open()?;
        }
        if self.ticket.supervision.is_some() {
            return Err(self.wrong(WrongState::AlreadySupervised));
        }
        self.happen(Fact::Supervised { reason: reason.reference }, vec![]);
        Ok(())
    }

    /// Not taken on: only before anybody was sent, so that nobody's work is thrown away.
    pub(super) fn decline(&mut self, reason: &Text) -> Result<(), Refusal> {
        self.must_be_open()?;
        if self.ticket.state != State::Submitted {
            return Err(self.wrong(WrongState::AlreadyDispatched));
        }
        let clocks = self.cancelled();
        self.happen(Fact::Declined { reason: reason.reference }, clocks);
        Ok(())
    }
}
