//! How the text of each setting is read. Whatever is wrong says what is allowed, and never repeats the text: some are
//! secrets.

use super::table::LogFormat;
use crate::address::TrustedProxies;
use infra::rate::Quota;
use infra::store::Database;
use infra::{Cache, MasterKey};
use secrecy::SecretString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

type Parsed<T> = Result<T, String>;

fn allowed<T>(value: Option<T>, what: &str) -> Parsed<T> {
    value.ok_or_else(|| what.to_owned())
}

/// Empty is none.
fn optional<T>(text: &str, parse: impl FnOnce(&str) -> Parsed<T>) -> Parsed<Option<T>> {
    let text = text.trim();
    if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}

pub(super) fn listen(text: &str) -> Parsed<SocketAddr> {
    allowed(text.parse().ok(), "应为 IP 地址:端口，如 127.0.0.1:8080、[::1]:8080")
}

/// Who orders an end waits a minute or two before it kills.
pub(super) fn drain(text: &str) -> Parsed<Duration> {
    let sane = |time: &Duration| *time <= Duration::from_secs(60);
    allowed(humantime::parse_duration(text).ok().filter(sane), "应为 0s 至 60s 的时长，如 10s")
}

/// A collector's address may hold a password.
pub(super) fn collector(text: &str) -> Parsed<Option<SecretString>> {
    let is_url = |url: &str| {
        let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
        rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
    };
    let example = "应为 http:// 或 https:// 开头的地址，如 http://127.0.0.1:4318";
    optional(text, |url| allowed(is_url(url).then(|| url.into()), example))
}

pub(super) fn share(text: &str) -> Parsed<f64> {
    allowed(text.trim().parse().ok().filter(|share| (0.0..=1.0).contains(share)), "应为 0 至 1 的小数")
}

pub(super) fn data_dir(text: &str) -> Parsed<PathBuf> {
    allowed(Some(PathBuf::from(text)).filter(|_| !text.trim().is_empty()), "应为一个目录")
}

pub(super) fn master_key(text: &str) -> Parsed<Option<MasterKey>> {
    optional(text, |text| MasterKey::parse(text).map_err(|error| error.to_string()))
}

pub(super) fn proxies(text: &str) -> Parsed<TrustedProxies> {
    text.parse().map_err(|error: anyhow::Error| format!("{error}，如 10.0.0.1、10.0.0.0/8"))
}

pub(super) fn switch(text: &str) -> Parsed<bool> {
    let value = match text.trim().to_lowercase().as_str() {
        "1" | "true" | "t" | "yes" | "y" | "on" => Some(true),
        "" | "0" | "false" | "f" | "no" | "n" | "off" => Some(false),
        _ => None,
    };
    allowed(value, "应为 true 或 false（也可写 1、0、on、off）")
}

pub(super) fn database(text: &str) -> Parsed<Option<Database>> {
    optional(text, |url| Database::parse(url).map_err(|error| error.to_string()))
}

pub(super) fn programs(text: &str) -> Parsed<Option<PathBuf>> {
    optional(text, |text| Ok(PathBuf::from(text)))
}

pub(super) fn redis(text: &str) -> Parsed<Option<SecretString>> {
    let example = "应为 redis:// 或 rediss:// 开头的地址，如 redis://127.0.0.1:6379/";
    optional(text, |url| allowed(Cache::is_redis_url(url).then(|| url.into()), example))
}

pub(super) fn app_id(text: &str) -> Parsed<Option<String>> {
    optional(text, |id| Ok(id.to_owned()))
}

pub(super) fn secret(text: &str) -> Parsed<Option<SecretString>> {
    optional(text, |secret| Ok(secret.into()))
}

pub(super) fn base_url(text: &str) -> Parsed<String> {
    let url = text.trim().trim_end_matches('/');
    let is_url = url.starts_with("https://") || url.starts_with("http://");
    allowed(is_url.then(|| url.to_owned()), "应以 https:// 开头")
}

/// A code holds some hundred characters well.
pub(super) fn link_prefix(text: &str) -> Parsed<Option<String>> {
    let is_link = |url: &str| {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        rest.is_some_and(|rest| !rest.is_empty())
            && url.len() <= 200
            && url.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let example = "应为 https:// 开头的链接前缀，至多 200 个 ASCII 字符，如 https://example.cn/p/";
    optional(text, |url| allowed(is_link(url).then(|| url.to_owned()), example))
}

/// `10/1m`, or `off`.
pub(super) fn quota(text: &str) -> Parsed<Option<Quota>> {
    if text.trim() == "off" {
        return Ok(None);
    }
    let quota = || {
        let (count, period) = text.split_once('/')?;
        let period = humantime::parse_duration(period.trim()).ok()?;
        Quota::new(count.trim().parse().ok()?, period)
    };
    allowed(quota(), "应为次数/时长，如 10/1m（次数 1 至 1000000，时长 1s 至 1d），或 off").map(Some)
}

pub(super) fn time(text: &str) -> Parsed<Duration> {
    let sane = |time: &Duration| (1..=600).contains(&time.as_secs());
    allowed(humantime::parse_duration(text).ok().filter(sane), "应为 1s 至 10m 的时长，如 15s")
}

pub(super) fn count(text: &str) -> Parsed<usize> {
    let sane = |count: &usize| (1..=1_000_000).contains(count);
    allowed(text.parse().ok().filter(sane), "应为 1 至 1000000")
}

pub(super) fn format(text: &str) -> Parsed<LogFormat> {
    allowed(LogFormat::from_str(text).ok(), "应为 text 或 json")
}

pub(super) fn filter(text: &str) -> Parsed<String> {
    let example = "应为 error、warn、info、debug、trace，或 模块=级别，以逗号分隔，如 info,actix_web=warn";
    allowed(EnvFilter::try_new(text).ok().map(|_| text.to_owned()), example)
}
