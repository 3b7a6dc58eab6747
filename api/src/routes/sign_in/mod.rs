//! Signing in, staying signed in, signing out, and proving who one is.

mod enter;
mod oauth;
mod phone;
mod prove;
mod secure;
mod stay;

pub(crate) use enter::{sign_in_password, sign_in_wechat};
pub(crate) use oauth::token;
pub(crate) use phone::bind_phone;
pub(crate) use secure::{change_password, confirm_otp, prepare_otp, remove_otp};
pub(crate) use stay::{refresh, sign_out, sign_out_everywhere};

use crate::app::State;
use crate::auth::{Session, token::LIFETIME};
use crate::error::{ApiError, ApiResult};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use domain::time::Timestamp;
use infra::WechatError;
use infra::store::{Delivered, UserRow};
use openapi::identity::User;
use openapi::problem::Fault;
use openapi::sign_in::SignedIn;

/// What a development login begins with.
const DEV: &str = "dev:";

/// Begins a session.
async fn signed_in(state: &State, user: UserRow, now: Timestamp) -> ApiResult<SignedIn> {
    let refresh_token = state.store.begin_session(&user, now).await?;
    with_refresh(state, user, refresh_token, now)
}

/// An access token beside a refresh token.
fn with_refresh(state: &State, user: UserRow, refresh_token: String, now: Timestamp) -> ApiResult<SignedIn> {
    Ok(SignedIn {
        access_token: state.tokens.issue(&user, now, LIFETIME)?,
        token_type: "Bearer",
        expires_in: LIFETIME.num_seconds(),
        refresh_token,
        user: User { id: user.actor.user.0, name: user.name },
    })
}

/// Tokens belong into no cache.
fn secret(answer: impl serde::Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(answer)
}

/// The answer to a change that has nothing to tell.
fn done(delivered: &Delivered) -> HttpResponse {
    let status = StatusCode::from_u16(delivered.answer.status).unwrap_or(StatusCode::NO_CONTENT);
    let mut response = HttpResponse::build(status);
    if delivered.replayed {
        response.insert_header(("idempotent-replayed", "true"));
    }
    response.finish()
}

/// The caller as the store knows them; a token that is no longer worth anything ends here.
async fn current(state: &State, session: &Session) -> ApiResult<UserRow> {
    let user = state.store.user(session.actor.user).await?;
    let user = user.filter(|user| user.grants_version == session.grants_version);
    user.ok_or_else(|| ApiError::new("auth.grants_changed"))
}

impl From<WechatError> for ApiError {
    fn from(error: WechatError) -> Self {
        let code = match &error {
            WechatError::CodeInvalid => return Fault::of("/code", "auth.code_invalid", vec![]).into(),
            WechatError::Blocked => "auth.wechat_blocked",
            WechatError::Busy(_) => "wechat.busy",
            WechatError::Unavailable(_) | WechatError::TokenDied => "wechat.unavailable",
        };
        Self { faults: vec![Fault::new(code)], cause: Some(error.to_string()) }
    }
}
