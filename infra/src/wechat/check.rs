//! Whether WeChat takes us for who we say we are, for whoever has to know why nobody can sign in.

use super::client::Client;
use super::reply::{Reply, TokenReply};
use super::token::question;
use super::{WechatApp, WechatError};
use domain::time::Timestamp;

/// What came of asking WeChat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// It knows the mini-program and its secret.
    Good {
        /// When it answered, by its clock, to the second.
        date: Option<Timestamp>,
    },
    /// It answers, and says no.
    Refused {
        /// Its `errcode`.
        code: i64,
        /// Its `errmsg`.
        said: String,
    },
    /// Nobody answers, not in time, or it is not WeChat.
    Unreachable(String),
}

/// Asks WeChat for the access token, as the server does, and does not keep it.
///
/// # Errors
/// When no HTTP client can be made.
pub async fn check(app: &WechatApp) -> Result<Checked, WechatError> {
    let (url, body) = question(app);
    Ok(match Client::new()?.post_dated(&url, &body).await {
        Ok((Reply { errcode: 0, value: Some(TokenReply { access_token: Some(_), .. }), .. }, date)) => {
            Checked::Good { date }
        }
        Ok((Reply { errcode, errmsg, .. }, _)) => Checked::Refused { code: errcode, said: errmsg },
        Err(error) => Checked::Unreachable(error.to_string()),
    })
}
