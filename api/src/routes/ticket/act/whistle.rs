//! 吹哨报到: 吹哨, 报到, 评价单位.

use super::super::position;
use super::Act;
use crate::auth::{Permit, may};
use crate::error::ApiResult;
use crate::extract::Body;
use actix_web::{HttpResponse, post};
use domain::id::UnitId;
use domain::ticket::{Assignee, Assignment, Command, MAX_CALLED};
use openapi::ticket::{Opine, Position, ReportIn, Ticket, Whistle};
use uuid::Uuid;

/// Calls units to a ticket.
#[utoipa::path(
    tag = "工单",
    operation_id = "whistle_ticket",
    summary = "吹哨",
    description = "呼叫单位到场，谁可吹哨由规程规定（弥勒为社区）。被呼叫的单位可查看此单，收到消息，须在时限内报到；\
        已呼叫而未报到的，本轮不能再呼叫。",
    request_body = Whistle,
    responses((status = 200, description = "已吹哨", body = Ticket)),
    extensions(("x-permission" = json!("ticket.whistle")))
)]
#[post("/tickets/{id}/whistle")]
pub(crate) async fn whistle_ticket(
    act: Act,
    permit: Permit<may::TicketWhistle>,
    body: Body<Whistle>,
) -> ApiResult<HttpResponse> {
    let Whistle { units, reason, due_minutes } = body.value;
    let reason = act.text("/reason", reason)?;
    let units = known_units(&act, &units).await?;
    act.carry_out(&permit, &body.bytes, &Command::Whistle { units, reason, due_minutes }, None).await
}

/// Reports in for a unit that was called.
#[utoipa::path(
    tag = "工单",
    operation_id = "report_in_ticket",
    summary = "报到",
    description = "被呼叫单位的经办人到场报到，记下位置和用时；先到先记，一次呼叫只报一次，迟到也记。",
    request_body = ReportIn,
    responses((status = 200, description = "已报到", body = Ticket)),
    extensions(("x-permission" = json!("ticket.report_in")))
)]
#[post("/tickets/{id}/report-in")]
pub(crate) async fn report_in_ticket(
    act: Act,
    permit: Permit<may::TicketReportIn>,
    body: Body<ReportIn>,
) -> ApiResult<HttpResponse> {
    let ReportIn { position: at, unit } = body.value;
    let Position { lat, lng, datum } = at.0;
    let position = position("/position", lat, lng, datum.0)?;
    let command = Command::ReportIn { unit: unit.map(UnitId), position };
    act.carry_out(&permit, &body.bytes, &command, None).await
}

/// Says what one thinks of a unit that was called.
#[utoipa::path(
    tag = "工单",
    operation_id = "opine_ticket",
    summary = "评价单位",
    description = "单位报到后，或逾期未报到时，由规程所定的一级（社区、街道）评价：每级对每个单位一个评分，结单前可以改评，\
        结单后只可补评。评分计入单位考评，诉求人看不到。",
    request_body = Opine,
    responses((status = 200, description = "已评价", body = Ticket)),
    extensions(("x-permission" = json!("ticket.opine")))
)]
#[post("/tickets/{id}/opinions")]
pub(crate) async fn opine_ticket(
    act: Act,
    permit: Permit<may::TicketOpine>,
    body: Body<Opine>,
) -> ApiResult<HttpResponse> {
    let Opine { unit, score, text } = body.value;
    let text = text.map(|text| act.text("/text", text)).transpose()?;
    let command = Command::Opine { unit: UnitId(unit), score, text };
    act.carry_out(&permit, &body.bytes, &command, None).await
}

/// Units with what the rules must know of them, one more than may be named at most.
pub(super) async fn known_units(act: &Act, units: &[Uuid]) -> ApiResult<Vec<Assignment>> {
    let to: Vec<_> = units.iter().take(MAX_CALLED + 1).map(|unit| Assignee::Unit(UnitId(*unit))).collect();
    Ok(act.state.store.assignments(&to).await?)
}
