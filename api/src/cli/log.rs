//! What the program says of its work, on the standard error.

use crate::config::LogFormat;
use infra::trace::{TARGET, Traces};
use std::io::{IsTerminal, stderr};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt, registry};

/// Those who would write down the URLs and headers of what we ask others.
const WIRE: [&str; 5] = ["h2", "hyper", "hyper_util", "reqwest", "rustls"];

/// Standard output is for what was asked for. Traces, where there are any, go their own way.
///
/// # Errors
/// A filter that is none.
pub(super) fn to_stderr(format: LogFormat, filter: &str, traces: Option<&Traces>) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter)?;
    // Whatever is set: what goes over the wire holds secrets.
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
    Ok(())
}
