//! What people ask to be done with a ticket that is there.

use super::known::{Assignment, Delegate, Guide, Team};
use super::{Affair, Commonality, Handling, Means, Outcome, ReferTo, Satisfaction, Severity};
use crate::geo::Position;
use crate::id::UnitId;
use crate::permission::Action;
use crate::text::Text;
use crate::time::Timestamp;
use chrono::NaiveDate;

/// What is to be done with a ticket that is there.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// 研判: sorted and graded, or anew. What is left out stays.
    Grade {
        /// Key of the playbook's category.
        category: Option<String>,
        /// How fast it must go.
        severity: Option<Severity>,
        /// Who is to deal with it.
        affair: Option<Affair>,
        /// Code of the catalogue's service that it is about.
        service: Option<String>,
    },
    /// 派单.
    Dispatch {
        /// To whom.
        lead: Assignment,
        /// Who helps.
        assist: Vec<Assignment>,
        /// Graded, or graded anew.
        severity: Option<Severity>,
        /// Sorted, or sorted anew.
        affair: Option<Affair>,
        /// How it is to be handled.
        handling: Option<Handling>,
        /// For whoever takes it.
        note: Option<Text>,
    },
    /// 认领.
    Claim,
    /// 组团认领: whoever claims leads, and their team helps.
    ClaimTogether {
        /// The team.
        team: Team,
    },
    /// 接单.
    Accept,
    /// 退回, or 收回 by whoever dispatches.
    Return {
        /// Why.
        reason: Text,
    },
    /// 到场.
    Arrive {
        /// Where they are.
        position: Position,
    },
    /// 出方案.
    Plan {
        /// What is to be done.
        text: Text,
        /// Until when.
        due: Option<Timestamp>,
        /// By what means.
        means: Option<Means>,
    },
    /// 设居民代表: who watches the work, in the place of those before.
    NameDelegates {
        /// Whom; nobody where nobody is to watch any more.
        persons: Vec<Delegate>,
    },
    /// 监督意见.
    Observe {
        /// What they say.
        text: Text,
        /// Whether they are satisfied with how it goes.
        satisfied: bool,
    },
    /// 阶段答复.
    Reply {
        /// What the requester is told.
        text: Text,
    },
    /// 办结.
    Resolve {
        /// What it came to.
        outcome: Outcome,
        /// What the requester is told.
        reply: Text,
    },
    /// 评单.
    Rate {
        /// Satisfied or not.
        satisfaction: Satisfaction,
        /// 1 to 5.
        stars: Option<u8>,
        /// In their words.
        comment: Option<Text>,
    },
    /// 重新打开.
    Reopen {
        /// Why.
        reason: Text,
    },
    /// 补充.
    Supplement {
        /// What is to be added.
        content: Text,
    },
    /// 催办.
    Urge,
    /// 申请延期.
    Extend {
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: Text,
    },
    /// 批准延期.
    ApproveExtension {
        /// For whoever asked.
        note: Option<Text>,
    },
    /// 驳回延期.
    RefuseExtension {
        /// Why.
        reason: Text,
    },
    /// 上报.
    Escalate {
        /// Why.
        reason: Text,
    },
    /// 引导: to self-help, mutual help or the market (practices M02).
    Refer {
        /// To what.
        to: ReferTo,
        /// To whom.
        guide: Guide,
        /// What the requester is told.
        text: Text,
    },
    /// 立为议题: for the next meeting of its desk (practices Q02).
    RaiseTopic {
        /// Why.
        reason: Text,
    },
    /// 会商决定: of those to whom it was handed up (practices F02), or before whose meeting it is (practices Q02).
    Decide {
        /// What is to be done.
        text: Text,
        /// Whether it goes back to those who handed it up.
        back: bool,
    },
    /// 暂停计时.
    Pause {
        /// Why.
        reason: Text,
    },
    /// 恢复计时.
    Resume {
        /// Why.
        reason: Text,
    },
    /// 督办.
    Supervise {
        /// Why.
        reason: Text,
    },
    /// 吹哨.
    Whistle {
        /// Whom.
        units: Vec<Assignment>,
        /// Why.
        reason: Text,
        /// How soon they must report in; as the playbook says unless given.
        due_minutes: Option<u32>,
    },
    /// 报到.
    ReportIn {
        /// For which unit, where it is not the only one of theirs that was called.
        unit: Option<UnitId>,
        /// Where they are.
        position: Position,
    },
    /// 评价单位.
    Opine {
        /// Of which unit.
        unit: UnitId,
        /// 0 to 100.
        score: u8,
        /// In words.
        text: Option<Text>,
    },
    /// 会商.
    Discuss {
        /// With which units.
        units: Vec<Assignment>,
        /// What came of it.
        conclusion: Text,
    },
    /// 党支部研判: onto the ledger, or anew.
    Assess {
        /// Whose problem it is.
        commonality: Commonality,
        /// What the branch makes of it.
        opinion: Text,
        /// The day on which the dispatch plan has it.
        planned_for: Option<NaiveDate>,
    },
    /// 承诺办结时限.
    Promise {
        /// What the requester is told.
        text: Text,
        /// Until when.
        due_at: Timestamp,
    },
    /// 备注.
    Note {
        /// What staff should know.
        text: Text,
    },
    /// 撤单.
    Withdraw {
        /// Why.
        reason: Text,
    },
    /// 不予受理.
    Decline {
        /// What the requester is told.
        reason: Text,
    },
    /// 查看明文.
    Unmask {
        /// Why.
        reason: Text,
    },
}

impl Command {
    /// Whether it takes what is open to be claimed.
    pub fn claims(&self) -> bool {
        matches!(self, Self::Claim | Self::ClaimTogether { .. })
    }

    /// The permission that it needs.
    pub fn action(&self) -> Action {
        match self {
            Self::Grade { .. } => Action::TicketGrade,
            Self::Dispatch { .. } => Action::TicketDispatch,
            Self::Claim | Self::ClaimTogether { .. } => Action::TicketClaim,
            Self::Accept => Action::TicketAccept,
            Self::Return { .. } => Action::TicketReturn,
            Self::Arrive { .. } => Action::TicketArrive,
            Self::Plan { .. } => Action::TicketPlan,
            Self::NameDelegates { .. } => Action::TicketDelegate,
            Self::Observe { .. } => Action::TicketObserve,
            Self::Reply { .. } => Action::TicketReply,
            Self::Resolve { .. } => Action::TicketResolve,
            Self::Rate { .. } => Action::TicketRate,
            Self::Reopen { .. } => Action::TicketReopen,
            Self::Supplement { .. } => Action::TicketSupplement,
            Self::Urge => Action::TicketUrge,
            Self::Extend { .. } => Action::TicketExtend,
            Self::ApproveExtension { .. } | Self::RefuseExtension { .. } => Action::TicketDecideExtension,
            Self::Escalate { .. } => Action::TicketEscalate,
            Self::Refer { .. } => Action::TicketRefer,
            Self::RaiseTopic { .. } => Action::TicketTopic,
            Self::Decide { .. } => Action::TicketDecide,
            Self::Pause { .. } | Self::Resume { .. } => Action::TicketPause,
            Self::Supervise { .. } => Action::TicketSupervise,
            Self::Whistle { .. } => Action::TicketWhistle,
            Self::ReportIn { .. } => Action::TicketReportIn,
            Self::Opine { .. } => Action::TicketOpine,
            Self::Discuss { .. } => Action::TicketDiscuss,
            Self::Assess { .. } => Action::TicketAssess,
            Self::Promise { .. } => Action::TicketPromise,
            Self::Note { .. } => Action::TicketNote,
            Self::Withdraw { .. } => Action::TicketWithdraw,
            Self::Decline { .. } => Action::TicketDecline,
            Self::Unmask { .. } => Action::TicketUnmask,
        }
    }

    /// What was written freely.
    pub fn text(&self) -> Option<&Text> {
        match self {
            Self::Dispatch { note, .. } | Self::ApproveExtension { note } => note.as_ref(),
            Self::Resolve { reply, .. } => Some(reply),
            Self::Rate { comment, .. } => comment.as_ref(),
            Self::Plan { text, .. }
            | Self::Observe { text, .. }
            | Self::Reply { text }
            | Self::Refer { text, .. }
            | Self::Decide { text, .. }
            | Self::Note { text } => Some(text),
            Self::Opine { text, .. } => text.as_ref(),
            Self::Supplement { content } => Some(content),
            Self::Discuss { conclusion, .. } => Some(conclusion),
            Self::Assess { opinion, .. } => Some(opinion),
            Self::Promise { text, .. } => Some(text),
            Self::Return { reason }
            | Self::Reopen { reason }
            | Self::Extend { reason, .. }
            | Self::RefuseExtension { reason }
            | Self::Escalate { reason }
            | Self::RaiseTopic { reason }
            | Self::Pause { reason }
            | Self::Resume { reason }
            | Self::Supervise { reason }
            | Self::Whistle { reason, .. }
            | Self::Withdraw { reason }
            | Self::Decline { reason }
            | Self::Unmask { reason } => Some(reason),
            Self::Grade { .. }
            | Self::Claim
            | Self::ClaimTogether { .. }
            | Self::Accept
            | Self::NameDelegates { .. }
            | Self::Arrive { .. }
            | Self::Urge
            | Self::ReportIn { .. } => None,
        }
    }
}
