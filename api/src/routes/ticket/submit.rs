//! 点单.

use super::ask::asked;
use super::{Said, answer, deliver, position, text};
use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::edge::language;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Body, Conditions};
use crate::rates;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, post, web};
use domain::geo::Position;
use domain::id::{TicketId, UnitId};
use domain::phone::Phone;
use domain::place::{NetRefusal, PlaceCode, PlaceRefusal};
use domain::text::{FreeText, MAX_ADDRESS, MAX_NAME, Text};
use domain::ticket::{Channel, MAX_SOURCE, Source, Submission};
use domain::time::Timestamp;
use domain::view::{Contact, TicketView};
use infra::entropy;
use infra::store::Request;
use openapi::problem::{Fault, Problem};
use openapi::strict::{Moment, Object};
use openapi::ticket::{ChatMessage, CreateTicket, Origin, PlaceRef, Ticket};

const CODE: &str = "/place/code";

/// Raises what troubles somebody.
#[utoipa::path(
    tag = "工单",
    operation_id = "submit_ticket",
    summary = "点单",
    description = "反映一件事。到场时限即刻起算；已评定轻重的，办结（或方案）时限也即刻起算（53522）。联系人和住户加密保存，只有诉求人和承办人可见明文；`confidential` 时对承办人也隐去。",
    request_body = CreateTicket,
    responses(
        (status = 201, description = "已点单", body = Ticket, headers(("ETag" = String, description = "版本"))),
        (status = 409, description = "群聊消息或单号已点过单", body = Problem, content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("ticket.submit")))
)]
#[post("/tickets")]
pub(crate) async fn submit_ticket(
    state: web::Data<State>,
    permit: Permit<may::TicketSubmit>,
    conditions: Conditions,
    body: Body<CreateTicket>,
    http: HttpRequest,
) -> ApiResult<HttpResponse> {
    let now = state.clock.now();
    let key = conditions.key(&state, permit.actor.user, &body.bytes);
    let CreateTicket {
        content,
        place,
        address,
        category,
        severity,
        affair,
        channel,
        origin,
        for_unit,
        contact,
        confidential,
        occurred_at,
        service,
        call,
        ask,
    } = body.value;
    // All that is wrong with the fields is said at once.
    let mut faults = Vec::new();
    let content = text(&state, "/content", content, now).map_err(|fault| faults.push(fault)).ok();
    let address = address.and_then(|address| {
        short_text(&state, "/address", address, now).map_err(|fault| faults.push(fault)).ok()
    });
    let mut source = None;
    let origin = origin.and_then(|Object(Origin { title, held_on, message, order })| {
        source = source_of(message, order, &mut faults);
        let title =
            short_text(&state, "/origin/title", title, now).map_err(|fault| faults.push(fault)).ok()?;
        Some((domain::ticket::Origin { title: title.reference, held_on }, title))
    });
    let contact = contact.map(|Object(contact)| whom_to_call(contact, &mut faults));
    let mut contact = contact.unwrap_or_default();
    let code = place_ref(&state, &place.0).map_err(|fault| faults.push(fault)).ok();
    let (Some(content), Some(code), true) = (content, code, faults.is_empty()) else {
        return Err(ApiError { faults, cause: None });
    };
    let code = match code {
        Where::Code(code) => code,
        Where::At(position) => {
            let here = state.store.place_at(position, permit.actor.user, permit.grants_version).await?;
            here.ok_or_else(|| fault(PlaceRefusal::NoGridAtPosition, Some("/place".into())))?.code
        }
    };
    // A household is personal data and no part of the plain code.
    let playbook = state.store.playbook(code.county()).ok();
    let household = playbook.as_ref().and_then(|book| book.household(&code));
    contact.household = household.map(|(_, digits)| digits.to_owned());
    let code = household.map_or(code, |(building, _)| building);
    let (place, profile) = known_place(&state, &permit, &code).await?;
    if place.retired_at.is_some() {
        return Err(fault(NetRefusal::Retired { code: place.place.code }, Some(CODE.into())).into());
    }
    let for_unit = match for_unit.map(UnitId) {
        Some(unit) => Some((unit, state.store.unit_facts(unit).await?)),
        None => None,
    };
    let ask = asked(&state, &permit, ask, &place.place.code).await?;
    rates::ticket(&state, &permit.actor, key.as_ref()).await?;
    let shown = Contact {
        name: contact.name.clone().or(profile.name),
        phone: contact.phone.or(profile.phone),
        household: contact.household.clone(),
    };
    let number = match state.store.ticket_number(&place.place.code, now).await {
        Ok(number) => number,
        Err(error) => return Ok(deliver(state.store.answered_before(key.as_ref(), error).await?)),
    };
    let submission = Submission {
        id: TicketId(entropy::id(now)),
        number,
        place: place.place,
        content,
        address,
        origin,
        source,
        for_unit,
        category,
        severity: severity.map(|word| word.0),
        affair: affair.map(|word| word.0),
        channel: channel.map_or(Channel::MiniProgram, |word| word.0),
        confidential: confidential.unwrap_or(false),
        occurred_at: occurred_at.map(|Moment(at)| at),
        service,
        call: call.unwrap_or(false),
        ask,
    };
    let Session { actor, grants_version, .. } = &*permit;
    let request = Request { actor, grants_version: *grants_version, now, if_match: None, key };
    let how = Said { state: &state, now, lang: language(&http) };
    let render = |view: &TicketView| answer(StatusCode::CREATED, view, actor, &how);
    let delivered =
        state.store.submit_ticket(&request, &submission, (&contact, shown), &place.name, render).await;
    delivered.map(deliver).map_err(|error| with_place_field(error.into()))
}

fn short_text(state: &State, field: &str, body: String, now: Timestamp) -> Result<Text, Fault> {
    FreeText::check(&body, MAX_ADDRESS).map_err(|refusal| fault(refusal, Some(field.to_owned())))?;
    text(state, field, body, now)
}

/// What it was taken from elsewhere; one thing.
fn source_of(
    message: Option<Object<ChatMessage>>,
    order: Option<String>,
    faults: &mut Vec<Fault>,
) -> Option<Source> {
    let (source, words) = match (message, order) {
        (None, None) => return None,
        (Some(_), Some(_)) => {
            faults.push(Fault::of("/origin/order", "ticket.one_source", vec![]));
            return None;
        }
        (Some(Object(ChatMessage { group, id })), None) => {
            let (group, id) = (group.trim().to_owned(), id.trim().to_owned());
            let words = vec![("/origin/message/group", group.clone()), ("/origin/message/id", id.clone())];
            (Source::Message { group, id }, words)
        }
        (None, Some(number)) => {
            let number = number.trim().to_owned();
            (Source::Order { number: number.clone() }, vec![("/origin/order", number)])
        }
    };
    for (field, word) in words {
        if let Err(refusal) = FreeText::check(&word, MAX_SOURCE) {
            faults.push(fault(refusal, Some(field.to_owned())));
        }
    }
    Some(source)
}

fn whom_to_call(contact: openapi::ticket::Contact, faults: &mut Vec<Fault>) -> Contact {
    let openapi::ticket::Contact { name, phone } = contact;
    if name.is_none() && phone.is_none() {
        faults.push(Fault::of("/contact", "ticket.contact_empty", vec![]));
    }
    if let Some(Err(refusal)) = name.as_deref().map(|name| FreeText::check(name, MAX_NAME)) {
        faults.push(fault(refusal, Some("/contact/name".into())));
    }
    let phone = phone.map(|phone| Phone::parse(&phone)).transpose();
    let phone = phone.map_err(|refusal| faults.push(fault(refusal, Some("/contact/phone".into()))));
    Contact { name, phone: phone.ok().flatten(), household: None }
}

/// How a body says where.
enum Where {
    Code(PlaceCode),
    At(Position),
}

fn place_ref(state: &State, place: &PlaceRef) -> Result<Where, Fault> {
    match place {
        PlaceRef { code: Some(code), lat: None, lng: None, datum: None } => {
            let code = state.store.place_code(code).map_err(|refusal| fault(refusal, Some(CODE.into())))?;
            Ok(Where::Code(code))
        }
        PlaceRef { code: None, lat: Some(lat), lng: Some(lng), datum: Some(datum) } => {
            Ok(Where::At(position("/place", *lat, *lng, datum.0)?))
        }
        PlaceRef { code: None, lat: Some(_), lng: Some(_), datum: None } => {
            let args = vec![("name", "datum".to_owned())];
            Err(Fault::of("/place/datum", "request.missing_field", args))
        }
        _ => Err(fault(PlaceRefusal::CodeOrPosition, Some("/place".into()))),
    }
}

async fn known_place(
    state: &State,
    permit: &Session,
    code: &PlaceCode,
) -> ApiResult<(infra::store::PlaceRow, Contact)> {
    let place = state.store.place_and_profile(code, permit.actor.user, permit.grants_version).await?;
    place.ok_or_else(|| fault(PlaceRefusal::Unknown { code: *code }, Some(CODE.into())).into())
}

/// The rules know places, not fields: a refused place is the one of the body.
fn with_place_field(mut error: ApiError) -> ApiError {
    for fault in &mut error.faults {
        if fault.field.is_none() && fault.code.starts_with("place.") {
            fault.field = Some(CODE.to_owned());
        }
    }
    error
}
