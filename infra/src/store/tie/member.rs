//! Members of a community (practices F06).

use super::super::Store;
use super::super::error::StoreError;
use chrono::NaiveDate;
use domain::id::{PlaceId, UserId};

impl Store {
    /// Whether somebody has checked in to a community (认门报到) on a day.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn checked_in(
        &self,
        person: UserId,
        place: PlaceId,
        on: NaiveDate,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT 1 AS there FROM tie t WHERE t.user_id = $1 AND t.place_id = $2 AND t.kind = 'checked_in' AND t.since <= $3 \
             AND (t.until IS NULL OR t.until >= $3) LIMIT 1";
        Ok(self.query_one(sql, vec![person.0.into(), place.0.into(), on.into()]).await?.is_some())
    }
}
