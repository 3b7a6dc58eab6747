//! Many tickets.

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::cursor;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Query, limit};
use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Datelike};
use domain::actor::Actor;
use domain::id::{TicketId, UnitId, UserId};
use domain::number::{TicketNumber, is_ticket_number};
use domain::place::PlaceCode;
use domain::text::{FreeText, MAX_CATEGORY};
use domain::time::Timestamp;
use infra::Keyring;
use infra::store::{Lens, TicketQuery};
use openapi::problem::Fault;
use openapi::ticket::{ListTickets, TicketPage, TicketSummary};
use std::ops::RangeInclusive;
use uuid::Uuid;

/// Years that both databases can compare.
const YEARS: RangeInclusive<i32> = 1..=9999;

/// Many tickets, newest first.
#[utoipa::path(
    tag = "工单",
    operation_id = "list_tickets",
    summary = "工单列表",
    description = "一次看一个范围：`mine`（本人提出）、`handler`（承办人）、`unit`（责任单位）或 `place`（地点及以下），依此次序取第一个，其余为筛选条件。\
        都不填时：有地点范围的看其范围，只有一个单位的看该单位，其他人看本人提出的。只列出有权查看的工单。\
        筛选每次至多查 5000 条，不足一页也可能还有下一页，以 `next_cursor` 为准。",
    params(ListTickets),
    responses((status = 200, description = "一页工单", body = TicketPage)),
    extensions(("x-permission" = json!("ticket.view")))
)]
#[get("/tickets")]
pub(crate) async fn list_tickets(
    state: web::Data<State>,
    permit: Permit<may::TicketView>,
    query: Query<ListTickets>,
) -> ApiResult<HttpResponse> {
    let now = state.clock.now();
    let Session { actor, grants_version, .. } = &*permit;
    let list = format!("tickets {} {}", actor.user, query.0.identity());
    let query = parse(&state, actor, query.0, &list)?;
    let page = state.store.tickets(&query, actor, *grants_version, now).await?;
    Ok(HttpResponse::Ok().json(TicketPage {
        items: page.items.iter().map(|summary| TicketSummary::at(summary, now)).collect(),
        next_cursor: page.next.map(|end| seal(state.store.keys(), &list, end)),
    }))
}

fn parse(state: &State, actor: &Actor, asked: ListTickets, list: &str) -> ApiResult<TicketQuery> {
    let ListTickets {
        place,
        unit,
        handler,
        mine,
        status,
        severity,
        affair,
        channel,
        category,
        overdue,
        q,
        from,
        to,
        cursor,
        limit: size,
    } = asked;
    let limit = limit(size)?;
    let after = cursor.map(|cursor| open(state.store.keys(), list, &cursor)).transpose()?;
    if let Some(category) = &category {
        FreeText::check(category, MAX_CATEGORY)
            .map_err(|refusal| fault(refusal, Some("?category".into())))?;
    }
    let place = place
        .map(|code| state.store.place_code(&code).map_err(|refusal| fault(refusal, Some("?place".into()))))
        .transpose()?;
    let number = q.map(|q| {
        let number = TicketNumber::from(&q).ok().filter(|number| is_ticket_number(number));
        number.ok_or_else(|| Fault::of("?q", "ticket.q_not_a_number", vec![]))
    });
    comparable("?from", from)?;
    comparable("?to", to)?;
    let (unit, handler) = (unit.map(UnitId), handler.map(UserId));
    let asked = Asked { number: number.transpose()?, mine: mine == Some(true), handler, unit, place };
    let lens = lens(state, actor, &asked)?;
    // What became the lens need not be tried on each entry.
    Ok(TicketQuery {
        sees_all: sees_all(actor, &lens),
        place: place.filter(|_| !matches!(lens, Lens::Area(_))),
        unit: unit.filter(|_| !matches!(lens, Lens::Unit(_))),
        handler: handler.filter(|_| !matches!(lens, Lens::Handler(_))),
        requester: asked.mine.then_some(actor.user).filter(|_| !matches!(lens, Lens::Requester(_))),
        lens,
        status,
        severity,
        affair,
        channel,
        category,
        overdue,
        from,
        to,
        limit,
        after,
    })
}

fn comparable(field: &str, time: Option<Timestamp>) -> Result<(), Fault> {
    match time {
        Some(time) if !YEARS.contains(&time.year()) => Err(Fault::of(field, "request.out_of_range", vec![])
            .with("min", YEARS.start())
            .with("max", YEARS.end())
            .with("value", time)),
        Some(_) | None => Ok(()),
    }
}

/// What may become the lens.
struct Asked {
    number: Option<TicketNumber>,
    mine: bool,
    handler: Option<UserId>,
    unit: Option<UnitId>,
    place: Option<PlaceCode>,
}

/// The narrowest that was asked for; else what the asker is there for.
fn lens(state: &State, actor: &Actor, asked: &Asked) -> ApiResult<Lens> {
    if let Some(number) = asked.number {
        return Ok(Lens::Number(number));
    }
    if asked.mine {
        return Ok(Lens::Requester(actor.user));
    }
    if let Some(lens) =
        asked.handler.map(Lens::Handler).or(asked.unit.map(Lens::Unit)).or(asked.place.map(Lens::Area))
    {
        return Ok(lens);
    }
    let several = || ApiError::from(Fault::of("?place", "ticket.lens_required", vec![]));
    let mut areas = actor.area();
    if let Some(first) = areas.next() {
        let levels = state.store.playbook(first.county()).map(|book| book.code_levels()).unwrap_or_default();
        let common = areas.try_fold(first, |common, area| common.common(&area, &levels));
        return common.map(Lens::Area).ok_or_else(several);
    }
    let mut units = actor.units();
    match (units.next(), units.next()) {
        (Some(unit), None) => Ok(Lens::Unit(unit)),
        (Some(_), Some(_)) => Err(several()),
        (None, _) => Ok(Lens::Requester(actor.user)),
    }
}

/// Whether everything in the lens is theirs to see, so that no entry need be tried.
fn sees_all(actor: &Actor, lens: &Lens) -> bool {
    match lens {
        Lens::Area(place) => actor.area().any(|area| area.covers(place)),
        Lens::Unit(unit) => actor.units().any(|own| own == *unit),
        Lens::Handler(user) => *user == actor.user && actor.sees_assigned(),
        Lens::Requester(user) => *user == actor.user,
        Lens::Number(_) => false,
    }
}

/// Microseconds and id.
const END: usize = 8 + 16;

fn seal(keys: &Keyring, list: &str, (at, id): (Timestamp, TicketId)) -> String {
    let end = [at.timestamp_micros().to_le_bytes().as_slice(), id.0.as_bytes()].concat();
    cursor::seal(keys, list, &end)
}

fn open(keys: &Keyring, list: &str, cursor: &str) -> ApiResult<(Timestamp, TicketId)> {
    let end: [u8; END] = cursor::open(keys, list, cursor)?;
    let (micros, id) =
        end.split_first_chunk().ok_or_else(|| ApiError::internal("a cursor without a time"))?;
    let at = DateTime::from_timestamp_micros(i64::from_le_bytes(*micros));
    let at = at.ok_or_else(|| ApiError::internal("a cursor out of time"))?;
    Ok((at, TicketId(Uuid::from_slice(id).map_err(ApiError::internal)?)))
}
