//! Why a tie cannot be.

use super::TieKind;
use crate::refusal::Args;
use chrono::NaiveDate;

/// Why a tie was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TieRefusal {
    /// None of that id, or out of sight.
    #[error("no such tie")]
    NotFound,
    /// Not within the places that the actor administers.
    #[error("beyond the actor's scope")]
    BeyondScope,
    /// Not between these two.
    #[error("{kind:?} does not tie these two")]
    Sides {
        /// What it is.
        kind: TieKind,
    },
    /// A person or a unit, and only one of them.
    #[error("a person or a unit")]
    HolderOneOf,
    /// A place or a unit, and only one of them.
    #[error("a place or a unit")]
    TargetOneOf,
    /// No such person.
    #[error("no such person")]
    PersonUnknown,
    /// No such unit, or it is none any more.
    #[error("no such unit")]
    UnitUnknown,
    /// No such other unit, or it is none any more.
    #[error("no such unit")]
    OfUnknown,
    /// The unit belongs to another county.
    #[error("the unit belongs to another county")]
    OtherCounty,
    /// It would end before it begins, or begins too far ahead.
    #[error("the dates do not fit")]
    Dates {
        /// The last day on which it may begin.
        latest: NaiveDate,
    },
    /// There is such a tie that goes on.
    #[error("there is such a tie")]
    Exists,
    /// Another unit answers for that line there.
    #[error("another unit answers for that line")]
    LineTaken,
    /// The playbook has no such line.
    #[error("no such line")]
    LineUnknown {
        /// Those that it has.
        allowed: String,
    },
    /// Only who is responsible is so for a line.
    #[error("a line belongs to a responsible unit")]
    LineMisplaced,
    /// A unit belongs below one other.
    #[error("it belongs below another already")]
    OneAbove,
    /// It would lie above itself.
    #[error("it would lie above itself")]
    Circle,
    /// Checked in to as many communities as one may be.
    #[error("checked in to {max} already")]
    TooManyCheckIns {
        /// How many.
        max: i64,
    },
    /// One checks in to a community.
    #[error("not a community")]
    NotACommunity,
    /// It has ended by then.
    #[error("it has ended")]
    Ended,
    /// It cannot end before it begins.
    #[error("it begins on {since}")]
    EndsBefore {
        /// When it begins.
        since: NaiveDate,
    },
}

impl TieRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "tie.not_found",
            Self::BeyondScope => "tie.beyond_scope",
            Self::Sides { .. } => "tie.sides",
            Self::HolderOneOf => "tie.holder_one_of",
            Self::TargetOneOf => "tie.target_one_of",
            Self::PersonUnknown => "tie.person_unknown",
            Self::UnitUnknown | Self::OfUnknown => "tie.unit_unknown",
            Self::OtherCounty => "tie.other_county",
            Self::Dates { .. } => "tie.dates",
            Self::Exists => "tie.exists",
            Self::LineTaken => "tie.line_taken",
            Self::LineUnknown { .. } => "tie.line_unknown",
            Self::LineMisplaced => "tie.line_misplaced",
            Self::OneAbove => "tie.one_above",
            Self::Circle => "tie.circle",
            Self::TooManyCheckIns { .. } => "tie.too_many_check_ins",
            Self::NotACommunity => "tie.not_a_community",
            Self::Ended => "tie.ended",
            Self::EndsBefore { .. } => "tie.ends_before",
        }
    }

    /// The parts of its sentence.
    pub fn args(&self) -> Args {
        match self {
            Self::Sides { kind } => {
                vec![("kind", kind.chinese().to_owned()), ("allowed", kind.sides().to_owned())]
            }
            Self::Dates { latest } => vec![("latest", latest.to_string())],
            Self::LineUnknown { allowed } => vec![("allowed", allowed.clone())],
            Self::TooManyCheckIns { max } => vec![("max", max.to_string())],
            Self::EndsBefore { since } => vec![("since", since.to_string())],
            _ => vec![],
        }
    }

    /// The field of the body.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Sides { .. } => Some("/kind"),
            Self::HolderOneOf | Self::PersonUnknown => Some("/person"),
            Self::TargetOneOf | Self::NotACommunity => Some("/place"),
            Self::UnitUnknown | Self::OtherCounty => Some("/unit"),
            Self::OfUnknown | Self::Circle => Some("/of"),
            Self::Dates { .. } => Some("/since"),
            Self::LineUnknown { .. } | Self::LineMisplaced => Some("/line"),
            Self::EndsBefore { .. } => Some("/on"),
            Self::NotFound
            | Self::BeyondScope
            | Self::Exists
            | Self::LineTaken
            | Self::OneAbove
            | Self::TooManyCheckIns { .. }
            | Self::Ended => None,
        }
    }
}
