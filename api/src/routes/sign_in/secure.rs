//! One's password and one-time codes.

use super::prove::prove_again;
use super::{current, done, secret};
use crate::address::Address;
use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Body, Conditions};
use actix_web::{HttpResponse, post, web};
use domain::password;
use infra::store::{Account, PasswordSet};
use openapi::problem::{Fault, Problem};
use openapi::sign_in::{ChangePassword, ConfirmOtp, OtpSecret, Proof};
use secrecy::ExposeSecret;

/// Who one-time codes are from, as authenticator apps show it.
const ISSUER: &str = "huying";

/// Sets another password.
#[utoipa::path(
    tag = "身份",
    operation_id = "change_password",
    summary = "修改密码",
    description = "改为新密码。10 至 128 个字符，不得与用户名相同，也不得是最常见的密码。改后本人的所有登录即告结束，请重新登录。",
    request_body = ChangePassword,
    responses(
        (status = 204, description = "已修改"),
        (status = 409, description = "还没有用户名和密码", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "尝试次数过多，见 `Retry-After`", body = Problem, content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("me.secure")))
)]
#[post("/me/password")]
pub(crate) async fn change_password(
    state: web::Data<State>,
    permit: Permit<may::MeSecure>,
    conditions: Conditions,
    address: Address,
    body: Body<ChangePassword>,
) -> ApiResult<HttpResponse> {
    let key = conditions.key(&state, permit.actor.user, &body.bytes);
    if let Some(kept) = state.store.kept_answer(key.as_ref()).await? {
        return Ok(done(&kept));
    }
    let account = account(&state, &permit).await?;
    let ChangePassword { old, new } = body.value;
    password::check(new.expose_secret(), &account.username)
        .map_err(|refusal| fault(refusal, Some("/new".to_owned())))?;
    let now = state.clock.now();
    prove_again(&state, &account, old, "/old", address, now).await?;
    let hash = state.passwords.hash(new).await.map_err(ApiError::internal)?;
    let user = permit.actor.user;
    let set = PasswordSet { user, by: Some(user), username: None, hash: &hash, key };
    let delivered = state.store.set_password(&set, now).await?;
    Ok(done(&delivered.ok_or_else(|| ApiError::internal("a user name was taken that was not set"))?))
}

/// Makes a secret for one-time codes.
#[utoipa::path(
    tag = "身份",
    operation_id = "prepare_otp",
    summary = "取得动态码密钥",
    description = "以密码确认后生成动态码（TOTP）密钥，只显示这一次；确认一个动态码后才开始要求。再次调用则换新。因答复含密钥，不支持 `Idempotency-Key`。",
    request_body = Proof,
    responses(
        (status = 200, description = "密钥", body = OtpSecret),
        (status = 409, description = "动态码已开启，或没有密码", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "尝试次数过多，见 `Retry-After`", body = Problem, content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("me.secure")), ("x-answers-secrets" = json!(true)))
)]
#[post("/me/otp")]
pub(crate) async fn prepare_otp(
    state: web::Data<State>,
    permit: Permit<may::MeSecure>,
    address: Address,
    body: Body<Proof>,
) -> ApiResult<HttpResponse> {
    let account = account(&state, &permit).await?;
    if account.otp_on {
        return Err(ApiError::new("auth.otp_on"));
    }
    // A stolen token must not be able to lock its owner out.
    let now = state.clock.now();
    prove_again(&state, &account, body.value.password, "/password", address, now).await?;
    let made = state.store.prepare_otp(permit.actor.user).await?;
    let made = made.ok_or_else(|| ApiError::new("auth.otp_on"))?;
    let name: String = form_urlencoded::byte_serialize(account.username.as_bytes()).collect();
    let uri = format!("otpauth://totp/{ISSUER}:{name}?secret={made}&issuer={ISSUER}");
    Ok(secret(OtpSecret { secret: made, uri }))
}

/// Asks for one-time codes from now on.
#[utoipa::path(
    tag = "身份",
    operation_id = "confirm_otp",
    summary = "开启动态码",
    description = "以验证器应用显示的动态码确认密钥无误；此后密码登录须带动态码。每个动态码只能用一次。",
    request_body = ConfirmOtp,
    responses(
        (status = 204, description = "已开启"),
        (status = 409, description = "动态码已开启，或未取得密钥", body = Problem, content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("me.secure")))
)]
#[post("/me/otp/confirm")]
pub(crate) async fn confirm_otp(
    state: web::Data<State>,
    permit: Permit<may::MeSecure>,
    conditions: Conditions,
    body: Body<ConfirmOtp>,
) -> ApiResult<HttpResponse> {
    let key = conditions.key(&state, permit.actor.user, &body.bytes);
    if let Some(kept) = state.store.kept_answer(key.as_ref()).await? {
        return Ok(done(&kept));
    }
    let account = account(&state, &permit).await?;
    if account.otp_on {
        return Err(ApiError::new("auth.otp_on"));
    }
    if account.otp_secret.is_none() {
        return Err(ApiError::new("auth.otp_off"));
    }
    let now = state.clock.now();
    if !state.store.take_otp(&account, &body.value.otp, now).await? {
        return Err(Fault::of("/otp", "auth.otp_invalid", vec![]).into());
    }
    Ok(done(&state.store.switch_otp(permit.actor.user, true, key, now).await?))
}

/// Asks for one-time codes no longer.
#[utoipa::path(
    tag = "身份",
    operation_id = "remove_otp",
    summary = "关闭动态码",
    description = "以密码确认后关闭动态码，密钥随之作废。",
    request_body = Proof,
    responses(
        (status = 204, description = "已关闭"),
        (status = 409, description = "动态码未开启，或没有密码", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "尝试次数过多，见 `Retry-After`", body = Problem, content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("me.secure")))
)]
#[post("/me/otp/remove")]
pub(crate) async fn remove_otp(
    state: web::Data<State>,
    permit: Permit<may::MeSecure>,
    conditions: Conditions,
    address: Address,
    body: Body<Proof>,
) -> ApiResult<HttpResponse> {
    let key = conditions.key(&state, permit.actor.user, &body.bytes);
    if let Some(kept) = state.store.kept_answer(key.as_ref()).await? {
        return Ok(done(&kept));
    }
    let account = account(&state, &permit).await?;
    if !account.otp_on {
        return Err(ApiError::new("auth.otp_off"));
    }
    let now = state.clock.now();
    prove_again(&state, &account, body.value.password, "/password", address, now).await?;
    Ok(done(&state.store.switch_otp(permit.actor.user, false, key, now).await?))
}

/// The account of the caller, whose token must still be worth something.
async fn account(state: &State, session: &Session) -> ApiResult<Account> {
    let user = current(state, session).await?;
    let account = state.store.account_of(user.actor.user).await?;
    account.ok_or_else(|| ApiError::new("auth.no_password"))
}
