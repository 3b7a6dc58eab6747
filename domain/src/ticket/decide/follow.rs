//! What the requester does: 评单, 重新打开, 补充, 催办, 撤单.

use super::super::{Fact, FieldFault, Satisfaction, State, TicketRefusal, WrongState};
use super::Decision;
use crate::refusal::Refusal;
use crate::text::Text;
use crate::time::seconds;

impl Decision<'_> {
    /// Of several requesters the first who rates speaks for all.
    pub(super) fn rate(
        &mut self,
        satisfaction: Satisfaction,
        stars: Option<u8>,
        comment: Option<&Text>,
    ) -> Result<(), Refusal> {
        if stars.is_some_and(|stars| !(1..=5).contains(&stars)) {
            return Err(TicketRefusal::field_fault(FieldFault::StarsOutOfRange, "/stars").into());
        }
        match self.ticket.state {
            State::Submitted | State::Dispatched { .. } | State::Accepted(_) => {
                return Err(self.wrong(WrongState::NotResolved));
            }
            State::Resolved { .. } => {}
            State::Closed { .. } => return Err(self.wrong(WrongState::AlreadyClosed)),
            State::Withdrawn { .. } | State::Declined { .. } | State::Merged { .. } => {
                return Err(self.wrong(WrongState::Ended));
            }
        }
        let comment = comment.map(|text| text.reference);
        self.happen(Fact::Rated { satisfaction, stars, comment }, vec![]);
        if satisfaction == Satisfaction::Dissatisfied {
            let round = self.ticket.round.saturating_add(1);
            let clocks = self.round_clocks(round, !self.lead_left);
            self.happen(Fact::Reworked { round, lead_left: self.lead_left }, clocks);
        } else {
            self.happen(Fact::Closed, vec![]);
        }
        Ok(())
    }

    pub(super) fn reopen(&mut self, reason: &Text) -> Result<(), Refusal> {
        let closed_at = match self.ticket.state {
            State::Closed { at, .. } => at,
            State::Withdrawn { .. } | State::Declined { .. } | State::Merged { .. } => {
                return Err(self.wrong(WrongState::Ended));
            }
            _ => return Err(self.wrong(WrongState::NotClosed)),
        };
        if self.now > closed_at + seconds(self.policy.reopen_window_seconds) {
            return Err(self.wrong(WrongState::ReopenWindowOver));
        }
        let round = self.ticket.round.saturating_add(1);
        let clocks = self.round_clocks(round, !self.lead_left);
        let fact = Fact::Reopened { round, reason: reason.reference, lead_left: self.lead_left };
        self.happen(fact, clocks);
        Ok(())
    }

    pub(super) fn supplement(&mut self, content: &Text) -> Result<(), Refusal> {
        if !matches!(self.ticket.state, State::Resolved { .. }) {
            self.must_be_open()?;
        }
        self.happen(Fact::Supplemented { text: content.reference }, vec![]);
        Ok(())
    }

    pub(super) fn urge(&mut self) -> Result<(), Refusal> {
        self.must_be_open()?;
        let again = self.ticket.urged_at.map(|at| at + seconds(self.policy.urge_every_seconds));
        if again.is_some_and(|again| self.now < again) {
            return Err(self.wrong(WrongState::UrgedRecently));
        }
        self.happen(Fact::Urged, vec![]);
        Ok(())
    }

    pub(super) fn withdraw(&mut self, reason: &Text) -> Result<(), Refusal> {
        self.must_be_open()?;
        if !self.ticket.joined.is_empty() {
            return Err(self.wrong(WrongState::OthersJoined));
        }
        let clocks = self.cancelled();
        self.happen(Fact::Withdrawn { reason: reason.reference }, clocks);
        Ok(())
    }
}
