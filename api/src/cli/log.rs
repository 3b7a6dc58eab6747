//! What the program says of its work, on the standard error.

use crate::config::LogFormat;
use tracing_subscriber::EnvFilter;

/// Those who would write down the URLs and headers of what we ask others.
const WIRE: [&str; 5] = ["h2", "hyper", "hyper_util", "reqwest", "rustls"];

/// Standard output is for what was asked for.
///
/// # Errors
/// A filter that is none.
pub(super) fn to_stderr(format: LogFormat, filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter)?;
    // Whatever is set: what goes over the wire holds secrets.
    let filter = WIRE
        .iter()
        .filter_map(|wire| format!("{wire}=info").parse().ok())
        .fold(filter, EnvFilter::add_directive);
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    Ok(())
}
