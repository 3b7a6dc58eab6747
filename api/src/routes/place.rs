//! Places, and how the net of them changes.

mod change;
mod read;

pub(crate) use change::*;
pub(crate) use read::*;

use crate::app::State;
use crate::auth::Session;
use crate::edge::language;
use crate::error::{ApiError, ApiResult, fault};
use crate::extract::Conditions;
use crate::routes::ticket::{deliver, text};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use domain::id::PlaceId;
use domain::place::{self, MAX_NAME, PlaceCode, PlaceRefusal};
use domain::text::FreeText;
use infra::store::{Answer, ChangeError, PlaceChange, PlaceCommand, PlaceEntry, Request};
use openapi::Lang;
use openapi::place::PlaceView;
use openapi::problem::Fault;

pub(super) fn on_the_wire(state: &State, place: &place::Place, lang: Lang) -> ApiResult<PlaceView> {
    let playbook = state.store.playbook(place.code.county()).map_err(ApiError::from)?;
    Ok(PlaceView::new(place, &playbook, lang))
}

fn entry(state: &State, entry: &PlaceEntry, lang: Lang) -> ApiResult<PlaceView> {
    let mut place = on_the_wire(state, &entry.place, lang)?;
    place.has_places = Some(entry.has_places);
    place.successor = entry.successor.map(|successor| successor.code.to_string());
    Ok(place)
}

fn failed(error: ChangeError) -> ApiError {
    match error {
        ChangeError::OtherVersion => ApiError::new("place.version_mismatch"),
        error => error.into(),
    }
}

fn code(state: &State, code: &str, field: &str) -> Result<PlaceCode, Fault> {
    state.store.place_code(code).map_err(|refusal| fault(refusal, Some(field.to_owned())))
}

fn name(name: &str, field: &str) -> Result<String, Fault> {
    FreeText::check(name, MAX_NAME).map_err(|refusal| fault(refusal, Some(field.to_owned())))?;
    Ok(name.trim().to_owned())
}

/// Who asks for a change, and how it came.
pub(super) struct Asked<'a> {
    request: &'a HttpRequest,
    state: &'a State,
    session: &'a Session,
    conditions: &'a Conditions,
    bytes: &'a [u8],
}

impl<'a> Asked<'a> {
    pub(super) fn new(
        request: &'a HttpRequest,
        state: &'a State,
        session: &'a Session,
        conditions: &'a Conditions,
        bytes: &'a [u8],
    ) -> Self {
        Self { request, state, session, conditions, bytes }
    }

    /// Carries it out. `parent` is the field that names another place, which the rules know by its code alone.
    pub(super) async fn carry_out(
        &self,
        status: StatusCode,
        id: PlaceId,
        command: &PlaceCommand,
        (reason, on): (String, Option<NaiveDate>),
        other: Option<&str>,
    ) -> ApiResult<HttpResponse> {
        let Self { request, state, session, conditions, bytes } = *self;
        let (now, lang) = (state.clock.now(), language(request));
        let reason = text(state, "/reason", reason, now)?;
        let key = conditions.key(state, session.actor.user, bytes);
        let asked = Request {
            actor: &session.actor,
            grants_version: session.grants_version,
            now,
            if_match: conditions.if_match,
            key,
        };
        let render = |place: &place::Place| {
            let body = on_the_wire(state, place, lang).ok().and_then(|place| serde_json::to_vec(&place).ok());
            Answer { status: status.as_u16(), version: place.version, body: body.unwrap_or_default() }
        };
        let change = PlaceChange { command, on, reason: &reason };
        let changed = state.store.change_place(&asked, id, &change, render).await;
        changed.map(deliver).map_err(|error| {
            let mut error = failed(error);
            for fault in &mut error.faults {
                if fault.code == "place.unknown" && fault.field.is_none() {
                    fault.field = other.map(str::to_owned);
                }
            }
            error
        })
    }
}

/// The place of a code that a body names.
async fn named(state: &State, session: &Session, given: &str, field: &str) -> ApiResult<PlaceId> {
    let code = code(state, given, field)?;
    let place = state.store.place_by_code(&code, session.actor.user, session.grants_version).await?;
    let unknown = || fault(PlaceRefusal::Unknown { code }, Some(field.to_owned()));
    Ok(place.ok_or_else(unknown)?.place.id)
}
