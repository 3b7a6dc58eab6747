//! Members' posts on the wire.

use crate::Lang;
use crate::label::words;
use crate::matter::{named, place};
use crate::tie::{TiedPlace, TiedTo};
use chrono::{DateTime, Utc};
use domain::matter::MatterView;
use domain::post::{self, ClaimStatus, PostStatus};
use domain::tie::Holder;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 设立岗位。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "place": "532504001007", "name": "便民维修岗", "purpose": "帮老人修灯、修水管",
    "services": ["修灯换泡", "水管维修", "家电检修", "代缴水电费"], "skills": ["电工", "水管"]
}))]
pub struct SetPost {
    /// 社区（村）的地点编码
    pub place: String,
    /// 岗位名称，1 至 30 字
    #[schema(min_length = 1, max_length = 30)]
    pub name: String,
    /// 做什么用，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub purpose: String,
    /// 服务项目，至多 30 项，每项 1 至 30 字；不少于规程规定的最少承诺项数
    #[schema(max_items = 30)]
    pub services: Vec<String>,
    /// 适合的技能，至多 20 项
    #[serde(default)]
    #[schema(max_items = 20)]
    pub skills: Vec<String>,
}

/// 认岗：承诺哪几项服务。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"services": ["修灯换泡", "水管维修", "家电检修"]}))]
pub struct ClaimPost {
    /// 从岗位的服务项目中选，几项由规程规定（一般三至四项）
    pub services: Vec<String>,
}

/// 撤销岗位。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "并入综合服务岗"}))]
pub struct RetirePost {
    /// 原因，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
}

/// 退岗，或由社区请其离岗。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "搬离本社区"}))]
pub struct LeavePost {
    /// 原因，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: Option<String>,
}

/// 岗位列表的筛选条件。
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListPosts {
    /// 地点编码：该地及其下各级的岗位
    #[param(example = "532504001007")]
    pub place: String,
    /// 状态，默认只看开放的
    #[param(schema_with = words::<PostStatus>)]
    pub status: Option<PostStatus>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

/// 认岗列表的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListClaims {
    /// 状态，默认只看在岗的
    #[param(schema_with = words::<ClaimStatus>)]
    pub status: Option<ClaimStatus>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

/// 一个岗位。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000911", "version": 1, "status": "open", "status_name": "开放",
    "place": {"code": "532504001007", "name": "温泉社区"}, "name": "便民维修岗", "purpose": "帮老人修灯、修水管",
    "services": ["修灯换泡", "水管维修", "家电检修", "代缴水电费"], "skills": ["电工", "水管"],
    "set_at": "2026-11-21T01:00:00Z", "holders": []
}))]
pub struct ServicePost {
    /// 岗位标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 状态
    #[schema(schema_with = words::<PostStatus>)]
    pub status: PostStatus,
    /// 状态名称
    pub status_name: &'static str,
    /// 社区
    pub place: TiedPlace,
    /// 名称
    pub name: String,
    /// 做什么用；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// 服务项目
    pub services: Vec<String>,
    /// 适合的技能
    pub skills: Vec<String>,
    /// 设立时间
    pub set_at: DateTime<Utc>,
    /// 撤销原因
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closing: Option<String>,
    /// 谁在岗
    pub holders: Vec<PostClaim>,
}

/// 一次认岗：谁在岗，承诺了什么。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000912", "version": 1, "status": "open", "status_name": "在岗",
    "post": "01990000-0000-7000-8000-000000000911", "post_name": "便民维修岗",
    "place": {"code": "532504001007", "name": "温泉社区"},
    "member": {"id": "01990000-0000-7000-8000-000000000003", "name": "李建国"},
    "services": ["修灯换泡", "水管维修", "家电检修"], "claimed_at": "2026-11-21T01:00:00Z"
}))]
pub struct PostClaim {
    /// 认岗标识；点单时填在 `ask`，即向此人求助
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 状态
    #[schema(schema_with = words::<ClaimStatus>)]
    pub status: ClaimStatus,
    /// 状态名称
    pub status_name: &'static str,
    /// 岗位标识
    pub post: Uuid,
    /// 岗位名称
    pub post_name: String,
    /// 社区
    pub place: TiedPlace,
    /// 在岗的人
    pub member: TiedTo,
    /// 承诺的服务
    pub services: Vec<String>,
    /// 何时认岗
    pub claimed_at: DateTime<Utc>,
    /// 何时离岗
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// 离岗说明
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closing: Option<String>,
}

/// 一页岗位，新的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
pub struct PostPage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<ServicePost>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

/// 一页认岗，新的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
pub struct ClaimPage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<PostClaim>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

impl ServicePost {
    /// A post with who holds it, in the words of a language.
    pub fn new(view: &MatterView<post::Post>, holders: Vec<PostClaim>, lang: Lang) -> Self {
        let post = &view.matter;
        let status_name = match post.status {
            PostStatus::Open => lang.of("开放", "open"),
            PostStatus::Retired => lang.of("已撤销", "retired"),
        };
        Self {
            id: view.id,
            version: view.version,
            status: post.status,
            status_name,
            place: place(view),
            name: post.name.clone(),
            purpose: view.text(post.purpose).map(str::to_owned),
            services: post.services.clone(),
            skills: post.skills.clone(),
            set_at: post.set_at,
            closing: post.closing.and_then(|text| view.text(text)).map(str::to_owned),
            holders,
        }
    }
}

impl PostClaim {
    /// A claim in the words of a language.
    pub fn new(view: &MatterView<post::PostClaim>, lang: Lang) -> Self {
        let claim = &view.matter;
        let status_name = match claim.status {
            ClaimStatus::Open => lang.of("在岗", "holds it"),
            ClaimStatus::Left => lang.of("已退岗", "left"),
            ClaimStatus::Ended => lang.of("已离岗", "ended"),
        };
        Self {
            id: view.id,
            version: view.version,
            status: claim.status,
            status_name,
            post: claim.post,
            post_name: claim.name.clone(),
            place: place(view),
            member: named(view, Holder::Person(claim.member)),
            services: claim.services.clone(),
            claimed_at: claim.claimed_at,
            ended_at: claim.ended_at,
            closing: claim.closing.and_then(|text| view.text(text)).map(str::to_owned),
        }
    }
}
