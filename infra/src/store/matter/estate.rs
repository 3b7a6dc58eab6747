//! The estate that a place lies in.

use super::super::Store;
use super::super::error::StoreError;
use super::super::sql::Sql;
use super::columns;
use domain::estate::Estate;
use domain::matter::{Matter, MatterView};
use domain::place::PlaceCode;
use std::iter::once;

impl Store {
    /// The estate with a mode that a place is or lies in, the smallest; `None` where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn estate_around(&self, place: &PlaceCode) -> Result<Option<MatterView<Estate>>, StoreError> {
        let columns = columns(self.backend());
        let mut sql = Sql::new(&format!(
            "SELECT {columns} FROM place p JOIN matter m ON m.place_id = p.id WHERE p.retired_at IS NULL AND m.kind = "
        ));
        sql.bind(Estate::KIND).push(" AND p.code IN ");
        sql.bind_all(self.with_ancestors(once(*place)).iter().map(ToString::to_string));
        sql.push(" ORDER BY length(p.code) DESC LIMIT 1");
        let row = self.query_one(&sql.text, sql.values).await?;
        row.map(|row| self.stored_matter(&row)).transpose()
    }
}
