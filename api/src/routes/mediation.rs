//! Mediations (调解) of disputes.

use crate::app::State;
use crate::auth::{Permit, may};
use crate::edge::language;
use crate::error::{ApiResult, fault};
use crate::extract::{Body, Conditions, MatterPath, Query, TicketPath};
use crate::routes::matter::{self, lens_over, page, request, seen, shown};
use crate::routes::ticket::{seen_ticket, text};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use domain::actor::Actor;
use domain::id::UserId;
use domain::matter::{Change, Matter, MatterRefusal, MatterView};
use domain::mediation::{self, MediationRefusal, Named, NewMediation, RoundStands, Signing, slot};
use domain::permission::Action;
use domain::place::PlaceCode;
use domain::playbook::MediationLevel;
use domain::refusal::Refusal;
use domain::text::{FreeText, Text};
use domain::ticket::TicketRefusal;
use domain::time::Timestamp;
use domain::view::TicketView;
use infra::entropy;
use infra::store::{MatterLens, MatterQuery, NewMatter, Request};
use openapi::Lang;
use openapi::mediation::{
    AgreeMediation, BeginMediation, HandUpMediation, HoldSession, ListMediations, Mediation, MediationPage,
    NewParty, RecordGuidance, SignMediation,
};
use strum::IntoEnumIterator;

type View = MatterView<mediation::Mediation>;
/// How the round of the ticket stands, and when.
type Moment = (RoundStands, Timestamp);

/// The longest name of a party, in characters.
const MAX_NAME: usize = 50;

/// Begins the mediation of a ticket.
#[utoipa::path(
    tag = "调解",
    operation_id = "begin_mediation",
    summary = "开始调解",
    description = "接了矛盾纠纷工单的人说明当事人，由其在第一级调解；各级天数从接单起算，期满上移，全部期满引导诉讼。\
        调解的内容只有当事人和经手的调解员可见。",
    request_body = BeginMediation,
    responses((status = 201, description = "已开始", body = Mediation, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("mediation.begin")))
)]
#[post("/tickets/{id}/mediation")]
pub(crate) async fn begin_mediation(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::MediationBegin>,
    path: TicketPath,
    conditions: Conditions,
    body: Body<BeginMediation>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now) = (language(&http), request.now);
    let ticket = seen_ticket(&state, &permit, path).await?;
    // Who may not begin one learns nothing of whom the county knows.
    permit.actor.may(Action::MediationBegin, &ticket.ticket.parties()).map_err(Refusal::from)?;
    let new = parties(&state, &ticket, &request, body.value.parties).await?;
    let place = ticket.ticket.place;
    let book = state.store.playbook(place.code.county())?;
    let slots = [slot(ticket.ticket.id, ticket.ticket.round)];
    // That of an earlier round is over by now, whether anybody wrote that down or not.
    state.store.settle_mediations_of(ticket.ticket.id, now).await.map_err(matter::failed)?;
    let begin = || async {
        let rule = book.mediation.as_ref();
        let change = mediation::Mediation::begin(&new, &ticket.ticket, rule, request.actor, now)?;
        let taken = state.store.slots_taken(&slots).await?;
        if taken.is_empty() { Ok(change) } else { Err(Refusal::from(MediationRefusal::Begun).into()) }
    };
    let place_name = ticket.place_name.clone();
    let to_begin = NewMatter { id: entropy::id(now), place, place_name };
    matter::begin(&state, &request, to_begin, begin, |view: &MatterView<_>| {
        Mediation::new(view, Some(&book), lang)
    })
    .await
}

/// The mediation of a ticket.
#[utoipa::path(
    tag = "调解",
    operation_id = "ticket_mediation",
    summary = "工单的调解",
    description = "最近一轮的调解；只有当事人、经手的调解员和现在这一级的调解员可见。",
    responses((status = 200, description = "调解", body = Mediation, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("mediation.view")))
)]
#[get("/tickets/{id}/mediation")]
pub(crate) async fn ticket_mediation(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::MediationView>,
    path: TicketPath,
) -> ApiResult<HttpResponse> {
    let query = MatterQuery::through(MatterLens::Ticket(path.0), 100);
    let found = state.store.matters::<mediation::Mediation>(&query, &permit.actor, permit.grants_version);
    let is_seen = |view: &View| view.matter.is_seen_by(&permit.actor, &view.place.code);
    let seen = found.await?.items.into_iter().find(is_seen);
    let view = seen.ok_or_else(|| fault(TicketRefusal::NotFound, None))?;
    Ok(shown(&view, in_words(&state, &view, language(&http))))
}

/// Mediations, the latest first.
#[utoipa::path(
    tag = "调解",
    operation_id = "list_mediations",
    summary = "调解列表",
    description = "本人范围内正由本人这一级调解（或在这一级结束）的，或与本人有关的（`mine=true`），新的在前。",
    params(ListMediations),
    responses((status = 200, description = "一页调解", body = MediationPage)),
    extensions(("x-permission" = json!("mediation.view")))
)]
#[get("/mediations")]
pub(crate) async fn list_mediations(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::MediationView>,
    query: Query<ListMediations>,
) -> ApiResult<web::Json<MediationPage>> {
    let list = query.0.identity();
    let ListMediations { place, mine, level, status, cursor, limit } = query.0;
    let (lang, mine, actor) = (language(&http), mine.unwrap_or(false), &permit.actor);
    let highest = || MediationLevel::iter().rev().find(|level| actor.mediates_in(*level).next().is_some());
    let at = level.or_else(highest).unwrap_or(MediationLevel::Grid);
    let mut query = lens_over(&state, &permit, actor.mediates_in(at), place.as_deref(), mine)?;
    query.status = status.map(Into::into);
    query.topic = if mine { level.map(|level| level.name().to_owned()) } else { Some(at.name().to_owned()) };
    let item = |view: &View| in_words(&state, view, lang);
    let (items, next_cursor) = page(&state, &permit, &list, query, (cursor, limit), item).await?;
    Ok(web::Json(MediationPage { items, next_cursor }))
}

/// One mediation.
#[utoipa::path(
    tag = "调解",
    operation_id = "get_mediation",
    summary = "查看调解",
    description = "各级何时由谁调解、历次调解会、协议和签字；期满的有告知当事人的话。",
    responses((status = 200, description = "调解", body = Mediation, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("mediation.view")))
)]
#[get("/mediations/{id}")]
pub(crate) async fn get_mediation(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::MediationView>,
    path: MatterPath,
) -> ApiResult<HttpResponse> {
    let view = seen(&state, &permit, path.0).await?;
    Ok(shown(&view, in_words(&state, &view, language(&http))))
}

/// Records a session.
#[utoipa::path(
    tag = "调解",
    operation_id = "hold_session",
    summary = "记录调解会",
    description = "现在这一级的调解员记录：用的是情、理还是法，经过，谁到场。某一级最先记录的人即为这一级的调解员。",
    request_body = HoldSession,
    responses((status = 200, description = "已记录", body = Mediation, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("mediation.mediate")))
)]
#[post("/mediations/{id}/session")]
pub(crate) async fn hold_session(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::MediationMediate>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<HoldSession>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let HoldSession { way, text: said, came } = body.value;
    let said = text(&state, "/text", said, request.now)?;
    let decide = |one: &mediation::Mediation, actor: &Actor, at: &PlaceCode, moment| {
        one.hold((way, &said, &came), actor, at, moment)
    };
    change(&http, &state, &request, &path, decide).await
}

/// Hands the file up.
#[utoipa::path(
    tag = "调解",
    operation_id = "hand_up_mediation",
    summary = "移交上级调解",
    description = "连同全部记录移交上一级；未签完的协议作废。期满未达成协议的会自动上移。",
    request_body = HandUpMediation,
    responses((status = 200, description = "已移交", body = Mediation, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("mediation.mediate")))
)]
#[post("/mediations/{id}/hand-up")]
pub(crate) async fn hand_up_mediation(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::MediationMediate>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<HandUpMediation>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let reason = text(&state, "/reason", body.value.reason, request.now)?;
    let decide = |one: &mediation::Mediation, actor: &Actor, at: &PlaceCode, moment| {
        one.hand_up(&reason, actor, at, moment)
    };
    change(&http, &state, &request, &path, decide).await
}

/// Writes down what the parties agreed on.
#[utoipa::path(
    tag = "调解",
    operation_id = "agree_mediation",
    summary = "拟定调解协议",
    description = "写下双方同意的内容，待每个当事人签字；再拟的取代先前的。",
    request_body = AgreeMediation,
    responses((status = 200, description = "已拟定", body = Mediation, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("mediation.mediate")))
)]
#[post("/mediations/{id}/agree")]
pub(crate) async fn agree_mediation(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::MediationMediate>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<AgreeMediation>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let agreed = text(&state, "/text", body.value.text, request.now)?;
    let decide = |one: &mediation::Mediation, actor: &Actor, at: &PlaceCode, moment| {
        one.agree(&agreed, actor, at, moment)
    };
    change(&http, &state, &request, &path, decide).await
}

/// Signs for an agreement.
#[utoipa::path(
    tag = "调解",
    operation_id = "sign_mediation",
    summary = "在调解协议上签字",
    description = "当事人自己签，或由调解员确认其在纸面上签字并写明见证人；全部签完即达成协议。",
    request_body = SignMediation,
    responses((status = 200, description = "已签字", body = Mediation, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("mediation.sign")))
)]
#[post("/mediations/{id}/sign")]
pub(crate) async fn sign_mediation(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::MediationSign>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<SignMediation>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let SignMediation { agreement, party, witness } = body.value;
    let witness = witness.map(|words| text(&state, "/witness", words, request.now)).transpose()?;
    let signing = Signing { agreement, party, witness: witness.as_ref() };
    let decide = |one: &mediation::Mediation, actor: &Actor, at: &PlaceCode, moment| {
        one.sign(signing, actor, at, moment)
    };
    change(&http, &state, &request, &path, decide).await
}

/// Records how the parties were told of the court.
#[utoipa::path(
    tag = "调解",
    operation_id = "record_guidance",
    summary = "记录引导诉讼",
    description = "全部期满后，最后一级的调解员记录怎样告知当事人可以起诉。",
    request_body = RecordGuidance,
    responses((status = 200, description = "已记录", body = Mediation, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("mediation.mediate")))
)]
#[post("/mediations/{id}/guidance")]
pub(crate) async fn record_guidance(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::MediationMediate>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<RecordGuidance>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let said = text(&state, "/text", body.value.text, request.now)?;
    let decide = |one: &mediation::Mediation, actor: &Actor, at: &PlaceCode, (_, now): Moment| {
        one.record_guidance(&said, actor, at, now)
    };
    change(&http, &state, &request, &path, decide).await
}

/// Changes a mediation that whoever asks sees.
async fn change(
    http: &HttpRequest,
    state: &State,
    request: &Request<'_>,
    path: &MatterPath,
    decide: impl Fn(
        &mediation::Mediation,
        &Actor,
        &PlaceCode,
        Moment,
    ) -> Result<Change<mediation::Mediation>, Refusal>,
) -> ApiResult<HttpResponse> {
    // What time and the ticket have done is written down before: each rise is an event, and whoever has the file by now is who
    // acts.
    let settled = state.store.settle_first::<mediation::Mediation>(path.0, request.now).await;
    settled.map_err(matter::failed)?;
    let lang = language(http);
    // The ticket may have been answered since.
    let know = || async { Ok(state.store.ticket_round(path.0).await?) };
    let decide = |view: &View, ticket| {
        let stands = RoundStands::of(view.matter.round, ticket);
        decide(&view.matter, request.actor, &view.place.code, (stands, request.now))
    };
    let show = |view: &MatterView<_>| in_words(state, view, lang);
    matter::change_knowing(state, request, path.0, know, decide, show).await
}

/// A mediation in the words of its county.
fn in_words(state: &State, view: &View, lang: Lang) -> Mediation {
    let playbook = state.store.playbook(view.place.code.county()).ok();
    Mediation::new(view, playbook.as_deref(), lang)
}

/// Who quarrels: those who raised the ticket, others who are known there, and names.
async fn parties(
    state: &State,
    ticket: &TicketView,
    request: &Request<'_>,
    given: Vec<NewParty>,
) -> ApiResult<NewMediation> {
    let at = ticket.ticket.place.code;
    let mut parties = Vec::with_capacity(given.len().min(mediation::MAX_PARTIES));
    // One more than there may be says enough.
    for (i, NewParty { side, person, name }) in given.into_iter().take(mediation::MAX_PARTIES + 1).enumerate()
    {
        let who = match (person.map(UserId), name) {
            (Some(person), None) => {
                let raised = person == ticket.ticket.requester || ticket.ticket.joined.contains(&person);
                if !raised && !state.store.is_known(person, &at, request.actor.user).await? {
                    let field = Some(format!("/parties/{i}/person"));
                    return Err(fault(MatterRefusal::Who { field: "/parties" }, field).into());
                }
                Some(Named::Person(person))
            }
            (None, Some(name)) => Some(Named::Name(party_name(state, i, name, request.now)?)),
            _ => None,
        };
        parties.push(mediation::NewParty { side, who });
    }
    Ok(NewMediation { parties })
}

fn party_name(state: &State, i: usize, name: String, now: Timestamp) -> ApiResult<Text> {
    let field = format!("/parties/{i}/name");
    FreeText::check(&name, MAX_NAME).map_err(|refusal| fault(refusal, Some(field.clone())))?;
    Ok(text(state, &field, name, now)?)
}
