//! Figures of a place or unit by day, and of the places directly below one.

use super::Store;
use super::error::StoreError;
use super::page::is_current;
use super::reactor::figures::tally;
use super::row::{Row, column};
use chrono::NaiveDate;
use domain::actor::Actor;
use domain::figure::{Count, Counted, FigureRow, FigureScope, LEFT_OUT, PlaceFigures};
use domain::place::PlaceCode;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;
use strum::IntoEnumIterator;

static DAYS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT v.grants_version, f.day, f.scope, {} FROM (SELECT (SELECT grants_version FROM app_user WHERE id = $1) AS grants_version) v \
         LEFT JOIN figure f ON f.generation = (SELECT r.generation FROM reactor r WHERE r.name = 'figures') \
         AND f.scope IN ($2, $5) AND f.day >= $3 AND f.day <= $4 ORDER BY f.day",
        counts(|name| format!("f.{name}"))
    )
});

/// Each place is looked up by its key on its own, whatever a planner makes of a join.
static BELOW: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT v.grants_version, p.code, p.name, f.scope, {} FROM (SELECT (SELECT grants_version FROM app_user WHERE id = $1) AS grants_version) v \
         LEFT JOIN place p ON p.code >= $2 AND p.code < $3 AND length(p.code) = $4 \
         LEFT JOIN figure f ON f.generation = (SELECT r.generation FROM reactor r WHERE r.name = 'figures') \
         AND f.scope IN (p.code, '{LEFT_OUT}' || p.code) AND f.day >= $5 AND f.day <= $6 \
         GROUP BY v.grants_version, p.code, p.name, f.scope ORDER BY p.code",
        counts(|name| format!("CAST(COALESCE(SUM(f.{name}), 0) AS bigint) AS {name}"))
    )
});

fn counts(column: impl Fn(&str) -> String) -> String {
    Count::iter().map(|count| column(count.name())).collect::<Vec<_>>().join(", ")
}

impl Store {
    /// The figures of a place or unit, for each day that has any.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn figures(
        &self,
        scope: &FigureScope,
        days: &RangeInclusive<NaiveDate>,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<BTreeMap<NaiveDate, Counted>, StoreError> {
        let left_out = FigureRow::LeftOut(*scope).to_string();
        let values = vec![
            asker.user.0.into(),
            scope.to_string().into(),
            (*days.start()).into(),
            (*days.end()).into(),
            left_out.into(),
        ];
        let rows = self.query_all(&DAYS, values).await?;
        is_current(&rows, grants_version)?;
        let mut figures: BTreeMap<NaiveDate, Counted> = BTreeMap::new();
        for row in &rows {
            let Some(day) = column::<Option<NaiveDate>>(row, "figure", "day")? else { continue };
            figures.entry(day).or_default().add(&counted(row)?);
        }
        figures.retain(|_, counted| *counted != Counted::default());
        Ok(figures)
    }

    /// The figures of the places whose codes have `digits` and lie below this one, in the order of their codes.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn figures_below(
        &self,
        place: &PlaceCode,
        digits: usize,
        days: &RangeInclusive<NaiveDate>,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Vec<PlaceFigures>, StoreError> {
        let values = vec![
            asker.user.0.into(),
            place.as_str().into(),
            // Codes are digits, and `:` follows on `9`.
            format!("{place}:").into(),
            i32::try_from(digits).unwrap_or_default().into(),
            (*days.start()).into(),
            (*days.end()).into(),
        ];
        let rows = self.query_all(&BELOW, values).await?;
        is_current(&rows, grants_version)?;
        let mut figures: Vec<PlaceFigures> = Vec::new();
        for row in &rows {
            let Some(code) = column::<Option<String>>(row, "place", "code")? else { continue };
            let (place, counted) = (self.stored_code(&code)?, counted(row)?);
            match figures.last_mut().filter(|last| last.place == place) {
                Some(last) => last.counted.add(&counted),
                None => figures.push(PlaceFigures { place, name: column(row, "place", "name")?, counted }),
            }
        }
        Ok(figures)
    }
}

/// What a row adds up: all that counts, or what of it is left out.
fn counted(row: &Row) -> Result<Counted, StoreError> {
    let (scope, tally): (Option<String>, _) = (column(row, "figure", "scope")?, tally(row)?);
    let left_out = scope.is_some_and(|scope| scope.starts_with(LEFT_OUT));
    let none = Counted::default();
    Ok(if left_out { Counted { left_out: tally, ..none } } else { Counted { all: tally, ..none } })
}
