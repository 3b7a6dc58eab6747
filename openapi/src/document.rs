//! The base of the OpenAPI document, and what every call in it must say about itself.

use crate::Lang;
use crate::problem::{Fault, Problem};
use domain::permission::Action;
use domain::ticket::Status;
use std::collections::HashSet;
use std::str::FromStr;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{
    Flow, HttpAuthScheme, HttpBuilder, OAuth2, Password, Scopes, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ContentBuilder, KnownFormat, ObjectBuilder, OpenApi as Document, Ref, RefOr, Required, ResponseBuilder,
    SchemaFormat, Type,
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

/// Adds what follows from a call's permission and method, so that no route has to repeat it: the token, the headers
/// and the errors that are common to all. What a route says itself stays.
pub fn complete(document: &mut Document) {
    for (path, item) in &mut document.paths.paths {
        let names_one = path.contains("{id}");
        let has_version = names_one || path.contains("{year}") || path.ends_with("/playbooks/{county}");
        let operations =
            [(false, &mut item.get), (true, &mut item.post), (true, &mut item.put), (true, &mut item.delete)];
        for (acts, operation) in operations {
            let Some(operation) = operation else { continue };
            let public = operation
                .extensions
                .as_ref()
                .and_then(|extensions| extensions.get(PERMISSION))
                .is_some_and(|permission| permission == "public");
            if !public {
                let either = ["bearer", "oauth2"];
                let none = Vec::<String>::new;
                operation.security =
                    Some(either.map(|scheme| SecurityRequirement::new(scheme, none())).to_vec());
            }
            let secret = operation
                .extensions
                .as_mut()
                .is_some_and(|extensions| extensions.remove(ANSWERS_SECRETS).is_some());
            let mut parameters = vec![];
            if names_one {
                parameters.push(id());
            }
            if acts && !public && !secret {
                parameters.push(header(
                    "Idempotency-Key",
                    "同键同内容得到同一答复，保留 24 小时；1 至 255 个可见 ASCII 字符",
                ));
            }
            if acts && has_version {
                parameters.push(header("If-Match", "只在此版本上执行，如 `\"3\"`；不符则 412"));
            }
            if !parameters.is_empty() {
                operation.parameters.get_or_insert_default().extend(parameters.into_iter().map(RefOr::T));
            }
            let has_body = operation.request_body.is_some();
            let in_query = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query);
            let has_query = operation.parameters.iter().flatten().any(in_query);
            for (status, description, example) in
                common_errors(path, [has_body, has_query], !public, names_one, acts && has_version)
            {
                let responses = &mut operation.responses.responses;
                responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(problem(description, example)));
            }
        }
    }
}

/// The paths of matters.
const MATTERS: [&str; 15] = [
    "/key-tasks/{id}",
    "/duties/{id}",
    "/mediations/{id}",
    "/patrols/{id}",
    "/errands/{id}",
    "/bookings/{id}",
    "/posts/{id}",
    "/post-claims/{id}",
    "/promises/{id}",
    "/post-needs/{id}",
    "/admissions/{id}",
    "/appeals/{id}",
    "/burdens/{id}",
    "/estates/{id}",
    "/powers/{id}",
];

/// The errors of a call: status, what they mean, and one of them as an example.
fn common_errors(
    path: &str,
    [has_body, has_query]: [bool; 2],
    private: bool,
    names_one: bool,
    changes_one: bool,
) -> impl Iterator<Item = (&'static str, &'static str, Fault)> {
    let unknown = Fault::of("/colour", "request.unknown_field", vec![])
        .with("name", "colour")
        .with("allowed", "content, place");
    let accepted = Fault::new("ticket.already_accepted").with("status", Status::Accepted.name());
    let forbidden = Fault::new("permission.role").with("action", Action::TicketDispatch.name());
    let frequent = Fault::new("rate.exceeded")
        .with("rate", if private { "calls" } else { "logins" })
        .with("limit", if private { 600 } else { 10 })
        .with("period", 60)
        .with("seconds", 6);
    let slow = Fault::new("request.too_slow").with("seconds", 15);
    let (missing, conflict, mismatch) = if path.contains("/users/{id}") {
        ("person.not_found", Fault::new("person.erased"), "person.version_mismatch")
    } else if path.contains("/units/{id}") {
        ("unit.not_found", Fault::new("person.erased"), "unit.version_mismatch")
    } else if path.contains("/ties/{id}") {
        ("tie.not_found", Fault::new("tie.ended"), "tie.version_mismatch")
    } else if path.contains("/deeds/{id}") {
        ("deed.not_found", Fault::new("deed.retracted"), "deed.version_mismatch")
    } else if MATTERS.iter().any(|of| path.contains(of)) {
        ("matter.not_found", Fault::new("matter.over").with("status", "done"), "matter.version_mismatch")
    } else if path.contains("/photos/{id}") {
        ("photo.not_found", Fault::new("photo.too_many"), "matter.version_mismatch")
    } else if path.contains("/imports/{id}") {
        ("import.not_found", Fault::new("import.not_done"), "ticket.version_mismatch")
    } else if path.contains("{year}") {
        ("place.unknown", Fault::new("person.erased"), "calendar.version_mismatch")
    } else if path.contains("{county}") {
        ("playbook.not_found", Fault::new("playbook.levels_in_use"), "playbook.version_mismatch")
    } else if path.contains("/shifts/{id}") {
        ("shift.not_found", Fault::new("shift.overlaps"), "shift.version_mismatch")
    } else if path.contains("/absences/{id}") {
        ("absence.not_found", Fault::new("absence.ended"), "absence.version_mismatch")
    } else if path.contains("/points/{id}") {
        ("point.not_found", Fault::new("point.retired"), "point.version_mismatch")
    } else {
        ("ticket.not_found", accepted, "ticket.version_mismatch")
    };
    let no_conflict = ["/units/{id}", "/shifts/{id}", "{year}"].iter().any(|of| path.contains(of));
    let large = Fault::new("request.too_large").with("max", 1024 * 1024);
    let errors = [
        (true, "400", "请求无法解析：JSON、类型、未知字段、查询参数或请求头有误", unknown),
        (private, "401", "未登录，或令牌无效、过期", Fault::new("auth.token_missing")),
        // What is public and takes a body takes a secret.
        (!private && has_body, "401", "登录凭证无效", Fault::new("auth.code_invalid")),
        (private, "403", "没有权限", forbidden),
        (names_one || path.contains("{county}"), "404", "不存在，或不在范围内", Fault::new(missing)),
        (has_body, "408", "请求体传得太慢", slow),
        (changes_one && !no_conflict, "409", "当前状态下不能这样做", conflict),
        (changes_one, "412", "版本与 `If-Match` 不符", Fault::new(mismatch)),
        (has_body, "413", "请求体超过 1 MiB", large),
        (has_body, "415", "请求体不是 application/json，或经过压缩", Fault::new("request.media_type")),
        (
            has_body || has_query,
            "422",
            "内容不合规则，见 `errors`",
            Fault::of("/content", "text.empty", vec![]),
        ),
        (private || has_body, "429", "过于频繁，请按 `Retry-After` 重试", frequent),
        (true, "503", "暂时无法服务，请按 `Retry-After` 重试", Fault::new("store.unavailable")),
    ];
    let applying = errors.into_iter().filter(|(applies, ..)| *applies);
    applying.map(|(_, status, description, example)| (status, description, example))
}

fn id() -> Parameter {
    let uuid = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)));
    ParameterBuilder::new()
        .name("id")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("标识"))
        .example(Some("01990000-0000-7000-8000-000000000101".into()))
        .schema(Some(uuid))
        .build()
}

fn header(name: &str, description: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

fn problem(description: &str, example: Fault) -> utoipa::openapi::Response {
    let problem = Problem::new(&[example], Lang::Chinese, REQUEST_ID.to_owned());
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .example(serde_json::to_value(problem).ok())
        .build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::openapi::path::{HttpMethod, Operation};
    use utoipa::openapi::request_body::RequestBody;
    use utoipa::openapi::{Content, PathItem};

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
