//! The command line. What people read is Chinese.

use crate::config::{self, Config, Demo};
use crate::people::{self, NewToken, Scope};
use crate::{App, auth::Tokens, demo, routes};
use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use infra::store::{Database, Direction};
use infra::{Clock, MasterKey, Store};
use secrecy::{ExposeSecret, SecretString};
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use uuid::Uuid;

/// 呼应 huying：县级群众诉求平台
#[derive(Debug, Parser)]
#[command(name = "huying", version, about, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    data: Data,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Data {
    /// 数据目录：SQLite 文件、自动生成的主密钥
    #[arg(long, env = "HUYING_DATA_DIR", default_value = "./data", global = true)]
    data_dir: PathBuf,
    /// sqlite://… 或 postgres://…；默认为数据目录中的 SQLite 文件
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    database_url: Option<String>,
    /// 主密钥：32 字节的 base64；使用 PostgreSQL 时必须提供
    #[arg(long, env = "HUYING_MASTER_KEY", hide_env_values = true, global = true)]
    master_key: Option<SecretString>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 启动服务
    Serve(Serve),
    /// 打印一个人员的访问令牌，人员不存在时建立（用于初始设置、测试和脚本）
    Token(Token),
    /// 迁移数据库结构（serve 启动时自动升级）
    Migrate {
        /// 升到最新，或退回
        #[command(subcommand)]
        direction: Migrate,
    },
    /// 打印 OpenAPI 文档
    Openapi,
}

#[derive(Debug, Args)]
struct Serve {
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
    /// 载入示例数据，并允许开发登录
    #[arg(long, num_args = 0..=1, default_missing_value = "mile")]
    demo: Option<Demo>,
    /// 日志格式
    #[arg(long, env = "HUYING_LOG", default_value = "text")]
    log: LogFormat,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum LogFormat {
    /// 给人看
    Text,
    /// 给程序看
    Json,
}

#[derive(Debug, Args)]
struct Token {
    /// 角色，如 grid_worker
    #[arg(long)]
    role: String,
    /// 授权地点的编码
    #[arg(long, required_unless_present = "unit", conflicts_with = "unit")]
    place: Option<String>,
    /// 授权单位的编号
    #[arg(long)]
    unit: Option<Uuid>,
    /// 姓名；不填则按角色和范围命名
    #[arg(long)]
    person: Option<String>,
    /// 有效期，如 15m、1h
    #[arg(long, default_value = "1h", value_parser = humantime::parse_duration)]
    ttl: Duration,
}

#[derive(Debug, Subcommand)]
enum Migrate {
    /// 升到最新
    Up,
    /// 退回若干步
    Down {
        /// 步数
        steps: u32,
    },
}

/// Carries out what was asked for.
///
/// # Errors
/// What went wrong, in words for the administrator.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
    let Cli { data, command } = cli;
    match command {
        Command::Openapi => Ok(writeln!(std::io::stdout(), "{}", routes::document().to_pretty_json()?)?),
        Command::Migrate { direction } => {
            let direction = match direction {
                Migrate::Up => Direction::Up,
                Migrate::Down { steps } => Direction::Down(steps),
            };
            Ok(Store::migrate(&data.open()?.0, direction).await?)
        }
        Command::Token(token) => print_token(&data, token).await,
        Command::Serve(serve) => serve_until_ended(&data, serve).await,
    }
}

impl Data {
    fn open(&self) -> anyhow::Result<(Database, MasterKey)> {
        let master_key = self.master_key.as_ref().map(ExposeSecret::expose_secret);
        config::data(&self.data_dir, self.database_url.as_deref(), master_key)
    }
}

async fn print_token(data: &Data, token: Token) -> anyhow::Result<()> {
    let (database, master_key) = data.open()?;
    let clock = Clock::system();
    let store = Store::open(&database, &master_key, &clock).await.context("无法打开数据库")?;
    let scope = match (token.place, token.unit) {
        (_, Some(unit)) => Scope::Unit(unit),
        (place, None) => Scope::Place(place.unwrap_or_default()),
    };
    let new = NewToken { role: token.role, scope, person: token.person, lifetime: token.ttl };
    let token = people::token(&store, &Tokens::new(store.keys())?, &new, clock.now()).await;
    store.close().await?;
    Ok(writeln!(std::io::stdout(), "{}", token?)?)
}

async fn serve_until_ended(data: &Data, serve: Serve) -> anyhow::Result<()> {
    let Serve { listen, redis_url, dev_login, demo, log } = serve;
    log_to_stderr(log);
    let (database, master_key) = data.open()?;
    let config = Config {
        listen,
        database,
        redis_url,
        master_key,
        dev_login: dev_login || demo.is_some(),
        demo,
        workers: None,
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
    app.serve_until(end).await
}

/// Says where it listens. That nobody reads it is no reason to end.
fn announce(url: &str, demo: Option<Demo>) {
    let welcome = demo.map(|demo| format!("{}\n", demo::welcome(demo, url))).unwrap_or_default();
    let mut out = std::io::stdout();
    if let Err(error) = write!(out, "huying listening on {url}\n{welcome}").and_then(|()| out.flush()) {
        tracing::warn!(%error, "nobody reads the standard output");
    }
}

/// Standard output is for what was asked for.
fn log_to_stderr(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}
