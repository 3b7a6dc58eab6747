//! Which rule holds, and what is wrong with rules.

use super::*;
use crate::ticket::Severity;
use rstest::rstest;

fn sorted(severity: Severity) -> Sorting<'static> {
    Sorting { severity: Some(severity), ..Sorting::default() }
}

fn policy(clocks: Vec<ClockRule>) -> Policy {
    Policy {
        version: 1,
        arrive_unmet_at_resolve: Unmet::Cancel,
        rating_window_seconds: 1,
        reopen_window_seconds: 1,
        urge_every_seconds: 0,
        offline_seconds: 0,
        claims: vec![],
        discuss_first: vec![],
        refer: vec![],
        desks: vec![],
        calendar: Calendar::default(),
        clocks,
    }
}

fn keys(policy: &Policy) -> Vec<String> {
    policy.faults(&["water"]).into_iter().map(|fault| fault.key).collect()
}

fn solve(severity: Option<Severity>) -> ClockRule {
    ClockRule::natural(ClockKind::Solve, severity, 1_800)
}

#[test]
fn the_first_rule_that_fits_holds() {
    let arrive = ClockRule::natural(ClockKind::Arrive, None, 300);
    let at_home = ClockRule { category: Some("water".into()), off: true, limit_seconds: 0, ..arrive.clone() };
    let shared = ClockRule { affair: Some(Affair::Shared), limit_seconds: 600, ..arrive.clone() };
    let policy = policy(vec![at_home, shared, arrive, solve(None)]);
    assert_eq!(keys(&policy), [""; 0]);
    let limit = |sorting| policy.rule(ClockKind::Arrive, &sorting).map(|rule| rule.limit_seconds);
    assert_eq!(limit(Sorting::default()), Some(300));
    assert_eq!(limit(Sorting { category: Some("water"), ..Sorting::default() }), None);
    let shared = Sorting { affair: Some(Affair::Shared), ..sorted(Severity::Small) };
    assert_eq!(limit(shared), Some(600));
    assert_eq!(limit(Sorting { category: Some("water"), ..shared }), None);
}

#[rstest]
#[case::no_limit(vec![ClockRule { limit_seconds: 0, ..solve(None) }], &["policy.clocks[0].limit_seconds"])]
#[case::off_with_a_limit(vec![ClockRule { off: true, category: Some("water".into()), ..solve(None) }, solve(None)],
    &["policy.clocks[0].limit_seconds"])]
#[case::never_warns(vec![ClockRule { warn_percent: 0, ..solve(None) }], &["policy.clocks[0].warn_percent"])]
#[case::warns_after_the_limit(vec![ClockRule { warn_percent: 101, ..solve(None) }], &["policy.clocks[0].warn_percent"])]
#[case::two_of_a_kind(vec![solve(None), solve(None)], &["policy.clocks[1].kind"])]
#[case::hidden_by_a_wider_one(vec![solve(None), solve(Some(Severity::Small))], &["policy.clocks[1].kind"])]
#[case::unknown_category(vec![ClockRule { category: Some("gas".into()), ..solve(None) }, solve(None)],
    &["policy.clocks[0].category"])]
#[case::from_the_plan(vec![ClockRule { start: Some(Start::Plan), ..solve(None) }], &["policy.clocks[0].start"])]
#[case::met_as_it_begins(vec![ClockRule { start: Some(Start::Acceptance), ..ClockRule::natural(ClockKind::Accept, None, 60) }, solve(None)],
    &["policy.clocks[0].stops"])]
#[case::stopped_before_it_begins(vec![ClockRule { stops: vec![Act::Plan, Act::Accept], ..ClockRule::natural(ClockKind::Answer, None, 60) }, solve(None)],
    &["policy.clocks[0].stops"])]
#[case::off_needs_no_stop(vec![ClockRule { off: true, limit_seconds: 0, start: Some(Start::Acceptance), ..ClockRule::natural(ClockKind::Accept, None, 60) }, solve(None)],
    &[])]
#[case::severities_without_a_clock(vec![solve(Some(Severity::Small))], &["policy.clocks", "policy.clocks"])]
fn what_is_wrong_is_named(#[case] clocks: Vec<ClockRule>, #[case] expected: &[&str]) {
    assert_eq!(keys(&policy(clocks)), expected);
}

#[test]
fn a_rule_may_stand_before_a_wider_one() {
    assert_eq!(keys(&policy(vec![solve(Some(Severity::Small)), solve(None)])), [""; 0]);
}

#[test]
fn a_warning_comes_before_its_limit() {
    let rule = solve(None);
    assert_eq!((rule.limit().num_seconds(), rule.warning().num_seconds()), (1800, 1440));
}

#[rstest]
#[case(0)]
#[case(1_000_000_001)]
fn a_version_is_a_number_that_a_column_holds(#[case] version: u32) {
    let policy = Policy { version, ..policy(vec![solve(None)]) };
    assert_eq!(keys(&policy), ["policy.version"]);
}
