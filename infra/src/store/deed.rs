//! Deeds (纪实): rows with a history. A leader's visit belongs to the tie by which they are linked.

use super::Store;
use super::change::{Answer, ChangeError, Delivered, Failed, Request};
use super::error::StoreError;
use super::page::{Page, SCAN, is_current, walk};
use super::record::{DeedEvent, Stream};
use super::row::{Row, column, word};
use super::sql::Sql;
use chrono::NaiveDate;
use domain::actor::Actor;
use domain::deed::{Deed, DeedKind, DeedRefusal, Fact, check, check_retract};
use domain::id::{DeedId, PlaceId, TextId, TieId, UnitId, UserId};
use domain::place::{PlaceCode, PlaceRef};
use domain::refusal::Refusal;
use domain::text::{Text, TextRef};
use domain::tie::{Holder, TieRefusal};
use domain::time::china_day;
use domain::view::{DeedView, VisitsView};
use sea_orm::Statement;
use uuid::Uuid;

/// The most leaders of one list of visits.
const MOST: usize = 1_000;
/// The columns of `deed d`, with what both sides are called.
const COLUMNS: &str = "d.id, d.kind, d.user_id, d.unit_id, d.place_id, d.tie_id, d.on_day, d.text_id, d.served, d.version, d.created_at, \
     d.retracted_at, p.code AS place_code, p.name AS place_name, n.name AS unit_name, u.name AS person_name, u.phone AS person_phone, \
     nullif(x.body, '') AS body";
const SIDES: &str = "JOIN place p ON p.id = d.place_id LEFT JOIN unit n ON n.id = d.unit_id LEFT JOIN app_user u ON u.id = d.user_id \
     LEFT JOIN free_text x ON x.id = d.text_id";
/// The tie by which a person (`$1`) is linked on a day (`$2`) to a place or to one that it lies in (`$3` its code).
const LINKED: &str = "SELECT t.id FROM tie t JOIN place p ON p.id = t.place_id WHERE t.user_id = $1 AND t.kind = 'linked' AND t.since <= $2 \
     AND (t.until IS NULL OR t.until >= $2) AND p.code = substr($3, 1, length(p.code)) ORDER BY length(p.code) DESC, t.id LIMIT 1";

/// What a list of deeds looks through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeedLens {
    /// Of a county.
    County,
    /// Of a unit.
    Unit(UnitId),
    /// Of a person.
    Person(UserId),
}

/// Which deeds, and how many of them: the latest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeedQuery {
    /// Through which lens.
    pub lens: DeedLens,
    /// For these places of one county and those below them.
    pub places: Vec<PlaceCode>,
    /// What was done.
    pub kind: Option<DeedKind>,
    /// From this day on.
    pub from: Option<NaiveDate>,
    /// Up to this day.
    pub to: Option<NaiveDate>,
    /// 1 to 100.
    pub limit: u16,
    /// The last of the page before.
    pub after: Option<(NaiveDate, DeedId)>,
}

/// A deed that is to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDeed {
    /// It, without its tie.
    pub deed: Deed,
    /// The place.
    pub at: PlaceRef,
    /// What was done.
    pub account: Text,
}

impl Store {
    /// 纪实. `render` makes the answer, which commits with the deed.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn record_deed(
        &self,
        request: &Request<'_>,
        new: &NewDeed,
        render: impl Fn(&Deed) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let attempt = async {
            self.current_grants(request.actor, request.grants_version).await?;
            let mut deed = new.deed.clone();
            self.doer_is_there(&deed, &new.at.code, request.actor.user).await?;
            deed.tie = self.linked_by(&deed, &new.at.code).await?;
            let today = china_day(request.now);
            check(&deed, request.actor, &new.at.code, deed.tie.is_some(), today).map_err(Refusal::from)?;
            let answer = render(&deed);
            let Deed { kind, by, place, on, account, .. } = deed;
            let fact = Fact::DeedRecorded { what: kind, by, place, on, account };
            let event = DeedEvent { fact, scope_code: new.at.code.as_str(), text: &new.account };
            let guard = self.insert_deed(&deed, &new.at.code);
            self.record_deed_event(&stream(request, deed.id, 0), guard, &event, Some(&answer)).await?;
            Ok(answer)
        };
        let result = attempt.await;
        self.or_kept(request.key.as_ref(), result).await
    }

    async fn doer_is_there(&self, deed: &Deed, at: &PlaceCode, asker: UserId) -> Result<(), Failed> {
        let unit = match deed.by {
            Holder::Person(person) => return self.knows(person, at, asker).await,
            Holder::Unit(unit) => unit,
        };
        let county = self.unit_county(unit).await?.ok_or_else(|| Refusal::from(TieRefusal::UnitUnknown))?;
        if county.county() == at.county() {
            Ok(())
        } else {
            Err(Refusal::from(TieRefusal::OtherCounty).into())
        }
    }

    async fn linked_by(&self, deed: &Deed, at: &PlaceCode) -> Result<Option<TieId>, StoreError> {
        let (DeedKind::Visit, Holder::Person(person)) = (deed.kind, deed.by) else { return Ok(None) };
        let row = self.query_one(LINKED, vec![person.0.into(), deed.on.into(), at.as_str().into()]).await?;
        row.map(|row| column(&row, "tie", "id").map(TieId)).transpose()
    }

    fn insert_deed(&self, deed: &Deed, at: &PlaceCode) -> Statement {
        let (person, unit) = match deed.by {
            Holder::Person(person) => (Some(person.0), None),
            Holder::Unit(unit) => (None, Some(unit.0)),
        };
        let sql = "INSERT INTO deed (id, county, kind, user_id, unit_id, place_id, tie_id, on_day, text_id, served, version, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11)";
        let values = vec![
            deed.id.0.into(),
            at.county().into(),
            deed.kind.name().into(),
            person.into(),
            unit.into(),
            deed.place.0.into(),
            deed.tie.map(|tie| tie.0).into(),
            deed.on.into(),
            deed.account.id.0.into(),
            deed.served.and_then(|served| i32::try_from(served).ok()).into(),
            deed.created_at.into(),
        ];
        self.statement(sql, values)
    }

    /// 撤回: a deed that the asker sees does not count any more. `render` makes the answer, which commits with it.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn retract_deed(
        &self,
        request: &Request<'_>,
        id: DeedId,
        reason: &Text,
        sees: impl Fn(&DeedView) -> bool,
        render: impl Fn(&DeedView) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let attempt = || async {
            self.current_grants(request.actor, request.grants_version).await?;
            let sql = format!("SELECT {COLUMNS} FROM deed d {SIDES} WHERE d.id = $1");
            let row = self.query_one(&sql, vec![id.0.into()]).await?;
            let view = row.map(|row| self.stored_deed(&row)).transpose()?.filter(|view| sees(view));
            let mut view = view.ok_or_else(|| Refusal::from(DeedRefusal::NotFound))?;
            let before = view.deed.version;
            if request.if_match.is_some_and(|expected| expected != before) {
                return Err(Failed::Error(ChangeError::OtherVersion));
            }
            check_retract(&view.deed, request.actor, &view.at.code).map_err(Refusal::from)?;
            view.deed.retracted_at = Some(request.now);
            view.deed.version += 1;
            let answer = render(&view);
            let sql =
                "UPDATE deed SET retracted_at = $3, version = version + 1 WHERE id = $1 AND version = $2";
            let guard = self.statement(sql, vec![id.0.into(), before.into(), request.now.into()]);
            let fact = Fact::DeedRetracted { reason: reason.reference };
            let event = DeedEvent { fact, scope_code: view.at.code.as_str(), text: reason };
            self.record_deed_event(&stream(request, id, before), guard, &event, Some(&answer)).await?;
            Ok(answer)
        };
        self.until_changed(request.key.as_ref(), attempt).await
    }

    /// A page of deeds that count, in one query.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn deeds(
        &self,
        query: &DeedQuery,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<Page<DeedView, (NaiveDate, DeedId)>, StoreError> {
        let sql = page_sql(query, asker);
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let end = |row: &Row| {
            let id = column::<Option<Uuid>>(row, "deed", "id")?.map(DeedId);
            id.map(|id| Ok((column(row, "deed", "on_day")?, id))).transpose()
        };
        walk(&rows, (query.limit, SCAN), |row| self.stored_deed(row), end)
    }

    /// The leaders linked to a place and to those below it, with how often each came between two days; at most 1,000, and
    /// whether there are more.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn visits(
        &self,
        place: &PlaceCode,
        (from, to): (NaiveDate, NaiveDate),
        asker: &Actor,
        grants_version: i32,
    ) -> Result<(Vec<VisitsView>, bool), StoreError> {
        let mut sql = Sql::new(
            "SELECT v.grants_version, t.* FROM (SELECT (SELECT grants_version FROM app_user WHERE id = ",
        );
        sql.bind(asker.user.0).push(") AS grants_version) v LEFT JOIN (SELECT ");
        sql.push(&format!("{}, ", super::tie::COLUMNS));
        sql.push(
            "(SELECT COUNT(*) FROM deed d WHERE d.tie_id = t.id AND d.retracted_at IS NULL AND d.on_day >= ",
        );
        sql.bind(from)
            .push(" AND d.on_day <= ")
            .bind(to)
            .push(") AS visits FROM (SELECT q.code AS by_code, t.* FROM place q ");
        sql.push("JOIN tie t ON t.place_id = q.id WHERE t.kind = 'linked' AND ").below("q.code", place);
        sql.push(" AND t.since <= ").bind(to).push(" AND (t.until IS NULL OR t.until >= ").bind(from);
        sql.push(&format!(
            ") ORDER BY q.code, t.id LIMIT {}) t {}) t ON true ORDER BY t.place_code, t.id",
            MOST + 1,
            super::tie::SIDES
        ));
        let rows = self.query_all(&sql.text, sql.values).await?;
        is_current(&rows, grants_version)?;
        let there = |row: &&Row| column::<Option<Uuid>>(row, "tie", "id").is_ok_and(|id| id.is_some());
        let views =
            rows.iter().filter(there).take(MOST).map(|row| {
                Ok(VisitsView { tie: self.stored_tie(row)?, visits: column(row, "deed", "visits")? })
            });
        Ok((views.collect::<Result<_, StoreError>>()?, rows.len() > MOST))
    }

    /// Whether somebody wrote down a deed (纪实) of their own that counts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn did(&self, deed: DeedId, person: UserId) -> Result<bool, StoreError> {
        let sql =
            "SELECT 1 AS there FROM deed d WHERE d.id = $1 AND d.user_id = $2 AND d.retracted_at IS NULL";
        Ok(self.query_one(sql, vec![deed.0.into(), person.0.into()]).await?.is_some())
    }

    fn stored_deed(&self, row: &Row) -> Result<DeedView, StoreError> {
        let id = DeedId(column(row, "deed", "id")?);
        let of = |name| column::<Option<Uuid>>(row, "deed", name);
        let by = match (of("user_id")?, of("unit_id")?) {
            (Some(person), None) => Holder::Person(UserId(person)),
            (None, Some(unit)) => Holder::Unit(UnitId(unit)),
            _ => return Err(StoreError::corrupt("deed", "user_id", id, "neither a person nor a unit")),
        };
        let doer = match by {
            Holder::Person(person) => self.named_person(row, person)?.0,
            Holder::Unit(_) => column(row, "unit", "unit_name")?,
        };
        let code: String = column(row, "place", "place_code")?;
        let place = PlaceId(column(row, "deed", "place_id")?);
        let served: Option<i32> = column(row, "deed", "served")?;
        let account: Option<String> = column(row, "free_text", "body")?;
        Ok(DeedView {
            deed: Deed {
                id,
                kind: word(row, "deed", "kind")?,
                by,
                place,
                on: column(row, "deed", "on_day")?,
                tie: of("tie_id")?.map(TieId),
                account: TextRef {
                    id: TextId(column(row, "deed", "text_id")?),
                    hash: self.text_hash(account.as_deref().unwrap_or_default()),
                },
                served: served.and_then(|served| u32::try_from(served).ok()),
                version: column(row, "deed", "version")?,
                created_at: column(row, "deed", "created_at")?,
                retracted_at: column(row, "deed", "retracted_at")?,
            },
            doer,
            at: PlaceRef { id: place, code: self.stored_code(&code)? },
            place_name: column(row, "place", "place_name")?,
            account,
        })
    }
}

fn stream(request: &Request<'_>, id: DeedId, version: i32) -> Stream {
    let Request { actor, grants_version: _, now, if_match: _, key } = *request;
    Stream { aggregate: "deed", id: id.0, version, by: Some(actor.user), now, key }
}

/// The asker's version of grants beside one more deed than the page holds.
fn page_sql(query: &DeedQuery, asker: &Actor) -> Sql {
    let DeedQuery { lens, places, kind, from, to, limit, after } = query;
    let mut sql = Sql::new(
        "SELECT v.grants_version, d.* FROM (SELECT (SELECT grants_version FROM app_user WHERE id = ",
    );
    sql.bind(asker.user.0);
    sql.push(&format!(
        ") AS grants_version) v LEFT JOIN (SELECT {COLUMNS}, d.hit, d.n FROM (SELECT d.*, \
         row_number() OVER (ORDER BY d.on_day DESC, d.id DESC) AS n FROM (SELECT d.*, (d.retracted_at IS NULL"
    ));
    if let Some(kind) = kind {
        sql.push(" AND d.kind = ").bind(kind.name());
    }
    sql.push(" AND EXISTS (SELECT 1 FROM place q WHERE q.id = d.place_id AND ").below_any("q.code", places);
    sql.push(")) AS hit FROM deed d WHERE ");
    match lens {
        DeedLens::County => {
            let county = places.first().map_or("", |place| place.county());
            sql.push("d.county = ").bind(county)
        }
        DeedLens::Unit(unit) => sql.push("d.unit_id = ").bind(unit.0),
        DeedLens::Person(person) => sql.push("d.user_id = ").bind(person.0),
    };
    for (day, than) in [(from, " AND d.on_day >= "), (to, " AND d.on_day <= ")] {
        if let Some(day) = day {
            sql.push(than).bind(*day);
        }
    }
    if let Some((day, id)) = after {
        sql.push(" AND (d.on_day, d.id) < (").bind(*day).push(", ").bind(id.0).push(")");
    }
    sql.push(&format!(
        " ORDER BY d.on_day DESC, d.id DESC LIMIT {SCAN}) d) d {SIDES} WHERE d.hit OR d.n = {SCAN} \
         ORDER BY d.on_day DESC, d.id DESC LIMIT "
    ));
    sql.bind(i64::from(*limit) + 1).push(") d ON true ORDER BY d.on_day DESC, d.id DESC");
    sql
}
