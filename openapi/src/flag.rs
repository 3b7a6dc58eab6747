//! Red flags on the wire.

use chrono::{DateTime, Utc};
use domain::flag::FlagView;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 一面红旗。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "person": "01990000-0000-7000-8000-000000000003", "ticket": "01990000-0000-7000-8000-000000000101", "round": 1,
    "place": "532504001007", "earned_at": "2026-11-21T01:20:00Z", "taken_at": null
}))]
pub struct Flag {
    /// 谁的
    pub person: Uuid,
    /// 因哪张工单
    pub ticket: Uuid,
    /// 工单的第几轮
    pub round: u16,
    /// 工单的地点编码
    pub place: String,
    /// 何时结单得旗
    pub earned_at: DateTime<Utc>,
    /// 工单重新打开、红旗收回的时间；仍持有为 null
    pub taken_at: Option<DateTime<Utc>>,
}

/// 一页红旗，新的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "person": "01990000-0000-7000-8000-000000000003", "ticket": "01990000-0000-7000-8000-000000000101", "round": 1,
    "place": "532504001007", "earned_at": "2026-11-21T01:20:00Z", "taken_at": null
}], "next_cursor": null}))]
pub struct FlagPage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<Flag>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

/// 红旗面数。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"held": 12}))]
pub struct FlagCount {
    /// 持有的面数，已收回的不计
    pub held: i64,
}

/// 红旗的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListFlags {
    /// 谁的；与 `place` 都不填则为本人的
    pub person: Option<Uuid>,
    /// 地点编码：该地及其下各级在本人范围内的部分
    #[param(example = "532504")]
    pub place: Option<String>,
    /// 得旗时间不早于（含）
    pub from: Option<DateTime<Utc>>,
    /// 得旗时间早于（不含）
    pub to: Option<DateTime<Utc>>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

/// 计数的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CountFlags {
    /// 谁的；与 `place` 都不填则为本人的
    pub person: Option<Uuid>,
    /// 地点编码：该地及其下各级在本人范围内的部分
    #[param(example = "532504")]
    pub place: Option<String>,
    /// 得旗时间不早于（含）
    pub from: Option<DateTime<Utc>>,
    /// 得旗时间早于（不含）
    pub to: Option<DateTime<Utc>>,
}

impl ListFlags {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { person, place, from, to, cursor: _, limit: _ } = self;
        format!("{person:?} {place:?} {from:?} {to:?}")
    }
}

impl From<FlagView> for Flag {
    fn from(view: FlagView) -> Self {
        let FlagView { ticket, place, flag } = view;
        let domain::flag::Flag { person, round, earned_at, taken_at } = flag;
        Self { person: person.0, ticket: ticket.0, round, place: place.to_string(), earned_at, taken_at }
    }
}
