//! Why a patrol does not begin, or go on.

use crate::refusal::Args;

/// Why a patrol does not begin or go on, beside what holds for all matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatrolRefusal {
    /// They are on patrol already.
    #[error("on patrol already")]
    UnderWay,
    /// A position is older than the one before it.
    #[error("positions are not in order")]
    Order,
}

impl PatrolRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnderWay => "patrol.under_way",
            Self::Order => "patrol.order",
        }
    }

    /// The parts of its sentence.
    pub fn args(&self) -> Args {
        vec![]
    }

    /// The field of the body.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::UnderWay => None,
            Self::Order => Some("/points"),
        }
    }
}
