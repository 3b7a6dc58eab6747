//! What differs between the two databases outside the journal.

use super::error::StoreError;
use sea_orm::sqlx::error::ErrorKind;
use sea_orm::{DbBackend, DbErr, RuntimeErr, SqlxError};

/// A parameter that holds JSON as text.
pub(super) fn json_param(backend: DbBackend, number: usize) -> String {
    match backend {
        DbBackend::Postgres => format!("${number}::jsonb"),
        _ => format!("${number}"),
    }
}

/// What makes whoever writes messages wait for whoever else does until that has committed, so that their ids are in the
/// order of commits. SQLite has one writer.
pub(super) fn inbox_turn(backend: DbBackend) -> Option<&'static str> {
    match backend {
        // The number is of no meaning, but this lock's alone.
        DbBackend::Postgres => Some("SELECT pg_advisory_xact_lock(7526752396880544361)"),
        _ => None,
    }
}

/// The rows of a parameter that holds a JSON array of objects, as `j` with these columns of these PostgreSQL types: their
/// number does not change the statement.
pub(super) fn json_rows(backend: DbBackend, param: &str, columns: &[(&str, &str)]) -> String {
    match backend {
        DbBackend::Postgres => {
            let columns: Vec<_> = columns.iter().map(|(name, of)| format!("{name} {of}")).collect();
            format!("jsonb_to_recordset({param}::jsonb) AS j({})", columns.join(", "))
        }
        _ => {
            let column = |(name, of): &(&str, &str)| match *of {
                "uuid" => format!("unhex(value ->> '$.{name}', '-') AS {name}"),
                _ => format!("value ->> '$.{name}' AS {name}"),
            };
            let columns: Vec<_> = columns.iter().map(column).collect();
            format!("(SELECT {} FROM json_each({param})) AS j", columns.join(", "))
        }
    }
}

/// What stands before and behind a word, so that it says whether a list of words in a JSON column has it: as null, or false,
/// where there is no list. A parameter is a text.
pub(super) fn has_word(backend: DbBackend, column: &str, list: &str) -> (String, &'static str) {
    match backend {
        DbBackend::Postgres => (format!("jsonb_exists({column} -> '{list}', "), ")"),
        _ => (format!("EXISTS (SELECT 1 FROM json_each({column}, '$.{list}') k WHERE k.value = "), ")"),
    }
}

/// What tells the rows of a table apart, whatever its key.
pub(super) fn row_id(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "ctid",
        _ => "rowid",
    }
}

/// The ids of a parameter that holds a list of them as JSON: however many they are, the statement is the same.
pub(super) fn ids_param(backend: DbBackend, number: usize) -> String {
    match backend {
        DbBackend::Postgres => {
            format!("(SELECT j.id::uuid FROM jsonb_array_elements_text(${number}::jsonb) AS j(id))")
        }
        _ => format!("(SELECT unhex(j.value, '-') FROM json_each(${number}) AS j)"),
    }
}

/// Behind a table, the index that it must be read by: of two that begin alike SQLite takes the larger one.
pub(super) fn by_index(backend: DbBackend, index: &str) -> String {
    match backend {
        DbBackend::Sqlite => format!(" INDEXED BY {index}"),
        _ => String::new(),
    }
}

/// The names of all tables.
pub(super) fn tables(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => {
            "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = current_schema()"
        }
        _ => "SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_'",
    }
}

/// Behind a ticket `t`: the columns of each of its clocks that runs in time (what it is of, and since when, in seconds, its
/// rests left out), and from where they are.
pub(super) fn open_clocks(backend: DbBackend) -> (&'static str, &'static str) {
    match backend {
        DbBackend::Postgres => (
            "c ->> 'kind' AS kind, CAST(extract(epoch FROM CAST(c ->> 'started_at' AS timestamptz)) AS bigint) \
             + coalesce(CAST(c ->> 'paused_ms' AS bigint), 0) / 1000 AS began",
            "jsonb_array_elements(t.state -> 'clocks') AS c WHERE coalesce(c ->> 'met_at', c ->> 'cancelled_at', \
             c ->> 'breached_at', c ->> 'paused_at') IS NULL",
        ),
        _ => (
            "c.value ->> '$.kind' AS kind, unixepoch(c.value ->> '$.started_at') \
             + coalesce(c.value ->> '$.paused_ms', 0) / 1000 AS began",
            "json_each(t.state, '$.clocks') AS c WHERE coalesce(c.value ->> '$.met_at', c.value ->> '$.cancelled_at', \
             c.value ->> '$.breached_at', c.value ->> '$.paused_at') IS NULL",
        ),
    }
}

/// SQLSTATE, or SQLite's extended code.
pub(super) fn code_of(error: &SqlxError) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}

/// Tells a lost database from a row that is there already and from a mistake of ours.
pub(super) fn classify(error: DbErr) -> StoreError {
    let (DbErr::Conn(RuntimeErr::SqlxError(sqlx))
    | DbErr::Exec(RuntimeErr::SqlxError(sqlx))
    | DbErr::Query(RuntimeErr::SqlxError(sqlx))) = &error
    else {
        return match error {
            DbErr::ConnectionAcquire(_) => StoreError::Unavailable(error.to_string()),
            _ => StoreError::Internal(error),
        };
    };
    match &**sqlx {
        SqlxError::Database(database) if database.kind() == ErrorKind::UniqueViolation => {
            // PostgreSQL names the constraint, SQLite the columns in its message.
            let name = database.constraint().unwrap_or_else(|| database.message());
            StoreError::Duplicate(name.to_owned())
        }
        SqlxError::Database(database) if database.code().is_some_and(|code| is_passing(&code)) => {
            StoreError::Unavailable(database.to_string())
        }
        // Whoever is not let in at all comes again: a PostgreSQL without a free byte says so as an internal error.
        SqlxError::Database(database) if matches!(error, DbErr::Conn(_)) => {
            StoreError::Unavailable(database.to_string())
        }
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::Protocol(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed => StoreError::Unavailable(sqlx.to_string()),
        _ => StoreError::Internal(error),
    }
}

/// SQLSTATE classes of a database that is away, full or busy; and SQLite's primary codes for the same.
pub(super) fn is_passing(code: &str) -> bool {
    // 08 connection, 53 resources, 55P03 lock, 57 operator intervention (57014 is our own statement timeout),
    // 58 system, 40 serialization and deadlock, 25006 read-only standby.
    const POSTGRES: [&str; 6] = ["08", "53", "57", "58", "40", "55P03"];
    // BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN; extended codes keep the primary one in their low byte.
    const SQLITE: [u32; 6] = [5, 6, 8, 10, 13, 14];
    match code.parse::<u32>() {
        Ok(number) if code.len() < 5 => SQLITE.contains(&(number & 0xff)),
        _ => code == "25006" || POSTGRES.iter().any(|class| code.starts_with(class)),
    }
}

/// Whether a [`StoreError::Duplicate`] is about this table's key, or this index.
pub(super) fn is_duplicate_of(error: &StoreError, table: &str) -> bool {
    // `idempotency_pkey` on PostgreSQL, `UNIQUE constraint failed: idempotency.key` on SQLite, which names an index over
    // expressions by its own name.
    let named = |name: &str| {
        name.starts_with(table)
            || name.contains(&format!(": {table}."))
            || name.contains(&format!("index '{table}'"))
    };
    matches!(error, StoreError::Duplicate(name) if named(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passing_faults_are_told_from_mistakes() {
        for code in ["57P01", "08006", "53300", "40P01", "25006", "5", "13", "261", "778"] {
            assert!(is_passing(code), "{code}");
        }
        for code in ["42601", "23505", "22021", "1", "19", "2067"] {
            assert!(!is_passing(code), "{code}");
        }
    }

    #[test]
    fn both_databases_name_the_key_that_is_taken() {
        for text in ["idempotency_pkey", "UNIQUE constraint failed: idempotency.key"] {
            let error = StoreError::Duplicate(text.into());
            assert!(is_duplicate_of(&error, "idempotency") && !is_duplicate_of(&error, "ticket"));
        }
    }
}
