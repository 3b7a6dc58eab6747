//! Who is to do it: 研判, 派单, 认领, 接单, 退回, 并单.

use super::Act;
use crate::auth::{Permit, may};
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::Body;
use actix_web::{HttpResponse, post};
use domain::id::{TicketId, UnitId, UserId};
use domain::text::{FreeText, MAX_CATEGORY};
use domain::ticket::{Assignee, Command, MAX_ASSIST};
use openapi::problem::Fault;
use openapi::ticket::{Accept, ClaimTicket, Dispatch, Grade, LeadRef, Merge, Reason, Ticket};

/// Sorts and grades a ticket, or anew.
#[utoipa::path(
    tag = "工单",
    operation_id = "grade_ticket",
    summary = "研判",
    description = "评定类别、轻重、三事，或重新评定；诉求人提单时所填的轻重以此为准。时限随轻重重算，起点和已有超时不变。规程可令某类三事开放认领。",
    request_body = Grade,
    responses((status = 200, description = "已研判", body = Ticket)),
    extensions(("x-permission" = json!("ticket.grade")))
)]
#[post("/tickets/{id}/grade")]
pub(crate) async fn grade_ticket(
    act: Act,
    permit: Permit<may::TicketGrade>,
    body: Body<Grade>,
) -> ApiResult<HttpResponse> {
    let Grade { category, severity, affair, service } = body.value;
    if let Some(category) = &category {
        let check = FreeText::check(category, MAX_CATEGORY);
        check.map_err(|refusal| fault(refusal, Some("/category".into())))?;
    }
    let (severity, affair) = (severity.map(|word| word.0), affair.map(|word| word.0));
    let command = Command::Grade { category, severity, affair, service };
    act.carry_out(&permit, &body.bytes, &command, None).await
}

/// Assigns a ticket, and grades it.
#[utoipa::path(
    tag = "工单",
    operation_id = "dispatch_ticket",
    summary = "派单",
    description = "派给一个人或一个单位，可另派协办，并评定轻重、三事分流、办理方式。诉求人所填的轻重以派单人评定的为准；办结时限自点单起算。",
    request_body = Dispatch,
    responses((status = 200, description = "已派单", body = Ticket)),
    extensions(("x-permission" = json!("ticket.dispatch")))
)]
#[post("/tickets/{id}/dispatch")]
pub(crate) async fn dispatch_ticket(
    act: Act,
    permit: Permit<may::TicketDispatch>,
    body: Body<Dispatch>,
) -> ApiResult<HttpResponse> {
    let Dispatch { lead, severity, affair, assist, handling, note } = body.value;
    let note = note.map(|note| act.text("/note", note)).transpose()?;
    let mut to = vec![assignee("/lead", &lead.0)?];
    for (i, one) in assist.iter().flatten().enumerate().take(MAX_ASSIST + 1) {
        to.push(assignee(&format!("/assist/{i}"), &one.0)?);
    }
    let mut known = act.state.store.assignments(&to).await?;
    let assist = known.split_off(1);
    let lead = known.pop().ok_or_else(|| ApiError::internal("no lead"))?;
    let command = Command::Dispatch {
        lead,
        assist,
        severity: severity.map(|word| word.0),
        affair: affair.map(|word| word.0),
        handling: handling.map(|word| word.0),
        note,
    };
    act.carry_out(&permit, &body.bytes, &command, None).await
}

/// Takes a ticket that is open to be claimed.
#[utoipa::path(
    tag = "工单",
    operation_id = "claim_ticket",
    summary = "认领",
    description = "开放认领的工单，先到先得：认领者即为责任人和承办人。谁可认领由规程按三事、类别规定，限其授权范围内；呼叫则限其所在社区。\
        填写 `team` 为组团认领：认领者牵头，其队伍协办，队员都能看到。",
    request_body = ClaimTicket,
    responses((status = 200, description = "已认领", body = Ticket)),
    extensions(("x-permission" = json!("ticket.claim")))
)]
#[post("/tickets/{id}/claim")]
pub(crate) async fn claim_ticket(
    act: Act,
    permit: Permit<may::TicketClaim>,
    body: Body<ClaimTicket>,
) -> ApiResult<HttpResponse> {
    let command = match body.value.team {
        None => Command::Claim,
        Some(team) => {
            let team = act.state.store.team(UnitId(team), &permit.actor, act.now).await?;
            Command::ClaimTogether { team }
        }
    };
    act.carry_out(&permit, &body.bytes, &command, None).await
}

/// Takes a ticket that is assigned to oneself or one's unit.
#[utoipa::path(
    tag = "工单",
    operation_id = "accept_ticket",
    summary = "接单",
    description = "被派单的人，或被派单的单位的任一经办人，接下工单；先到先得。",
    request_body = Accept,
    responses((status = 200, description = "已接单", body = Ticket)),
    extensions(("x-permission" = json!("ticket.accept")))
)]
#[post("/tickets/{id}/accept")]
pub(crate) async fn accept_ticket(
    act: Act,
    permit: Permit<may::TicketAccept>,
    body: Body<Accept>,
) -> ApiResult<HttpResponse> {
    act.carry_out(&permit, &body.bytes, &Command::Accept, body.value.occurred_at).await
}

/// Gives a ticket back, or takes it back.
#[utoipa::path(
    tag = "工单",
    operation_id = "return_ticket",
    summary = "退回",
    description = "责任人退回，或派单一方收回：工单回到待派单，须说明原因；时限照走。",
    request_body = Reason,
    responses((status = 200, description = "已退回，待派单", body = Ticket)),
    extensions(("x-permission" = json!("ticket.return")))
)]
#[post("/tickets/{id}/return")]
pub(crate) async fn return_ticket(
    act: Act,
    permit: Permit<may::TicketReturn>,
    body: Body<Reason>,
) -> ApiResult<HttpResponse> {
    let Reason { reason } = body.value;
    let command = Command::Return { reason: act.text("/reason", reason)? };
    act.carry_out(&permit, &body.bytes, &command, None).await
}

/// Goes on as another ticket.
#[utoipa::path(
    tag = "工单",
    operation_id = "merge_ticket",
    summary = "并单",
    description = "把本单并入另一个未办结的工单：诉求人随之转入目标工单，可查看、补充、评价。答复为本单。",
    request_body = Merge,
    responses((status = 200, description = "已并单", body = Ticket)),
    extensions(("x-permission" = json!("ticket.merge")))
)]
#[post("/tickets/{id}/merge")]
pub(crate) async fn merge_ticket(
    act: Act,
    permit: Permit<may::TicketMerge>,
    body: Body<Merge>,
) -> ApiResult<HttpResponse> {
    let Merge { into, reason } = body.value;
    let reason = act.text("/reason", reason)?;
    act.merge(&permit, &body.bytes, TicketId(into), &reason).await
}

fn assignee(field: &str, one: &LeadRef) -> Result<Assignee, Fault> {
    match one {
        LeadRef { person: Some(id), unit: None } => Ok(Assignee::Person(UserId(*id))),
        LeadRef { person: None, unit: Some(id) } => Ok(Assignee::Unit(UnitId(*id))),
        LeadRef { person: None, unit: None } | LeadRef { person: Some(_), unit: Some(_) } => {
            Err(Fault::of(field, "ticket.lead_one_of", vec![]))
        }
    }
}
