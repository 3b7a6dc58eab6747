//! Imports and exports on the wire.

use crate::label::words;
use chrono::{DateTime, Utc};
use domain::import::{Subject, Tally};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 什么的模板。
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TemplateOf {
    /// `places` 地点、`units` 单位、`people` 人员、`ties` 关系
    #[param(schema_with = words::<Subject>)]
    pub subject: String,
    /// 县级代码：下拉选项按其规程
    #[param(example = "532504")]
    pub place: Option<String>,
}

/// 导入什么。
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AskImport {
    /// `places` 地点、`units` 单位、`people` 人员、`ties` 关系
    #[param(schema_with = words::<Subject>)]
    pub subject: String,
    /// 县级代码
    #[param(example = "532504")]
    pub place: String,
    /// 只检查，不写入
    #[serde(default)]
    pub dry_run: bool,
    /// 依据、事由，1 至 200 字，记入沿革；不填为“表格导入”
    pub reason: Option<String>,
}

/// 导出什么。
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AskExport {
    /// `places` 地点、`units` 单位、`people` 人员、`ties` 关系
    #[param(schema_with = words::<Subject>)]
    pub subject: String,
    /// 地点编码：该地及其下各级
    #[param(example = "532504")]
    pub place: String,
    /// `xlsx`（默认）或 `csv`
    pub format: Option<String>,
    /// 事由，1 至 200 字；人员、关系含手机号明文，须填写，并记入审计
    pub reason: Option<String>,
}

/// 一次导入。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000901", "subject": "places", "place": "532504", "dry_run": false, "status": "refused",
    "fault_count": 1, "faults": [{"row": 3, "column": "编码", "code": "import.twice", "message": "与第 2 行相同。"}],
    "marked": true, "created_at": "2026-11-22T01:00:00Z", "finished_at": "2026-11-22T01:00:02Z"
}))]
pub struct ImportJob {
    /// 导入标识
    pub id: Uuid,
    /// 导入什么
    pub subject: String,
    /// 县级代码
    pub place: String,
    /// 是否只检查
    pub dry_run: bool,
    /// `waiting` 等待、`running` 进行中、`done` 完成、`refused` 表格有问题（什么都没有写入）、`failed` 未能进行
    pub status: String,
    /// 进行到哪一步：`read` 读表格、`take` 核对并写入、`mark` 标注问题
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// 结果
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tally: Option<ImportTally>,
    /// 整个文件的问题
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// 问题总数
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault_count: Option<usize>,
    /// 前 100 个问题；全部见标注副本
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<ImportFault>,
    /// 不认识而略过的列
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown_columns: Vec<String>,
    /// 是否有标注副本：`GET /imports/{id}/marked`
    pub marked: bool,
    /// 提交时间
    pub created_at: DateTime<Utc>,
    /// 结束时间；一周后连同副本删除
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
}

/// 导入的结果。
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportTally {
    /// 表格的行数
    pub rows: u64,
    /// 新增
    pub added: u64,
    /// 更改
    pub changed: u64,
    /// 不变
    pub unchanged: u64,
}

/// 表格的一处问题。
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportFault {
    /// 行号，与 Excel 所示相同
    pub row: u32,
    /// 列名；整行的问题不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// 稳定的代码
    pub code: String,
    /// 哪里不对、允许什么
    pub message: String,
}

impl From<&Tally> for ImportTally {
    fn from(tally: &Tally) -> Self {
        let Tally { rows, added, changed, unchanged } = *tally;
        Self { rows, added, changed, unchanged }
    }
}
