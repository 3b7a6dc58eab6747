//! How the API says no: RFC 9457 problem details, from one table.

mod table;
#[cfg(test)]
mod tests;

pub use table::{Row, TABLE};

use crate::words::Spoken;
use crate::{Lang, label, matter};
use chrono::DateTime;
use domain::misfit;
use domain::permission::Action;
use domain::ticket::Status;
use domain::time::china;
use serde::Serialize;
use std::borrow::Cow;
use std::str::FromStr;
use utoipa::ToSchema;

/// What an error tells besides its code, put into its sentence in the place of `{name}`.
pub type Args = Vec<(&'static str, String)>;

/// What an `Idempotency-Key` may be.
pub const KEY: &str = "1-255 ASCII (0x21-0x7E)";

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
    /// OAuth 2.0 错误代码（RFC 6749 5.2），仅见于 `/auth/token`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
    /// 同 `detail`，仅见于 `/auth/token`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
}

/// 一个字段的错误。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON 指针（`/place/code`），查询参数为 `?名称`，路径参数为其名称
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

    /// With the words of a county for how a ticket stands, and for who works there.
    #[must_use]
    pub fn said(mut self, spoken: &Spoken) -> Self {
        for (name, value) in &mut self.args {
            match *name {
                "status" => {
                    if let Ok(status) = Status::from_str(value) {
                        spoken.status(status).clone_into(value);
                    }
                }
                "roles" => *value = spoken.roles(value),
                _ => {}
            }
        }
        self
    }

    /// With a part of its sentence.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.args.push((name, value.to_string()));
        self
    }
}

/// The line of a code; the one for internal errors when there is none, which a test rules out.
pub fn find(code: &str) -> &'static Row {
    let internal = || TABLE.last().expect("the table is not empty");
    TABLE.iter().find(|row| row.code == code).unwrap_or_else(internal)
}

/// A time as people say it, where they are: in China. English keeps the offset.
fn moment(value: &str, lang: Lang) -> Option<String> {
    let there = DateTime::parse_from_rfc3339(value).ok()?.with_timezone(&china());
    Some(there.format(lang.of("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S %:z")).to_string())
}

impl Row {
    fn words(&self, [chinese, english]: &[&'static str; 2], lang: Lang, args: &Args) -> String {
        args.iter().fold(lang.of(chinese, english).to_owned(), |text, (name, value)| {
            // Words among the parts that people have a name for.
            let word = match *name {
                "status" => self.status(value, lang).map(Cow::from),
                "action" => Action::from_str(value).ok().map(|action| label::action(action, lang).into()),
                "rate" => label::rate(value, lang).map(Cow::from),
                "roles" => Some(Spoken::new(None, lang).roles(value).into()),
                "earliest" | "latest" | "limit" => moment(value, lang).map(Cow::from),
                _ if matches!(lang, Lang::Chinese) => self.misfit(name, value).map(Cow::from),
                _ => None,
            };
            text.replace(&format!("{{{name}}}"), &word.unwrap_or(Cow::from(value)))
        })
    }

    /// What a program said of a request that it could not read, without its English.
    fn misfit(&self, name: &str, value: &str) -> Option<String> {
        match (self.code, name) {
            ("request.malformed_json", "reason") => Some(misfit::syntax(value).to_owned()),
            ("request.invalid_value" | "boundary.no_geojson", "reason") => {
                Some(misfit::reason(value).unwrap_or("写法有误").to_owned())
            }
            ("request.invalid_type", "expected" | "got") => Some(misfit::json_kind(value)),
            ("request.header", "allowed") if value == KEY => {
                Some("1 至 255 个可见的 ASCII 字符，不含空格".to_owned())
            }
            _ => None,
        }
    }

    /// How a ticket stands, or a matter: some words are of both.
    fn status(&self, value: &str, lang: Lang) -> Option<&'static str> {
        let of_matter = Some(value).filter(|_| self.code.starts_with("matter."));
        let ticket = || Status::from_str(value).ok().map(|status| label::status(status, lang));
        of_matter.and_then(|word| matter::status(word, lang)).or_else(ticket)
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
            error: None,
            error_description: None,
        }
    }

    /// The same as OAuth 2.0 clients expect it: wrong credentials are no matter of the Authorization header.
    #[must_use]
    pub fn for_oauth(mut self) -> Self {
        self.error = Some(match (self.code.as_str(), self.status) {
            ("oauth.unsupported_grant_type", _) => "unsupported_grant_type",
            (_, 401 | 403 | 429) => "invalid_grant",
            (_, 500..) => "temporarily_unavailable",
            _ => "invalid_request",
        });
        self.error_description = Some(self.detail.clone());
        if self.status == 401 {
            self.status = 400;
        }
        self
    }
}
