//! A row that a write returned.

use super::StoreError;
use rusqlite::types::FromSql;
use sea_orm::{QueryResult, TryGetable};

#[derive(Debug)]
pub(in crate::store) enum Returned {
    Postgres(QueryResult),
    /// Columns and their values.
    Sqlite(Vec<(String, rusqlite::types::Value)>),
}

impl Returned {
    /// A column; a fault names it and its table.
    pub(in crate::store) fn column<T: TryGetable + FromSql>(
        &self,
        table: &'static str,
        name: &'static str,
    ) -> Result<T, StoreError> {
        let corrupt = |why: String| StoreError::corrupt(table, name, "?", why);
        match self {
            Self::Postgres(row) => row.try_get("", name).map_err(|error| corrupt(error.to_string())),
            Self::Sqlite(columns) => {
                let value = columns.iter().find(|(column, _)| column == name).map(|(_, value)| value);
                let value = value.ok_or_else(|| corrupt("no such column".to_owned()))?;
                T::column_result(value.into()).map_err(|error| corrupt(error.to_string()))
            }
        }
    }
}
