//! Who is away (请假), and who stands in: rows with a history. Whoever rings or tells people asks here who is rung instead of
//! whom, and whom else to tell, as of the moment at which it is written down.

mod list;

pub use list::AbsenceQuery;

use super::Store;
use super::change::{Answer, ChangeError, Delivered, Failed, Request};
use super::dialect::ids_param;
use super::error::StoreError;
use super::record::{AbsenceEvent, Stream};
use super::row::{Row, column};
use super::shift::what_remains;
use super::sql::Sql;
use super::user::UserRow;
use domain::absence::{Absence, AbsenceRefusal, Fact, StandIn, can_stand_in};
use domain::id::{AbsenceId, UserId};
use domain::person::{Person, Whereabouts, by_county};
use domain::refusal::Refusal;
use domain::text::Text;
use domain::time::Timestamp;
use sea_orm::{Statement, Value};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

const COLUMNS: &str = "a.id, a.user_id, a.starts_at, a.ends_at, a.stand_in, a.created_by, a.created_at, a.version, \
     nullif(x.body, '') AS reason";
/// All absences of whoever is `$1` or was joined to them, and those in which they stand in, oldest first.
pub(super) const THEIRS: &str = "SELECT a.id, a.user_id, a.starts_at, a.ends_at, a.stand_in, a.created_by, a.created_at, a.version, \
     CASE WHEN a.user_id IN (SELECT m.id FROM app_user m WHERE m.id = $1 OR m.joined_into = $1) THEN nullif(x.body, '') END AS reason \
     FROM absence a LEFT JOIN free_text x ON x.id = a.reason_id \
     WHERE a.user_id IN (SELECT m.id FROM app_user m WHERE m.id = $1 OR m.joined_into = $1) \
     OR a.stand_in IN (SELECT m.id FROM app_user m WHERE m.id = $1 OR m.joined_into = $1) ORDER BY a.starts_at, a.id";

impl Store {
    /// 请假. `render` makes the answer, which commits with the absence.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn create_absence(
        &self,
        request: &Request<'_>,
        absence: &Absence,
        reason: Option<&Text>,
        render: impl Fn(&Absence) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let attempt = || async {
            let Request { actor, grants_version, now, if_match: _, key: _ } = *request;
            self.current_grants(actor, grants_version).await?;
            // Before all that is decided on: what changes meanwhile changes its versions.
            let row = self.user(absence.person).await?;
            let person = self.person(absence.person, actor, grants_version).await?;
            let away = self.away_meanwhile(absence).await?;
            let stand_in = match absence.stand_in {
                Some(stand_in) => self.user(stand_in).await?,
                None => None,
            };
            let stand_in = stand_in.as_ref().map(|UserRow { actor, units, .. }| StandIn {
                actor,
                units,
                away: away.contains(&actor.user),
            });
            let posts = person.as_ref().map(|person| &person.place);
            absence.check(actor, posts, stand_in, now).map_err(Refusal::from)?;
            let (Some(row), Some(posts)) = (row, posts) else {
                return Err(Refusal::from(AbsenceRefusal::PersonCannot).into());
            };
            if away.contains(&absence.person) {
                return Err(Refusal::from(AbsenceRefusal::Overlaps).into());
            }
            let scope_codes = self.scope_codes(posts);
            let absence = Absence { version: count(&scope_codes), ..absence.clone() };
            let answer = render(&absence);
            let fact = Fact::AbsenceEntered {
                person: absence.person,
                starts_at: absence.starts_at,
                ends_at: absence.ends_at,
                stand_in: absence.stand_in,
                reason: reason.map(|reason| reason.reference),
            };
            let event = AbsenceEvent { fact, scope_codes: &scope_codes, reason };
            let rows = self.insert_absence(&absence, reason, &scope_codes);
            let stream = stream(request, absence.id, 0);
            self.record_absence(&stream, self.duty_guard(&row), rows, &event, Some(&answer)).await?;
            Ok(answer)
        };
        self.until_changed(request.key.as_ref(), attempt).await
    }

    /// 销假. `render` makes the answer of the absence as it is then, which commits with it.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn end_absence(
        &self,
        request: &Request<'_>,
        id: AbsenceId,
        render: impl Fn(&Absence) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let attempt = || async {
            let Request { actor, grants_version, now, if_match, key: _ } = *request;
            self.current_grants(actor, grants_version).await?;
            let not_found = || Refusal::from(AbsenceRefusal::NotFound);
            let sql = format!(
                "SELECT {COLUMNS} FROM absence a LEFT JOIN free_text x ON x.id = a.reason_id WHERE a.id = $1"
            );
            let row = self.query_one(&sql, vec![id.0.into()]).await?.ok_or_else(not_found)?;
            let before = stored_absence(&row)?;
            let person = self.person(before.person, actor, grants_version).await?;
            let posts = person.as_ref().map(|person| &person.place);
            let ended = before.ended(actor, posts, now);
            let seen = ended != Err(AbsenceRefusal::NotFound);
            if seen && if_match.is_some_and(|expected| expected != before.version) {
                return Err(Failed::Error(ChangeError::OtherVersion));
            }
            let ended = ended.map_err(Refusal::from)?;
            let scope_codes = self.scope_codes(posts.ok_or_else(not_found)?);
            let after = Absence { version: before.version + count(&scope_codes), ..ended };
            let answer = render(&after);
            let fact = Fact::AbsenceEnded { person: after.person, ends_at: after.ends_at };
            let event = AbsenceEvent { fact, scope_codes: &scope_codes, reason: None };
            let sql = "UPDATE absence SET ends_at = $3, version = $4 WHERE id = $1 AND version = $2";
            let values: Vec<Value> =
                vec![id.0.into(), before.version.into(), after.ends_at.into(), after.version.into()];
            let (stream, guard) = (stream(request, id, before.version), self.statement(sql, values));
            self.record_absence(&stream, guard, vec![], &event, Some(&answer)).await?;
            Ok(answer)
        };
        self.until_changed(request.key.as_ref(), attempt).await
    }

    /// What must touch a row before a shift or an absence of somebody is entered: that whether it overlaps, and whether they
    /// may, was decided on what still is. Two at the same moment are two versions, of which one is decided on anew; the
    /// databases by themselves would let both through, each not seeing the other.
    pub(super) fn duty_guard(&self, person: &UserRow) -> Statement {
        let sql = "UPDATE app_user SET duty_version = duty_version + 1 WHERE id = $1 AND duty_version = $2 \
             AND grants_version = $3 AND erased_at IS NULL AND joined_into IS NULL";
        let UserRow { actor, grants_version, duty_version, .. } = person;
        self.statement(sql, vec![actor.user.0.into(), (*duty_version).into(), (*grants_version).into()])
    }

    fn insert_absence(
        &self,
        absence: &Absence,
        reason: Option<&Text>,
        scope_codes: &[String],
    ) -> Vec<Statement> {
        let Absence { id, person, starts_at, ends_at, stand_in, created_by, created_at, version, .. } =
            absence;
        let sql = "INSERT INTO absence (id, user_id, starts_at, ends_at, stand_in, reason_id, created_by, created_at, version) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let values = vec![
            id.0.into(),
            person.0.into(),
            (*starts_at).into(),
            (*ends_at).into(),
            stand_in.map(|stand_in| stand_in.0).into(),
            reason.map(|reason| reason.reference.id.0).into(),
            created_by.0.into(),
            (*created_at).into(),
            (*version).into(),
        ];
        let mut rows = vec![self.statement(sql, values)];
        let counties = scope_codes.iter().filter_map(|code| code.get(..6)?.parse::<i32>().ok());
        let sql = "INSERT INTO absence_county (county, starts_at, absence_id) VALUES ($1, $2, $3)";
        rows.extend(
            counties.map(|county| self.statement(sql, vec![county.into(), (*starts_at).into(), id.0.into()])),
        );
        rows
    }

    /// Of the person and the stand-in of an absence those who are away at some of that time.
    async fn away_meanwhile(&self, absence: &Absence) -> Result<HashSet<UserId>, StoreError> {
        let mut sql = Sql::new("SELECT DISTINCT o.user_id FROM absence o WHERE o.user_id IN ");
        sql.bind_all([absence.person].into_iter().chain(absence.stand_in).map(|person| person.0));
        sql.push(" AND o.starts_at < ").bind(absence.ends_at);
        sql.push(" AND o.ends_at > ").bind(absence.starts_at);
        // One that was ended before it began never was.
        sql.push(" AND o.ends_at > o.starts_at");
        let rows = self.query_all(&sql.text, sql.values).await?;
        rows.iter().map(|row| Ok(UserId(column(row, "absence", "user_id")?))).collect()
    }

    /// Where the posts of a person count, a place for each county; nowhere is one place too, for there is always an event.
    fn scope_codes(&self, posts: &Whereabouts) -> Vec<String> {
        let places: Vec<_> = posts.grants.iter().flat_map(|held| held.placed.places()).copied().collect();
        let counties = by_county(&places, |county| self.levels(county));
        let codes: Vec<_> = counties.into_iter().map(|(common, _)| common.to_string()).collect();
        if codes.is_empty() { vec![String::new()] } else { codes }
    }

    /// Whoever stands in now for those of these people who are away, in one query.
    pub(super) async fn stand_ins(
        &self,
        people: HashSet<UserId>,
        now: Timestamp,
    ) -> Result<HashMap<UserId, Vec<UserId>>, StoreError> {
        let mut stand_ins: HashMap<UserId, Vec<UserId>> = HashMap::new();
        if people.is_empty() {
            return Ok(stand_ins);
        }
        let people: Vec<_> = people.iter().map(ToString::to_string).collect();
        let people = serde_json::Value::from(people).to_string();
        let mut sql = Sql::new("SELECT DISTINCT u.id, a.stand_in FROM app_user u");
        sql.values.push(people.into());
        // A roster entry that turned out to be somebody is away when they are.
        away(&mut sql, "JOIN", "COALESCE(u.joined_into, u.id)", now);
        sql.push(" WHERE a.stand_in IS NOT NULL AND w.id IS NULL AND u.id IN ");
        sql.push(&ids_param(self.backend(), 1));
        for row in self.query_all(&sql.text, sql.values).await? {
            let person = UserId(column(&row, "app_user", "id")?);
            stand_ins.entry(person).or_default().push(UserId(column(&row, "absence", "stand_in")?));
        }
        Ok(stand_ins)
    }

    /// What takes stand-ins out of absences where they can no longer stand in, once a person holds other posts: whoever then
    /// cannot act is not rung, and the level above is.
    pub(super) async fn end_stand_ins(
        &self,
        person: &Person,
        now: Timestamp,
    ) -> Result<Vec<Statement>, StoreError> {
        let sql = "SELECT a.id, a.user_id, a.stand_in FROM absence a \
             WHERE (a.stand_in = $1 OR (a.user_id = $1 AND a.stand_in IS NOT NULL)) AND a.ends_at > $2";
        let mut ends = Vec::new();
        for row in self.query_all(sql, vec![person.id.0.into(), now.into()]).await? {
            let away = UserId(column(&row, "absence", "user_id")?);
            let stand_in = UserId(column(&row, "absence", "stand_in")?);
            let can = if away == person.id {
                let known = self.user(stand_in).await?;
                known.is_some_and(|one| can_stand_in(&one.actor, &one.units, away, &person.place.grants))
            } else {
                let (actor, units) = what_remains(person);
                can_stand_in(&actor, &units, away, &self.held_by(away).await?.1)
            };
            if !can {
                let sql = "UPDATE absence SET stand_in = NULL WHERE id = $1 AND stand_in = $2";
                let id: Uuid = column(&row, "absence", "id")?;
                ends.push(self.statement(sql, vec![id.into(), stand_in.0.into()]));
            }
        }
        Ok(ends)
    }

    /// What gives somebody the absences of the roster entry that they turned out to be. Theirs may overlap then; nobody stands
    /// in for themselves.
    pub(super) fn move_absences(&self, roster: Uuid, user: Uuid) -> [Statement; 3] {
        [
            "UPDATE absence SET stand_in = NULL WHERE (user_id = $1 AND stand_in = $2) OR (user_id = $2 AND stand_in = $1)",
            "UPDATE absence SET user_id = $2 WHERE user_id = $1",
            "UPDATE absence SET stand_in = $2 WHERE stand_in = $1",
        ]
        .map(|sql| self.statement(sql, vec![roster.into(), user.into()]))
    }

    /// What takes away when somebody was away, why, and for whom they stood in.
    pub(super) fn erased_absences(&self, person: Uuid) -> [Statement; 4] {
        [
            "UPDATE free_text SET body = '' WHERE body <> '' AND id IN \
             (SELECT a.reason_id FROM absence a WHERE a.user_id = $1 AND a.reason_id IS NOT NULL)",
            "DELETE FROM absence_county WHERE absence_id IN (SELECT a.id FROM absence a WHERE a.user_id = $1)",
            "DELETE FROM absence WHERE user_id = $1",
            "UPDATE absence SET stand_in = NULL WHERE stand_in = $1",
        ]
        .map(|sql| self.statement(sql, vec![person.into()]))
    }
}

/// Appends the absences `a` of somebody that are now, and, as `w`, whether whoever stands in is away too.
pub(super) fn away(sql: &mut Sql, join: &str, person: &str, now: Timestamp) {
    sql.push(&format!(" {join} absence a ON a.user_id = {person} AND a.starts_at <= ")).bind(now);
    sql.push(" AND a.ends_at > ").bind(now);
    sql.push(" LEFT JOIN absence w ON w.user_id = a.stand_in AND w.starts_at <= ").bind(now);
    sql.push(" AND w.ends_at > ").bind(now);
}

pub(super) fn stored_absence(row: &Row) -> Result<Absence, StoreError> {
    Ok(Absence {
        id: AbsenceId(column(row, "absence", "id")?),
        person: UserId(column(row, "absence", "user_id")?),
        starts_at: column(row, "absence", "starts_at")?,
        ends_at: column(row, "absence", "ends_at")?,
        stand_in: column::<Option<_>>(row, "absence", "stand_in")?.map(UserId),
        reason: column(row, "free_text", "reason")?,
        created_by: UserId(column(row, "absence", "created_by")?),
        created_at: column(row, "absence", "created_at")?,
        version: column(row, "absence", "version")?,
    })
}

fn stream(request: &Request<'_>, id: AbsenceId, version: i32) -> Stream {
    let Request { actor, grants_version: _, now, if_match: _, key } = *request;
    Stream { aggregate: "absence", id: id.0, version, by: Some(actor.user), now, key }
}

fn count(scope_codes: &[String]) -> i32 {
    i32::try_from(scope_codes.len()).unwrap_or(i32::MAX)
}
