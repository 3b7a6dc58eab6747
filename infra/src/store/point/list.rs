//! Lists of points: of a place and all below it, in the order of their places' codes. Filters are residual.

use super::super::Store;
use super::super::error::StoreError;
use super::super::page::{Page, SCAN, is_current, walk};
use super::super::row::{Row, column};
use super::super::sql::Sql;
use super::{BESIDE, PointFilter, VIEW};
use domain::actor::Actor;
use domain::id::PointId;
use domain::place::PlaceCode;
use domain::point::View;
use uuid::Uuid;

/// Which points, and how many of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointQuery {
    /// At this place and below.
    pub place: PlaceCode,
    /// Whose name has this in it.
    pub name: Option<String>,
    /// The rest.
    pub filter: PointFilter,
    /// 1 to 100.
    pub limit: u16,
    /// The last of the page before: the code of its place, and its id.
    pub after: Option<(PlaceCode, PointId)>,
}

impl Store {
    /// A page of points, in one query.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn points(
        &self,
        query: &PointQuery,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Page<View, (PlaceCode, PointId)>, StoreError> {
        let sql = page_sql(query, asker);
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let end = |row: &Row| {
            let id = column::<Option<Uuid>>(row, "point", "id")?.map(PointId);
            let code = self.optional_code(row, "place", "place_code")?;
            Ok(code.zip(id))
        };
        walk(&rows, (query.limit, SCAN), |row| self.stored_point(row), end)
    }
}

/// The asker's version of grants beside one more point than the page holds.
pub(super) fn page_sql(query: &PointQuery, asker: &Actor) -> Sql {
    let PointQuery { place, name, filter, limit, after } = query;
    let mut sql = Sql::new(
        "SELECT v.grants_version, d.* FROM (SELECT (SELECT grants_version FROM app_user WHERE id = ",
    );
    sql.bind(asker.user.0);
    sql.push(&format!(
        ") AS grants_version) v LEFT JOIN (SELECT {VIEW}, s.n, s.hit FROM (SELECT h.id, h.hit, \
         row_number() OVER (ORDER BY h.code, h.id) AS n FROM (SELECT t.id, t.code, ("
    ));
    filter.push(&mut sql, asker);
    if let Some(name) = name {
        sql.push(" AND ").contains("t.name", name);
    }
    sql.push(") AS hit FROM point t WHERE t.retired_at IS NULL AND ");
    sql.below("t.code", place);
    if let Some((code, id)) = after {
        sql.push(" AND (t.code, t.id) > (").bind(code.as_str()).push(", ").bind(id.0).push(")");
    }
    // Whoever sees all that lies there looks at no more than the page.
    let sees_all = filter.is_empty() && name.is_none() && asker.is_staff();
    let scan = if sees_all { i64::from(*limit) + 1 } else { SCAN };
    sql.push(&format!(
        " ORDER BY t.code, t.id LIMIT {scan}) h) s JOIN point t ON t.id = s.id {BESIDE} WHERE s.hit OR s.n = {SCAN} \
         ORDER BY s.n LIMIT "
    ));
    sql.bind(i64::from(*limit) + 1).push(") d ON true ORDER BY d.n");
    sql
}
