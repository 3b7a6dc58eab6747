//! Deeds (纪实), and the visits of linked leaders.

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::cursor;
use crate::edge::language;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Body, Conditions, DeedPath, PlacePath, Query, comparable_day, limit};
use crate::routes::person::within;
use crate::routes::ticket::{deliver, text};
use crate::routes::tie::{place_named, shown};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{Datelike, NaiveDate};
use domain::calendar::{CalendarRefusal, YEARS};
use domain::deed::{self, MAX_ACCOUNT};
use domain::id::{DeedId, UnitId, UserId};
use domain::permission::Action;
use domain::place::NetRefusal;
use domain::text::FreeText;
use domain::tie::{Holder, TieRefusal};
use domain::time::china_day;
use domain::view::DeedView;
use infra::entropy;
use infra::store::{Answer, ChangeError, DeedLens, DeedQuery, NewDeed, Request};
use openapi::deed::{
    CreateDeed, Deed, DeedDone, DeedPage, LeaderVisits, ListDeeds, RetractDeed, Visits, VisitsOf,
};
use openapi::problem::Fault;
use uuid::Uuid;

/// The bytes of a cursor: days since the common era, and a deed.
const CURSOR: usize = 4 + 16;

fn failed(error: ChangeError) -> ApiError {
    match error {
        ChangeError::OtherVersion => ApiError::new("deed.version_mismatch"),
        error => error.into(),
    }
}

/// Writes a deed down.
#[utoipa::path(
    tag = "纪实",
    operation_id = "create_deed",
    summary = "记纪实",
    description = "人员或单位在某地做了什么：领导走访、服务、活动。本人、本单位的人，或管理该地关系的人可以记；走访须是当天挂联该地（或其上级）的领导。",
    request_body = CreateDeed,
    responses((status = 201, description = "已记下", body = DeedDone, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("deed.record")))
)]
#[post("/deeds")]
pub(crate) async fn create_deed(
    state: web::Data<State>,
    permit: Permit<may::DeedRecord>,
    conditions: Conditions,
    body: Body<CreateDeed>,
) -> ApiResult<HttpResponse> {
    let CreateDeed { kind, person, unit, place, on, account, served } = body.value;
    let by = match (person, unit) {
        (Some(person), None) => Holder::Person(UserId(person)),
        (None, Some(unit)) => Holder::Unit(UnitId(unit)),
        _ => return Err(fault(TieRefusal::HolderOneOf, None).into()),
    };
    comparable_day("/on", on)?;
    let at = |refusal| fault(refusal, Some("/account".into()));
    FreeText::check(&account, MAX_ACCOUNT).map_err(at)?;
    let now = state.clock.now();
    let account = text(&state, "/account", account, now)?;
    let at = place_named(&state, &permit, &place).await?.place;
    let deed = deed::Deed {
        id: DeedId(entropy::id(now)),
        kind: kind.0,
        by,
        place: at.id,
        on: on.unwrap_or_else(|| china_day(now)),
        tie: None,
        account: account.reference,
        served,
        version: 1,
        created_at: now,
        retracted_at: None,
    };
    let Session { actor, grants_version, .. } = &*permit;
    let key = conditions.key(&state, actor.user, &body.bytes);
    let request = Request { actor, grants_version: *grants_version, now, if_match: None, key };
    let render = |deed: &deed::Deed| {
        let body = serde_json::to_vec(&DeedDone::from(deed)).unwrap_or_default();
        Answer { status: StatusCode::CREATED.as_u16(), version: deed.version, body }
    };
    let new = NewDeed { deed, at, account };
    state.store.record_deed(&request, &new, render).await.map(deliver).map_err(failed)
}

/// Deeds, the latest first.
#[utoipa::path(
    tag = "纪实",
    operation_id = "list_deeds",
    summary = "纪实列表",
    description = "本人范围内的纪实，近的在前；可按地点、单位、人员看。筛选每次至多查 5000 条，以 `next_cursor` 为准。",
    params(ListDeeds),
    responses((status = 200, description = "一页纪实", body = DeedPage)),
    extensions(("x-permission" = json!("tie.view")))
)]
#[get("/deeds")]
pub(crate) async fn list_deeds(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::TieView>,
    query: Query<ListDeeds>,
) -> ApiResult<web::Json<DeedPage>> {
    let Session { actor, grants_version, .. } = &*permit;
    let list = format!("deeds {} {}", actor.user, query.0.identity());
    let ListDeeds { place, unit, person, kind, from, to, cursor: after, limit: size } = query.0;
    let (limit, keys, lang) = (limit(size)?, state.store.keys(), language(&http));
    comparable_day("?from", from)?;
    comparable_day("?to", to)?;
    let after = after.map(|after| cursor::open::<CURSOR>(keys, &list, &after)).transpose()?;
    let after = after.map(|bytes| opened(&bytes)).transpose()?;
    let lens = match (unit, person) {
        (None, None) => DeedLens::County,
        (Some(unit), None) => DeedLens::Unit(UnitId(unit)),
        (None, Some(person)) => DeedLens::Person(UserId(person)),
        _ => return Err(fault(TieRefusal::HolderOneOf, Some("?person".into())).into()),
    };
    let place = place
        .map(|code| state.store.place_code(&code).map_err(|refusal| fault(refusal, Some("?place".into()))))
        .transpose()?;
    let places = within(actor.area_of(Action::TieView), place);
    if lens == DeedLens::County && places.iter().any(|other| other.county() != places[0].county()) {
        return Err(ApiError::from(Fault::of("?place", "shift.place_required", vec![])));
    }
    let query = DeedQuery { lens, places, kind, from, to, limit, after };
    let page = state.store.deeds(&query, actor, *grants_version).await?;
    let seal = |(day, id): (NaiveDate, DeedId)| {
        let day = day.num_days_from_ce().to_be_bytes();
        cursor::seal(keys, &list, &[day.as_slice(), id.0.as_bytes()].concat())
    };
    Ok(web::Json(DeedPage {
        items: page.items.iter().map(|view| Deed::new(view, lang)).collect(),
        next_cursor: page.next.map(seal),
    }))
}

fn opened(bytes: &[u8; CURSOR]) -> ApiResult<(NaiveDate, DeedId)> {
    let invalid = || ApiError::new("cursor.invalid");
    let (day, id) = bytes.split_first_chunk::<4>().ok_or_else(invalid)?;
    let day = NaiveDate::from_num_days_from_ce_opt(i32::from_be_bytes(*day)).ok_or_else(invalid)?;
    Ok((day, DeedId(Uuid::from_slice(id).map_err(|_| invalid())?)))
}

/// Takes a deed back.
#[utoipa::path(
    tag = "纪实",
    operation_id = "retract_deed",
    summary = "撤回纪实",
    description = "记错、重复的纪实不再计数；记录保留在审计中。",
    request_body = RetractDeed,
    responses((status = 200, description = "已撤回", body = Deed, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("deed.record")))
)]
#[post("/deeds/{id}/retract")]
pub(crate) async fn retract_deed(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::DeedRecord>,
    path: DeedPath,
    conditions: Conditions,
    body: Body<RetractDeed>,
) -> ApiResult<HttpResponse> {
    let Session { actor, grants_version, .. } = &*permit;
    let key = conditions.key(&state, actor.user, &body.bytes);
    let (now, if_match, lang) = (state.clock.now(), conditions.if_match, language(&http));
    let reason = text(&state, "/reason", body.value.reason, now)?;
    let request = Request { actor, grants_version: *grants_version, now, if_match, key };
    let sees = |view: &DeedView| {
        let own = match view.deed.by {
            Holder::Person(person) => person == actor.user,
            Holder::Unit(unit) => actor.units().any(|own| own == unit),
        };
        own || actor.area_of(Action::TieView).any(|area| area.covers(&view.at.code))
    };
    let render = |view: &DeedView| {
        let body = serde_json::to_vec(&Deed::new(view, lang)).unwrap_or_default();
        Answer { status: 200, version: view.deed.version, body }
    };
    let retracted = state.store.retract_deed(&request, path.0, &reason, sees, render).await;
    retracted.map(deliver).map_err(failed)
}

/// How often linked leaders came.
#[utoipa::path(
    tag = "纪实",
    operation_id = "place_visits",
    summary = "挂联领导走访情况",
    description = "挂联该地及其下各级的每位领导一年走访了几次、还差几次（规程规定每年至少几次）。",
    params(VisitsOf),
    responses((status = 200, description = "走访情况", body = Visits)),
    extensions(("x-permission" = json!("tie.view")))
)]
#[get("/places/{id}/visits")]
pub(crate) async fn place_visits(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::TieView>,
    path: PlacePath,
    query: Query<VisitsOf>,
) -> ApiResult<web::Json<Visits>> {
    let Session { actor, grants_version, .. } = &*permit;
    let (now, lang) = (state.clock.now(), language(&http));
    let year = query.0.year.unwrap_or_else(|| china_day(now).year());
    let (first, last) = (NaiveDate::from_ymd_opt(year, 1, 1), NaiveDate::from_ymd_opt(year, 12, 31));
    let (Some(from), Some(to), true) = (first, last, YEARS.contains(&year)) else {
        return Err(fault(CalendarRefusal::YearOutOfRange { year }, Some("?year".into())).into());
    };
    let found = state.store.place(path.0, actor, *grants_version).await?;
    let code = found.map(|(entry, _)| entry.place.code);
    let seen = code.filter(|code| actor.area_of(Action::TieView).any(|area| area.covers(code)));
    let code = seen.ok_or_else(|| ApiError::from(fault(NetRefusal::NotFound, None)))?;
    let playbook = state.store.playbook(code.county()).map_err(ApiError::from)?;
    let (views, more) = state.store.visits(&code, (from, to), actor, *grants_version).await?;
    let item = |view| LeaderVisits::new(view, &playbook, shown(actor, &code), lang);
    let items = views.iter().map(item).collect();
    Ok(web::Json(Visits { year, due: playbook.visits_a_year, items, more }))
}
