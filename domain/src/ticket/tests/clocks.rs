//! The clocks of 53522 (practices M03), minute by minute.

use super::*;
use ClockKind::{Answer, Arrive, Plan, Solve};
use ClockState::{Breached, Cancelled, Met, Running};
use rstest::rstest;

#[rstest]
#[case::small(Some(Severity::Small), &[(Arrive, 5), (Solve, 30)])]
#[case::large(Some(Severity::Large), &[(Arrive, 5), (Solve, 300)])]
#[case::complex(Some(Severity::Complex), &[(Arrive, 5), (Plan, 2 * 1440)])]
#[case::ungraded(None, &[(Arrive, 5)])]
fn m03_limits_start_at_submission(#[case] severity: Option<Severity>, #[case] limits: &[(ClockKind, i64)]) {
    let story = Story::begin(severity);
    let due: Vec<_> =
        story.ticket.clocks.iter().map(|c| (c.kind, (c.due_at - c.started_at).num_minutes())).collect();
    assert_eq!(due, limits);
    assert!(
        story
            .ticket
            .clocks
            .iter()
            .all(|c| c.started_at == start() && c.warn_at < c.due_at && c.policy_version == 3)
    );
}

#[test]
fn m03_exactly_on_the_limit_is_in_time_and_a_moment_later_is_not() {
    let small = Story::begin(Some(Severity::Small));
    assert_eq!(small.clocks(30), [(Arrive, 1, Breached), (Solve, 1, Running)]);
    let late = after(30) + TimeDelta::microseconds(1);
    assert_eq!(small.ticket.clocks[1].state(late), Breached);
}

#[test]
fn m03_a_late_act_is_a_breach_although_nobody_noticed() {
    let story = Story::begin(Some(Severity::Small)).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), arrive(), 6),
        (worker(), resolve(), 31),
    ]);
    assert_eq!(story.clocks(31), [(Arrive, 1, Breached), (Solve, 1, Breached)]);
    assert!(
        story
            .ticket
            .clocks
            .iter()
            .all(|clock| clock.met_at.is_some() && clock.breached_at == Some(clock.due_at))
    );
    let breaches: Vec<_> = story.events.iter().filter(|e| matches!(e.fact, Fact::Breached { .. })).collect();
    assert_eq!(breaches.len(), 2);
    assert_eq!(
        (breaches[0].occurred_at, breaches[0].recorded_at, breaches[0].actor),
        (after(5), after(6), None)
    );
    assert_eq!(story.ticket.owed_since(), None);
}

#[test]
fn m03_in_time_is_met() {
    let story = Story::begin(Some(Severity::Large)).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), arrive(), 5),
    ]);
    assert_eq!(story.clocks(200), [(Arrive, 1, Met), (Solve, 1, Running)]);
    let warned_then_due = (Some(after(240)), Some(after(300)));
    assert_eq!((story.ticket.next_due(), story.ticket.owed_since()), warned_then_due);
    assert_eq!(story.steps(&[(worker(), resolve(), 300)]).clocks(999), [(Arrive, 1, Met), (Solve, 1, Met)]);
}

#[rstest]
#[case(Unmet::Cancel, 4, Cancelled)]
#[case(Unmet::Breach, 4, Breached)]
#[case(Unmet::Cancel, 6, Breached)]
fn m03_solved_without_being_on_the_scene(
    #[case] unmet: Unmet,
    #[case] minute: i64,
    #[case] state: ClockState,
) {
    let mut story = Story::begin(Some(Severity::Small));
    story.playbook.policy.arrive_unmet_at_resolve = unmet;
    let story = story.steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), resolve(), minute),
    ]);
    assert_eq!(story.clocks(60), [(Arrive, 1, state), (Solve, 1, Met)]);
    assert_eq!((story.ticket.next_due(), story.ticket.owed_since()), (story.ticket.closes_at(), None));
}

#[test]
fn m03_late_grading_counts_from_submission() {
    let graded = |severity| dispatch(known(worker()), Some(severity));
    let small = Story::begin(None).steps(&[(clerk(), graded(Severity::Small), 40)]);
    assert_eq!(small.clocks(40), [(Arrive, 1, Breached), (Solve, 1, Breached)]);
    assert_eq!(small.ticket.clocks[1].breached_at, Some(after(30)));
    let large = Story::begin(None).steps(&[(clerk(), graded(Severity::Large), 40)]);
    assert_eq!(large.clocks(40), [(Arrive, 1, Breached), (Solve, 1, Running)]);
    assert_eq!(large.ticket.clocks[1].due_at, after(300));
}

#[rstest]
#[case::in_time(10, Running, None)]
#[case::breached_stays(40, Breached, Some(30))]
fn m03_regrading_keeps_start_and_breach(
    #[case] minute: i64,
    #[case] state: ClockState,
    #[case] breached: Option<i64>,
) {
    let large = dispatch(known(worker()), Some(Severity::Large));
    let story = Story::begin(Some(Severity::Small)).steps(&[(clerk(), large, minute)]);
    let solve = &story.ticket.clocks[1];
    assert_eq!(
        (solve.started_at, solve.due_at, solve.breached_at),
        (start(), after(300), breached.map(after))
    );
    assert_eq!(solve.state(after(minute)), state);
    let story = story.steps(&[(worker(), Command::Accept, minute), (worker(), resolve(), minute)]);
    assert_eq!(
        story.ticket.clocks[1].breached_at,
        breached.map(after),
        "nor does solving it now take it back"
    );
}

#[test]
fn dissatisfied_is_done_again_by_the_same_lead_against_a_new_clock() {
    let story = Story::begin(Some(Severity::Small)).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), resolve(), 40),
        (resident(), rate(Satisfaction::Dissatisfied), 60),
    ]);
    assert_eq!((story.ticket.status(), story.ticket.round), (Status::Dispatched, 2));
    assert_eq!(story.ticket.lead(), Some(Assignee::Person(worker().user)));
    assert_eq!(story.clocks(90), [(Arrive, 1, Breached), (Solve, 1, Breached), (Solve, 2, Running)]);
    let story = story.steps(&[
        (worker(), Command::Accept, 61),
        (worker(), resolve(), 80),
        (resident(), rate(Satisfaction::FairlySatisfied), 81),
    ]);
    assert_eq!(story.ticket.status(), Status::Closed);
    assert_eq!(story.clocks(999), [(Arrive, 1, Breached), (Solve, 1, Breached), (Solve, 2, Met)]);
}

#[rstest]
#[case::made_early(Some(600), 600, Met)]
#[case::made_late(Some(2 * 1440 + 5), 2 * 1440, Breached)]
#[case::never_made(None, 2 * 1440, Breached)]
fn m03_the_answer_counts_from_the_plan_or_from_when_it_was_due(
    #[case] planned: Option<i64>,
    #[case] starts: i64,
    #[case] plan_state: ClockState,
) {
    let mut story = Story::begin(None).steps(&[
        (clerk(), dispatch(known(worker()), Some(Severity::Complex)), 1),
        (worker(), Command::Accept, 2),
        (worker(), arrive(), 4),
    ]);
    match planned {
        Some(minute) => story.step(&worker(), &plan(), after(minute)).unwrap(),
        None => story.happen(settle(&story.ticket, &story.playbook.policy, after(2 * 1440 + 5))),
    }
    let answer = story.ticket.clocks.iter().find(|clock| clock.kind == Answer).unwrap();
    assert_eq!((answer.started_at, answer.due_at), (after(starts), after(starts + 2 * 1440)));
    assert_eq!(story.clocks(2 * 1440 + 6)[1], (Plan, 1, plan_state));
    let story = story.steps(&[(worker(), Command::Reply { text: text("已开挖") }, 2 * 1440 + 10)]);
    assert_eq!(story.clocks(9_999).last(), Some(&(Answer, 1, Met)));
    // The plan may be made again; its clock stays as it was.
    let again = story.steps(&[(worker(), plan(), 2 * 1440 + 20), (worker(), resolve(), 2 * 1440 + 30)]);
    assert_eq!(again.ticket.next_due(), again.ticket.closes_at());
}

#[test]
fn m03_a_breach_goes_up_a_level_by_itself_until_the_county() {
    let mut story = Story::begin(Some(Severity::Small));
    story.happen(settle(&story.ticket, &story.playbook.policy, after(31)));
    assert_eq!(story.happened(), ["submitted", "breached", "escalated", "breached", "escalated"]);
    let told: Vec<_> = story.events[1..].iter().map(|e| (e.occurred_at, e.actor)).collect();
    assert_eq!(told, [(after(5), None), (after(5), None), (after(30), None), (after(30), None)]);
    assert_eq!(story.ticket.desk, place("532504"));
    assert!(settle(&story.ticket, &story.playbook.policy, after(9_999)).is_empty(), "once only");
    let refusal =
        story.step(&clerk(), &Command::Escalate { reason: text("解决不了") }, after(32)).unwrap_err();
    assert_eq!(refusal.code(), "ticket.at_the_top");
}

#[test]
fn an_unrated_ticket_closes_by_itself_and_no_clock_runs_in_vain() {
    let mut story = story_at(Status::Resolved);
    let closes_at = after(3) + TimeDelta::days(7);
    assert_eq!(story.ticket.next_due(), Some(closes_at));
    assert!(
        settle(&story.ticket, &story.playbook.policy, closes_at).is_empty(),
        "at that very moment one may still rate"
    );
    // Whoever rates too late finds it closed, although nobody had noticed.
    let late = closes_at + TimeDelta::microseconds(1);
    let refusal = story.step(&resident(), &rate(Satisfaction::Satisfied), late).unwrap_err();
    assert_eq!(refusal.code(), "ticket.already_closed");
    story.happen(settle(&story.ticket, &story.playbook.policy, late));
    let closed = story.events.last().unwrap();
    assert_eq!((&closed.fact, closed.occurred_at, closed.actor), (&Fact::Closed, closes_at, None));
    assert_eq!((story.ticket.rating, story.ticket.next_due()), (None, None));
}

#[rstest]
#[case::in_time_told_late(4, 20, Met)]
#[case::late(6, 20, Breached)]
fn work_out_of_reach_counts_from_when_it_was_done(
    #[case] done: i64,
    #[case] told: i64,
    #[case] state: ClockState,
) {
    let mut story = Story::begin(Some(Severity::Small))
        .steps(&[(clerk(), to_person(), 1), (worker(), Command::Accept, 2)]);
    let when = When { occurred_at: Some(after(done)), ..When::from(after(told)) };
    story.step(&worker(), &arrive(), when).unwrap();
    assert_eq!(story.clocks(told)[0], (Arrive, 1, state));
    let event = story.events.iter().find(|event| matches!(event.fact, Fact::Arrived { .. })).unwrap();
    assert_eq!((event.occurred_at, event.recorded_at), (after(done), after(told)));
}

#[rstest]
#[case::before_it_was_accepted(1, "ticket.time_too_early")]
#[case::in_the_future(90, "ticket.time_too_late")]
fn work_is_not_dated_as_one_likes(#[case] minute: i64, #[case] code: &str) {
    let mut story = Story::begin(Some(Severity::Small))
        .steps(&[(clerk(), to_person(), 1), (worker(), Command::Accept, 2)]);
    let when = When { occurred_at: Some(after(minute)), ..When::from(after(20)) };
    let refusal = story.step(&worker(), &arrive(), when).unwrap_err();
    assert_eq!((refusal.code(), refusal.field()), (code, Some("/occurred_at")));
    // Nor longer ago than the playbook allows.
    let when = When { occurred_at: Some(after(10)), ..When::from(after(80)) };
    assert_eq!(story.step(&worker(), &arrive(), when).unwrap_err().code(), "ticket.time_too_early");
}

#[test]
fn m03_a_plan_made_too_late_before_it_was_called_complex_is_a_breach_like_any_other() {
    let mut story = Story::begin(None).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), arrive(), 4),
        (worker(), plan(), 3 * 1_440),
        (worker(), Command::Reply { text: text("已开挖") }, 5 * 1_440),
    ]);
    story.step(&clerk(), &graded(Severity::Complex), after(6 * 1_440)).unwrap();
    assert_eq!(story.clocks(6 * 1_440)[1..], [(Plan, 1, Breached), (Answer, 1, Breached)]);
    let met: Vec<_> =
        story.ticket.clocks[1..].iter().map(|clock| (clock.breached_at, clock.met_at)).collect();
    let day = |days: i64| Some(after(days * 1_440));
    assert_eq!(met, [(day(2), day(3)), (day(4), day(5))]);
    assert_eq!(story.happened()[6..], ["graded", "breached", "escalated", "breached", "escalated"]);
}

#[test]
fn m03_what_was_first_done_in_time_is_in_time_however_often_it_is_done_again() {
    let reply = || Command::Reply { text: text("已开挖") };
    let mut story = Story::begin(None).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), reply(), 3),
        (worker(), plan(), 10),
        (worker(), reply(), 20),
        (worker(), plan(), 3 * 1_440),
        (worker(), reply(), 5 * 1_440),
    ]);
    story.step(&clerk(), &graded(Severity::Complex), after(6 * 1_440)).unwrap();
    assert_eq!(story.clocks(6 * 1_440)[1..], [(Plan, 1, Met), (Answer, 1, Met)]);
    let met: Vec<_> = story.ticket.clocks[1..].iter().map(|clock| clock.met_at).collect();
    assert_eq!(met, [Some(after(10)), Some(after(20))], "the reply before the plan is none to the plan");
    // Whoever takes it next has done nothing yet.
    let mut next = Story::begin(None).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), plan(), 10),
        (clerk(), Command::Return { reason: text("换人") }, 11),
        (clerk(), to_person(), 12),
        (worker(), Command::Accept, 13),
    ]);
    next.step(&clerk(), &graded(Severity::Complex), after(60)).unwrap();
    assert_eq!(next.clocks(60)[1..], [(Plan, 1, Running)]);
}

#[rstest]
#[case::plan_in_time(2_870, 2_870)]
#[case::plan_late(2_881, 2_880)]
fn m03_the_answer_counts_from_the_plan_whenever_that_is_told(#[case] planned: i64, #[case] answer_from: i64) {
    let mut story = Story::begin(Some(Severity::Complex)).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), arrive(), 4),
        (clerk(), Command::Note { text: text("方案未见") }, 2_890),
    ]);
    assert_eq!(story.ticket.clocks[2].started_at, after(2_880), "the plan was due then");
    let when = When { occurred_at: Some(after(planned)), ..When::from(after(2_900)) };
    story.step(&worker(), &plan(), when).unwrap();
    let answer = story.ticket.clocks.iter().find(|clock| clock.kind == Answer).unwrap();
    assert_eq!((answer.started_at, answer.due_at), (after(answer_from), after(answer_from + 2_880)));
}

#[rstest]
#[case::late_by_the_shorter_one((Severity::Large, 301), Severity::Small, 290, Breached)]
#[case::late_by_both((Severity::Large, 301), Severity::Small, 305, Breached)]
#[case::late_by_the_one_that_held_then((Severity::Small, 31), Severity::Large, 35, Breached)]
#[case::in_time_by_both((Severity::Small, 31), Severity::Large, 30, Met)]
fn a_breach_is_taken_back_only_by_work_in_time_by_each_limit(
    #[case] (first, noticed): (Severity, i64),
    #[case] then: Severity,
    #[case] done: i64,
    #[case] state: ClockState,
) {
    let mut story = Story::begin(Some(first)).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (clerk(), Command::Note { text: text("已超时") }, noticed),
        (clerk(), graded(then), noticed + 9),
    ]);
    let told = noticed + 20;
    let when = When { occurred_at: Some(after(done)), ..When::from(after(told)) };
    story.step(&worker(), &resolve(), when).unwrap();
    assert_eq!(story.clocks(told)[1], (Solve, 1, state));
}

#[rstest]
#[case::in_time(10, 60, Met, 10)]
#[case::graded_after_its_limit(10, 2 * 1_440 + 60, Met, 10)]
fn m03_a_plan_from_before_it_was_called_complex_counts(
    #[case] planned: i64,
    #[case] graded_at: i64,
    #[case] state: ClockState,
    #[case] answer_from: i64,
) {
    let story = Story::begin(None).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), arrive(), 4),
        (worker(), plan(), planned),
        (clerk(), graded(Severity::Complex), graded_at),
    ]);
    assert_eq!(story.clocks(graded_at)[1], (Plan, 1, state));
    assert_eq!(story.ticket.clocks[2].kind, Answer);
    assert_eq!(story.ticket.clocks[2].started_at, after(answer_from));
}

#[test]
fn work_in_time_that_is_told_late_is_no_breach_although_the_limit_was_noticed() {
    let mut noticed = Story::begin(Some(Severity::Small))
        .steps(&[(clerk(), to_person(), 1), (worker(), Command::Accept, 2)]);
    noticed.happen(settle(&noticed.ticket, &noticed.playbook.policy, after(10)));
    assert_eq!(noticed.clocks(10)[0], (Arrive, 1, Breached));
    let when = |done| When { occurred_at: Some(after(done)), ..When::from(after(20)) };
    noticed.step(&worker(), &arrive(), when(4)).unwrap();
    assert_eq!(noticed.clocks(20)[0], (Arrive, 1, Met));
    assert!(noticed.happened().contains(&"breached"), "the history still says what was believed");
}

#[test]
fn a_new_round_is_dispatched_anew_when_its_lead_has_left() {
    let left = |minutes| When { lead_left: true, ..When::from(after(minutes)) };
    let mut story = story_at(Status::Resolved);
    story.step(&resident(), &rate(Satisfaction::Dissatisfied), left(5)).unwrap();
    assert_eq!(
        (story.ticket.status(), story.ticket.round, story.ticket.lead()),
        (Status::Submitted, 2, None)
    );
    assert_eq!(story.clocks(5).last(), Some(&(Solve, 2, Running)));
    let mut story = story_at(Status::Closed);
    story.step(&resident(), &Command::Reopen { reason: text("又坏了") }, left(5)).unwrap();
    assert_eq!((story.ticket.status(), story.ticket.round), (Status::Submitted, 2));
}
