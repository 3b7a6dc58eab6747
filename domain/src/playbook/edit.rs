//! A playbook as an aggregate: each change is a version of its own, and who may make one.

use super::Playbook;
use crate::actor::Actor;
use crate::id::UserId;
use crate::permission::{Action, Reach, reaches};
use crate::place::PlaceCode;
use crate::refusal::Args;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, EnumIter, EnumString, IntoStaticStr};

/// The version in which playbook events are stored.
pub const EVENT_VERSION: i16 = 1;

/// What happened to a playbook. What it said then is the version of that number, which is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, EnumDiscriminants)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[strum_discriminants(
    name(Headline),
    derive(Hash, EnumIter, EnumString, IntoStaticStr),
    strum(serialize_all = "snake_case"),
    doc = "What kind of event it is: the word in the `kind` column and in the audit trail."
)]
pub enum Fact {
    /// Taken from a seed file (导入规程).
    PlaybookImported {
        /// The version that it became.
        version: u32,
        /// Name of the playbook.
        name: String,
    },
    /// Written by an administrator in the place of what was there (修改规程).
    PlaybookEdited {
        /// The version that it became.
        version: u32,
        /// Name of the playbook.
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

/// A version of a playbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The county, six digits.
    pub county: String,
    /// Its number.
    pub version: u32,
    /// Since when it holds.
    pub made_at: Timestamp,
    /// Who made it; `None` when it came from a seed.
    pub made_by: Option<UserId>,
    /// Why; `None` when nothing was said, or once erased.
    pub note: Option<String>,
    /// Whether it came from a seed file.
    pub seeded: bool,
}

/// Why a playbook stays as it is, or is not shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaybookRefusal {
    /// None of that county, or no such version, or out of sight.
    #[error("no such playbook")]
    NotFound,
    /// In sight, but not of a county that the actor administers.
    #[error("beyond the actor's scope")]
    BeyondScope,
    /// A playbook stays with its county.
    #[error("it says that it is of {county}")]
    OtherCounty {
        /// The county whose it is to be.
        county: String,
    },
    /// Places lie below the community, whose codes the levels are.
    #[error("places lie below the community")]
    LevelsInUse,
}

impl PlaybookRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "playbook.not_found",
            Self::BeyondScope => "playbook.beyond_scope",
            Self::OtherCounty { .. } => "playbook.other_county",
            Self::LevelsInUse => "playbook.levels_in_use",
        }
    }

    /// Parts of the sentence.
    pub fn args(&self) -> Args {
        match self {
            Self::OtherCounty { county } => vec![("county", county.clone())],
            Self::NotFound | Self::BeyondScope | Self::LevelsInUse => vec![],
        }
    }

    /// The field of the body.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::OtherCounty { .. } => Some("/playbook/county"),
            Self::LevelsInUse => Some("/playbook/levels"),
            Self::NotFound | Self::BeyondScope => None,
        }
    }
}

impl Playbook {
    /// Whether codes mean the same under both: names of levels may differ, their number and widths not, and the household
    /// stays the household.
    pub fn has_the_levels_of(&self, other: &Self) -> bool {
        let shape = |book: &Self| -> Vec<_> {
            book.levels.iter().map(|level| (level.width, level.household)).collect()
        };
        shape(self) == shape(other)
    }

    /// The number of the version that follows on `before`: the next one, or its own where it is a seed that says more.
    pub fn next_version(before: Option<u32>, seed: Option<u32>) -> u32 {
        let next = before.map_or(1, |before| before.saturating_add(1));
        seed.map_or(next, |seed| next.max(seed))
    }
}

impl Actor {
    /// Whether they may change a county's playbook: its administrators whose area is the whole of it, and whoever reaches
    /// anywhere with it.
    ///
    /// # Errors
    /// [`PlaybookRefusal::BeyondScope`].
    pub fn may_edit_playbook(&self, county: &PlaceCode) -> Result<(), PlaybookRefusal> {
        let anywhere = |role| reaches(role, Action::PlaybookEdit).contains(&Reach::Anywhere);
        let theirs = self.grants.iter().any(|grant| anywhere(grant.role))
            || self.area_of(Action::PlaybookEdit).any(|area| area.covers(county));
        if theirs { Ok(()) } else { Err(PlaybookRefusal::BeyondScope) }
    }

    /// Whether they see the playbooks of all counties.
    pub fn sees_every_playbook(&self) -> bool {
        self.grants.iter().any(|grant| reaches(grant.role, Action::PlaybookView).contains(&Reach::Anywhere))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::{Grant, Scope};
    use crate::permission::Role;
    use crate::place::Levels;
    use rstest::rstest;
    use uuid::Uuid;

    #[rstest]
    #[case::the_first_is_that_of_its_seed(None, Some(3), 3)]
    #[case::a_seed_that_says_less_is_the_next_one(Some(5), Some(3), 6)]
    #[case::a_seed_that_says_more_is_its_own(Some(5), Some(9), 9)]
    #[case::an_edit_is_the_next_one(Some(5), None, 6)]
    fn versions_grow(#[case] before: Option<u32>, #[case] seed: Option<u32>, #[case] expected: u32) {
        assert_eq!(Playbook::next_version(before, seed), expected);
    }

    #[rstest]
    #[case(Role::CountyAdmin, "532504", Ok(()))]
    #[case(Role::SystemAdmin, "140226", Ok(()))]
    #[case(Role::CountyAdmin, "532504001", Err(PlaybookRefusal::BeyondScope))]
    #[case(Role::CountyAdmin, "140226", Err(PlaybookRefusal::BeyondScope))]
    #[case(Role::Supervisor, "532504", Err(PlaybookRefusal::BeyondScope))]
    fn a_playbook_is_changed_by_who_administers_all_of_the_county(
        #[case] role: Role,
        #[case] code: &str,
        #[case] expected: Result<(), PlaybookRefusal>,
    ) {
        let place = |code| PlaceCode::parse(code, &Levels::default()).unwrap();
        let grants = vec![Grant { role, scope: Scope::Places(vec![place(code)]) }];
        let actor = Actor { user: UserId(Uuid::from_u128(1)), grants };
        assert_eq!(actor.may_edit_playbook(&place("532504")), expected);
    }
}
