//! The burden register (负担清单) of communities.

use crate::app::State;
use crate::auth::{Permit, may};
use crate::edge::language;
use crate::error::ApiResult;
use crate::extract::{Body, Conditions, MatterPath, Query};
use crate::routes::matter::{self, at, lens, lens_of, must_be_known, page, request, seen, shown};
use crate::routes::ticket::text;
use crate::routes::tie::place_named;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use domain::burden;
use domain::id::UnitId;
use domain::matter::MatterView;
use domain::permission::Action;
use domain::refusal::Refusal;
use domain::tie::Holder;
use infra::store::MatterLens;
use openapi::burden::{
    Burden, BurdenCounts, BurdenPage, CountBurdens, EnterBurden, ListBurdens, ReduceBurden,
};

/// Enters a burden.
#[utoipa::path(
    tag = "社区减负",
    operation_id = "enter_burden",
    summary = "登记负担",
    description = "部门在社区设的机构、牌子、会议、台账，每项一条。",
    request_body = EnterBurden,
    responses((status = 201, description = "已登记", body = Burden, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("burden.edit")))
)]
#[post("/burdens")]
pub(crate) async fn enter_burden(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::BurdenEdit>,
    conditions: Conditions,
    body: Body<EnterBurden>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let EnterBurden { place, kind, name, unit } = body.value;
    let (lang, now) = (language(&http), request.now);
    let name = text(&state, "/name", name, now)?;
    let place = place_named(&state, &permit, &place).await?;
    let unit = unit.map(UnitId);
    if let Some(unit) = unit {
        must_be_known(&state, &permit, Holder::Unit(unit), &place.place.code, "/unit").await?;
    }
    let code = place.place.code;
    let begin = || async {
        Ok(burden::Burden::enter((kind.0, &name), unit, request.actor, &code, now).map_err(Refusal::from)?)
    };
    matter::begin(&state, &request, at(place, &request), begin, |view: &MatterView<_>| {
        Burden::new(view, lang)
    })
    .await
}

/// Burdens, the latest first.
#[utoipa::path(
    tag = "社区减负",
    operation_id = "list_burdens",
    summary = "负担清单",
    description = "本人范围内的，按种类、是否在册、设立单位筛选，新登记的在前。",
    params(ListBurdens),
    responses((status = 200, description = "一页负担清单", body = BurdenPage)),
    extensions(("x-permission" = json!("burden.view")))
)]
#[get("/burdens")]
pub(crate) async fn list_burdens(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::BurdenView>,
    query: Query<ListBurdens>,
) -> ApiResult<web::Json<BurdenPage>> {
    let list = query.0.identity();
    let ListBurdens { place, kind, open, unit, cursor, limit } = query.0;
    let lang = language(&http);
    let mut query = lens_of(&state, &permit, Action::BurdenView, (place.as_deref(), unit))?;
    query.topic = kind.map(|kind| kind.name().to_owned());
    query.open = open;
    let item = |view: &MatterView<_>| Burden::new(view, lang);
    let (items, next_cursor) = page(&state, &permit, &list, query, (cursor, limit), item).await?;
    Ok(web::Json(BurdenPage { items, next_cursor }))
}

/// How many burdens there are.
#[utoipa::path(
    tag = "社区减负",
    operation_id = "count_burdens",
    summary = "清点负担",
    description = "本人范围内一地各类负担的数目：在册多少、已精简多少。",
    params(CountBurdens),
    responses((status = 200, description = "各类负担的数目", body = BurdenCounts)),
    extensions(("x-permission" = json!("burden.view")))
)]
#[get("/burdens/count")]
pub(crate) async fn count_burdens(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::BurdenView>,
    query: Query<CountBurdens>,
) -> ApiResult<web::Json<BurdenCounts>> {
    let query = lens(&state, &permit, Action::BurdenView, query.0.place.as_deref(), false)?;
    let MatterLens::Area(places) = query.lens else { return Ok(web::Json(BurdenCounts { items: vec![] })) };
    let counts = state.store.count_topics::<burden::Burden>(&places, &permit.actor, permit.grants_version);
    let counts = counts.await?;
    let count = |kind: &'static str| {
        let found = counts.iter().find(|count| count.topic == kind);
        found.map_or((0, 0), |count| (count.open, count.over))
    };
    Ok(web::Json(BurdenCounts::new(language(&http), count)))
}

/// One burden.
#[utoipa::path(
    tag = "社区减负",
    operation_id = "get_burden",
    summary = "查看负担",
    description = "名称、设立单位、是否已精简。",
    responses((status = 200, description = "负担", body = Burden, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("burden.view")))
)]
#[get("/burdens/{id}")]
pub(crate) async fn get_burden(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::BurdenView>,
    path: MatterPath,
) -> ApiResult<HttpResponse> {
    let view = seen(&state, &permit, path.0).await?;
    Ok(shown(&view, Burden::new(&view, language(&http))))
}

/// Takes a burden away.
#[utoipa::path(
    tag = "社区减负",
    operation_id = "reduce_burden",
    summary = "精简负担",
    description = "清理机构、取消牌子、精简会议和台账，写明依据；记录保留。",
    request_body = ReduceBurden,
    responses((status = 200, description = "已精简", body = Burden, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("burden.edit")))
)]
#[post("/burdens/{id}/reduce")]
pub(crate) async fn reduce_burden(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::BurdenEdit>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<ReduceBurden>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now) = (language(&http), request.now);
    let reason = text(&state, "/reason", body.value.reason, now)?;
    let decide = |view: &MatterView<burden::Burden>| {
        Ok(view.matter.reduce(&reason, request.actor, &view.place.code, now)?)
    };
    matter::change(&state, &request, path.0, decide, |view: &MatterView<_>| Burden::new(view, lang)).await
}
