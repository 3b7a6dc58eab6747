//! 首问负责 (practices Q06): whoever is the first to take up a ticket answers for it until somebody has accepted it.

use super::Fault;
use crate::actor::{Actor, Scope};
use crate::permission::{Action, Role, reaches};
use crate::place::PlaceCode;
use serde::{Deserialize, Serialize};

/// Who of those who take up tickets answers for them; nobody unless said.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstAskedRule {
    /// The roles; each one that writes on tickets.
    pub roles: Vec<Role>,
}

impl FirstAskedRule {
    /// Whether whoever takes up a ticket of that place answers for it.
    pub fn holds(&self, actor: &Actor, place: &PlaceCode) -> bool {
        actor.grants.iter().any(|grant| {
            let there = match &grant.scope {
                Scope::Places(places) => places.iter().any(|area| area.covers(place)),
                // Of units those have tickets at hand that are theirs.
                Scope::Unit(_) => true,
            };
            there && self.roles.contains(&grant.role)
        })
    }

    /// What is wrong with it.
    pub(super) fn faults(&self) -> Option<Fault> {
        let idle = self.roles.iter().any(|role| reaches(*role, Action::TicketNote).is_empty());
        idle.then(|| Fault::new("first_asked.roles".to_owned(), "有的角色不经手工单，不能首问负责"))
    }
}
