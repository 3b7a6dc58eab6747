//! Rows, whichever driver read them; a fault names table, column and row.

use super::error::StoreError;
use rusqlite::types::FromSql;
use sea_orm::{QueryResult, TryGetable};
use std::str::FromStr;
use std::sync::Arc;
use uuid::Uuid;

/// A row.
#[derive(Debug)]
pub(super) enum Row {
    /// PostgreSQL's, and SQLite's where nobody is in a hurry.
    Sqlx(QueryResult),
    /// SQLite's.
    Sqlite(Cells),
}

/// The values of a row of SQLite's, and the names of its columns, which it shares with the other rows of its query.
#[derive(Debug)]
pub(super) struct Cells {
    pub(super) names: Arc<[Box<str>]>,
    pub(super) values: Box<[rusqlite::types::Value]>,
}

/// What a column of either database can hold.
pub(super) trait Held: TryGetable + FromSql {}
impl<T: TryGetable + FromSql> Held for T {}

impl From<QueryResult> for Row {
    fn from(row: QueryResult) -> Self {
        Self::Sqlx(row)
    }
}

impl Row {
    fn held<T: Held>(&self, name: &str) -> Result<T, String> {
        match self {
            Self::Sqlx(row) => row.try_get("", name).map_err(|error| error.to_string()),
            Self::Sqlite(Cells { names, values }) => {
                let at = names.iter().position(|known| **known == *name);
                let value = at.and_then(|at| values.get(at)).ok_or_else(|| "no such column".to_owned())?;
                T::column_result(value.into()).map_err(|error| error.to_string())
            }
        }
    }
}

/// A column.
pub(super) fn column<T: Held>(row: &Row, table: &'static str, name: &'static str) -> Result<T, StoreError> {
    row.held(name).map_err(|error| {
        let id = row.held::<Uuid>("id").map_or_else(|_| "?".to_owned(), |id| id.to_string());
        StoreError::corrupt(table, name, id, error)
    })
}

/// A column that holds one of a list of words.
pub(super) fn word<T: FromStr>(row: &Row, table: &'static str, name: &'static str) -> Result<T, StoreError> {
    let text: String = column(row, table, name)?;
    text.parse().map_err(|_| StoreError::corrupt(table, name, "?", format!("unknown word {text}")))
}

/// The same where there may be none.
pub(super) fn optional_word<T: FromStr>(
    row: &Row,
    table: &'static str,
    name: &'static str,
) -> Result<Option<T>, StoreError> {
    let text: Option<String> = column(row, table, name)?;
    let parse = |text: String| text.parse().map_err(|_| StoreError::corrupt(table, name, "?", text));
    text.map(parse).transpose()
}
