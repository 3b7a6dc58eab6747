//! Tickets in the store: one read, one list, one history, one guarded write.

mod list;
mod read;
mod timeline;
mod write;

pub use list::{Lens, Page, TicketQuery};
pub(super) use write::TicketSql;

use super::error::StoreError;
use domain::ticket::Ticket;
use uuid::Uuid;

/// The state of a ticket from its row; older versions would be upcast here.
fn stored_ticket(id: Uuid, state: &str, version: i16) -> Result<Ticket, StoreError> {
    let corrupt = |reason: String| StoreError::corrupt("ticket", "state", id, reason);
    match version {
        1 => serde_json::from_str(state).map_err(|error| corrupt(error.to_string())),
        other => Err(corrupt(format!("unknown version {other}"))),
    }
}
