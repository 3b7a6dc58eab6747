//! Calendars: which days of a year are holidays, and which are worked to make up for them. The country's come with the
//! program where the database has none; what an administrator entered stays. What holds is kept in memory with the
//! playbooks; what is shown, and what a change is decided on, is read.

use super::Store;
use super::change::{Answer, ChangeError, Delivered, Failed, Request};
use super::entity::calendar_year;
use super::error::StoreError;
use super::page::is_current;
use super::record::Stream;
use super::row::{Row, column};
use super::sql::Sql;
use crate::entropy;
use chrono::{NaiveDate, NaiveTime};
use domain::actor::Actor;
use domain::calendar::{Calendar, CalendarRefusal, Days, EffectiveYear, EnteredYear, Fact, YearDays};
use domain::notice::Notice;
use domain::place::{Levels, PlaceCode};
use domain::refusal::Refusal;
use domain::time::{Timestamp, china};
use sea_orm::{DatabaseConnection, EntityTrait, Statement, Value};
use serde::Deserialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The scope of the whole country.
const NATION: &str = "";

/// The last event of each year beside the year itself.
const HISTORIES: &str = "SELECT c.id, c.version, CAST(c.days AS text) AS days, e.stream_version, \
     CAST(e.payload AS text) AS payload FROM calendar_year c LEFT JOIN event e ON e.stream = c.id \
     AND e.stream_version = (SELECT MAX(l.stream_version) FROM event l WHERE l.stream = c.id)";

/// A year as it is stored.
#[derive(Debug, Clone)]
pub(super) struct StoredYear {
    id: Uuid,
    days: YearDays,
    version: i32,
    updated_at: Timestamp,
}

/// All that was entered, by scope and year.
#[derive(Debug, Default)]
pub(super) struct Years(BTreeMap<(String, i32), StoredYear>);

impl Years {
    pub(super) async fn read(db: &DatabaseConnection) -> Result<Self, StoreError> {
        let rows = calendar_year::Entity::find().all(db).await?;
        let read = |row: calendar_year::Model| {
            let calendar_year::Model { scope, year, id, days, version, updated_at } = row;
            let days = serde_json::from_value(days)
                .map_err(|error| StoreError::corrupt("calendar_year", "days", id, error))?;
            Ok(((scope, year), StoredYear { id, days, version, updated_at }))
        };
        Ok(Self(rows.into_iter().map(read).collect::<Result<_, StoreError>>()?))
    }

    /// The days that hold in a county.
    pub(super) fn days(&self, county: &str) -> Days {
        let mut days = self.nation();
        self.of(county).for_each(|(_, own)| days.overlay(&own.days));
        days
    }

    /// The days of the whole country.
    pub(super) fn nation(&self) -> Days {
        let mut days = Days::default();
        self.of(NATION).for_each(|(year, nation)| days.learn(year, &nation.days));
        days
    }

    /// Takes what is newer than what is there.
    pub(super) fn extend(&mut self, years: impl IntoIterator<Item = ((String, i32), StoredYear)>) {
        for (key, year) in years {
            if self.0.get(&key).is_none_or(|known| known.version < year.version) {
                self.0.insert(key, year);
            }
        }
    }

    /// Scope, year and version of each.
    pub(super) fn stamps(&self) -> impl Iterator<Item = (String, i32, String)> {
        self.0.iter().map(|((scope, year), stored)| (scope.clone(), *year, stored.version.to_string()))
    }

    fn of(&self, scope: &str) -> impl Iterator<Item = (i32, &StoredYear)> {
        let all = (scope.to_owned(), i32::MIN)..=(scope.to_owned(), i32::MAX);
        self.0.range(all).map(|((_, year), stored)| (*year, stored))
    }
}

impl IntoIterator for Years {
    type Item = ((String, i32), StoredYear);
    type IntoIter = std::collections::btree_map::IntoIter<(String, i32), StoredYear>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// When a day begins in China.
fn midnight(day: NaiveDate) -> Option<Timestamp> {
    let begins = day.and_time(NaiveTime::MIN).and_local_timezone(china()).single()?;
    Some(begins.to_utc())
}

/// A file of years that comes with the program.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    #[serde(rename = "source")]
    _source: String,
    years: BTreeMap<i32, YearDays>,
}

impl Store {
    /// Years that should be known by now, and are not: this one, and from 1 October on the next. Needs no query.
    pub fn missing_years(&self, now: Timestamp) -> Vec<i32> {
        self.playbooks.nation().missing(now)
    }

    /// Tells the administrators of each county which years are missing, once a year that is; which ones that are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tell_missing_years(&self, now: Timestamp) -> Result<Vec<i32>, StoreError> {
        let missing = self.missing_years(now);
        for year in &missing {
            let begins = NaiveDate::from_ymd_opt(*year, 1, 1).and_then(midnight);
            let topic = format!("calendar:{year}");
            for book in self.playbooks.counties() {
                let county = self.stored_code(&book.county)?;
                let due_at = begins.unwrap_or(now);
                self.tell_administrators(&county, Notice::CalendarMissing, &topic, due_at, now).await?;
            }
        }
        Ok(missing)
    }

    /// Brings in the country's years that the database does not have. What is there stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Seed`] with file and year; [`StoreError`].
    pub async fn import_calendar(&self, file: &str, source: &str, now: Timestamp) -> Result<(), StoreError> {
        let fault = |reason: String| StoreError::Seed(format!("{file}: {reason}"));
        let seed: Seed = serde_json::from_str(source).map_err(|error| fault(error.to_string()))?;
        let known = self.playbooks.nation();
        let (mut taken, mut overtaken) = (Vec::new(), false);
        for (year, days) in seed.years.into_iter().filter(|(year, _)| !known.knows(*year)) {
            if let Some(wrong) = days.faults(year).first() {
                return Err(fault(format!("{year}: {wrong}")));
            }
            let after = StoredYear { id: entropy::id(now), days, version: 1, updated_at: now };
            let stream = Stream { aggregate: "calendar", id: after.id, version: 0, by: None, now, key: None };
            let fact = Fact::DaysImported { year, days: after.days.clone() };
            let guard = self.calendar_guard(NATION, year, 0, &after)?;
            match self.record_calendar(&stream, guard, &fact, NATION, None).await {
                Ok(()) => taken.push(((NATION.to_owned(), year), after)),
                Err(Failed::Conflict) => overtaken = true,
                Err(Failed::Error(ChangeError::Store(error))) => return Err(error),
                Err(Failed::Error(error)) => return Err(StoreError::Unavailable(error.to_string())),
                Err(Failed::KeyTaken) => return Err(StoreError::Unavailable("no key was given".into())),
            }
        }
        self.playbooks.take_years(taken);
        if overtaken {
            self.reload_playbooks().await?;
        }
        Ok(())
    }

    /// A year as it holds in a county, or in the whole country, in one query.
    ///
    /// # Errors
    /// A county without a playbook is refused; [`StoreError::StaleGrants`] and others.
    pub async fn calendar(
        &self,
        year: i32,
        county: Option<&PlaceCode>,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<EffectiveYear, ChangeError> {
        let mut sql = before_years(asker);
        sql.push(" ON y.year = ").bind(year).push(" AND y.scope IN ").bind_all(scopes(county));
        let years = self.years_of(sql, grants_version).await?;
        Ok(self.effective(year, county, &years)?)
    }

    /// The years that were entered for the whole country, and for one county where it is named; the newest first. There is
    /// at most one a year that a calendar can be kept for, and so no page.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn calendars(
        &self,
        county: Option<&PlaceCode>,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Vec<EnteredYear>, StoreError> {
        let mut sql = before_years(asker);
        sql.push(" ON y.scope IN ").bind_all(scopes(county));
        let years = self.years_of(sql, grants_version).await?;
        let mut entered: Vec<_> = years
            .into_iter()
            .map(|((scope, year), StoredYear { id: _, days, version, updated_at })| EnteredYear {
                year,
                county: county.filter(|county| county.as_str() == scope).copied(),
                version,
                holidays: days.holidays.len(),
                workdays: days.workdays.len(),
                updated_at,
            })
            .collect();
        entered.sort_by_key(|entry| (std::cmp::Reverse(entry.year), entry.county));
        Ok(entered)
    }

    /// Enters a year in the place of what was there, for a county or for the whole country. `render` makes the answer, which
    /// commits with the change. This process reckons with it at once, others within a minute.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn replace_calendar(
        &self,
        request: &Request<'_>,
        year: i32,
        county: Option<&PlaceCode>,
        days: &YearDays,
        render: impl Fn(&EffectiveYear) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let attempt = || self.try_replace_calendar(request, year, county, days, &render);
        self.until_changed(request.key.as_ref(), attempt).await
    }

    async fn try_replace_calendar(
        &self,
        request: &Request<'_>,
        year: i32,
        county: Option<&PlaceCode>,
        days: &YearDays,
        render: impl Fn(&EffectiveYear) -> Answer,
    ) -> Result<Answer, Failed> {
        let Request { actor, grants_version, now, if_match, key } = *request;
        let scope = county.map_or(NATION, PlaceCode::as_str);
        let mut sql = before_years(actor);
        sql.push(" ON y.year = ").bind(year);
        let mut years = self.years_of(sql, grants_version).await?;
        actor.may_edit_calendar(county).map_err(Refusal::from)?;
        let place = (scope.to_owned(), year);
        let before = years.get(&place);
        let version = before.map_or(0, |before| before.version);
        if if_match.is_some_and(|expected| expected != version) {
            return Err(Failed::Error(ChangeError::OtherVersion));
        }
        let id = before.map_or_else(|| entropy::id(now), |before| before.id);
        let after = StoredYear { id, days: days.clone(), version: version + 1, updated_at: now };
        years.insert(place.clone(), after.clone());
        let effective = self.effective(year, county, &years)?;
        self.leaves_working_time(&effective, &years)?;
        let answer = render(&effective);
        let stream = Stream { aggregate: "calendar", id, version, by: Some(actor.user), now, key };
        let fact = Fact::DaysReplaced { year, days: days.clone() };
        let guard = self.calendar_guard(scope, year, version, &after)?;
        self.record_calendar(&stream, guard, &fact, scope, Some(&answer)).await?;
        self.playbooks.take_years([(place, after)]);
        Ok(answer)
    }

    /// Refuses a year in which nobody would work: there, and for the country's days in every county.
    fn leaves_working_time(
        &self,
        year: &EffectiveYear,
        years: &BTreeMap<(String, i32), StoredYear>,
    ) -> Result<(), Refusal> {
        let worked = |year: &EffectiveYear| match year.workdays() {
            ..=0 => Err(CalendarRefusal::NoWorkingTime { county: year.county.map(|code| code.to_string()) }),
            _ => Ok(()),
        };
        worked(year)?;
        if year.county.is_some() {
            return Ok(());
        }
        for book in self.playbooks.counties() {
            let county = PlaceCode::parse(&book.county, &Levels::default())?;
            worked(&self.effective(year.year, Some(&county), years)?)?;
        }
        Ok(())
    }

    /// `years` has at least the year of the country and of the county.
    fn effective(
        &self,
        year: i32,
        county: Option<&PlaceCode>,
        years: &BTreeMap<(String, i32), StoredYear>,
    ) -> Result<EffectiveYear, Refusal> {
        let of = |scope: &str| years.get(&(scope.to_owned(), year));
        let (nation, own) = (of(NATION), county.and_then(|county| of(county.as_str())));
        let hours = match county {
            Some(county) => self.playbook(county.as_str())?.policy.calendar.clone(),
            None => Calendar::default(),
        };
        let version = if county.is_some() { own } else { nation }.map(|stored| stored.version);
        let days = [nation, own].map(|stored| stored.map(|stored| &stored.days));
        Ok(EffectiveYear::of(year, county.copied(), version, hours, days))
    }

    /// Writes a year where it is still in this version; 0 when it is not there.
    fn calendar_guard(
        &self,
        scope: &str,
        year: i32,
        version: i32,
        after: &StoredYear,
    ) -> Result<Statement, StoreError> {
        let days = serde_json::to_value(&after.days)
            .map_err(|error| StoreError::corrupt("calendar_year", "days", after.id, error))?;
        let mut values: Vec<Value> = vec![
            scope.into(),
            year.into(),
            after.id.into(),
            days.into(),
            after.version.into(),
            after.updated_at.into(),
        ];
        if version == 0 {
            let sql = "INSERT INTO calendar_year (scope, year, id, days, version, updated_at) \
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (scope, year) DO NOTHING";
            return Ok(self.statement(sql, values));
        }
        let sql = "UPDATE calendar_year SET days = $4, version = $5, updated_at = $6 \
             WHERE scope = $1 AND year = $2 AND id = $3 AND version = $7";
        values.push(version.into());
        Ok(self.statement(sql, values))
    }

    async fn years_of(
        &self,
        sql: Sql,
        grants_version: i32,
    ) -> Result<BTreeMap<(String, i32), StoredYear>, StoreError> {
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let mut years = BTreeMap::new();
        for row in &rows {
            // Whoever sees no year gets one row with nothing but the version of their grants.
            if let Some(scope) = column::<Option<String>>(row, "calendar_year", "scope")? {
                years.insert((scope, column(row, "calendar_year", "year")?), stored_year(row)?);
            }
        }
        Ok(years)
    }

    /// Every year that is not as its history says, a sentence each.
    pub(super) async fn verify_calendars(&self) -> Result<Vec<String>, StoreError> {
        let mut faults = Vec::new();
        for row in self.query_all(HISTORIES, vec![]).await? {
            let id: Uuid = column(&row, "calendar_year", "id")?;
            let version: i32 = column(&row, "calendar_year", "version")?;
            let days: String = column(&row, "calendar_year", "days")?;
            let last: Option<i32> = column(&row, "event", "stream_version")?;
            let payload: Option<String> = column(&row, "event", "payload")?;
            let fact = payload.and_then(|payload| serde_json::from_str::<Fact>(&payload).ok());
            let told = fact.map(|(Fact::DaysImported { days, .. } | Fact::DaysReplaced { days, .. })| days);
            if last != Some(version) || told.is_none() || told != serde_json::from_str(&days).ok() {
                faults.push(format!("calendar {id}: its last event says something else"));
            }
        }
        Ok(faults)
    }
}

fn stored_year(row: &Row) -> Result<StoredYear, StoreError> {
    let id: Uuid = column(row, "calendar_year", "id")?;
    let days: String = column(row, "calendar_year", "days")?;
    let days = serde_json::from_str(&days)
        .map_err(|error| StoreError::corrupt("calendar_year", "days", id, error))?;
    let version = column(row, "calendar_year", "version")?;
    Ok(StoredYear { id, days, version, updated_at: column(row, "calendar_year", "updated_at")? })
}

/// The query of years up to which of them.
fn before_years(asker: &Actor) -> Sql {
    let mut sql = Sql::new(
        "SELECT v.grants_version, y.scope, y.year, y.id, CAST(y.days AS text) AS days, y.version, y.updated_at \
         FROM (SELECT (SELECT grants_version FROM app_user WHERE id = ",
    );
    sql.bind(asker.user.0).push(") AS grants_version) v LEFT JOIN calendar_year y");
    sql
}

/// The country, and the county where there is one.
fn scopes(county: Option<&PlaceCode>) -> Vec<String> {
    let county = county.map(|county| county.as_str().to_owned());
    [NATION.to_owned()].into_iter().chain(county).collect()
}
