//! Estates and their modes on the wire.

use crate::label::words;
use crate::matter::{named, place};
use crate::tie::{TiedPlace, TiedTo};
use chrono::{DateTime, Utc};
use domain::estate;
use domain::matter::MatterView;
use domain::playbook::{EstateTo, Playbook};
use domain::tie::Holder;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 确定一个小区的管理方式。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "place": "532504001007001", "mode": "red_property", "unit": "01990000-0000-7000-8000-000000000091",
    "reason": "业主大会表决通过"
}))]
pub struct SetEstate {
    /// 小区：地点编码
    pub place: String,
    /// 规程中的哪种管理方式
    pub mode: String,
    /// 由物业管理的，物业公司；居民自管的，业主委员会（没有可不写）；社区托管的不写
    pub unit: Option<Uuid>,
    /// 依据，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
}

/// 小区列表的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListEstates {
    /// 地点编码：该地及其下各级；有多个县的范围时必填
    #[param(example = "532504001007")]
    pub place: Option<String>,
    /// 管理方式
    pub mode: Option<String>,
    /// 只看这个物业公司或业主委员会的
    pub unit: Option<Uuid>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl ListEstates {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { place, mode, unit, cursor: _, limit: _ } = self;
        format!("{place:?} {mode:?} {unit:?}")
    }
}

/// 一个小区怎样管理。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000914", "version": 1,
    "place": {"code": "532504001007001", "name": "温泉小区"}, "mode": "red_property", "mode_name": "红色物业",
    "to": "property", "unit": {"id": "01990000-0000-7000-8000-000000000091", "name": "安居物业"},
    "reason": "业主大会表决通过", "set_at": "2026-11-21T01:00:00Z", "changed_at": "2026-11-21T01:00:00Z"
}))]
pub struct Estate {
    /// 标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 小区
    pub place: TiedPlace,
    /// 管理方式
    pub mode: String,
    /// 管理方式名称；规程中已没有的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode_name: Option<String>,
    /// 物业问题由谁办：`property` 物业公司，`community` 社区，`owners` 业主委员会；规程中已没有的不出现
    #[schema(schema_with = words::<EstateTo>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<EstateTo>,
    /// 物业公司或业主委员会
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<TiedTo>,
    /// 依据；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// 首次确定的时间
    pub set_at: DateTime<Utc>,
    /// 现行方式确定的时间
    pub changed_at: DateTime<Utc>,
}

impl Estate {
    /// The estate with the names that the playbook has for its mode.
    pub fn new(view: &MatterView<estate::Estate>, playbook: Option<&Playbook>) -> Self {
        let estate = &view.matter;
        let mode = playbook.and_then(|playbook| playbook.estate_mode(&estate.mode));
        Self {
            id: view.id,
            version: view.version,
            place: place(view),
            mode: estate.mode.clone(),
            mode_name: mode.map(|mode| mode.name.clone()),
            to: mode.map(|mode| mode.to),
            unit: estate.unit.map(|unit| named(view, Holder::Unit(unit))),
            reason: view.text(estate.reason).map(str::to_owned),
            set_at: estate.set_at,
            changed_at: estate.changed_at,
        }
    }
}

/// 一页小区，新的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
pub struct EstatePage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<Estate>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

/// 工单所在的小区怎样管理；依据不在其中。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "property": true, "place": {"code": "532504001007001", "name": "温泉小区"}, "mode": "red_property",
    "mode_name": "红色物业", "to": "property",
    "unit": {"id": "01990000-0000-7000-8000-000000000091", "name": "安居物业"}
}))]
pub struct TicketEstate {
    /// 是不是物业问题：类别为规程所说的物业类
    pub property: bool,
    /// 小区；工单不在已定管理方式的小区内的没有，下同
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<TiedPlace>,
    /// 管理方式
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// 管理方式名称
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode_name: Option<String>,
    /// 物业问题由谁办
    #[schema(schema_with = words::<EstateTo>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<EstateTo>,
    /// 物业公司或业主委员会
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<TiedTo>,
}

impl TicketEstate {
    /// What is to be known of the estate that a ticket is in.
    pub fn new(property: bool, estate: Option<Estate>) -> Self {
        let Some(estate) = estate else {
            return Self { property, place: None, mode: None, mode_name: None, to: None, unit: None };
        };
        let Estate { place, mode, mode_name, to, unit, .. } = estate;
        Self { property, place: Some(place), mode: Some(mode), mode_name, to, unit }
    }
}
