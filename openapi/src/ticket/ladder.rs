//! The ladder of consultations on the wire (逐级会商).

use chrono::{DateTime, Utc};
use domain::id::UserId;
use domain::playbook;
use domain::ticket::Ticket;
use domain::view::Sight;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// 会商层级。
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TicketRung)]
pub struct Rung {
    /// 层级键，见规程
    pub key: String,
    /// 名称，如街道联席会
    pub name: String,
    /// 多久开一次会：week 每周、month 每月、quarter 每季；没有例会时为 null
    pub meets: Option<&'static str>,
}

impl From<&playbook::Rung> for Rung {
    fn from(rung: &playbook::Rung) -> Self {
        Self { key: rung.key.clone(), name: rung.name.clone(), meets: rung.meets.map(Into::into) }
    }
}

/// 议题：当场解决不了，等待例会研究。
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketTopic)]
pub struct Topic<'a> {
    /// 自何时
    pub since: DateTime<Utc>,
    /// 谁提出的；您无权知道时为 null
    pub by: Option<Uuid>,
    /// 原因，只有工作人员可见；已删除时为 null
    pub reason: Option<&'a str>,
}

impl<'a> Topic<'a> {
    /// By whom not to whom may not know who raised the ticket, where that is the same.
    pub(super) fn of(ticket: &Ticket, reason: Option<&'a str>, sight: Sight) -> Option<Self> {
        let known = |person: &UserId| sight != Sight::Hidden || *person != ticket.requester;
        ticket.topic.map(|topic| Self {
            since: topic.at,
            by: Some(topic.by).filter(known).map(|person| person.0),
            reason,
        })
    }
}

/// 会商决定。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "由街道牵头，住建局配合，两周内完成管网改造。", "back": true}))]
pub struct Decide {
    /// 决定内容，1 至 10000 字；诉求人看不到
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
    /// 是否退回最先上报的一级处置；不填为 false，留在本级处置；不是上报来的不能退回
    pub back: Option<bool>,
}
