//! Units on the wire.

use domain::view;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 建立单位。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "市水务局", "place": "532504"}))]
pub struct CreateUnit {
    /// 名称，1 至 50 字
    #[schema(min_length = 1, max_length = 50)]
    pub name: String,
    /// 所在县的代码，6 位
    pub place: String,
}

/// 单位改名。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "市水务与河湖管理局"}))]
pub struct EditUnit {
    /// 名称，1 至 50 字
    #[schema(min_length = 1, max_length = 50)]
    pub name: String,
}

/// 单位列表的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListUnits {
    /// 地点编码：所在县的单位
    #[param(example = "532504")]
    pub place: Option<String>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

/// 单位。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000091", "version": 1, "name": "市住房和城乡建设局", "place": "532504"
}))]
pub struct Unit {
    /// 单位标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 名称
    pub name: String,
    /// 所在县的代码
    pub place: String,
}

/// 一页单位。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "id": "01990000-0000-7000-8000-000000000091", "version": 1, "name": "市住房和城乡建设局", "place": "532504"
}], "next_cursor": null}))]
pub struct UnitPage {
    /// 本页
    pub items: Vec<Unit>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

impl From<&view::Unit> for Unit {
    fn from(unit: &view::Unit) -> Self {
        let view::Unit { id, county, name, version } = unit;
        Self { id: id.0, version: *version, name: name.clone(), place: county.to_string() }
    }
}
