//! The ways in: WeChat, and a password.

use super::prove::{Code, by_password};
use super::{DEV, secret, signed_in};
use crate::address::Address;
use crate::app::State;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::Body;
use crate::people;
use crate::rates::Attempt;
use actix_web::{HttpResponse, post, web};
use domain::text::{FreeText, MAX_NAME};
use domain::time::Timestamp;
use openapi::problem::Problem;
use openapi::sign_in::{PasswordLogin, SignedIn, WechatLogin};

/// WeChat tells no names.
const WECHAT_USER: &str = "微信用户";

/// Signs in with a WeChat code.
#[utoipa::path(
    tag = "身份",
    operation_id = "sign_in_wechat",
    summary = "微信登录",
    description = "以小程序 `wx.login` 的 code 登录，首次登录即建立用户。code 只能用一次，五分钟内有效。\
        以 `HUYING_DEV_LOGIN=1` 或 `--demo` 启动后，code 也可填 `dev:姓名`。",
    request_body = WechatLogin,
    responses(
        (status = 200, description = "登录成功", body = SignedIn),
        (status = 401, description = "code 无效、已用过或已过期", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "微信限制该用户登录", body = Problem, content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("public")))
)]
#[post("/auth/wechat")]
pub(crate) async fn sign_in_wechat(
    _attempt: Attempt,
    state: web::Data<State>,
    body: Body<WechatLogin>,
) -> ApiResult<HttpResponse> {
    let WechatLogin { code } = body.value;
    let now = state.clock.now();
    let signed = match code.strip_prefix(DEV).filter(|_| state.dev_login) {
        Some(name) => state.metrics.sign_in("development", enter_as(&state, name, now).await),
        None => state.metrics.sign_in("wechat", enter_by_wechat(&state, &code, now).await),
    };
    Ok(secret(signed?))
}

async fn enter_as(state: &State, name: &str, now: Timestamp) -> ApiResult<SignedIn> {
    FreeText::check(name, MAX_NAME).map_err(|refusal| fault(refusal, Some("/code".into())))?;
    let user = people::by_name(&state.store, name.trim(), None, now).await?;
    signed_in(state, user, now).await
}

async fn enter_by_wechat(state: &State, code: &str, now: Timestamp) -> ApiResult<SignedIn> {
    let wechat = state.wechat.as_ref().ok_or_else(|| ApiError::new("auth.code_invalid"))?;
    let openid = wechat.openid(code).await?;
    let user = state.store.sign_in(people::WECHAT, &openid, WECHAT_USER, None, now).await?;
    signed_in(state, user, now).await
}

/// Signs in with a password.
#[utoipa::path(
    tag = "身份",
    operation_id = "sign_in_password",
    summary = "密码登录",
    description = "工作人员以用户名和密码登录；开启动态码的账号须带 `otp`。同一账号在同一地址 15 分钟内错 5 次，该地址锁定 15 分钟；\
        别处的错误不影响本人常用的地址。",
    request_body = PasswordLogin,
    responses(
        (status = 200, description = "登录成功", body = SignedIn),
        (status = 401, description = "用户名、密码或动态码不对", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "尝试次数过多，见 `Retry-After`", body = Problem, content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("public")))
)]
#[post("/auth/password")]
pub(crate) async fn sign_in_password(
    _attempt: Attempt,
    state: web::Data<State>,
    address: Address,
    body: Body<PasswordLogin>,
) -> ApiResult<HttpResponse> {
    let PasswordLogin { username, password, otp } = body.value;
    let now = state.clock.now();
    let signed = by_password(&state, &username, password, Code::Apart(otp), address, now).await;
    Ok(secret(state.metrics.sign_in("password", signed)?))
}
