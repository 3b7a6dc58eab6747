//! What a code on a wall stands for, whoever reads it.

use super::super::Store;
use super::super::error::StoreError;
use super::super::place::PlaceRow;
use super::super::row::column;
use domain::id::PlaceId;
use domain::place::{PlaceCode, PlaceRef};

impl Store {
    /// The place of a code, an old one too; `None` when it never was one. What it is called is no secret.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn place_of_sign(&self, code: &PlaceCode) -> Result<Option<PlaceRow>, StoreError> {
        let sql = "SELECT p.id, p.code, p.name, p.retired_at FROM place_code c JOIN place p ON p.id = c.place_id WHERE c.code = $1";
        let Some(row) = self.query_one(sql, vec![code.as_str().into()]).await? else { return Ok(None) };
        let code: String = column(&row, "place", "code")?;
        let place = PlaceRef { id: PlaceId(column(&row, "place", "id")?), code: self.stored_code(&code)? };
        let (name, retired_at) = (column(&row, "place", "name")?, column(&row, "place", "retired_at")?);
        Ok(Some(PlaceRow { place, name, retired_at }))
    }
}
