//! Clocks that rest, that get more time, and that are graded meanwhile (practices M03).

use super::*;
use ClockKind::{Answer, Arrive, Plan, Solve};
use ClockState::{Breached, Cancelled, Met, Paused, Running};
use rstest::rstest;

#[test]
fn m03_a_rest_moves_the_limit_by_as_long_as_it_lasted() {
    let pause = || Command::Pause { reason: text("等停电") };
    let resume = || Command::Resume { reason: text("来电了") };
    let story = Story::begin(Some(Severity::Small)).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), arrive(), 3),
        (supervisor(), pause(), 10),
    ]);
    assert_eq!(story.clocks(9_999), [(Arrive, 1, Met), (Solve, 1, Paused)]);
    assert_eq!((story.ticket.next_due(), story.ticket.owed_since()), (None, None));
    let story = story.steps(&[(supervisor(), resume(), 100)]);
    let warned_then_due = (Some(after(114)), Some(after(120)));
    assert_eq!((story.ticket.next_due(), story.ticket.owed_since()), warned_then_due);
    assert_eq!(story.ticket.clocks[1].paused_ms, 90 * 60_000);
    // A second rest, ended by the answer itself; and a regrading keeps what it rested.
    let story = story.steps(&[(supervisor(), pause(), 110), (clerk(), graded(Severity::Large), 115)]);
    assert_eq!(story.ticket.clocks[1].state(after(9_999)), Paused);
    let story = story.steps(&[(worker(), resolve(), 2_000)]);
    assert_eq!(story.clocks(9_999), [(Arrive, 1, Met), (Solve, 1, Met)]);
    assert_eq!(
        (story.ticket.paused, story.ticket.rests),
        (None, vec![Rest { from: after(10), to: after(100) }, Rest { from: after(110), to: after(2_000) }])
    );
}

#[test]
fn m03_what_is_graded_while_it_rests_rests_too() {
    let pause = Command::Pause { reason: text("等材料") };
    let late = Story::begin(None)
        .steps(&[(supervisor(), pause.clone(), 40), (clerk(), graded(Severity::Small), 50)]);
    assert_eq!(late.clocks(50), [(Arrive, 1, Breached), (Solve, 1, Breached)], "over before the rest began");
    let in_time =
        Story::begin(None).steps(&[(supervisor(), pause, 20), (clerk(), graded(Severity::Small), 50)]);
    assert_eq!(in_time.clocks(9_999), [(Arrive, 1, Breached), (Solve, 1, Paused)]);
    let resume = Command::Resume { reason: text("到货") };
    let story = in_time.steps(&[(supervisor(), resume, 60)]);
    assert_eq!(story.ticket.clocks[1].due_at, after(70));
}

#[test]
fn m03_grading_there_and_back_leaves_every_limit_in_place() {
    let plan_due = after(2 * 1_440);
    let story = Story::begin(Some(Severity::Small))
        .steps(&[(clerk(), graded(Severity::Complex), 1), (clerk(), graded(Severity::Small), 2)]);
    assert_eq!(story.clocks(3), [(Arrive, 1, Running), (Solve, 1, Running), (Plan, 1, Cancelled)]);
    assert_eq!(story.ticket.clocks[1].due_at, after(30));
    let story =
        story.steps(&[(clerk(), graded(Severity::Complex), 3), (clerk(), graded(Severity::Large), 4)]);
    assert_eq!(story.clocks(4), [(Arrive, 1, Running), (Solve, 1, Running), (Plan, 1, Cancelled)]);
    assert_eq!(story.ticket.clocks[1].due_at, after(300));
    // Also when it rested meanwhile.
    let pause = |text_| Command::Pause { reason: text(text_) };
    let resume = |text_| Command::Resume { reason: text(text_) };
    let mut story = story.steps(&[
        (clerk(), graded(Severity::Complex), 4),
        (supervisor(), pause("等"), 5),
        (supervisor(), resume("好"), 65),
        (supervisor(), pause("再等"), 70),
        (clerk(), graded(Severity::Small), 71),
    ]);
    assert_eq!(story.clocks(71)[1], (Solve, 1, Paused));
    story.step(&supervisor(), &resume("好"), after(80)).unwrap();
    assert_eq!(story.ticket.clocks[1].due_at, after(30 + 60 + 10));
    assert_eq!(story.ticket.clocks[2].started_at, start());
    assert!(plan_due < story.ticket.clocks[2].due_at);
}

fn due(story: &Story, kind: ClockKind) -> Timestamp {
    story.ticket.clocks.iter().find(|clock| clock.kind == kind).unwrap().due_at
}

#[test]
fn m03_a_rest_counts_once_however_it_is_graded_meanwhile() {
    let story = Story::begin(Some(Severity::Large)).steps(&[
        (supervisor(), pause(), 5),
        (clerk(), graded(Severity::Complex), 20),
        (clerk(), graded(Severity::Large), 30),
        (supervisor(), resume(), 60),
    ]);
    assert_eq!(due(&story, Solve), after(300 + 55));
    // What rested after the limit was over is no reason for more time.
    let story = Story::begin(None).steps(&[
        (supervisor(), pause(), 40),
        (supervisor(), resume(), 100),
        (clerk(), graded(Severity::Small), 110),
    ]);
    assert_eq!((due(&story, Solve), story.clocks(110)[1].2), (after(30), Breached));
}

#[rstest]
#[case::rested_before_it_began(&[(supervisor(), pause(), 10), (supervisor(), resume(), 70), (worker(), plan(), 100),
    (clerk(), graded(Severity::Small), 101), (clerk(), graded(Severity::Complex), 102)], 100 + 2 * 1_440)]
#[case::rested_since(&[(clerk(), graded(Severity::Small), 7), (worker(), plan(), 10), (supervisor(), pause(), 20),
    (supervisor(), resume(), 80), (clerk(), graded(Severity::Complex), 100)], 10 + 60 + 2 * 1_440)]
fn m03_the_answer_rests_when_the_ticket_does_and_no_longer(
    #[case] steps: &[(Actor, Command, i64)],
    #[case] minute: i64,
) {
    let story = Story::begin(Some(Severity::Complex))
        .steps(&[(clerk(), to_person(), 1), (worker(), Command::Accept, 2), (worker(), arrive(), 4)])
        .steps(steps);
    assert_eq!(due(&story, Answer), after(minute));
}

#[test]
fn m03_the_same_grade_again_takes_no_extension_away() {
    let ask = Command::Extend { until: after(600), reason: text("等配件") };
    let story = Story::begin(Some(Severity::Large)).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), arrive(), 3),
        (worker(), ask, 4),
        (clerk(), Command::ApproveExtension { note: None }, 5),
        (clerk(), graded(Severity::Large), 6),
    ]);
    assert_eq!(story.ticket.clocks[1].due_at, after(600));
}

#[test]
fn m03_an_extension_is_for_the_clock_that_it_was_asked_for() {
    let ask = Command::Extend { until: after(9_000), reason: text("等图纸") };
    let mut story = Story::begin(Some(Severity::Complex)).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), arrive(), 3),
        (worker(), ask, 4),
        (worker(), plan(), 5),
    ]);
    assert_eq!(story.ticket.extension.map(|extension| extension.clock), Some(Plan));
    let approve = Command::ApproveExtension { note: None };
    let refusal = story.step(&clerk(), &approve, after(6)).unwrap_err();
    assert_eq!(refusal.code(), "ticket.extension_lapsed", "the plan is made");
}

#[test]
fn m03_an_extension_while_it_rests_is_until_then_and_not_longer() {
    let story = Story::begin(Some(Severity::Large)).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), arrive(), 3),
        (worker(), Command::Extend { until: after(600), reason: text("等配件") }, 4),
        (supervisor(), Command::Pause { reason: text("等") }, 10),
        (clerk(), Command::ApproveExtension { note: None }, 40),
        (supervisor(), Command::Resume { reason: text("好") }, 40),
    ]);
    assert_eq!(story.ticket.clocks[1].due_at, after(600));
}

#[test]
fn m03_an_extension_takes_no_time_away() {
    let story = Story::begin(Some(Severity::Large)).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), Command::Extend { until: after(600), reason: text("等配件") }, 4),
        (supervisor(), pause(), 10),
    ]);
    let mut early = Story { ticket: story.ticket.clone(), ..Story::begin(None) };
    early.events.clone_from(&story.events);
    early.step(&clerk(), &Command::ApproveExtension { note: None }, after(309)).unwrap();
    assert_eq!(early.steps(&[(supervisor(), resume(), 400)]).ticket.clocks[1].due_at, after(600 + 91));
    // By now it has rested for longer than that.
    let mut late = story;
    let refusal = late.step(&clerk(), &Command::ApproveExtension { note: None }, after(400)).unwrap_err();
    assert_eq!(refusal.code(), "ticket.extension_lapsed");
}
