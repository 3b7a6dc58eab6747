//! WeChat's server side: who a login code belongs to, and which phone number. Session keys are dropped unread.

mod check;
pub(crate) mod client;
mod reply;
mod token;

pub use check::{Checked, check};

use crate::cache::Cache;
use crate::gauge::CallGauges;
use crate::keys::Keyring;
use client::Client;
use domain::time::Timestamp;
use reply::{Login, PhoneReply, Reply};
use secrecy::SecretString;
use serde_json::json;
use std::sync::Arc;
use token::SharedToken;

/// The mini-program that we are to WeChat.
#[derive(Debug, Clone)]
pub struct WechatApp {
    /// Where WeChat is, without a slash at the end.
    pub base_url: String,
    /// AppID.
    pub app_id: String,
    /// AppSecret.
    pub secret: SecretString,
}

/// Why WeChat did not tell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WechatError {
    /// The code is unknown, used, too old, or another mini-program's.
    #[error("the code is not valid")]
    CodeInvalid,
    /// WeChat takes the user for a risk.
    #[error("WeChat blocks this user")]
    Blocked,
    /// It may work later.
    #[error("{0}")]
    Busy(String),
    /// It does not work until somebody looks after it.
    #[error("{0}")]
    Unavailable(String),
    /// The access token has died.
    #[error("the access token is not valid")]
    TokenDied,
}

/// Asks WeChat.
#[derive(Debug)]
pub struct Wechat {
    client: Client,
    app: WechatApp,
    token: SharedToken,
}

impl Wechat {
    /// A client for one mini-program. The access token is shared with other replicas through `cache`, sealed.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(app: WechatApp, cache: Cache, keys: Arc<Keyring>) -> Result<Self, WechatError> {
        let client = Client::new()?;
        let token = SharedToken::new(&app, cache, keys);
        Ok(Self { client, app, token })
    }

    /// What it counts of its work.
    pub fn gauges(&self) -> &CallGauges {
        self.client.gauges()
    }

    /// The openid of whoever got this code from `wx.login`.
    ///
    /// # Errors
    /// [`WechatError`].
    pub async fn openid(&self, code: &str) -> Result<String, WechatError> {
        let url = format!("{}/sns/jscode2session", self.app.base_url);
        let query = [
            ("appid", self.app.app_id.as_str()),
            ("secret", secrecy::ExposeSecret::expose_secret(&self.app.secret)),
            ("js_code", code),
            ("grant_type", "authorization_code"),
        ];
        let reply: Reply<Login> = self.client.get("jscode2session", &url, &query).await?;
        let login = reply.of_code()?;
        login.openid.filter(|id| !id.is_empty()).ok_or_else(|| WechatError::Busy("no openid".into()))
    }

    /// The phone number behind a code of the phone button, as digits; with `+` and the country where it is not China's.
    ///
    /// # Errors
    /// [`WechatError`].
    pub async fn phone(&self, code: &str, now: Timestamp) -> Result<String, WechatError> {
        let reply = match self.ask_phone(code, None, now).await {
            Err((WechatError::TokenDied, used)) => {
                self.ask_phone(code, Some(&used), now).await.map_err(|(error, _)| error)
            }
            reply => reply.map_err(|(error, _)| error),
        };
        let info = match reply {
            Err(WechatError::TokenDied) => {
                return Err(WechatError::Unavailable("a fresh access token is refused".into()));
            }
            reply => reply?.phone_info,
        };
        let info = info.ok_or_else(|| WechatError::Busy("no phone_info".into()))?;
        if info.watermark.appid != self.app.app_id {
            return Err(WechatError::CodeInvalid);
        }
        info.number().ok_or_else(|| WechatError::Busy("no phone number".into()))
    }

    /// With the token that was used, so that a dead one is never used again.
    async fn ask_phone(
        &self,
        code: &str,
        dead: Option<&str>,
        now: Timestamp,
    ) -> Result<PhoneReply, (WechatError, String)> {
        let token = self.token.get(&self.client, &self.app, dead, now).await;
        let token = token.map_err(|error| (error, String::new()))?;
        let url = format!("{}/wxa/business/getuserphonenumber", self.app.base_url);
        let reply: Result<Reply<PhoneReply>, _> = self
            .client
            .post("getuserphonenumber", &url, &[("access_token", &token)], &json!({ "code": code }))
            .await;
        reply.and_then(Reply::of_phone_code).map_err(|error| (error, token))
    }
}
