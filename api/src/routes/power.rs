//! The street's five powers (五项权力): when they were used, and what came of it.

use crate::app::State;
use crate::auth::{Permit, may};
use crate::edge::language;
use crate::error::ApiResult;
use crate::extract::{Body, Conditions, MatterPath, Query};
use crate::routes::matter::{self, at, lens_of, must_be_known, page, request, seen, shown};
use crate::routes::ticket::text;
use crate::routes::tie::place_named;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use domain::id::UnitId;
use domain::matter::MatterView;
use domain::permission::Action;
use domain::power;
use domain::refusal::Refusal;
use domain::tie::Holder;
use openapi::power::{ListPowers, Power, PowerPage, RecordOutcome, UsePower};

/// Records the use of a power.
#[utoipa::path(
    tag = "社区减负",
    operation_id = "use_power",
    summary = "行使五项权力",
    description = "街道或县记录一次权力行使：人事考核和征得同意、规划参与、综合管理、重大决策建议、重大项目建议。",
    request_body = UsePower,
    responses((status = 201, description = "已记录", body = Power, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("power.use")))
)]
#[post("/powers")]
pub(crate) async fn use_power(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PowerUse>,
    conditions: Conditions,
    body: Body<UsePower>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let UsePower { place, which, text: said, unit } = body.value;
    let (lang, now) = (language(&http), request.now);
    let said = text(&state, "/text", said, now)?;
    let place = place_named(&state, &permit, &place).await?;
    let unit = unit.map(UnitId);
    if let Some(unit) = unit {
        must_be_known(&state, &permit, Holder::Unit(unit), &place.place.code, "/unit").await?;
    }
    let code = place.place.code;
    let begin = || async {
        Ok(power::Power::exercise((which.0, &said), unit, request.actor, &code, now)
            .map_err(Refusal::from)?)
    };
    matter::begin(&state, &request, at(place, &request), begin, |view: &MatterView<_>| Power::new(view, lang))
        .await
}

/// How powers were used, the latest first.
#[utoipa::path(
    tag = "社区减负",
    operation_id = "list_powers",
    summary = "五项权力行使记录",
    description = "本人范围内的，按权力、状态、单位筛选，新的在前。",
    params(ListPowers),
    responses((status = 200, description = "一页权力行使记录", body = PowerPage)),
    extensions(("x-permission" = json!("power.view")))
)]
#[get("/powers")]
pub(crate) async fn list_powers(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PowerView>,
    query: Query<ListPowers>,
) -> ApiResult<web::Json<PowerPage>> {
    let list = query.0.identity();
    let ListPowers { place, which, status, unit, cursor, limit } = query.0;
    let lang = language(&http);
    let mut query = lens_of(&state, &permit, Action::PowerView, (place.as_deref(), unit))?;
    query.topic = which.map(|which| which.name().to_owned());
    query.status = status.map(Into::into);
    let item = |view: &MatterView<_>| Power::new(view, lang);
    let (items, next_cursor) = page(&state, &permit, &list, query, (cursor, limit), item).await?;
    Ok(web::Json(PowerPage { items, next_cursor }))
}

/// One use of a power.
#[utoipa::path(
    tag = "社区减负",
    operation_id = "get_power",
    summary = "查看一次权力行使",
    description = "哪一项权力、提出了什么、向哪个单位、结果如何。",
    responses((status = 200, description = "权力行使", body = Power, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("power.view")))
)]
#[get("/powers/{id}")]
pub(crate) async fn get_power(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PowerView>,
    path: MatterPath,
) -> ApiResult<HttpResponse> {
    let view = seen(&state, &permit, path.0).await?;
    Ok(shown(&view, Power::new(&view, language(&http))))
}

/// Records what came of it.
#[utoipa::path(
    tag = "社区减负",
    operation_id = "record_outcome",
    summary = "记录权力行使结果",
    description = "是否采纳、结果如何，只能记录一次。",
    request_body = RecordOutcome,
    responses((status = 200, description = "已记录", body = Power, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("power.use")))
)]
#[post("/powers/{id}/outcome")]
pub(crate) async fn record_outcome(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::PowerUse>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<RecordOutcome>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now) = (language(&http), request.now);
    let RecordOutcome { adopted, text: said } = body.value;
    let said = text(&state, "/text", said, now)?;
    let decide = |view: &MatterView<power::Power>| {
        Ok(view.matter.conclude(adopted, &said, request.actor, &view.place.code, now)?)
    };
    matter::change(&state, &request, path.0, decide, |view: &MatterView<_>| Power::new(view, lang)).await
}
