//! How units answered whistles in a year, by unit and community.

use super::Store;
use super::error::StoreError;
use super::page::{Page, is_current};
use super::row::{Row, column};
use super::sql::Sql;
use domain::actor::Actor;
use domain::appraisal::{CommunityAnswers, Sum};
use domain::id::UnitId;
use domain::place::PlaceCode;
use domain::time::Timestamp;
use uuid::Uuid;

/// Which units, and how many of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppraisalQuery {
    /// Those that were called to tickets in this place or below: a community or above.
    pub place: PlaceCode,
    /// In this year in China.
    pub year: i32,
    /// 1 to 100.
    pub limit: u16,
    /// The last of the page before.
    pub after: Option<UnitId>,
}

/// A unit with how it answered, by community.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitAnswers {
    /// Which.
    pub unit: UnitId,
    /// What it is called.
    pub name: String,
    /// By community, in the order of their codes.
    pub communities: Vec<CommunityAnswers>,
}

const OF_GENERATION: &str = "generation = (SELECT r.generation FROM reactor r WHERE r.name = 'appraisals')";

impl Store {
    /// How a unit answered in a year, by community.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn unit_answers(
        &self,
        unit: UnitId,
        year: i32,
        asker: &Actor,
        grants_version: i32,
        now: Timestamp,
    ) -> Result<Vec<CommunityAnswers>, StoreError> {
        let mut sql = begun(asker, now);
        sql.push("unit_id = ").bind(unit.0).push(" AND year = ").bind(year);
        sql.push(" GROUP BY unit_id, community) a ON true ORDER BY a.community");
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let one = |row: &Row| match column::<Option<Uuid>>(row, "appraisal", "unit_id")? {
            Some(_) => self.community_answers(row).map(Some),
            None => Ok(None),
        };
        rows.iter().map(one).filter_map(Result::transpose).collect()
    }

    /// A page of the units that were called to tickets in a place, in the order of their ids.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn appraisals(
        &self,
        query: &AppraisalQuery,
        asker: &Actor,
        grants_version: i32,
        now: Timestamp,
    ) -> Result<Page<UnitAnswers, UnitId>, StoreError> {
        let sql = page_sql(query, asker, now);
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let mut items: Vec<UnitAnswers> = Vec::new();
        for row in &rows {
            let Some(unit) = column::<Option<Uuid>>(row, "appraisal", "unit_id")?.map(UnitId) else { break };
            if items.last().is_none_or(|last| last.unit != unit) {
                if items.len() == usize::from(query.limit) {
                    let next = items.last().map(|last| last.unit);
                    return Ok(Page { items, next });
                }
                let name = column::<Option<String>>(row, "unit", "unit_name")?.unwrap_or_default();
                items.push(UnitAnswers { unit, name, communities: Vec::new() });
            }
            if let Some(last) = items.last_mut() {
                last.communities.push(self.community_answers(row)?);
            }
        }
        Ok(Page { items, next: None })
    }

    fn community_answers(&self, row: &Row) -> Result<CommunityAnswers, StoreError> {
        let community: String = column(row, "appraisal", "community")?;
        let count = |name| column::<i64>(row, "appraisal", name);
        let sum = |total, n| Ok::<_, StoreError>(Sum { total: count(total)?, count: count(n)? });
        Ok(CommunityAnswers {
            community: self.stored_code(&community)?,
            name: column(row, "place", "place_name")?,
            whistles: count("whistles")?,
            in_time: count("in_time")?,
            late: count("late")?,
            missing: count("missing")?,
            seconds: sum("seconds", "came")?,
            scores: [sum("community_score", "community_scores")?, sum("street_score", "street_scores")?],
        })
    }
}

/// The query up to which rows it is about: sums by unit and community, with what both are called.
fn begun(asker: &Actor, now: Timestamp) -> Sql {
    let mut sql = Sql::new(
        "SELECT v.grants_version, a.*, (SELECT u.name FROM unit u WHERE u.id = a.unit_id) AS unit_name, \
         (SELECT p.name FROM place p WHERE p.code = a.community) AS place_name \
         FROM (SELECT (SELECT grants_version FROM app_user WHERE id = ",
    );
    sql.bind(asker.user.0).push(") AS grants_version) v LEFT JOIN (SELECT unit_id, community");
    let when = |condition: &str| format!("SUM(CASE WHEN {condition} THEN 1 ELSE 0 END)");
    let total = |name: &str| format!("COALESCE(SUM({name}), 0)");
    let sums = [
        ("whistles", "COUNT(*)".to_owned()),
        ("in_time", when("reported_at <= due_at")),
        ("late", when("reported_at > due_at")),
        ("came", when("reported_at IS NOT NULL")),
        ("seconds", total("seconds")),
        ("community_score", total("community_score")),
        ("community_scores", "COUNT(community_score)".to_owned()),
        ("street_score", total("street_score")),
        ("street_scores", "COUNT(street_score)".to_owned()),
    ];
    for (name, value) in sums {
        sql.push(&format!(", CAST({value} AS bigint) AS {name}"));
    }
    sql.push(", CAST(SUM(CASE WHEN reported_at IS NULL AND released_at IS NULL AND due_at < ").bind(now);
    sql.push(&format!(" THEN 1 ELSE 0 END) AS bigint) AS missing FROM appraisal WHERE {OF_GENERATION} AND "));
    sql
}

fn page_sql(query: &AppraisalQuery, asker: &Actor, now: Timestamp) -> Sql {
    let AppraisalQuery { place, year, limit, after } = query;
    let mut sql = begun(asker, now);
    let within = |sql: &mut Sql| {
        sql.push("year = ").bind(*year).push(" AND ").below("community", place);
    };
    within(&mut sql);
    sql.push(&format!(
        " AND unit_id IN (SELECT w.unit_id FROM (SELECT DISTINCT unit_id FROM appraisal WHERE {OF_GENERATION} AND "
    ));
    within(&mut sql);
    if let Some(after) = after {
        sql.push(" AND unit_id > ").bind(after.0);
    }
    sql.push(" ORDER BY unit_id LIMIT ").bind(i64::from(*limit) + 1);
    sql.push(") w) GROUP BY unit_id, community) a ON true ORDER BY a.unit_id, a.community");
    sql
}
