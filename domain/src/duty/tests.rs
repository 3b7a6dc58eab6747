//! What duties become, as time and people go.

use super::*;
use crate::actor::{Grant, Scope};
use crate::geo::Datum;
use crate::id::{TextId, UnitId};
use crate::permission::Role;
use crate::place::Levels;
use crate::playbook::duty::Every;
use crate::text::FreeText;
use rstest::rstest;
use uuid::Uuid;

const OFFLINE: TimeDelta = TimeDelta::hours(12);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn code() -> PlaceCode {
    PlaceCode::parse("532504001007", &Levels::default()).unwrap()
}

fn worker(n: u128) -> Actor {
    let scope = Scope::Places(vec![code()]);
    Actor { user: UserId(Uuid::from_u128(n)), grants: vec![Grant { role: Role::GridWorker, scope }] }
}

fn rule(change: impl FnOnce(&mut DutyRule)) -> DutyRule {
    let mut rule = DutyRule {
        key: "home_visit".into(),
        name: "入户问需".into(),
        who: "grid_worker".into(),
        at: "grant".into(),
        every: Every::Week,
        on: None,
        times: 1,
        radius_metres: None,
        photos: 0,
        remind_days: 2,
    };
    change(&mut rule);
    rule
}

/// What the worker 1 owes in the week from 16 November 2026 in China.
fn planned(rule: &DutyRule) -> Duty {
    let who = Holder::Person(UserId(Uuid::from_u128(1)));
    let owed = Owed { who, place: PlaceId(Uuid::from_u128(7)), code: code(), point: None };
    let period = Period::of(rule.every, "2026-11-18".parse().unwrap()).unwrap();
    Duty::plan(rule, &period, &owed).after
}

fn told() -> Told {
    let reference = TextRef { id: TextId(Uuid::from_u128(9)), hash: [0; 32] };
    let text = Text { reference, body: FreeText::parse("走访三户".into()).unwrap() };
    Told {
        text,
        occurred_at: None,
        located: false,
        metres: None,
        photos: vec![],
        raised: vec![],
        attendance: None,
        late: false,
    }
}

fn photo(n: u128) -> PhotoId {
    PhotoId(Uuid::from_u128(n))
}

#[test]
fn l02_a_duty_is_reminded_once_and_then_missed() {
    let duty = planned(&rule(|_| {}));
    assert_eq!(duty.settle(at("2026-11-20T15:59:59Z")), None);
    let reminded = duty.settle(at("2026-11-20T16:00:00Z")).unwrap();
    assert_eq!(reminded.tell, [(inbox_of(duty.who), Notice::MatterDue)]);
    assert_eq!(reminded.after.columns().next_at, Some(at("2026-11-22T16:00:00Z")));
    assert_eq!(reminded.after.settle(at("2026-11-22T15:59:59Z")), None);
    let missed = reminded.after.settle(at("2026-11-22T16:00:00Z")).unwrap();
    assert_eq!(missed.after.status, DutyStatus::Missed);
    assert!(missed.tell.contains(&(Recipient::Desk(code()), Notice::MatterOverdue)));
    assert_eq!(
        (missed.after.settle(at("2027-01-01T00:00:00Z")), missed.after.columns().next_at),
        (None, None)
    );
    // Whoever slept through the reminder only hears of the end.
    assert_eq!(duty.settle(at("2026-11-23T00:00:00Z")).unwrap().after.status, DutyStatus::Missed);
}

#[rstest]
#[case::in_time("2026-11-18T01:00:00Z", None, false, Ok(DutyStatus::Done))]
#[case::too_early("2026-11-15T15:59:59Z", None, false, Err("matter.time"))]
#[case::too_late("2026-11-22T16:00:00Z", None, false, Err("matter.time"))]
#[case::late_and_says_so("2026-11-25T00:00:00Z", None, true, Ok(DutyStatus::Late))]
#[case::much_too_late("2026-12-25T00:00:00Z", None, true, Err("matter.time"))]
#[case::told_late("2026-11-22T18:00:00Z", Some("2026-11-22T15:00:00Z"), false, Ok(DutyStatus::Done))]
#[case::told_too_late("2026-11-23T18:00:00Z", Some("2026-11-22T15:00:00Z"), false, Err("matter.time"))]
#[case::in_time_to_come("2026-11-18T01:00:00Z", Some("2026-11-18T02:00:00Z"), false, Err("matter.time"))]
fn l02_when_it_may_be_recorded(
    #[case] now: &str,
    #[case] occurred: Option<&str>,
    #[case] late: bool,
    #[case] expected: Result<DutyStatus, &str>,
) {
    let duty = planned(&rule(|_| {}));
    let told = Told { occurred_at: occurred.map(at), late, ..told() };
    let now = at(now);
    // It may have been missed by then, which makes no difference.
    let duty = duty.settle(now).map_or(duty, |change| change.after);
    let done = duty.record(&told, &worker(1), (now, OFFLINE));
    assert_eq!(done.map(|change| change.after.status).map_err(|refusal| refusal.code()), expected);
}

#[rstest]
#[case::near(true, Some(199), Ok(()))]
#[case::at_the_edge(true, Some(200), Ok(()))]
#[case::far(true, Some(201), Err("duty.too_far"))]
#[case::nowhere(false, None, Err("duty.position_required"))]
#[case::nobody_knows_where_it_lies(true, None, Ok(()))]
fn l02_how_far_from_the_place(
    #[case] located: bool,
    #[case] metres: Option<u32>,
    #[case] expected: Result<(), &str>,
) {
    let duty = planned(&rule(|rule| rule.radius_metres = Some(200)));
    let told = Told { located, metres, ..told() };
    let done = duty.record(&told, &worker(1), (at("2026-11-18T01:00:00Z"), OFFLINE));
    assert_eq!(done.map(drop).map_err(|refusal| refusal.code()), expected);
}

#[rstest]
#[case::none(&[], Err("matter.range"))]
#[case::enough(&[1], Ok(()))]
#[case::the_same_twice(&[1, 1], Err("duty.photo_used"))]
#[case::too_many(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], Err("matter.range"))]
fn l02_photos_are_counted(#[case] photos: &[u128], #[case] expected: Result<(), &str>) {
    let duty = planned(&rule(|rule| rule.photos = 1));
    let told = Told { photos: photos.iter().map(|n| photo(*n)).collect(), ..told() };
    let done = duty.record(&told, &worker(1), (at("2026-11-18T01:00:00Z"), OFFLINE));
    assert_eq!(done.map(drop).map_err(|refusal| refusal.code()), expected);
}

#[test]
fn q02_several_times_make_one_duty() {
    let duty = planned(&rule(|rule| rule.times = 2));
    let now = at("2026-11-18T01:00:00Z");
    let once = duty.record(&told(), &worker(1), (now, OFFLINE)).unwrap().after;
    assert_eq!((once.status, once.records.len()), (DutyStatus::Planned, 1));
    // The second comes late, and so it all is.
    let missed = once.settle(at("2026-11-22T16:00:00Z")).unwrap();
    assert_eq!(missed.fact, DutyFact::DutyMissed { done: 1, times: 2 });
    let late = Told { late: true, ..told() };
    let done = missed.after.record(&late, &worker(1), (at("2026-11-23T01:00:00Z"), OFFLINE)).unwrap().after;
    assert_eq!(done.status, DutyStatus::Late);
    let refused = done.record(&late, &worker(1), (at("2026-11-23T01:00:00Z"), OFFLINE));
    assert_eq!(refused.unwrap_err().code(), "matter.over");
}

#[test]
fn l02_only_who_owes_it_records_it() {
    let duty = planned(&rule(|_| {}));
    let now = at("2026-11-18T01:00:00Z");
    let refused = duty.record(&told(), &worker(2), (now, OFFLINE)).unwrap_err();
    assert_eq!(refused.code(), "matter.beyond_scope");
    // For a unit whoever handles for it does.
    let unit = UnitId(Uuid::from_u128(5));
    let of_unit = Duty { who: Holder::Unit(unit), ..duty };
    let handler = Grant { role: Role::DepartmentHandler, scope: Scope::Unit(unit) };
    let clerk = Actor { grants: vec![handler], ..worker(3) };
    let done = of_unit.record(&told(), &clerk, (now, OFFLINE)).unwrap().after;
    let recorder = ("recorder", Holder::Person(clerk.user));
    assert_eq!(done.columns().parties, [("duty", Holder::Unit(unit)), recorder]);
}

#[test]
fn l02_who_leaves_the_post_owes_nothing_and_may_be_planned_for_again() {
    let duty = planned(&rule(|_| {}));
    let slot = duty.slot().unwrap();
    assert!(slot.starts_with("duty:532504:home_visit:2026-W47:"), "{slot}");
    assert_eq!(duty.columns().slots, [slot]);
    let dropped = duty.dropped().unwrap().after;
    assert_eq!((dropped.columns().slots, dropped.columns().next_at), (vec![], None));
    assert_eq!(dropped.dropped(), None);
}

#[test]
fn l02_what_was_not_planned_is_done_at_once_and_takes_its_photos() {
    let rule = rule(|rule| (rule.every, rule.times) = (Every::None, 3));
    let who = Holder::Person(UserId(Uuid::from_u128(1)));
    let position = Position::new(24.4, 103.4, Datum::Wgs84).unwrap();
    let point = Some(PointAt { id: PointId(Uuid::from_u128(8)), position });
    let owed = Owed { who, place: PlaceId(Uuid::from_u128(7)), code: code(), point };
    let now = at("2026-11-18T01:00:00Z");
    let meeting = Told { photos: vec![photo(3)], attendance: Some(40), ..told() };
    let done = Duty::extra(&rule, &owed, &meeting, &worker(1), (now, OFFLINE)).unwrap().after;
    assert_eq!((done.status, done.slot(), done.from), (DutyStatus::Done, None, now));
    assert_eq!(done.columns().slots, [photo(3).slot()]);
    // What is stored is read again.
    let json = serde_json::to_string(&done).unwrap();
    assert_eq!(serde_json::from_str::<Duty>(&json).unwrap(), done);
    let nobody = Told { attendance: Some(0), ..told() };
    let refused = Duty::extra(&rule, &owed, &nobody, &worker(1), (now, OFFLINE)).unwrap_err();
    assert_eq!((refused.code(), refused.field()), ("matter.range", Some("/attendance")));
}
