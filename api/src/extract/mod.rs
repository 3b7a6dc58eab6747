//! Extractors: what a handler is given is parsed, and what does not parse never reaches it.

mod body;
mod fault;
mod headers;
mod query;

pub(crate) use body::{Body, MAX_BODY};
pub(crate) use headers::Conditions;
pub(crate) use query::{Query, limit};

use crate::error::ApiError;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use domain::id::TicketId;
use std::future::{Ready, ready};
use uuid::Uuid;

/// The `{id}` of a ticket. What is no id is no ticket.
pub(crate) struct TicketPath(pub(crate) TicketId);

impl FromRequest for TicketPath {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id").and_then(|id| Uuid::parse_str(id).ok());
        ready(id.map(|id| Self(TicketId(id))).ok_or_else(|| ApiError::new("ticket.not_found")))
    }
}
