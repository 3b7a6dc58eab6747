//! What the program says of its work, on the standard error.

use infra::trace::{TARGET, Traces};
use std::io::{IsTerminal, stderr};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt, registry};

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum LogFormat {
    /// 给人看
    Text,
    /// 给程序看
    Json,
}

/// Those who would write down the URLs and headers of what we ask others.
const WIRE: [&str; 5] = ["h2", "hyper", "hyper_util", "reqwest", "rustls"];

/// Without what the HTTP server says about requests that are none: anybody can make as many as they like.
const USUAL_LOG: &str = "info,actix_http::h1::dispatcher=off";

/// Standard output is for what was asked for. Traces, where there are any, go their own way.
pub(super) fn to_stderr(format: LogFormat, traces: Option<&Traces>) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(USUAL_LOG));
    // Whatever RUST_LOG says: what goes over the wire holds secrets.
    let filter = WIRE
        .iter()
        .filter_map(|wire| format!("{wire}=info").parse().ok())
        .chain(format!("{TARGET}=off").parse())
        .fold(filter, EnvFilter::add_directive);
    let log = fmt::layer().with_writer(stderr).with_ansi(stderr().is_terminal());
    let log = match format {
        LogFormat::Text => log.boxed(),
        LogFormat::Json => log.json().flatten_event(true).boxed(),
    };
    registry().with(log.with_filter(filter)).with(traces.map(Traces::layer)).init();
}
