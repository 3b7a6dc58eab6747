//! What happens to mediations.

use super::Way;
use crate::id::TicketId;
use crate::matter::Fact;
use crate::playbook::MediationLevel;
use crate::text::TextRef;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What happened to a mediation. What was said is for those whom it concerns, and not in the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the mediation")]
pub enum MediationFact {
    /// 开始调解.
    MediationBegun { ticket: TicketId, level: MediationLevel, parties: u8 },
    /// 调解会.
    MediationSession { level: MediationLevel, way: Way, text: TextRef },
    /// 移交上级; without a reason the days were over.
    MediationHandedUp { to: MediationLevel, reason: Option<TextRef> },
    /// 拟定协议.
    MediationAgreed { number: u16, text: TextRef },
    /// 签字; the last one settles it.
    MediationSigned { number: u16, party: u8, on_paper: bool, settled: bool },
    /// 引导诉讼.
    MediationGuided { at: Timestamp },
    /// 记录引导.
    MediationGuidanceRecorded { text: TextRef },
    /// 随工单结束.
    MediationEnded { at: Timestamp },
}

impl Fact for MediationFact {
    fn word(&self) -> &'static str {
        match self {
            Self::MediationBegun { .. } => "mediation_begun",
            Self::MediationSession { .. } => "mediation_session",
            Self::MediationHandedUp { .. } => "mediation_handed_up",
            Self::MediationAgreed { .. } => "mediation_agreed",
            Self::MediationSigned { .. } => "mediation_signed",
            Self::MediationGuided { .. } => "mediation_guided",
            Self::MediationGuidanceRecorded { .. } => "mediation_guidance_recorded",
            Self::MediationEnded { .. } => "mediation_ended",
        }
    }
}
