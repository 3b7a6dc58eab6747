//! Who sees a person. Staff are where they were granted something; who was granted nothing is where a ticket of theirs
//! lies, or where an administrator last had to do with them.

use super::grant::Held;
use crate::actor::{Actor, Scope};
use crate::permission::{Action, Reach, Role, reaches};
use crate::place::PlaceCode;

/// Where a person is, as far as their rows tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Whereabouts {
    /// What they were granted.
    pub grants: Vec<Held>,
    /// Where their history last says that they counted.
    pub traced: Option<PlaceCode>,
    /// A ticket of theirs within the places of the asker as county administrator.
    pub ticket: Option<PlaceCode>,
}

impl Whereabouts {
    /// Whether they hold a post.
    pub fn is_staff(&self) -> bool {
        self.grants.iter().any(|held| held.placed.grant.role != Role::Resident)
    }
}

impl Actor {
    /// The places in which they have `action`.
    pub fn area_of(&self, action: Action) -> impl Iterator<Item = PlaceCode> {
        self.grants
            .iter()
            .filter(move |grant| reaches(grant.role, action).contains(&Reach::Area))
            .flat_map(|grant| places(&grant.scope))
    }

    /// The places that they administer as county administrator: where residents are theirs too.
    pub fn county_area(&self) -> impl Iterator<Item = PlaceCode> {
        let grants = self.grants.iter().filter(|grant| grant.role == Role::CountyAdmin);
        grants.flat_map(|grant| places(&grant.scope))
    }

    /// The places at which `action` reaches a person; none when it does not.
    pub fn reaches_person(&self, action: Action, person: &Whereabouts) -> Vec<PlaceCode> {
        let covered = |place: &&PlaceCode| self.area_of(action).any(|area| area.covers(place));
        if person.is_staff() {
            return person
                .grants
                .iter()
                .flat_map(|held| held.placed.places())
                .filter(covered)
                .copied()
                .collect();
        }
        let as_resident = person.ticket.as_ref();
        let known = person.traced.as_ref().filter(|_| !self.administers_nobody());
        known.into_iter().chain(as_resident).filter(covered).copied().collect()
    }

    fn administers_nobody(&self) -> bool {
        self.area_of(Action::PersonEdit).next().is_none()
    }
}

fn places(scope: &Scope) -> impl Iterator<Item = PlaceCode> {
    match scope {
        Scope::Places(places) => places.as_slice(),
        Scope::Unit(_) => &[],
    }
    .iter()
    .copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Grant;
    use crate::id::{GrantId, UserId};
    use crate::person::PlacedGrant;
    use crate::place::Levels;
    use rstest::rstest;
    use uuid::Uuid;

    fn place(code: &str) -> PlaceCode {
        PlaceCode::parse(code, &Levels::default()).unwrap()
    }

    fn grant(role: Role, code: &str) -> Grant {
        Grant { role, scope: Scope::Places(vec![place(code)]) }
    }

    fn worker_at(code: &str) -> Whereabouts {
        let placed = PlacedGrant { grant: grant(Role::GridWorker, code), county: None };
        Whereabouts { grants: vec![Held { id: GrantId(Uuid::nil()), placed }], ..Whereabouts::default() }
    }

    fn resident(traced: Option<&str>, ticket: Option<&str>) -> Whereabouts {
        Whereabouts { grants: vec![], traced: traced.map(place), ticket: ticket.map(place) }
    }

    #[rstest]
    #[case::clerk(Role::CommunityClerk, "532504001007", worker_at("532504001007"), true)]
    #[case::next_door(Role::CommunityClerk, "532504001008", worker_at("532504001007"), false)]
    #[case::too_wide(Role::CommunityClerk, "532504001007", worker_at("532504001"), false)]
    #[case::street(Role::StreetDispatcher, "532504001", worker_at("532504001007"), true)]
    #[case::supervisor(Role::Supervisor, "532504", worker_at("532504001007"), true)]
    #[case::worker(Role::GridWorker, "532504", worker_at("532504001007"), false)]
    #[case::resident_with_a_ticket(Role::CountyAdmin, "532504", resident(None, Some("532504001007")), true)]
    #[case::resident_without(Role::CountyAdmin, "532504", resident(None, None), false)]
    #[case::registered_here(Role::CountyAdmin, "532504", resident(Some("532504001"), None), true)]
    #[case::registered_there(Role::CountyAdmin, "532504", resident(Some("140226"), None), false)]
    #[case::not_for_clerks(Role::CommunityClerk, "532504", resident(Some("532504001"), None), false)]
    #[case::staff_by_grants_only(Role::CountyAdmin, "140226",
        Whereabouts { traced: Some(place("140226")), ..worker_at("532504001007") }, false)]
    fn who_sees_whom(
        #[case] role: Role,
        #[case] code: &str,
        #[case] person: Whereabouts,
        #[case] sees: bool,
    ) {
        let actor = Actor { user: UserId(Uuid::from_u128(1)), grants: vec![grant(role, code)] };
        assert_eq!(!actor.reaches_person(Action::PersonView, &person).is_empty(), sees);
    }
}
