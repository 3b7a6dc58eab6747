//! Who does something in tests of matters, where and when, and what they write.

use crate::actor::{Actor, Grant, Scope};
use crate::id::{TextId, UnitId, UserId};
use crate::permission::Role;
use crate::place::{Levels, PlaceCode};
use crate::text::{FreeText, Text, TextRef};
use crate::time::Timestamp;
use uuid::Uuid;

pub(crate) const COUNTY: &str = "532504";
pub(crate) const STREET: &str = "532504001";
pub(crate) const OTHER_STREET: &str = "532504002";
pub(crate) const COMMUNITY: &str = "532504001007";
pub(crate) const NEIGHBOUR: &str = "532504001008";
pub(crate) const GROUP: &str = "532504001007003";

pub(crate) fn now() -> Timestamp {
    "2026-11-21T01:00:00Z".parse().unwrap()
}

pub(crate) fn code(text: &str) -> PlaceCode {
    PlaceCode::parse(text, &Levels::default()).unwrap()
}

pub(crate) fn unit(n: u128) -> UnitId {
    UnitId(Uuid::from_u128(n))
}

/// What somebody wrote; each is another.
pub(crate) fn text(n: u128) -> Text {
    let reference = TextRef { id: TextId(Uuid::from_u128(n)), hash: [0; 32] };
    Text { reference, body: FreeText::parse(format!("第 {n} 条")).unwrap() }
}

/// Somebody who was granted nothing.
pub(crate) fn resident() -> Actor {
    Actor { user: UserId(Uuid::from_u128(1)), grants: vec![] }
}

/// Somebody with a role for a place.
pub(crate) fn staff(role: Role, place: &str) -> Actor {
    Actor { grants: vec![Grant { role, scope: Scope::Places(vec![code(place)]) }], ..resident() }
}

/// Somebody with a role for a unit.
pub(crate) fn of_unit(role: Role, n: u128) -> Actor {
    Actor { grants: vec![Grant { role, scope: Scope::Unit(unit(n)) }], ..resident() }
}
