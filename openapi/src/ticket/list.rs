//! What lists of tickets may be asked for.

use crate::label::words;
use chrono::{DateTime, Utc};
use domain::ticket::{Affair, Channel, Commonality, Handling, Severity, Status};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

/// 列表的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListTickets {
    /// 地点编码：该地及其下各级
    #[param(example = "532504001007")]
    pub place: Option<String>,
    /// 责任单位
    pub unit: Option<Uuid>,
    /// 承办人
    pub handler: Option<Uuid>,
    /// 只看本人提出的
    pub mine: Option<bool>,
    /// 只看本人作为居民代表监督的
    pub delegate: Option<bool>,
    /// 只看本人（或 `unit` 指定的单位）协办的
    pub assist: Option<bool>,
    /// 只看 `unit`（不填则为本人的单位）被呼叫的
    pub called: Option<bool>,
    /// 只看可认领的
    pub claimable: Option<bool>,
    /// 是否呼叫
    pub call: Option<bool>,
    /// 服务事项编码
    pub service: Option<String>,
    /// false：只看未办结而还没有类别或三事的；true：只看两者都有的
    pub sorted: Option<bool>,
    /// 状态
    #[param(schema_with = words::<Status>)]
    pub status: Option<Status>,
    /// 轻重
    #[param(schema_with = words::<Severity>)]
    pub severity: Option<Severity>,
    /// 三事
    #[param(schema_with = words::<Affair>)]
    pub affair: Option<Affair>,
    /// 渠道
    #[param(schema_with = words::<Channel>)]
    pub channel: Option<Channel>,
    /// 类别键
    pub category: Option<String>,
    /// 有已过而未办到的时限
    pub overdue: Option<bool>,
    /// 办理方式
    #[param(schema_with = words::<Handling>)]
    pub handling: Option<Handling>,
    /// 是否在督办中
    pub supervised: Option<bool>,
    /// 是否在台账上（经党支部研判）
    pub ledger: Option<bool>,
    /// 共性、个性
    #[param(schema_with = words::<Commonality>)]
    pub commonality: Option<Commonality>,
    /// 由哪一级处置：其地点编码
    #[param(example = "532504001")]
    pub desk: Option<String>,
    /// 只看首问由本人负责、还没有人接单的
    pub first_asked: Option<bool>,
    /// 只看代此单位提出的
    pub for_unit: Option<Uuid>,
    /// 是否已上报、等待会商决定
    pub escalated: Option<bool>,
    /// 是否列为议题、等待例会研究
    pub topic: Option<bool>,
    /// 完整的工单编号，或联系人的电话号码
    #[param(example = "532504-261121-00017")]
    pub q: Option<String>,
    /// 提出时间不早于（含）
    pub from: Option<DateTime<Utc>>,
    /// 提出时间早于（不含）
    pub to: Option<DateTime<Utc>>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl ListTickets {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self {
            place,
            unit,
            handler,
            mine,
            delegate,
            assist,
            called,
            claimable,
            call,
            service,
            sorted,
            status,
            severity,
            affair,
            channel,
            category,
            overdue,
            handling,
            supervised,
            ledger,
            commonality,
            desk,
            first_asked,
            for_unit,
            escalated,
            topic,
            q,
            from,
            to,
            cursor: _,
            limit: _,
        } = self;
        format!(
            "{place:?} {unit:?} {handler:?} {mine:?} {delegate:?} {assist:?} {called:?} {claimable:?} {call:?} {service:?} {sorted:?} {status:?} {severity:?} {affair:?} {channel:?} \
             {category:?} {overdue:?} {handling:?} {supervised:?} {ledger:?} {commonality:?} {desk:?} {first_asked:?} {for_unit:?} {escalated:?} {topic:?} {q:?} {from:?} {to:?}"
        )
    }
}
