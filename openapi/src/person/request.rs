//! What clients send.

use crate::label::words;
use crate::strict::{Object, Word};
use domain::permission::Role;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 建档：把一个人员录入名册。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "王小二", "phone": "138 1234 5678",
    "grants": [{"role": "grid_worker", "places": ["532504001007"]}]
}))]
pub struct CreatePerson {
    /// 姓名，1 至 30 字
    #[schema(min_length = 1, max_length = 30)]
    pub name: String,
    /// 电话：手机、带区号的固定电话，或以 + 和国家代码开头
    pub phone: Option<String>,
    /// 随即授予的角色，至多 20 项
    #[schema(value_type = Option<Vec<GrantRef>>, max_items = 20)]
    pub grants: Option<Vec<Object<GrantRef>>>,
}

/// 一项授权：角色，加 `places` 或 `unit`，填写且只填写一个。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "grid_worker", "places": ["532504001007"]}))]
pub struct GrantRef {
    /// 角色；居民不用授予
    #[schema(schema_with = words::<Role>)]
    pub role: Word<Role>,
    /// 地点编码，1 至 64 个，含其下各级；重复的、被另一个包含的自动略去
    #[schema(min_items = 1, max_items = 64)]
    pub places: Option<Vec<String>>,
    /// 单位标识
    pub unit: Option<Uuid>,
}

/// 改档：以此替换姓名与电话。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "王小二", "phone": "13812345678"}))]
pub struct EditPerson {
    /// 姓名，1 至 30 字
    #[schema(min_length = 1, max_length = 30)]
    pub name: String,
    /// 电话；不填即清除
    pub phone: Option<String>,
}

/// 撤权。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"grant": "01990000-0000-7000-8000-000000000201"}))]
pub struct Revoke {
    /// 授权标识，见人员的 `grants`
    pub grant: Uuid,
}

/// 离岗。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"successor": "01990000-0000-7000-8000-000000000005", "reason": "调往福地社区"}))]
pub struct Leave {
    /// 接替人；不填则其在办工单重新派单
    pub successor: Option<Uuid>,
    /// 事由，1 至 10000 字
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
}

/// 事由。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "工单 532504-261121-00017 需电话核实"}))]
pub struct ReasonGiven {
    /// 事由，1 至 10000 字；请勿写入他人姓名、电话
    #[schema(min_length = 1, max_length = 10000)]
    pub reason: String,
}

/// 名册的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListPeople {
    /// 地点编码：在该地及其下各级有授权的
    #[param(example = "532504001007")]
    pub place: Option<String>,
    /// 单位标识：对该单位有授权的
    pub unit: Option<Uuid>,
    /// 在其中有此角色的
    #[param(schema_with = words::<Role>)]
    pub role: Option<Role>,
    /// 完整的电话号码；或姓名的开头、姓名拼音首字母的开头，1 至 30 字，字母至少 2 个（只找有授权的人员）
    #[param(example = "李建", min_length = 1, max_length = 30)]
    pub q: Option<String>,
    /// 有此技能的，须与所填一字不差
    #[param(example = "电工", min_length = 1, max_length = 20)]
    pub skill: Option<String>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl ListPeople {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { place, unit, role, q, skill, cursor: _, limit: _ } = self;
        format!("{place:?} {unit:?} {role:?} {q:?} {skill:?}")
    }
}
