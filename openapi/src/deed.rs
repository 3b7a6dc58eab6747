//! Deeds and visits on the wire.

use crate::Lang;
use crate::label::{deed_kind, words};
use crate::strict::Word;
use crate::tie::{Shown, Tie, TiedPlace, TiedTo};
use chrono::{DateTime, NaiveDate, Utc};
use domain::deed::{self, DeedKind};
use domain::playbook::Playbook;
use domain::tie::Holder;
use domain::view;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 纪实：谁在哪里做了什么；`person` 与 `unit` 填一个。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "service", "unit": "01990000-0000-7000-8000-000000000091", "place": "532504001007", "on": "2026-11-20",
    "account": "为独居老人检修电路", "served": 12
}))]
pub struct CreateDeed {
    /// 类别：`visit` 走访（须是挂联该地的领导）、`service` 服务、`activity` 活动
    #[schema(schema_with = words::<DeedKind>)]
    pub kind: Word<DeedKind>,
    /// 谁做的：人员
    pub person: Option<Uuid>,
    /// 谁做的：单位
    pub unit: Option<Uuid>,
    /// 在哪里：地点编码
    pub place: String,
    /// 哪一天；不填为今天，至多补记一年前的
    pub on: Option<NaiveDate>,
    /// 做了什么，1 至 2000 字；请勿写入他人姓名、电话
    #[schema(min_length = 1, max_length = 2000)]
    pub account: String,
    /// 服务了多少人，0 至 100000
    #[schema(minimum = 0, maximum = 100_000)]
    pub served: Option<u32>,
}

/// 撤回纪实。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "重复记录"}))]
pub struct RetractDeed {
    /// 事由，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
}

/// 纪实列表的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListDeeds {
    /// 地点编码：该地及其下各级；有多个县的范围时必填
    #[param(example = "532504001007")]
    pub place: Option<String>,
    /// 单位做的
    pub unit: Option<Uuid>,
    /// 人员做的
    pub person: Option<Uuid>,
    /// 类别
    #[param(schema_with = words::<DeedKind>)]
    pub kind: Option<DeedKind>,
    /// 自这一天（含）
    pub from: Option<NaiveDate>,
    /// 至这一天（含）
    pub to: Option<NaiveDate>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl ListDeeds {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { place, unit, person, kind, from, to, cursor: _, limit: _ } = self;
        format!("{place:?} {unit:?} {person:?} {kind:?} {from:?} {to:?}")
    }
}

/// 一条纪实。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000801", "version": 1, "kind": "service", "kind_name": "服务",
    "unit": {"id": "01990000-0000-7000-8000-000000000091", "name": "市住房和城乡建设局"},
    "place": {"code": "532504001007", "name": "温泉社区"}, "on": "2026-11-20", "account": "为独居老人检修电路", "served": 12,
    "created_at": "2026-11-21T01:00:00Z"
}))]
pub struct Deed {
    /// 纪实标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 类别
    #[schema(schema_with = words::<DeedKind>)]
    pub kind: DeedKind,
    /// 类别名称
    pub kind_name: String,
    /// 人员
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<TiedTo>,
    /// 单位
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<TiedTo>,
    /// 地点
    pub place: TiedPlace,
    /// 哪一天
    pub on: NaiveDate,
    /// 做了什么；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// 服务了多少人
    #[serde(skip_serializing_if = "Option::is_none")]
    pub served: Option<u32>,
    /// 记录时间
    pub created_at: DateTime<Utc>,
    /// 撤回时间
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retracted_at: Option<DateTime<Utc>>,
}

/// 刚记下的纪实。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01990000-0000-7000-8000-000000000801", "version": 1, "kind": "service", "on": "2026-11-20"}))]
pub struct DeedDone {
    /// 纪实标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 类别
    #[schema(schema_with = words::<DeedKind>)]
    pub kind: DeedKind,
    /// 哪一天
    pub on: NaiveDate,
}

/// 一页纪实，近的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "id": "01990000-0000-7000-8000-000000000801", "version": 1, "kind": "visit", "kind_name": "走访",
    "person": {"id": "01990000-0000-7000-8000-000000000003", "name": "李建国"},
    "place": {"code": "532504001007", "name": "温泉社区"}, "on": "2026-11-20", "account": "走访困难户", "created_at": "2026-11-21T01:00:00Z"
}], "next_cursor": null}))]
pub struct DeedPage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<Deed>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

/// 哪一年的走访。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VisitsOf {
    /// 年份；不填为今年
    #[param(minimum = 2000, maximum = 2100)]
    pub year: Option<i32>,
}

/// 挂联领导的走访情况。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"year": 2026, "due": 2, "items": [{"visits": 1, "missing": 1, "tie": {
    "id": "01990000-0000-7000-8000-000000000701", "version": 1, "kind": "linked", "kind_name": "挂联",
    "person": {"id": "01990000-0000-7000-8000-000000000003", "name": "李建国"},
    "place": {"code": "532504001007", "name": "温泉社区"}, "post": "市级挂联领导", "since": "2026-01-01"
}}], "more": false}))]
pub struct Visits {
    /// 年份
    pub year: i32,
    /// 按规程每年至少走访几次
    pub due: u8,
    /// 每位挂联领导，按地点编码
    pub items: Vec<LeaderVisits>,
    /// 超过 1000 位，没有列全
    pub more: bool,
}

/// 一位挂联领导的走访。
#[derive(Debug, Serialize, ToSchema)]
pub struct LeaderVisits {
    /// 走访了几次
    pub visits: i64,
    /// 还差几次
    pub missing: i64,
    /// 挂联关系
    pub tie: Tie,
}

impl From<&deed::Deed> for DeedDone {
    fn from(deed: &deed::Deed) -> Self {
        Self { id: deed.id.0, version: deed.version, kind: deed.kind, on: deed.on }
    }
}

impl Deed {
    /// The deed in the words of a language.
    pub fn new(view: &view::DeedView, lang: Lang) -> Self {
        let view::DeedView { deed, doer, at, place_name, account } = view;
        let named = |id: Uuid| Some(TiedTo { id, name: doer.clone() });
        let (person, unit) = match deed.by {
            Holder::Person(person) => (named(person.0), None),
            Holder::Unit(unit) => (None, named(unit.0)),
        };
        Self {
            id: deed.id.0,
            version: deed.version,
            kind: deed.kind,
            kind_name: deed_kind(deed.kind, lang).to_owned(),
            person,
            unit,
            place: TiedPlace { code: at.code.to_string(), name: place_name.clone() },
            on: deed.on,
            account: account.clone(),
            served: deed.served,
            created_at: deed.created_at,
            retracted_at: deed.retracted_at,
        }
    }
}

impl LeaderVisits {
    /// How often a leader came, and how often they were to.
    pub fn new(view: &view::VisitsView, playbook: &Playbook, shown: Shown, lang: Lang) -> Self {
        let missing = (i64::from(playbook.visits_a_year) - view.visits).max(0);
        Self { visits: view.visits, missing, tie: Tie::new(&view.tie, playbook, shown, lang) }
    }
}
