//! Very many rows in few statements.

use super::super::Store;
use sea_orm::{Statement, Value};
use std::fmt::Write;

/// How many values one query asks for, and one statement writes, at most. SQLite looks up each `$N` among all those before it
/// while it reads a statement; and what it has read once it reads no more.
pub(super) const ASKED: usize = 500;
const WRITTEN: usize = 600;

/// Rows of one table.
#[derive(Debug)]
pub(in crate::store) struct Rows {
    table: &'static str,
    columns: &'static [&'static str],
    values: Vec<Value>,
}

impl Rows {
    pub(in crate::store) fn new(table: &'static str, columns: &'static [&'static str]) -> Self {
        Self { table, columns, values: Vec::new() }
    }

    /// Adds a row, a value a column.
    pub(in crate::store) fn add<const N: usize>(&mut self, row: [Value; N]) {
        debug_assert_eq!(N, self.columns.len());
        self.values.extend(row);
    }

    /// The statements that insert them.
    pub(in crate::store) fn statements(self, store: &Store) -> Vec<Statement> {
        let width = self.columns.len();
        let head = format!("INSERT INTO {} ({}) VALUES ", self.table, self.columns.join(", "));
        let mut statements = Vec::new();
        let mut values = self.values.into_iter().peekable();
        while values.peek().is_some() {
            let some: Vec<Value> = values.by_ref().take(WRITTEN / width * width).collect();
            let mut sql = head.clone();
            for n in 0..some.len() / width {
                sql.push_str(if n == 0 { "(" } else { "), (" });
                for column in 0..width {
                    let comma = if column == 0 { "" } else { ", " };
                    write!(sql, "{comma}${}", n * width + column + 1)
                        .expect("a string takes what is written to it");
                }
            }
            sql.push(')');
            statements.push(store.statement(&sql, some));
        }
        statements
    }
}
