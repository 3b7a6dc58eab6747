//! Whom tickets are assigned to: what the rules must know of them, in at most one query for people and one for units.

use super::Store;
use super::error::StoreError;
use super::row::column;
use super::sql::Sql;
use super::user::stored_grant;
use domain::actor::Actor;
use domain::id::{UnitId, UserId};
use domain::place::PlaceCode;
use domain::ticket::{Assignee, AssigneeFacts, Assignment, Delegate};
use std::collections::HashMap;
use uuid::Uuid;

impl Store {
    /// The assignees with what is known of them, in their order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn assignments(&self, to: &[Assignee]) -> Result<Vec<Assignment>, StoreError> {
        let people = to.iter().filter_map(|one| match one {
            Assignee::Person(person) => Some(person.0),
            Assignee::Unit(_) => None,
        });
        let units = to.iter().filter_map(|one| match one {
            Assignee::Unit(unit) => Some(unit.0),
            Assignee::Person(_) => None,
        });
        let people = self.people_facts(people.collect()).await?;
        let units = self.unit_counties(units.collect()).await?;
        let facts = |one: &Assignee| match one {
            Assignee::Person(person) => people.get(&person.0).cloned(),
            Assignee::Unit(unit) => units.get(unit).map(|county| AssigneeFacts::Unit { county: *county }),
        };
        let known = |one: &Assignee| facts(one).unwrap_or(AssigneeFacts::Unknown);
        Ok(to.iter().map(|one| Assignment { to: *one, facts: known(one) }).collect())
    }

    /// Those who are to watch a ticket, by who they are by now, each with the counties on whose rosters they are: two queries
    /// besides those of [`Self::assignments`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delegates(&self, persons: Vec<UserId>) -> Result<Vec<Delegate>, StoreError> {
        if persons.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql =
            Sql::new("SELECT id, joined_into FROM app_user WHERE joined_into IS NOT NULL AND id IN ");
        sql.bind_all(persons.iter().map(|person| person.0));
        let mut turned_out = HashMap::new();
        for row in self.query_all(&sql.text, sql.values).await? {
            turned_out
                .insert(UserId(column(&row, "app_user", "id")?), column(&row, "app_user", "joined_into")?);
        }
        let now = |person: UserId| turned_out.get(&person).copied().map_or(person, UserId);
        let persons: Vec<_> = persons.into_iter().map(now).collect();
        let ids = || persons.iter().map(|person| person.0);
        let mut sql = Sql::new(
            "SELECT k.person, substr(e.scope_code, 1, 6) AS county FROM (SELECT id, id AS person FROM app_user WHERE id IN ",
        );
        sql.bind_all(ids()).push(" UNION ALL SELECT id, joined_into FROM app_user WHERE joined_into IN ");
        sql.bind_all(ids());
        sql.push(") k JOIN event e ON e.stream = k.id AND e.aggregate = 'person' AND e.kind = 'registered' AND e.scope_code <> ''");
        let mut rosters: HashMap<UserId, Vec<PlaceCode>> = HashMap::new();
        for row in self.query_all(&sql.text, sql.values).await? {
            let county = self.stored_code(&column::<String>(&row, "event", "county")?)?;
            rosters.entry(UserId(column(&row, "app_user", "person")?)).or_default().push(county);
        }
        let to: Vec<_> = persons.iter().copied().map(Assignee::Person).collect();
        let known = self.assignments(&to).await?.into_iter().zip(persons);
        let delegate = |(one, person): (Assignment, UserId)| Delegate {
            person,
            facts: one.facts,
            rosters: rosters.get(&person).cloned().unwrap_or_default(),
        };
        Ok(known.map(delegate).collect())
    }

    /// Who somebody is by now: a roster entry may have turned out to be another.
    pub(super) async fn known_as(&self, person: UserId) -> Result<UserId, StoreError> {
        let sql = "SELECT joined_into FROM app_user WHERE id = $1 AND joined_into IS NOT NULL";
        let row = self.query_one(sql, vec![person.0.into()]).await?;
        row.map_or(Ok(person), |row| Ok(UserId(column(&row, "app_user", "joined_into")?)))
    }

    async fn people_facts(&self, ids: Vec<Uuid>) -> Result<HashMap<Uuid, AssigneeFacts>, StoreError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let mut sql = Sql::new(
            "SELECT u.id, g.role, CAST(g.scope AS text) AS scope, g.unit_id, n.county FROM app_user u \
             LEFT JOIN role_grant g ON g.user_id = u.id LEFT JOIN unit n ON n.id = g.unit_id \
             WHERE u.erased_at IS NULL AND u.id IN ",
        );
        sql.bind_all(ids).push(" ORDER BY u.id, g.id");
        let mut known: HashMap<Uuid, (Actor, Vec<(UnitId, PlaceCode)>)> = HashMap::new();
        for row in self.query_all(&sql.text, sql.values).await? {
            let id: Uuid = column(&row, "app_user", "id")?;
            let nobody = || (Actor { user: UserId(id), grants: Vec::new() }, Vec::new());
            let (actor, units) = known.entry(id).or_insert_with(nobody);
            let Some(role) = column::<Option<String>>(&row, "role_grant", "role")? else { continue };
            let scope: String = column(&row, "role_grant", "scope")?;
            actor.grants.push(stored_grant(id, &role, &scope)?);
            if let Some(county) = column::<Option<String>>(&row, "unit", "county")? {
                let unit = UnitId(column(&row, "role_grant", "unit_id")?);
                units.push((unit, self.stored_code(&county)?));
            }
        }
        let facts = |(actor, units)| AssigneeFacts::Person { actor, units };
        Ok(known.into_iter().map(|(id, known)| (id, facts(known))).collect())
    }

    /// The counties of units that are units still.
    pub(super) async fn unit_counties(
        &self,
        ids: Vec<Uuid>,
    ) -> Result<HashMap<UnitId, PlaceCode>, StoreError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let mut sql = Sql::new("SELECT id, county FROM unit WHERE retired_at IS NULL AND id IN ");
        sql.bind_all(ids);
        let rows = self.query_all(&sql.text, sql.values).await?;
        rows.iter()
            .map(|row| {
                let county: String = column(row, "unit", "county")?;
                Ok((UnitId(column(row, "unit", "id")?), self.stored_code(&county)?))
            })
            .collect()
    }

    /// The county of a unit; `None` when there is no such unit.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unit_county(&self, id: UnitId) -> Result<Option<PlaceCode>, StoreError> {
        Ok(self.unit_counties(vec![id.0]).await?.remove(&id))
    }
}
