//! A unit (单位) as an aggregate: departments, institutions, property companies. Its name is public.

use crate::actor::Actor;
use crate::permission::Action;
use crate::place::PlaceCode;
use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, EnumIter, EnumString, IntoStaticStr};

/// The version in which unit events are stored.
pub const EVENT_VERSION: i16 = 1;
/// The longest name of a unit, in characters.
pub const MAX_NAME: usize = 50;

/// What happened to a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, EnumDiscriminants)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[strum_discriminants(
    name(Headline),
    derive(Hash, EnumIter, EnumString, IntoStaticStr),
    strum(serialize_all = "snake_case"),
    doc = "What kind of event it is: the word in the `kind` column and in the audit trail."
)]
pub enum Fact {
    /// Entered (建档).
    Created {
        /// Its name.
        name: String,
    },
    /// Called differently (改名).
    Renamed {
        /// Its name from then on.
        name: String,
    },
}

impl Headline {
    /// The word.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Fact {
    /// The kind.
    pub fn headline(&self) -> Headline {
        self.into()
    }
}

/// Why a change of a unit was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnitRefusal {
    /// None of that id, or out of sight.
    #[error("no such unit")]
    NotFound,
    /// None of the id that a body names.
    #[error("no such unit")]
    Unknown,
    /// In sight, but not of a county that the actor administers.
    #[error("beyond the actor's scope")]
    BeyondScope,
    /// A unit belongs to a county.
    #[error("this is no county")]
    NotACounty,
}

impl UnitRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "unit.not_found",
            Self::Unknown => "unit.unknown",
            Self::BeyondScope => "unit.beyond_scope",
            Self::NotACounty => "unit.not_a_county",
        }
    }

    /// The field of the body.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Unknown => Some("/unit"),
            Self::NotACounty => Some("/place"),
            Self::NotFound | Self::BeyondScope => None,
        }
    }
}

impl Actor {
    /// Whether they may change the units of a county: those of its administrators whose area is the whole of it.
    ///
    /// # Errors
    /// [`UnitRefusal::NotACounty`], [`UnitRefusal::BeyondScope`].
    pub fn may_edit_units(&self, county: &PlaceCode) -> Result<(), UnitRefusal> {
        if county.as_str() != county.county() {
            return Err(UnitRefusal::NotACounty);
        }
        let theirs = self.area_of(Action::UnitEdit).any(|area| area.covers(county));
        if theirs { Ok(()) } else { Err(UnitRefusal::BeyondScope) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::{Grant, Scope};
    use crate::id::UserId;
    use crate::permission::Role;
    use crate::place::Levels;
    use rstest::rstest;
    use uuid::Uuid;

    #[rstest]
    #[case(Role::CountyAdmin, "532504", Ok(()))]
    #[case(Role::SystemAdmin, "532504", Ok(()))]
    #[case(Role::CountyAdmin, "532504001", Err(UnitRefusal::BeyondScope))]
    #[case(Role::CountyAdmin, "140226", Err(UnitRefusal::BeyondScope))]
    #[case(Role::CommunityClerk, "532504001007", Err(UnitRefusal::BeyondScope))]
    #[case(Role::GridWorker, "532504001007", Err(UnitRefusal::BeyondScope))]
    fn units_belong_to_a_county(
        #[case] role: Role,
        #[case] code: &str,
        #[case] edits: Result<(), UnitRefusal>,
    ) {
        let place = |code| PlaceCode::parse(code, &Levels::default()).unwrap();
        let grants = vec![Grant { role, scope: Scope::Places(vec![place(code)]) }];
        let actor = Actor { user: UserId(Uuid::from_u128(1)), grants };
        assert_eq!(actor.may_edit_units(&place("532504")), edits);
        assert_eq!(actor.may_edit_units(&place("532504001")), Err(UnitRefusal::NotACounty));
    }
}
