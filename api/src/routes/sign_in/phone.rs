//! Binding a phone number.

use super::{DEV, current, secret, signed_in};
use crate::app::State;
use crate::auth::{Permit, may};
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::Body;
use actix_web::{HttpResponse, post, web};
use domain::phone::Phone;
use infra::WechatError;
use infra::store::Bound;
use openapi::problem::Problem;
use openapi::sign_in::{BindPhone, SignedIn};

/// Binds the caller's phone number as WeChat knows it.
#[utoipa::path(
    tag = "身份",
    operation_id = "bind_phone",
    summary = "绑定手机号",
    description = "以手机号按钮的 code 绑定手机号。名册中有此号码的，即与本人并档：其角色、密码和工单归本人。\
        答复为新令牌，请改用；原访问令牌在并档后失效。因答复含令牌，不支持 `Idempotency-Key`。",
    request_body = BindPhone,
    responses(
        (status = 200, description = "已绑定", body = SignedIn),
        (status = 409, description = "该号码已绑定其他微信用户", body = Problem, content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("me.bind_phone")), ("x-answers-secrets" = json!(true)))
)]
#[post("/auth/phone")]
pub(crate) async fn bind_phone(
    state: web::Data<State>,
    permit: Permit<may::MeBindPhone>,
    body: Body<BindPhone>,
) -> ApiResult<HttpResponse> {
    let BindPhone { code } = body.value;
    let now = state.clock.now();
    let user = current(&state, &permit).await?;
    let phone = match code.strip_prefix(DEV).filter(|_| state.dev_login) {
        Some(phone) => phone.to_owned(),
        None => {
            let wechat = state.wechat.as_ref().ok_or(WechatError::CodeInvalid)?;
            wechat.phone(&code, now).await?
        }
    };
    let phone = Phone::parse(&phone).map_err(|refusal| fault(refusal, Some("/code".to_owned())))?;
    match state.store.bind_phone(user.actor.user, &phone, now).await? {
        Bound::Theirs(user) => Ok(secret(signed_in(&state, user, now).await?)),
        Bound::Taken => Err(ApiError::new("auth.phone_taken")),
    }
}
