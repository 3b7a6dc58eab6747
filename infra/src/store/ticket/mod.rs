//! Tickets in the store: one read, one list, one history, one guarded write.

mod list;
mod read;
mod timeline;
mod write;

pub use list::{Lens, Page, TicketQuery};
pub(super) use write::TicketSql;

use super::error::StoreError;
use domain::ticket::Ticket;
use sea_orm::{QueryResult, TryGetable};
use std::str::FromStr;
use uuid::Uuid;

/// The state of a ticket from its row; older versions would be upcast here.
fn stored_ticket(id: Uuid, state: &str, version: i16) -> Result<Ticket, StoreError> {
    let corrupt = |reason: String| StoreError::corrupt("ticket", "state", id, reason);
    match version {
        1 => serde_json::from_str(state).map_err(|error| corrupt(error.to_string())),
        other => Err(corrupt(format!("unknown version {other}"))),
    }
}

/// A column; a fault names table, column and row.
fn column<T: TryGetable>(
    row: &QueryResult,
    table: &'static str,
    name: &'static str,
) -> Result<T, StoreError> {
    row.try_get("", name).map_err(|error| {
        let id = row.try_get::<Uuid>("", "id").map_or_else(|_| "?".to_owned(), |id| id.to_string());
        StoreError::corrupt(table, name, id, error)
    })
}

/// A column that holds one of a list of words.
fn word<T: FromStr>(row: &QueryResult, table: &'static str, name: &'static str) -> Result<T, StoreError> {
    let text: String = column(row, table, name)?;
    text.parse().map_err(|_| StoreError::corrupt(table, name, "?", format!("unknown word {text}")))
}

/// The same where there may be none.
fn optional_word<T: FromStr>(
    row: &QueryResult,
    table: &'static str,
    name: &'static str,
) -> Result<Option<T>, StoreError> {
    let text: Option<String> = column(row, table, name)?;
    let parse = |text: String| text.parse().map_err(|_| StoreError::corrupt(table, name, "?", text));
    text.map(parse).transpose()
}
