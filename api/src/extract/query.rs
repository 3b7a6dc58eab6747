//! The query of a URL.

use super::fault::{fault, pointer};
use crate::error::ApiError;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use chrono::{Datelike, NaiveDate, NaiveTime};
use domain::time::Timestamp;
use openapi::problem::Fault;
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};
use std::ops::RangeInclusive;

/// A query that parsed.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(request.query_string()).map(Self).map_err(ApiError::from))
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Fault> {
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let named = |name: &str| format!("?{name}");
        let at = named(pointer(error.path()).trim_start_matches('/'));
        fault(&error.inner().to_string(), at, named)
    })
}

const DEFAULT_LIMIT: u16 = 20;
const MAX_LIMIT: u16 = 100;

/// How many entries a page has: 1 to 100, or 20.
pub(crate) fn limit(asked: Option<i64>) -> Result<u16, Fault> {
    let Some(asked) = asked else {
        return Ok(DEFAULT_LIMIT);
    };
    let limit = u16::try_from(asked).ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    let args = vec![("min", "1".to_owned()), ("max", MAX_LIMIT.to_string()), ("value", asked.to_string())];
    limit.ok_or_else(|| Fault::of("?limit", "request.out_of_range", args))
}

/// Years that both databases can compare.
const YEARS: RangeInclusive<i32> = 1..=9999;

/// Whether a database can compare with this time.
pub(crate) fn comparable(field: &str, time: Option<Timestamp>) -> Result<(), Fault> {
    match time {
        Some(time) if !YEARS.contains(&time.year()) => Err(Fault::of(field, "request.out_of_range", vec![])
            .with("min", YEARS.start())
            .with("max", YEARS.end())
            .with("value", time)),
        Some(_) | None => Ok(()),
    }
}

/// Whether a database can compare with this day.
pub(crate) fn comparable_day(field: &str, day: Option<NaiveDate>) -> Result<(), Fault> {
    comparable(field, day.map(|day| day.and_time(NaiveTime::MIN).and_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use openapi::Lang;
    use openapi::problem::find;
    use openapi::ticket::ListTickets;

    #[test]
    fn a_query_names_what_does_not_parse() {
        let cases = [
            ("limit=many", "?limit", "request.invalid_value"),
            ("stauts=closed", "?stauts", "request.unknown_field"),
            ("status=open", "?status", "request.unknown_value"),
            ("mine=yes", "?mine", "request.invalid_value"),
            ("limit=1&limit=2", "?limit", "request.duplicate_field"),
            ("unit=7", "?unit", "request.invalid_value"),
            ("from=yesterday", "?from", "request.invalid_value"),
        ];
        for (query, field, code) in cases {
            let fault = parse::<ListTickets>(query).err().unwrap();
            assert_eq!((fault.field.as_deref(), fault.code), (Some(field), code), "{query}: {fault:?}");
            // The sentence of the parser is known, so that nobody is told only that something is wrong.
            if code == "request.invalid_value" {
                let said = find(code).detail(Lang::Chinese, &fault.args);
                assert!(!said.contains("写法有误"), "{query}: {said}");
            }
        }
        assert!(parse::<ListTickets>("status=closed&mine=true&limit=5").is_ok());
    }

    #[test]
    fn a_page_has_1_to_100_entries() {
        assert_eq!(limit(None), Ok(20));
        assert_eq!(limit(Some(100)), Ok(100));
        for wrong in [0, -1, 101, i64::MAX] {
            assert_eq!(limit(Some(wrong)).unwrap_err().code, "request.out_of_range");
        }
    }
}
