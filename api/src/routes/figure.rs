//! Figures and rates of places and units.

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Query, comparable_day};
use actix_web::{get, web};
use chrono::{Days, NaiveDate};
use domain::figure::{Counted, FigureScope, RateRule};
use domain::id::UnitId;
use domain::place::PlaceCode;
use domain::time::china_day;
use openapi::figure::{
    Adjusted, AskFigures, AskPlaces, Day, Figures, PlaceFigures, PlacesFigures, Totals, rates,
};
use openapi::problem::{Fault, Problem};
use std::ops::RangeInclusive;

/// How many days may be asked for.
const MOST_DAYS: u64 = 366;
/// How many are shown where nobody says.
const USUAL_DAYS: u64 = 30;

/// The figures of a place or unit.
#[utoipa::path(
    tag = "统计",
    operation_id = "figures",
    summary = "统计",
    description = "一个地点（含其下各级）或一个主办单位的统计数和指标，按提交日合计。地点须在本人范围内；单位须为本人的，或其所在县在本人范围内。\
        指标由规程定义；申诉获准的另有剔除后的数（`adjusted`）。办理有进展约 0.1 秒后计入。",
    params(AskFigures),
    responses(
        (status = 200, description = "统计", body = Figures),
        (status = 404, description = "地点或单位不存在，或不在范围内", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("figure.view")))
)]
#[get("/figures")]
pub(crate) async fn figures(
    state: web::Data<State>,
    permit: Permit<may::FigureView>,
    query: Query<AskFigures>,
) -> ApiResult<web::Json<Figures>> {
    let Session { actor, grants_version, .. } = &*permit;
    let AskFigures { place, unit, from, to } = query.0;
    let days = days(&state, from, to)?;
    let (scope, county) = match (place, unit) {
        (Some(place), None) => {
            let place = seen(&state, &permit, &place)?;
            (FigureScope::Place(place), place)
        }
        (None, Some(unit)) => {
            let unit = UnitId(unit);
            let county = state.store.unit_county(unit).await?;
            let county = county.filter(|county| actor.sees_figures_of_unit(unit, county));
            (FigureScope::Unit(unit), county.ok_or_else(|| ApiError::new("figure.not_found"))?)
        }
        (Some(_), Some(_)) | (None, None) => {
            return Err(ApiError::from(Fault::of("?place", "figure.place_or_unit", vec![])));
        }
    };
    let of_days = state.store.figures(&scope, &days, actor, *grants_version).await?;
    let mut total = Counted::default();
    of_days.values().for_each(|counted| total.add(counted));
    let rules = rules(&state, &county)?;
    let (place, unit) = match scope {
        FigureScope::Place(place) => (Some(place.to_string()), None),
        FigureScope::Unit(unit) => (None, Some(unit.0)),
    };
    Ok(web::Json(Figures {
        place,
        unit,
        from: *days.start(),
        to: *days.end(),
        totals: Totals::from(&total.all),
        rates: rates(&rules, &total.all),
        adjusted: Adjusted::new(&total, &rules),
        days: of_days.iter().map(|(day, counted)| of_day(*day, counted)).collect(),
    }))
}

/// The figures of the places directly below one.
#[utoipa::path(
    tag = "统计",
    operation_id = "figures_of_places",
    summary = "下一级各地点的统计",
    description = "一个地点的下一级各一行，供排名和下钻；没有点单的也在列。地点须在本人范围内。",
    params(AskPlaces),
    responses(
        (status = 200, description = "各地点的统计", body = PlacesFigures),
        (status = 404, description = "地点不存在，或不在范围内", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("figure.view")))
)]
#[get("/figures/places")]
pub(crate) async fn figures_of_places(
    state: web::Data<State>,
    permit: Permit<may::FigureView>,
    query: Query<AskPlaces>,
) -> ApiResult<web::Json<PlacesFigures>> {
    let Session { actor, grants_version, .. } = &*permit;
    let AskPlaces { place, from, to } = query.0;
    let days = days(&state, from, to)?;
    let place = seen(&state, &permit, &place)?;
    let book = state.store.playbook(place.county())?;
    let levels = book.code_levels();
    let below = place.level(&levels).and_then(|level| levels.lengths().get(level + 1));
    let items = match below {
        Some(digits) => state.store.figures_below(&place, *digits, &days, actor, *grants_version).await?,
        None => vec![],
    };
    Ok(web::Json(PlacesFigures {
        place: place.to_string(),
        from: *days.start(),
        to: *days.end(),
        items: items.into_iter().map(|view| PlaceFigures::new(view, &book.rates)).collect(),
    }))
}

fn of_day(day: NaiveDate, counted: &Counted) -> Day {
    Day { day, totals: Totals::from(&counted.all), adjusted: Totals::from(&counted.adjusted()) }
}

/// A place whose figures are theirs to see.
fn seen(state: &State, session: &Session, code: &str) -> ApiResult<PlaceCode> {
    let place = state.store.place_code(code).map_err(|refusal| fault(refusal, Some("?place".into())))?;
    let theirs = session.actor.sees_figures_of_place(&place);
    if theirs { Ok(place) } else { Err(ApiError::new("figure.not_found")) }
}

fn rules(state: &State, place: &PlaceCode) -> ApiResult<Vec<RateRule>> {
    Ok(state.store.playbook(place.county())?.rates.clone())
}

/// The days that are asked for, both included.
fn days(
    state: &State,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
) -> Result<RangeInclusive<NaiveDate>, Fault> {
    comparable_day("?from", from)?;
    comparable_day("?to", to)?;
    let to = to.unwrap_or_else(|| china_day(state.clock.now()));
    let from = from.unwrap_or_else(|| to - Days::new(USUAL_DAYS - 1));
    let last = from + Days::new(MOST_DAYS - 1);
    if (from..=last).contains(&to) {
        return Ok(from..=to);
    }
    Err(Fault::of("?to", "request.out_of_range", vec![])
        .with("min", from)
        .with("max", last)
        .with("value", to))
}
