//! Duties on the wire.

use crate::Lang;
use crate::label::words;
use crate::matter::{named, place};
use crate::strict::{Moment, Object};
use crate::ticket::Position;
use crate::tie::{TiedPlace, TiedTo};
use chrono::{DateTime, NaiveDate, Utc};
use domain::duty::{self, DutyStatus};
use domain::matter::MatterView;
use domain::tie::Holder;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 履职：做了一次。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "text": "走访三户，独居老人一户，均平安", "position": {"lat": 24.4119, "lng": 103.4149, "datum": "gcj02"},
    "photos": ["01990000-0000-7000-8000-000000000901"], "raised": ["01990000-0000-7000-8000-000000000101"]
}))]
pub struct RecordDuty {
    /// 做了什么，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
    /// 在哪里：规程定了距离的必填
    #[schema(value_type = Option<Position>)]
    pub position: Option<Object<Position>>,
    /// 本人上传的照片，规程定了最少几张，至多 9 张；一张照片只用一次
    #[schema(max_items = 9)]
    pub photos: Option<Vec<Uuid>>,
    /// 提出了哪些诉求：工单标识，至多 50 个
    #[schema(max_items = 50)]
    pub raised: Option<Vec<Uuid>>,
    /// 到会人数，1 至 100000
    #[schema(minimum = 1, maximum = 100_000)]
    pub attendance: Option<u32>,
    /// 过了时间补记的，应当写明；至多补记 31 天
    pub late: Option<bool>,
    /// 离线时做的，何时做的；至多倒推规程所定的时间
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub occurred_at: Option<Moment>,
}

/// 记一次未排定的履职：多走访了一次，开了群众会、居民代表大会、现场办公会。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "key": "mass_meeting", "place": "532504001007", "text": "讨论停车位划线", "attendance": 46,
    "raised": ["01990000-0000-7000-8000-000000000101"]
}))]
pub struct CreateDuty {
    /// 规程中的键
    pub key: String,
    /// 在哪里：地点编码
    pub place: String,
    /// 在哪个点位；规程定了点位而该地有多个时应当写明
    pub point: Option<Uuid>,
    /// 以哪个单位的名义；不填为本人
    pub unit: Option<Uuid>,
    /// 做了什么，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
    /// 在哪里：规程定了距离的必填
    #[schema(value_type = Option<Position>)]
    pub position: Option<Object<Position>>,
    /// 本人上传的照片
    #[schema(max_items = 9)]
    pub photos: Option<Vec<Uuid>>,
    /// 提出了哪些诉求：工单标识
    #[schema(max_items = 50)]
    pub raised: Option<Vec<Uuid>>,
    /// 到会人数，1 至 100000
    #[schema(minimum = 1, maximum = 100_000)]
    pub attendance: Option<u32>,
    /// 离线时做的，何时做的；至多倒推规程所定的时间
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub occurred_at: Option<Moment>,
}

/// 履职列表的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListDuties {
    /// 地点编码：该地及其下各级；有多个县的范围时必填
    #[param(example = "532504001007")]
    pub place: Option<String>,
    /// 规程中的键
    pub key: Option<String>,
    /// 状态
    #[param(schema_with = words::<DutyStatus>)]
    pub status: Option<DutyStatus>,
    /// 只看本人、本单位的
    pub mine: Option<bool>,
    /// 自这一天起（含）开始的
    pub from: Option<NaiveDate>,
    /// 至这一天（含）开始的
    pub to: Option<NaiveDate>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl ListDuties {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { place, key, status, mine, from, to, cursor: _, limit: _ } = self;
        format!("{place:?} {key:?} {status:?} {mine:?} {from:?} {to:?}")
    }
}

/// 一地的履职情况：哪一项，哪一期。
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DutiesOf {
    /// 规程中的键
    #[param(example = "home_visit")]
    pub key: String,
    /// 哪一期：`2026-11-21`、`2026-W47`、`2026-11`、`2026-Q4`、`2026-H2`、`2026`；不填为现在这一期（不定期的为本月）
    #[param(example = "2026-W47")]
    pub period: Option<String>,
}

/// 一项履职。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000902", "version": 1, "key": "home_visit", "name": "入户问需", "status": "planned",
    "status_name": "待履职", "period": "2026-W47", "place": {"code": "532504001007", "name": "温泉社区"},
    "person": {"id": "01990000-0000-7000-8000-000000000003", "name": "李强"},
    "from": "2026-11-15T16:00:00Z", "until": "2026-11-22T16:00:00Z", "times": 5, "done": 0, "photos": 1, "records": []
}))]
pub struct Duty {
    /// 标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 规程中的键
    pub key: String,
    /// 名称
    pub name: String,
    /// 状态
    #[schema(schema_with = words::<DutyStatus>)]
    pub status: DutyStatus,
    /// 状态名称
    pub status_name: &'static str,
    /// 哪一期；未排定的没有
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// 地点
    pub place: TiedPlace,
    /// 点位
    #[serde(skip_serializing_if = "Option::is_none")]
    pub point: Option<Uuid>,
    /// 履职的人
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<TiedTo>,
    /// 履职的单位
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<TiedTo>,
    /// 自何时
    pub from: DateTime<Utc>,
    /// 至何时（不含）
    pub until: DateTime<Utc>,
    /// 应做几次
    pub times: u8,
    /// 做了几次
    pub done: usize,
    /// 离该地至多多少米；没有规定的没有
    #[serde(skip_serializing_if = "Option::is_none")]
    pub radius_metres: Option<u32>,
    /// 每次至少几张照片
    pub photos: u8,
    /// 历次，先做的在前
    pub records: Vec<DutyRecord>,
}

/// 做了一次。
#[derive(Debug, Serialize, ToSchema)]
pub struct DutyRecord {
    /// 何时做的
    pub at: DateTime<Utc>,
    /// 何时记下的
    pub recorded_at: DateTime<Utc>,
    /// 谁记的
    pub by: TiedTo,
    /// 做了什么；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// 离该地多少米；没有位置或该地没有边界的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metres: Option<u32>,
    /// 照片
    pub photos: Vec<Uuid>,
    /// 提出了哪些诉求
    pub raised: Vec<Uuid>,
    /// 到会人数
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attendance: Option<u32>,
    /// 是否过了时间
    pub late: bool,
}

/// 一页履职，开始得晚的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
pub struct DutyPage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<Duty>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

/// 一地及其下各级在一期内的履职情况。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "key": "home_visit", "name": "入户问需", "period": "2026-W47", "from": "2026-11-15T16:00:00Z", "until": "2026-11-22T16:00:00Z",
    "places": 12, "places_done": 9, "due": 14, "done": 10, "late": 1, "missed": 3, "items": [], "more": false
}))]
pub struct PlaceDuties {
    /// 规程中的键
    pub key: String,
    /// 名称
    pub name: String,
    /// 哪一期
    pub period: String,
    /// 自何时
    pub from: DateTime<Utc>,
    /// 至何时（不含）
    pub until: DateTime<Utc>,
    /// 应覆盖多少个地点
    pub places: i64,
    /// 覆盖了多少个
    pub places_done: i64,
    /// 应有多少项
    pub due: i64,
    /// 做了多少项，补记的也算
    pub done: i64,
    /// 其中补记多少项
    pub late: i64,
    /// 未做多少项
    pub missed: i64,
    /// 各地各人，至多 500 行，按地点编码
    pub items: Vec<PlaceDuty>,
    /// 是否还有更多行
    pub more: bool,
}

/// 谁在哪里做了多少。
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaceDuty {
    /// 地点
    pub place: TiedPlace,
    /// 人
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<TiedTo>,
    /// 单位
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<TiedTo>,
    /// 应有多少项
    pub due: i64,
    /// 做了多少项
    pub done: i64,
    /// 其中补记多少项
    pub late: i64,
    /// 未做多少项
    pub missed: i64,
}

/// A person or a unit, each in a field of its own.
pub fn sides(who: Holder, named: TiedTo) -> (Option<TiedTo>, Option<TiedTo>) {
    match who {
        Holder::Person(_) => (Some(named), None),
        Holder::Unit(_) => (None, Some(named)),
    }
}

impl Duty {
    /// The duty in the words of a language.
    pub fn new(view: &MatterView<duty::Duty>, lang: Lang) -> Self {
        let duty = &view.matter;
        let (person, unit) = sides(duty.who, named(view, duty.who));
        Self {
            id: view.id,
            version: view.version,
            key: duty.key.clone(),
            name: duty.name.clone(),
            status: duty.status,
            status_name: status(duty.status, lang),
            period: duty.period.clone(),
            place: place(view),
            point: duty.point.map(|point| point.id.0),
            person,
            unit,
            from: duty.from,
            until: duty.until,
            times: duty.times,
            done: duty.records.len(),
            radius_metres: duty.radius_metres,
            photos: duty.photos,
            records: duty.records.iter().map(|record| DutyRecord::new(view, record)).collect(),
        }
    }
}

impl DutyRecord {
    fn new(view: &MatterView<duty::Duty>, record: &duty::Record) -> Self {
        Self {
            at: record.at,
            recorded_at: record.recorded_at,
            by: named(view, Holder::Person(record.by)),
            text: view.text(record.text).map(str::to_owned),
            metres: record.metres,
            photos: record.photos.iter().map(|photo| photo.0).collect(),
            raised: record.raised.iter().map(|ticket| ticket.0).collect(),
            attendance: record.attendance,
            late: record.late,
        }
    }
}

fn status(status: DutyStatus, lang: Lang) -> &'static str {
    match status {
        DutyStatus::Planned => lang.of("待履职", "planned"),
        DutyStatus::Done => lang.of("已履职", "done"),
        DutyStatus::Late => lang.of("补履职", "done late"),
        DutyStatus::Missed => lang.of("未履职", "missed"),
        DutyStatus::Dropped => lang.of("已取消", "dropped"),
    }
}
