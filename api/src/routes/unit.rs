//! Units that tickets are assigned to.

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::cursor;
use crate::edge::language;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Body, Conditions, Query, UnitPath, limit};
use crate::routes::ticket::{deliver, etag};
use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse, get, post, put, web};
use domain::id::UnitId;
use domain::place::PlaceRefusal;
use domain::text::FreeText;
use domain::unit::{self, MAX_NAME, Profile, UnitKind, UnitRefusal};
use infra::entropy;
use infra::store::{Answer, ChangeError, Request, UnitCommand, UnitQuery};
use openapi::Lang;
use openapi::problem::Fault;
use openapi::unit::{CreateUnit, EditUnit, ListUnits, Unit, UnitPage};
use uuid::Uuid;

fn answer(status: StatusCode, unit: &unit::Unit, lang: Lang) -> Answer {
    let body = serde_json::to_vec(&Unit::new(unit, lang)).unwrap_or_default();
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

/// What is said of a unit.
async fn profile(
    state: &State,
    session: &Session,
    (given, kind): (&str, UnitKind),
    (code, seat): (Option<String>, Option<String>),
) -> ApiResult<Profile> {
    let code = code.map(|code| unit::unit_code(&code)).transpose().map_err(|refusal| fault(refusal, None))?;
    let seat = match seat {
        Some(seat) => {
            let at = |refusal: PlaceRefusal| fault(refusal, Some("/seat".into()));
            let code = state.store.place_code(&seat).map_err(at)?;
            let place = state.store.place_by_code(&code, session.actor.user, session.grants_version).await?;
            let place = place.filter(|place| place.retired_at.is_none());
            Some(place.ok_or_else(|| at(PlaceRefusal::Unknown { code }))?.place)
        }
        None => None,
    };
    Ok(Profile { kind, name: name(given)?, code, seat })
}

/// Enters a unit.
#[utoipa::path(
    tag = "单位",
    operation_id = "create_unit",
    summary = "建立单位",
    description = "在一个县建立单位：部门、党组织、联盟、队伍、企业、社会组织等。由管到全县的管理员建立。",
    request_body = CreateUnit,
    responses((status = 201, description = "已建立", body = Unit, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("unit.edit")))
)]
#[post("/units")]
pub(crate) async fn create_unit(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::UnitEdit>,
    conditions: Conditions,
    body: Body<CreateUnit>,
) -> ApiResult<HttpResponse> {
    let (now, lang) = (state.clock.now(), language(&http));
    let Session { actor, grants_version, .. } = &*permit;
    let key = conditions.key(&state, actor.user, &body.bytes);
    let CreateUnit { name: given, place, kind, code, seat } = body.value;
    let county = state.store.place_code(&place).map_err(|refusal| fault(refusal, Some("/place".into())))?;
    let kind = kind.map_or(UnitKind::Department, |kind| kind.0);
    let profile = profile(&state, &permit, (&given, kind), (code, seat)).await?;
    let unit = unit::Unit { id: UnitId(entropy::id(now)), county, profile, version: 1, retired_at: None };
    let request = Request { actor, grants_version: *grants_version, now, if_match: None, key };
    let render = |unit: &unit::Unit| answer(StatusCode::CREATED, unit, lang);
    state.store.create_unit(&request, &unit, render).await.map(deliver).map_err(failed)
}

/// Many units, newest first.
#[utoipa::path(
    tag = "单位",
    operation_id = "list_units",
    summary = "单位列表",
    description = "本人所在各县在用的单位，新的在前。可按类别、属地、上级和名称（或拼音首字母）查找，每次至多查 5000 个，以 `next_cursor` 为准。",
    params(ListUnits),
    responses((status = 200, description = "一页单位", body = UnitPage)),
    extensions(("x-permission" = json!("unit.view")))
)]
#[get("/units")]
pub(crate) async fn list_units(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::UnitView>,
    query: Query<ListUnits>,
) -> ApiResult<web::Json<UnitPage>> {
    let Session { actor, grants_version, .. } = &*permit;
    let list = format!("units {} {}", actor.user, query.0.identity());
    let ListUnits { place, kind, q, under, cursor, limit: size } = query.0;
    let (limit, lang) = (limit(size)?, language(&http));
    let keys = state.store.keys();
    let after = cursor.map(|cursor| cursor::open::<16>(keys, &list, &cursor)).transpose()?;
    let after = after.map(|id| UnitId(Uuid::from_bytes(id)));
    let place = place
        .map(|code| state.store.place_code(&code).map_err(|refusal| fault(refusal, Some("?place".into()))))
        .transpose()?;
    if let Some(q) = &q {
        FreeText::check(q, MAX_NAME).map_err(|refusal| fault(refusal, Some("?q".into())))?;
    }
    let q = q.map(|q| q.trim().to_owned());
    let query = UnitQuery { place, kind, q, under: under.map(UnitId), limit, after };
    let page = state.store.units(&query, actor, *grants_version).await?;
    Ok(web::Json(UnitPage {
        items: page.items.iter().map(|unit| Unit::new(unit, lang)).collect(),
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
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::UnitView>,
    path: UnitPath,
) -> ApiResult<HttpResponse> {
    let unit = state.store.unit(path.0, &permit.actor, permit.grants_version).await?;
    let unit = unit.ok_or_else(|| ApiError::from(fault(UnitRefusal::NotFound, None)))?;
    Ok(HttpResponse::Ok().insert_header((ETAG, etag(unit.version))).json(Unit::new(&unit, language(&http))))
}

/// Describes a unit anew.
#[utoipa::path(
    tag = "单位",
    operation_id = "edit_unit",
    summary = "单位改档",
    description = "替换名称、类别、编号与属地；单位不换县。",
    request_body = EditUnit,
    responses((status = 200, description = "已更改", body = Unit, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("unit.edit")))
)]
#[put("/units/{id}")]
pub(crate) async fn edit_unit(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::UnitEdit>,
    path: UnitPath,
    conditions: Conditions,
    body: Body<EditUnit>,
) -> ApiResult<HttpResponse> {
    let EditUnit { name: given, kind, code, seat } = body.value;
    let kind = match kind {
        Some(kind) => kind.0,
        None => {
            let unit = state.store.unit(path.0, &permit.actor, permit.grants_version).await?;
            unit.map_or(UnitKind::Department, |unit| unit.profile.kind)
        }
    };
    let profile = profile(&state, &permit, (&given, kind), (code, seat)).await?;
    change(&http, &state, &permit, &conditions, &body.bytes, (path.0, UnitCommand::Describe(profile))).await
}

/// Ends a unit.
#[utoipa::path(
    tag = "单位",
    operation_id = "retire_unit",
    summary = "撤销单位",
    description = "仍有人员获此单位的授权，或有在办工单的，不能撤销（409）。其关系随之解除，历史仍可查看。",
    responses((status = 200, description = "已撤销", body = Unit, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("unit.edit")))
)]
#[post("/units/{id}/retire")]
pub(crate) async fn retire_unit(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::UnitEdit>,
    path: UnitPath,
    conditions: Conditions,
) -> ApiResult<HttpResponse> {
    change(&http, &state, &permit, &conditions, &[], (path.0, UnitCommand::Retire)).await
}

async fn change(
    http: &HttpRequest,
    state: &State,
    session: &Session,
    conditions: &Conditions,
    bytes: &[u8],
    (id, command): (UnitId, UnitCommand),
) -> ApiResult<HttpResponse> {
    let Session { actor, grants_version, .. } = session;
    let (now, lang) = (state.clock.now(), language(http));
    let key = conditions.key(state, actor.user, bytes);
    let request = Request { actor, grants_version: *grants_version, now, if_match: conditions.if_match, key };
    let render = |unit: &unit::Unit| answer(StatusCode::OK, unit, lang);
    state.store.change_unit(&request, id, &command, render).await.map(deliver).map_err(failed)
}
