//! The live feed: one-time tickets to it, and the log as those who listen are told of it.

use super::Store;
use super::dialect::{self, json_param};
use super::error::StoreError;
use super::log::{Cursor, EVENT_COLUMNS, Order, stored_event};
use super::row::{Row, column, optional_word, word};
use crate::entropy;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use chrono::TimeDelta;
use domain::id::{TicketId, UserId};
use domain::live::{ASSIGNING, LiveEvent, LiveSubject, Wants};
use domain::ticket::{Fact, Unreadable, fact_from_json};
use domain::time::Timestamp;
use sea_orm::{DbBackend, Value};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::LazyLock;
use uuid::Uuid;

/// How long a ticket is good.
pub const TICKET_LIFETIME: TimeDelta = TimeDelta::seconds(60);
const SECRET: usize = 32;

const USED: &str = "DELETE FROM live_ticket WHERE hash = $1 RETURNING user_id, grants_version, \
     CAST(wants AS text) AS wants, expires_at, \
     (SELECT u.grants_version FROM app_user u WHERE u.id = live_ticket.user_id) AS current_version";

/// The statements of a database.
struct Texts {
    /// Events of tickets between two cursors, with their tickets, and with what last said who leads.
    events: String,
    /// How much of the log lies between two cursors, and how old it is.
    gap: String,
}

impl Texts {
    fn new(order: Order) -> Self {
        let (cursor, after, until) = (order.cursor(), order.after("$1", "$2"), order.until("$3", "$4"));
        let (safe, by) = (order.safe(), order.oldest());
        let kinds: Vec<_> = ASSIGNING.iter().map(|kind| format!("'{}'", kind.name())).collect();
        let kinds = kinds.join(", ");
        Self {
            events: format!(
                "SELECT {cursor}, {EVENT_COLUMNS}, t.id, t.number, t.status, t.scope_code, t.category, t.severity, \
                 p.name AS place_name, d.v AS assigned_v, CAST(d.payload AS text) AS assigned \
                 FROM event e JOIN ticket t ON t.id = e.stream JOIN place p ON p.id = t.place_id \
                 LEFT JOIN event d ON d.stream = e.stream AND d.stream_version = (SELECT max(x.stream_version) FROM event x \
                   WHERE x.stream = e.stream AND x.stream_version < e.stream_version AND x.kind IN ({kinds})) \
                 WHERE {after} AND {until} AND {safe} AND e.aggregate = 'ticket' ORDER BY {by} LIMIT $5"
            ),
            gap: format!(
                "SELECT count(*) AS events, min(s.recorded_at) AS oldest FROM \
                 (SELECT e.recorded_at FROM event e WHERE {after} AND {until} ORDER BY {by} LIMIT $5) s"
            ),
        }
    }

    fn of(backend: DbBackend) -> &'static Self {
        static ON_POSTGRES: LazyLock<Texts> = LazyLock::new(|| Texts::new(Order::of(DbBackend::Postgres)));
        static ON_SQLITE: LazyLock<Texts> = LazyLock::new(|| Texts::new(Order::of(DbBackend::Sqlite)));
        if backend == DbBackend::Postgres { &ON_POSTGRES } else { &ON_SQLITE }
    }
}

/// What a ticket to the feed stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// Whose it was.
    pub user: UserId,
    /// The version of their grants, which is still the current one.
    pub grants_version: i32,
    /// To what they listen.
    pub wants: Wants,
}

/// A piece of the log.
#[derive(Debug)]
pub struct LivePage {
    /// Its events, each with where it stands.
    pub events: Vec<(Cursor, LiveEvent)>,
    /// Where it ends: reading goes on behind it.
    pub end: Cursor,
    /// How many events were read, those left out among them.
    pub read: usize,
    /// Whether there may be more behind it.
    pub more: bool,
}

/// What lies between two cursors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Events of every kind, as far as they were counted.
    pub events: i64,
    /// When the oldest was written down; `None` without any.
    pub oldest: Option<Timestamp>,
}

impl Store {
    fn live_hash(&self, secret: &[u8]) -> Vec<u8> {
        self.keys.digest(&[b"live_ticket", secret]).to_vec()
    }

    /// A ticket to the feed, good once and for [`TICKET_LIFETIME`].
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn open_live(
        &self,
        user: UserId,
        grants_version: i32,
        wants: &Wants,
        now: Timestamp,
    ) -> Result<String, StoreError> {
        let secret = entropy::bytes::<SECRET>();
        let wants = serde_json::to_string(wants)
            .map_err(|error| StoreError::corrupt("live_ticket", "wants", user, error))?;
        let sql = format!(
            "INSERT INTO live_ticket (hash, user_id, grants_version, wants, expires_at) \
             SELECT $1, u.id, u.grants_version, {}, $5 FROM app_user u WHERE u.id = $2 AND u.grants_version = $3 RETURNING 1",
            json_param(self.backend(), 4)
        );
        let values = vec![
            self.live_hash(&secret).into(),
            user.0.into(),
            grants_version.into(),
            wants.into(),
            (now + TICKET_LIFETIME).into(),
        ];
        let row = self.journal.write_returning(self.statement(&sql, values)).await?;
        row.map(|_| BASE64_URL_SAFE_NO_PAD.encode(secret)).ok_or(StoreError::StaleGrants)
    }

    /// Takes a ticket, which is none any more; `None` for what is none, or no longer good.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn admit_live(&self, ticket: &str, now: Timestamp) -> Result<Option<Admission>, StoreError> {
        let secret = BASE64_URL_SAFE_NO_PAD.decode(ticket).ok().filter(|secret| secret.len() == SECRET);
        let Some(secret) = secret else { return Ok(None) };
        let values = vec![self.live_hash(&secret).into()];
        let Some(row) = self.journal.write_returning(self.statement(USED, values)).await? else {
            return Ok(None);
        };
        if column::<Timestamp>(&row, "live_ticket", "expires_at")? <= now {
            return Ok(None);
        }
        let grants_version = column(&row, "live_ticket", "grants_version")?;
        if column::<Option<i32>>(&row, "app_user", "current_version")? != Some(grants_version) {
            return Err(StoreError::StaleGrants);
        }
        let user = UserId(column(&row, "live_ticket", "user_id")?);
        let wants: String = column(&row, "live_ticket", "wants")?;
        let wants = serde_json::from_str(&wants)
            .map_err(|error| StoreError::corrupt("live_ticket", "wants", user, error))?;
        Ok(Some(Admission { user, grants_version, wants }))
    }

    /// Removes tickets that nobody used in time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_old_live_tickets(&self, now: Timestamp) -> Result<(), StoreError> {
        let sql = "DELETE FROM live_ticket WHERE expires_at < $1";
        self.journal.write(vec![self.statement(sql, vec![now.into()])]).await
    }

    /// How much of the log lies behind `after` and not behind `until`, counted up to `most`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn log_gap(&self, after: Cursor, until: Cursor, most: u32) -> Result<Gap, StoreError> {
        let row = self.query_one(&Texts::of(self.backend()).gap, self.between(after, until, most)).await?;
        let Some(row) = row else { return Ok(Gap { events: 0, oldest: None }) };
        Ok(Gap { events: column(&row, "event", "events")?, oldest: column(&row, "event", "oldest")? })
    }

    /// What happened to tickets behind `after` and not behind `until`, at most `limit` events, in the log's safe order. An
    /// event that cannot be read is left out: one must not keep all that follow from those who listen. One of a newer version is
    /// none of those: a newer program tells of it, to whoever comes back with where they were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn live_events(
        &self,
        after: Cursor,
        until: Option<Cursor>,
        limit: u32,
    ) -> Result<LivePage, StoreError> {
        let until = until.unwrap_or(Cursor::MAX);
        let rows =
            self.query_all(&Texts::of(self.backend()).events, self.between(after, until, limit)).await?;
        let (mut end, mut read) = (after, 0);
        let mut events = Vec::with_capacity(rows.len());
        for row in &rows {
            let cursor = Cursor::of(row)?;
            match self.live_event(row) {
                Ok(event) => events.push((cursor, event)),
                Err(error @ StoreError::Newer { .. }) if read == 0 => return Err(error),
                Err(StoreError::Newer { .. }) => break,
                Err(error) => tracing::error!(%error, position = cursor.position(), "nobody is told of it"),
            }
            (end, read) = (cursor, read + 1);
        }
        let more = read < rows.len() || u32::try_from(read) == Ok(limit);
        Ok(LivePage { events, end, read, more })
    }

    fn between(&self, after: Cursor, until: Cursor, limit: u32) -> Vec<Value> {
        let mut values: Vec<Value> =
            [after, until].into_iter().flat_map(|cursor| cursor.values(self.backend())).collect();
        values.push(i64::from(limit).into());
        values
    }

    fn live_event(&self, row: &Row) -> Result<LiveEvent, StoreError> {
        let code: String = column(row, "ticket", "scope_code")?;
        let number: String = column(row, "ticket", "number")?;
        let number = number.as_str().try_into();
        let id: Uuid = column(row, "ticket", "id")?;
        let ticket = LiveSubject {
            id: TicketId(id),
            number: number.map_err(|error| StoreError::corrupt("ticket", "number", id, error))?,
            status: word(row, "ticket", "status")?,
            place: self.stored_code(&code)?,
            place_name: column(row, "place", "place_name")?,
            category: column(row, "ticket", "category")?,
            severity: optional_word(row, "ticket", "severity")?,
        };
        Ok(LiveEvent::new(&stored_event(row)?, ticket, assigned(row)?.as_ref()))
    }

    /// The versions of these people's grants, in one query however many they are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn grants_versions(&self, users: &[UserId]) -> Result<HashMap<UserId, i32>, StoreError> {
        let ids = serde_json::to_string(users)
            .map_err(|error| StoreError::corrupt("app_user", "id", "?", error))?;
        let sql = format!(
            "SELECT u.id, u.grants_version FROM app_user u WHERE u.id IN {}",
            dialect::ids_param(self.backend(), 1)
        );
        let rows = self.query_all(&sql, vec![ids.into()]).await?;
        let version = |row: &Row| {
            Ok((UserId(column(row, "app_user", "id")?), column(row, "app_user", "grants_version")?))
        };
        rows.iter().map(version).collect()
    }
}

/// What last said who leads before the event of this row.
fn assigned(row: &Row) -> Result<Option<Fact>, StoreError> {
    #[derive(Deserialize)]
    struct Stored {
        fact: serde_json::Value,
    }
    let Some(payload) = column::<Option<String>>(row, "event", "assigned")? else { return Ok(None) };
    let unreadable = |why: Unreadable| StoreError::unreadable("event", "payload", "?", why);
    let Stored { fact } = serde_json::from_str(&payload).map_err(|error| unreadable(error.into()))?;
    let v = column::<Option<i16>>(row, "event", "assigned_v")?.unwrap_or_default();
    fact_from_json(fact, v).map(Some).map_err(unreadable)
}
