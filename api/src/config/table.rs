//! All settings, in one table: how each is called in the file and in the environment, and how it is read.
//!
//! To add one: its line in [`settings!`], its lines in `defaults.toml`, its row in both READMEs; tests tell what is missing.

use super::parse::{
    app_id, base_url, collector, count, data_dir, database, drain, filter, format, link_prefix, listen,
    master_key, programs, proxies, quota, redis, secret, share, switch, time,
};
use super::sources::{Faults, Given};
use crate::address::TrustedProxies;
use infra::MasterKey;
use infra::rate::Quota;
use infra::store::Database;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How freely a value is shown, and what an empty variable means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Anybody may see it.
    Plain,
    /// It is never shown, and may come out of a file that `NAME_FILE` names.
    Secret,
    /// The same, and an empty variable is a fault: it did not arrive, and to go on without it would be to go on with other
    /// data, or apart from other replicas.
    Vital,
}

/// How a setting is called.
#[derive(Debug)]
pub(crate) struct Setting {
    /// In the file.
    pub(crate) key: &'static str,
    /// In the environment.
    pub(crate) variable: &'static str,
    pub(crate) kind: Kind,
}

impl Setting {
    pub(crate) fn is_secret(&self) -> bool {
        match self.kind {
            Kind::Plain => false,
            Kind::Secret | Kind::Vital => true,
        }
    }

    /// The variable that names a file with the value, for secrets.
    pub(crate) fn file_variable(&self) -> Option<String> {
        self.is_secret().then(|| format!("{}_FILE", self.variable))
    }
}

/// What the program writes to the standard error, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString)]
#[strum(serialize_all = "lowercase")]
pub(crate) enum LogFormat {
    Text,
    Json,
}

macro_rules! settings {
    ($($field:ident: $type:ty = $key:literal, $variable:literal, $kind:ident, $parse:expr;)*) => {
        /// All settings, as they hold.
        #[derive(Debug)]
        pub(crate) struct Settings {
            $(pub(crate) $field: $type,)*
        }

        /// How they are called, in the order in which they are shown.
        pub(crate) const TABLE: &[Setting] =
            &[$(Setting { key: $key, variable: $variable, kind: Kind::$kind },)*];

        impl Settings {
            /// Reads every one of them, so that all that is wrong is said at once.
            pub(super) fn read(given: &BTreeMap<&str, Given>, faults: &mut Faults) -> Option<Self> {
                $(let $field = one($key, given, $parse, faults);)*
                Some(Self { $($field: $field?,)* })
            }
        }
    };
}

settings! {
    listen: SocketAddr = "server.listen", "HUYING_LISTEN", Plain, listen;
    drain: Duration = "server.drain", "HUYING_DRAIN", Plain, drain;
    data_dir: PathBuf = "server.data_dir", "HUYING_DATA_DIR", Plain, data_dir;
    master_key: Option<MasterKey> = "server.master_key", "HUYING_MASTER_KEY", Vital, master_key;
    trusted_proxies: TrustedProxies = "server.trusted_proxies", "HUYING_TRUSTED_PROXIES", Plain, proxies;
    dev_login: bool = "server.dev_login", "HUYING_DEV_LOGIN", Plain, switch;
    database: Option<Database> = "database.url", "DATABASE_URL", Vital, database;
    programs: Option<PathBuf> = "database.programs", "HUYING_PG_BIN", Plain, programs;
    redis_url: Option<SecretString> = "redis.url", "REDIS_URL", Vital, redis;
    wechat_app_id: Option<String> = "wechat.app_id", "HUYING_WECHAT_APP_ID", Plain, app_id;
    wechat_secret: Option<SecretString> = "wechat.secret", "HUYING_WECHAT_SECRET", Secret, secret;
    wechat_base_url: String = "wechat.base_url", "HUYING_WECHAT_BASE_URL", Plain, base_url;
    link_prefix: Option<String> = "wechat.link_prefix", "HUYING_WECHAT_LINK_PREFIX", Plain, link_prefix;
    rate_logins: Option<Quota> = "limits.rate_logins", "HUYING_RATE_LOGINS", Plain, quota;
    rate_renewals: Option<Quota> = "limits.rate_renewals", "HUYING_RATE_RENEWALS", Plain, quota;
    rate_tickets: Option<Quota> = "limits.rate_tickets", "HUYING_RATE_TICKETS", Plain, quota;
    rate_calls: Option<Quota> = "limits.rate_calls", "HUYING_RATE_CALLS", Plain, quota;
    timeout_head: Duration = "limits.timeout_head", "HUYING_TIMEOUT_HEAD", Plain, time;
    timeout_body: Duration = "limits.timeout_body", "HUYING_TIMEOUT_BODY", Plain, time;
    timeout_call: Duration = "limits.timeout_call", "HUYING_TIMEOUT_CALL", Plain, time;
    timeout_idle: Duration = "limits.timeout_idle", "HUYING_TIMEOUT_IDLE", Plain, time;
    max_connections: usize = "limits.max_connections", "HUYING_MAX_CONNECTIONS", Plain, count;
    listeners: usize = "limits.listeners", "HUYING_LISTENERS", Plain, count;
    log_format: LogFormat = "log.format", "HUYING_LOG", Plain, format;
    log_filter: String = "log.filter", "RUST_LOG", Plain, filter;
    otlp_endpoint: Option<SecretString> = "trace.endpoint", "HUYING_OTLP_ENDPOINT", Secret, collector;
    otlp_sample: f64 = "trace.sample", "HUYING_OTLP_SAMPLE", Plain, share;
}

/// The rates, which nobody wants with example data.
pub(super) const RATES: [&str; 4] =
    ["limits.rate_logins", "limits.rate_renewals", "limits.rate_tickets", "limits.rate_calls"];

/// The setting of a key.
pub(super) fn setting(key: &str) -> Option<&'static Setting> {
    TABLE.iter().find(|setting| setting.key == key)
}

fn one<T>(
    key: &str,
    given: &BTreeMap<&str, Given>,
    parse: fn(&str) -> Result<T, String>,
    faults: &mut Faults,
) -> Option<T> {
    // What could not even be taken is among the faults already.
    let given = given.get(key)?;
    let text = given.text.expose_secret();
    match parse(text) {
        Ok(value) => Some(value),
        Err(why) => {
            let shown = setting(key).is_some_and(|setting| !setting.is_secret()).then_some(text);
            faults.at(&given.source, key, shown, &why);
            None
        }
    }
}

/// What fits no other setting, or lacks one; of what could be read.
pub(super) fn check(given: &BTreeMap<&str, Given>, faults: &mut Faults) {
    fn read<T>(given: &BTreeMap<&str, Given>, key: &str, parse: fn(&str) -> Result<T, String>) -> Option<T> {
        parse(given.get(key)?.text.expose_secret()).ok()
    }
    let times = ["limits.timeout_body", "limits.timeout_call"].map(|key| read(given, key, time));
    if let [Some(body), Some(call)] = times
        && body >= call
    {
        faults.say(
            "HUYING_TIMEOUT_BODY（limits.timeout_body）应小于 HUYING_TIMEOUT_CALL（limits.timeout_call）",
        );
    }
    match (read(given, "wechat.app_id", app_id), read(given, "wechat.secret", secret)) {
        (Some(Some(_)), Some(None)) => faults.say(
            "设置了 HUYING_WECHAT_APP_ID（wechat.app_id），还须设置 HUYING_WECHAT_SECRET（wechat.secret）",
        ),
        (Some(None), Some(Some(_))) => faults.say(
            "设置了 HUYING_WECHAT_SECRET（wechat.secret），还须设置 HUYING_WECHAT_APP_ID（wechat.app_id）",
        ),
        _ => {}
    }
    let database = read(given, "database.url", database).flatten();
    let key = read(given, "server.master_key", master_key);
    if matches!(key, Some(None)) && database.is_some_and(|database| !database.is_sqlite()) {
        faults.say(
            "使用 PostgreSQL 时必须设置 HUYING_MASTER_KEY（server.master_key；32 字节的 base64，例如：openssl rand -base64 32）",
        );
    }
}
