//! 吹哨报到: who calls, who comes, and what is thought of it (practices M04, Z10).

use super::*;
use crate::appraisal::answers;
use rstest::rstest;

const OTHER: UnitId = UnitId(Uuid::from_u128(91));

fn handler_of(unit: UnitId) -> Actor {
    person(24, &[(Role::DepartmentHandler, Scope::Unit(unit))])
}

fn street() -> Actor {
    person(25, &[(Role::StreetDispatcher, at("532504001"))])
}

fn called(unit: UnitId) -> Assignment {
    Assignment { to: Assignee::Unit(unit), facts: AssigneeFacts::Unit { county: place("532504") } }
}

fn calls(units: Vec<Assignment>, due_minutes: Option<u32>) -> Command {
    Command::Whistle { units, reason: text("多家同时到场"), due_minutes }
}

fn reports(unit: Option<UnitId>) -> Command {
    let position = Position::new(24.41, 103.41, Datum::Gcj02).unwrap();
    Command::ReportIn { unit, position }
}

fn refused(story: &mut Story, actor: &Actor, command: &Command, minutes: i64) -> (String, Option<String>) {
    let before = story.ticket.clone();
    let refusal = story.step(actor, command, after(minutes)).unwrap_err();
    assert_eq!(story.ticket, before);
    (refusal.code().to_owned(), refusal.field().map(str::to_owned))
}

#[test]
fn m04_units_are_called_come_and_are_measured() {
    let both = calls(vec![called(UNIT), called(OTHER)], None);
    let mut story = Story::begin(None).steps(&[(clerk(), both, 1)]);
    let states = |story: &Story, minutes| -> Vec<WhistleState> {
        story.ticket.whistles.iter().map(|whistle| whistle.state(after(minutes))).collect()
    };
    assert_eq!(states(&story, 31), [WhistleState::Waiting; 2], "at the very moment is in time");
    assert_eq!(story.ticket.next_due(), Story::begin(None).ticket.next_due(), "nothing rings for it");
    let stranger = handler_of(UnitId(Uuid::from_u128(99)));
    assert_eq!(refused(&mut story, &stranger, &reports(None), 2).0, "ticket.not_found");
    story.step(&department(), &reports(None), after(11)).unwrap();
    assert_eq!(story.ticket.whistles[0].seconds(), Some(600));
    assert_eq!(refused(&mut story, &department(), &reports(None), 12).0, "ticket.already_reported_in");
    assert_eq!(refused(&mut story, &department(), &reports(Some(UNIT)), 12).0, "ticket.already_reported_in");
    let foreign = refused(&mut story, &department(), &reports(Some(OTHER)), 12);
    assert_eq!(foreign, ("ticket.unit_not_called".into(), Some("/unit".into())));
    assert_eq!(states(&story, 32), [WhistleState::InTime, WhistleState::Missing]);
    story.step(&handler_of(OTHER), &reports(None), after(40)).unwrap();
    assert_eq!(states(&story, 50), [WhistleState::InTime, WhistleState::Late]);
    assert_eq!(story.happened()[1..], ["whistled", "breached", "escalated", "reported_in", "reported_in"]);
}

#[test]
fn m04_a_unit_is_called_again_once_it_came_or_in_a_new_round() {
    let mut story = Story::begin(Some(Severity::Small)).steps(&[(clerk(), whistle(), 1)]);
    let again = refused(&mut story, &clerk(), &whistle(), 2);
    assert_eq!(again, ("ticket.unit_waited_for".into(), Some("/units/0".into())));
    story.step(&department(), &report_in(), after(2)).unwrap();
    let mut story = story.steps(&[
        (clerk(), whistle(), 3),
        (clerk(), to_person(), 3),
        (worker(), Command::Accept, 4),
        (worker(), resolve(), 5),
    ]);
    assert_eq!(refused(&mut story, &department(), &report_in(), 6).0, "ticket.already_resolved");
    let mut story = story.steps(&[(resident(), rate(Satisfaction::Dissatisfied), 6)]);
    story.step(&clerk(), &whistle(), after(7)).unwrap();
    story.step(&department(), &report_in(), after(8)).unwrap();
    let came: Vec<_> = story.ticket.whistles.iter().map(|one| (one.round, one.report.is_some())).collect();
    assert_eq!(came, [(1, true), (1, false), (2, true)]);
    assert_eq!(story.ticket.called(), [UNIT]);
}

fn withdraw() -> Command {
    Command::Withdraw { reason: text("不用了") }
}

/// Called at 1, due at 11; the ticket comes to an end at a minute, and the unit is asked for at 30.
#[rstest]
#[case::answered_in_time(&[(worker(), resolve())], 5, WhistleState::NotNeeded)]
#[case::at_the_very_moment(&[(worker(), resolve())], 11, WhistleState::NotNeeded)]
#[case::answered_too_late(&[(worker(), resolve())], 12, WhistleState::Missing)]
#[case::withdrawn(&[(resident(), withdraw())], 5, WhistleState::NotNeeded)]
#[case::withdrawn_late(&[(resident(), withdraw())], 12, WhistleState::Missing)]
#[case::it_came_before(&[(department(), report_in()), (worker(), resolve())], 5, WhistleState::InTime)]
#[case::done_anew(
    &[(worker(), resolve()), (resident(), rate(Satisfaction::Dissatisfied))], 5, WhistleState::NotNeeded
)]
#[case::it_comes_in_the_next_round_in_time(
    &[(worker(), resolve()), (resident(), rate(Satisfaction::Dissatisfied)), (department(), report_in())],
    5, WhistleState::InTime
)]
fn m04_a_unit_that_may_not_come_any_more_owes_nothing(
    #[case] ends: &[(Actor, Command)],
    #[case] minute: i64,
    #[case] expected: WhistleState,
) {
    let mut story = Story::begin(Some(Severity::Small)).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 1),
        (clerk(), calls(vec![called(UNIT)], Some(10)), 1),
    ]);
    for (actor, command) in ends {
        story.step(actor, command, after(minute)).unwrap();
    }
    assert_eq!(story.ticket.whistles[0].state(after(30)), expected);
    assert_eq!(fold(&story.events), story.ticket, "made anew from its events it is the same");
    let released = answers(&story.ticket)[0].released_at;
    assert_eq!(released, (expected == WhistleState::NotNeeded).then_some(after(minute)));
}

#[test]
fn m04_who_comes_late_to_what_was_answered_in_time_is_not_late() {
    let mut story = Story::begin(Some(Severity::Small)).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 1),
        (clerk(), calls(vec![called(UNIT)], Some(10)), 1),
        (worker(), resolve(), 5),
        (resident(), rate(Satisfaction::Dissatisfied), 20),
    ]);
    story.step(&department(), &report_in(), after(25)).unwrap();
    assert_eq!(story.ticket.whistles[0].state(after(30)), WhistleState::NotNeeded);
    assert_eq!(answers(&story.ticket)[0].reported_at, None, "nor does it count for how fast it comes");
}

#[rstest]
#[case::none(vec![], None, "ticket.units_count", "/units")]
#[case::crowd(vec![called(UNIT); 21], None, "ticket.units_count", "/units")]
#[case::twice(vec![called(UNIT), called(UNIT)], None, "ticket.unit_twice", "/units/1")]
#[case::person(vec![called(UNIT), known(worker())], None, "ticket.unit_unknown", "/units/1")]
#[case::nobody(
    vec![Assignment { facts: AssigneeFacts::Unknown, ..called(UNIT) }], None, "ticket.unit_unknown", "/units/0"
)]
#[case::elsewhere(
    vec![Assignment { facts: AssigneeFacts::Unit { county: place("140226") }, ..called(UNIT) }],
    None, "ticket.unit_elsewhere", "/units/0"
)]
#[case::at_once(vec![called(UNIT)], Some(0), "ticket.due_out_of_range", "/due_minutes")]
#[case::never(vec![called(UNIT)], Some(10_081), "ticket.due_out_of_range", "/due_minutes")]
fn m04_what_is_no_whistle(
    #[case] units: Vec<Assignment>,
    #[case] due_minutes: Option<u32>,
    #[case] code: &str,
    #[case] field: &str,
) {
    let refusal = refused(&mut Story::begin(None), &clerk(), &calls(units, due_minutes), 1);
    assert_eq!(refusal, (code.into(), Some(field.into())));
}

#[test]
fn m04_a_ticket_has_its_measure_of_whistles() {
    let mut story = Story::begin(None);
    for n in 0..10 {
        let crowd = (0..20).map(|k| called(UnitId(Uuid::from_u128(1_000 + n * 20 + k)))).collect();
        story.step(&clerk(), &calls(crowd, None), after(1)).unwrap();
    }
    assert_eq!(refused(&mut story, &clerk(), &whistle(), 1).0, "ticket.whistles_too_many");
}

#[test]
fn m04_the_playbook_says_who_blows() {
    let mut story = Story::begin(None);
    let refusal = story.step(&street(), &whistle(), after(1)).unwrap_err();
    assert_eq!(refusal.code(), "ticket.whistle_not_yours");
    assert_eq!(refusal.args(), [("roles", "community_clerk".to_owned())]);
    story.playbook.whistle.roles = vec![Role::StreetDispatcher];
    assert_eq!(refused(&mut story, &clerk(), &whistle(), 1).0, "ticket.whistle_not_yours");
    story.step(&street(), &whistle(), after(1)).unwrap();
    assert_eq!(refused(&mut story, &worker(), &whistle(), 1).0, "permission.role");
}

#[test]
fn m04_one_of_several_units_of_theirs_is_named() {
    let both = calls(vec![called(UNIT), called(OTHER)], Some(5));
    let mut story = Story::begin(None).steps(&[(clerk(), both, 1)]);
    let two = person(
        26,
        &[(Role::DepartmentHandler, Scope::Unit(UNIT)), (Role::DepartmentHandler, Scope::Unit(OTHER))],
    );
    let unclear = refused(&mut story, &two, &reports(None), 2);
    assert_eq!(unclear, ("ticket.unit_unclear".into(), Some("/unit".into())));
    story.step(&two, &reports(Some(OTHER)), after(2)).unwrap();
    story.step(&two, &reports(None), after(3)).unwrap();
    assert!(story.ticket.whistles.iter().all(|whistle| whistle.report.is_some()));
}

#[test]
fn z10_each_level_has_one_opinion_until_the_ticket_is_closed() {
    let mut story = Story::begin(Some(Severity::Small)).steps(&[(clerk(), whistle(), 1)]);
    assert_eq!(refused(&mut story, &clerk(), &opine(80), 2).0, "ticket.report_in_pending");
    story.step(&department(), &report_in(), after(2)).unwrap();
    story.step(&clerk(), &opine(80), after(2)).unwrap();
    assert_eq!(refused(&mut story, &street(), &opine(60), 3).0, "ticket.opinion_not_yours");
    story.playbook.whistle.appraisers = vec![Appraiser::Community, Appraiser::Street];
    story.step(&street(), &opine(60), after(3)).unwrap();
    story.step(&clerk(), &opine(90), after(3)).unwrap();
    let scores: Vec<_> = story.ticket.opinions.iter().map(|one| (one.appraiser, one.score)).collect();
    assert_eq!(scores, [(Appraiser::Community, 90), (Appraiser::Street, 60)]);
    let out = refused(&mut story, &clerk(), &opine(101), 3);
    assert_eq!(out, ("ticket.score_out_of_range".into(), Some("/score".into())));
    let unknown = Command::Opine { unit: OTHER, score: 1, text: None };
    assert_eq!(refused(&mut story, &clerk(), &unknown, 3).0, "ticket.unit_not_called");
    let mut story = story.steps(&[
        (clerk(), to_person(), 3),
        (worker(), Command::Accept, 4),
        (worker(), resolve(), 5),
        (clerk(), opine(95), 5),
        (resident(), rate(Satisfaction::Satisfied), 6),
    ]);
    assert_eq!(refused(&mut story, &clerk(), &opine(10), 7).0, "ticket.already_closed");
}

#[test]
fn z10_what_nobody_said_before_the_end_may_be_said_after_it() {
    let came = [(clerk(), whistle(), 0), (department(), report_in(), 0)];
    let mut closed = story_after(&came, Status::Closed);
    closed.step(&clerk(), &opine(70), after(9)).unwrap();
    let mut withdrawn = story_after(&came, Status::Withdrawn);
    assert_eq!(refused(&mut withdrawn, &clerk(), &opine(70), 9).0, "ticket.ended");
    // Who never came is thought of, too.
    let mut missing = Story::begin(None).steps(&[(clerk(), whistle(), 1)]);
    missing.step(&clerk(), &opine(0), after(32)).unwrap();
    assert_eq!(missing.ticket.opinions[0].score, 0);
}

#[test]
fn whoever_turns_out_to_be_a_roster_entry_blew_and_came_as_that() {
    let came = [(clerk(), whistle(), 0), (department(), report_in(), 0), (clerk(), opine(80), 1)];
    let story = Story::begin(None).steps(&came);
    let policy = &story.playbook.policy;
    let (from, to) = (clerk().user, UserId(Uuid::from_u128(77)));
    let mut ticket = story.ticket.clone();
    identify(&ticket, from, to, policy, after(2)).iter().for_each(|event| ticket.apply(event).unwrap());
    assert_eq!((ticket.whistles[0].by, ticket.opinions[0].by), (to, to));
    identify(&ticket, department().user, to, policy, after(3))
        .iter()
        .for_each(|event| ticket.apply(event).unwrap());
    assert_eq!(ticket.whistles[0].report.map(|report| report.by), Some(to));
}
