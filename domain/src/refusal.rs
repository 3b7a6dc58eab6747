//! Refusals are values: one enum a concept, with a stable code. The wire contract turns them into problem details in
//! one table, so a refusal says what was wrong in parts (`args`) and never in a sentence.

use crate::geo::PositionRefusal;
use crate::permission::PermissionRefusal;
use crate::place::PlaceRefusal;
use crate::text::TextRefusal;
use crate::ticket::TicketRefusal;

/// What a refusal tells besides its code, to be put into its sentence.
pub type Args = Vec<(&'static str, String)>;

/// Every way in which the rules say no.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The actor may not.
    #[error(transparent)]
    Permission(#[from] PermissionRefusal),
    /// The place is none.
    #[error(transparent)]
    Place(#[from] PlaceRefusal),
    /// The position is none.
    #[error(transparent)]
    Position(#[from] PositionRefusal),
    /// The text may not be stored.
    #[error(transparent)]
    Text(#[from] TextRefusal),
    /// The ticket is not in the state, or the command does not fit it.
    #[error(transparent)]
    Ticket(#[from] TicketRefusal),
}

impl Refusal {
    /// The stable code that clients match on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Permission(refusal) => refusal.code(),
            Self::Place(refusal) => match refusal {
                PlaceRefusal::NotDigits => "place.not_digits",
                PlaceRefusal::NoLevel { .. } => "place.no_level",
                PlaceRefusal::NoProvince => "place.no_province",
                PlaceRefusal::Unknown { .. } => "place.unknown",
                PlaceRefusal::NoGridAtPosition => "place.no_grid_at_position",
                PlaceRefusal::CodeOrPosition => "place.code_or_position",
                PlaceRefusal::TooWide { .. } => "place.too_wide",
            },
            Self::Position(PositionRefusal::OutsideChina { .. }) => "position.outside_china",
            Self::Text(refusal) => match refusal {
                TextRefusal::Empty => "text.empty",
                TextRefusal::TooLong { .. } => "text.too_long",
                TextRefusal::ControlCharacter { .. } => "text.control_character",
            },
            Self::Ticket(refusal) => refusal.code(),
        }
    }

    /// The parts of its sentence.
    pub fn args(&self) -> Args {
        match self {
            Self::Permission(refusal) => refusal.args(),
            Self::Place(refusal) => match refusal {
                PlaceRefusal::NoLevel { length, allowed } => {
                    vec![("length", length.to_string()), ("allowed", allowed.clone())]
                }
                PlaceRefusal::Unknown { code } | PlaceRefusal::TooWide { code } => {
                    vec![("code", code.to_string())]
                }
                PlaceRefusal::NotDigits
                | PlaceRefusal::NoProvince
                | PlaceRefusal::NoGridAtPosition
                | PlaceRefusal::CodeOrPosition => vec![],
            },
            Self::Position(PositionRefusal::OutsideChina { .. }) => vec![],
            Self::Text(refusal) => match refusal {
                TextRefusal::Empty => vec![],
                TextRefusal::TooLong { length, max } => {
                    vec![("length", length.to_string()), ("max", max.to_string())]
                }
                TextRefusal::ControlCharacter { code, at } => {
                    vec![("code", format!("U+{code:04X}")), ("at", at.to_string())]
                }
            },
            Self::Ticket(refusal) => refusal.args(),
        }
    }

    /// The field of the request that a rule looked at, as a JSON Pointer below the body; `None` when it is the state or
    /// the actor. Values that are parsed before they reach a rule get their field from who parsed them.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Ticket(refusal) => refusal.field(),
            Self::Permission(_) | Self::Place(_) | Self::Position(_) | Self::Text(_) => None,
        }
    }
}
