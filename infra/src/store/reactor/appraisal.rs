//! Appraisals: how units answered whistles. What a ticket says of that is written anew whenever it changes.

use super::super::Store;
use super::super::dialect::json_rows;
use super::super::error::StoreError;
use super::super::row::{Row, column};
use super::Happening;
use super::rebuild::moment;
use domain::appraisal::{Answer, answers};
use domain::id::TicketId;
use domain::ticket::{Appraiser, Fact, Ticket};
use sea_orm::{DbBackend, Statement};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};
use uuid::Uuid;

/// How many rows a statement writes at most.
const ROWS: usize = 1_000;

const COLUMNS: [(&str, &str); 12] = [
    ("ticket_id", "uuid"),
    ("unit_id", "uuid"),
    ("nth", "integer"),
    ("community", "text"),
    ("year", "integer"),
    ("called_at", "timestamptz"),
    ("due_at", "timestamptz"),
    ("reported_at", "timestamptz"),
    ("released_at", "timestamptz"),
    ("seconds", "integer"),
    ("community_score", "integer"),
    ("street_score", "integer"),
];
/// Those that tell rows apart; all others are renewed.
const KEYS: usize = 3;

static PUT: [LazyLock<String>; 2] =
    [LazyLock::new(|| put(DbBackend::Postgres)), LazyLock::new(|| put(DbBackend::Sqlite))];

fn put(backend: DbBackend) -> String {
    let names = COLUMNS.map(|(name, _)| name);
    let renewed: Vec<_> = names[KEYS..].iter().map(|name| format!("{name} = excluded.{name}")).collect();
    format!(
        "INSERT INTO appraisal (generation, {}) SELECT $1, {} FROM {} WHERE true \
         ON CONFLICT (generation, ticket_id, unit_id, nth) DO UPDATE SET {}",
        names.join(", "),
        names.map(|name| format!("j.{name}")).join(", "),
        json_rows(backend, "$2", &COLUMNS),
        renewed.join(", "),
    )
}

/// What follows from these events: of each ticket what its last one left.
pub(super) fn effects(store: &Store, happenings: &[Arc<Happening>], generation: i32) -> Vec<Statement> {
    let counts = |happening: &&Arc<Happening>| match &happening.event.fact {
        Fact::Whistled { .. } | Fact::ReportedIn { .. } | Fact::Opined { .. } => true,
        // An end releases whoever had time to come.
        Fact::Recoded { .. }
        | Fact::Resolved { .. }
        | Fact::Withdrawn { .. }
        | Fact::Declined { .. }
        | Fact::Merged { .. } => !happening.after.whistles.is_empty(),
        _ => false,
    };
    let last: HashMap<TicketId, &Ticket> =
        happenings.iter().filter(counts).map(|happening| (happening.ticket, &happening.after)).collect();
    store.put_answers(generation, last.into_values())
}

impl Store {
    /// Writes how the units that were called to these tickets answered.
    pub(super) fn put_answers<'a>(
        &self,
        generation: i32,
        tickets: impl Iterator<Item = &'a Ticket>,
    ) -> Vec<Statement> {
        let mut rows: Vec<Value> = tickets
            .flat_map(|ticket| answers(ticket).into_iter().map(|answer| row(ticket.id, &answer)))
            .collect();
        // All writers take rows in the same order.
        rows.sort_by_cached_key(|row| (row["ticket_id"].to_string(), row["unit_id"].to_string()));
        let sql = match self.backend() {
            DbBackend::Postgres => &PUT[0],
            _ => &PUT[1],
        };
        let statement = |rows: &[Value]| {
            let rows = Value::from(rows.to_vec()).to_string();
            self.statement(sql, vec![generation.into(), rows.into()])
        };
        rows.chunks(ROWS).map(statement).collect()
    }
}

fn row(ticket: TicketId, answer: &Answer) -> Value {
    let Answer { unit, nth, community, year, called_at, due_at, reported_at, released_at, scores } = answer;
    json!({
        "ticket_id": ticket.0, "unit_id": unit.0, "nth": nth, "community": community, "year": year,
        "called_at": moment(*called_at), "due_at": moment(*due_at), "reported_at": reported_at.map(moment),
        "released_at": released_at.map(moment), "seconds": reported_at.map(|at| (at - *called_at).num_seconds()),
        "community_score": scores[Appraiser::Community as usize], "street_score": scores[Appraiser::Street as usize],
    })
}

/// What is kept of a ticket, unit and whistle, to be compared.
pub(super) type Kept = BTreeMap<(Uuid, Uuid, i32), String>;

/// As it must be kept.
pub(super) fn expected(ticket: &Ticket) -> impl Iterator<Item = ((Uuid, Uuid, i32), String)> {
    answers(ticket).into_iter().map(|answer| {
        let Answer { unit, nth, community, year, called_at, due_at, reported_at, released_at, scores } =
            answer;
        let times = [Some(called_at), Some(due_at), reported_at, released_at]
            .map(|at| at.map(|at| at.timestamp_micros()));
        let seconds = reported_at.map(|at| (at - called_at).num_seconds());
        let scores = scores.map(|score| score.map(i32::from));
        ((ticket.id.0, unit.0, nth), format!("{community} {year} {times:?} {seconds:?} {scores:?}"))
    })
}

/// As it is kept.
pub(super) fn kept(row: &Row) -> Result<((Uuid, Uuid, i32), String), StoreError> {
    let text: String = column(row, "appraisal", "community")?;
    let year: i32 = column(row, "appraisal", "year")?;
    let at = |name| {
        let at = column::<Option<domain::time::Timestamp>>(row, "appraisal", name)?;
        Ok::<_, StoreError>(at.map(|at| at.timestamp_micros()))
    };
    let times = [at("called_at")?, at("due_at")?, at("reported_at")?, at("released_at")?];
    let seconds = column::<Option<i32>>(row, "appraisal", "seconds")?.map(i64::from);
    let score = |name| column::<Option<i32>>(row, "appraisal", name);
    let scores = [score("community_score")?, score("street_score")?];
    let key = (
        column(row, "appraisal", "ticket_id")?,
        column(row, "appraisal", "unit_id")?,
        column(row, "appraisal", "nth")?,
    );
    Ok((key, format!("{text} {year} {times:?} {seconds:?} {scores:?}")))
}
