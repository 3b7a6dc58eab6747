//! What somebody was told, call by call: what must be there afterwards, once and as it was answered.

use serde_json::Value;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Resident,
    Clerk,
    Worker,
    Admin,
}

/// A change that was asked for, under a key of its own.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) who: Who,
    pub(super) path: String,
    pub(super) body: Value,
    pub(super) key: String,
    pub(super) if_match: Option<String>,
    /// Whether it was asked more than once, because no answer came.
    pub(super) doubted: bool,
    /// Nothing when it was refused.
    pub(super) answer: Option<Acknowledged>,
}

/// A success as it was answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Acknowledged {
    pub(super) status: u16,
    pub(super) etag: String,
    pub(super) body: Body,
}

/// The text of an answer. Once it was compared, what is left of it is enough to compare it again.
#[derive(Debug)]
pub(super) enum Body {
    Whole(String),
    Digest(u64),
}

impl Body {
    pub(super) fn digest(&self) -> u64 {
        match self {
            Self::Whole(text) => {
                let mut hasher = DefaultHasher::new();
                text.hash(&mut hasher);
                hasher.finish()
            }
            Self::Digest(digest) => *digest,
        }
    }

    /// As much of it as tells what it was.
    pub(super) fn start(&self) -> String {
        match self {
            Self::Whole(text) => text.chars().take(300).collect(),
            Self::Digest(digest) => format!("(checked before, digest {digest:x})"),
        }
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        self.digest() == other.digest()
    }
}

impl Eq for Body {}

/// A ticket as far as its client knows.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) version: i64,
    pub(super) round: i64,
    /// Others were merged into it.
    pub(super) joined: bool,
    /// What was done with it, in this order.
    pub(super) done: Vec<Done>,
    /// How much of that was looked for already.
    pub(super) checked: usize,
}

/// One step of a ticket that was acknowledged.
#[derive(Debug, Clone)]
pub(super) struct Done {
    /// Its event.
    pub(super) kind: &'static str,
    pub(super) key: String,
    /// What was written with it.
    pub(super) text: Option<String>,
    /// Version and status in the answer, where it was about this ticket.
    pub(super) left: Option<(i64, String)>,
}

/// The events that calls ask for. All others follow by themselves.
pub(super) const ASKED: [&str; 14] = [
    "submitted",
    "dispatched",
    "accepted",
    "arrived",
    "resolved",
    "rated",
    "reopened",
    "returned",
    "replied",
    "supplemented",
    "noted",
    "withdrawn",
    "merged",
    "absorbed",
];

/// The status after an event, if that changes it.
pub(super) fn status_after(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "submitted" | "returned" => "submitted",
        "dispatched" | "reworked" | "reopened" => "dispatched",
        "accepted" => "accepted",
        "resolved" => "resolved",
        "closed" => "closed",
        "withdrawn" => "withdrawn",
        "merged" => "merged",
        _ => return None,
    })
}
