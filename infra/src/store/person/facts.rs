//! What must be known of a grant before the rules can judge it: that its places are there, and where its unit lies.

use super::super::Store;
use super::super::change::ChangeError;
use super::super::error::StoreError;
use super::super::row::column;
use super::super::sql::Sql;
use domain::actor::{Actor, Grant, Scope};
use domain::id::UnitId;
use domain::permission::Role;
use domain::person::{PlacedGrant, scope_of};
use domain::place::{PlaceCode, PlaceRefusal};
use domain::refusal::Refusal;
use domain::unit::UnitRefusal;
use std::collections::HashMap;

/// A grant as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantAsked {
    /// The role.
    pub role: Role,
    /// Codes as they were given, old ones too; or a unit.
    pub scope: Scope,
}

impl Store {
    /// The grants with their places as these are today; why one cannot be, with its number. One query for all places
    /// and one for all units, and none for none.
    ///
    /// # Errors
    /// [`StoreError`], a refusal with the number of the grant.
    pub async fn placed_grants(
        &self,
        asked: &[GrantAsked],
    ) -> Result<Vec<Result<PlacedGrant, Refusal>>, StoreError> {
        let (mut codes, mut units) = (Vec::new(), Vec::new());
        for grant in asked {
            match &grant.scope {
                Scope::Places(places) => codes.extend(places.iter().map(ToString::to_string)),
                Scope::Unit(unit) => units.push(unit.0),
            }
        }
        let (codes, units) = (self.codes_today(codes).await?, self.unit_counties(units).await?);
        Ok(asked.iter().map(|grant| placed(grant, &codes, &units)).collect())
    }

    async fn codes_today(&self, codes: Vec<String>) -> Result<HashMap<String, PlaceCode>, StoreError> {
        let mut today = HashMap::new();
        if codes.is_empty() {
            return Ok(today);
        }
        let mut sql = Sql::new(
            "SELECT c.code AS asked, p.code FROM place_code c JOIN place p ON p.id = c.place_id WHERE c.code IN ",
        );
        sql.bind_all(codes);
        for row in self.query_all(&sql.text, sql.values).await? {
            let code: String = column(&row, "place", "code")?;
            today.insert(column(&row, "place_code", "asked")?, self.stored_code(&code)?);
        }
        Ok(today)
    }

    /// Whether the asker's grants are current, for a call that loads nothing which would tell.
    pub(in crate::store) async fn current_grants(
        &self,
        asker: &Actor,
        grants_version: i32,
    ) -> Result<(), ChangeError> {
        let sql = "SELECT grants_version FROM app_user WHERE id = $1";
        let row = self.query_one(sql, vec![asker.user.0.into()]).await?;
        let current = row.map(|row| column::<i32>(&row, "app_user", "grants_version")).transpose()?;
        if current == Some(grants_version) { Ok(()) } else { Err(StoreError::StaleGrants.into()) }
    }
}

fn placed(
    asked: &GrantAsked,
    codes: &HashMap<String, PlaceCode>,
    units: &HashMap<UnitId, PlaceCode>,
) -> Result<PlacedGrant, Refusal> {
    let role = asked.role;
    match &asked.scope {
        Scope::Places(_) => placed_at(asked, |place| codes.get(place.as_str()).copied()),
        Scope::Unit(unit) => {
            let county = units.get(unit).copied().ok_or(UnitRefusal::Unknown)?;
            Ok(PlacedGrant { grant: Grant { role, scope: Scope::Unit(*unit) }, county: Some(county) })
        }
    }
}

/// A grant for places with the codes that they have today.
pub(in crate::store) fn placed_at(
    asked: &GrantAsked,
    today: impl Fn(&PlaceCode) -> Option<PlaceCode>,
) -> Result<PlacedGrant, Refusal> {
    let places = match &asked.scope {
        Scope::Places(places) => places.as_slice(),
        Scope::Unit(_) => &[],
    };
    // Too many are too many, known or not.
    scope_of(places)?;
    let today = places.iter().map(|place| today(place).ok_or(PlaceRefusal::Unknown { code: *place }));
    let scope = scope_of(&today.collect::<Result<Vec<_>, _>>()?)?;
    Ok(PlacedGrant { grant: Grant { role: asked.role, scope }, county: None })
}
