//! Units that tickets are assigned to.

use super::Store;
use super::entity::unit;
use super::error::StoreError;
use super::row::column;
use domain::id::UnitId;
use domain::place::PlaceCode;
use sea_orm::{ActiveValue::Set, EntityTrait, QueryTrait, sea_query::OnConflict};

impl Store {
    /// The county of a unit; `None` when there is no such unit.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unit_county(&self, id: UnitId) -> Result<Option<PlaceCode>, StoreError> {
        let Some(row) = self.query_one("SELECT county FROM unit WHERE id = $1", vec![id.0.into()]).await?
        else {
            return Ok(None);
        };
        let county: String = column(&row, "unit", "county")?;
        self.stored_code(&county).map(Some)
    }

    /// Adds a unit, unless its id is there already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_unit(&self, id: UnitId, county: &PlaceCode, name: &str) -> Result<(), StoreError> {
        let row =
            unit::ActiveModel { id: Set(id.0), county: Set(county.to_string()), name: Set(name.to_owned()) };
        let keep = OnConflict::new().do_nothing().to_owned();
        self.journal.write(vec![unit::Entity::insert(row).on_conflict(keep).build(self.backend())]).await
    }
}
