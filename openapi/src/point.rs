//! Points on the wire.

use crate::Lang;
use crate::label::{point_kind, words};
use crate::strict::{Object, Word};
use crate::ticket::{Position, datum};
use chrono::{DateTime, NaiveDate, Utc};
use domain::geo::{self, Datum};
use domain::point::{self, Charge, Kind, Mode};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 一个点位的全部内容。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "service_point", "name": "温泉社区党群服务中心", "place": "532504001007",
    "position": {"lat": 24.4119, "lng": 103.4149, "datum": "gcj02"}, "address": "温泉路 12 号一楼", "phone": "0873-6123456",
    "hours": [{"weekday": 1, "from": "08:30", "to": "12:00"}, {"weekday": 1, "from": "14:00", "to": "17:30"}],
    "activities": "每周三下午：老年书画班", "conveniences": "饮水、充电、雨伞、应急药箱",
    "services": [
        {"name": "代办居住证明", "modes": ["order", "errand"], "price": "free"},
        {"name": "上门理发", "modes": ["booking", "home"], "price": "part_paid", "amount": 500, "per": "次"}],
    "unit": "01990000-0000-7000-8000-000000000091"
}))]
pub struct WritePoint {
    /// 种类：`service_point` 服务点，`talking_point` 说事点，`suggestion_box` 意见箱，`camera` 监控，`shop` 商铺，`venue` 活动场所
    #[schema(schema_with = words::<Kind>)]
    pub kind: Word<Kind>,
    /// 名称，1 至 50 字
    #[schema(min_length = 1, max_length = 50)]
    pub name: String,
    /// 所属地点的编码：街道（乡镇）或以下，旧编码也可以
    pub place: String,
    /// 位置
    #[schema(value_type = Position)]
    pub position: Object<Position>,
    /// 具体地址，1 至 200 字
    #[schema(min_length = 1, max_length = 200)]
    pub address: Option<String>,
    /// 点位的公开电话：手机、带区号的固定电话，或以 + 开头
    pub phone: Option<String>,
    /// 开放时间，每周相同，至多 50 段；全天为 00:00 至 24:00，过零点的分两段写
    #[serde(default)]
    #[schema(value_type = Vec<OpeningHours>, max_items = 50)]
    pub hours: Vec<Object<OpeningHours>>,
    /// 活动计划，1 至 2000 字
    #[schema(min_length = 1, max_length = 2000)]
    pub activities: Option<String>,
    /// 便民服务：人人可用的设施和须知，1 至 2000 字
    #[schema(min_length = 1, max_length = 2000)]
    pub conveniences: Option<String>,
    /// 服务事项，至多 50 项
    #[serde(default)]
    #[schema(value_type = Vec<Service>, max_items = 50)]
    pub services: Vec<Object<Service>>,
    /// 预约时段：开放时间按此切分，供居民预约；须写明开放时间，且有一项服务可预约
    #[schema(value_type = Option<Slots>)]
    pub slots: Option<Object<Slots>>,
    /// 运营单位，须在同一个县
    pub unit: Option<Uuid>,
}

/// 每周的一段开放时间。
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpeningHours {
    /// 星期：1（一）至 7（日）
    #[schema(minimum = 1, maximum = 7)]
    pub weekday: i64,
    /// 从几点起，如 `08:30`
    pub from: String,
    /// 到几点止（不含），如 `12:00`，至 `24:00`
    pub to: String,
}

/// 预约时段。
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"minutes": 30, "seats": 2, "closed": ["2027-01-01"]}))]
pub struct Slots {
    /// 每段几分钟，5 至 240
    #[schema(minimum = 5, maximum = 240)]
    pub minutes: i64,
    /// 每段几人，1 至 50
    #[schema(minimum = 1, maximum = 50)]
    pub seats: i64,
    /// 哪些日子不接受预约，如节假日，至多 60 天；当天已有的预约不变
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 60)]
    pub closed: Vec<NaiveDate>,
}

/// 一项服务。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// 名称，1 至 50 字
    #[schema(min_length = 1, max_length = 50)]
    pub name: String,
    /// 服务方式，至少一种：`order` 点单，`booking` 预约，`home` 上门，`errand` 代办
    #[schema(schema_with = modes)]
    pub modes: Vec<Word<Mode>>,
    /// 收费：`free` 无偿，`part_paid` 低偿，`commercial` 有偿
    #[schema(schema_with = words::<Charge>)]
    pub price: Word<Charge>,
    /// 价格，分，1 至 10000000；无偿的不填
    #[schema(minimum = 1, maximum = 10_000_000)]
    pub amount: Option<i64>,
    /// 按什么计价，如 `次`、`小时`，1 至 20 字；无偿的不填
    #[schema(min_length = 1, max_length = 20)]
    pub per: Option<String>,
}

fn modes() -> utoipa::openapi::schema::Array {
    utoipa::openapi::schema::ArrayBuilder::new().items(words::<Mode>()).build()
}

/// 撤销点位。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "服务点已迁走"}))]
pub struct RetirePoint {
    /// 事由，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
}

/// 点位列表的筛选条件。
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListPoints {
    /// 地点编码：该地及其下各级的点位
    #[param(example = "532504001")]
    pub place: String,
    /// 种类
    #[param(schema_with = words::<Kind>)]
    pub kind: Option<Kind>,
    /// 名称中的文字，1 至 50 字
    #[param(example = "服务")]
    pub q: Option<String>,
    /// 有一项服务可以这样提供
    #[param(schema_with = words::<Mode>)]
    pub mode: Option<Mode>,
    /// 有一项服务这样收费；与 `mode` 同用时须是同一项服务
    #[param(schema_with = words::<Charge>)]
    pub price: Option<Charge>,
    /// 此时开放的；没有写明开放时间的不列
    pub open_at: Option<DateTime<Utc>>,
    /// 以哪种坐标系答复：`gcj02`（默认）或 `wgs84`
    #[param(schema_with = datum)]
    pub datum: Option<Datum>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl ListPoints {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { place, kind, q, mode, price, open_at, datum: _, cursor: _, limit: _ } = self;
        format!("{place} {kind:?} {q:?} {mode:?} {price:?} {open_at:?}")
    }
}

/// 从哪里出发，走多久，找什么。
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NearPoints {
    /// 纬度（度），17.5 至 53.6
    #[param(example = 24.4119)]
    pub lat: f64,
    /// 经度（度），73.4 至 135.2
    #[param(example = 103.4149)]
    pub lng: f64,
    /// 坐标系：`gcj02`（微信给出的）或 `wgs84`；答复用同一坐标系
    #[param(schema_with = datum)]
    pub datum: Datum,
    /// 步行多少分钟以内，1 至 60，默认 15
    #[param(minimum = 1, maximum = 60)]
    pub minutes: Option<i64>,
    /// 种类
    #[param(schema_with = words::<Kind>)]
    pub kind: Option<Kind>,
    /// 有一项服务可以这样提供
    #[param(schema_with = words::<Mode>)]
    pub mode: Option<Mode>,
    /// 有一项服务这样收费；与 `mode` 同用时须是同一项服务
    #[param(schema_with = words::<Charge>)]
    pub price: Option<Charge>,
    /// 此时开放的；没有写明开放时间的不列
    pub open_at: Option<DateTime<Utc>>,
    /// 至多几个，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

/// 点位。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000701", "version": 1, "kind": "service_point", "kind_name": "服务点",
    "name": "温泉社区党群服务中心", "place": {"id": "01990000-0000-7000-8000-000000000201", "code": "532504001007", "name": "温泉社区"},
    "position": {"lat": 24.4119, "lng": 103.4149, "datum": "gcj02"}, "address": "温泉路 12 号一楼", "phone": "08736123456",
    "hours": [{"weekday": 1, "from": "08:30", "to": "12:00"}, {"weekday": 1, "from": "14:00", "to": "17:30"}], "open_now": false,
    "activities": "每周三下午：老年书画班", "conveniences": "饮水、充电、雨伞、应急药箱",
    "services": [{"name": "上门理发", "modes": ["booking", "home"], "price": "part_paid", "amount": 500, "per": "次"}],
    "unit": {"id": "01990000-0000-7000-8000-000000000091", "name": "市住房和城乡建设局"}
}))]
pub struct Point {
    /// 点位标识，永久不变
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 种类
    #[schema(schema_with = words::<Kind>)]
    pub kind: String,
    /// 种类的名称
    pub kind_name: String,
    /// 名称
    pub name: String,
    /// 所属地点，现在的编码
    pub place: PointPlace,
    /// 位置
    pub position: PointPosition,
    /// 具体地址
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// 公开电话
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// 开放时间，每周相同；没有写明的为空
    pub hours: Vec<OpeningHours>,
    /// 现在是否开放（不计节假日）；没有写明开放时间的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_now: Option<bool>,
    /// 活动计划
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activities: Option<String>,
    /// 便民服务
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conveniences: Option<String>,
    /// 服务事项
    pub services: Vec<OfferedService>,
    /// 预约时段；不接受预约的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slots: Option<Slots>,
    /// 运营单位
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<PointUnit>,
    /// 撤销时间；在用的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired_at: Option<DateTime<Utc>>,
}

/// 点位所属的地点。
#[derive(Debug, Serialize, ToSchema)]
pub struct PointPlace {
    /// 地点标识
    pub id: Uuid,
    /// 现在的编码
    pub code: String,
    /// 名称
    pub name: String,
}

/// 点位的位置。
#[derive(Debug, Serialize, ToSchema)]
pub struct PointPosition {
    /// 纬度（度）
    pub lat: f64,
    /// 经度（度）
    pub lng: f64,
    /// 坐标系
    #[schema(schema_with = datum)]
    pub datum: Datum,
}

/// 点位的一项服务。
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferedService {
    /// 名称
    pub name: String,
    /// 服务方式
    #[schema(schema_with = modes)]
    pub modes: Vec<Mode>,
    /// 收费
    #[schema(schema_with = words::<Charge>)]
    pub price: Charge,
    /// 价格，分；无偿的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<u32>,
    /// 按什么计价；无偿的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per: Option<String>,
}

/// 点位的运营单位。
#[derive(Debug, Serialize, ToSchema)]
pub struct PointUnit {
    /// 单位标识
    pub id: Uuid,
    /// 名称
    pub name: String,
}

/// 一页点位，按所属地点的编码。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "id": "01990000-0000-7000-8000-000000000702", "version": 1, "kind": "suggestion_box", "kind_name": "意见箱", "name": "北门意见箱",
    "place": {"id": "01990000-0000-7000-8000-000000000201", "code": "532504001007", "name": "温泉社区"},
    "position": {"lat": 24.4119, "lng": 103.4149, "datum": "gcj02"}, "hours": [], "services": []
}], "next_cursor": null}))]
pub struct PointPage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<Point>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

/// 步行可到的点位。
#[derive(Debug, Serialize, ToSchema)]
pub struct NearbyPoint {
    /// 点位
    #[serde(flatten)]
    pub point: Point,
    /// 直线距离，米
    pub metres: u32,
    /// 步行分钟数：路程按直线的 1.3 倍、每分钟 80 米估算，不足一分钟的按一分钟
    pub walk_minutes: u32,
}

/// 步行可到的点位，近的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "id": "01990000-0000-7000-8000-000000000702", "version": 1, "kind": "suggestion_box", "kind_name": "意见箱", "name": "北门意见箱",
    "place": {"id": "01990000-0000-7000-8000-000000000201", "code": "532504001007", "name": "温泉社区"},
    "position": {"lat": 24.4119, "lng": 103.4149, "datum": "gcj02"}, "hours": [], "services": [], "metres": 320, "walk_minutes": 6
}]}))]
pub struct NearbyPoints {
    /// 近的在前
    pub items: Vec<NearbyPoint>,
}

impl Point {
    /// The point as it is `at` this time, in a datum.
    pub fn new(view: &point::View, datum: Datum, at: Timestamp, lang: Lang) -> Self {
        let point::View { point, place, place_name, unit_name } = view;
        let point::About { kind, name, place: place_id, position, unit, details } = &point.about;
        let point::Details { address, phone, hours, activities, conveniences, services, slots } = details;
        Self {
            id: point.id.0,
            version: point.version,
            kind: kind.name().to_owned(),
            kind_name: point_kind(*kind, lang).to_owned(),
            name: name.clone(),
            place: PointPlace { id: place_id.0, code: place.to_string(), name: place_name.clone() },
            position: PointPosition::new(*position, datum),
            address: address.clone(),
            phone: phone.as_ref().map(|phone| phone.as_str().to_owned()),
            hours: hours.spans().iter().map(OpeningHours::from).collect(),
            open_now: hours.open_at(at).filter(|_| point.retired_at.is_none()),
            activities: activities.clone(),
            conveniences: conveniences.clone(),
            services: services.iter().map(OfferedService::from).collect(),
            slots: slots.as_ref().map(|slots| Slots {
                minutes: slots.minutes.into(),
                seats: slots.seats.into(),
                closed: slots.closed.clone(),
            }),
            unit: unit.zip(unit_name.clone()).map(|(id, name)| PointUnit { id: id.0, name }),
            retired_at: point.retired_at,
        }
    }
}

impl PointPosition {
    /// To a centimetre, which is as good as the datum can be reckoned.
    fn new(position: geo::Position, datum: Datum) -> Self {
        let (there, round) = (position.to(datum), |degrees: f64| (degrees * 1e7).round() / 1e7);
        Self { lat: round(there.lat()), lng: round(there.lng()), datum }
    }
}

impl From<&point::Opening> for OpeningHours {
    fn from(opening: &point::Opening) -> Self {
        let span = opening.span.to_string();
        let (from, to) = span.split_once('-').unwrap_or_default();
        Self { weekday: opening.weekday.into(), from: from.to_owned(), to: to.to_owned() }
    }
}

impl From<&point::Service> for OfferedService {
    fn from(service: &point::Service) -> Self {
        let point::Service { name, modes, price } = service;
        let (amount, per) = price.amount().unzip();
        Self {
            name: name.clone(),
            modes: modes.clone(),
            price: price.into(),
            amount,
            per: per.map(str::to_owned),
        }
    }
}
