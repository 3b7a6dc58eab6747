//! The ladder of consultations: 上报, 会商决定 (practices F02), and what is talked over where it lies: 议题 (practices Q02).

use super::super::{Fact, FieldFault, TicketRefusal, WrongState};
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

    /// What cannot be settled on the spot waits for the next meeting of the desk where it lies: of its rung, or where the
    /// ladder has none of that level the working meeting of the place.
    pub(super) fn raise_topic(&mut self, reason: &Text) -> Result<(), Refusal> {
        self.must_be_open()?;
        if self.ticket.topic.is_some() {
            return Err(self.wrong(WrongState::AlreadyATopic));
        }
        self.happen(Fact::TopicRaised { reason: reason.reference }, vec![]);
        Ok(())
    }

    /// What those of its desk say to what was handed up to them, or is before their meeting: it stays with them, or goes back
    /// to those who handed it up first.
    pub(super) fn answer_from_above(&mut self, text: &Text, back: bool) -> Result<(), Refusal> {
        self.must_be_open()?;
        let asked = self.ticket.escalation.map(|asked| asked.from);
        if asked.is_none() && self.ticket.topic.is_none() {
            return Err(self.wrong(WrongState::NotEscalated));
        }
        if back && asked.is_none() {
            return Err(TicketRefusal::field_fault(FieldFault::NowhereBack, "/back").into());
        }
        self.happen(Fact::Decided { text: text.reference, back: asked.filter(|_| back) }, vec![]);
        Ok(())
    }
}
