//! Lists of people, newest first: whoever was granted something within the asker's area. An index over the places of
//! grants finds them; every other filter is residual, tried on at most 5,000 people, then a short page is answered.

use super::super::Store;
use super::super::error::StoreError;
use super::super::page::{Page, SCAN, is_current};
use super::super::row::column;
use super::super::sql::Sql;
use super::read::{COLUMNS, GRANT_COLUMNS};
use domain::actor::Actor;
use domain::id::{UnitId, UserId};
use domain::permission::Role;
use domain::person::Person;
use domain::place::PlaceCode;
use uuid::Uuid;

/// What a list of people looks through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeopleLens {
    /// These places and all below them.
    Area(Vec<PlaceCode>),
    /// One unit, if it lies in one of these counties.
    Unit(UnitId, Vec<PlaceCode>),
}

/// Which people, and how many of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleQuery {
    /// Through which lens.
    pub lens: PeopleLens,
    /// With this role there.
    pub role: Option<Role>,
    /// 1 to 100.
    pub limit: u16,
    /// The last of the page before.
    pub after: Option<UserId>,
}

impl Store {
    /// A page of people with all their grants, in one query.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn people(
        &self,
        query: &PeopleQuery,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Page<Person, UserId>, StoreError> {
        let sql = page_sql(query, asker);
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let mut items: Vec<Person> = Vec::new();
        let mut next = None;
        for row in &rows {
            let Some(id) = column::<Option<Uuid>>(row, "app_user", "id")? else { break };
            if items.last().is_none_or(|last| last.id.0 != id) {
                if items.len() == usize::from(query.limit) {
                    next = items.last().map(|last| last.id);
                    break;
                }
                if column::<i64>(row, "app_user", "n")? == SCAN {
                    next = Some(UserId(id));
                }
                if !column::<bool>(row, "app_user", "hit")? {
                    break;
                }
                items.push(self.stored_person(row)?);
            }
            let held = self.stored_held(row, id)?;
            if let Some(last) = items.last_mut() {
                last.place.grants.extend(held);
            }
        }
        Ok(Page { items, next })
    }
}

/// The asker's version of grants beside one more person than the page holds, a row a grant.
fn page_sql(query: &PeopleQuery, asker: &Actor) -> Sql {
    let mut sql = Sql::new("SELECT v.grants_version, s.n, s.hit, ");
    sql.push(&format!(
        "{COLUMNS}, {GRANT_COLUMNS} FROM (SELECT (SELECT grants_version FROM app_user WHERE id = "
    ));
    sql.bind(asker.user.0).push(") AS grants_version) v LEFT JOIN (SELECT * FROM (SELECT f.user_id, ");
    // A subquery that is no join: it is tried on one person after another, by their own rows.
    match query.role {
        Some(role) => role_held(&mut sql, query, role),
        None => drop(sql.push("true")),
    }
    sql.push(" AS hit, row_number() OVER (ORDER BY f.user_id DESC) AS n FROM (");
    found(&mut sql, query);
    sql.push(&format!(
        " ORDER BY user_id DESC LIMIT {SCAN}) f) h WHERE h.hit OR h.n = {SCAN} ORDER BY h.user_id DESC LIMIT "
    ));
    sql.bind(i64::from(query.limit) + 1);
    sql.push(
        ") s ON true LEFT JOIN app_user u ON u.id = s.user_id LEFT JOIN role_grant g ON g.user_id = u.id \
         LEFT JOIN unit n ON n.id = g.unit_id ORDER BY s.user_id DESC, g.id",
    );
    sql
}

/// The ids of whoever the lens shows, each once.
fn found(sql: &mut Sql, query: &PeopleQuery) {
    let after = |sql: &mut Sql| {
        if let Some(after) = query.after {
            sql.push(" AND user_id < ").bind(after.0);
        }
    };
    match &query.lens {
        PeopleLens::Area(places) => {
            sql.push("SELECT user_id FROM (");
            // A range of the index each; no place has an empty code.
            for (i, place) in places.iter().enumerate() {
                sql.push(if i == 0 { "" } else { " UNION " });
                sql.push("SELECT user_id FROM grant_place WHERE ").below("code", place);
                after(sql);
            }
            if places.is_empty() {
                sql.push("SELECT user_id FROM grant_place WHERE code = ''");
            }
            let counties = counties(places);
            if !counties.is_empty() {
                sql.push(" UNION SELECT user_id FROM role_grant WHERE unit_id IN (SELECT id FROM unit WHERE county IN ");
                sql.bind_all(counties).push(")");
                after(sql);
            }
            sql.push(") r");
        }
        PeopleLens::Unit(unit, counties) => {
            sql.push("SELECT user_id FROM role_grant WHERE unit_id = ").bind(unit.0);
            sql.push(" AND ");
            unit_within(sql, *unit, counties);
            after(sql);
            sql.push(" GROUP BY user_id");
        }
    }
}

/// Whether a person holds the role where the lens looks.
fn role_held(sql: &mut Sql, query: &PeopleQuery, role: Role) {
    let word: &str = role.into();
    sql.push("((SELECT g.id FROM role_grant g WHERE g.user_id = f.user_id AND g.role = ")
        .bind(word)
        .push(" AND (");
    match &query.lens {
        PeopleLens::Area(places) => {
            sql.push("EXISTS (SELECT 1 FROM grant_place p WHERE p.grant_id = g.id AND ");
            sql.below_any("p.code", places).push(")");
            let counties = counties(places);
            if !counties.is_empty() {
                sql.push(" OR EXISTS (SELECT 1 FROM unit n WHERE n.id = g.unit_id AND n.county IN ");
                sql.bind_all(counties).push(")");
            }
        }
        PeopleLens::Unit(unit, _) => drop(sql.push("g.unit_id = ").bind(unit.0)),
    }
    sql.push(") LIMIT 1) IS NOT NULL)");
}

fn unit_within(sql: &mut Sql, unit: UnitId, counties: &[PlaceCode]) {
    let whole = self::counties(counties);
    if whole.is_empty() {
        sql.push("false");
    } else {
        sql.push("EXISTS (SELECT 1 FROM unit n WHERE n.id = ").bind(unit.0);
        sql.push(" AND n.county IN ").bind_all(whole).push(")");
    }
}

/// Those of the places that are whole counties: what belongs to a unit lies in one.
fn counties(places: &[PlaceCode]) -> Vec<String> {
    places.iter().filter(|place| place.as_str() == place.county()).map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Database;
    use crate::{Clock, MasterKey};
    use domain::actor::{Grant, Scope};
    use domain::place::Levels;
    use rstest::rstest;

    fn place(code: &str) -> PlaceCode {
        PlaceCode::parse(code, &Levels::default()).unwrap()
    }

    /// On SQLite; PostgreSQL counts what it reads, and a test over HTTP looks at that.
    #[rstest]
    #[case::county(PeopleLens::Area(vec![place("532504")]), None)]
    #[case::community(PeopleLens::Area(vec![place("532504001007"), place("532504002")]), None)]
    #[case::role(PeopleLens::Area(vec![place("532504")]), Some(Role::GridWorker))]
    #[case::unit(PeopleLens::Unit(UnitId(Uuid::nil()), vec![place("532504")]), Some(Role::GridWorker))]
    #[tokio::test]
    async fn no_table_is_read_from_end_to_end(#[case] lens: PeopleLens, #[case] role: Option<Role>) {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::sqlite_file(dir.path().join("huying.db"));
        let master = MasterKey::parse(&MasterKey::generate()).unwrap();
        let store = Store::open(&database, &master, &Clock::system()).await.unwrap();
        let scope = Scope::Places(vec![place("532504")]);
        let actor =
            Actor { user: UserId(Uuid::nil()), grants: vec![Grant { role: Role::CountyAdmin, scope }] };
        let mut one = super::super::read::one(&actor);
        one.push("u.phone_hash = ").bind(vec![0u8; 32]);
        let list = PeopleQuery { lens, role, limit: 20, after: Some(UserId(Uuid::nil())) };
        for sql in [one, page_sql(&list, &actor)] {
            let plan = format!("EXPLAIN QUERY PLAN {}", sql.text);
            for row in store.query_all(&plan, sql.values).await.unwrap() {
                let step: String = column(&row, "plan", "detail").unwrap();
                // What was found is gone through; the tables are not.
                let read =
                    step.strip_prefix("SCAN ").unwrap_or("v").split(" LEFT").next().unwrap_or_default();
                let found = ["v", "f", "h", "s", "r", "CONSTANT ROW"].contains(&read);
                assert!(found || read.starts_with("(subquery"), "{step}: {}", sql.text);
            }
        }
        store.close().await.unwrap();
    }
}
