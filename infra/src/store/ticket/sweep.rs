//! What time alone does to many tickets at once: read together, decided one by one, written together. Each is guarded by its
//! version, so one that moves on meanwhile is left for the next time, and whoever sweeps the same writes nothing twice.

use super::super::Store;
use super::super::change::ChangeError;
use super::super::error::StoreError;
use super::super::row::{Row, column};
use super::super::sql::Sql;
use super::after::after;
use super::write::{Change, Participants};
use crate::trace;
use domain::id::TicketId;
use domain::playbook::Playbook;
use domain::ticket::{Event, Ticket, WHOLE_STATE, settle, ticket_from_json};
use domain::time::Timestamp;
use domain::view::{Contact, TicketTexts, TicketView};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tracing::Instrument;
use uuid::Uuid;

/// How many tickets are settled together at most.
pub const SWEPT_AT_ONCE: usize = 250;

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
            if column::<i16>(&row, "ticket", "state_v")? < WHOLE_STATE {
                alone.push(id);
                continue;
            }
            let read = self.swept(id, &row).await;
            match catch_unwind(AssertUnwindSafe(|| time_passed(read?, now))) {
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

    async fn states(&self, ids: &[TicketId]) -> Result<Vec<Row>, StoreError> {
        let mut sql =
            Sql::new("SELECT id, version, CAST(state AS text) AS state, state_v FROM ticket WHERE id IN ");
        // Always as many parameters, so that it is always the same statement.
        let nobody = std::iter::repeat(Uuid::nil());
        sql.bind_all(ids.iter().map(|id| id.0).chain(nobody).take(SWEPT_AT_ONCE));
        self.query_all(&sql.text, sql.values).await
    }

    /// A ticket and its version from its row, with the playbook by which it is decided.
    async fn swept(&self, id: TicketId, row: &Row) -> Result<(Ticket, i32, Arc<Playbook>), String> {
        let read = || -> Result<(Ticket, i32), StoreError> {
            let state: String = column(row, "ticket", "state")?;
            let ticket = ticket_from_json(&state, column(row, "ticket", "state_v")?)
                .map_err(|error| StoreError::unreadable("ticket", "state", id, error))?;
            Ok((ticket, column(row, "ticket", "version")?))
        };
        let (ticket, was) = read().map_err(|error| error.to_string())?;
        let playbook = self.playbook_of(&ticket).await.map_err(|error| error.to_string())?;
        Ok((ticket, was, playbook))
    }

    /// How many were written: those that had not moved on meanwhile.
    async fn write_settled(&self, settled: &[Settled]) -> Result<usize, StoreError> {
        if settled.is_empty() {
            return Ok(0);
        }
        let entry = |one: &Settled| {
            self.entry(Change {
                from: Some((one.was, Participants::of(&one.view.ticket))),
                view: &one.view,
                events: &one.events,
                texts: vec![],
                contact: None,
                message_key: None,
                answer: None,
            })
        };
        self.journal.append_each(settled.iter().map(entry).collect::<Result<_, _>>()?).await
    }
}

/// The ticket after what time has done to it; `None` when that is nothing.
fn time_passed(
    (ticket, was, playbook): (Ticket, i32, Arc<Playbook>),
    now: Timestamp,
) -> Result<Option<Settled>, String> {
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
        service_name: None,
    };
    let (_, view) = after(loaded, &events, None, now).map_err(|error| error.to_string())?;
    Ok(Some(Settled { was, view, events }))
}
