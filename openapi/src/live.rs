//! The live feed on the wire (实时推送).

use crate::inbox::InboxEntry;
use crate::label::{optional_words, words};
use crate::ticket::Place;
use crate::words::Spoken;
use chrono::{DateTime, Utc};
use domain::live::LiveEvent;
use domain::ticket::{ClockKind, Headline, Severity, Status};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 订阅什么；至少填写一项，符合任何一项即推送一次。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"place": "532504001007", "inbox": true}))]
pub struct OpenLive {
    /// 地点编码：该地及其下各级的工单，须在可以查单的范围内
    pub place: Option<String>,
    /// 单位：由其承办的工单，须是本人所在的承办单位
    pub unit: Option<Uuid>,
    /// 本人收件箱的新消息
    pub inbox: Option<bool>,
}

/// 实时推送的票据，用一次。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "ticket": "mB1e0bR2d6cYw0mJm3G3Zf8mC7Gk8x3lq2w4cQvXb0E", "expires_in": 60,
    "url": "/api/v1/live?ticket=mB1e0bR2d6cYw0mJm3G3Zf8mC7Gk8x3lq2w4cQvXb0E"
}))]
pub struct LiveTicket {
    /// 票据
    pub ticket: String,
    /// 几秒内有效
    pub expires_in: i64,
    /// 连接地址：前面加上 `wss://` 和本服务的主机名
    pub url: String,
}

/// 建立实时连接的参数。
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Listen {
    /// 票据
    pub ticket: String,
    /// 最后收到的 `cursor`：先补发其后的全部消息
    pub after: Option<String>,
}

/// 服务器推送的一条消息（JSON 文本）。
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(example = json!({
    "type": "event", "cursor": "q5fCGX1bJvF1m1nqj3wTlQAAAAAAAAAAKgAAAAAAAAA",
    "event": {"kind": "breached", "label": "超时", "ticket": {"id": "01990000-0000-7000-8000-000000000101",
        "number": "532504-261121-00001", "status": "accepted", "place": {"code": "532504001007", "name": "温泉社区"},
        "category": "facilities", "severity": "small", "status_name": "办理中",
        "category_name": "公共设施", "severity_name": "小问题"},
        "occurred_at": "2026-11-21T01:05:00Z", "recorded_at": "2026-11-21T01:05:01Z", "clock": "arrive"}
}))]
pub enum LiveMessage<'a> {
    /// 已连接，总是第一条
    Ready {
        /// 由此起推送
        cursor: &'a str,
    },
    /// 断开太久，或服务器从备份恢复过，不再补发：请重新读取列表，此后的消息照常推送
    Reset {
        /// 由此起推送
        cursor: &'a str,
    },
    /// 工单发生了一件事
    Event {
        /// 重连时填入 `after`
        cursor: &'a str,
        /// 什么事
        event: LiveEntry<'a>,
    },
    /// 本人收件箱有新消息
    Inbox {
        /// 重连时填入 `after`
        cursor: &'a str,
        /// 消息，与 `GET /me/inbox` 所列相同
        entry: InboxEntry,
        /// 未读条数，至多数到 1000
        unread: i64,
        /// 未读是否更多
        unread_more: bool,
    },
}

/// 一件事：不含个人信息和任何人写的文字。
#[derive(Debug, Serialize, ToSchema)]
pub struct LiveEntry<'a> {
    /// 发生了什么
    #[schema(schema_with = words::<Headline>)]
    pub kind: &'static str,
    /// 给人看的名称，本县的叫法
    pub label: &'a str,
    /// 哪个工单，推送时的情况
    pub ticket: LiveSubject<'a>,
    /// 发生时间
    pub occurred_at: DateTime<Utc>,
    /// 记录时间
    pub recorded_at: DateTime<Utc>,
    /// 预警或超时的时限
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = words::<ClockKind>)]
    pub clock: Option<ClockKind>,
    /// 上报到哪一级：其地点编码
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desk: Option<&'a str>,
    /// 由此开始的轮次
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round: Option<u16>,
}

/// 推送中的工单。
#[derive(Debug, Serialize, ToSchema)]
pub struct LiveSubject<'a> {
    /// 工单标识
    pub id: Uuid,
    /// 工单编号
    pub number: &'a str,
    /// 状态
    #[schema(schema_with = words::<Status>)]
    pub status: Status,
    /// 地点
    pub place: Place<'a>,
    /// 类别键
    pub category: Option<&'a str>,
    /// 轻重
    #[schema(schema_with = optional_words::<Severity>)]
    pub severity: Option<Severity>,
    /// 状态在本县的叫法
    pub status_name: &'a str,
    /// 类别名称
    pub category_name: Option<&'a str>,
    /// 轻重的叫法
    pub severity_name: Option<&'a str>,
}

impl<'a> LiveEntry<'a> {
    /// An event in the words of its county.
    pub fn new(event: &'a LiveEvent, spoken: &'a Spoken) -> Self {
        let ticket = &event.ticket;
        Self {
            kind: event.kind.name(),
            label: spoken.step(event.kind),
            ticket: LiveSubject {
                id: ticket.id.0,
                number: &ticket.number,
                status: ticket.status,
                place: Place { code: ticket.place.as_str(), name: &ticket.place_name },
                category: ticket.category.as_deref(),
                severity: ticket.severity,
                status_name: spoken.status(ticket.status),
                category_name: ticket.category.as_deref().and_then(|category| spoken.category(category)),
                severity_name: ticket.severity.map(|severity| spoken.severity(severity)),
            },
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
            clock: event.clock,
            desk: event.desk.as_ref().map(domain::place::PlaceCode::as_str),
            round: event.round,
        }
    }
}
