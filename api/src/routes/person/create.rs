//! 建档.

use super::{answer, failed, name, phone, placed};
use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::error::{ApiError, ApiResult};
use crate::extract::{Body, Conditions};
use crate::routes::ticket::deliver;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, post, web};
use domain::id::UserId;
use infra::entropy;
use infra::store::{NewPerson, Request};
use openapi::person::{CreatePerson, RosterEntry};
use openapi::problem::{Fault, Problem};

/// The most grants that somebody is entered with.
const MAX_GRANTS: usize = 20;

/// Enters somebody into the roster.
#[utoipa::path(
    tag = "人员",
    operation_id = "create_person",
    summary = "建档",
    description = "把一个人员录入名册，并可随即授权。电话以密文保存，只能由一人使用；日后以此电话登录微信者即为此人。\
        没有授权的，归建档人所管的（第一个）地点。",
    request_body = CreatePerson,
    responses(
        (status = 201, description = "已建档", body = RosterEntry, headers(("ETag" = String, description = "版本"))),
        (status = 409, description = "电话已有人使用", body = Problem, content_type = "application/problem+json")
    ),
    extensions(("x-permission" = json!("person.edit")))
)]
#[post("/users")]
pub(crate) async fn create_person(
    state: web::Data<State>,
    permit: Permit<may::PersonEdit>,
    conditions: Conditions,
    body: Body<CreatePerson>,
) -> ApiResult<HttpResponse> {
    let now = state.clock.now();
    let Session { actor, grants_version, .. } = &*permit;
    let key = conditions.key(&state, actor.user, &body.bytes);
    let CreatePerson { name: given, phone: number, grants } = body.value;
    let (name, phone) = match (name(&given), phone(number)) {
        (Ok(name), Ok(phone)) => (name, phone),
        (name, phone) => {
            let faults = [name.err(), phone.err()].into_iter().flatten().collect();
            return Err(ApiError { faults, cause: None });
        }
    };
    let grants: Vec<_> = grants.into_iter().flatten().map(|grant| grant.0).collect();
    if grants.len() > MAX_GRANTS {
        return Err(Fault::of("/grants", "request.out_of_range", vec![])
            .with("min", 0)
            .with("max", MAX_GRANTS)
            .with("value", grants.len())
            .into());
    }
    let grants = placed(&state, &grants, |i| format!("/grants/{i}")).await?;
    let new = NewPerson { id: UserId(entropy::id(now)), name, phone, grants };
    let request = Request { actor, grants_version: *grants_version, now, if_match: None, key };
    let created =
        state.store.create_person(&request, &new, |person| answer(StatusCode::CREATED, person)).await;
    created.map(deliver).map_err(|error| within_grants(failed(error)))
}

/// The rules know one grant, not which one of the body: a refused one is among them.
fn within_grants(mut error: ApiError) -> ApiError {
    for fault in &mut error.faults {
        if fault.code.starts_with("grant.") {
            fault.field = Some("/grants".to_owned());
        }
    }
    error
}
