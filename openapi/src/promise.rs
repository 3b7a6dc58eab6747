//! Members' promises on the wire.

use crate::Lang;
use crate::label::words;
use crate::matter::{named, place};
use crate::strict::Moment;
use crate::tie::{TiedPlace, TiedTo};
use chrono::{DateTime, Utc};
use domain::matter::MatterView;
use domain::promise::{self, PromiseStatus};
use domain::text::TextRef;
use domain::tie::Holder;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 承诺：做什么，何时以前。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "place": "532504001007", "what": "每周六上午陪独居老人看病", "due_at": "2026-12-31T10:00:00Z"
}))]
pub struct StatePromise {
    /// 社区（村）的地点编码：已向它报到，或在此任职
    pub place: String,
    /// 做什么，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub what: String,
    /// 完成时限，至多一年
    #[schema(value_type = DateTime<Utc>)]
    pub due_at: Moment,
}

/// 践诺：做到了，有什么佐证。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"evidence": "陪诊四次，见社区登记簿"}))]
pub struct KeepPromise {
    /// 佐证，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub evidence: String,
    /// 相关的本人纪实
    pub deed: Option<Uuid>,
    /// 相关的本人办结的工单
    pub ticket: Option<Uuid>,
}

/// 撤回承诺，或退回践诺。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "请补充陪诊的日期"}))]
pub struct PromiseReason {
    /// 原因，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
}

/// 承诺列表的筛选条件；`place` 与 `mine` 填一个。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListPromises {
    /// 地点编码：该地及其下各级
    #[param(example = "532504001007")]
    pub place: Option<String>,
    /// 只看本人的
    pub mine: Option<bool>,
    /// 状态
    #[param(schema_with = words::<PromiseStatus>)]
    pub status: Option<PromiseStatus>,
    /// 只看未完成的（`true`）或已了结的（`false`）
    pub open: Option<bool>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl ListPromises {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { place, mine, status, open, cursor: _, limit: _ } = self;
        format!("{place:?} {mine:?} {status:?} {open:?}")
    }
}

/// 统计哪里的承诺。
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CountPromises {
    /// 地点编码：该地及其下各级
    #[param(example = "532504001007")]
    pub place: String,
    /// 不早于此时作出的
    pub from: Option<DateTime<Utc>>,
    /// 早于此时作出的
    pub to: Option<DateTime<Utc>>,
}

/// 一地的承诺有多少。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"stated": 12, "kept": 8, "late": 2, "open": 3, "withdrawn": 1}))]
pub struct PromiseCount {
    /// 共承诺
    pub stated: i64,
    /// 已践诺，含逾期后践诺的
    pub kept: i64,
    /// 逾期，不论后来是否践诺
    pub late: i64,
    /// 尚未践诺，含逾期的
    pub open: i64,
    /// 已撤回
    pub withdrawn: i64,
}

/// 怎样践诺的。
#[derive(Debug, Serialize, ToSchema)]
pub struct Keeping {
    /// 何时
    pub at: DateTime<Utc>,
    /// 佐证；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// 相关纪实
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deed: Option<Uuid>,
    /// 相关工单
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Uuid>,
}

/// 一次退回。
#[derive(Debug, Serialize, ToSchema)]
pub struct PromiseQuestion {
    /// 何时
    pub at: DateTime<Utc>,
    /// 原因；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// 一项承诺，公开。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000921", "version": 1, "status": "open", "status_name": "践诺中",
    "place": {"code": "532504001007", "name": "温泉社区"},
    "member": {"id": "01990000-0000-7000-8000-000000000003", "name": "李建国"},
    "what": "每周六上午陪独居老人看病", "stated_at": "2026-11-21T01:00:00Z", "due_at": "2026-12-31T10:00:00Z", "questions": []
}))]
pub struct MemberPromise {
    /// 承诺标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 状态
    #[schema(schema_with = words::<PromiseStatus>)]
    pub status: PromiseStatus,
    /// 状态名称
    pub status_name: &'static str,
    /// 社区
    pub place: TiedPlace,
    /// 谁承诺的
    pub member: TiedTo,
    /// 做什么；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// 何时承诺
    pub stated_at: DateTime<Utc>,
    /// 完成时限
    pub due_at: DateTime<Utc>,
    /// 怎样践诺的，以最近一次为准
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Keeping>,
    /// 社区历次退回，先退的在前
    pub questions: Vec<PromiseQuestion>,
    /// 撤回原因
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closing: Option<String>,
}

/// 一页承诺，新的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
pub struct PromisePage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<MemberPromise>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

impl PromiseCount {
    /// What the counts by status come to.
    pub fn new(by_status: &HashMap<String, i64>) -> Self {
        let of = |status: PromiseStatus| by_status.get(status.name()).copied().unwrap_or(0);
        let (open, late) = (of(PromiseStatus::Open), of(PromiseStatus::Late));
        let (kept, kept_late) = (of(PromiseStatus::Kept), of(PromiseStatus::KeptLate));
        let withdrawn = of(PromiseStatus::Withdrawn);
        Self {
            stated: open + late + kept + kept_late + withdrawn,
            kept: kept + kept_late,
            late: late + kept_late,
            open: open + late,
            withdrawn,
        }
    }
}

impl MemberPromise {
    /// A promise in the words of a language.
    pub fn new(view: &MatterView<promise::Promise>, lang: Lang) -> Self {
        let promise = &view.matter;
        let words = |text: TextRef| view.text(text).map(str::to_owned);
        let kept = promise.kept.map(|kept| Keeping {
            at: kept.at,
            evidence: words(kept.evidence),
            deed: kept.deed.map(|deed| deed.0),
            ticket: kept.ticket.map(|ticket| ticket.0),
        });
        let question = |one: &promise::Question| PromiseQuestion { at: one.at, reason: words(one.reason) };
        Self {
            id: view.id,
            version: view.version,
            status: promise.status,
            status_name: status(promise.status, lang),
            place: place(view),
            member: named(view, Holder::Person(promise.member)),
            what: words(promise.what),
            stated_at: promise.stated_at,
            due_at: promise.due_at,
            kept,
            questions: promise.questions.iter().map(question).collect(),
            closing: promise.closing.and_then(words),
        }
    }
}

fn status(status: PromiseStatus, lang: Lang) -> &'static str {
    match status {
        PromiseStatus::Open => lang.of("践诺中", "to be kept"),
        PromiseStatus::Late => lang.of("逾期未践诺", "late"),
        PromiseStatus::Kept => lang.of("已践诺", "kept"),
        PromiseStatus::KeptLate => lang.of("逾期践诺", "kept late"),
        PromiseStatus::Withdrawn => lang.of("已撤回", "withdrawn"),
    }
}
