//! Clocks as their rules say (practices M03): by what a ticket was sorted as, from which step, stopped by which act, and how
//! they warn.

use super::*;
use crate::policy::{Act, Start, TimeKind};
use ClockKind::{Accept, Answer, Arrive, Plan, Solve};
use ClockState::{Breached, Cancelled, Met, Paused, Running};
use rstest::rstest;

fn sweep(story: &mut Story, minute: i64) -> Vec<&'static str> {
    let events = settle(&story.ticket, &story.playbook.policy, after(minute));
    let told = events.iter().map(|event| event.fact.headline().name()).collect();
    story.happen(events);
    told
}

#[test]
fn m03_each_limit_warns_once_and_then_breaches() {
    let mut story = Story::begin(Some(Severity::Small));
    assert_eq!(sweep(&mut story, 4), [""; 0], "not before its time");
    let moment = after(4) + TimeDelta::microseconds(1);
    let warned = settle(&story.ticket, &story.playbook.policy, moment);
    assert_eq!(warned.len(), 1);
    let tell = vec![Audience::Handler, Audience::Desk];
    assert_eq!((&warned[0].fact, warned[0].occurred_at), (&Fact::Warned { tell }, after(4)));
    assert_eq!((warned[0].clocks[0].kind, warned[0].clocks[0].warned_at), (Arrive, Some(moment)));
    story.happen(warned);
    assert_eq!(sweep(&mut story, 5), [""; 0]);
    assert_eq!(sweep(&mut story, 6), ["breached", "escalated"]);
    assert_eq!(sweep(&mut story, 25), ["warned"]);
    assert_eq!(sweep(&mut story, 31), ["breached", "escalated"]);
    assert_eq!(story.ticket.next_due(), None);
}

#[test]
fn what_was_swept_too_late_is_told_as_a_breach_and_not_as_a_warning_too() {
    let mut story = Story::begin(Some(Severity::Small));
    assert_eq!(sweep(&mut story, 600), ["breached", "escalated", "breached", "escalated"]);
}

#[test]
fn whoever_acts_needs_no_warning() {
    let story = Story::begin(Some(Severity::Small)).steps(&[(clerk(), to_person(), 25)]);
    assert_eq!(story.happened(), ["submitted", "breached", "escalated", "dispatched"]);
    assert_eq!(story.ticket.next_due(), Some(after(24)), "the sweep still does");
}

#[test]
fn m03_more_time_warns_anew() {
    let mut story = Story::begin(Some(Severity::Large)).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), arrive(), 3),
    ]);
    assert_eq!(sweep(&mut story, 241), ["warned"]);
    let mut story = story.steps(&[
        (worker(), Command::Extend { until: after(600), reason: text("等配件") }, 250),
        (clerk(), Command::ApproveExtension { note: None }, 251),
    ]);
    assert_eq!(story.ticket.next_due(), Some(after(540)), "an hour before, as the first one was");
    assert_eq!(sweep(&mut story, 541), ["warned"]);
    assert_eq!(sweep(&mut story, 601), ["breached", "escalated"]);
}

#[test]
fn what_rests_does_not_warn() {
    let mut story = Story::begin(Some(Severity::Small)).steps(&[(supervisor(), pause(), 1)]);
    assert_eq!(sweep(&mut story, 600), [""; 0]);
    let mut story = story.steps(&[(supervisor(), resume(), 601)]);
    assert_eq!(story.ticket.next_due(), Some(after(604)));
    assert_eq!(sweep(&mut story, 605), ["warned"]);
}

#[test]
fn m03_arrival_is_switched_off_for_a_category_and_on_again_with_another() {
    let off =
        ClockRule { category: Some("lighting".into()), off: true, ..ClockRule::natural(Arrive, None, 0) };
    let mut story = Story::under(vec![off], Some(Severity::Small));
    story.playbook.categories.push(Category::named("water", "供水"));
    assert_eq!(story.clocks(3), [(Solve, 1, Running)]);
    let sorted = |category: &str| Command::Grade {
        category: Some(category.into()),
        severity: None,
        affair: None,
        service: None,
    };
    let story = story.steps(&[(clerk(), sorted("water"), 3)]);
    assert_eq!(story.clocks(3), [(Solve, 1, Running), (Arrive, 1, Running)]);
    assert_eq!(story.ticket.clocks[1].due_at, after(5), "as from the submission");
    let story = story.steps(&[(clerk(), sorted("lighting"), 4)]);
    assert_eq!(story.clocks(9), [(Solve, 1, Running), (Arrive, 1, Cancelled)]);
    // What was too late while it was asked for stays so.
    let story = story.steps(&[(clerk(), sorted("water"), 4), (clerk(), sorted("lighting"), 6)]);
    assert_eq!(story.clocks(9), [(Solve, 1, Running), (Arrive, 1, Breached)]);
}

#[test]
fn limits_differ_by_affair_and_by_how_it_is_handled() {
    let own = ClockRule { affair: Some(Affair::Private), ..ClockRule::natural(Solve, None, 3_600) };
    let at_once = ClockRule { handling: Some(Handling::Immediate), ..ClockRule::natural(Solve, None, 600) };
    let story = Story::under(vec![at_once, own], Some(Severity::Small));
    assert_eq!(story.ticket.clocks[1].due_at, after(30));
    let private =
        Command::Grade { category: None, severity: None, affair: Some(Affair::Private), service: None };
    let story = story.steps(&[(clerk(), private, 1)]);
    assert_eq!(story.ticket.clocks[1].due_at, after(60));
    let Command::Dispatch { lead, assist, .. } = to_person() else { unreachable!() };
    let handling = Some(Handling::Immediate);
    let quick = Command::Dispatch { lead, assist, severity: None, affair: None, handling, note: None };
    let story = story.steps(&[(clerk(), quick, 2)]);
    assert_eq!(story.ticket.clocks[1].due_at, after(10));
}

#[test]
fn a_clock_may_begin_with_the_dispatch_or_the_acceptance() {
    let accept = ClockRule { start: Some(Start::Dispatch), ..ClockRule::natural(Accept, None, 600) };
    let solve = ClockRule {
        start: Some(Start::Acceptance),
        severity: Some(Severity::Small),
        ..ClockRule::natural(Solve, None, 1_800)
    };
    let mut story = Story::under(vec![accept, solve], Some(Severity::Small));
    assert_eq!(story.clocks(1), [(Arrive, 1, Running)]);
    story = story.steps(&[(clerk(), to_person(), 10)]);
    assert_eq!(story.clocks(20), [(Arrive, 1, Breached), (Accept, 1, Running)]);
    story = story.steps(&[(worker(), Command::Accept, 20)]);
    assert_eq!(story.clocks(50), [(Arrive, 1, Breached), (Accept, 1, Met), (Solve, 1, Running)]);
    // Given back and taken once more in the same round, it goes on.
    story = story.steps(&[
        (worker(), Command::Return { reason: text("不归我管") }, 25),
        (clerk(), to_person(), 30),
        (worker(), Command::Accept, 45),
    ]);
    assert_eq!(story.ticket.clocks[2].due_at, after(50));
    story = story.steps(&[(worker(), resolve(), 51), (resident(), rate(Satisfaction::Dissatisfied), 60)]);
    // Back with the same lead: dispatched, and not accepted yet.
    assert_eq!(story.clocks(69)[3..], [(Accept, 2, Running)]);
    assert_eq!(story.ticket.clocks[3].started_at, after(60));
    story = story.steps(&[(worker(), Command::Accept, 71)]);
    assert_eq!(story.clocks(72)[3..], [(Accept, 2, Breached), (Solve, 2, Running)]);
    assert_eq!((story.ticket.accepted_at, story.ticket.clocks[4].due_at), (Some(after(20)), after(101)));
}

#[test]
fn a_clock_that_sorting_asks_for_counts_from_the_step_that_was_taken() {
    let solve = ClockRule {
        start: Some(Start::Acceptance),
        severity: Some(Severity::Small),
        ..ClockRule::natural(Solve, None, 1_800)
    };
    let mut story = Story::under(vec![solve], None).steps(&[(clerk(), graded(Severity::Small), 1)]);
    assert_eq!(story.clocks(2), [(Arrive, 1, Running)], "nobody has accepted it yet");
    story = Story::under(story.playbook.policy.clocks[..1].to_vec(), None).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (clerk(), graded(Severity::Small), 40),
    ]);
    assert_eq!(story.ticket.clocks[1].breached_at, Some(after(32)));
}

#[rstest]
#[case::accepting_stops_it(vec![Act::Accept], 2, Met)]
#[case::any_of_them(vec![Act::Arrive, Act::Reply], 3, Met)]
#[case::only_solving_does(vec![Act::Resolve], 4, Running)]
fn a_rule_says_what_stops_its_clock(#[case] stops: Vec<Act>, #[case] minute: i64, #[case] state: ClockState) {
    let rule = ClockRule { stops, ..ClockRule::natural(Arrive, None, 300) };
    let story = Story::under(vec![rule], Some(Severity::Small)).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), Command::Reply { text: text("在路上") }, 3),
    ]);
    assert_eq!(story.clocks(4)[0], (Arrive, 1, state));
    assert!(story.ticket.clocks[0].met_at.is_none_or(|met_at| met_at == after(minute)));
    let story = story.steps(&[(worker(), resolve(), 5)]);
    assert_eq!(story.clocks(9)[0], (Arrive, 1, Met));
}

#[test]
fn what_was_breached_and_done_before_another_rule_asked_for_it_is_one_breach() {
    let rule =
        ClockRule { stops: vec![Act::Accept], ..ClockRule::natural(Arrive, Some(Severity::Small), 900) };
    let story = Story::under(vec![rule], None).steps(&[
        (clerk(), to_person(), 16),
        (worker(), Command::Accept, 16),
        (clerk(), graded(Severity::Small), 16),
    ]);
    let arrive = &story.ticket.clocks[0];
    assert_eq!((arrive.breached_at, arrive.met_at), (Some(after(5)), Some(after(16))));
    assert_eq!(story.happened().iter().filter(|kind| **kind == "breached").count(), 1);
}

#[test]
fn a_clock_may_go_on_while_the_ticket_rests_and_a_breach_may_stay_where_it_is() {
    let rule = ClockRule {
        pauses: false,
        escalates: false,
        tells: vec![Audience::Supervisor, Audience::Duty],
        warns: vec![Audience::Duty],
        ..ClockRule::natural(Arrive, None, 300)
    };
    let mut story = Story::under(vec![rule], Some(Severity::Small)).steps(&[(supervisor(), pause(), 1)]);
    assert_eq!(story.clocks(2), [(Arrive, 1, Running), (Solve, 1, Paused)]);
    assert_eq!(sweep(&mut story, 5), ["warned"]);
    assert_eq!(story.events.last().unwrap().fact, Fact::Warned { tell: vec![Audience::Duty] });
    assert_eq!(sweep(&mut story, 6), ["breached"]);
    let tell = vec![Audience::Supervisor, Audience::Duty];
    assert_eq!(story.events.last().unwrap().fact, Fact::Breached { tell });
    assert_eq!(story.ticket.desk, place("532504001007"));
}

#[test]
fn another_category_keeps_what_was_promised_since() {
    let ask = Command::Extend { until: after(600), reason: text("等配件") };
    let mut story = Story::begin(Some(Severity::Large));
    story.playbook.categories.push(Category::named("water", "供水"));
    let sorted =
        Command::Grade { category: Some("water".into()), severity: None, affair: None, service: None };
    let story = story.steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), arrive(), 3),
        (worker(), ask, 4),
        (clerk(), Command::ApproveExtension { note: None }, 5),
        (clerk(), sorted, 6),
    ]);
    assert_eq!(story.ticket.clocks[1].due_at, after(600));
}

/// 2026-11-21 is a Saturday; the ticket is of 09:00 in China.
#[test]
fn m03_working_time_waits_for_monday() {
    let rule = ClockRule { time: TimeKind::Working, ..ClockRule::natural(Solve, None, 4 * 3_600) };
    let mut story = Story::under(vec![rule], Some(Severity::Small));
    let china = |text: &str| -> Timestamp { format!("{text}:00+08:00").parse().unwrap() };
    let solve =
        |story: &Story| story.ticket.clocks.iter().find(|clock| clock.kind == Solve).cloned().unwrap();
    // 08:30 to 12:00 are three hours and a half, the rest comes after lunch; four fifths are over at 11:42.
    assert_eq!(solve(&story).due_at, china("2026-11-23T14:30"));
    assert_eq!(solve(&story).warn_at, china("2026-11-23T11:42"));
    // A rest on Monday from 11:00 to 15:00 leaves an hour and a half.
    story.step(&supervisor(), &pause(), china("2026-11-23T11:00")).unwrap();
    story.step(&supervisor(), &resume(), china("2026-11-23T15:00")).unwrap();
    assert_eq!(solve(&story).due_at, china("2026-11-23T16:30"));
    // Another one, overnight: what is left waits for the morning.
    story.step(&supervisor(), &pause(), china("2026-11-23T16:00")).unwrap();
    story.step(&supervisor(), &resume(), china("2026-11-23T23:00")).unwrap();
    assert_eq!(solve(&story).due_at, china("2026-11-24T09:00"));
    assert_eq!(story.ticket.clocks.iter().find(|clock| clock.kind == Answer), None);
    assert_eq!(story.ticket.clocks.iter().find(|clock| clock.kind == Plan), None);
}

#[test]
fn another_rule_may_count_from_another_step() {
    let at_once = ClockRule::natural(Solve, Some(Severity::Large), 18_000);
    let later = ClockRule {
        start: Some(Start::Acceptance),
        ..ClockRule::natural(Solve, Some(Severity::Small), 1_800)
    };
    // Nobody has accepted it yet: the limit waits, and begins with the acceptance.
    let story = Story::under(vec![at_once, later], Some(Severity::Large))
        .steps(&[(clerk(), to_person(), 1), (clerk(), graded(Severity::Small), 40)]);
    assert_eq!(story.clocks(41)[1], (Solve, 1, Cancelled));
    let story = story.steps(&[(worker(), Command::Accept, 50)]);
    assert_eq!((story.clocks(79)[1], story.ticket.clocks[1].due_at), ((Solve, 1, Running), after(80)));
    // And back: it counts from the submission again.
    let story = story.steps(&[(clerk(), graded(Severity::Large), 60)]);
    assert_eq!(story.ticket.clocks[1].due_at, after(300));
}

#[test]
fn what_is_claimed_counts_as_dispatched() {
    let solve = ClockRule { start: Some(Start::Dispatch), ..ClockRule::natural(Solve, None, 1_800) };
    let accept = ClockRule { start: Some(Start::Dispatch), ..ClockRule::natural(Accept, None, 600) };
    let mut story = Story::under(vec![solve, accept], None);
    let shared =
        Command::Grade { category: None, severity: None, affair: Some(Affair::Shared), service: None };
    story = story.steps(&[(clerk(), shared, 1), (member(), Command::Claim, 10)]);
    assert_eq!(story.clocks(11), [(Arrive, 1, Breached), (Accept, 1, Met), (Solve, 1, Running)]);
    assert_eq!(story.ticket.clocks[2].due_at, after(40));
}

#[test]
fn a_later_round_is_not_about_the_way_there() {
    let arrive = ClockRule { start: Some(Start::Acceptance), ..ClockRule::natural(Arrive, None, 300) };
    let story = Story::under(vec![arrive], Some(Severity::Small)).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), resolve(), 3),
        (resident(), rate(Satisfaction::Dissatisfied), 4),
        (worker(), Command::Accept, 5),
    ]);
    assert_eq!(story.ticket.clocks.iter().filter(|clock| clock.kind == Arrive).count(), 1);
}

#[rstest]
#[case::planned_after_it_was_graded(&[(clerk(), graded(Severity::Complex), 3), (worker(), plan(), 10)])]
#[case::planned_before(&[(worker(), plan(), 10), (clerk(), graded(Severity::Complex), 20)])]
fn m03_an_answer_is_owed_also_where_no_limit_is_set_for_the_plan(#[case] steps: &[(Actor, Command, i64)]) {
    let off = ClockRule { off: true, ..ClockRule::natural(Plan, Some(Severity::Complex), 0) };
    let story = Story::under(vec![off], None)
        .steps(&[(clerk(), to_person(), 1), (worker(), Command::Accept, 2)])
        .steps(steps);
    let answer = story.ticket.clocks.iter().find(|clock| clock.kind == Answer).unwrap();
    assert_eq!(answer.due_at, after(10 + 2 * 1_440));
    // Planned once more, it is owed no later.
    let again = story.steps(&[(worker(), plan(), 60)]);
    assert_eq!(
        again.ticket.clocks.iter().find(|clock| clock.kind == Answer).unwrap().due_at,
        after(10 + 2 * 1_440)
    );
}

#[test]
fn m03_more_working_time_lasts_until_it_was_promised() {
    let rule = ClockRule { time: TimeKind::Working, ..ClockRule::natural(Solve, None, 4 * 3_600) };
    let china = |text: &str| -> Timestamp { format!("{text}:00+08:00").parse().unwrap() };
    let mut story = Story::under(vec![rule], Some(Severity::Small)).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), arrive(), 3),
    ]);
    // Due on Monday at 14:30; promised by that night, when nobody works.
    let until = china("2026-11-23T22:00");
    story.step(&worker(), &Command::Extend { until, reason: text("等配件") }, after(10)).unwrap();
    story.step(&clerk(), &Command::ApproveExtension { note: None }, after(11)).unwrap();
    let solve = story.ticket.clocks.iter().find(|clock| clock.kind == Solve).unwrap();
    assert_eq!((solve.due_at, solve.warn_at), (until, china("2026-11-23T16:42")));
}
