//! How points change. Each change is decided on one state of the net of places: no point is put at a place that is just being
//! retired or merged.

use super::super::Store;
use super::super::account::again;
use super::super::change::{Answer, ChangeError, Delivered, Failed, Request};
use super::super::error::StoreError;
use super::super::record::{PointEvent, Stream};
use super::super::row::column;
use super::{BESIDE, VIEW, minutes};
use domain::id::{PlaceId, PointId, UnitId};
use domain::place::{PlaceCode, PlaceRefusal};
use domain::point::{About, Fact, Point, PointRefusal, View, band, offers};
use domain::refusal::Refusal;
use domain::text::Text;
use domain::time::Timestamp;
use domain::unit::UnitRefusal;
use sea_orm::{Statement, Value};

/// What is asked of a point. The place of [`About`] is found by its code.
#[derive(Debug, Clone, PartialEq)]
pub enum PointCommand {
    /// 设点, at the place of a code.
    Found(PlaceCode, About),
    /// 改点: all that is said of it, and the code of its place.
    Change(PlaceCode, About),
    /// 撤点.
    Retire(Text),
}

/// A place of a code as the net has it, and how often that had changed.
struct At {
    id: PlaceId,
    code: PlaceCode,
    name: String,
    retired: bool,
    net: i64,
}

impl Store {
    /// Changes a point, or enters it. `render` makes the answer, which commits with the change.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn change_point(
        &self,
        request: &Request<'_>,
        id: PointId,
        command: &PointCommand,
        render: impl Fn(&View) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let attempt = || self.try_change_point(request, id, command, &render);
        self.until_changed(request.key.as_ref(), attempt).await
    }

    async fn try_change_point(
        &self,
        request: &Request<'_>,
        id: PointId,
        command: &PointCommand,
        render: impl Fn(&View) -> Answer,
    ) -> Result<Answer, Failed> {
        self.current_grants(request.actor, request.grants_version).await?;
        let before = match command {
            PointCommand::Found(..) => None,
            PointCommand::Change(..) | PointCommand::Retire(_) => {
                Some(self.point_to_change(request, id).await?)
            }
        };
        let version = before.as_ref().map_or(0, |(before, _)| before.point.version);
        let was_at = before.as_ref().map(|(before, _)| (before.point.about.place, before.place));
        let (after, net, fact) = match (command, before) {
            (PointCommand::Retire(reason), Some((before, net))) => {
                let point = Point { version: version + 1, retired_at: Some(request.now), ..before.point };
                let fact = Fact::PointRetired { reason: reason.reference };
                (View { point, ..before }, net, fact)
            }
            (PointCommand::Found(code, about) | PointCommand::Change(code, about), before) => {
                let fact = if before.is_some() { Fact::PointChanged } else { Fact::PointFounded };
                let (after, net) = self.put_at(request, code, about).await?;
                let point = Point { id, version: version + 1, about: after.0, retired_at: None };
                let (place, place_name, unit_name) = after.1;
                let fact = fact(point.about.clone());
                (View { point, place, place_name, unit_name }, net, fact)
            }
            (PointCommand::Retire(_), None) => return Err(Refusal::from(PointRefusal::NotFound).into()),
        };
        let arrives = was_at.is_none_or(|(place, _)| place != after.point.about.place);
        if was_at.is_some_and(|(_, code)| code.county() != after.place.county()) {
            return Err(Refusal::from(PointRefusal::OtherCounty { code: after.place }).into());
        }
        if was_at.is_some() {
            self.keeps_its_bookings(&after).await?;
        }
        let answer = render(&after);
        let mut rest = vec![match command {
            PointCommand::Found(..) => self.insert_point(&after)?,
            PointCommand::Change(..) | PointCommand::Retire(_) => self.update_point(&after)?,
        }];
        if !matches!(command, PointCommand::Retire(_)) {
            rest.extend(self.hours_of(&after.point));
        }
        let text = match command {
            PointCommand::Retire(reason) => Some(reason),
            PointCommand::Found(..) | PointCommand::Change(..) => None,
        };
        let event = PointEvent { fact, scope_code: after.place.as_str(), text };
        let Request { actor, grants_version: _, now, if_match: _, key } = *request;
        let stream = Stream { aggregate: "point", id: id.0, version, by: Some(actor.user), now, key };
        let guard = self.net_holds(after.place.county(), net, arrives);
        self.record_point(&stream, guard, rest, &event, Some(&answer)).await.map_err(again)?;
        Ok(answer)
    }

    /// The point that is to be changed, and how often the net had changed.
    async fn point_to_change(&self, request: &Request<'_>, id: PointId) -> Result<(View, i64), Failed> {
        let sql = format!(
            "SELECT {VIEW}, COALESCE((SELECT s.version FROM place_net s WHERE s.county = substr(p.code, 1, 6)), 0) AS net \
             FROM point t {BESIDE} WHERE t.id = $1"
        );
        let row = self.query_one(&sql, vec![id.0.into()]).await?;
        let row = row.ok_or_else(|| Refusal::from(PointRefusal::NotFound))?;
        let before = self.stored_point(&row)?;
        if request.if_match.is_some_and(|expected| expected != before.point.version) {
            return Err(Failed::Error(ChangeError::OtherVersion));
        }
        request.actor.may_edit_points(&before.place).map_err(Refusal::from)?;
        if before.point.retired_at.is_some() {
            return Err(Refusal::from(PointRefusal::Retired).into());
        }
        Ok((before, column(&row, "place_net", "net")?))
    }

    /// What is said of a point, checked against the place and the unit that it names.
    async fn put_at(
        &self,
        request: &Request<'_>,
        code: &PlaceCode,
        about: &About,
    ) -> Result<((About, (PlaceCode, String, Option<String>)), i64), Failed> {
        about.check().map_err(Refusal::from)?;
        let at = self.place_to_put_at(code).await?;
        request.actor.may_put_point_at(&at.code, at.retired)?;
        let unit_name = match about.unit {
            Some(unit) => Some(self.unit_at(unit, &at.code).await?),
            None => None,
        };
        let about = About { place: at.id, ..about.clone() };
        Ok(((about, (at.code, at.name, unit_name)), at.net))
    }

    async fn place_to_put_at(&self, code: &PlaceCode) -> Result<At, Failed> {
        let sql = "SELECT p.id, p.code, p.name, p.retired_at, \
             COALESCE((SELECT s.version FROM place_net s WHERE s.county = substr(p.code, 1, 6)), 0) AS net \
             FROM place_code c JOIN place p ON p.id = c.place_id WHERE c.code = $1";
        let row = self.query_one(sql, vec![code.as_str().into()]).await?;
        let row = row.ok_or_else(|| Refusal::from(PlaceRefusal::Unknown { code: *code }))?;
        let code: String = column(&row, "place", "code")?;
        Ok(At {
            id: PlaceId(column(&row, "place", "id")?),
            code: self.stored_code(&code)?,
            name: column(&row, "place", "name")?,
            retired: column::<Option<Timestamp>>(&row, "place", "retired_at")?.is_some(),
            net: column(&row, "place_net", "net")?,
        })
    }

    /// What the unit is called that is to run a point.
    async fn unit_at(&self, unit: UnitId, place: &PlaceCode) -> Result<String, Failed> {
        let row = self.query_one("SELECT county, name FROM unit WHERE id = $1", vec![unit.0.into()]).await?;
        let row = row.ok_or_else(|| Refusal::from(UnitRefusal::Unknown))?;
        if column::<String>(&row, "unit", "county")? != place.county() {
            return Err(Refusal::from(PointRefusal::UnitElsewhere).into());
        }
        Ok(column(&row, "unit", "name")?)
    }

    /// Touches a row only while the net of a county is in the state on which it was decided, and holds it in that until the
    /// change is written. Where a point `arrives` the net is in another state from then on: whoever looked before whether
    /// points lie there looks again.
    fn net_holds(&self, county: &str, net: i64, arrives: bool) -> Statement {
        let sql = "INSERT INTO place_net (county, version) VALUES ($1, 1) \
             ON CONFLICT (county) DO UPDATE SET version = place_net.version + $3 WHERE place_net.version = $2";
        self.statement(sql, vec![county.into(), net.into(), i64::from(arrives).into()])
    }

    fn insert_point(&self, View { point, place, .. }: &View) -> Result<Statement, StoreError> {
        let sql = "INSERT INTO point (id, version, place_id, kind, name, lat, lng, band, offers, unit_id, details, code) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
        let mut values = vec![point.id.0.into(), point.version.into()];
        values.extend(said(point)?);
        values.push(place.as_str().into());
        Ok(self.statement(sql, values))
    }

    fn update_point(&self, View { point, place, .. }: &View) -> Result<Statement, StoreError> {
        let sql = "UPDATE point SET version = $2 + 1, place_id = $3, kind = $4, name = $5, lat = $6, lng = $7, band = $8, \
             offers = $9, unit_id = $10, details = $11, code = $12, retired_at = $13 WHERE id = $1 AND version = $2";
        let mut values: Vec<Value> = vec![point.id.0.into(), (point.version - 1).into()];
        values.extend(said(point)?);
        values.push(place.as_str().into());
        values.push(point.retired_at.into());
        Ok(self.statement(sql, values))
    }

    fn hours_of(&self, point: &Point) -> Vec<Statement> {
        let id = point.id.0;
        let mut statements =
            vec![self.statement("DELETE FROM point_hours WHERE point_id = $1", vec![id.into()])];
        let insert = "INSERT INTO point_hours (point_id, begins, ends) VALUES ($1, $2, $3)";
        statements.extend(
            minutes(&point.about.details.hours)
                .into_iter()
                .map(|(begins, ends)| self.statement(insert, vec![id.into(), begins.into(), ends.into()])),
        );
        statements
    }
}

/// The columns that say what is said of a point.
fn said(point: &Point) -> Result<[Value; 9], StoreError> {
    let About { kind, name, place, position, unit, details } = &point.about;
    let json = serde_json::to_string(details)
        .map_err(|error| StoreError::corrupt("point", "details", point.id, error))?;
    Ok([
        place.0.into(),
        kind.name().into(),
        name.as_str().into(),
        position.lat().into(),
        position.lng().into(),
        band(position.lat()).into(),
        offers(&details.services).into(),
        unit.map(|unit| unit.0).into(),
        json.into(),
    ])
}
