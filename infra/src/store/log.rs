//! The event log: read behind a cursor, it is the outbox.
//!
//! On PostgreSQL positions are drawn before they are committed, in no promised order: a reader that only remembers the
//! last position skips what commits later. So the cursor is `(xid, position)` and nothing is read of transactions that
//! could still be running. On SQLite there is one writer, and the position alone is the order of commits.

use super::Store;
use super::error::StoreError;
use super::journal::Values;
use super::row::{Row, column};
use domain::id::UserId;
use domain::ticket::{Clock, EVENT_VERSION, Event, Fact, Unreadable, fact_from_json};
use sea_orm::{DbBackend, Value};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How far a reader has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Cursor {
    /// The transaction; 0 on SQLite.
    xid: i64,
    /// The event.
    position: i64,
}

impl Cursor {
    /// As it is stored.
    pub(super) fn at(xid: i64, position: i64) -> Self {
        Self { xid, position }
    }

    /// The transaction, which comes first in the order of reading.
    pub(super) fn xid(&self) -> i64 {
        self.xid
    }

    /// Behind every event.
    pub(super) const MAX: Self = Self { xid: i64::MAX, position: i64::MAX };

    /// Where the event of a row stands.
    pub(super) fn of(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { xid: column(row, "event", "xid")?, position: column(row, "event", "position")? })
    }

    /// As two values of a query; PostgreSQL takes a transaction as text.
    pub(super) fn values(self, backend: DbBackend) -> [Value; 2] {
        let xid = match backend {
            DbBackend::Postgres => self.xid.to_string().into(),
            _ => self.xid.into(),
        };
        [xid, self.position.into()]
    }

    /// As bytes, for a client to keep.
    pub fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.xid.to_le_bytes());
        bytes[8..].copy_from_slice(&self.position.to_le_bytes());
        bytes
    }

    /// From [`to_bytes`](Self::to_bytes).
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        let half = |from: usize| {
            let mut half = [0; 8];
            half.copy_from_slice(&bytes[from..from + 8]);
            i64::from_le_bytes(half)
        };
        Self { xid: half(0), position: half(8) }
    }

    /// The position of the event that was read last.
    pub fn position(&self) -> i64 {
        self.position
    }
}

/// An event as the log holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedEvent {
    /// Where it stands; reading goes on behind it.
    pub cursor: Cursor,
    /// The aggregate that it belongs to.
    pub stream: Uuid,
    /// Its number in the history of that aggregate.
    pub stream_version: i32,
    /// What happened.
    pub event: Event,
}

/// The same, where the event itself may be one that cannot be read.
#[derive(Debug)]
pub(super) struct LoggedRow {
    pub(super) cursor: Cursor,
    pub(super) stream: Uuid,
    pub(super) stream_version: i32,
    pub(super) event: Result<Event, StoreError>,
}

/// What [`stored_event`] needs of the table `e`.
pub(super) const EVENT_COLUMNS: &str =
    "e.stream_version, e.v, e.actor, e.occurred_at, e.recorded_at, CAST(e.payload AS text) AS payload";

/// The order of the log `e` in SQL: by transaction and position on PostgreSQL, by position alone on SQLite.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order(DbBackend);

impl Order {
    pub(super) fn of(backend: DbBackend) -> Self {
        Self(backend)
    }

    /// What of an event [`Cursor::of`] reads.
    pub(super) fn cursor(self) -> &'static str {
        match self.0 {
            DbBackend::Postgres => "e.xid::text::bigint AS xid, e.position",
            _ => "0 AS xid, e.position",
        }
    }

    /// Behind a cursor, whose two parts are parameters or columns.
    pub(super) fn after(self, xid: &str, position: &str) -> String {
        self.compare(">", xid, position)
    }

    /// Not behind a cursor.
    pub(super) fn until(self, xid: &str, position: &str) -> String {
        self.compare("<=", xid, position)
    }

    fn compare(self, how: &str, xid: &str, position: &str) -> String {
        match self.0 {
            DbBackend::Postgres => format!("(e.xid, e.position) {how} ({xid}::text::xid8, {position})"),
            // A parameter must be somewhere.
            _ => format!("e.position {how} {position} + 0 * {xid}"),
        }
    }

    /// Of transactions older than every one that still runs: nothing can come before it any more.
    pub(super) fn safe(self) -> &'static str {
        match self.0 {
            DbBackend::Postgres => "e.xid < pg_snapshot_xmin(pg_current_snapshot())",
            _ => "true",
        }
    }

    /// Oldest first.
    pub(super) fn oldest(self) -> &'static str {
        match self.0 {
            DbBackend::Postgres => "e.xid, e.position",
            _ => "e.position",
        }
    }

    /// Newest first.
    pub(super) fn newest(self) -> &'static str {
        match self.0 {
            DbBackend::Postgres => "e.xid DESC, e.position DESC",
            _ => "e.position DESC",
        }
    }
}

/// What of an event is not a column.
#[derive(Serialize)]
struct Payload<'a> {
    fact: &'a Fact,
    clocks: &'a [Clock],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredPayload {
    fact: serde_json::Value,
    clocks: Vec<Clock>,
}

/// The event as a row.
pub(super) fn event_row(
    event: &Event,
    stream: Uuid,
    version: i32,
    scope_code: &str,
) -> Result<Values, StoreError> {
    let payload = serde_json::to_string(&Payload { fact: &event.fact, clocks: &event.clocks })
        .map_err(|error| StoreError::corrupt("event", "payload", stream, error))?;
    Ok(vec![
        stream.into(),
        version.into(),
        event.fact.headline().name().into(),
        event.version().into(),
        event.actor.map(|actor| actor.0).into(),
        scope_code.into(),
        event.fact.text().map(|text| text.id.0).into(),
        event.occurred_at.into(),
        event.recorded_at.into(),
        payload.into(),
    ])
}

/// The event of a row that has [`EVENT_COLUMNS`].
pub(super) fn stored_event(row: &Row) -> Result<Event, StoreError> {
    let v: i16 = column(row, "event", "v")?;
    let payload: String = column(row, "event", "payload")?;
    let unreadable = |why: Unreadable| StoreError::unreadable("event", "payload", "?", why);
    // What is beside the fact is of that version, too.
    if v > EVENT_VERSION {
        return Err(unreadable(Unreadable::Newer(v)));
    }
    let StoredPayload { fact, clocks } =
        serde_json::from_str(&payload).map_err(|error| unreadable(error.into()))?;
    let fact = fact_from_json(fact, v).map_err(unreadable)?;
    Ok(Event {
        fact,
        clocks,
        actor: column::<Option<Uuid>>(row, "event", "actor")?.map(UserId),
        occurred_at: column(row, "event", "occurred_at")?,
        recorded_at: column(row, "event", "recorded_at")?,
    })
}

impl Store {
    /// The events behind a cursor, at most `limit`, in the order in which they are safe to read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn events_after(&self, cursor: Cursor, limit: u32) -> Result<Vec<LoggedEvent>, StoreError> {
        let rows = self.log_after(cursor, limit).await?;
        let logged = |LoggedRow { cursor, stream, stream_version, event }: LoggedRow| {
            Ok(LoggedEvent { cursor, stream, stream_version, event: event? })
        };
        rows.into_iter().map(logged).collect()
    }

    /// Where the log of tickets ends by now: what is committed later comes behind it, or is committed late.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_of_log(&self) -> Result<Cursor, StoreError> {
        self.last_event("true").await
    }

    /// Where it ends as far as it is safe to read: nothing comes before that any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn safe_end_of_log(&self) -> Result<Cursor, StoreError> {
        self.last_event(self.order().safe()).await
    }

    async fn last_event(&self, which: &str) -> Result<Cursor, StoreError> {
        let order = self.order();
        let sql = format!(
            "SELECT {} FROM event e WHERE e.aggregate = 'ticket' AND {which} ORDER BY {} LIMIT 1",
            order.cursor(),
            order.newest()
        );
        let row = self.query_one(&sql, vec![]).await?;
        row.as_ref().map_or(Ok(Cursor::default()), Cursor::of)
    }

    pub(super) fn order(&self) -> Order {
        Order::of(self.backend())
    }

    /// The events behind a cursor, for whoever goes on behind an event that cannot be read.
    pub(super) async fn log_after(&self, cursor: Cursor, limit: u32) -> Result<Vec<LoggedRow>, StoreError> {
        let order = self.order();
        let sql = format!(
            "SELECT {}, e.stream, {EVENT_COLUMNS} FROM event e WHERE {} AND {} AND e.aggregate = 'ticket' ORDER BY {} LIMIT $3",
            order.cursor(),
            order.after("$1", "$2"),
            order.safe(),
            order.oldest()
        );
        let [xid, position] = cursor.values(self.backend());
        let values = vec![xid, position, i64::from(limit).into()];
        self.query_all(&sql, values).await?.iter().map(logged_row).collect()
    }
}

/// The row of a query that has `xid`, `position`, `stream` and [`EVENT_COLUMNS`].
pub(super) fn logged_row(row: &Row) -> Result<LoggedRow, StoreError> {
    Ok(LoggedRow {
        cursor: Cursor::of(row)?,
        stream: column(row, "event", "stream")?,
        stream_version: column(row, "event", "stream_version")?,
        event: stored_event(row),
    })
}
