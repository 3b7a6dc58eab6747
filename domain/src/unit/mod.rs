//! A unit (单位) as an aggregate: departments, institutions, party organisations, teams, companies. What it is called is
//! public.

mod kind;

pub use kind::UnitKind;

use crate::actor::Actor;
use crate::id::UnitId;
use crate::permission::Action;
use crate::place::{PlaceCode, PlaceRef};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, EnumIter, EnumString, IntoStaticStr};

/// The version in which unit events are stored.
pub const EVENT_VERSION: i16 = 1;
/// The longest name of a unit, in characters.
pub const MAX_NAME: usize = 50;
/// The longest code of a unit, in characters: a unified social credit code (统一社会信用代码) has 18.
pub const MAX_CODE: usize = 32;

/// A unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Identity.
    pub id: UnitId,
    /// The county that it belongs to.
    pub county: PlaceCode,
    /// What it is, and what it is called.
    pub profile: Profile,
    /// How many events it has: what `ETag` carries.
    pub version: i32,
    /// Since when it is no unit any more.
    pub retired_at: Option<Timestamp>,
}

/// What is said of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// What it is.
    pub kind: UnitKind,
    /// Its name.
    pub name: String,
    /// Its number: its unified social credit code, or the county's own. A county gives it once.
    pub code: Option<String>,
    /// The place that it belongs to (属地), within its county.
    pub seat: Option<PlaceRef>,
}

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
    /// Called differently (改名): before 2026-11-22, when a unit was nothing but its name.
    Renamed {
        /// Its name from then on.
        name: String,
    },
    /// Entered, or described anew (改档).
    UnitDescribed {
        /// What it is.
        what: UnitKind,
        /// Its name from then on.
        name: String,
        /// Its number.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// The place that it belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        seat: Option<PlaceRef>,
    },
    /// No unit any more (撤销).
    UnitRetired,
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
    /// Another unit of the county has that number.
    #[error("another unit has that number")]
    CodeTaken,
    /// What a number may be made of.
    #[error("not the number of a unit")]
    CodeInvalid,
    /// The place that it should belong to lies elsewhere, or is none any more.
    #[error("the seat is no place of the county")]
    SeatElsewhere,
    /// It is no unit any more.
    #[error("the unit was retired")]
    Retired,
    /// People are granted roles for it still, or tickets lie with it.
    #[error("the unit is still needed")]
    InUse,
}

impl UnitRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "unit.not_found",
            Self::Unknown => "unit.unknown",
            Self::BeyondScope => "unit.beyond_scope",
            Self::NotACounty => "unit.not_a_county",
            Self::CodeTaken => "unit.code_taken",
            Self::CodeInvalid => "unit.code_invalid",
            Self::SeatElsewhere => "unit.seat_elsewhere",
            Self::Retired => "unit.retired",
            Self::InUse => "unit.in_use",
        }
    }

    /// The field of the body.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Unknown => Some("/unit"),
            Self::NotACounty => Some("/place"),
            Self::CodeTaken | Self::CodeInvalid => Some("/code"),
            Self::SeatElsewhere => Some("/seat"),
            Self::NotFound | Self::BeyondScope | Self::Retired | Self::InUse => None,
        }
    }
}

/// The number of a unit: letters, digits and hyphens, letters as capitals.
///
/// # Errors
/// [`UnitRefusal::CodeInvalid`].
pub fn unit_code(given: &str) -> Result<String, UnitRefusal> {
    let code = given.trim().to_ascii_uppercase();
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let good = (1..=MAX_CODE).contains(&code.len()) && code.chars().all(fits);
    if good { Ok(code) } else { Err(UnitRefusal::CodeInvalid) }
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

    #[test]
    fn a_number_is_letters_and_digits() {
        assert_eq!(unit_code(" 91532504ma6k0x1y2z ").as_deref(), Ok("91532504MA6K0X1Y2Z"));
        for wrong in ["", " ", "水务局", "1 2", &"9".repeat(33)] {
            assert_eq!(unit_code(wrong), Err(UnitRefusal::CodeInvalid), "{wrong}");
        }
    }

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
