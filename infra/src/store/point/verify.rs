//! Whether points are what their histories say.

use super::super::Store;
use super::super::error::StoreError;
use super::super::row::column;
use super::{BESIDE, VIEW, minutes};
use domain::id::PointId;
use domain::point::{Fact, Point, band, offers};
use domain::time::Timestamp;
use std::collections::HashMap;
use uuid::Uuid;

impl Store {
    /// Everything about points that does not add up.
    pub(in crate::store) async fn verify_points(&self) -> Result<Vec<String>, StoreError> {
        let mut faults = Vec::new();
        let mut told = self.told_points(&mut faults).await?;
        let mut open: HashMap<Uuid, Vec<(i32, i32)>> = HashMap::new();
        for row in
            self.query_all("SELECT point_id, begins, ends FROM point_hours ORDER BY begins", vec![]).await?
        {
            let span = (column(&row, "point_hours", "begins")?, column(&row, "point_hours", "ends")?);
            open.entry(column(&row, "point_hours", "point_id")?).or_default().push(span);
        }
        let sql = format!(
            "SELECT {VIEW}, t.band, t.offers, t.code, p.retired_at AS place_retired_at FROM point t {BESIDE}"
        );
        for row in self.query_all(&sql, vec![]).await? {
            let view = self.stored_point(&row)?;
            let point = &view.point;
            let id = point.id;
            let details = &point.about.details;
            let follows =
                (band(point.about.position.lat()), offers(&details.services), minutes(&details.hours));
            let kept = (
                column(&row, "point", "band")?,
                column(&row, "point", "offers")?,
                open.remove(&id.0).unwrap_or_default(),
            );
            if kept != follows {
                faults.push(format!("point {id}: what it is found by is another's"));
            }
            if column::<String>(&row, "point", "code")? != view.place.as_str() {
                faults.push(format!("point {id}: its place has another code"));
            }
            let place_ended = column::<Option<Timestamp>>(&row, "place", "place_retired_at")?.is_some();
            if place_ended && point.retired_at.is_none() {
                faults.push(format!("point {id}: its place is none any more"));
            }
            if told.remove(&id.0).as_ref() != Some(point) {
                faults.push(format!("point {id}: its history says something else"));
            }
        }
        faults.extend(told.into_keys().map(|id| format!("history of {id}: no point")));
        faults.extend(open.into_keys().map(|id| format!("hours of {id}: no point")));
        Ok(faults)
    }

    /// The points as their histories tell of them.
    async fn told_points(&self, faults: &mut Vec<String>) -> Result<HashMap<Uuid, Point>, StoreError> {
        let sql = "SELECT e.stream, e.stream_version, e.recorded_at, CAST(e.payload AS text) AS payload FROM event e \
             WHERE e.aggregate = 'point' ORDER BY e.stream, e.stream_version";
        let mut told: HashMap<Uuid, Point> = HashMap::new();
        for row in self.query_all(sql, vec![]).await? {
            let (stream, version): (Uuid, i32) =
                (column(&row, "event", "stream")?, column(&row, "event", "stream_version")?);
            let payload: String = column(&row, "event", "payload")?;
            let fact: Fact = serde_json::from_str(&payload)
                .map_err(|error| StoreError::corrupt("event", "payload", stream, error))?;
            let before = told.remove(&stream);
            if before.as_ref().map_or(0, |point| point.version) + 1 != version {
                faults.push(format!("history of {stream}: version {version} follows on none"));
            }
            let after = match (before, fact) {
                (None, Fact::PointFounded(about)) | (Some(_), Fact::PointChanged(about)) => {
                    Some(Point { id: PointId(stream), version, about, retired_at: None })
                }
                (Some(mut point), Fact::PointMoved { from, to }) if point.about.place == from => {
                    (point.version, point.about.place) = (version, to);
                    Some(point)
                }
                (Some(mut point), Fact::PointRetired { reason: _ }) => {
                    point.version = version;
                    point.retired_at = Some(column(&row, "event", "recorded_at")?);
                    Some(point)
                }
                _ => None,
            };
            match after {
                Some(point) => drop(told.insert(stream, point)),
                None => faults.push(format!("history of {stream}: version {version} cannot follow")),
            }
        }
        Ok(told)
    }
}
