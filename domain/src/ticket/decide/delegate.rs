//! 居民代表: who of the residents watches the work, and what they say of it (practices Q06).

use super::super::known::Delegate;
use super::super::{Assignee, Fact, FieldFault, MAX_DELEGATES, State, TicketRefusal, WrongState};
use super::Decision;
use crate::id::UserId;
use crate::refusal::Refusal;
use crate::text::Text;

impl Decision<'_> {
    /// Names those who watch it from now on, in the place of those before. Never what is confidential: they read it.
    pub(super) fn name_delegates(&mut self, persons: &[Delegate]) -> Result<(), Refusal> {
        self.must_be_open()?;
        if self.ticket.confidential {
            return Err(self.wrong(WrongState::Confidential));
        }
        if persons.len() > MAX_DELEGATES {
            return Err(TicketRefusal::field_fault(FieldFault::DelegatesTooMany, "/persons").into());
        }
        let mut all: Vec<UserId> = Vec::with_capacity(persons.len());
        for (i, one) in persons.iter().enumerate() {
            let fault = |code| Refusal::from(TicketRefusal::field_fault(code, format!("/persons/{i}")));
            if !one.is_known_at(&self.ticket.place.code) {
                return Err(fault(FieldFault::DelegateUnknown));
            }
            if all.contains(&one.person) {
                return Err(fault(FieldFault::DelegateTwice));
            }
            let of_lead = match self.ticket.lead() {
                Some(Assignee::Unit(unit)) => one.facts.handles_for(unit),
                lead => lead == Some(Assignee::Person(one.person)),
            };
            if of_lead || self.ticket.handler() == Some(one.person) {
                return Err(fault(FieldFault::DelegateHandles));
            }
            all.push(one.person);
        }
        self.happen(Fact::DelegatesNamed { persons: all }, vec![]);
        Ok(())
    }

    /// What one of them says of how it goes, until it is closed.
    pub(super) fn observe(&mut self, text: &Text, satisfied: bool) -> Result<(), Refusal> {
        if !matches!(self.ticket.state, State::Resolved { .. }) {
            self.must_be_open()?;
        }
        self.happen(Fact::Observed { text: text.reference, satisfied }, vec![]);
        Ok(())
    }
}
