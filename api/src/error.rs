//! How a request fails: faults with codes, turned into problem details at the edge, where the language and the request
//! id are known.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use domain::refusal::Refusal;
use infra::store::{ChangeError, StoreError};
use openapi::problem::{Fault, find};
use std::fmt;

/// What is wrong, for the client; and why, for the log.
#[derive(Debug)]
pub(crate) struct ApiError {
    /// At least one; the first gives the status.
    pub(crate) faults: Vec<Fault>,
    /// Only logged: a 5xx says nothing of the inside.
    pub(crate) cause: Option<String>,
}

pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    pub(crate) fn new(code: &'static str) -> Self {
        Fault::new(code).into()
    }

    pub(crate) fn internal(cause: impl fmt::Display) -> Self {
        Self { faults: vec![Fault::new("internal")], cause: Some(cause.to_string()) }
    }
}

impl From<Fault> for ApiError {
    fn from(fault: Fault) -> Self {
        Self { faults: vec![fault], cause: None }
    }
}

/// A refusal as a fault; `field` where the value was parsed, else the one that the rule names.
pub(crate) fn fault(refusal: impl Into<Refusal>, field: Option<String>) -> Fault {
    let refusal = refusal.into();
    let field = field.or_else(|| refusal.field().map(str::to_owned));
    Fault { field, code: refusal.code(), args: refusal.args() }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        fault(refusal, None).into()
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::StaleGrants => return Self::new("auth.grants_changed"),
            StoreError::Unavailable(_) => "store.unavailable",
            StoreError::Newer { .. } => "store.newer",
            StoreError::Duplicate(_)
            | StoreError::Corrupt { .. }
            | StoreError::Key(_)
            | StoreError::Seed(_)
            | StoreError::Schema(_)
            | StoreError::Internal(_) => "internal",
        };
        Self { faults: vec![Fault::new(code)], cause: Some(error.to_string()) }
    }
}

impl From<ChangeError> for ApiError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Refused(refusal) => refusal.into(),
            ChangeError::OtherVersion => Self::new("ticket.version_mismatch"),
            ChangeError::KeyReused => Self::new("idempotency.key_reused"),
            ChangeError::AnswerErased => Self::new("idempotency.answer_erased"),
            ChangeError::Contended => Self::new("store.contended"),
            ChangeError::Store(error) => error.into(),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.faults.first().map_or("internal", |fault| fault.code);
        match &self.cause {
            Some(cause) => write!(f, "{code}: {cause}"),
            None => f.write_str(code),
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        let status = self.faults.first().map_or(500, |fault| find(fault.code).status);
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Without a body: the edge writes it.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}
