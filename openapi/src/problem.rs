//! How the API says no: RFC 9457 problem details, from one table.

use crate::{Lang, label};
use domain::permission::Action;
use domain::ticket::Status;
use serde::Serialize;
use std::str::FromStr;
use utoipa::ToSchema;

/// What an error tells besides its code, put into its sentence in the place of `{name}`.
pub type Args = Vec<(&'static str, String)>;

/// 错误说明（RFC 9457）。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "urn:huying:problem:text.too_long", "title": "文字过长", "status": 422,
    "detail": "共 10001 个字，至多 10000 个字。", "code": "text.too_long",
    "errors": [{"field": "/content", "code": "text.too_long", "detail": "共 10001 个字，至多 10000 个字。"}],
    "request_id": "0199f3a0-0000-7000-8000-000000000001"
}))]
pub struct Problem {
    /// `urn:huying:problem:` 加错误代码
    #[serde(rename = "type")]
    pub kind: String,
    /// 简短标题
    pub title: String,
    /// HTTP 状态码
    pub status: u16,
    /// 哪里不对、允许什么
    pub detail: String,
    /// 稳定的错误代码，供程序判断
    pub code: String,
    /// 涉及的字段
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// 请求编号，报障时请提供
    pub request_id: String,
}

/// 一个字段的错误。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON 指针（`/place/code`），查询参数为 `?名称`
    pub field: String,
    /// 错误代码
    pub code: String,
    /// 哪里不对、允许什么
    pub detail: String,
}

/// Something wrong with a request, before it is put into words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, for a field.
    pub field: Option<String>,
    /// What.
    pub code: &'static str,
    /// Parts of the sentence.
    pub args: Args,
}

impl Fault {
    /// A fault that belongs to no field.
    pub fn new(code: &'static str) -> Self {
        Self { field: None, code, args: Vec::new() }
    }

    /// A fault of a field.
    pub fn of(field: impl Into<String>, code: &'static str, args: Args) -> Self {
        Self { field: Some(field.into()), code, args }
    }

    /// With a part of its sentence.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.args.push((name, value.to_string()));
        self
    }
}

/// A line of the table.
#[derive(Debug)]
pub struct Row {
    /// The stable code.
    pub code: &'static str,
    /// HTTP status.
    pub status: u16,
    title: [&'static str; 2],
    detail: [&'static str; 2],
}

const fn row(code: &'static str, status: u16, title: [&'static str; 2], detail: [&'static str; 2]) -> Row {
    Row { code, status, title, detail }
}

/// Every code that the API answers with. Code, status, title and detail in Chinese and in English.
#[rustfmt::skip]
pub const TABLE: &[Row] = &[
    row("request.malformed_json", 400, ["JSON 格式有误", "Malformed JSON"], ["第 {line} 行第 {column} 列不是 JSON：{reason}。", "Not JSON at line {line}, column {column}: {reason}."]),
    row("request.invalid_value", 400, ["取值无法识别", "Unreadable value"], ["取值无法识别：{reason}。", "Unreadable value: {reason}."]),
    row("request.invalid_type", 400, ["类型有误", "Wrong type"], ["应为 {expected}，收到 {got}。", "Expected {expected}, got {got}."]),
    row("request.unknown_value", 400, ["没有这个取值", "Unknown value"], ["没有取值 {got}；允许：{allowed}。", "There is no {got}; allowed: {allowed}."]),
    row("request.missing_field", 400, ["缺少字段", "Missing field"], ["必须填写 {name}。", "{name} is required."]),
    row("request.duplicate_field", 400, ["字段重复", "Duplicate field"], ["{name} 只能填写一次。", "{name} may be given once only."]),
    row("request.unknown_field", 400, ["未知字段", "Unknown field"], ["没有字段 {name}；允许：{allowed}。", "There is no field {name}; allowed: {allowed}."]),
    row("request.out_of_range", 422, ["取值超出范围", "Out of range"], ["应为 {min} 至 {max}，收到 {value}。", "Must be {min} to {max}, got {value}."]),
    row("request.too_large", 413, ["请求体过大", "Body too large"], ["请求体至多 {max} 字节。", "A body has at most {max} bytes."]),
    row("request.media_type", 415, ["不支持的内容类型", "Unsupported media type"], ["请求体应为 application/json。", "The body must be application/json."]),
    row("request.body_interrupted", 400, ["请求体不完整", "Incomplete body"], ["请求体没有收完整。", "The body did not arrive whole."]),
    row("request.header", 400, ["请求头有误", "Invalid header"], ["请求头 {name} 应为：{allowed}。", "Header {name} must be: {allowed}."]),
    row("route.not_found", 404, ["没有这个接口", "No such call"], ["没有 {path}；全部接口见 /docs/。", "There is no {path}; all calls are listed at /docs/."]),
    row("route.method_not_allowed", 405, ["方法不允许", "Method not allowed"], ["{path} 只支持 {allowed}。", "{path} supports {allowed} only."]),
    row("cursor.invalid", 400, ["游标无效", "Invalid cursor"], ["游标被改动过，或属于另一个列表；请从第一页重新取。", "The cursor was changed or belongs to another list; begin at the first page."]),
    row("auth.token_missing", 401, ["未登录", "Not signed in"], ["请在 Authorization 请求头中提供 Bearer 令牌。", "Send a Bearer token in the Authorization header."]),
    row("auth.token_invalid", 401, ["令牌无效", "Invalid token"], ["令牌无法验证，请重新登录。", "The token cannot be verified; sign in again."]),
    row("auth.token_expired", 401, ["令牌已过期", "Token expired"], ["令牌已过期，请重新登录。", "The token has expired; sign in again."]),
    row("auth.grants_changed", 401, ["权限已变更", "Grants have changed"], ["您的角色或范围已变更，请重新登录。", "Your roles or scopes have changed; sign in again."]),
    row("auth.code_invalid", 401, ["登录凭证无效", "Invalid login code"], ["登录凭证无效或未开通；开发登录请使用 dev:姓名，并以 HUYING_DEV_LOGIN=1 或 --demo 启动。", "The login code is not valid here; development logins are dev:NAME, with HUYING_DEV_LOGIN=1 or --demo."]),
    row("auth.dev_login_behind_proxy", 403, ["开发登录不得对外", "Development login behind a proxy"], ["已开启开发登录，不接受经代理转发的请求。", "Development login is on: forwarded requests are refused."]),
    row("permission.role", 403, ["没有权限", "Not allowed"], ["您的角色不能{action}。", "None of your roles may {action}."]),
    row("permission.reach", 403, ["没有权限", "Not allowed"], ["您可以查看此工单，但不能{action}。", "You may see this ticket, but to {action} it is not yours."]),
    row("idempotency.key_reused", 422, ["幂等键已用于其他内容", "Idempotency key reused"], ["同一 Idempotency-Key 已用于另一请求体。", "The same Idempotency-Key came with another body before."]),
    row("ticket.version_mismatch", 412, ["版本不符", "Version mismatch"], ["工单已有变动，与 If-Match 不符；请重新读取。", "The ticket has changed and does not match If-Match; read it again."]),
    row("ticket.not_found", 404, ["没有这个工单", "No such ticket"], ["工单不存在，或不在您的范围内。", "The ticket does not exist or is out of your scope."]),
    row("ticket.not_dispatched", 409, ["尚未派单", "Not dispatched yet"], ["工单当前为 {status}，尚未派单。", "The ticket is {status} and has not been dispatched."]),
    row("ticket.already_dispatched", 409, ["已派单", "Already dispatched"], ["工单当前为 {status}，已经派过单。", "The ticket is {status} and has been dispatched already."]),
    row("ticket.not_accepted", 409, ["尚未接单", "Not accepted yet"], ["工单当前为 {status}，请先接单。", "The ticket is {status}; accept it first."]),
    row("ticket.already_accepted", 409, ["已接单", "Already accepted"], ["工单当前为 {status}，已经有人接单。", "The ticket is {status} and has been accepted already."]),
    row("ticket.already_arrived", 409, ["已到场", "Already on the scene"], ["工单当前为 {status}，本轮已记录到场。", "The ticket is {status}; the arrival of this round is recorded already."]),
    row("ticket.not_resolved", 409, ["尚未办结", "Not resolved yet"], ["工单当前为 {status}，办结后才能评价。", "The ticket is {status}; it can be rated once resolved."]),
    row("ticket.already_resolved", 409, ["已办结", "Already resolved"], ["工单当前为 {status}，已经办结。", "The ticket is {status} and has been resolved already."]),
    row("ticket.already_closed", 409, ["已结单", "Already closed"], ["工单当前为 {status}，已经评价结单。", "The ticket is {status} and has been rated and closed."]),
    row("ticket.lead_unknown", 422, ["责任人或责任单位不存在", "Unknown lead"], ["没有这个人员或单位。", "There is no such person or unit."]),
    row("ticket.lead_cannot_handle", 422, ["责任人或责任单位不能承办", "Lead cannot handle it"], ["该人员或单位不承办此地的工单。", "This person or unit does not handle tickets of this place."]),
    row("ticket.lead_one_of", 422, ["责任人、责任单位只能选一个", "One lead"], ["person 与 unit 请填写且只填写一个。", "Give person or unit, and only one of them."]),
    row("ticket.category_unknown", 422, ["没有这个类别", "Unknown category"], ["允许的类别：{allowed}。", "Allowed categories: {allowed}."]),
    row("ticket.stars_out_of_range", 422, ["星级超出范围", "Stars out of range"], ["星级应为 1 至 5。", "Stars are 1 to 5."]),
    row("ticket.channel_for_staff", 422, ["渠道不可选", "Channel not available"], ["居民只能经小程序（mini_program）点单。", "Residents file through mini_program only."]),
    row("ticket.lens_required", 422, ["请指定范围", "Choose a scope"], ["您有多个范围，请用 place 或 unit 指定其一。", "You have several scopes: name one by place or unit."]),
    row("ticket.q_not_a_number", 422, ["不是工单编号", "Not a ticket number"], ["q 只支持完整的工单编号，如 532504-261121-00017。", "q takes a whole ticket number, such as 532504-261121-00017."]),
    row("place.not_digits", 422, ["地点编码有误", "Invalid place code"], ["地点编码只能是半角数字。", "A place code has the digits 0 to 9 only."]),
    row("place.no_level", 422, ["地点编码长度有误", "Invalid place code"], ["地点编码为 {length} 位；允许：{allowed} 位。", "The place code has {length} digits; allowed: {allowed}."]),
    row("place.no_province", 422, ["地点编码有误", "Invalid place code"], ["没有以此开头的省级代码。", "No province begins like this."]),
    row("place.unknown", 422, ["没有这个地点", "Unknown place"], ["没有编码为 {code} 的地点。", "There is no place {code}."]),
    row("place.too_wide", 422, ["地点范围过大", "Place too wide"], ["请具体到社区（村）或以下，{code} 过大。", "Name a community or a place below; {code} is too wide."]),
    row("place.code_or_position", 422, ["地点填写有误", "Code or position"], ["请填写 code，或完整填写 lat、lng、datum，二者取一。", "Give either code or all of lat, lng and datum."]),
    row("place.no_grid_at_position", 422, ["该位置未划定网格", "No grid at this position"], ["该位置尚未划定网格，请改填地点编码 code。", "No grid has a boundary around this position; give its place code."]),
    row("position.outside_china", 422, ["位置不在中国境内", "Outside China"], ["纬度应为 17.5 至 53.6，经度应为 73.4 至 135.2。", "Latitude must be 17.5 to 53.6 and longitude 73.4 to 135.2."]),
    row("text.empty", 422, ["文字不能为空", "Empty text"], ["请填写至少 1 个字。", "Write at least 1 character."]),
    row("text.too_long", 422, ["文字过长", "Text too long"], ["共 {length} 个字，至多 {max} 个字。", "{length} characters, at most {max}."]),
    row("text.control_character", 422, ["含有控制字符", "Control character"], ["第 {at} 个字是控制字符 {code}；除换行和制表符外不允许。", "Character {at} is the control character {code}; only line breaks and tabs are allowed."]),
    row("store.contended", 503, ["请稍后再试", "Try again"], ["同时修改的人较多，请稍后再试。", "Too many changes at once; try again."]),
    row("store.unavailable", 503, ["暂时无法服务", "Temporarily unavailable"], ["数据库暂时不可用，请稍后再试。", "The database is unavailable for the moment; try again."]),
    row("internal", 500, ["内部错误", "Internal error"], ["服务器出错，请提供请求编号以便查找。", "The server failed; the request id helps to find out why."]),
];

/// The line of a code; the one for internal errors when there is none, which a test rules out.
pub fn find(code: &str) -> &'static Row {
    let internal = || TABLE.last().expect("the table is not empty");
    TABLE.iter().find(|row| row.code == code).unwrap_or_else(internal)
}

impl Row {
    fn words(&self, [chinese, english]: &[&'static str; 2], lang: Lang, args: &Args) -> String {
        args.iter().fold(lang.of(chinese, english).to_owned(), |text, (name, value)| {
            // Words among the parts that people have a name for.
            let word = match *name {
                "status" => Status::from_str(value).ok().map(|status| label::status(status, lang)),
                "action" => Action::from_str(value).ok().map(|action| label::action(action, lang)),
                _ => None,
            };
            let value = word.unwrap_or(value);
            text.replace(&format!("{{{name}}}"), value)
        })
    }

    /// Its sentence.
    pub fn detail(&self, lang: Lang, args: &Args) -> String {
        self.words(&self.detail, lang, args)
    }
}

impl Problem {
    /// The first fault is the problem; those of fields are all listed. There must be one.
    pub fn new(faults: &[Fault], lang: Lang, request_id: String) -> Self {
        let internal = Fault::new("internal");
        let first = faults.first().unwrap_or(&internal);
        let row = find(first.code);
        let errors = faults.iter().filter_map(|fault| {
            let field = fault.field.clone()?;
            let detail = find(fault.code).detail(lang, &fault.args);
            Some(FieldError { field, code: fault.code.to_owned(), detail })
        });
        Self {
            kind: format!("urn:huying:problem:{}", row.code),
            title: row.words(&row.title, lang, &first.args),
            status: row.status,
            detail: row.detail(lang, &first.args),
            code: row.code.to_owned(),
            errors: errors.collect(),
            request_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::geo::PositionRefusal;
    use domain::permission::PermissionRefusal;
    use domain::place::{Levels, PlaceCode, PlaceRefusal};
    use domain::refusal::Refusal;
    use domain::text::TextRefusal;
    use domain::ticket::{TicketRefusal, WrongState};
    use strum::IntoEnumIterator;

    fn every_refusal() -> Vec<Refusal> {
        let code = PlaceCode::parse("532504", &Levels::default()).unwrap();
        let mut all: Vec<Refusal> = vec![
            PermissionRefusal::Role { action: Action::TicketView }.into(),
            PermissionRefusal::Reach { action: Action::TicketView }.into(),
            PlaceRefusal::NotDigits.into(),
            PlaceRefusal::NoLevel { length: 7, allowed: "6, 9".into() }.into(),
            PlaceRefusal::NoProvince.into(),
            PlaceRefusal::Unknown { code }.into(),
            PlaceRefusal::NoGridAtPosition.into(),
            PlaceRefusal::CodeOrPosition.into(),
            PlaceRefusal::TooWide { code }.into(),
            PositionRefusal::OutsideChina { field: "lat" }.into(),
            TextRefusal::Empty.into(),
            TextRefusal::TooLong { length: 10_001, max: 10_000 }.into(),
            TextRefusal::ControlCharacter { code: 0, at: 1 }.into(),
            TicketRefusal::NotFound.into(),
            TicketRefusal::LeadUnknown.into(),
            TicketRefusal::LeadCannotHandle.into(),
            TicketRefusal::CategoryUnknown { allowed: "a".into() }.into(),
            TicketRefusal::StarsOutOfRange.into(),
            TicketRefusal::ChannelForStaff.into(),
        ];
        let states = WrongState::iter();
        all.extend(states.map(|why| TicketRefusal::WrongState { why, status: Status::Closed }.into()));
        all
    }

    #[test]
    fn every_refusal_has_a_line_and_fills_its_sentence() {
        for refusal in every_refusal() {
            let row = TABLE.iter().find(|row| row.code == refusal.code());
            let row = row.unwrap_or_else(|| panic!("{} is not in the table", refusal.code()));
            for lang in [Lang::Chinese, Lang::English] {
                let detail = row.detail(lang, &refusal.args());
                assert!(!detail.contains('{'), "{detail}");
            }
        }
    }

    #[test]
    fn every_line_says_something_in_both_languages_and_stands_once() {
        for (i, row) in TABLE.iter().enumerate() {
            assert!(TABLE[..i].iter().all(|other| other.code != row.code), "{} twice", row.code);
            let placeholders = |text: &str| {
                let mut names: Vec<_> =
                    text.split('{').skip(1).filter_map(|s| s.split('}').next()).map(str::to_owned).collect();
                names.sort();
                names
            };
            assert_eq!(placeholders(row.detail[0]), placeholders(row.detail[1]), "{}", row.code);
            assert!(row.title.iter().chain(&row.detail).all(|text| !text.is_empty()), "{}", row.code);
            assert!(
                row.detail[1].is_ascii() && !row.detail[0].is_ascii() || row.code == "request.invalid_value"
            );
            assert!((400..600).contains(&row.status));
        }
    }

    #[test]
    fn the_first_fault_is_the_problem_and_all_fields_are_listed() {
        let faults = [
            Fault::of("/content", "text.empty", vec![]),
            Fault::of("/place/code", "place.not_digits", vec![]),
        ];
        let problem = Problem::new(&faults, Lang::English, "r".into());
        assert_eq!((problem.status, problem.code.as_str(), problem.errors.len()), (422, "text.empty", 2));
        assert_eq!(problem.errors[1].field, "/place/code");
    }
}
