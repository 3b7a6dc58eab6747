//! Who is on duty (值班).

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::cursor;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Body, Conditions, Query, ShiftPath, comparable, limit};
use crate::routes::person::within;
use crate::routes::ticket::deliver;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, delete, get, post, web};
use domain::id::{ShiftId, UserId};
use domain::permission::Action;
use domain::place::PlaceRefusal;
use domain::shift;
use infra::entropy;
use infra::store::{Answer, ChangeError, Request, ShiftQuery};
use openapi::problem::{Fault, Problem};
use openapi::shift::{CreateShift, ListShifts, Shift, ShiftPage};
use openapi::strict::Moment;

fn answer(status: StatusCode, shift: &shift::Shift) -> Answer {
    let body = serde_json::to_vec(&Shift::from(shift)).unwrap_or_default();
    Answer { status: status.as_u16(), version: 1, body }
}

fn failed(error: ChangeError) -> ApiError {
    match error {
        ChangeError::OtherVersion => ApiError::new("shift.version_mismatch"),
        error => error.into(),
    }
}

/// Puts somebody on duty.
#[utoipa::path(
    tag = "值班",
    operation_id = "create_shift",
    summary = "排班",
    description = "排某人为某地及其下各级值班。值班人收到该地的新工单、超时和（按规程）预警的值班铃；以最近一级有人值班的为准。\
        值班人须承办或派发该地的工单；同一人在同一地的班次不能重叠（409）；一班至多 31 天。\
        值班人请假期间，响给代班人。",
    request_body = CreateShift,
    responses(
        (status = 201, description = "已排班", body = Shift, headers(("ETag" = String, description = "版本"))),
        (status = 409, description = "与此人在此地的另一班次重叠", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("shift.edit")))
)]
#[post("/shifts")]
pub(crate) async fn create_shift(
    state: web::Data<State>,
    permit: Permit<may::ShiftEdit>,
    conditions: Conditions,
    body: Body<CreateShift>,
) -> ApiResult<HttpResponse> {
    let now = state.clock.now();
    let Session { actor, grants_version, .. } = &*permit;
    let key = conditions.key(&state, actor.user, &body.bytes);
    let CreateShift { place: given, person, starts_at: Moment(starts_at), ends_at: Moment(ends_at) } =
        body.value;
    let at = |refusal: PlaceRefusal| fault(refusal, Some("/place".into()));
    let code = state.store.place_code(&given).map_err(at)?;
    comparable("/starts_at", Some(starts_at))?;
    comparable("/ends_at", Some(ends_at))?;
    let place = state.store.place_by_code(&code, actor.user, *grants_version).await?;
    let place = place.ok_or_else(|| at(PlaceRefusal::Unknown { code }))?.place.code;
    let shift = shift::Shift {
        id: ShiftId(entropy::id(now)),
        place,
        person: UserId(person),
        starts_at,
        ends_at,
        created_by: actor.user,
        created_at: now,
    };
    let request = Request { actor, grants_version: *grants_version, now, if_match: None, key };
    let render = |shift: &_| answer(StatusCode::CREATED, shift);
    state.store.create_shift(&request, &shift, render).await.map(deliver).map_err(failed)
}

/// The roster, those that start last first.
#[utoipa::path(
    tag = "值班",
    operation_id = "list_shifts",
    summary = "值班表",
    description = "本人范围内的班次，后开始的在前。一次看一个县，有多个县的范围时 `place` 必填。筛选每次至多查 5000 条，\
        不足一页也可能还有下一页，以 `next_cursor` 为准。",
    params(ListShifts),
    responses((status = 200, description = "一页班次", body = ShiftPage)),
    extensions(("x-permission" = json!("shift.view")))
)]
#[get("/shifts")]
pub(crate) async fn list_shifts(
    state: web::Data<State>,
    permit: Permit<may::ShiftView>,
    query: Query<ListShifts>,
) -> ApiResult<web::Json<ShiftPage>> {
    let Session { actor, grants_version, .. } = &*permit;
    let list = format!("shifts {} {}", actor.user, query.0.identity());
    let ListShifts { place, person, at, from, to, cursor, limit: size } = query.0;
    let limit = limit(size)?;
    let keys = state.store.keys();
    let after = cursor.map(|cursor| cursor::open_at(keys, &list, &cursor)).transpose()?;
    let after = after.map(|(at, id)| (at, ShiftId(id)));
    for (field, time) in [("?at", at), ("?from", from), ("?to", to)] {
        comparable(field, time)?;
    }
    let place = place
        .map(|code| state.store.place_code(&code).map_err(|refusal| fault(refusal, Some("?place".into()))))
        .transpose()?;
    let places = within(actor.area_of(Action::ShiftView), place);
    if places.iter().any(|other| other.county() != places[0].county()) {
        return Err(ApiError::from(Fault::of("?place", "shift.place_required", vec![])));
    }
    let query = ShiftQuery { places, person: person.map(UserId), at, from, to, limit, after };
    let page = state.store.shifts(&query, actor, *grants_version).await?;
    Ok(web::Json(ShiftPage {
        items: page.items.iter().map(Shift::from).collect(),
        next_cursor: page.next.map(|(at, id)| cursor::seal_at(keys, &list, at, id.0)),
    }))
}

/// Takes somebody off duty.
#[utoipa::path(
    tag = "值班",
    operation_id = "cancel_shift",
    summary = "撤班",
    description = "撤去一个班次；答复撤去前的班次。离岗、撤权、注销后不能再值的班次自行结束。",
    responses((status = 200, description = "已撤班", body = Shift)),
    extensions(("x-permission" = json!("shift.edit")))
)]
#[delete("/shifts/{id}")]
pub(crate) async fn cancel_shift(
    state: web::Data<State>,
    permit: Permit<may::ShiftEdit>,
    path: ShiftPath,
    conditions: Conditions,
) -> ApiResult<HttpResponse> {
    let Session { actor, grants_version, .. } = &*permit;
    let key = conditions.key(&state, actor.user, &[]);
    let (now, if_match) = (state.clock.now(), conditions.if_match);
    let request = Request { actor, grants_version: *grants_version, now, if_match, key };
    let sees = |shift: &shift::Shift| {
        shift.person == actor.user || actor.area_of(Action::ShiftView).any(|area| area.covers(&shift.place))
    };
    let render = |shift: &_| answer(StatusCode::OK, shift);
    state.store.cancel_shift(&request, path.0, sees, render).await.map(deliver).map_err(failed)
}
