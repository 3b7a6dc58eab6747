//! The event log: read behind a cursor, it is the outbox.
//!
//! On PostgreSQL positions are drawn before they are committed, in no promised order: a reader that only remembers the
//! last position skips what commits later. So the cursor is `(xid, position)` and nothing is read of transactions that
//! could still be running. On SQLite there is one writer, and the position alone is the order of commits.

use super::Store;
use super::error::StoreError;
use super::journal::EventRow;
use super::row::column;
use domain::id::UserId;
use domain::ticket::{Clock, EVENT_VERSION, Event, Fact, fact_from_json};
use sea_orm::{DbBackend, QueryResult};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
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

const POSTGRES: &str = "SELECT e.xid::text::bigint AS xid, e.position, e.stream, {columns} FROM event e \
     WHERE (e.xid, e.position) > ($1::text::xid8, $2) AND e.xid < pg_snapshot_xmin(pg_current_snapshot()) \
     AND e.aggregate = 'ticket' \
     ORDER BY e.xid, e.position LIMIT $3";
const SQLITE: &str = "SELECT 0 AS xid, e.position, e.stream, {columns} FROM event e \
     WHERE e.position > $2 + 0 * $1 AND e.aggregate = 'ticket' ORDER BY e.position LIMIT $3";

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
pub(super) fn event_row(event: &Event, version: i32) -> Result<EventRow, StoreError> {
    let payload = Payload { fact: &event.fact, clocks: &event.clocks };
    let payload = serde_json::to_string(&payload).and_then(RawValue::from_string);
    Ok(EventRow {
        version,
        kind: event.fact.headline().name(),
        v: EVENT_VERSION,
        actor: event.actor,
        text_id: event.fact.text().map(|text| text.id.0),
        occurred_at: event.occurred_at,
        recorded_at: event.recorded_at,
        payload: payload.map_err(|error| StoreError::corrupt("event", "payload", version, error))?,
    })
}

/// The event of a row that has [`EVENT_COLUMNS`].
pub(super) fn stored_event(row: &QueryResult) -> Result<Event, StoreError> {
    let v: i16 = column(row, "event", "v")?;
    let payload: String = column(row, "event", "payload")?;
    let corrupt = |reason: String| StoreError::corrupt("event", "payload", "?", reason);
    let StoredPayload { fact, clocks } =
        serde_json::from_str(&payload).map_err(|error| corrupt(error.to_string()))?;
    let fact = fact_from_json(fact, v).map_err(|error| corrupt(error.to_string()))?;
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

    /// The same, for whoever goes on behind an event that cannot be read.
    pub(super) async fn log_after(&self, cursor: Cursor, limit: u32) -> Result<Vec<LoggedRow>, StoreError> {
        let (sql, xid) = match self.backend() {
            DbBackend::Postgres => (POSTGRES, cursor.xid.to_string().into()),
            _ => (SQLITE, cursor.xid.into()),
        };
        let sql = sql.replace("{columns}", EVENT_COLUMNS);
        let values = vec![xid, cursor.position.into(), i64::from(limit).into()];
        self.query_all(&sql, values).await?.iter().map(logged_row).collect()
    }
}

/// The row of a query that has `xid`, `position`, `stream` and [`EVENT_COLUMNS`].
pub(super) fn logged_row(row: &QueryResult) -> Result<LoggedRow, StoreError> {
    Ok(LoggedRow {
        cursor: Cursor { xid: column(row, "event", "xid")?, position: column(row, "event", "position")? },
        stream: column(row, "event", "stream")?,
        stream_version: column(row, "event", "stream_version")?,
        event: stored_event(row),
    })
}
