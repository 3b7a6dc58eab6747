//! Answers kept under an `Idempotency-Key`: the same key and body get the same answer, the key with another body is
//! refused.

use super::change::Answer;
use super::error::StoreError;
use super::row::column;
use super::{Store, journal::KeptAnswer};
use chrono::TimeDelta;
use domain::time::Timestamp;
use sea_orm::Statement;
use uuid::Uuid;

/// How long answers are kept, at least.
const KEPT: TimeDelta = TimeDelta::hours(24);
const COLUMN: &str = "idempotency.answer";

/// A key with the hash of the body that it came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdempotencyKey {
    key: [u8; 32],
    body_hash: [u8; 32],
}

/// What was found under a key.
pub(super) enum Kept {
    Same(Answer),
    OtherBody,
    /// Whoever it was about has been erased since.
    Erased,
}

impl IdempotencyKey {
    /// The row id that the answer is sealed for.
    fn row(&self) -> Uuid {
        let mut id = [0; 16];
        id.copy_from_slice(&self.key[..16]);
        Uuid::from_bytes(id)
    }
}

impl Store {
    /// The key of a call: who made it, what it was, and the client's key; with the hash of its body.
    pub fn idempotency_key(
        &self,
        actor: Uuid,
        method: &str,
        path: &str,
        key: &str,
        body: &[u8],
    ) -> IdempotencyKey {
        let parts = [actor.as_bytes(), method.as_bytes(), path.as_bytes(), key.as_bytes()];
        IdempotencyKey { key: self.keys.digest(&parts), body_hash: self.keys.digest(&[b"body", body]) }
    }

    pub(super) fn keep(&self, key: &IdempotencyKey, answer: &Answer, now: Timestamp) -> KeptAnswer {
        let sealed = self.keys.seal(COLUMN, key.row(), &answer.to_bytes());
        KeptAnswer { key: key.key, body_hash: key.body_hash, answer: sealed, now }
    }

    /// Empties the kept answers about a person, about the tickets that they raised, about their absences, about the matters that
    /// concern them, and about all in which they did something. The keys stay: what was done once is not done again.
    pub(super) fn erased_answers(&self, person: Uuid) -> Statement {
        let sql = "UPDATE idempotency SET answer = $2 WHERE stream = $1 \
             OR stream IN (SELECT t.id FROM ticket t WHERE t.requester_id = $1) \
             OR stream IN (SELECT a.id FROM absence a WHERE a.user_id = $1) \
             OR stream IN (SELECT w.matter_id FROM matter_party w WHERE w.party_id = $1) \
             OR stream IN (SELECT e.stream FROM event e WHERE e.actor = $1)";
        self.statement(sql, vec![person.into(), Vec::<u8>::new().into()])
    }

    /// Whether an answer is kept under this key, to whatever body.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_answered(&self, key: &IdempotencyKey) -> Result<bool, StoreError> {
        Ok(self.kept(key).await?.is_some())
    }

    pub(super) async fn kept(&self, key: &IdempotencyKey) -> Result<Option<Kept>, StoreError> {
        let sql = "SELECT body_hash, answer FROM idempotency WHERE key = $1";
        let Some(row) = self.query_one(sql, vec![key.key.to_vec().into()]).await? else {
            return Ok(None);
        };
        let body_hash: Vec<u8> = column(&row, "idempotency", "body_hash")?;
        let sealed: Vec<u8> = column(&row, "idempotency", "answer")?;
        if body_hash != key.body_hash {
            return Ok(Some(Kept::OtherBody));
        }
        if sealed.is_empty() {
            return Ok(Some(Kept::Erased));
        }
        let answer =
            self.keys.unseal(COLUMN, key.row(), &sealed).ok().and_then(|bytes| Answer::from_bytes(&bytes));
        let answer =
            answer.ok_or_else(|| StoreError::corrupt("idempotency", "answer", key.row(), "does not open"))?;
        Ok(Some(Kept::Same(answer)))
    }

    /// Forgets answers older than 24 hours, some at a time so that nobody waits for it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_old_answers(&self, now: Timestamp) -> Result<(), StoreError> {
        let sql = "DELETE FROM idempotency WHERE key IN \
             (SELECT key FROM idempotency WHERE created_at < $1 ORDER BY created_at LIMIT 1000) RETURNING 1";
        let some = || self.journal.write_returning(self.statement(sql, vec![(now - KEPT).into()]));
        while some().await?.is_some() {}
        Ok(())
    }
}
