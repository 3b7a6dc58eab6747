//! What was set aside, tried once more: when the program has been mended.

use super::super::Store;
use super::super::error::StoreError;
use super::super::log::{Cursor, EVENT_COLUMNS, logged_row};
use super::super::row::column;
use super::{Memory, Reactor};
use domain::time::Timestamp;
use std::sync::Arc;

/// How many are tried at a time.
const BATCH: i64 = 100;

/// What came of trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retried {
    /// How many are done now.
    pub done: usize,
    /// How many still fail.
    pub failed: usize,
}

impl Store {
    /// Does the events that a reactor set aside, each by itself. For reactors that tell others: what is counted is made
    /// anew instead, for later events have been counted on what was known without these.
    ///
    /// # Errors
    /// [`StoreError`]; an event that still fails stays where it is.
    pub async fn retry_set_aside(&self, reactor: Reactor, now: Timestamp) -> Result<Retried, StoreError> {
        let sql = format!(
            "SELECT {}, e.stream, {EVENT_COLUMNS} FROM set_aside s JOIN event e ON e.position = s.position \
             WHERE s.reactor = $1 AND s.position > $2 ORDER BY s.position LIMIT $3",
            self.order().cursor()
        );
        let generation = self.reactor_reached(reactor).await?.generation;
        let (mut retried, mut after) = (Retried::default(), Cursor::default().position());
        loop {
            let rows = self.query_all(&sql, vec![reactor.name().into(), after.into(), BATCH.into()]).await?;
            let Some(last) = rows.last() else { return Ok(retried) };
            after = column(last, "event", "position")?;
            for row in &rows {
                let row = logged_row(row)?;
                let (position, stream) = (row.cursor.position(), row.stream);
                // A memory of its own: these are not in the order of the log.
                let (happenings, broken) = self.happenings(vec![row], &mut Memory::default()).await?;
                let effects = match broken {
                    Some(error) => Err(error),
                    None => {
                        let happenings: Vec<_> = happenings.into_iter().map(Arc::new).collect();
                        reactor.effects(self, &happenings, generation, now).await
                    }
                };
                let done = "DELETE FROM set_aside WHERE reactor = $1 AND position = $2";
                let done = self.statement(done, vec![reactor.name().into(), position.into()]);
                let written = match effects {
                    Ok(effects) => self.write_after_cursor([vec![done], effects].concat()).await,
                    Err(error) => Err(error),
                };
                match written {
                    Ok(written) => retried.done += usize::from(written),
                    Err(error @ StoreError::Unavailable(_)) => return Err(error),
                    Err(error) => {
                        tracing::error!(reactor = reactor.name(), position, %stream, %error, "an event fails still");
                        retried.failed += 1;
                    }
                }
            }
        }
    }
}
