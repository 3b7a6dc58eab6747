//! Tokens as OAuth 2.0 clients ask for them (RFC 6749), Swagger UI among them.

use super::prove::{Code, by_password};
use super::secret;
use super::stay::refreshed;
use crate::address::Address;
use crate::app::State;
use crate::edge::Oauth;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Raw, has_media_type};
use crate::rates::{self, Renewal};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, post, web};
use openapi::problem::{Fault, Problem};
use openapi::sign_in::{SignedIn, TokenRequest};
use secrecy::{ExposeSecret, SecretString};

/// Tokens for a password or a refresh token.
#[utoipa::path(
    tag = "身份",
    operation_id = "token",
    summary = "OAuth 2.0 令牌",
    description = "供 OAuth 2.0 客户端和本页“授权”使用：`grant_type` 为 `password`（`username`、`password`）或 `refresh_token`\
        （`refresh_token`），规则与密码登录、刷新令牌相同。开启动态码的账号，在密码后加一个空格和动态码。\
        错误另带 `error` 和 `error_description`（RFC 6749 5.2）。",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "令牌", body = SignedIn),
        (status = 400, description = "请求有误，或用户名、密码、令牌不对", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "请求体不是表单", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "尝试次数过多，见 `Retry-After`", body = Problem, content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("public")))
)]
#[post("/auth/token")]
pub(crate) async fn token(
    _renewal: Renewal,
    state: web::Data<State>,
    request: HttpRequest,
    address: Address,
    body: Result<Raw, ApiError>,
) -> ApiResult<HttpResponse> {
    request.extensions_mut().insert(Oauth);
    let TokenRequest { grant_type, username, password, refresh_token } = form(&request, body)?;
    let now = state.clock.now();
    let answer = match needed(grant_type, "grant_type")?.as_str() {
        "password" => {
            let username = needed(username, "username")?;
            let password = needed(password, "password")?;
            rates::login(&state, &request).await?;
            let signed = by_password(&state, &username, password, Code::Behind, address, now).await;
            state.metrics.sign_in("password", signed)?
        }
        "refresh_token" => {
            let token: SecretString = needed(refresh_token, "refresh_token")?;
            refreshed(&state, token.expose_secret(), now).await?
        }
        _ => return Err(ApiError::new("oauth.unsupported_grant_type")),
    };
    Ok(secret(answer))
}

fn form(request: &HttpRequest, body: Result<Raw, ApiError>) -> ApiResult<TokenRequest> {
    if !has_media_type(request, "application/x-www-form-urlencoded") {
        return Err(ApiError::new("oauth.media_type"));
    }
    let Raw(body) = body?;
    let form = serde_urlencoded::from_bytes(&body);
    form.map_err(|_| Fault::new("oauth.invalid_request").with("name", "grant_type").into())
}

fn needed<T>(value: Option<T>, name: &'static str) -> ApiResult<T> {
    value.ok_or_else(|| Fault::new("oauth.invalid_request").with("name", name).into())
}
