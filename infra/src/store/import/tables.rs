//! The rows that are written of people from a sheet.

use super::super::error::StoreError;
use super::rows::Rows;
use super::{Exactly, Happening, Import, event, events};
use domain::actor::Scope;
use domain::id::UserId;
use domain::person::{EVENT_VERSION, Happened, Held, PlacedGrant};

/// The rows that are written of people.
pub(super) struct Tables {
    pub(super) people: Rows,
    pub(super) grants: Rows,
    pub(super) places: Rows,
    pub(super) events: Rows,
    pub(super) tokens: Rows,
    pub(super) changes: Vec<Exactly>,
}

impl Tables {
    pub(super) fn new() -> Self {
        Self {
            people: Rows::new(
                "app_user",
                &["id", "name", "phone", "phone_hash", "profile", "grants_version", "version", "created_at"],
            ),
            grants: Rows::new("role_grant", &["id", "user_id", "role", "scope", "unit_id"]),
            places: Rows::new("grant_place", &["grant_id", "code", "user_id"]),
            events: events(),
            tokens: Rows::new("name_token", &["token", "user_id"]),
            changes: vec![],
        }
    }

    pub(super) fn grant(&mut self, person: UserId, held: &Held) -> Result<(), StoreError> {
        let Held { id, placed: PlacedGrant { grant, county: _ } } = held;
        let role: &str = grant.role.into();
        let scope = serde_json::to_value(&grant.scope)
            .map_err(|error| StoreError::corrupt("role_grant", "scope", person, error))?;
        let (places, unit) = match &grant.scope {
            Scope::Places(places) => (places.as_slice(), None),
            Scope::Unit(unit) => (&[][..], Some(unit.0)),
        };
        self.grants.add([id.0.into(), person.0.into(), role.into(), scope.into(), unit.into()]);
        for place in places {
            self.places.add([id.0.into(), place.as_str().into(), person.0.into()]);
        }
        Ok(())
    }

    pub(super) fn happened(
        &mut self,
        import: &Import<'_>,
        person: UserId,
        version: i32,
        happened: &[Happened],
    ) -> Result<(), StoreError> {
        for (one, version) in happened.iter().zip(version + 1..) {
            let (kind, at) = (one.fact.headline().name(), one.at.as_ref().map_or("", |at| at.as_str()));
            let id = person.0;
            let happening =
                Happening { aggregate: "person", id, version, kind, v: EVENT_VERSION, at, text: None };
            self.events.add(event(import.by, import.now, happening, &one.fact)?);
        }
        Ok(())
    }
}
