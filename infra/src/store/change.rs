//! What every change of an aggregate shares: who asks for it, what it answers, how it fails, and what an idempotency key
//! makes of that. The one door of tickets is `ticket/change.rs`, that of people and units `record.rs`.

use super::Store;
use super::error::StoreError;
use super::idempotency::{IdempotencyKey, Kept};
use super::journal::JournalError;
use super::patience::limited;
use crate::entropy;
use domain::actor::Actor;
use domain::refusal::Refusal;
use domain::time::Timestamp;
use std::time::Duration;

/// For how long whoever could not write looks for an answer that was given before.
const A_MOMENT: Duration = Duration::from_secs(1);
/// How often a change is decided anew when somebody else was faster.
pub(super) const ATTEMPTS: u32 = 6;

/// Who asks for a change, and how.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// The version of their grants that `actor` shows.
    pub grants_version: i32,
    /// When.
    pub now: Timestamp,
    /// The only version that may be changed, where the client named one.
    pub if_match: Option<i32>,
    /// Where the client sent one.
    pub key: Option<IdempotencyKey>,
}

/// An answer as the client gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Version of the aggregate, for `ETag`.
    pub version: i32,
    /// JSON.
    pub body: Vec<u8>,
}

/// An answer, and whether it had been given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// What to send.
    pub answer: Answer,
    /// Whether it is the kept answer of an earlier call with the same key.
    pub replayed: bool,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The ticket is not in the version that `If-Match` names.
    #[error("the ticket is not in the version named")]
    OtherVersion,
    /// The key was used for another body.
    #[error("the key was used for another body")]
    KeyReused,
    /// It was carried out, and its answer was about somebody who has been erased since.
    #[error("the answer was erased")]
    AnswerErased,
    /// Others were faster each time.
    #[error("too many changes at once")]
    Contended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Answer {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        [&self.status.to_le_bytes(), self.version.to_le_bytes().as_slice(), &self.body].concat()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (status, rest) = bytes.split_first_chunk()?;
        let (version, body) = rest.split_first_chunk()?;
        let (status, version) = (u16::from_le_bytes(*status), i32::from_le_bytes(*version));
        Some(Self { status, version, body: body.to_vec() })
    }
}

impl Store {
    /// Tries again while somebody else was faster, [`ATTEMPTS`] times in all. Each attempt looks anew whether the version is the
    /// one that the client named.
    pub(super) async fn until_changed<F>(
        &self,
        key: Option<&IdempotencyKey>,
        attempt: impl Fn() -> F,
    ) -> Result<Delivered, ChangeError>
    where
        F: Future<Output = Result<Answer, Failed>>,
    {
        let mut tries = 1;
        loop {
            match attempt().await {
                Err(Failed::Conflict) if tries < ATTEMPTS => {
                    self.journal.gauges().conflict(true);
                    tokio::time::sleep(entropy::jitter(tries)).await;
                    tries += 1;
                }
                result => {
                    if matches!(result, Err(Failed::Conflict)) {
                        self.journal.gauges().conflict(false);
                    }
                    return self.or_kept(key, result).await;
                }
            }
        }
    }

    /// What was answered under the key of a call for which nothing could be written.
    ///
    /// # Errors
    /// Why not, when nothing was.
    pub async fn answered_before(
        &self,
        key: Option<&IdempotencyKey>,
        error: StoreError,
    ) -> Result<Delivered, ChangeError> {
        self.or_kept(key, Err(error.into())).await
    }

    /// Whatever failed: a call that was carried out before gets its kept answer.
    pub(super) async fn or_kept(
        &self,
        key: Option<&IdempotencyKey>,
        result: Result<Answer, Failed>,
    ) -> Result<Delivered, ChangeError> {
        let error = match result {
            Ok(answer) => {
                return Ok(Delivered { answer, replayed: false });
            }
            // What cannot be written to, a full disk, may be read.
            Err(Failed::Error(error @ ChangeError::Store(StoreError::Unavailable(_)))) => {
                let Some(key) = key else { return Err(error) };
                match limited(A_MOMENT, self.kept(key)).await {
                    Ok(Some(Kept::Same(answer))) => return Ok(Delivered { answer, replayed: true }),
                    _ => return Err(error),
                }
            }
            Err(Failed::Error(error @ ChangeError::Store(_))) => return Err(error),
            Err(Failed::Error(error)) => error,
            Err(Failed::KeyTaken | Failed::Conflict) => ChangeError::Contended,
        };
        let Some(key) = key else {
            return Err(error);
        };
        match self.kept(key).await? {
            Some(Kept::Same(answer)) => Ok(Delivered { answer, replayed: true }),
            Some(Kept::OtherBody) => Err(ChangeError::KeyReused),
            Some(Kept::Erased) => Err(ChangeError::AnswerErased),
            None => Err(error),
        }
    }
}

/// How an attempt fails: for good, or because somebody else was faster.
pub(super) enum Failed {
    Error(ChangeError),
    Conflict,
    KeyTaken,
}

impl<E: Into<ChangeError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl From<JournalError> for Failed {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Conflict => Self::Conflict,
            JournalError::KeyTaken => Self::KeyTaken,
            JournalError::Store(error) => Self::Error(error.into()),
        }
    }
}
