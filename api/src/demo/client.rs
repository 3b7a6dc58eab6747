//! The calls of whoever plays something against a running server: how long each took, and what was refused.

use anyhow::{Context, bail, ensure};
use reqwest::{Method, Url};
use serde_json::Value;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

const CONNECT: Duration = Duration::from_secs(3);
const WHOLE: Duration = Duration::from_secs(20);

/// A server, and what its calls came to.
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    tally: RefCell<Tally>,
}

/// What the calls came to.
#[derive(Default)]
pub(super) struct Tally {
    /// How many there were.
    pub(super) calls: u64,
    /// How many of them failed.
    pub(super) failed: u64,
    /// How long the slowest took, and which it was.
    pub(super) slowest: (Duration, String),
}

/// A call that failed.
#[derive(Debug)]
pub(super) struct Failed {
    /// In words.
    pub(super) why: String,
    /// The code of the problem; empty for no answer.
    pub(super) code: String,
    /// No answer at all.
    pub(super) lost: bool,
}

impl Client {
    #[expect(clippy::disallowed_methods, reason = "this is the example's client, with time limits")]
    pub(super) fn new(url: &str) -> anyhow::Result<Self> {
        let parsed = Url::parse(url).ok().filter(|url| url.scheme() == "http" && url.has_host());
        let parsed =
            parsed.with_context(|| format!("--url {url} 应如 http://127.0.0.1:8080（只支持 http）"))?;
        let base = parsed.origin().ascii_serialization();
        // The server is to be reached as it stands: a forwarded request is refused while people sign in by name.
        let http = reqwest::Client::builder().connect_timeout(CONNECT).timeout(WHOLE).no_proxy().build()?;
        Ok(Self { http, base, tally: RefCell::default() })
    }

    /// `http://HOST:PORT`.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Where it listens.
    pub(super) fn address(&self) -> anyhow::Result<SocketAddr> {
        let address = Url::parse(&self.base)?.socket_addrs(|| None)?.into_iter().next();
        address.with_context(|| format!("找不到 {}", self.base))
    }

    /// What the calls came to since the last time that this was asked.
    pub(super) fn tally(&self) -> Tally {
        self.tally.take()
    }

    /// Refuses what is no huying.
    pub(super) async fn is_huying(&self) -> anyhow::Result<()> {
        let base = &self.base;
        let health = self.http.get(format!("{base}/health")).send().await;
        let Ok(health) = health else {
            bail!("{base} 没有应答。请先在另一个终端启动：make run，或 huying serve --demo");
        };
        let health: Value = health.json().await.unwrap_or_default();
        ensure!(health["status"] == "alive", "{base} 应答了，但不是呼应的服务");
        Ok(())
    }

    /// Signs in as somebody by name.
    pub(super) async fn sign_in(&self, name: &str) -> anyhow::Result<Value> {
        let code = serde_json::json!({"code": format!("dev:{name}")});
        let answer = self.call(Method::POST, "/auth/wechat", "", Some(&code)).await;
        answer.map_err(|Failed { why, .. }| {
            anyhow::anyhow!(
                "不能以 dev:{name} 登录：{why}\n请以示例数据启动服务：make run，或 huying serve --demo"
            )
        })
    }

    pub(super) async fn get(&self, path: &str, token: &str) -> Result<Value, Failed> {
        self.call(Method::GET, path, token, None).await
    }

    pub(super) async fn post(&self, path: &str, token: &str, body: &Value) -> Result<Value, Failed> {
        self.call(Method::POST, path, token, Some(body)).await
    }

    /// A call; with an empty token, of somebody unknown.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failed> {
        let name = format!("{method} {}", pattern(path));
        let mut request = self.http.request(method, format!("{}/api/v1{path}", self.base));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let begun = Instant::now();
        let answer = async {
            let answer = request.send().await?;
            let status = answer.status();
            Ok::<_, reqwest::Error>((status, answer.bytes().await?))
        };
        let answer = answer.await;
        let took = begun.elapsed();
        let mut tally = self.tally.borrow_mut();
        tally.calls += 1;
        if took > tally.slowest.0 {
            tally.slowest = (took, name.clone());
        }
        let failed = match answer {
            Ok((status, body)) => {
                let body: Value = serde_json::from_slice(&body).unwrap_or_default();
                if status.is_success() {
                    return Ok(body);
                }
                let word = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
                let why = format!("{name}：{} {} {}", status.as_u16(), word("code"), word("detail"));
                Failed { why, code: word("code"), lost: false }
            }
            Err(error) => {
                Failed { why: format!("{name}：{}", error.without_url()), code: String::new(), lost: true }
            }
        };
        tally.failed += 1;
        Err(failed)
    }
}

/// The path without ids and query.
fn pattern(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let parts = path.split('/').map(|part| if part.parse::<Uuid>().is_ok() { "{id}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::{Client, pattern};

    #[test]
    fn a_pattern_names_nobody() {
        let path = "/tickets/01990000-0000-7000-8000-000000000101/accept?x=1";
        assert_eq!(pattern(path), "/tickets/{id}/accept");
    }

    #[test]
    fn a_url_is_an_address_over_http() {
        assert_eq!(Client::new("http://127.0.0.1:8080/docs/").unwrap().base(), "http://127.0.0.1:8080");
        for wrong in ["", "127.0.0.1:8080", "https://127.0.0.1", "http://", "ftp://x"] {
            assert!(Client::new(wrong).is_err(), "{wrong}");
        }
    }
}
