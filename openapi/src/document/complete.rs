//! What every call of the document has in common, so that no route has to repeat it.

use super::{ANSWERS_SECRETS, PERMISSION, REQUEST_ID};
use crate::Lang;
use crate::problem::{Fault, Problem};
use domain::permission::Action;
use domain::ticket::Status;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{
    ContentBuilder, KnownFormat, ObjectBuilder, OpenApi as Document, Ref, RefOr, Required, ResponseBuilder,
    SchemaFormat, Type,
};

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
            let keyed = acts && !public && !secret;
            if keyed {
                parameters.push(header(
                    "Idempotency-Key",
                    "同键同内容得到同一答复，保留 24 小时；1 至 255 个可见 ASCII 字符",
                ));
            }
            if acts && has_version {
                parameters.push(header("If-Match", "只在此版本上执行，如 `\"3\"`；不符则 412"));
            }
            operation.parameters.iter_mut().flatten().for_each(in_words);
            if !parameters.is_empty() {
                operation.parameters.get_or_insert_default().extend(parameters.into_iter().map(RefOr::T));
            }
            let has_body = operation.request_body.is_some();
            let in_query = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query);
            let has_query = operation.parameters.iter().flatten().any(in_query);
            for (status, description, example) in
                common_errors(path, [has_body, has_query], !public, names_one, [acts && has_version, keyed])
            {
                let responses = &mut operation.responses.responses;
                responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(problem(description, example)));
            }
        }
    }
}

/// The page fills in what stands as an example. A list that was narrowed by all of them at once would show nothing, so what may
/// be left out has its example in words.
fn in_words(parameter: &mut RefOr<Parameter>) {
    let RefOr::T(parameter) = parameter else { return };
    if parameter.parameter_in != ParameterIn::Query || parameter.required == Required::True {
        return;
    }
    // It can be read in what is written alone.
    let written = serde_json::to_value(&*parameter).unwrap_or_default();
    let example = match written.get("example") {
        None => return,
        Some(example) => example.as_str().map_or_else(|| example.to_string(), str::to_owned),
    };
    let said = parameter.description.take().unwrap_or_default();
    let parameter_of = ParameterBuilder::from(parameter.clone());
    *parameter = parameter_of.description(Some(format!("{said}，如 {example}"))).example(None).build();
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
    [changes_one, keyed]: [bool; 2],
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
        ("unit.not_found", Fault::new("unit.retired"), "unit.version_mismatch")
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
        ("place.unknown", Fault::new("idempotency.answer_erased"), "calendar.version_mismatch")
    } else if path.contains("{county}") {
        ("playbook.not_found", Fault::new("playbook.levels_in_use"), "playbook.version_mismatch")
    } else if path.contains("/shifts/{id}") {
        ("shift.not_found", Fault::new("shift.overlaps"), "shift.version_mismatch")
    } else if path.contains("/absences/{id}") {
        ("absence.not_found", Fault::new("absence.ended"), "absence.version_mismatch")
    } else if path.contains("/points/{id}") {
        ("point.not_found", Fault::new("point.retired"), "point.version_mismatch")
    } else if path.ends_with("/ties") || path.ends_with("/check-ins") {
        ("place.unknown", Fault::new("tie.exists"), "tie.version_mismatch")
    } else if path.ends_with("/patrols") {
        ("place.unknown", Fault::new("patrol.under_way"), "matter.version_mismatch")
    } else if names_one {
        ("ticket.not_found", accepted, "ticket.version_mismatch")
    } else {
        ("place.unknown", Fault::new("idempotency.answer_erased"), "ticket.version_mismatch")
    };
    let large = Fault::new("request.too_large").with("max", 1024 * 1024);
    let errors = [
        (true, "400", "请求无法解析：JSON、类型、未知字段、查询参数或请求头有误", unknown),
        (private, "401", "未登录，或令牌无效、过期", Fault::new("auth.token_missing")),
        // What is public and takes a body takes a secret.
        (!private && has_body, "401", "登录凭证无效", Fault::new("auth.code_invalid")),
        (private, "403", "没有权限", forbidden),
        (names_one || path.contains("{county}"), "404", "不存在，或不在范围内", Fault::new(missing)),
        (has_body, "408", "请求体传得太慢", slow),
        (changes_one || keyed, "409", "当前状态下不能这样做，或同键的答复已不再保留", conflict),
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
