//! What those above do: 延期审批, 暂停与恢复计时, 督办, 备注, 不予受理, 查看明文.

use super::Act;
use crate::auth::{Permit, may};
use crate::error::ApiResult;
use crate::extract::Body;
use actix_web::{HttpResponse, post};
use domain::ticket::Command;
use openapi::ticket::{ApproveExtension, Reason, Ticket};

/// Grants more time.
#[utoipa::path(
    tag = "工单",
    operation_id = "approve_extension_ticket",
    summary = "批准延期",
    description = "由派单人或处置该单的一级（及以上）批准，时限随即延长；时限已过的不能补批，超时不可撤销。",
    request_body = ApproveExtension,
    responses((status = 200, description = "已批准延期", body = Ticket)),
    extensions(("x-permission" = json!("ticket.decide_extension")))
)]
#[post("/tickets/{id}/extend/approve")]
pub(crate) async fn approve_extension_ticket(
    act: Act,
    permit: Permit<may::TicketDecideExtension>,
    body: Body<ApproveExtension>,
) -> ApiResult<HttpResponse> {
    let note = body.value.note.map(|note| act.text("/note", note)).transpose()?;
    let command = Command::ApproveExtension { note };
    act.carry_out(&permit, &body.bytes, &command, None).await
}

/// Grants no more time.
#[utoipa::path(
    tag = "工单",
    operation_id = "refuse_extension_ticket",
    summary = "驳回延期",
    description = "由派单人或处置该单的一级（及以上）驳回。",
    request_body = Reason,
    responses((status = 200, description = "已驳回延期", body = Ticket)),
    extensions(("x-permission" = json!("ticket.decide_extension")))
)]
#[post("/tickets/{id}/extend/refuse")]
pub(crate) async fn refuse_extension_ticket(
    act: Act,
    permit: Permit<may::TicketDecideExtension>,
    body: Body<Reason>,
) -> ApiResult<HttpResponse> {
    let Reason { reason } = body.value;
    let command = Command::RefuseExtension { reason: act.text("/reason", reason)? };
    act.carry_out(&permit, &body.bytes, &command, None).await
}

/// Lets the clocks rest.
#[utoipa::path(
    tag = "工单",
    operation_id = "pause_ticket",
    summary = "暂停计时",
    description = "暂停正在走的时限，须说明原因。",
    request_body = Reason,
    responses((status = 200, description = "已暂停计时", body = Ticket)),
    extensions(("x-permission" = json!("ticket.pause")))
)]
#[post("/tickets/{id}/pause")]
pub(crate) async fn pause_ticket(
    act: Act,
    permit: Permit<may::TicketPause>,
    body: Body<Reason>,
) -> ApiResult<HttpResponse> {
    let Reason { reason } = body.value;
    let command = Command::Pause { reason: act.text("/reason", reason)? };
    act.carry_out(&permit, &body.bytes, &command, None).await
}

/// Lets the clocks go on.
#[utoipa::path(
    tag = "工单",
    operation_id = "resume_ticket",
    summary = "恢复计时",
    description = "恢复计时，到期时间按暂停时长顺延。",
    request_body = Reason,
    responses((status = 200, description = "已恢复计时", body = Ticket)),
    extensions(("x-permission" = json!("ticket.pause")))
)]
#[post("/tickets/{id}/resume")]
pub(crate) async fn resume_ticket(
    act: Act,
    permit: Permit<may::TicketPause>,
    body: Body<Reason>,
) -> ApiResult<HttpResponse> {
    let Reason { reason } = body.value;
    let command = Command::Resume { reason: act.text("/reason", reason)? };
    act.carry_out(&permit, &body.bytes, &command, None).await
}

/// Puts a ticket under supervision.
#[utoipa::path(
    tag = "工单",
    operation_id = "supervise_ticket",
    summary = "督办",
    description = "领导督办，直至结单。",
    request_body = Reason,
    responses((status = 200, description = "已督办", body = Ticket)),
    extensions(("x-permission" = json!("ticket.supervise")))
)]
#[post("/tickets/{id}/supervise")]
pub(crate) async fn supervise_ticket(
    act: Act,
    permit: Permit<may::TicketSupervise>,
    body: Body<Reason>,
) -> ApiResult<HttpResponse> {
    let Reason { reason } = body.value;
    let command = Command::Supervise { reason: act.text("/reason", reason)? };
    act.carry_out(&permit, &body.bytes, &command, None).await
}

/// Notes something among staff.
#[utoipa::path(
    tag = "工单",
    operation_id = "note_ticket",
    summary = "备注",
    description = "工作人员之间的备注，任何状态下都可添加，诉求人看不到。",
    request_body = Reason,
    responses((status = 200, description = "已备注", body = Ticket)),
    extensions(("x-permission" = json!("ticket.note")))
)]
#[post("/tickets/{id}/note")]
pub(crate) async fn note_ticket(
    act: Act,
    permit: Permit<may::TicketNote>,
    body: Body<Reason>,
) -> ApiResult<HttpResponse> {
    let command = Command::Note { text: act.text("/reason", body.value.reason)? };
    act.carry_out(&permit, &body.bytes, &command, None).await
}

/// Does not take it on.
#[utoipa::path(
    tag = "工单",
    operation_id = "decline_ticket",
    summary = "不予受理",
    description = "尚未派单的工单不予受理，须向诉求人说明原因。",
    request_body = Reason,
    responses((status = 200, description = "不予受理", body = Ticket)),
    extensions(("x-permission" = json!("ticket.decline")))
)]
#[post("/tickets/{id}/decline")]
pub(crate) async fn decline_ticket(
    act: Act,
    permit: Permit<may::TicketDecline>,
    body: Body<Reason>,
) -> ApiResult<HttpResponse> {
    let Reason { reason } = body.value;
    let command = Command::Decline { reason: act.text("/reason", reason)? };
    act.carry_out(&permit, &body.bytes, &command, None).await
}

/// Shows whom to call, for a reason that is kept.
#[utoipa::path(
    tag = "工单",
    operation_id = "unmask_ticket",
    summary = "查看明文",
    description = "不承办的工作人员查看联系人明文，包括保密工单；须说明原因，记入审计，诉求人在办理过程中可见有人查看。",
    request_body = Reason,
    responses((status = 200, description = "工单，联系人为明文", body = Ticket)),
    extensions(("x-permission" = json!("ticket.unmask")), ("x-answers-secrets" = json!(true)))
)]
#[post("/tickets/{id}/unmask")]
pub(crate) async fn unmask_ticket(
    act: Act,
    permit: Permit<may::TicketUnmask>,
    body: Body<Reason>,
) -> ApiResult<HttpResponse> {
    let command = Command::Unmask { reason: act.text("/reason", body.value.reason)? };
    act.show_all(&permit, &body.bytes, &command).await
}
