//! Why an errand stays as it is.

use crate::refusal::Args;

/// Why an errand stays as it is, beside what holds for all matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ErrandRefusal {
    /// Somebody has taken it.
    #[error("somebody has taken it")]
    Taken,
    /// Papers are not back yet.
    #[error("{left} papers are not back")]
    PapersLeft {
        /// How many.
        left: usize,
    },
    /// None of that number was handed over.
    #[error("no paper {number}")]
    NoSuchPaper {
        /// Which.
        number: usize,
    },
    /// It went back before.
    #[error("paper {number} went back before")]
    ReturnedBefore {
        /// Which.
        number: usize,
    },
}

impl ErrandRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Taken => "errand.taken",
            Self::PapersLeft { .. } => "errand.papers_left",
            Self::NoSuchPaper { .. } => "errand.no_such_paper",
            Self::ReturnedBefore { .. } => "errand.returned_before",
        }
    }

    /// The parts of its sentence.
    pub fn args(&self) -> Args {
        match self {
            Self::Taken => vec![],
            Self::PapersLeft { left } => vec![("left", left.to_string())],
            Self::NoSuchPaper { number } | Self::ReturnedBefore { number } => {
                vec![("number", number.to_string())]
            }
        }
    }

    /// The field of the body.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::NoSuchPaper { .. } | Self::ReturnedBefore { .. } => Some("/papers"),
            Self::Taken | Self::PapersLeft { .. } => None,
        }
    }
}
