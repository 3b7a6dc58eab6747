//! Why a post is not claimed, or whoever holds it not asked.

use crate::refusal::Args;

/// Why a post is not claimed, or whoever holds it not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PostRefusal {
    /// They hold as many as one may.
    #[error("at most {most} posts")]
    TooMany {
        /// How many one may hold.
        most: u8,
    },
    /// They hold this one already.
    #[error("held already")]
    Held,
    /// No open post of that id at the place, or below it.
    #[error("no such post there")]
    Unknown,
    /// Nobody holds a post by that claim any more, or ever did.
    #[error("nobody holds a post by that claim")]
    AskOver,
    /// The post is of another community than the ticket.
    #[error("of another community")]
    AskElsewhere,
    /// The requester holds the post themselves.
    #[error("nobody asks themselves")]
    AskOneself,
}

impl PostRefusal {
    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooMany { .. } => "post.too_many",
            Self::Held => "post.held",
            Self::Unknown => "post.unknown",
            Self::AskOver => "post.ask_over",
            Self::AskElsewhere => "post.ask_elsewhere",
            Self::AskOneself => "post.ask_oneself",
        }
    }

    /// The parts of its sentence.
    pub fn args(self) -> Args {
        match self {
            Self::TooMany { most } => vec![("most", most.to_string())],
            Self::Held | Self::Unknown | Self::AskOver | Self::AskElsewhere | Self::AskOneself => vec![],
        }
    }

    /// The field of the body.
    pub fn field(self) -> Option<&'static str> {
        match self {
            Self::AskOver | Self::AskElsewhere | Self::AskOneself => Some("/ask"),
            Self::Unknown => Some("/post"),
            Self::TooMany { .. } | Self::Held => None,
        }
    }
}
