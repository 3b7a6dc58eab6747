//! Playbooks on the wire.

use crate::label::{optional_words, words};
use chrono::{DateTime, Utc};
use domain::playbook::{self, Affected, Difference, LimitChange, Playbook};
use domain::policy::{Start, TimeKind};
use domain::ticket::{Affair, ClockKind, Handling, Severity};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 修改规程：以 `playbook` 整体替换。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"playbook": example(), "note": "夏季供水时限缩短"}))]
pub struct EditPlaybook {
    /// 规程全文，各键见 docs/playbooks.md；`policy.version` 由系统递增，填什么都可以
    #[schema(value_type = Object)]
    pub playbook: Map<String, Value>,
    /// 为什么修改，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub note: String,
}

/// 预览一份规程。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"playbook": example()}))]
pub struct PreviewPlaybook {
    /// 规程全文
    #[schema(value_type = Object)]
    pub playbook: Map<String, Value>,
}

/// The smallest playbook that holds.
fn example() -> Value {
    serde_json::json!({
        "key": "mile", "name": "弥勒 53522", "county": "532504",
        "levels": [
            {"name": "小组（小区）", "width": 3}, {"name": "片区（楼栋）", "width": 3},
            {"name": "住户", "width": 4, "household": true}
        ],
        "categories": [{"key": "facilities", "name": "公共设施"}],
        "words": {"steps": {
            "submitted": "群众点单", "dispatched": "党组织派单", "claimed": "认领", "accepted": "接单", "arrived": "到达现场",
            "resolved": "职能部门办单", "rated": "群众评单", "reworked": "重办", "closed": "结单"
        }},
        "policy": {"version": 4, "arrive_unmet_at_resolve": "cancel", "clocks": [
            {"kind": "arrive", "limit_seconds": 300}, {"kind": "solve", "limit_seconds": 1800}
        ]}
    })
}

/// 有规程的县。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"county": "532504", "key": "mile", "name": "弥勒 53522", "version": 4}]}))]
pub struct PlaybookList {
    /// 按县级代码排列，不分页
    pub items: Vec<PlaybookEntry>,
}

/// 一个县的规程。
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaybookEntry {
    /// 县级代码
    pub county: String,
    /// 规程键
    pub key: String,
    /// 名称
    pub name: String,
    /// 现行版本
    pub version: u32,
}

/// 规程的一个版本。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "county": "532504", "version": 4, "made_at": "2026-11-21T01:00:00Z", "made_by": "01990000-0000-7000-8000-000000000010",
    "note": "夏季供水时限缩短", "seeded": false
}))]
pub struct PlaybookVersion {
    /// 县级代码
    pub county: String,
    /// 版本
    pub version: u32,
    /// 自何时起执行
    pub made_at: DateTime<Utc>,
    /// 谁改的；由文件导入的为 null
    pub made_by: Option<Uuid>,
    /// 为什么修改；导入的没有，已删除的为 null
    pub note: Option<String>,
    /// 是否由文件导入
    pub seeded: bool,
}

/// 规程的一个版本及其全文。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "county": "532504", "version": 4, "made_at": "2026-11-21T01:00:00Z", "made_by": null, "note": null, "seeded": true,
    "playbook": example()
}))]
pub struct WholePlaybook {
    /// 版本
    #[serde(flatten)]
    pub about: PlaybookVersion,
    /// 全文
    #[schema(value_type = Object)]
    pub playbook: Value,
}

/// 一页版本，新的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "county": "532504", "version": 4, "made_at": "2026-11-21T01:00:00Z", "made_by": null, "note": null, "seeded": true
}], "next_cursor": null}))]
pub struct PlaybookVersions {
    /// 本页
    pub items: Vec<PlaybookVersion>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

/// 分页。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListVersions {
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

/// 换成这份规程会怎样；什么也没有改变。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "version": 4, "faults": [],
    "changes": [{"path": "/policy/clocks/1/limit_seconds", "before": 1800, "after": 600}],
    "limits": [{"kind": "solve", "severity": "small", "affair": null, "category": null, "handling": null,
        "before": {"seconds": 1800, "time": "natural", "start": "submission"},
        "after": {"seconds": 600, "time": "natural", "start": "submission"}}],
    "open": [{"version": 4, "tickets": 12}],
    "vanishing": [{"category": "facilities", "tickets": 3}],
    "late": [{"kind": "solve", "severity": "small", "running": 5, "late": 2}]
}))]
pub struct PlaybookPreview {
    /// 现行版本
    pub version: u32,
    /// 这份规程的全部问题；有问题时只列问题和 `open`
    pub faults: Vec<PlaybookFault>,
    /// 与现行版本不同之处
    pub changes: Vec<PlaybookChange>,
    /// 此后点单的工单，哪些时限不同
    pub limits: Vec<LimitDifference>,
    /// 在办工单，按其起始的版本；它们沿用各自的版本，不受影响
    pub open: Vec<OpenByVersion>,
    /// 在办工单中，类别不再有的
    pub vanishing: Vec<Vanishing>,
    /// 在办工单正在走的时限，假如改按这份规程，有多少已经超时（至多查最新的 50000 单）
    pub late: Vec<LateClocks>,
}

/// 规程的一个问题。
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaybookFault {
    /// JSON 指针，规程之内
    pub field: String,
    /// 原因
    pub reason: String,
}

/// 一处不同。
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaybookChange {
    /// 何处；有键的列表以键代替序号
    pub path: String,
    /// 原来；没有的为 null
    #[schema(value_type = Value)]
    pub before: Option<Value>,
    /// 改后；没有的为 null
    #[schema(value_type = Value)]
    pub after: Option<Value>,
}

/// 一个时限的不同。
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitDifference {
    /// 哪一种时限
    #[schema(schema_with = words::<ClockKind>)]
    pub kind: ClockKind,
    /// 轻重；未评定的为 null
    #[schema(schema_with = optional_words::<Severity>)]
    pub severity: Option<Severity>,
    /// 只对这一事；不限为 null
    #[schema(schema_with = optional_words::<Affair>)]
    pub affair: Option<Affair>,
    /// 只对这一类别；不限为 null
    pub category: Option<String>,
    /// 只对这一办理方式；不限为 null
    #[schema(schema_with = optional_words::<Handling>)]
    pub handling: Option<Handling>,
    /// 原来；不计时为 null
    pub before: Option<LimitView>,
    /// 改后；不计时为 null
    pub after: Option<LimitView>,
}

/// 一个时限。
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitView {
    /// 秒
    pub seconds: u32,
    /// natural 自然时，working 工作时
    #[schema(value_type = String)]
    pub time: TimeKind,
    /// 起算
    #[schema(value_type = String)]
    pub start: Start,
}

/// 某一版本下的在办工单。
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenByVersion {
    /// 版本；早先未记版本、按现行版本办理的为 null
    pub version: Option<u32>,
    /// 单数
    pub tickets: i64,
}

/// 类别不再有的在办工单。
#[derive(Debug, Serialize, ToSchema)]
pub struct Vanishing {
    /// 类别键
    pub category: String,
    /// 单数
    pub tickets: i64,
}

/// 正在走的时限。
#[derive(Debug, Serialize, ToSchema)]
pub struct LateClocks {
    /// 哪一种时限
    #[schema(schema_with = words::<ClockKind>)]
    pub kind: ClockKind,
    /// 轻重；未评定的为 null
    #[schema(schema_with = optional_words::<Severity>)]
    pub severity: Option<Severity>,
    /// 正在走、尚未超时的
    pub running: i64,
    /// 其中按这份规程已超时的
    pub late: i64,
}

impl From<&Playbook> for PlaybookEntry {
    fn from(book: &Playbook) -> Self {
        let Playbook { county, key, name, policy, .. } = book;
        Self { county: county.clone(), key: key.clone(), name: name.clone(), version: policy.version }
    }
}

impl From<playbook::Version> for PlaybookVersion {
    fn from(version: playbook::Version) -> Self {
        let playbook::Version { county, version, made_at, made_by, note, seeded } = version;
        Self { county, version, made_at, made_by: made_by.map(|by| by.0), note, seeded }
    }
}

impl WholePlaybook {
    /// A version with what it says.
    pub fn new(about: playbook::Version, playbook: &Playbook) -> Self {
        // These types have string keys and no floats: nothing of them can fail to be written.
        Self { about: about.into(), playbook: serde_json::to_value(playbook).unwrap_or_default() }
    }
}

impl From<&playbook::Fault> for PlaybookFault {
    fn from(fault: &playbook::Fault) -> Self {
        Self { field: fault.pointer(), reason: fault.reason.clone() }
    }
}

impl From<Difference> for PlaybookChange {
    fn from(difference: Difference) -> Self {
        let Difference { path, before, after } = difference;
        Self { path, before, after }
    }
}

impl From<playbook::Limit> for LimitView {
    fn from(limit: playbook::Limit) -> Self {
        let playbook::Limit { seconds, time, start } = limit;
        Self { seconds, time, start }
    }
}

impl From<LimitChange> for LimitDifference {
    fn from(change: LimitChange) -> Self {
        let LimitChange { kind, severity, affair, category, handling, before, after } = change;
        let (before, after) = (before.map(Into::into), after.map(Into::into));
        Self { kind, severity, affair, category, handling, before, after }
    }
}

impl PlaybookPreview {
    /// What is known of open tickets, for a playbook with these faults.
    pub fn new(version: u32, faults: &[playbook::Fault], affected: Affected) -> Self {
        let Affected { open, categories, late, breaks_levels: _ } = affected;
        let open = open.into_iter().map(|one| OpenByVersion { version: one.version, tickets: one.count });
        let vanishing = categories.into_iter().map(|(category, tickets)| Vanishing { category, tickets });
        let late = late.into_iter().map(|playbook::Late { kind, severity, running, late }| LateClocks {
            kind,
            severity,
            running,
            late,
        });
        Self {
            version,
            faults: faults.iter().map(PlaybookFault::from).collect(),
            changes: vec![],
            limits: vec![],
            open: open.collect(),
            vanishing: vanishing.collect(),
            late: late.collect(),
        }
    }

    /// The same with what would change.
    #[must_use]
    pub fn with_changes(mut self, preview: playbook::Changes) -> Self {
        self.changes = preview.values.into_iter().map(Into::into).collect();
        self.limits = preview.limits.into_iter().map(Into::into).collect();
        self
    }
}
