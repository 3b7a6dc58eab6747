//! What one was told (消息).

use crate::app::State;
use crate::auth::{Permit, Session, may};
use crate::cursor;
use crate::edge::language;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Body, Conditions, MessagePath, Query, limit};
use crate::routes::ticket::deliver;
use crate::words::spoken;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use domain::notice::{InboxRefusal, Read};
use domain::view;
use infra::store::{Answer, Message, Request};
use openapi::Lang;
use openapi::inbox::{
    InboxEntry, InboxItem, InboxMessage, InboxPage, ListInbox, ListItems, ReadInbox, Unread,
};
use openapi::problem::Problem;

/// A message in the words of the county that it is about.
fn said(state: &State, entry: view::InboxEntry, lang: Lang) -> InboxEntry {
    let spoken = spoken(&state.store, entry.ticket.as_ref().map(|ticket| &ticket.place), lang);
    InboxEntry::new(entry, &spoken)
}

/// One's messages, newest first.
#[utoipa::path(
    tag = "消息",
    operation_id = "list_inbox",
    summary = "本人消息",
    description = "发给本人的消息，新的在前，并附未读条数。消息不含诉求内容和诉求人；保留 180 天。",
    params(ListInbox),
    responses((status = 200, description = "一页消息", body = InboxPage)),
    extensions(("x-permission" = json!("me.inbox")))
)]
#[get("/me/inbox")]
pub(crate) async fn list_inbox(
    state: web::Data<State>,
    permit: Permit<may::MeInbox>,
    query: Query<ListInbox>,
    request: HttpRequest,
) -> ApiResult<web::Json<InboxPage>> {
    let Session { actor, grants_version, .. } = &*permit;
    let ListInbox { unread, cursor, limit: size } = query.0;
    let list = format!("inbox {} {unread:?}", actor.user);
    let limit = limit(size)?;
    let keys = state.store.keys();
    let after =
        cursor.map(|cursor| cursor::open(keys, &list, &cursor).map(i64::from_le_bytes)).transpose()?;
    let (page, left) = state.store.inbox(actor, *grants_version, unread, after, limit).await?;
    let lang = language(&request);
    Ok(web::Json(InboxPage {
        items: page.items.into_iter().map(|entry| said(&state, entry, lang)).collect(),
        next_cursor: page.next.map(|id| cursor::seal(keys, &list, &id.to_le_bytes())),
        unread: left.count,
        unread_more: left.more,
    }))
}

/// One message with what it is about.
#[utoipa::path(
    tag = "消息",
    operation_id = "get_message",
    summary = "查看消息",
    description = "本人的一条消息；超时清单附所列事项，分页。他人的消息视同不存在。",
    params(("message" = i64, Path, description = "消息标识", example = 42), ListItems),
    responses(
        (status = 200, description = "消息", body = InboxMessage),
        (status = 404, description = "不存在，或不是本人的", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-permission" = json!("me.inbox")))
)]
#[get("/me/inbox/messages/{message}")]
pub(crate) async fn get_message(
    state: web::Data<State>,
    permit: Permit<may::MeInbox>,
    path: MessagePath,
    query: Query<ListItems>,
    request: HttpRequest,
) -> ApiResult<web::Json<InboxMessage>> {
    let Session { actor, grants_version, .. } = &*permit;
    let ListItems { cursor, limit: size } = query.0;
    let list = format!("message {} {}", actor.user, path.0);
    let limit = limit(size)?;
    let keys = state.store.keys();
    let after =
        cursor.map(|cursor| cursor::open(keys, &list, &cursor).map(i64::from_le_bytes)).transpose()?;
    let message = state.store.message(actor, *grants_version, path.0, after, limit).await?;
    let message = message.ok_or_else(|| ApiError::from(fault(InboxRefusal::NotFound, None)))?;
    let Message { entry, list: page } = message;
    let lang = language(&request);
    let item = |item: view::InboxItem| {
        let spoken = spoken(&state.store, Some(&item.ticket.place), lang);
        InboxItem::new(item, &spoken)
    };
    Ok(web::Json(InboxMessage {
        entry: said(&state, entry, lang),
        list: page.items.into_iter().map(item).collect(),
        next_cursor: page.next.map(|position| cursor::seal(keys, &list, &position.to_le_bytes())),
    }))
}

/// Says that one has read messages.
#[utoipa::path(
    tag = "消息",
    operation_id = "read_inbox",
    summary = "标记已读",
    description = "把这些消息，或某一条及更早的全部消息标为已读，答复余下的未读条数。已读的再标一次不变。",
    request_body = ReadInbox,
    responses((status = 200, description = "余下的未读条数", body = Unread)),
    extensions(("x-permission" = json!("me.inbox")))
)]
#[post("/me/inbox/read")]
pub(crate) async fn read_inbox(
    state: web::Data<State>,
    permit: Permit<may::MeInbox>,
    conditions: Conditions,
    body: Body<ReadInbox>,
) -> ApiResult<HttpResponse> {
    let Session { actor, grants_version, .. } = &*permit;
    let key = conditions.key(&state, actor.user, &body.bytes);
    let ReadInbox { ids, up_to } = body.value;
    let read = Read::asked(ids, up_to).map_err(|refusal| fault(refusal, None))?;
    let now = state.clock.now();
    let request = Request { actor, grants_version: *grants_version, now, if_match: None, key };
    let render = |unread| {
        let body = serde_json::to_vec(&Unread::from(unread)).unwrap_or_default();
        Answer { status: StatusCode::OK.as_u16(), version: 0, body }
    };
    Ok(deliver(state.store.read_inbox(&request, &read, render).await?))
}
