//! The tickets before and after events: the folds of their histories, kept for a while.
//!
//! What cannot be read or does not follow is left out of the fold, for events behind it may follow all the same. Only what
//! a newer version of the program wrote is waited at: that one can read it.

use super::super::Store;
use super::super::error::StoreError;
use super::super::log::{EVENT_COLUMNS, LoggedRow, stored_event};
use super::super::row::column;
use super::Happening;
use domain::id::TicketId;
use domain::ticket::{Event, Ticket};
use lru::LruCache;
use sea_orm::Value;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use uuid::Uuid;

/// How many tickets are kept; one takes some 2 KB.
const KEPT: NonZeroUsize = NonZeroUsize::new(4_000).expect("some");
/// How many histories are read at a time.
const STREAMS: usize = 64;

/// What a reactor remembers between batches. It may be lost at any time: the log has it all.
#[derive(Debug)]
pub struct Memory {
    /// Tickets as of a version of theirs.
    tickets: LruCache<Uuid, (i32, Option<Ticket>)>,
    /// What to be careful about.
    pub(super) care: super::run::Care,
}

impl Default for Memory {
    fn default() -> Self {
        Self { tickets: LruCache::new(KEPT), care: super::run::Care::default() }
    }
}

impl Memory {
    /// The version and the ticket before an event, when they are those just before it.
    fn before(&mut self, row: &LoggedRow) -> Option<Option<Ticket>> {
        match self.tickets.get(&row.stream) {
            Some((version, ticket)) if *version == row.stream_version - 1 => Some(ticket.clone()),
            _ if row.stream_version == 1 => Some(None),
            _ => None,
        }
    }

    /// What an event is, with the ticket before and after it.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it cannot be read or does not follow; it is passed over then.
    fn follow(&mut self, row: LoggedRow) -> Result<Happening, StoreError> {
        let LoggedRow { cursor, stream, stream_version, event } = row;
        let before = self.tickets.pop(&stream).filter(|(version, _)| *version == stream_version - 1);
        let before = before.and_then(|(_, ticket)| ticket);
        let followed = event.and_then(|event| Ok((after(before.as_ref(), &event, stream)?, event)));
        let ticket = followed.as_ref().map_or_else(|_| before.clone(), |(ticket, _)| Some(ticket.clone()));
        // Without what only a newer program can read there is no fold behind it.
        if !matches!(followed, Err(StoreError::Newer { .. })) {
            self.tickets.put(stream, (stream_version, ticket));
        }
        let (after, event) = followed?;
        Ok(Happening { cursor, ticket: TicketId(stream), version: stream_version, event, before, after })
    }
}

/// The ticket after an event.
pub(super) fn after(before: Option<&Ticket>, event: &Event, stream: Uuid) -> Result<Ticket, StoreError> {
    let broken = |error: String| StoreError::corrupt("event", "payload", stream, error);
    match before {
        Some(before) => {
            let mut ticket = before.clone();
            ticket.apply(event).map_err(|error| broken(error.to_string()))?;
            Ok(ticket)
        }
        None => {
            let ticket = Ticket::begin(event).map_err(|error| broken(error.to_string()))?;
            if ticket.id == TicketId(stream) { Ok(ticket) } else { Err(broken("begins as another".into())) }
        }
    }
}

impl Store {
    /// The events up to the first that cannot be read or does not follow, and why that one is not among them.
    pub(super) async fn happenings(
        &self,
        rows: Vec<LoggedRow>,
        memory: &mut Memory,
    ) -> Result<(Vec<Happening>, Option<StoreError>), StoreError> {
        let mut happenings = Vec::with_capacity(rows.len());
        // Fewer streams than are kept: what a batch reads is not pushed out before it is used.
        self.remember(&rows, memory).await?;
        for row in rows {
            let position = row.cursor.position();
            let followed = catch_unwind(AssertUnwindSafe(|| memory.follow(row)));
            // Passed over like any other that does not follow.
            let panicked = |_| StoreError::corrupt("event", "payload", position, "the program panicked");
            let followed = followed.unwrap_or_else(|panic| Err(panicked(panic)));
            match followed {
                Ok(happening) => happenings.push(happening),
                Err(error) => return Ok((happenings, Some(error))),
            }
        }
        Ok((happenings, None))
    }

    /// Reads the histories of tickets that are not known as they were before the first of these events.
    async fn remember(&self, rows: &[LoggedRow], memory: &mut Memory) -> Result<(), StoreError> {
        let mut unknown: Vec<(Uuid, i32)> = Vec::new();
        let mut seen = std::collections::HashSet::with_capacity(rows.len());
        for row in rows {
            if seen.insert(row.stream) && memory.before(row).is_none() {
                unknown.push((row.stream, row.stream_version));
            }
        }
        for some in unknown.chunks(STREAMS) {
            self.read_histories(some, memory).await?;
        }
        Ok(())
    }

    async fn read_histories(&self, some: &[(Uuid, i32)], memory: &mut Memory) -> Result<(), StoreError> {
        // Always as many parameters, so that it is always the same statement.
        let nobody = std::iter::repeat((Uuid::nil(), 0));
        let values: Vec<Value> = some
            .iter()
            .copied()
            .chain(nobody)
            .take(STREAMS)
            .flat_map(|(stream, version)| [stream.into(), version.into()])
            .collect();
        let wanted: Vec<_> = (0..STREAMS).map(|i| format!("(${}, ${})", 2 * i + 1, 2 * i + 2)).collect();
        let sql = format!(
            "WITH wanted(stream, version) AS (VALUES {}) SELECT e.stream, {EVENT_COLUMNS} FROM wanted w \
             JOIN event e ON e.stream = w.stream AND e.stream_version < w.version AND e.aggregate = 'ticket' \
             ORDER BY e.stream, e.stream_version",
            wanted.join(", ")
        );
        let rows = self.query_all(&sql, values).await?;
        let mut folds: std::collections::HashMap<Uuid, Option<Ticket>> =
            some.iter().map(|(stream, _)| (*stream, None)).collect();
        for row in &rows {
            let stream = column(row, "event", "stream")?;
            let fold = folds.entry(stream).or_default();
            match stored_event(row).and_then(|event| after(fold.as_ref(), &event, stream)) {
                Ok(ticket) => *fold = Some(ticket),
                Err(error @ StoreError::Newer { .. }) => return Err(error),
                // What was passed over is passed over again.
                Err(_) => {}
            }
        }
        for (stream, version) in some {
            let fold = folds.remove(stream).flatten();
            memory.tickets.put(*stream, (version - 1, fold));
        }
        Ok(())
    }
}
