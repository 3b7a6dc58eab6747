//! What happened last, shared by the reactors of this process: they follow the same log, so it is read and folded once. A
//! reactor that is elsewhere, or careful, reads for itself.

use super::super::Store;
use super::super::error::StoreError;
use super::super::log::Cursor;
use super::{Happening, Memory};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Mutex;

/// How many happenings are kept; one takes some 5 KB.
const KEPT: usize = 1_000;

/// The happenings between two places of the log, all of them.
#[derive(Debug, Default)]
pub(in crate::store) struct Recent(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// Behind which the first one comes.
    from: Cursor,
    happenings: VecDeque<Arc<Happening>>,
    /// Whether the log had more behind the last one when it was read: another page, or what cannot be followed.
    more: bool,
    memory: Memory,
}

/// What lies behind a cursor.
pub(super) enum Next {
    /// These, and whether more is known to lie behind them.
    Happened(Vec<Arc<Happening>>, bool),
    /// Nothing yet.
    Nothing,
    /// Something that was not kept, or that cannot be followed.
    Elsewhere,
}

impl Seen {
    fn end(&self) -> Cursor {
        self.happenings.back().map_or(self.from, |last| last.cursor)
    }

    fn behind(&self, cursor: Cursor, limit: usize) -> Next {
        let first = self.happenings.partition_point(|happening| happening.cursor <= cursor);
        let some: Vec<_> = self.happenings.range(first..).take(limit).cloned().collect();
        let more = self.more || first + some.len() < self.happenings.len();
        if some.is_empty() { Next::Elsewhere } else { Next::Happened(some, more) }
    }

    fn extend(&mut self, happenings: Vec<Happening>) {
        self.happenings.extend(happenings.into_iter().map(Arc::new));
        while self.happenings.len() > KEPT
            && let Some(first) = self.happenings.pop_front()
        {
            self.from = first.cursor;
        }
    }
}

impl Store {
    /// Forgets all of it: a database that was away may not be the one that was read.
    pub(super) async fn forget_happened(&self) {
        *self.recent.0.lock().await = Seen::default();
    }

    /// What happened behind a cursor, at most `limit`.
    pub(super) async fn happened(&self, after: Cursor, limit: u32) -> Result<Next, StoreError> {
        let mut seen = self.recent.0.lock().await;
        if after < seen.from {
            return Ok(Next::Elsewhere);
        }
        if after > seen.end() {
            // Another process was faster, or this one has just begun.
            *seen = Seen { from: after, ..Seen::default() };
        }
        if after == seen.end() {
            let rows = self.log_after(after, limit).await?;
            if rows.is_empty() {
                return Ok(Next::Nothing);
            }
            let whole = rows.len() == limit as usize;
            let (happenings, broken) = self.happenings(rows, &mut seen.memory).await?;
            seen.more = whole || broken.is_some();
            seen.extend(happenings);
        }
        Ok(seen.behind(after, limit as usize))
    }
}
