//! Who owes duties: planned for each period, in bulk; and how many of them were done.

use super::super::change::{ATTEMPTS, ChangeError};
use super::super::error::StoreError;
use super::super::page::is_current;
use super::super::row::{Row, column};
use super::super::sql::Sql;
use super::super::{Store, entropy};
use super::bulk::AT_ONCE;
use super::{COLUMNS, Concerned};
use chrono::NaiveDate;
use domain::actor::Actor;
use domain::duty::{Duty, DutyStatus, Owed, Period, PointAt};
use domain::geo::{Datum, Position};
use domain::id::{PlaceId, PointId, TicketId, UnitId, UserId};
use domain::matter::MatterView;
use domain::place::{PlaceCode, PlaceRef};
use domain::playbook::Playbook;
use domain::playbook::duty::{DutyRule, Owes, Spot};
use domain::point::metres;
use domain::tie::Holder;
use domain::time::{Timestamp, china_day};
use std::collections::{BTreeMap, HashSet};
use uuid::Uuid;

/// The most rows of one look at who did what.
const MOST: usize = 500;

/// Who owes a duty today, and where.
#[derive(Debug, Clone, Copy)]
pub struct OwedBy<'a> {
    /// By which playbook.
    pub playbook: &'a Playbook,
    /// Which duty of it.
    pub rule: &'a DutyRule,
    /// On which day.
    pub day: NaiveDate,
    /// Only what these people or units owe at this place.
    pub only: Option<(&'a [Uuid], &'a PlaceCode)>,
}

/// What duties of a key in a period came to, below a place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// How many places somebody owes one for.
    pub places: i64,
    /// At how many of them somebody did it, late or not.
    pub places_done: i64,
    /// How many duties there are.
    pub due: i64,
    /// How many of them were done, late or not.
    pub done: i64,
    /// How many of these late.
    pub late: i64,
    /// How many were missed.
    pub missed: i64,
    /// By place and by who owes them.
    pub rows: Vec<CoverageRow>,
    /// Whether there are more rows.
    pub more: bool,
}

/// What somebody owed at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageRow {
    /// The place.
    pub place: PlaceCode,
    /// What it is called.
    pub place_name: String,
    /// Who.
    pub who: Holder,
    /// What they are called.
    pub name: String,
    /// How many.
    pub due: i64,
    /// How many they did, late or not.
    pub done: i64,
    /// How many of these late.
    pub late: i64,
    /// How many they missed.
    pub missed: i64,
}

impl Store {
    /// Plans a duty for a period, as far as that is not done: one for each who owes it at each place. Who owes it no more has
    /// it taken away. Good at any time, and from several processes at once. How many were planned.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn plan_duty(
        &self,
        playbook: &Playbook,
        rule: &DutyRule,
        period: &Period,
        now: Timestamp,
    ) -> Result<usize, ChangeError> {
        let mut planned = 0;
        for attempt in 1..=ATTEMPTS {
            let owed = self.owed(&OwedBy { playbook, rule, day: china_day(now), only: None }).await?;
            let new = owed.iter().map(|one| {
                let change = Duty::plan(rule, period, one);
                Some((change.after.slot()?, (PlaceRef { id: one.place, code: one.code }, change)))
            });
            let mut new: BTreeMap<_, _> = new.flatten().collect();
            let known = self.planned(&playbook.county, rule, period).await?;
            for view in known {
                let Some(slot) = view.matter.slot() else { continue };
                if new.remove(&slot).is_some() || view.matter.status != DutyStatus::Planned {
                    continue;
                }
                if let Some(change) = view.matter.dropped() {
                    self.change_by_itself(view, change, now).await?;
                }
            }
            let new: Vec<_> = new.into_values().collect();
            let mut all = true;
            for some in new.chunks(AT_ONCE) {
                let written = self.begin_matters(some, now).await?;
                planned += if written { some.len() } else { 0 };
                all &= written;
            }
            if all {
                break;
            }
            tokio::time::sleep(entropy::jitter(attempt)).await;
        }
        Ok(planned)
    }

    /// What is planned of a duty in a period, without texts and names; not what was taken away.
    async fn planned(
        &self,
        county: &str,
        rule: &DutyRule,
        period: &Period,
    ) -> Result<Vec<MatterView<Duty>>, StoreError> {
        let sql = planned_sql(county, &rule.key, period.span());
        let rows = self.query_all(&sql.text, sql.values).await?;
        let views = rows.iter().map(|row| self.stored_matter::<Duty>(row)).collect::<Result<Vec<_>, _>>()?;
        let name = period.to_string();
        Ok(views.into_iter().filter(|view| view.matter.period.as_deref() == Some(&name)).collect())
    }

    /// Who owes a duty, and where.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn owed(&self, by: &OwedBy<'_>) -> Result<Vec<Owed>, StoreError> {
        let OwedBy { playbook, rule, day: _, only } = by;
        let (Some(owes), Some(spot)) = (rule.owes(), rule.spot(playbook)) else { return Ok(vec![]) };
        let county = self.stored_code(&playbook.county)?;
        let mut sql = Sql::new("SELECT a.person, a.unit, p.id, p.code, ");
        sql.push(match spot {
            Spot::Point(_) => "t.id AS point_id, t.lat, t.lng FROM (",
            Spot::Grant | Spot::Level(_) => "NULL AS point_id FROM (",
        });
        holders(&mut sql, owes, &county, by.day);
        sql.push(") a JOIN ");
        match spot {
            Spot::Grant => sql.push("place p ON p.code = a.code"),
            // The one of that level in which theirs lies, or those that lie in it.
            Spot::Level(digits) => sql.push(&format!(
                "place p ON length(p.code) = {digits} AND p.code >= substr(a.code, 1, {digits}) \
                 AND p.code < substr(a.code, 1, {digits}) || ':'"
            )),
            Spot::Point(kind) => sql
                .push("point t ON t.code >= a.code AND t.code < a.code || ':' AND t.retired_at IS NULL AND t.kind = ")
                .bind(kind.name())
                .push(" JOIN place p ON p.id = t.place_id"),
        };
        sql.push(" WHERE p.retired_at IS NULL");
        if let Some((who, place)) = only {
            sql.push(" AND p.code = ").bind(place.as_str());
            for (column, join) in [("a.person", " AND ("), ("a.unit", " OR ")] {
                sql.push(join).push(column).push(" IN ").bind_all(who.iter().copied());
            }
            sql.push(")");
        }
        let rows = self.query_all(&sql.text, sql.values).await?;
        let owed = rows.iter().map(|row| self.stored_owed(row, spot));
        Ok(owed.collect::<Result<Vec<_>, StoreError>>()?.into_iter().flatten().collect())
    }

    fn stored_owed(&self, row: &Row, spot: Spot) -> Result<Option<Owed>, StoreError> {
        let of = |name| column::<Option<Uuid>>(row, "tie", name);
        let who = match (of("person")?, of("unit")?) {
            (Some(person), None) => Holder::Person(UserId(person)),
            (None, Some(unit)) => Holder::Unit(UnitId(unit)),
            _ => return Ok(None),
        };
        let point = match spot {
            Spot::Grant | Spot::Level(_) => None,
            Spot::Point(_) => {
                let id: Uuid = column(row, "point", "point_id")?;
                let (lat, lng): (f64, f64) = (column(row, "point", "lat")?, column(row, "point", "lng")?);
                let position = Position::new(lat, lng, Datum::Wgs84);
                let position = position.map_err(|error| StoreError::corrupt("point", "lat", id, error))?;
                Some(PointAt { id: PointId(id), position })
            }
        };
        let code: String = column(row, "place", "code")?;
        let (place, code) = (PlaceId(column(row, "place", "id")?), self.stored_code(&code)?);
        Ok(Some(Owed { who, place, code, point }))
    }

    /// How far a position is from where a duty is done, in whole metres: from the point, or from the boundary of the place or the
    /// nearest one above it that has one. `None` where nobody drew any.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn metres_to(
        &self,
        place: PlaceId,
        point: Option<PointAt>,
        from: Position,
    ) -> Result<Option<u32>, StoreError> {
        let away = match point {
            Some(point) => Some(metres(point.position, from)),
            None => self.nearest_areas(place).await?.and_then(|boundary| boundary.metres_to(from)),
        };
        Ok(away.map(domain::duty::whole))
    }

    /// Whether all of these are tickets of a county.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn are_tickets_of(&self, tickets: &[TicketId], county: &PlaceCode) -> Result<bool, StoreError> {
        let wanted: HashSet<TicketId> = tickets.iter().copied().collect();
        if wanted.is_empty() {
            return Ok(true);
        }
        let mut sql = Sql::new("SELECT t.id FROM ticket t WHERE t.id IN ");
        sql.bind_all(wanted.iter().map(|ticket| ticket.0)).push(" AND ").below("t.scope_code", county);
        Ok(self.query_all(&sql.text, sql.values).await?.len() == wanted.len())
    }

    /// What duties of a key in a period came to, for a place and all below it, in one query.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn duty_coverage(
        &self,
        (place, key): (&PlaceCode, &str),
        span: (Timestamp, Timestamp),
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Coverage, StoreError> {
        let sql = coverage_sql(place, key, span, asker);
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let count = |name| rows.first().map_or(Ok(0), |row| column(row, "matter", name));
        let there =
            |row: &&Row| column::<Option<Uuid>>(row, "matter", "place_id").is_ok_and(|id| id.is_some());
        let each = rows.iter().filter(there).take(MOST).map(|row| self.coverage_row(row));
        Ok(Coverage {
            places: count("places")?,
            places_done: count("places_done")?,
            due: count("all_due")?,
            done: count("all_done")?,
            late: count("all_late")?,
            missed: count("all_missed")?,
            rows: each.collect::<Result<_, StoreError>>()?,
            more: rows.len() > MOST,
        })
    }

    fn coverage_row(&self, row: &Row) -> Result<CoverageRow, StoreError> {
        let code: String = column(row, "place", "code")?;
        let party: Uuid = column(row, "matter_party", "party_id")?;
        let is_unit = column::<Option<Uuid>>(row, "unit", "unit_id")?.is_some();
        let who = if is_unit { Holder::Unit(UnitId(party)) } else { Holder::Person(UserId(party)) };
        let sealed: Option<Vec<u8>> = column(row, "app_user", "person")?;
        let one =
            Concerned { id: party, unit: column(row, "unit", "unit")?, person: sealed.map(hex::encode) };
        Ok(CoverageRow {
            place: self.stored_code(&code)?,
            place_name: column(row, "place", "place_name")?,
            who,
            name: self.name_of(one)?.unwrap_or_default(),
            due: column(row, "matter", "due")?,
            done: column(row, "matter", "done")?,
            late: column(row, "matter", "late")?,
            missed: column(row, "matter", "missed")?,
        })
    }
}

/// The duties of a key that begin in a span, but for those taken away.
fn planned_sql(county: &str, key: &str, (from, until): (Timestamp, Timestamp)) -> Sql {
    let mut sql = Sql::new(&format!(
        "SELECT {COLUMNS}, CAST(NULL AS text) AS texts, CAST(NULL AS text) AS names FROM matter m JOIN place p ON p.id = m.place_id \
         WHERE m.kind = 'duty' AND m.status <> 'dropped' AND m.county = "
    ));
    sql.bind(county).push(" AND m.topic = ").bind(key).push(" AND m.sorted_at >= ").bind(from);
    sql.push(" AND m.sorted_at < ").bind(until);
    sql
}

fn coverage_sql(place: &PlaceCode, key: &str, (from, until): (Timestamp, Timestamp), asker: &Actor) -> Sql {
    let mut sql = Sql::new(
        "WITH g AS (SELECT m.place_id, y.party_id, COUNT(*) AS due, COUNT(CASE WHEN m.status IN ('done', 'late') THEN 1 END) AS done, \
         COUNT(CASE WHEN m.status = 'late' THEN 1 END) AS late, COUNT(CASE WHEN m.status = 'missed' THEN 1 END) AS missed \
         FROM matter m JOIN matter_party y ON y.matter_id = m.id AND y.role = 'duty' JOIN place q ON q.id = m.place_id \
         WHERE m.kind = 'duty' AND m.status <> 'dropped' AND m.county = ",
    );
    sql.bind(place.county()).push(" AND m.topic = ").bind(key).push(" AND m.sorted_at >= ").bind(from);
    sql.push(" AND m.sorted_at < ").bind(until).push(" AND ").below("q.code", place);
    sql.push(
        " GROUP BY m.place_id, y.party_id), s AS (SELECT COUNT(DISTINCT g.place_id) AS places, \
         COUNT(DISTINCT CASE WHEN g.done > 0 THEN g.place_id END) AS places_done, CAST(COALESCE(SUM(g.due), 0) AS bigint) AS all_due, \
         CAST(COALESCE(SUM(g.done), 0) AS bigint) AS all_done, CAST(COALESCE(SUM(g.late), 0) AS bigint) AS all_late, \
         CAST(COALESCE(SUM(g.missed), 0) AS bigint) AS all_missed FROM g) \
         SELECT (SELECT grants_version FROM app_user WHERE id = ",
    );
    sql.bind(asker.user.0).push(
        ") AS grants_version, s.*, g.*, p.code, p.name AS place_name, n.id AS unit_id, n.name AS unit, u.name AS person FROM s \
         LEFT JOIN g ON true LEFT JOIN place p ON p.id = g.place_id LEFT JOIN unit n ON n.id = g.party_id \
         LEFT JOIN app_user u ON u.id = g.party_id ORDER BY p.code, g.party_id LIMIT ",
    );
    sql.bind(i64::try_from(MOST + 1).unwrap_or(i64::MAX));
    sql
}

/// The people (or units) who owe something in a county, each with the code of a place that they owe it for.
fn holders(sql: &mut Sql, owes: Owes, county: &PlaceCode, day: NaiveDate) {
    match owes {
        Owes::Role(role) => {
            let role: &str = role.into();
            sql.push("SELECT h.user_id AS person, CAST(NULL AS uuid) AS unit, h.code FROM grant_place h JOIN role_grant g ON g.id = h.grant_id ")
                .push("JOIN app_user u ON u.id = h.user_id WHERE u.erased_at IS NULL AND u.joined_into IS NULL AND g.role = ")
                .bind(role)
                .push(" AND ")
                .below("h.code", county);
        }
        Owes::Tie(kind) => {
            sql.push("SELECT h.user_id AS person, h.unit_id AS unit, q.code FROM tie h JOIN place q ON q.id = h.place_id WHERE h.kind = ")
                .bind(kind.name())
                .push(" AND h.since <= ")
                .bind(day)
                .push(" AND (h.until IS NULL OR h.until >= ")
                .bind(day)
                .push(") AND ")
                .below("q.code", county);
        }
        Owes::Unit(kind) => {
            sql.push("SELECT CAST(NULL AS uuid) AS person, h.id AS unit, q.code FROM unit h JOIN place q ON q.id = h.seat_id \
                 WHERE h.retired_at IS NULL AND h.kind = ")
                .bind(kind.name())
                .push(" AND ")
                .below("q.code", county);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Database;
    use crate::{Clock, MasterKey};
    use domain::place::Levels;

    #[tokio::test]
    async fn duties_of_a_key_are_found_by_it() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::sqlite_file(dir.path().join("huying.db"));
        let master = MasterKey::parse(&MasterKey::generate()).unwrap();
        let store = Store::open(&database, &master, &Clock::system()).await.unwrap();
        let county = PlaceCode::parse("532504", &Levels::default()).unwrap();
        let asker = Actor { user: UserId(Uuid::nil()), grants: vec![] };
        let span = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
        for sql in [planned_sql("532504", "x", span), coverage_sql(&county, "x", span, &asker)] {
            let plan = format!("EXPLAIN QUERY PLAN {}", sql.text);
            let rows = store.query_all(&plan, sql.values).await.unwrap();
            let steps: Vec<String> = rows.iter().map(|row| column(row, "plan", "detail").unwrap()).collect();
            let by_topic =
                "SEARCH m USING INDEX matter_topic (kind=? AND county=? AND topic=? AND sorted_at>?";
            assert!(steps.iter().any(|step| step.starts_with(by_topic)), "{steps:?}");
        }
        store.close().await.unwrap();
    }
}
