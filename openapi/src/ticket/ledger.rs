//! Joint discussions, the ledger and promises on the wire (会商、台账、承诺).

use crate::label::words;
use crate::strict::{Moment, Word};
use chrono::{DateTime, NaiveDate, Utc};
use domain::ticket::{Assessment as DomainAssessment, Commonality, Discussion as DomainDiscussion};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// 会商。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"units": ["01990000-0000-7000-8000-000000000091"], "conclusion": "由住建局牵头，城管局配合，周五前完成。"}))]
pub struct Discuss {
    /// 参加的单位，至多 20 个
    #[schema(max_items = 20)]
    pub units: Option<Vec<Uuid>>,
    /// 结论，1 至 10000 字；诉求人看不到
    #[schema(min_length = 1, max_length = 10000)]
    pub conclusion: String,
}

/// 最近一次会商；结论见办理过程。
#[derive(Debug, Serialize, ToSchema)]
pub struct Discussion {
    /// 谁记下的结论
    pub by: Uuid,
    /// 时间
    pub at: DateTime<Utc>,
    /// 参加的单位
    pub units: Vec<Uuid>,
}

impl From<&DomainDiscussion> for Discussion {
    fn from(discussion: &DomainDiscussion) -> Self {
        let DomainDiscussion { by, at, units } = discussion;
        Self { by: by.0, at: *at, units: units.iter().map(|unit| unit.0).collect() }
    }
}

/// 党支部研判：列入台账。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"commonality": "shared", "opinion": "多个小区停车难，列入下周派单计划。", "planned_for": "2026-12-07"}))]
pub struct Assess {
    /// shared 共性，individual 个性
    #[schema(schema_with = words::<Commonality>)]
    pub commonality: Word<Commonality>,
    /// 研判意见，1 至 10000 字；诉求人看不到
    #[schema(min_length = 1, max_length = 10000)]
    pub opinion: String,
    /// 列入哪一天的派单计划：今天起，至多两年
    pub planned_for: Option<NaiveDate>,
}

/// 承诺办结时限。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "已当面答复，下周一前修好。", "due_at": "2027-11-27T10:00:00Z"}))]
pub struct Promise {
    /// 给诉求人的答复，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
    /// 办结期限：此刻之后，至多两年
    #[schema(value_type = DateTime<Utc>)]
    pub due_at: Moment,
}

/// 台账：最近一次党支部研判；意见见办理过程。
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LedgerEntry)]
pub struct Assessment {
    /// 共性或个性
    #[schema(schema_with = words::<Commonality>)]
    pub commonality: Commonality,
    /// 谁记下的
    pub by: Uuid,
    /// 时间
    pub at: DateTime<Utc>,
    /// 列入哪一天的派单计划
    pub planned_for: Option<NaiveDate>,
}

impl From<DomainAssessment> for Assessment {
    fn from(assessment: DomainAssessment) -> Self {
        let DomainAssessment { commonality, by, at, planned_for } = assessment;
        Self { commonality, by: by.0, at, planned_for }
    }
}
