//! Bookings on the wire.

use crate::Lang;
use crate::label::words;
use crate::matter::{masked_unless, named, place};
use crate::strict::Moment;
use crate::tie::{TiedPlace, TiedTo};
use chrono::{DateTime, NaiveDate, Utc};
use domain::actor::Actor;
use domain::booking::{self, BookingStatus};
use domain::id::UserId;
use domain::matter::MatterView;
use domain::tie::Holder;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 预约。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "point": "01990000-0000-7000-8000-000000000701", "service": "社保卡补领", "begins_at": "2026-11-24T01:00:00Z"
}))]
pub struct Book {
    /// 点位
    pub point: Uuid,
    /// 该点位可预约的一项服务的名称
    #[schema(min_length = 1, max_length = 50)]
    pub service: String,
    /// 时段从何时起，见 `GET /points/{id}/slots`；至多 30 天以后
    #[schema(value_type = DateTime<Utc>)]
    pub begins_at: Moment,
    /// 想说明的，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub text: Option<String>,
    /// 为谁：工作人员替居民预约时填写；不填为本人
    pub person: Option<Uuid>,
}

/// 预约的人已到、已办理。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "新卡十个工作日后到此领取"}))]
pub struct ServeBooking {
    /// 答复，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub text: Option<String>,
}

/// 预约的人未到；没有内容。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct MissBooking {}

/// 取消预约。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "临时有事"}))]
pub struct CancelBooking {
    /// 原因，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
}

/// 预约列表的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListBookings {
    /// 地点编码：该地及其下各级；有多个县的范围时必填
    #[param(example = "532504001007")]
    pub place: Option<String>,
    /// 只看与本人、本单位有关的：本人预约的、本单位运营的点位的
    pub mine: Option<bool>,
    /// 只看这个点位的
    pub point: Option<Uuid>,
    /// 只看这一天的时段
    #[param(example = "2026-11-24")]
    pub day: Option<NaiveDate>,
    /// 状态
    #[param(schema_with = words::<BookingStatus>)]
    pub status: Option<BookingStatus>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl ListBookings {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { place, mine, point, day, status, cursor: _, limit: _ } = self;
        format!("{place:?} {mine:?} {point:?} {day:?} {status:?}")
    }
}

/// 哪一天的时段。
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListSlots {
    /// 日期；今天起至多 30 天以后
    #[param(example = "2026-11-24")]
    pub day: NaiveDate,
}

/// 一天的预约时段。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "day": "2026-11-24", "services": ["社保卡补领"],
    "items": [{"begins_at": "2026-11-24T01:00:00Z", "ends_at": "2026-11-24T01:30:00Z", "free": 2}]
}))]
pub struct SlotDay {
    /// 日期
    pub day: NaiveDate,
    /// 可预约的服务
    pub services: Vec<String>,
    /// 还没有开始的时段，先后为序；不接受预约的为空
    pub items: Vec<Slot>,
}

/// 一个预约时段。
#[derive(Debug, Serialize, ToSchema)]
pub struct Slot {
    /// 何时起
    pub begins_at: DateTime<Utc>,
    /// 何时止
    pub ends_at: DateTime<Utc>,
    /// 还有几个名额
    pub free: i64,
}

/// 预约。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000931", "version": 1, "status": "booked", "status_name": "已预约",
    "place": {"code": "532504001007", "name": "温泉社区"}, "requester": {"id": "01990000-0000-7000-8000-000000000001", "name": "王芳"},
    "point": {"id": "01990000-0000-7000-8000-000000000701", "name": "温泉社区党群服务中心"}, "service": "社保卡补领",
    "begins_at": "2026-11-24T01:00:00Z", "ends_at": "2026-11-24T01:30:00Z", "booked_at": "2026-11-21T01:00:00Z"
}))]
pub struct Booking {
    /// 标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 状态
    #[schema(schema_with = words::<BookingStatus>)]
    pub status: BookingStatus,
    /// 状态名称
    pub status_name: &'static str,
    /// 地点
    pub place: TiedPlace,
    /// 谁来
    pub requester: TiedTo,
    /// 谁代为预约的；本人预约的没有
    #[serde(skip_serializing_if = "Option::is_none")]
    pub booked_by: Option<TiedTo>,
    /// 点位，预约时的名称
    pub point: TiedTo,
    /// 运营单位
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<TiedTo>,
    /// 服务的名称
    pub service: String,
    /// 时段从何时起
    pub begins_at: DateTime<Utc>,
    /// 到何时止
    pub ends_at: DateTime<Utc>,
    /// 何时预约
    pub booked_at: DateTime<Utc>,
    /// 说明；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// 答复，或取消的原因
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
    /// 何时办理、取消或确认未到
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over_at: Option<DateTime<Utc>>,
}

/// 一页预约，时段晚的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
pub struct BookingPage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<Booking>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

impl Booking {
    /// The booking in the words of a language.
    ///
    /// Who comes is named to whom the booking names them; to others as `王**`.
    pub fn new(view: &MatterView<booking::Booking>, viewer: &Actor, lang: Lang) -> Self {
        let booking = &view.matter;
        let words = |text| view.text(text).map(str::to_owned);
        let person = |person: UserId| named(view, Holder::Person(person));
        Self {
            id: view.id,
            version: view.version,
            status: booking.status,
            status_name: status(booking.status, lang),
            place: place(view),
            requester: masked_unless(
                booking.names_requester_to(viewer, &view.place.code),
                person(booking.requester),
            ),
            booked_by: Some(booking.booked_by).filter(|by| *by != booking.requester).map(person),
            point: TiedTo { id: booking.point.0, name: booking.point_name.clone() },
            unit: booking.unit.map(|unit| named(view, Holder::Unit(unit))),
            service: booking.service.clone(),
            begins_at: booking.begins_at,
            ends_at: booking.ends_at(),
            booked_at: booking.booked_at,
            text: booking.text.and_then(words),
            reply: booking.reply.and_then(words),
            over_at: booking.over_at,
        }
    }
}

fn status(status: BookingStatus, lang: Lang) -> &'static str {
    match status {
        BookingStatus::Booked => lang.of("已预约", "booked"),
        BookingStatus::Served => lang.of("已办理", "served"),
        BookingStatus::NoShow => lang.of("未到", "did not come"),
        BookingStatus::Cancelled => lang.of("已取消", "cancelled"),
    }
}
