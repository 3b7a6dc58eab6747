//! What WeChat answers. Numbers come as numbers or as text.

use super::WechatError;
use serde::{Deserialize, Deserializer};

/// The envelope of every reply. A success has no `errcode`, or 0.
#[derive(Debug, Deserialize)]
pub(super) struct Reply<T> {
    #[serde(default, deserialize_with = "number")]
    pub(super) errcode: i64,
    #[serde(default)]
    pub(super) errmsg: String,
    #[serde(flatten)]
    pub(super) value: Option<T>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Login {
    pub(super) openid: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct TokenReply {
    pub(super) access_token: Option<String>,
    #[serde(default, deserialize_with = "number")]
    pub(super) expires_in: i64,
}

#[derive(Debug, Deserialize)]
pub(super) struct PhoneReply {
    pub(super) phone_info: Option<PhoneInfo>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhoneInfo {
    pure_phone_number: String,
    #[serde(default, deserialize_with = "number")]
    country_code: i64,
    pub(super) watermark: Watermark,
}

#[derive(Debug, Deserialize)]
pub(super) struct Watermark {
    pub(super) appid: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(i64),
    Text(String),
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    match Option::<Number>::deserialize(deserializer)? {
        None => Ok(0),
        Some(Number::Number(number)) => Ok(number),
        Some(Number::Text(text)) => text.trim().parse().map_err(serde::de::Error::custom),
    }
}

impl PhoneInfo {
    pub(super) fn number(&self) -> Option<String> {
        let digits = self.pure_phone_number.trim();
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        match self.country_code {
            0 | 86 => (digits.len() == 11 && digits.starts_with('1')).then(|| digits.to_owned()),
            country => {
                let number = format!("+{country}{digits}");
                (7..=16).contains(&number.len()).then_some(number)
            }
        }
    }
}

impl<T> Reply<T> {
    /// -1: system busy.
    pub(super) fn is_busy(&self) -> bool {
        self.errcode == -1
    }

    /// What came of asking, in a word.
    pub(super) fn outcome(&self) -> &'static str {
        match self.errcode {
            0 => "answered",
            -1 => "busy",
            _ => "refused",
        }
    }

    /// The reply to a code of `wx.login`.
    pub(super) fn of_code(self) -> Result<T, WechatError> {
        match self.errcode {
            40029 | 40163 => Err(WechatError::CodeInvalid),
            40226 => Err(WechatError::Blocked),
            _ => self.of_app(),
        }
    }

    /// The reply to a code of the phone button; here 40013 says that the code is another mini-program's.
    pub(super) fn of_phone_code(self) -> Result<T, WechatError> {
        match self.errcode {
            40013 | 40029 | 40163 => Err(WechatError::CodeInvalid),
            40001 | 40014 | 42001 => Err(WechatError::TokenDied),
            _ => self.of_app(),
        }
    }

    /// The reply to a question that depends on nothing but us.
    pub(super) fn of_app(self) -> Result<T, WechatError> {
        let said = format!("errcode {}: {}", self.errcode, self.errmsg);
        match self.errcode {
            0 => self.value.ok_or_else(|| WechatError::Busy("an empty reply".into())),
            -1 | 45009 | 45011 => Err(WechatError::Busy(said)),
            _ => Err(WechatError::Unavailable(said)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(json: &str) -> Result<Option<String>, WechatError> {
        let reply: Reply<Login> = serde_json::from_str(json).unwrap();
        reply.of_code().map(|login| login.openid)
    }

    #[test]
    fn error_codes_are_numbers_or_text() {
        let ok = Ok(Some("o".to_owned()));
        assert_eq!(login(r#"{"openid": "o", "session_key": "s"}"#), ok);
        assert_eq!(login(r#"{"openid": "o", "errcode": "0", "errmsg": "ok"}"#), ok);
        assert_eq!(login(r#"{"errcode": "40029", "errmsg": "x"}"#), Err(WechatError::CodeInvalid));
        assert_eq!(login(r#"{"errcode": 40226}"#), Err(WechatError::Blocked));
        assert_eq!(login(r#"{"errcode": 45011}"#), Err(WechatError::Busy("errcode 45011: ".into())));
        assert_eq!(
            login(r#"{"errcode": 40125, "errmsg": "invalid appsecret"}"#),
            Err(WechatError::Unavailable("errcode 40125: invalid appsecret".into()))
        );
    }

    #[test]
    fn a_country_is_a_number_or_text() {
        let number = |country: &str| {
            let json = format!(
                r#"{{"phone_info": {{"phoneNumber": "x", "purePhoneNumber": "13800001111", "countryCode": {country}, "watermark": {{"timestamp": 1, "appid": "wx"}}}}}}"#
            );
            let reply: Reply<PhoneReply> = serde_json::from_str(&json).unwrap();
            reply.of_phone_code().unwrap().phone_info.unwrap().number().unwrap()
        };
        assert_eq!((number("86"), number("\"86\"")), ("13800001111".to_owned(), "13800001111".to_owned()));
        assert_eq!(number("852"), "+85213800001111");
    }
}
