//! 移交: somebody left, or turned out to be another, and their tickets are still to go on. A row says so until all have
//! gone; whoever processes it may be interrupted and begin anew.

use super::Store;
use super::error::StoreError;
use super::row::column;
use super::sql::Sql;
use super::ticket::Housekeeping;
use crate::entropy;
use chrono::TimeDelta;
use domain::id::{TicketId, UserId};
use domain::ticket::{Assignee, AssigneeFacts, Departure};
use domain::time::Timestamp;
use sea_orm::Statement;
use uuid::Uuid;

/// How many tickets are looked up at a time.
const BATCH: i64 = 100;
/// Longer than any call takes: a ticket may be on its way to somebody while they leave.
const UNDER_WAY: TimeDelta = TimeDelta::minutes(1);

/// Whose tickets go on, and why.
#[derive(Debug, Clone, Copy)]
pub(super) enum Handover {
    /// They left a post.
    Left {
        /// Who.
        person: UserId,
        /// Who takes over; without one the desk dispatches anew.
        successor: Option<UserId>,
        /// Who decided it.
        by: UserId,
    },
    /// A roster entry turned out to be somebody.
    Joined {
        /// The entry.
        roster: UserId,
        /// Who that is.
        user: UserId,
    },
}

impl Store {
    /// What says that tickets are to go on: at once, and again when all that was under way then has ended.
    pub(super) fn hand_over_later(&self, handover: Handover, now: Timestamp) -> [Statement; 2] {
        let (person, successor, by) = match handover {
            Handover::Left { person, successor, by } => (person, successor, Some(by)),
            Handover::Joined { roster, user } => (roster, Some(user), None),
        };
        let sql = "INSERT INTO handover (id, person_id, successor_id, decided_by, due_at) VALUES ($1, $2, $3, $4, $5)";
        [now, now + UNDER_WAY].map(|due_at| {
            let values = vec![
                entropy::id(now).into(),
                person.0.into(),
                successor.map(|successor| successor.0).into(),
                by.map(|by| by.0).into(),
                due_at.into(),
            ];
            self.statement(sql, values)
        })
    }

    /// Lets the tickets of those who left or turned out to be others go on, of at most `limit` of them at a time. A row
    /// ends when all of its tickets went through; one that failed stays for the next time. How many tickets were changed.
    ///
    /// # Errors
    /// [`StoreError`] of finding them; what fails with one ticket is logged.
    pub async fn hand_over_due(&self, limit: u16, now: Timestamp) -> Result<u64, StoreError> {
        let mut changed = 0;
        for (row, handover) in self.handovers(limit, now).await? {
            let departure;
            let what = match handover {
                Handover::Left { person, successor, by } => {
                    departure = self.departure(person, successor, by).await?;
                    Housekeeping::HandOver(&departure)
                }
                Handover::Joined { roster, user } => Housekeeping::Identify { from: roster, to: user },
            };
            let (mut after, mut whole) = (None, true);
            loop {
                let tickets = self.tickets_to_go_on(handover, after).await?;
                let Some(last) = tickets.last() else { break };
                after = Some(*last);
                for (_, ticket) in &tickets {
                    match self.keep_house(*ticket, what, now).await {
                        Ok(done) => changed += u64::from(done),
                        Err(error) => {
                            whole = false;
                            tracing::warn!(%error, %ticket, "a ticket was not handed over; the next time tries again");
                        }
                    }
                }
            }
            if whole {
                let sql = "DELETE FROM handover WHERE id = $1";
                self.journal.write(vec![self.statement(sql, vec![row.into()])]).await?;
            }
        }
        Ok(changed)
    }

    /// Who left and who takes over, as they are now: where they can handle tickets may have changed since.
    async fn departure(
        &self,
        person: UserId,
        successor: Option<UserId>,
        by: UserId,
    ) -> Result<Departure, StoreError> {
        let both: Vec<_> = [person].into_iter().chain(successor).map(Assignee::Person).collect();
        let mut known = self.assignments(&both).await?.into_iter().map(|one| one.facts);
        let facts = known.next().unwrap_or(AssigneeFacts::Unknown);
        Ok(Departure { person, facts, successor: successor.zip(known.next()), by })
    }

    /// What is to be handed over by now, the longest due first.
    async fn handovers(&self, limit: u16, now: Timestamp) -> Result<Vec<(Uuid, Handover)>, StoreError> {
        let sql = "SELECT id, person_id, successor_id, decided_by FROM handover WHERE due_at <= $1 \
             ORDER BY due_at, id LIMIT $2";
        let rows = self.query_all(sql, vec![now.into(), i64::from(limit).into()]).await?;
        let handover = |row: &_| {
            let id: Uuid = column(row, "handover", "id")?;
            let person = UserId(column(row, "handover", "person_id")?);
            let successor = column::<Option<_>>(row, "handover", "successor_id")?.map(UserId);
            let by = column::<Option<_>>(row, "handover", "decided_by")?.map(UserId);
            let handover = match (by, successor) {
                (Some(by), successor) => Handover::Left { person, successor, by },
                (None, Some(user)) => Handover::Joined { roster: person, user },
                (None, None) => {
                    return Err(StoreError::corrupt("handover", "decided_by", id, "nobody and to nobody"));
                }
            };
            Ok((id, handover))
        };
        rows.iter().map(handover).collect()
    }

    /// The next tickets that may have to go on, oldest first: of whoever left those that they handle or assist with and
    /// that have not ended, of a roster entry all in which it has a part.
    async fn tickets_to_go_on(
        &self,
        handover: Handover,
        after: Option<(Timestamp, TicketId)>,
    ) -> Result<Vec<(Timestamp, TicketId)>, StoreError> {
        const HANDLES: &str = "ticket t WHERE t.handler_id = ";
        const TAKES_PART: &str =
            "ticket_party p JOIN ticket t ON t.id = p.ticket_id WHERE p.active = true AND p.party_id = ";
        const RAISED: &str = "ticket t WHERE t.requester_id = ";
        // Whoever dispatched or supervises a ticket has done something to it.
        const ACTED: &str =
            "event e JOIN ticket t ON t.id = e.stream WHERE e.aggregate = 'ticket' AND e.actor = ";
        let (person, parts, only) = match handover {
            Handover::Left { person, .. } => {
                let open = " AND t.status IN ('submitted', 'dispatched', 'accepted')";
                (person, [HANDLES, TAKES_PART].as_slice(), open)
            }
            Handover::Joined { roster, .. } => (roster, [HANDLES, TAKES_PART, RAISED, ACTED].as_slice(), ""),
        };
        let mut sql = Sql::new("");
        for (i, part) in parts.iter().enumerate() {
            sql.push(if i == 0 { "" } else { " UNION " });
            sql.push("SELECT t.id, t.created_at FROM ").push(part).bind(person.0).push(only);
            if let Some((at, id)) = after {
                sql.push(" AND (t.created_at, t.id) > (").bind(at).push(", ").bind(id.0).push(")");
            }
        }
        sql.push(" ORDER BY created_at, id LIMIT ").bind(BATCH);
        let rows = self.query_all(&sql.text, sql.values).await?;
        let ticket =
            |row: &_| Ok((column(row, "ticket", "created_at")?, TicketId(column(row, "ticket", "id")?)));
        rows.iter().map(ticket).collect()
    }
}
