//! Why nothing is done with a mediation, beyond what holds of matters of all kinds.

use crate::refusal::Args;

/// Why a mediation does not begin, or not go on like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediationRefusal {
    /// The county mediates no tickets of that category.
    #[error("not a dispute by the playbook")]
    NotADispute,
    /// The days of all levels passed before it began.
    #[error("the days of all levels are over")]
    DaysOver,
    /// There is one for this round of the ticket.
    #[error("begun already")]
    Begun,
    /// One of the two sides has no party.
    #[error("a side has no party")]
    Sides,
    /// A party is neither a person nor a name, or both, or named twice.
    #[error("party {number} is not one person or one name")]
    Party {
        /// Which, from 0.
        number: usize,
    },
    /// No level is above the one that has it.
    #[error("the top level")]
    TopLevel,
    /// Another agreement was written meanwhile.
    #[error("agreement {current} is to be signed")]
    OtherAgreement {
        /// The one that there is.
        current: u16,
    },
    /// The party has signed.
    #[error("signed already")]
    Signed,
    /// On paper: for which party, and who witnessed it.
    #[error("on paper, party and witness are needed")]
    Paper,
}

impl MediationRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotADispute => "mediation.not_a_dispute",
            Self::DaysOver => "mediation.days_over",
            Self::Begun => "mediation.begun",
            Self::Sides => "mediation.sides",
            Self::Party { .. } => "mediation.party",
            Self::TopLevel => "mediation.top_level",
            Self::OtherAgreement { .. } => "mediation.other_agreement",
            Self::Signed => "mediation.signed",
            Self::Paper => "mediation.paper",
        }
    }

    /// The parts of its sentence.
    pub fn args(&self) -> Args {
        match self {
            Self::Party { number } => vec![("number", (number + 1).to_string())],
            Self::OtherAgreement { current } => vec![("current", current.to_string())],
            Self::NotADispute
            | Self::DaysOver
            | Self::Begun
            | Self::Sides
            | Self::TopLevel
            | Self::Signed
            | Self::Paper => vec![],
        }
    }

    /// The field of the body.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Sides | Self::Party { .. } => Some("/parties"),
            Self::OtherAgreement { .. } => Some("/agreement"),
            Self::Paper => Some("/witness"),
            Self::NotADispute | Self::DaysOver | Self::Begun | Self::TopLevel | Self::Signed => None,
        }
    }
}
