//! Boundaries on the wire: GeoJSON (RFC 7946), in either datum.

use crate::strict::Word;
use crate::ticket::datum;
use chrono::NaiveDate;
use domain::geo::Datum;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// 划定边界。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "geometry": {"type": "Polygon", "coordinates": [[[103.41, 24.41], [103.42, 24.41], [103.42, 24.42], [103.41, 24.41]]]},
    "datum": "gcj02", "reason": "网格划分方案（2026）"
}))]
pub struct SetBoundary {
    /// GeoJSON 的 `Polygon` 或 `MultiPolygon`，坐标为 [经度, 纬度]，至多 5000 个点；可有洞
    #[schema(value_type = Object)]
    pub geometry: serde_json::Value,
    /// 坐标系：GeoJSON 不写明坐标系，须在此指明
    #[schema(schema_with = datum)]
    pub datum: Word<Datum>,
    /// 依据、事由，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
    /// 自哪天起，不晚于今天；不填为今天
    pub on: Option<NaiveDate>,
}

/// 以哪种坐标系答复。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InDatum {
    /// 坐标系：`gcj02`（默认，微信和国内地图用）或 `wgs84`
    #[param(value_type = Option<String>, example = "gcj02")]
    pub datum: Option<Datum>,
}

/// 边界。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "geometry": {"type": "MultiPolygon", "coordinates": [[[[103.41, 24.41], [103.42, 24.41], [103.42, 24.42], [103.41, 24.41]]]]},
    "datum": "gcj02", "square_metres": 562000
}))]
pub struct Boundary {
    /// GeoJSON 的 `MultiPolygon`
    #[schema(value_type = Object)]
    pub geometry: serde_json::Value,
    /// 坐标系
    #[schema(schema_with = datum)]
    pub datum: Datum,
    /// 面积，平方米
    pub square_metres: u64,
}

/// 一个位置。
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AtPosition {
    /// 纬度（度），17.5 至 53.6
    #[param(example = 24.4119)]
    pub lat: f64,
    /// 经度（度），73.4 至 135.2
    #[param(example = 103.4149)]
    pub lng: f64,
    /// 坐标系：`gcj02`（微信给出的）或 `wgs84`
    #[param(value_type = String, example = "gcj02")]
    pub datum: Datum,
}

/// 边界检查：下一级是否正好铺满、互不重叠。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "places": 12, "without_boundary": ["532504001007009"], "gap_square_metres": 1200,
    "overlaps": [{"codes": ["532504001007001", "532504001007002"], "square_metres": 350}], "outside_square_metres": 0
}))]
pub struct Coverage {
    /// 下一级地点数
    pub places: usize,
    /// 没有边界的
    pub without_boundary: Vec<String>,
    /// 本地点之内没有划给任何下一级的面积，平方米；本地点没有边界时不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap_square_metres: Option<u64>,
    /// 下一级超出本地点边界的面积，平方米；本地点没有边界时不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outside_square_metres: Option<u64>,
    /// 互相重叠的
    pub overlaps: Vec<Overlap>,
}

/// 两个地点重叠。
#[derive(Debug, Serialize, ToSchema)]
pub struct Overlap {
    /// 两个地点的编码
    pub codes: [String; 2],
    /// 重叠的面积，平方米
    pub square_metres: u64,
}
