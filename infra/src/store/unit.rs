//! Units that tickets are assigned to.

use super::Store;
use super::change::{Answer, ChangeError, Delivered, Failed, Request};
use super::error::StoreError;
use super::page::{Page, is_current};
use super::record::{Stream, UnitEvent};
use super::row::{Row, column};
use super::sql::Sql;
use domain::actor::{Actor, Scope};
use domain::id::UnitId;
use domain::permission::{Action, reaches};
use domain::place::PlaceCode;
use domain::refusal::Refusal;
use domain::time::Timestamp;
use domain::unit::{Fact, UnitRefusal};
use domain::view::Unit;
use sea_orm::Statement;
use uuid::Uuid;

impl Store {
    /// Adds a unit on the program's own word, unless its id is there already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_unit(
        &self,
        id: UnitId,
        county: &PlaceCode,
        name: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let stream = Stream { aggregate: "unit", id: id.0, version: 0, by: None, now, key: None };
        let event = UnitEvent { fact: Fact::Created { name: name.to_owned() }, scope_code: county.as_str() };
        match self.record_unit(&stream, self.insert_unit(id, county, name), &event, None).await {
            Ok(()) | Err(Failed::Conflict) => Ok(()),
            Err(Failed::Error(ChangeError::Store(error))) => Err(error),
            Err(Failed::Error(error)) => Err(StoreError::Unavailable(error.to_string())),
            Err(Failed::KeyTaken) => Err(StoreError::Unavailable("no key was given".into())),
        }
    }

    fn insert_unit(&self, id: UnitId, county: &PlaceCode, name: &str) -> Statement {
        let sql =
            "INSERT INTO unit (id, county, name, version) VALUES ($1, $2, $3, 1) ON CONFLICT (id) DO NOTHING";
        self.statement(sql, vec![id.0.into(), county.as_str().into(), name.into()])
    }

    /// Enters a unit. `render` makes the answer, which commits with it.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn create_unit(
        &self,
        request: &Request<'_>,
        unit: &Unit,
        render: impl Fn(&Unit) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let attempt = async {
            self.current_grants(request.actor, request.grants_version).await?;
            request.actor.may_edit_units(&unit.county).map_err(Refusal::from)?;
            let answer = render(unit);
            let event = UnitEvent {
                fact: Fact::Created { name: unit.name.clone() },
                scope_code: unit.county.as_str(),
            };
            let guard = self.insert_unit(unit.id, &unit.county, &unit.name);
            self.record_unit(&stream(request, unit.id, 0), guard, &event, Some(&answer)).await?;
            Ok(answer)
        };
        let result = attempt.await;
        self.or_kept(request.key.as_ref(), result).await
    }

    /// Calls a unit differently. `render` makes the answer, which commits with the change.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn rename_unit(
        &self,
        request: &Request<'_>,
        id: UnitId,
        name: &str,
        render: impl Fn(&Unit) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let attempt = || self.try_rename_unit(request, id, name, &render);
        self.until_changed(request.key.as_ref(), attempt).await
    }

    async fn try_rename_unit(
        &self,
        request: &Request<'_>,
        id: UnitId,
        name: &str,
        render: impl Fn(&Unit) -> Answer,
    ) -> Result<Answer, Failed> {
        let before = self.unit(id, request.actor, request.grants_version).await?;
        let before = before.ok_or_else(|| Refusal::from(UnitRefusal::NotFound))?;
        if request.if_match.is_some_and(|expected| expected != before.version) {
            return Err(Failed::Error(ChangeError::OtherVersion));
        }
        request.actor.may_edit_units(&before.county).map_err(Refusal::from)?;
        let after = Unit { name: name.to_owned(), version: before.version + 1, ..before.clone() };
        let answer = render(&after);
        let sql = "UPDATE unit SET name = $3, version = $4 WHERE id = $1 AND version = $2";
        let values = vec![id.0.into(), before.version.into(), name.into(), after.version.into()];
        let event =
            UnitEvent { fact: Fact::Renamed { name: name.to_owned() }, scope_code: after.county.as_str() };
        let stream = stream(request, id, before.version);
        self.record_unit(&stream, self.statement(sql, values), &event, Some(&answer)).await?;
        Ok(answer)
    }

    /// A unit that the asker sees.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn unit(
        &self,
        id: UnitId,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Option<Unit>, StoreError> {
        let mut sql = before_units(asker);
        sql.push(" AND id = ").bind(id.0).push(") u ON true");
        Ok(self.units_of(sql, grants_version).await?.pop())
    }

    /// A page of the units that the asker sees, those of one county where one is named.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn units(
        &self,
        county: Option<&PlaceCode>,
        after: Option<UnitId>,
        limit: u16,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Page<Unit, UnitId>, StoreError> {
        let mut sql = before_units(asker);
        if let Some(county) = county {
            sql.push(" AND county = ").bind(county.county());
        }
        if let Some(after) = after {
            sql.push(" AND id < ").bind(after.0);
        }
        sql.push(" ORDER BY id DESC LIMIT ").bind(i64::from(limit) + 1);
        sql.push(") u ON true ORDER BY u.id DESC");
        let mut items = self.units_of(sql, grants_version).await?;
        let more = items.len() > usize::from(limit);
        items.truncate(limit.into());
        let next = items.last().filter(|_| more).map(|last| last.id);
        Ok(Page { items, next })
    }

    async fn units_of(&self, sql: Sql, grants_version: i32) -> Result<Vec<Unit>, StoreError> {
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let there = |row: &&Row| column::<Option<Uuid>>(row, "unit", "id").is_ok_and(|id| id.is_some());
        rows.iter().filter(there).map(|row| self.stored_unit(row)).collect()
    }

    fn stored_unit(&self, row: &Row) -> Result<Unit, StoreError> {
        let county: String = column(row, "unit", "county")?;
        Ok(Unit {
            id: UnitId(column(row, "unit", "id")?),
            county: self.stored_code(&county)?,
            name: column(row, "unit", "name")?,
            version: column(row, "unit", "version")?,
        })
    }
}

fn stream(request: &Request<'_>, id: UnitId, version: i32) -> Stream {
    let Request { actor, grants_version: _, now, if_match: _, key } = *request;
    Stream { aggregate: "unit", id: id.0, version, by: Some(actor.user), now, key }
}

/// The query up to which of the units that the asker sees: those of the counties of their places and of their own units.
fn before_units(asker: &Actor) -> Sql {
    let mut sql = Sql::new(
        "SELECT v.grants_version, u.* FROM (SELECT (SELECT grants_version FROM app_user WHERE id = ",
    );
    sql.bind(asker.user.0);
    sql.push(") AS grants_version) v LEFT JOIN (SELECT id, county, name, version FROM unit WHERE (false");
    let mut counties: Vec<_> =
        asker.area_of(Action::UnitView).map(|place| place.county().to_owned()).collect();
    counties.sort_unstable();
    counties.dedup();
    if !counties.is_empty() {
        sql.push(" OR county IN ").bind_all(counties);
    }
    let own = asker.grants.iter().filter_map(|grant| match grant.scope {
        Scope::Unit(unit) if !reaches(grant.role, Action::UnitView).is_empty() => Some(unit.0),
        Scope::Unit(_) | Scope::Places(_) => None,
    });
    let own: Vec<_> = own.collect();
    if !own.is_empty() {
        sql.push(" OR county IN (SELECT county FROM unit WHERE id IN ").bind_all(own).push(")");
    }
    sql.push(")");
    sql
}
