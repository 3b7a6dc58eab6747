//! Appeals on the wire.

use crate::Lang;
use crate::label::words;
use crate::matter::{named, place};
use crate::tie::{TiedPlace, TiedTo};
use chrono::{DateTime, Utc};
use domain::appeal::{self, AppealStatus};
use domain::matter::MatterView;
use domain::playbook::Level;
use domain::ticket::Excludable;
use domain::tie::Holder;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 提出考核申诉。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"what": "breach", "reason": "派错单位，退回用去两小时"}))]
pub struct MakeAppeal {
    /// 要剔除的：`breach` 超时，`rating` 评价，`ticket` 整件工单
    #[schema(schema_with = words::<Excludable>)]
    pub what: Excludable,
    /// 理由，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
}

/// 对考核申诉作决定。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"uphold": true, "reason": "属派单错误，予以剔除"}))]
pub struct DecideAppeal {
    /// 是否准予剔除
    pub uphold: bool,
    /// 理由，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
}

/// 考核申诉列表的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListAppeals {
    /// 地点编码：该地及其下各级；有多个县的范围时必填
    #[param(example = "532504001007")]
    pub place: Option<String>,
    /// 只看与本人、本单位有关的
    pub mine: Option<bool>,
    /// 状态
    #[param(schema_with = words::<AppealStatus>)]
    pub status: Option<AppealStatus>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl ListAppeals {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { place, mine, status, cursor: _, limit: _ } = self;
        format!("{place:?} {mine:?} {status:?}")
    }
}

/// 一件考核申诉。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000921", "version": 1, "status": "open", "status_name": "待决定",
    "ticket": "01990000-0000-7000-8000-000000000501", "what": "breach", "what_name": "超时",
    "place": {"code": "532504001007", "name": "温泉社区"}, "reason": "派错单位，退回用去两小时",
    "by": {"id": "01990000-0000-7000-8000-000000000003", "name": "李建国"}, "at": "2026-11-21T01:00:00Z", "level": "street"
}))]
pub struct Appeal {
    /// 申诉标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 状态
    #[schema(schema_with = words::<AppealStatus>)]
    pub status: AppealStatus,
    /// 状态名称
    pub status_name: &'static str,
    /// 工单
    pub ticket: Uuid,
    /// 要剔除的
    #[schema(schema_with = words::<Excludable>)]
    pub what: Excludable,
    /// 其名称
    pub what_name: &'static str,
    /// 地点
    pub place: TiedPlace,
    /// 理由；已删除的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// 谁提出
    pub by: TiedTo,
    /// 代哪个单位提出
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<TiedTo>,
    /// 何时提出；此前发生的才剔除
    pub at: DateTime<Utc>,
    /// 由哪一级决定：`street` 街道，`county` 县
    #[schema(schema_with = decides)]
    pub level: Level,
    /// 何时决定
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<DateTime<Utc>>,
    /// 谁决定
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<TiedTo>,
    /// 决定的理由
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
}

/// 一页考核申诉，新的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
pub struct AppealPage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<Appeal>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

fn decides() -> utoipa::openapi::Object {
    use utoipa::openapi::{ObjectBuilder, Type};
    let words = [Level::Street, Level::County].map(<&str>::from);
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build()
}

impl Appeal {
    /// The appeal in the words of a language.
    pub fn new(view: &MatterView<appeal::Appeal>, lang: Lang) -> Self {
        let one = &view.matter;
        let decision = one.decision.as_ref();
        let words = |text| view.text(text).map(str::to_owned);
        let unit = match one.party {
            Holder::Unit(_) => Some(named(view, one.party)),
            Holder::Person(_) => None,
        };
        Self {
            id: view.id,
            version: view.version,
            status: one.status,
            status_name: status(one.status, lang),
            ticket: one.ticket.0,
            what: one.what,
            what_name: what(one.what, lang),
            place: place(view),
            reason: words(one.reason),
            by: named(view, Holder::Person(one.by)),
            unit,
            at: one.at,
            level: one.level,
            decided_at: decision.map(|decision| decision.at),
            decided_by: decision.map(|decision| named(view, Holder::Person(decision.by))),
            decision: decision.and_then(|decision| words(decision.reason)),
        }
    }
}

fn status(status: AppealStatus, lang: Lang) -> &'static str {
    match status {
        AppealStatus::Open => lang.of("待决定", "to be decided"),
        AppealStatus::Upheld => lang.of("准予剔除", "upheld"),
        AppealStatus::Refused => lang.of("不予剔除", "refused"),
    }
}

/// What people call what can be left out.
pub fn what(what: Excludable, lang: Lang) -> &'static str {
    match what {
        Excludable::Breach => lang.of("超时", "breach"),
        Excludable::Rating => lang.of("评价", "rating"),
        Excludable::Ticket => lang.of("整件工单", "whole ticket"),
    }
}
