//! Who may grant and revoke what, and for which places.

use super::refusal::GrantRefusal;
use crate::actor::{Actor, Grant, Scope};
use crate::id::{GrantId, UnitId, UserId};
use crate::permission::{Action, Role, reaches};
use crate::place::{Levels, PlaceCode};

/// The most places of one grant.
pub const MAX_PLACES: usize = 64;

/// A grant with where it lies: a unit counts by its county.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedGrant {
    /// The grant.
    pub grant: Grant,
    /// The county of its unit; `None` for places.
    pub county: Option<PlaceCode>,
}

/// A grant that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its identity.
    pub id: GrantId,
    /// What it is.
    pub placed: PlacedGrant,
}

impl PlacedGrant {
    /// Where it lies.
    pub fn places(&self) -> &[PlaceCode] {
        match &self.grant.scope {
            Scope::Places(places) => places,
            Scope::Unit(_) => self.county.as_slice(),
        }
    }
}

/// The scope of 1 to 64 places. One that stands twice, or lies below another, is left out: it adds nothing.
///
/// # Errors
/// [`GrantRefusal::PlacesCount`], by what was given.
pub fn scope_of(places: &[PlaceCode]) -> Result<Scope, GrantRefusal> {
    match places.len() {
        1..=MAX_PLACES => Ok(Scope::Places(reduced(places))),
        count => Err(GrantRefusal::PlacesCount { count }),
    }
}

/// The places without those that another one covers, in order.
pub fn reduced(places: &[PlaceCode]) -> Vec<PlaceCode> {
    let mut sorted = places.to_vec();
    sorted.sort_unstable();
    // What a place covers comes right after it.
    sorted.dedup_by(|next, kept| kept.covers(next));
    sorted
}

/// The places by county, each county with the smallest place that covers all of its own.
pub fn by_county(places: &[PlaceCode], levels: impl Fn(&str) -> Levels) -> Vec<(PlaceCode, Vec<PlaceCode>)> {
    let mut counties: Vec<(PlaceCode, Vec<PlaceCode>)> = Vec::new();
    for place in places {
        match counties.iter_mut().find(|(common, _)| common.county() == place.county()) {
            Some((common, own)) => {
                // Two places of a county have at least the county in common.
                *common = common.common(place, &levels(place.county())).unwrap_or(*common);
                own.push(*place);
            }
            None => counties.push((*place, vec![*place])),
        }
    }
    counties
}

/// Whether whoever holds `holder` may give and take `role`.
fn confers(holder: Role, role: Role) -> bool {
    match holder {
        Role::SystemAdmin => true,
        Role::CountyAdmin => !matches!(role, Role::SystemAdmin | Role::Hotline),
        Role::Resident
        | Role::Volunteer
        | Role::PartyMember
        | Role::GridWorker
        | Role::GridLeader
        | Role::CommunityClerk
        | Role::StreetDispatcher
        | Role::DepartmentHandler
        | Role::Supervisor
        | Role::Hotline => false,
    }
}

/// Whether all of a grant lies within the places for which the actor's own roles confer it.
fn covers(actor: &Actor, placed: &PlacedGrant) -> bool {
    let conferring = || actor.grants.iter().filter(|own| confers(own.role, placed.grant.role));
    let covered = |place: &PlaceCode| {
        conferring().any(
            |own| matches!(&own.scope, Scope::Places(area) if area.iter().any(|area| area.covers(place))),
        )
    };
    let places = placed.places();
    !places.is_empty() && places.iter().all(covered)
}

/// Whether the actor may grant this.
///
/// # Errors
/// [`GrantRefusal::Resident`], [`GrantRefusal::BeyondScope`].
pub fn may_grant(actor: &Actor, new: &PlacedGrant) -> Result<(), GrantRefusal> {
    if new.grant.role == Role::Resident {
        return Err(GrantRefusal::Resident);
    }
    if covers(actor, new) { Ok(()) } else { Err(GrantRefusal::BeyondScope) }
}

/// Whether the actor may take this back: what they could have granted, and a stray grant to be a resident.
///
/// # Errors
/// [`GrantRefusal::BeyondScope`].
pub fn may_revoke(actor: &Actor, held: &PlacedGrant) -> Result<(), GrantRefusal> {
    if covers(actor, held) { Ok(()) } else { Err(GrantRefusal::BeyondScope) }
}

/// Whether a person can take over the tickets of whoever held these grants: wherever those handled tickets, the successor
/// does too. `units` are the counties of the successor's units.
pub fn can_succeed(
    successor: &Actor,
    units: &[(UnitId, PlaceCode)],
    left: UserId,
    ended: &[PlacedGrant],
) -> bool {
    let handles = |role: Role| !reaches(role, Action::TicketAccept).is_empty();
    let takes_over = |ended: &PlacedGrant| match &ended.grant.scope {
        Scope::Places(places) => places.iter().all(|place| successor.can_handle_at(place, units)),
        Scope::Unit(unit) => successor.handles_for(*unit),
    };
    successor.user != left && ended.iter().filter(|ended| handles(ended.grant.role)).all(takes_over)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;
    use strum::IntoEnumIterator;
    use uuid::Uuid;

    const UNIT: UnitId = UnitId(Uuid::from_u128(90));

    fn place(code: &str) -> PlaceCode {
        PlaceCode::parse(code, &Levels::default()).unwrap()
    }

    fn at(codes: &[&str]) -> Scope {
        Scope::Places(codes.iter().map(|code| place(code)).collect())
    }

    fn actor(grants: &[(Role, Scope)]) -> Actor {
        let grants = grants.iter().map(|(role, scope)| Grant { role: *role, scope: scope.clone() }).collect();
        Actor { user: UserId(Uuid::from_u128(1)), grants }
    }

    fn wanted(role: Role, scope: Scope) -> PlacedGrant {
        let county = matches!(scope, Scope::Unit(_)).then(|| place("532504"));
        PlacedGrant { grant: Grant { role, scope }, county }
    }

    const BEYOND: Result<(), GrantRefusal> = Err(GrantRefusal::BeyondScope);

    #[rstest]
    #[case::own_county(Role::CountyAdmin, &["532504"], Role::CommunityClerk, at(&["532504001007"]), Ok(()))]
    #[case::whole_county(Role::CountyAdmin, &["532504"], Role::CountyAdmin, at(&["532504"]), Ok(()))]
    #[case::a_unit_of_it(Role::CountyAdmin, &["532504"], Role::DepartmentHandler, Scope::Unit(UNIT), Ok(()))]
    #[case::next_county(Role::CountyAdmin, &["532504"], Role::GridWorker, at(&["532503001"]), BEYOND)]
    #[case::one_of_two(Role::CountyAdmin, &["532504"], Role::GridWorker, at(&["532504001", "532503001"]), BEYOND)]
    #[case::both(Role::CountyAdmin, &["532504", "532503"], Role::GridWorker, at(&["532504001", "532503001"]), Ok(()))]
    #[case::wider(Role::CountyAdmin, &["532504001"], Role::GridWorker, at(&["532504"]), BEYOND)]
    #[case::unit_counts_by_county(Role::CountyAdmin, &["532504001"], Role::DepartmentHandler, Scope::Unit(UNIT), BEYOND)]
    #[case::not_a_machine(Role::CountyAdmin, &["532504"], Role::Hotline, at(&["532504"]), BEYOND)]
    #[case::not_above(Role::CountyAdmin, &["532504"], Role::SystemAdmin, at(&["532504"]), BEYOND)]
    #[case::machine(Role::SystemAdmin, &["532504"], Role::Hotline, at(&["532504"]), Ok(()))]
    #[case::system(Role::SystemAdmin, &["532504"], Role::SystemAdmin, at(&["532504"]), Ok(()))]
    #[case::system_elsewhere(Role::SystemAdmin, &["532504"], Role::GridWorker, at(&["140226"]), BEYOND)]
    #[case::resident(Role::SystemAdmin, &["532504"], Role::Resident, at(&["532504"]), Err(GrantRefusal::Resident))]
    #[case::clerk(Role::CommunityClerk, &["532504"], Role::GridWorker, at(&["532504"]), BEYOND)]
    #[case::supervisor(Role::Supervisor, &["532504"], Role::Volunteer, at(&["532504"]), BEYOND)]
    fn who_may_grant_what(
        #[case] own: Role,
        #[case] places: &[&str],
        #[case] role: Role,
        #[case] scope: Scope,
        #[case] expected: Result<(), GrantRefusal>,
    ) {
        let granter = actor(&[(own, at(places))]);
        let new = wanted(role, scope);
        assert_eq!(may_grant(&granter, &new), expected);
        if role != Role::Resident {
            assert_eq!(may_revoke(&granter, &new), expected, "what one cannot give one cannot take");
        }
    }

    #[test]
    fn a_role_gives_only_within_its_own_places() {
        // System administrator of a street, county administrator of another: the one does not widen the other.
        let granter =
            actor(&[(Role::SystemAdmin, at(&["532504001"])), (Role::CountyAdmin, at(&["532504002"]))]);
        assert_eq!(may_grant(&granter, &wanted(Role::Hotline, at(&["532504001007"]))), Ok(()));
        assert_eq!(may_grant(&granter, &wanted(Role::Hotline, at(&["532504002001"]))), BEYOND);
        let both = wanted(Role::GridWorker, at(&["532504001007", "532504002001"]));
        assert_eq!(may_grant(&granter, &both), Ok(()));
        assert_eq!(may_grant(&granter, &wanted(Role::GridWorker, Scope::Unit(UNIT))), BEYOND);
        let of_unit = actor(&[(Role::CountyAdmin, Scope::Unit(UNIT))]);
        assert_eq!(may_grant(&of_unit, &wanted(Role::GridWorker, Scope::Unit(UNIT))), BEYOND);
    }

    #[test]
    fn a_grant_has_1_to_64_places_and_none_for_nothing() {
        let many: Vec<_> = (100..165).map(|n| place(&format!("532504001{n}"))).collect();
        assert_eq!(scope_of(&many[..64]), Ok(Scope::Places(many[..64].to_vec())));
        assert_eq!(scope_of(&many), Err(GrantRefusal::PlacesCount { count: 65 }));
        assert_eq!(scope_of(&[]), Err(GrantRefusal::PlacesCount { count: 0 }));
        let given = ["532504001007", "532504002", "532504001", "532504002", "532504001008"].map(place);
        assert_eq!(scope_of(&given), Ok(at(&["532504001", "532504002"])));
    }

    #[test]
    fn places_are_told_apart_by_county() {
        let places = ["532504001007", "140226100", "532504001008", "532504002"].map(place);
        let [mile, zuoyun] = &by_county(&places, |_| Levels::default())[..] else { panic!("two counties") };
        assert_eq!((mile.0, mile.1.len()), (place("532504"), 3));
        assert_eq!(zuoyun, &(place("140226100"), vec![place("140226100")]));
    }

    #[rstest]
    #[case::same_place(Role::GridWorker, at(&["532504001007"]), Role::GridWorker, at(&["532504001007"]), true)]
    #[case::wider(Role::GridWorker, at(&["532504001007"]), Role::GridLeader, at(&["532504001"]), true)]
    #[case::elsewhere(Role::GridWorker, at(&["532504001007"]), Role::GridWorker, at(&["532504001008"]), false)]
    #[case::handles_nothing(Role::GridWorker, at(&["532504001007"]), Role::Supervisor, at(&["532504"]), false)]
    #[case::left_nothing(Role::Supervisor, at(&["532504"]), Role::GridWorker, at(&["532504001007"]), true)]
    #[case::of_the_unit(
        Role::DepartmentHandler,
        Scope::Unit(UNIT),
        Role::DepartmentHandler,
        Scope::Unit(UNIT),
        true
    )]
    #[case::not_of_the_unit(Role::DepartmentHandler, Scope::Unit(UNIT), Role::GridWorker, at(&["532504"]), false)]
    #[case::a_unit_for_a_place(Role::GridWorker, at(&["532504001007"]), Role::DepartmentHandler, Scope::Unit(UNIT), true)]
    fn who_can_succeed(
        #[case] ended: Role,
        #[case] post: Scope,
        #[case] role: Role,
        #[case] scope: Scope,
        #[case] can: bool,
    ) {
        let successor = actor(&[(role, scope)]);
        let ended = [wanted(ended, post)];
        let units = [(UNIT, place("532504"))];
        assert_eq!(can_succeed(&successor, &units, UserId(Uuid::nil()), &ended), can);
        assert!(!can_succeed(&successor, &units, successor.user, &ended), "nobody succeeds themselves");
    }

    fn roles() -> impl Strategy<Value = Role> {
        prop::sample::select(Role::iter().collect::<Vec<_>>())
    }

    fn codes() -> impl Strategy<Value = PlaceCode> {
        "(532504|532503|140226)(00[12](00[12](00[12])?)?)?".prop_map(|code| place(&code))
    }

    fn scopes() -> impl Strategy<Value = Scope> {
        let some = prop::collection::vec(codes(), 1..4).prop_map(Scope::Places);
        prop_oneof![4 => some, 1 => Just(Scope::Unit(UNIT))]
    }

    proptest! {
        #[test]
        fn nobody_ever_grants_outside_their_places(
            own in prop::collection::vec((roles(), scopes()), 0..5), role in roles(), scope in scopes(),
        ) {
            let granter = actor(&own);
            let new = wanted(role, scope);
            let allowed = may_grant(&granter, &new).is_ok();
            let all: Vec<_> = own.iter().filter_map(|(role, scope)| match scope {
                Scope::Places(places) if matches!(role, Role::CountyAdmin | Role::SystemAdmin) => Some(places),
                Scope::Places(_) | Scope::Unit(_) => None,
            }).flatten().collect();
            // Not even a place below one of theirs is missing: each place, and whatever lies in it, is covered.
            let within = new.places().iter().all(|place| all.iter().any(|own| own.covers(place)));
            prop_assert!(!allowed || within);
            prop_assert!(!allowed || role != Role::Resident);
            let system = own.iter().any(|(role, _)| *role == Role::SystemAdmin);
            prop_assert!(!allowed || system || !matches!(role, Role::SystemAdmin | Role::Hotline));
            prop_assert_eq!(allowed, role != Role::Resident && may_revoke(&granter, &new).is_ok());
        }

        #[test]
        fn reducing_covers_the_same(places in prop::collection::vec(codes(), 0..12)) {
            let reduced = reduced(&places);
            prop_assert!(places.iter().all(|place| reduced.iter().any(|kept| kept.covers(place))));
            prop_assert!(reduced.iter().all(|kept| places.contains(kept)));
            let alone = |kept: &PlaceCode| reduced.iter().filter(|other| other.covers(kept)).count() == 1;
            prop_assert!(reduced.iter().all(alone));
        }
    }
}
