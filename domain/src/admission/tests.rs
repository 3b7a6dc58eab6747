//! What may be asked of a community, by whom, and who decides.

use super::*;
use crate::cast::{
    COMMUNITY, COUNTY, GROUP, NEIGHBOUR, OTHER_STREET, STREET, code, now, of_unit, resident, staff, text,
    unit,
};
use crate::permission::Role;
use rstest::rstest;

const OFFICE: &str = "市公安局";

fn list() -> Vec<AdmittedTask> {
    let task = |key: &str, department: Option<&str>| AdmittedTask {
        key: key.into(),
        name: key.into(),
        department: department.map(Into::into),
    };
    vec![task("census", None), task("dogs", Some(OFFICE))]
}

fn new(key: Option<&str>) -> NewAdmission {
    NewAdmission {
        unit: unit(1),
        unit_name: OFFICE.into(),
        key: key.map(Into::into),
        what: text(1),
        reason: text(2),
        until: until(),
        recurring: true,
    }
}

fn until() -> Timestamp {
    now() + TimeDelta::days(30)
}

fn handler() -> Actor {
    of_unit(Role::DepartmentHandler, 1)
}

fn clerk() -> Actor {
    staff(Role::CommunityClerk, COMMUNITY)
}

fn street() -> Actor {
    staff(Role::StreetDispatcher, STREET)
}

fn ask(new: &NewAdmission, actor: &Actor, at: &str) -> Result<Change<Admission>, MatterRefusal> {
    Admission::ask(new, &list(), actor, &code(at), now())
}

fn report(actor: &Actor, at: &str) -> Result<Change<Admission>, MatterRefusal> {
    Admission::report(unit(1), (&text(1), &text(2)), actor, &code(at), now())
}

fn decide(
    admission: &Admission,
    admit: bool,
    actor: &Actor,
    at: Timestamp,
) -> Result<Change<Admission>, MatterRefusal> {
    admission.decide(admit, &text(3), actor, &code(COMMUNITY), at)
}

fn pending() -> Admission {
    ask(&new(None), &handler(), COMMUNITY).unwrap().after
}

fn admitted() -> Admission {
    ask(&new(Some("census")), &handler(), COMMUNITY).unwrap().after
}

fn reported() -> Admission {
    report(&clerk(), COMMUNITY).unwrap().after
}

/// One as it is when it stands so.
fn standing(status: AdmissionStatus) -> Admission {
    Admission { status, ..pending() }
}

#[rstest]
#[case::for_any_unit(Some("census"), "市残联", true)]
#[case::for_this_unit(Some("dogs"), OFFICE, true)]
#[case::for_another_unit(Some("dogs"), "市残联", false)]
#[case::not_on_the_list(None, OFFICE, false)]
fn m05_what_the_list_has_for_a_unit_is_admitted_at_once(
    #[case] key: Option<&str>,
    #[case] unit_name: &str,
    #[case] admitted: bool,
) {
    let new = NewAdmission { unit_name: unit_name.into(), ..new(key) };
    let change = ask(&new, &handler(), COMMUNITY).unwrap();
    let (what, reason) = (text(1).reference, text(2).reference);
    assert_eq!(change.fact, AdmissionFact::AdmissionAsked { unit: unit(1), admitted, until: until(), what });
    assert_eq!(change.texts, [text(1), text(2)]);
    // The community is told what it has to do, the street above it what it has to decide on.
    let (status, told) = if admitted {
        (AdmissionStatus::Admitted, (Recipient::Desk(code(COMMUNITY)), Notice::MatterAssigned))
    } else {
        (AdmissionStatus::Pending, (Recipient::Desk(code(STREET)), Notice::MatterToDecide))
    };
    assert_eq!(change.tell, [told]);
    let expected = Admission {
        unit: unit(1),
        key: key.map(Into::into),
        what,
        reason,
        asked_at: now(),
        until: Some(until()),
        recurring: true,
        unadmitted: false,
        status,
        decided_at: None,
        decision: None,
    };
    assert_eq!(change.after, expected);
    assert_eq!(change.after.may_be_done(now()), admitted);
}

#[rstest]
#[case::its_handler(handler(), Ok(()))]
#[case::a_handler_of_another(of_unit(Role::DepartmentHandler, 2), Err(MatterRefusal::BeyondScope))]
#[case::another_role_of_it(of_unit(Role::PartyMember, 1), Err(MatterRefusal::BeyondScope))]
#[case::a_handler_of_the_place(staff(Role::DepartmentHandler, COMMUNITY), Err(MatterRefusal::BeyondScope))]
#[case::its_clerk(clerk(), Err(MatterRefusal::BeyondScope))]
#[case::the_county(staff(Role::CountyAdmin, COUNTY), Err(MatterRefusal::BeyondScope))]
#[case::a_resident(resident(), Err(MatterRefusal::BeyondScope))]
fn m05_who_asks(#[case] actor: Actor, #[case] expected: Result<(), MatterRefusal>) {
    assert_eq!(ask(&new(None), &actor, COMMUNITY).map(|_| ()), expected);
    // Who may not hears of nothing else that is wrong.
    let wrong = ask(&new(Some("moon")), &actor, STREET).map(|_| ());
    assert_eq!(wrong, expected.and(Err(MatterRefusal::Place { field: "/place" })));
}

#[rstest]
#[case::a_community(COMMUNITY, true)]
#[case::a_county(COUNTY, false)]
#[case::a_street(STREET, false)]
#[case::a_group(GROUP, false)]
fn m05_only_communities_are_asked_and_report(#[case] place: &str, #[case] may: bool) {
    let expected = if may { Ok(()) } else { Err(MatterRefusal::Place { field: "/place" }) };
    assert_eq!(ask(&new(None), &handler(), place).map(|_| ()), expected);
    let clerk = staff(Role::CommunityClerk, COUNTY);
    assert_eq!(report(&clerk, place).map(|_| ()), expected);
}

#[rstest]
#[case::tomorrow(TimeDelta::days(1), true)]
#[case::at_the_latest(AHEAD, true)]
#[case::later(AHEAD + TimeDelta::seconds(1), false)]
#[case::over_already(-TimeDelta::seconds(1), false)]
fn m05_until_when_it_is_asked(#[case] ahead: TimeDelta, #[case] may: bool) {
    let new = NewAdmission { until: now() + ahead, ..new(Some("census")) };
    let time = MatterRefusal::Time { field: "/until", earliest: now(), latest: now() + AHEAD };
    let expected = if may { Ok(()) } else { Err(time) };
    assert_eq!(ask(&new, &handler(), COMMUNITY).map(|_| ()), expected);
}

#[test]
fn m05_a_key_that_the_list_does_not_have_is_answered_with_those_that_it_has() {
    let refusal = ask(&new(Some("moon")), &handler(), COMMUNITY).unwrap_err();
    assert_eq!(refusal, MatterRefusal::Unknown { field: "/key", allowed: "census, dogs".into() });
}

#[rstest]
#[case::its_clerk(clerk(), true)]
#[case::the_neighbour(staff(Role::CommunityClerk, NEIGHBOUR), false)]
#[case::its_street(street(), false)]
#[case::its_grid_worker(staff(Role::GridWorker, COMMUNITY), false)]
#[case::the_county(staff(Role::CountyAdmin, COUNTY), false)]
#[case::the_unit_itself(handler(), false)]
#[case::a_resident(resident(), false)]
fn m05_who_reports(#[case] actor: Actor, #[case] may: bool) {
    let expected = if may { Ok(()) } else { Err(MatterRefusal::BeyondScope) };
    assert_eq!(report(&actor, COMMUNITY).map(|_| ()), expected);
}

#[test]
fn m05_what_is_reported_waits_for_a_decision_and_the_unit_knows() {
    let change = report(&clerk(), COMMUNITY).unwrap();
    assert_eq!(change.fact, AdmissionFact::AdmissionReported { unit: unit(1), what: text(1).reference });
    assert_eq!(change.texts, [text(1), text(2)]);
    assert_eq!(
        change.tell,
        [
            (Recipient::Desk(code(STREET)), Notice::MatterToDecide),
            (Recipient::Unit(unit(1)), Notice::MatterReported)
        ]
    );
    let (status, until, recurring) = (AdmissionStatus::Reported, None, false);
    let expected = Admission { status, until, recurring, unadmitted: true, ..pending() };
    assert_eq!(change.after, expected);
    assert!(!change.after.may_be_done(now()));
    // It has no end: once admitted it may be done for good, and nothing settles it.
    let later = now() + AHEAD;
    let for_good = decide(&change.after, true, &street(), now()).unwrap().after;
    assert!(for_good.unadmitted && for_good.may_be_done(later));
    assert_eq!((change.after.settle(later), for_good.settle(later)), (None, None));
}

#[rstest]
#[case::its_street(street(), true)]
#[case::the_county(staff(Role::CountyAdmin, COUNTY), true)]
#[case::another_street(staff(Role::StreetDispatcher, OTHER_STREET), false)]
#[case::its_clerk(clerk(), false)]
#[case::who_only_looks(staff(Role::Supervisor, COUNTY), false)]
#[case::whoever_asked(handler(), false)]
#[case::a_dispatcher_of_a_unit(of_unit(Role::StreetDispatcher, 1), false)]
fn m05_who_decides(
    #[case] actor: Actor,
    #[case] may: bool,
    #[values(true, false)] admit: bool,
    #[values(pending(), reported())] waiting: Admission,
) {
    let expected = if may { Ok(()) } else { Err(MatterRefusal::BeyondScope) };
    assert_eq!(decide(&waiting, admit, &actor, now()).map(|_| ()), expected);
    // Who may not hears nothing of where it stands.
    let decided = Admission { decided_at: Some(now()), ..admitted() };
    let again = decide(&decided, admit, &actor, now()).unwrap_err();
    let over = MatterRefusal::Over { status: "admitted" };
    assert_eq!(again, if may { over } else { MatterRefusal::BeyondScope });
}

#[rstest]
#[case::admitted(true, AdmissionStatus::Admitted)]
#[case::refused(false, AdmissionStatus::Refused)]
fn m05_a_decision_is_told_to_both_and_kept(#[case] admit: bool, #[case] status: AdmissionStatus) {
    let at = until() - TimeDelta::seconds(1);
    let change = decide(&pending(), admit, &street(), at).unwrap();
    let reason = text(3).reference;
    assert_eq!(change.fact, AdmissionFact::AdmissionDecided { admit, text: reason });
    assert_eq!(change.texts, [text(3)]);
    assert_eq!(
        change.tell,
        [
            (Recipient::Unit(unit(1)), Notice::MatterDecided),
            (Recipient::Desk(code(COMMUNITY)), Notice::MatterDecided)
        ]
    );
    let expected = Admission { status, decided_at: Some(at), decision: Some(reason), ..pending() };
    assert_eq!(change.after, expected);
    assert_eq!(change.after.may_be_done(at), admit);
    assert!(!change.after.may_be_done(until()));
}

#[rstest]
#[case::admitted(AdmissionStatus::Admitted)]
#[case::refused(AdmissionStatus::Refused)]
#[case::ended(AdmissionStatus::Ended)]
#[case::lapsed(AdmissionStatus::Lapsed)]
fn m05_it_is_decided_on_once(#[case] status: AdmissionStatus, #[values(true, false)] admit: bool) {
    let decided = Admission { decided_at: Some(now()), ..standing(status) };
    let refusal = decide(&decided, admit, &street(), now()).unwrap_err();
    assert_eq!(refusal, MatterRefusal::Over { status: status.name() });
}

#[test]
fn m05_what_the_list_let_in_may_be_taken_back_once() {
    let refused = decide(&admitted(), false, &street(), now()).unwrap().after;
    assert_eq!((refused.status, refused.decided_at), (AdmissionStatus::Refused, Some(now())));
    let over = |status: AdmissionStatus| Err(MatterRefusal::Over { status: status.name() });
    assert_eq!(decide(&refused, true, &street(), now()).map(|_| ()), over(AdmissionStatus::Refused));
    assert_eq!(decide(&admitted(), true, &street(), now()).map(|_| ()), over(AdmissionStatus::Admitted));
}

#[rstest]
#[case::admitted(AdmissionStatus::Admitted, AdmissionStatus::Ended)]
#[case::pending(AdmissionStatus::Pending, AdmissionStatus::Lapsed)]
fn m05_at_its_end_it_is_over_whether_or_not_that_was_written_down(
    #[case] status: AdmissionStatus,
    #[case] then: AdmissionStatus,
) {
    let refusal = decide(&standing(status), true, &street(), until()).unwrap_err();
    assert_eq!(refusal, MatterRefusal::Over { status: then.name() });
}

#[rstest]
#[case::admitted(AdmissionStatus::Admitted, Some(AdmissionStatus::Ended))]
#[case::pending(AdmissionStatus::Pending, Some(AdmissionStatus::Lapsed))]
#[case::refused(AdmissionStatus::Refused, None)]
#[case::ended(AdmissionStatus::Ended, None)]
#[case::lapsed(AdmissionStatus::Lapsed, None)]
fn m05_time_ends_it_once(#[case] status: AdmissionStatus, #[case] then: Option<AdmissionStatus>) {
    let before = standing(status);
    assert_eq!(before.settle(until() - TimeDelta::seconds(1)), None);
    let change = before.settle(until());
    assert_eq!(change.as_ref().map(|change| change.after.status), then);
    // Whatever time does something to is asked for then, and is open.
    let columns = before.columns();
    assert_eq!((columns.open, columns.next_at), (then.is_some(), then.map(|_| until())));
    let Some(change) = change else { return };
    assert_eq!(change.fact, AdmissionFact::AdmissionEnded { status: change.after.status });
    assert_eq!(change.tell, [(Recipient::Unit(unit(1)), Notice::MatterDone)]);
    assert_eq!(change.after.settle(until() + AHEAD), None);
}

#[test]
fn m05_lists_know_whose_it_is_and_until_when() {
    let columns = admitted().columns();
    assert_eq!((columns.status, columns.topic.as_deref()), ("admitted", Some("census")));
    assert_eq!((columns.sorted_at, columns.due_at), (now(), Some(until())));
    assert_eq!(columns.parties, [("unit", Holder::Unit(unit(1)))]);
    let columns = reported().columns();
    assert_eq!((columns.open, columns.due_at, columns.next_at), (true, None, None));
}
