//! Units on the wire.

use crate::Lang;
use crate::label::{unit_kind, words};
use crate::strict::Word;
use chrono::{DateTime, Utc};
use domain::unit;
use domain::unit::UnitKind;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// 建立单位。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "温泉社区大党委", "kind": "party_committee", "place": "532504", "seat": "532504001007"}))]
pub struct CreateUnit {
    /// 名称，1 至 50 字
    #[schema(min_length = 1, max_length = 50)]
    pub name: String,
    /// 所在县的代码，6 位
    pub place: String,
    /// 类别；不填为部门 `department`
    #[schema(schema_with = crate::label::optional_words::<UnitKind>)]
    pub kind: Option<Word<UnitKind>>,
    /// 编号：统一社会信用代码或县里的编号，本县唯一，1 至 32 个字母、数字或连字符
    pub code: Option<String>,
    /// 属地：本县的一个地点
    pub seat: Option<String>,
}

/// 单位改档：以此替换名称、类别、编号与属地。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "市水务与河湖管理局", "kind": "department", "code": "11532504MB1234567X"}))]
pub struct EditUnit {
    /// 名称，1 至 50 字
    #[schema(min_length = 1, max_length = 50)]
    pub name: String,
    /// 类别；不填则不变
    #[schema(schema_with = crate::label::optional_words::<UnitKind>)]
    pub kind: Option<Word<UnitKind>>,
    /// 编号；不填即清除
    pub code: Option<String>,
    /// 属地；不填即清除
    pub seat: Option<String>,
}

/// 单位列表的筛选条件。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListUnits {
    /// 地点编码：县为其全部单位，其他为属地在该地及其下各级的单位
    #[param(example = "532504")]
    pub place: Option<String>,
    /// 类别
    #[param(schema_with = words::<UnitKind>)]
    pub kind: Option<UnitKind>,
    /// 名称中的文字，或拼音首字母的开头（如 `sswj`），或编号；1 至 50 字
    #[param(example = "水务")]
    pub q: Option<String>,
    /// 隶属于哪个单位：只列其直接下级，可逐级展开
    pub under: Option<Uuid>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

impl ListUnits {
    /// A text that is equal for equal lists, whatever page.
    pub fn identity(&self) -> String {
        let Self { place, kind, q, under, cursor: _, limit: _ } = self;
        format!("{place:?} {kind:?} {q:?} {under:?}")
    }
}

/// 单位。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01990000-0000-7000-8000-000000000091", "version": 1, "name": "市住房和城乡建设局", "place": "532504",
    "kind": "department", "kind_name": "部门"
}))]
pub struct Unit {
    /// 单位标识
    pub id: Uuid,
    /// 版本
    pub version: i32,
    /// 名称
    pub name: String,
    /// 所在县的代码
    pub place: String,
    /// 类别
    #[schema(schema_with = words::<UnitKind>)]
    pub kind: UnitKind,
    /// 类别名称
    pub kind_name: String,
    /// 编号
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// 属地，现在的编码
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seat: Option<String>,
    /// 撤销时间；在用的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired_at: Option<DateTime<Utc>>,
}

/// 一页单位，新的在前。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "id": "01990000-0000-7000-8000-000000000091", "version": 1, "name": "市住房和城乡建设局", "place": "532504",
    "kind": "department", "kind_name": "部门"
}], "next_cursor": null}))]
pub struct UnitPage {
    /// 本页；筛选条件较严时可能少于 `limit` 而仍有下一页
    pub items: Vec<Unit>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

impl Unit {
    /// The unit in the words of a language.
    pub fn new(unit: &unit::Unit, lang: Lang) -> Self {
        let unit::Unit { id, county, profile, version, retired_at } = unit;
        let unit::Profile { kind, name, code, seat } = profile;
        Self {
            id: id.0,
            version: *version,
            name: name.clone(),
            place: county.to_string(),
            kind: *kind,
            kind_name: unit_kind(*kind, lang).to_owned(),
            code: code.clone(),
            seat: seat.map(|seat| seat.code.to_string()),
            retired_at: *retired_at,
        }
    }
}
