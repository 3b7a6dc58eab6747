//! Appraisals of units: how they answered whistles, and what is thought of it.

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::cursor;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Query, UnitPath, limit};
use actix_web::{get, web};
use chrono::Datelike;
use domain::appraisal;
use domain::calendar::YEARS;
use domain::id::UnitId;
use domain::time::china_day;
use domain::unit::UnitRefusal;
use infra::store::AppraisalQuery;
use openapi::appraisal::{Appraisal, AppraisalPage, AskAppraisal, ListAppraisals};
use openapi::problem::{Fault, Problem};
use uuid::Uuid;

/// The appraisal of a unit.
#[utoipa::path(
    tag = "统计",
    operation_id = "unit_appraisal",
    summary = "单位考评",
    description = "一个单位一年内被吹哨的次数、报到情况和评价：同一社区先各级平均，再各社区平均，按规程的权重计入考评。\
        单位须为本人的，或其所在县在本人范围内。办理有进展约 0.1 秒后计入；逾期未报到按当前时刻计。",
    params(AskAppraisal),
    responses((status = 200, description = "考评", body = Appraisal)),
    extensions(("x-permission" = json!("appraisal.view")))
)]
#[get("/units/{id}/appraisal")]
pub(crate) async fn unit_appraisal(
    state: web::Data<State>,
    permit: Permit<may::AppraisalView>,
    path: UnitPath,
    query: Query<AskAppraisal>,
) -> ApiResult<web::Json<Appraisal>> {
    let Session { actor, grants_version, .. } = &*permit;
    let (id, year) = (path.0, year(&state, query.0.year)?);
    let unit = state.store.unit(id, actor, *grants_version).await?;
    let unit = unit.filter(|unit| actor.sees_appraisal_of_unit(id, &unit.county));
    let unit = unit.ok_or_else(|| ApiError::from(fault(UnitRefusal::NotFound, None)))?;
    let rule = &state.store.playbook(unit.county.county())?.whistle;
    let now = state.clock.now();
    let answers = state.store.unit_answers(id, year, actor, *grants_version, now).await?;
    let counted = appraisal::Appraisal::of(answers, rule);
    Ok(web::Json(Appraisal::new((id, unit.profile.name), year, rule.weight_percent, counted)))
}

/// The appraisals of the units that were called somewhere.
#[utoipa::path(
    tag = "统计",
    operation_id = "list_appraisals",
    summary = "考评列表",
    description = "一个地点（社区及以上）一年内被吹哨的各单位，只计其中各社区的呼叫与评价。地点须在本人范围内。",
    params(ListAppraisals),
    responses(
        (status = 200, description = "一页考评", body = AppraisalPage),
        (status = 404, description = "地点不存在，或不在范围内", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("appraisal.view")))
)]
#[get("/appraisals")]
pub(crate) async fn list_appraisals(
    state: web::Data<State>,
    permit: Permit<may::AppraisalView>,
    query: Query<ListAppraisals>,
) -> ApiResult<web::Json<AppraisalPage>> {
    let Session { actor, grants_version, .. } = &*permit;
    let list = format!("appraisals {} {}", actor.user, query.0.identity());
    let ListAppraisals { place, year: asked, cursor, limit: size } = query.0;
    let (limit, year) = (limit(size)?, year(&state, asked)?);
    let keys = state.store.keys();
    let after = cursor.map(|cursor| cursor::open::<16>(keys, &list, &cursor)).transpose()?;
    let after = after.map(|id| UnitId(Uuid::from_bytes(id)));
    let place = state.store.place_code(&place).map_err(|refusal| fault(refusal, Some("?place".into())))?;
    if !actor.sees_appraisals_of_place(&place) {
        return Err(ApiError::new("figure.not_found"));
    }
    let book = state.store.playbook(place.county())?;
    let rule = &book.whistle;
    let query = AppraisalQuery { place, year, limit, after };
    let page = state.store.appraisals(&query, actor, *grants_version, state.clock.now()).await?;
    let item = |unit: infra::store::UnitAnswers| {
        let counted = appraisal::Appraisal::of(unit.communities, rule);
        Appraisal::new((unit.unit, unit.name), year, rule.weight_percent, counted)
    };
    Ok(web::Json(AppraisalPage {
        place: place.to_string(),
        year,
        items: page.items.into_iter().map(item).collect(),
        next_cursor: page.next.map(|id| cursor::seal(keys, &list, id.0.as_bytes())),
    }))
}

/// The year that is asked for; in China, this one unless said.
fn year(state: &State, asked: Option<i64>) -> Result<i32, Fault> {
    let Some(asked) = asked else { return Ok(china_day(state.clock.now()).year()) };
    let year = i32::try_from(asked).ok().filter(|year| YEARS.contains(year));
    year.ok_or_else(|| {
        Fault::of("?year", "request.out_of_range", vec![])
            .with("min", YEARS.start())
            .with("max", YEARS.end())
            .with("value", asked)
    })
}
