//! A body, and a JSON body with the bytes that it came in.

use super::fault::{fault, pointer, without_place};
use crate::app::State;
use crate::error::ApiError;
use crate::limits::Wire;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest, web};
use domain::photo;
use futures_util::StreamExt;
use infra::sheet::MAX_BYTES;
use openapi::problem::Fault;
use openapi::strict::Object;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::pin::Pin;
use tokio::time::timeout;

/// The largest body, in bytes.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

/// A body as it came: whole, in time, within measure and not encoded.
pub(crate) struct Raw(pub(crate) Bytes);

impl FromRequest for Raw {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // Never inflated: a kilobyte of zeros is a gigabyte of nothing.
        let is_encoded = request.headers().get_all(CONTENT_ENCODING).any(|coding| coding != "identity");
        let state = request.app_data::<web::Data<State>>();
        let patience = state.map_or(Wire::default().body, |state| state.wire.body);
        // Limited by the `PayloadConfig` of the app.
        let bytes = Bytes::from_request(request, payload);
        Box::pin(async move {
            if is_encoded {
                return Err(ApiError::new("request.encoding"));
            }
            let too_slow = |_| Fault::new("request.too_slow").with("seconds", patience.as_secs());
            let bytes = timeout(patience, bytes).await.map_err(too_slow)?;
            Ok(Self(bytes.map_err(|error| unread(&error))?))
        })
    }
}

/// A file: far larger than a body of JSON may be, and of any type.
pub(crate) struct Upload(pub(crate) BytesMut);

impl FromRequest for Upload {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let file = file(request, payload, MAX_BYTES);
        Box::pin(async move { Ok(Self(file.await?)) })
    }
}

/// A photo, of any type.
pub(crate) struct Photograph(pub(crate) BytesMut);

impl FromRequest for Photograph {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let file = file(request, payload, photo::MAX_BYTES);
        Box::pin(async move { Ok(Self(file.await?)) })
    }
}

/// A body of so many bytes at most, in time and not encoded.
fn file(
    request: &HttpRequest,
    payload: &mut Payload,
    max: usize,
) -> impl Future<Output = Result<BytesMut, ApiError>> + 'static {
    let is_encoded = request.headers().get_all(CONTENT_ENCODING).any(|coding| coding != "identity");
    let state = request.app_data::<web::Data<State>>();
    let patience = state.map_or(Wire::default().body, |state| state.wire.body);
    let mut payload = payload.take();
    async move {
        if is_encoded {
            return Err(ApiError::new("request.encoding"));
        }
        let whole = async {
            let mut file = BytesMut::new();
            while let Some(piece) = payload.next().await {
                let piece = piece.map_err(|_| ApiError::new("request.body_interrupted"))?;
                if file.len() + piece.len() > max {
                    return Err(Fault::new("request.too_large").with("max", max).into());
                }
                file.extend_from_slice(&piece);
            }
            Ok(file)
        };
        let too_slow = |_| ApiError::from(Fault::new("request.too_slow").with("seconds", patience.as_secs()));
        timeout(patience, whole).await.map_err(too_slow)?
    }
}

/// A body that parsed.
pub(crate) struct Body<T> {
    pub(crate) value: T,
    /// As they came: an idempotency key belongs to them.
    pub(crate) bytes: Bytes,
}

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = has_media_type(request, "application/json");
        let raw = Raw::from_request(request, payload);
        Box::pin(async move {
            if !is_json {
                return Err(ApiError::new("request.media_type"));
            }
            let Raw(bytes) = raw.await?;
            Ok(Self { value: parse(&bytes)?, bytes })
        })
    }
}

/// Whether a body says that it is this.
pub(crate) fn has_media_type(request: &HttpRequest, media_type: &str) -> bool {
    let sent = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    sent.split(';').next().is_some_and(|media| media.trim().eq_ignore_ascii_case(media_type))
}

fn unread(error: &actix_web::Error) -> ApiError {
    match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => Fault::new("request.too_large").with("max", MAX_BODY).into(),
        _ => ApiError::new("request.body_interrupted"),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let Object(parsed) = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let at = pointer(error.path());
        let error = error.inner();
        if error.is_data() {
            let below =
                |name: &str| format!("{}/{name}", at.strip_suffix(&format!("/{name}")).unwrap_or(&at));
            return fault(&error.to_string(), at.clone(), below);
        }
        malformed(error)
    })?;
    json.end().map_err(|error| malformed(&error))?;
    Ok(parsed)
}

fn malformed(error: &serde_json::Error) -> Fault {
    Fault::new("request.malformed_json")
        .with("line", error.line())
        .with("column", error.column())
        .with("reason", without_place(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use openapi::ticket::{CreateTicket, Dispatch};

    fn refused<T: DeserializeOwned>(json: &str) -> (Option<String>, &'static str) {
        let Err(error) = parse::<T>(json.as_bytes()) else { panic!("{json} was accepted") };
        let [fault] = &error.faults[..] else { panic!("one fault") };
        (fault.field.clone(), fault.code)
    }

    #[test]
    fn what_does_not_parse_names_its_field() {
        let cases = [
            (r#"{"content": 5, "place": {"code": "1"}}"#, Some("/content"), "request.invalid_type"),
            (r#"{"content": "x", "place": {"code": 5}}"#, Some("/place/code"), "request.invalid_type"),
            (r#"{"content": "x", "place": {"cod": "5"}}"#, Some("/place/cod"), "request.unknown_field"),
            (r#"{"content": "x", "place": {}, "extra": 1}"#, Some("/extra"), "request.unknown_field"),
            (r#"{"content": "x"}"#, Some("/place"), "request.missing_field"),
            (r#"{"content": "x", "content": "y", "place": {}}"#, Some("/content"), "request.duplicate_field"),
            (
                r#"{"content": "x", "place": {}, "severity": "huge"}"#,
                Some("/severity"),
                "request.unknown_value",
            ),
            (r#"{"content": "x", "place": {"lat": "1"}}"#, Some("/place/lat"), "request.invalid_type"),
            (r#"[]"#, Some(""), "request.invalid_type"),
            (r#"{"content": "x""#, None, "request.malformed_json"),
            (r#"{"content": "x", "place": {}} {}"#, None, "request.malformed_json"),
            (r#"{"content": "\ud800", "place": {}}"#, None, "request.malformed_json"),
            ("", None, "request.malformed_json"),
        ];
        for (json, field, code) in cases {
            assert_eq!(refused::<CreateTicket>(json), (field.map(str::to_owned), code), "{json}");
        }
        let lead = r#"{"lead": {"person": "nobody"}}"#;
        assert_eq!(refused::<Dispatch>(lead), (Some("/lead/person".to_owned()), "request.invalid_value"));
    }
}
