//! Who of the residents watches the work: 居民代表.

use super::Act;
use crate::auth::{Permit, may};
use crate::error::ApiResult;
use crate::extract::Body;
use actix_web::{HttpResponse, post};
use domain::id::UserId;
use domain::ticket::{Command, MAX_DELEGATES};
use openapi::ticket::{Delegates, Observe, Ticket};

/// Names who watches it.
#[utoipa::path(
    tag = "工单",
    operation_id = "delegate_ticket",
    summary = "设居民代表",
    description = "由处置该单的一级指定监督办理的居民代表，至多 5 名，须在本县名册或岗位上，重新指定取代此前所设；承办此单的人不能做，保密工单不设。\
        居民代表收到消息，所见与诉求人相同而看不到联系人，可提监督意见；自己的用 `GET /tickets?delegate=true` 查。",
    request_body = Delegates,
    responses((status = 200, description = "已设居民代表", body = Ticket)),
    extensions(("x-permission" = json!("ticket.delegate")))
)]
#[post("/tickets/{id}/delegates")]
pub(crate) async fn delegate_ticket(
    act: Act,
    permit: Permit<may::TicketDelegate>,
    body: Body<Delegates>,
) -> ApiResult<HttpResponse> {
    // One more than may be named shows that there are too many.
    let persons = body.value.persons.iter().take(MAX_DELEGATES + 1).copied().map(UserId);
    let persons = act.state.store.delegates(persons.collect()).await?;
    act.carry_out(&permit, &body.bytes, &Command::NameDelegates { persons }, None).await
}

/// Says how it goes.
#[utoipa::path(
    tag = "工单",
    operation_id = "observe_ticket",
    summary = "监督意见",
    description = "居民代表对办理提监督意见，结单前可多次提；工作人员和诉求人在办理过程中可见，承办人和处置该单的一级收到消息。",
    request_body = Observe,
    responses((status = 200, description = "已提监督意见", body = Ticket)),
    extensions(("x-permission" = json!("ticket.observe")))
)]
#[post("/tickets/{id}/observe")]
pub(crate) async fn observe_ticket(
    act: Act,
    permit: Permit<may::TicketObserve>,
    body: Body<Observe>,
) -> ApiResult<HttpResponse> {
    let Observe { text, satisfied } = body.value;
    let command = Command::Observe { text: act.text("/text", text)?, satisfied };
    act.carry_out(&permit, &body.bytes, &command, None).await
}
