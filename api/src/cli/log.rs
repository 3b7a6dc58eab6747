//! What the program says of its work, on the standard error.

use tracing_subscriber::EnvFilter;

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

/// Standard output is for what was asked for.
pub(super) fn to_stderr(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(USUAL_LOG));
    // Whatever RUST_LOG says: what goes over the wire holds secrets.
    let filter = WIRE
        .iter()
        .filter_map(|wire| format!("{wire}=info").parse().ok())
        .fold(filter, EnvFilter::add_directive);
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}
