//! Points as they are looked at: one, those of a place, those that can be reached on foot.

use super::short;
use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::cursor;
use crate::edge::language;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{PointPath, Query, comparable, limit};
use crate::routes::ticket::etag;
use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse, get, web};
use domain::geo::{Datum, Position};
use domain::id::PointId;
use domain::place::PlaceCode;
use domain::point::{DEFAULT_MINUTES, MAX_NAME, MINUTES, PointRefusal, walk_minutes};
use infra::store::{MOST_AROUND, NearQuery, Nearby, PointFilter, PointQuery};
use openapi::boundary::InDatum;
use openapi::point::{ListPoints, NearPoints, NearbyPoint, NearbyPoints, Point, PointPage};
use openapi::problem::Fault;
use uuid::Uuid;

/// The longest code, and an id, as a cursor has them.
const CODE: usize = 24;
const END: usize = CODE + 16;

/// Many points, in the order of their places' codes.
#[utoipa::path(
    tag = "点位",
    operation_id = "list_points",
    summary = "点位列表",
    description = "某地及其下各级的点位，按所属地点的编码排列。监控只对工作人员列出。筛选每次至多查 5000 条，\
        不足一页也可能还有下一页，以 `next_cursor` 为准。",
    params(ListPoints),
    responses((status = 200, description = "一页点位", body = PointPage)),
    extensions(("x-permission" = json!("point.view")))
)]
#[get("/points")]
pub(crate) async fn list_points(
    request: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PointView>,
    query: Query<ListPoints>,
) -> ApiResult<web::Json<PointPage>> {
    let Session { actor, grants_version, .. } = &*permit;
    let (now, lang, keys) = (state.clock.now(), language(&request), state.store.keys());
    let list = format!("points {} {}", actor.user, query.0.identity());
    let ListPoints { place, kind, q, mode, price, open_at, datum, cursor: after, limit: size } = query.0;
    let code = |code: &str, field: &str| {
        state.store.place_code(code).map_err(|refusal| fault(refusal, Some(field.to_owned())))
    };
    let limit = limit(size)?;
    comparable("?open_at", open_at)?;
    let after = after.map(|after| cursor::open::<END>(keys, &list, &after)).transpose()?;
    let after = after.map(|bytes| {
        let (digits, id) = bytes.split_at(CODE);
        let id = Uuid::from_slice(id).map_err(ApiError::internal)?;
        Ok::<_, ApiError>((code(String::from_utf8_lossy(digits).trim_end(), "?cursor")?, PointId(id)))
    });
    let query = PointQuery {
        place: code(&place, "?place")?,
        name: q.map(|q| short(&q, MAX_NAME, "?q")).transpose()?,
        filter: PointFilter { kind, mode, charge: price, open_at },
        limit,
        after: after.transpose()?,
    };
    let page = state.store.points(&query, actor, *grants_version).await?;
    let datum = datum.unwrap_or(Datum::Gcj02);
    let seal = |(code, id): (PlaceCode, PointId)| {
        cursor::seal(keys, &list, &[format!("{code:<CODE$}").as_bytes(), id.0.as_bytes()].concat())
    };
    Ok(web::Json(PointPage {
        items: page.items.iter().map(|view| Point::new(view, datum, now, lang)).collect(),
        next_cursor: page.next.map(seal),
    }))
}

/// What can be reached on foot.
#[utoipa::path(
    tag = "点位",
    operation_id = "points_near",
    summary = "步行可到的点位",
    description = "从一个位置步行若干分钟（默认 15）以内可到的点位，近的在前。步行按每分钟 80 米、路程为直线的 1.3 倍估算，\
        15 分钟即直线约 923 米；不是导航。监控只对工作人员列出。周围的点位至多看 5000 个，更多时 422，请缩短时间。",
    params(NearPoints),
    responses((status = 200, description = "可到的点位", body = NearbyPoints)),
    extensions(("x-permission" = json!("point.view")))
)]
#[get("/points/near")]
pub(crate) async fn points_near(
    request: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PointView>,
    query: Query<NearPoints>,
) -> ApiResult<web::Json<NearbyPoints>> {
    let NearPoints { lat, lng, datum, minutes, kind, mode, price, open_at, limit: size } = query.0;
    let centre = Position::new(lat, lng, datum).map_err(|refusal| {
        let field = format!("?{}", refusal.field());
        fault(refusal, Some(field))
    })?;
    comparable("?open_at", open_at)?;
    let filter = PointFilter { kind, mode, charge: price, open_at };
    let query = NearQuery { centre, minutes: on_foot(minutes)?, filter, limit: limit(size)? };
    let found = state.store.points_near(&query, &permit.actor, permit.grants_version).await?;
    let found = found.ok_or_else(|| fault(PointRefusal::TooMany { max: MOST_AROUND }, None))?;
    let (now, lang) = (state.clock.now(), language(&request));
    let nearby = |Nearby { view, metres }: Nearby| NearbyPoint {
        point: Point::new(&view, datum, now, lang),
        metres: whole(metres),
        walk_minutes: walk_minutes(metres),
    };
    Ok(web::Json(NearbyPoints { items: found.into_iter().map(nearby).collect() }))
}

/// For how many minutes somebody walks.
fn on_foot(asked: Option<i64>) -> Result<u16, Fault> {
    let Some(asked) = asked else { return Ok(DEFAULT_MINUTES) };
    let minutes = u16::try_from(asked).ok().filter(|_| MINUTES.contains(&asked));
    let fault = || Fault::of("?minutes", "request.out_of_range", vec![]);
    minutes
        .ok_or_else(|| fault().with("min", MINUTES.start()).with("max", MINUTES.end()).with("value", asked))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "nobody walks that far in an hour"
)]
fn whole(metres: f64) -> u32 {
    metres.round() as u32
}

/// One point.
#[utoipa::path(
    tag = "点位",
    operation_id = "get_point",
    summary = "查看点位",
    description = "点位的四公开、位置和运营单位；已撤销的也可查看。监控只有工作人员能看。",
    params(InDatum),
    responses((status = 200, description = "点位", body = Point, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("point.view")))
)]
#[get("/points/{id}")]
pub(crate) async fn get_point(
    request: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PointView>,
    path: PointPath,
    query: Query<InDatum>,
) -> ApiResult<HttpResponse> {
    let view = state.store.point(path.0, &permit.actor, permit.grants_version).await?;
    let view = view.ok_or_else(|| ApiError::from(fault(PointRefusal::NotFound, None)))?;
    let datum = query.0.datum.unwrap_or(Datum::Gcj02);
    let point = Point::new(&view, datum, state.clock.now(), language(&request));
    Ok(HttpResponse::Ok().insert_header((ETAG, etag(view.point.version))).json(point))
}
