//! The ladder of consultations: 上报, 会商决定.

use super::Act;
use crate::auth::{Permit, may};
use crate::error::ApiResult;
use crate::extract::Body;
use actix_web::{HttpResponse, post};
use domain::ticket::Command;
use openapi::ticket::{Decide, Reason, Ticket};

/// Lays it on the desk above.
#[utoipa::path(
    tag = "工单",
    operation_id = "escalate_ticket",
    summary = "上报",
    description = "连同全部记录上报到逐级会商的上一层级（默认为社区、街道、县级）处置，工单不动，下级仍可办理；上级作会商决定。时限超时也会自动上报一级，但不等待决定。",
    request_body = Reason,
    responses((status = 200, description = "已上报", body = Ticket)),
    extensions(("x-permission" = json!("ticket.escalate")))
)]
#[post("/tickets/{id}/escalate")]
pub(crate) async fn escalate_ticket(
    act: Act,
    permit: Permit<may::TicketEscalate>,
    body: Body<Reason>,
) -> ApiResult<HttpResponse> {
    let Reason { reason } = body.value;
    let command = Command::Escalate { reason: act.text("/reason", reason)? };
    act.carry_out(&permit, &body.bytes, &command, None).await
}

/// Decides on what was handed up.
#[utoipa::path(
    tag = "工单",
    operation_id = "decide_ticket",
    summary = "会商决定",
    description = "对下级上报的工单作出决定，由该级有权派单的人填写；`back` 为 true 时退回上报的一级处置。决定内容工作人员可见，诉求人只见作出了决定。没有上报的不能决定。",
    request_body = Decide,
    responses((status = 200, description = "已作会商决定", body = Ticket)),
    extensions(("x-permission" = json!("ticket.decide")))
)]
#[post("/tickets/{id}/decide")]
pub(crate) async fn decide_ticket(
    act: Act,
    permit: Permit<may::TicketDecide>,
    body: Body<Decide>,
) -> ApiResult<HttpResponse> {
    let Decide { text, back } = body.value;
    let command = Command::Decide { text: act.text("/text", text)?, back: back.unwrap_or(false) };
    act.carry_out(&permit, &body.bytes, &command, None).await
}
