//! Who uses the five powers, and what comes of it.

use super::*;
use crate::cast::{COMMUNITY, COUNTY, OTHER_STREET, STREET, code, now, of_unit, resident, staff, text, unit};
use crate::permission::Role;
use chrono::TimeDelta;
use rstest::rstest;
use strum::IntoEnumIterator;

fn street() -> Actor {
    staff(Role::StreetDispatcher, STREET)
}

fn exercise(actor: &Actor, at: &str) -> Result<Change<Power>, MatterRefusal> {
    Power::exercise((PowerKind::Planning, &text(1)), Some(unit(1)), actor, &code(at), now())
}

fn conclude(power: &Power, adopted: bool, actor: &Actor, at: &str) -> Result<Change<Power>, MatterRefusal> {
    power.conclude(adopted, &text(2), actor, &code(at), now() + TimeDelta::days(9))
}

#[rstest]
#[case::the_street(street(), STREET, true)]
#[case::the_street_in_its_area(street(), COMMUNITY, true)]
#[case::the_county(staff(Role::CountyAdmin, COUNTY), STREET, true)]
#[case::another_street(staff(Role::StreetDispatcher, OTHER_STREET), STREET, false)]
#[case::the_street_above_itself(street(), COUNTY, false)]
#[case::who_only_looks(staff(Role::Supervisor, COUNTY), STREET, false)]
#[case::a_community(staff(Role::CommunityClerk, COMMUNITY), COMMUNITY, false)]
#[case::a_department(of_unit(Role::DepartmentHandler, 1), STREET, false)]
#[case::a_dispatcher_of_a_unit(of_unit(Role::StreetDispatcher, 1), STREET, false)]
#[case::a_resident(resident(), STREET, false)]
fn m05_who_uses_powers_and_says_what_came_of_it(#[case] actor: Actor, #[case] at: &str, #[case] may: bool) {
    let county = staff(Role::CountyAdmin, COUNTY);
    let used = exercise(&county, at).unwrap().after;
    let expected = if may { Ok(()) } else { Err(MatterRefusal::BeyondScope) };
    assert_eq!(exercise(&actor, at).map(|_| ()), expected);
    for adopted in [true, false] {
        assert_eq!(conclude(&used, adopted, &actor, at).map(|_| ()), expected);
        // Once; and who may not hears nothing of where it stands.
        let known = conclude(&used, adopted, &county, at).unwrap().after;
        let status = if adopted { "adopted" } else { "rejected" };
        let again = if may { MatterRefusal::Over { status } } else { MatterRefusal::BeyondScope };
        assert_eq!(conclude(&known, !adopted, &actor, at), Err(again));
    }
}

#[test]
fn m05_a_use_says_which_power_and_towards_whom() {
    for which in PowerKind::iter() {
        for towards in [None, Some(unit(1))] {
            let used = Power::exercise((which, &text(1)), towards, &street(), &code(STREET), now()).unwrap();
            let said = text(1).reference;
            assert_eq!(used.fact, PowerFact::PowerUsed { which, unit: towards, text: said });
            assert_eq!((used.texts, used.tell), (vec![text(1)], vec![]));
            assert_eq!((used.after.by, used.after.outcome), (street().user, None));
            let columns = used.after.columns();
            assert_eq!((columns.status, columns.open), ("used", true));
            assert_eq!((columns.topic.as_deref(), columns.sorted_at), (Some(which.name()), now()));
            let parties: Vec<_> = towards.into_iter().map(|unit| ("unit", Holder::Unit(unit))).collect();
            assert_eq!(columns.parties, parties);
        }
    }
}

#[rstest]
#[case::adopted(true, PowerStatus::Adopted)]
#[case::rejected(false, PowerStatus::Rejected)]
fn m05_what_came_of_it_is_kept_and_it_is_over(#[case] adopted: bool, #[case] status: PowerStatus) {
    let used = exercise(&street(), STREET).unwrap().after;
    let known = conclude(&used, adopted, &street(), STREET).unwrap();
    let outcome = text(2).reference;
    assert_eq!(known.fact, PowerFact::PowerOutcome { adopted, text: outcome });
    assert_eq!(known.texts, [text(2)]);
    let outcome_at = Some(now() + TimeDelta::days(9));
    let after = Power { status, outcome_at, outcome: Some(outcome), ..used };
    assert_eq!(known.after, after);
    // It stays in its place in the lists.
    let columns = after.columns();
    assert_eq!((columns.status, columns.open, columns.sorted_at), (status.name(), false, now()));
}
