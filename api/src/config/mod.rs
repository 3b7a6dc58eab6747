//! What the program is told at start: defaults, over them a file, over it the environment, over all some arguments. All
//! that is wrong is said at once.

mod file;
mod nearest;
mod parse;
mod sources;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use sources::{Asked, DEFAULTS, Reading, read};
pub(crate) use table::{LogFormat, Settings, TABLE};

use crate::address::TrustedProxies;
use crate::limits::Wire;
use anyhow::Context;
use infra::rate::Quotas;
use infra::store::Database;
use infra::{MasterKey, WechatApp};
use secrecy::SecretString;
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
    /// With what links to places begin, in QR codes; this server's own `/p/` without.
    pub link_prefix: Option<String>,
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
    /// 龙里县：居民点单、支部派单、全员接单、组织晒单。
    Longli,
    /// 福清市：问、议、定、办、评。
    Fuqing,
    /// 青州市：提、听、议、定、办、评。
    Qingzhou,
    /// 左云县：五单和七步。
    Zuoyun,
}

const DATABASE_FILE: &str = "huying.db";
/// Where a generated master key lies in the data directory.
pub(crate) const MASTER_KEY_FILE: &str = "master.key";

impl Settings {
    /// Where the data is.
    pub(crate) fn database(&self) -> Database {
        let in_the_directory = || Database::sqlite_file(self.data_dir.join(DATABASE_FILE));
        self.database.clone().unwrap_or_else(in_the_directory)
    }

    /// Where the master key is kept that nobody gave.
    pub(crate) fn master_key_file(&self) -> PathBuf {
        self.data_dir.join(MASTER_KEY_FILE)
    }

    /// The database and the master key that go together. Makes the data directory and the key where they are needed and not
    /// there.
    ///
    /// # Errors
    /// A data directory that cannot be written, a key file that holds none.
    pub(crate) fn data(&self) -> anyhow::Result<(Database, MasterKey)> {
        if self.database.is_none() || self.master_key.is_none() {
            make_private_dir(&self.data_dir)?;
        }
        let master_key = match &self.master_key {
            Some(key) => key.clone(),
            None => kept_master_key(&self.master_key_file())?,
        };
        Ok((self.database(), master_key))
    }

    /// The mini-program, where there is one.
    pub(crate) fn wechat(&self) -> Option<WechatApp> {
        let (app_id, secret) = self.wechat_app_id.clone().zip(self.wechat_secret.clone())?;
        Some(WechatApp { base_url: self.wechat_base_url.clone(), app_id, secret })
    }

    /// Everything that a server needs to know. Makes what [`Self::data`] makes.
    ///
    /// # Errors
    /// Those of [`Self::data`].
    pub(crate) fn config(self, demo: Option<Demo>) -> anyhow::Result<Config> {
        let (database, master_key) = self.data()?;
        Ok(Config {
            wechat: self.wechat(),
            rates: Quotas {
                logins: self.rate_logins,
                renewals: self.rate_renewals,
                tickets: self.rate_tickets,
                calls: self.rate_calls,
            },
            wire: Wire {
                head: self.timeout_head,
                body: self.timeout_body,
                call: self.timeout_call,
                idle: self.timeout_idle,
                connections: self.max_connections,
                listeners: self.listeners,
                ..Wire::default()
            },
            listen: self.listen,
            database,
            redis_url: self.redis_url,
            master_key,
            dev_login: self.dev_login || demo.is_some(),
            trusted_proxies: self.trusted_proxies,
            link_prefix: self.link_prefix,
            demo,
            workers: None,
            jobs: true,
        })
    }
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
