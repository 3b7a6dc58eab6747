//! HTTP to WeChat: short, without redirects, and with nothing of a URL in an error, because secrets travel there.

use super::WechatError;
use super::reply::Reply;
use crate::gauge::CallGauges;
use crate::trace::step;
use chrono::DateTime;
use domain::time::Timestamp;
use reqwest::header::DATE;
use serde::de::DeserializeOwned;
use std::error::Error;
use std::time::{Duration, Instant};
use tracing::Instrument;

const CONNECT: Duration = Duration::from_secs(3);
const WHOLE: Duration = Duration::from_secs(5);
/// Before a busy WeChat is asked once more.
const PAUSE: Duration = Duration::from_millis(150);

#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    gauges: CallGauges,
}

impl Client {
    #[expect(clippy::disallowed_methods, reason = "WeChat's client, with time limits")]
    pub(super) fn new() -> Result<Self, WechatError> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            .redirect(reqwest::redirect::Policy::none())
            .build();
        let http = client.map_err(|error| WechatError::Unavailable(said(error)))?;
        Ok(Self { http, gauges: CallGauges::default() })
    }

    pub(super) fn gauges(&self) -> &CallGauges {
        &self.gauges
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        call: &'static str,
        url: &str,
        query: &[(&str, &str)],
    ) -> Result<Reply<T>, WechatError> {
        self.twice(call, || self.http.get(url).query(query)).await
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        call: &'static str,
        url: &str,
        query: &[(&str, &str)],
        body: &serde_json::Value,
    ) -> Result<Reply<T>, WechatError> {
        self.twice(call, || self.http.post(url).query(query).json(body)).await
    }

    /// Asks once, and tells the time of the answer too, where it has one.
    pub(super) async fn post_dated<T: DeserializeOwned>(
        &self,
        url: &str,
        body: &serde_json::Value,
    ) -> Result<(Reply<T>, Option<Timestamp>), WechatError> {
        dated(self.http.post(url).json(body)).await
    }

    /// Once more where WeChat says that it is busy; its codes are not used up by that.
    async fn twice<T: DeserializeOwned>(
        &self,
        call: &'static str,
        request: impl Fn() -> reqwest::RequestBuilder,
    ) -> Result<Reply<T>, WechatError> {
        let reply = self.once(call, request()).await?;
        if !reply.is_busy() {
            return Ok(reply);
        }
        tokio::time::sleep(PAUSE).await;
        self.once(call, request()).await
    }

    async fn once<T: DeserializeOwned>(
        &self,
        call: &'static str,
        request: reqwest::RequestBuilder,
    ) -> Result<Reply<T>, WechatError> {
        let began = Instant::now();
        let reply = send(request).instrument(step(call)).await;
        let outcome = reply.as_ref().map_or("lost", Reply::outcome);
        self.gauges.asked("wechat", call, outcome, began.elapsed());
        reply
    }
}

/// What went wrong, down to its cause, and without the URL.
pub(crate) fn said(error: reqwest::Error) -> String {
    let error = error.without_url();
    let (mut said, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        said = format!("{said}: {error}");
        cause = error.source();
    }
    said
}

async fn send<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<Reply<T>, WechatError> {
    Ok(dated(request).await?.0)
}

/// Whatever the type of its content, it is JSON; and the status tells nothing.
async fn dated<T: DeserializeOwned>(
    request: reqwest::RequestBuilder,
) -> Result<(Reply<T>, Option<Timestamp>), WechatError> {
    let lost = |error| WechatError::Busy(said(error));
    let response = request.send().await.map_err(lost)?;
    let status = response.status();
    let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok()).map(|date| date.to_utc());
    let body = response.bytes().await.map_err(lost)?;
    let reply = serde_json::from_slice(&body)
        .map_err(|error| WechatError::Busy(format!("status {status}, not the JSON of WeChat: {error}")))?;
    Ok((reply, date))
}
