//! In which county's words something is said.

use domain::place::PlaceCode;
use infra::Store;
use openapi::Lang;
use openapi::words::Spoken;

/// The words of the county where a place lies, as they are now.
pub(crate) fn spoken(store: &Store, place: Option<&PlaceCode>, lang: Lang) -> Spoken {
    Spoken::new(place.and_then(|place| store.playbook(place.county()).ok()), lang)
}
