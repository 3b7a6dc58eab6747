//! Who claims a post, and who leaves it.

use super::there;
use crate::app::State;
use crate::auth::{Permit, may};
use crate::edge::language;
use crate::error::ApiResult;
use crate::extract::{Body, Conditions, MatterPath, Query};
use crate::routes::matter::{answer, change, failed, page, request};
use crate::routes::ticket::{deliver, text};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use domain::matter::{MatterRefusal, MatterView};
use domain::post::{self, ClaimStatus, Claiming, Post, slots_of};
use domain::refusal::Refusal;
use domain::time::china_day;
use infra::entropy;
use infra::store::{ChangeError, MatterLens, MatterQuery, NewMatter};
use openapi::post::{ClaimPage, ClaimPost, LeavePost, ListClaims, PostClaim};

/// Claims a post.
#[utoipa::path(
    tag = "岗位",
    operation_id = "claim_post",
    summary = "认岗",
    description = "本地的党员、志愿者，或已向该社区报到的党员认领岗位，并承诺几项服务。一人至多认领几个岗位、承诺几项服务由规程规定\
        （一般一至两个、三至四项）：多了少了都会说明。",
    request_body = ClaimPost,
    responses((status = 201, description = "已认岗", body = PostClaim, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("post.claim")))
)]
#[post("/posts/{id}/claim")]
pub(crate) async fn claim_post(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PostClaim>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<ClaimPost>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now, services) = (language(&http), request.now, body.value.services);
    let of = there(&state, &permit, path.0).await?;
    let rules = state.store.playbook(of.place.code.county())?.posts;
    let (member, slots) = (permit.actor.user, slots_of(of.id, permit.actor.user, rules));
    let (slots, services) = (&slots, &services);
    // Looked at anew when another took a seat meanwhile.
    let begin = || async {
        let found = state.store.matter::<Post>(path.0, request.actor, request.grants_version).await?;
        let of = found.ok_or(Refusal::from(MatterRefusal::NotFound))?;
        let checked_in = state.store.checked_in(member, of.place.id, china_day(now)).await?;
        let taken: Vec<_> = state.store.slots_taken(slots).await?.into_keys().collect();
        let claiming =
            Claiming { id: of.id, post: &of.matter, at: &of.place.code, checked_in, taken: &taken, rules };
        Ok::<_, ChangeError>(post::PostClaim::claim(services, request.actor, &claiming, now)?)
    };
    let render = |view: &MatterView<_>| answer(StatusCode::CREATED, view, PostClaim::new(view, lang));
    let new = NewMatter { id: entropy::id(now), place: of.place, place_name: of.place_name.clone() };
    state.store.begin_matter(&request, &new, begin, render).await.map(deliver).map_err(failed)
}

/// Leaves a post.
#[utoipa::path(
    tag = "岗位",
    operation_id = "leave_post",
    summary = "退岗",
    description = "本人退岗，或由设岗的社区请其离岗并告知。",
    request_body = LeavePost,
    responses((status = 200, description = "已退岗", body = PostClaim, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("post.view")))
)]
#[post("/post-claims/{id}/leave")]
pub(crate) async fn leave_post(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PostView>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<LeavePost>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now) = (language(&http), request.now);
    let reason = body.value.reason.map(|reason| text(&state, "/reason", reason, now)).transpose()?;
    let decide = |view: &MatterView<post::PostClaim>| {
        Ok(view.matter.leave(reason.as_ref(), request.actor, &view.place.code, now)?)
    };
    change(&state, &request, path.0, decide, |view: &MatterView<_>| PostClaim::new(view, lang)).await
}

/// Who holds a post, or held it, the latest first.
#[utoipa::path(
    tag = "岗位",
    operation_id = "list_claims",
    summary = "谁在岗",
    description = "一个岗位上的人和他们承诺的服务，新的在前；也可看已退岗的。人人可看。",
    params(ListClaims),
    responses((status = 200, description = "一页认岗", body = ClaimPage)),
    extensions(("x-permission" = json!("post.view")))
)]
#[get("/posts/{id}/claims")]
pub(crate) async fn list_claims(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PostView>,
    path: MatterPath,
    query: Query<ListClaims>,
) -> ApiResult<web::Json<ClaimPage>> {
    there(&state, &permit, path.0).await?;
    claims(&state, &permit, MatterLens::Parent(path.0), query.0, language(&http)).await
}

/// The posts that one holds, or held, the latest first.
#[utoipa::path(
    tag = "岗位",
    operation_id = "my_posts",
    summary = "我的岗位",
    description = "本人认领的岗位和承诺的服务，新的在前。",
    params(ListClaims),
    responses((status = 200, description = "一页认岗", body = ClaimPage)),
    extensions(("x-permission" = json!("post.view")))
)]
#[get("/me/posts")]
pub(crate) async fn my_posts(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PostView>,
    query: Query<ListClaims>,
) -> ApiResult<web::Json<ClaimPage>> {
    let own = MatterLens::Party(vec![permit.actor.user.0], vec!["member"]);
    claims(&state, &permit, own, query.0, language(&http)).await
}

async fn claims(
    state: &State,
    session: &crate::auth::Session,
    lens: MatterLens,
    asked: ListClaims,
    lang: openapi::Lang,
) -> ApiResult<web::Json<ClaimPage>> {
    let ListClaims { status, cursor, limit } = asked;
    let status = status.unwrap_or(ClaimStatus::Open);
    let list = format!("{lens:?} {}", status.name());
    let mut query = MatterQuery::through(lens, 1);
    query.status = Some(status.name());
    let item = |view: &MatterView<_>| PostClaim::new(view, lang);
    let (items, next_cursor) = page(state, session, &list, query, (cursor, limit), item).await?;
    Ok(web::Json(ClaimPage { items, next_cursor }))
}
