//! Tickets: 点单 → 派单 → 接单 → 办单 → 评单, and 查单.

mod act;
mod alike;
mod ask;
mod candidate;
mod list;
mod read;
mod submit;

pub(crate) use act::*;
pub(crate) use alike::alike_tickets;
pub(crate) use candidate::ticket_candidates;
pub(crate) use list::list_tickets;
pub(crate) use read::{get_ticket, ticket_steps, ticket_timeline};
pub(crate) use submit::submit_ticket;

use crate::app::State;
use crate::auth::Session;
use crate::error::{ApiResult, fault};
use crate::extract::TicketPath;
use crate::words::spoken;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, HeaderValue};
use domain::actor::Actor;
use domain::geo::Datum;
use domain::permission::Action;
use domain::text::{FreeText, Text};
use domain::ticket::TicketRefusal;
use domain::time::Timestamp;
use domain::view::{Sees, TicketView};
use infra::store::{Answer, Delivered};
use openapi::Lang;
use openapi::problem::Fault;
use openapi::ticket::Ticket;

/// How an answer is said: when, and in which language.
struct Said<'a> {
    state: &'a State,
    now: Timestamp,
    lang: Lang,
}

/// The ticket as the answer to a change, as much of it as its author sees.
fn answer(status: StatusCode, view: &TicketView, actor: &Actor, how: &Said<'_>) -> Answer {
    answer_seen(status, view, Sees::of(actor, &view.ticket), how)
}

fn answer_seen(status: StatusCode, view: &TicketView, sees: Sees, how: &Said<'_>) -> Answer {
    let version = view.version;
    let spoken = spoken(&how.state.store, Some(&view.ticket.place.code), how.lang);
    let body = serde_json::to_vec(&Ticket::at(view, sees, how.now, &spoken)).unwrap_or_default();
    Answer { status: status.as_u16(), version, body }
}

pub(super) fn deliver(delivered: Delivered) -> HttpResponse {
    let Delivered { answer, replayed } = delivered;
    let mut response = HttpResponse::build(StatusCode::from_u16(answer.status).unwrap_or_default());
    response.insert_header((ETAG, etag(answer.version))).content_type("application/json");
    if replayed {
        response.insert_header(("idempotent-replayed", "true"));
    }
    response.body(answer.body)
}

pub(super) fn etag(version: i32) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).expect("digits in quotes are a header")
}

/// A free text of a field.
pub(super) fn text(state: &State, field: &str, body: String, now: Timestamp) -> Result<Text, Fault> {
    let body = FreeText::parse(body).map_err(|refusal| fault(refusal, Some(field.to_owned())))?;
    Ok(state.store.text(body, now))
}

/// A position below a field.
pub(super) fn position(
    field: &str,
    lat: f64,
    lng: f64,
    datum: Datum,
) -> Result<domain::geo::Position, Fault> {
    domain::geo::Position::new(lat, lng, datum).map_err(|refusal| {
        let field = format!("{field}/{}", refusal.field());
        fault(refusal, Some(field))
    })
}

/// A ticket that they see.
pub(super) async fn seen_ticket(state: &State, session: &Session, path: TicketPath) -> ApiResult<TicketView> {
    let view = state.store.ticket(path.0, session.actor.user, session.grants_version).await?;
    let sees = |view: &TicketView| session.actor.may(Action::TicketView, &view.ticket.parties()).is_ok();
    Ok(view.filter(sees).ok_or_else(|| fault(TicketRefusal::NotFound, None))?)
}
