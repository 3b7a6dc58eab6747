//! Whatever people do, in whatever order.

use super::machine::commands;
use super::*;
use crate::policy::{Act, Start, TimeKind};
use proptest::prelude::*;

/// Rules that come before those of the playbook: of every kind that a county may write.
fn any_rules() -> impl Strategy<Value = Vec<ClockRule>> {
    let natural = ClockRule::natural;
    let rules = vec![
        ClockRule { start: Some(Start::Dispatch), ..natural(ClockKind::Accept, None, 600) },
        ClockRule { category: Some("lighting".into()), off: true, ..natural(ClockKind::Arrive, None, 0) },
        ClockRule {
            stops: vec![Act::Accept, Act::Reply],
            ..natural(ClockKind::Arrive, Some(Severity::Small), 900)
        },
        ClockRule {
            start: Some(Start::Acceptance),
            ..natural(ClockKind::Solve, Some(Severity::Large), 3_600)
        },
        ClockRule { time: TimeKind::Working, ..natural(ClockKind::Solve, Some(Severity::Small), 7_200) },
        ClockRule { affair: Some(Affair::Shared), pauses: false, ..natural(ClockKind::Solve, None, 5_400) },
        ClockRule { escalates: false, warn_percent: 100, ..natural(ClockKind::Plan, None, 10_000) },
        ClockRule { handling: Some(Handling::Pending), ..natural(ClockKind::Solve, None, 4_000) },
    ];
    let count = rules.len();
    proptest::sample::subsequence(rules, 0..=count)
}

fn any_command() -> impl Strategy<Value = (Actor, Command)> {
    let people = vec![resident(), clerk(), worker(), department(), supervisor(), member()];
    let natural = proptest::sample::select(
        commands().into_iter().map(|(_, actor, command)| (actor, command)).collect::<Vec<_>>(),
    );
    (natural, proptest::option::weighted(0.2, proptest::sample::select(people)))
        .prop_map(|((actor, command), other)| (other.unwrap_or(actor), command))
}

/// Who does what, how many seconds after the step before, told how many late, and whether the sweep came by first.
type Step = ((Actor, Command), u32, Option<u32>, bool);

/// The commands in their order by whoever may give them, with a chance of anything else in between: so that the walks
/// reach the far states too.
fn any_walk() -> impl Strategy<Value = Vec<Step>> {
    let sensible = prop_oneof![
        Just((clerk(), to_person())),
        Just((worker(), Command::Accept)),
        Just((worker(), arrive())),
        Just((worker(), resolve())),
        Just((resident(), rate(Satisfaction::Dissatisfied))),
        proptest::sample::select(vec![Severity::Small, Severity::Large, Severity::Complex])
            .prop_map(|severity| (clerk(), graded(severity))),
        Just((worker(), plan())),
        Just((worker(), Command::Reply { text: text("已开挖") })),
        Just((supervisor(), pause())),
        Just((supervisor(), resume())),
    ];
    let late = proptest::option::weighted(0.2, 0u32..4000);
    let swept = proptest::bool::weighted(0.3);
    let command = prop_oneof![2 => sensible, 1 => any_command()];
    proptest::collection::vec((command, 0u32..4000, late, swept), 0..60)
}

proptest! {
    /// No sequence of commands leaves the machine; the events fold to the state (checked in `step`); nothing closes
    /// without a reply in its round; a breach is told once, and taken back only
    /// by work that was in time; what is late is a breach; what is resolved owes nothing.
    #[test]
    fn no_walk_leaves_the_machine(
        graded in prop_oneof![Just(None), Just(Some(Severity::Small)), Just(Some(Severity::Large)), Just(Some(Severity::Complex))],
        unmet in prop_oneof![Just(Unmet::Cancel), Just(Unmet::Breach)],
        rules in any_rules(),
        walk in any_walk(),
    ) {
        let mut story = Story::under(rules, graded);
        story.playbook.policy.arrive_unmet_at_resolve = unmet;
        let (mut now, mut taken_back) = (start(), 0);
        for ((actor, command), seconds, late, swept) in walk {
            now += TimeDelta::seconds(seconds.into());
            if swept {
                story.happen(settle(&story.ticket, &story.playbook.policy, now));
                prop_assert!(settle(&story.ticket, &story.playbook.policy, now).is_empty(), "once only");
                prop_assert!(story.ticket.next_due().is_none_or(|next| next >= now));
            }
            let occurred_at = late.map(|late| now - TimeDelta::seconds(late.into()));
            let when = When { occurred_at, ..When::from(now) };
            let before = story.ticket.clone();
            if story.step(&actor, &command, when).is_err() {
                prop_assert_eq!(&story.ticket, &before);
                continue;
            }
            for clock in &before.clocks {
                let after = story.ticket.clocks.iter().find(|c| c.kind == clock.kind && c.round == clock.round);
                let after = after.expect("a clock never vanishes");
                // Another rule may count from another step; while that has not come, the clock waits for it.
                let moves = matches!(command, Command::Grade { .. } | Command::Dispatch { .. });
                let earlier = after.started_at < clock.started_at;
                prop_assert!(earlier || moves || clock.cancelled_at.is_some() || after.started_at == clock.started_at);
                let done_by = |limit| after.met_at.is_some_and(|met_at| met_at <= limit);
                if clock.breached_at.is_some() && after.breached_at != clock.breached_at {
                    prop_assert!(clock.breached_at.is_some_and(done_by) && done_by(after.due_at));
                    taken_back += 1;
                }
                prop_assert!(after.met_at.is_none() || done_by(after.due_at) || after.breached_at.is_some());
            }
            if matches!(story.ticket.status(), Status::Resolved | Status::Closed) {
                prop_assert_eq!(story.ticket.owed_since(), None);
            }
        }
        let mut answered = false;
        for event in &story.events {
            match event.fact.headline() {
                Headline::Resolved => answered = true,
                Headline::Reworked | Headline::Reopened => answered = false,
                Headline::Closed => prop_assert!(answered, "closed without a reply"),
                _ => {}
            }
        }
        let breached = story.ticket.clocks.iter().filter(|clock| clock.breached_at.is_some()).count();
        let told = story.events.iter().filter(|event| matches!(event.fact, Fact::Breached { .. })).count();
        prop_assert_eq!(told, breached + taken_back);
        let stored = serde_json::to_string(&story.ticket).unwrap();
        prop_assert_eq!(serde_json::from_str::<Ticket>(&stored).unwrap(), story.ticket);
    }
}
