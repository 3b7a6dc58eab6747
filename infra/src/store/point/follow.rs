//! What becomes of points when their place ends.

use super::super::Store;
use super::super::error::StoreError;
use super::super::sql::Sql;
use domain::id::{PlaceId, UserId};
use domain::place::{Place, PlaceCode};
use domain::point::{EVENT_VERSION, Fact};
use domain::time::Timestamp;
use sea_orm::Statement;

impl Store {
    /// What lets the points of a place go to the one that goes on as it, each with an event of its own history. To be written
    /// with the change of the net, behind its guard: no point changes meanwhile.
    pub(in crate::store) fn points_follow(
        &self,
        place: &Place,
        into: PlaceId,
        by: UserId,
        now: Timestamp,
    ) -> Result<[Statement; 2], StoreError> {
        let fact = Fact::PointMoved { from: place.id, to: into };
        let payload = serde_json::to_value(&fact)
            .map_err(|error| StoreError::corrupt("event", "payload", place.id, error))?;
        let tell = "INSERT INTO event (aggregate, stream, stream_version, kind, v, actor, scope_code, occurred_at, recorded_at, payload) \
             SELECT 'point', t.id, t.version + 1, $2, $3, $4, n.code, $5, $5, $6 FROM point t JOIN place n ON n.id = $7 \
             WHERE t.place_id = $1 AND t.code = $8 AND t.retired_at IS NULL";
        let values = vec![
            place.id.0.into(),
            fact.headline().name().into(),
            EVENT_VERSION.into(),
            by.0.into(),
            now.into(),
            payload.into(),
            into.0.into(),
            place.code.as_str().into(),
        ];
        let go = "UPDATE point SET place_id = $2, version = version + 1, code = (SELECT n.code FROM place n WHERE n.id = $2) \
             WHERE place_id = $1 AND code = $3 AND retired_at IS NULL";
        let theirs = vec![place.id.0.into(), into.0.into(), place.code.as_str().into()];
        Ok([self.statement(tell, values), self.statement(go, theirs)])
    }

    /// What gives the points below a code the codes that their places have now. To be written behind the change of those.
    pub(in crate::store) fn points_recode(&self, from: &PlaceCode) -> Statement {
        let mut sql = Sql::new(
            "UPDATE point SET code = (SELECT p.code FROM place p WHERE p.id = point.place_id) WHERE ",
        );
        sql.below("code", from);
        self.statement(&sql.text, sql.values)
    }

    /// Whether points lie at a place.
    pub(in crate::store) async fn has_points(&self, place: &Place) -> Result<bool, StoreError> {
        let sql =
            "SELECT 1 AS one FROM point WHERE code = $1 AND place_id = $2 AND retired_at IS NULL LIMIT 1";
        Ok(self.query_one(sql, vec![place.code.as_str().into(), place.id.0.into()]).await?.is_some())
    }
}
