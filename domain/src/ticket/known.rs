//! Whom and what a ticket is to name, with what must be known of them: whoever calls looks it up, and the rules judge by it.

use super::Assignee;
use crate::actor::{Actor, Grant, Scope};
use crate::id::{PointId, UnitId, UserId};
use crate::place::PlaceCode;
use crate::point::Kind;
use crate::unit::UnitKind;

/// What must be known of a unit that a ticket names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitFacts {
    /// What it is.
    pub kind: UnitKind,
    /// Its county (six digits).
    pub county: PlaceCode,
    /// The place that it belongs to.
    pub seat: Option<PlaceCode>,
}

/// To whom somebody is guided, with what is known of it; nothing of what is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Guide {
    /// A point, with what it is and where.
    pub point: Option<(PointId, Option<(Kind, PlaceCode)>)>,
    /// A unit.
    pub unit: Option<(UnitId, Option<UnitFacts>)>,
}

/// What must be known of whom a ticket is to be assigned to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssigneeFacts {
    /// Nobody of that id.
    Unknown,
    /// A person.
    Person {
        /// With what they were granted.
        actor: Actor,
        /// The units that they were granted something for, with their counties (six digits).
        units: Vec<(UnitId, PlaceCode)>,
    },
    /// A unit of this county (six digits).
    Unit {
        /// The county that it belongs to.
        county: PlaceCode,
    },
}

impl AssigneeFacts {
    /// Whether they can handle a ticket there.
    pub fn can_handle_at(&self, place: &PlaceCode) -> bool {
        match self {
            Self::Unknown => false,
            Self::Person { actor, units } => actor.can_handle_at(place, units),
            Self::Unit { county } => county.covers(place),
        }
    }

    /// Whether they handle the tickets of a unit.
    pub fn handles_for(&self, unit: UnitId) -> bool {
        match self {
            Self::Person { actor, .. } => actor.handles_for(unit),
            Self::Unknown | Self::Unit { .. } => false,
        }
    }
}

/// Somebody that a ticket is to be assigned to, with what is known of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Whom.
    pub to: Assignee,
    /// What is known of them.
    pub facts: AssigneeFacts,
}

/// Somebody who is to watch a ticket for the residents (居民代表, practices Q06), with what is known of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegate {
    /// Whom.
    pub person: UserId,
    /// What is known of them.
    pub facts: AssigneeFacts,
    /// The counties (six digits) that entered them into their roster.
    pub rosters: Vec<PlaceCode>,
}

impl Delegate {
    /// Whether the county around a place knows them: they hold a post there, or are on its roster.
    pub fn is_known_at(&self, place: &PlaceCode) -> bool {
        let AssigneeFacts::Person { actor, units } = &self.facts else { return false };
        let holds = |grant: &Grant| match &grant.scope {
            Scope::Places(places) => places.iter().any(|one| one.county() == place.county()),
            Scope::Unit(unit) => units.iter().any(|(id, county)| id == unit && county.covers(place)),
        };
        self.rosters.iter().any(|county| county.covers(place)) || actor.grants.iter().any(holds)
    }
}

/// A team that somebody takes a ticket with (组团式, practices L07).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Which unit.
    pub unit: UnitId,
    /// What it is, and of which county (six digits); `None` where there is no such unit.
    pub known: Option<(UnitKind, PlaceCode)>,
    /// Its members today, as far as a ticket names them.
    pub members: Vec<UserId>,
    /// Whether whoever claims is granted something for it.
    pub granted: bool,
}
