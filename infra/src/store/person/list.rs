//! Lists of people, newest first: whoever was granted something within the asker's area. An index over the places of
//! grants finds them, or one over names where a name is looked for; every other filter is residual, tried on at most 5,000
//! people, then a short page is answered.

use super::super::Store;
use super::super::dialect::has_word;
use super::super::error::StoreError;
use super::super::page::{Page, SCAN, is_current};
use super::super::row::column;
use super::super::sql::Sql;
use super::read::{COLUMNS, GRANT_COLUMNS};
use super::token::is_found_by;
use domain::actor::Actor;
use domain::id::{UnitId, UserId};
use domain::permission::Role;
use domain::person::Person;
use domain::place::PlaceCode;
use sea_orm::DbBackend;
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
    /// With this skill, to the letter.
    pub skill: Option<String>,
    /// Whose name or initials begin like this, as [`domain::person::Asked`] has it.
    pub name: Option<String>,
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
        let token = query.name.as_ref().map(|name| self.asked_token(name));
        let sql = page_sql(self.backend(), query, asker, token);
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
        if let Some(name) = &query.name {
            // A hash knows the beginning of what is long, and names that an older program changed.
            items.retain(|person| is_found_by(&person.name, name));
        }
        Ok(Page { items, next })
    }
}

/// The asker's version of grants beside one more person than the page holds, a row a grant.
fn page_sql(backend: DbBackend, query: &PeopleQuery, asker: &Actor, token: Option<[u8; 32]>) -> Sql {
    let mut sql = Sql::new("SELECT v.grants_version, s.n, s.hit, ");
    sql.push(&format!(
        "{COLUMNS}, {GRANT_COLUMNS} FROM (SELECT (SELECT grants_version FROM app_user WHERE id = "
    ));
    sql.bind(asker.user.0).push(") AS grants_version) v LEFT JOIN (SELECT * FROM (SELECT f.user_id, ");
    // A subquery that is no join: it is tried on one person after another, by their own rows.
    sql.push("(true");
    if query.role.is_some() || token.is_some() {
        sql.push(" AND ");
        held(&mut sql, query);
    }
    if let Some(skill) = &query.skill {
        sql.push(" AND ");
        skilled(&mut sql, backend, skill);
    }
    sql.push(") AS hit, row_number() OVER (ORDER BY f.user_id DESC) AS n FROM (");
    found(&mut sql, query, token);
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
fn found(sql: &mut Sql, query: &PeopleQuery, token: Option<[u8; 32]>) {
    let after = |sql: &mut Sql| {
        if let Some(after) = query.after {
            sql.push(" AND user_id < ").bind(after.0);
        }
    };
    if let Some(token) = token {
        sql.push("SELECT user_id FROM name_token WHERE token = ").bind(token.to_vec());
        return after(sql);
    }
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

/// Whether a person holds the role, or any, where the lens looks.
fn held(sql: &mut Sql, query: &PeopleQuery) {
    sql.push("((SELECT g.id FROM role_grant g WHERE g.user_id = f.user_id AND ");
    if let Some(role) = query.role {
        let word: &str = role.into();
        sql.push("g.role = ").bind(word).push(" AND ");
    }
    sql.push("(");
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
        PeopleLens::Unit(unit, counties) => {
            sql.push("g.unit_id = ").bind(unit.0).push(" AND ");
            unit_within(sql, *unit, counties);
        }
    }
    sql.push(") LIMIT 1) IS NOT NULL)");
}

/// Whether a person has the skill.
fn skilled(sql: &mut Sql, backend: DbBackend, skill: &str) {
    let (before, behind) = has_word(backend, "a.profile", "skills");
    sql.push("coalesce((SELECT ").push(&before).bind(skill).push(behind);
    sql.push(" FROM app_user a WHERE a.id = f.user_id), false)");
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
        let skill = Some("电工".to_owned());
        let list =
            PeopleQuery { lens, role, skill: None, name: None, limit: 20, after: Some(UserId(Uuid::nil())) };
        let skilled = PeopleQuery { skill, ..list.clone() };
        let page = |list, token| page_sql(store.backend(), list, &actor, token);
        let named = Some([0; 32]);
        for sql in [one, page(&list, None), page(&skilled, None), page(&list, named), page(&skilled, named)] {
            let plan = format!("EXPLAIN QUERY PLAN {}", sql.text);
            for row in store.query_all(&plan, sql.values).await.unwrap() {
                let step: String = column(&row, "plan", "detail").unwrap();
                // What was found is gone through; the tables are not.
                let read =
                    step.strip_prefix("SCAN ").unwrap_or("v").split(" LEFT").next().unwrap_or_default();
                // So are the words of one person.
                let found = ["v", "f", "h", "s", "r", "CONSTANT ROW"].contains(&read)
                    || read.starts_with("k VIRTUAL TABLE");
                assert!(found || read.starts_with("(subquery"), "{step}: {}", sql.text);
            }
        }
        store.close().await.unwrap();
    }
}
