//! What is held on oneself: a copy of it, or its end.

use super::{answer, failed};
use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::edge::language;
use crate::error::ApiResult;
use crate::extract::{Body, Conditions};
use crate::routes::ticket::deliver;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use domain::person::Command;
use infra::store::Request;
use openapi::person::{Export, RosterEntry};
use openapi::ticket::Empty;

/// A copy of all that is held on oneself.
#[utoipa::path(
    tag = "身份",
    operation_id = "export_me",
    summary = "导出本人数据",
    description = "本人的全部数据，一份 JSON（PIPL 第四十五条）：资料、电话、登录方式、授权、会话、提出的工单及其文字与联系人、\
        在他人工单上所做的、关于本人的审计记录、消息、班次与请假。导出一次记一次。",
    responses((status = 200, description = "本人的全部数据", body = Export)),
    extensions(("x-permission" = json!("me.export")))
)]
#[get("/me/export")]
pub(crate) async fn export_me(
    state: web::Data<State>,
    permit: Permit<may::MeExport>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let Session { actor, grants_version, .. } = &*permit;
    let now = state.clock.now();
    let asked = Request { actor, grants_version: *grants_version, now, if_match: None, key: None };
    let export = Export::new(state.store.export(&asked).await.map_err(failed)?, language(&request));
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(export))
}

/// Erases one's own personal data.
#[utoipa::path(
    tag = "身份",
    operation_id = "erase_me",
    summary = "注销本人",
    description = "姓名、电话、登录方式、会话、联系人与本人写下的文字一并删除，不可恢复；令牌随即失效。工单、时限与统计保留，\
        未结的工单照常办理，不再指向任何人。尚有授权的工作人员须先由管理员办理离岗（409）。",
    request_body = Empty,
    responses((status = 200, description = "已注销", body = RosterEntry)),
    extensions(("x-permission" = json!("me.erase")))
)]
#[post("/me/erase")]
pub(crate) async fn erase_me(
    state: web::Data<State>,
    permit: Permit<may::MeErase>,
    conditions: Conditions,
    body: Body<Empty>,
) -> ApiResult<HttpResponse> {
    let Session { actor, grants_version, .. } = &*permit;
    let key = conditions.key(&state, actor.user, &body.bytes);
    let now = state.clock.now();
    let request = Request { actor, grants_version: *grants_version, now, if_match: None, key };
    let render = |person: &_| answer(StatusCode::OK, person);
    let erased = state.store.change_person(&request, actor.user, &Command::EraseOwn, render).await;
    erased.map(deliver).map_err(failed)
}
