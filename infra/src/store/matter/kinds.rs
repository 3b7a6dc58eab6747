//! The kinds of matters to which time does something.

use super::super::Store;
use super::super::change::ChangeError;
use super::super::error::StoreError;
use super::super::row::column;
use super::super::ticket::Housekeeping;
use super::columns;
use domain::admission::Admission;
use domain::appeal::Appeal;
use domain::booking::Booking;
use domain::duty::Duty;
use domain::errand::Errand;
use domain::id::TicketId;
use domain::key_task::KeyTask;
use domain::matter::{Matter, MatterView};
use domain::mediation::{Mediation, RoundStands};
use domain::patrol::Patrol;
use domain::promise::Promise;
use domain::ticket::Status;
use domain::time::Timestamp;
use uuid::Uuid;

/// A matter to which time does something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueMatter {
    /// Which.
    pub id: Uuid,
    /// When it is due.
    pub at: Timestamp,
    kind: String,
}

impl Store {
    /// Matters to which time does something by `now`, the longest due first, after the last of those before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due_matters(
        &self,
        now: Timestamp,
        after: Option<&DueMatter>,
        limit: u16,
    ) -> Result<Vec<DueMatter>, StoreError> {
        let mut sql = super::super::sql::Sql::new(
            "SELECT id, kind, next_at FROM matter WHERE next_at IS NOT NULL AND next_at <= ",
        );
        sql.bind(now);
        if let Some(DueMatter { id, at, kind: _ }) = after {
            sql.push(" AND (next_at, id) > (").bind(*at).push(", ").bind(*id).push(")");
        }
        sql.push(" ORDER BY next_at, id LIMIT ").bind(i64::from(limit));
        let rows = self.query_all(&sql.text, sql.values).await?;
        let due = |row: &_| {
            let (id, at) = (column(row, "matter", "id")?, column(row, "matter", "next_at")?);
            Ok(DueMatter { id, at, kind: column(row, "matter", "kind")? })
        };
        rows.iter().map(due).collect()
    }

    /// Does to a matter what time does; whether that was anything.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn settle_matter(&self, due: &DueMatter, now: Timestamp) -> Result<bool, ChangeError> {
        match due.kind.as_str() {
            Admission::KIND => self.settle_kind::<Admission>(due.id, now).await,
            KeyTask::KIND => self.settle_kind::<KeyTask>(due.id, now).await,
            Promise::KIND => self.settle_kind::<Promise>(due.id, now).await,
            Duty::KIND => self.settle_kind::<Duty>(due.id, now).await,
            Patrol::KIND => self.settle_kind::<Patrol>(due.id, now).await,
            Errand::KIND => self.settle_kind::<Errand>(due.id, now).await,
            Booking::KIND => self.settle_kind::<Booking>(due.id, now).await,
            Appeal::KIND => self.carry_out_appeal(due.id, now).await,
            Mediation::KIND => self.settle_mediation(due.id, now).await,
            // A newer program's.
            _ => Ok(false),
        }
    }

    /// Does to a matter all that time has done by `now`, so that whoever acts next finds it written down; the job does the same
    /// a little later.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn settle_first<M: Matter>(&self, id: Uuid, now: Timestamp) -> Result<(), ChangeError> {
        let due = DueMatter { id, at: now, kind: M::KIND.to_owned() };
        while self.settle_matter(&due, now).await? {}
        Ok(())
    }

    /// In which round the ticket of a matter is, and how it stands; `None` when it has none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ticket_round(&self, matter: Uuid) -> Result<Option<(u16, Status)>, StoreError> {
        let sql =
            "SELECT t.round, t.status FROM matter m JOIN ticket t ON t.id = m.ticket_id WHERE m.id = $1";
        let Some(row) = self.query_one(sql, vec![matter.into()]).await? else { return Ok(None) };
        let (round, status): (i16, String) =
            (column(&row, "ticket", "round")?, column(&row, "ticket", "status")?);
        let corrupt = |name| StoreError::corrupt("ticket", name, matter, "no such value");
        let round = u16::try_from(round).map_err(|_| corrupt("round"))?;
        Ok(Some((round, status.parse().map_err(|_| corrupt("status"))?)))
    }

    /// Ends the mediations of a ticket's earlier rounds, so that no two of it are open: the job sees that only when the days of
    /// their levels are over.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn settle_mediations_of(&self, ticket: TicketId, now: Timestamp) -> Result<(), ChangeError> {
        let sql = "SELECT id FROM matter WHERE ticket_id = $1 AND kind = $2 AND open ORDER BY id";
        let rows = self.query_all(sql, vec![ticket.0.into(), Mediation::KIND.into()]).await?;
        for row in &rows {
            self.settle_first::<Mediation>(column(row, "matter", "id")?, now).await?;
        }
        Ok(())
    }

    /// The file goes up, and from the top to the court, only while the round of the ticket that it is of is being worked on.
    async fn settle_mediation(&self, id: Uuid, now: Timestamp) -> Result<bool, ChangeError> {
        let Some(view) = self.due_matter::<Mediation>(id).await? else { return Ok(false) };
        if !view.matter.is_open() {
            return Ok(false);
        }
        let round = RoundStands::of(view.matter.round, self.ticket_round(id).await?);
        let Some(change) = view.matter.move_on(round, now) else { return Ok(false) };
        self.change_by_itself(view, change, now).await
    }

    /// First the ticket says what is left out of it, and then the appeal that it does: whatever ends between, it is done again,
    /// and the ticket says it once.
    async fn carry_out_appeal(&self, id: Uuid, now: Timestamp) -> Result<bool, ChangeError> {
        let Some(view) = self.due_matter::<Appeal>(id).await? else { return Ok(false) };
        if let Some(exclusion) = view.matter.owes() {
            let _: bool = self.keep_house(view.matter.ticket, Housekeeping::Exclude(exclusion), now).await?;
        }
        self.settle_one(view, now).await
    }

    async fn settle_kind<M: Matter>(&self, id: Uuid, now: Timestamp) -> Result<bool, ChangeError> {
        let Some(view) = self.due_matter::<M>(id).await? else { return Ok(false) };
        self.settle_one(view, now).await
    }

    async fn due_matter<M: Matter>(&self, id: Uuid) -> Result<Option<MatterView<M>>, StoreError> {
        let sql = format!(
            "SELECT {} FROM matter m JOIN place p ON p.id = m.place_id WHERE m.id = $1 AND m.kind = $2",
            columns(self.backend())
        );
        let row = self.query_one(&sql, vec![id.into(), M::KIND.into()]).await?;
        row.map(|row| self.stored_matter::<M>(&row)).transpose()
    }
}
