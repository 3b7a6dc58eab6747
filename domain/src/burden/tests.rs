//! Who keeps the burden register, and what becomes of an entry.

use super::*;
use crate::cast::{
    COMMUNITY, COUNTY, GROUP, NEIGHBOUR, OTHER_STREET, STREET, code, now, of_unit, resident, staff, text,
    unit,
};
use crate::permission::Role;
use rstest::rstest;
use strum::IntoEnumIterator;

fn clerk() -> Actor {
    staff(Role::CommunityClerk, COMMUNITY)
}

fn enter(actor: &Actor) -> Result<Change<Burden>, MatterRefusal> {
    Burden::enter((BurdenKind::Plate, &text(1)), Some(unit(1)), actor, &code(COMMUNITY), now())
}

fn reduce(burden: &Burden, actor: &Actor) -> Result<Change<Burden>, MatterRefusal> {
    burden.reduce(&text(2), actor, &code(COMMUNITY), now())
}

#[rstest]
#[case::its_clerk(clerk(), true)]
#[case::its_street(staff(Role::StreetDispatcher, STREET), true)]
#[case::the_county(staff(Role::CountyAdmin, COUNTY), true)]
#[case::the_neighbour(staff(Role::CommunityClerk, NEIGHBOUR), false)]
#[case::another_street(staff(Role::StreetDispatcher, OTHER_STREET), false)]
#[case::who_only_looks(staff(Role::Supervisor, COUNTY), false)]
#[case::a_grid_worker(staff(Role::GridWorker, COMMUNITY), false)]
#[case::the_department(of_unit(Role::DepartmentHandler, 1), false)]
#[case::a_clerk_of_a_unit(of_unit(Role::CommunityClerk, 1), false)]
#[case::a_resident(resident(), false)]
fn m05_who_keeps_the_register(#[case] actor: Actor, #[case] may: bool) {
    let there = enter(&clerk()).unwrap().after;
    let expected = if may { Ok(()) } else { Err(MatterRefusal::BeyondScope) };
    assert_eq!(enter(&actor).map(|_| ()), expected);
    assert_eq!(reduce(&there, &actor).map(|_| ()), expected);
    // Who may not hears nothing of where it stands.
    let gone = reduce(&there, &clerk()).unwrap().after;
    let expected = if may { MatterRefusal::Over { status: "reduced" } } else { MatterRefusal::BeyondScope };
    assert_eq!(reduce(&gone, &actor), Err(expected));
}

#[test]
fn m05_an_entry_says_what_it_is_and_whose() {
    for what in BurdenKind::iter() {
        for whose in [None, Some(unit(1))] {
            let entered = Burden::enter((what, &text(1)), whose, &clerk(), &code(COMMUNITY), now()).unwrap();
            let name = text(1).reference;
            assert_eq!(entered.fact, BurdenFact::BurdenEntered { what, unit: whose, name });
            assert_eq!((entered.texts, entered.tell), (vec![text(1)], vec![]));
            let columns = entered.after.columns();
            assert_eq!((columns.status, columns.open), ("there", true));
            assert_eq!((columns.topic.as_deref(), columns.sorted_at), (Some(what.name()), now()));
            let parties: Vec<_> = whose.into_iter().map(|unit| ("unit", Holder::Unit(unit))).collect();
            assert_eq!(columns.parties, parties);
        }
    }
}

#[test]
fn m05_what_is_taken_away_stays_with_the_reason() {
    let there = enter(&clerk()).unwrap().after;
    let reduced = reduce(&there, &clerk()).unwrap();
    let reason = text(2).reference;
    assert_eq!(reduced.fact, BurdenFact::BurdenReduced { reason });
    assert_eq!(reduced.texts, [text(2)]);
    let reduction = Some(Reduction { at: now(), by: clerk().user, reason });
    let after = Burden { status: BurdenStatus::Reduced, reduction, ..there };
    assert_eq!(reduced.after, after);
    assert_eq!((after.columns().status, after.columns().open), ("reduced", false));
}

#[rstest]
#[case::a_community(COMMUNITY, true)]
#[case::a_group_of_it(GROUP, false)]
#[case::its_street(STREET, false)]
#[case::the_county(COUNTY, false)]
fn m05_the_register_is_of_communities(#[case] at: &str, #[case] may: bool) {
    let admin = staff(Role::CountyAdmin, COUNTY);
    let entered = Burden::enter((BurdenKind::Plate, &text(1)), None, &admin, &code(at), now());
    let expected = if may { Ok(()) } else { Err(MatterRefusal::Place { field: "/place" }) };
    assert_eq!(entered.map(|_| ()), expected);
}
