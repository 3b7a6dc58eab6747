//! Who is on duty (值班): rows with a history. Whoever may no longer be on duty somewhere is not from then on.

use super::Store;
use super::absence;
use super::change::{Answer, ChangeError, Delivered, Failed, Request};
use super::dialect::is_duplicate_of;
use super::error::StoreError;
use super::page::{Page, SCAN, is_current, walk};
use super::record::{ShiftEvent, Stream};
use super::row::{Row, column};
use super::sql::Sql;
use chrono::TimeDelta;
use domain::actor::{Actor, Scope};
use domain::id::{ShiftId, UnitId, UserId};
use domain::person::Person;
use domain::place::PlaceCode;
use domain::refusal::Refusal;
use domain::shift::{Fact, MAX_DAYS, Shift, ShiftRefusal};
use domain::time::Timestamp;
use sea_orm::Statement;
use std::collections::HashMap;
use uuid::Uuid;

const COLUMNS: &str = "s.id, s.place, s.user_id, s.starts_at, s.ends_at, s.created_by, s.created_at";
/// All shifts of whoever follows in parentheses, oldest first.
pub(super) const THEIRS: &str = "SELECT s.id, s.place, s.user_id, s.starts_at, s.ends_at, s.created_by, s.created_at FROM shift s WHERE s.user_id IN ";

/// Which shifts, and how many of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShiftQuery {
    /// Places of one county; of these and of all below them.
    pub places: Vec<PlaceCode>,
    /// Whose.
    pub person: Option<UserId>,
    /// Who is on duty at this time.
    pub at: Option<Timestamp>,
    /// Those that have not ended by then.
    pub from: Option<Timestamp>,
    /// Those that start before.
    pub to: Option<Timestamp>,
    /// 1 to 100.
    pub limit: u16,
    /// The last of the page before.
    pub after: Option<(Timestamp, ShiftId)>,
}

impl Store {
    /// 排班. `render` makes the answer, which commits with the shift.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn create_shift(
        &self,
        request: &Request<'_>,
        shift: &Shift,
        render: impl Fn(&Shift) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let attempt = || async {
            self.current_grants(request.actor, request.grants_version).await?;
            let person = self.user(shift.person).await?;
            let known = person.as_ref().map(|person| (&person.actor, person.units.as_slice()));
            shift.check(request.actor, known, request.now).map_err(Refusal::from)?;
            let Some(person_row) = person else {
                return Err(Refusal::from(ShiftRefusal::PersonCannot).into());
            };
            if self.overlaps(shift).await? {
                return Err(Refusal::from(ShiftRefusal::Overlaps).into());
            }
            let answer = render(shift);
            let Shift { id, place, person, starts_at, ends_at, created_by: _, created_at: _ } = *shift;
            let fact = Fact::Rostered { place, person, starts_at, ends_at };
            let event = ShiftEvent { fact, scope_code: place.as_str() };
            let (guard, row) = (self.duty_guard(&person_row), self.insert_shift(shift));
            let stream = stream(request, id, 0);
            let recorded = self.record_shift(&stream, guard, vec![row], &event, Some(&answer));
            recorded.await.map_err(entered_meanwhile)?;
            Ok(answer)
        };
        self.until_changed(request.key.as_ref(), attempt).await
    }

    fn insert_shift(&self, shift: &Shift) -> Statement {
        let Shift { id, place, person, starts_at, ends_at, created_by, created_at } = *shift;
        let county: i32 = place.county().parse().unwrap_or_default();
        let sql = "INSERT INTO shift (id, county, place, user_id, starts_at, ends_at, created_by, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let values = vec![
            id.0.into(),
            county.into(),
            place.as_str().into(),
            person.0.into(),
            starts_at.into(),
            ends_at.into(),
            created_by.0.into(),
            created_at.into(),
        ];
        self.statement(sql, values)
    }

    async fn overlaps(&self, shift: &Shift) -> Result<bool, StoreError> {
        let mut sql = Sql::default();
        overlapping(&mut sql, shift);
        Ok(self.query_one(&sql.text, sql.values).await?.is_some())
    }

    /// 撤班. `render` makes the answer of the shift as it was, which commits with its end.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn cancel_shift(
        &self,
        request: &Request<'_>,
        id: ShiftId,
        sees: impl Fn(&Shift) -> bool,
        render: impl Fn(&Shift) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let attempt = || async {
            self.current_grants(request.actor, request.grants_version).await?;
            let sql = format!("SELECT {COLUMNS} FROM shift s WHERE s.id = $1");
            let row = self.query_one(&sql, vec![id.0.into()]).await?;
            let shift = row.map(|row| self.stored_shift(&row)).transpose()?.filter(|shift| sees(shift));
            let shift = shift.ok_or_else(|| Refusal::from(ShiftRefusal::NotFound))?;
            // A shift does not change: it has one version until it is cancelled.
            if request.if_match.is_some_and(|expected| expected != 1) {
                return Err(Failed::Error(ChangeError::OtherVersion));
            }
            request.actor.may_edit_shifts(&shift.place).map_err(Refusal::from)?;
            let answer = render(&shift);
            let fact = Fact::Unrostered { place: shift.place, person: shift.person };
            let event = ShiftEvent { fact, scope_code: shift.place.as_str() };
            let guard = self.statement("DELETE FROM shift WHERE id = $1", vec![id.0.into()]);
            self.record_shift(&stream(request, id, 1), guard, vec![], &event, Some(&answer)).await?;
            Ok(answer)
        };
        self.until_changed(request.key.as_ref(), attempt).await
    }

    /// A page of shifts, those that start last first, in one query.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn shifts(
        &self,
        query: &ShiftQuery,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Page<Shift, (Timestamp, ShiftId)>, StoreError> {
        let sql = page_sql(query, asker);
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let end = |row: &_| {
            let id = column::<Option<Uuid>>(row, "shift", "id")?.map(ShiftId);
            id.map(|id| Ok((column(row, "shift", "starts_at")?, id))).transpose()
        };
        walk(&rows, (query.limit, SCAN), |row| self.stored_shift(row), end)
    }

    pub(super) fn stored_shift(&self, row: &Row) -> Result<Shift, StoreError> {
        let place: String = column(row, "shift", "place")?;
        Ok(Shift {
            id: ShiftId(column(row, "shift", "id")?),
            place: self.stored_code(&place)?,
            person: UserId(column(row, "shift", "user_id")?),
            starts_at: column(row, "shift", "starts_at")?,
            ends_at: column(row, "shift", "ends_at")?,
            created_by: UserId(column(row, "shift", "created_by")?),
            created_at: column(row, "shift", "created_at")?,
        })
    }

    /// Who is rung for exactly these places now, in one query: whoever is on duty, or stands in for them while they are away.
    pub(super) async fn on_duty(
        &self,
        places: Vec<PlaceCode>,
        now: Timestamp,
    ) -> Result<HashMap<PlaceCode, Vec<UserId>>, StoreError> {
        let mut on_duty: HashMap<PlaceCode, Vec<UserId>> = HashMap::new();
        if places.is_empty() {
            return Ok(on_duty);
        }
        let mut sql = Sql::new("SELECT DISTINCT s.place, ");
        sql.push("CASE WHEN a.id IS NULL THEN s.user_id WHEN w.id IS NULL THEN a.stand_in END AS user_id FROM shift s");
        absence::away(&mut sql, "LEFT JOIN", "s.user_id", now);
        sql.push(" WHERE s.place IN ").bind_all(places.iter().map(|place| place.as_str().to_owned()));
        sql.push(" AND s.ends_at > ").bind(now).push(" AND s.starts_at <= ").bind(now);
        for row in self.query_all(&sql.text, sql.values).await? {
            // Away, and nobody stands in.
            let Some(person) = column::<Option<Uuid>>(&row, "shift", "user_id")? else { continue };
            let place: String = column(&row, "shift", "place")?;
            on_duty.entry(self.stored_code(&place)?).or_default().push(UserId(person));
        }
        Ok(on_duty)
    }

    /// What ends the shifts of a person at places where they can no longer be on duty.
    pub(super) async fn end_shifts(
        &self,
        person: &Person,
        now: Timestamp,
    ) -> Result<Vec<Statement>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM shift s WHERE s.user_id = $1 AND s.ends_at > $2");
        let rows = self.query_all(&sql, vec![person.id.0.into(), now.into()]).await?;
        let (remains, units) = what_remains(person);
        let mut ends = Vec::new();
        for row in &rows {
            let shift = self.stored_shift(row)?;
            if !remains.can_be_on_duty_at(&shift.place, &units) {
                let id = shift.id.0;
                ends.push(if shift.starts_at < now {
                    let sql = "UPDATE shift SET ends_at = $2 WHERE id = $1";
                    self.statement(sql, vec![id.into(), now.into()])
                } else {
                    self.statement("DELETE FROM shift WHERE id = $1", vec![id.into()])
                });
            }
        }
        Ok(ends)
    }

    /// What gives somebody the shifts of the roster entry that they turned out to be.
    pub(super) fn move_shifts(&self, roster: Uuid, user: Uuid) -> [Statement; 2] {
        [
            "DELETE FROM shift WHERE user_id = $1 AND EXISTS (SELECT 1 FROM shift o \
             WHERE o.user_id = $2 AND o.place = shift.place AND o.starts_at = shift.starts_at)",
            "UPDATE shift SET user_id = $2 WHERE user_id = $1",
        ]
        .map(|sql| self.statement(sql, vec![roster.into(), user.into()]))
    }
}

/// What a person holds, with the counties of their units.
pub(super) fn what_remains(person: &Person) -> (Actor, Vec<(UnitId, PlaceCode)>) {
    let placed = || person.place.grants.iter().map(|held| &held.placed);
    let actor = Actor { user: person.id, grants: placed().map(|placed| placed.grant.clone()).collect() };
    let units = placed().filter_map(|placed| match placed.grant.scope {
        Scope::Unit(unit) => placed.county.map(|county| (unit, county)),
        Scope::Places(_) => None,
    });
    (actor, units.collect())
}

/// A program of before, which has no guard, entered the very same: look again.
fn entered_meanwhile(failed: Failed) -> Failed {
    match failed {
        Failed::Error(ChangeError::Store(error)) if is_duplicate_of(&error, "shift") => Failed::Conflict,
        failed => failed,
    }
}

fn stream(request: &Request<'_>, id: ShiftId, version: i32) -> Stream {
    let Request { actor, grants_version: _, now, if_match: _, key } = *request;
    Stream { aggregate: "shift", id: id.0, version, by: Some(actor.user), now, key }
}

/// A shift of the same person at the same place, at some of the same time.
fn overlapping(sql: &mut Sql, shift: &Shift) {
    sql.push("SELECT o.id FROM shift o WHERE o.user_id = ").bind(shift.person.0);
    sql.push(" AND o.place = ").bind(shift.place.as_str());
    sql.push(" AND o.starts_at < ").bind(shift.ends_at);
    sql.push(" AND o.ends_at > ").bind(shift.starts_at);
}

/// The asker's version of grants beside one more shift than the page holds.
pub(super) fn page_sql(query: &ShiftQuery, asker: &Actor) -> Sql {
    let ShiftQuery { places, person, at, from, to, limit, after } = query;
    let mut sql = Sql::new(&format!(
        "SELECT v.grants_version, s.n, s.hit, {COLUMNS} FROM (SELECT (SELECT grants_version FROM app_user WHERE id = "
    ));
    sql.bind(asker.user.0).push(") AS grants_version) v LEFT JOIN (SELECT * FROM (SELECT shift.*, (");
    sql.below_any("place", places);
    if let Some(at) = at {
        sql.push(" AND ends_at > ").bind(*at);
    }
    if let Some(from) = from {
        sql.push(" AND ends_at > ").bind(*from);
    }
    sql.push(") AS hit, row_number() OVER (ORDER BY starts_at DESC, id DESC) AS n FROM shift WHERE ");
    match person {
        Some(person) => sql.push("user_id = ").bind(person.0),
        None => {
            let county = places.first().and_then(|place| place.county().parse::<i32>().ok());
            sql.push("county = ").bind(county.unwrap_or_default())
        }
    };
    // None is longer than that, so an index finds where the earliest that counts begins.
    let begun = |at: Timestamp| at.checked_sub_signed(TimeDelta::days(MAX_DAYS)).unwrap_or(at);
    for (at, than) in [(at, " AND starts_at <= "), (to, " AND starts_at < ")] {
        if let Some(at) = at {
            sql.push(than).bind(*at);
        }
    }
    for at in [at, from].into_iter().flatten() {
        sql.push(" AND starts_at >= ").bind(begun(*at));
    }
    if let Some((at, id)) = after {
        sql.push(" AND (starts_at, id) < (").bind(*at).push(", ").bind(id.0).push(")");
    }
    sql.push(&format!(
        " ORDER BY starts_at DESC, id DESC LIMIT {SCAN}) h WHERE h.hit OR h.n = {SCAN} \
         ORDER BY h.starts_at DESC, h.id DESC LIMIT "
    ));
    sql.bind(i64::from(*limit) + 1);
    sql.push(") s ON true ORDER BY s.starts_at DESC, s.id DESC");
    sql
}
