//! Ties are made and ended.

use super::super::Store;
use super::super::change::{Answer, ChangeError, Delivered, Failed, Request};
use super::super::dialect::is_duplicate_of;
use super::super::error::StoreError;
use super::super::person::known_in;
use super::super::record::{Stream, TieEvent};
use super::super::row::{Row, column};
use super::super::sql::Sql;
use super::{COLUMNS, SIDES};
use chrono::NaiveDate;
use domain::id::{TieId, UnitId, UserId};
use domain::place::PlaceCode;
use domain::refusal::Refusal;
use domain::tie::{Fact, Holder, Setting, Target, Tie, TieKind, TieRefusal, check, check_end};
use domain::time::china_day;
use domain::view::TieView;
use sea_orm::Value;
use uuid::Uuid;

/// A tie that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTie {
    /// It.
    pub tie: Tie,
    /// The code of the place that it ties to.
    pub place: Option<PlaceCode>,
}

/// On which day a tie is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TieEnd {
    /// Its last day; today unless said.
    pub on: Option<NaiveDate>,
}

/// What is known of both sides.
struct Facts {
    at: PlaceCode,
    holder_county: Option<PlaceCode>,
    others: i64,
    circle: bool,
}

/// Who is tied (`$1` a person, `$2` a unit) to what (`$3` a unit) and how often so already (`$4` the kind, `$5` today).
const FACTS: &str = "WITH RECURSIVE up(id) AS (SELECT CAST($3 AS uuid) UNION SELECT t.of_unit_id FROM tie t JOIN up ON t.unit_id = up.id \
     WHERE t.kind = 'under' AND t.until IS NULL) \
     SELECT EXISTS (SELECT 1 FROM app_user u WHERE u.id = $1 AND u.erased_at IS NULL AND u.joined_into IS NULL) AS person, \
     (SELECT n.county FROM unit n WHERE n.id = $2 AND n.retired_at IS NULL) AS holder_county, \
     (SELECT COALESCE(s.code, o.county) FROM unit o LEFT JOIN place s ON s.id = o.seat_id WHERE o.id = $3 AND o.retired_at IS NULL) AS of_code, \
     (SELECT COUNT(*) FROM tie t WHERE t.kind = $4 AND (t.user_id = $1 OR t.unit_id = $2) AND (t.until IS NULL OR t.until >= $5)) AS others, \
     EXISTS (SELECT 1 FROM up WHERE up.id = $2) AS circle";

impl Store {
    /// Ties. `render` makes the answer, which commits with the tie.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn create_tie(
        &self,
        request: &Request<'_>,
        new: &NewTie,
        render: impl Fn(&Tie) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let tie = &new.tie;
        let attempt = async {
            self.current_grants(request.actor, request.grants_version).await?;
            let today = china_day(request.now);
            let Facts { at, holder_county, others, circle } =
                self.facts(new, today, request.actor.user).await?;
            let playbook = self.playbook(at.county())?;
            let setting = Setting {
                playbook: &playbook,
                actor: request.actor,
                today,
                at,
                holder_county,
                others,
                circle: circle && tie.kind == TieKind::Under,
            };
            check(tie, &setting).map_err(Refusal::from)?;
            let answer = render(tie);
            let event = TieEvent { fact: Fact::tied(tie), scope_code: at.as_str() };
            let guard = self.insert_tie(tie);
            self.record_tie(&stream(request, tie.id, 0), guard, &event, Some(&answer))
                .await
                .map_err(twice)?;
            Ok(answer)
        };
        let result = attempt.await;
        self.or_kept(request.key.as_ref(), result).await
    }

    /// Whether somebody is known where they are to be tied, or told of: they themselves are everywhere.
    ///
    /// # Errors
    /// [`TieRefusal::PersonUnknown`].
    pub(in crate::store) async fn knows(
        &self,
        person: UserId,
        at: &PlaceCode,
        asker: UserId,
    ) -> Result<(), Failed> {
        let mut sql = Sql::new(
            "SELECT 1 FROM app_user u WHERE u.erased_at IS NULL AND u.joined_into IS NULL AND u.id = ",
        );
        sql.bind(person.0).push(" AND ");
        known_in(&mut sql, at);
        if person == asker || self.query_one(&sql.text, sql.values).await?.is_some() {
            return Ok(());
        }
        Err(Refusal::from(TieRefusal::PersonUnknown).into())
    }

    /// Whether somebody is known at a place, or is the asker.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_known(&self, person: UserId, at: &PlaceCode, asker: UserId) -> Result<bool, ChangeError> {
        match self.knows(person, at, asker).await {
            Ok(()) => Ok(true),
            Err(Failed::Error(ChangeError::Refused(_))) => Ok(false),
            Err(Failed::Error(error)) => Err(error),
            Err(Failed::Conflict | Failed::KeyTaken) => Err(ChangeError::Contended),
        }
    }

    async fn facts(&self, new: &NewTie, today: NaiveDate, asker: UserId) -> Result<Facts, Failed> {
        let Tie { kind, holder, target, .. } = &new.tie;
        let (person, unit) = match holder {
            Holder::Person(person) => (Some(person.0), None),
            Holder::Unit(unit) => (None, Some(unit.0)),
        };
        let of = match target {
            Target::Unit(of) => Some(of.0),
            Target::Place(_) => None,
        };
        let values = vec![person.into(), unit.into(), of.into(), kind.name().into(), today.into()];
        // SQLite keeps ids as they are, and knows no such type.
        let sql = match self.database() {
            "sqlite" => FACTS.replace("CAST($3 AS uuid)", "$3"),
            _ => FACTS.to_owned(),
        };
        let row = self.query_one(&sql, values).await?;
        let row = row.ok_or_else(|| StoreError::corrupt("tie", "id", new.tie.id, "no facts"))?;
        if person.is_some() && !column::<bool>(&row, "app_user", "person")? {
            return Err(Refusal::from(TieRefusal::PersonUnknown).into());
        }
        let of_code = self.optional_code(&row, "unit", "of_code")?;
        let at = new.place.or(of_code).ok_or_else(|| Refusal::from(TieRefusal::OfUnknown))?;
        if let Holder::Person(person) = holder {
            self.knows(*person, &at, asker).await?;
        }
        let holder_county = self.optional_code(&row, "unit", "holder_county")?;
        if unit.is_some() && holder_county.is_none() {
            return Err(Refusal::from(TieRefusal::UnitUnknown).into());
        }
        Ok(Facts {
            at,
            holder_county,
            others: column(&row, "tie", "others")?,
            circle: column(&row, "tie", "circle")?,
        })
    }

    pub(in crate::store) fn insert_tie(&self, tie: &Tie) -> sea_orm::Statement {
        let sql = "INSERT INTO tie (id, kind, user_id, unit_id, place_id, of_unit_id, line, post, since, until, version) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1)";
        self.statement(sql, tie_values(tie).into())
    }

    /// Ends a tie that the asker sees. `render` makes the answer, which commits with its end.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn end_tie(
        &self,
        request: &Request<'_>,
        id: TieId,
        end: TieEnd,
        sees: impl Fn(&TieView) -> bool,
        render: impl Fn(&TieView) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let attempt = || async {
            self.current_grants(request.actor, request.grants_version).await?;
            let sql = format!("SELECT {COLUMNS} FROM tie t {SIDES} WHERE t.id = $1");
            let row: Option<Row> = self.query_one(&sql, vec![id.0.into()]).await?;
            let view = row.map(|row| self.stored_tie(&row)).transpose()?.filter(|view| sees(view));
            let mut view = view.ok_or_else(|| Refusal::from(TieRefusal::NotFound))?;
            let before = view.tie.version;
            if request.if_match.is_some_and(|expected| expected != before) {
                return Err(Failed::Error(ChangeError::OtherVersion));
            }
            let on = end.on.unwrap_or_else(|| china_day(request.now));
            check_end(&view.tie, &view.at, request.actor, on).map_err(Refusal::from)?;
            view.tie.until = Some(on);
            view.tie.version += 1;
            let answer = render(&view);
            let sql = "UPDATE tie SET until = $3, version = version + 1 WHERE id = $1 AND version = $2";
            let guard = self.statement(sql, vec![id.0.into(), before.into(), on.into()]);
            let event = TieEvent { fact: Fact::Untied { until: on }, scope_code: view.at.as_str() };
            self.record_tie(&stream(request, id, before), guard, &event, Some(&answer)).await?;
            Ok(answer)
        };
        self.until_changed(request.key.as_ref(), attempt).await
    }
}

/// The values of a tie's row, in the order of its columns, but for the version.
pub(in crate::store) fn tie_values(tie: &Tie) -> [Value; 10] {
    let Tie { id, kind, holder, target, line, post, since, until, version: _ } = tie;
    let (person, unit) = match *holder {
        Holder::Person(UserId(person)) => (Some(person), None),
        Holder::Unit(UnitId(unit)) => (None, Some(unit)),
    };
    let (place, of): (Option<Uuid>, Option<Uuid>) = match *target {
        Target::Place(place) => (Some(place.0), None),
        Target::Unit(of) => (None, Some(of.0)),
    };
    [
        id.0.into(),
        kind.name().into(),
        person.into(),
        unit.into(),
        place.into(),
        of.into(),
        line.clone().into(),
        post.clone().into(),
        (*since).into(),
        (*until).into(),
    ]
}

fn stream(request: &Request<'_>, id: TieId, version: i32) -> Stream {
    let Request { actor, grants_version: _, now, if_match: _, key } = *request;
    Stream { aggregate: "tie", id: id.0, version, by: Some(actor.user), now, key }
}

/// What the indexes allow once only.
fn twice(failed: Failed) -> Failed {
    let refused = |refusal: TieRefusal| Refusal::from(refusal).into();
    match failed {
        Failed::Error(ChangeError::Store(error)) if is_duplicate_of(&error, "tie_once") => {
            refused(TieRefusal::Exists)
        }
        Failed::Error(ChangeError::Store(StoreError::Duplicate(name))) if name.contains("tie") => {
            let under = name.contains("tie_under") || name.ends_with("tie.unit_id");
            refused(if under { TieRefusal::OneAbove } else { TieRefusal::LineTaken })
        }
        failed => failed,
    }
}
