//! Columns of rows; a fault names table, column and row.

use super::error::StoreError;
use sea_orm::{QueryResult, TryGetable};
use std::str::FromStr;
use uuid::Uuid;

/// A column.
pub(super) fn column<T: TryGetable>(
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
pub(super) fn word<T: FromStr>(
    row: &QueryResult,
    table: &'static str,
    name: &'static str,
) -> Result<T, StoreError> {
    let text: String = column(row, table, name)?;
    text.parse().map_err(|_| StoreError::corrupt(table, name, "?", format!("unknown word {text}")))
}

/// The same where there may be none.
pub(super) fn optional_word<T: FromStr>(
    row: &QueryResult,
    table: &'static str,
    name: &'static str,
) -> Result<Option<T>, StoreError> {
    let text: Option<String> = column(row, table, name)?;
    let parse = |text: String| text.parse().map_err(|_| StoreError::corrupt(table, name, "?", text));
    text.map(parse).transpose()
}
