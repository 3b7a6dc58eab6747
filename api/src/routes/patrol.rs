//! Patrol logs (巡查日志) of grid workers.

use crate::app::State;
use crate::auth::{Permit, may};
use crate::edge::language;
use crate::error::{ApiResult, fault};
use crate::extract::{Body, Conditions, MatterPath, Query, comparable_day};
use crate::routes::duty::{county_of, midnight, photos_wrong, unless};
use crate::routes::matter::{self, at, lens, page, request, seen, shown};
use crate::routes::ticket::{position, text};
use crate::routes::tie::place_named;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::Days;
use domain::duty::DutyRefusal;
use domain::geo::Datum;
use domain::id::{PhotoId, TicketId};
use domain::matter::{Change, Matter, MatterRefusal, MatterView};
use domain::patrol::{self, Fix, MOST_AT_ONCE, PatrolRefusal};
use domain::permission::Action;
use domain::playbook::duty::MOST_PHOTOS;
use domain::refusal::Refusal;
use infra::store::{MatterLens, Request};
use openapi::Lang;
use openapi::patrol::{
    BeginPatrol, EndPatrol, FindOnPatrol, ListPatrols, Patrol, PatrolPage, PatrolTrack, ShowPatrol,
    TrackPatrol,
};
use openapi::strict::Object;
use uuid::Uuid;

/// Begins a patrol.
#[utoipa::path(
    tag = "巡查",
    operation_id = "begin_patrol",
    summary = "开始巡查",
    description = "网格员、网格长、社区工作人员在本人范围内开始巡查；一人同时只有一次，忘记结束的 24 小时后自动结束。",
    request_body = BeginPatrol,
    responses((status = 201, description = "已开始", body = Patrol, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("patrol.record")))
)]
#[post("/patrols")]
pub(crate) async fn begin_patrol(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PatrolRecord>,
    conditions: Conditions,
    body: Body<BeginPatrol>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now) = (language(&http), request.now);
    let place = place_named(&state, &permit, &body.value.place).await?;
    let (code, store) = (place.place.code, &state.store);
    let begin = || async {
        let change = patrol::Patrol::begin(request.actor, &code, now).map_err(Refusal::from)?;
        let under_way = store.slots_taken(&change.after.columns().slots).await?;
        if under_way.is_empty() { Ok(change) } else { Err(Refusal::from(PatrolRefusal::UnderWay).into()) }
    };
    matter::begin(&state, &request, at(place, &request), begin, |view: &MatterView<_>| {
        Patrol::new(view, lang)
    })
    .await
}

/// Patrols, the latest first.
#[utoipa::path(
    tag = "巡查",
    operation_id = "list_patrols",
    summary = "巡查日志列表",
    description = "本人范围内的，某人的（`worker`），或本人的（`mine=true`），新的在前。",
    params(ListPatrols),
    responses((status = 200, description = "一页巡查日志", body = PatrolPage)),
    extensions(("x-permission" = json!("patrol.view")))
)]
#[get("/patrols")]
pub(crate) async fn list_patrols(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PatrolView>,
    query: Query<ListPatrols>,
) -> ApiResult<web::Json<PatrolPage>> {
    let list = query.0.identity();
    let ListPatrols { place, worker, mine, status, from, to, cursor, limit } = query.0;
    comparable_day("?from", from)?;
    comparable_day("?to", to)?;
    let lang = language(&http);
    let mut query = lens(&state, &permit, Action::PatrolView, place.as_deref(), mine.unwrap_or(false))?;
    if let (Some(worker), MatterLens::Area(places)) = (worker, &query.lens) {
        // Theirs, as far as one sees patrols at all.
        query.within = Some(places.clone());
        query.lens = MatterLens::Party(vec![worker], vec!["worker"]);
    }
    query.status = status.map(Into::into);
    query.from = from.map(midnight);
    query.to = to.and_then(|to| to.checked_add_days(Days::new(1))).map(midnight);
    let item = |view: &MatterView<_>| Patrol::new(view, lang);
    let (items, next_cursor) = page(&state, &permit, &list, query, (cursor, limit), item).await?;
    Ok(web::Json(PatrolPage { items, next_cursor }))
}

/// One patrol.
#[utoipa::path(
    tag = "巡查",
    operation_id = "get_patrol",
    summary = "查看巡查日志",
    description = "轨迹、里程、发现。",
    params(ShowPatrol),
    responses((status = 200, description = "巡查日志", body = PatrolTrack, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("patrol.view")))
)]
#[get("/patrols/{id}")]
pub(crate) async fn get_patrol(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PatrolView>,
    path: MatterPath,
    query: Query<ShowPatrol>,
) -> ApiResult<HttpResponse> {
    let view = seen::<patrol::Patrol>(&state, &permit, path.0).await?;
    let body = PatrolTrack::new(&view, query.0.datum.unwrap_or(Datum::Gcj02), language(&http));
    Ok(shown(&view, body))
}

/// Changes a patrol that the asker sees.
async fn change(
    state: &State,
    request: &Request<'_>,
    (id, lang): (Uuid, Lang),
    decide: impl Fn(&patrol::Patrol) -> Result<Change<patrol::Patrol>, Refusal>,
) -> ApiResult<HttpResponse> {
    let decide = |view: &MatterView<patrol::Patrol>| decide(&view.matter);
    matter::change(state, request, id, decide, |view: &MatterView<_>| Patrol::new(view, lang)).await
}

/// Adds to the way of a patrol.
#[utoipa::path(
    tag = "巡查",
    operation_id = "track_patrol",
    summary = "上传巡查轨迹",
    description = "本人正在进行的巡查：一次至多 500 个点，共至多 5000 个，按时间先后。某处快于每秒 50 米的轨迹标为存疑，不拒收。",
    request_body = TrackPatrol,
    responses((status = 200, description = "已收下", body = Patrol, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("patrol.record")))
)]
#[post("/patrols/{id}/track")]
pub(crate) async fn track_patrol(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PatrolRecord>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<TrackPatrol>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let TrackPatrol { datum, points } = body.value;
    if points.len() > MOST_AT_ONCE {
        let max = u32::try_from(MOST_AT_ONCE).unwrap_or(u32::MAX);
        return Err(fault(MatterRefusal::Range { field: "/points", min: 1, max }, None).into());
    }
    let fixes = points.into_iter().enumerate().map(|(i, Object(point))| {
        let there = position(&format!("/points/{i}"), point.lat, point.lng, datum.0)?;
        Ok(Fix::new(there, point.at.0))
    });
    let fixes = fixes.collect::<ApiResult<Vec<_>>>()?;
    let decide = |patrol: &patrol::Patrol| patrol.tracked(&fixes, request.actor, request.now);
    change(&state, &request, (path.0, language(&http)), decide).await
}

/// Writes down what was found.
#[utoipa::path(
    tag = "巡查",
    operation_id = "find_on_patrol",
    summary = "记巡查发现",
    description = "本人正在进行的巡查中发现了什么；已提交工单的附上工单。",
    request_body = FindOnPatrol,
    responses((status = 200, description = "已记下", body = Patrol, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("patrol.record")))
)]
#[post("/patrols/{id}/findings")]
pub(crate) async fn find_on_patrol(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PatrolRecord>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<FindOnPatrol>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let FindOnPatrol { text: said, ticket, photos } = body.value;
    let said = text(&state, "/text", said, request.now)?;
    let photos: Vec<_> = photos.unwrap_or_default().into_iter().map(PhotoId).collect();
    if photos.len() > usize::from(MOST_PHOTOS) {
        let max = MOST_PHOTOS.into();
        return Err(fault(MatterRefusal::Range { field: "/photos", min: 0, max }, None).into());
    }
    let view = seen::<patrol::Patrol>(&state, &permit, path.0).await?;
    let (county, ticket) = (county_of(&state, &view.place.code)?, ticket.map(TicketId));
    if !state.store.are_tickets_of(ticket.as_slice(), &county).await? {
        return Err(fault(DutyRefusal::RaisedUnknown, Some("/ticket".into())).into());
    }
    let lang = language(&http);
    let know = || photos_wrong(&state, &permit, &photos, &county);
    let decide = |view: &MatterView<patrol::Patrol>, wrong| {
        let change = view.matter.found(&said, ticket, &photos, request.actor, request.now)?;
        unless(wrong).map(|()| change)
    };
    let show = |view: &MatterView<_>| Patrol::new(view, lang);
    matter::change_knowing(&state, &request, path.0, know, decide, show).await
}

/// Ends a patrol.
#[utoipa::path(
    tag = "巡查",
    operation_id = "end_patrol",
    summary = "结束巡查",
    description = "本人结束正在进行的巡查，可写小结。",
    request_body = EndPatrol,
    responses((status = 200, description = "已结束", body = Patrol, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("patrol.record")))
)]
#[post("/patrols/{id}/end")]
pub(crate) async fn end_patrol(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PatrolRecord>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<EndPatrol>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let said = body.value.text.map(|said| text(&state, "/text", said, request.now)).transpose()?;
    let decide = |patrol: &patrol::Patrol| patrol.end(said.as_ref(), request.actor, request.now);
    change(&state, &request, (path.0, language(&http)), decide).await
}
