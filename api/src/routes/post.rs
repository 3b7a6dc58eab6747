//! Members' posts: what there is to claim, and who holds it.

mod claim;

pub(crate) use claim::{claim_post, leave_post, list_claims, my_posts};

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::edge::language;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Body, Conditions, MatterPath, Query};
use crate::routes::matter::{answer, at, begin, change, failed, page, place_asked, request};
use crate::routes::ticket::{etag, text};
use crate::routes::tie::place_named;
use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use domain::matter::{MatterRefusal, MatterView};
use domain::post::{Offer, Post, PostClaim, PostStatus};
use domain::refusal::Refusal;
use infra::store::{ChangeError, MatterLens, MatterQuery};
use openapi::Lang;
use openapi::post::{ListPosts, PostPage, RetirePost, ServicePost, SetPost};
use std::collections::HashMap;
use uuid::Uuid;

/// How many claims of posts are read at a time.
const HOLDERS: u16 = 1_000;

/// Sets a post.
#[utoipa::path(
    tag = "岗位",
    operation_id = "create_post",
    summary = "设立岗位",
    description = "社区设立先锋岗、服务岗位：做什么用、有哪些服务项目、适合哪些技能。党员和志愿者认岗，居民按图索骥。",
    request_body = SetPost,
    responses((status = 201, description = "已设立", body = ServicePost, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("post.set")))
)]
#[post("/posts")]
pub(crate) async fn create_post(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PostSet>,
    conditions: Conditions,
    body: Body<SetPost>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now) = (language(&http), request.now);
    let SetPost { place, name, purpose, services, skills } = body.value;
    let offer = Offer::parse(&name, &services, &skills).map_err(|refusals| {
        let faults = refusals.into_iter().map(|refusal| fault(refusal, None)).collect();
        ApiError { faults, cause: None }
    })?;
    let purpose = text(&state, "/purpose", purpose, now)?;
    let place = place_named(&state, &permit, &place).await?;
    let code = place.place.code;
    let rules = state.store.playbook(code.county())?.posts;
    let set = || async { Ok(Post::set(&offer, &purpose, request.actor, &code, rules, now)?) };
    begin(&state, &request, at(place, &request), set, |view: &MatterView<_>| {
        ServicePost::new(view, vec![], lang)
    })
    .await
}

/// Posts of a place, the latest first.
#[utoipa::path(
    tag = "岗位",
    operation_id = "list_posts",
    summary = "岗位列表",
    description = "一地开放的岗位和谁在岗，人人可看。看中了谁，点单时把其认岗标识填在 `ask`，工单随即派给他。",
    params(ListPosts),
    responses((status = 200, description = "一页岗位", body = PostPage)),
    extensions(("x-permission" = json!("post.view")))
)]
#[get("/posts")]
pub(crate) async fn list_posts(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PostView>,
    query: Query<ListPosts>,
) -> ApiResult<web::Json<PostPage>> {
    let ListPosts { place, status, cursor, limit } = query.0;
    let (lang, status) = (language(&http), status.unwrap_or(PostStatus::Open));
    let list = format!("{place} {}", status.name());
    let mut query = MatterQuery::through(MatterLens::Area(vec![place_asked(&state, &place)?]), 1);
    query.status = Some(status.name());
    let (views, next_cursor) =
        page(&state, &permit, &list, query, (cursor, limit), MatterView::<Post>::clone).await?;
    let ids = views.iter().map(|view| view.id).collect();
    let mut holders = holders(&state, &permit, ids, lang).await?;
    let item =
        |view: &MatterView<Post>| ServicePost::new(view, holders.remove(&view.id).unwrap_or_default(), lang);
    Ok(web::Json(PostPage { items: views.iter().map(item).collect(), next_cursor }))
}

/// One post.
#[utoipa::path(
    tag = "岗位",
    operation_id = "get_post",
    summary = "查看岗位",
    description = "服务项目、适合的技能、谁在岗。人人可看。",
    responses((status = 200, description = "岗位", body = ServicePost, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("post.view")))
)]
#[get("/posts/{id}")]
pub(crate) async fn get_post(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PostView>,
    path: MatterPath,
) -> ApiResult<HttpResponse> {
    let lang = language(&http);
    let view = there(&state, &permit, path.0).await?;
    let held = holders(&state, &permit, vec![view.id], lang).await?.remove(&view.id).unwrap_or_default();
    let body = ServicePost::new(&view, held, lang);
    Ok(HttpResponse::Ok().insert_header((ETAG, etag(view.version))).json(body))
}

/// Retires a post.
#[utoipa::path(
    tag = "岗位",
    operation_id = "retire_post",
    summary = "撤销岗位",
    description = "此后无人再认领；在岗的人随之离岗，并收到消息。",
    request_body = RetirePost,
    responses((status = 200, description = "已撤销", body = ServicePost, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("post.set")))
)]
#[post("/posts/{id}/retire")]
pub(crate) async fn retire_post(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PostSet>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<RetirePost>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now) = (language(&http), request.now);
    let reason = text(&state, "/reason", body.value.reason, now)?;
    let decide =
        |view: &MatterView<Post>| Ok(view.matter.retire(&reason, request.actor, &view.place.code)?);
    let show = |view: &MatterView<_>| ServicePost::new(view, vec![], lang);
    let done = change(&state, &request, path.0, decide, show).await;
    // Also when the call comes again, or it was retired before, which only who may retire it is told: whoever is left is let go then.
    let over = |error: &ApiError| error.faults.iter().any(|fault| fault.code == "matter.over");
    if done.as_ref().is_err_and(|error| !over(error)) {
        return done;
    }
    let without = infra::store::Request { if_match: None, key: None, ..request };
    let missing = || Refusal::from(MatterRefusal::NotFound);
    for claim in claims_of(&state, &permit, vec![path.0]).await? {
        let decide = |view: &MatterView<PostClaim>| Ok(view.matter.end_with_its_post(now)?);
        let render = |view: &MatterView<_>| answer(StatusCode::OK, view, ());
        match state.store.change_matter(&without, claim.id, missing, decide, render).await {
            // They were faster.
            Ok(_) | Err(ChangeError::Refused(_)) => {}
            Err(error) => return Err(failed(error)),
        }
    }
    done
}

/// The post of an id.
async fn there(state: &State, session: &Session, id: Uuid) -> ApiResult<MatterView<Post>> {
    let found = state.store.matter::<Post>(id, &session.actor, session.grants_version).await?;
    found.ok_or_else(|| fault(MatterRefusal::NotFound, None).into())
}

/// Who holds these posts, all of them.
async fn claims_of(
    state: &State,
    session: &Session,
    posts: Vec<Uuid>,
) -> ApiResult<Vec<MatterView<PostClaim>>> {
    let mut claims = vec![];
    if posts.is_empty() {
        return Ok(claims);
    }
    let mut query = MatterQuery::through(MatterLens::Parents(posts), HOLDERS);
    query.open = Some(true);
    loop {
        let page = state.store.matters(&query, &session.actor, session.grants_version).await?;
        claims.extend(page.items);
        let Some(next) = page.next else { return Ok(claims) };
        query.after = Some(next);
    }
}

/// The same on the wire, by post.
async fn holders(
    state: &State,
    session: &Session,
    posts: Vec<Uuid>,
    lang: Lang,
) -> ApiResult<HashMap<Uuid, Vec<openapi::post::PostClaim>>> {
    let mut holders = HashMap::<_, Vec<_>>::new();
    for view in claims_of(state, session, posts).await? {
        let claim = openapi::post::PostClaim::new(&view, lang);
        holders.entry(view.matter.post).or_default().push(claim);
    }
    Ok(holders)
}
