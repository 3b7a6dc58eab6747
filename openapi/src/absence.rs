//! Absences on the wire.

use crate::strict::Moment;
use chrono::{DateTime, Utc};
use domain::absence;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 请假。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "person": "01990000-0000-7000-8000-000000000003", "starts_at": "2026-11-22T01:00:00Z",
    "ends_at": "2026-11-29T01:00:00Z", "stand_in": "01990000-0000-7000-8000-000000000004", "reason": "参加培训"
}))]
pub struct CreateAbsence {
    /// 请假人；不填为本人
    pub person: Option<Uuid>,
    /// 开始
    #[schema(value_type = DateTime<Utc>)]
    pub starts_at: Moment,
    /// 结束（不含），至多 366 天之后
    #[schema(value_type = DateTime<Utc>)]
    pub ends_at: Moment,
    /// 代班人；须承办、派发请假人各地的工单，那时自己不请假
    pub stand_in: Option<Uuid>,
    /// 事由，至多 10000 字；只有本人、办理人和管到请假人的工作人员可见
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: Option<String>,
}

/// 请假的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListAbsences {
    /// 只看本人的请假和代班；没有范围的人员只有这些
    pub own: Option<bool>,
    /// 地点编码：在该地及其下各级任职的人员；有多个县的范围时必填
    #[param(example = "532504")]
    pub place: Option<String>,
    /// 请假人
    pub person: Option<Uuid>,
    /// 此时在假的
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

impl ListAbsences {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { own, place, person, at, from, to, cursor: _, limit: _ } = self;
        format!("{own:?} {place:?} {person:?} {at:?} {from:?} {to:?}")
    }
}

/// 一次请假。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000601", "version": 1, "person": "01990000-0000-7000-8000-000000000003",
    "starts_at": "2026-11-22T01:00:00Z", "ends_at": "2026-11-29T01:00:00Z",
    "stand_in": "01990000-0000-7000-8000-000000000004", "reason": "参加培训",
    "created_by": "01990000-0000-7000-8000-000000000003", "created_at": "2026-11-21T01:00:00Z"
}))]
pub struct Absence {
    /// 请假标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 请假人
    pub person: Uuid,
    /// 开始
    pub starts_at: DateTime<Utc>,
    /// 结束（不含）；尚未开始就销假的与开始相同
    pub ends_at: DateTime<Utc>,
    /// 代班人；没有，或已不能代班为 null
    pub stand_in: Option<Uuid>,
    /// 事由；没有、已删除或无权查看为 null
    pub reason: Option<String>,
    /// 办理人
    pub created_by: Uuid,
    /// 办理时间
    pub created_at: DateTime<Utc>,
}

/// 一页请假，后开始的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "id": "01990000-0000-7000-8000-000000000601", "version": 1, "person": "01990000-0000-7000-8000-000000000003",
    "starts_at": "2026-11-22T01:00:00Z", "ends_at": "2026-11-29T01:00:00Z",
    "stand_in": "01990000-0000-7000-8000-000000000004", "reason": "参加培训",
    "created_by": "01990000-0000-7000-8000-000000000003", "created_at": "2026-11-21T01:00:00Z"
}], "next_cursor": null}))]
pub struct AbsencePage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<Absence>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

impl From<&absence::Absence> for Absence {
    fn from(absence: &absence::Absence) -> Self {
        let absence::Absence {
            id,
            person,
            starts_at,
            ends_at,
            stand_in,
            reason,
            created_by,
            created_at,
            version,
        } = absence;
        Self {
            id: id.0,
            version: *version,
            person: person.0,
            starts_at: *starts_at,
            ends_at: *ends_at,
            stand_in: stand_in.map(|stand_in| stand_in.0),
            reason: reason.clone(),
            created_by: created_by.0,
            created_at: *created_at,
        }
    }
}
