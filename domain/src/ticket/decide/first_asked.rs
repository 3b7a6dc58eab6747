//! 首问负责 (practices Q06).

use super::super::{Channel, Command, Fact, Submission};
use super::Decision;
use crate::actor::Actor;
use crate::playbook::Playbook;

impl Decision<'_> {
    /// The first of those whom the playbook names who grades, dispatches, refers, answers or notes a ticket answers for it
    /// until somebody has accepted it, and again when it is given back.
    pub(super) fn take_up(&mut self, command: &Command, actor: &Actor, playbook: &Playbook) {
        let takes_up = matches!(
            command,
            Command::Grade { .. }
                | Command::Dispatch { .. }
                | Command::Refer { .. }
                | Command::Reply { .. }
                | Command::Note { .. }
        );
        let nobody_yet = self.ticket.first_asked.is_none() && self.ticket.state.is_open();
        if takes_up && nobody_yet && playbook.first_asked.holds(actor, &self.ticket.place.code) {
            self.happen(Fact::FirstAsked { person: Some(actor.user) }, vec![]);
        }
    }
}

/// Whether whoever writes a ticket down for a resident answers for it.
pub(super) fn writes_down(submission: &Submission, actor: &Actor, playbook: &Playbook) -> bool {
    submission.channel != Channel::MiniProgram && playbook.first_asked.holds(actor, &submission.place.code)
}
