//! Places as they are looked at.

use super::{code, entry, name};
use crate::app::State;
use crate::auth::{Permit, may};
use crate::cursor;
use crate::edge::language;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{PlacePath, Query, limit};
use crate::routes::ticket::etag;
use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse, get, web};
use domain::place::{NetRefusal, PlaceCode};
use infra::store::PlaceQuery;
use openapi::place::{HeldCode, ListPlaces, PlaceDetail, PlaceEvent, PlaceHistory, PlacePage};
use openapi::problem::Fault;

/// The longest code, as a cursor has it.
const CODE: usize = 24;

/// Places, in the order of their codes.
#[utoipa::path(
    tag = "地点",
    operation_id = "list_places",
    summary = "地点列表",
    description = "按编码排列。`parent` 列出其下一级，可逐级展开；加 `q` 则在其下各级按名称查找（每次至多查 5000 条，以 `next_cursor` 为准）；\
        `code` 查一个编码，旧编码得到现在的地点。在用的才列出。",
    params(ListPlaces),
    responses((status = 200, description = "一页地点", body = PlacePage)),
    extensions(("x-permission" = json!("place.view")))
)]
#[get("/places")]
pub(crate) async fn list_places(
    request: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PlaceView>,
    query: Query<ListPlaces>,
) -> ApiResult<web::Json<PlacePage>> {
    let ListPlaces { parent, q, code: one, cursor: after, limit: size } = query.0;
    let (limit, lang, keys) = (limit(size)?, language(&request), state.store.keys());
    let list = format!("places {parent:?} {q:?} {one:?}");
    let after = after.map(|after| cursor::open::<CODE>(keys, &list, &after)).transpose()?;
    let after =
        after.map(|bytes| code(&state, String::from_utf8_lossy(&bytes).trim_end(), "?cursor")).transpose()?;
    let query = match (parent, q, one) {
        (None, None, Some(one)) => PlaceQuery::Code(code(&state, &one, "?code")?),
        (Some(parent), None, None) => PlaceQuery::Below(code(&state, &parent, "?parent")?),
        (Some(parent), Some(q), None) => {
            PlaceQuery::Named(code(&state, &parent, "?parent")?, name(&q, "?q")?)
        }
        _ => return Err(Fault::of("?parent", "place.parent_or_code", vec![]).into()),
    };
    let page = state.store.places(&query, after, limit, &permit.actor, permit.grants_version).await?;
    let seal = |code: PlaceCode| cursor::seal(keys, &list, format!("{code:<CODE$}").as_bytes());
    Ok(web::Json(PlacePage {
        items: page.items.iter().map(|one| entry(&state, one, lang)).collect::<ApiResult<_>>()?,
        next_cursor: page.next.map(seal),
    }))
}

/// One place with all its codes.
#[utoipa::path(
    tag = "地点",
    operation_id = "get_place",
    summary = "查看地点",
    description = "地点及其现在和用过的编码；已撤并的也可查看。",
    responses((status = 200, description = "地点", body = PlaceDetail, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("place.view")))
)]
#[get("/places/{id}")]
pub(crate) async fn get_place(
    request: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PlaceView>,
    path: PlacePath,
) -> ApiResult<HttpResponse> {
    let found = state.store.place(path.0, &permit.actor, permit.grants_version).await?;
    let (found, codes) = found.ok_or_else(|| ApiError::from(fault(NetRefusal::NotFound, None)))?;
    let codes =
        codes.into_iter().map(|(code, since, until)| HeldCode { code: code.to_string(), since, until });
    let place = PlaceDetail { place: entry(&state, &found, language(&request))?, codes: codes.collect() };
    Ok(HttpResponse::Ok().insert_header((ETAG, etag(found.place.version))).json(place))
}

/// What happened to a place.
#[utoipa::path(
    tag = "地点",
    operation_id = "place_history",
    summary = "地点沿革",
    description = "地点的设立、更名、划转、拆分、合并、撤销，新的在前。随上级变更的编码见地点的 `codes`。",
    responses((status = 200, description = "沿革", body = PlaceHistory)),
    extensions(("x-permission" = json!("place.view")))
)]
#[get("/places/{id}/history")]
pub(crate) async fn place_history(
    request: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PlaceView>,
    path: PlacePath,
) -> ApiResult<web::Json<PlaceHistory>> {
    let found = state.store.place(path.0, &permit.actor, permit.grants_version).await?;
    let _ = found.ok_or_else(|| ApiError::from(fault(NetRefusal::NotFound, None)))?;
    let (lang, staff) = (language(&request), permit.actor.is_staff());
    let events = state.store.place_history(path.0).await?;
    let items = events.into_iter().map(|event| {
        // Who did it is no business of residents.
        let by = event.by.filter(|_| staff).map(|by| by.0);
        PlaceEvent::new(event.at, by, event.what, event.reason, lang)
    });
    Ok(web::Json(PlaceHistory { items: items.collect() }))
}
