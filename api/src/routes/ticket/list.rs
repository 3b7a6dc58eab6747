//! Many tickets.

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::cursor;
use crate::edge::language;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Query, comparable, limit};
use crate::words::spoken;
use actix_web::{HttpRequest, HttpResponse, get, web};
use domain::actor::Actor;
use domain::id::{TicketId, UnitId, UserId};
use domain::number::{TicketNumber, is_ticket_number};
use domain::phone::Phone;
use domain::place::PlaceCode;
use domain::text::{FreeText, MAX_CATEGORY};
use infra::store::{Lens, TicketQuery};
use openapi::problem::Fault;
use openapi::ticket::{ListTickets, TicketPage, TicketSummary};

/// Many tickets, newest first.
#[utoipa::path(
    tag = "工单",
    operation_id = "list_tickets",
    summary = "工单列表",
    description = "一次看一个范围：`q`（工单编号或电话）、`mine`（本人提出）、`delegate`（本人监督）、`assist`（协办）、`called`（被呼叫）、`first_asked`（首问由本人负责）、`for_unit`（代单位提出）、`claimable`（可认领）、`topic`（议题，限本人有地点范围或填了 `place`）、`handler`（承办人）、`unit`（责任单位）\
        或 `place`（地点及以下），依此次序取第一个，其余为筛选条件。\
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
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let now = state.clock.now();
    let Session { actor, grants_version, .. } = &*permit;
    let list = format!("tickets {} {}", actor.user, query.0.identity());
    let query = parse(&state, actor, query.0, &list)?;
    let page = state.store.tickets(&query, actor, *grants_version, now).await?;
    let lang = language(&request);
    let said: Vec<_> =
        page.items.iter().map(|summary| spoken(&state.store, Some(&summary.place), lang)).collect();
    let items = page.items.iter().zip(&said);
    Ok(HttpResponse::Ok().json(TicketPage {
        items: items.map(|(summary, spoken)| TicketSummary::at(summary, now, spoken)).collect(),
        next_cursor: page.next.map(|(at, id)| cursor::seal_at(state.store.keys(), &list, at, id.0)),
    }))
}

fn parse(state: &State, actor: &Actor, asked: ListTickets, list: &str) -> ApiResult<TicketQuery> {
    let ListTickets {
        place,
        unit,
        handler,
        mine,
        delegate,
        assist,
        called,
        claimable,
        call,
        service,
        sorted,
        status,
        severity,
        affair,
        channel,
        category,
        overdue,
        handling,
        supervised,
        ledger,
        commonality,
        desk,
        first_asked,
        for_unit,
        escalated,
        topic,
        q,
        from,
        to,
        cursor,
        limit: size,
    } = asked;
    let limit = limit(size)?;
    let after = cursor.map(|cursor| cursor::open_at(state.store.keys(), list, &cursor)).transpose()?;
    let after = after.map(|(at, id)| (at, TicketId(id)));
    for (word, field) in [(&category, "?category"), (&service, "?service")] {
        let check = word.as_ref().map_or(Ok(()), |word| FreeText::check(word, MAX_CATEGORY));
        check.map_err(|refusal| fault(refusal, Some(field.into())))?;
    }
    let code = |code: Option<String>, field: &str| {
        let read = |code: String| state.store.place_code(&code);
        code.map(read).transpose().map_err(|refusal| fault(refusal, Some(field.to_owned())))
    };
    let (place, desk) = (code(place, "?place")?, code(desk, "?desk")?);
    let exact = q.map(|q| exact(state, &q)).transpose()?;
    comparable("?from", from)?;
    comparable("?to", to)?;
    let (unit, handler) = (unit.map(UnitId), handler.map(UserId));
    let asked = Asked {
        exact,
        mine: mine == Some(true),
        delegate: delegate == Some(true),
        assist: assist == Some(true),
        called: called == Some(true),
        first_asked: first_asked == Some(true),
        for_unit: for_unit.map(UnitId),
        claimable: claimable == Some(true),
        topic: topic == Some(true),
        handler,
        unit,
        place,
    };
    let lens = lens(state, actor, &asked)?;
    // What became the lens need not be tried on each entry.
    Ok(TicketQuery {
        lens,
        sees_all: sees_all(actor, &lens),
        place: place.filter(|_| !matches!(lens, Lens::Area(_) | Lens::Topic(_))),
        unit: unit.filter(|_| !matches!(lens, Lens::Unit(_) | Lens::Assist(_) | Lens::Called(_))),
        handler: handler.filter(|_| !matches!(lens, Lens::Handler(_))),
        requester: asked.mine.then_some(actor.user).filter(|_| !matches!(lens, Lens::Requester(_))),
        status,
        severity,
        affair,
        channel,
        category,
        service,
        call,
        sorted,
        overdue,
        handling,
        supervised,
        ledger,
        commonality,
        desk,
        first_asked: asked.first_asked.then_some(actor.user).filter(|_| !matches!(lens, Lens::FirstAsked(_))),
        for_unit: asked.for_unit.filter(|_| !matches!(lens, Lens::ForUnit(_))),
        escalated,
        topic: topic.filter(|_| !matches!(lens, Lens::Topic(_))),
        from,
        to,
        limit,
        after,
    })
}

/// A whole number, or the phone of whom to call.
fn exact(state: &State, q: &str) -> Result<Lens, Fault> {
    if let Some(number) = TicketNumber::from(q).ok().filter(|number| is_ticket_number(number)) {
        return Ok(Lens::Number(number));
    }
    let phone = Phone::parse(q).map_err(|_| Fault::of("?q", "ticket.q_not_a_number", vec![]))?;
    Ok(Lens::Phone(state.store.phone_hash(&phone)))
}

/// What may become the lens.
struct Asked {
    exact: Option<Lens>,
    mine: bool,
    delegate: bool,
    assist: bool,
    called: bool,
    first_asked: bool,
    for_unit: Option<UnitId>,
    claimable: bool,
    topic: bool,
    handler: Option<UserId>,
    unit: Option<UnitId>,
    place: Option<PlaceCode>,
}

/// The narrowest that was asked for; else what the asker is there for.
fn lens(state: &State, actor: &Actor, asked: &Asked) -> ApiResult<Lens> {
    let several = || ApiError::from(Fault::of("?place", "ticket.lens_required", vec![]));
    if let Some(exact) = asked.exact {
        return Ok(exact);
    }
    if asked.mine {
        return Ok(Lens::Requester(actor.user));
    }
    if asked.delegate {
        return Ok(Lens::Delegate(actor.user));
    }
    if asked.assist {
        return Ok(Lens::Assist(asked.unit.map_or(actor.user.0, |unit| unit.0)));
    }
    if asked.called {
        let own = common_unit(actor.called_units());
        return asked.unit.or(own).map(Lens::Called).ok_or_else(several);
    }
    if asked.first_asked {
        return Ok(Lens::FirstAsked(actor.user));
    }
    if let Some(unit) = asked.for_unit {
        return Ok(Lens::ForUnit(unit));
    }
    if asked.claimable {
        let place = asked.place.or_else(|| common(state, actor.claims().map(|(_, place)| place)));
        let place = place.or_else(|| common(state, actor.area()));
        let place = if asked.place.is_none() { place.map(|at| heard_around(state, at)) } else { place };
        return place.map(Lens::Claimable).ok_or_else(several);
    }
    if asked.topic && (asked.place.is_some() || actor.area().next().is_some()) {
        let place = asked.place.or_else(|| common(state, actor.area()));
        return place.map(Lens::Topic).ok_or_else(several);
    }
    if let Some(lens) =
        asked.handler.map(Lens::Handler).or(asked.unit.map(Lens::Unit)).or(asked.place.map(Lens::Area))
    {
        return Ok(lens);
    }
    if actor.area().next().is_some() {
        return common(state, actor.area()).map(Lens::Area).ok_or_else(several);
    }
    let mut units = actor.units();
    match (units.next(), units.next()) {
        (Some(unit), None) => Ok(Lens::Unit(unit)),
        (Some(_), Some(_)) => Err(several()),
        (None, _) => Ok(Lens::Requester(actor.user)),
    }
}

/// Where calls are heard that somebody at a place may answer: what is in it, beyond their own grid and no call, is not theirs
/// to see.
fn heard_around(state: &State, place: PlaceCode) -> PlaceCode {
    let rule = state.store.playbook(place.county()).ok().and_then(|book| book.call.clone());
    let community = || place.community().and_then(|code| place.cut(code.len()));
    rule.map_or_else(community, |rule| rule.area(&place)).unwrap_or(place)
}

/// The narrowest place that covers all of these; none when they lie in several counties.
fn common(state: &State, mut places: impl Iterator<Item = PlaceCode>) -> Option<PlaceCode> {
    let first = places.next()?;
    let levels = state.store.playbook(first.county()).map(|book| book.code_levels()).unwrap_or_default();
    places.try_fold(first, |common, place| common.common(&place, &levels))
}

/// The one unit; none where there are several or none at all.
fn common_unit(mut units: impl Iterator<Item = UnitId>) -> Option<UnitId> {
    units.next().filter(|first| units.all(|unit| unit == *first))
}

/// Whether everything in the lens is theirs to see, so that no entry need be tried.
fn sees_all(actor: &Actor, lens: &Lens) -> bool {
    match lens {
        Lens::Area(place) | Lens::Topic(place) => actor.area().any(|area| area.covers(place)),
        Lens::Unit(unit) => actor.units().any(|own| own == *unit),
        Lens::Handler(user) => *user == actor.user && actor.sees_assigned(),
        Lens::ForUnit(unit) => actor.raising_units().any(|own| own == *unit),
        Lens::Requester(user) | Lens::Delegate(user) => *user == actor.user,
        Lens::Assist(party) => {
            actor.sees_assigned() && (*party == actor.user.0 || actor.units().any(|own| own.0 == *party))
        }
        Lens::Called(unit) => actor.called_units().any(|own| own == *unit),
        Lens::FirstAsked(_) | Lens::Claimable(_) | Lens::Number(_) | Lens::Phone(_) => false,
    }
}
