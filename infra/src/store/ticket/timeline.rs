//! The history of a ticket (查单), oldest first.

use super::super::Store;
use super::super::error::StoreError;
use super::super::log::{EVENT_COLUMNS, stored_event};
use super::super::page::is_current;
use super::super::row::column;
use domain::id::{TicketId, UserId};
use domain::ticket::{Ticket, ticket_from_json};
use domain::view::TimelineEntry;

impl Store {
    /// The entries after version `after`, at most `limit`, and the ticket; `None` when it is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn timeline(
        &self,
        id: TicketId,
        reader: UserId,
        grants_version: i32,
        after: i32,
        limit: u16,
    ) -> Result<Option<(Ticket, Vec<TimelineEntry>)>, StoreError> {
        let sql = format!(
            "SELECT t.id, CASE WHEN row_number() OVER (ORDER BY e.stream_version) = 1 THEN CAST(t.state AS text) END AS state, \
             t.state_v, \
             nullif(x.body, '') AS body, {EVENT_COLUMNS}, \
             (SELECT a.joined_into FROM app_user a WHERE a.id = e.actor) AS joined_into, \
             (SELECT u.grants_version FROM app_user u WHERE u.id = $2) AS grants_version \
             FROM ticket t LEFT JOIN event e ON e.stream = t.id AND e.stream_version > $3 \
             LEFT JOIN free_text x ON x.id = e.text_id \
             WHERE t.id = $1 ORDER BY e.stream_version LIMIT $4"
        );
        let values = vec![id.0.into(), reader.0.into(), after.into(), i64::from(limit).into()];
        let rows = self.query_all(&sql, values).await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        is_current(&rows, grants_version)?;
        // Only the first row carries the ticket.
        let state: String = column(first, "ticket", "state")?;
        let ticket = ticket_from_json(&state, column(first, "ticket", "state_v")?)
            .map_err(|error| StoreError::unreadable("ticket", "state", id, error))?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in &rows {
            // The one row without an event says that there are no more.
            let Some(version) = column(row, "event", "stream_version")? else {
                continue;
            };
            let text = column(row, "free_text", "body")?;
            let mut event = stored_event(row)?;
            let known_as = column::<Option<_>>(row, "app_user", "joined_into")?.map(UserId);
            event.actor = event.actor.map(|actor| known_now(&ticket, actor, known_as));
            entries.push(TimelineEntry { version, event, text });
        }
        Ok(Some((ticket, entries)))
    }
}

/// Who somebody is by now, who did something to a ticket; while the ticket still names the roster entry, it stays that.
pub(super) fn known_now(ticket: &Ticket, actor: UserId, known_as: Option<UserId>) -> UserId {
    let named = ticket.requester == actor || ticket.joined.contains(&actor);
    known_as.filter(|_| !named).unwrap_or(actor)
}
