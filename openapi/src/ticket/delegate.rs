//! By what means it is done, and who of the residents watches, on the wire (办理途径, 居民代表).

use crate::label::optional_words;
use chrono::{DateTime, Utc};
use domain::ticket::{Means, Plan};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// 方案。
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanText<'a> {
    /// 内容；已删除时为 null
    pub text: Option<&'a str>,
    /// 计划完成时间
    pub due: Option<DateTime<Utc>>,
    /// 办理途径：own 自办、tender 招标、joint 联办；没有说明时为 null
    #[schema(schema_with = optional_words::<Means>)]
    pub means: Option<Means>,
    /// 时间
    pub at: DateTime<Utc>,
}

impl<'a> PlanText<'a> {
    pub(super) fn of(plan: Plan, text: Option<&'a str>) -> Self {
        let Plan { text: _, due, means, at } = plan;
        Self { text, due, means, at }
    }
}

/// 设居民代表。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"persons": ["01990000-0000-7000-8000-000000000007"]}))]
pub struct Delegates {
    /// 人员标识，至多 5 名，须在本县名册或岗位上；取代此前所设，空则不再设
    #[schema(max_items = 5)]
    pub persons: Vec<Uuid>,
}

/// 监督意见。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "路面已压实，进度和方案一致。", "satisfied": true}))]
pub struct Observe {
    /// 意见，1 至 10000 字；工作人员和诉求人可见
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
    /// 对办理是否满意
    pub satisfied: bool,
}
