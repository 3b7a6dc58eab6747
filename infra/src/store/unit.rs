//! Units: rows with a history.

use super::Store;
use super::change::{Answer, ChangeError, Delivered, Failed, Request};
use super::dialect::is_duplicate_of;
use super::error::StoreError;
use super::page::{Page, SCAN, is_current, walk};
use super::record::{Stream, UnitEvent};
use super::row::{Row, column, word};
use super::sql::Sql;
use crate::pinyin::initials;
use domain::actor::{Actor, Scope};
use domain::id::{PlaceId, UnitId};
use domain::permission::{Action, reaches};
use domain::place::{PlaceCode, PlaceRef};
use domain::refusal::Refusal;
use domain::time::Timestamp;
use domain::unit::{Fact, Profile, Unit, UnitKind, UnitRefusal};
use sea_orm::{Statement, Value};
use uuid::Uuid;

/// The columns of a unit, and from where they are.
const COLUMNS: &str =
    "u.id, u.county, u.kind, u.name, u.code, u.version, u.retired_at, s.id AS seat_id, s.code AS seat_code";

/// Which units, and how many of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnitQuery {
    /// Of this place: a county has all of its own, any other place those that belong to it or to a place below.
    pub place: Option<PlaceCode>,
    /// What they are.
    pub kind: Option<UnitKind>,
    /// What their name has in it, what their initials begin with, or their number.
    pub q: Option<String>,
    /// Below which unit they are.
    pub under: Option<UnitId>,
    /// 1 to 100.
    pub limit: u16,
    /// The last of the page before.
    pub after: Option<UnitId>,
}

/// What is to be done with a unit that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitCommand {
    /// 改档: replaces all that is said of it.
    Describe(Profile),
    /// 撤销.
    Retire,
}

impl Store {
    /// Adds a unit on the program's own word, unless its id is there already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_unit(
        &self,
        id: UnitId,
        county: &PlaceCode,
        profile: Profile,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let stream = Stream { aggregate: "unit", id: id.0, version: 0, by: None, now, key: None };
        let unit = Unit { id, county: *county, profile, version: 1, retired_at: None };
        let event = UnitEvent { fact: described(&unit.profile), scope_code: county.as_str() };
        match self.record_unit(&stream, self.insert_unit(&unit), vec![], &event, None).await {
            Ok(()) | Err(Failed::Conflict) => Ok(()),
            Err(Failed::Error(ChangeError::Store(error))) => Err(error),
            Err(Failed::Error(error)) => Err(StoreError::Unavailable(error.to_string())),
            Err(Failed::KeyTaken) => Err(StoreError::Unavailable("no key was given".into())),
        }
    }

    fn insert_unit(&self, unit: &Unit) -> Statement {
        let sql = "INSERT INTO unit (id, county, version, name, kind, code, seat_id, initials) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING";
        let mut values = vec![unit.id.0.into(), unit.county.as_str().into(), unit.version.into()];
        values.extend(profile_values(&unit.profile));
        self.statement(sql, values)
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
            seated(unit)?;
            let answer = render(unit);
            let event = UnitEvent { fact: described(&unit.profile), scope_code: unit.county.as_str() };
            let (stream, guard) = (stream(request, unit.id, 0), self.insert_unit(unit));
            let written = self.record_unit(&stream, guard, vec![], &event, Some(&answer)).await;
            written.map_err(code_taken)?;
            Ok(answer)
        };
        let result = attempt.await;
        self.or_kept(request.key.as_ref(), result).await
    }

    /// Changes a unit. `render` makes the answer, which commits with the change.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn change_unit(
        &self,
        request: &Request<'_>,
        id: UnitId,
        command: &UnitCommand,
        render: impl Fn(&Unit) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let attempt = || self.try_change_unit(request, id, command, &render);
        self.until_changed(request.key.as_ref(), attempt).await
    }

    async fn try_change_unit(
        &self,
        request: &Request<'_>,
        id: UnitId,
        command: &UnitCommand,
        render: impl Fn(&Unit) -> Answer,
    ) -> Result<Answer, Failed> {
        let before = self.unit(id, request.actor, request.grants_version).await?;
        let before = before.ok_or_else(|| Refusal::from(UnitRefusal::NotFound))?;
        if request.if_match.is_some_and(|expected| expected != before.version) {
            return Err(Failed::Error(ChangeError::OtherVersion));
        }
        request.actor.may_edit_units(&before.county).map_err(Refusal::from)?;
        if before.retired_at.is_some() {
            return Err(Refusal::from(UnitRefusal::Retired).into());
        }
        let mut after = Unit { version: before.version + 1, ..before.clone() };
        let (fact, rest) = match command {
            UnitCommand::Describe(profile) => {
                after.profile = profile.clone();
                seated(&after)?;
                (described(profile), vec![])
            }
            UnitCommand::Retire => {
                if self.unit_in_use(id).await? {
                    return Err(Refusal::from(UnitRefusal::InUse).into());
                }
                after.retired_at = Some(request.now);
                (Fact::UnitRetired, self.end_ties_of_unit(id, request.now))
            }
        };
        let answer = render(&after);
        let sql = "UPDATE unit SET version = $3, retired_at = $4, name = $5, kind = $6, code = $7, seat_id = $8, initials = $9 \
             WHERE id = $1 AND version = $2";
        let mut values: Vec<Value> =
            vec![id.0.into(), before.version.into(), after.version.into(), after.retired_at.into()];
        values.extend(profile_values(&after.profile));
        let event = UnitEvent { fact, scope_code: after.county.as_str() };
        let stream = stream(request, id, before.version);
        let written =
            self.record_unit(&stream, self.statement(sql, values), rest, &event, Some(&answer)).await;
        written.map_err(code_taken)?;
        Ok(answer)
    }

    /// Whether people may still do something for it, or open tickets lie with it.
    async fn unit_in_use(&self, id: UnitId) -> Result<bool, StoreError> {
        let sql = "SELECT 1 WHERE EXISTS (SELECT 1 FROM role_grant g WHERE g.unit_id = $1) \
             OR EXISTS (SELECT 1 FROM ticket_party p WHERE p.party_id = $1 AND p.active AND p.kind <> 'called')";
        Ok(self.query_one(sql, vec![id.0.into()]).await?.is_some())
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
        let mut sql = asked_by(asker);
        sql.push("SELECT u.*, true AS hit, CAST(1 AS bigint) AS n FROM unit u WHERE u.id = ").bind(id.0);
        sql.push(" AND ");
        within_sight(&mut sql, asker);
        sql.push(") u LEFT JOIN place s ON s.id = u.seat_id) u ON true");
        Ok(self.unit_page(sql, 1, grants_version).await?.items.pop())
    }

    /// A page of the units that the asker sees, newest first.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn units(
        &self,
        query: &UnitQuery,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Page<Unit, UnitId>, StoreError> {
        let sql = page_sql(query, asker);
        self.unit_page(sql, query.limit, grants_version).await
    }

    async fn unit_page(
        &self,
        sql: Sql,
        limit: u16,
        grants_version: i32,
    ) -> Result<Page<Unit, UnitId>, StoreError> {
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let end = |row: &Row| Ok(column::<Option<Uuid>>(row, "unit", "id")?.map(UnitId));
        walk(&rows, (limit, SCAN), |row| self.stored_unit(row), end)
    }

    fn stored_unit(&self, row: &Row) -> Result<Unit, StoreError> {
        let county: String = column(row, "unit", "county")?;
        let seat = column::<Option<Uuid>>(row, "unit", "seat_id")?.map(PlaceId);
        let seat_code = self.optional_code(row, "place", "seat_code")?;
        Ok(Unit {
            id: UnitId(column(row, "unit", "id")?),
            county: self.stored_code(&county)?,
            profile: Profile {
                kind: word(row, "unit", "kind")?,
                name: column(row, "unit", "name")?,
                code: column(row, "unit", "code")?,
                seat: seat.zip(seat_code).map(|(id, code)| PlaceRef { id, code }),
            },
            version: column(row, "unit", "version")?,
            retired_at: column(row, "unit", "retired_at")?,
        })
    }
}

pub(super) fn described(profile: &Profile) -> Fact {
    let Profile { kind, name, code, seat } = profile.clone();
    Fact::UnitDescribed { what: kind, name, code, seat }
}

pub(super) fn profile_values(profile: &Profile) -> [Value; 5] {
    let Profile { kind, name, code, seat } = profile;
    [
        name.as_str().into(),
        kind.name().into(),
        code.clone().into(),
        seat.map(|seat| seat.id.0).into(),
        initials(name).into(),
    ]
}

fn seated(unit: &Unit) -> Result<(), Refusal> {
    let fits = unit.profile.seat.is_none_or(|seat| unit.county.covers(&seat.code));
    if fits { Ok(()) } else { Err(UnitRefusal::SeatElsewhere.into()) }
}

/// A number is one unit's alone.
fn code_taken(failed: Failed) -> Failed {
    match failed {
        Failed::Error(ChangeError::Store(error)) if is_duplicate_of(&error, "unit") => {
            Refusal::from(UnitRefusal::CodeTaken).into()
        }
        failed => failed,
    }
}

fn stream(request: &Request<'_>, id: UnitId, version: i32) -> Stream {
    let Request { actor, grants_version: _, now, if_match: _, key } = *request;
    Stream { aggregate: "unit", id: id.0, version, by: Some(actor.user), now, key }
}

/// The query up to which units it is about.
fn asked_by(asker: &Actor) -> Sql {
    let mut sql = Sql::new(
        "SELECT v.grants_version, u.* FROM (SELECT (SELECT grants_version FROM app_user WHERE id = ",
    );
    sql.bind(asker.user.0);
    sql.push(&format!(") AS grants_version) v LEFT JOIN (SELECT {COLUMNS}, u.hit, u.n FROM ("));
    sql
}

fn page_sql(query: &UnitQuery, asker: &Actor) -> Sql {
    let UnitQuery { place, kind, q, under, limit, after } = query;
    let mut sql = asked_by(asker);
    sql.push("SELECT u.*, row_number() OVER (ORDER BY u.id DESC) AS n FROM (SELECT u.*, (true");
    if let Some(kind) = kind {
        sql.push(" AND u.kind = ").bind(kind.name());
    }
    if let Some(q) = q {
        sql.push(" AND ");
        named_like(&mut sql, q);
    }
    if let Some(under) = under {
        sql.push(" AND EXISTS (SELECT 1 FROM tie t WHERE t.unit_id = u.id AND t.kind = 'under' AND t.until IS NULL AND t.of_unit_id = ")
            .bind(under.0)
            .push(")");
    }
    if let Some(place) = place.filter(|place| place.as_str() != place.county()) {
        sql.push(" AND EXISTS (SELECT 1 FROM place s WHERE s.id = u.seat_id AND ");
        sql.below("s.code", &place).push(")");
    }
    sql.push(") AS hit FROM unit u WHERE u.retired_at IS NULL AND ");
    within_sight(&mut sql, asker);
    if let Some(place) = place {
        sql.push(" AND u.county = ").bind(place.county());
    }
    if let Some(after) = after {
        sql.push(" AND u.id < ").bind(after.0);
    }
    sql.push(&format!(" ORDER BY u.id DESC LIMIT {SCAN}) u) u LEFT JOIN place s ON s.id = u.seat_id "));
    sql.push(&format!("WHERE u.hit OR u.n = {SCAN} ORDER BY u.id DESC LIMIT "));
    sql.bind(i64::from(*limit) + 1);
    sql.push(") u ON true ORDER BY u.id DESC");
    sql
}

/// Letters are the first of a name in pinyin, or its number; anything else is a part of it.
fn named_like(sql: &mut Sql, q: &str) {
    let letters = q.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if letters {
        // Nothing in it stands for anything else; and no order of letters, which a database may have of its own.
        sql.push("(u.initials LIKE ").bind(format!("{}%", q.to_ascii_lowercase()));
        sql.push(" OR u.code = ").bind(q.to_ascii_uppercase()).push(")");
    } else {
        sql.contains("u.name", q);
    }
}

/// That a unit is one of the counties of the asker's places, or of those of their own units.
fn within_sight(sql: &mut Sql, asker: &Actor) {
    sql.push("(false");
    let mut counties: Vec<_> =
        asker.area_of(Action::UnitView).map(|place| place.county().to_owned()).collect();
    counties.sort_unstable();
    counties.dedup();
    if !counties.is_empty() {
        sql.push(" OR u.county IN ").bind_all(counties);
    }
    let own = asker.grants.iter().filter_map(|grant| match grant.scope {
        Scope::Unit(unit) if !reaches(grant.role, Action::UnitView).is_empty() => Some(unit.0),
        Scope::Unit(_) | Scope::Places(_) => None,
    });
    let own: Vec<_> = own.collect();
    if !own.is_empty() {
        sql.push(" OR u.county IN (SELECT o.county FROM unit o WHERE o.id IN ").bind_all(own).push(")");
    }
    sql.push(")");
}
