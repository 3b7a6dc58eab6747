//! What happens to duties.

use crate::id::TicketId;
use crate::matter::Fact;
use crate::text::TextRef;
use crate::tie::Holder;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What happened to a duty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the duty")]
pub enum DutyFact {
    /// 排定履职.
    DutyPlanned { key: String, period: String, who: Holder, from: Timestamp, until: Timestamp },
    /// 提醒履职.
    DutyReminded,
    /// 履职.
    DutyRecorded { key: String, who: Holder, at: Timestamp, late: bool, raised: Vec<TicketId>, text: TextRef },
    /// 未履职.
    DutyMissed { done: usize, times: u8 },
    /// 取消履职.
    DutyDropped,
}

impl Fact for DutyFact {
    fn word(&self) -> &'static str {
        match self {
            Self::DutyPlanned { .. } => "duty_planned",
            Self::DutyReminded => "duty_reminded",
            Self::DutyRecorded { .. } => "duty_recorded",
            Self::DutyMissed { .. } => "duty_missed",
            Self::DutyDropped => "duty_dropped",
        }
    }
}
