//! Who asks.

use crate::id::{UnitId, UserId};
use crate::permission::Role;
use crate::place::PlaceCode;
use serde::{Deserialize, Serialize};

/// What a role is granted for (范围): places with all below them, or a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// One place or more.
    Places(Vec<PlaceCode>),
    /// One unit.
    Unit(UnitId),
}

/// A role granted for a scope (授权).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// For what.
    pub scope: Scope,
}

/// Somebody who signed in, with all that they were granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Who.
    pub user: UserId,
    /// What they may, besides being a resident.
    pub grants: Vec<Grant>,
}

impl Actor {
    /// Whether they hold any role but resident.
    pub fn is_staff(&self) -> bool {
        self.grants.iter().any(|grant| grant.role != Role::Resident)
    }
}
