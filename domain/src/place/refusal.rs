//! Why the net of places stays as it is.

use super::code::PlaceCode;
use crate::refusal::Args;

/// Why a change of the net was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetRefusal {
    /// None of that id.
    #[error("no such place")]
    NotFound,
    /// Not within the places that the actor administers.
    #[error("{code} is beyond the actor's scope")]
    BeyondScope {
        /// Which.
        code: PlaceCode,
    },
    /// It is no place any more.
    #[error("{code} was retired")]
    Retired {
        /// Its last code.
        code: PlaceCode,
    },
    /// A code belongs to the place that had it first, for ever.
    #[error("{code} was given before")]
    CodeUsed {
        /// Which.
        code: PlaceCode,
    },
    /// The code does not lie directly below the place that it should belong to.
    #[error("{code} does not lie directly below {parent}")]
    NotBelow {
        /// The code.
        code: PlaceCode,
        /// Below which it should lie.
        parent: PlaceCode,
    },
    /// All codes below this place were given.
    #[error("no code is left below {parent}")]
    Full {
        /// Where.
        parent: PlaceCode,
    },
    /// The playbook has no level below this one.
    #[error("the playbook has no level below {code}")]
    Lowest {
        /// The place.
        code: PlaceCode,
    },
    /// A household is personal data and no place of the net.
    #[error("households are no places")]
    Household,
    /// What should be a county is a place in one.
    #[error("{code} is no county")]
    NotACounty {
        /// Which.
        code: PlaceCode,
    },
    /// Counties come with their playbooks, and stay what they are.
    #[error("a county stays as it is")]
    County,
    /// Two places that should be of one level are not.
    #[error("{code} is of another level")]
    OtherLevel {
        /// The one that is.
        code: PlaceCode,
    },
    /// Places do not leave their county.
    #[error("{code} lies in another county")]
    OtherCounty {
        /// The one that does.
        code: PlaceCode,
    },
    /// A place cannot go on as itself.
    #[error("the same place")]
    Itself,
    /// A part takes places that do not lie directly below the one that is split.
    #[error("{code} does not lie directly below the place that is split")]
    NotAChild {
        /// Which.
        code: PlaceCode,
    },
    /// Two parts take the same.
    #[error("{code} is named twice")]
    Twice {
        /// Which.
        code: PlaceCode,
    },
    /// One part at least.
    #[error("no parts")]
    NoParts,
    /// Places lie below it still.
    #[error("places lie below it")]
    HasPlaces,
    /// Open tickets lie there still.
    #[error("open tickets lie there")]
    HasTickets,
    /// Points lie there still.
    #[error("points lie there")]
    HasPoints,
    /// Nothing would change.
    #[error("nothing changes")]
    Same,
    /// It cannot hold from a day that has not come.
    #[error("the date lies in the future")]
    Future,
}

impl NetRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "place.not_found",
            Self::BeyondScope { .. } => "place.beyond_scope",
            Self::Retired { .. } => "place.retired",
            Self::CodeUsed { .. } => "place.code_used",
            Self::NotBelow { .. } => "place.not_below",
            Self::Full { .. } => "place.full",
            Self::Lowest { .. } => "place.lowest",
            Self::Household => "place.household",
            Self::NotACounty { .. } => "place.not_a_county",
            Self::County => "place.county",
            Self::OtherLevel { .. } => "place.other_level",
            Self::OtherCounty { .. } => "place.other_county",
            Self::Itself => "place.itself",
            Self::NotAChild { .. } => "place.not_a_child",
            Self::Twice { .. } => "place.twice",
            Self::NoParts => "place.no_parts",
            Self::HasPlaces => "place.has_places",
            Self::HasTickets => "place.has_tickets",
            Self::HasPoints => "place.has_points",
            Self::Same => "place.same",
            Self::Future => "place.future",
        }
    }

    /// The parts of its sentence.
    pub fn args(&self) -> Args {
        match self {
            Self::BeyondScope { code }
            | Self::Retired { code }
            | Self::CodeUsed { code }
            | Self::NotACounty { code }
            | Self::Lowest { code }
            | Self::OtherLevel { code }
            | Self::OtherCounty { code }
            | Self::NotAChild { code }
            | Self::Twice { code } => vec![("code", code.to_string())],
            Self::NotBelow { code, parent } => {
                vec![("code", code.to_string()), ("parent", parent.to_string())]
            }
            Self::Full { parent } => vec![("parent", parent.to_string())],
            Self::NotFound
            | Self::Household
            | Self::County
            | Self::Itself
            | Self::NoParts
            | Self::HasPlaces
            | Self::HasTickets
            | Self::HasPoints
            | Self::Same
            | Self::Future => vec![],
        }
    }

    /// The field of the body.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::CodeUsed { .. } | Self::NotBelow { .. } | Self::Household => Some("/code"),
            Self::Full { .. } | Self::Lowest { .. } => Some("/parent"),
            Self::NotAChild { .. } | Self::Twice { .. } | Self::NoParts => Some("/parts"),
            Self::OtherLevel { .. } | Self::OtherCounty { .. } | Self::Itself => Some("/into"),
            Self::Future => Some("/on"),
            Self::NotACounty { .. } => None,
            Self::NotFound
            | Self::BeyondScope { .. }
            | Self::Retired { .. }
            | Self::County
            | Self::HasPlaces
            | Self::HasTickets
            | Self::HasPoints
            | Self::Same => None,
        }
    }
}
