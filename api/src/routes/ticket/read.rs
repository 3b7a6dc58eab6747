//! 查单: one ticket, and its history.

use super::{etag, seen_ticket};
use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::cursor;
use crate::edge::language;
use crate::error::{ApiResult, fault};
use crate::extract::{Query, TicketPath, limit};
use crate::words::spoken;
use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse, get, web};
use domain::actor::Actor;
use domain::id::UserId;
use domain::permission::Action;
use domain::ticket::{Headline, TicketRefusal};
use domain::view::{Sees, Sight};
use openapi::ticket::{Ticket, TicketSteps, TimelineEntry, TimelinePage, TimelineQuery};

/// One ticket.
#[utoipa::path(
    tag = "工单",
    operation_id = "get_ticket",
    summary = "查看工单",
    description = "范围内的工作人员、承办人和诉求人可看。时限按当前时刻显示：其状态随时间变化，不改变版本。",
    responses((status = 200, description = "工单", body = Ticket, headers(("ETag" = String, description = "版本")))),
    extensions(("x-permission" = json!("ticket.view")))
)]
#[get("/tickets/{id}")]
pub(crate) async fn get_ticket(
    state: web::Data<State>,
    permit: Permit<may::TicketView>,
    path: TicketPath,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let view = seen_ticket(&state, &permit, path).await?;
    let seen = Sees::of(&permit.actor, &view.ticket);
    let spoken = spoken(&state.store, Some(&view.ticket.place.code), language(&request));
    // Never 304: who may see what, and whom to call, change without the version.
    let ticket = Ticket::at(&view, seen, state.clock.now(), &spoken);
    Ok(HttpResponse::Ok().insert_header((ETAG, etag(view.version))).json(ticket))
}

/// The history of a ticket, oldest first.
#[utoipa::path(
    tag = "工单",
    operation_id = "ticket_timeline",
    summary = "办理过程",
    description = "工单经过的每一步：何时、何人、何事，先发生的在前。派单时给承办人的话只有工作人员可见。",
    params(TimelineQuery),
    responses((status = 200, description = "一页办理过程", body = TimelinePage)),
    extensions(("x-permission" = json!("ticket.view")))
)]
#[get("/tickets/{id}/timeline")]
pub(crate) async fn ticket_timeline(
    state: web::Data<State>,
    permit: Permit<may::TicketView>,
    path: TicketPath,
    query: Query<TimelineQuery>,
    request: HttpRequest,
) -> ApiResult<web::Json<TimelinePage>> {
    let TimelineQuery { cursor, limit: asked } = query.0;
    let limit = limit(asked)?;
    let keys = state.store.keys();
    let list = format!("timeline {}", path.0);
    let after =
        cursor.map(|cursor| cursor::open(keys, &list, &cursor).map(i32::from_le_bytes)).transpose()?;
    let Session { actor, grants_version, .. } = &*permit;
    // One more than the page holds tells whether there is another page.
    let found =
        state.store.timeline(path.0, actor.user, *grants_version, after.unwrap_or(0), limit + 1).await?;
    let found = found.filter(|(ticket, _)| actor.may(Action::TicketView, &ticket.parties()).is_ok());
    let (ticket, mut entries) = found.ok_or_else(|| fault(TicketRefusal::NotFound, None))?;
    let more = entries.len() > usize::from(limit);
    entries.truncate(limit.into());
    let end = entries.last().filter(|_| more).map(|entry| entry.version);
    let staff = actor.sees_by_role(&ticket.parties());
    if !staff {
        // What staff write among themselves is not for the requester.
        entries.retain(|entry| !entry.event.fact.headline().is_among_staff());
        entries.iter_mut().filter(|entry| entry.event.fact.is_internal()).for_each(|entry| entry.text = None);
    }
    let hidden = hidden(actor, &ticket);
    let spoken = spoken(&state.store, Some(&ticket.place.code), language(&request));
    let mut items: Vec<_> =
        entries.into_iter().map(|entry| TimelineEntry::new(entry, &hidden, &spoken)).collect();
    if !staff {
        // Which tickets others raised about it is not for the requester either.
        let absorbed = items.iter_mut().filter(|item| item.kind == Headline::Absorbed.name());
        absorbed.for_each(|item| item.ticket = None);
    }
    Ok(web::Json(TimelinePage {
        items,
        next_cursor: end.map(|version| cursor::seal(keys, &list, &version.to_le_bytes())),
    }))
}

/// How far a ticket has come, by the steps of its county.
#[utoipa::path(
    tag = "工单",
    operation_id = "ticket_steps",
    summary = "办理步骤",
    description = "按本县规程的步骤（不写则为点单、派单、接单、办单、评单）看工单走到哪一步：首次、最近一次的时间和人。\
        所见与办理过程相同。",
    responses((status = 200, description = "各步", body = TicketSteps)),
    extensions(("x-permission" = json!("ticket.view")))
)]
#[get("/tickets/{id}/steps")]
pub(crate) async fn ticket_steps(
    state: web::Data<State>,
    permit: Permit<may::TicketView>,
    path: TicketPath,
) -> ApiResult<web::Json<TicketSteps>> {
    let Session { actor, grants_version, .. } = &*permit;
    let found = state.store.ticket_steps(path.0, actor.user, *grants_version).await?;
    let found = found.filter(|(ticket, _)| actor.may(Action::TicketView, &ticket.parties()).is_ok());
    let (ticket, mut happened) = found.ok_or_else(|| fault(TicketRefusal::NotFound, None))?;
    if !actor.sees_by_role(&ticket.parties()) {
        happened.retain(|one| !one.kind.is_among_staff());
    }
    let book = state.store.playbook(ticket.place.code.county())?;
    let hidden = hidden(actor, &ticket);
    Ok(web::Json(TicketSteps::new(&book.steps, &happened, ticket.round, &hidden)))
}

/// Who of those who did something stays unnamed: the requester to whom may not know them, and whoever joined, since
/// their own ticket may have been confidential.
fn hidden(actor: &Actor, ticket: &domain::ticket::Ticket) -> Vec<UserId> {
    let requester = (Sight::of(actor, ticket) == Sight::Hidden).then_some(ticket.requester);
    let all = requester.into_iter().chain(ticket.joined.iter().copied());
    all.filter(|user| *user != actor.user).collect()
}
