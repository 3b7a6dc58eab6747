//! Places on the wire.

use crate::Lang;
use crate::label::place_event;
use chrono::{DateTime, NaiveDate, Utc};
use domain::place;
use domain::playbook::Playbook;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 在一个地点之下设立地点。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"parent": "532504001007", "name": "温泉小区", "reason": "弥民政〔2026〕12 号", "on": "2026-11-01"}))]
pub struct CreatePlace {
    /// 上级地点的编码
    pub parent: String,
    /// 名称，1 至 50 字
    #[schema(min_length = 1, max_length = 50)]
    pub name: String,
    /// 编码；不填则取上级之下的下一个。编码不重复使用
    pub code: Option<String>,
    /// 依据、事由，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
    /// 自哪天起，不晚于今天；不填为今天
    pub on: Option<NaiveDate>,
}

/// 地点更名。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "温泉新区", "reason": "居民代表大会决议", "on": "2026-11-01"}))]
pub struct RenamePlace {
    /// 名称，1 至 50 字
    #[schema(min_length = 1, max_length = 50)]
    pub name: String,
    /// 依据、事由，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
    /// 自哪天起，不晚于今天；不填为今天
    pub on: Option<NaiveDate>,
}

/// 地点划转，连同其下各级。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"parent": "532504002", "reason": "区划调整", "on": "2026-11-01"}))]
pub struct MovePlace {
    /// 划入哪个地点之下，须与原上级同级、同县
    pub parent: String,
    /// 新编码；不填则保留本级的数字，已用过则取下一个
    pub code: Option<String>,
    /// 依据、事由，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
    /// 自哪天起，不晚于今天；不填为今天
    pub on: Option<NaiveDate>,
}

/// 地点拆分。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"parts": [{"name": "温泉北社区", "places": ["532504001007003"]}], "reason": "人口增长，一分为二"}))]
pub struct SplitPlace {
    /// 拆出的地点，1 至 20 个；其余留在原地点
    #[schema(min_items = 1, max_items = 20)]
    pub parts: Vec<PlacePart>,
    /// 依据、事由，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
    /// 自哪天起，不晚于今天；不填为今天
    pub on: Option<NaiveDate>,
}

/// 拆出的一个地点。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlacePart {
    /// 名称，1 至 50 字
    #[schema(min_length = 1, max_length = 50)]
    pub name: String,
    /// 编码；不填则取下一个
    pub code: Option<String>,
    /// 随之划出的下一级地点的编码
    #[serde(default)]
    pub places: Vec<String>,
}

/// 地点合并：由另一个同级地点接续，其下各级并入。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"into": "532504001008", "reason": "两个社区合并"}))]
pub struct MergePlace {
    /// 接续的地点的编码
    pub into: String,
    /// 依据、事由，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
    /// 自哪天起，不晚于今天；不填为今天
    pub on: Option<NaiveDate>,
}

/// 地点撤销。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "整体拆迁，已无住户"}))]
pub struct RetirePlace {
    /// 依据、事由，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
    /// 自哪天起，不晚于今天；不填为今天
    pub on: Option<NaiveDate>,
}

/// 地点列表的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListPlaces {
    /// 上级地点的编码：只列其下一级；与 `q` 同用时在其下各级中查找
    #[param(example = "532504001")]
    pub parent: Option<String>,
    /// 名称中的文字，1 至 50 字；须同时指定 `parent`
    #[param(example = "温泉")]
    pub q: Option<String>,
    /// 一个编码，用过的旧编码也可以；不与其他条件同用
    #[param(example = "532504001007")]
    pub code: Option<String>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

/// 二维码的样子。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlaceSign {
    /// 是否在下方印上名称和编码，默认不印
    pub label: Option<bool>,
}

/// 地点。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000201", "version": 1, "code": "532504001007", "name": "温泉社区",
    "level": 2, "level_name": "社区（村）", "parent": "532504001", "has_places": true
}))]
pub struct PlaceView {
    /// 地点标识，永久不变
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 编码；撤并后为最后的编码
    pub code: String,
    /// 名称
    pub name: String,
    /// 级别：0 县（市、区），1 街道（乡镇），2 社区（村），3 起为规程所定的各级
    pub level: usize,
    /// 级别名称
    pub level_name: String,
    /// 上级地点的编码；县没有
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// 其下是否还有地点；更改后的答复中不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_places: Option<bool>,
    /// 撤并时间；在用的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired_at: Option<DateTime<Utc>>,
    /// 由哪个地点接续，现在的编码
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
}

/// 地点及其用过的编码。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000201", "version": 2, "code": "532504002030", "name": "温泉社区",
    "level": 2, "level_name": "社区（村）", "parent": "532504002", "has_places": true, "codes": [
        {"code": "532504002030", "since": "2026-11-21T01:00:00Z"}, {"code": "532504001007", "until": "2026-11-21T01:00:00Z"}]
}))]
pub struct PlaceDetail {
    /// 地点
    #[serde(flatten)]
    pub place: PlaceView,
    /// 现在和用过的编码，新的在前；旧编码永远指向这个地点或接续它的地点
    pub codes: Vec<HeldCode>,
}

/// 地点的一个编码。
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldCode {
    /// 编码
    pub code: String,
    /// 启用时间；一开始就有的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// 停用时间；在用的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

/// 一页地点，按编码。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "id": "01990000-0000-7000-8000-000000000201", "version": 1, "code": "532504001007", "name": "温泉社区",
    "level": 2, "level_name": "社区（村）", "parent": "532504001", "has_places": true
}], "next_cursor": null}))]
pub struct PlacePage {
    /// 本页；按名称查找时可能少于 `limit` 而仍有下一页
    pub items: Vec<PlaceView>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

/// 地点的一次变更。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "at": "2026-11-21T01:00:00Z", "kind": "moved", "label": "地点划转", "on": "2026-11-01", "reason": "区划调整",
    "by": "01990000-0000-7000-8000-000000000010", "from": "532504001007", "to": "532504002030"
}))]
pub struct PlaceEvent {
    /// 登记时间
    pub at: DateTime<Utc>,
    /// 发生了什么：`founded`、`place_renamed`、`moved`、`split`、`bounded`、`retired`
    pub kind: String,
    /// 给人看的名称
    pub label: String,
    /// 自哪天起
    pub on: NaiveDate,
    /// 依据、事由
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// 谁做的
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Uuid>,
    /// 名称
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 原编码
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// 新编码
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// 拆出的地点
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub into: Vec<Uuid>,
    /// 接续的地点
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<Uuid>,
    /// 边界的面积，平方米；取消边界时不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub square_metres: Option<u64>,
}

/// 地点的历史，新的在前，至多 100 条。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "at": "2026-11-21T01:00:00Z", "kind": "moved", "label": "地点划转", "on": "2026-11-01", "reason": "区划调整",
    "by": "01990000-0000-7000-8000-000000000010", "from": "532504001007", "to": "532504002030"
}]}))]
pub struct PlaceHistory {
    /// 变更
    pub items: Vec<PlaceEvent>,
}

/// What people of a county call a level.
pub fn level_name(level: usize, playbook: &Playbook, lang: Lang) -> String {
    let own = level.checked_sub(3).and_then(|own| playbook.levels.get(own));
    let said = || crate::words::level_name(level, playbook, lang);
    own.map_or_else(said, |own| own.name.as_str()).to_owned()
}

impl PlaceView {
    /// The place in the words of its county.
    pub fn new(place: &place::Place, playbook: &Playbook, lang: Lang) -> Self {
        let levels = playbook.code_levels();
        let level = place.code.level(&levels).unwrap_or_default();
        Self {
            id: place.id.0,
            version: place.version,
            code: place.code.to_string(),
            name: place.name.clone(),
            level,
            level_name: level_name(level, playbook, lang),
            parent: place.code.parent(&levels).map(|parent| parent.to_string()),
            has_places: None,
            retired_at: place.retired_at,
            successor: None,
        }
    }
}

impl PlaceEvent {
    /// What happened in words; `at`, `by` and `reason` as they were written down.
    pub fn new(
        at: DateTime<Utc>,
        by: Option<Uuid>,
        what: place::Dated,
        reason: Option<String>,
        lang: Lang,
    ) -> Self {
        let place::Dated { fact, on, reason: _ } = what;
        let kind = fact.headline();
        let mut event = Self {
            at,
            kind: kind.name().to_owned(),
            label: place_event(kind, lang).to_owned(),
            on,
            reason,
            by,
            name: None,
            from: None,
            to: None,
            into: vec![],
            successor: None,
            square_metres: None,
        };
        match fact {
            place::Fact::Founded { code, name } => {
                event.to = Some(code.to_string());
                event.name = Some(name);
            }
            place::Fact::PlaceRenamed { name } => event.name = Some(name),
            place::Fact::Moved { from, to } => {
                event.from = Some(from.to_string());
                event.to = Some(to.to_string());
            }
            place::Fact::Split { into } => event.into = into.into_iter().map(|id| id.0).collect(),
            place::Fact::Bounded { square_metres } => event.square_metres = square_metres,
            place::Fact::Retired { successor } => event.successor = successor.map(|id| id.0),
        }
        event
    }
}
