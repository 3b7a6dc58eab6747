//! The base of the OpenAPI document, and what every call in it must say about itself.

mod complete;

pub use complete::complete;

use crate::problem::Problem;
use domain::permission::Action;
use std::collections::HashSet;
use std::str::FromStr;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{
    Flow, HttpAuthScheme, HttpBuilder, OAuth2, Password, Scopes, SecurityScheme,
};
use utoipa::{Modify, OpenApi};

/// The extension that names the permission of a call: an action, or `public`.
pub const PERMISSION: &str = "x-permission";
/// Marks a call whose answer holds secrets: it is not kept under an `Idempotency-Key`. Not part of the served document.
pub const ANSWERS_SECRETS: &str = "x-answers-secrets";

/// Where OAuth 2.0 clients get their tokens.
const TOKEN_URL: &str = "/api/v1/auth/token";

/// The request id of examples.
const REQUEST_ID: &str = "0199f3a0-0000-7000-8000-000000000001";

/// 文档的开头；接口由各路由补入。
#[derive(OpenApi)]
#[openapi(
    info(
        title = "呼应 huying",
        description = "县级群众诉求平台：群众点单、社区派单、网格接单办单、群众评单、随时查单。\n\n\
            **怎么试**：有用户名和密码的，点右上角“授权”，在 oauth2 处登录；否则先用 `POST /api/v1/auth/wechat` 登录\
            （演示环境填 `dev:姓名`），把 `access_token` 填入 bearer 处。再逐个接口点“试一试”。\n\n\
            **约定**：时间为 UTC（RFC 3339）；未知字段会被拒绝；错误一律为 `application/problem+json`，`code` 稳定；\
            `Accept-Language: en` 返回英文；POST 可带 `Idempotency-Key`（24 小时内同键同内容得到同一答复）；\
            `ETag` 为版本，`If-Match` 可选；列表用 `limit` 与 `cursor` 翻页。",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    servers((url = "/", description = "本服务")),
    components(schemas(Problem)),
    modifiers(&Bearer),
    tags(
        (name = "身份", description = "登录、会话、密码、本人"),
        (name = "人员", description = "名册、授权、离岗、查看明文、注销"),
        (name = "单位", description = "部门、党组织、联盟、队伍、企业、社会组织"),
        (name = "纪实", description = "走访、服务、活动：谁在哪里做了什么；挂联领导的走访情况"),
        (name = "导入导出", description = "地点、单位、人员、关系的表格：模板、导入、导出"),
        (name = "关系", description = "包保、挂联、结对、成员、管理、隶属、认门报到；责任链条"),
        (name = "地点", description = "设立、划转、拆分、合并、边界；位置所在的网格"),
        (name = "点位", description = "服务点、说事点、意见箱、监控、商铺、活动场所；步行十五分钟可到的"),
        (name = "服务", description = "服务目录：能办什么事、要带什么材料"),
        (name = "日历", description = "节假日与调休：工作时间怎么算"),
        (name = "规程", description = "一个县怎么做：用语、级别、类别、时限；版本与预览"),
        (name = "审计", description = "谁看过个人信息、谁改过权限"),
        (name = "消息", description = "发给本人的消息"),
        (name = "值班", description = "排班与值班表，请假与代班"),
        (name = "工单", description = "点单、派单、接单、办单、评单、查单"),
        (name = "考核申诉", description = "请求把超时、评价或整件工单从统计中剔除，由上一级决定"),
        (name = "调解", description = "矛盾纠纷的三级七天调解：会、移交上级、协议与签字、引导诉讼"),
(name = "社区减负", description = "社区事务准入、负担清单、街道五项权力"),
(name = "小区", description = "一小区一策：小区的管理方式，物业问题由谁办"),
(name = "重点任务", description = "领导包抓的重点任务：设立、报告进展、销号"),
        (name = "岗位", description = "先锋岗、服务岗位：设岗、认岗、退岗，居民按图索骥；按岗位提需求、对单接任务"),
        (name = "承诺", description = "党员承诺践诺，公开；在职党员积分"),
        (name = "履职", description = "规程所定的履职：排定、记录、补记、漏做，走访、征集日、说事日、例会的覆盖情况"),
        (name = "巡查", description = "网格员的巡查日志：轨迹、发现、里程"),
        (name = "代办", description = "为居民代办：接办、交接和归还材料、进展、确认"),
        (name = "预约", description = "居民预约点位的服务：时段、名额、提醒、办理、未到"),
        (name = "照片", description = "现场照片：去掉拍摄位置后加密保存"),
        (name = "统计", description = "响应率、解决率、满意率，红旗"),
        (name = "统计", description = "响应率、解决率、满意率，红旗，单位考评"),
        (name = "实时", description = "实时推送（WebSocket）"),
        (name = "运行", description = "存活、就绪、公钥、指标")
    )
)]
pub struct Base;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut Document) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("登录得到的 access_token（EdDSA，15 分钟）"))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
        let flow = Password::with_refresh_url(TOKEN_URL, Scopes::new(), TOKEN_URL);
        let oauth = OAuth2::with_description(
            [Flow::Password(flow)],
            "用户名和密码登录（OAuth 2.0 password）；client_id、client_secret 留空即可",
        );
        components.add_security_scheme("oauth2", SecurityScheme::OAuth2(oauth));
    }
}

/// What a call's permission is, as the document says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Anyone.
    Public,
    /// Whoever has this action.
    Action(Action),
}

/// A call of the document.
#[derive(Debug, Clone)]
pub struct Call {
    /// `GET`, `POST`…
    pub method: String,
    /// With its parameters in braces.
    pub path: String,
    /// `None` when it names none, or one that there is not.
    pub permission: Option<Permission>,
}

impl Call {
    /// Whether a path is one of this call's.
    pub fn fits(&self, path: &str) -> bool {
        let (mut template, mut path) = (self.path.split('/'), path.split('/'));
        loop {
            match (template.next(), path.next()) {
                (None, None) => return true,
                (Some(part), Some(asked))
                    if part == asked || (part.starts_with('{') && !asked.is_empty()) => {}
                _ => return false,
            }
        }
    }
}

/// All calls of a document.
pub fn calls(document: &Document) -> Vec<Call> {
    let json = serde_json::to_value(document).unwrap_or_default();
    operations(&json)
        .map(|(path, method, operation)| {
            let permission = operation[PERMISSION].as_str().and_then(|name| match name {
                "public" => Some(Permission::Public),
                name => Action::from_str(name).ok().map(Permission::Action),
            });
            Call { method: method.to_uppercase(), path: path.clone(), permission }
        })
        .collect()
}

fn operations(json: &serde_json::Value) -> impl Iterator<Item = (&String, &String, &serde_json::Value)> {
    let paths = json["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        item.as_object().into_iter().flatten().map(move |(method, operation)| (path, method, operation))
    })
}

/// What calls leave unsaid; empty for a document that may be served. Each must have a summary, a description, a tag that
/// the document describes, an operation id of its own, a permission, a success, its errors, and an example for every JSON body.
pub fn lint(document: &Document) -> Vec<String> {
    let json = serde_json::to_value(document).unwrap_or_default();
    let mut faults = Vec::new();
    let mut ids = HashSet::new();
    let described = |tag: &serde_json::Value| {
        json["tags"].as_array().into_iter().flatten().any(|one| one["name"] == *tag)
    };
    for call in calls(document) {
        if call.permission.is_none() {
            faults.push(format!("{} {}: no {PERMISSION}, or an unknown one", call.method, call.path));
        }
    }
    for (path, method, operation) in operations(&json) {
        let mut fault = |what: &str| faults.push(format!("{} {path}: {what}", method.to_uppercase()));
        for said in ["summary", "description"] {
            if operation[said].as_str().is_none_or(str::is_empty) {
                fault(&format!("no {said}"));
            }
        }
        match operation["tags"].as_array().map_or(&[][..], Vec::as_slice) {
            [tag] if described(tag) => {}
            [_] => fault("a tag that the document does not describe"),
            _ => fault("not exactly one tag"),
        }
        match operation["operationId"].as_str() {
            Some(id) if ids.insert(id.to_owned()) => {}
            Some(_) => fault("its operation id is another's"),
            None => fault("no operation id"),
        }
        let responses: Vec<_> = operation["responses"].as_object().into_iter().flatten().collect();
        // 101 is the success of a WebSocket.
        if !responses.iter().any(|(status, _)| status.starts_with('2') || *status == "101") {
            fault("no success");
        }
        if !responses.iter().any(|(status, _)| status.starts_with('4')) {
            fault("no error");
        }
        let bodies = responses.iter().filter(|(status, _)| status.starts_with('2')).map(|(_, body)| *body);
        for body in bodies.chain([&operation["requestBody"]]) {
            for (media, content) in body["content"].as_object().into_iter().flatten() {
                let schema = &content["schema"];
                let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
                let example = name.map(|name| &json["components"]["schemas"][name]["example"]);
                if media.contains("json")
                    && content["example"].is_null()
                    && example.is_none_or(serde_json::Value::is_null)
                {
                    fault("a body without an example");
                }
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::openapi::path::{HttpMethod, Operation};
    use utoipa::openapi::request_body::RequestBody;
    use utoipa::openapi::{Content, PathItem, RefOr};

    #[test]
    fn the_lint_names_what_a_call_leaves_unsaid() {
        let mut document = Base::openapi();
        let mut operation = Operation::new();
        let mut body = RequestBody::new();
        body.content.insert("application/json".to_owned(), RefOr::T(Content::default()));
        operation.request_body = Some(RefOr::T(body));
        document.paths.paths.insert("/x".to_owned(), PathItem::new(HttpMethod::Post, operation));
        assert_eq!(
            lint(&document),
            [
                "POST /x: no x-permission, or an unknown one",
                "POST /x: no summary",
                "POST /x: no description",
                "POST /x: not exactly one tag",
                "POST /x: no operation id",
                "POST /x: no success",
                "POST /x: no error",
                "POST /x: a body without an example",
            ]
        );
    }
}
