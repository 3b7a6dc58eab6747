//! Who may be away when, and who can stand in.

use super::*;
use crate::actor::{Grant, Scope};
use crate::id::GrantId;
use crate::permission::Role;
use crate::place::Levels;
use chrono::DateTime;
use proptest::prelude::*;
use rstest::rstest;
use uuid::Uuid;

const DAY: i64 = 86_400;
const COMMUNITY: &str = "532504001007";
const UNIT: UnitId = UnitId(Uuid::from_u128(90));

fn place(code: &str) -> PlaceCode {
    PlaceCode::parse(code, &Levels::default()).unwrap()
}

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

fn at(second: i64) -> Timestamp {
    DateTime::from_timestamp(second, 0).unwrap()
}

fn grant(role: Role, code: &str) -> Grant {
    Grant { role, scope: Scope::Places(vec![place(code)]) }
}

fn holder(n: u128, role: Role, code: &str) -> Actor {
    Actor { user: user(n), grants: vec![grant(role, code)] }
}

fn posts(grants: &[Grant]) -> Whereabouts {
    let county = |grant: &Grant| matches!(grant.scope, Scope::Unit(_)).then(|| place("532504"));
    let placed = |grant: &Grant| PlacedGrant { grant: grant.clone(), county: county(grant) };
    let held = |grant| Held { id: GrantId(Uuid::nil()), placed: placed(grant) };
    Whereabouts { grants: grants.iter().map(held).collect(), ..Whereabouts::default() }
}

fn worker() -> Whereabouts {
    posts(&[grant(Role::GridWorker, COMMUNITY)])
}

/// Of the second person, entered by the first.
fn absence(starts: i64, ends: i64, stand_in: Option<u128>) -> Absence {
    Absence {
        id: AbsenceId(Uuid::nil()),
        person: user(2),
        starts_at: at(starts),
        ends_at: at(ends),
        stand_in: stand_in.map(user),
        reason: None,
        created_by: user(1),
        created_at: at(0),
        version: 1,
    }
}

/// At the tenth second.
#[rstest]
#[case::now(10, 20, Ok(()))]
#[case::has_begun(0, 11, Ok(()))]
#[case::later(DAY, 2 * DAY, Ok(()))]
#[case::as_long_as_may_be(10, 10 + 366 * DAY, Ok(()))]
#[case::longer(10, 11 + 366 * DAY, Err(AbsenceRefusal::TooLong))]
#[case::backwards(20, 19, Err(AbsenceRefusal::EndsBeforeStart))]
#[case::empty(20, 20, Err(AbsenceRefusal::EndsBeforeStart))]
#[case::over(0, 10, Err(AbsenceRefusal::Over))]
fn when_an_absence_may_be(
    #[case] starts: i64,
    #[case] ends: i64,
    #[case] expected: Result<(), AbsenceRefusal>,
) {
    let clerk = holder(1, Role::CommunityClerk, COMMUNITY);
    assert_eq!(absence(starts, ends, None).check(&clerk, Some(&worker()), None, at(10)), expected);
}

#[rstest]
#[case::clerk(holder(1, Role::CommunityClerk, COMMUNITY), worker(), Ok(()))]
#[case::street(holder(1, Role::StreetDispatcher, "532504001"), worker(), Ok(()))]
#[case::county(holder(1, Role::CountyAdmin, "532504"), worker(), Ok(()))]
#[case::themselves(holder(2, Role::GridWorker, COMMUNITY), worker(), Ok(()))]
#[case::next_door(
    holder(1, Role::CommunityClerk, "532504001008"),
    worker(),
    Err(AbsenceRefusal::PersonCannot)
)]
#[case::colleague(holder(1, Role::GridWorker, COMMUNITY), worker(), Err(AbsenceRefusal::PersonCannot))]
#[case::sees_only(holder(1, Role::Supervisor, "532504"), worker(), Err(AbsenceRefusal::BeyondScope))]
#[case::no_post(holder(1, Role::CountyAdmin, "532504"), posts(&[]), Err(AbsenceRefusal::PersonCannot))]
#[case::their_superior(holder(1, Role::CommunityClerk, COMMUNITY), posts(&[grant(Role::CountyAdmin, "532504")]),
    Err(AbsenceRefusal::PersonCannot))]
#[case::with_another_post_elsewhere(holder(1, Role::CommunityClerk, COMMUNITY),
    posts(&[grant(Role::GridWorker, COMMUNITY), grant(Role::GridWorker, "532504001008")]),
    Err(AbsenceRefusal::BeyondScope))]
#[case::of_a_unit(holder(1, Role::CountyAdmin, "532504"),
    posts(&[Grant { role: Role::DepartmentHandler, scope: Scope::Unit(UNIT) }]), Ok(()))]
#[case::of_a_unit_for_the_street(holder(1, Role::StreetDispatcher, "532504001"),
    posts(&[Grant { role: Role::DepartmentHandler, scope: Scope::Unit(UNIT) }]), Err(AbsenceRefusal::PersonCannot))]
fn who_enters_an_absence(
    #[case] actor: Actor,
    #[case] posts: Whereabouts,
    #[case] expected: Result<(), AbsenceRefusal>,
) {
    assert_eq!(absence(10, 20, None).check(&actor, Some(&posts), None, at(0)), expected);
    assert_eq!(absence(10, 20, None).check(&actor, None, None, at(0)), Err(AbsenceRefusal::PersonCannot));
}

#[rstest]
#[case::colleague(Role::GridWorker, COMMUNITY, Role::GridWorker, COMMUNITY, true)]
#[case::from_above(Role::GridWorker, COMMUNITY, Role::StreetDispatcher, "532504001", true)]
#[case::next_door(Role::GridWorker, COMMUNITY, Role::GridWorker, "532504001008", false)]
#[case::of_a_part(Role::GridWorker, COMMUNITY, Role::GridWorker, "532504001007003", false)]
#[case::watches(Role::GridWorker, COMMUNITY, Role::Supervisor, "532504", false)]
#[case::who_dispatches_needs_who_does(Role::CommunityClerk, COMMUNITY, Role::GridWorker, COMMUNITY, false)]
#[case::another_clerk(Role::CommunityClerk, COMMUNITY, Role::CommunityClerk, COMMUNITY, true)]
#[case::who_only_dispatches(Role::CountyAdmin, "532504", Role::CountyAdmin, "532504", true)]
#[case::not_all_of_it(Role::CountyAdmin, "532504", Role::StreetDispatcher, "532504001", false)]
#[case::nothing_to_handle(Role::Supervisor, "532504", Role::Volunteer, COMMUNITY, true)]
fn who_stands_in_for_whom(
    #[case] role: Role,
    #[case] code: &str,
    #[case] stand_in: Role,
    #[case] there: &str,
    #[case] can: bool,
) {
    let posts = posts(&[grant(role, code)]);
    let own = holder(2, role, code);
    let other = holder(3, stand_in, there);
    let known = |actor, away| StandIn { actor, units: &[], away };
    let entered = |named, known| absence(10, 20, named).check(&own, Some(&posts), known, at(0));
    let expected = if can { Ok(()) } else { Err(AbsenceRefusal::StandInCannot) };
    assert_eq!(entered(Some(3), Some(known(&other, false))), expected);
    // Away too, nobody, or the very same person.
    assert_eq!(entered(Some(3), Some(known(&other, true))), Err(AbsenceRefusal::StandInCannot));
    let of_nothing = Actor { user: user(3), grants: vec![] };
    assert_eq!(entered(Some(3), Some(known(&of_nothing, false))), Err(AbsenceRefusal::StandInCannot));
    assert_eq!(entered(Some(3), None), Err(AbsenceRefusal::StandInCannot));
    assert_eq!(entered(Some(2), Some(known(&own, false))), Err(AbsenceRefusal::StandInCannot));
    assert_eq!(entered(None, None), Ok(()));
}

#[test]
fn a_unit_is_stood_in_for_by_its_own() {
    let of_unit = |unit| vec![Grant { role: Role::DepartmentHandler, scope: Scope::Unit(unit) }];
    let units = [(UNIT, place("532504"))];
    let away = posts(&of_unit(UNIT));
    let can = |grants| can_stand_in(&Actor { user: user(3), grants }, &units, user(2), &away.grants);
    assert!(can(of_unit(UNIT)));
    assert!(!can(of_unit(UnitId(Uuid::from_u128(91)))));
    assert!(!can(vec![grant(Role::StreetDispatcher, "532504001")]));
}

/// From the tenth second to the twentieth.
#[rstest]
#[case::half_way(2, None, 15, Ok(15))]
#[case::by_a_clerk(1, None, 15, Ok(15))]
#[case::before_it_began(2, None, 5, Ok(10))]
#[case::as_it_begins(2, None, 10, Ok(10))]
#[case::over(2, None, 20, Err(AbsenceRefusal::Ended))]
#[case::by_the_stand_in(3, Some(3), 15, Err(AbsenceRefusal::BeyondScope))]
#[case::by_anybody_else(3, None, 15, Err(AbsenceRefusal::NotFound))]
fn how_an_absence_ends(
    #[case] actor: u128,
    #[case] stand_in: Option<u128>,
    #[case] now: i64,
    #[case] expected: Result<i64, AbsenceRefusal>,
) {
    let role = if actor == 1 { Role::CommunityClerk } else { Role::GridWorker };
    let actor = holder(actor, role, COMMUNITY);
    let ended = absence(10, 20, stand_in).ended(&actor, Some(&worker()), at(now));
    assert_eq!(ended.map(|absence| absence.ends_at), expected.map(at));
}

#[test]
fn what_never_was_is_ended_once() {
    let own = holder(2, Role::GridWorker, COMMUNITY);
    let never = absence(10, 20, None).ended(&own, Some(&worker()), at(5)).unwrap();
    assert_eq!(never.ended(&own, Some(&worker()), at(6)), Err(AbsenceRefusal::Ended));
}

#[test]
fn events_are_stored_as_they_were() {
    let fact = Fact::AbsenceEnded { person: user(2), ends_at: at(5) };
    let json = serde_json::to_string(&fact).unwrap();
    assert!(json.contains("\"kind\":\"absence_ended\""), "{json}");
    assert_eq!(serde_json::from_str::<Fact>(&json).unwrap(), fact);
    assert_eq!(fact.headline().name(), "absence_ended");
}

fn code() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["532504", "532504001", COMMUNITY, "532504001008", "140226"])
}

fn role() -> impl Strategy<Value = Role> {
    prop::sample::select(vec![
        Role::Volunteer,
        Role::GridWorker,
        Role::CommunityClerk,
        Role::StreetDispatcher,
        Role::Supervisor,
        Role::CountyAdmin,
    ])
}

proptest! {
    /// Whatever is entered lies ahead at least in part, is no longer than it may be, and its end lies within it.
    #[test]
    fn what_is_entered_can_be_ended(
        starts in -400 * DAY..400 * DAY,
        length in -10..370 * DAY,
        now in -10 * DAY..10 * DAY,
        later in 0..800 * DAY,
    ) {
        let own = holder(2, Role::GridWorker, COMMUNITY);
        let absence = absence(starts, starts + length, None);
        if absence.check(&own, Some(&worker()), None, at(now)).is_ok() {
            prop_assert!(absence.ends_at > at(now) && absence.ends_at > absence.starts_at);
            prop_assert!(length <= MAX_DAYS * DAY);
            if let Ok(ended) = absence.ended(&own, Some(&worker()), at(now + later)) {
                prop_assert!((absence.starts_at..absence.ends_at).contains(&ended.ends_at));
            } else {
                prop_assert!(at(now + later) >= absence.ends_at);
            }
        }
    }

    /// Whoever stands in can be on duty wherever the other can, and more posts of theirs take nothing away.
    #[test]
    fn a_stand_in_can_be_on_duty_wherever_the_other_can(
        away in prop::collection::vec((role(), code()), 1..3),
        stand_in in prop::collection::vec((role(), code()), 1..3),
        more in (role(), code()),
        anywhere in code(),
    ) {
        let actor = |n, held: &[(Role, &str)]| Actor {
            user: user(n),
            grants: held.iter().map(|(role, code)| grant(*role, code)).collect(),
        };
        let held = posts(&actor(2, &away).grants);
        let can = |stand_in: &[(Role, &str)]| can_stand_in(&actor(3, stand_in), &[], user(2), &held.grants);
        if can(&stand_in) {
            let there = place(anywhere);
            prop_assert!(!actor(2, &away).can_be_on_duty_at(&there, &[])
                || actor(3, &stand_in).can_be_on_duty_at(&there, &[]));
            prop_assert!(can(&[stand_in.clone(), vec![more]].concat()));
        }
    }
}
