//! What clients get.

use crate::label::words;
use chrono::{DateTime, Utc};
use domain::ticket::{
    Affair, Assignee, Channel, Clock as DomainClock, ClockKind, ClockState, Outcome, Satisfaction, Severity,
    Status,
};
use domain::time::Timestamp;
use domain::view;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::{Object, ObjectBuilder, Type};
use uuid::Uuid;

/// 工单。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000101", "number": "532504-261121-00001", "version": 1,
    "status": "submitted", "content": "温泉社区北门的路灯坏了三天。",
    "place": {"code": "532504001007", "name": "温泉社区"}, "address": "北门公交站旁",
    "category": "facilities", "severity": "small", "affair": null, "channel": "mini_program",
    "requester": {"id": "01990000-0000-7000-8000-000000000001"}, "lead": null, "handler": null,
    "clocks": [{"kind": "arrive", "round": 1, "started_at": "2026-11-21T01:00:00Z", "due_at": "2026-11-21T01:05:00Z",
        "warn_at": "2026-11-21T01:04:00Z", "met_at": null, "breached_at": null, "paused_seconds": 0, "state": "running"}],
    "round": 1, "arrived_at": null, "resolution": null, "rating": null,
    "created_at": "2026-11-21T01:00:00Z", "updated_at": "2026-11-21T01:00:00Z"
}))]
pub struct Ticket<'a> {
    /// 工单标识
    pub id: Uuid,
    /// 工单编号，供人使用
    pub number: &'a str,
    /// 版本，与 `ETag` 相同
    pub version: i32,
    /// 状态
    #[schema(schema_with = words::<Status>)]
    pub status: Status,
    /// 诉求内容；已删除时为 null
    pub content: Option<&'a str>,
    /// 地点
    pub place: Place<'a>,
    /// 具体地址
    pub address: Option<&'a str>,
    /// 类别键
    pub category: Option<&'a str>,
    /// 轻重；未评定时为 null
    #[schema(schema_with = optional_words::<Severity>)]
    pub severity: Option<Severity>,
    /// 三事；未分流时为 null
    #[schema(schema_with = optional_words::<Affair>)]
    pub affair: Option<Affair>,
    /// 渠道
    #[schema(schema_with = words::<Channel>)]
    pub channel: Channel,
    /// 诉求人
    pub requester: Person,
    /// 责任人或责任单位；未派单时为 null
    pub lead: Option<Lead>,
    /// 承办人：派给个人的即为其人，派给单位的为接单人；此前为 null
    pub handler: Option<Uuid>,
    /// 各轮的时限
    pub clocks: Vec<Clock>,
    /// 第几轮，从 1 起；不满意重办加 1
    pub round: u16,
    /// 本轮到场时间
    pub arrived_at: Option<DateTime<Utc>>,
    /// 本轮答复
    pub resolution: Option<Resolution<'a>>,
    /// 最近一次评价
    pub rating: Option<Rating<'a>>,
    /// 提出时间
    pub created_at: DateTime<Utc>,
    /// 最近变动时间
    pub updated_at: DateTime<Utc>,
}

/// 地点。
#[derive(Debug, Serialize, ToSchema)]
pub struct Place<'a> {
    /// 地点编码
    pub code: &'a str,
    /// 名称
    pub name: &'a str,
}

/// 人员。
#[derive(Debug, Serialize, ToSchema)]
pub struct Person {
    /// 用户标识
    pub id: Uuid,
}

/// 责任人或责任单位。
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Lead {
    /// 人员标识
    pub person: Option<Uuid>,
    /// 单位标识
    pub unit: Option<Uuid>,
}

/// 时限（53522）。
#[derive(Debug, Serialize, ToSchema)]
pub struct Clock {
    /// arrive 到场，solve 办结
    #[schema(schema_with = words::<ClockKind>)]
    pub kind: ClockKind,
    /// 属于第几轮
    pub round: u16,
    /// 起算时间
    pub started_at: DateTime<Utc>,
    /// 到期时间，恰好到期仍算按时
    pub due_at: DateTime<Utc>,
    /// 预警时间
    pub warn_at: DateTime<Utc>,
    /// 办到时间，迟到也记
    pub met_at: Option<DateTime<Utc>>,
    /// 超时时间，不可撤销
    pub breached_at: Option<DateTime<Utc>>,
    /// 暂停的秒数
    pub paused_seconds: u32,
    /// 当前状态
    #[schema(schema_with = clock_states)]
    pub state: ClockState,
}

/// 答复。
#[derive(Debug, Serialize, ToSchema)]
pub struct Resolution<'a> {
    /// 办理结果
    #[schema(schema_with = words::<Outcome>)]
    pub outcome: Outcome,
    /// 给诉求人的答复；已删除时为 null
    pub reply: Option<&'a str>,
    /// 时间
    pub at: DateTime<Utc>,
}

/// 评价。
#[derive(Debug, Serialize, ToSchema)]
pub struct Rating<'a> {
    /// 满意度
    #[schema(schema_with = words::<Satisfaction>)]
    pub satisfaction: Satisfaction,
    /// 星级
    pub stars: Option<u8>,
    /// 评语
    pub comment: Option<&'a str>,
    /// 时间
    pub at: DateTime<Utc>,
}

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
}

/// 一页工单，新的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "id": "01990000-0000-7000-8000-000000000101", "number": "532504-261121-00001", "version": 1, "status": "submitted",
    "excerpt": "温泉社区北门的路灯坏了三天。", "place": {"code": "532504001007", "name": "温泉社区"},
    "category": "facilities", "severity": "small", "affair": null, "channel": "mini_program", "unit": null,
    "handler": null, "round": 1, "due_at": "2026-11-21T01:05:00Z", "overdue": false,
    "created_at": "2026-11-21T01:00:00Z", "updated_at": "2026-11-21T01:00:00Z"
}], "next_cursor": null}))]
pub struct TicketPage<'a> {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<TicketSummary<'a>>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

impl Clock {
    fn at(clock: &DomainClock, now: Timestamp) -> Self {
        let state = clock.state(now);
        let breached_at = clock.breached_at.or((state == ClockState::Breached).then_some(clock.due_at));
        Self {
            kind: clock.kind,
            round: clock.round,
            started_at: clock.started_at,
            due_at: clock.due_at,
            warn_at: clock.warn_at,
            met_at: clock.met_at,
            breached_at,
            paused_seconds: 0,
            state,
        }
    }
}

impl From<Assignee> for Lead {
    fn from(lead: Assignee) -> Self {
        match lead {
            Assignee::Person(person) => Self { person: Some(person.0), unit: None },
            Assignee::Unit(unit) => Self { person: None, unit: Some(unit.0) },
        }
    }
}

impl<'a> Ticket<'a> {
    /// The ticket as it stands at `now`: a limit that has passed shows as breached, whoever noticed it.
    pub fn at(view: &'a view::TicketView, now: Timestamp) -> Self {
        let view::TicketView { ticket, version, place_name, texts, updated_at } = view;
        let view::TicketTexts { content, address, reply, comment } = texts;
        let (reply, comment) = (reply.as_deref(), comment.as_deref());
        Self {
            id: ticket.id.0,
            number: &ticket.number,
            version: *version,
            status: ticket.status(),
            content: content.as_deref(),
            place: Place { code: ticket.place.code.as_str(), name: place_name },
            address: address.as_deref(),
            category: ticket.category.as_deref(),
            severity: ticket.severity,
            affair: ticket.affair,
            channel: ticket.channel,
            requester: Person { id: ticket.requester.0 },
            lead: ticket.lead().map(Lead::from),
            handler: ticket.handler().map(|handler| handler.0),
            clocks: ticket.clocks.iter().map(|clock| Clock::at(clock, now)).collect(),
            round: ticket.round,
            arrived_at: ticket.arrival().map(|arrival| arrival.at),
            resolution: ticket.resolution().map(|r| Resolution { outcome: r.outcome, reply, at: r.at }),
            rating: ticket.rating.map(|r| Rating {
                satisfaction: r.satisfaction,
                stars: r.stars,
                comment,
                at: r.at,
            }),
            created_at: ticket.submitted_at,
            updated_at: *updated_at,
        }
    }
}

impl<'a> TicketSummary<'a> {
    /// The summary as it stands at `now`.
    pub fn at(s: &'a view::TicketSummary, now: Timestamp) -> Self {
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
            round: s.round,
            due_at: s.owed_since,
            overdue: s.owed_since.is_some_and(|due| now > due),
            created_at: s.created_at,
            updated_at: s.updated_at,
        }
    }
}

fn clock_states() -> Object {
    let states = ["running", "met", "breached", "cancelled"];
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(states)).build()
}

/// A word or null.
fn optional_words<T: strum::IntoEnumIterator + Into<&'static str>>() -> Object {
    use utoipa::openapi::schema::SchemaType;
    let words = T::iter().map(|word| serde_json::Value::from(word.into()));
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .enum_values(Some(words.chain([serde_json::Value::Null])))
        .build()
}
