//! What clients get.

use super::profile::PersonProfile;
use crate::label::words;
use chrono::{DateTime, Utc};
use domain::actor::Scope;
use domain::permission::Role;
use domain::person;
use domain::phone::mask_name;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// 人员。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000003", "version": 2, "name": "网格员李建国", "phone": "138****5678",
    "grants": [{"id": "01990000-0000-7000-8000-000000000201", "role": "grid_worker", "places": ["532504001007"], "unit": null}],
    "profile": {"skills": ["电工"], "wishes": ["陪诊"], "free": [{"weekday": 6, "from": "08:30", "to": "12:00"}]},
    "created_at": "2026-11-21T01:00:00Z", "erased_at": null
}))]
pub struct RosterEntry {
    /// 人员标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 姓名；没有授权的居民只显示首字
    pub name: String,
    /// 电话，中间几位隐去
    pub phone: Option<String>,
    /// 授权；不含人人都有的居民
    pub grants: Vec<Grant>,
    /// 技能、服务意愿与空闲时段；没有填写的没有此项
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<PersonProfile>,
    /// 建档或首次登录时间
    pub created_at: DateTime<Utc>,
    /// 注销时间
    pub erased_at: Option<DateTime<Utc>>,
}

/// 人员的一项授权。
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"id": "01990000-0000-7000-8000-000000000201", "role": "grid_worker", "places": ["532504001007"], "unit": null}))]
pub struct Grant {
    /// 授权标识
    pub id: Uuid,
    /// 角色
    #[schema(schema_with = words::<Role>)]
    pub role: Role,
    /// 地点编码，含其下各级；按单位授权时为空
    pub places: Vec<String>,
    /// 单位标识；按地点授权时为 null
    pub unit: Option<Uuid>,
}

/// 一页人员。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "id": "01990000-0000-7000-8000-000000000003", "version": 2, "name": "网格员李建国", "phone": "138****5678",
    "grants": [{"id": "01990000-0000-7000-8000-000000000201", "role": "grid_worker", "places": ["532504001007"], "unit": null}],
    "created_at": "2026-11-21T01:00:00Z", "erased_at": null
}], "next_cursor": null}))]
pub struct PeoplePage {
    /// 本页；按角色筛选时可能少于 `limit` 而仍有下一页
    pub items: Vec<RosterEntry>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

/// 明文。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000003", "version": 3, "name": "网格员李建国", "phone": "13812345678"
}))]
pub struct Unmasked {
    /// 人员标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 姓名
    pub name: String,
    /// 电话
    pub phone: Option<String>,
}

impl From<&person::Held> for Grant {
    fn from(held: &person::Held) -> Self {
        let grant = &held.placed.grant;
        let (places, unit) = match &grant.scope {
            Scope::Places(places) => (places.iter().map(ToString::to_string).collect(), None),
            Scope::Unit(unit) => (vec![], Some(unit.0)),
        };
        Self { id: held.id.0, role: grant.role, places, unit }
    }
}

impl From<&person::Person> for RosterEntry {
    fn from(person: &person::Person) -> Self {
        let person::Person { id, name, phone, profile, place, version, created_at, erased_at } = person;
        let plain = place.is_staff() || erased_at.is_some();
        let grants = place.grants.iter().filter(|held| held.placed.grant.role != Role::Resident);
        Self {
            id: id.0,
            version: *version,
            name: if plain { name.clone() } else { mask_name(name) },
            phone: phone.map(|phone| phone.masked()),
            grants: grants.map(Grant::from).collect(),
            profile: profile.as_ref().map(PersonProfile::from),
            created_at: *created_at,
            erased_at: *erased_at,
        }
    }
}

impl From<&person::Person> for Unmasked {
    fn from(person: &person::Person) -> Self {
        let phone = person.phone.map(|phone| phone.as_str().to_owned());
        Self { id: person.id.0, version: person.version, name: person.name.clone(), phone }
    }
}
