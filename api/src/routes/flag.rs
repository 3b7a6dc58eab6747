//! Red flags: one's own, a person's, or those of a place.

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::cursor;
use crate::error::{ApiResult, fault};
use crate::extract::{Query, comparable, limit};
use crate::routes::person::within;
use actix_web::{get, web};
use chrono::DateTime;
use domain::actor::Actor;
use domain::id::{TicketId, UserId};
use domain::permission::Action;
use domain::time::Timestamp;
use infra::store::{FlagEnd, FlagQuery};
use openapi::flag::{CountFlags, Flag, FlagCount, FlagPage, ListFlags};
use openapi::problem::Fault;
use uuid::Uuid;

/// Many flags, newest first.
#[utoipa::path(
    tag = "统计",
    operation_id = "list_flags",
    summary = "红旗列表",
    description = "积旗制：结单且已解决或已解释的，接单、协办的小区党员和网格员（以规程为准）各得一面；工单重新打开即收回，两者的时间都留存。\
        都不填为本人的；`person` 为他人时，只看工单在本人范围内的；`place` 为该地在本人范围内的部分。新的在前。",
    params(ListFlags),
    responses((status = 200, description = "一页红旗", body = FlagPage)),
    extensions(("x-permission" = json!("flag.view")))
)]
#[get("/flags")]
pub(crate) async fn list_flags(
    state: web::Data<State>,
    permit: Permit<may::FlagView>,
    query: Query<ListFlags>,
) -> ApiResult<web::Json<FlagPage>> {
    let Session { actor, grants_version, .. } = &*permit;
    let list = format!("flags {} {}", actor.user, query.0.identity());
    let ListFlags { person, place, from, to, cursor, limit: size } = query.0;
    let keys = state.store.keys();
    let limit = limit(size)?;
    let after = cursor.map(|cursor| cursor::open(keys, &list, &cursor)).transpose()?;
    let asked = asked(&state, actor, (person, place), (from, to))?;
    let query = FlagQuery { limit, after: after.and_then(read), ..asked };
    let page = state.store.flags(&query, actor, *grants_version).await?;
    Ok(web::Json(FlagPage {
        items: page.items.into_iter().map(Flag::from).collect(),
        next_cursor: page.next.map(|end| cursor::seal(keys, &list, &write(&end))),
    }))
}

/// How many are held.
#[utoipa::path(
    tag = "统计",
    operation_id = "count_flags",
    summary = "红旗面数",
    description = "同样条件下持有的面数，已收回的不计。",
    params(CountFlags),
    responses((status = 200, description = "面数", body = FlagCount)),
    extensions(("x-permission" = json!("flag.view")))
)]
#[get("/flags/count")]
pub(crate) async fn count_flags(
    state: web::Data<State>,
    permit: Permit<may::FlagView>,
    query: Query<CountFlags>,
) -> ApiResult<web::Json<FlagCount>> {
    let Session { actor, grants_version, .. } = &*permit;
    let CountFlags { person, place, from, to } = query.0;
    let query = asked(&state, actor, (person, place), (from, to))?;
    let held = state.store.count_flags(&query, actor, *grants_version).await?;
    Ok(web::Json(FlagCount { held }))
}

/// What of it is theirs to see: their own wherever, others' in their area.
fn asked(
    state: &State,
    actor: &Actor,
    (person, place): (Option<Uuid>, Option<String>),
    (from, to): (Option<Timestamp>, Option<Timestamp>),
) -> Result<FlagQuery, Fault> {
    comparable("?from", from)?;
    comparable("?to", to)?;
    let place = place
        .map(|code| state.store.place_code(&code).map_err(|refusal| fault(refusal, Some("?place".into()))))
        .transpose()?;
    let nothing_said = person.is_none() && place.is_none();
    let person = person.map(UserId).or(nothing_said.then_some(actor.user));
    let places = match place {
        place if person != Some(actor.user) => Some(within(actor.area_of(Action::FlagView), place)),
        place => place.map(|place| vec![place]),
    };
    Ok(FlagQuery { person, places, from, to, limit: 0, after: None })
}

/// Microseconds, ticket, person and round.
const END: usize = 8 + 16 + 16 + 4;

fn write(end: &FlagEnd) -> Vec<u8> {
    let FlagEnd { earned_at, ticket, person, round } = end;
    let earned_at = earned_at.timestamp_micros().to_le_bytes();
    [&earned_at[..], ticket.0.as_bytes(), person.0.as_bytes(), &round.to_le_bytes()].concat()
}

fn read(end: [u8; END]) -> Option<FlagEnd> {
    let (earned_at, rest) = end.split_first_chunk()?;
    let (ticket, rest) = rest.split_first_chunk()?;
    let (person, round) = rest.split_first_chunk()?;
    Some(FlagEnd {
        earned_at: DateTime::from_timestamp_micros(i64::from_le_bytes(*earned_at))?,
        ticket: TicketId(Uuid::from_bytes(*ticket)),
        person: UserId(Uuid::from_bytes(*person)),
        round: i32::from_le_bytes(round.try_into().ok()?),
    })
}
