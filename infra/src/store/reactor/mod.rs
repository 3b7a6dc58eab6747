//! Reactors: what follows from events. Each reads the log behind its own cursor and writes what follows into its own tables,
//! together with its cursor in one transaction, so it happens exactly once.
//!
//! A reactor does no I/O beside its reads and that one write. To add one: a file here, a row in the list of reactors.

mod duty;
mod inbox;

use super::log::Cursor;
use domain::id::TicketId;
use domain::ticket::{Event, Ticket};

/// An event of a ticket, with the ticket as it was before it and as it is after it.
#[derive(Debug, Clone)]
#[expect(dead_code, reason = "reactors come next")]
pub(in crate::store) struct Happening {
    /// Where it stands in the log.
    pub(in crate::store) cursor: Cursor,
    /// Whose history it belongs to.
    pub(in crate::store) ticket: TicketId,
    /// Its number in that history, from 1.
    pub(in crate::store) version: i32,
    /// What happened.
    pub(in crate::store) event: Event,
    /// The ticket before; `None` at its submission.
    pub(in crate::store) before: Option<Ticket>,
    /// The ticket after.
    pub(in crate::store) after: Ticket,
}
