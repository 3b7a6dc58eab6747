//! What the server bears: how often, how long, how many. All that is wrong with the settings is said at once.

use clap::Args;
use infra::rate::{Quota, Quotas};
use std::time::Duration;

/// How long clients may take, and how many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wire {
    /// For the head of a request.
    pub head: Duration,
    /// For its body, from first to last byte.
    pub body: Duration,
    /// For an answer, body included.
    pub call: Duration,
    /// Between an answer and the next request, on a connection that is kept.
    pub idle: Duration,
    /// Open connections of the process.
    pub connections: usize,
    /// How many of them may listen to the live feed.
    pub listeners: usize,
    /// Between two pings to whoever listens; after two and a half of them without an answer they are gone. So often it is
    /// looked whether they still may, too.
    pub ping: Duration,
}

impl Default for Wire {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            head: seconds(10),
            body: seconds(15),
            call: seconds(30),
            idle: seconds(60),
            connections: 10_000,
            listeners: 10_000,
            ping: seconds(30),
        }
    }
}

/// The settings of the limits, as they are written.
#[derive(Debug, Args)]
pub(crate) struct Limits {
    /// 同一地址的登录频率，如 10/1m；off 为不限；默认 10/1m，--demo 时不限
    #[arg(long, env = "HUYING_RATE_LOGINS")]
    rate_logins: Option<String>,
    /// 同一地址的续期、退出频率；默认 600/1m，--demo 时不限
    #[arg(long, env = "HUYING_RATE_RENEWALS")]
    rate_renewals: Option<String>,
    /// 一名居民的点单频率（工作人员不限）；默认 20/1h，--demo 时不限
    #[arg(long, env = "HUYING_RATE_TICKETS")]
    rate_tickets: Option<String>,
    /// 一名用户的调用频率；默认 600/1m，--demo 时不限
    #[arg(long, env = "HUYING_RATE_CALLS")]
    rate_calls: Option<String>,
    /// 请求头须在多久内传完，如 10s
    #[arg(long, env = "HUYING_TIMEOUT_HEAD", default_value = "10s")]
    timeout_head: String,
    /// 请求体须在多久内传完
    #[arg(long, env = "HUYING_TIMEOUT_BODY", default_value = "15s")]
    timeout_body: String,
    /// 一次调用至多处理多久
    #[arg(long, env = "HUYING_TIMEOUT_CALL", default_value = "30s")]
    timeout_call: String,
    /// 空闲连接保留多久
    #[arg(long, env = "HUYING_TIMEOUT_IDLE", default_value = "60s")]
    timeout_idle: String,
    /// 同时打开的连接数上限
    #[arg(long, env = "HUYING_MAX_CONNECTIONS", default_value = "10000")]
    max_connections: String,
    /// 其中实时推送的连接数上限（总会给其他请求留出十分之一）
    #[arg(long, env = "HUYING_LISTENERS", default_value = "10000")]
    listeners: String,
}

const RATE: &str = "应为次数/时长，如 10/1m（次数 1 至 1000000，时长 1s 至 1d），或 off";
const TIME: &str = "应为 1s 至 10m 的时长，如 15s";

impl Limits {
    /// What is set. Rates that nobody set are off with example data.
    ///
    /// # Errors
    /// All that is wrong, in words for the administrator.
    pub(crate) fn read(&self, demo: bool) -> anyhow::Result<(Quotas, Wire)> {
        let mut faults = Vec::new();
        let mut rate = |name: &str, set: &Option<String>, usual: &str| {
            let text = set.as_deref().unwrap_or(if demo { "off" } else { usual });
            quota(text).unwrap_or_else(|| {
                faults.push(format!("{name}={text} {RATE}"));
                None
            })
        };
        let quotas = Quotas {
            logins: rate("HUYING_RATE_LOGINS", &self.rate_logins, "10/1m"),
            renewals: rate("HUYING_RATE_RENEWALS", &self.rate_renewals, "600/1m"),
            tickets: rate("HUYING_RATE_TICKETS", &self.rate_tickets, "20/1h"),
            calls: rate("HUYING_RATE_CALLS", &self.rate_calls, "600/1m"),
        };
        let mut time = |name: &str, text: &str| {
            let sane = |time: &Duration| (1..=600).contains(&time.as_secs());
            humantime::parse_duration(text).ok().filter(sane).unwrap_or_else(|| {
                faults.push(format!("{name}={text} {TIME}"));
                Duration::ZERO
            })
        };
        let [head, body, call, idle] = [
            time("HUYING_TIMEOUT_HEAD", &self.timeout_head),
            time("HUYING_TIMEOUT_BODY", &self.timeout_body),
            time("HUYING_TIMEOUT_CALL", &self.timeout_call),
            time("HUYING_TIMEOUT_IDLE", &self.timeout_idle),
        ];
        if body >= call && faults.is_empty() {
            faults.push("HUYING_TIMEOUT_BODY 应小于 HUYING_TIMEOUT_CALL".to_owned());
        }
        let mut count = |name: &str, text: &str| {
            let sane = text.parse().ok().filter(|count| (1..=1_000_000).contains(count));
            sane.unwrap_or_else(|| {
                faults.push(format!("{name}={text} 应为 1 至 1000000"));
                0
            })
        };
        let connections = count("HUYING_MAX_CONNECTIONS", &self.max_connections);
        let listeners = count("HUYING_LISTENERS", &self.listeners);
        anyhow::ensure!(faults.is_empty(), "设置有误：{}", faults.join("；"));
        Ok((quotas, Wire { head, body, call, idle, connections, listeners, ..Wire::default() }))
    }
}

/// `10/1m`, or `off`; `None` for what is neither.
fn quota(text: &str) -> Option<Option<Quota>> {
    if text.trim() == "off" {
        return Some(None);
    }
    let (count, period) = text.split_once('/')?;
    let period = humantime::parse_duration(period.trim()).ok()?;
    Quota::new(count.trim().parse().ok()?, period).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        limits: Limits,
    }

    fn read(arguments: &str, demo: bool) -> anyhow::Result<(Quotas, Wire)> {
        Line::try_parse_from(format!("x {arguments}").split_whitespace()).unwrap().limits.read(demo)
    }

    #[test]
    fn unset_is_the_usual_and_off_with_example_data() {
        let (quotas, wire) = read("", false).unwrap();
        let said = |quota: Option<Quota>| quota.map(|quota| (quota.count(), quota.seconds()));
        assert_eq!(said(quotas.logins), Some((10, 60)));
        assert_eq!(said(quotas.renewals), Some((600, 60)));
        assert_eq!(said(quotas.tickets), Some((20, 3600)));
        assert_eq!(said(quotas.calls), Some((600, 60)));
        assert_eq!(wire, Wire::default());
        assert_eq!(read("", true).unwrap().0, Quotas::default());
        let some = read("--rate-logins 3/2s --rate-calls off", true).unwrap().0;
        assert_eq!((said(some.logins), said(some.calls)), (Some((3, 2)), None));
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let wrong = "--rate-logins ten --rate-tickets 0/1h --rate-calls 5/1ms --timeout-head 0s --timeout-body x \
             --max-connections 0 --listeners many";
        let said = read(wrong, false).unwrap_err().to_string();
        for name in [
            "RATE_LOGINS",
            "RATE_TICKETS",
            "RATE_CALLS",
            "TIMEOUT_HEAD",
            "TIMEOUT_BODY",
            "CONNECTIONS",
            "LISTENERS",
        ] {
            assert!(said.contains(name), "{name}: {said}");
        }
        assert!(read("--timeout-body 30s", false).unwrap_err().to_string().contains("小于"));
    }
}
