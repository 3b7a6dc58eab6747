//! What is done with people: 改档, 授权, 撤权, 离岗, 查看明文, 注销.

use super::{answer, failed, name, phone, placed};
use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::error::{ApiError, ApiResult};
use crate::extract::{Body, Conditions, PersonPath};
use crate::routes::ticket::{deliver, text};
use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, post, put, web};
use domain::id::{GrantId, UserId};
use domain::person::{Command, Successor};
use domain::time::Timestamp;
use infra::entropy;
use infra::store::{Answer, Request};
use openapi::person::{EditPerson, GrantRef, Leave, ReasonGiven, Revoke, RosterEntry, Unmasked};

/// Whatever is done with a person goes this way.
pub(super) async fn act(
    state: &State,
    session: &Session,
    conditions: &Conditions,
    (PersonPath(id), bytes): (PersonPath, &Bytes),
    command: &Command,
    now: Timestamp,
    render: impl Fn(&domain::person::Person) -> Answer,
) -> ApiResult<HttpResponse> {
    let Session { actor, grants_version, .. } = session;
    let key = conditions.key(state, actor.user, bytes);
    let request = Request { actor, grants_version: *grants_version, now, if_match: conditions.if_match, key };
    state.store.change_person(&request, id, command, render).await.map(deliver).map_err(failed)
}

pub(super) fn shown(person: &domain::person::Person) -> Answer {
    answer(StatusCode::OK, person)
}

/// Replaces name and phone number.
#[utoipa::path(
    tag = "人员",
    operation_id = "edit_person",
    summary = "改档",
    description = "以此替换姓名与电话；不填 phone 即清除。",
    request_body = EditPerson,
    responses((status = 200, description = "已改档", body = RosterEntry, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("person.edit")))
)]
#[put("/users/{id}")]
pub(crate) async fn edit_person(
    state: web::Data<State>,
    permit: Permit<may::PersonEdit>,
    path: PersonPath,
    conditions: Conditions,
    body: Body<EditPerson>,
) -> ApiResult<HttpResponse> {
    let EditPerson { name: given, phone: number } = body.value;
    let command = Command::Edit { name: name(&given)?, phone: phone(number)? };
    act(&state, &permit, &conditions, (path, &body.bytes), &command, state.clock.now(), shown).await
}

/// Grants a role.
#[utoipa::path(
    tag = "人员",
    operation_id = "grant_person",
    summary = "授权",
    description = "授予一个角色，范围为 1 至 64 个地点或一个单位。县管理员可授予除系统管理员、热线以外的角色，系统管理员可授予任何角色，\
        都限于授权人该角色自身的地点之内（单位按所在县计）。该人员已有的令牌随即失效。",
    request_body = GrantRef,
    responses((status = 200, description = "已授权", body = RosterEntry)),
    extensions(("x-permission" = json!("person.grant")))
)]
#[post("/users/{id}/grant")]
pub(crate) async fn grant_person(
    state: web::Data<State>,
    permit: Permit<may::PersonGrant>,
    path: PersonPath,
    conditions: Conditions,
    body: Body<GrantRef>,
) -> ApiResult<HttpResponse> {
    let now = state.clock.now();
    let new = placed(&state, std::slice::from_ref(&body.value), |_| String::new()).await?.pop();
    let new = new.ok_or_else(|| ApiError::internal("one grant was asked for"))?;
    let command = Command::Grant { id: GrantId(entropy::id(now)), new };
    act(&state, &permit, &conditions, (path, &body.bytes), &command, now, shown).await
}

/// Takes a role back.
#[utoipa::path(
    tag = "人员",
    operation_id = "revoke_person",
    summary = "撤权",
    description = "撤销一项授权；超出本人可授予范围的不能撤销。该人员已有的令牌随即失效；因此不能再承办的工单重新派单。要交给接替人，请办理离岗。",
    request_body = Revoke,
    responses((status = 200, description = "已撤权", body = RosterEntry)),
    extensions(("x-permission" = json!("person.grant")))
)]
#[post("/users/{id}/revoke")]
pub(crate) async fn revoke_person(
    state: web::Data<State>,
    permit: Permit<may::PersonGrant>,
    path: PersonPath,
    conditions: Conditions,
    body: Body<Revoke>,
) -> ApiResult<HttpResponse> {
    let command = Command::Revoke { grant: GrantId(body.value.grant) };
    act(&state, &permit, &conditions, (path, &body.bytes), &command, state.clock.now(), shown).await
}

/// Somebody leaves their post.
#[utoipa::path(
    tag = "人员",
    operation_id = "leave_person",
    summary = "离岗",
    description = "本人可管范围内的授权全部结束，在办工单移交给接替人；不填接替人的，重新派单。接替人须能承办各地的工单。",
    request_body = Leave,
    responses((status = 200, description = "已离岗", body = RosterEntry)),
    extensions(("x-permission" = json!("person.grant")))
)]
#[post("/users/{id}/leave")]
pub(crate) async fn leave_person(
    state: web::Data<State>,
    permit: Permit<may::PersonGrant>,
    path: PersonPath,
    conditions: Conditions,
    body: Body<Leave>,
) -> ApiResult<HttpResponse> {
    let now = state.clock.now();
    let Leave { successor, reason } = body.value;
    let reason = text(&state, "/reason", reason, now)?;
    let successor = match successor {
        None => None,
        Some(id) => {
            let known = state.store.user(UserId(id)).await?.map(|user| (user.actor, user.units));
            Some(Successor { id: UserId(id), known })
        }
    };
    let command = Command::Leave { successor, reason };
    act(&state, &permit, &conditions, (path, &body.bytes), &command, now, shown).await
}

/// Name and phone number in plain, for a reason that is written down.
#[utoipa::path(
    tag = "人员",
    operation_id = "unmask_person",
    summary = "查看明文",
    description = "姓名与电话的明文。谁、何时、因何查看均记入审计，并对所属地点的督查员可见。",
    request_body = ReasonGiven,
    responses((status = 200, description = "明文", body = Unmasked)),
    extensions(("x-permission" = json!("person.unmask")), ("x-answers-secrets" = json!(true)))
)]
#[post("/users/{id}/unmask")]
pub(crate) async fn unmask_person(
    state: web::Data<State>,
    permit: Permit<may::PersonUnmask>,
    path: PersonPath,
    conditions: Conditions,
    body: Body<ReasonGiven>,
) -> ApiResult<HttpResponse> {
    let now = state.clock.now();
    let command = Command::Unmask { reason: text(&state, "/reason", body.value.reason, now)? };
    let plain = |person: &domain::person::Person| {
        let body = serde_json::to_vec(&Unmasked::from(person)).unwrap_or_default();
        Answer { status: 200, version: person.version, body }
    };
    let conditions = conditions.without_key();
    let mut response = act(&state, &permit, &conditions, (path, &body.bytes), &command, now, plain).await?;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, actix_web::http::header::HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Erases somebody's personal data, on their request.
#[utoipa::path(
    tag = "人员",
    operation_id = "erase_person",
    summary = "注销他人",
    description = "应本人请求（PIPL 第四十七条）：姓名、电话、登录方式、会话、授权、联系人与其写下的文字一并删除，不可恢复；\
        工单、时限与统计保留。其提出而未结的工单照常办理，不再指向任何人；其在办的工单重新派单。",
    request_body = ReasonGiven,
    responses((status = 200, description = "已注销", body = RosterEntry)),
    extensions(("x-permission" = json!("person.erase")))
)]
#[post("/users/{id}/erase")]
pub(crate) async fn erase_person(
    state: web::Data<State>,
    permit: Permit<may::PersonErase>,
    path: PersonPath,
    conditions: Conditions,
    body: Body<ReasonGiven>,
) -> ApiResult<HttpResponse> {
    let now = state.clock.now();
    let command = Command::Erase { reason: text(&state, "/reason", body.value.reason, now)? };
    act(&state, &permit, &conditions, (path, &body.bytes), &command, now, shown).await
}
