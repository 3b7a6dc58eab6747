//! Entries on SQLite, within the writer's transaction.

use super::super::StoreError;
use super::super::entry::{ANSWER, BESIDE, Entry, Outcome, Table, insert, list, ticket_columns};
use crate::store::sqlite::{execute, fault};
use rusqlite::Connection;
use sea_orm::Value;
use std::iter::once;
use std::sync::LazyLock;

const UNTAKEN: &str = "NOT EXISTS (SELECT 1 FROM idempotency WHERE key = ?)";

/// The guarded row, by the order of its parameters: the id of a new ticket comes first, that of one that changes behind
/// its columns.
static BIRTH: LazyLock<String> = LazyLock::new(|| {
    let columns = ticket_columns(true);
    let names = list(&columns, |(name, _)| (*name).to_owned());
    let values = list(&columns, |_| "?".to_owned());
    format!("INSERT INTO ticket (id, {names}) SELECT ?, {values} WHERE {UNTAKEN}")
});
static CHANGE: LazyLock<String> = LazyLock::new(|| {
    let set = list(&ticket_columns(false), |(name, _)| format!("{name} = ?"));
    format!("UPDATE ticket SET {set} WHERE id = ? AND version = ? AND {UNTAKEN}")
});

/// What puts a row beside it, in the order of [`BESIDE`].
static ROW_BESIDE: LazyLock<[String; BESIDE.len()]> = LazyLock::new(|| BESIDE.each_ref().map(insert_row));
static ROW_ANSWER: LazyLock<String> = LazyLock::new(|| insert_row(&ANSWER));

fn insert_row(table: &Table) -> String {
    insert(table, &format!("({})", list(table.columns, |_| "?".to_owned())))
}

/// Writes entries up to the first that cannot be written.
pub(super) fn append(connection: &Connection, entries: &[Entry]) -> Result<Outcome, StoreError> {
    for entry in entries {
        let outcome = append_one(connection, entry)?;
        if outcome != Outcome::Written {
            return Ok(outcome);
        }
    }
    Ok(Outcome::Written)
}

fn append_one(connection: &Connection, entry: &Entry) -> Result<Outcome, StoreError> {
    let stream = Value::from(entry.stream);
    let key = Value::from(entry.answer.as_ref().map(|kept| kept.key.to_vec()));
    let guarded = match entry.was {
        None => execute(connection, &BIRTH, once(&stream).chain(&entry.row).chain([&key]))?,
        Some(was) => execute(connection, &CHANGE, entry.row.iter().chain([&stream, &was.into(), &key]))?,
    };
    if guarded == 0 {
        let is_taken = "SELECT EXISTS (SELECT 1 FROM idempotency WHERE key = ?)";
        let key = entry.answer.as_ref().map(|kept| kept.key);
        let is_taken = connection.query_one(is_taken, [key], |row| row.get(0)).map_err(fault)?;
        return Ok(if is_taken { Outcome::KeyTaken } else { Outcome::Conflict });
    }
    for (sql, rows) in ROW_BESIDE.iter().zip(entry.beside()) {
        for row in rows {
            execute(connection, sql, row.iter())?;
        }
    }
    if let Some(kept) = &entry.answer {
        execute(connection, &ROW_ANSWER, kept.row(entry.stream).iter())?;
    }
    Ok(Outcome::Written)
}
