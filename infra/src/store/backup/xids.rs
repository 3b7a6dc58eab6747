//! Transaction ids in another cluster.
//!
//! On PostgreSQL the log's order is `(xid, position)`, and what is read is older than every transaction that still runs. A
//! restored cluster counts transactions anew: with the ids of the old one, events would wait for years, or new ones would
//! come before old ones. Setting all to 0 would be wrong too: then positions alone are the order, and an event of a slow
//! transaction, which has a smaller position than a reactor's cursor and a larger xid, would be skipped.
//!
//! So the log is cut into segments where the stored cursors are, and the xid of an event becomes the number of its segment:
//! how many different cursors lie before it. An event is read by the i-th cursor exactly when fewer than i+1 cursors,
//! counted from 0, lie before it; that is when its segment is at most i. The cursor becomes (i, the greatest position in
//! segment i, or its own), behind all of that segment and before all of the next: what was read stays read, and what was
//! not, not.
//!
//! Within a segment the order becomes that of positions. Histories stay in order: whoever writes the next version of
//! something draws its position after the version before was committed. Segments are as many as reactors at most, far
//! below the transaction ids that making a cluster uses up, so all that is old can be read at once, and comes before
//! whatever is written from now on.

use super::super::log::Cursor;
use std::fmt::Write;

/// The segments of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segments(Vec<Cursor>);

impl Segments {
    /// Cut at these cursors.
    pub(super) fn new(cursors: impl IntoIterator<Item = Cursor>) -> Self {
        let mut ends: Vec<_> = cursors.into_iter().collect();
        ends.sort_unstable();
        ends.dedup();
        Self(ends)
    }

    /// The greatest xid that is given out.
    pub(super) fn greatest(&self) -> usize {
        self.0.len()
    }

    /// The statement that gives events their xids. It writes the table anew, so it leaves no dead rows; before there are
    /// indexes it is cheap.
    pub(super) fn renumber_events(&self, table: &str) -> String {
        let mut segment = String::new();
        for (xid, end) in self.0.iter().enumerate() {
            let (old, position) = (end.xid(), end.position());
            // A string takes what is written to it.
            let _ =
                write!(segment, "WHEN (xid, position) <= ('{old}'::xid8, {position}) THEN '{xid}'::xid8 ");
        }
        let last = self.greatest();
        format!(
            "ALTER TABLE {table} ALTER COLUMN xid TYPE xid8 USING (CASE {segment}WHEN true THEN '{last}'::xid8 END);\n"
        )
    }

    /// The statement that moves the cursors with them; cheap once there are indexes.
    pub(super) fn move_cursors(&self, cursors: &str, events: &str) -> String {
        let moved: Vec<_> = (0..).zip(&self.0).map(|(xid, end)| moved(xid, *end)).collect();
        if moved.is_empty() {
            return String::new();
        }
        format!(
            "UPDATE {cursors} r SET xid = s.xid, position = GREATEST(r.position, \
             (SELECT max(e.position) FROM {events} e WHERE e.xid = s.xid::text::xid8)) \
             FROM (VALUES {}) AS s (old_xid, old_position, xid) \
             WHERE r.xid = s.old_xid AND r.position = s.old_position;\n",
            moved.join(", ")
        )
    }
}

fn moved(xid: i64, end: Cursor) -> String {
    format!("({}::bigint, {}::bigint, {xid}::bigint)", end.xid(), end.position())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl Segments {
        /// What the statements do, said once more.
        fn event(&self, event: Cursor) -> Cursor {
            let segment = self.0.partition_point(|end| *end < event);
            Cursor::at(i64::try_from(segment).unwrap(), event.position())
        }

        fn cursor(&self, cursor: Cursor, events: &[Cursor]) -> Cursor {
            let segment = i64::try_from(self.0.iter().position(|end| *end == cursor).unwrap()).unwrap();
            let events = events.iter().map(|event| self.event(*event)).filter(|event| event.xid() == segment);
            let greatest = events.map(|event| event.position()).max();
            Cursor::at(segment, greatest.map_or(cursor.position(), |at| at.max(cursor.position())))
        }
    }

    proptest! {
        /// Slow transactions have large xids and small positions, and the other way round.
        #[test]
        fn what_was_read_stays_read_and_what_was_not_not(
            xids in prop::collection::vec(3..40_i64, 0..60),
            read in prop::collection::vec(0..60_usize, 0..6),
        ) {
            let events: Vec<_> = (1..).zip(&xids).map(|(position, xid)| Cursor::at(*xid, position)).collect();
            let mut log = events.clone();
            log.sort_unstable();
            // A cursor stands at an event of the log, or before all.
            let cursors: Vec<_> = read.iter().map(|at| log.get(*at).copied().unwrap_or_default()).collect();
            let segments = Segments::new(cursors.iter().copied());
            prop_assert!(segments.greatest() <= cursors.len());
            for cursor in cursors {
                let moved = segments.cursor(cursor, &events);
                for event in &events {
                    prop_assert_eq!(*event > cursor, segments.event(*event) > moved, "{:?} {:?}", event, cursor);
                }
                // Whatever is written in the new cluster.
                prop_assert!(Cursor::at(700, 1) > moved);
            }
            for (before, after) in log.iter().zip(&log[1.min(log.len())..]) {
                let (before_xid, after_xid) = (segments.event(*before).xid(), segments.event(*after).xid());
                prop_assert!(before_xid <= after_xid, "segments keep the order of the log");
            }
        }
    }

    #[test]
    fn all_zero_would_skip_a_slow_transaction() {
        let (slow, read) = (Cursor::at(900, 5), Cursor::at(800, 9));
        assert!(slow > read && Cursor::at(0, slow.position()) < Cursor::at(0, read.position()));
        let segments = Segments::new([read]);
        assert!(segments.event(slow) > segments.cursor(read, &[read, slow]));
    }
}
