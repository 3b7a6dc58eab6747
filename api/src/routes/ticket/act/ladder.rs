//! The ladder of consultations: 上报, 议题, 会商决定.

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

/// Puts it before the next meeting of its desk.
#[utoipa::path(
    tag = "工单",
    operation_id = "topic_ticket",
    summary = "立为议题",
    description = "当场解决不了的，由承办人或处置该单的一级列为议题，等待该级下次例会（没有会商层级的，为当地的工作例会）研究；工单不上报，\
        照常办理。诉求人、网格长收到消息，原因只有工作人员可见。例会的结论用会商决定填写；上报、办结、终止的不再是议题。\
        待研究的用 `GET /tickets?topic=true` 查。",
    request_body = Reason,
    responses((status = 200, description = "已列为议题", body = Ticket)),
    extensions(("x-permission" = json!("ticket.topic")))
)]
#[post("/tickets/{id}/topic")]
pub(crate) async fn topic_ticket(
    act: Act,
    permit: Permit<may::TicketTopic>,
    body: Body<Reason>,
) -> ApiResult<HttpResponse> {
    let Reason { reason } = body.value;
    let command = Command::RaiseTopic { reason: act.text("/reason", reason)? };
    act.carry_out(&permit, &body.bytes, &command, None).await
}

/// Decides on what was handed up, or is before one's meeting.
#[utoipa::path(
    tag = "工单",
    operation_id = "decide_ticket",
    summary = "会商决定",
    description = "对下级上报的、列为议题的工单作出决定，由处置该单的一级有权派单的人填写；`back` 为 true 时退回上报的一级处置，不是上报来的不能退回。决定内容工作人员可见，诉求人只见作出了决定。没有上报、不是议题的不能决定。",
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
