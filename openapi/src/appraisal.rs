//! Appraisals on the wire (考评).

use crate::label::words;
use domain::appraisal::{Appraisal as Counted, CommunityAppraisal};
use domain::id::UnitId;
use domain::ticket::Appraiser;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 一个单位一年的考评：如何回应吹哨。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "unit": "01990000-0000-7000-8000-000000000091", "name": "市住房和城乡建设局", "year": 2026,
    "whistles": 3, "in_time": 2, "late": 1, "missing": 0, "mean_minutes": 12.5, "score": 85.0, "weight_percent": 20,
    "contribution": 17.0, "communities": [{
        "place": "532504001007", "name": "温泉社区", "whistles": 3, "in_time": 2, "late": 1, "missing": 0,
        "opinions": [{"appraiser": "community", "score": 85.0}], "score": 85.0
    }]
}))]
pub struct Appraisal {
    /// 单位标识
    pub unit: Uuid,
    /// 单位名称
    pub name: String,
    /// 年份（北京时间），按吹哨时间计
    pub year: i32,
    /// 被呼叫的次数，含尚在时限内的和不再需要报到的
    pub whistles: i64,
    /// 按时报到的次数
    pub in_time: i64,
    /// 迟到的次数
    pub late: i64,
    /// 逾期未报到的次数；时限未到而工单已办结或终止的不计
    pub missing: i64,
    /// 报到平均用时，分钟，两位小数；从未报到为 null
    pub mean_minutes: Option<f64>,
    /// 各社区评分的平均，0 至 100，两位小数；无人评价为 null
    pub score: Option<f64>,
    /// 评价意见在考评中的权重，百分数，依规程
    pub weight_percent: u8,
    /// 计入考评的分数：评分乘以权重
    pub contribution: Option<f64>,
    /// 各社区，按编码排列
    pub communities: Vec<OfCommunity>,
}

/// 一个社区的呼叫与评价。
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AppraisalOfCommunity)]
pub struct OfCommunity {
    /// 社区的地点编码
    pub place: String,
    /// 名称；地点已撤并为 null
    pub name: Option<String>,
    /// 被呼叫的次数，含尚在时限内的和不再需要报到的
    pub whistles: i64,
    /// 按时报到的次数
    pub in_time: i64,
    /// 迟到的次数
    pub late: i64,
    /// 逾期未报到的次数；时限未到而工单已办结或终止的不计
    pub missing: i64,
    /// 规程所定各级的平均评分
    pub opinions: Vec<OfLevel>,
    /// 各级的平均；无人评价为 null
    pub score: Option<f64>,
}

/// 一级的平均评分。
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AppraisalOfLevel)]
pub struct OfLevel {
    /// 哪一级：community 社区，street 街道（乡镇）
    #[schema(schema_with = words::<Appraiser>)]
    pub appraiser: Appraiser,
    /// 0 至 100，两位小数；未评价为 null
    pub score: Option<f64>,
}

/// 一页考评，按单位标识排列。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"place": "532504", "year": 2026, "items": [], "next_cursor": null}))]
pub struct AppraisalPage {
    /// 地点编码：只计其中各社区的呼叫与评价
    pub place: String,
    /// 年份
    pub year: i32,
    /// 本页：被呼叫过的单位
    pub items: Vec<Appraisal>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

/// 一个单位的考评。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AskAppraisal {
    /// 年份（北京时间），默认今年
    #[param(example = 2026, minimum = 2000, maximum = 2100)]
    pub year: Option<i64>,
}

/// 考评的范围。
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListAppraisals {
    /// 地点编码：社区及以上，含其下各级
    #[param(example = "532504")]
    pub place: String,
    /// 年份（北京时间），默认今年
    #[param(example = 2026, minimum = 2000, maximum = 2100)]
    pub year: Option<i64>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl ListAppraisals {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { place, year, cursor: _, limit: _ } = self;
        format!("{place:?} {year:?}")
    }
}

impl Appraisal {
    /// The appraisal of a unit in a year.
    pub fn new((unit, name): (UnitId, String), year: i32, weight_percent: u8, counted: Counted) -> Self {
        Self {
            unit: unit.0,
            name,
            year,
            whistles: counted.whistles,
            in_time: counted.in_time,
            late: counted.late,
            missing: counted.missing,
            mean_minutes: counted.mean_minutes.map(two_decimals),
            score: counted.score.map(two_decimals),
            weight_percent,
            contribution: counted.contribution.map(two_decimals),
            communities: counted.communities.into_iter().map(OfCommunity::from).collect(),
        }
    }
}

impl From<CommunityAppraisal> for OfCommunity {
    fn from(appraisal: CommunityAppraisal) -> Self {
        let CommunityAppraisal { answers, levels, score } = appraisal;
        let level = |(appraiser, score): (Appraiser, Option<f64>)| OfLevel {
            appraiser,
            score: score.map(two_decimals),
        };
        Self {
            place: answers.community.to_string(),
            name: answers.name,
            whistles: answers.whistles,
            in_time: answers.in_time,
            late: answers.late,
            missing: answers.missing,
            opinions: levels.into_iter().map(level).collect(),
            score: score.map(two_decimals),
        }
    }
}

fn two_decimals(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
