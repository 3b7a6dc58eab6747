//! What is done with a ticket: 派单, 接单, 到场, 办结, 评单.

use super::{answer, deliver, position, text};
use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::error::ApiResult;
use crate::extract::{Body, Conditions, TicketPath};
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, post, web};
use domain::id::{UnitId, UserId};
use domain::ticket::{Assignee, Command, LeadFacts};
use domain::time::Timestamp;
use infra::store::Request;
use openapi::problem::Fault;
use openapi::ticket::{Arrive, Dispatch, Empty, LeadRef, Position, Rate, Resolve, Ticket};

/// Whatever is done with a ticket goes this way.
async fn act(
    state: &State,
    session: &Session,
    conditions: &Conditions,
    (TicketPath(id), bytes): (TicketPath, &Bytes),
    command: &Command,
    now: Timestamp,
) -> ApiResult<HttpResponse> {
    let Session { actor, grants_version, .. } = session;
    let key = conditions.key(state, actor.user, bytes);
    let request = Request { actor, grants_version: *grants_version, now, if_match: conditions.if_match, key };
    let render = |view: &_| answer(StatusCode::OK, view, now);
    Ok(deliver(state.store.change_ticket(&request, id, command, render).await?))
}

/// Assigns a ticket, and grades it.
#[utoipa::path(
    tag = "工单",
    operation_id = "dispatch_ticket",
    summary = "派单",
    description = "派给一个人或一个单位，并评定轻重、三事分流。轻重只由派单人评定；办结时限自点单起算。",
    request_body = Dispatch,
    responses((status = 200, description = "已派单", body = Ticket)),
    extensions(("x-permission" = json!("ticket.dispatch")))
)]
#[post("/tickets/{id}/dispatch")]
pub(crate) async fn dispatch_ticket(
    state: web::Data<State>,
    permit: Permit<may::TicketDispatch>,
    path: TicketPath,
    conditions: Conditions,
    body: Body<Dispatch>,
) -> ApiResult<HttpResponse> {
    let now = state.clock.now();
    let Dispatch { lead, severity, affair, note } = body.value;
    let note = note.map(|note| text(&state, "/note", note, now)).transpose()?;
    let (lead, facts) = known_lead(&state, &lead.0).await?;
    let (severity, affair) = (severity.map(|word| word.0), affair.map(|word| word.0));
    let command = Command::Dispatch { lead, facts, severity, affair, note };
    act(&state, &permit, &conditions, (path, &body.bytes), &command, now).await
}

async fn known_lead(state: &State, lead: &LeadRef) -> ApiResult<(Assignee, LeadFacts)> {
    match lead {
        LeadRef { person: Some(id), unit: None } => {
            let user = state.store.user(UserId(*id)).await?;
            let facts = user.map_or(LeadFacts::Unknown, |user| LeadFacts::Person(user.actor));
            Ok((Assignee::Person(UserId(*id)), facts))
        }
        LeadRef { person: None, unit: Some(id) } => {
            let county = state.store.unit_county(UnitId(*id)).await?;
            let facts = county.map_or(LeadFacts::Unknown, |county| LeadFacts::Unit { county });
            Ok((Assignee::Unit(UnitId(*id)), facts))
        }
        LeadRef { person: None, unit: None } | LeadRef { person: Some(_), unit: Some(_) } => {
            Err(Fault::of("/lead", "ticket.lead_one_of", vec![]).into())
        }
    }
}

/// Takes a ticket that is assigned to oneself or one's unit.
#[utoipa::path(
    tag = "工单",
    operation_id = "accept_ticket",
    summary = "接单",
    description = "被派单的人，或被派单的单位的任一经办人，接下工单；先到先得。",
    request_body = Empty,
    responses((status = 200, description = "已接单", body = Ticket)),
    extensions(("x-permission" = json!("ticket.accept")))
)]
#[post("/tickets/{id}/accept")]
pub(crate) async fn accept_ticket(
    state: web::Data<State>,
    permit: Permit<may::TicketAccept>,
    path: TicketPath,
    conditions: Conditions,
    body: Body<Empty>,
) -> ApiResult<HttpResponse> {
    let now = state.clock.now();
    act(&state, &permit, &conditions, (path, &body.bytes), &Command::Accept, now).await
}

/// Says that one is on the scene.
#[utoipa::path(
    tag = "工单",
    operation_id = "arrive_ticket",
    summary = "到场",
    description = "报告已到现场及位置，到场时限停止；迟到仍记为超时。",
    request_body = Arrive,
    responses((status = 200, description = "已到场", body = Ticket)),
    extensions(("x-permission" = json!("ticket.arrive")))
)]
#[post("/tickets/{id}/arrive")]
pub(crate) async fn arrive_ticket(
    state: web::Data<State>,
    permit: Permit<may::TicketArrive>,
    path: TicketPath,
    conditions: Conditions,
    body: Body<Arrive>,
) -> ApiResult<HttpResponse> {
    let now = state.clock.now();
    let Position { lat, lng, datum } = body.value.position.0;
    let command = Command::Arrive { position: position("/position", lat, lng, datum.0)? };
    act(&state, &permit, &conditions, (path, &body.bytes), &command, now).await
}

/// Answers the requester.
#[utoipa::path(
    tag = "工单",
    operation_id = "resolve_ticket",
    summary = "办结",
    description = "写明办理结果并答复诉求人，办结时限停止。没有答复不能办结（件件有回音）。",
    request_body = Resolve,
    responses((status = 200, description = "已办结，待评价", body = Ticket)),
    extensions(("x-permission" = json!("ticket.resolve")))
)]
#[post("/tickets/{id}/resolve")]
pub(crate) async fn resolve_ticket(
    state: web::Data<State>,
    permit: Permit<may::TicketResolve>,
    path: TicketPath,
    conditions: Conditions,
    body: Body<Resolve>,
) -> ApiResult<HttpResponse> {
    let now = state.clock.now();
    let Resolve { outcome, reply } = body.value;
    let command = Command::Resolve { outcome: outcome.0, reply: text(&state, "/reply", reply, now)? };
    act(&state, &permit, &conditions, (path, &body.bytes), &command, now).await
}

/// Rates the handling; dissatisfied is done again.
#[utoipa::path(
    tag = "工单",
    operation_id = "rate_ticket",
    summary = "评单",
    description = "诉求人评价。满意、基本满意即结单；不满意则由原责任人重办，轮次加一，重新计办结时限，原有超时保留。",
    request_body = Rate,
    responses((status = 200, description = "已评价", body = Ticket)),
    extensions(("x-permission" = json!("ticket.rate")))
)]
#[post("/tickets/{id}/rate")]
pub(crate) async fn rate_ticket(
    state: web::Data<State>,
    permit: Permit<may::TicketRate>,
    path: TicketPath,
    conditions: Conditions,
    body: Body<Rate>,
) -> ApiResult<HttpResponse> {
    let now = state.clock.now();
    let Rate { satisfaction, stars, comment } = body.value;
    let comment = comment.map(|comment| text(&state, "/comment", comment, now)).transpose()?;
    let command = Command::Rate { satisfaction: satisfaction.0, stars, comment };
    act(&state, &permit, &conditions, (path, &body.bytes), &command, now).await
}
