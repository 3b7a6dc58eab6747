//! Headers on which a change depends.

use crate::app::State;
use crate::error::ApiError;
use actix_web::dev::Payload;
use actix_web::http::header::{HeaderName, IF_MATCH};
use actix_web::{FromRequest, HttpRequest};
use domain::id::UserId;
use infra::store::IdempotencyKey;
use openapi::problem::{Fault, KEY};
use std::future::{Ready, ready};

const IDEMPOTENCY_KEY: &str = "idempotency-key";
const MAX_KEY: usize = 255;

/// On what a change depends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Conditions {
    /// `If-Match`.
    pub(crate) if_match: Option<i32>,
    key: Option<String>,
    method: String,
    path: String,
}

impl FromRequest for Conditions {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request))
    }
}

impl Conditions {
    fn read(request: &HttpRequest) -> Result<Self, ApiError> {
        let wrong = |name: &str, allowed: &str| {
            ApiError::from(Fault::new("request.header").with("name", name).with("allowed", allowed))
        };
        let if_match = match text(request, &IF_MATCH) {
            None | Some(Ok("*")) => None,
            Some(value) => {
                let version = value.ok().and_then(version);
                Some(version.ok_or_else(|| wrong("If-Match", "\"3\", *"))?)
            }
        };
        let key = match text(request, &HeaderName::from_static(IDEMPOTENCY_KEY)) {
            None => None,
            Some(Ok(key))
                if (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) =>
            {
                Some(key.to_owned())
            }
            Some(_) => return Err(wrong("Idempotency-Key", KEY)),
        };
        let (method, path) = (request.method().to_string(), request.path().to_owned());
        Ok(Self { if_match, key, method, path })
    }

    /// The same for a call whose answer is not kept.
    pub(crate) fn without_key(self) -> Self {
        Self { key: None, ..self }
    }

    /// The key under which the answer is kept, where the client sent one.
    pub(crate) fn key(&self, state: &State, user: UserId, body: &[u8]) -> Option<IdempotencyKey> {
        let key = self.key.as_ref()?;
        Some(state.store.idempotency_key(user.0, &self.method, &self.path, key, body))
    }
}

fn text<'a>(request: &'a HttpRequest, name: &HeaderName) -> Option<Result<&'a str, ()>> {
    request.headers().get(name).map(|value| value.to_str().map_err(drop))
}

fn version(tag: &str) -> Option<i32> {
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok().filter(|version| *version > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn conditions_are_read_or_refused() {
        let read = |name: &'static str, value: &str| {
            Conditions::read(&TestRequest::post().insert_header((name, value)).to_http_request())
        };
        assert_eq!(read("if-match", "\"7\"").unwrap().if_match, Some(7));
        assert_eq!(read("if-match", "*").unwrap().if_match, None);
        assert_eq!(read("idempotency-key", "a-1").unwrap().key.as_deref(), Some("a-1"));
        for wrong in ["7", "\"x\"", "\"0\"", "\"-1\"", "\"7\", \"8\"", ""] {
            assert!(read("if-match", wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "a b", &"k".repeat(256)] {
            assert!(read("idempotency-key", wrong).is_err(), "{wrong}");
        }
    }
}
