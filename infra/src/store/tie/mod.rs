//! Ties (关系): rows with a history, between people or units and places or units.

mod chain;
mod change;
mod list;
mod member;

pub use chain::Chain;
pub(super) use change::tie_values;
pub use change::{NewTie, TieEnd};
pub use list::{TieLens, TieQuery};

use super::Store;
use super::error::StoreError;
use super::phone::PHONE;
use super::row::{Row, column, optional_word, word};
use super::user::NAME;
use domain::id::{PlaceId, TieId, UnitId, UserId};
use domain::phone::Phone;
use domain::tie::{Holder, Target, Tie};
use domain::time::{Timestamp, china_day};
use domain::view::TieView;
use sea_orm::Statement;
use uuid::Uuid;

/// The columns of `tie t`, with what both sides are called.
pub(super) const COLUMNS: &str = "t.id, t.kind, t.user_id, t.unit_id, t.place_id, t.of_unit_id, t.line, t.post, t.since, t.until, t.version, \
     p.code AS place_code, p.name AS place_name, n.name AS unit_name, n.kind AS unit_kind, o.name AS of_name, \
     COALESCE(p.code, s.code, o.county) AS at_code, u.name AS person_name, u.phone AS person_phone";
/// Both sides of `tie t`.
pub(super) const SIDES: &str = "LEFT JOIN place p ON p.id = t.place_id LEFT JOIN unit n ON n.id = t.unit_id \
     LEFT JOIN unit o ON o.id = t.of_unit_id LEFT JOIN place s ON s.id = o.seat_id LEFT JOIN app_user u ON u.id = t.user_id";

impl Store {
    pub(super) fn stored_tie(&self, row: &Row) -> Result<TieView, StoreError> {
        let id = TieId(column(row, "tie", "id")?);
        let corrupt = |name| StoreError::corrupt("tie", name, id, "neither a person or place nor a unit");
        let of = |name| column::<Option<Uuid>>(row, "tie", name);
        let holder = match (of("user_id")?, of("unit_id")?) {
            (Some(person), None) => Holder::Person(UserId(person)),
            (None, Some(unit)) => Holder::Unit(UnitId(unit)),
            _ => return Err(corrupt("user_id")),
        };
        let target = match (of("place_id")?, of("of_unit_id")?) {
            (Some(place), None) => Target::Place(PlaceId(place)),
            (None, Some(unit)) => Target::Unit(UnitId(unit)),
            _ => return Err(corrupt("place_id")),
        };
        let tie = Tie {
            id,
            kind: word(row, "tie", "kind")?,
            holder,
            target,
            line: column(row, "tie", "line")?,
            post: column(row, "tie", "post")?,
            since: column(row, "tie", "since")?,
            until: column(row, "tie", "until")?,
            version: column(row, "tie", "version")?,
        };
        let (name, phone) = match holder {
            Holder::Person(person) => self.named_person(row, person)?,
            Holder::Unit(_) => (column(row, "unit", "unit_name")?, None),
        };
        let target = match target {
            Target::Place(_) => column(row, "place", "place_name")?,
            Target::Unit(_) => column(row, "unit", "of_name")?,
        };
        let at: String = column(row, "tie", "at_code")?;
        Ok(TieView {
            tie,
            holder: name,
            phone,
            kind: optional_word(row, "unit", "unit_kind")?,
            target,
            place: self.optional_code(row, "place", "place_code")?,
            at: self.stored_code(&at)?,
        })
    }

    /// The name and phone number of the person of a row.
    pub(super) fn named_person(&self, row: &Row, id: UserId) -> Result<(String, Option<Phone>), StoreError> {
        let name: Vec<u8> = column(row, "app_user", "person_name")?;
        let phone = self.unsealed_column(row, "person_phone", PHONE, id.0)?;
        let corrupt = |error| StoreError::corrupt("app_user", "phone", id, error);
        let phone = phone.map(|phone| Phone::parse(&phone)).transpose().map_err(corrupt)?;
        Ok((self.unsealed(NAME, id.0, &name)?, phone))
    }

    /// Ends what a unit that is none any more is tied to, and what is tied to it.
    pub(super) fn end_ties_of_unit(&self, unit: UnitId, now: Timestamp) -> Vec<Statement> {
        self.end_ties("(unit_id = $1 OR of_unit_id = $1)", unit.0, now)
    }

    /// Ends what is tied to a place that is none any more.
    pub(super) fn end_ties_of_place(&self, place: PlaceId, now: Timestamp) -> Vec<Statement> {
        self.end_ties("place_id = $1", place.0, now)
    }

    /// Ends what somebody is tied to who has left.
    pub(super) fn end_ties_of_person(&self, person: UserId, now: Timestamp) -> Vec<Statement> {
        self.end_ties("user_id = $1", person.0, now)
    }

    /// What happened to the place, the unit or the person says why; ties have no event of their own for it.
    fn end_ties(&self, whose: &str, id: Uuid, now: Timestamp) -> Vec<Statement> {
        let today = china_day(now);
        // What has not begun never was.
        let ends = "UPDATE tie SET until = $2 WHERE (until IS NULL OR until > $2) AND since <= $2 AND ";
        let never = "DELETE FROM tie WHERE since > $2 AND ";
        [ends, never]
            .map(|sql| self.statement(&format!("{sql}{whose}"), vec![id.into(), today.into()]))
            .into()
    }

    /// What was tied to a place, or done for it, is so to what goes on as it. What that has already it does not have twice.
    pub(super) fn move_ties_of_place(
        &self,
        place: PlaceId,
        successor: PlaceId,
        now: Timestamp,
    ) -> Vec<Statement> {
        let same = "o.place_id = $2 AND o.until IS NULL AND (o.line = tie.line OR (o.kind = tie.kind \
             AND COALESCE(o.user_id, o.unit_id) = COALESCE(tie.user_id, tie.unit_id) AND COALESCE(o.line, '') = COALESCE(tie.line, '')))";
        let twice = format!(
            "UPDATE tie SET until = CASE WHEN since > $3 THEN since ELSE $3 END \
             WHERE place_id = $1 AND until IS NULL AND EXISTS (SELECT 1 FROM tie o WHERE {same})"
        );
        let (from, to) = (place.0, successor.0);
        vec![
            self.statement("UPDATE deed SET place_id = $2 WHERE place_id = $1", vec![from.into(), to.into()]),
            self.statement(&twice, vec![from.into(), to.into(), china_day(now).into()]),
            self.statement("UPDATE tie SET place_id = $2 WHERE place_id = $1", vec![from.into(), to.into()]),
        ]
    }

    /// What gives somebody the ties and deeds of the roster entry that they turned out to be.
    pub(super) fn move_ties(&self, roster: Uuid, user: Uuid) -> [Statement; 4] {
        [
            // Their visits count for the tie that stays.
            "UPDATE deed SET tie_id = (SELECT o.id FROM tie r JOIN tie o ON o.user_id = $2 AND o.until IS NULL AND o.kind = r.kind \
             AND o.place_id = r.place_id WHERE r.id = deed.tie_id) WHERE user_id = $1 AND EXISTS (SELECT 1 FROM tie r JOIN tie o \
             ON o.user_id = $2 AND o.until IS NULL AND o.kind = r.kind AND o.place_id = r.place_id WHERE r.id = deed.tie_id AND r.until IS NULL)",
            "DELETE FROM tie WHERE user_id = $1 AND until IS NULL AND EXISTS (SELECT 1 FROM tie o WHERE o.user_id = $2 \
             AND o.until IS NULL AND o.kind = tie.kind AND COALESCE(o.line, '') = COALESCE(tie.line, '') \
             AND COALESCE(o.place_id, o.of_unit_id) = COALESCE(tie.place_id, tie.of_unit_id))",
            "UPDATE tie SET user_id = $2 WHERE user_id = $1",
            "UPDATE deed SET user_id = $2 WHERE user_id = $1",
        ]
        .map(|sql| self.statement(sql, vec![roster.into(), user.into()]))
    }
}
