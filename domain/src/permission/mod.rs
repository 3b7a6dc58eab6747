//! Who may do what: one table, role by action, with how far it reaches (`table.rs`), and whether that is as far as a
//! ticket (`reach.rs`).

mod action;
mod reach;
mod table;
#[cfg(test)]
mod tests;

pub use action::Action;
pub use reach::Parties;
pub use table::{Reach, reaches};

use crate::refusal::Args;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};

/// A role (角色). Everyone who signed in is a resident; the others are granted.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the glossary's")]
pub enum Role {
    Resident,
    Volunteer,
    PartyMember,
    GridWorker,
    GridLeader,
    CommunityClerk,
    StreetDispatcher,
    DepartmentHandler,
    Supervisor,
    CountyAdmin,
    SystemAdmin,
    Hotline,
}

impl Role {
    /// What people call it; also what a spreadsheet says.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Resident => "居民",
            Self::Volunteer => "志愿者",
            Self::PartyMember => "党员",
            Self::GridWorker => "网格员",
            Self::GridLeader => "网格长",
            Self::CommunityClerk => "社区工作人员",
            Self::StreetDispatcher => "街道调度员",
            Self::DepartmentHandler => "单位经办人",
            Self::Supervisor => "督查员",
            Self::CountyAdmin => "县管理员",
            Self::SystemAdmin => "系统管理员",
            Self::Hotline => "热线系统",
        }
    }
}

/// Roles, as a bit each in the order of [`Role`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Roles(u16);

impl Roles {
    /// Whether `role` is among them.
    pub fn contains(self, role: Role) -> bool {
        self.0 & Self::from_iter([role]).0 != 0
    }

    /// These and others.
    pub fn union(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::iter().filter(move |role| self.contains(*role))
    }

    /// None of them.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// As the number that a column holds.
    pub fn bits(self) -> i32 {
        self.0.into()
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<T: IntoIterator<Item = Role>>(roles: T) -> Self {
        Self(roles.into_iter().fold(0, |bits, role| bits | 1 << role as u16))
    }
}

/// Why somebody may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PermissionRefusal {
    /// No role of theirs has the action anywhere.
    #[error("no role allows {}", action.name())]
    Role {
        /// What they wanted.
        action: Action,
    },
    /// A role has it, but not for this ticket.
    #[error("{} does not reach this far", action.name())]
    Reach {
        /// What they wanted.
        action: Action,
    },
}

impl PermissionRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Role { .. } => "permission.role",
            Self::Reach { .. } => "permission.reach",
        }
    }

    /// Parts of the sentence.
    pub fn args(&self) -> Args {
        let (Self::Role { action } | Self::Reach { action }) = self;
        vec![("action", action.name().to_owned())]
    }
}
