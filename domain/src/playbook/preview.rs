//! What another version of a playbook would mean for limits: of tickets that are filed from then on, and of those that are
//! open, were they decided by it.

use super::diff::{Difference, differences};
use super::{Fault, Playbook};
use crate::policy::{ClockRule, Policy, Sorting, Start, TimeKind};
use crate::ticket::{Affair, ClockKind, Handling, Severity};
use crate::time::Timestamp;
use chrono::TimeDelta;
use std::collections::{BTreeMap, BTreeSet};
use strum::IntoEnumIterator;

/// How far back a start is looked for, since nothing open is older: ten years, as far as a calendar looks.
const FAR: TimeDelta = TimeDelta::days(3_650);

/// A limit, as people compare it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Of its time.
    pub seconds: u32,
    /// What time it counts.
    pub time: TimeKind,
    /// When it begins.
    pub start: Start,
}

/// A limit that would be another for what is sorted so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitChange {
    /// Of which kind.
    pub kind: ClockKind,
    /// For which severity; `None` for tickets that were not graded.
    pub severity: Option<Severity>,
    /// For which affair, where that makes a difference.
    pub affair: Option<Affair>,
    /// For which category, where that makes a difference.
    pub category: Option<String>,
    /// For which handling, where that makes a difference.
    pub handling: Option<Handling>,
    /// What it is; `None` for no limit.
    pub before: Option<Limit>,
    /// What it would be.
    pub after: Option<Limit>,
}

/// How many tickets are open that began under a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenTickets {
    /// Which; `None` for those that do not say, and are decided by the current one.
    pub version: Option<u32>,
    /// How many.
    pub count: i64,
}

/// Limits of open tickets that run, were they those of another version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Late {
    /// Of which kind.
    pub kind: ClockKind,
    /// Of tickets of which severity; `None` for those that were not graded.
    pub severity: Option<Severity>,
    /// How many run in time.
    pub running: i64,
    /// How many of them would be over.
    pub late: i64,
}

/// What the open tickets of a county have to do with another version. They keep their own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Affected {
    /// By version.
    pub open: Vec<OpenTickets>,
    /// How many are of categories that it does not have.
    pub categories: BTreeMap<String, i64>,
    /// What its limits would mean for them.
    pub late: Vec<Late>,
    /// Whether its levels are others, although places have codes by them.
    pub breaks_levels: bool,
}

impl Limit {
    fn of(rule: &ClockRule) -> Self {
        Self { seconds: rule.limit_seconds, time: rule.time, start: rule.start() }
    }
}

/// In what another version differs from a playbook.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// Value by value.
    pub values: Vec<Difference>,
    /// The limits of tickets that are filed from then on.
    pub limits: Vec<LimitChange>,
}

impl Playbook {
    /// In what `after` differs, but for its version.
    pub fn changes_to(&self, after: &Self) -> Changes {
        // These types have string keys and no floats: nothing of them can fail to be written.
        let json = |book: &Self| serde_json::to_value(book).unwrap_or_default();
        let mut values = differences(&json(self), &json(after));
        values.retain(|one| one.path != "/policy/version");
        Changes { values, limits: limit_changes(&self.policy, &after.policy) }
    }

    /// What is wrong with it as what follows on `before`.
    pub fn faults_after(&self, before: &Self, breaks_levels: bool) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.county != before.county {
            let reason = format!("县级代码应为 {}", before.county);
            faults.push(Fault { key: "county".to_owned(), reason });
        }
        if breaks_levels {
            let reason = "社区以下已有地点，级数和位数不能再改，只能改名称";
            faults.push(Fault::new("levels".to_owned(), reason));
        }
        faults
    }
}

/// What narrows a rule besides kind and severity.
type Narrower<'a> = (Option<Affair>, Option<&'a str>, Option<Handling>);

/// The limits that `after` changes: by kind and severity, and for each affair, category and handling that rules name where
/// that makes another difference.
pub fn limit_changes(before: &Policy, after: &Policy) -> Vec<LimitChange> {
    let rules = || before.clocks.iter().chain(&after.clocks);
    let affairs = Affair::iter().filter(|affair| rules().any(|rule| rule.affair == Some(*affair)));
    let handlings = Handling::iter().filter(|one| rules().any(|rule| rule.handling == Some(*one)));
    let categories: BTreeSet<&str> = rules().filter_map(|rule| rule.category.as_deref()).collect();
    let narrower: Vec<Narrower<'_>> = affairs
        .map(|affair| (Some(affair), None, None))
        .chain(categories.into_iter().map(|category| (None, Some(category), None)))
        .chain(handlings.map(|handling| (None, None, Some(handling))))
        .collect();
    let mut changes = Vec::new();
    for kind in ClockKind::iter() {
        for severity in [None].into_iter().chain(Severity::iter().map(Some)) {
            let limits = |(affair, category, handling): Narrower<'_>| {
                let sorting = Sorting { severity, affair, category, handling };
                [before, after].map(|policy| policy.rule(kind, &sorting).map(Limit::of))
            };
            let general = limits((None, None, None));
            for narrow in [(None, None, None)].into_iter().chain(narrower.iter().copied()) {
                let [before, after] = limits(narrow);
                let (affair, category, handling) = narrow;
                if before == after || (narrow != (None, None, None) && [before, after] == general) {
                    continue;
                }
                let category = category.map(str::to_owned);
                changes.push(LimitChange { kind, severity, affair, category, handling, before, after });
            }
        }
    }
    changes
}

/// The moment before which a clock of a rule must have begun to be over by `now`; to the second. `None` for a rule that is
/// off.
pub fn latest_start(rule: &ClockRule, policy: &Policy, now: Timestamp) -> Option<Timestamp> {
    if rule.off {
        return None;
    }
    let (mut over, mut running) = (now - FAR, now);
    while running - over > TimeDelta::seconds(1) {
        let middle = over + (running - over) / 2;
        match rule.time.between(&policy.calendar, middle, now) > rule.limit() {
            true => over = middle,
            false => running = middle,
        }
    }
    Some(running)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Calendar;
    use crate::policy::Unmet;

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

    fn solve(severity: Option<Severity>, seconds: u32) -> ClockRule {
        ClockRule::natural(ClockKind::Solve, severity, seconds)
    }

    #[test]
    fn a_change_is_named_once_and_again_where_it_is_another() {
        let before = policy(vec![solve(Some(Severity::Small), 1_800), solve(None, 18_000)]);
        assert_eq!(limit_changes(&before, &before), []);
        let water = ClockRule { category: Some("water".into()), off: true, ..solve(None, 0) };
        let after = policy(vec![water, solve(Some(Severity::Small), 600), solve(None, 18_000)]);
        let changes = limit_changes(&before, &after);
        let seconds = |limit: Option<Limit>| limit.map(|limit| limit.seconds);
        let said: Vec<_> = changes
            .iter()
            .map(|one| (one.severity, one.category.as_deref(), seconds(one.before), seconds(one.after)))
            .collect();
        let water = Some("water");
        assert_eq!(
            said,
            [
                (None, water, Some(18_000), None),
                (Some(Severity::Small), None, Some(1_800), Some(600)),
                (Some(Severity::Small), water, Some(1_800), None),
                (Some(Severity::Large), water, Some(18_000), None),
                (Some(Severity::Complex), water, Some(18_000), None),
            ]
        );
    }

    #[test]
    fn the_latest_start_is_the_limit_ago() {
        let now: Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
        let natural = solve(None, 600);
        let off =
            |at: Timestamp, minutes: i64| (at - (now - TimeDelta::minutes(minutes))).num_seconds().abs();
        assert!(off(latest_start(&natural, &policy(vec![]), now).unwrap(), 10) <= 1);
        // Monday, 10:00: two hours of working time ago is Friday, 17:00.
        let working = ClockRule { time: TimeKind::Working, ..solve(None, 2 * 3_600) };
        let friday: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
        let found = latest_start(&working, &policy(vec![]), now).unwrap();
        assert!((found - friday).num_seconds().abs() <= 1, "{found}");
        assert_eq!(latest_start(&ClockRule { off: true, ..natural }, &policy(vec![]), now), None);
    }
}
