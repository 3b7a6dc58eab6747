//! The inbox on the wire.

use crate::label::{optional_words, words};
use crate::words::Spoken;
use chrono::{DateTime, Utc};
use domain::notice::Notice;
use domain::ticket::{ClockKind, Status};
use domain::view;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 消息列表的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListInbox {
    /// 只看未读（`true`）或已读（`false`）
    pub unread: Option<bool>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

/// 一条消息所列事项的分页。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListItems {
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

/// 标记已读：`ids` 与 `up_to` 填写且只填写一个。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"ids": [42, 43]}))]
pub struct ReadInbox {
    /// 这些消息，1 至 100 条；不是本人的不受影响
    #[schema(min_items = 1, max_items = 100)]
    pub ids: Option<Vec<i64>>,
    /// 这一条及更早的全部消息
    pub up_to: Option<i64>,
}

/// 未读条数。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"unread": 3, "unread_more": false}))]
pub struct Unread {
    /// 未读条数，最多数到 1000
    pub unread: i64,
    /// 是否还有更多
    pub unread_more: bool,
}

/// 消息所说的工单；不含诉求内容和诉求人。
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxTicket {
    /// 工单标识
    pub id: Uuid,
    /// 编号
    pub number: String,
    /// 当前状态
    #[schema(schema_with = words::<Status>)]
    pub status: Status,
    /// 状态在本县的叫法
    pub status_name: String,
    /// 地点编码
    pub place: String,
    /// 地点名称
    pub place_name: String,
}

/// 消息所说的事项：岗位、任务、履职等工单以外的事。
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxMatter {
    /// 种类，如 `key_task`
    pub kind: String,
    /// 事项标识
    pub id: Uuid,
}

/// 一条消息。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": 42, "kind": "assigned", "label": "派给您的工单，请接单", "ticket": {
        "id": "01990000-0000-7000-8000-000000000101", "number": "532504-261121-00001", "status": "dispatched", "status_name": "待接单",
        "place": "532504001007", "place_name": "温泉社区"},
    "clock": null, "due_at": null, "items": 1, "created_at": "2026-11-21T01:00:00Z", "read_at": null
}))]
pub struct InboxEntry {
    /// 消息标识，后到的较大
    pub id: i64,
    /// 消息种类
    #[schema(schema_with = words::<Notice>)]
    pub kind: &'static str,
    /// 给人看的名称
    pub label: String,
    /// 所说的工单；多个工单或不涉及工单时为 null
    pub ticket: Option<InboxTicket>,
    /// 所说的事项；不涉及时没有
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matter: Option<InboxMatter>,
    /// 哪一项时限；不涉及时限时为 null
    #[schema(schema_with = optional_words::<ClockKind>)]
    pub clock: Option<ClockKind>,
    /// 到期时间
    pub due_at: Option<DateTime<Utc>>,
    /// 所说的事项数；超时清单逐步增加，增加后重新变为未读
    pub items: i32,
    /// 到达时间
    pub created_at: DateTime<Utc>,
    /// 已读时间；未读为 null
    pub read_at: Option<DateTime<Utc>>,
}

/// 一页消息，新的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "id": 42, "kind": "assigned", "label": "派给您的工单，请接单", "ticket": {
        "id": "01990000-0000-7000-8000-000000000101", "number": "532504-261121-00001", "status": "dispatched", "status_name": "待接单",
        "place": "532504001007", "place_name": "温泉社区"},
    "clock": null, "due_at": null, "items": 1, "created_at": "2026-11-21T01:00:00Z", "read_at": null
}], "next_cursor": null, "unread": 1, "unread_more": false}))]
pub struct InboxPage {
    /// 本页
    pub items: Vec<InboxEntry>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
    /// 全部未读条数，最多数到 1000
    pub unread: i64,
    /// 未读是否还有更多
    pub unread_more: bool,
}

/// 清单中的一项。
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxItem {
    /// 消息种类
    #[schema(schema_with = words::<Notice>)]
    pub kind: &'static str,
    /// 给人看的名称
    pub label: String,
    /// 所说的工单
    pub ticket: InboxTicket,
    /// 哪一项时限
    #[schema(schema_with = optional_words::<ClockKind>)]
    pub clock: Option<ClockKind>,
    /// 到期时间
    pub due_at: Option<DateTime<Utc>>,
}

/// 一条消息及其所列事项。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": 43, "kind": "overdue_list", "label": "无人值守期间超时的工单", "ticket": null, "clock": null, "due_at": null,
    "items": 1, "created_at": "2026-11-21T09:00:00Z", "read_at": null, "list": [{
        "kind": "breached", "label": "时限已过", "ticket": {
            "id": "01990000-0000-7000-8000-000000000101", "number": "532504-261121-00001", "status": "submitted", "status_name": "待派单",
            "place": "532504001007", "place_name": "温泉社区"},
        "clock": "arrive", "due_at": "2026-11-21T01:05:00Z"}],
    "next_cursor": null
}))]
pub struct InboxMessage {
    /// 消息
    #[serde(flatten)]
    pub entry: InboxEntry,
    /// 所列事项的一页，先发生的在前；只说一件事的消息没有
    pub list: Vec<InboxItem>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

impl From<view::Unread> for Unread {
    fn from(unread: view::Unread) -> Self {
        Self { unread: unread.count, unread_more: unread.more }
    }
}

impl InboxTicket {
    fn new(ticket: view::InboxTicket, spoken: &Spoken) -> Self {
        let view::InboxTicket { id, number, status, place, place_name } = ticket;
        let (number, place) = (number.to_string(), place.to_string());
        Self { id: id.0, number, status, status_name: spoken.status(status).to_owned(), place, place_name }
    }
}

impl InboxEntry {
    /// In the words of the county of its ticket.
    pub fn new(entry: view::InboxEntry, spoken: &Spoken) -> Self {
        let view::InboxEntry { id, kind, ticket, matter, clock, due_at, items, created_at, read_at } = entry;
        let ticket = ticket.map(|ticket| InboxTicket::new(ticket, spoken));
        let (label, kind) = (spoken.notice(kind), kind.name());
        let matter = matter.map(|(kind, id)| InboxMatter { kind, id });
        Self { id, kind, label, ticket, matter, clock, due_at, items, created_at, read_at }
    }
}

impl InboxItem {
    /// In the words of the county of its ticket.
    pub fn new(item: view::InboxItem, spoken: &Spoken) -> Self {
        let view::InboxItem { position: _, kind, ticket, clock, due_at } = item;
        let (label, ticket) = (spoken.notice(kind), InboxTicket::new(ticket, spoken));
        Self { kind: kind.name(), label, ticket, clock, due_at }
    }
}
