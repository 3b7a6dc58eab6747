//! What posts need, and the units that take it from the list.

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::edge::language;
use crate::error::{ApiResult, fault};
use crate::extract::{Body, Conditions, MatterPath, Query};
use crate::routes::matter::{at, begin, change, must_be_known, page, public_lens, request, seen, shown};
use crate::routes::ticket::text;
use crate::routes::tie::place_named;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use domain::id::UnitId;
use domain::matter::{MatterRefusal, MatterView};
use domain::place::PlaceCode;
use domain::post::{Post, PostRefusal, PostStatus};
use domain::post_need;
use domain::tie::Holder;
use infra::store::ChangeError;
use openapi::post_need::{ListNeeds, NeedPage, NeedText, PostNeed, SetNeed, TakeNeed};
use uuid::Uuid;

/// Lists what a post needs.
#[utoipa::path(
    tag = "岗位",
    operation_id = "create_need",
    summary = "按岗位提需求",
    description = "街道（乡镇）、社区列出需要什么、几个人、何时以前，可指明哪个岗位；市直单位对单接任务。",
    request_body = SetNeed,
    responses((status = 201, description = "已提出", body = PostNeed, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("post.set")))
)]
#[post("/post-needs")]
pub(crate) async fn create_need(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PostSet>,
    conditions: Conditions,
    body: Body<SetNeed>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now) = (language(&http), request.now);
    let SetNeed { place, what, people, due_at, post } = body.value;
    let what = text(&state, "/what", what, now)?;
    let place = place_named(&state, &permit, &place).await?;
    let code = place.place.code;
    if let Some(post) = post {
        must_be_open_there(&state, &permit, post, &code).await?;
    }
    let asked = (people, due_at.0, post);
    let set = || async {
        let set = post_need::PostNeed::set(&what, asked, request.actor, &code, now);
        Ok::<_, ChangeError>(set.map_err(domain::refusal::Refusal::from)?)
    };
    begin(&state, &request, at(place, &request), set, |view: &MatterView<_>| PostNeed::new(view, lang, now))
        .await
}

async fn must_be_open_there(state: &State, session: &Session, post: Uuid, at: &PlaceCode) -> ApiResult<()> {
    let found = state.store.matter::<Post>(post, &session.actor, session.grants_version).await?;
    let there =
        found.is_some_and(|view| at.covers(&view.place.code) && view.matter.status == PostStatus::Open);
    if there { Ok(()) } else { Err(fault(PostRefusal::Unknown, None).into()) }
}

/// What posts need, the latest first.
#[utoipa::path(
    tag = "岗位",
    operation_id = "list_needs",
    summary = "岗位需求清单",
    description = "一地的岗位需求，人人可看；或只看本单位接下的（`mine=true`）。",
    params(ListNeeds),
    responses((status = 200, description = "一页岗位需求", body = NeedPage)),
    extensions(("x-permission" = json!("post.view")))
)]
#[get("/post-needs")]
pub(crate) async fn list_needs(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PostView>,
    query: Query<ListNeeds>,
) -> ApiResult<web::Json<NeedPage>> {
    let list = query.0.identity();
    let ListNeeds { place, mine, status, overdue, cursor, limit } = query.0;
    let (lang, now) = (language(&http), state.clock.now());
    let mut query = public_lens(&state, &permit, place.as_deref(), mine.unwrap_or(false))?;
    query.status = status.map(Into::into);
    query.overdue = overdue.unwrap_or(false).then_some(now);
    let item = |view: &MatterView<_>| PostNeed::new(view, lang, now);
    let (items, next_cursor) = page(&state, &permit, &list, query, (cursor, limit), item).await?;
    Ok(web::Json(NeedPage { items, next_cursor }))
}

/// One thing that a post needs.
#[utoipa::path(
    tag = "岗位",
    operation_id = "get_need",
    summary = "查看岗位需求",
    description = "需要什么、几个人、何时以前、谁接下了。人人可看。",
    responses((status = 200, description = "岗位需求", body = PostNeed, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("post.view")))
)]
#[get("/post-needs/{id}")]
pub(crate) async fn get_need(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PostView>,
    path: MatterPath,
) -> ApiResult<HttpResponse> {
    let view = seen(&state, &permit, path.0).await?;
    Ok(shown(&view, PostNeed::new(&view, language(&http), state.clock.now())))
}

/// Takes what a post needs, for one's unit.
#[utoipa::path(
    tag = "岗位",
    operation_id = "take_need",
    summary = "对单接任务",
    description = "单位的经办人为本单位接下一项岗位需求，先到先得。",
    request_body = TakeNeed,
    responses((status = 200, description = "已接下", body = PostNeed, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("post.take")))
)]
#[post("/post-needs/{id}/take")]
pub(crate) async fn take_need(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PostTake>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<TakeNeed>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now, unit) = (language(&http), request.now, UnitId(body.value.unit));
    let found =
        state.store.matter::<post_need::PostNeed>(path.0, &permit.actor, permit.grants_version).await?;
    let at = found.ok_or_else(|| fault(MatterRefusal::NotFound, None))?.place.code;
    must_be_known(&state, &permit, Holder::Unit(unit), &at, "/unit").await?;
    let decide = |view: &MatterView<post_need::PostNeed>| {
        Ok(view.matter.take(unit, request.actor, &view.place.code, now)?)
    };
    change(&state, &request, path.0, decide, |view: &MatterView<_>| PostNeed::new(view, lang, now)).await
}

/// Reports that it is done.
#[utoipa::path(
    tag = "岗位",
    operation_id = "finish_need",
    summary = "完成岗位任务",
    description = "接下任务的单位报告完成情况。",
    request_body = NeedText,
    responses((status = 200, description = "已完成", body = PostNeed, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("post.take")))
)]
#[post("/post-needs/{id}/done")]
pub(crate) async fn finish_need(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PostTake>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<NeedText>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now) = (language(&http), request.now);
    let report = text(&state, "/text", body.value.text, now)?;
    let decide = |view: &MatterView<post_need::PostNeed>| {
        Ok(view.matter.done(&report, request.actor, &view.place.code)?)
    };
    change(&state, &request, path.0, decide, |view: &MatterView<_>| PostNeed::new(view, lang, now)).await
}

/// Withdraws what was needed.
#[utoipa::path(
    tag = "岗位",
    operation_id = "withdraw_need",
    summary = "撤回岗位需求",
    description = "提出需求的一级不再需要；已接下的单位会收到消息。",
    request_body = NeedText,
    responses((status = 200, description = "已撤回", body = PostNeed, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("post.set")))
)]
#[post("/post-needs/{id}/withdraw")]
pub(crate) async fn withdraw_need(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PostSet>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<NeedText>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now) = (language(&http), request.now);
    let reason = text(&state, "/text", body.value.text, now)?;
    let decide = |view: &MatterView<post_need::PostNeed>| {
        Ok(view.matter.withdraw(&reason, request.actor, &view.place.code)?)
    };
    change(&state, &request, path.0, decide, |view: &MatterView<_>| PostNeed::new(view, lang, now)).await
}
