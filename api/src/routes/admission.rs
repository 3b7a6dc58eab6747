//! Admission of tasks (社区事务准入): what departments ask of communities.

use crate::app::State;
use crate::auth::{Permit, may};
use crate::edge::language;
use crate::error::{ApiResult, fault};
use crate::extract::{Body, Conditions, MatterPath, Query};
use crate::routes::matter::{self, at, lens, lens_of, must_be_known, page, request, seen, shown};
use crate::routes::ticket::text;
use crate::routes::tie::place_named;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use domain::actor::Actor;
use domain::admission::{self, NewAdmission};
use domain::id::UnitId;
use domain::matter::{MatterRefusal, MatterView};
use domain::permission::Action;
use domain::refusal::Refusal;
use domain::tie::Holder;
use openapi::admission::{
    Admission, AdmissionPage, AdmittedList, AskAdmission, DecideAdmission, ListAdmissions, ListAdmitted,
    ReportAdmission,
};
use uuid::Uuid;

/// Asks something of a community.
#[utoipa::path(
    tag = "社区减负",
    operation_id = "ask_admission",
    summary = "申请社区事务准入",
    description = "部门经办人为本单位申请：准入清单中（且不限部门或就是本部门）的立即准入，其余由街道或县审批，批准前社区不得承接。",
    request_body = AskAdmission,
    responses((status = 201, description = "已申请", body = Admission, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("admission.ask")))
)]
#[post("/admissions")]
pub(crate) async fn ask_admission(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::AdmissionAsk>,
    conditions: Conditions,
    body: Body<AskAdmission>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let AskAdmission { place, unit, key, what, reason, until, recurring } = body.value;
    let (lang, now) = (language(&http), request.now);
    let (what, reason) = (text(&state, "/what", what, now)?, text(&state, "/reason", reason, now)?);
    let place = place_named(&state, &permit, &place).await?;
    let unit = asking(&permit.actor, unit)?;
    must_be_known(&state, &permit, Holder::Unit(unit), &place.place.code, "/unit").await?;
    let known = state.store.unit(unit, &permit.actor, permit.grants_version).await?;
    let unit_name = known.map(|unit| unit.profile.name).unwrap_or_default();
    let book = state.store.playbook(place.place.code.county())?;
    let new = NewAdmission { unit, unit_name, key, what, reason, until: until.0, recurring };
    let code = place.place.code;
    let begin = || async {
        Ok(admission::Admission::ask(&new, &book.admitted, request.actor, &code, now)
            .map_err(Refusal::from)?)
    };
    matter::begin(&state, &request, at(place, &request), begin, |view: &MatterView<_>| {
        Admission::new(view, lang, now)
    })
    .await
}

/// The unit for which somebody asks: the one that is named, or the only one.
fn asking(actor: &Actor, named: Option<Uuid>) -> ApiResult<UnitId> {
    let mut own = actor.asking_units();
    let only = own.next().filter(|first| own.all(|other| other == *first));
    let unit = named.map(UnitId).or(only);
    Ok(unit.ok_or_else(|| fault(MatterRefusal::Who { field: "/unit" }, None))?)
}

/// Reports what was pushed on a community without admission.
#[utoipa::path(
    tag = "社区减负",
    operation_id = "report_admission",
    summary = "上报未经准入的事务",
    description = "社区上报部门未经准入交办的事务；由街道或县审批，批准前社区不得承接。",
    request_body = ReportAdmission,
    responses((status = 201, description = "已上报", body = Admission, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("admission.report")))
)]
#[post("/admissions/report")]
pub(crate) async fn report_admission(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::AdmissionReport>,
    conditions: Conditions,
    body: Body<ReportAdmission>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let ReportAdmission { place, unit, what, reason } = body.value;
    let (lang, now) = (language(&http), request.now);
    let (what, reason) = (text(&state, "/what", what, now)?, text(&state, "/reason", reason, now)?);
    let place = place_named(&state, &permit, &place).await?;
    let unit = UnitId(unit);
    must_be_known(&state, &permit, Holder::Unit(unit), &place.place.code, "/unit").await?;
    let code = place.place.code;
    let begin = || async {
        Ok(admission::Admission::report(unit, (&what, &reason), request.actor, &code, now)
            .map_err(Refusal::from)?)
    };
    matter::begin(&state, &request, at(place, &request), begin, |view: &MatterView<_>| {
        Admission::new(view, lang, now)
    })
    .await
}

/// The list of what departments may ask of communities.
#[utoipa::path(
    tag = "社区减负",
    operation_id = "list_admitted",
    summary = "准入清单",
    description = "一县规程中的社区工作事项清单：部门无需审批即可要社区做的事。",
    params(ListAdmitted),
    responses((status = 200, description = "准入清单", body = AdmittedList)),
    extensions(("x-permission" = json!("admission.view")))
)]
#[get("/admissions/listed")]
pub(crate) async fn list_admitted(
    state: web::Data<State>,
    _permit: Permit<may::AdmissionView>,
    query: Query<ListAdmitted>,
) -> ApiResult<web::Json<AdmittedList>> {
    let place = state.store.place_code(&query.0.place);
    let place = place.map_err(|refusal| fault(refusal, Some("?place".into())))?;
    let book = state.store.playbook(place.county())?;
    Ok(web::Json(AdmittedList::new(&book)))
}

/// What is asked of communities, the latest first.
#[utoipa::path(
    tag = "社区减负",
    operation_id = "list_admissions",
    summary = "准入申请列表",
    description = "本人范围内的、本单位的（`mine=true`），或某单位的（`unit`），新的在前。",
    params(ListAdmissions),
    responses((status = 200, description = "一页准入申请", body = AdmissionPage)),
    extensions(("x-permission" = json!("admission.view")))
)]
#[get("/admissions")]
pub(crate) async fn list_admissions(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::AdmissionView>,
    query: Query<ListAdmissions>,
) -> ApiResult<web::Json<AdmissionPage>> {
    let list = query.0.identity();
    let ListAdmissions { place, mine, unit, status, cursor, limit } = query.0;
    let (lang, now) = (language(&http), state.clock.now());
    let mut query = match (mine, unit) {
        (Some(true), None) => lens(&state, &permit, Action::AdmissionView, place.as_deref(), true)?,
        _ => lens_of(&state, &permit, Action::AdmissionView, (place.as_deref(), unit))?,
    };
    query.status = status.map(Into::into);
    let item = |view: &MatterView<_>| Admission::new(view, lang, now);
    let (items, next_cursor) = page(&state, &permit, &list, query, (cursor, limit), item).await?;
    Ok(web::Json(AdmissionPage { items, next_cursor }))
}

/// One thing that is asked of a community.
#[utoipa::path(
    tag = "社区减负",
    operation_id = "get_admission",
    summary = "查看准入申请",
    description = "要社区做什么、理由、审批结果，社区现在是否可以做。",
    responses((status = 200, description = "准入申请", body = Admission, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("admission.view")))
)]
#[get("/admissions/{id}")]
pub(crate) async fn get_admission(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::AdmissionView>,
    path: MatterPath,
) -> ApiResult<HttpResponse> {
    let view = seen(&state, &permit, path.0).await?;
    Ok(shown(&view, Admission::new(&view, language(&http), state.clock.now())))
}

/// Decides on what is asked of a community.
#[utoipa::path(
    tag = "社区减负",
    operation_id = "decide_admission",
    summary = "审批社区事务准入",
    description = "街道或县对清单以外的申请、对社区上报的事务作出决定，只能一次；按清单准入的可以收回（`admit` 为 false）。",
    request_body = DecideAdmission,
    responses((status = 200, description = "已审批", body = Admission, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("admission.decide")))
)]
#[post("/admissions/{id}/decide")]
pub(crate) async fn decide_admission(
    http: HttpRequest,
    state: web::Data<State>,
    permit: Permit<may::AdmissionDecide>,
    path: MatterPath,
    conditions: Conditions,
    body: Body<DecideAdmission>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let (lang, now) = (language(&http), request.now);
    let DecideAdmission { admit, reason } = body.value;
    let reason = text(&state, "/reason", reason, now)?;
    let decide = |view: &MatterView<admission::Admission>| {
        Ok(view.matter.decide(admit, &reason, request.actor, &view.place.code, now)?)
    };
    matter::change(&state, &request, path.0, decide, |view: &MatterView<_>| Admission::new(view, lang, now))
        .await
}
