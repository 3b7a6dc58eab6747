//! Who one is, and the keys by which others can tell.

use crate::app::State;
use crate::auth::{Permit, may};
use crate::edge::language;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::Query;
use actix_web::{HttpRequest, HttpResponse, get, web};
use domain::actor::{Actor, Scope};
use domain::playbook::Playbook;
use domain::view::Myself;
use openapi::identity::{Me, ShowMe};
use std::sync::Arc;

/// Who one is, what one may, and how one's county does it.
#[utoipa::path(
    tag = "身份",
    operation_id = "me",
    summary = "本人资料",
    description = "本人、角色及其范围、技能与服务意愿、所在县的规程与叫法。所在县依授权而定；没有授权时，若本部署只服务一个县，\
        则为该县；也可用 `county` 指定。",
    params(ShowMe),
    responses((status = 200, description = "本人资料", body = Me)),
    extensions(("x-permission" = json!("me.view")))
)]
#[get("/me")]
pub(crate) async fn me(
    state: web::Data<State>,
    permit: Permit<may::MeView>,
    query: Query<ShowMe>,
    request: HttpRequest,
) -> ApiResult<web::Json<Me>> {
    let user = state.store.user(permit.actor.user).await?;
    let user = user.filter(|user| user.grants_version == permit.grants_version);
    let user = user.ok_or_else(|| ApiError::new("auth.grants_changed"))?;
    let named = |county: &str| {
        let known = state.store.playbook(county);
        known.map_err(|refusal| fault(refusal, Some("?county".into())))
    };
    let playbook = match query.0.county.as_deref() {
        Some(county) => Some(named(county)?),
        None => playbook(&state, &user.actor).await?,
    };
    let profile = state.store.profile(user.actor.user).await?;
    let own = Myself { actor: user.actor, name: user.name, profile };
    Ok(web::Json(Me::new(own, playbook, language(&request))))
}

async fn playbook(state: &State, actor: &Actor) -> ApiResult<Option<Arc<Playbook>>> {
    for grant in &actor.grants {
        let county = match &grant.scope {
            Scope::Places(places) => places.first().copied(),
            Scope::Unit(unit) => state.store.unit_county(*unit).await?,
        };
        if let Some(county) = county {
            return Ok(state.store.playbook(county.county()).ok());
        }
    }
    Ok(state.store.only_county())
}

/// The public keys of access tokens.
#[utoipa::path(
    tag = "运行",
    operation_id = "jwks",
    summary = "令牌公钥",
    description = "验证访问令牌的公钥集（RFC 7517，Ed25519）。",
    responses((status = 200, description = "公钥集", body = Object,
        example = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
            "kid": "0199f3a0-0000-7000-8000-00000000000a", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}))),
    extensions(("x-permission" = json!("public")))
)]
#[get("/.well-known/jwks.json")]
pub(crate) async fn keys(state: web::Data<State>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("cache-control", "public, max-age=300"))
        .json(state.tokens.jwks(state.clock.now()))
}
