//! Shifts on the wire.

use crate::strict::Moment;
use chrono::{DateTime, Utc};
use domain::shift;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 排班。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "place": "532504001007", "person": "01990000-0000-7000-8000-000000000003",
    "starts_at": "2026-11-21T10:00:00Z", "ends_at": "2026-11-22T00:00:00Z"
}))]
pub struct CreateShift {
    /// 地点编码：为该地及其下各级值班
    pub place: String,
    /// 值班人；须承办或派发该地的工单
    pub person: Uuid,
    /// 开始
    #[schema(value_type = DateTime<Utc>)]
    pub starts_at: Moment,
    /// 结束（不含），至多 31 天之后
    #[schema(value_type = DateTime<Utc>)]
    pub ends_at: Moment,
}

/// 值班表的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListShifts {
    /// 地点编码：该地及其下各级；有多个县的范围时必填
    #[param(example = "532504")]
    pub place: Option<String>,
    /// 值班人
    pub person: Option<Uuid>,
    /// 此时在班的
    pub at: Option<DateTime<Utc>>,
    /// 此时之后结束的
    pub from: Option<DateTime<Utc>>,
    /// 此时之前开始的
    pub to: Option<DateTime<Utc>>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl ListShifts {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { place, person, at, from, to, cursor: _, limit: _ } = self;
        format!("{place:?} {person:?} {at:?} {from:?} {to:?}")
    }
}

/// 一个班次。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000501", "place": "532504001007",
    "person": "01990000-0000-7000-8000-000000000003", "starts_at": "2026-11-21T10:00:00Z",
    "ends_at": "2026-11-22T00:00:00Z", "created_by": "01990000-0000-7000-8000-000000000002",
    "created_at": "2026-11-21T01:00:00Z"
}))]
pub struct Shift {
    /// 班次标识
    pub id: Uuid,
    /// 地点编码
    pub place: String,
    /// 值班人
    pub person: Uuid,
    /// 开始
    pub starts_at: DateTime<Utc>,
    /// 结束（不含）
    pub ends_at: DateTime<Utc>,
    /// 谁排的
    pub created_by: Uuid,
    /// 排班时间
    pub created_at: DateTime<Utc>,
}

/// 一页班次，后开始的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "id": "01990000-0000-7000-8000-000000000501", "place": "532504001007",
    "person": "01990000-0000-7000-8000-000000000003", "starts_at": "2026-11-21T10:00:00Z",
    "ends_at": "2026-11-22T00:00:00Z", "created_by": "01990000-0000-7000-8000-000000000002",
    "created_at": "2026-11-21T01:00:00Z"
}], "next_cursor": null}))]
pub struct ShiftPage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<Shift>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

impl From<&shift::Shift> for Shift {
    fn from(shift: &shift::Shift) -> Self {
        let shift::Shift { id, place, person, starts_at, ends_at, created_by, created_at } = *shift;
        Self {
            id: id.0,
            place: place.to_string(),
            person: person.0,
            starts_at,
            ends_at,
            created_by: created_by.0,
            created_at,
        }
    }
}
