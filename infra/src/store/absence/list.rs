//! Lists of absences, those that start last first: of an area by its county, of a person, or one's own.

use super::super::Store;
use super::super::error::StoreError;
use super::super::page::{Page, SCAN, is_current, walk};
use super::super::row::column;
use super::super::sql::Sql;
use super::{COLUMNS, stored_absence};
use chrono::TimeDelta;
use domain::absence::{Absence, MAX_DAYS};
use domain::actor::Actor;
use domain::id::{AbsenceId, UserId};
use domain::place::PlaceCode;
use domain::time::Timestamp;
use uuid::Uuid;

/// Which absences, and how many of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbsenceQuery {
    /// Those of this person, and those in which they stand in; else those of an area.
    pub own: Option<UserId>,
    /// Of people with a post at these places of one county, or below. An area is these and no more; of one's own all, where
    /// there are none.
    pub places: Vec<PlaceCode>,
    /// Whose.
    pub person: Option<UserId>,
    /// Who is away at this time.
    pub at: Option<Timestamp>,
    /// Those that have not ended by then.
    pub from: Option<Timestamp>,
    /// Those that start before.
    pub to: Option<Timestamp>,
    /// 1 to 100.
    pub limit: u16,
    /// The last of the page before.
    pub after: Option<(Timestamp, AbsenceId)>,
}

impl Store {
    /// A page of absences, those that start last first, in one query.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn absences(
        &self,
        query: &AbsenceQuery,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Page<Absence, (Timestamp, AbsenceId)>, StoreError> {
        let sql = page_sql(query, asker);
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let end = |row: &_| {
            let id = column::<Option<Uuid>>(row, "absence", "id")?.map(AbsenceId);
            id.map(|id| Ok((column(row, "absence", "starts_at")?, id))).transpose()
        };
        walk(&rows, (query.limit, SCAN), stored_absence, end)
    }
}

/// The asker's version of grants beside one more absence than the page holds.
fn page_sql(query: &AbsenceQuery, asker: &Actor) -> Sql {
    let AbsenceQuery { own, places, person, at, from, to, limit, after } = query;
    let mut sql = Sql::new(&format!(
        "SELECT v.grants_version, a.n, a.hit, {COLUMNS} FROM (SELECT (SELECT grants_version FROM app_user WHERE id = "
    ));
    sql.bind(asker.user.0).push(") AS grants_version) v LEFT JOIN (SELECT * FROM (SELECT o.*, (");
    // One that was ended before it began never was.
    sql.push("o.ends_at > o.starts_at");
    for at in [at, from].into_iter().flatten() {
        sql.push(" AND o.ends_at > ").bind(*at);
    }
    if let Some(person) = person {
        sql.push(" AND o.user_id = ").bind(person.0);
    }
    if own.is_none() || !places.is_empty() {
        has_post(&mut sql, places);
    }
    sql.push(") AS hit, row_number() OVER (ORDER BY o.starts_at DESC, o.id DESC) AS n FROM ");
    let (starts_at, id) = match (own, person) {
        (None, Some(person)) => {
            sql.push("absence o WHERE o.user_id = ").bind(person.0);
            ("o.starts_at", "o.id")
        }
        (None, None) => {
            let county = places.first().and_then(|place| place.county().parse::<i32>().ok());
            sql.push("absence_county c JOIN absence o ON o.id = c.absence_id WHERE c.county = ");
            sql.bind(county.unwrap_or_default());
            ("c.starts_at", "c.absence_id")
        }
        (Some(own), _) => {
            sql.push("(SELECT * FROM absence WHERE user_id = ").bind(own.0);
            sql.push(" UNION ALL SELECT * FROM absence WHERE stand_in = ").bind(own.0).push(") o WHERE true");
            ("o.starts_at", "o.id")
        }
    };
    // None is longer than that, so an index finds where the earliest that counts begins.
    let begun = |at: Timestamp| at.checked_sub_signed(TimeDelta::days(MAX_DAYS)).unwrap_or(at);
    for (at, than) in [(at, "<="), (to, "<")] {
        if let Some(at) = at {
            sql.push(&format!(" AND {starts_at} {than} ")).bind(*at);
        }
    }
    for at in [at, from].into_iter().flatten() {
        sql.push(&format!(" AND {starts_at} >= ")).bind(begun(*at));
    }
    if let Some((at, last)) = after {
        sql.push(&format!(" AND ({starts_at}, {id}) < (")).bind(*at).push(", ").bind(last.0).push(")");
    }
    sql.push(&format!(
        " ORDER BY {starts_at} DESC, {id} DESC LIMIT {SCAN}) h WHERE h.hit OR h.n = {SCAN} \
         ORDER BY h.starts_at DESC, h.id DESC LIMIT "
    ));
    sql.bind(i64::from(*limit) + 1);
    sql.push(") a ON true LEFT JOIN free_text x ON x.id = a.reason_id ORDER BY a.starts_at DESC, a.id DESC");
    sql
}

/// Appends that whoever is away, of `o`, holds a post at one of these places or below, or for a unit of a whole county among
/// them. A subquery that is no join: it is tried on one person after another, by their own rows.
fn has_post(sql: &mut Sql, places: &[PlaceCode]) {
    sql.push(" AND (SELECT g.id FROM role_grant g WHERE g.user_id = o.user_id AND (");
    sql.push("EXISTS (SELECT 1 FROM grant_place p WHERE p.grant_id = g.id AND ");
    sql.below_any("p.code", places).push(")");
    let counties = places.iter().filter(|place| place.as_str() == place.county());
    let counties: Vec<_> = counties.map(ToString::to_string).collect();
    if !counties.is_empty() {
        sql.push(" OR EXISTS (SELECT 1 FROM unit n WHERE n.id = g.unit_id AND n.county IN ");
        sql.bind_all(counties).push(")");
    }
    sql.push(") LIMIT 1) IS NOT NULL");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Database;
    use crate::{Clock, MasterKey};
    use domain::place::Levels;
    use rstest::rstest;

    fn place(code: &str) -> PlaceCode {
        PlaceCode::parse(code, &Levels::default()).unwrap()
    }

    #[rstest]
    #[case::county(None, &["532504"], None)]
    #[case::community(None, &["532504001007", "532504002"], None)]
    #[case::person(None, &["532504"], Some(UserId(Uuid::nil())))]
    #[case::own(Some(UserId(Uuid::nil())), &[], None)]
    #[case::own_there(Some(UserId(Uuid::nil())), &["532504001"], None)]
    #[tokio::test]
    async fn no_table_is_read_from_end_to_end(
        #[case] own: Option<UserId>,
        #[case] places: &[&str],
        #[case] person: Option<UserId>,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::sqlite_file(dir.path().join("huying.db"));
        let master = MasterKey::parse(&MasterKey::generate()).unwrap();
        let store = Store::open(&database, &master, &Clock::system()).await.unwrap();
        let now: Timestamp = "2026-11-21T01:00:00Z".parse().unwrap();
        let places = places.iter().map(|code| place(code)).collect();
        let after = Some((now, AbsenceId(Uuid::nil())));
        let query =
            AbsenceQuery { own, places, person, at: Some(now), from: None, to: None, limit: 20, after };
        let sql = page_sql(&query, &Actor { user: UserId(Uuid::nil()), grants: vec![] });
        let plan = format!("EXPLAIN QUERY PLAN {}", sql.text);
        for row in store.query_all(&plan, sql.values).await.unwrap() {
            let step: String = column(&row, "plan", "detail").unwrap();
            let Some(read) = step.strip_prefix("SCAN ") else { continue };
            let read = read.split(" LEFT").next().unwrap_or_default();
            // What was found is gone through; the tables are not. `o` is one's own, by two indexes.
            let found = ["v", "a", "h"].contains(&read) || (read == "o" && own.is_some());
            assert!(found || read == "CONSTANT ROW" || read.starts_with("(subquery"), "{step}: {}", sql.text);
        }
        store.close().await.unwrap();
    }
}
