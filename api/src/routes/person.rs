//! People: the roster, grants, and what is held on oneself.

mod change;
mod create;
mod list;
mod own;
mod profile;

pub(crate) use change::{
    edit_person, erase_person, grant_person, leave_person, revoke_person, unmask_person,
};
pub(crate) use create::create_person;
pub(in crate::routes) use list::within;
pub(crate) use list::{get_person, list_people};
pub(crate) use own::{erase_me, export_me};
pub(crate) use profile::{edit_my_profile, edit_profile};

use crate::app::State;
use crate::error::{ApiError, ApiResult, fault};
use actix_web::http::StatusCode;
use domain::actor::Scope;
use domain::id::UnitId;
use domain::person::{GrantRefusal, PlacedGrant};
use domain::phone::Phone;
use domain::text::{FreeText, MAX_NAME};
use infra::store::{Answer, ChangeError, GrantAsked};
use openapi::person::{GrantRef, RosterEntry};
use openapi::problem::Fault;

/// The person as the answer to a change.
fn answer(status: StatusCode, person: &domain::person::Person) -> Answer {
    entry(status, person.version, &RosterEntry::from(person))
}

/// As [`answer`], for whoever it is.
fn own(person: &domain::person::Person) -> Answer {
    let plain = RosterEntry { name: person.name.clone(), ..person.into() };
    entry(StatusCode::OK, person.version, &plain)
}

fn entry(status: StatusCode, version: i32, entry: &RosterEntry) -> Answer {
    Answer { status: status.as_u16(), version, body: serde_json::to_vec(entry).unwrap_or_default() }
}

/// How a change of a person fails.
fn failed(error: ChangeError) -> ApiError {
    match error {
        ChangeError::OtherVersion => ApiError::new("person.version_mismatch"),
        error => error.into(),
    }
}

/// A name as it is kept.
fn name(name: &str) -> Result<String, Fault> {
    FreeText::check(name, MAX_NAME).map_err(|refusal| fault(refusal, Some("/name".into())))?;
    Ok(name.trim().to_owned())
}

fn phone(phone: Option<String>) -> Result<Option<Phone>, Fault> {
    let parse = |text: String| Phone::parse(&text).map_err(|refusal| fault(refusal, Some("/phone".into())));
    phone.map(parse).transpose()
}

/// The grants of a body with their places as these are today. `at` is where the grant of a number stands.
async fn placed(
    state: &State,
    grants: &[GrantRef],
    at: impl Fn(usize) -> String,
) -> ApiResult<Vec<PlacedGrant>> {
    let asked = grants.iter().enumerate().map(|(i, grant)| asked(state, grant, &at(i)));
    let asked = asked.collect::<Result<Vec<_>, _>>()?;
    let placed = state.store.placed_grants(&asked).await?.into_iter().enumerate();
    let placed = placed.map(|(i, grant)| {
        grant.map_err(|refusal| {
            let field = refusal.field().unwrap_or("/places");
            fault(refusal.clone(), Some(format!("{}{field}", at(i))))
        })
    });
    Ok(placed.collect::<Result<_, _>>()?)
}

fn asked(state: &State, grant: &GrantRef, at: &str) -> Result<GrantAsked, Fault> {
    let GrantRef { role, places, unit } = grant;
    let scope = match (places, unit) {
        (Some(places), None) => {
            // Counted before any is read: a list without end is not worth it.
            if places.len() > domain::person::MAX_PLACES {
                let refusal = GrantRefusal::PlacesCount { count: places.len() };
                return Err(fault(refusal, Some(format!("{at}/places"))));
            }
            let code = |(i, code): (usize, &String)| {
                let field = format!("{at}/places/{i}");
                state.store.place_code(code).map_err(|refusal| fault(refusal, Some(field)))
            };
            Scope::Places(places.iter().enumerate().map(code).collect::<Result<_, _>>()?)
        }
        (None, Some(unit)) => Scope::Unit(UnitId(*unit)),
        (None, None) | (Some(_), Some(_)) => {
            return Err(fault(GrantRefusal::PlacesOrUnit, Some(format!("{at}/places"))));
        }
    };
    Ok(GrantAsked { role: role.0, scope })
}
