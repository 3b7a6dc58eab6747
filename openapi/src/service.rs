//! The catalogue of services on the wire (服务目录).

use crate::label::optional_words;
use domain::playbook;
use domain::ticket::Affair;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// 查哪些服务事项。
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListServices {
    /// 县的代码，6 位；只有一个县时可不填
    #[param(example = "532504")]
    pub county: Option<String>,
    /// 名称中的字，或编码的开头
    #[param(example = "路灯")]
    pub q: Option<String>,
    /// 类别键
    #[param(example = "facilities")]
    pub category: Option<String>,
    /// 上一页的 `next_cursor`
    pub cursor: Option<String>,
    /// 每页条数，1 至 100，默认 20
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
}

/// 一个服务事项。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "code": "SZ-0101", "name": "路灯报修", "category": "facilities", "category_name": "公共设施", "affair": "public",
    "unit": "市住房和城乡建设局", "papers": [], "online": true
}))]
pub struct CatalogueService {
    /// 编码，提单、研判时填写
    pub code: String,
    /// 名称
    pub name: String,
    /// 类别键
    pub category: String,
    /// 类别名称
    pub category_name: String,
    /// 三事；不固定的为 null
    #[schema(schema_with = optional_words::<Affair>)]
    pub affair: Option<Affair>,
    /// 承办单位的名称
    pub unit: Option<String>,
    /// 须带的材料
    pub papers: Vec<String>,
    /// 办事指南：条件、流程、时限、收费；没有写明的不出现
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guide: Option<String>,
    /// 能否网上办理
    pub online: bool,
}

/// 一页服务事项，按编码排列。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "code": "SZ-0101", "name": "路灯报修", "category": "facilities", "category_name": "公共设施", "affair": "public",
    "unit": "市住房和城乡建设局", "papers": [], "online": true
}], "next_cursor": null}))]
pub struct ServicePage {
    /// 本页
    pub items: Vec<CatalogueService>,
    /// 下一页的游标；没有下一页时为 null
    pub next_cursor: Option<String>,
}

impl CatalogueService {
    /// The service, with what its category is called.
    pub fn of(service: &playbook::Service, playbook: &playbook::Playbook) -> Self {
        let playbook::Service { code, name, category, affair, unit, papers, guide, online } = service.clone();
        let named = playbook.categories.iter().find(|known| known.key == category);
        let category_name = named.map_or_else(|| category.clone(), |known| known.name.clone());
        Self { code, name, category, category_name, affair, unit, papers, guide, online }
    }
}
