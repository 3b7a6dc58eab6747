//! Patrols on the wire.

use crate::Lang;
use crate::label::words;
use crate::matter::{named, place};
use crate::strict::{Moment, Object, Word};
use crate::ticket::datum;
use crate::tie::{TiedPlace, TiedTo};
use chrono::{DateTime, NaiveDate, Utc};
use domain::geo::Datum;
use domain::matter::MatterView;
use domain::patrol::{self, PatrolStatus};
use domain::tie::Holder;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 开始巡查。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"place": "532504001007"}))]
pub struct BeginPatrol {
    /// 在哪里：地点编码
    pub place: String,
}

/// 上传轨迹：一次至多 500 个点，一次巡查至多 5000 个。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"datum": "gcj02", "points": [{"lat": 24.4119, "lng": 103.4149, "at": "2026-11-21T01:00:10Z"}]}))]
pub struct TrackPatrol {
    /// 坐标系：微信给出的是 gcj02
    #[schema(schema_with = datum)]
    pub datum: Word<Datum>,
    /// 按时间先后，不早于已上传的
    #[schema(value_type = Vec<TrackPoint>, min_items = 1, max_items = 500)]
    pub points: Vec<Object<TrackPoint>>,
}

/// 轨迹上的一点。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrackPoint {
    /// 纬度（度），17.5 至 53.6
    pub lat: f64,
    /// 经度（度），73.4 至 135.2
    pub lng: f64,
    /// 何时
    #[schema(value_type = DateTime<Utc>)]
    pub at: Moment,
}

/// 巡查发现。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "东门井盖破损", "ticket": "01990000-0000-7000-8000-000000000101"}))]
pub struct FindOnPatrol {
    /// 发现了什么，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
    /// 已为此提交的工单
    pub ticket: Option<Uuid>,
    /// 本人上传的照片，至多 9 张
    #[schema(max_items = 9)]
    pub photos: Option<Vec<Uuid>>,
}

/// 结束巡查。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "一切正常"}))]
pub struct EndPatrol {
    /// 小结，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub text: Option<String>,
}

/// 巡查日志的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListPatrols {
    /// 地点编码：该地及其下各级；有多个县的范围时必填
    #[param(example = "532504001007")]
    pub place: Option<String>,
    /// 谁的
    pub worker: Option<Uuid>,
    /// 只看本人的
    pub mine: Option<bool>,
    /// 状态
    #[param(schema_with = words::<PatrolStatus>)]
    pub status: Option<PatrolStatus>,
    /// 自这一天（含）
    pub from: Option<NaiveDate>,
    /// 至这一天（含）
    pub to: Option<NaiveDate>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl ListPatrols {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { place, worker, mine, status, from, to, cursor: _, limit: _ } = self;
        format!("{place:?} {worker:?} {mine:?} {status:?} {from:?} {to:?}")
    }
}

/// 轨迹要哪种坐标系。
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ShowPatrol {
    /// 坐标系，默认 gcj02
    #[param(schema_with = datum)]
    pub datum: Option<Datum>,
}

/// 巡查日志，不含轨迹。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000911", "version": 3, "status": "ended", "status_name": "已结束",
    "place": {"code": "532504001007", "name": "温泉社区"}, "worker": {"id": "01990000-0000-7000-8000-000000000003", "name": "李强"},
    "began_at": "2026-11-21T01:00:00Z", "ended_at": "2026-11-21T02:00:00Z", "metres": 2140, "points": 360, "doubtful": false, "findings": []
}))]
pub struct Patrol {
    /// 标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 状态
    #[schema(schema_with = words::<PatrolStatus>)]
    pub status: PatrolStatus,
    /// 状态名称
    pub status_name: &'static str,
    /// 地点
    pub place: TiedPlace,
    /// 巡查的人
    pub worker: TiedTo,
    /// 何时开始
    pub began_at: DateTime<Utc>,
    /// 何时结束
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// 走了多少米
    pub metres: u32,
    /// 轨迹有多少个点
    pub points: usize,
    /// 轨迹是否存疑：某处快于每秒 50 米
    pub doubtful: bool,
    /// 发现，先发现的在前
    pub findings: Vec<PatrolFinding>,
    /// 小结
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closing: Option<String>,
}

/// 巡查日志及其轨迹。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000911", "version": 2, "status": "under_way", "status_name": "巡查中",
    "place": {"code": "532504001007", "name": "温泉社区"}, "worker": {"id": "01990000-0000-7000-8000-000000000003", "name": "李强"},
    "began_at": "2026-11-21T01:00:00Z", "metres": 0, "points": 1, "doubtful": false, "findings": [], "datum": "gcj02",
    "track": [{"lat": 24.4119, "lng": 103.4149, "at": "2026-11-21T01:00:10Z"}]
}))]
pub struct PatrolTrack {
    /// 日志
    #[serde(flatten)]
    pub patrol: Patrol,
    /// 轨迹的坐标系
    #[schema(schema_with = datum)]
    pub datum: Datum,
    /// 轨迹，按时间先后
    pub track: Vec<TrackedPoint>,
}

/// 轨迹上的一点。
#[derive(Debug, Serialize, ToSchema)]
pub struct TrackedPoint {
    /// 纬度（度）
    pub lat: f64,
    /// 经度（度）
    pub lng: f64,
    /// 何时
    pub at: DateTime<Utc>,
}

/// 一处发现。
#[derive(Debug, Serialize, ToSchema)]
pub struct PatrolFinding {
    /// 何时
    pub at: DateTime<Utc>,
    /// 发现了什么；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// 为此提交的工单
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Uuid>,
    /// 照片
    pub photos: Vec<Uuid>,
}

/// 一页巡查日志，新的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
pub struct PatrolPage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<Patrol>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

impl Patrol {
    /// The patrol in the words of a language.
    pub fn new(view: &MatterView<patrol::Patrol>, lang: Lang) -> Self {
        let patrol = &view.matter;
        let words = |text| view.text(text).map(str::to_owned);
        let finding = |one: &patrol::Finding| PatrolFinding {
            at: one.at,
            text: words(one.text),
            ticket: one.ticket.map(|ticket| ticket.0),
            photos: one.photos.iter().map(|photo| photo.0).collect(),
        };
        Self {
            id: view.id,
            version: view.version,
            status: patrol.status(),
            status_name: match patrol.status() {
                PatrolStatus::UnderWay => lang.of("巡查中", "under way"),
                PatrolStatus::Ended => lang.of("已结束", "ended"),
            },
            place: place(view),
            worker: named(view, Holder::Person(patrol.by)),
            began_at: patrol.began_at,
            ended_at: patrol.ended_at,
            metres: patrol.track.metres(),
            points: patrol.track.0.len(),
            doubtful: patrol.track.is_doubtful(),
            findings: patrol.findings.iter().map(finding).collect(),
            closing: patrol.closing.and_then(words),
        }
    }
}

impl PatrolTrack {
    /// The patrol with its way in a datum.
    pub fn new(view: &MatterView<patrol::Patrol>, datum: Datum, lang: Lang) -> Self {
        let round = |degrees: f64| (degrees * 1e6).round() / 1e6;
        let point = |fix: &patrol::Fix| {
            let there = fix.position()?.to(datum);
            Some(TrackedPoint { lat: round(there.lat()), lng: round(there.lng()), at: fix.at() })
        };
        let track = view.matter.track.0.iter().filter_map(point).collect();
        Self { patrol: Patrol::new(view, lang), datum, track }
    }
}
