//! Whether what is stored adds up: the fold of its events is the ticket, the clocks are those of the ticket, and no
//! event refers to a text with another content.

use super::Store;
use super::error::StoreError;
use super::log::{EVENT_COLUMNS, stored_event};
use domain::id::TicketId;
use domain::ticket::Ticket;
use sea_orm::{ConnectionTrait, TryGetable};
use std::collections::HashMap;
use uuid::Uuid;

const BATCH: i64 = 1_000;

impl Store {
    /// Everything that does not add up, a sentence each. Reads the whole log: for tests and repairs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn verify(&self) -> Result<Vec<String>, StoreError> {
        let mut faults = Vec::new();
        let folded = self.fold_all(&mut faults).await?;
        let rows = self.db.query_all_raw(self.statement(STORED, vec![])).await?;
        if rows.len() != folded.len() {
            faults.push(format!("{} tickets, {} histories", rows.len(), folded.len()));
        }
        for row in rows {
            let fault = |error: sea_orm::TryGetError| StoreError::Internal(error.into());
            let id = Uuid::try_get(&row, "", "id").map_err(fault)?;
            let state = String::try_get(&row, "", "state").map_err(fault)?;
            let version = i32::try_get(&row, "", "version").map_err(fault)?;
            let clocks = i64::try_get(&row, "", "clocks").map_err(fault)?;
            let stored: Ticket = serde_json::from_str(&state)
                .map_err(|error| StoreError::corrupt("ticket", "state", id, error))?;
            let clocks_differ = usize::try_from(clocks) != Ok(stored.clocks.len());
            match folded.get(&id) {
                Some((ticket, last)) if *ticket == stored && *last == version && !clocks_differ => {}
                Some(_) => faults.push(format!("ticket {id}: the fold of its events is another ticket")),
                None => faults.push(format!("ticket {id}: no history")),
            }
        }
        let rows = self.db.query_all_raw(self.statement(TEXTS, vec![])).await?;
        for row in rows {
            let fault = |error: sea_orm::TryGetError| StoreError::Internal(error.into());
            let (kind, position) = (String::try_get(&row, "", "kind"), i64::try_get(&row, "", "position"));
            faults.push(format!(
                "event {} ({}): its text is gone",
                position.map_err(fault)?,
                kind.map_err(fault)?
            ));
        }
        Ok(faults)
    }

    async fn fold_all(&self, faults: &mut Vec<String>) -> Result<HashMap<Uuid, (Ticket, i32)>, StoreError> {
        let mut folded: HashMap<Uuid, (Ticket, i32)> = HashMap::new();
        let (mut stream, mut version) = (Uuid::nil(), 0);
        let sql = format!(
            "SELECT e.stream, {EVENT_COLUMNS} FROM event e WHERE (e.stream, e.stream_version) > ($1, $2) \
             ORDER BY e.stream, e.stream_version LIMIT $3"
        );
        loop {
            let values = vec![stream.into(), version.into(), BATCH.into()];
            let rows = self.db.query_all_raw(self.statement(&sql, values)).await?;
            if rows.is_empty() {
                return Ok(folded);
            }
            for row in rows {
                let fault = |error: sea_orm::TryGetError| StoreError::Internal(error.into());
                stream = Uuid::try_get(&row, "", "stream").map_err(fault)?;
                version = i32::try_get(&row, "", "stream_version").map_err(fault)?;
                let event = stored_event(&row)?;
                let fault = match folded.get_mut(&stream) {
                    Some((ticket, last)) if *last + 1 == version => {
                        *last = version;
                        ticket.apply(&event).err().map(|error| error.to_string())
                    }
                    Some((_, last)) => Some(format!("version {version} after {last}")),
                    None => match Ticket::begin(&event) {
                        Ok(ticket) if ticket.id == TicketId(stream) && version == 1 => {
                            folded.insert(stream, (ticket, 1));
                            None
                        }
                        Ok(_) => Some("begins as another".to_owned()),
                        Err(error) => Some(error.to_string()),
                    },
                };
                faults.extend(fault.map(|fault| format!("history of {stream}: {fault}")));
            }
        }
    }
}

const STORED: &str = "SELECT t.id, t.version, CAST(t.state AS text) AS state, \
     (SELECT count(*) FROM clock c WHERE c.ticket_id = t.id) AS clocks FROM ticket t";
const TEXTS: &str = "SELECT e.kind, e.position FROM event e LEFT JOIN free_text x ON x.id = e.text_id \
     WHERE e.text_id IS NOT NULL AND x.id IS NULL";
