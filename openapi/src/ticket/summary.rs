//! Tickets as a list shows them.

use super::answer::Place;
use super::names::TicketNames;
use crate::label::{optional_words, words};
use crate::words::Spoken;
use chrono::{DateTime, NaiveDate, Utc};
use domain::policy::Sorting;
use domain::ticket::{Affair, Channel, Commonality, Handling, Severity, Status};
use domain::time::Timestamp;
use domain::view;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// 列表中的工单。
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketSummary<'a> {
    /// 工单标识
    pub id: Uuid,
    /// 工单编号
    pub number: &'a str,
    /// 版本
    pub version: i32,
    /// 状态
    #[schema(schema_with = words::<Status>)]
    pub status: Status,
    /// 诉求内容的前 80 字
    pub excerpt: Option<&'a str>,
    /// 地点
    pub place: Place<'a>,
    /// 类别键
    pub category: Option<&'a str>,
    /// 轻重
    #[schema(schema_with = optional_words::<Severity>)]
    pub severity: Option<Severity>,
    /// 三事
    #[schema(schema_with = optional_words::<Affair>)]
    pub affair: Option<Affair>,
    /// 渠道
    #[schema(schema_with = words::<Channel>)]
    pub channel: Channel,
    /// 责任单位
    pub unit: Option<Uuid>,
    /// 承办人
    pub handler: Option<Uuid>,
    /// 办理方式
    #[schema(schema_with = optional_words::<Handling>)]
    pub handling: Option<Handling>,
    /// 由哪一级处置：其地点编码
    pub desk: &'a str,
    /// 是否已上报、等待会商决定
    pub escalated: bool,
    /// 是否列为议题、等待例会研究
    pub topic: bool,
    /// 是否在督办中
    pub supervised: bool,
    /// 台账：共性、个性；未列入为 null
    #[schema(schema_with = optional_words::<Commonality>)]
    pub commonality: Option<Commonality>,
    /// 列入哪一天的派单计划
    pub planned_for: Option<NaiveDate>,
    /// 第几轮
    pub round: u16,
    /// 最早的、尚未办到的到期时间
    pub due_at: Option<DateTime<Utc>>,
    /// 该时限是否已过
    pub overdue: bool,
    /// 提出时间
    pub created_at: DateTime<Utc>,
    /// 最近变动时间
    pub updated_at: DateTime<Utc>,
    /// 各取值在本县的叫法
    #[serde(flatten)]
    pub names: TicketNames<'a>,
}

/// 一页工单，新的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "id": "01990000-0000-7000-8000-000000000101", "number": "532504-261121-00001", "version": 1, "status": "submitted",
    "excerpt": "温泉社区北门的路灯坏了三天。", "place": {"code": "532504001007", "name": "温泉社区"},
    "category": "facilities", "severity": "small", "affair": null, "channel": "mini_program", "unit": null,
    "handling": "todo", "desk": "532504001007", "escalated": false, "topic": false, "supervised": false, "round": 1,
    "due_at": "2026-11-21T01:05:00Z", "overdue": false,
    "created_at": "2026-11-21T01:00:00Z", "updated_at": "2026-11-21T01:00:00Z",
    "status_name": "待派单", "category_name": "公共设施", "severity_name": "小问题"
}], "next_cursor": null}))]
pub struct TicketPage<'a> {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<TicketSummary<'a>>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

impl<'a> TicketSummary<'a> {
    /// The summary as it stands at `now`.
    pub fn at(s: &'a view::TicketSummary, now: Timestamp, spoken: &'a Spoken) -> Self {
        let sorting = Sorting {
            severity: s.severity,
            affair: s.affair,
            category: s.category.as_deref(),
            handling: s.handling,
        };
        Self {
            id: s.id.0,
            number: &s.number,
            version: s.version,
            status: s.status,
            excerpt: s.excerpt.as_deref(),
            place: Place { code: s.place.as_str(), name: &s.place_name },
            category: s.category.as_deref(),
            severity: s.severity,
            affair: s.affair,
            channel: s.channel,
            unit: s.unit.map(|unit| unit.0),
            handler: s.handler.map(|handler| handler.0),
            handling: s.handling,
            desk: s.desk.as_str(),
            escalated: s.escalated,
            topic: s.topic,
            supervised: s.supervised,
            commonality: s.commonality,
            planned_for: s.planned_for,
            round: s.round,
            due_at: s.owed_since,
            overdue: s.owed_since.is_some_and(|due| now > due),
            created_at: s.created_at,
            updated_at: s.updated_at,
            names: TicketNames::of(s.status, &sorting, spoken),
        }
    }
}
