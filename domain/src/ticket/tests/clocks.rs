//! The clocks of 53522 (practices M03), minute by minute.

use super::*;
use ClockKind::{Arrive, Solve};
use ClockState::{Breached, Cancelled, Met, Running};
use rstest::rstest;

#[rstest]
#[case::small(Some(Severity::Small), &[(Arrive, 5), (Solve, 30)])]
#[case::large(Some(Severity::Large), &[(Arrive, 5), (Solve, 300)])]
#[case::complex(Some(Severity::Complex), &[(Arrive, 5)])]
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
    let breaches: Vec<_> = story.events.iter().filter(|e| e.fact == Fact::Breached).collect();
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
    assert_eq!(story.ticket.next_due(), Some(after(300)));
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
    story.policy.arrive_unmet_at_resolve = unmet;
    let story = story.steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), resolve(), minute),
    ]);
    assert_eq!(story.clocks(60), [(Arrive, 1, state), (Solve, 1, Met)]);
    assert_eq!((story.ticket.next_due(), story.ticket.owed_since()), (None, None));
}

#[test]
fn m03_late_grading_counts_from_submission() {
    let graded =
        |severity| dispatch(Assignee::Person(worker().user), LeadFacts::Person(worker()), Some(severity));
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
    let large = dispatch(Assignee::Person(worker().user), LeadFacts::Person(worker()), Some(Severity::Large));
    let story = Story::begin(Some(Severity::Small)).steps(&[(clerk(), large, minute)]);
    let solve = &story.ticket.clocks[1];
    assert_eq!(
        (solve.started_at, solve.due_at, solve.breached_at),
        (start(), after(300), breached.map(after))
    );
    assert_eq!(solve.state(after(minute)), state);
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
