//! Places: their ids never change, and a code that a place ever had resolves to it, or to what goes on as it, for ever.

mod change;
mod grids;
mod list;
mod recode;
mod verify;

pub use change::{PlaceChange, PlaceCommand};
pub(super) use grids::Grids;
pub use list::{PlaceCodes, PlaceEntry, PlaceEvents, PlaceQuery};

use super::Store;
use super::entity::{place, place_code};
use super::error::StoreError;
use super::phone::PHONE;
use super::row::{Row, column};
use super::user::NAME;
use domain::id::{PlaceId, UserId};
use domain::phone::Phone;
use domain::place::{Place, PlaceCode, PlaceRef};
use domain::time::Timestamp;
use domain::view::Contact;
use sea_orm::{ActiveValue::Set, EntityTrait, QueryTrait, sea_query::OnConflict};

/// The columns of `place p` that make a place.
pub(super) const PLACE: &str = "p.id, p.code, p.name, p.version, p.retired_at";

/// A place as a form refers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceRow {
    /// Who it is, and its code today.
    pub place: PlaceRef,
    /// Its name today.
    pub name: String,
    /// Since when it is no place any more.
    pub retired_at: Option<Timestamp>,
}

/// A place by a code that it has or had, and who asks.
pub(super) const BY_CODE: &str = "SELECT p.id, p.code, p.name, p.retired_at, u.grants_version, u.name AS requester_name, u.phone AS requester_phone \
     FROM place_code c JOIN place p ON p.id = c.place_id LEFT JOIN app_user u ON u.id = $2 WHERE c.code = $1";

impl Store {
    /// The place of a code, an old one too; `None` when it never was one.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn place_by_code(
        &self,
        code: &PlaceCode,
        reader: UserId,
        grants_version: i32,
    ) -> Result<Option<PlaceRow>, StoreError> {
        Ok(self.place_and_profile(code, reader, grants_version).await?.map(|(place, _)| place))
    }

    /// The same with how the asker can be called. Tells on the way whether their grants are current, so that a submission
    /// needs no query for either.
    ///
    /// # Errors
    /// [`StoreError::StaleGrants`] and others.
    pub async fn place_and_profile(
        &self,
        code: &PlaceCode,
        reader: UserId,
        grants_version: i32,
    ) -> Result<Option<(PlaceRow, Contact)>, StoreError> {
        let Some(row) = self.look_up(&self.places, code.as_str().to_owned(), reader).await? else {
            return Ok(None);
        };
        if column::<Option<i32>>(&row, "app_user", "grants_version")? != Some(grants_version) {
            return Err(StoreError::StaleGrants);
        }
        let code: String = column(&row, "place", "code")?;
        let place = PlaceRef { id: PlaceId(column(&row, "place", "id")?), code: self.stored_code(&code)? };
        let phone = self.unsealed_column(&row, "requester_phone", PHONE, reader.0)?;
        let corrupt = |error| StoreError::corrupt("app_user", "phone", reader, error);
        let profile = Contact {
            name: self.unsealed_column(&row, "requester_name", NAME, reader.0)?,
            phone: phone.map(|phone| Phone::parse(&phone)).transpose().map_err(corrupt)?,
            household: None,
        };
        let (name, retired_at) = (column(&row, "place", "name")?, column(&row, "place", "retired_at")?);
        Ok(Some((PlaceRow { place, name, retired_at }, profile)))
    }

    pub(super) fn stored_place(&self, row: &Row) -> Result<Place, StoreError> {
        let code: String = column(row, "place", "code")?;
        Ok(Place {
            id: PlaceId(column(row, "place", "id")?),
            code: self.stored_code(&code)?,
            name: column(row, "place", "name")?,
            version: column(row, "place", "version")?,
            retired_at: column(row, "place", "retired_at")?,
        })
    }

    /// Adds places with their codes; those that are there stay as they are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_places(&self, places: &[PlaceRow]) -> Result<(), StoreError> {
        // A statement takes at most 32,766 parameters on SQLite.
        let mut statements = Vec::new();
        for some in places.chunks(1_000) {
            let rows = some.iter().map(|row| place::ActiveModel {
                id: Set(row.place.id.0),
                code: Set(row.place.code.to_string()),
                name: Set(row.name.clone()),
            });
            let codes = some.iter().map(|row| place_code::ActiveModel {
                code: Set(row.place.code.to_string()),
                place_id: Set(row.place.id.0),
                holder_id: Set(Some(row.place.id.0)),
            });
            let keep = OnConflict::new().do_nothing().to_owned();
            statements.push(place::Entity::insert_many(rows).on_conflict(keep.clone()).build(self.backend()));
            statements.push(place_code::Entity::insert_many(codes).on_conflict(keep).build(self.backend()));
        }
        self.journal.write(statements).await
    }
}
