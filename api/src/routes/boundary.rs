//! Boundaries of places, and which grid a position lies in.

use super::place::{Asked, on_the_wire};
use crate::app::State;
use crate::auth::{Permit, may};
use crate::edge::language;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Body, Conditions, PlacePath, Query};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, put, web};
use domain::geo::{Datum, Position};
use domain::place::{self, BoundaryRefusal, NetRefusal, PlaceRefusal, whole};
use geo::MultiPolygon;
use infra::store::PlaceCommand;
use openapi::boundary::{AtPosition, Boundary, Coverage, InDatum, Overlap, SetBoundary};
use openapi::place::{PlaceView, RetirePlace};
use openapi::problem::Fault;

/// The geometry of a body.
fn areas(geometry: serde_json::Value) -> Result<MultiPolygon<f64>, Fault> {
    let wrong = |reason: String| Fault::of("/geometry", "boundary.no_geojson", vec![("reason", reason)]);
    // The library takes it for granted.
    if !are_positions(&geometry["coordinates"]) {
        return Err(wrong("a position has two numbers at least".to_owned()));
    }
    let geometry: geojson::Geometry =
        serde_json::from_value(geometry).map_err(|error| wrong(error.to_string()))?;
    let areas = match geo::Geometry::<f64>::try_from(geometry).map_err(|error| wrong(error.to_string()))? {
        geo::Geometry::Polygon(area) => Some(area.into()),
        geo::Geometry::MultiPolygon(areas) => Some(areas),
        _ => None,
    };
    areas.ok_or_else(|| fault(BoundaryRefusal::NoArea, Some("/geometry".into())))
}

/// Whether every innermost list has two things at least.
fn are_positions(coordinates: &serde_json::Value) -> bool {
    let Some(all) = coordinates.as_array() else { return true };
    let is_position = !all.iter().any(serde_json::Value::is_array);
    if is_position { all.is_empty() || all.len() >= 2 } else { all.iter().all(are_positions) }
}

/// Draws the boundary of a place.
#[utoipa::path(
    tag = "地点",
    operation_id = "set_boundary",
    summary = "划定边界",
    description = "划定或重划地点的边界。位置按边界找到所在的网格：取级别最低的，再取面积最小的。上级有边界时须与其相交。",
    request_body = SetBoundary,
    responses((status = 200, description = "已划定", body = PlaceView, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("place.edit")))
)]
#[put("/places/{id}/boundary")]
pub(crate) async fn set_boundary(
    request: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PlaceEdit>,
    path: PlacePath,
    conditions: Conditions,
    body: Body<SetBoundary>,
) -> ApiResult<HttpResponse> {
    let SetBoundary { geometry, datum, reason, on } = body.value;
    let areas = areas(geometry)?;
    // The longest takes a while to look at.
    let checked =
        web::block(move || place::Boundary::new(&areas, datum.0)).await.map_err(ApiError::internal)?;
    let boundary = checked.map_err(|refusal| fault(refusal, Some("/geometry".into())))?;
    let asked = Asked::new(&request, &state, &permit, &conditions, &body.bytes);
    let command = PlaceCommand::Bound(Some(boundary));
    asked.carry_out(StatusCode::OK, path.0, &command, (reason, on), None).await
}

/// Takes the boundary of a place away.
#[utoipa::path(
    tag = "地点",
    operation_id = "remove_boundary",
    summary = "取消边界",
    description = "取消地点的边界；没有边界时 422。",
    request_body = RetirePlace,
    responses((status = 200, description = "已取消", body = PlaceView, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("place.edit")))
)]
#[post("/places/{id}/boundary/remove")]
pub(crate) async fn remove_boundary(
    request: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PlaceEdit>,
    path: PlacePath,
    conditions: Conditions,
    body: Body<RetirePlace>,
) -> ApiResult<HttpResponse> {
    let RetirePlace { reason, on } = body.value;
    let asked = Asked::new(&request, &state, &permit, &conditions, &body.bytes);
    asked.carry_out(StatusCode::OK, path.0, &PlaceCommand::Bound(None), (reason, on), None).await
}

/// The boundary of a place.
#[utoipa::path(
    tag = "地点",
    operation_id = "get_boundary",
    summary = "查看边界",
    description = "以所要的坐标系答复；没有划定边界时 404。",
    params(InDatum),
    responses((status = 200, description = "边界", body = Boundary)),
    extensions(("x-permission" = json!("place.view")))
)]
#[get("/places/{id}/boundary")]
pub(crate) async fn get_boundary(
    state: web::Data<State>,
    permit: Permit<may::PlaceView>,
    path: PlacePath,
    query: Query<InDatum>,
) -> ApiResult<web::Json<Boundary>> {
    let datum = query.0.datum.unwrap_or(Datum::Gcj02);
    let boundary = state.store.boundary(path.0, &permit.actor, permit.grants_version).await?;
    let boundary = boundary.ok_or_else(|| ApiError::new("boundary.not_found"))?;
    Ok(web::Json(Boundary {
        geometry: serde_json::to_value(geojson::Geometry::from(&boundary.in_datum(datum)))
            .map_err(ApiError::internal)?,
        datum,
        square_metres: whole(boundary.square_metres()),
    }))
}

/// The place of a position.
#[utoipa::path(
    tag = "地点",
    operation_id = "place_at",
    summary = "位置所在的地点",
    description = "位置落在哪个地点的边界内：取级别最低的，再取面积最小的；都不在时 422。",
    params(AtPosition),
    responses((status = 200, description = "地点", body = PlaceView)),
    extensions(("x-permission" = json!("place.view")))
)]
#[get("/places/at")]
pub(crate) async fn place_at(
    request: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PlaceView>,
    query: Query<AtPosition>,
) -> ApiResult<web::Json<PlaceView>> {
    let AtPosition { lat, lng, datum } = query.0;
    let position = Position::new(lat, lng, datum).map_err(|refusal| {
        let field = format!("?{}", refusal.field());
        fault(refusal, Some(field))
    })?;
    let found = state.store.place_at(position, permit.actor.user, permit.grants_version).await?;
    let found = found.ok_or_else(|| fault(PlaceRefusal::NoGridAtPosition, None))?;
    Ok(web::Json(on_the_wire(&state, &found, language(&request))?))
}

/// Whether the places below cover it.
#[utoipa::path(
    tag = "地点",
    operation_id = "boundary_coverage",
    summary = "边界检查",
    description = "下一级地点的边界是否正好铺满本地点、互不重叠、没有遗漏；不足 1 平方米的不计。",
    responses((status = 200, description = "检查结果", body = Coverage)),
    extensions(("x-permission" = json!("place.edit")))
)]
#[get("/places/{id}/coverage")]
pub(crate) async fn boundary_coverage(
    state: web::Data<State>,
    permit: Permit<may::PlaceEdit>,
    path: PlacePath,
) -> ApiResult<web::Json<Coverage>> {
    let net = state.store.boundaries_below(path.0, &permit.actor, permit.grants_version).await?;
    let (above, below) = net.ok_or_else(|| ApiError::from(fault(NetRefusal::NotFound, None)))?;
    let places = below.len();
    let coverage =
        web::block(move || place::Coverage::of(above.as_ref(), &below)).await.map_err(ApiError::internal)?;
    let place::Coverage { without_boundary, gap_and_outside, overlaps } = coverage;
    Ok(web::Json(Coverage {
        places,
        without_boundary: without_boundary.iter().map(ToString::to_string).collect(),
        gap_square_metres: gap_and_outside.map(|(gap, _)| whole(gap)),
        outside_square_metres: gap_and_outside.map(|(_, outside)| whole(outside)),
        overlaps: overlaps
            .into_iter()
            .map(|(codes, common)| Overlap {
                codes: codes.map(|code| code.to_string()),
                square_metres: whole(common),
            })
            .collect(),
    }))
}
