//! Pages of lists. A list looks through a lens that an index serves; every other filter is tried on at most [`SCAN`] of its
//! entries, then a short page with its cursor is answered.

use super::error::StoreError;
use super::row::{Row, column};

/// How many entries of a lens are looked at for one page at most.
pub(super) const SCAN: i64 = 5_000;

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, C> {
    /// At most as many as asked for; fewer when the scan ended first.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<C>,
}

/// Refuses who shows grants that are no longer theirs. Every row carries the current version; an empty page is one row with
/// nothing else.
pub(super) fn is_current(rows: &[Row], grants_version: i32) -> Result<(), StoreError> {
    let version = |row| column::<Option<i32>>(row, "app_user", "grants_version");
    match rows.first().map(version).transpose()?.flatten() {
        Some(current) if current == grants_version => Ok(()),
        Some(_) | None => Err(StoreError::StaleGrants),
    }
}

/// The page of rows that say whether they are a `hit`, and the how many-th they are (`n`) of `scan` that are looked at. `end`
/// is where the page would end at a row; none at the row of an empty page.
pub(super) fn walk<T, C>(
    rows: &[Row],
    (limit, scan): (u16, i64),
    item: impl Fn(&Row) -> Result<T, StoreError>,
    end: impl Fn(&Row) -> Result<Option<C>, StoreError>,
) -> Result<Page<T, C>, StoreError> {
    let (mut items, mut last, mut next) = (Vec::with_capacity(rows.len()), None, None);
    for row in rows {
        let Some(here) = end(row)? else { break };
        if items.len() == usize::from(limit) {
            next = last;
            break;
        }
        let scanned_out = column::<i64>(row, "page", "n")? == scan;
        if column(row, "page", "hit")? {
            items.push(item(row)?);
            last = Some(here);
            if scanned_out {
                next = end(row)?;
            }
        } else if scanned_out {
            next = Some(here);
        }
    }
    Ok(Page { items, next })
}
