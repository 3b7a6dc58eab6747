//! What can be reached on foot from a position (practices F05): an index finds what lies in a rectangle around it, at most
//! 5,000 points are looked at, and how far each is is reckoned exactly. All that they say is read of the nearest alone.

use super::super::Store;
use super::super::error::StoreError;
use super::super::page::{SCAN, is_current};
use super::super::row::{Row, column};
use super::super::sql::Sql;
use super::{BESIDE, PointFilter, VIEW};
use domain::actor::Actor;
use domain::geo::{Datum, Position};
use domain::point::{View, around, metres, walk_minutes};
use std::collections::HashMap;
use uuid::Uuid;

/// How many points around a position are looked at.
pub const MOST_AROUND: i64 = SCAN;

/// From where, how far, and which.
#[derive(Debug, Clone, PartialEq)]
pub struct NearQuery {
    /// Where somebody stands.
    pub centre: Position,
    /// For how long they walk, 1 to 60 minutes.
    pub minutes: u16,
    /// What they look for.
    pub filter: PointFilter,
    /// 1 to 100.
    pub limit: u16,
}

/// A point that can be reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearby {
    /// The point.
    pub view: View,
    /// The straight line.
    pub metres: f64,
}

impl Store {
    /// The nearest, nearest first; `None` when more than 5,000 lie around.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn points_near(
        &self,
        query: &NearQuery,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Option<Vec<Nearby>>, StoreError> {
        let sql = near_sql(query, asker);
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        if i64::try_from(rows.len()).is_ok_and(|looked_at| looked_at > SCAN) {
            return Ok(None);
        }
        let mut found = Vec::new();
        for row in &rows {
            let Some(id) = column::<Option<Uuid>>(row, "point", "id")? else { break };
            if !column::<bool>(row, "point", "hit")? {
                continue;
            }
            let (lat, lng) = (column(row, "point", "lat")?, column(row, "point", "lng")?);
            let there = Position::new(lat, lng, Datum::Wgs84)
                .map_err(|error| StoreError::corrupt("point", "lat", id, error))?;
            let metres = metres(query.centre, there);
            if walk_minutes(metres) <= query.minutes.into() {
                found.push((metres, id));
            }
        }
        found.sort_by(|(one, a), (other, b)| one.total_cmp(other).then(a.cmp(b)));
        found.truncate(query.limit.into());
        let mut views = self.points_of(found.iter().map(|(_, id)| *id).collect()).await?;
        let nearby = |(metres, id): (f64, Uuid)| views.remove(&id).map(|view| Nearby { view, metres });
        Ok(Some(found.into_iter().filter_map(nearby).collect()))
    }

    async fn points_of(&self, ids: Vec<Uuid>) -> Result<HashMap<Uuid, View>, StoreError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let mut sql = Sql::new(&format!("SELECT {VIEW} FROM point t {BESIDE} WHERE t.id IN "));
        sql.bind_all(ids);
        let rows = self.query_all(&sql.text, sql.values).await?;
        let view = |row: &Row| self.stored_point(row).map(|view| (view.point.id.0, view));
        rows.iter().map(view).collect()
    }
}

/// The asker's version of grants beside what lies around, one more than is looked at.
pub(super) fn near_sql(query: &NearQuery, asker: &Actor) -> Sql {
    let around = around(query.centre, query.minutes);
    let mut sql = Sql::new(
        "SELECT v.grants_version, d.* FROM (SELECT (SELECT grants_version FROM app_user WHERE id = ",
    );
    sql.bind(asker.user.0);
    sql.push(") AS grants_version) v LEFT JOIN (SELECT t.id, t.lat, t.lng, ");
    query.filter.push(&mut sql, asker);
    sql.push(
        " AS hit FROM (SELECT id, kind, offers, lat, lng FROM point WHERE retired_at IS NULL AND band IN ",
    );
    sql.bind_all(around.bands());
    sql.push(" AND lng >= ").bind(*around.lng.start()).push(" AND lng <= ").bind(*around.lng.end());
    sql.push(" AND lat >= ").bind(*around.lat.start()).push(" AND lat <= ").bind(*around.lat.end());
    sql.push(&format!(" LIMIT {}) t) d ON true", SCAN + 1));
    sql
}
