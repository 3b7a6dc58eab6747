//! Where reactors stand, for those who run the server.

use super::super::Store;
use super::super::error::StoreError;
use super::super::log::{Cursor, Order};
use super::super::patience::patience;
use super::super::row::{Row, column};
use super::{Reactor, Share};
use domain::time::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use strum::IntoEnumIterator;

/// Where a reactor stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactorState {
    /// Which.
    pub reactor: Reactor,
    /// How far it has come.
    pub cursor: Cursor,
    /// How many events wait for it; not counted beyond what was asked for.
    pub behind: i64,
    /// When the oldest of them was written down.
    pub waiting_since: Option<Timestamp>,
    /// How many events it set aside.
    pub set_aside: i64,
    /// How often its tables were made anew, from 1.
    pub generation: i32,
}

/// A row for each reactor. One that is new begins with the first event; one that tells others begins with the next: nobody
/// is told of what happened before there was anybody to tell.
pub(in crate::store) async fn make_missing(
    db: &DatabaseConnection,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO reactor (name, xid, position, generation, building, updated_at) VALUES ($1, 0, 0, 1, 1, $2) \
         ON CONFLICT (name) DO NOTHING";
    let order = Order::of(db.get_database_backend());
    let at_the_end = format!(
        "INSERT INTO reactor (name, xid, position, generation, building, updated_at) \
         SELECT $1, {}, 1, 1, $2 FROM event e WHERE e.aggregate = 'ticket' ORDER BY {} LIMIT 1 ON CONFLICT (name) DO NOTHING",
        order.cursor(),
        order.newest()
    );
    for reactor in Reactor::iter() {
        let values = [reactor.name().into(), now.into()];
        if !reactor.is_rebuilt() {
            let at_the_end =
                Statement::from_sql_and_values(db.get_database_backend(), &at_the_end, values.clone());
            db.execute_raw(at_the_end).await?;
        }
        db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    }
    Ok(())
}

impl Store {
    /// Whether this process is the one that works for a reactor.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then it is not.
    pub async fn leads(&self, reactor: Reactor) -> Result<bool, StoreError> {
        self.leadership.leads(reactor).await
    }

    /// Whether an event that was written down before `since` waits for a reactor, and nothing has been done for it since.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_stuck(&self, reactor: Reactor, since: Timestamp) -> Result<bool, StoreError> {
        let (behind, order) = (self.behind(), self.order().oldest());
        let sql = format!(
            "SELECT (SELECT e.recorded_at < $2 FROM event e WHERE {behind} AND e.aggregate = 'ticket' ORDER BY {order} LIMIT 1) \
             AS stuck FROM reactor r WHERE r.name = $1 AND r.updated_at < $2"
        );
        let row = self.query_one(&sql, vec![reactor.name().into(), since.into()]).await?;
        let stuck = row.map(|row| column::<Option<bool>>(&row, "event", "stuck")).transpose()?;
        Ok(stuck.flatten().unwrap_or(false))
    }

    /// Which tickets this process sweeps.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then none are its own, until it asks again.
    pub async fn share(&self) -> Result<Share, StoreError> {
        self.leadership.share().await
    }

    /// Where a reactor stands. At most `most` of the events that wait are counted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reactor_state(&self, reactor: Reactor, most: u32) -> Result<ReactorState, StoreError> {
        patience(state_of(&self.db, reactor, most)).await
    }

    /// Behind the cursor of the reactor `r`.
    fn behind(&self) -> String {
        self.order().after("r.xid", "r.position")
    }
}

/// Where a reactor stands. At most `most` of the events that wait are counted.
pub(in crate::store) async fn state_of(
    db: &DatabaseConnection,
    reactor: Reactor,
    most: u32,
) -> Result<ReactorState, StoreError> {
    let order = Order::of(db.get_database_backend());
    let (behind, oldest) = (order.after("r.xid", "r.position"), order.oldest());
    let sql = format!(
        "SELECT r.xid, r.position, r.generation, \
         (SELECT COUNT(*) FROM set_aside s WHERE s.reactor = r.name) AS set_aside, \
         (SELECT COUNT(*) FROM (SELECT 1 FROM event e WHERE {behind} AND e.aggregate = 'ticket' LIMIT $2) w) AS behind, \
         (SELECT MIN(w.recorded_at) FROM (SELECT e.recorded_at FROM event e WHERE {behind} AND e.aggregate = 'ticket' \
           ORDER BY {oldest} LIMIT 1) w) AS waiting_since \
         FROM reactor r WHERE r.name = $1"
    );
    let values = [reactor.name().into(), i64::from(most).into()];
    let row =
        db.query_one_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    let gone = || StoreError::corrupt("reactor", "name", reactor.name(), "the reactor has no row");
    let row = Row::from(row.ok_or_else(gone)?);
    Ok(ReactorState {
        reactor,
        cursor: Cursor::at(column(&row, "reactor", "xid")?, column(&row, "reactor", "position")?),
        behind: column(&row, "event", "behind")?,
        waiting_since: column(&row, "event", "waiting_since")?,
        set_aside: column(&row, "set_aside", "set_aside")?,
        generation: column(&row, "reactor", "generation")?,
    })
}
