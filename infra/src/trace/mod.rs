//! Traces: where the time of a request, of a reactor's batch or of a sweep went. Off unless the server is told where to send
//! them; then no span is made, and asking costs one look at a flag.
//!
//! Attributes are names and numbers of the program's own: nothing of what people wrote or who they are, no id of anybody or
//! of any ticket, no parameter of a statement.

mod export;

pub use export::Traces;

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use std::collections::HashMap;
use tracing::{Level, Span, debug_span, enabled};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Under which all spans are, so that logs can leave them out.
pub const TARGET: &str = "huying::trace";

/// A request, from its head to its answer, as part of the trace that the client began, where it says so in `traceparent`
/// (W3C). Disabled where nobody traces.
pub fn request(method: &str, request_id: &str, traceparent: Option<&str>) -> Span {
    let span = debug_span!(
        target: TARGET,
        "request",
        otel.kind = "server",
        otel.status_code = tracing::field::Empty,
        http.request.method = method,
        http.route = tracing::field::Empty,
        http.response.status_code = tracing::field::Empty,
        error.type = tracing::field::Empty,
        request_id,
    );
    if let Some(traceparent) = traceparent.filter(|_| !span.is_disabled()) {
        let carrier = HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
        // A span that was just made takes a parent.
        let _ = span.set_parent(TraceContextPropagator::new().extract(&carrier));
    }
    span
}

/// What became of a request: its route's pattern, its status, and the code with which it was refused.
pub fn answered(span: &Span, method: &str, route: &str, status: u16, code: Option<&str>) {
    if span.is_disabled() {
        return;
    }
    // A span that has begun takes no other `otel.name`.
    span.context().span().update_name(format!("{method} {route}"));
    span.record("http.route", route);
    // Of unsigned numbers it would make texts.
    span.record("http.response.status_code", i64::from(status));
    if let Some(code) = code {
        span.record("error.type", code);
    }
    if status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}

/// A batch of work that nobody asked for, a trace of its own. `what` is one of few names.
pub fn batch(what: &'static str, of: &'static str, count: usize) -> Span {
    debug_span!(target: TARGET, parent: None, "batch", otel.name = what, of, count = i64::try_from(count).unwrap_or(i64::MAX))
}

/// A step of whatever is being traced; disabled where that is nothing. `name` is one of few.
pub(crate) fn step(name: &'static str) -> Span {
    if !enabled!(target: TARGET, Level::DEBUG) || Span::current().is_none() {
        return Span::none();
    }
    debug_span!(target: TARGET, "step", otel.name = name)
}

/// The id of the trace that a span is part of, for the log.
pub fn id(span: &Span) -> Option<String> {
    if span.is_disabled() {
        return None;
    }
    let context = span.context();
    let known = context.span().span_context().clone();
    known.is_valid().then(|| known.trace_id().to_string())
}
