//! Photos (照片) of what was done on the spot.

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Conditions, PhotoPath, Photograph, Query};
use crate::routes::matter::{failed, request};
use crate::routes::ticket::deliver;
use crate::routes::tie::place_named;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, get, post, web};
use domain::actor::Scope;
use domain::id::PhotoId;
use domain::permission::Action;
use domain::photo::{PhotoRefusal, Picture};
use domain::place::PlaceCode;
use infra::entropy;
use infra::store::{Answer, NewPhoto};
use openapi::photo::{AddPhoto, PhotoAdded};

/// Adds a photo.
#[utoipa::path(
    tag = "照片",
    operation_id = "add_photo",
    summary = "上传照片",
    description = "JPEG、PNG 或 WebP，至多 2 MB，边长至多 12000 像素，一人一天至多 100 张。按内容认定格式；\
        随照片写入的拍摄位置、设备、时间不保存，只保留旋转方向。照片加密保存，注销时一并删除。",
    params(AddPhoto),
    request_body(content = Vec<u8>, content_type = "image/*", description = "照片"),
    responses((status = 201, description = "已保存", body = PhotoAdded, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("photo.add")))
)]
#[post("/photos")]
pub(crate) async fn add_photo(
    state: web::Data<State>,
    permit: Permit<may::PhotoAdd>,
    conditions: Conditions,
    query: Query<AddPhoto>,
    file: Photograph,
) -> ApiResult<HttpResponse> {
    let code = query.0.place;
    let request = request(&state, &permit, &conditions, &[code.as_bytes(), b" ", &file.0].concat());
    let place = place_named(&state, &permit, &code).await.map_err(in_query)?;
    if !is_about(&state, &permit, &place.place.code).await? {
        return Err(fault(PhotoRefusal::BeyondScope, None).into());
    }
    let picture = web::block(move || Picture::read(&file.0)).await.map_err(ApiError::internal)?;
    let picture = picture.map_err(|refusal| fault(refusal, None))?;
    let id = PhotoId(entropy::id(request.now));
    let (width, height, media) = (picture.width, picture.height, picture.media.media_type());
    let body = serde_json::to_vec(&PhotoAdded { id: id.0, width, height, media }).unwrap_or_default();
    let new = NewPhoto { id, place: place.place, picture };
    let answer = Answer { status: 201, version: 1, body };
    state.store.add_photo(&request, &new, answer).await.map(deliver).map_err(failed)
}

/// The place stands in the query, not in a body.
fn in_query(mut error: ApiError) -> ApiError {
    for fault in &mut error.faults {
        if fault.field.as_deref() == Some("/place") {
            fault.field = Some("?place".to_owned());
        }
    }
    error
}

/// Whether somebody works in the county of a place: for a place of it, or for a unit.
async fn is_about(state: &State, session: &Session, place: &PlaceCode) -> ApiResult<bool> {
    for grant in &session.actor.grants {
        let about = match &grant.scope {
            Scope::Places(places) => places.iter().any(|own| own.county() == place.county()),
            Scope::Unit(unit) => {
                let county = state.store.unit_county(*unit).await?;
                county.is_some_and(|county| county.county() == place.county())
            }
        };
        if about {
            return Ok(true);
        }
    }
    Ok(false)
}

/// One photo.
#[utoipa::path(
    tag = "照片",
    operation_id = "get_photo",
    summary = "查看照片",
    description = "上传的本人，或拍摄地点在其范围内的人员。",
    responses((status = 200, description = "照片", body = Vec<u8>, content_type = "image/*")),
    extensions(("x-permission" = json!("photo.view")))
)]
#[get("/photos/{id}")]
pub(crate) async fn get_photo(
    state: web::Data<State>,
    permit: Permit<may::PhotoView>,
    path: PhotoPath,
) -> ApiResult<HttpResponse> {
    let Session { actor, grants_version, .. } = &*permit;
    let found = state.store.photo(path.0, actor, *grants_version).await?;
    let seen = found.filter(|photo| photo.by == actor.user || actor.does_at(Action::PhotoView, &photo.place));
    let photo = seen.ok_or_else(|| fault(PhotoRefusal::NotFound, None))?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, photo.media.media_type()))
        .insert_header(("x-content-type-options", "nosniff"))
        .insert_header((CACHE_CONTROL, "private, max-age=86400, immutable"))
        .body(photo.bytes))
}
