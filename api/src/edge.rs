//! The edge of the server, around every request: its id, its one line in the log, its error in the client's language.

use crate::app::State;
use crate::error::ApiError;
use crate::wire::{Open, Taken};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use actix_web::http::header::{AcceptLanguage, ContentType, Header, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::header::{Preference, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS};
use actix_web::http::{ConnectionType, Method};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, ResponseError, web};
use domain::id::UserId;
use infra::trace;
use openapi::Lang;
use openapi::problem::{Fault, Problem};
use std::fmt;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::time::timeout;
use tracing::{Instrument, Span};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Where answers are not for caches.
const API: &str = "/api/";
/// The longest path with its query, in bytes.
const MAX_URI: usize = 8 * 1024;
/// The most that headers may be together, in bytes. (The server itself takes 96 headers and a head of 128 KiB.)
const MAX_HEADERS: usize = 32 * 1024;
/// An answer is no page, whatever a browser takes it for.
const NO_PAGE: &str = "default-src 'none'; frame-ancestors 'none'";
/// Seconds after which a client may try again.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// Who made the request, for its line in the log.
pub(crate) struct Caller(pub(crate) UserId);

/// Marks a request whose errors are those of OAuth 2.0.
pub(crate) struct Oauth;

/// The language that the client asked for.
pub(crate) fn language(request: &HttpRequest) -> Lang {
    let preferred = AcceptLanguage::parse(request).ok().map(|accepted| accepted.preference());
    let english = preferred.and_then(Preference::into_item).is_some_and(|tag| tag.primary_language() == "en");
    if english { Lang::English } else { Lang::Chinese }
}

pub(crate) async fn edge(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<Taken>, Error> {
    let began = Instant::now();
    let state =
        request.app_data::<web::Data<State>>().cloned().ok_or_else(|| ApiError::internal("no state"))?;
    let _asked = state.metrics.http.asked();
    let busy = request.conn_data::<Open>().map(Open::busy);
    let id = request_id(request.headers(), &state);
    let lang = language(request.request());
    let method = request.method().clone();
    let traceparent = request.headers().get(TRACEPARENT).and_then(|value| value.to_str().ok());
    let span = trace::request(name(&method), &id, traceparent);
    if method == Method::HEAD {
        // Answered as GET; the server leaves the body out.
        request.head_mut().method = Method::GET;
    }
    let is_api = request.path().starts_with(API);
    let mut response = match unbearable(&request, &state) {
        Some(error) => request.error_response(error),
        None => {
            let uri = request.uri().clone();
            match timeout(state.wire.call, next.call(request).instrument(span.clone())).await {
                Ok(response) => response?.map_into_boxed_body(),
                // What the handler had begun to write goes on: it is a task of its own.
                Err(_) => {
                    return Err(Overdue::new(&state, (&method, uri.path()), (lang, &id), began, &span).into());
                }
            }
        }
    };
    let failed = response.response().error().and_then(|error| error.as_error::<ApiError>());
    let (refused, cause) = match failed {
        Some(error) => {
            let problem = Problem::new(&error.faults, lang, id.clone());
            let oauth = response.request().extensions().get::<Oauth>().is_some();
            let problem = if oauth { problem.for_oauth() } else { problem };
            let code = problem.code.clone();
            (Some((code, write(&problem, error.faults.first()))), error.cause.clone())
        }
        None => (None, None),
    };
    let (code, refusal) = refused.unzip();
    if let Some(refusal) = refusal {
        response = response.into_response(refusal);
    }
    guard(response.headers_mut(), &id, is_api);
    if state.ending.load(Ordering::Relaxed) {
        // Who keeps connections finds another server with the next one.
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    let route = response.request().match_pattern();
    let answered = Answered {
        id: &id,
        method: &method,
        route: route.as_deref().unwrap_or("-"),
        status: response.status().as_u16(),
        code: code.as_deref(),
        cause: cause.as_deref(),
        user: response.request().extensions().get::<Caller>().map(|caller| caller.0),
        took: began.elapsed(),
    };
    answered.tell(&state, &span);
    Ok(response.map_body(|_, body| Taken::new(body, busy)))
}

/// What is refused before anybody looks at it.
fn unbearable(request: &ServiceRequest, state: &State) -> Option<ApiError> {
    let headers = request.headers();
    if state.dev_login && is_forwarded(headers) {
        return Some(ApiError::new("auth.dev_login_behind_proxy"));
    }
    if request.uri().path_and_query().is_some_and(|uri| uri.as_str().len() > MAX_URI) {
        return Some(Fault::new("request.uri_too_long").with("max", MAX_URI).into());
    }
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    (size > MAX_HEADERS).then(|| Fault::new("request.headers_too_large").with("max", MAX_HEADERS).into())
}

/// What every answer says. HTTPS is the proxy's, and so is `Strict-Transport-Security`.
fn guard(headers: &mut HeaderMap, id: &str, is_api: bool) {
    headers.insert(REQUEST_ID, HeaderValue::from_str(id).unwrap_or(HeaderValue::from_static("-")));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if is_api {
        // Whatever is said there is said to one person. (A route that knows better has said so.)
        if !headers.contains_key(CACHE_CONTROL) {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(NO_PAGE));
    }
}

/// A call that took too long. Its request is gone, so it writes its answer and its line in the log itself.
#[derive(Debug)]
struct Overdue {
    problem: Problem,
    fault: Fault,
}

impl Overdue {
    fn new(
        state: &State,
        (method, path): (&Method, &str),
        (lang, id): (Lang, &str),
        began: Instant,
        span: &Span,
    ) -> Self {
        let fault = Fault::new("request.timeout").with("seconds", state.wire.call.as_secs());
        let route = state.calls.iter().find(|call| call.method == method.as_str() && call.fits(path));
        let answered = Answered {
            id,
            method,
            route: route.map_or("-", |call| call.path.as_str()),
            status: 503,
            code: Some(fault.code),
            cause: None,
            user: None,
            took: began.elapsed(),
        };
        answered.tell(state, span);
        Self { problem: Problem::new(std::slice::from_ref(&fault), lang, id.to_owned()), fault }
    }
}

impl fmt::Display for Overdue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.fault.code)
    }
}

impl ResponseError for Overdue {
    fn error_response(&self) -> HttpResponse {
        let mut response = write(&self.problem, Some(&self.fault));
        guard(response.headers_mut(), &self.problem.request_id, true);
        response
    }
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

fn write(problem: &Problem, fault: Option<&Fault>) -> HttpResponse {
    let said = |name: &str| {
        let args = fault.into_iter().flat_map(|fault| &fault.args);
        args.into_iter()
            .find(|(arg, _)| *arg == name)
            .and_then(|(_, value)| HeaderValue::from_str(value).ok())
    };
    let status = actix_web::http::StatusCode::from_u16(problem.status).unwrap_or_default();
    let mut response = HttpResponse::build(status);
    response.insert_header(("content-type", "application/problem+json"));
    match problem.status {
        401 => drop(response.insert_header((WWW_AUTHENTICATE, "Bearer"))),
        405 => drop(said("allowed").map(|methods| response.insert_header((ALLOW, methods)))),
        429 => drop(said("seconds").map(|seconds| response.insert_header((RETRY_AFTER, seconds)))),
        503 => drop(response.insert_header((RETRY_AFTER, RETRY_SECONDS))),
        _ => {}
    }
    match serde_json::to_vec(problem) {
        Ok(body) => response.body(body),
        Err(_) => response.insert_header(ContentType::json()).finish(),
    }
}

/// A method's name, for the log; a client may make up others.
fn name(method: &Method) -> &str {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS];
    if known.contains(method) { method.as_str() } else { "-" }
}

/// What became of a request.
struct Answered<'a> {
    id: &'a str,
    method: &'a Method,
    route: &'a str,
    status: u16,
    code: Option<&'a str>,
    cause: Option<&'a str>,
    user: Option<UserId>,
    took: Duration,
}

impl Answered<'_> {
    /// Counts it, ends its span, and writes its one line.
    fn tell(&self, state: &State, span: &Span) {
        let Self { id, method, route, status, code, cause, user, took } = *self;
        state.metrics.http.answered(method, route, status, took);
        if let Some(code) = code {
            state.metrics.http.refused(code);
        }
        let (method, micros) = (name(method), took.as_micros());
        trace::answered(span, method, route, status, code);
        let (user, trace) = (user.map(|user| user.to_string()), trace::id(span));
        if status >= 500 {
            tracing::error!(id, trace, method, route, status, micros, user, code, cause, "request");
        } else {
            tracing::info!(id, trace, method, route, status, micros, user, code, "request");
        }
    }
}
