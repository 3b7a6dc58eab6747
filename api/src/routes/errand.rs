//! Errands (代办) that somebody runs for a resident.

use crate::app::State;
use crate::auth::{Permit, may};
use crate::edge::language;
use crate::error::{ApiResult, fault};
use crate::extract::{Body, Conditions, MatterPath, Query};
use crate::rates;
use crate::routes::matter::{self, at, lens, must_be_known, page, request, seen, shown};
use crate::routes::ticket::text;
use crate::routes::tie::place_named;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use domain::errand::{self, MAX_PAPER, MAX_SERVICE, MOST_PAPERS, NewErrand, Returned};
use domain::id::UserId;
use domain::matter::{Change, MatterRefusal, MatterView};
use domain::permission::Action;
use domain::refusal::Refusal;
use domain::text::FreeText;
use domain::tie::Holder;
use infra::store::Request;
use openapi::Lang;
use openapi::errand::{
    AskErrand, CancelErrand, ConfirmErrand, Errand, ErrandPage, FinishErrand, HandOverPapers, ListErrands,
    ReportErrand, ReturnPapers, TakeErrand,
};
use openapi::strict::Object;
use uuid::Uuid;

/// Asks for an errand.
#[utoipa::path(
    tag = "代办",
    operation_id = "ask_errand",
    summary = "申请代办",
    description = "居民为自己申请，或在该地接办代办的人替居民申请（`person`）；告知该地的处置层级。",
    request_body = AskErrand,
    responses((status = 201, description = "已申请", body = Errand, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("errand.ask")))
)]
#[post("/errands")]
pub(crate) async fn ask_errand(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::ErrandAsk>,
    conditions: Conditions,
    body: Body<AskErrand>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now) = (language(&http), request.now);
    let AskErrand { place, text: said, service, person } = body.value;
    if let Some(service) = &service {
        FreeText::check(service, MAX_SERVICE).map_err(|refusal| fault(refusal, Some("/service".into())))?;
    }
    let said = text(&state, "/text", said, now)?;
    let place = place_named(&state, &permit, &place).await?;
    let code = place.place.code;
    let playbook =
        state.store.playbook(code.county()).map_err(|refusal| fault(refusal, Some("/place".into())))?;
    // A county without a catalogue has words of its own for them.
    if let Some(service) = service.as_deref().filter(|_| !playbook.services.is_empty()) {
        let _ = playbook.must_know(service).map_err(|refusal| fault(refusal, Some("/service".into())))?;
    }
    let requester = person.map_or(request.actor.user, UserId);
    if requester != request.actor.user {
        // Whoever may not ask for others learns of nobody.
        if !request.actor.does_at(Action::ErrandTake, &code) {
            return Err(fault(MatterRefusal::BeyondScope, None).into());
        }
        must_be_known(&state, &permit, Holder::Person(requester), &code, "/person").await?;
    }
    rates::ticket(&state, request.actor, request.key.as_ref()).await?;
    let new = NewErrand { requester, service, text: said };
    let begin = || async { Ok(errand::Errand::ask(&new, request.actor, &code, now).map_err(Refusal::from)?) };
    matter::begin(&state, &request, at(place, &request), begin, |view: &MatterView<_>| {
        Errand::new(view, request.actor.user, lang)
    })
    .await
}

/// Errands, the latest first.
#[utoipa::path(
    tag = "代办",
    operation_id = "list_errands",
    summary = "代办列表",
    description = "本人范围内的，或与本人有关的（`mine=true`；居民应当如此），新的在前。",
    params(ListErrands),
    responses((status = 200, description = "一页代办", body = ErrandPage)),
    extensions(("x-permission" = json!("errand.view")))
)]
#[get("/errands")]
pub(crate) async fn list_errands(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::ErrandView>,
    query: Query<ListErrands>,
) -> ApiResult<web::Json<ErrandPage>> {
    let list = query.0.identity();
    let ListErrands { place, mine, status, service, cursor, limit } = query.0;
    let lang = language(&http);
    let mut query = lens(&state, &permit, Action::ErrandView, place.as_deref(), mine.unwrap_or(false))?;
    query.status = status.map(Into::into);
    query.topic = service;
    let item = |view: &MatterView<_>| Errand::new(view, permit.actor.user, lang);
    let (items, next_cursor) = page(&state, &permit, &list, query, (cursor, limit), item).await?;
    Ok(web::Json(ErrandPage { items, next_cursor }))
}

/// One errand.
#[utoipa::path(
    tag = "代办",
    operation_id = "get_errand",
    summary = "查看代办",
    description = "谁接办、材料交接和归还、进展、答复。",
    responses((status = 200, description = "代办", body = Errand, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("errand.view")))
)]
#[get("/errands/{id}")]
pub(crate) async fn get_errand(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::ErrandView>,
    path: MatterPath,
) -> ApiResult<HttpResponse> {
    let view = seen(&state, &permit, path.0).await?;
    Ok(shown(&view, Errand::new(&view, permit.actor.user, language(&http))))
}

/// Changes an errand that the asker sees.
async fn change(
    state: &State,
    request: &Request<'_>,
    (id, lang): (Uuid, Lang),
    decide: impl Fn(&MatterView<errand::Errand>) -> Result<Change<errand::Errand>, Refusal>,
) -> ApiResult<HttpResponse> {
    matter::change(state, request, id, decide, |view: &MatterView<_>| {
        Errand::new(view, request.actor.user, lang)
    })
    .await
}

/// Takes an errand.
#[utoipa::path(
    tag = "代办",
    operation_id = "take_errand",
    summary = "接办",
    description = "在该地接办代办的人，先接的一人办理；不能接办自己的。他人已接的（如接办的人已离岗），由该地可派单的接办人\
        说明原因（`reason`）后接替，申请人和原接办人得知。",
    request_body = TakeErrand,
    responses((status = 200, description = "已接办", body = Errand, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("errand.take")))
)]
#[post("/errands/{id}/take")]
pub(crate) async fn take_errand(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::ErrandTake>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<TakeErrand>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let reason = body.value.reason.map(|said| text(&state, "/reason", said, request.now)).transpose()?;
    let decide = |view: &MatterView<errand::Errand>| {
        view.matter.take(reason.as_ref(), request.actor, &view.place.code, request.now)
    };
    change(&state, &request, (path.0, language(&http)), decide).await
}

/// Writes down which papers were handed over.
#[utoipa::path(
    tag = "代办",
    operation_id = "hand_over_papers",
    summary = "交接材料",
    description = "接办的人逐份记下收到的材料。",
    request_body = HandOverPapers,
    responses((status = 200, description = "已记下", body = Errand, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("errand.take")))
)]
#[post("/errands/{id}/papers")]
pub(crate) async fn hand_over_papers(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::ErrandTake>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<HandOverPapers>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let papers = body.value.papers;
    must_be_few(papers.len())?;
    let mut names = Vec::with_capacity(papers.len());
    for (i, name) in papers.into_iter().enumerate() {
        let field = format!("/papers/{i}");
        FreeText::check(&name, MAX_PAPER).map_err(|refusal| fault(refusal, Some(field.clone())))?;
        names.push(text(&state, &field, name, request.now)?);
    }
    let decide =
        |view: &MatterView<errand::Errand>| view.matter.hand_over(&names, request.actor, request.now);
    change(&state, &request, (path.0, language(&http)), decide).await
}

/// Says how far it has come.
#[utoipa::path(
    tag = "代办",
    operation_id = "report_errand",
    summary = "报告代办进展",
    description = "接办的人报告，申请人得知。",
    request_body = ReportErrand,
    responses((status = 200, description = "已报告", body = Errand, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("errand.take")))
)]
#[post("/errands/{id}/progress")]
pub(crate) async fn report_errand(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::ErrandTake>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<ReportErrand>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let said = text(&state, "/text", body.value.text, request.now)?;
    let decide = |view: &MatterView<errand::Errand>| view.matter.report(&said, request.actor, request.now);
    change(&state, &request, (path.0, language(&http)), decide).await
}

/// Writes down which papers were handed back.
#[utoipa::path(
    tag = "代办",
    operation_id = "return_papers",
    summary = "归还材料",
    description = "接办的人逐份归还，或说明为何不归还。",
    request_body = ReturnPapers,
    responses((status = 200, description = "已记下", body = Errand, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("errand.take")))
)]
#[post("/errands/{id}/return")]
pub(crate) async fn return_papers(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::ErrandTake>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<ReturnPapers>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let papers = body.value.papers;
    must_be_few(papers.len())?;
    let mut back = Vec::with_capacity(papers.len());
    for (i, Object(paper)) in papers.into_iter().enumerate() {
        let kept = paper.kept.map(|kept| text(&state, &format!("/papers/{i}/kept"), kept, request.now));
        let number = usize::try_from(paper.number).unwrap_or(usize::MAX);
        back.push(Returned { number, kept: kept.transpose()? });
    }
    let decide = |view: &MatterView<errand::Errand>| view.matter.hand_back(&back, request.actor, request.now);
    change(&state, &request, (path.0, language(&http)), decide).await
}

/// Ends an errand that was run.
#[utoipa::path(
    tag = "代办",
    operation_id = "finish_errand",
    summary = "代办完成",
    description = "材料都已归还或说明原因之后，答复申请人；7 天无人确认自动办结。",
    request_body = FinishErrand,
    responses((status = 200, description = "已完成", body = Errand, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("errand.take")))
)]
#[post("/errands/{id}/finish")]
pub(crate) async fn finish_errand(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::ErrandTake>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<FinishErrand>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let said = text(&state, "/text", body.value.text, request.now)?;
    let decide = |view: &MatterView<errand::Errand>| view.matter.finish(&said, request.actor, request.now);
    change(&state, &request, (path.0, language(&http)), decide).await
}

/// The requester has everything back.
#[utoipa::path(
    tag = "代办",
    operation_id = "confirm_errand",
    summary = "确认代办",
    description = "申请人确认已办好、材料已归还。",
    request_body = ConfirmErrand,
    responses((status = 200, description = "已确认", body = Errand, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("errand.ask")))
)]
#[post("/errands/{id}/confirm")]
pub(crate) async fn confirm_errand(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::ErrandAsk>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<ConfirmErrand>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let ConfirmErrand {} = body.value;
    let decide = |view: &MatterView<errand::Errand>| view.matter.confirm(request.actor);
    change(&state, &request, (path.0, language(&http)), decide).await
}

/// Gives an errand up.
#[utoipa::path(
    tag = "代办",
    operation_id = "cancel_errand",
    summary = "取消代办",
    description = "接办之前由申请的人取消；接办之后由接办的人取消，材料须先归还。",
    request_body = CancelErrand,
    responses((status = 200, description = "已取消", body = Errand, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("errand.ask")))
)]
#[post("/errands/{id}/cancel")]
pub(crate) async fn cancel_errand(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::ErrandAsk>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<CancelErrand>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let said = text(&state, "/text", body.value.text, request.now)?;
    let decide = |view: &MatterView<errand::Errand>| view.matter.cancel(&said, request.actor);
    change(&state, &request, (path.0, language(&http)), decide).await
}

/// Counted before any is read.
fn must_be_few(papers: usize) -> ApiResult<()> {
    if (1..=MOST_PAPERS).contains(&papers) {
        return Ok(());
    }
    let max = u32::try_from(MOST_PAPERS).unwrap_or(u32::MAX);
    Err(fault(MatterRefusal::Range { field: "/papers", min: 1, max }, None).into())
}
