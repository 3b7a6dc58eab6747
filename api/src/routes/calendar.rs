//! Which days are worked.

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Body, Conditions, Query, YearPath};
use crate::routes::ticket::{deliver, etag};
use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::{HttpResponse, get, put, web};
use domain::calendar::{EffectiveYear, EnteredYear, missing_years};
use domain::place::{Levels, PlaceCode};
use infra::store::{Answer, ChangeError, Request};
use openapi::calendar::{AskCalendar, CalendarList, CalendarYear, EditCalendar};
use openapi::problem::Fault;

fn answer(year: &EffectiveYear) -> Answer {
    let body = serde_json::to_vec(&CalendarYear::from(year)).unwrap_or_default();
    Answer { status: StatusCode::OK.as_u16(), version: year.version.unwrap_or_default(), body }
}

fn failed(error: ChangeError) -> ApiError {
    match error {
        ChangeError::OtherVersion => ApiError::new("calendar.version_mismatch"),
        error => error.into(),
    }
}

/// A place that a client names, of a county that has a playbook.
fn place(state: &State, code: Option<String>, field: &str) -> Result<Option<PlaceCode>, Fault> {
    let Some(code) = code else { return Ok(None) };
    let at = || Some(field.to_owned());
    let place = state.store.place_code(&code).map_err(|refusal| fault(refusal, at()))?;
    state.store.playbook(place.county()).map_err(|refusal| fault(refusal, at()))?;
    Ok(Some(place))
}

/// The county of a place that a client asks about.
fn county(state: &State, query: AskCalendar) -> Result<Option<PlaceCode>, Fault> {
    let place = place(state, query.place, "?place")?;
    let county = |place: PlaceCode| PlaceCode::parse(place.county(), &Levels::default());
    place.map(county).transpose().map_err(|refusal| fault(refusal, Some("?place".into())))
}

/// The years that were entered.
#[utoipa::path(
    tag = "日历",
    operation_id = "list_calendars",
    summary = "已录入的日历",
    description = "全国各年的，以及 `place` 所在县自有的，年份新的在前。`missing` 是应尽快录入的年份：当年，以及 10 月 1 日起的下一年。",
    params(AskCalendar),
    responses((status = 200, description = "已录入的日历", body = CalendarList)),
    extensions(("x-permission" = json!("calendar.view")))
)]
#[get("/calendars")]
pub(crate) async fn list_calendars(
    state: web::Data<State>,
    permit: Permit<may::CalendarView>,
    query: Query<AskCalendar>,
) -> ApiResult<web::Json<CalendarList>> {
    let Session { actor, grants_version, .. } = &*permit;
    let county = county(&state, query.0)?;
    let entered = state.store.calendars(county.as_ref(), actor, *grants_version).await?;
    let knows = |year| entered.iter().any(|entry: &EnteredYear| entry.county.is_none() && entry.year == year);
    let missing = missing_years(state.clock.now(), knows);
    Ok(web::Json(CalendarList { items: entered.into_iter().map(Into::into).collect(), missing }))
}

/// A year as it holds somewhere.
#[utoipa::path(
    tag = "日历",
    operation_id = "get_calendar",
    summary = "查看一年的日历",
    description = "一个县实际执行的节假日和调休（全国的，叠加县里自有的）、工作时段和全年工作日数；不填 `place` 为全国。\
        `ETag` 是此处所录内容的版本，没有录入过则没有。",
    params(("year" = i32, Path, description = "年份，2000 至 2100", example = 2026), AskCalendar),
    responses((status = 200, description = "一年的日历", body = CalendarYear, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("calendar.view")))
)]
#[get("/calendars/{year}")]
pub(crate) async fn get_calendar(
    state: web::Data<State>,
    permit: Permit<may::CalendarView>,
    path: YearPath,
    query: Query<AskCalendar>,
) -> ApiResult<HttpResponse> {
    let county = county(&state, query.0)?;
    let year = state.store.calendar(path.0, county.as_ref(), &permit.actor, permit.grants_version).await?;
    let mut found = HttpResponse::Ok();
    if let Some(version) = year.version {
        found.insert_header((ETAG, etag(version)));
    }
    Ok(found.json(CalendarYear::from(&year)))
}

/// Enters a year.
#[utoipa::path(
    tag = "日历",
    operation_id = "edit_calendar",
    summary = "录入一年的日历",
    description = "整年替换：不填 `place` 为全国（系统管理员），填 6 位县级代码为该县自有的（管到全县的管理员）。县里自有的逐日覆盖全国的：\
        民族自治地方的节日写在 `holidays`，全国放假而县里上班的写在 `workdays`。此后开始的时限按新日历计算，正在走的不变。记入审计。",
    params(("year" = i32, Path, description = "年份，2000 至 2100", example = 2027)),
    request_body = EditCalendar,
    responses((status = 200, description = "已录入", body = CalendarYear, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("calendar.edit")))
)]
#[put("/calendars/{year}")]
pub(crate) async fn edit_calendar(
    state: web::Data<State>,
    permit: Permit<may::CalendarEdit>,
    path: YearPath,
    conditions: Conditions,
    body: Body<EditCalendar>,
) -> ApiResult<HttpResponse> {
    let now = state.clock.now();
    let Session { actor, grants_version, .. } = &*permit;
    let key = conditions.key(&state, actor.user, &body.bytes);
    let (code, days) = body.value.into_days();
    let county = place(&state, code, "/place")?;
    let faults: Vec<_> = days.faults(path.0).into_iter().map(|refusal| fault(refusal, None)).collect();
    if !faults.is_empty() {
        return Err(ApiError { faults, cause: None });
    }
    let request = Request { actor, grants_version: *grants_version, now, if_match: conditions.if_match, key };
    let entered = state.store.replace_calendar(&request, path.0, county.as_ref(), &days, answer).await;
    entered.map(deliver).map_err(failed)
}
