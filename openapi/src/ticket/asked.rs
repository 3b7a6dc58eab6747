//! Parts of what clients send: where it is, whom to call, where it came from.

use crate::strict::{Object, Word};
use chrono::NaiveDate;
use domain::geo::Datum;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::{ObjectBuilder, Type};
use uuid::Uuid;

/// 认领。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct ClaimTicket {
    /// 组团认领：本人所在队伍的标识；认领者牵头，全队协办
    pub team: Option<Uuid>,
}

/// 来源活动。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"title": "十一月村民大会", "held_on": "2026-11-20"}))]
pub struct Origin {
    /// 活动名称，1 至 200 字
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// 举办日期：今天或此前一年内
    pub held_on: Option<NaiveDate>,
    /// 来自群聊的哪一条消息；渠道须为 chat，同一县内同一条消息只能点单一次
    #[schema(value_type = Option<ChatMessage>)]
    pub message: Option<Object<ChatMessage>>,
    /// 其他平台（如市级热线平台）的单号，1 至 100 字；渠道须为 hotline，同一帐号的同一单号只能点单一次。只保存其带密钥的哈希
    #[schema(min_length = 1, max_length = 100)]
    pub order: Option<String>,
}

/// 群聊的一条消息。只保存其带密钥的哈希，不保存群名和消息编号。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"group": "温泉小区居民群", "id": "7412369850"}))]
pub struct ChatMessage {
    /// 群名或群编号，1 至 100 字
    #[schema(min_length = 1, max_length = 100)]
    pub group: String,
    /// 消息编号，1 至 100 字
    #[schema(min_length = 1, max_length = 100)]
    pub id: String,
}

/// 联系人，姓名和电话至少填写一项。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "王小二", "phone": "13800001234"}))]
pub struct Contact {
    /// 姓名，1 至 30 字
    #[schema(min_length = 1, max_length = 30)]
    pub name: Option<String>,
    /// 手机、带区号的固定电话，或以 + 开头的国际号码
    pub phone: Option<String>,
}

/// 地点：填写 `code`，或填写 `lat`、`lng`、`datum`。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "532504001007"}))]
pub struct PlaceRef {
    /// 社区（村）或以下的地点编码
    pub code: Option<String>,
    /// 纬度（度）
    pub lat: Option<f64>,
    /// 经度（度）
    pub lng: Option<f64>,
    /// 坐标系
    #[schema(schema_with = datum)]
    pub datum: Option<Word<Datum>>,
}

/// 位置。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lat": 24.4119, "lng": 103.4149, "datum": "gcj02"}))]
pub struct Position {
    /// 纬度（度），17.5 至 53.6
    pub lat: f64,
    /// 经度（度），73.4 至 135.2
    pub lng: f64,
    /// 坐标系：微信给出的是 gcj02
    #[schema(schema_with = datum)]
    pub datum: Word<Datum>,
}

pub(crate) fn datum() -> utoipa::openapi::Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["gcj02", "wgs84"])).build()
}
