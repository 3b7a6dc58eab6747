//! What posts need, on the wire.

use crate::Lang;
use crate::label::words;
use crate::matter::{named, place};
use crate::strict::Moment;
use crate::tie::{TiedPlace, TiedTo};
use chrono::{DateTime, Utc};
use domain::matter::MatterView;
use domain::post_need::{self, NeedStatus};
use domain::tie::Holder;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 按岗位提需求。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "place": "532504001", "what": "冬春火灾隐患排查，需要懂电气的人", "people": 6, "due_at": "2026-12-15T10:00:00Z"
}))]
pub struct SetNeed {
    /// 街道（乡镇）或社区（村）的地点编码
    pub place: String,
    /// 需要什么，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub what: String,
    /// 几个人，1 至 1000
    #[schema(minimum = 1, maximum = 1000)]
    pub people: u16,
    /// 完成时限，至多一年
    #[schema(value_type = DateTime<Utc>)]
    pub due_at: Moment,
    /// 为哪个岗位：该地的一个开放的岗位
    pub post: Option<Uuid>,
}

/// 对单接任务。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"unit": "01990000-0000-7000-8000-000000000091"}))]
pub struct TakeNeed {
    /// 接任务的单位：本人是其经办人
    pub unit: Uuid,
}

/// 报告完成，或撤回需求。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "派出六人，排查 212 户，整改 31 处"}))]
pub struct NeedText {
    /// 说明，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
}

/// 岗位需求清单的筛选条件；`place` 与 `mine` 填一个。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListNeeds {
    /// 地点编码：该地及其下各级
    #[param(example = "532504")]
    pub place: Option<String>,
    /// 只看本单位接下的
    pub mine: Option<bool>,
    /// 状态
    #[param(schema_with = words::<NeedStatus>)]
    pub status: Option<NeedStatus>,
    /// 只看过了时限仍未完成的
    pub overdue: Option<bool>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl ListNeeds {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { place, mine, status, overdue, cursor: _, limit: _ } = self;
        format!("{place:?} {mine:?} {status:?} {overdue:?}")
    }
}

/// 一项岗位需求。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000931", "version": 1, "status": "open", "status_name": "待认领",
    "place": {"code": "532504001", "name": "弥阳街道"}, "what": "冬春火灾隐患排查，需要懂电气的人", "people": 6,
    "set_at": "2026-11-21T01:00:00Z", "due_at": "2026-12-15T10:00:00Z", "overdue": false
}))]
pub struct PostNeed {
    /// 需求标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 状态
    #[schema(schema_with = words::<NeedStatus>)]
    pub status: NeedStatus,
    /// 状态名称
    pub status_name: &'static str,
    /// 哪里
    pub place: TiedPlace,
    /// 需要什么；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// 几个人
    pub people: u16,
    /// 提出时间
    pub set_at: DateTime<Utc>,
    /// 完成时限
    pub due_at: DateTime<Utc>,
    /// 是否过了时限仍未完成
    pub overdue: bool,
    /// 为哪个岗位
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post: Option<Uuid>,
    /// 接任务的单位
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<TiedTo>,
    /// 何时接下
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<DateTime<Utc>>,
    /// 完成情况
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
    /// 撤回原因
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closing: Option<String>,
}

/// 一页岗位需求，新的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
pub struct NeedPage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<PostNeed>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

impl PostNeed {
    /// A need as it is at `now`, in the words of a language.
    pub fn new(view: &MatterView<post_need::PostNeed>, lang: Lang, now: DateTime<Utc>) -> Self {
        let need = &view.matter;
        let status_name = match need.status {
            NeedStatus::Open => lang.of("待认领", "open"),
            NeedStatus::Taken => lang.of("已接单", "taken"),
            NeedStatus::Done => lang.of("已完成", "done"),
            NeedStatus::Withdrawn => lang.of("已撤回", "withdrawn"),
        };
        let open = matches!(need.status, NeedStatus::Open | NeedStatus::Taken);
        let words = |text| view.text(text).map(str::to_owned);
        Self {
            id: view.id,
            version: view.version,
            status: need.status,
            status_name,
            place: place(view),
            what: words(need.what),
            people: need.people,
            set_at: need.set_at,
            due_at: need.due_at,
            overdue: open && need.due_at < now,
            post: need.post,
            unit: need.taken.map(|taken| named(view, Holder::Unit(taken.unit))),
            taken_at: need.taken.map(|taken| taken.at),
            report: need.report.and_then(words),
            closing: need.closing.and_then(words),
        }
    }
}
