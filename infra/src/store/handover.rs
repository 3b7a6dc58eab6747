//! 移交: somebody left, or turned out to be another, and their tickets are still to go on. A row says so until all have
//! gone; whoever processes it may be interrupted and begin anew.

use super::Store;
use super::change::ChangeError;
use super::error::StoreError;
use super::row::{Row, column};
use super::sql::Sql;
use super::ticket::Housekeeping;
use crate::entropy;
use chrono::TimeDelta;
use domain::id::{TicketId, UserId};
use domain::ticket::{Assignee, AssigneeFacts, Departure};
use domain::time::Timestamp;
use sea_orm::Statement;
use uuid::Uuid;

/// How many tickets or rows are looked up at a time.
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

/// A row that says that tickets are to go on.
struct Begun {
    id: Uuid,
    handover: Handover,
    created_at: Timestamp,
    /// When it is to be looked at again, once it was looked at.
    due_at: Option<Timestamp>,
}

impl Store {
    /// What says that tickets are to go on: at once, and again when all that was under way then has ended.
    pub(super) fn hand_over_later(&self, handover: Handover, now: Timestamp) -> Statement {
        let (person, successor, by) = match handover {
            Handover::Left { person, successor, by } => (person, successor, Some(by)),
            Handover::Joined { roster, user } => (roster, Some(user), None),
        };
        let sql = "INSERT INTO handover (id, person_id, successor_id, decided_by, created_at) VALUES ($1, $2, $3, $4, $5)";
        let values = vec![
            entropy::id(now).into(),
            person.0.into(),
            successor.map(|successor| successor.0).into(),
            by.map(|by| by.0).into(),
            now.into(),
        ];
        self.statement(sql, values)
    }

    /// Until a handover of this process waits; those of other processes are found by looking.
    pub async fn handover_waits(&self) {
        self.handed.notified().await;
    }

    /// Lets the tickets of those who left or turned out to be others go on, all that is due by now. What failed is
    /// logged and stays for the next time. How many tickets were changed.
    ///
    /// # Errors
    /// [`StoreError`] of finding them.
    pub async fn hand_over_due(&self, now: Timestamp) -> Result<u64, StoreError> {
        let sql = "SELECT id, person_id, successor_id, decided_by, created_at, due_at FROM handover \
             WHERE (due_at IS NULL OR due_at <= $1) AND id > $2 ORDER BY id LIMIT $3";
        let (mut changed, mut after) = (0, Uuid::nil());
        loop {
            let rows = self.query_all(sql, vec![now.into(), after.into(), BATCH.into()]).await?;
            let Some(last) = rows.last() else { return Ok(changed) };
            after = column(last, "handover", "id")?;
            for row in &rows {
                let outcome = async { self.go_on(row_of(row)?, now).await };
                match outcome.await {
                    Ok(done) => changed += done,
                    Err(error) => tracing::warn!(%error, "a handover failed; the next time tries again"),
                }
            }
        }
    }

    async fn go_on(&self, row: Begun, now: Timestamp) -> Result<u64, StoreError> {
        let Begun { id, handover, created_at, due_at } = row;
        let departure;
        let what = match handover {
            Handover::Left { person, successor, by } => {
                departure = self.departure(person, successor, by).await?;
                Housekeeping::HandOver(&departure)
            }
            Handover::Joined { roster, user } => Housekeeping::Identify { from: roster, to: user },
        };
        let (mut changed, mut after, mut whole) = (0, None, true);
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
        if let Handover::Left { person, .. } = handover {
            match self.let_go(person, now).await {
                Ok(all) => whole &= all,
                Err(error) => {
                    whole = false;
                    tracing::warn!(%error, %person, "posts and bookings were not given up; the next time tries again");
                }
            }
        }
        let second = created_at + UNDER_WAY;
        let next = match due_at {
            _ if !whole => Some(now + UNDER_WAY),
            None if now < second => Some(second),
            _ => None,
        };
        self.looked_at(id, handover, next).await?;
        Ok(changed)
    }

    /// Ends the posts that somebody may hold no more, and gives up what was booked for them if they were erased; whether
    /// nobody changed any of it meanwhile.
    async fn let_go(&self, person: UserId, now: Timestamp) -> Result<bool, ChangeError> {
        let mut whole = self.end_claims(self.known_as(person).await?, now).await?;
        if self.is_erased(person).await? {
            whole &= self.give_up_bookings(person, now).await?;
        }
        Ok(whole)
    }

    /// Says when a row is to be looked at next, or ends it.
    async fn looked_at(
        &self,
        row: Uuid,
        handover: Handover,
        next: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        if let Some(next) = next {
            let sql = "UPDATE handover SET due_at = $2 WHERE id = $1";
            return self.journal.write(vec![self.statement(sql, vec![row.into(), next.into()])]).await;
        }
        let mut ends = match handover {
            Handover::Left { person, .. } => self.erasure_again(person).await?,
            Handover::Joined { .. } => vec![],
        };
        let erases = !ends.is_empty();
        ends.push(self.statement("DELETE FROM handover WHERE id = $1", vec![row.into()]));
        self.journal.write(ends).await?;
        if erases {
            self.journal.forget().await;
        }
        Ok(())
    }

    /// Who left and who takes over, as they are now: where they can handle tickets may have changed since, and who they
    /// are.
    async fn departure(
        &self,
        person: UserId,
        successor: Option<UserId>,
        by: UserId,
    ) -> Result<Departure, StoreError> {
        let mut both = vec![self.known_as(person).await?];
        if let Some(successor) = successor {
            both.push(self.known_as(successor).await?);
        }
        let assignees: Vec<_> = both.iter().copied().map(Assignee::Person).collect();
        let mut known = self.assignments(&assignees).await?.into_iter().map(|one| one.facts);
        let facts = known.next().unwrap_or(AssigneeFacts::Unknown);
        Ok(Departure { person, facts, successor: both.get(1).copied().zip(known.next()), by })
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
            "ticket_party p JOIN ticket t ON t.id = p.ticket_id WHERE p.active AND p.party_id = ";
        const ASKED_FIRST: &str = "ticket t WHERE t.first_asked_id = ";
        const RAISED: &str = "ticket t WHERE t.requester_id = ";
        // Whoever dispatched or supervises a ticket has done something to it.
        const ACTED: &str =
            "event e JOIN ticket t ON t.id = e.stream WHERE e.aggregate = 'ticket' AND e.actor = ";
        let (person, parts, only) = match handover {
            Handover::Left { person, .. } => {
                let open = " AND t.status IN ('submitted', 'dispatched', 'accepted')";
                (person, [HANDLES, TAKES_PART, ASKED_FIRST].as_slice(), open)
            }
            Handover::Joined { roster, .. } => {
                (roster, [HANDLES, TAKES_PART, ASKED_FIRST, RAISED, ACTED].as_slice(), "")
            }
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

fn row_of(row: &Row) -> Result<Begun, StoreError> {
    let id: Uuid = column(row, "handover", "id")?;
    let person = UserId(column(row, "handover", "person_id")?);
    let successor = column::<Option<_>>(row, "handover", "successor_id")?.map(UserId);
    let by = column::<Option<_>>(row, "handover", "decided_by")?.map(UserId);
    let handover = match (by, successor) {
        (Some(by), successor) => Handover::Left { person, successor, by },
        (None, Some(user)) => Handover::Joined { roster: person, user },
        (None, None) => {
            return Err(StoreError::corrupt("handover", "decided_by", id, "nobody, and nobody takes over"));
        }
    };
    let created_at = column(row, "handover", "created_at")?;
    Ok(Begun { id, handover, created_at, due_at: column(row, "handover", "due_at")? })
}
