//! One batch of a reactor: read behind the cursor, say what follows, write it together with the new cursor. The write is
//! guarded by the old cursor, so whoever comes second writes nothing and reads anew.

use super::super::Store;
use super::super::error::StoreError;
use super::super::journal::JournalError;
use super::super::log::Cursor;
use super::super::row::column;
use super::fold::PassedOver;
use super::recent::Next;
use super::{Happening, Memory, Reactor};
use crate::trace;
use domain::time::Timestamp;
use futures_util::FutureExt;
use sea_orm::Statement;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tracing::Instrument;
use uuid::Uuid;

/// How many events are done at a time.
const BATCH: u32 = 500;
/// How often an event that fails by itself is tried before it is set aside.
const TRIES: u8 = 3;
/// How often a whole batch is tried while the database cannot do it.
const PATIENCE: u8 = 3;
/// How much is kept of why.
const REASON: usize = 500;

/// What came of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How far it has come.
    pub cursor: Cursor,
    /// How many events it did.
    pub done: usize,
    /// Whether there may be more to do at once: a whole batch was read, or another process was faster.
    pub more: bool,
    /// How often the event at which it stands has failed by now; it is worth a pause.
    pub failed: u8,
    /// Whether an event was set aside.
    pub set_aside: bool,
}

/// What a reactor is careful about after a failure.
#[derive(Debug, Default)]
pub(super) struct Care {
    /// How many events are to be done one by one.
    alone: usize,
    /// The event that failed by itself, and how often.
    failed: Option<(Cursor, u8)>,
    /// How often in a row the database could not do it.
    unavailable: u8,
}

impl Care {
    fn is_calm(&self) -> bool {
        self.alone == 0 && self.failed.is_none()
    }
}

/// What comes next.
struct Batch {
    happenings: Vec<Arc<Happening>>,
    /// Why the one behind them is not among them.
    broken: Option<StoreError>,
    /// The first: where, whose, and which of theirs.
    first: (Cursor, Uuid, i32),
    /// Whether there may be more.
    whole: bool,
}

/// How far a reactor has come, as its row says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reached {
    pub(super) cursor: Cursor,
    pub(super) generation: i32,
}

impl Store {
    /// Does one batch of a reactor. Several may do so at once, in as many processes: each event counts once.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away, however often; [`StoreError::Newer`] at an event that a newer
    /// version of the program wrote; others when the log as a whole cannot be read. An event that cannot be done is no error:
    /// it is tried again, then set aside.
    pub async fn react(
        &self,
        reactor: Reactor,
        memory: &mut Memory,
        now: Timestamp,
    ) -> Result<Progress, StoreError> {
        let done = self.try_react(reactor, memory, now).await;
        if matches!(done, Err(StoreError::Unavailable(_))) {
            self.forget_happened().await;
        }
        done
    }

    async fn try_react(
        &self,
        reactor: Reactor,
        memory: &mut Memory,
        now: Timestamp,
    ) -> Result<Progress, StoreError> {
        let place = self.reactor_reached(reactor).await?;
        let idle = Progress { cursor: place.cursor, done: 0, more: false, failed: 0, set_aside: false };
        let Some(batch) = self.read_batch(place, memory).await? else {
            memory.care = Care::default();
            return Ok(idle);
        };
        let span = trace::batch("reactor", reactor.name(), batch.happenings.len());
        self.work_off(reactor, memory, (place, idle), batch, now).instrument(span).await
    }

    /// Does what was read.
    async fn work_off(
        &self,
        reactor: Reactor,
        memory: &mut Memory,
        (place, idle): (Reached, Progress),
        Batch { happenings, broken, first, whole }: Batch,
        now: Timestamp,
    ) -> Result<Progress, StoreError> {
        let Some(last) = happenings.last() else {
            let error = broken.unwrap_or_else(|| StoreError::Unavailable("nothing was read".into()));
            // A newer program helps when it has waited for a while; set aside, it would wait for an administrator.
            if matches!(error, StoreError::Newer { .. }) {
                return Err(error);
            }
            return self.fail(reactor, memory, place, first, &error, now).await;
        };
        let cursor = last.cursor;
        match self.carry_out(reactor, place, &happenings, cursor, now).await {
            Ok(true) => {
                memory.care.alone = memory.care.alone.saturating_sub(happenings.len());
                memory.care.failed = None;
                memory.care.unavailable = 0;
                let more = whole || broken.is_some();
                Ok(Progress { cursor, done: happenings.len(), more, ..idle })
            }
            Ok(false) => Ok(Progress { more: true, ..idle }),
            Err(error @ StoreError::Unavailable(_)) => {
                // A batch that takes too long each time is done in smaller ones.
                memory.care.unavailable = memory.care.unavailable.saturating_add(1);
                if memory.care.unavailable >= PATIENCE {
                    memory.care.alone = happenings.len();
                }
                Err(error)
            }
            Err(error) if happenings.len() == 1 => {
                self.fail(reactor, memory, place, first, &error, now).await
            }
            Err(error) => {
                tracing::warn!(reactor = reactor.name(), %error, "a batch failed; its events are done one by one");
                memory.care.alone = happenings.len();
                Ok(Progress { more: true, ..idle })
            }
        }
    }

    /// What lies behind `place`: what all reactors share, or what this one reads for itself; `None` when nothing does.
    async fn read_batch(&self, place: Reached, memory: &mut Memory) -> Result<Option<Batch>, StoreError> {
        if memory.care.is_calm() {
            match self.happened(place.cursor, BATCH).await? {
                Next::Happened(happenings, whole) => {
                    let Happening { cursor, ticket, version, .. } = *happenings[0];
                    let first = (cursor, ticket.0, version);
                    return Ok(Some(Batch { happenings, broken: None, first, whole }));
                }
                Next::Nothing => return Ok(None),
                Next::Elsewhere => {}
            }
        }
        let limit = if memory.care.alone > 0 { 1 } else { BATCH };
        let rows = self.log_after(place.cursor, limit).await?;
        let whole = rows.len() == limit as usize;
        let Some(first) = rows.first() else { return Ok(None) };
        let first = (first.cursor, first.stream, first.stream_version);
        let (happenings, broken) = self.happenings(rows, memory).await?;
        let happenings = happenings.into_iter().map(Arc::new).collect();
        Ok(Some(Batch { happenings, broken, first, whole }))
    }

    /// Whether the guard found the reactor where it was.
    async fn carry_out(
        &self,
        reactor: Reactor,
        place: Reached,
        happenings: &[Arc<Happening>],
        to: Cursor,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut statements = vec![self.advance(reactor, place, to, now)];
        let effects = AssertUnwindSafe(reactor.effects(self, happenings, place.generation, now));
        // An event at which the program panics is one that cannot be done, like any other.
        let panicked = |_| StoreError::corrupt("event", "payload", to.position(), "the reactor panicked");
        statements.extend(effects.catch_unwind().await.unwrap_or_else(|panic| Err(panicked(panic)))?);
        self.write_after_cursor(statements).await
    }

    /// Counts a failure of one event by itself; sets it aside when it has failed often enough.
    async fn fail(
        &self,
        reactor: Reactor,
        memory: &mut Memory,
        place: Reached,
        (cursor, stream, version): (Cursor, Uuid, i32),
        error: &StoreError,
        now: Timestamp,
    ) -> Result<Progress, StoreError> {
        let before = memory.care.failed.filter(|(failed, _)| *failed == cursor).map_or(0, |(_, tries)| tries);
        let tries = before + 1;
        memory.care.failed = Some((cursor, tries));
        let stays = Progress { cursor: place.cursor, done: 0, more: true, failed: tries, set_aside: false };
        if tries < TRIES {
            tracing::warn!(reactor = reactor.name(), position = cursor.position(), tries, %error, "an event failed");
            return Ok(stays);
        }
        let event = PassedOver { cursor, stream, stream_version: version, reason: error.to_string() };
        let statements =
            vec![self.advance(reactor, place, cursor, now), self.put_aside(reactor, &event, tries, now)];
        if !self.write_after_cursor(statements).await? {
            return Ok(Progress { failed: 0, ..stays });
        }
        tracing::error!(
            reactor = reactor.name(), position = cursor.position(), %stream, version, %error,
            "an event was set aside; the rest goes on"
        );
        memory.care.alone = memory.care.alone.saturating_sub(1);
        memory.care.failed = None;
        Ok(Progress { cursor, done: 1, more: true, failed: 0, set_aside: true })
    }

    /// Remembers an event that the reactor went on without.
    pub(super) fn put_aside(
        &self,
        reactor: Reactor,
        event: &PassedOver,
        tries: u8,
        now: Timestamp,
    ) -> Statement {
        let sql = "INSERT INTO set_aside (reactor, position, stream, stream_version, error, tries, at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let values = vec![
            reactor.name().into(),
            event.cursor.position().into(),
            event.stream.into(),
            event.stream_version.into(),
            event.reason.chars().take(REASON).collect::<String>().into(),
            i32::from(tries).into(),
            now.into(),
        ];
        self.statement(sql, values)
    }

    /// Moves the cursor, when it and the generation are still the same: the guard of every write of a reactor.
    pub(super) fn advance(&self, reactor: Reactor, from: Reached, to: Cursor, now: Timestamp) -> Statement {
        let sql = "UPDATE reactor SET xid = $5, position = $6, updated_at = $7 \
             WHERE name = $1 AND xid = $2 AND position = $3 AND generation = $4";
        let values = vec![
            reactor.name().into(),
            from.cursor.xid().into(),
            from.cursor.position().into(),
            from.generation.into(),
            to.xid().into(),
            to.position().into(),
            now.into(),
        ];
        self.statement(sql, values)
    }

    /// Writes all or nothing; whether the first statement, the guard, found its row.
    pub(super) async fn write_after_cursor(&self, statements: Vec<Statement>) -> Result<bool, StoreError> {
        self.journal.write_guarded(statements).await.or_else(|error| match error {
            JournalError::Conflict => Ok(false),
            JournalError::KeyTaken => Err(StoreError::Duplicate("idempotency".into())),
            JournalError::Store(error) => Err(error),
        })
    }

    /// Where a reactor is.
    pub(super) async fn reactor_reached(&self, reactor: Reactor) -> Result<Reached, StoreError> {
        let sql = "SELECT xid, position, generation FROM reactor WHERE name = $1";
        let row = self.query_one(sql, vec![reactor.name().into()]).await?;
        let gone = || StoreError::corrupt("reactor", "name", reactor.name(), "the reactor has no row");
        let row = row.ok_or_else(gone)?;
        Ok(Reached {
            cursor: Cursor::at(column(&row, "reactor", "xid")?, column(&row, "reactor", "position")?),
            generation: column(&row, "reactor", "generation")?,
        })
    }
}
