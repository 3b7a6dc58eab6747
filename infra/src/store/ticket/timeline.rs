//! The history of a ticket (查单), oldest first.

use super::super::Store;
use super::super::error::StoreError;
use super::super::log::{EVENT_COLUMNS, stored_event};
use super::super::row::column;
use domain::id::{TicketId, UnitId, UserId};
use domain::permission::Parties;
use domain::view::TimelineEntry;

impl Store {
    /// The entries after version `after`, at most `limit`, and whom the ticket concerns; `None` when it is not there.
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
    ) -> Result<Option<(Parties, Vec<TimelineEntry>)>, StoreError> {
        let sql = format!(
            "SELECT t.id, t.requester_id, t.scope_code AS ticket_code, t.unit_id, t.handler_id, x.body, {EVENT_COLUMNS}, \
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
        if column::<Option<i32>>(first, "app_user", "grants_version")? != Some(grants_version) {
            return Err(StoreError::StaleGrants);
        }
        let code: String = column(first, "ticket", "ticket_code")?;
        let parties = Parties {
            requester: UserId(column(first, "ticket", "requester_id")?),
            place: self.stored_code(&code)?,
            unit: column::<Option<_>>(first, "ticket", "unit_id")?.map(UnitId),
            handler: column::<Option<_>>(first, "ticket", "handler_id")?.map(UserId),
        };
        let mut entries = Vec::with_capacity(rows.len());
        for row in &rows {
            // The one row without an event says that there are no more.
            let Some(version) = column(row, "event", "stream_version")? else {
                continue;
            };
            let text = column(row, "free_text", "body")?;
            entries.push(TimelineEntry { version, event: stored_event(row)?, text });
        }
        Ok(Some((parties, entries)))
    }
}
