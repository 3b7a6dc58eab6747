//! Whether what is stored adds up: the fold of its events is the ticket, its rows of clocks and of who takes part are its
//! own, every text that an event refers to is there and is the one that was written, and what reactors keep follows.

use super::Store;
use super::error::StoreError;
use super::log::{EVENT_COLUMNS, stored_event};
use super::row::{Row, column, word};
use super::ticket::Participants;
use domain::id::TicketId;
use domain::policy::TimeKind;
use domain::ticket::{Clock, STATE_VERSION, Ticket, ticket_from_json};
use std::collections::HashMap;
use uuid::Uuid;

/// How many events are read at a time.
const BATCH: i64 = 1_000;

const TICKETS: &str = "SELECT t.id, t.version, t.state_v, CAST(t.state AS text) AS state FROM ticket t";
const CLOCKS: &str = "SELECT c.ticket_id, c.kind, c.round, c.started_at, c.due_at, c.warn_at, c.met_at, c.breached_at, \
     c.cancelled_at, c.paused_at, c.paused_ms, c.policy_version FROM clock c ORDER BY c.ticket_id, c.kind, c.round";

const PARTIES: &str = "SELECT p.ticket_id, p.party_id, p.kind FROM ticket_party p WHERE p.active";

impl Store {
    /// Everything that does not add up, a sentence each. Reads all there is: for tests and repairs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn verify(&self) -> Result<Vec<String>, StoreError> {
        let mut faults = self.verify_people().await?;
        faults.extend(self.verify_calendars().await?);
        faults.extend(self.verify_reactors().await?);
        let folded = self.fold_all(&mut faults).await?;
        let mut clocks = self.clock_rows().await?;
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
            let mut expected: Vec<_> = stored.clocks.iter().map(in_columns).collect();
            expected.sort_by_key(|clock| (<&str>::from(clock.kind), clock.round));
            if clocks.remove(&id).unwrap_or_default() != expected {
                faults.push(format!("ticket {id}: its rows of clocks are others"));
            }
            let mut expected = Participants::of(&stored).rows();
            expected.sort_unstable();
            if parties.remove(&id).unwrap_or_default() != expected {
                faults.push(format!("ticket {id}: its rows of who takes part are others"));
            }
            let version: i32 = column(&row, "ticket", "version")?;
            // An earlier version kept less than its events say: the next change makes up for it.
            let same = folded.get(&id).is_some_and(|(ticket, last)| {
                *last == version && (*ticket == stored || state_v != STATE_VERSION)
            });
            if !same {
                faults.push(format!("ticket {id}: the fold of its events is another"));
            }
        }
        faults.extend(clocks.into_keys().map(|id| format!("clocks of {id}: no ticket")));
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

    async fn clock_rows(&self) -> Result<HashMap<Uuid, Vec<Clock>>, StoreError> {
        let mut clocks: HashMap<Uuid, Vec<Clock>> = HashMap::new();
        for row in self.query_all(CLOCKS, vec![]).await? {
            let ticket = column(&row, "clock", "ticket_id")?;
            clocks.entry(ticket).or_default().push(clock(&row)?);
        }
        Ok(clocks)
    }
}

/// What of a clock is in columns: the rest is only in the state.
fn in_columns(clock: &Clock) -> Clock {
    Clock { time: TimeKind::Natural, stops: None, restless: false, warned_at: None, ..clock.clone() }
}

fn clock(row: &Row) -> Result<Clock, StoreError> {
    let unsigned = |name, value: i32| {
        u32::try_from(value).map_err(|error| StoreError::corrupt("clock", name, value, error))
    };
    let round = unsigned("round", column::<i16>(row, "clock", "round")?.into())?;
    Ok(Clock {
        kind: word(row, "clock", "kind")?,
        round: u16::try_from(round).map_err(|error| StoreError::corrupt("clock", "round", round, error))?,
        started_at: column(row, "clock", "started_at")?,
        due_at: column(row, "clock", "due_at")?,
        warn_at: column(row, "clock", "warn_at")?,
        met_at: column(row, "clock", "met_at")?,
        breached_at: column(row, "clock", "breached_at")?,
        cancelled_at: column(row, "clock", "cancelled_at")?,
        paused_at: column(row, "clock", "paused_at")?,
        paused_ms: column(row, "clock", "paused_ms")?,
        policy_version: unsigned("policy_version", column(row, "clock", "policy_version")?)?,
        time: TimeKind::Natural,
        stops: None,
        restless: false,
        warned_at: None,
    })
}
