//! How far a ticket has come, by kinds of events: when each happened first and last, in one query.

use super::super::Store;
use super::super::error::StoreError;
use super::super::page::is_current;
use super::super::row::{Row, column};
use super::timeline::known_now;
use domain::id::{TicketId, UserId};
use domain::playbook::{Happened, Moment};
use domain::ticket::{Ticket, ticket_from_json};

/// The kinds of events of a ticket with the first and the last of each, and how many rounds had begun by then.
const STEPS: &str = "SELECT t.id, CASE WHEN row_number() OVER (ORDER BY k.first_v) = 1 THEN CAST(t.state AS text) END AS state, \
     t.state_v, k.kind, k.first_v, k.last_v, f.occurred_at AS first_at, f.actor AS first_actor, \
     l.occurred_at AS last_at, l.actor AS last_actor, \
     (SELECT a.joined_into FROM app_user a WHERE a.id = f.actor) AS first_is, \
     (SELECT a.joined_into FROM app_user a WHERE a.id = l.actor) AS last_is, \
     (SELECT COUNT(*) FROM event r WHERE r.stream = t.id AND r.kind IN ('reworked', 'reopened') AND r.stream_version <= k.first_v) \
     AS first_round, \
     (SELECT COUNT(*) FROM event r WHERE r.stream = t.id AND r.kind IN ('reworked', 'reopened') AND r.stream_version <= k.last_v) \
     AS last_round, \
     (SELECT u.grants_version FROM app_user u WHERE u.id = $2) AS grants_version \
     FROM ticket t LEFT JOIN (SELECT e.kind, MIN(e.stream_version) AS first_v, MAX(e.stream_version) AS last_v FROM event e \
       WHERE e.stream = $1 GROUP BY e.kind) k ON true \
     LEFT JOIN event f ON f.stream = t.id AND f.stream_version = k.first_v \
     LEFT JOIN event l ON l.stream = t.id AND l.stream_version = k.last_v \
     WHERE t.id = $1 ORDER BY k.first_v";

impl Store {
    /// What happened to a ticket, by kinds, and the ticket; `None` when it is not there. Kinds that only newer programs know
    /// are left out.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn ticket_steps(
        &self,
        id: TicketId,
        reader: UserId,
        grants_version: i32,
    ) -> Result<Option<(Ticket, Vec<Happened>)>, StoreError> {
        let rows = self.query_all(STEPS, vec![id.0.into(), reader.0.into()]).await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        is_current(&rows, grants_version)?;
        // Only the first row carries the ticket.
        let state: String = column(first, "ticket", "state")?;
        let ticket = ticket_from_json(&state, column(first, "ticket", "state_v")?)
            .map_err(|error| StoreError::unreadable("ticket", "state", id, error))?;
        let mut happened = Vec::with_capacity(rows.len());
        for row in &rows {
            let kind: Option<String> = column(row, "event", "kind")?;
            let Some(Ok(kind)) = kind.map(|kind| kind.parse()) else { continue };
            let moment = |of| moment(&ticket, row, of);
            happened.push(Happened { kind, first: moment(FIRST)?, last: moment(LAST)? });
        }
        Ok(Some((ticket, happened)))
    }
}

/// The columns of a time: which event, when, by whom, who that is by now, and how many rounds had begun again by then.
const FIRST: [&str; 5] = ["first_v", "first_at", "first_actor", "first_is", "first_round"];
const LAST: [&str; 5] = ["last_v", "last_at", "last_actor", "last_is", "last_round"];

fn moment(
    ticket: &Ticket,
    row: &Row,
    [v, at, actor, is, round]: [&'static str; 5],
) -> Result<Moment, StoreError> {
    let known_as = column::<Option<_>>(row, "app_user", is)?.map(UserId);
    let actor = column::<Option<_>>(row, "event", actor)?.map(UserId);
    let begun: i64 = column(row, "event", round)?;
    Ok(Moment {
        version: column(row, "event", v)?,
        at: column(row, "event", at)?,
        actor: actor.map(|actor| known_now(ticket, actor, known_as)),
        round: u16::try_from(begun + 1).unwrap_or(u16::MAX),
    })
}
