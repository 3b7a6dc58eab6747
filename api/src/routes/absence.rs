//! Who is away (请假), and who stands in (代班).

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::cursor;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{AbsencePath, Body, Conditions, Query, comparable, limit};
use crate::routes::person::within;
use crate::routes::ticket::{deliver, text};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use domain::absence;
use domain::actor::Actor;
use domain::id::{AbsenceId, UserId};
use domain::permission::Action;
use domain::place::PlaceCode;
use infra::entropy;
use infra::store::{AbsenceQuery, Answer, ChangeError, Request};
use openapi::absence::{Absence, AbsencePage, CreateAbsence, ListAbsences};
use openapi::problem::{Fault, Problem};
use openapi::strict::Moment;
use openapi::ticket::Empty;

fn answer(status: StatusCode, absence: &absence::Absence) -> Answer {
    let body = serde_json::to_vec(&Absence::from(absence)).unwrap_or_default();
    Answer { status: status.as_u16(), version: absence.version, body }
}

fn failed(error: ChangeError) -> ApiError {
    match error {
        ChangeError::OtherVersion => ApiError::new("absence.version_mismatch"),
        error => error.into(),
    }
}

/// Enters that somebody is away.
#[utoipa::path(
    tag = "值班",
    operation_id = "create_absence",
    summary = "请假",
    description = "为本人，或为全部任职都在本人范围内的人员请假，可指定代班人。请假期间值班铃响给代班人，没有代班人的略过，由有人在岗的上一级响；\
        派单、催办、预警、超时等急件同时告知代班人，请假人的消息照收。代班人须承办、派发请假人各地的工单，那时自己不请假。\
        代班不连环：代班人届时也请假的，不再转给他的代班人。同一人的请假不能重叠（409），一次至多 366 天。权限不因代班改变。",
    request_body = CreateAbsence,
    responses(
        (status = 201, description = "已请假", body = Absence, headers(("ETag" = String, description = "版本"))),
        (status = 409, description = "与此人的另一次请假重叠", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("absence.edit")))
)]
#[post("/absences")]
pub(crate) async fn create_absence(
    state: web::Data<State>,
    permit: Permit<may::AbsenceEdit>,
    conditions: Conditions,
    body: Body<CreateAbsence>,
) -> ApiResult<HttpResponse> {
    let now = state.clock.now();
    let Session { actor, grants_version, .. } = &*permit;
    let key = conditions.key(&state, actor.user, &body.bytes);
    let CreateAbsence { person, starts_at: Moment(starts_at), ends_at: Moment(ends_at), stand_in, reason } =
        body.value;
    comparable("/starts_at", Some(starts_at))?;
    comparable("/ends_at", Some(ends_at))?;
    let reason = reason.map(|reason| text(&state, "/reason", reason, now)).transpose()?;
    let absence = absence::Absence {
        id: AbsenceId(entropy::id(now)),
        person: person.map_or(actor.user, UserId),
        starts_at,
        ends_at,
        stand_in: stand_in.map(UserId),
        reason: reason.as_ref().map(|reason| reason.body.as_str().to_owned()),
        created_by: actor.user,
        created_at: now,
        version: 0,
    };
    let request = Request { actor, grants_version: *grants_version, now, if_match: None, key };
    let render = |absence: &_| answer(StatusCode::CREATED, absence);
    let entered = state.store.create_absence(&request, &absence, reason.as_ref(), render).await;
    entered.map(deliver).map_err(failed)
}

/// Absences, those that start last first.
#[utoipa::path(
    tag = "值班",
    operation_id = "list_absences",
    summary = "请假列表",
    description = "本人范围内人员的请假，后开始的在前；`own` 为真，或没有范围的，是本人的请假和代班。`at` 看某时谁在假。\
        一次看一个县，有多个县的范围时 `place` 必填。筛选每次至多查 5000 条，不足一页也可能还有下一页，以 `next_cursor` 为准。",
    params(ListAbsences),
    responses((status = 200, description = "一页请假", body = AbsencePage)),
    extensions(("x-permission" = json!("absence.view")))
)]
#[get("/absences")]
pub(crate) async fn list_absences(
    state: web::Data<State>,
    permit: Permit<may::AbsenceView>,
    query: Query<ListAbsences>,
) -> ApiResult<web::Json<AbsencePage>> {
    let Session { actor, grants_version, .. } = &*permit;
    let list = format!("absences {} {}", actor.user, query.0.identity());
    let ListAbsences { own, place, person, at, from, to, cursor, limit: size } = query.0;
    let limit = limit(size)?;
    let keys = state.store.keys();
    let after = cursor.map(|cursor| cursor::open_at(keys, &list, &cursor)).transpose()?;
    let after = after.map(|(at, id)| (at, AbsenceId(id)));
    for (field, time) in [("?at", at), ("?from", from), ("?to", to)] {
        comparable(field, time)?;
    }
    let place = place
        .map(|code| state.store.place_code(&code).map_err(|refusal| fault(refusal, Some("?place".into()))))
        .transpose()?;
    let (own, places) = lens(actor, own, place)?;
    let query = AbsenceQuery { own, places, person: person.map(UserId), at, from, to, limit, after };
    let page = state.store.absences(&query, actor, *grants_version).await?;
    let shown = |absence: absence::Absence| Absence {
        reason: absence.reason.clone().filter(|_| own.is_none() || concerns(actor, &absence)),
        ..Absence::from(&absence)
    };
    Ok(web::Json(AbsencePage {
        items: page.items.into_iter().map(shown).collect(),
        next_cursor: page.next.map(|(at, id)| cursor::seal_at(keys, &list, at, id.0)),
    }))
}

/// Their area, or, for whoever has none or asks for it, what is their own; and the places to look at.
fn lens(
    actor: &Actor,
    own: Option<bool>,
    place: Option<PlaceCode>,
) -> Result<(Option<UserId>, Vec<PlaceCode>), Fault> {
    let has_area = actor.area_of(Action::AbsenceView).next().is_some();
    if own == Some(true) || !has_area {
        return Ok((Some(actor.user), place.into_iter().collect()));
    }
    let places = within(actor.area_of(Action::AbsenceView), place);
    if places.iter().any(|other| other.county() != places[0].county()) {
        return Err(Fault::of("?place", "absence.place_required", vec![]));
    }
    Ok((None, places))
}

/// Why somebody is away is for them, for whoever entered it, and for those in whose area they are; not for whoever stands in.
fn concerns(actor: &Actor, absence: &absence::Absence) -> bool {
    [absence.person, absence.created_by].contains(&actor.user)
}

/// Ends an absence now.
#[utoipa::path(
    tag = "值班",
    operation_id = "end_absence",
    summary = "销假",
    description = "请假即刻结束；尚未开始的视为从未请假，`ends_at` 等于 `starts_at`。由本人，或其全部任职都在自己范围内的人员办理。\
        已结束的不能再销假（409）。",
    request_body = Empty,
    responses((status = 200, description = "已销假", body = Absence, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("absence.edit")))
)]
#[post("/absences/{id}/end")]
pub(crate) async fn end_absence(
    state: web::Data<State>,
    permit: Permit<may::AbsenceEdit>,
    path: AbsencePath,
    conditions: Conditions,
    body: Body<Empty>,
) -> ApiResult<HttpResponse> {
    let Session { actor, grants_version, .. } = &*permit;
    let key = conditions.key(&state, actor.user, &body.bytes);
    let (now, if_match) = (state.clock.now(), conditions.if_match);
    let request = Request { actor, grants_version: *grants_version, now, if_match, key };
    let render = |absence: &_| answer(StatusCode::OK, absence);
    state.store.end_absence(&request, path.0, render).await.map(deliver).map_err(failed)
}
