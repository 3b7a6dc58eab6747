//! Staying signed in, and signing out.

use super::{current, done, secret, with_refresh};
use crate::app::State;
use crate::auth::{Permit, may};
use crate::error::{ApiError, ApiResult};
use crate::extract::{Body, Conditions};
use crate::rates::Renewal;
use actix_web::{HttpResponse, post, web};
use domain::time::Timestamp;
use infra::store::Refreshed;
use openapi::problem::Problem;
use openapi::sign_in::{RefreshToken, SignedIn};
use secrecy::ExposeSecret;

/// Takes a refresh token for new tokens.
#[utoipa::path(
    tag = "身份",
    operation_id = "refresh",
    summary = "刷新令牌",
    description = "以刷新令牌换新的访问令牌和刷新令牌。刷新令牌只能用一次，没有宽限：同一枚出现第二次，即视为被盗，\
        整个登录及其所有者的访问令牌随即失效（`auth.refresh_reused`）。因此同一登录不要并发刷新；没有收到答复的，请重新登录。",
    request_body = RefreshToken,
    responses(
        (status = 200, description = "新令牌", body = SignedIn),
        (status = 401, description = "刷新令牌无效或被重复使用", body = Problem, content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("public")))
)]
#[post("/auth/refresh")]
pub(crate) async fn refresh(
    _renewal: Renewal,
    state: web::Data<State>,
    body: Body<RefreshToken>,
) -> ApiResult<HttpResponse> {
    let token = body.value.refresh_token;
    let now = state.clock.now();
    Ok(secret(refreshed(&state, token.expose_secret(), now).await?))
}

pub(super) async fn refreshed(state: &State, token: &str, now: Timestamp) -> ApiResult<SignedIn> {
    state.metrics.sign_in("refresh", renewed(state, token, now).await)
}

async fn renewed(state: &State, token: &str, now: Timestamp) -> ApiResult<SignedIn> {
    match state.store.refresh_session(token, now).await? {
        Refreshed::Renewed { user, token } => with_refresh(state, user, token, now),
        Refreshed::Invalid => Err(ApiError::new("auth.refresh_invalid")),
        Refreshed::Reused => Err(ApiError::new("auth.refresh_reused")),
    }
}

/// Ends one session.
#[utoipa::path(
    tag = "身份",
    operation_id = "sign_out",
    summary = "退出登录",
    description = "结束此刷新令牌所属的登录。令牌无效也答 204。访问令牌在到期（至多 15 分钟）前仍可用；要立即失效，请用“全部退出”。",
    request_body = RefreshToken,
    responses((status = 204, description = "已退出")),
    extensions(("x-permission" = json!("public")))
)]
#[post("/auth/logout")]
pub(crate) async fn sign_out(
    _renewal: Renewal,
    state: web::Data<State>,
    body: Body<RefreshToken>,
) -> ApiResult<HttpResponse> {
    state.store.end_session(body.value.refresh_token.expose_secret(), state.clock.now()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ends all sessions and tokens of the caller.
#[utoipa::path(
    tag = "身份",
    operation_id = "sign_out_everywhere",
    summary = "全部退出",
    description = "结束本人的所有登录；已发出的访问令牌立即失效，包括这一枚。",
    responses((status = 204, description = "已全部退出")),
    extensions(("x-permission" = json!("me.sign_out")))
)]
#[post("/auth/logout-all")]
pub(crate) async fn sign_out_everywhere(
    state: web::Data<State>,
    permit: Permit<may::MeSignOut>,
    conditions: Conditions,
) -> ApiResult<HttpResponse> {
    let key = conditions.key(&state, permit.actor.user, b"");
    if let Some(kept) = state.store.kept_answer(key.as_ref()).await? {
        return Ok(done(&kept));
    }
    let user = current(&state, &permit).await?;
    let delivered = state.store.sign_out_everywhere(user.actor.user, key, state.clock.now()).await?;
    Ok(done(&delivered))
}
