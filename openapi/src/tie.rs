//! Ties and chains of responsibility on the wire.

use crate::Lang;
use crate::label::{tie_kind, unit_kind, words};
use crate::strict::Word;
use crate::words::role_name;
use chrono::NaiveDate;
use domain::permission::Role;
use domain::phone::mask_name;
use domain::playbook::Playbook;
use domain::tie::{Holder, Target, TieKind};
use domain::unit::UnitKind;
use domain::view;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 建立关系：`person` 与 `unit` 填一个，`place` 与 `of` 填一个。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "responsible", "unit": "01990000-0000-7000-8000-000000000091", "place": "532504001007",
    "line": "city_management", "post": "责任单位", "since": "2026-11-01"
}))]
pub struct CreateTie {
    /// 类别：`responsible` 包保、`linked` 挂联、`paired` 结对、`member` 成员、`manages` 管理、`under` 隶属；认门报到由党员本人办理
    #[schema(schema_with = words::<TieKind>)]
    pub kind: Word<TieKind>,
    /// 人员
    pub person: Option<Uuid>,
    /// 单位
    pub unit: Option<Uuid>,
    /// 地点编码，旧编码也可以
    pub place: Option<String>,
    /// 另一单位：联盟、大党委、队伍，或上级
    pub of: Option<Uuid>,
    /// 条线，见规程；只用于包保，一地一条线只有一个责任人或单位
    pub line: Option<String>,
    /// 职务、身份，1 至 30 字，如“党员楼栋长”
    #[schema(min_length = 1, max_length = 30)]
    pub post: Option<String>,
    /// 自哪天起；不填为今天，至多一年之后
    pub since: Option<NaiveDate>,
    /// 至哪天止（含）；不填则一直有效
    pub until: Option<NaiveDate>,
}

/// 解除关系。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"on": "2026-11-30"}))]
pub struct EndTie {
    /// 最后一天；不填为今天
    pub on: Option<NaiveDate>,
}

/// 认门报到。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"place": "532504001007"}))]
pub struct CheckIn {
    /// 社区（村）的编码
    pub place: String,
}

/// 关系列表的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListTies {
    /// 地点编码：与该地及其下各级的关系，按编码排列；place、unit、person 填且只填一个
    #[param(example = "532504001007")]
    pub place: Option<String>,
    /// 单位：它的关系，和别人与它的关系（如成员名单），新的在前
    pub unit: Option<Uuid>,
    /// 人员：此人的关系，新的在前
    pub person: Option<Uuid>,
    /// 类别
    #[param(schema_with = words::<TieKind>)]
    pub kind: Option<TieKind>,
    /// 条线
    pub line: Option<String>,
    /// 这一天有效的；不填则不论
    pub on: Option<NaiveDate>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl ListTies {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { place, unit, person, kind, line, on, cursor: _, limit: _ } = self;
        format!("{place:?} {unit:?} {person:?} {kind:?} {line:?} {on:?}")
    }
}

/// 关系。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000701", "version": 1, "kind": "responsible", "kind_name": "包保",
    "unit": {"id": "01990000-0000-7000-8000-000000000091", "name": "市住房和城乡建设局", "kind": "department", "kind_name": "部门"},
    "place": {"code": "532504001007", "name": "温泉社区"}, "line": "city_management", "line_name": "城市管理", "since": "2026-11-01"
}))]
pub struct Tie {
    /// 关系标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 类别
    #[schema(schema_with = words::<TieKind>)]
    pub kind: TieKind,
    /// 类别名称
    pub kind_name: String,
    /// 人员
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<TiedPerson>,
    /// 单位
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<TiedUnit>,
    /// 地点
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<TiedPlace>,
    /// 另一单位
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<TiedTo>,
    /// 条线
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// 条线名称
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line_name: Option<String>,
    /// 职务、身份
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post: Option<String>,
    /// 自哪天起
    pub since: NaiveDate,
    /// 至哪天止（含）
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

/// 关系中的人员。
#[derive(Debug, Serialize, ToSchema)]
pub struct TiedPerson {
    /// 人员标识
    pub id: Uuid,
    /// 姓名
    pub name: String,
    /// 电话，中间几位隐去；只给管理此地名册的人看
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// 关系中的单位。
#[derive(Debug, Serialize, ToSchema)]
pub struct TiedUnit {
    /// 单位标识
    pub id: Uuid,
    /// 名称
    pub name: String,
    /// 类别
    #[schema(schema_with = words::<UnitKind>)]
    pub kind: UnitKind,
    /// 类别名称
    pub kind_name: String,
}

/// 关系中的地点。
#[derive(Debug, Serialize, ToSchema)]
pub struct TiedPlace {
    /// 现在的编码
    pub code: String,
    /// 名称
    pub name: String,
}

/// 所属、所加入的单位。
#[derive(Debug, Serialize, ToSchema)]
pub struct TiedTo {
    /// 单位标识
    pub id: Uuid,
    /// 名称
    pub name: String,
}

/// 刚建立的关系。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000701", "version": 1, "kind": "responsible", "since": "2026-11-01"
}))]
pub struct TieDone {
    /// 关系标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 类别
    #[schema(schema_with = words::<TieKind>)]
    pub kind: TieKind,
    /// 自哪天起
    pub since: NaiveDate,
    /// 至哪天止（含）
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

impl From<&domain::tie::Tie> for TieDone {
    fn from(tie: &domain::tie::Tie) -> Self {
        let domain::tie::Tie { id, kind, since, until, version, .. } = tie;
        Self { id: id.0, version: *version, kind: *kind, since: *since, until: *until }
    }
}

/// 一页关系。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "id": "01990000-0000-7000-8000-000000000701", "version": 1, "kind": "linked", "kind_name": "挂联",
    "person": {"id": "01990000-0000-7000-8000-000000000003", "name": "李建国", "phone": "138****5678"},
    "place": {"code": "532504001007", "name": "温泉社区"}, "post": "市级挂联领导", "since": "2026-11-01"
}], "next_cursor": null}))]
pub struct TiePage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<Tie>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

/// 责任链条：从这个地点到县，谁对它负责。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [
    {"code": "532504001007", "name": "温泉社区", "level": 2, "level_name": "社区（村）",
     "posts": [{"role": "community_clerk", "role_name": "社区工作人员", "person": {"id": "01990000-0000-7000-8000-000000000002", "name": "赵敏"}}],
     "ties": [{"id": "01990000-0000-7000-8000-000000000701", "version": 1, "kind": "linked", "kind_name": "挂联",
        "person": {"id": "01990000-0000-7000-8000-000000000003", "name": "李建国"}, "place": {"code": "532504001007", "name": "温泉社区"},
        "post": "市级挂联领导", "since": "2026-11-01"}]},
    {"code": "532504", "name": "弥勒市", "level": 0, "level_name": "县（市、区）", "posts": [], "ties": []}
], "more": false}))]
pub struct Chain {
    /// 从这个地点起，逐级到县
    pub items: Vec<ChainLink>,
    /// 超过 1000 人和单位，没有列全
    pub more: bool,
}

/// 责任链条中的一级。
#[derive(Debug, Serialize, ToSchema)]
pub struct ChainLink {
    /// 编码
    pub code: String,
    /// 名称
    pub name: String,
    /// 级别
    pub level: usize,
    /// 级别名称
    pub level_name: String,
    /// 在这一级任职的：网格员、网格长、社区工作人员、街道调度员
    pub posts: Vec<Post>,
    /// 今天有效的关系：包保、挂联、结对、管理、认门报到
    pub ties: Vec<Tie>,
}

/// 任职的人。
#[derive(Debug, Serialize, ToSchema)]
pub struct Post {
    /// 角色
    #[schema(schema_with = words::<Role>)]
    pub role: Role,
    /// 角色名称
    pub role_name: String,
    /// 谁
    pub person: TiedPerson,
}

/// How much of people is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// To whoever keeps the roster there: phone numbers, masked.
    Roster,
    /// To other staff: names.
    Staff,
    /// To residents: the names of who answers for the place, and of others the first character.
    Public,
}

impl Tie {
    /// The tie in the words of its county.
    pub fn new(view: &view::TieView, playbook: &Playbook, shown: Shown, lang: Lang) -> Self {
        let view::TieView { tie, holder, phone, kind, target, place, at: _ } = view;
        let domain::tie::Tie { id, kind: what, holder: who, target: to, line, post, since, until, version } =
            tie;
        // Who answers for a place does so in public; who comes of their own accord does not.
        let public = !matches!(what, TieKind::Member | TieKind::CheckedIn);
        let named = if shown == Shown::Public && !public { mask_name(holder) } else { holder.clone() };
        let phone = phone.filter(|_| shown == Shown::Roster).map(|phone| phone.masked());
        let (person, unit) = match *who {
            Holder::Person(person) => (Some(TiedPerson { id: person.0, name: named, phone }), None),
            Holder::Unit(unit) => {
                let kind = kind.unwrap_or_default();
                let kind_name = unit_kind(kind, lang).to_owned();
                (None, Some(TiedUnit { id: unit.0, name: holder.clone(), kind, kind_name }))
            }
        };
        let (place, of) = match *to {
            Target::Place(_) => {
                let code = place.map(|place| place.to_string()).unwrap_or_default();
                (Some(TiedPlace { code, name: target.clone() }), None)
            }
            Target::Unit(of) => (None, Some(TiedTo { id: of.0, name: target.clone() })),
        };
        let known = |key: &String| playbook.lines.iter().find(|known| known.key == *key);
        Self {
            id: id.0,
            version: *version,
            kind: *what,
            kind_name: tie_kind(*what, lang).to_owned(),
            person,
            unit,
            place,
            of,
            line_name: line.as_ref().and_then(known).map(|line| line.name.clone()),
            line: line.clone(),
            post: post.clone(),
            since: *since,
            until: *until,
        }
    }
}

impl ChainLink {
    /// A place of a chain in the words of its county.
    pub fn new(link: &view::ChainLink, playbook: &Playbook, shown: Shown, lang: Lang) -> Self {
        let levels = playbook.code_levels();
        let level = link.place.code.level(&levels).unwrap_or_default();
        let post = |post: &view::Post| {
            let phone = post.phone.filter(|_| shown == Shown::Roster).map(|phone| phone.masked());
            Post {
                role: post.role,
                role_name: role_name(post.role, playbook, lang).to_owned(),
                person: TiedPerson { id: post.person.0, name: post.name.clone(), phone },
            }
        };
        Self {
            code: link.place.code.to_string(),
            name: link.name.clone(),
            level,
            level_name: crate::place::level_name(level, playbook, lang),
            posts: link.posts.iter().map(post).collect(),
            ties: link.ties.iter().map(|tie| Tie::new(tie, playbook, shown, lang)).collect(),
        }
    }
}
