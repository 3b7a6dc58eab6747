//! Signing in, and who one is.

use crate::Lang;
use crate::label::words;
use crate::person::PersonProfile;
use crate::words::{Spoken, Vocabulary};
use domain::actor::{Grant, Scope};
use domain::permission::Role;
use domain::playbook::Playbook;
use domain::view::Myself;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 用户。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct User {
    /// 用户标识
    pub id: Uuid,
    /// 姓名
    pub name: String,
}

/// 看哪个县的规程与叫法。
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ShowMe {
    /// 县级编码；不填则为所在县
    #[param(example = "532504")]
    pub county: Option<String>,
}

/// 本人资料。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "user": {"id": "01990000-0000-7000-8000-000000000003", "name": "网格员李建国"},
    "roles": [{"role": "grid_worker", "places": ["532504001007"], "unit": null}],
    "profile": {"skills": ["电工"], "wishes": ["陪诊"], "free": [{"weekday": 6, "from": "08:30", "to": "12:00"}]},
    "playbook": {
        "key": "mile", "name": "弥勒 53522", "county": "532504", "version": 4,
        "vocabulary": {"steps": {"submitted": "群众点单", "dispatched": "党组织派单", "resolved": "职能部门办单"},
            "statuses": {"submitted": "待派单"}, "affairs": {"public": "大事"}, "severities": {"small": "小问题"},
            "handlings": {"immediate": "即办件"}, "roles": {"grid_worker": "网格员"}, "levels": {"community": "社区（村）"}},
        "categories": [{"key": "facilities", "name": "公共设施"}]
    }
}))]
pub struct Me {
    /// 本人
    pub user: User,
    /// 角色及其范围；人人都是居民，不另列出
    pub roles: Vec<RoleGrant>,
    /// 技能、服务意愿与空闲时段；没有填写的没有此项
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<PersonProfile>,
    /// 所在县的规程；无法确定所在县时为 null
    pub playbook: Option<PlaybookSummary>,
}

/// 一项授权。
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoleGrant {
    /// 角色
    #[schema(schema_with = words::<Role>)]
    pub role: Role,
    /// 地点编码，含其下各级；按单位授权时为空
    pub places: Vec<String>,
    /// 单位标识；按地点授权时为 null
    pub unit: Option<Uuid>,
}

/// 规程摘要。
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaybookSummary {
    /// 规程键
    pub key: String,
    /// 名称
    pub name: String,
    /// 县级代码
    pub county: String,
    /// 版本
    pub version: u32,
    /// 界面用语在本县的叫法
    pub vocabulary: Vocabulary,
    /// 可选类别
    pub categories: Vec<CategoryName>,
}

/// 类别。
#[derive(Debug, Serialize, ToSchema)]
pub struct CategoryName {
    /// 类别键
    pub key: String,
    /// 名称
    pub name: String,
}

impl From<Grant> for RoleGrant {
    fn from(grant: Grant) -> Self {
        match grant.scope {
            Scope::Places(places) => Self {
                role: grant.role,
                places: places.iter().map(ToString::to_string).collect(),
                unit: None,
            },
            Scope::Unit(unit) => Self { role: grant.role, places: vec![], unit: Some(unit.0) },
        }
    }
}

impl PlaybookSummary {
    fn new(book: Arc<Playbook>, lang: Lang) -> Self {
        let category =
            |c: &domain::playbook::Category| CategoryName { key: c.key.clone(), name: c.name.clone() };
        Self {
            key: book.key.clone(),
            name: book.name.clone(),
            county: book.county.clone(),
            version: book.policy.version,
            categories: book.categories.iter().map(category).collect(),
            vocabulary: Spoken::new(Some(book), lang).vocabulary(),
        }
    }
}

impl Me {
    /// Who one is, with the playbook of their county where that is known.
    pub fn new(own: Myself, playbook: Option<Arc<Playbook>>, lang: Lang) -> Self {
        let Myself { actor, name, profile } = own;
        Self {
            user: User { id: actor.user.0, name },
            roles: actor.grants.into_iter().map(RoleGrant::from).collect(),
            profile: profile.as_ref().map(PersonProfile::from),
            playbook: playbook.map(|book| PlaybookSummary::new(book, lang)),
        }
    }
}
