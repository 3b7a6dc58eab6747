//! Figures: what each ticket counts as, added up by place, unit and day. What an event changes is what the ticket counts as
//! after it less what it counted as before; so a ticket that goes to another unit leaves the one and joins the other.

use super::super::Store;
use super::super::dialect::json_rows;
use super::super::error::StoreError;
use super::super::row::{Row, column};
use super::Happening;
use chrono::NaiveDate;
use domain::figure::{Count, FigureRow, Figures, Tally, count};
use domain::place::Levels;
use domain::ticket::Ticket;
use sea_orm::{DbBackend, Statement};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::sync::LazyLock;
use strum::IntoEnumIterator;

/// How many rows a statement writes at most.
const ROWS: usize = 2_000;

/// Adds rows to those that are there.
static ADD: [LazyLock<String>; 2] =
    [LazyLock::new(|| add(DbBackend::Postgres)), LazyLock::new(|| add(DbBackend::Sqlite))];

fn add(backend: DbBackend) -> String {
    let names: Vec<_> = Count::iter().map(Count::name).collect();
    let columns = [("scope", "text"), ("day", "date")].into_iter();
    let columns: Vec<_> = columns.chain(names.iter().map(|name| (*name, "bigint"))).collect();
    let sums: Vec<_> = names.iter().map(|name| format!("{name} = figure.{name} + excluded.{name}")).collect();
    let names = names.join(", ");
    format!(
        "INSERT INTO figure (generation, scope, day, {names}) SELECT $1, j.scope, j.day, {} FROM {} WHERE true \
         ON CONFLICT (generation, scope, day) DO UPDATE SET {}",
        names.split(", ").map(|name| format!("j.{name}")).collect::<Vec<_>>().join(", "),
        json_rows(backend, "$2", &columns),
        sums.join(", "),
    )
}

/// What follows from these events.
pub(super) fn effects(
    store: &Store,
    happenings: &[Arc<Happening>],
    generation: i32,
) -> Result<Vec<Statement>, StoreError> {
    let mut figures = Figures::new();
    for happening in happenings {
        let Happening { before, after, .. } = &**happening;
        let levels = store.figure_levels(after);
        if let Some(before) = before {
            count(&mut figures, before, &levels, -1);
        }
        count(&mut figures, after, &levels, 1);
    }
    store.add_figures(generation, &figures)
}

impl Store {
    /// The levels of the place of a ticket.
    pub(super) fn figure_levels(&self, ticket: &Ticket) -> Levels {
        self.playbook(ticket.place.code.county()).map(|book| book.code_levels()).unwrap_or_default()
    }

    /// Adds to the figures of a generation.
    pub(super) fn add_figures(
        &self,
        generation: i32,
        figures: &Figures,
    ) -> Result<Vec<Statement>, StoreError> {
        let changed: Vec<_> = figures.iter().filter(|(_, tally)| **tally != Tally::default()).collect();
        let sql = match self.backend() {
            DbBackend::Postgres => &ADD[0],
            _ => &ADD[1],
        };
        let statement = |rows: &[(&(FigureRow, NaiveDate), &Tally)]| {
            let rows: Vec<_> = rows.iter().map(|(key, tally)| row(key, tally)).collect();
            let json = serde_json::to_string(&rows);
            let json = json.map_err(|error| StoreError::corrupt("figure", "scope", "?", error))?;
            Ok(self.statement(sql, vec![generation.into(), json.into()]))
        };
        changed.chunks(ROWS).map(statement).collect()
    }
}

fn row((scope, day): &(FigureRow, NaiveDate), tally: &Tally) -> Map<String, Value> {
    let key = [("scope", scope.to_string()), ("day", day.to_string())];
    let key = key.map(|(name, value)| (name.to_owned(), Value::from(value)));
    let counts = Count::iter().map(|count| (count.name().to_owned(), Value::from(tally.get(count))));
    key.into_iter().chain(counts).collect()
}

/// The counts of a row, or of sums of rows.
pub(in crate::store) fn tally(row: &Row) -> Result<Tally, StoreError> {
    let mut tally = Tally::default();
    for count in Count::iter() {
        tally.add(count, column(row, "figure", count.name())?);
    }
    Ok(tally)
}
