//! How many matters of a kind there are in each status.

use super::super::Store;
use super::super::error::StoreError;
use super::super::page::is_current;
use super::super::row::column;
use super::super::sql::Sql;
use domain::actor::Actor;
use domain::matter::Matter;
use domain::place::PlaceCode;
use domain::time::Timestamp;
use std::collections::HashMap;

impl Store {
    /// How many matters of a place and those below it there are, by their status, of those sorted between two moments.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn count_matters<M: Matter>(
        &self,
        place: &PlaceCode,
        (from, to): (Option<Timestamp>, Option<Timestamp>),
        asker: &Actor,
        grants_version: i32,
    ) -> Result<HashMap<String, i64>, StoreError> {
        let mut sql = Sql::new(
            "SELECT v.grants_version, m.* FROM (SELECT (SELECT grants_version FROM app_user WHERE id = ",
        );
        sql.bind(asker.user.0).push(
            ") AS grants_version) v LEFT JOIN (SELECT m.status, COUNT(*) AS n FROM matter m WHERE m.kind = ",
        );
        sql.bind(M::KIND).push(" AND m.county = ").bind(place.county());
        sql.push(" AND m.place_id IN (SELECT q.id FROM place q WHERE ").below("q.code", place).push(")");
        for (at, than) in [(from, " >= "), (to, " < ")] {
            if let Some(at) = at {
                sql.push(" AND m.sorted_at").push(than).bind(at);
            }
        }
        sql.push(" GROUP BY m.status) m ON true");
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let mut counts = HashMap::new();
        for row in &rows {
            if let Some(status) = column::<Option<String>>(row, "matter", "status")? {
                counts.insert(status, column(row, "matter", "n")?);
            }
        }
        Ok(counts)
    }
}
