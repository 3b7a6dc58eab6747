//! Extractors: what a handler is given is parsed, and what does not parse never reaches it.

mod body;
mod fault;
mod headers;
mod query;

pub(crate) use body::{Body, MAX_BODY, Photograph, Raw, Upload, has_media_type};
pub(crate) use headers::Conditions;
pub(crate) use query::{Query, comparable, comparable_day, limit};

use crate::error::{ApiError, fault};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use domain::calendar::{CalendarRefusal, YEARS};
use domain::id::{AbsenceId, DeedId, PhotoId, PlaceId, PointId, ShiftId, TicketId, TieId, UnitId, UserId};
use domain::place::PlaceCode;
use openapi::problem::Fault;
use std::future::{Ready, ready};
use std::num::ParseIntError;
use uuid::Uuid;

macro_rules! paths {
    ($($(#[$doc:meta])* $name:ident($id:ident) or $code:literal),* $(,)?) => {$(
        $(#[$doc])*
        pub(crate) struct $name(pub(crate) $id);

        impl FromRequest for $name {
            type Error = ApiError;
            type Future = Ready<Result<Self, ApiError>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let id = request.match_info().get("id").and_then(|id| Uuid::parse_str(id).ok());
                ready(id.map(|id| Self($id(id))).ok_or_else(|| ApiError::new($code)))
            }
        }
    )*};
}

paths! {
    /// The `{id}` of a ticket. What is no id is no ticket.
    TicketPath(TicketId) or "ticket.not_found",
    /// The `{id}` of a person.
    PersonPath(UserId) or "person.not_found",
    /// The `{id}` of a unit.
    UnitPath(UnitId) or "unit.not_found",
    /// The `{id}` of a shift.
    ShiftPath(ShiftId) or "shift.not_found",
    /// The `{id}` of a deed.
    DeedPath(DeedId) or "deed.not_found",
    /// The `{id}` of a tie.
    TiePath(TieId) or "tie.not_found",
    /// The `{id}` of an absence.
    AbsencePath(AbsenceId) or "absence.not_found",
    /// The `{id}` of a point.
    PointPath(PointId) or "point.not_found",
    /// The `{id}` of a place.
    PlacePath(PlaceId) or "place.not_found",
    /// The `{id}` of a photo.
    PhotoPath(PhotoId) or "photo.not_found",
}

/// The `{id}` of a matter, of whatever kind.
pub(crate) struct MatterPath(pub(crate) Uuid);

impl FromRequest for MatterPath {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id").and_then(|id| Uuid::parse_str(id).ok());
        ready(id.map(Self).ok_or_else(|| ApiError::new("matter.not_found")))
    }
}

/// The `{id}` of an import.
pub(crate) struct ImportPath(pub(crate) Uuid);

impl FromRequest for ImportPath {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id").and_then(|id| Uuid::parse_str(id).ok());
        ready(id.map(Self).ok_or_else(|| ApiError::new("import.not_found")))
    }
}

/// The `{message}` of one's inbox. What is no number is no message.
pub(crate) struct MessagePath(pub(crate) i64);

impl FromRequest for MessagePath {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("message").and_then(|id| id.parse().ok());
        ready(id.map(Self).ok_or_else(|| ApiError::new("inbox.not_found")))
    }
}

/// The `{county}` of a playbook, six digits. What is no county has none.
pub(crate) struct CountyPath(pub(crate) String);

impl FromRequest for CountyPath {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(county(request).map(Self).ok_or_else(|| ApiError::new("playbook.not_found")))
    }
}

/// The `{county}` and `{version}` of what a playbook said.
pub(crate) struct VersionPath {
    pub(crate) county: String,
    pub(crate) version: u32,
}

impl FromRequest for VersionPath {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let version = request.match_info().get("version").and_then(|version| version.parse().ok());
        let found = county(request).zip(version).map(|(county, version)| Self { county, version });
        ready(found.ok_or_else(|| ApiError::new("playbook.not_found")))
    }
}

fn county(request: &HttpRequest) -> Option<String> {
    let county = request.match_info().get("county")?;
    PlaceCode::is_of_a_county(county).then(|| county.to_owned())
}

/// The `{year}` of a calendar.
pub(crate) struct YearPath(pub(crate) i32);

impl FromRequest for YearPath {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().get("year").unwrap_or_default();
        let year = text.parse().map_err(|error: ParseIntError| {
            ApiError::from(Fault::of("year", "request.invalid_value", vec![]).with("reason", error))
        });
        ready(year.and_then(|year| {
            let kept = YEARS.contains(&year).then_some(Self(year));
            kept.ok_or_else(|| fault(CalendarRefusal::YearOutOfRange { year }, None).into())
        }))
    }
}
