//! `huying serve`.

use super::Data;
use super::log::{self, LogFormat};
use super::trace::Tracing;
use crate::address::TrustedProxies;
use crate::config::{self, Config, Demo};
use crate::limits::Limits;
use crate::{App, demo};
use clap::Args;
use infra::Clock;
use secrecy::SecretString;
use std::io::Write;
use std::net::SocketAddr;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// 监听地址；端口 0 表示任选空闲端口
    #[arg(long, env = "HUYING_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Redis 地址；不填则用进程内缓存
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    redis_url: Option<SecretString>,
    /// 允许以 dev:姓名 登录（仅供开发）
    #[arg(long, env = "HUYING_DEV_LOGIN", action = clap::ArgAction::Set, num_args = 0..=1,
        default_value = "false", default_missing_value = "true", value_parser = clap::builder::FalseyValueParser::new())]
    dev_login: bool,
    /// 可信的反向代理：IP 或网段，逗号分隔；来自它们的请求按 X-Forwarded-For 认定来源地址
    #[arg(long, env = "HUYING_TRUSTED_PROXIES", default_value = "")]
    trusted_proxies: TrustedProxies,
    /// 微信接口地址
    #[arg(long, env = "HUYING_WECHAT_BASE_URL", default_value = "https://api.weixin.qq.com")]
    wechat_base_url: String,
    /// 小程序 AppID；不填则不能用微信登录
    #[arg(long, env = "HUYING_WECHAT_APP_ID")]
    wechat_app_id: Option<String>,
    /// 小程序 AppSecret
    #[arg(long, env = "HUYING_WECHAT_SECRET", hide_env_values = true)]
    wechat_secret: Option<SecretString>,
    /// 载入示例数据，并允许开发登录
    #[arg(long, num_args = 0..=1, default_missing_value = "mile")]
    demo: Option<Demo>,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    tracing: Tracing,
    /// 日志格式
    #[arg(long, env = "HUYING_LOG", default_value = "text")]
    log: LogFormat,
}

pub(super) async fn run(data: &Data, serve: Serve) -> anyhow::Result<()> {
    let Serve {
        listen,
        redis_url,
        dev_login,
        trusted_proxies,
        wechat_base_url,
        wechat_app_id,
        wechat_secret,
        demo,
        limits,
        tracing,
        log,
    } = serve;
    let traces = tracing.start()?;
    log::to_stderr(log, traces.as_ref());
    let (rates, wire) = limits.read(demo.is_some())?;
    let wechat = config::wechat(&wechat_base_url, wechat_app_id, wechat_secret)?;
    let (database, master_key) = data.open()?;
    let config = Config {
        rates,
        wire,
        listen,
        database,
        redis_url,
        master_key,
        dev_login: dev_login || demo.is_some(),
        trusted_proxies,
        wechat,
        demo,
        workers: None,
        jobs: true,
    };
    // Before anybody is told that it listens, it listens to signals too.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let app = App::start(config, Clock::system()).await?;
    announce(&app.url(), demo);
    let end = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
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
