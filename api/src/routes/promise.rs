//! Members' promises: stated, kept, questioned, on a list that everybody may read.

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::edge::language;
use crate::error::{ApiResult, fault};
use crate::extract::{Body, Conditions, MatterPath, Query, comparable};
use crate::routes::matter::{at, begin, change, page, place_asked, public_lens, request, seen, shown};
use crate::routes::ticket::text;
use crate::routes::tie::place_named;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use domain::id::{DeedId, TicketId};
use domain::matter::{MatterRefusal, MatterView};
use domain::promise;
use domain::time::china_day;
use infra::store::ChangeError;
use openapi::promise::{
    CountPromises, KeepPromise, ListPromises, MemberPromise, PromiseCount, PromisePage, PromiseReason,
    StatePromise,
};

/// States a promise.
#[utoipa::path(
    tag = "承诺",
    operation_id = "state_promise",
    summary = "承诺",
    description = "向社区报到的党员，或在社区的党员，承诺何时以前做什么；公开。逾期未践诺的会标明并告知本人。",
    request_body = StatePromise,
    responses((status = 201, description = "已承诺", body = MemberPromise, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("promise.make")))
)]
#[post("/promises")]
pub(crate) async fn state_promise(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PromiseMake>,
    conditions: Conditions,
    body: Body<StatePromise>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now) = (language(&http), request.now);
    let StatePromise { place, what, due_at } = body.value;
    let what = text(&state, "/what", what, now)?;
    let place = place_named(&state, &permit, &place).await?;
    let there = place.place;
    let checked_in = state.store.checked_in(permit.actor.user, there.id, china_day(now)).await?;
    let state_it = || async {
        let place = (&there.code, checked_in);
        Ok::<_, ChangeError>(promise::Promise::state(&what, due_at.0, request.actor, place, now)?)
    };
    begin(&state, &request, at(place, &request), state_it, |view: &MatterView<_>| {
        MemberPromise::new(view, lang)
    })
    .await
}

/// Promises, the latest first.
#[utoipa::path(
    tag = "承诺",
    operation_id = "list_promises",
    summary = "承诺列表",
    description = "一地的党员承诺了什么、做到没有，人人可看；或只看本人的（`mine=true`）。",
    params(ListPromises),
    responses((status = 200, description = "一页承诺", body = PromisePage)),
    extensions(("x-permission" = json!("promise.view")))
)]
#[get("/promises")]
pub(crate) async fn list_promises(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PromiseView>,
    query: Query<ListPromises>,
) -> ApiResult<web::Json<PromisePage>> {
    let list = query.0.identity();
    let ListPromises { place, mine, status, open, cursor, limit } = query.0;
    let lang = language(&http);
    let mut query = public_lens(&state, &permit, place.as_deref(), mine.unwrap_or(false))?;
    (query.status, query.open) = (status.map(Into::into), open);
    let item = |view: &MatterView<_>| MemberPromise::new(view, lang);
    let (items, next_cursor) = page(&state, &permit, &list, query, (cursor, limit), item).await?;
    Ok(web::Json(PromisePage { items, next_cursor }))
}

/// How many promises there are.
#[utoipa::path(
    tag = "承诺",
    operation_id = "count_promises",
    summary = "承诺统计",
    description = "一地共承诺几项，已践诺、逾期、未践诺、撤回各几项，人人可看。",
    params(CountPromises),
    responses((status = 200, description = "统计", body = PromiseCount)),
    extensions(("x-permission" = json!("promise.view")))
)]
#[get("/promises/count")]
pub(crate) async fn count_promises(
    state: web::Data<State>,
    permit: Permit<may::PromiseView>,
    query: Query<CountPromises>,
) -> ApiResult<web::Json<PromiseCount>> {
    let CountPromises { place, from, to } = query.0;
    comparable("?from", from)?;
    comparable("?to", to)?;
    let place = place_asked(&state, &place)?;
    let Session { actor, grants_version, .. } = &*permit;
    let counts =
        state.store.count_matters::<promise::Promise>(&place, (from, to), actor, *grants_version).await?;
    Ok(web::Json(PromiseCount::new(&counts)))
}

/// One promise.
#[utoipa::path(
    tag = "承诺",
    operation_id = "get_promise",
    summary = "查看承诺",
    description = "承诺、佐证、社区的退回。人人可看。",
    responses((status = 200, description = "承诺", body = MemberPromise, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("promise.view")))
)]
#[get("/promises/{id}")]
pub(crate) async fn get_promise(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PromiseView>,
    path: MatterPath,
) -> ApiResult<HttpResponse> {
    let view = seen(&state, &permit, path.0).await?;
    Ok(shown(&view, MemberPromise::new(&view, language(&http))))
}

/// Keeps a promise.
#[utoipa::path(
    tag = "承诺",
    operation_id = "keep_promise",
    summary = "践诺",
    description = "本人报告已做到，附佐证，也可附上本人的纪实或本人办结的工单。",
    request_body = KeepPromise,
    responses((status = 200, description = "已践诺", body = MemberPromise, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("promise.make")))
)]
#[post("/promises/{id}/keep")]
pub(crate) async fn keep_promise(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PromiseMake>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<KeepPromise>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now) = (language(&http), request.now);
    let KeepPromise { evidence, deed, ticket } = body.value;
    let evidence = text(&state, "/evidence", evidence, now)?;
    let shown = (deed.map(DeedId), ticket.map(TicketId));
    must_be_own(&state, &permit, shown).await?;
    let decide = |view: &MatterView<promise::Promise>| {
        Ok(view.matter.keep(&evidence, shown, request.actor, &view.place.code, now)?)
    };
    change(&state, &request, path.0, decide, |view: &MatterView<_>| MemberPromise::new(view, lang)).await
}

/// Whether what shows that a promise was kept was done by whoever says so.
async fn must_be_own(
    state: &State,
    session: &Session,
    (deed, ticket): (Option<DeedId>, Option<TicketId>),
) -> ApiResult<()> {
    let user = session.actor.user;
    if let Some(deed) = deed
        && !state.store.did(deed, user).await?
    {
        return Err(fault(MatterRefusal::Who { field: "/deed" }, None).into());
    }
    if let Some(ticket) = ticket {
        let found = state.store.ticket(ticket, user, session.grants_version).await?;
        let done = |view: &domain::view::TicketView| {
            view.ticket.handler() == Some(user) && view.ticket.resolution().is_some()
        };
        if !found.as_ref().is_some_and(done) {
            return Err(fault(MatterRefusal::Who { field: "/ticket" }, None).into());
        }
    }
    Ok(())
}

/// Sends back how a promise was kept.
#[utoipa::path(
    tag = "承诺",
    operation_id = "question_promise",
    summary = "退回践诺",
    description = "社区认为佐证不足，说明原因退回；承诺人须重新践诺。",
    request_body = PromiseReason,
    responses((status = 200, description = "已退回", body = MemberPromise, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("promise.question")))
)]
#[post("/promises/{id}/question")]
pub(crate) async fn question_promise(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PromiseQuestion>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<PromiseReason>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now) = (language(&http), request.now);
    let reason = text(&state, "/reason", body.value.reason, now)?;
    let decide = |view: &MatterView<promise::Promise>| {
        Ok(view.matter.question(&reason, request.actor, &view.place.code, now)?)
    };
    change(&state, &request, path.0, decide, |view: &MatterView<_>| MemberPromise::new(view, lang)).await
}

/// Withdraws a promise.
#[utoipa::path(
    tag = "承诺",
    operation_id = "withdraw_promise",
    summary = "撤回承诺",
    description = "本人说明原因撤回；原因公开。",
    request_body = PromiseReason,
    responses((status = 200, description = "已撤回", body = MemberPromise, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("promise.make")))
)]
#[post("/promises/{id}/withdraw")]
pub(crate) async fn withdraw_promise(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PromiseMake>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<PromiseReason>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now) = (language(&http), request.now);
    let reason = text(&state, "/reason", body.value.reason, now)?;
    let decide = |view: &MatterView<promise::Promise>| Ok(view.matter.withdraw(&reason, request.actor)?);
    change(&state, &request, path.0, decide, |view: &MatterView<_>| MemberPromise::new(view, lang)).await
}
