//! Appeals (考核申诉) against what counts in the figures.

use crate::app::State;
use crate::auth::{Permit, may};
use crate::edge::language;
use crate::error::ApiResult;
use crate::extract::{Body, Conditions, MatterPath, Query, TicketPath};
use crate::routes::matter::{self, lens, page, request, seen, shown};
use crate::routes::ticket::{seen_ticket, text};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use domain::appeal::{self, AppealRefusal};
use domain::matter::MatterView;
use domain::permission::Action;
use domain::refusal::Refusal;
use infra::entropy;
use infra::store::NewMatter;
use openapi::appeal::{Appeal, AppealPage, DecideAppeal, ListAppeals, MakeAppeal};

type View = MatterView<appeal::Appeal>;

/// Asks that something of a ticket be left out of the figures.
#[utoipa::path(
    tag = "考核申诉",
    operation_id = "make_appeal",
    summary = "提出考核申诉",
    description = "办理工单的人、主办单位或社区、街道请求把超时、评价或整件工单从统计中剔除，由上一级决定：社区的由街道，\
        街道和单位的由县。同一工单同一事项只能有一件待决定的。",
    request_body = MakeAppeal,
    responses((status = 201, description = "已提出", body = Appeal, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("appeal.make")))
)]
#[post("/tickets/{id}/appeals")]
pub(crate) async fn make_appeal(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::AppealMake>,
    path: TicketPath,
    conditions: Conditions,
    body: Body<MakeAppeal>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now) = (language(&http), request.now);
    let MakeAppeal { what, reason } = body.value;
    let reason = text(&state, "/reason", reason, now)?;
    let ticket = seen_ticket(&state, &permit, path).await?;
    let slots = [appeal::Appeal::slot(ticket.ticket.id, what)];
    let begin = || async {
        let change = appeal::Appeal::make(&ticket.ticket, what, &reason, request.actor, now)?;
        let taken = state.store.slots_taken(&slots).await?;
        if taken.is_empty() { Ok(change) } else { Err(Refusal::from(AppealRefusal::Pending).into()) }
    };
    let (place, place_name) = (ticket.ticket.place, ticket.place_name.clone());
    let to_begin = NewMatter { id: entropy::id(now), place, place_name };
    matter::begin(&state, &request, to_begin, begin, |view: &MatterView<_>| Appeal::new(view, lang)).await
}

/// Appeals, the latest first.
#[utoipa::path(
    tag = "考核申诉",
    operation_id = "list_appeals",
    summary = "考核申诉列表",
    description = "本人范围内的，或与本人、本单位有关的（`mine=true`），新的在前。",
    params(ListAppeals),
    responses((status = 200, description = "一页考核申诉", body = AppealPage)),
    extensions(("x-permission" = json!("appeal.view")))
)]
#[get("/appeals")]
pub(crate) async fn list_appeals(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::AppealView>,
    query: Query<ListAppeals>,
) -> ApiResult<web::Json<AppealPage>> {
    let list = query.0.identity();
    let ListAppeals { place, mine, status, cursor, limit } = query.0;
    let lang = language(&http);
    let mut query = lens(&state, &permit, Action::AppealView, place.as_deref(), mine.unwrap_or(false))?;
    query.status = status.map(Into::into);
    let item = |view: &View| Appeal::new(view, lang);
    let (items, next_cursor) = page(&state, &permit, &list, query, (cursor, limit), item).await?;
    Ok(web::Json(AppealPage { items, next_cursor }))
}

/// One appeal.
#[utoipa::path(
    tag = "考核申诉",
    operation_id = "get_appeal",
    summary = "查看考核申诉",
    description = "要剔除什么、为什么、由谁决定、怎样决定。",
    responses((status = 200, description = "考核申诉", body = Appeal, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("appeal.view")))
)]
#[get("/appeals/{id}")]
pub(crate) async fn get_appeal(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::AppealView>,
    path: MatterPath,
) -> ApiResult<HttpResponse> {
    let view = seen(&state, &permit, path.0).await?;
    Ok(shown(&view, Appeal::new(&view, language(&http))))
}

/// Decides on an appeal.
#[utoipa::path(
    tag = "考核申诉",
    operation_id = "decide_appeal",
    summary = "对考核申诉作决定",
    description = "上一级准予或不予剔除；不能对自己或本单位提出的作决定。准予的稍后记入工单，统计同时给出剔除后的数。",
    request_body = DecideAppeal,
    responses((status = 200, description = "已决定", body = Appeal, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("appeal.decide")))
)]
#[post("/appeals/{id}/decide")]
pub(crate) async fn decide_appeal(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::AppealDecide>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<DecideAppeal>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let lang = language(&http);
    let DecideAppeal { uphold, reason } = body.value;
    let reason = text(&state, "/reason", reason, request.now)?;
    let decide =
        |view: &View| view.matter.decide(uphold, &reason, request.actor, &view.place.code, request.now);
    matter::change(&state, &request, path.0, decide, |view: &MatterView<_>| Appeal::new(view, lang)).await
}
