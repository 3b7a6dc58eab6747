//! Signing in, staying signed in, and proving who one is.

use crate::identity::User;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// 微信登录。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "dev:居民王芳"}))]
pub struct WechatLogin {
    /// `wx.login` 得到的 code；开发登录为 `dev:` 加姓名（1 至 30 字）
    #[schema(min_length = 1, max_length = 128)]
    pub code: String,
}

/// 绑定手机号。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "e31968a7f94cc5ee25fafc2aef2773f0bb8c3937b22520eb8ee345274d00c144"}))]
pub struct BindPhone {
    /// 手机号按钮（`getPhoneNumber`）得到的 code，不是 `wx.login` 的 code；开发登录时也可为 `dev:` 加手机号
    #[schema(min_length = 1, max_length = 128)]
    pub code: String,
}

/// 密码登录。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"username": "chen.hongmei", "password": "correct horse battery"}))]
pub struct PasswordLogin {
    /// 用户名，不分大小写
    pub username: String,
    /// 密码
    #[schema(value_type = String, format = Password)]
    pub password: SecretString,
    /// 动态码，开启后必填
    pub otp: Option<String>,
}

/// 刷新令牌。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"refresh_token": "AZ8zoAAAcACAAAAAAAAAAWFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6MDEyMzQ1"}))]
pub struct RefreshToken {
    /// 最近一次得到的 refresh_token
    #[schema(value_type = String)]
    pub refresh_token: SecretString,
}

/// OAuth 2.0 令牌请求（RFC 6749 4.3、6）。`client_id`、`client_secret`、`scope` 可填，不起作用。
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct TokenRequest {
    /// `password` 或 `refresh_token`
    pub grant_type: Option<String>,
    /// 用户名
    pub username: Option<String>,
    /// 密码；开启动态码的账号，在密码后加一个空格和动态码
    #[schema(value_type = Option<String>, format = Password)]
    pub password: Option<SecretString>,
    /// 刷新令牌
    #[schema(value_type = Option<String>)]
    pub refresh_token: Option<SecretString>,
}

/// 登录结果。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "access_token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJFZERTQSIsImtpZCI6Ii4uLiJ9.eyJzdWIiOiIuLi4ifQ.c2ln",
    "token_type": "Bearer", "expires_in": 900,
    "refresh_token": "AZ8zoAAAcACAAAAAAAAAAWFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6MDEyMzQ1",
    "user": {"id": "01990000-0000-7000-8000-000000000001", "name": "居民王芳"}
}))]
pub struct SignedIn {
    /// 访问令牌（JWT，EdDSA）
    pub access_token: String,
    /// 总是 `Bearer`
    pub token_type: &'static str,
    /// 有效秒数
    pub expires_in: i64,
    /// 刷新令牌：只能用一次，用后换新；30 天不用、或满 180 天即失效
    pub refresh_token: String,
    /// 登录者
    pub user: User,
}

/// 修改密码。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"old": "correct horse battery", "new": "another horse battery"}))]
pub struct ChangePassword {
    /// 现密码
    #[schema(value_type = String, format = Password)]
    pub old: SecretString,
    /// 新密码，10 至 128 个字符
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 128)]
    pub new: SecretString,
}

/// 动态码密钥，只显示这一次。
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    "uri": "otpauth://totp/huying:chen.hongmei?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=huying"
}))]
pub struct OtpSecret {
    /// 密钥（base32）
    pub secret: String,
    /// 供验证器应用扫码的地址
    pub uri: String,
}

/// 确认动态码。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"otp": "287082"}))]
pub struct ConfirmOtp {
    /// 验证器应用显示的六位动态码
    pub otp: String,
}

/// 以密码再次证明是本人。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"password": "correct horse battery"}))]
pub struct Proof {
    /// 现密码
    #[schema(value_type = String, format = Password)]
    pub password: SecretString,
}
