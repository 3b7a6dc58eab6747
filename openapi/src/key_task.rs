//! Key tasks on the wire.

use crate::Lang;
use crate::label::words;
use crate::matter::{named, place};
use crate::strict::Moment;
use crate::tie::{TiedPlace, TiedTo};
use chrono::{DateTime, Utc};
use domain::key_task::{self, TaskEnd, TaskStatus};
use domain::matter::MatterView;
use domain::tie::Holder;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 设立重点任务；`person` 与 `unit` 填一个，是推进和报告的人或单位。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "place": "532504001007", "goal": "三个月内完成温泉小区雨污分流改造", "leader": "01990000-0000-7000-8000-000000000003",
    "unit": "01990000-0000-7000-8000-000000000091", "due_at": "2027-02-21T10:00:00Z", "every_days": 7
}))]
pub struct SetKeyTask {
    /// 在哪里：地点编码
    pub place: String,
    /// 要达到什么，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub goal: String,
    /// 包抓领导
    pub leader: Uuid,
    /// 推进的人
    pub person: Option<Uuid>,
    /// 推进的单位
    pub unit: Option<Uuid>,
    /// 完成时限
    #[schema(value_type = DateTime<Utc>)]
    pub due_at: Moment,
    /// 每隔多少天报告一次，1 至 92
    #[schema(minimum = 1, maximum = 92)]
    pub every_days: u16,
}

/// 报告进展。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "管网开挖过半，居民出行已设便道", "percent": 50}))]
pub struct ReportKeyTask {
    /// 进展，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
    /// 完成百分之几，0 至 100
    #[schema(minimum = 0, maximum = 100)]
    pub percent: u8,
}

/// 销号或撤销重点任务。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"status": "done", "text": "验收通过"}))]
pub struct EndKeyTask {
    /// `done` 销号，`dropped` 撤销
    #[schema(schema_with = words::<TaskEnd>)]
    pub status: TaskEnd,
    /// 说明，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
}

/// 重点任务列表的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListKeyTasks {
    /// 地点编码：该地及其下各级；有多个县的范围时必填
    #[param(example = "532504001007")]
    pub place: Option<String>,
    /// 只看与本人、本单位有关的
    pub mine: Option<bool>,
    /// 状态
    #[param(schema_with = words::<TaskStatus>)]
    pub status: Option<TaskStatus>,
    /// 只看过了时限仍未完成的
    pub overdue: Option<bool>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl ListKeyTasks {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { place, mine, status, overdue, cursor: _, limit: _ } = self;
        format!("{place:?} {mine:?} {status:?} {overdue:?}")
    }
}

/// 一次进展报告。
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyTaskReport {
    /// 何时
    pub at: DateTime<Utc>,
    /// 进展；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// 完成百分之几
    pub percent: u8,
}

/// 一项重点任务。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000901", "version": 1, "status": "open", "status_name": "推进中",
    "place": {"code": "532504001007", "name": "温泉社区"}, "goal": "三个月内完成温泉小区雨污分流改造",
    "leader": {"id": "01990000-0000-7000-8000-000000000003", "name": "李建国"},
    "unit": {"id": "01990000-0000-7000-8000-000000000091", "name": "市住房和城乡建设局"},
    "set_at": "2026-11-21T01:00:00Z", "due_at": "2027-02-21T10:00:00Z", "overdue": false, "every_days": 7,
    "report_due": "2026-11-28T01:00:00Z", "missed": 0, "percent": 0, "reports": []
}))]
pub struct KeyTask {
    /// 任务标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 状态
    #[schema(schema_with = words::<TaskStatus>)]
    pub status: TaskStatus,
    /// 状态名称
    pub status_name: &'static str,
    /// 地点
    pub place: TiedPlace,
    /// 目标；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal: Option<String>,
    /// 包抓领导
    pub leader: TiedTo,
    /// 推进的人
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<TiedTo>,
    /// 推进的单位
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<TiedTo>,
    /// 设立时间
    pub set_at: DateTime<Utc>,
    /// 完成时限
    pub due_at: DateTime<Utc>,
    /// 是否过了时限仍未完成
    pub overdue: bool,
    /// 每隔多少天报告一次
    pub every_days: u16,
    /// 下次报告的期限；结束后没有
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_due: Option<DateTime<Utc>>,
    /// 逾期未报的次数
    pub missed: u32,
    /// 完成百分之几
    pub percent: u8,
    /// 历次报告，先报的在前
    pub reports: Vec<KeyTaskReport>,
    /// 结束说明
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closing: Option<String>,
}

/// 一页重点任务，新的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
pub struct KeyTaskPage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<KeyTask>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

impl KeyTask {
    /// The task as it is at `now`, in the words of a language.
    pub fn new(view: &MatterView<key_task::KeyTask>, lang: Lang, now: DateTime<Utc>) -> Self {
        let task = &view.matter;
        let (person, unit) = match task.lead {
            Holder::Person(_) => (Some(named(view, task.lead)), None),
            Holder::Unit(_) => (None, Some(named(view, task.lead))),
        };
        let words = |text| view.text(text).map(str::to_owned);
        Self {
            id: view.id,
            version: view.version,
            status: task.status,
            status_name: status(task.status, lang),
            place: place(view),
            goal: words(task.goal),
            leader: named(view, Holder::Person(task.leader)),
            person,
            unit,
            set_at: task.set_at,
            due_at: task.due_at,
            overdue: task.status == TaskStatus::Open && task.due_at < now,
            every_days: task.every_days,
            report_due: task.report_due,
            missed: task.missed,
            percent: task.percent,
            reports: task
                .reports
                .iter()
                .map(|report| KeyTaskReport {
                    at: report.at,
                    text: words(report.text),
                    percent: report.percent,
                })
                .collect(),
            closing: task.closing.and_then(words),
        }
    }
}

fn status(status: TaskStatus, lang: Lang) -> &'static str {
    match status {
        TaskStatus::Open => lang.of("推进中", "open"),
        TaskStatus::Done => lang.of("已销号", "done"),
        TaskStatus::Dropped => lang.of("已撤销", "dropped"),
    }
}
