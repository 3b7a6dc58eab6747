//! The history of a ticket on the wire (查单).

use super::answer::Lead;
use crate::label::words;
use crate::words::Spoken;
use chrono::{DateTime, NaiveDate, Utc};
use domain::id::UserId;
use domain::ticket::{
    Affair, Appraiser, Assignee, ClockKind, Commonality, Fact, Handling, Headline, Means, Outcome, ReferTo,
    Satisfaction, Severity,
};
use domain::view;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 办理过程中的一步。
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct TimelineEntry {
    /// 序号，从 1 起
    pub version: i32,
    /// 发生了什么
    #[schema(schema_with = words::<Headline>)]
    pub kind: &'static str,
    /// 给人看的名称，本县的叫法
    pub label: String,
    /// 发生时间
    pub occurred_at: DateTime<Utc>,
    /// 记录时间
    pub recorded_at: DateTime<Utc>,
    /// 谁做的；到时自动发生的、并单而来的其他诉求人做的为 null
    pub actor: Option<Uuid>,
    /// 当时写下的文字；已删除时为 null
    pub text: Option<String>,
    /// 超时的时限、申请延长的时限
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = words::<ClockKind>)]
    pub clock: Option<ClockKind>,
    /// 派给谁、首问由谁负责
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead: Option<Lead>,
    /// 评定的轻重
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = words::<Severity>)]
    pub severity: Option<Severity>,
    /// 类别键
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// 服务事项编码
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// 轻重的叫法
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity_name: Option<String>,
    /// 三事分流
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = words::<Affair>)]
    pub affair: Option<Affair>,
    /// 引导到哪里
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = words::<ReferTo>)]
    pub refer_to: Option<ReferTo>,
    /// 引导到哪个点位
    #[serde(skip_serializing_if = "Option::is_none")]
    pub point: Option<Uuid>,
    /// 引导到哪个单位
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Uuid>,
    /// 三事的叫法
    #[serde(skip_serializing_if = "Option::is_none")]
    pub affair_name: Option<String>,
    /// 办理结果
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = words::<Outcome>)]
    pub outcome: Option<Outcome>,
    /// 满意度
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = words::<Satisfaction>)]
    pub satisfaction: Option<Satisfaction>,
    /// 星级
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stars: Option<u8>,
    /// 协办的人员和单位
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assist: Vec<Lead>,
    /// 办理方式
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = words::<Handling>)]
    pub handling: Option<Handling>,
    /// 办理方式的叫法
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handling_name: Option<String>,
    /// 上报到哪一级、退回哪一级：其地点编码
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desk: Option<String>,
    /// 地点现在的编码
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// 延至何时、计划何时完成、何时前报到、承诺何时办结
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// 被呼叫、报到、被评价或参加会商的单位
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<Uuid>,
    /// 方案的办理途径
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = words::<Means>)]
    pub means: Option<Means>,
    /// 设为居民代表的人员
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub persons: Vec<Uuid>,
    /// 居民代表对办理是否满意
    #[serde(skip_serializing_if = "Option::is_none")]
    pub satisfied: Option<bool>,
    /// 对单位的评分，0 至 100
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// 哪一级的评价
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = words::<Appraiser>)]
    pub appraiser: Option<Appraiser>,
    /// 共性或个性
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = words::<Commonality>)]
    pub commonality: Option<Commonality>,
    /// 列入哪一天的派单计划
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_for: Option<NaiveDate>,
    /// 另一个工单：并入了哪一个，或并入了本单
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Uuid>,
    /// 重办的轮次
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round: Option<u16>,
}

/// 一页办理过程，先发生的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "version": 1, "kind": "submitted", "label": "群众点单", "occurred_at": "2026-11-21T01:00:00Z",
    "recorded_at": "2026-11-21T01:00:00Z", "actor": "01990000-0000-7000-8000-000000000001",
    "text": "温泉社区北门的路灯坏了三天。", "severity": "small", "severity_name": "小问题"
}], "next_cursor": null}))]
pub struct TimelinePage {
    /// 本页
    pub items: Vec<TimelineEntry>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

/// 分页。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TimelineQuery {
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl TimelineEntry {
    /// The entry in words; without who did it when the actor is one of `hidden`.
    pub fn new(entry: view::TimelineEntry, hidden: &[UserId], spoken: &Spoken) -> Self {
        let view::TimelineEntry { version, event, text } = entry;
        let kind = event.fact.headline();
        let base = Self {
            version,
            kind: kind.name(),
            label: spoken.step(kind).to_owned(),
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
            actor: event.actor.filter(|actor| !hidden.contains(actor)).map(|actor| actor.0),
            text,
            ..Self::default()
        };
        let said = match event.fact {
            Fact::Submitted { category, severity, affair, service, .. }
            | Fact::Graded { category, severity, affair, claim: _, service } => {
                Self { category, severity, affair, service, ..base }
            }
            Fact::Warned { tell: _ } | Fact::Breached { tell: _ } => {
                Self { clock: event.clocks.first().map(|clock| clock.kind), ..base }
            }
            Fact::Escalated { desk, reason: _ } => Self { desk: Some(desk.to_string()), ..base },
            Fact::FirstAsked { person } => Self {
                lead: person
                    .filter(|person| !hidden.contains(person))
                    .map(|person| Assignee::Person(person).into()),
                ..base
            },
            Fact::Referred { to, point, unit, text: _ } => Self {
                refer_to: Some(to),
                point: point.map(|point| point.0),
                unit: unit.map(|unit| unit.0),
                ..base
            },
            Fact::Decided { text: _, back } => Self { desk: back.map(|desk| desk.to_string()), ..base },
            Fact::Dispatched { lead, assist, severity, affair, handling, note: _ } => Self {
                lead: Some(lead.into()),
                assist: assist.into_iter().map(Lead::from).collect(),
                severity,
                affair,
                handling,
                ..base
            },
            Fact::Relieved { assist: _, to } => {
                Self { assist: to.map(Lead::from).into_iter().collect(), ..base }
            }
            Fact::HandedOver { from: _, to } => Self { lead: to.map(Lead::from), ..base },
            Fact::Planned { text: _, due, means } => Self { until: due, means, ..base },
            Fact::DelegatesNamed { persons } => {
                Self { persons: persons.iter().map(|person| person.0).collect(), ..base }
            }
            Fact::Observed { text: _, satisfied } => Self { satisfied: Some(satisfied), ..base },
            Fact::ExtensionAsked { clock, until, reason: _ } => {
                Self { clock: Some(clock), until: Some(until), ..base }
            }
            Fact::ExtensionApproved { until, note: _ } => Self { until: Some(until), ..base },
            Fact::Resolved { outcome, reply: _, closes_at: _ } => Self { outcome: Some(outcome), ..base },
            Fact::Rated { satisfaction, stars, comment: _ } => {
                Self { satisfaction: Some(satisfaction), stars, ..base }
            }
            Fact::Reworked { round, lead_left: _ } | Fact::Reopened { round, reason: _, lead_left: _ } => {
                Self { round: Some(round), ..base }
            }
            Fact::Whistled { units, due_at, reason: _ } => {
                Self { units: units.iter().map(|unit| unit.0).collect(), until: Some(due_at), ..base }
            }
            Fact::ReportedIn { unit, position: _ } => Self { units: vec![unit.0], ..base },
            Fact::Opined { unit, appraiser, score, text: _ } => {
                Self { units: vec![unit.0], appraiser: Some(appraiser), score: Some(score), ..base }
            }
            Fact::Discussed { units, conclusion: _ } => {
                Self { units: units.iter().map(|unit| unit.0).collect(), ..base }
            }
            Fact::Assessed { commonality, opinion: _, planned_for } => {
                Self { commonality: Some(commonality), planned_for, ..base }
            }
            Fact::Promised { due_at, text: _ } => Self { until: Some(due_at), ..base },
            Fact::Recoded { place } => Self { place: Some(place.code.to_string()), ..base },
            Fact::Merged { into, reason: _ } => Self { ticket: Some(into.0), ..base },
            Fact::Absorbed { from, requesters: _ } => Self { ticket: Some(from.0), ..base },
            Fact::Claimed { handler: _, team, mates: _ } => Self {
                assist: team.map(|team| Lead { person: None, unit: Some(team.0) }).into_iter().collect(),
                ..base
            },
            Fact::Accepted { .. }
            | Fact::Returned { .. }
            | Fact::Identified { .. }
            | Fact::Arrived { .. }
            | Fact::Replied { .. }
            | Fact::Closed
            | Fact::Supplemented { .. }
            | Fact::Urged
            | Fact::ExtensionRefused { .. }
            | Fact::Paused { .. }
            | Fact::Resumed { .. }
            | Fact::Supervised { .. }
            | Fact::TopicRaised { .. }
            | Fact::Noted { .. }
            | Fact::Withdrawn { .. }
            | Fact::Declined { .. }
            | Fact::Excluded { .. }
            | Fact::Unmasked { .. } => base,
        };
        said.named(spoken)
    }

    /// With the names of how it was sorted.
    fn named(self, spoken: &Spoken) -> Self {
        let severity_name = self.severity.map(|severity| spoken.severity(severity).to_owned());
        let affair_name = self.affair.map(|affair| spoken.affair(affair).to_owned());
        let handling_name = self.handling.map(|handling| spoken.handling(handling).to_owned());
        Self { severity_name, affair_name, handling_name, ..self }
    }
}
