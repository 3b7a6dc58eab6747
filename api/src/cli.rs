//! The command line. What people read is Chinese.

use crate::address::TrustedProxies;
use crate::config::{self, Config, Demo};
use crate::limits::Limits;
use crate::people::{self, NewToken, NewUser, Scope};
use crate::{App, auth::Tokens, demo, reactors, routes};
use anyhow::Context;
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};
use infra::keys::Purpose;
use infra::store::{Database, Direction, Reactor};
use infra::{Clock, MasterKey, Passwords, Store};
use secrecy::{ExposeSecret, SecretString};
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use strum::IntoEnumIterator;
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
    Serve(Box<Serve>),
    /// 打印一个人员的访问令牌，人员不存在时建立（用于初始设置、测试和脚本）
    Token(Token),
    /// 管理用密码登录的人员
    User {
        /// 做什么
        #[command(subcommand)]
        what: User,
    },
    /// 列出、轮换密钥
    Keys {
        /// 做什么
        #[command(subcommand)]
        what: Keys,
    },
    /// 迁移数据库结构（serve 启动时自动升级）
    Migrate {
        /// 升到最新，或退回
        #[command(subcommand)]
        direction: Migrate,
    },
    /// 列出各后台任务跟到事件流的哪里；或再做一次搁置的事件
    Reactors {
        /// 做什么；不填则只列出
        #[command(subcommand)]
        what: Option<Reactors>,
    },
    /// 从事件流重新统计，服务不必停止
    Rebuild {
        /// 重做哪个
        #[arg(value_parser = reactor())]
        reactor: String,
    },
    /// 打印 OpenAPI 文档
    Openapi,
}

#[derive(Debug, Subcommand)]
enum Reactors {
    /// 程序修好后，再做一次搁置的事件
    Retry {
        /// 哪个任务
        #[arg(value_parser = reactor())]
        reactor: String,
    },
}

fn reactor() -> PossibleValuesParser {
    Reactor::iter().map(Reactor::name).collect::<Vec<_>>().into()
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
enum User {
    /// 建立用密码登录的人员，如第一位管理员；密码取自环境变量 HUYING_NEW_PASSWORD，没有则从标准输入读一行
    Add {
        /// 姓名
        #[arg(long)]
        name: String,
        /// 用户名
        #[arg(long)]
        username: String,
        /// 手机号
        #[arg(long)]
        phone: Option<String>,
        /// 角色，如 county_admin
        #[arg(long)]
        role: Option<String>,
        /// 授权地点的编码
        #[arg(long, requires = "role", conflicts_with = "unit")]
        place: Option<String>,
        /// 授权单位的编号
        #[arg(long, requires = "role")]
        unit: Option<Uuid>,
    },
}

#[derive(Debug, Subcommand)]
enum Keys {
    /// 列出全部密钥
    List,
    /// 换新密钥：令牌密钥的旧钥再用 15 分钟，封存密钥的旧钥仍可解开旧数据
    Rotate {
        /// 用途；不填则两种都换
        #[arg(long)]
        purpose: Option<Rotated>,
        /// 旧的令牌密钥立即作废：所有人须刷新令牌
        #[arg(long)]
        now: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Rotated {
    /// 签发访问令牌
    Token,
    /// 封存个人信息等
    Seal,
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

/// Those who would write down the URLs and headers of what we ask others.
const WIRE: [&str; 5] = ["h2", "hyper", "hyper_util", "reqwest", "rustls"];

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
        Command::User { what: User::Add { name, username, phone, role, place, unit } } => {
            let scope = unit.map(Scope::Unit).or(place.map(Scope::Place));
            let grant = match (role, scope) {
                (Some(role), Some(scope)) => Some((role, scope)),
                (None, None) => None,
                _ => anyhow::bail!("--role 须与 --place 或 --unit 同时使用"),
            };
            let user = NewUser { name, username, phone, grant, password: new_password()? };
            let (store, clock) = open(&data).await?;
            let added = people::add_user(&store, &Passwords::default(), &user, clock.now()).await;
            store.close().await?;
            added
        }
        Command::Keys { what } => {
            let (store, clock) = open(&data).await?;
            let done = keys(&store, what, &clock).await;
            store.close().await?;
            done
        }
        Command::Reactors { what } => {
            let (store, clock) = open(&data).await?;
            let done = match what {
                None => reactors::list(&store, clock.now()).await,
                Some(Reactors::Retry { reactor }) => reactors::retry(&store, &reactor, clock.now()).await,
            };
            store.close().await?;
            done
        }
        Command::Rebuild { reactor } => {
            let (store, clock) = open(&data).await?;
            let done = reactors::rebuild(&store, &reactor, clock.now()).await;
            store.close().await?;
            done
        }
        Command::Serve(serve) => serve_until_ended(&data, *serve).await,
    }
}

impl Data {
    fn open(&self) -> anyhow::Result<(Database, MasterKey)> {
        let master_key = self.master_key.as_ref().map(ExposeSecret::expose_secret);
        config::data(&self.data_dir, self.database_url.as_deref(), master_key)
    }
}

async fn open(data: &Data) -> anyhow::Result<(Store, Clock)> {
    let (database, master_key) = data.open()?;
    let clock = Clock::system();
    let store = Store::open(&database, &master_key, &clock).await.context("无法打开数据库")?;
    Ok((store, clock))
}

/// Never an argument: those are for all to see.
fn new_password() -> anyhow::Result<SecretString> {
    if let Ok(password) = std::env::var("HUYING_NEW_PASSWORD") {
        return Ok(password.into());
    }
    writeln!(std::io::stderr(), "请输入密码：")?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).context("读不到密码")?;
    Ok(line.trim_end_matches(['\r', '\n']).into())
}

async fn keys(store: &Store, what: Keys, clock: &Clock) -> anyhow::Result<()> {
    if let Keys::Rotate { purpose, now } = what {
        for (rotated, purpose_of) in [(Rotated::Token, Purpose::Token), (Rotated::Seal, Purpose::Seal)] {
            if purpose.is_none_or(|purpose| purpose == rotated) {
                store.rotate_key(purpose_of, now, clock.now()).await?;
            }
        }
    }
    let mut out = std::io::stdout();
    for key in store.stored_keys().await? {
        let until = key.retires_at.map(|at| format!("，{} 起作废", at.to_rfc3339())).unwrap_or_default();
        writeln!(out, "{}  {:6}  {}{until}", key.id, key.purpose, key.created_at.to_rfc3339())?;
    }
    Ok(())
}

async fn print_token(data: &Data, token: Token) -> anyhow::Result<()> {
    let (store, clock) = open(data).await?;
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
        log,
    } = serve;
    log_to_stderr(log);
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

/// Without what the HTTP server says about requests that are none: anybody can make as many as they like.
const USUAL_LOG: &str = "info,actix_http::h1::dispatcher=off";

/// Standard output is for what was asked for.
fn log_to_stderr(format: LogFormat) {
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
