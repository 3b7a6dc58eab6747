//! What is talked over, entered on the ledger, and promised: 会商, 党支部研判, 承诺.

use super::Act;
use super::whistle::known_units;
use crate::auth::{Permit, may};
use crate::error::ApiResult;
use crate::extract::Body;
use actix_web::{HttpResponse, post};
use domain::ticket::Command;
use openapi::strict::Moment;
use openapi::ticket::{Assess, Discuss, Promise, Ticket};

/// Writes down what was talked over.
#[utoipa::path(
    tag = "工单",
    operation_id = "discuss_ticket",
    summary = "会商",
    description = "记下会商（共商对策）的结论和参加的单位，由派单一方，或责任、协办、被呼叫单位的经办人记。\
        规程可令某类诉求须先会商，责任单位才能接单。",
    request_body = Discuss,
    responses((status = 200, description = "已会商", body = Ticket)),
    extensions(("x-permission" = json!("ticket.discuss")))
)]
#[post("/tickets/{id}/discuss")]
pub(crate) async fn discuss_ticket(
    act: Act,
    permit: Permit<may::TicketDiscuss>,
    body: Body<Discuss>,
) -> ApiResult<HttpResponse> {
    let Discuss { units, conclusion } = body.value;
    let conclusion = act.text("/conclusion", conclusion)?;
    let units = known_units(&act, &units.unwrap_or_default()).await?;
    act.carry_out(&permit, &body.bytes, &Command::Discuss { units, conclusion }, None).await
}

/// Enters a ticket on the ledger, or what is thought of it anew.
#[utoipa::path(
    tag = "工单",
    operation_id = "assess_ticket",
    summary = "党支部研判",
    description = "社区不能当场解决的，经党支部分析研判列入台账：共性还是个性、意见、列入哪一天的派单计划。可重新研判，以最近一次为准；\
        意见诉求人看不到。台账用 `GET /tickets?ledger=true` 查，共性、个性的件数见统计。",
    request_body = Assess,
    responses((status = 200, description = "已列入台账", body = Ticket)),
    extensions(("x-permission" = json!("ticket.assess")))
)]
#[post("/tickets/{id}/assess")]
pub(crate) async fn assess_ticket(
    act: Act,
    permit: Permit<may::TicketAssess>,
    body: Body<Assess>,
) -> ApiResult<HttpResponse> {
    let Assess { commonality, opinion, planned_for } = body.value;
    let opinion = act.text("/opinion", opinion)?;
    let command = Command::Assess { commonality: commonality.0, opinion, planned_for };
    act.carry_out(&permit, &body.bytes, &command, None).await
}

/// States a deadline for what was answered on the spot.
#[utoipa::path(
    tag = "工单",
    operation_id = "promise_ticket",
    summary = "承诺办结时限",
    description = "当场答复的，写明办结时限（承诺时限）：到期前预警，逾期记超时，工单办结前一直开着。未逾期的可以重新承诺，以新的为准。",
    request_body = Promise,
    responses((status = 200, description = "已承诺", body = Ticket)),
    extensions(("x-permission" = json!("ticket.promise")))
)]
#[post("/tickets/{id}/promise")]
pub(crate) async fn promise_ticket(
    act: Act,
    permit: Permit<may::TicketPromise>,
    body: Body<Promise>,
) -> ApiResult<HttpResponse> {
    let Promise { text, due_at: Moment(due_at) } = body.value;
    let command = Command::Promise { text: act.text("/text", text)?, due_at };
    act.carry_out(&permit, &body.bytes, &command, None).await
}
