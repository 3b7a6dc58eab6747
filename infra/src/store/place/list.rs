//! Places as they are looked at: level by level, by name, one with all its codes, and what happened to it.

use super::super::Store;
use super::super::error::StoreError;
use super::super::page::{Page, SCAN, is_current, walk};
use super::super::row::{Row, column};
use super::super::sql::Sql;
use super::PLACE;
use domain::actor::Actor;
use domain::id::{PlaceId, UserId};
use domain::place::{Dated, Place, PlaceCode, PlaceRef};
use domain::time::Timestamp;
use uuid::Uuid;

/// How many events of one place are shown, the newest.
const HISTORY: i64 = 100;

/// Which places, in the order of their codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceQuery {
    /// The place of a code, an old one too.
    Code(PlaceCode),
    /// The places directly below one.
    Below(PlaceCode),
    /// Those of a place, and of all levels below it, whose name has this in it.
    Named(PlaceCode, String),
}

/// A place in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceEntry {
    /// The place.
    pub place: Place,
    /// Whether places lie below it.
    pub has_places: bool,
    /// What goes on as it, where it is no place any more.
    pub successor: Option<PlaceRef>,
}

/// A code of a place: since when, and until when; without a time where it was there from the beginning, or still is.
pub type PlaceCodes = Vec<(PlaceCode, Option<Timestamp>, Option<Timestamp>)>;

/// What happened to a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceEvents {
    /// When it was written down.
    pub at: Timestamp,
    /// Who did it.
    pub by: Option<UserId>,
    /// What.
    pub what: Dated,
    /// Why; erased, or none, where the program brought it.
    pub reason: Option<String>,
}

/// What a list says besides [`PLACE`].
const BESIDE: &str = "EXISTS (SELECT 1 FROM place b WHERE b.code > p.code AND b.code < p.code || ':' AND b.retired_at IS NULL) AS has_places, \
     s.id AS successor_id, s.code AS successor_code";
/// What goes on as a place that was retired: what its last code stands for.
const SUCCESSOR: &str = "LEFT JOIN place_code k ON p.retired_at IS NOT NULL AND k.code = p.code AND k.place_id <> p.id \
     LEFT JOIN place s ON s.id = k.place_id";

impl Store {
    /// A page of places.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn places(
        &self,
        query: &PlaceQuery,
        after: Option<PlaceCode>,
        limit: u16,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Page<PlaceEntry, PlaceCode>, StoreError> {
        let mut sql = asked_by(asker);
        sql.push("SELECT p.*, row_number() OVER (ORDER BY p.code) AS n FROM (SELECT p.*, ");
        match query {
            PlaceQuery::Code(code) => {
                sql.push("true AS hit FROM place p JOIN place_code c ON c.place_id = p.id WHERE c.code = ");
                sql.bind(code.as_str());
            }
            PlaceQuery::Below(parent) => {
                sql.push("true AS hit FROM place p WHERE p.retired_at IS NULL AND length(p.code) = ");
                sql.bind(self.digits_below(parent).unwrap_or_default());
                sql.push(" AND ").below("p.code", parent);
            }
            PlaceQuery::Named(area, name) => {
                sql.push("(").contains("p.name", name);
                sql.push(") AS hit FROM place p WHERE p.retired_at IS NULL AND ").below("p.code", area);
            }
        }
        if let Some(after) = after {
            sql.push(" AND p.code > ").bind(after.to_string());
        }
        // Without a name every place is one that was asked for.
        let scan = if matches!(query, PlaceQuery::Named(..)) { SCAN } else { i64::from(limit) + 1 };
        sql.push(&format!(" ORDER BY p.code LIMIT {scan}) p) p {SUCCESSOR} WHERE p.hit OR p.n = {SCAN} ORDER BY p.code LIMIT "));
        sql.bind(i64::from(limit) + 1).push(") p ON true ORDER BY p.code");
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let end = |row: &Row| self.optional_code(row, "place", "code");
        walk(&rows, (limit, SCAN), |row| self.place_entry(row), end)
    }

    /// A place with every code that it had, newest first.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn place(
        &self,
        id: PlaceId,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Option<(PlaceEntry, PlaceCodes)>, StoreError> {
        let mut sql = asked_by(asker);
        sql.push("SELECT p.*, CAST(1 AS bigint) AS n, true AS hit FROM place p WHERE p.id = ").bind(id.0);
        sql.push(&format!(") p {SUCCESSOR}) p ON true LEFT JOIN place_code c ON c.holder_id = p.id "));
        sql.push("ORDER BY COALESCE(c.ended_at, '9999-01-01T00:00:00+00:00') DESC, c.code");
        let text = sql.text.replacen(
            "SELECT v.grants_version, p.*",
            "SELECT v.grants_version, p.*, c.code AS held, c.given_at, c.ended_at",
            1,
        );
        let rows = self.query_all(&text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let Some(first) = rows
            .first()
            .filter(|row| column::<Option<Uuid>>(row, "place", "id").is_ok_and(|id| id.is_some()))
        else {
            return Ok(None);
        };
        let code = |row: &Row| {
            let held = self.optional_code(row, "place_code", "held")?;
            held.map(|held| {
                Ok((held, column(row, "place_code", "given_at")?, column(row, "place_code", "ended_at")?))
            })
            .transpose()
        };
        let codes = rows.iter().map(code).filter_map(Result::transpose).collect::<Result<_, StoreError>>()?;
        Ok(Some((self.place_entry(first)?, codes)))
    }

    /// What happened to a place, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn place_history(&self, id: PlaceId) -> Result<Vec<PlaceEvents>, StoreError> {
        let sql = "SELECT e.recorded_at, e.actor, CAST(e.payload AS text) AS payload, nullif(x.body, '') AS body FROM event e \
             LEFT JOIN free_text x ON x.id = e.text_id WHERE e.stream = $1 AND e.aggregate = 'place' \
             ORDER BY e.stream_version DESC LIMIT $2";
        let rows = self.query_all(sql, vec![id.0.into(), HISTORY.into()]).await?;
        let event = |row: &Row| {
            let payload: String = column(row, "event", "payload")?;
            let what = serde_json::from_str(&payload)
                .map_err(|error| StoreError::corrupt("event", "payload", id, error))?;
            Ok(PlaceEvents {
                at: column(row, "event", "recorded_at")?,
                by: column::<Option<Uuid>>(row, "event", "actor")?.map(UserId),
                what,
                reason: column(row, "free_text", "body")?,
            })
        };
        rows.iter().map(event).collect()
    }

    fn place_entry(&self, row: &Row) -> Result<PlaceEntry, StoreError> {
        let successor = column::<Option<Uuid>>(row, "place", "successor_id")?.map(PlaceId);
        let code = self.optional_code(row, "place", "successor_code")?;
        Ok(PlaceEntry {
            place: self.stored_place(row)?,
            has_places: column(row, "place", "has_places")?,
            successor: successor.zip(code).map(|(id, code)| PlaceRef { id, code }),
        })
    }
}

/// The query up to which places the asker wants.
fn asked_by(asker: &Actor) -> Sql {
    let mut sql = Sql::new(
        "SELECT v.grants_version, p.* FROM (SELECT (SELECT grants_version FROM app_user WHERE id = ",
    );
    sql.bind(asker.user.0);
    sql.push(&format!(") AS grants_version) v LEFT JOIN (SELECT {PLACE}, p.hit, p.n, {BESIDE} FROM ("));
    sql
}
