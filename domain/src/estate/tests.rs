//! Who sets how an estate is looked after, and by whom it may be.

use super::*;
use crate::cast::{
    COMMUNITY, COUNTY, GROUP, NEIGHBOUR, STREET, code, now, of_unit, resident, staff, text, unit,
};
use crate::permission::Role;
use crate::place::PlaceCode;
use crate::playbook::{EstateMode, LevelName};
use chrono::TimeDelta;
use rstest::rstest;
use uuid::Uuid;

/// Estates may be groups or buildings, and are looked after in one of three modes.
fn playbook() -> Playbook {
    let level = |name: &str, household| LevelName { name: name.into(), width: 3, household };
    let mode = |key: &str, to| EstateMode { key: key.into(), name: key.into(), to };
    Playbook {
        levels: vec![level("小区", false), level("楼栋", false), level("住户", true)],
        estate_modes: vec![
            mode("company", EstateTo::Property),
            mode("community_run", EstateTo::Community),
            mode("self_run", EstateTo::Owners),
        ],
        ..crate::playbook::tests::with(vec![])
    }
}

fn clerk() -> Actor {
    staff(Role::CommunityClerk, COMMUNITY)
}

fn at(place: &str) -> PlaceRef {
    PlaceRef { id: PlaceId(Uuid::from_u128(7)), code: code(place) }
}

fn new(mode: &str, kind: Option<UnitKind>) -> NewMode {
    NewMode { mode: mode.into(), unit: kind.map(|kind| (unit(1), kind)), reason: text(1) }
}

fn set(new: &NewMode, place: &str, actor: &Actor) -> Result<Change<Estate>, MatterRefusal> {
    Estate::set(None, new, (&playbook(), &at(place)), actor, now())
}

#[rstest]
#[case::its_clerk(clerk(), true)]
#[case::the_county(staff(Role::CountyAdmin, COUNTY), true)]
#[case::a_clerk_of_the_estate_alone(staff(Role::CommunityClerk, GROUP), true)]
#[case::the_neighbour(staff(Role::CommunityClerk, NEIGHBOUR), false)]
#[case::its_street(staff(Role::StreetDispatcher, STREET), false)]
#[case::its_grid_leader(staff(Role::GridLeader, GROUP), false)]
#[case::the_company(of_unit(Role::DepartmentHandler, 1), false)]
#[case::a_clerk_of_a_unit(of_unit(Role::CommunityClerk, 1), false)]
#[case::a_resident(resident(), false)]
fn f10_who_sets_the_mode(#[case] actor: Actor, #[case] may: bool) {
    let fine = set(&new("community_run", None), GROUP, &actor).map(|_| ());
    assert_eq!(fine, if may { Ok(()) } else { Err(MatterRefusal::BeyondScope) });
    // Who may not hears of nothing else that is wrong.
    let wrong = set(&new("moon", None), GROUP, &actor).unwrap_err().code();
    assert_eq!(wrong, if may { "matter.unknown" } else { "matter.beyond_scope" });
}

#[rstest]
#[case::a_group(GROUP, true)]
#[case::a_building("532504001007003001", true)]
#[case::a_household("532504001007003001001", false)]
#[case::a_community(COMMUNITY, false)]
#[case::a_county(COUNTY, false)]
fn f10_where_an_estate_may_be(#[case] place: &str, #[case] may: bool) {
    let county = staff(Role::CountyAdmin, COUNTY);
    let expected = if may { Ok(()) } else { Err(MatterRefusal::Place { field: "/place" }) };
    let code = PlaceCode::parse(place, &playbook().code_levels()).unwrap();
    let place = PlaceRef { code, ..at(GROUP) };
    let set = Estate::set(None, &new("community_run", None), (&playbook(), &place), &county, now());
    assert_eq!(set.map(|_| ()), expected);
}

#[rstest]
#[case::a_company("company", Some(UnitKind::PropertyCompany), true)]
#[case::a_committee_for_a_company("company", Some(UnitKind::OwnersCommittee), false)]
#[case::a_department_for_a_company("company", Some(UnitKind::Department), false)]
#[case::no_company("company", None, false)]
#[case::a_committee("self_run", Some(UnitKind::OwnersCommittee), true)]
#[case::owners_before_they_elect_one("self_run", None, true)]
#[case::a_company_for_a_committee("self_run", Some(UnitKind::PropertyCompany), false)]
#[case::the_community("community_run", None, true)]
#[case::a_company_for_the_community("community_run", Some(UnitKind::PropertyCompany), false)]
#[case::its_office_for_the_community("community_run", Some(UnitKind::CommunityOffice), false)]
fn f10_who_looks_after_it_fits_the_mode(
    #[case] mode: &str,
    #[case] kind: Option<UnitKind>,
    #[case] fits: bool,
) {
    let change = set(&new(mode, kind), GROUP, &clerk());
    if !fits {
        assert_eq!(change, Err(MatterRefusal::Who { field: "/unit" }));
        return;
    }
    let change = change.unwrap();
    let (unit, reason) = (kind.map(|_| unit(1)), text(1).reference);
    assert_eq!(change.fact, EstateFact::EstateSet { mode: mode.into(), unit, reason });
    assert_eq!((change.texts, change.tell), (vec![text(1)], vec![]));
    let columns = change.after.columns();
    assert_eq!((columns.status, columns.open, columns.topic.as_deref()), ("set", true, Some(mode)));
    let parties: Vec<_> = unit.into_iter().map(|unit| ("unit", Holder::Unit(unit))).collect();
    assert_eq!(columns.parties, parties);
}

#[test]
fn f10_a_mode_that_the_playbook_does_not_have_is_answered_with_those_that_it_has() {
    let allowed = "company, community_run, self_run".to_owned();
    let refusal = set(&new("moon", None), GROUP, &clerk()).unwrap_err();
    assert_eq!(refusal, MatterRefusal::Unknown { field: "/mode", allowed });
    // Where a playbook has no modes, none can be set.
    let none = Playbook { estate_modes: vec![], ..playbook() };
    let set = Estate::set(None, &new("company", None), (&none, &at(GROUP)), &clerk(), now());
    assert_eq!(set, Err(MatterRefusal::Unknown { field: "/mode", allowed: String::new() }));
}

#[test]
fn f10_another_mode_takes_the_place_of_the_one_before() {
    let before = set(&new("company", Some(UnitKind::PropertyCompany)), GROUP, &clerk()).unwrap().after;
    assert_eq!((before.set_at, before.changed_at), (now(), now()));
    let later = now() + TimeDelta::days(40);
    let other = NewMode { reason: text(2), ..new("self_run", None) };
    let set = Estate::set(Some(&before), &other, (&playbook(), &at(GROUP)), &clerk(), later);
    let after = set.unwrap().after;
    let expected = Estate {
        mode: "self_run".into(),
        unit: None,
        changed_at: later,
        reason: text(2).reference,
        ..before
    };
    assert_eq!(after, expected);
    // It is the same one, in its place in the lists.
    assert_eq!(after.columns().sorted_at, before.columns().sorted_at);
    assert_eq!(after.columns().slots, [Estate::slot(before.place)]);
}
