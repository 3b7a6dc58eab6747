//! What must be known of the points and units that tickets name.

use super::super::Store;
use super::super::error::StoreError;
use super::super::row::{column, word};
use domain::id::{PointId, UnitId};
use domain::ticket::{Guide, UnitFacts};

impl Store {
    /// A unit that is one still; nothing of any other.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unit_facts(&self, id: UnitId) -> Result<Option<UnitFacts>, StoreError> {
        let sql = "SELECT u.kind, u.county, s.code AS seat FROM unit u LEFT JOIN place s ON s.id = u.seat_id \
             WHERE u.retired_at IS NULL AND u.id = $1";
        let Some(row) = self.query_one(sql, vec![id.0.into()]).await? else { return Ok(None) };
        let seat = column::<Option<String>>(&row, "place", "seat")?;
        Ok(Some(UnitFacts {
            kind: word(&row, "unit", "kind")?,
            county: self.stored_code(&column::<String>(&row, "unit", "county")?)?,
            seat: seat.map(|seat| self.stored_code(&seat)).transpose()?,
        }))
    }

    /// To whom a requester is guided, with what is known of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn guide(&self, point: Option<PointId>, unit: Option<UnitId>) -> Result<Guide, StoreError> {
        let mut guide = Guide::default();
        if let Some(id) = point {
            let sql = "SELECT t.kind, p.code FROM point t JOIN place p ON p.id = t.place_id \
                 WHERE t.retired_at IS NULL AND t.id = $1";
            let row = self.query_one(sql, vec![id.0.into()]).await?;
            let facts = row.map(|row| {
                let place = self.stored_code(&column::<String>(&row, "place", "code")?)?;
                Ok::<_, StoreError>((word(&row, "point", "kind")?, place))
            });
            guide.point = Some((id, facts.transpose()?));
        }
        if let Some(id) = unit {
            guide.unit = Some((id, self.unit_facts(id).await?));
        }
        Ok(guide)
    }
}
