//! 引导.

use super::Act;
use crate::auth::{Permit, may};
use crate::error::ApiResult;
use crate::extract::Body;
use actix_web::{HttpResponse, post};
use domain::id::{PointId, UnitId};
use domain::ticket::Command;
use openapi::ticket::{Refer, Ticket};

/// Shows who can help.
#[utoipa::path(
    tag = "工单",
    operation_id = "refer_ticket",
    summary = "引导",
    description = "把自家事引导到互助（互助站、公益站、联络站、志愿者队等）、市场（商铺、活动场所、企业等），或由诉求人自己解决；诉求人可见去处和说明。工单照常办结并答复，结果可为 guided。哪些三事可以引导由规程规定，默认自家事。",
    request_body = Refer,
    responses((status = 200, description = "已引导", body = Ticket)),
    extensions(("x-permission" = json!("ticket.refer")))
)]
#[post("/tickets/{id}/refer")]
pub(crate) async fn refer_ticket(
    act: Act,
    permit: Permit<may::TicketRefer>,
    body: Body<Refer>,
) -> ApiResult<HttpResponse> {
    let Refer { to, point, unit, text } = body.value;
    let text = act.text("/text", text)?;
    let guide = act.state.store.guide(point.map(PointId), unit.map(UnitId)).await?;
    let command = Command::Refer { to: to.0, guide, text };
    act.carry_out(&permit, &body.bytes, &command, None).await
}
