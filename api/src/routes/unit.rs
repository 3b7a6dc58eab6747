//! Units that tickets are assigned to.

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::cursor;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Body, Conditions, Query, UnitPath, limit};
use crate::routes::ticket::{deliver, etag};
use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::{HttpResponse, get, post, put, web};
use domain::id::UnitId;
use domain::text::FreeText;
use domain::unit::{MAX_NAME, UnitRefusal};
use domain::view;
use infra::entropy;
use infra::store::{Answer, ChangeError, Request};
use openapi::problem::Fault;
use openapi::unit::{CreateUnit, EditUnit, ListUnits, Unit, UnitPage};
use uuid::Uuid;

fn answer(status: StatusCode, unit: &view::Unit) -> Answer {
    let body = serde_json::to_vec(&Unit::from(unit)).unwrap_or_default();
    Answer { status: status.as_u16(), version: unit.version, body }
}

fn failed(error: ChangeError) -> ApiError {
    match error {
        ChangeError::OtherVersion => ApiError::new("unit.version_mismatch"),
        error => error.into(),
    }
}

fn name(name: &str) -> Result<String, Fault> {
    FreeText::check(name, MAX_NAME).map_err(|refusal| fault(refusal, Some("/name".into())))?;
    Ok(name.trim().to_owned())
}

/// Enters a unit.
#[utoipa::path(
    tag = "单位",
    operation_id = "create_unit",
    summary = "建立单位",
    description = "在一个县建立承办单位。由管到全县的管理员建立。",
    request_body = CreateUnit,
    responses((status = 201, description = "已建立", body = Unit, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("unit.edit")))
)]
#[post("/units")]
pub(crate) async fn create_unit(
    state: web::Data<State>,
    permit: Permit<may::UnitEdit>,
    conditions: Conditions,
    body: Body<CreateUnit>,
) -> ApiResult<HttpResponse> {
    let now = state.clock.now();
    let Session { actor, grants_version, .. } = &*permit;
    let key = conditions.key(&state, actor.user, &body.bytes);
    let CreateUnit { name: given, place } = body.value;
    let place = state.store.place_code(&place).map_err(|refusal| fault(refusal, Some("/place".into())))?;
    let unit = view::Unit { id: UnitId(entropy::id(now)), county: place, name: name(&given)?, version: 1 };
    let request = Request { actor, grants_version: *grants_version, now, if_match: None, key };
    let created = state.store.create_unit(&request, &unit, |unit| answer(StatusCode::CREATED, unit)).await;
    created.map(deliver).map_err(failed)
}

/// Many units, newest first.
#[utoipa::path(
    tag = "单位",
    operation_id = "list_units",
    summary = "单位列表",
    description = "本人所在各县的单位，新的在前。",
    params(ListUnits),
    responses((status = 200, description = "一页单位", body = UnitPage)),
    extensions(("x-permission" = json!("unit.view")))
)]
#[get("/units")]
pub(crate) async fn list_units(
    state: web::Data<State>,
    permit: Permit<may::UnitView>,
    query: Query<ListUnits>,
) -> ApiResult<web::Json<UnitPage>> {
    let Session { actor, grants_version, .. } = &*permit;
    let ListUnits { place, cursor, limit: size } = query.0;
    let list = format!("units {} {place:?}", actor.user);
    let limit = limit(size)?;
    let keys = state.store.keys();
    let after = cursor.map(|cursor| cursor::open::<16>(keys, &list, &cursor)).transpose()?;
    let after = after.map(|id| UnitId(Uuid::from_bytes(id)));
    let place = place
        .map(|code| state.store.place_code(&code).map_err(|refusal| fault(refusal, Some("?place".into()))))
        .transpose()?;
    let page = state.store.units(place.as_ref(), after, limit, actor, *grants_version).await?;
    Ok(web::Json(UnitPage {
        items: page.items.iter().map(Unit::from).collect(),
        next_cursor: page.next.map(|id| cursor::seal(keys, &list, id.0.as_bytes())),
    }))
}

/// One unit.
#[utoipa::path(
    tag = "单位",
    operation_id = "get_unit",
    summary = "查看单位",
    description = "本人所在县的单位。",
    responses((status = 200, description = "单位", body = Unit, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("unit.view")))
)]
#[get("/units/{id}")]
pub(crate) async fn get_unit(
    state: web::Data<State>,
    permit: Permit<may::UnitView>,
    path: UnitPath,
) -> ApiResult<HttpResponse> {
    let unit = state.store.unit(path.0, &permit.actor, permit.grants_version).await?;
    let unit = unit.ok_or_else(|| ApiError::from(fault(UnitRefusal::NotFound, None)))?;
    Ok(HttpResponse::Ok().insert_header((ETAG, etag(unit.version))).json(Unit::from(&unit)))
}

/// Calls a unit differently.
#[utoipa::path(
    tag = "单位",
    operation_id = "edit_unit",
    summary = "单位改名",
    description = "改名；单位不换县，也不删除。",
    request_body = EditUnit,
    responses((status = 200, description = "已改名", body = Unit, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("unit.edit")))
)]
#[put("/units/{id}")]
pub(crate) async fn edit_unit(
    state: web::Data<State>,
    permit: Permit<may::UnitEdit>,
    path: UnitPath,
    conditions: Conditions,
    body: Body<EditUnit>,
) -> ApiResult<HttpResponse> {
    let Session { actor, grants_version, .. } = &*permit;
    let key = conditions.key(&state, actor.user, &body.bytes);
    let (name, if_match, now) = (name(&body.value.name)?, conditions.if_match, state.clock.now());
    let request = Request { actor, grants_version: *grants_version, now, if_match, key };
    let renamed = state.store.rename_unit(&request, path.0, &name, |unit| answer(StatusCode::OK, unit)).await;
    renamed.map(deliver).map_err(failed)
}
