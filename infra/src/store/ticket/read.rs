//! One ticket with all that its page shows, in one query, which also tells whether the asker's grants are current.

use super::super::Store;
use super::super::error::StoreError;
use super::super::row::column;
use super::stored_ticket;
use domain::id::{TicketId, UserId};
use domain::view::{TicketTexts, TicketView};

const READ: &str = "SELECT t.id, t.version, CAST(t.state AS text) AS state, t.state_v, t.updated_at, p.name AS place_name, \
     c.body AS content, a.body AS address, r.body AS reply, m.body AS comment, \
     (SELECT u.grants_version FROM app_user u WHERE u.id = $2) AS grants_version \
     FROM ticket t JOIN place p ON p.id = t.place_id \
     LEFT JOIN free_text c ON c.id = t.content_id LEFT JOIN free_text a ON a.id = t.address_id \
     LEFT JOIN free_text r ON r.id = t.reply_id LEFT JOIN free_text m ON m.id = t.comment_id \
     WHERE t.id = $1";

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
        let Some(row) = self.query_one(READ, vec![id.0.into(), reader.0.into()]).await? else {
            return Ok(None);
        };
        if column::<Option<i32>>(&row, "app_user", "grants_version")? != Some(grants_version) {
            return Err(StoreError::StaleGrants);
        }
        let state: String = column(&row, "ticket", "state")?;
        Ok(Some(TicketView {
            ticket: stored_ticket(id.0, &state, column(&row, "ticket", "state_v")?)?,
            version: column(&row, "ticket", "version")?,
            place_name: column(&row, "place", "place_name")?,
            texts: TicketTexts {
                content: column(&row, "free_text", "content")?,
                address: column(&row, "free_text", "address")?,
                reply: column(&row, "free_text", "reply")?,
                comment: column(&row, "free_text", "comment")?,
            },
            updated_at: column(&row, "ticket", "updated_at")?,
        }))
    }
}
