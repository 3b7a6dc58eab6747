//! People in the store: one read, one list, one guarded change, and what is taken out of it: a copy for themselves, or
//! everything personal.

mod change;
mod erase;
mod export;
mod facts;
mod list;
mod read;
mod token;
mod verify;

pub use change::NewPerson;
pub use facts::GrantAsked;
pub(super) use facts::placed_at;
pub use list::{PeopleLens, PeopleQuery};
pub(super) use read::{COLUMNS, GRANT_COLUMNS, known_in, stored_profile};

use super::Store;
use super::error::StoreError;
use super::phone::PHONE;
use super::user::NAME;
use domain::actor::Scope;
use domain::person::{Held, Person, PlacedGrant};
use domain::place::Levels;
use sea_orm::{Statement, Value};
use uuid::Uuid;

impl Store {
    /// The levels of a county's codes.
    pub(super) fn levels(&self, county: &str) -> Levels {
        self.playbook(county).map(|book| book.code_levels()).unwrap_or_default()
    }

    /// Name, phone and its hash, as they are stored, and the profile.
    pub(super) fn sealed(&self, person: &Person) -> Result<[Value; 4], StoreError> {
        let id = person.id.0;
        let phone = person.phone.map(|phone| self.keys.seal(PHONE, id, phone.as_str().as_bytes()));
        let hash = person.phone.map(|phone| self.phone_hash(&phone).to_vec());
        let profile = person.profile.as_ref().map(serde_json::to_value).transpose();
        let profile = profile.map_err(|error| StoreError::corrupt("app_user", "profile", id, error))?;
        let name = self.keys.seal(NAME, id, person.name.as_bytes());
        Ok([name.into(), phone.into(), hash.into(), profile.into()])
    }

    /// A sealed text; `column` as `table.column`.
    pub(super) fn unsealed(
        &self,
        column: &'static str,
        id: Uuid,
        sealed: &[u8],
    ) -> Result<String, StoreError> {
        let (table, name) = column.split_once('.').unwrap_or((column, ""));
        let corrupt = |reason: String| StoreError::corrupt(table, name, id, reason);
        let bytes = self.keys.unseal(column, id, sealed).map_err(|error| corrupt(error.to_string()))?;
        String::from_utf8(bytes).map_err(|error| corrupt(error.to_string()))
    }

    /// The rows of a grant: itself, and its places by which its holder is found.
    pub(super) fn give(&self, user: Uuid, held: &Held) -> Result<Vec<Statement>, StoreError> {
        let Held { id, placed: PlacedGrant { grant, county: _ } } = held;
        let role: &str = grant.role.into();
        let scope = serde_json::to_value(&grant.scope)
            .map_err(|error| StoreError::corrupt("role_grant", "scope", user, error))?;
        let (places, unit) = match &grant.scope {
            Scope::Places(places) => (places.as_slice(), None),
            Scope::Unit(unit) => (&[][..], Some(unit.0)),
        };
        let sql = "INSERT INTO role_grant (id, user_id, role, scope, unit_id) VALUES ($1, $2, $3, $4, $5)";
        let values = vec![id.0.into(), user.into(), role.into(), scope.into(), unit.into()];
        let mut statements = vec![self.statement(sql, values)];
        let place = "INSERT INTO grant_place (grant_id, code, user_id) VALUES ($1, $2, $3)";
        statements.extend(
            places
                .iter()
                .map(|code| self.statement(place, vec![id.0.into(), code.as_str().into(), user.into()])),
        );
        Ok(statements)
    }

    /// Takes the rows of a grant away.
    pub(super) fn take(&self, held: &Held) -> [Statement; 2] {
        let id = || vec![held.id.0.into()];
        [
            self.statement("DELETE FROM grant_place WHERE grant_id = $1", id()),
            self.statement("DELETE FROM role_grant WHERE id = $1", id()),
        ]
    }
}
