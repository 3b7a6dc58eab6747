//! SQLite by rusqlite, on threads of our own: sqlx has each statement cross over to a thread and back, and each column of
//! each row is copied on the way, which together costs more than most statements do. Both link the same SQLite.

mod readers;

pub(super) use readers::Readers;

use super::connect::BUSY;
use super::dialect;
use super::error::StoreError;
use super::row::{Cells, Row};
use chrono::SecondsFormat;
use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, Error, OpenFlags, ToSql};
use sea_orm::{DbErr, Statement, Value};
use std::path::Path;
use std::sync::Arc;

/// How many statements each connection keeps prepared.
const STATEMENTS: usize = 128;

/// Opens the file, which is there, to write.
pub(super) fn writer(file: &Path) -> Result<Connection, StoreError> {
    // What savepoints put aside is as much as a group writes, and is thrown away.
    let settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
         PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY";
    open(file, settings).map_err(fault)
}

/// Opens the file, which is there, to read.
fn reader(file: &Path) -> Result<Connection, StoreError> {
    // Not read-only: whoever comes first makes the files beside it.
    open(file, "PRAGMA query_only = ON").map_err(fault)
}

fn open(file: &Path, settings: &str) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.execute_batch(settings)?;
    Ok(connection)
}

/// Tells a lost database from a row that is there already and from a mistake of ours.
pub(super) fn fault(error: Error) -> StoreError {
    match &error {
        Error::SqliteFailure(code, message)
            if matches!(code.extended_code, SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE) =>
        {
            StoreError::Duplicate(message.clone().unwrap_or_default())
        }
        Error::SqliteFailure(code, _) if dialect::is_passing(&code.extended_code.to_string()) => {
            StoreError::Unavailable(error.to_string())
        }
        _ => StoreError::Internal(DbErr::Custom(error.to_string())),
    }
}

/// Runs a statement whose parameters are `?`; how many rows it touched.
pub(super) fn execute<'v>(
    connection: &Connection,
    sql: &str,
    values: impl Iterator<Item = &'v Value>,
) -> Result<usize, StoreError> {
    let run = || {
        let mut statement = connection.prepare_cached(sql)?;
        for (i, value) in values.enumerate() {
            statement.raw_bind_parameter(i + 1, Bound(value))?;
        }
        statement.raw_execute()
    };
    run().map_err(fault)
}

/// Runs a statement whose parameters are numbered; how many rows it touched.
pub(super) fn execute_statement(connection: &Connection, statement: &Statement) -> Result<usize, StoreError> {
    prepare(connection, statement).and_then(|mut prepared| prepared.raw_execute()).map_err(fault)
}

/// Runs such a statement; its rows.
pub(super) fn query(connection: &Connection, statement: &Statement) -> Result<Vec<Row>, StoreError> {
    let run = || {
        let mut prepared = prepare(connection, statement)?;
        let names: Arc<[_]> = prepared.column_names().into_iter().map(Box::from).collect();
        let (mut found, mut rows) = (Vec::new(), prepared.raw_query());
        while let Some(row) = rows.next()? {
            let values = (0..names.len()).map(|i| row.get(i)).collect::<Result<_, _>>()?;
            found.push(Row::Sqlite(Cells { names: names.clone(), values }));
        }
        Ok(found)
    };
    run().map_err(fault)
}

/// SQLite numbers its parameters as they come, and takes `$2` for a name.
fn prepare<'c>(connection: &'c Connection, statement: &Statement) -> Result<CachedStatement<'c>, Error> {
    let mut prepared = connection.prepare_cached(&statement.sql)?;
    let values = statement.values.as_ref().map_or(&[][..], |values| &values.0);
    for i in 1..=prepared.parameter_count() {
        let number = prepared.parameter_name(i).and_then(|name| name[1..].parse().ok()).unwrap_or(i);
        let value = values.get(number - 1).ok_or(Error::InvalidParameterCount(number, values.len()))?;
        prepared.raw_bind_parameter(i, Bound(value))?;
    }
    Ok(prepared)
}

/// A value as sqlx would write it, by which others read it.
struct Bound<'v>(&'v Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>, Error> {
        fn owned<'v, T: Into<rusqlite::types::Value>>(value: Option<T>) -> ToSqlOutput<'v> {
            ToSqlOutput::Owned(value.map_or(rusqlite::types::Value::Null, Into::into))
        }
        fn borrowed(value: Option<ValueRef<'_>>) -> ToSqlOutput<'_> {
            ToSqlOutput::Borrowed(value.unwrap_or(ValueRef::Null))
        }
        Ok(match self.0 {
            Value::Bool(value) => owned(*value),
            Value::SmallInt(value) => owned(*value),
            Value::Int(value) => owned(*value),
            Value::BigInt(value) => owned(*value),
            Value::Unsigned(value) => owned(*value),
            Value::Double(value) => owned(*value),
            Value::String(value) => borrowed(value.as_ref().map(|text| ValueRef::Text(text.as_bytes()))),
            Value::Bytes(value) => borrowed(value.as_ref().map(|bytes| ValueRef::Blob(bytes))),
            Value::Uuid(value) => borrowed(value.as_ref().map(|id| ValueRef::Blob(id.as_bytes()))),
            Value::Json(value) => owned(value.as_ref().map(ToString::to_string)),
            Value::ChronoDate(value) => owned(value.map(|day| day.to_string())),
            Value::ChronoDateTimeUtc(value) => {
                owned(value.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, false)))
            }
            other => {
                let why = format!("no column holds what this is: {other:?}");
                return Err(Error::ToSqlConversionFailure(why.into()));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Database, connect};
    use sea_orm::{ConnectionTrait, DbBackend};
    use uuid::Uuid;

    #[tokio::test]
    async fn values_are_stored_as_sqlx_stores_them_whatever_the_order_of_their_numbers() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.db");
        let Database::Sqlite(options) = Database::sqlite_file(path.clone()) else {
            unreachable!("a file is SQLite")
        };
        let theirs = connect::writer(&options).await.unwrap();
        theirs.execute_unprepared("CREATE TABLE t (value, who text)").await.unwrap();
        let ours = writer(&path).unwrap();
        let at = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        let values: [Value; 17] = [
            true.into(),
            (-5_i16).into(),
            7_i32.into(),
            i64::MAX.into(),
            u32::MAX.into(),
            0.25_f64.into(),
            "弥勒".into(),
            "".into(),
            vec![0_u8, 255].into(),
            Vec::<u8>::new().into(),
            Uuid::from_u128(1).into(),
            serde_json::json!({"a": ["弥", null, 1.5]}).into(),
            at("2026-11-22T01:00:00Z").into(),
            at("2026-11-22T01:00:00.120Z").into(),
            at("2026-11-22T01:00:00.123456Z").into(),
            at("2026-11-22T01:00:00Z").date_naive().into(),
            None::<String>.into(),
        ];
        let stored = |who: &str| {
            let sql = "SELECT typeof(value) || quote(value) FROM t WHERE who = ? ORDER BY rowid";
            let mut rows = ours.prepare(sql).unwrap();
            rows.query_map([who], |row| row.get::<_, String>(0))
                .unwrap()
                .map(Result::unwrap)
                .collect::<Vec<_>>()
        };
        for value in &values {
            let insert = |who: &str| {
                let sql = "INSERT INTO t (value, who) SELECT $2, $1";
                Statement::from_sql_and_values(DbBackend::Sqlite, sql, [who.into(), value.clone()])
            };
            theirs.execute_raw(insert("sqlx")).await.unwrap();
            assert_eq!(execute_statement(&ours, &insert("rusqlite")).unwrap(), 1);
            let by_place = ["by place".into(), value.clone()];
            execute(&ours, "INSERT INTO t (who, value) VALUES (?, ?)", by_place.iter()).unwrap();
        }
        assert_eq!(stored("sqlx").len(), values.len());
        assert_eq!((stored("rusqlite"), stored("by place")), (stored("sqlx"), stored("sqlx")));
    }

    #[test]
    fn what_is_no_value_of_a_column_and_what_is_missing_is_said() {
        let connection = Connection::open_in_memory().unwrap();
        let failed = |sql: &str, values: Vec<Value>| {
            let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
            execute_statement(&connection, &statement).unwrap_err().to_string()
        };
        let why = failed("SELECT $1", vec![Value::Char(Some('c'))]);
        assert!(why.contains("no column holds"), "{why}");
        let why = failed("SELECT $2", vec![1.into()]);
        assert!(why.contains("parameter"), "{why}");
    }
}
