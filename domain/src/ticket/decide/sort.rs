//! What a ticket is sorted as: by a service of the catalogue, or by what is said of it besides.

use super::super::{Affair, TicketRefusal};
use crate::permission::Roles;
use crate::playbook::Playbook;
use crate::policy::Sorting;

/// What somebody sorts a ticket as.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sorted<'a> {
    pub(super) service: Option<&'a str>,
    pub(super) category: Option<&'a str>,
    pub(super) affair: Option<Affair>,
}

impl<'a> Sorted<'a> {
    /// What is said, and of what is not said what the service says (practices L04).
    ///
    /// # Errors
    /// [`TicketRefusal::CategoryUnknown`], [`TicketRefusal::ServiceUnknown`].
    pub(super) fn new(
        service: Option<&'a str>,
        category: Option<&'a str>,
        affair: Option<Affair>,
        playbook: &'a Playbook,
    ) -> Result<Self, TicketRefusal> {
        check_category(category, playbook)?;
        let Some(code) = service else { return Ok(Self { service, category, affair }) };
        let known = playbook.must_know(code)?;
        let category = category.or(Some(&known.category));
        Ok(Self { service, category, affair: affair.or(known.affair) })
    }

    /// Whether nothing is said.
    pub(super) fn is_nothing(&self) -> bool {
        self.service.is_none() && self.category.is_none() && self.affair.is_none()
    }
}

/// Who may claim what is sorted so; of a call also those who hear it, whatever it is about (practices Q09).
pub(super) fn may_claim(playbook: &Playbook, sorting: &Sorting<'_>, called: bool) -> Roles {
    let hear = if called { hearing(playbook) } else { Roles::default() };
    playbook.policy.claim(sorting).union(hear)
}

/// Who hears calls.
pub(super) fn hearing(playbook: &Playbook) -> Roles {
    playbook.call.iter().flat_map(|rule| rule.roles.iter().copied()).collect()
}

fn check_category(category: Option<&str>, playbook: &Playbook) -> Result<(), TicketRefusal> {
    let Some(category) = category else { return Ok(()) };
    if playbook.categories.iter().any(|known| known.key == category) {
        return Ok(());
    }
    let allowed: Vec<_> = playbook.categories.iter().map(|known| known.key.as_str()).collect();
    Err(TicketRefusal::CategoryUnknown { allowed: allowed.join(", ") })
}
