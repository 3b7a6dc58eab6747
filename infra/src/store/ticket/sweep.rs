//! What time alone does to many tickets at once: read together, decided one by one, written together. Each is guarded by its
//! version, so one that moves on meanwhile is left for the next time, and whoever sweeps the same writes nothing twice.

use super::super::Store;
use super::super::change::ChangeError;
use super::super::error::StoreError;
use super::super::journal::{self, JournalError};
use super::super::log::event_row;
use super::super::row::column;
use super::super::sql::Sql;
use super::change::after;
use super::write::{CURRENT, Change, Participants, changed_clocks, current_values};
use crate::trace;
use domain::id::TicketId;
use domain::ticket::{Event, STATE_VERSION, Ticket, settle, ticket_from_json};
use domain::time::Timestamp;
use domain::view::{Contact, TicketTexts, TicketView};
use futures_util::future::join_all;
use sea_orm::sea_query::sea_value_to_json_value as to_json;
use sea_orm::{DbBackend, QueryResult, Value};
use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use tracing::Instrument;
use uuid::Uuid;

/// How many tickets are settled together at most.
pub const SWEPT_AT_ONCE: usize = 250;

/// The columns that every change writes, as PostgreSQL calls their types; in the order of [`CURRENT`].
const TYPES: [&str; CURRENT.len()] = [
    "integer",
    "text",
    "uuid",
    "uuid",
    "uuid",
    "text",
    "text",
    "text",
    "text",
    "text",
    "boolean",
    "integer",
    "smallint",
    "uuid",
    "uuid",
    "uuid",
    "uuid",
    "uuid",
    "timestamptz",
    "timestamptz",
    "timestamptz",
    "smallint",
];

/// One statement for any number of tickets. Rows that somebody else holds or has changed are passed over, and locks are taken
/// in the order of ids, so nobody waits for anybody.
static SETTLE: LazyLock<String> = LazyLock::new(|| {
    let columns: Vec<_> = CURRENT.iter().zip(TYPES).map(|(name, of)| format!("{name} {of}")).collect();
    let set: Vec<_> = CURRENT.iter().map(|name| format!("{name} = h.{name}")).collect();
    format!(
        "WITH h AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS j(id uuid, was integer, {}, state text)), \
         held AS (SELECT t.id FROM ticket t JOIN h ON h.id = t.id AND h.was = t.version ORDER BY t.id \
           FOR UPDATE OF t SKIP LOCKED), \
         head AS (UPDATE ticket t SET {}, state = h.state::jsonb FROM h JOIN held ON held.id = h.id \
           WHERE t.id = h.id AND t.version = h.was RETURNING t.id, t.scope_code), \
         {}, {} SELECT id FROM head",
        columns.join(", "),
        set.join(", "),
        journal::events(2, "head.scope_code", journal::EACH_ITS_OWN),
        journal::clocks(3, journal::EACH_ITS_OWN)
    )
});

/// A ticket to which time has done something.
struct Settled {
    was: i32,
    view: TicketView,
    events: Vec<Event>,
}

/// What came of settling many.
#[derive(Debug, Default)]
pub struct Swept {
    /// How many were changed.
    pub changed: usize,
    /// Those that could not be settled, each with why.
    pub failed: Vec<(TicketId, String)>,
}

/// Something that belongs to a ticket, beside its id.
#[derive(Serialize)]
struct Of<T> {
    stream: Uuid,
    #[serde(flatten)]
    what: T,
}

impl Store {
    /// What time alone has done to these tickets, at most [`SWEPT_AT_ONCE`] of them.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away; a ticket that cannot be settled is among [`Swept::failed`].
    pub async fn settle_tickets(&self, ids: &[TicketId], now: Timestamp) -> Result<Swept, StoreError> {
        if ids.is_empty() {
            return Ok(Swept::default());
        }
        self.settle_these(ids, now).instrument(trace::batch("sweep", "tickets", ids.len())).await
    }

    async fn settle_these(&self, ids: &[TicketId], now: Timestamp) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        let mut settled = Vec::with_capacity(ids.len());
        let mut alone = Vec::new();
        for row in self.states(ids).await? {
            let id = TicketId(column(&row, "ticket", "id")?);
            // What an earlier version did not keep is in its events.
            if column::<i16>(&row, "ticket", "state_v")? != STATE_VERSION {
                alone.push(id);
                continue;
            }
            match catch_unwind(AssertUnwindSafe(|| self.settled(id, &row, now))) {
                Ok(Ok(one)) => settled.extend(one),
                Ok(Err(error)) => swept.failed.push((id, error)),
                Err(_) => swept.failed.push((id, "the program panicked".to_owned())),
            }
        }
        match self.write_settled(&settled).await {
            Ok(changed) => swept.changed += changed,
            Err(error @ StoreError::Unavailable(_)) => return Err(error),
            // One of them is at fault: which one shows when each is on its own.
            Err(error) => {
                tracing::warn!(%error, "tickets were not settled together; each is tried alone");
                alone.extend(settled.iter().map(|one| one.view.ticket.id));
            }
        }
        for id in alone {
            match self.settle_ticket(id, now).await {
                Ok(changed) => swept.changed += usize::from(changed),
                Err(ChangeError::Store(error @ StoreError::Unavailable(_))) => return Err(error),
                Err(error) => swept.failed.push((id, error.to_string())),
            }
        }
        Ok(swept)
    }

    async fn states(&self, ids: &[TicketId]) -> Result<Vec<QueryResult>, StoreError> {
        let mut sql =
            Sql::new("SELECT id, version, CAST(state AS text) AS state, state_v FROM ticket WHERE id IN ");
        // Always as many parameters, so that it is always the same statement.
        let nobody = std::iter::repeat(Uuid::nil());
        sql.bind_all(ids.iter().map(|id| id.0).chain(nobody).take(SWEPT_AT_ONCE));
        self.query_all(&sql.text, sql.values).await
    }

    /// The ticket after what time has done to it; `None` when that is nothing.
    fn settled(&self, id: TicketId, row: &QueryResult, now: Timestamp) -> Result<Option<Settled>, String> {
        let read = || -> Result<(Ticket, i32), StoreError> {
            let state: String = column(row, "ticket", "state")?;
            let ticket = ticket_from_json(&state, STATE_VERSION)
                .map_err(|error| StoreError::corrupt("ticket", "state", id, error))?;
            Ok((ticket, column(row, "ticket", "version")?))
        };
        let (ticket, was) = read().map_err(|error| error.to_string())?;
        let playbook = self.playbook(ticket.place.code.county()).map_err(|refusal| refusal.to_string())?;
        let events = settle(&ticket, &playbook.policy, now);
        if events.is_empty() {
            return Ok(None);
        }
        let loaded = TicketView {
            ticket,
            version: was,
            // What only readers see is not written.
            place_name: String::new(),
            texts: TicketTexts::default(),
            contact: Contact::default(),
            updated_at: now,
        };
        let (_, view) = after(loaded, &events, None, now).map_err(|error| error.to_string())?;
        Ok(Some(Settled { was, view, events }))
    }

    /// How many were written: those that had not moved on meanwhile.
    async fn write_settled(&self, settled: &[Settled]) -> Result<usize, StoreError> {
        if settled.is_empty() {
            return Ok(0);
        }
        if self.backend() == DbBackend::Postgres {
            let values = [heads(settled)?, events(settled)?, clocks(settled)?];
            let statement = self.statement(&SETTLE, values.map(Value::from).to_vec());
            return self.journal.append_many(statement).await;
        }
        // The writer commits what waits as one group.
        let mut entries = Vec::with_capacity(settled.len());
        for one in settled {
            entries.push(self.entry(Change {
                from: Some((one.was, Participants::of(&one.view.ticket))),
                view: &one.view,
                events: &one.events,
                texts: vec![],
                contact: None,
                now: one.view.updated_at,
                answer: None,
            })?);
        }
        let mut written = 0;
        for outcome in join_all(entries.into_iter().map(|entry| self.journal.append(entry))).await {
            match outcome {
                Ok(()) => written += 1,
                Err(JournalError::Conflict) => {}
                Err(JournalError::KeyTaken) => return Err(StoreError::Duplicate("idempotency".into())),
                Err(JournalError::Store(error)) => return Err(error),
            }
        }
        Ok(written)
    }
}

/// The rows of tickets as they are to be, each with the version that it was decided on.
fn heads(settled: &[Settled]) -> Result<String, StoreError> {
    let row = |one: &Settled| {
        let id = one.view.ticket.id;
        let mut values = Vec::with_capacity(CURRENT.len() + 1);
        current_values(&one.view, &mut values)?;
        let mut row = Map::with_capacity(CURRENT.len() + 3);
        row.insert("id".to_owned(), id.to_string().into());
        row.insert("was".to_owned(), one.was.into());
        // The state comes last and is no column among the others.
        let names = CURRENT.into_iter().chain(["state"]);
        row.extend(names.zip(&values).map(|(name, value)| (name.to_owned(), to_json(value))));
        Ok(Json::Object(row))
    };
    let rows = settled.iter().map(row).collect::<Result<Vec<_>, StoreError>>()?;
    Ok(Json::Array(rows).to_string())
}

fn events(settled: &[Settled]) -> Result<String, StoreError> {
    let mut rows = Vec::with_capacity(2 * settled.len());
    for one in settled {
        let stream = one.view.ticket.id.0;
        for (event, version) in one.events.iter().zip(one.was + 1..) {
            rows.push(Of { stream, what: event_row(event, version)? });
        }
    }
    to_text(&rows, "event", "payload")
}

fn clocks(settled: &[Settled]) -> Result<String, StoreError> {
    let rows: Vec<_> = settled
        .iter()
        .flat_map(|one| {
            let stream = one.view.ticket.id.0;
            changed_clocks(&one.view.ticket, &one.events).into_iter().map(move |what| Of { stream, what })
        })
        .collect();
    to_text(&rows, "clock", "kind")
}

fn to_text<T: Serialize>(
    rows: &[T],
    table: &'static str,
    column: &'static str,
) -> Result<String, StoreError> {
    serde_json::to_string(rows).map_err(|error| StoreError::corrupt(table, column, "many", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_column_has_a_type() {
        // `jsonb_to_recordset` takes nothing by position: a name that has no type would be no column at all.
        assert!(CURRENT.iter().zip(TYPES).all(|(name, of)| SETTLE.contains(&format!("{name} {of}"))));
    }
}
