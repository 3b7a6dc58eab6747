//! The work: 到场, 出方案, 阶段答复, 办结, 申请延期.

use super::super::position;
use super::Act;
use crate::auth::{Permit, may};
use crate::error::ApiResult;
use crate::extract::Body;
use actix_web::{HttpResponse, post};
use domain::ticket::Command;
use openapi::strict::Moment;
use openapi::ticket::{Arrive, Extend, Plan, Position, ReplyText, Resolve, Ticket};

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
    act: Act,
    permit: Permit<may::TicketArrive>,
    body: Body<Arrive>,
) -> ApiResult<HttpResponse> {
    let Arrive { position: at, occurred_at } = body.value;
    let Position { lat, lng, datum } = at.0;
    let command = Command::Arrive { position: position("/position", lat, lng, datum.0)? };
    act.carry_out(&permit, &body.bytes, &command, occurred_at).await
}

/// Says how it is to be solved.
#[utoipa::path(
    tag = "工单",
    operation_id = "plan_ticket",
    summary = "出方案",
    description = "特殊复杂问题须在 2 天内出方案：方案时限停止，答复时限自此起算（方案逾期则自逾期起算）。可再次修改方案。可注明办理途径：自办、招标或联办，联办须有协办。",
    request_body = Plan,
    responses((status = 200, description = "已出方案", body = Ticket)),
    extensions(("x-permission" = json!("ticket.plan")))
)]
#[post("/tickets/{id}/plan")]
pub(crate) async fn plan_ticket(
    act: Act,
    permit: Permit<may::TicketPlan>,
    body: Body<Plan>,
) -> ApiResult<HttpResponse> {
    let Plan { text, due, means, occurred_at } = body.value;
    let due = due.map(|Moment(at)| at);
    let means = means.map(|word| word.0);
    let command = Command::Plan { text: act.text("/text", text)?, due, means };
    act.carry_out(&permit, &body.bytes, &command, occurred_at).await
}

/// Tells the requester how it stands.
#[utoipa::path(
    tag = "工单",
    operation_id = "reply_ticket",
    summary = "阶段答复",
    description = "办理中答复诉求人，答复时限停止；办结时仍须最终答复。",
    request_body = ReplyText,
    responses((status = 200, description = "已答复", body = Ticket)),
    extensions(("x-permission" = json!("ticket.reply")))
)]
#[post("/tickets/{id}/reply")]
pub(crate) async fn reply_ticket(
    act: Act,
    permit: Permit<may::TicketReply>,
    body: Body<ReplyText>,
) -> ApiResult<HttpResponse> {
    let ReplyText { text, occurred_at } = body.value;
    let command = Command::Reply { text: act.text("/text", text)? };
    act.carry_out(&permit, &body.bytes, &command, occurred_at).await
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
    act: Act,
    permit: Permit<may::TicketResolve>,
    body: Body<Resolve>,
) -> ApiResult<HttpResponse> {
    let Resolve { outcome, reply, occurred_at } = body.value;
    let command = Command::Resolve { outcome: outcome.0, reply: act.text("/reply", reply)? };
    act.carry_out(&permit, &body.bytes, &command, occurred_at).await
}

/// Asks for more time.
#[utoipa::path(
    tag = "工单",
    operation_id = "extend_ticket",
    summary = "申请延期",
    description = "责任人申请延长本轮最先到期的办理时限（到场时限不能延）；审批之前时限照走。",
    request_body = Extend,
    responses((status = 200, description = "已申请延期", body = Ticket)),
    extensions(("x-permission" = json!("ticket.extend")))
)]
#[post("/tickets/{id}/extend")]
pub(crate) async fn extend_ticket(
    act: Act,
    permit: Permit<may::TicketExtend>,
    body: Body<Extend>,
) -> ApiResult<HttpResponse> {
    let Extend { until: Moment(until), reason } = body.value;
    let command = Command::Extend { until, reason: act.text("/reason", reason)? };
    act.carry_out(&permit, &body.bytes, &command, None).await
}
