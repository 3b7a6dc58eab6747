//! What happened to a ticket. Events are the history that a resident follows (查单), the audit trail and the outbox.

use super::{
    Affair, Appraiser, Assignee, Audience, Channel, Clock, ClockKind, Commonality, Excludable, Handling,
    Means, Origin, Outcome, ReferTo, Satisfaction, Severity,
};
use crate::geo::Position;
use crate::id::{PointId, TicketId, UnitId, UserId};
use crate::number::TicketNumber;
use crate::permission::Roles;
use crate::place::{PlaceCode, PlaceRef};
use crate::text::TextRef;
use crate::time::Timestamp;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, EnumIter, EnumString, IntoStaticStr};

/// The newest version of events; `upcast.rs` reads older ones.
pub const EVENT_VERSION: i16 = 5;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What.
    pub fact: Fact,
    /// The clocks that it started, met, breached, moved or cancelled, as they stand after it. Of a breach the one that
    /// was breached comes first.
    pub clocks: Vec<Clock>,
    /// Who did it; `None` when time did.
    pub actor: Option<UserId>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EnumDiscriminants)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[strum_discriminants(
    name(Headline),
    derive(Hash, EnumIter, EnumString, IntoStaticStr),
    strum(serialize_all = "snake_case"),
    doc = "What kind of event it is: the word in the `kind` column and in the timeline."
)]
#[expect(missing_docs, reason = "the fields are those of the command that led to it")]
#[expect(
    clippy::large_enum_variant,
    reason = "a change has a handful of events, and each ticket one submission"
)]
pub enum Fact {
    /// 点单.
    Submitted {
        ticket: TicketId,
        number: TicketNumber,
        requester: UserId,
        place: PlaceRef,
        desk: PlaceCode,
        content: TextRef,
        #[serde(skip_serializing_if = "Option::is_none")]
        address: Option<TextRef>,
        #[serde(skip_serializing_if = "Option::is_none")]
        origin: Option<Origin>,
        #[serde(skip_serializing_if = "Option::is_none")]
        category: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        severity: Option<Severity>,
        #[serde(skip_serializing_if = "Option::is_none")]
        affair: Option<Affair>,
        channel: Channel,
        confidential: bool,
        claim: Roles,
        /// Version of the playbook that it begins under; those of before version 5 do not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        playbook: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service: Option<String>,
        /// Of a call, the area in which it is heard.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<PlaceCode>,
        /// Of a call, the roles that hear it anywhere in that area.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hear: Option<Roles>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        requester_unit: Option<UnitId>,
    },
    /// 预警: a limit is about to pass; which one is the first of the clocks.
    Warned {
        #[serde(default)]
        tell: Vec<Audience>,
    },
    /// 超时: a limit passed; which one is the first of the clocks.
    Breached {
        #[serde(default)]
        tell: Vec<Audience>,
    },
    /// 上报: it lies on the desk above; by itself when a limit passed.
    Escalated { desk: PlaceCode, reason: Option<TextRef> },
    /// 列为议题: it waits for the next meeting of its desk, and goes up to nobody.
    TopicRaised { reason: TextRef },
    /// 首问负责: who answers for it until somebody has accepted it; nobody where they left and nobody takes over.
    FirstAsked { person: Option<UserId> },
    /// 引导: to whom its requester can turn.
    Referred {
        to: ReferTo,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        point: Option<PointId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<UnitId>,
        text: TextRef,
    },
    /// 会商决定, and the desk to which it goes back with that.
    Decided {
        text: TextRef,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        back: Option<PlaceCode>,
    },
    /// 研判.
    Graded {
        category: Option<String>,
        severity: Option<Severity>,
        affair: Option<Affair>,
        claim: Roles,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service: Option<String>,
    },
    /// 派单.
    Dispatched {
        lead: Assignee,
        assist: Vec<Assignee>,
        severity: Option<Severity>,
        affair: Option<Affair>,
        handling: Option<Handling>,
        note: Option<TextRef>,
    },
    /// 认领: whoever comes first leads and handles it; their team, with who was in it, helps.
    Claimed {
        handler: UserId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        team: Option<UnitId>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mates: Vec<UserId>,
    },
    /// 接单.
    Accepted { handler: UserId },
    /// 退回 or 收回: it waits to be dispatched again.
    Returned { reason: TextRef },
    /// 移交: whoever had it has left the post. To whom it goes, or back to be dispatched.
    HandedOver { from: UserId, to: Option<Assignee> },
    /// 解除协办: whoever assisted has left the post. Who assists in their place.
    Relieved { assist: UserId, to: Option<Assignee> },
    /// 并档: whoever was a roster entry is known to be somebody who signs in, and is that one here from now on.
    Identified { from: UserId, to: UserId },
    /// 到场.
    Arrived { position: Position },
    /// 出方案.
    Planned {
        text: TextRef,
        due: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        means: Option<Means>,
    },
    /// 设居民代表: who watches the work from now on, and nobody else does.
    DelegatesNamed { persons: Vec<UserId> },
    /// 监督意见: what one of them says of it.
    Observed { text: TextRef, satisfied: bool },
    /// 阶段答复.
    Replied { text: TextRef },
    /// 办结.
    Resolved { outcome: Outcome, reply: TextRef, closes_at: Option<Timestamp> },
    /// 评单.
    Rated { satisfaction: Satisfaction, stars: Option<u8>, comment: Option<TextRef> },
    /// Not satisfied: it goes back to the same lead, or to be dispatched where that has left.
    Reworked { round: u16, lead_left: bool },
    /// Done; by itself when nobody rated it.
    Closed,
    /// 重新打开.
    Reopened { round: u16, reason: TextRef, lead_left: bool },
    /// 补充.
    Supplemented { text: TextRef },
    /// 催办.
    Urged,
    /// 申请延期.
    ExtensionAsked { clock: ClockKind, until: Timestamp, reason: TextRef },
    /// 批准延期.
    ExtensionApproved { until: Timestamp, note: Option<TextRef> },
    /// 驳回延期.
    ExtensionRefused { reason: TextRef },
    /// 暂停计时.
    Paused { reason: TextRef },
    /// 恢复计时.
    Resumed { reason: TextRef },
    /// 督办.
    Supervised { reason: TextRef },
    /// 吹哨: units were called, and must report in.
    Whistled { units: Vec<UnitId>, due_at: Timestamp, reason: TextRef },
    /// 报到: a unit that was called came.
    ReportedIn { unit: UnitId, position: Position },
    /// 评价单位: what a level thinks of how a unit answered, among staff.
    Opined {
        unit: UnitId,
        appraiser: Appraiser,
        score: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<TextRef>,
    },
    /// 会商: what is to be done was talked over.
    Discussed { units: Vec<UnitId>, conclusion: TextRef },
    /// 党支部研判: it stands on the ledger (台账).
    Assessed {
        commonality: Commonality,
        opinion: TextRef,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        planned_for: Option<NaiveDate>,
    },
    /// 承诺办结时限: answered on the spot, with a deadline.
    Promised { due_at: Timestamp, text: TextRef },
    /// 备注, among staff.
    Noted { text: TextRef },
    /// 撤单.
    Withdrawn { reason: TextRef },
    /// 不予受理.
    Declined { reason: TextRef },
    /// 并单: it goes on as another.
    Merged { into: TicketId, reason: TextRef },
    /// 并入: another goes on as this one, and so its requesters follow this one.
    Absorbed { from: TicketId, requesters: Vec<UserId> },
    /// 查看明文: somebody who does not handle it looked up whom to call.
    Unmasked { reason: TextRef },
    /// 编码变更: its place has another code, or another place goes on as the one where it lay.
    Recoded { place: PlaceRef },
    /// 剔除: an appeal was upheld, and this is left out of the figures as far as it had happened by then.
    Excluded { what: Excludable, until: Timestamp },
}

impl Event {
    /// The version that it is stored in, with the clocks beside the fact: programs of before read no clock that they do not know.
    pub fn version(&self) -> i16 {
        let promised = self.clocks.iter().any(|clock| clock.kind == ClockKind::Promise);
        if promised { EVENT_VERSION } else { self.fact.version() }
    }
}

impl Headline {
    /// The word.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether the requester never hears of it.
    pub fn is_among_staff(self) -> bool {
        matches!(self, Self::Noted | Self::Opined | Self::Excluded)
    }
}

impl Fact {
    /// The kind.
    pub fn headline(&self) -> Headline {
        self.into()
    }

    /// The version that the event is stored in: the first that knew of it, so that programs of before read all else.
    pub fn version(&self) -> i16 {
        match self {
            Self::Submitted { playbook: Some(_), .. }
            | Self::Submitted { service: Some(_), .. }
            | Self::Submitted { call: Some(_), .. }
            | Self::Submitted { requester_unit: Some(_), .. }
            | Self::Graded { service: Some(_), .. }
            | Self::Claimed { team: Some(_), .. }
            | Self::Decided { .. }
            | Self::TopicRaised { .. }
            | Self::Planned { means: Some(_), .. }
            | Self::DelegatesNamed { .. }
            | Self::Observed { .. }
            | Self::FirstAsked { .. }
            | Self::Referred { .. }
            | Self::Resolved { outcome: Outcome::Guided, .. }
            | Self::Whistled { .. }
            | Self::ReportedIn { .. }
            | Self::Opined { .. }
            | Self::Discussed { .. }
            | Self::Assessed { .. }
            | Self::Promised { .. }
            | Self::Excluded { .. }
            | Self::ExtensionAsked { clock: ClockKind::Promise, .. } => EVENT_VERSION,
            Self::Warned { tell } | Self::Breached { tell } if tell.iter().any(|one| one.is_new()) => {
                EVENT_VERSION
            }
            Self::Recoded { .. } => 4,
            _ => 3,
        }
    }

    /// Whether its text is among staff, and not for the requester.
    pub fn is_internal(&self) -> bool {
        matches!(
            self,
            Self::Dispatched { .. }
                | Self::Returned { .. }
                | Self::Escalated { .. }
                | Self::Decided { .. }
                | Self::TopicRaised { .. }
                | Self::ExtensionAsked { .. }
                | Self::ExtensionApproved { .. }
                | Self::ExtensionRefused { .. }
                | Self::Paused { .. }
                | Self::Resumed { .. }
                | Self::Supervised { .. }
                | Self::Whistled { .. }
                | Self::Opined { .. }
                | Self::Discussed { .. }
                | Self::Assessed { .. }
                | Self::Noted { .. }
                | Self::Unmasked { .. }
        )
    }

    /// The text that the timeline shows with it.
    pub fn text(&self) -> Option<TextRef> {
        match self {
            Self::Submitted { content, .. } => Some(*content),
            Self::Dispatched { note, .. } | Self::ExtensionApproved { note, .. } => *note,
            Self::Escalated { reason, .. } => *reason,
            Self::Resolved { reply, .. } => Some(*reply),
            Self::Rated { comment, .. } => *comment,
            Self::Opined { text, .. } => *text,
            Self::Discussed { conclusion, .. } => Some(*conclusion),
            Self::Assessed { opinion, .. } => Some(*opinion),
            Self::Promised { text, .. } => Some(*text),
            Self::Planned { text, .. }
            | Self::Replied { text }
            | Self::Observed { text, .. }
            | Self::Decided { text, .. }
            | Self::Referred { text, .. }
            | Self::Supplemented { text }
            | Self::Noted { text } => Some(*text),
            Self::Returned { reason }
            | Self::TopicRaised { reason }
            | Self::Reopened { reason, .. }
            | Self::ExtensionAsked { reason, .. }
            | Self::ExtensionRefused { reason }
            | Self::Paused { reason }
            | Self::Resumed { reason }
            | Self::Supervised { reason }
            | Self::Whistled { reason, .. }
            | Self::Withdrawn { reason }
            | Self::Declined { reason }
            | Self::Merged { reason, .. }
            | Self::Unmasked { reason } => Some(*reason),
            Self::Warned { .. }
            | Self::Breached { .. }
            | Self::Graded { .. }
            | Self::Claimed { .. }
            | Self::Accepted { .. }
            | Self::FirstAsked { .. }
            | Self::DelegatesNamed { .. }
            | Self::HandedOver { .. }
            | Self::Relieved { .. }
            | Self::Identified { .. }
            | Self::Arrived { .. }
            | Self::Reworked { .. }
            | Self::Closed
            | Self::Urged
            | Self::ReportedIn { .. }
            | Self::Absorbed { .. }
            | Self::Recoded { .. }
            | Self::Excluded { .. } => None,
        }
    }
}
