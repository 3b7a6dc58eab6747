//! Calls (群众呼叫): a resident calls, party members and the grid hear it at once, and whoever answers first takes it (群众呼叫、
//! 党员响应、网格帮办; practices Q09).

use super::Fault;
use crate::permission::{Action, Role, reaches};
use crate::place::PlaceCode;
use serde::{Deserialize, Serialize};

/// Who hears calls, and how far they are heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallRule {
    /// Who hears them and may take them, whatever they are about; each a role that can claim at all.
    pub roles: Vec<Role>,
    /// The area around the caller in which they are heard.
    #[serde(default)]
    pub level: CallLevel,
}

/// How far a call is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallLevel {
    /// In the community (社区).
    #[default]
    Community,
    /// In the street or town (街道).
    Street,
}

impl CallRule {
    /// The area in which a call from this place is heard; `None` where the place is wider.
    pub fn area(&self, place: &PlaceCode) -> Option<PlaceCode> {
        let area = match self.level {
            CallLevel::Community => place.community()?,
            CallLevel::Street => place.street()?,
        };
        place.cut(area.len())
    }

    pub(super) fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.roles.is_empty() {
            faults.push(Fault::new("call.roles".into(), "至少一种角色；不开通呼叫的，不写 [call]"));
        }
        if self.roles.iter().any(|role| reaches(*role, Action::TicketClaim).is_empty()) {
            faults.push(Fault::new("call.roles".into(), "有的角色不能认领工单"));
        }
        faults
    }
}
