//! What is booked at a point, and by somebody.

use super::super::Store;
use super::super::change::{ChangeError, Failed};
use super::super::error::StoreError;
use super::super::row::column;
use super::super::sql::Sql;
use super::COLUMNS;
use domain::booking::Booking;
use domain::id::{PointId, UserId};
use domain::matter::MatterView;
use domain::place::PlaceCode;
use domain::point::{PointRefusal, View};
use domain::refusal::Refusal;
use domain::time::Timestamp;
use std::collections::HashMap;

impl Store {
    /// How many seats are taken of each slot of a point that begins in a span, by when it does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn seats_taken(
        &self,
        (point, place): (PointId, &PlaceCode),
        (from, until): (Timestamp, Timestamp),
    ) -> Result<HashMap<Timestamp, i64>, StoreError> {
        let mut sql = Sql::new(
            "SELECT m.sorted_at, COUNT(*) AS taken FROM matter m WHERE m.kind = 'booking' AND m.open AND m.county = ",
        );
        sql.bind(place.county()).push(" AND m.topic = ").bind(point.0.to_string());
        sql.push(" AND m.sorted_at >= ").bind(from).push(" AND m.sorted_at < ").bind(until);
        sql.push(" GROUP BY m.sorted_at");
        let rows = self.query_all(&sql.text, sql.values).await?;
        let slot = |row: &_| Ok((column(row, "matter", "sorted_at")?, column(row, "matter", "taken")?));
        rows.iter().map(slot).collect()
    }

    /// Refuses to change a point so that what was booked there could not be kept.
    pub(in crate::store) async fn keeps_its_bookings(&self, after: &View) -> Result<(), Failed> {
        let mut sql = Sql::new(" AND m.county = ");
        sql.bind(after.place.county()).push(" AND m.topic = ").bind(after.point.id.0.to_string());
        let booked = self.open_bookings("matter m", sql).await?;
        let kept = |view: &&MatterView<Booking>| {
            view.place.id == after.point.about.place && view.matter.fits(&after.point)
        };
        match booked.len() - booked.iter().filter(kept).count() {
            0 => Ok(()),
            count => Err(Refusal::from(PointRefusal::Booked { count }).into()),
        }
    }

    /// Gives up what was booked for somebody who was erased; whether nobody changed any of it meanwhile.
    pub(in crate::store) async fn give_up_bookings(
        &self,
        person: UserId,
        now: Timestamp,
    ) -> Result<bool, ChangeError> {
        let mut whole = true;
        let mut sql = Sql::new(" AND y.role = 'requester' AND y.party_id = ");
        sql.bind(person.0);
        for view in self.open_bookings("matter_party y JOIN matter m ON m.id = y.matter_id", sql).await? {
            if let Some(change) = view.matter.given_up(now) {
                whole &= self.change_by_itself(view, change, now).await?;
            }
        }
        Ok(whole)
    }

    async fn open_bookings(&self, from: &str, narrowed: Sql) -> Result<Vec<MatterView<Booking>>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS}, CAST(NULL AS text) AS texts, CAST(NULL AS text) AS names \
             FROM {from} JOIN place p ON p.id = m.place_id WHERE m.kind = 'booking' AND m.open{}",
            narrowed.text
        );
        let rows = self.query_all(&sql, narrowed.values).await?;
        rows.iter().map(|row| self.stored_matter(row)).collect()
    }
}
