//! Estates (小区) and the modes in which they are looked after (一小区一策).

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Body, Conditions, MatterPath, Query, TicketPath};
use crate::routes::matter::{answer, at, failed, lens_of, page, request, seen, shown};
use crate::routes::ticket::{deliver, seen_ticket, text};
use crate::routes::tie::place_named;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, put, web};
use domain::estate::{self, NewMode};
use domain::id::UnitId;
use domain::matter::{MatterRefusal, MatterView};
use domain::permission::Action;
use domain::place::PlaceCode;
use domain::playbook::Playbook;
use domain::refusal::Refusal;
use domain::unit::UnitKind;
use infra::store::{ChangeError, Delivered, PlaceRow, Request};
use openapi::estate::{Estate, EstatePage, ListEstates, SetEstate, TicketEstate};
use uuid::Uuid;

/// Sets the mode of an estate.
#[utoipa::path(
    tag = "小区",
    operation_id = "set_estate",
    summary = "确定小区管理方式",
    description = "一小区一策：按规程中的方式确定由物业公司、社区还是业主委员会办理物业问题。一个小区只有一种现行方式，再定即更换，记录保留。",
    request_body = SetEstate,
    responses(
        (status = 200, description = "已更换", body = Estate, headers(("ETag" = String, description = "版本"))),
        (status = 201, description = "首次确定", body = Estate, headers(("ETag" = String, description = "版本")))
    ),
    extensions(("x-permission" = json!("estate.edit")))
)]
#[put("/estates")]
pub(crate) async fn set_estate(
    state: web::Data<State>,
    permit: Permit<may::EstateEdit>,
    conditions: Conditions,
    body: Body<SetEstate>,
) -> ApiResult<HttpResponse> {
    let request = request(&state, &permit, &conditions, &body.bytes);
    let SetEstate { place, mode, unit, reason } = body.value;
    let reason = text(&state, "/reason", reason, request.now)?;
    let place = place_named(&state, &permit, &place).await?;
    let unit = match unit {
        Some(unit) => Some(known_unit(&state, &permit, unit, &place.place.code).await?),
        None => None,
    };
    let new = NewMode { mode, unit, reason };
    let playbook = state.store.playbook(place.place.code.county())?;
    // Whoever was faster has set a first mode: theirs is changed.
    let mut done = set(&state, &request, &place, &new, &playbook).await;
    if matches!(done, Err(ChangeError::Contended)) {
        done = set(&state, &request, &place, &new, &playbook).await;
    }
    done.map(deliver).map_err(failed)
}

/// Sets a first mode, or changes the one that there is.
async fn set(
    state: &State,
    request: &Request<'_>,
    place: &PlaceRow,
    new: &NewMode,
    playbook: &Playbook,
) -> Result<Delivered, ChangeError> {
    let slot = estate::Estate::slot(place.place.id);
    let (actor, now) = (request.actor, request.now);
    let slots = [slot.clone()];
    let Some(id) = state.store.slots_taken(&slots).await?.remove(&slot) else {
        let begin = || async {
            if !state.store.slots_taken(&slots).await?.is_empty() {
                return Err(ChangeError::Contended);
            }
            let set = estate::Estate::set(None, new, (playbook, &place.place), actor, now);
            Ok(set.map_err(Refusal::from)?)
        };
        let render =
            |view: &MatterView<_>| answer(StatusCode::CREATED, view, Estate::new(view, Some(playbook)));
        return state.store.begin_matter(request, &at(place.clone(), request), begin, render).await;
    };
    let decide = |view: &MatterView<estate::Estate>| {
        Ok(estate::Estate::set(Some(&view.matter), new, (playbook, &view.place), actor, now)?)
    };
    let render = |view: &MatterView<_>| answer(StatusCode::OK, view, Estate::new(view, Some(playbook)));
    state.store.change_matter(request, id, || MatterRefusal::NotFound.into(), decide, render).await
}

/// A unit of the county that is still there, and what it is.
async fn known_unit(
    state: &State,
    session: &Session,
    unit: Uuid,
    place: &PlaceCode,
) -> ApiResult<(UnitId, UnitKind)> {
    let found = state.store.unit(UnitId(unit), &session.actor, session.grants_version).await?;
    let known = found.filter(|unit| unit.retired_at.is_none() && unit.county.covers(place));
    let known = known.ok_or_else(|| ApiError::from(fault(MatterRefusal::Who { field: "/unit" }, None)))?;
    Ok((known.id, known.profile.kind))
}

/// Estates, the latest first.
#[utoipa::path(
    tag = "小区",
    operation_id = "list_estates",
    summary = "小区列表",
    description = "本人范围内已定管理方式的小区，按方式、物业公司筛选。",
    params(ListEstates),
    responses((status = 200, description = "一页小区", body = EstatePage)),
    extensions(("x-permission" = json!("estate.view")))
)]
#[get("/estates")]
pub(crate) async fn list_estates(
    state: web::Data<State>,
    permit: Permit<may::EstateView>,
    query: Query<ListEstates>,
) -> ApiResult<web::Json<EstatePage>> {
    let list = query.0.identity();
    let ListEstates { place, mode, unit, cursor, limit } = query.0;
    let mut query = lens_of(&state, &permit, Action::EstateView, (place.as_deref(), unit))?;
    query.topic = mode;
    // An estate goes with its place: what was merged goes by the mode of what goes on.
    query.standing = true;
    let item = |view: &MatterView<_>| shown_estate(&state, view);
    let (items, next_cursor) = page(&state, &permit, &list, query, (cursor, limit), item).await?;
    Ok(web::Json(EstatePage { items, next_cursor }))
}

/// One estate.
#[utoipa::path(
    tag = "小区",
    operation_id = "get_estate",
    summary = "查看小区管理方式",
    description = "小区的管理方式、物业公司或业主委员会、依据。",
    responses((status = 200, description = "小区", body = Estate, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("estate.view")))
)]
#[get("/estates/{id}")]
pub(crate) async fn get_estate(
    state: web::Data<State>,
    permit: Permit<may::EstateView>,
    path: MatterPath,
) -> ApiResult<HttpResponse> {
    let view = seen(&state, &permit, path.0).await?;
    Ok(shown(&view, shown_estate(&state, &view)))
}

fn shown_estate(state: &State, view: &MatterView<estate::Estate>) -> Estate {
    Estate::new(view, state.store.playbook(view.place.code.county()).ok().as_deref())
}

/// The estate that a ticket is in.
#[utoipa::path(
    tag = "小区",
    operation_id = "ticket_estate",
    summary = "工单所在的小区",
    description = "工单所在小区的管理方式和物业公司，以及是不是物业问题：派单时据此决定给谁。能看工单的都可看。",
    responses((status = 200, description = "小区", body = TicketEstate)),
    extensions(("x-permission" = json!("ticket.view")))
)]
#[get("/tickets/{id}/estate")]
pub(crate) async fn ticket_estate(
    state: web::Data<State>,
    permit: Permit<may::TicketView>,
    path: TicketPath,
) -> ApiResult<web::Json<TicketEstate>> {
    let ticket = seen_ticket(&state, &permit, path).await?.ticket;
    let playbook = state.store.playbook(ticket.place.code.county())?;
    let property = playbook.is_about_property(&ticket);
    let estate = state.store.estate_around(&ticket.place.code).await?;
    let estate = estate.map(|view| Estate::new(&view, Some(&playbook)));
    Ok(web::Json(TicketEstate::new(property, estate)))
}
