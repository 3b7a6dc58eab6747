//! Entries on SQLite, within the writer's transaction. Each call is a hop to the thread that SQLite lives on, so an entry
//! takes two: its guard, and the rest.

use super::StoreError;
use super::entry::{ANSWER, BESIDE, Entry, Outcome, insert, list, ticket_columns};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement, Value};
use std::sync::LazyLock;

/// Writes entries, all or none.
pub(super) async fn append(
    transaction: &DatabaseTransaction,
    entries: Vec<Entry>,
) -> Result<Outcome, StoreError> {
    const UNDO: &str = "ROLLBACK TO entry; RELEASE entry";
    let result = append_within(transaction, entries).await;
    if !matches!(result, Ok(Outcome::Written)) {
        let undone = transaction.execute_unprepared(UNDO).await;
        // A full disk has ended the transaction already. What failed first is the reason.
        if matches!(result, Ok(_) | Err(StoreError::Duplicate(_))) {
            undone?;
        }
    }
    result
}

/// Within a savepoint, which is released when all are written.
async fn append_within(
    transaction: &DatabaseTransaction,
    entries: Vec<Entry>,
) -> Result<Outcome, StoreError> {
    let last = entries.len();
    for (i, entry) in entries.into_iter().enumerate() {
        let key = entry.answer.as_ref().map(|kept| kept.key);
        let (begin, end) = (if i == 0 { BEGIN } else { "" }, if i + 1 == last { END } else { "" });
        let (guard, rest) = entry.into_statements(begin, end);
        if transaction.query_one_raw(guard).await?.is_none() {
            let taken = "SELECT 1 FROM idempotency WHERE key = $1";
            let key: Option<Vec<u8>> = key.map(Vec::from);
            let taken = Statement::from_sql_and_values(DbBackend::Sqlite, taken, [key.into()]);
            let is_taken = transaction.query_one_raw(taken).await?.is_some();
            return Ok(if is_taken { Outcome::KeyTaken } else { Outcome::Conflict });
        }
        transaction.execute_raw(rest).await?;
    }
    Ok(Outcome::Written)
}

const BEGIN: &str = "SAVEPOINT entry; ";
const END: &str = "; RELEASE entry";
const UNTAKEN: &str = "NOT EXISTS (SELECT 1 FROM idempotency WHERE key = ?) RETURNING id";

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

impl Entry {
    /// The guarded row, and all that goes with it.
    fn into_statements(self, begin: &str, end: &str) -> (Statement, Statement) {
        let Self { stream, was, row, texts, events, clocks, parties, contact, answer } = self;
        let beside = [texts, events, clocks, parties, contact.into_iter().collect()];
        let key: Option<Vec<u8>> = answer.as_ref().map(|kept| kept.key.to_vec());
        let (sql, values): (&String, Vec<Value>) = match was {
            None => (&BIRTH, [stream.into()].into_iter().chain(row).chain([key.into()]).collect()),
            Some(was) => (&CHANGE, row.into_iter().chain([stream.into(), was.into(), key.into()]).collect()),
        };
        let guard = Statement::from_sql_and_values(DbBackend::Sqlite, format!("{begin}{sql}"), values);
        let answers = (&ANSWER, answer.map(|kept| kept.row(stream)).into_iter().collect());
        let (mut sqls, mut values) = (Vec::new(), Vec::new());
        for (table, rows) in BESIDE.iter().zip(beside).chain([answers]) {
            if !rows.is_empty() {
                let row = format!("({})", list(table.columns, |_| "?".to_owned()));
                sqls.push(insert(table, &vec![row; rows.len()].join(", ")));
                values.extend(rows.into_iter().flatten());
            }
        }
        let rest = format!("{}{end}", sqls.join("; "));
        (guard, Statement::from_sql_and_values(DbBackend::Sqlite, rest, values))
    }
}
