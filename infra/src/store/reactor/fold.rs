//! The whole log once more, a history after the other: what rebuilding and checking have in common. What cannot be read or
//! does not follow is passed over, as reactors pass over it.

use super::super::Store;
use super::super::error::StoreError;
use super::super::log::{Cursor, EVENT_COLUMNS, LoggedRow, logged_row};
use domain::flag::FlagChange;
use domain::ticket::{BrokenHistory, Event, Ticket};
use uuid::Uuid;

/// How many events are read at a time.
const PAGE: i64 = 4_000;

/// The history of one ticket, as far as it was asked for.
#[derive(Debug)]
pub(super) struct Folded {
    pub(super) ticket: Ticket,
    /// What happened to its flags, with the ticket as it was after each.
    pub(super) flags: Vec<(Cursor, FlagChange, Ticket)>,
}

/// An event that cannot be read or does not follow, and why.
#[derive(Debug)]
pub(super) struct PassedOver {
    pub(super) cursor: Cursor,
    pub(super) stream: Uuid,
    pub(super) stream_version: i32,
    pub(super) reason: String,
}

/// A walk through all histories, in the order of their ids.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    store: &'a Store,
    sql: String,
    upto: Cursor,
    stream: Uuid,
    version: i32,
    /// Whether flags are asked for.
    flags: bool,
    open: Option<Folded>,
    ended: bool,
    /// How many events were read.
    pub(super) read: u64,
    /// Those that could not be followed.
    pub(super) passed_over: Vec<PassedOver>,
}

impl<'a> Walk<'a> {
    /// Begins a walk through the events at or before `upto`.
    pub(super) fn new(store: &'a Store, upto: Cursor, flags: bool) -> Self {
        let order = store.order();
        let sql = format!(
            "SELECT {}, e.stream, {EVENT_COLUMNS} FROM event e \
             WHERE (e.stream, e.stream_version) > ($1, $2) AND e.aggregate = 'ticket' AND {} \
             ORDER BY e.stream, e.stream_version LIMIT {PAGE}",
            order.cursor(),
            order.until("$3", "$4")
        );
        let (stream, version) = (Uuid::nil(), 0);
        Self {
            store,
            sql,
            upto,
            stream,
            version,
            flags,
            open: None,
            ended: false,
            read: 0,
            passed_over: Vec::new(),
        }
    }

    /// The tickets whose histories ended on the next page; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Folded>>, StoreError> {
        if self.ended {
            return Ok(None);
        }
        let [xid, position] = self.upto.values(self.store.backend());
        let values = vec![self.stream.into(), self.version.into(), xid, position];
        let rows = self.store.query_all(&self.sql, values).await?;
        self.read += rows.len() as u64;
        self.ended = i64::try_from(rows.len()).is_ok_and(|rows| rows < PAGE);
        let mut folded = Vec::new();
        for row in &rows {
            let LoggedRow { cursor, stream, stream_version, event } = logged_row(row)?;
            if stream != self.stream {
                folded.extend(self.open.take());
                self.stream = stream;
            }
            self.version = stream_version;
            match event.and_then(|event| self.follow(cursor, &event)) {
                Ok(()) => {}
                // Only a newer program comes to the right sums.
                Err(error @ StoreError::Newer { .. }) => return Err(error),
                Err(error) => {
                    let reason = error.to_string();
                    self.passed_over.push(PassedOver { cursor, stream, stream_version, reason });
                }
            }
        }
        if self.ended {
            folded.extend(self.open.take());
        }
        Ok(Some(folded))
    }

    fn follow(&mut self, cursor: Cursor, event: &Event) -> Result<(), StoreError> {
        let broken = |error: BrokenHistory| StoreError::corrupt("event", "payload", self.stream, error);
        match &mut self.open {
            // What does not follow leaves the ticket as it was.
            Some(open) => open.ticket.apply(event).map_err(broken)?,
            None => {
                let ticket = Ticket::begin(event).map_err(broken)?;
                self.open = Some(Folded { ticket, flags: Vec::new() });
            }
        }
        if let Some(open) = self.open.as_mut().filter(|_| self.flags)
            && let Some(change) = FlagChange::of(event, &open.ticket)
        {
            open.flags.push((cursor, change, open.ticket.clone()));
        }
        Ok(())
    }
}
