//! The edge of the server, around every request: its id, its one line in the log, its error in the client's language.

use crate::app::State;
use crate::error::ApiError;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{AcceptLanguage, ContentType, Header, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::header::{Preference, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, web};
use domain::id::UserId;
use openapi::Lang;
use openapi::problem::Problem;
use std::time::Instant;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Seconds after which a client may try again.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// Who made the request, for its line in the log.
pub(crate) struct Caller(pub(crate) UserId);

/// The language that the client asked for.
pub(crate) fn language(request: &HttpRequest) -> Lang {
    let preferred = AcceptLanguage::parse(request).ok().map(|accepted| accepted.preference());
    let english = preferred.and_then(Preference::into_item).is_some_and(|tag| tag.primary_language() == "en");
    if english { Lang::English } else { Lang::Chinese }
}

pub(crate) async fn edge(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let began = Instant::now();
    let state =
        request.app_data::<web::Data<State>>().cloned().ok_or_else(|| ApiError::internal("no state"))?;
    let id = request_id(request.headers(), &state);
    let lang = language(request.request());
    let mut response = if state.dev_login && is_forwarded(request.headers()) {
        request.error_response(ApiError::new("auth.dev_login_behind_proxy"))
    } else {
        next.call(request).await?.map_into_boxed_body()
    };
    let failed = response.response().error().and_then(|error| error.as_error::<ApiError>());
    let (problem, cause) = match failed {
        Some(error) => (Some(Problem::new(&error.faults, lang, id.clone())), error.cause.clone()),
        None => (None, None),
    };
    let code = problem.as_ref().map(|problem| problem.code.clone());
    if let Some(problem) = problem {
        response = response.into_response(write(&problem));
    }
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("-")));
    log(&response, &id, began, code.as_deref(), cause.as_deref());
    Ok(response)
}

fn request_id(headers: &HeaderMap, state: &State) -> String {
    let sane = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let sent = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(sane);
    sent.map_or_else(|| infra::entropy::id(state.clock.now()).to_string(), str::to_owned)
}

/// Development logins trust the network: they must not be reachable through a proxy.
fn is_forwarded(headers: &HeaderMap) -> bool {
    headers
        .keys()
        .any(|name| name == "forwarded" || name == "via" || name.as_str().starts_with("x-forwarded-"))
}

fn write(problem: &Problem) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(problem.status).unwrap_or_default();
    let mut response = HttpResponse::build(status);
    response.insert_header(("content-type", "application/problem+json"));
    match problem.status {
        401 => drop(response.insert_header((WWW_AUTHENTICATE, "Bearer"))),
        503 => drop(response.insert_header((RETRY_AFTER, RETRY_SECONDS))),
        _ => {}
    }
    match serde_json::to_vec(problem) {
        Ok(body) => response.body(body),
        Err(_) => response.insert_header(ContentType::json()).finish(),
    }
}

fn log(response: &ServiceResponse, id: &str, began: Instant, code: Option<&str>, cause: Option<&str>) {
    let (http, status) = (response.request(), response.status().as_u16());
    let route = http.match_pattern();
    let route = route.as_deref().unwrap_or("-");
    let (method, micros) = (http.method().as_str(), began.elapsed().as_micros());
    let user = http.extensions().get::<Caller>().map(|caller| caller.0.to_string());
    if status >= 500 {
        tracing::error!(id, method, route, status, micros, user, code, cause, "request");
    } else {
        tracing::info!(id, method, route, status, micros, user, code, "request");
    }
}
