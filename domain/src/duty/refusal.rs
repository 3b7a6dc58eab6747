//! Why a duty is not recorded.

use crate::refusal::Args;

/// Why a duty is not recorded, beside what holds for all matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DutyRefusal {
    /// It must be recorded at the place, and no position was given.
    #[error("recorded within {radius} m only")]
    PositionRequired {
        /// How far from the place it may be, metres.
        radius: u32,
    },
    /// It was recorded too far from the place.
    #[error("{metres} m away, not {radius}")]
    TooFar {
        /// How far, metres.
        metres: u32,
        /// How far it may be, metres.
        radius: u32,
    },
    /// No such photo, or another's, or taken elsewhere.
    #[error("no such photo of theirs")]
    PhotoUnknown,
    /// A photo shows one thing.
    #[error("the photo was used before")]
    PhotoUsed,
    /// No such ticket in the county.
    #[error("no such ticket")]
    RaisedUnknown,
    /// They do not owe such a duty there.
    #[error("not theirs to do there")]
    NotTheirs,
}

impl DutyRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PositionRequired { .. } => "duty.position_required",
            Self::TooFar { .. } => "duty.too_far",
            Self::PhotoUnknown => "duty.photo_unknown",
            Self::PhotoUsed => "duty.photo_used",
            Self::RaisedUnknown => "duty.raised_unknown",
            Self::NotTheirs => "duty.not_theirs",
        }
    }

    /// The parts of its sentence.
    pub fn args(&self) -> Args {
        match self {
            Self::PositionRequired { radius } => vec![("radius", radius.to_string())],
            Self::TooFar { metres, radius } => {
                vec![("metres", metres.to_string()), ("radius", radius.to_string())]
            }
            Self::PhotoUnknown | Self::PhotoUsed | Self::RaisedUnknown | Self::NotTheirs => vec![],
        }
    }

    /// The field of the body.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::PositionRequired { .. } | Self::TooFar { .. } => Some("/position"),
            Self::PhotoUnknown | Self::PhotoUsed => Some("/photos"),
            Self::RaisedUnknown => Some("/raised"),
            Self::NotTheirs => Some("/place"),
        }
    }
}
