//! Entries on PostgreSQL: one statement for any number of them, a data-modifying CTE. Rows arrive as one array a column, so
//! their number does not change the statement and it stays prepared.
//!
//! The guarded write comes first and everything else selects from its RETURNING, so nothing of an entry is written whose
//! guard finds no row or whose key is taken; the others are. And it draws the transaction id before any event draws its
//! position, which the log's readers depend on.

use super::super::together::acquire;
use super::StoreError;
use super::entry::{ANSWER, BESIDE, Column, Entry, Outcome, Table, Values, list, ticket_columns};
use sea_orm::sqlx::error::BoxDynError;
use sea_orm::sqlx::postgres::PgArguments;
use sea_orm::sqlx::{self, Arguments, Connection, PgExecutor, PgPool};
use sea_orm::{DbErr, RuntimeErr, Value};
use std::collections::HashMap;
use std::sync::LazyLock;
use uuid::Uuid;

/// Why nothing was written.
#[derive(Debug)]
pub(in crate::store) struct Failed {
    pub(super) error: StoreError,
    /// Whether it may be for the sake of one entry alone.
    pub(super) is_one_at_fault: bool,
}

impl From<Failed> for StoreError {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

/// What to do about tickets that somebody else holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Held {
    /// They are in conflict.
    PassOver,
    /// Wait for them.
    Wait,
}

/// The statements: of tickets that begin, and of changes by what they do about tickets that are held.
static BIRTHS: LazyLock<String> = LazyLock::new(|| {
    let columns = ticket_columns(true);
    statement(&[], &columns, "", "true", |asked| {
        format!(
            "INSERT INTO ticket (id, {}) SELECT a.id, {} FROM asked a WHERE NOT a.keyed OR a.id IN (SELECT stream FROM answers) \
             RETURNING id",
            list(&columns, name),
            list(&columns, |column| asked.read(column)),
        )
    })
});
static PASSING: LazyLock<String> = LazyLock::new(|| changes(" SKIP LOCKED"));
static WAITING: LazyLock<String> = LazyLock::new(|| changes(""));

const ID: Column = ("id", "uuid");
const WAS: Column = ("was", "integer");
const KEYED: Column = ("keyed", "boolean");

/// Locks are taken in the order of ids, and keys in their own order behind them, so no two statements wait for each other.
fn changes(held: &str) -> String {
    let columns = ticket_columns(false);
    let held = format!(
        "held AS (SELECT t.id FROM ticket t JOIN asked a ON a.id = t.id AND a.was = t.version ORDER BY t.id \
         FOR UPDATE OF t{held}), "
    );
    statement(&[WAS], &columns, &held, "a.id IN (SELECT id FROM held)", |asked| {
        format!(
            "UPDATE ticket t SET {} FROM asked a JOIN held ON held.id = a.id WHERE t.id = a.id AND t.version = a.was \
             AND (NOT a.keyed OR a.id IN (SELECT stream FROM answers)) RETURNING t.id",
            list(&columns, |column| format!("{} = {}", column.0, asked.read(column))),
        )
    })
}

fn statement(
    guard: &[Column],
    columns: &[Column],
    held: &str,
    met: &str,
    head: impl FnOnce(&Rows) -> String,
) -> String {
    let mut params = 0;
    let asked = Rows::new("a", &[&[ID], guard, columns, &[KEYED]].concat(), &mut params);
    let answers = Rows::new("r", ANSWER.columns, &mut params);
    let whose = if held.is_empty() { "" } else { "WHERE r.it IN (SELECT id FROM held) " };
    let mut sql = format!(
        "WITH asked AS MATERIALIZED (SELECT a.it AS id, a.n, {} FROM {}), {held}\
         answers AS (INSERT INTO idempotency ({}) SELECT {} FROM {} {whose}ORDER BY {} \
           ON CONFLICT (key) DO NOTHING RETURNING stream), \
         head AS ({})",
        list(&[guard, &[KEYED]].concat(), |column| format!("{} AS {}", asked.read(column), column.0)),
        asked.source(ID.0),
        list(ANSWER.columns, name),
        list(ANSWER.columns, |column| answers.read(column)),
        answers.source(ANSWER.ticket),
        answers.read(&("key", "bytea")),
        head(&asked),
    );
    for Table { name: table, columns, ticket, renewed } in &BESIDE {
        let rows = Rows::new("r", columns, &mut params);
        // Of a ticket that begins nothing is there.
        let renewed = if held.is_empty() { "" } else { renewed };
        // Events in the order of their versions: positions are drawn in it.
        let ordered = if columns.contains(&("stream_version", "integer")) { " ORDER BY 1, 2" } else { "" };
        sql += &format!(
            ", {table}_rows AS (INSERT INTO {table} ({}) SELECT {} FROM head JOIN {} ON r.it = head.id{ordered}{renewed})",
            list(columns, name),
            list(columns, |column| rows.read(column)),
            rows.source(ticket),
        );
    }
    sql += &format!(" SELECT a.id, a.id IN (SELECT id FROM head) AS written, {met} AS met FROM asked a");
    sql
}

fn name(column: &Column) -> String {
    column.0.to_owned()
}

/// Rows that came as parameters, an array a column. One column is unfolded, `it`, and `n` finds the others in their arrays:
/// to unfold dozens of arrays beside each other costs more than to insert what is in them.
struct Rows {
    alias: &'static str,
    columns: Vec<(Column, usize)>,
}

impl Rows {
    fn new(alias: &'static str, columns: &[Column], params: &mut usize) -> Self {
        let columns = columns.iter().map(|column| {
            *params += 1;
            (*column, *params)
        });
        Self { alias, columns: columns.collect() }
    }

    /// The parameter of a column. There are no arrays of JSON here, but of its text.
    fn array(&self, name: &str) -> String {
        let of = |((column, of), param): &(Column, usize)| {
            let of = if *of == "jsonb" { "text" } else { of };
            (*column == name).then(|| format!("${param}::{of}[]"))
        };
        self.columns.iter().find_map(of).unwrap_or_default()
    }

    fn source(&self, it: &str) -> String {
        let Self { alias, .. } = self;
        format!(
            "(SELECT it, n::integer AS n FROM unnest({}) WITH ORDINALITY AS u(it, n)) AS {alias}",
            self.array(it)
        )
    }

    fn read(&self, (name, of): &Column) -> String {
        let cast = if *of == "jsonb" { "::jsonb" } else { "" };
        format!("({})[{}.n]{cast}", self.array(name), self.alias)
    }
}

/// [`write_by`] a connection of the pool.
pub(super) async fn write(pool: &PgPool, entries: &[Entry], held: Held) -> Result<Vec<Outcome>, Failed> {
    let mut connection = acquire(pool).await.map_err(not_let_in)?;
    write_by(&mut *connection, entries, held).await
}

/// Writes entries, all of which begin a ticket or all of which change one, no two the same one or under the same key. What
/// became of each, in their order.
pub(super) async fn write_by(
    db: impl PgExecutor<'_>,
    entries: &[Entry],
    held: Held,
) -> Result<Vec<Outcome>, Failed> {
    let births = entries.first().is_none_or(Entry::begins);
    let sql: &'static str = match (births, held) {
        (true, _) => &BIRTHS,
        (false, Held::PassOver) => &PASSING,
        (false, Held::Wait) => &WAITING,
    };
    let arguments = arguments(entries, births).map_err(|error| Failed {
        error: StoreError::Internal(DbErr::Type(error.to_string())),
        is_one_at_fault: true,
    })?;
    let rows: Vec<(Uuid, bool, bool)> =
        sqlx::query_as_with(sql, arguments).fetch_all(db).await.map_err(failed)?;
    let outcomes: HashMap<_, _> =
        rows.into_iter().map(|(id, written, met)| (id, outcome(written, met))).collect();
    Ok(entries
        .iter()
        .map(|entry| outcomes.get(&entry.stream).copied().unwrap_or(Outcome::Conflict))
        .collect())
}

/// The same for changes that are made all or none.
pub(super) async fn write_all(pool: &PgPool, entries: &[Entry]) -> Result<Outcome, Failed> {
    let mut connection = acquire(pool).await.map_err(not_let_in)?;
    let mut transaction = connection.begin().await.map_err(failed)?;
    let outcomes = write_by(&mut *transaction, entries, Held::Wait).await?;
    match outcomes.into_iter().find(|outcome| *outcome != Outcome::Written) {
        None => transaction.commit().await.map(|()| Outcome::Written),
        Some(outcome) => transaction.rollback().await.map(|()| outcome),
    }
    .map_err(failed)
}

fn outcome(written: bool, met: bool) -> Outcome {
    match (written, met) {
        (true, _) => Outcome::Written,
        (false, true) => Outcome::KeyTaken,
        (false, false) => Outcome::Conflict,
    }
}

fn not_let_in(error: StoreError) -> Failed {
    Failed { error, is_one_at_fault: false }
}

fn failed(error: sqlx::Error) -> Failed {
    // 57014 is a statement that took too long, 55P03 a lock, 40 a deadlock: it waited for somebody.
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    let has_waited = code.is_some_and(|code| code == "57014" || code == "55P03" || code.starts_with("40"));
    let error = StoreError::from(DbErr::Query(RuntimeErr::SqlxError(error.into())));
    Failed { is_one_at_fault: has_waited || !matches!(error, StoreError::Unavailable(_)), error }
}

fn arguments(entries: &[Entry], births: bool) -> Result<PgArguments, BoxDynError> {
    let mut arguments = PgArguments::default();
    arguments.add(entries.iter().map(|entry| entry.stream).collect::<Vec<_>>())?;
    if !births {
        arguments.add(entries.iter().map(|entry| entry.was).collect::<Vec<_>>())?;
    }
    add(&mut arguments, &ticket_columns(births), entries.iter().map(|entry| &entry.row))?;
    arguments.add(entries.iter().map(|entry| entry.answer.is_some()).collect::<Vec<_>>())?;
    let answer = |entry: &Entry| Some(entry.answer.as_ref()?.row(entry.stream));
    let answers: Vec<_> = entries.iter().filter_map(answer).collect();
    add(&mut arguments, ANSWER.columns, answers.iter())?;
    for (i, table) in BESIDE.iter().enumerate() {
        add(&mut arguments, table.columns, entries.iter().flat_map(|entry| entry.beside()[i]))?;
    }
    Ok(arguments)
}

/// Rows as arguments, an array a column.
fn add<'r>(
    arguments: &mut PgArguments,
    columns: &[Column],
    rows: impl Iterator<Item = &'r Values> + Clone,
) -> Result<(), BoxDynError> {
    macro_rules! array {
        ($column:expr, $variant:ident, $value:ident => $read:expr) => {{
            let read = |value: &'r Value| match value {
                Value::$variant($value) => Ok($read),
                // What it holds may be personal.
                _ => Err(format!("no {}", stringify!($variant))),
            };
            arguments.add($column.map(read).collect::<Result<Vec<_>, _>>()?)
        }};
    }
    for (i, (name, of)) in columns.iter().enumerate() {
        let column = rows.clone().map(|row| &row[i]);
        match *of {
            "uuid" => array!(column, Uuid, value => *value),
            "text" | "jsonb" => array!(column, String, value => value.as_deref()),
            "timestamptz" => array!(column, ChronoDateTimeUtc, value => *value),
            "date" => array!(column, ChronoDate, value => *value),
            "bytea" => array!(column, Bytes, value => value.as_deref()),
            "boolean" => array!(column, Bool, value => *value),
            "smallint" => array!(column, SmallInt, value => *value),
            "integer" => array!(column, Int, value => *value),
            "bigint" => array!(column, BigInt, value => *value),
            _ => Err(format!("{name}: no such type").into()),
        }?;
    }
    Ok(())
}
