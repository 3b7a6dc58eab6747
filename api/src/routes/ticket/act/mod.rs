//! What is done with a ticket, a handler a command.

mod assign;
mod delegate;
mod follow;
mod handle;
mod ladder;
mod ledger;
mod oversee;
mod refer;
mod whistle;

pub(crate) use assign::*;
pub(crate) use delegate::*;
pub(crate) use follow::*;
pub(crate) use handle::*;
pub(crate) use ladder::*;
pub(crate) use ledger::*;
pub(crate) use oversee::*;
pub(crate) use refer::*;
pub(crate) use whistle::*;

use super::{Said, answer, deliver};
use crate::app::State;
use crate::auth::Session;
use crate::edge::language;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::{Conditions, TicketPath};
use crate::words::spoken;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use domain::id::TicketId;
use domain::text::Text;
use domain::ticket::Command;
use domain::time::Timestamp;
use domain::view::{Sees, Sight, TicketView};
use infra::store::{Carried, ChangeError, Delivered, Request};
use openapi::Lang;
use openapi::problem::Fault;
use openapi::strict::Moment;
use std::future::{Ready, ready};

/// What every command needs besides its body: which ticket, under which conditions, and when.
pub(crate) struct Act {
    state: web::Data<State>,
    id: TicketId,
    conditions: Conditions,
    now: Timestamp,
    lang: Lang,
}

impl FromRequest for Act {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let mut read = || {
            let state =
                request.app_data::<web::Data<State>>().ok_or_else(|| ApiError::internal("no state"))?;
            let TicketPath(id) = TicketPath::from_request(request, payload).into_inner()?;
            let conditions = Conditions::from_request(request, payload).into_inner()?;
            Ok(Self { state: state.clone(), id, conditions, now: state.clock.now(), lang: language(request) })
        };
        ready(read())
    }
}

impl Act {
    fn text(&self, field: &str, body: String) -> Result<Text, Fault> {
        super::text(&self.state, field, body, self.now)
    }

    async fn carry_out(
        &self,
        session: &Session,
        bytes: &Bytes,
        command: &Command,
        occurred_at: Option<Moment>,
    ) -> ApiResult<HttpResponse> {
        let carried = Carried { command, occurred_at: occurred_at.map(|Moment(at)| at) };
        let request = self.request(session, bytes);
        let render = |view: &TicketView| answer(StatusCode::OK, view, &session.actor, &self.said());
        let done = self.state.store.change_ticket(&request, self.id, carried, render).await;
        self.delivered(session, done).await
    }

    /// The same, and the answer hides nothing: it is not kept.
    async fn show_all(&self, session: &Session, bytes: &Bytes, command: &Command) -> ApiResult<HttpResponse> {
        let request = Request { key: None, ..self.request(session, bytes) };
        let render = |view: &TicketView| {
            let sees = Sees { sight: Sight::Plain, ..Sees::of(&session.actor, &view.ticket) };
            super::answer_seen(StatusCode::OK, view, sees, &self.said())
        };
        let done = self.state.store.change_ticket(&request, self.id, command, render).await;
        self.delivered(session, done).await
    }

    async fn merge(
        &self,
        session: &Session,
        bytes: &Bytes,
        into: TicketId,
        reason: &Text,
    ) -> ApiResult<HttpResponse> {
        let request = self.request(session, bytes);
        let render = |view: &TicketView| answer(StatusCode::OK, view, &session.actor, &self.said());
        let done = self.state.store.merge_tickets(&request, self.id, into, reason, render).await;
        self.delivered(session, done).await
    }

    /// What came of it; where the rules say no, in the words of the ticket's county.
    async fn delivered(
        &self,
        session: &Session,
        done: Result<Delivered, ChangeError>,
    ) -> ApiResult<HttpResponse> {
        match done {
            Ok(delivered) => Ok(deliver(delivered)),
            Err(ChangeError::Refused(refusal)) => {
                let found =
                    self.state.store.ticket(self.id, session.actor.user, session.grants_version).await?;
                let place = found.map(|view| view.ticket.place.code);
                let spoken = spoken(&self.state.store, place.as_ref(), self.lang);
                Err(fault(refusal, None).said(&spoken).into())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn said(&self) -> Said<'_> {
        Said { state: &self.state, now: self.now, lang: self.lang }
    }

    fn request<'a>(&self, session: &'a Session, bytes: &Bytes) -> Request<'a> {
        let Session { actor, grants_version, .. } = session;
        let key = self.conditions.key(&self.state, actor.user, bytes);
        let if_match = self.conditions.if_match;
        Request { actor, grants_version: *grants_version, now: self.now, if_match, key }
    }
}
