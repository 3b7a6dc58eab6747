//! `huying serve`.

use super::{Common, log};
use crate::config::Demo;
use crate::{App, demo};
use clap::Args;
use infra::Clock;
use infra::trace::Traces;
use secrecy::ExposeSecret;
use std::io::Write;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// 监听地址；端口 0 表示任选空闲端口（HUYING_LISTEN，默认 127.0.0.1:8080）
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// 允许以 dev:姓名 登录，仅供开发（HUYING_DEV_LOGIN）
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    dev_login: Option<String>,
    /// 载入示例数据，并允许开发登录
    #[arg(long, num_args = 0..=1, default_missing_value = "mile")]
    demo: Option<Demo>,
}

pub(super) async fn run(common: &Common, serve: Serve) -> anyhow::Result<()> {
    let Serve { listen, dev_login, demo } = serve;
    let arguments = [("server.listen", "--listen", listen), ("server.dev_login", "--dev-login", dev_login)];
    let arguments = arguments.into_iter().filter_map(|(key, name, text)| Some((key, name, text?)));
    let reading = common.read(arguments.collect(), demo.is_some());
    let remarks = reading.remarks();
    let settings = reading.settings()?;
    let endpoint = settings.otlp_endpoint.as_ref();
    let traces = endpoint.map(|url| Traces::start(url.expose_secret(), settings.otlp_sample, VERSION));
    let traces = traces.transpose();
    let traces = traces.map_err(|error| anyhow::anyhow!("HUYING_OTLP_ENDPOINT 无法使用：{error}"))?;
    log::to_stderr(settings.log_format, &settings.log_filter, traces.as_ref())?;
    for remark in remarks {
        tracing::warn!(%remark, "a setting is not as it should be");
    }
    let drain = settings.drain;
    let config = settings.config(demo)?;
    // Before anybody is told that it listens, it listens to signals too.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let app = App::start(config, Clock::system()).await?;
    announce(&app.url(), demo);
    let end = async {
        tokio::select! {
            _ = interrupt.recv() => Duration::ZERO,
            _ = terminate.recv() => drain,
        }
    };
    let served = app.serve_until(end).await;
    if let Some(traces) = traces {
        spawn_blocking(move || traces.end()).await?;
    }
    served
}

/// Says where it listens. That nobody reads it is no reason to end.
fn announce(url: &str, demo: Option<Demo>) {
    let welcome = demo.map(|demo| format!("{}\n", demo::welcome(demo, url))).unwrap_or_default();
    let mut out = std::io::stdout();
    if let Err(error) = write!(out, "huying listening on {url}\n{welcome}").and_then(|()| out.flush()) {
        tracing::warn!(%error, "nobody reads the standard output");
    }
}
