//! What the requester does: 评单, 重新打开, 补充, 催办, 撤单.

use super::Act;
use crate::auth::{Permit, may};
use crate::error::ApiResult;
use crate::extract::Body;
use actix_web::{HttpResponse, post};
use domain::ticket::Command;
use openapi::ticket::{Empty, Rate, Reason, Supplement, Ticket};

/// Rates the handling; dissatisfied is done again.
#[utoipa::path(
    tag = "工单",
    operation_id = "rate_ticket",
    summary = "评单",
    description = "诉求人评价。满意、基本满意即结单；不满意则由原责任人重办，轮次加一，重新计办结时限，原有超时保留。有多位诉求人时，先评者为准。办结后 7 天（规程可改）无人评价则自动结单。",
    request_body = Rate,
    responses((status = 200, description = "已评价", body = Ticket)),
    extensions(("x-permission" = json!("ticket.rate")))
)]
#[post("/tickets/{id}/rate")]
pub(crate) async fn rate_ticket(
    act: Act,
    permit: Permit<may::TicketRate>,
    body: Body<Rate>,
) -> ApiResult<HttpResponse> {
    let Rate { satisfaction, stars, comment } = body.value;
    let comment = comment.map(|comment| act.text("/comment", comment)).transpose()?;
    let command = Command::Rate { satisfaction: satisfaction.0, stars, comment };
    act.carry_out(&permit, &body.bytes, &command, None).await
}

/// Opens a closed ticket again.
#[utoipa::path(
    tag = "工单",
    operation_id = "reopen_ticket",
    summary = "重新打开",
    description = "结单后 10 天内（规程可改），诉求人或督查可重新打开：由原责任人再办，轮次加一。",
    request_body = Reason,
    responses((status = 200, description = "已重新打开，待接单", body = Ticket)),
    extensions(("x-permission" = json!("ticket.reopen")))
)]
#[post("/tickets/{id}/reopen")]
pub(crate) async fn reopen_ticket(
    act: Act,
    permit: Permit<may::TicketReopen>,
    body: Body<Reason>,
) -> ApiResult<HttpResponse> {
    let Reason { reason } = body.value;
    let command = Command::Reopen { reason: act.text("/reason", reason)? };
    act.carry_out(&permit, &body.bytes, &command, None).await
}

/// Adds to what was raised.
#[utoipa::path(
    tag = "工单",
    operation_id = "supplement_ticket",
    summary = "补充",
    description = "诉求人补充情况，工作人员可见。",
    request_body = Supplement,
    responses((status = 200, description = "已补充", body = Ticket)),
    extensions(("x-permission" = json!("ticket.supplement")))
)]
#[post("/tickets/{id}/supplement")]
pub(crate) async fn supplement_ticket(
    act: Act,
    permit: Permit<may::TicketSupplement>,
    body: Body<Supplement>,
) -> ApiResult<HttpResponse> {
    let Supplement { content } = body.value;
    let command = Command::Supplement { content: act.text("/content", content)? };
    act.carry_out(&permit, &body.bytes, &command, None).await
}

/// Urges.
#[utoipa::path(
    tag = "工单",
    operation_id = "urge_ticket",
    summary = "催办",
    description = "诉求人催办；两次催办至少间隔 10 分钟（规程可改）。",
    request_body = Empty,
    responses((status = 200, description = "已催办", body = Ticket)),
    extensions(("x-permission" = json!("ticket.urge")))
)]
#[post("/tickets/{id}/urge")]
pub(crate) async fn urge_ticket(
    act: Act,
    permit: Permit<may::TicketUrge>,
    body: Body<Empty>,
) -> ApiResult<HttpResponse> {
    act.carry_out(&permit, &body.bytes, &Command::Urge, None).await
}

/// Takes a ticket back.
#[utoipa::path(
    tag = "工单",
    operation_id = "withdraw_ticket",
    summary = "撤单",
    description = "诉求人撤回未办结的工单；已有他人的工单并入时不能撤。",
    request_body = Reason,
    responses((status = 200, description = "已撤单", body = Ticket)),
    extensions(("x-permission" = json!("ticket.withdraw")))
)]
#[post("/tickets/{id}/withdraw")]
pub(crate) async fn withdraw_ticket(
    act: Act,
    permit: Permit<may::TicketWithdraw>,
    body: Body<Reason>,
) -> ApiResult<HttpResponse> {
    let Reason { reason } = body.value;
    let command = Command::Withdraw { reason: act.text("/reason", reason)? };
    act.carry_out(&permit, &body.bytes, &command, None).await
}
