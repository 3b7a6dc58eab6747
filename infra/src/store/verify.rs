//! Whether what is stored adds up: the fold of its events is the ticket, its rows of who takes part are its own, every text
//! that an event refers to is there and is the one that was written, and what reactors keep follows.

use super::Store;
use super::error::StoreError;
use super::log::{EVENT_COLUMNS, stored_event};
use super::row::column;
use super::ticket::{EXCERPT, Participants};
use domain::id::TicketId;
use domain::ticket::{Ticket, WHOLE_STATE, ticket_from_json};
use std::collections::HashMap;
use uuid::Uuid;

/// How many events are read at a time.
const BATCH: i64 = 1_000;

const TICKETS: &str = "SELECT t.id, t.version, t.state_v, CAST(t.state AS text) AS state FROM ticket t";
/// What a list shows is the beginning of what was written, or nothing of what was erased.
const EXCERPTS: &str = "SELECT t.id FROM ticket t JOIN free_text x ON x.id = t.content_id \
     WHERE t.excerpt <> substr(x.body, 1, $1)";

const PARTIES: &str = "SELECT p.ticket_id, p.party_id, p.kind FROM ticket_party p WHERE p.active";

impl Store {
    /// Everything that does not add up, a sentence each. Reads all there is: for tests and repairs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn verify(&self) -> Result<Vec<String>, StoreError> {
        let mut faults = self.verify_people().await?;
        faults.extend(self.verify_calendars().await?);
        faults.extend(self.verify_playbooks().await?);
        faults.extend(self.verify_places().await?);
        faults.extend(self.verify_points().await?);
        faults.extend(self.verify_matters().await?);
        faults.extend(self.verify_reactors().await?);
        for row in self.query_all(EXCERPTS, vec![i32::try_from(EXCERPT).unwrap_or(i32::MAX).into()]).await? {
            let id: Uuid = column(&row, "ticket", "id")?;
            faults.push(format!("ticket {id}: its excerpt is of another content"));
        }
        let folded = self.fold_all(&mut faults).await?;
        let mut parties = self.party_rows().await?;
        let rows = self.query_all(TICKETS, vec![]).await?;
        if rows.len() != folded.len() {
            faults.push(format!("{} tickets, {} histories", rows.len(), folded.len()));
        }
        for row in rows {
            let id: Uuid = column(&row, "ticket", "id")?;
            let state: String = column(&row, "ticket", "state")?;
            let state_v = column(&row, "ticket", "state_v")?;
            let stored = ticket_from_json(&state, state_v)
                .map_err(|error| StoreError::unreadable("ticket", "state", id, error))?;
            let mut expected = Participants::of(&stored).rows();
            expected.sort_unstable();
            if parties.remove(&id).unwrap_or_default() != expected {
                faults.push(format!("ticket {id}: its rows of who takes part are others"));
            }
            let version: i32 = column(&row, "ticket", "version")?;
            // An earlier version kept less than its events say: the next change makes up for it.
            let same = folded.get(&id).is_some_and(|(ticket, last)| {
                *last == version && (*ticket == stored || state_v < WHOLE_STATE)
            });
            if !same {
                faults.push(format!("ticket {id}: the fold of its events is another"));
            }
        }
        faults.extend(parties.into_keys().map(|id| format!("parties of {id}: no ticket")));
        Ok(faults)
    }

    async fn fold_all(&self, faults: &mut Vec<String>) -> Result<HashMap<Uuid, (Ticket, i32)>, StoreError> {
        let mut folded: HashMap<Uuid, (Ticket, i32)> = HashMap::new();
        let (mut stream, mut version) = (Uuid::nil(), 0);
        let sql = format!(
            "SELECT e.stream, x.body, {EVENT_COLUMNS} FROM event e LEFT JOIN free_text x ON x.id = e.text_id \
             WHERE (e.stream, e.stream_version) > ($1, $2) AND e.aggregate = 'ticket' ORDER BY e.stream, e.stream_version LIMIT $3"
        );
        loop {
            let rows = self.query_all(&sql, vec![stream.into(), version.into(), BATCH.into()]).await?;
            if rows.is_empty() {
                return Ok(folded);
            }
            for row in rows {
                stream = column(&row, "event", "stream")?;
                version = column(&row, "event", "stream_version")?;
                let event = stored_event(&row)?;
                let body: Option<String> = column(&row, "free_text", "body")?;
                // An erased text is an empty one.
                let erased = body.as_deref() == Some("");
                let hash = body.map(|body| self.text_hash(&body));
                if !erased && event.fact.text().map(|text| text.hash) != hash {
                    faults.push(format!("event {version} of {stream}: its text is gone or another"));
                }
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

    /// Who takes part in each ticket, in order.
    async fn party_rows(&self) -> Result<HashMap<Uuid, Vec<(Uuid, String)>>, StoreError> {
        let mut parties: HashMap<Uuid, Vec<(Uuid, String)>> = HashMap::new();
        for row in self.query_all(PARTIES, vec![]).await? {
            let party = (column(&row, "ticket_party", "party_id")?, column(&row, "ticket_party", "kind")?);
            parties.entry(column(&row, "ticket_party", "ticket_id")?).or_default().push(party);
        }
        parties.values_mut().for_each(|parties| parties.sort_unstable());
        Ok(parties)
    }
}
