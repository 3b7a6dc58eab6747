//! The audit trail on the wire.

use crate::Lang;
use crate::label::audited;
use chrono::{DateTime, Utc};
use domain::person;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 一条审计记录。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "at": "2026-11-21T01:00:00Z", "kind": "granted", "label": "授权", "by": "01990000-0000-7000-8000-000000000010",
    "aggregate": "person", "subject": "01990000-0000-7000-8000-000000000003", "scope_code": "532504001007",
    "role": "grid_worker", "places": ["532504001007"]
}))]
pub struct AuditEntry {
    /// 时间
    pub at: DateTime<Utc>,
    /// 发生了什么
    pub kind: String,
    /// 给人看的名称
    pub label: String,
    /// 谁做的；程序或命令行所做为 null
    pub by: Option<Uuid>,
    /// 关于什么：`person`、`unit`、`tie`、`calendar`、`playbook`、`shift`、`absence`、`place`、`point`、`export` 或 `ticket`
    pub aggregate: String,
    /// 人员、单位、一年的日历、班次、地点、点位或工单的标识
    pub subject: Uuid,
    /// 所属地点编码；全国的日历为空
    pub scope_code: String,
    /// 事由；已删除或没有时不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// 授予或撤销的角色
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// 授权的地点，只含所属县的
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<String>,
    /// 授权的单位
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// 接替人
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
    /// 单位、地点、点位或规程的名称
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 日历的年份
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<i32>,
    /// 规程的版本
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
}

/// 一页审计记录，新的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "at": "2026-11-21T01:00:00Z", "kind": "unmasked", "label": "查看明文", "by": "01990000-0000-7000-8000-000000000010",
    "aggregate": "person", "subject": "01990000-0000-7000-8000-000000000003", "scope_code": "532504001007",
    "reason": "工单 532504-261121-00017 需电话核实"
}], "next_cursor": null}))]
pub struct AuditPage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<AuditEntry>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

/// 审计记录的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListAudit {
    /// 地点编码：该地及其下各级；有多个县的范围时必填
    #[param(example = "532504")]
    pub place: Option<String>,
    /// 谁做的
    pub person: Option<Uuid>,
    /// 关于谁：人员、单位、一年的日历或工单的标识
    pub subject: Option<Uuid>,
    /// 发生了什么，如 `unmasked`
    pub kind: Option<String>,
    /// 时间不早于（含）
    pub from: Option<DateTime<Utc>>,
    /// 时间早于（不含）
    pub to: Option<DateTime<Utc>>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl ListAudit {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { place, person, subject, kind, from, to, cursor: _, limit: _ } = self;
        format!("{place:?} {person:?} {subject:?} {kind:?} {from:?} {to:?}")
    }
}

impl AuditEntry {
    /// The entry in words.
    pub fn new(entry: person::AuditEntry, lang: Lang) -> Self {
        let person::AuditEntry {
            position: _,
            at,
            aggregate,
            subject,
            kind,
            by,
            scope_code,
            reason,
            role,
            places,
            unit,
            successor,
            name,
            year,
            version,
        } = entry;
        let label = audited(&kind, lang).unwrap_or(&kind).to_owned();
        let by = by.map(|by| by.0);
        Self {
            at,
            label,
            kind,
            by,
            aggregate,
            subject,
            scope_code,
            reason,
            role,
            places,
            unit,
            successor,
            name,
            year,
            version,
        }
    }
}
