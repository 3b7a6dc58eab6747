//! Whatever people do, in whatever order.

use super::machine::commands;
use super::*;
use proptest::prelude::*;

fn any_command() -> impl Strategy<Value = (Actor, Command)> {
    let people = vec![resident(), clerk(), worker(), department(), supervisor(), member()];
    let natural = proptest::sample::select(
        commands().into_iter().map(|(_, actor, command)| (actor, command)).collect::<Vec<_>>(),
    );
    (natural, proptest::option::weighted(0.2, proptest::sample::select(people)))
        .prop_map(|((actor, command), other)| (other.unwrap_or(actor), command))
}

/// The commands in their order by whoever may give them, with a chance of anything else in between: so that the walks
/// reach the far states too; each so many seconds after the one before, and told so many late.
fn any_walk() -> impl Strategy<Value = Vec<((Actor, Command), u32, Option<u32>)>> {
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
    proptest::collection::vec((prop_oneof![2 => sensible, 1 => any_command()], 0u32..4000, late), 0..60)
}

proptest! {
    /// No sequence of commands leaves the machine; the events fold to the state (checked in `step`); nothing closes
    /// without a reply in its round; a breach is told once, and taken back only
    /// by work that was in time; what is late is a breach; what is resolved owes nothing.
    #[test]
    fn no_walk_leaves_the_machine(
        graded in prop_oneof![Just(None), Just(Some(Severity::Small)), Just(Some(Severity::Large)), Just(Some(Severity::Complex))],
        unmet in prop_oneof![Just(Unmet::Cancel), Just(Unmet::Breach)],
        walk in any_walk(),
    ) {
        let mut story = Story::begin(graded);
        story.playbook.policy.arrive_unmet_at_resolve = unmet;
        let mut now = start();
        for ((actor, command), seconds, late) in walk {
            now += TimeDelta::seconds(seconds.into());
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
                let earlier = clock.kind == ClockKind::Answer && after.started_at < clock.started_at;
                prop_assert!(earlier || after.started_at == clock.started_at);
                let done_by = |limit| after.met_at.is_some_and(|met_at| met_at <= limit);
                let taken_back = clock.breached_at.is_some() && after.breached_at != clock.breached_at;
                prop_assert!(!taken_back || clock.breached_at.is_some_and(done_by) && done_by(after.due_at));
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
        prop_assert_eq!(story.events.iter().filter(|event| matches!(event.fact, Fact::Breached { .. })).count(), breached);
        let stored = serde_json::to_string(&story.ticket).unwrap();
        prop_assert_eq!(serde_json::from_str::<Ticket>(&stored).unwrap(), story.ticket);
    }
}
