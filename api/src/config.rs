//! What the server is told at start.

use crate::address::TrustedProxies;
use crate::limits::Wire;
use anyhow::Context;
use infra::rate::Quotas;
use infra::store::Database;
use infra::{MasterKey, WechatApp};
use secrecy::{ExposeSecret, SecretString};
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Everything that a server needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the data is.
    pub database: Database,
    /// Shared cache; in-process without.
    pub redis_url: Option<SecretString>,
    /// Wraps all other keys.
    pub master_key: MasterKey,
    /// How often somebody may call.
    pub rates: Quotas,
    /// How long clients may take, and how many there may be.
    pub wire: Wire,
    /// Whether `dev:<name>` signs in.
    pub dev_login: bool,
    /// Proxies that are believed when they say for whom they ask.
    pub trusted_proxies: TrustedProxies,
    /// The mini-program whose users sign in.
    pub wechat: Option<WechatApp>,
    /// Example data to begin with.
    pub demo: Option<Demo>,
    /// Threads that serve requests; as many as cores without.
    pub workers: Option<usize>,
    /// Whether background jobs run. Tests, whose clock stands still, call them by hand.
    pub jobs: bool,
}

/// Example data that comes with the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Demo {
    /// 弥勒市：点单、派单、办单、评单，53522。
    Mile,
}

const DATABASE_FILE: &str = "huying.db";
const MASTER_KEY_FILE: &str = "master.key";

/// The database and the master key that go together.
///
/// # Errors
/// A URL or key that is none, a data directory that cannot be written, PostgreSQL without a master key.
pub(crate) fn data(
    data_dir: &Path,
    database_url: Option<&str>,
    master_key: Option<&str>,
) -> anyhow::Result<(Database, MasterKey)> {
    let database = match database_url {
        Some(url) => Database::parse(url)?,
        None => {
            make_private_dir(data_dir)?;
            Database::sqlite_file(data_dir.join(DATABASE_FILE))
        }
    };
    let master_key = match master_key {
        Some(text) => MasterKey::parse(text)?,
        None if database.is_sqlite() => {
            make_private_dir(data_dir)?;
            kept_master_key(&data_dir.join(MASTER_KEY_FILE))?
        }
        None => anyhow::bail!(
            "使用 PostgreSQL 时必须设置 HUYING_MASTER_KEY（32 字节的 base64，例如：openssl rand -base64 32）"
        ),
    };
    Ok((database, master_key))
}

/// The mini-program of these settings, which go together.
///
/// # Errors
/// One without the other, or an address that is none.
pub(crate) fn wechat(
    base_url: &str,
    app_id: Option<String>,
    secret: Option<SecretString>,
) -> anyhow::Result<Option<WechatApp>> {
    let app_id = app_id.filter(|id| !id.trim().is_empty());
    let secret = secret.filter(|secret| !secret.expose_secret().trim().is_empty());
    let (app_id, secret) = match (app_id, secret) {
        (Some(app_id), Some(secret)) => (app_id, secret),
        (None, None) => return Ok(None),
        (Some(_), None) => anyhow::bail!("设置了 HUYING_WECHAT_APP_ID，还须设置 HUYING_WECHAT_SECRET"),
        (None, Some(_)) => anyhow::bail!("设置了 HUYING_WECHAT_SECRET，还须设置 HUYING_WECHAT_APP_ID"),
    };
    let base_url = base_url.trim_end_matches('/').to_owned();
    let is_url = base_url.starts_with("https://") || base_url.starts_with("http://");
    anyhow::ensure!(is_url, "HUYING_WECHAT_BASE_URL 应以 https:// 开头");
    Ok(Some(WechatApp { base_url, app_id: app_id.trim().to_owned(), secret }))
}

fn make_private_dir(dir: &Path) -> anyhow::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    // It holds what residents confide.
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).with_context(|| format!("无法创建数据目录 {}", dir.display()))
}

/// The key in the file, made at the first start. Whoever comes second reads what the first one wrote.
fn kept_master_key(path: &PathBuf) -> anyhow::Result<MasterKey> {
    if !path.exists() {
        // Written aside and linked into place: a half-written key would lock everyone out of their data for ever.
        let aside = path.with_extension(format!("{}.tmp", std::process::id()));
        write_private(&aside, &MasterKey::generate())
            .with_context(|| format!("无法写入 {}", aside.display()))?;
        match fs::hard_link(&aside, path) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).with_context(|| format!("无法写入 {}", path.display())),
        }
        fs::remove_file(&aside)?;
    }
    let text = fs::read_to_string(path).with_context(|| format!("无法读取 {}", path.display()))?;
    Ok(MasterKey::parse(&text)?)
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
