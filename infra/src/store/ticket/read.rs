//! One ticket with all that its page shows, in one query, which also tells whether the asker's grants are current.

use super::super::Store;
use super::super::error::StoreError;
use super::super::log::{EVENT_COLUMNS, stored_event};
use super::super::page::is_current;
use super::super::row::{Row, column};
use super::super::sql::Sql;
use super::contact::CONTACT_COLUMNS;
use domain::id::{TicketId, UserId};
use domain::playbook::Playbook;
use domain::ticket::{Ticket, WHOLE_STATE, ticket_from_json};
use domain::view::{TicketTexts, TicketView};
use std::collections::HashSet;
use std::slice::from_ref;
use std::sync::LazyLock;
use uuid::Uuid;

/// The texts of a ticket, each with the column that refers to it. An erased one is empty.
const TEXTS: [&str; 10] =
    ["referral", "topic", "content", "address", "origin", "plan", "answer", "reply", "comment", "end_reason"];

/// A ticket by its id, and who asks. Each thing beside the ticket is looked up by its key on its own: of twelve tables to
/// be joined a planner may choose to walk through one of them, all users up to the requester for example.
pub(in crate::store) static BY_ID: LazyLock<String> = LazyLock::new(|| {
    let body =
        |name| format!("(SELECT nullif(x.body, '') FROM free_text x WHERE x.id = t.{name}_id) AS {name}");
    format!(
        "SELECT t.id, t.version, CAST(t.state AS text) AS state, t.state_v, t.updated_at, {}, {CONTACT_COLUMNS}, \
         (SELECT p.name FROM place p WHERE p.id = t.place_id) AS place_name, \
         (SELECT u.grants_version FROM app_user u WHERE u.id = $2) AS grants_version \
         FROM ticket t LEFT JOIN ticket_contact k ON k.ticket_id = t.id WHERE t.id = $1",
        TEXTS.map(body).join(", ")
    )
});

/// What the service of a ticket is called today.
pub(super) fn service_name(ticket: &Ticket, playbook: &Playbook) -> Option<String> {
    let service = playbook.service(ticket.service.as_deref()?)?;
    Some(service.name.clone())
}

impl Store {
    /// The ticket, whoever may see it; `None` when it is not there. `reader` is who asks, with the version of their
    /// grants.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] when that version is no longer current, and others.
    pub async fn ticket(
        &self,
        id: TicketId,
        reader: UserId,
        grants_version: i32,
    ) -> Result<Option<TicketView>, StoreError> {
        let Some(row) = self.ticket_row(id, reader).await? else { return Ok(None) };
        is_current(from_ref(&row), grants_version)?;
        self.ticket_view(id, &row).map(Some)
    }

    /// Which of these tickets there are, in one query.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tickets_there(&self, ids: &[TicketId]) -> Result<HashSet<TicketId>, StoreError> {
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        let mut sql = Sql::new("SELECT id FROM ticket WHERE id IN ");
        sql.bind_all(ids.iter().map(|id| id.0));
        let rows = self.query_all(&sql.text, sql.values).await?;
        rows.iter().map(|row| Ok(TicketId(column(row, "ticket", "id")?))).collect()
    }

    /// The ticket to be changed: exactly the fold of its events, also where an earlier version did not keep all of it.
    /// Without a reader it is the program that changes it.
    pub(in crate::store) async fn ticket_to_change(
        &self,
        id: TicketId,
        reader: Option<(UserId, i32)>,
    ) -> Result<Option<TicketView>, StoreError> {
        let user = reader.map_or(UserId(Uuid::nil()), |(user, _)| user);
        let Some(row) = self.ticket_row(id, user).await? else { return Ok(None) };
        if let Some((_, grants_version)) = reader {
            is_current(from_ref(&row), grants_version)?;
        }
        let view = self.ticket_view(id, &row)?;
        if column::<i16>(&row, "ticket", "state_v")? >= WHOLE_STATE {
            return Ok(Some(view));
        }
        let ticket = self.folded_ticket(id).await?;
        Ok(Some(TicketView { ticket, ..view }))
    }

    async fn ticket_row(&self, id: TicketId, reader: UserId) -> Result<Option<Row>, StoreError> {
        self.look_up(&self.tickets, id.0, reader).await
    }

    fn ticket_view(&self, id: TicketId, row: &Row) -> Result<TicketView, StoreError> {
        let state: String = column(row, "ticket", "state")?;
        let ticket = ticket_from_json(&state, column(row, "ticket", "state_v")?)
            .map_err(|error| StoreError::unreadable("ticket", "state", id, error))?;
        let text = |name| column(row, "free_text", name);
        let playbook = self.playbook(ticket.place.code.county()).ok();
        Ok(TicketView {
            service_name: playbook.and_then(|playbook| service_name(&ticket, &playbook)),
            version: column(row, "ticket", "version")?,
            place_name: column(row, "place", "place_name")?,
            texts: TicketTexts {
                content: text("content")?,
                address: text("address")?,
                origin: text("origin")?,
                plan: text("plan")?,
                progress: text("answer")?,
                reply: text("reply")?,
                comment: text("comment")?,
                end_reason: text("end_reason")?,
                referral: text("referral")?,
                topic: text("topic")?,
            },
            contact: self.stored_contact(row, id.0, ticket.requester.0)?,
            updated_at: column(row, "ticket", "updated_at")?,
            ticket,
        })
    }

    /// The ticket as its events make it.
    async fn folded_ticket(&self, id: TicketId) -> Result<Ticket, StoreError> {
        let sql =
            format!("SELECT {EVENT_COLUMNS} FROM event e WHERE e.stream = $1 ORDER BY e.stream_version");
        let rows = self.query_all(&sql, vec![id.0.into()]).await?;
        let corrupt = |error: String| StoreError::corrupt("event", "payload", id, error);
        let mut events = rows.iter().map(stored_event);
        let first = events.next().ok_or_else(|| corrupt("no history".to_owned()))??;
        let mut ticket = Ticket::begin(&first).map_err(|error| corrupt(error.to_string()))?;
        for event in events {
            ticket.apply(&event?).map_err(|error| corrupt(error.to_string()))?;
        }
        Ok(ticket)
    }
}
