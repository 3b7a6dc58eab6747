//! Figures and rates on the wire.

use chrono::NaiveDate;
use domain::figure::{Count, Counted, PlaceFigures as View, RateRule, Tally};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 统计数。工单记在提交当日（北京时间），随其办理而变；撤单、不予受理、并单的除前两项外一概不计。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "submitted": 10, "dropped": 1, "accepted": 9, "accepted_in_time": 8, "arrived": 9, "arrived_in_time": 8, "resolved": 8,
    "solved": 7, "solved_in_time": 6, "breaches": 3, "reworked": 1, "rated": 6, "satisfied": 4, "fairly_satisfied": 1,
    "dissatisfied": 1, "common": 2, "individual": 5
}))]
pub struct Totals {
    /// 点单
    pub submitted: i64,
    /// 撤单、不予受理、并单
    pub dropped: i64,
    /// 接过单的
    pub accepted: i64,
    /// 首次接单未超接单时限的；没有接单时限的看到场时限
    pub accepted_in_time: i64,
    /// 到过场的
    pub arrived: i64,
    /// 到过场且到场时限从未超时的
    pub arrived_in_time: i64,
    /// 已办结的
    pub resolved: i64,
    /// 已办结且已解决的
    pub solved: i64,
    /// 已解决且解决、方案、答复时限从未超时的
    pub solved_in_time: i64,
    /// 各轮各时限超时的次数
    pub breaches: i64,
    /// 重办、重新打开的次数
    pub reworked: i64,
    /// 已评价的
    pub rated: i64,
    /// 满意
    pub satisfied: i64,
    /// 基本满意
    pub fairly_satisfied: i64,
    /// 不满意
    pub dissatisfied: i64,
    /// 台账上的共性问题
    pub common: i64,
    /// 台账上的个性问题
    pub individual: i64,
}

/// 一项指标，定义见规程。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"key": "response", "name": "响应率", "value": 0.8889, "numerator": 8, "denominator": 9}))]
pub struct FigureRate {
    /// 稳定的名称
    pub key: String,
    /// 给人看的名称
    pub name: String,
    /// 0 至 1，四位小数；分母为 0 时为 null
    pub value: Option<f64>,
    /// 分子
    pub numerator: i64,
    /// 分母
    pub denominator: i64,
}

/// 剔除后的统计：申诉获准的超时、评价或整件工单不计。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"totals": {
    "submitted": 10, "dropped": 1, "accepted": 9, "accepted_in_time": 8, "arrived": 9, "arrived_in_time": 8, "resolved": 8,
    "solved": 7, "solved_in_time": 6, "breaches": 2, "reworked": 1, "rated": 6, "satisfied": 4, "fairly_satisfied": 1,
    "dissatisfied": 1, "common": 2, "individual": 5
}, "rates": [{"key": "response", "name": "响应率", "value": 0.8889, "numerator": 8, "denominator": 9}]}))]
pub struct Adjusted {
    /// 合计
    pub totals: Totals,
    /// 指标
    pub rates: Vec<FigureRate>,
}

/// 一天的统计数。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"day": "2026-11-21", "totals": {
    "submitted": 10, "dropped": 1, "accepted": 9, "accepted_in_time": 8, "arrived": 9, "arrived_in_time": 8, "resolved": 8,
    "solved": 7, "solved_in_time": 6, "breaches": 3, "reworked": 1, "rated": 6, "satisfied": 4, "fairly_satisfied": 1,
    "dissatisfied": 1, "common": 2, "individual": 5
}, "adjusted": {
    "submitted": 10, "dropped": 1, "accepted": 9, "accepted_in_time": 8, "arrived": 9, "arrived_in_time": 8, "resolved": 8,
    "solved": 7, "solved_in_time": 6, "breaches": 2, "reworked": 1, "rated": 6, "satisfied": 4, "fairly_satisfied": 1,
    "dissatisfied": 1, "common": 2, "individual": 5
}}))]
pub struct Day {
    /// 提交日（北京时间）
    pub day: NaiveDate,
    /// 当日提交的工单
    pub totals: Totals,
    /// 同上，剔除后
    pub adjusted: Totals,
}

/// 一个地点或单位的统计。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "place": "532504", "unit": null, "from": "2026-11-01", "to": "2026-11-30", "totals": {
        "submitted": 10, "dropped": 1, "accepted": 9, "accepted_in_time": 8, "arrived": 9, "arrived_in_time": 8, "resolved": 8,
        "solved": 7, "solved_in_time": 6, "breaches": 3, "reworked": 1, "rated": 6, "satisfied": 4, "fairly_satisfied": 1,
        "dissatisfied": 1, "common": 2, "individual": 5
    }, "rates": [{"key": "response", "name": "响应率", "value": 0.8889, "numerator": 8, "denominator": 9}],
    "adjusted": {"totals": {
        "submitted": 10, "dropped": 1, "accepted": 9, "accepted_in_time": 8, "arrived": 9, "arrived_in_time": 8, "resolved": 8,
        "solved": 7, "solved_in_time": 6, "breaches": 2, "reworked": 1, "rated": 6, "satisfied": 4, "fairly_satisfied": 1,
        "dissatisfied": 1, "common": 2, "individual": 5
    }, "rates": [{"key": "response", "name": "响应率", "value": 0.8889, "numerator": 8, "denominator": 9}]}, "days": []
}))]
pub struct Figures {
    /// 地点编码；问单位时为 null
    pub place: Option<String>,
    /// 单位标识；问地点时为 null
    pub unit: Option<Uuid>,
    /// 自（含）
    pub from: NaiveDate,
    /// 至（含）
    pub to: NaiveDate,
    /// 合计
    pub totals: Totals,
    /// 指标
    pub rates: Vec<FigureRate>,
    /// 剔除后的合计和指标
    pub adjusted: Adjusted,
    /// 各日；没有点单的日子不出现
    pub days: Vec<Day>,
}

/// 下一级的一个地点。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "place": "532504001", "name": "弥阳街道", "totals": {
        "submitted": 10, "dropped": 1, "accepted": 9, "accepted_in_time": 8, "arrived": 9, "arrived_in_time": 8, "resolved": 8,
        "solved": 7, "solved_in_time": 6, "breaches": 3, "reworked": 1, "rated": 6, "satisfied": 4, "fairly_satisfied": 1,
        "dissatisfied": 1, "common": 2, "individual": 5
    }, "rates": [{"key": "response", "name": "响应率", "value": 0.8889, "numerator": 8, "denominator": 9}],
    "adjusted": {"totals": {
        "submitted": 10, "dropped": 1, "accepted": 9, "accepted_in_time": 8, "arrived": 9, "arrived_in_time": 8, "resolved": 8,
        "solved": 7, "solved_in_time": 6, "breaches": 2, "reworked": 1, "rated": 6, "satisfied": 4, "fairly_satisfied": 1,
        "dissatisfied": 1, "common": 2, "individual": 5
    }, "rates": [{"key": "response", "name": "响应率", "value": 0.8889, "numerator": 8, "denominator": 9}]}
}))]
pub struct PlaceFigures {
    /// 地点编码
    pub place: String,
    /// 名称
    pub name: String,
    /// 合计
    pub totals: Totals,
    /// 指标
    pub rates: Vec<FigureRate>,
    /// 剔除后的合计和指标
    pub adjusted: Adjusted,
}

/// 下一级各地点的统计。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"place": "532504", "from": "2026-11-01", "to": "2026-11-30", "items": []}))]
pub struct PlacesFigures {
    /// 上一级的地点编码
    pub place: String,
    /// 自（含）
    pub from: NaiveDate,
    /// 至（含）
    pub to: NaiveDate,
    /// 按编码排列
    pub items: Vec<PlaceFigures>,
}

/// 统计的范围。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AskFigures {
    /// 地点编码，含其下各级；与 `unit` 二选一
    #[param(example = "532504")]
    pub place: Option<String>,
    /// 主办单位
    pub unit: Option<Uuid>,
    /// 自（含），提交日；默认为 `to` 之前 29 天
    #[param(example = "2026-11-01")]
    pub from: Option<NaiveDate>,
    /// 至（含），提交日；默认今天；至多 366 天
    #[param(example = "2026-11-30")]
    pub to: Option<NaiveDate>,
}

/// 下一级统计的范围。
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AskPlaces {
    /// 上一级的地点编码
    #[param(example = "532504")]
    pub place: String,
    /// 自（含），提交日；默认为 `to` 之前 29 天
    #[param(example = "2026-11-01")]
    pub from: Option<NaiveDate>,
    /// 至（含），提交日；默认今天；至多 366 天
    #[param(example = "2026-11-30")]
    pub to: Option<NaiveDate>,
}

impl From<&Tally> for Totals {
    fn from(tally: &Tally) -> Self {
        Self {
            submitted: tally.get(Count::Submitted),
            dropped: tally.get(Count::Dropped),
            accepted: tally.get(Count::Accepted),
            accepted_in_time: tally.get(Count::AcceptedInTime),
            arrived: tally.get(Count::Arrived),
            arrived_in_time: tally.get(Count::ArrivedInTime),
            resolved: tally.get(Count::Resolved),
            solved: tally.get(Count::Solved),
            solved_in_time: tally.get(Count::SolvedInTime),
            breaches: tally.get(Count::Breaches),
            reworked: tally.get(Count::Reworked),
            rated: tally.get(Count::Rated),
            satisfied: tally.get(Count::Satisfied),
            fairly_satisfied: tally.get(Count::FairlySatisfied),
            dissatisfied: tally.get(Count::Dissatisfied),
            common: tally.get(Count::Common),
            individual: tally.get(Count::Individual),
        }
    }
}

/// The rates of a tally.
pub fn rates(rules: &[RateRule], tally: &Tally) -> Vec<FigureRate> {
    let rate = |rule: &RateRule| {
        let (numerator, denominator) = rule.sides(tally);
        FigureRate {
            key: rule.key.clone(),
            name: rule.name.clone(),
            value: quotient(numerator, denominator),
            numerator,
            denominator,
        }
    };
    rules.iter().map(rate).collect()
}

/// To four decimals; none by nothing.
fn quotient(numerator: i64, denominator: i64) -> Option<f64> {
    let shares = numerator.checked_mul(10_000)?.checked_add(denominator / 2)?.checked_div(denominator)?;
    Some(f64::from(i32::try_from(shares).ok()?) / 10_000.0)
}

impl Adjusted {
    /// What was counted without what is left out, with the rates of that.
    pub fn new(counted: &Counted, rules: &[RateRule]) -> Self {
        let tally = counted.adjusted();
        Self { totals: Totals::from(&tally), rates: rates(rules, &tally) }
    }
}

impl PlaceFigures {
    /// The figures of a place with their rates.
    pub fn new(view: View, rules: &[RateRule]) -> Self {
        let View { place, name, counted } = view;
        Self {
            place: place.to_string(),
            name,
            totals: Totals::from(&counted.all),
            rates: rates(rules, &counted.all),
            adjusted: Adjusted::new(&counted, rules),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_four_decimals_and_none_by_nothing() {
        let cases =
            [(8, 9, Some(0.8889)), (0, 5, Some(0.0)), (5, 5, Some(1.0)), (0, 0, None), (1, 3, Some(0.3333))];
        for (numerator, denominator, expected) in cases {
            assert_eq!(quotient(numerator, denominator), expected, "{numerator}/{denominator}");
        }
    }
}
