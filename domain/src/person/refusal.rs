//! How changes of people and of grants are refused.

use super::grant::MAX_PLACES;
use crate::refusal::Args;

/// Why a change of a person was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PersonRefusal {
    /// Nobody of that id, or out of sight.
    #[error("no such person")]
    NotFound,
    /// In sight, but not of those whom the actor administers.
    #[error("beyond the actor's scope")]
    BeyondScope,
    /// Their personal data is gone.
    #[error("erased")]
    Erased,
    /// Somebody else has this number.
    #[error("the phone number is another's")]
    PhoneTaken,
    /// They hold a grant that the actor could not take back, and whoever has the number is taken for them.
    #[error("the phone number is not the actor's to change")]
    PhoneBeyondScope,
    /// There is nothing that they could leave.
    #[error("holds no post")]
    NotInPost,
    /// Whoever has a post leaves it before they erase themselves.
    #[error("still holds a post")]
    StillInPost,
    /// Whoever is to take over does not handle tickets in all those places.
    #[error("the successor cannot handle tickets there")]
    SuccessorCannotHandle,
    /// A letter alone: a name is looked for by two.
    #[error("too short to look for")]
    QueryTooShort,
}

/// Why a grant was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrantRefusal {
    /// Everybody is a resident.
    #[error("nobody is granted to be a resident")]
    Resident,
    /// The role, the places or the unit are not the actor's to give or to take.
    #[error("beyond the actor's scope")]
    BeyondScope,
    /// None, or more than 64.
    #[error("{count} places")]
    PlacesCount {
        /// How many were given.
        count: usize,
    },
    /// Neither places nor a unit, or both.
    #[error("a grant is for places or for a unit")]
    PlacesOrUnit,
    /// They hold the very same already.
    #[error("already granted")]
    AlreadyHeld,
    /// They hold no grant of that id.
    #[error("no such grant")]
    Unknown,
}

impl PersonRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "person.not_found",
            Self::BeyondScope => "person.beyond_scope",
            Self::Erased => "person.erased",
            Self::PhoneTaken => "person.phone_taken",
            Self::PhoneBeyondScope => "person.phone_beyond_scope",
            Self::NotInPost => "person.not_in_post",
            Self::StillInPost => "person.still_in_post",
            Self::SuccessorCannotHandle => "person.successor_cannot_handle",
            Self::QueryTooShort => "person.q_too_short",
        }
    }

    /// The field of the body.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::SuccessorCannotHandle => Some("/successor"),
            Self::PhoneTaken | Self::PhoneBeyondScope => Some("/phone"),
            Self::QueryTooShort => Some("?q"),
            Self::NotFound | Self::BeyondScope | Self::Erased | Self::NotInPost | Self::StillInPost => None,
        }
    }
}

impl GrantRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Resident => "grant.resident",
            Self::BeyondScope => "grant.beyond_scope",
            Self::PlacesCount { .. } => "grant.places_count",
            Self::PlacesOrUnit => "grant.places_or_unit",
            Self::AlreadyHeld => "grant.already_held",
            Self::Unknown => "grant.unknown",
        }
    }

    /// Parts of the sentence.
    pub fn args(&self) -> Args {
        match self {
            Self::PlacesCount { count } => {
                vec![("count", count.to_string()), ("max", MAX_PLACES.to_string())]
            }
            Self::Resident | Self::BeyondScope | Self::PlacesOrUnit | Self::AlreadyHeld | Self::Unknown => {
                vec![]
            }
        }
    }

    /// The field of the grant.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Resident => Some("/role"),
            Self::PlacesCount { .. } | Self::PlacesOrUnit => Some("/places"),
            Self::Unknown => Some("/grant"),
            Self::BeyondScope | Self::AlreadyHeld => None,
        }
    }
}
