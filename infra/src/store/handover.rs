//! 移交: somebody left, and the tickets that they had are still to go to somebody else. A row says so until all have gone;
//! whoever processes it may be interrupted and begin anew.

use super::Store;
use super::error::StoreError;
use super::row::column;
use super::sql::Sql;
use domain::id::{TicketId, UserId};
use domain::ticket::{Assignee, AssigneeFacts, Departure};
use domain::time::Timestamp;
use uuid::Uuid;

/// How many tickets are looked up at a time.
const BATCH: i64 = 100;

/// Whose tickets go to whom.
struct Handover {
    id: Uuid,
    /// Who left.
    person: UserId,
    /// Who takes over; without one the desk dispatches anew.
    successor: Option<UserId>,
    /// Who decided that they leave.
    decided_by: Option<UserId>,
}

impl Store {
    /// Hands over the open tickets of those who left, at most `limit` of them at a time. A row ends when all of its
    /// tickets went through; one that failed stays for the next time. How many tickets were changed.
    ///
    /// # Errors
    /// [`StoreError`] of finding them; what fails with one ticket is logged.
    pub async fn hand_over_due(&self, limit: u16, now: Timestamp) -> Result<u64, StoreError> {
        let mut changed = 0;
        for handover in self.handovers(limit).await? {
            let departure = self.departure(&handover).await?;
            let (mut after, mut whole) = (None, true);
            loop {
                let tickets = self.open_tickets_of(handover.person, after).await?;
                let Some(last) = tickets.last() else { break };
                after = Some(*last);
                for (_, ticket) in &tickets {
                    match self.hand_over_ticket(*ticket, &departure, now).await {
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
                self.journal.write(vec![self.statement(sql, vec![handover.id.into()])]).await?;
            }
        }
        Ok(changed)
    }

    /// Who left and who takes over, as they are now: where they can handle tickets may have changed since.
    async fn departure(&self, handover: &Handover) -> Result<Departure, StoreError> {
        let Handover { id: _, person, successor, decided_by } = *handover;
        let both: Vec<_> = [person].into_iter().chain(successor).map(Assignee::Person).collect();
        let mut known = self.assignments(&both).await?.into_iter().map(|one| one.facts);
        let facts = known.next().unwrap_or(AssigneeFacts::Unknown);
        Ok(Departure { person, facts, successor: successor.zip(known.next()), by: decided_by })
    }

    /// What is to be handed over, oldest first.
    async fn handovers(&self, limit: u16) -> Result<Vec<Handover>, StoreError> {
        let sql = "SELECT id, person_id, successor_id, decided_by FROM handover ORDER BY id LIMIT $1";
        let rows = self.query_all(sql, vec![i64::from(limit).into()]).await?;
        let handover = |row: &_| {
            Ok(Handover {
                id: column(row, "handover", "id")?,
                person: UserId(column(row, "handover", "person_id")?),
                successor: column::<Option<_>>(row, "handover", "successor_id")?.map(UserId),
                decided_by: column::<Option<_>>(row, "handover", "decided_by")?.map(UserId),
            })
        };
        rows.iter().map(handover).collect()
    }

    /// The next of the tickets that somebody handles or assists with and that have not ended, oldest first.
    async fn open_tickets_of(
        &self,
        person: UserId,
        after: Option<(Timestamp, TicketId)>,
    ) -> Result<Vec<(Timestamp, TicketId)>, StoreError> {
        let mut sql = Sql::new("");
        let part = |sql: &mut Sql, from: &str| {
            sql.push("SELECT t.id, t.created_at FROM ").push(from).bind(person.0);
            sql.push(" AND t.status IN ('submitted', 'dispatched', 'accepted')");
            if let Some((at, id)) = after {
                sql.push(" AND (t.created_at, t.id) > (").bind(at).push(", ").bind(id.0).push(")");
            }
        };
        part(&mut sql, "ticket t WHERE t.handler_id = ");
        sql.push(" UNION ");
        part(
            &mut sql,
            "ticket_party p JOIN ticket t ON t.id = p.ticket_id WHERE p.kind = 'assist' AND p.active = true AND p.party_id = ",
        );
        sql.push(" ORDER BY created_at, id LIMIT ").bind(BATCH);
        let rows = self.query_all(&sql.text, sql.values).await?;
        let ticket =
            |row: &_| Ok((column(row, "ticket", "created_at")?, TicketId(column(row, "ticket", "id")?)));
        rows.iter().map(ticket).collect()
    }
}
