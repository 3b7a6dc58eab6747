//! The ladder of consultations: 上报, 会商决定 (practices F02).

use super::super::{Fact, WrongState};
use super::Decision;
use crate::playbook::Playbook;
use crate::refusal::Refusal;
use crate::text::Text;

impl Decision<'_> {
    /// The desk of the next rung decides next; the ticket stays where it is with its file, and those below may still act on
    /// it.
    pub(super) fn escalate(&mut self, reason: &Text, playbook: &Playbook) -> Result<(), Refusal> {
        self.must_be_open()?;
        let above = playbook.desk_above(&self.ticket.desk);
        let desk = above.ok_or_else(|| self.wrong(WrongState::AtTheTop))?;
        self.happen(Fact::Escalated { desk, reason: Some(reason.reference) }, vec![]);
        Ok(())
    }

    /// What those above say to what was handed up to them: it stays with them, or goes back to those who asked.
    pub(super) fn answer_from_above(&mut self, text: &Text, back: bool) -> Result<(), Refusal> {
        self.must_be_open()?;
        let asked = self.ticket.escalation.ok_or_else(|| self.wrong(WrongState::NotEscalated))?;
        self.happen(Fact::Decided { text: text.reference, back: back.then_some(asked.from) }, vec![]);
        Ok(())
    }
}
