//! Tickets that are like one that is about to be filed.

use crate::label::words;
use crate::words::Spoken;
use chrono::TimeDelta;
use domain::ticket::Status;
use domain::time::Timestamp;
use domain::view;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// The level of a community.
const COMMUNITY: usize = 2;

/// 将要反映的事：`category`、`q` 至少填写一个。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AskAlike {
    /// 社区（村）或以下的地点编码
    #[param(example = "532504001007")]
    pub place: String,
    /// 类别键
    #[param(example = "facilities")]
    pub category: Option<String>,
    /// 诉求内容，1 至 60 字：只比对其中与类别、服务事项名称相同的词
    #[param(example = "北门的路灯不亮")]
    pub q: Option<String>,
}

/// 已有人反映的、相似的一件事；他人反映的不含内容和反映人。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": null, "number": "532504-261121-00001", "status": "accepted", "status_label": "办理中", "category": "facilities",
    "category_name": "公共设施", "place": {"code": "532504001007003", "name": "温泉小区"}, "near": "小组（小区）", "days_ago": 2
}))]
pub struct AlikeTicket {
    /// 工单标识；他人反映的为 null
    pub id: Option<Uuid>,
    /// 工单编号
    pub number: String,
    /// 状态
    #[schema(schema_with = words::<Status>)]
    pub status: Status,
    /// 状态的名称
    pub status_label: String,
    /// 类别键
    pub category: Option<String>,
    /// 类别名称
    pub category_name: Option<String>,
    /// 所在地点，至多到社区以下一级
    pub place: AlikePlace,
    /// 与所问地点同在哪一级，如“小组（小区）”；仅同在一个社区（村）的为“社区（村）”
    pub near: String,
    /// 几天前反映
    pub days_ago: i64,
}

/// 地点。
#[derive(Debug, Serialize, ToSchema)]
pub struct AlikePlace {
    /// 地点编码
    pub code: String,
    /// 名称
    pub name: Option<String>,
}

/// 近 30 天内未办结的相似诉求，近处的在前，至多 10 件。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "id": null, "number": "532504-261121-00001", "status": "accepted", "status_label": "办理中", "category": "facilities",
    "category_name": "公共设施", "place": {"code": "532504001007003", "name": "温泉小区"}, "near": "小组（小区）", "days_ago": 2
}], "count": 1}))]
pub struct AlikeTickets {
    /// 至多 10 件
    pub items: Vec<AlikeTicket>,
    /// 一共有几件
    pub count: i64,
}

impl AlikeTicket {
    /// The ticket as far as a neighbour may know of it.
    pub fn at(ticket: &view::AlikeTicket, spoken: &Spoken, now: Timestamp) -> Self {
        let category = ticket.category.as_deref().and_then(|key| spoken.category(key));
        Self {
            id: ticket.own.map(|id| id.0),
            number: ticket.number.to_string(),
            status: ticket.status,
            status_label: spoken.status(ticket.status).to_owned(),
            category: ticket.category.clone(),
            category_name: category.map(str::to_owned),
            place: AlikePlace { code: ticket.place.to_string(), name: ticket.place_name.clone() },
            near: spoken.level(COMMUNITY + usize::from(ticket.near)).to_owned(),
            days_ago: (now - ticket.created_at).max(TimeDelta::zero()).num_days(),
        }
    }
}
