//! What happens to errands.

use crate::id::UserId;
use crate::matter::Fact;
use crate::text::TextRef;
use serde::{Deserialize, Serialize};

/// What happened to an errand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the errand")]
pub enum ErrandFact {
    /// 申请代办. For what service is not said: that word is the requester's, and events are never erased.
    ErrandAsked { requester: UserId, text: TextRef },
    /// 接办.
    ErrandTaken,
    /// 接替.
    ErrandTakenOver { from: UserId, reason: TextRef },
    /// 交接材料.
    ErrandPapersTaken { papers: usize },
    /// 代办进展.
    ErrandReported { text: TextRef },
    /// 归还材料.
    ErrandPapersReturned { numbers: Vec<usize> },
    /// 代办完成.
    ErrandDone { text: TextRef },
    /// 确认代办, or it closed by itself.
    ErrandClosed { confirmed: bool },
    /// 取消代办.
    ErrandCancelled { text: TextRef },
}

impl Fact for ErrandFact {
    fn word(&self) -> &'static str {
        match self {
            Self::ErrandAsked { .. } => "errand_asked",
            Self::ErrandTaken => "errand_taken",
            Self::ErrandTakenOver { .. } => "errand_taken_over",
            Self::ErrandPapersTaken { .. } => "errand_papers_taken",
            Self::ErrandReported { .. } => "errand_reported",
            Self::ErrandPapersReturned { .. } => "errand_papers_returned",
            Self::ErrandDone { .. } => "errand_done",
            Self::ErrandClosed { .. } => "errand_closed",
            Self::ErrandCancelled { .. } => "errand_cancelled",
        }
    }
}
