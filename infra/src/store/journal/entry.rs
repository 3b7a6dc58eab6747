//! An entry of the journal: a ticket's row, and the rows of other tables that are written with it. Each table names its
//! columns once, for both databases.

use super::super::ticket::{CURRENT, FIXED};
use domain::time::Timestamp;
use sea_orm::{DbBackend, Statement, Value};
use uuid::Uuid;

/// The values of a row, in the order of its table's columns.
pub(in crate::store) type Values = Vec<Value>;

/// A column, with its type as PostgreSQL calls it.
pub(in crate::store) type Column = (&'static str, &'static str);

/// A table whose rows are written with a ticket.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [Column],
    /// The column that names the ticket.
    pub(super) ticket: &'static str,
    /// What becomes of a row that is there.
    pub(super) renewed: &'static str,
}

const TEXT: Table = Table {
    name: "free_text",
    columns: &[("id", "uuid"), ("stream", "uuid"), ("body", "text")],
    ticket: "stream",
    renewed: "",
};
const EVENT: Table = Table {
    name: "event",
    columns: &[
        ("stream", "uuid"),
        ("stream_version", "integer"),
        ("kind", "text"),
        ("v", "smallint"),
        ("actor", "uuid"),
        ("scope_code", "text"),
        ("text_id", "uuid"),
        ("occurred_at", "timestamptz"),
        ("recorded_at", "timestamptz"),
        ("payload", "jsonb"),
    ],
    ticket: "stream",
    renewed: "",
};
const PARTY: Table = Table {
    name: "ticket_party",
    columns: &[
        ("ticket_id", "uuid"),
        ("party_id", "uuid"),
        ("kind", "text"),
        ("active", "boolean"),
        ("created_at", "timestamptz"),
    ],
    ticket: "ticket_id",
    renewed: " ON CONFLICT (ticket_id, party_id, kind) DO UPDATE SET active = excluded.active",
};
const CONTACT: Table = Table {
    name: "ticket_contact",
    columns: &[
        ("ticket_id", "uuid"),
        ("name", "bytea"),
        ("phone", "bytea"),
        ("phone_hash", "bytea"),
        ("household", "bytea"),
        ("created_at", "timestamptz"),
    ],
    ticket: "ticket_id",
    renewed: "",
};
/// Answers kept under an `Idempotency-Key`.
pub(super) const ANSWER: Table = Table {
    name: "idempotency",
    columns: &[
        ("key", "bytea"),
        ("body_hash", "bytea"),
        ("answer", "bytea"),
        ("created_at", "timestamptz"),
        ("stream", "uuid"),
    ],
    ticket: "stream",
    renewed: "",
};

/// What goes with a ticket besides its answer, in the order of [`Entry::beside`].
pub(super) const BESIDE: [Table; 4] = [TEXT, EVENT, PARTY, CONTACT];

/// All that one change of one ticket writes.
#[derive(Debug, Clone)]
pub(in crate::store) struct Entry {
    /// The ticket.
    pub(in crate::store) stream: Uuid,
    /// The version that it must be in; `None` for a new one.
    pub(in crate::store) was: Option<i32>,
    /// Its row without the id: a new one's fixed columns first, then what every change writes, then the state.
    pub(in crate::store) row: Values,
    pub(in crate::store) texts: Vec<Values>,
    pub(in crate::store) events: Vec<Values>,
    pub(in crate::store) parties: Vec<Values>,
    /// Whom to call.
    pub(in crate::store) contact: Option<Values>,
    pub(in crate::store) answer: Option<KeptAnswer>,
}

/// The answer that is kept under an `Idempotency-Key`.
#[derive(Debug, Clone)]
pub(in crate::store) struct KeptAnswer {
    pub(in crate::store) key: [u8; 32],
    pub(in crate::store) body_hash: [u8; 32],
    /// Sealed.
    pub(in crate::store) answer: Vec<u8>,
    /// When it is kept.
    pub(in crate::store) now: Timestamp,
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Outcome {
    /// It is written.
    Written,
    /// The ticket was not in the version that the change was decided on, or somebody holds it.
    Conflict,
    /// An answer is kept under its key already.
    KeyTaken,
}

impl KeptAnswer {
    /// The row that keeps it about `stream`.
    pub(super) fn row(&self, stream: Uuid) -> Values {
        let Self { key, body_hash, answer, now } = self;
        vec![
            key.to_vec().into(),
            body_hash.to_vec().into(),
            answer.clone().into(),
            (*now).into(),
            stream.into(),
        ]
    }

    /// The statement that keeps it about `stream`.
    pub(in crate::store) fn statement(&self, backend: DbBackend, stream: Uuid) -> Statement {
        let sql = insert(&ANSWER, "($1, $2, $3, $4, $5)");
        Statement::from_sql_and_values(backend, sql, self.row(stream))
    }
}

impl Entry {
    /// Whether it begins a ticket.
    pub(super) fn begins(&self) -> bool {
        self.was.is_none()
    }

    /// The rows of each table of [`BESIDE`].
    pub(super) fn beside(&self) -> [&[Values]; BESIDE.len()] {
        [&self.texts, &self.events, &self.parties, self.contact.as_slice()]
    }
}

/// The columns of a ticket's row in the order of [`Entry::row`].
pub(super) fn ticket_columns(begins: bool) -> Vec<Column> {
    let fixed: &[Column] = if begins { &FIXED } else { &[] };
    [fixed, &CURRENT, &[("state", "jsonb")]].concat()
}

/// Names, separated by commas, each as `name` makes it.
pub(super) fn list(columns: &[Column], name: impl FnMut(&Column) -> String) -> String {
    columns.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// An INSERT of these `VALUES`.
pub(super) fn insert(table: &Table, values: &str) -> String {
    let Table { name, columns, renewed, .. } = table;
    format!("INSERT INTO {name} ({}) VALUES {values}{renewed}", list(columns, |(name, _)| (*name).to_owned()))
}
