//! 会商, 台账, 承诺: what is talked over first, entered on the ledger, and promised (practices L01, L07, Z02).

use super::*;
use crate::figure::{Count, Tally};
use rstest::rstest;

fn discuss(units: Vec<Assignment>) -> Command {
    Command::Discuss { units, conclusion: text("由住建局牵头，城管局配合") }
}

/// A public matter that waits for its unit.
fn public_for_unit(first: Vec<Affair>) -> Story {
    let mut story = Story::begin(Some(Severity::Large));
    story.playbook.policy.discuss_first = first;
    let public =
        Command::Grade { category: None, severity: None, affair: Some(Affair::Public), service: None };
    story.steps(&[(clerk(), public, 1), (clerk(), to_unit(), 2)])
}

#[test]
fn l07_a_unit_takes_a_public_matter_once_it_was_talked_over() {
    let mut story = public_for_unit(vec![Affair::Public]);
    let refusal = story.step(&department(), &Command::Accept, after(3)).unwrap_err();
    assert_eq!(refusal.code(), "ticket.not_discussed");
    story.step(&department(), &discuss(vec![]), after(3)).unwrap();
    story.step(&department(), &Command::Accept, after(4)).unwrap();
    let discussion = story.ticket.discussion.clone().unwrap();
    assert_eq!((discussion.by, discussion.at, discussion.units), (department().user, after(3), vec![]));
    // Where the playbook does not ask for it, nobody is kept waiting.
    let mut other = public_for_unit(vec![Affair::Shared]);
    other.step(&department(), &Command::Accept, after(3)).unwrap();
}

#[test]
fn l07_a_person_is_not_kept_waiting() {
    let mut story = Story::begin(None);
    story.playbook.policy.discuss_first = vec![Affair::Public];
    let public =
        Command::Grade { category: None, severity: None, affair: Some(Affair::Public), service: None };
    let mut story = story.steps(&[(clerk(), public, 1), (clerk(), to_person(), 2)]);
    story.step(&worker(), &Command::Accept, after(3)).unwrap();
}

#[rstest]
#[case::twice(vec![unit(), unit()], "ticket.unit_twice", "/units/1")]
#[case::person(vec![known(worker())], "ticket.unit_unknown", "/units/0")]
#[case::crowd(vec![unit(); 21], "ticket.units_count", "/units")]
fn z02_who_takes_part_is_a_unit_of_the_county(
    #[case] units: Vec<Assignment>,
    #[case] code: &str,
    #[case] field: &str,
) {
    let refusal = Story::begin(None).step(&clerk(), &discuss(units), after(1)).unwrap_err();
    assert_eq!((refusal.code(), refusal.field()), (code, Some(field)));
}

fn promise(minutes: i64) -> Command {
    Command::Promise { text: text("明天上午修好"), due_at: after(minutes) }
}

fn promised(story: &Story) -> &Clock {
    story.ticket.clocks.iter().rfind(|clock| clock.kind == ClockKind::Promise).unwrap()
}

fn code(story: &mut Story, actor: &Actor, command: &Command, minutes: i64) -> &'static str {
    story.step(actor, command, after(minutes)).unwrap_err().code()
}

#[test]
fn l01_a_promise_is_a_deadline_that_warns_and_rings() {
    let mut story = Story::begin(None).steps(&[(clerk(), promise(101), 1)]);
    assert_eq!((promised(&story).due_at, promised(&story).warn_at), (after(101), after(81)));
    story.happen(settle(&story.ticket, &story.playbook.policy, after(82)));
    assert_eq!(story.happened().last(), Some(&"warned"));
    story.happen(settle(&story.ticket, &story.playbook.policy, after(102)));
    assert_eq!(promised(&story).breached_at, Some(after(101)));
    assert_eq!(story.ticket.desk, place("532504"), "the arrival and the promise went up a level each");
    assert_eq!(story.ticket.status(), Status::Submitted, "and it stays open");
    assert_eq!(code(&mut story, &clerk(), &promise(300), 103), "ticket.promise_broken");
    let story = story.steps(&[
        (clerk(), to_person(), 104),
        (worker(), Command::Accept, 105),
        (worker(), resolve(), 106),
    ]);
    assert_eq!((promised(&story).met_at, story.ticket.owed_since()), (Some(after(106)), None));
    assert_eq!(Tally::of(&story.ticket).get(Count::SolvedInTime), 0);
    assert!(story.events.iter().filter(|event| !event.clocks.is_empty()).any(|event| event.version() == 5));
}

#[test]
fn l01_a_second_promise_takes_the_place_of_the_first() {
    let mut story = story_at(Status::Accepted);
    story.step(&worker(), &promise(100), after(4)).unwrap();
    story.step(&worker(), &promise(60), after(5)).unwrap();
    assert_eq!((promised(&story).started_at, promised(&story).due_at), (after(4), after(60)));
    assert_eq!(promised(&story).warn_at, after(49));
    assert_eq!(story.ticket.clocks.iter().filter(|clock| clock.kind == ClockKind::Promise).count(), 1);
    for past in [5, 6] {
        let refusal = story.step(&worker(), &promise(past), after(6)).unwrap_err();
        assert_eq!((refusal.code(), refusal.field()), ("ticket.time_too_early", Some("/due_at")));
    }
    let never = story.step(&worker(), &promise(800 * 1440), after(6)).unwrap_err();
    assert_eq!(never.code(), "ticket.time_too_late");
    assert_eq!(code(&mut story, &resident(), &promise(90), 6), "permission.role");
    let other = person(29, &[(Role::GridWorker, at("532504001007"))]);
    assert_eq!(code(&mut story, &other, &promise(90), 6), "permission.reach");
    // A new round owes no old promise.
    let story = story.steps(&[(worker(), resolve(), 7), (resident(), rate(Satisfaction::Dissatisfied), 8)]);
    assert_eq!((promised(&story).round, promised(&story).met_at), (1, Some(after(7))));
}

#[test]
fn l01_a_promise_rests_with_its_ticket_and_may_be_extended() {
    let mut story = story_at(Status::Accepted).steps(&[(supervisor(), pause(), 4)]);
    story.step(&worker(), &promise(65), after(5)).unwrap();
    assert_eq!(promised(&story).paused_at, Some(after(5)));
    let mut story = story.steps(&[(supervisor(), resume(), 15)]);
    assert_eq!(promised(&story).due_at, after(75));
    let ask = Command::Extend { until: after(2_000), reason: text("等配件") };
    story.step(&worker(), &ask, after(42)).unwrap();
    assert_eq!(story.ticket.extension.map(|asked| asked.clock), Some(ClockKind::Promise));
    assert!(story.events.last().unwrap().version() == 5, "programs of before do not know such a clock");
    story.step(&supervisor(), &Command::ApproveExtension { note: None }, after(43)).unwrap();
    assert_eq!(promised(&story).due_at, after(2_000));
}

#[test]
fn l01_what_the_branch_made_of_it_stands_on_the_ledger_and_is_counted() {
    let mut story = story_at(Status::Resolved);
    story.step(&clerk(), &assess(Commonality::Shared), after(4)).unwrap();
    let counts = |story: &Story| {
        let tally = Tally::of(&story.ticket);
        (tally.get(Count::Common), tally.get(Count::Individual))
    };
    assert_eq!(counts(&story), (1, 0));
    story.step(&clerk(), &assess(Commonality::Individual), after(5)).unwrap();
    assert_eq!(counts(&story), (0, 1));
    assert_eq!(code(&mut story, &worker(), &assess(Commonality::Shared), 5), "permission.role");
    let mut closed = story.steps(&[(resident(), rate(Satisfaction::Satisfied), 6)]);
    assert_eq!(code(&mut closed, &clerk(), &assess(Commonality::Shared), 7), "ticket.already_closed");
    assert_eq!(counts(&closed), (0, 1));
}

/// The story begins on 21 November at nine in the morning in China.
#[rstest]
#[case::today("2026-11-21", None)]
#[case::later("2027-03-01", None)]
#[case::yesterday("2026-11-20", Some("ticket.time_too_early"))]
#[case::never("2029-01-01", Some("ticket.time_too_late"))]
#[case::last_day_ahead("2028-11-21", None)]
#[case::the_day_after("2028-11-22", Some("ticket.time_too_late"))]
#[case::first_day_there_is("-262143-01-01", Some("ticket.time_too_early"))]
#[case::last_day_there_is("+262142-12-31", Some("ticket.time_too_late"))]
fn l01_what_is_planned_is_planned_for_a_day_to_come(#[case] day: &str, #[case] refused: Option<&str>) {
    let planned_for = Some(day.parse().unwrap());
    let planned =
        Command::Assess { commonality: Commonality::Shared, opinion: text("列入计划"), planned_for };
    let mut story = Story::begin(None);
    let outcome = story.step(&clerk(), &planned, after(1));
    assert_eq!(outcome.as_ref().err().map(Refusal::code), refused);
    match outcome {
        Ok(()) => assert_eq!(story.ticket.assessment.and_then(|there| there.planned_for), planned_for),
        Err(refusal) => assert_eq!(refusal.field(), Some("/planned_for")),
    }
}
