//! 点单.

use super::{answer, deliver, position, text};
use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Body, Conditions};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, post, web};
use domain::id::TicketId;
use domain::place::{PlaceCode, PlaceRefusal};
use domain::text::{FreeText, MAX_ADDRESS};
use domain::ticket::{Channel, Submission};
use infra::entropy;
use infra::store::Request;
use openapi::problem::Fault;
use openapi::ticket::{CreateTicket, PlaceRef, Ticket};

const CODE: &str = "/place/code";

/// Raises what troubles somebody.
#[utoipa::path(
    tag = "工单",
    operation_id = "submit_ticket",
    summary = "点单",
    description = "反映一件事。到场时限即刻起算；已评定轻重的，办结时限也即刻起算（53522）。",
    request_body = CreateTicket,
    responses((status = 201, description = "已点单", body = Ticket, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("ticket.submit")))
)]
#[post("/tickets")]
pub(crate) async fn submit_ticket(
    state: web::Data<State>,
    permit: Permit<may::TicketSubmit>,
    conditions: Conditions,
    body: Body<CreateTicket>,
) -> ApiResult<HttpResponse> {
    let now = state.clock.now();
    let key = conditions.key(&state, permit.actor.user, &body.bytes);
    let CreateTicket { content, place, address, category, severity, affair, channel } = body.value;
    // All that is wrong with the fields is said at once.
    let content = text(&state, "/content", content, now);
    let address = address
        .map(|address| {
            let short = FreeText::check(&address, MAX_ADDRESS);
            short.map_err(|refusal| fault(refusal, Some("/address".into())))?;
            text(&state, "/address", address, now)
        })
        .transpose();
    let code = place_code(&state, &place.0);
    let (content, address, code) = match (content, address, code) {
        (Ok(content), Ok(address), Ok(code)) => (content, address, code),
        (content, address, code) => {
            let faults = [content.err(), address.err(), code.err()].into_iter().flatten().collect();
            return Err(ApiError { faults, cause: None });
        }
    };
    let place = known_place(&state, &permit, &code).await?;
    let submission = Submission {
        id: TicketId(entropy::id(now)),
        number: state.store.ticket_number(&place.place.code, now).await?,
        place: place.place,
        content,
        address,
        category,
        severity: severity.map(|word| word.0),
        affair: affair.map(|word| word.0),
        channel: channel.map_or(Channel::MiniProgram, |word| word.0),
    };
    let Session { actor, grants_version, .. } = &*permit;
    let request = Request { actor, grants_version: *grants_version, now, if_match: None, key };
    let render = |view: &_| answer(StatusCode::CREATED, view, now);
    let delivered = state.store.submit_ticket(&request, &submission, &place.name, render).await;
    delivered.map(deliver).map_err(|error| with_place_field(error.into()))
}

fn place_code(state: &State, place: &PlaceRef) -> Result<PlaceCode, Fault> {
    match place {
        PlaceRef { code: Some(code), lat: None, lng: None, datum: None } => {
            state.store.place_code(code).map_err(|refusal| fault(refusal, Some(CODE.into())))
        }
        PlaceRef { code: None, lat: Some(lat), lng: Some(lng), datum: Some(datum) } => {
            position("/place", *lat, *lng, datum.0)?;
            // No place has a boundary yet, so no position lies in one.
            Err(fault(PlaceRefusal::NoGridAtPosition, Some("/place".into())))
        }
        PlaceRef { code: None, lat: Some(_), lng: Some(_), datum: None } => {
            let args = vec![("name", "datum".to_owned())];
            Err(Fault::of("/place/datum", "request.missing_field", args))
        }
        _ => Err(fault(PlaceRefusal::CodeOrPosition, Some("/place".into()))),
    }
}

async fn known_place(state: &State, permit: &Session, code: &PlaceCode) -> ApiResult<infra::store::PlaceRow> {
    let place = state.store.place_by_code(code, permit.actor.user, permit.grants_version).await?;
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
