//! What the platform dispatches by itself.

use super::*;
use crate::playbook::{Route, RouteTo};

fn route(category: &str) -> Route {
    let to = RouteTo::Role(Role::GridWorker);
    Route { category: Some(category.into()), affair: None, service: None, to }
}

fn routed() -> Playbook {
    Playbook { routes: vec![route("lighting")], ..playbook() }
}

fn by_platform(ticket: &Ticket, to: Actor, minutes: i64) -> Vec<Event> {
    dispatch_by_route(ticket, &route("lighting"), (&known(to), &text("按规程")), &routed(), after(minutes))
}

#[test]
fn the_platform_dispatches_what_waits_once() {
    let mut story = Story::begin(Some(Severity::Small));
    assert_eq!(routed().routed(&story.events[0], &story.ticket), Some(&route("lighting")));
    let events = by_platform(&story.ticket, worker(), 1);
    let [event] = &events[..] else { panic!("{events:?}") };
    assert_eq!((event.actor, event.fact.text()), (None, Some(text("按规程").reference)));
    story.happen(events);
    assert_eq!(story.ticket.lead(), Some(Assignee::Person(worker().user)));
    assert!(by_platform(&story.ticket, worker(), 1).is_empty(), "once");
    // Whoever gives it back gives it to people.
    let story = story.steps(&[
        (worker(), Command::Accept, 2),
        (worker(), Command::Return { reason: text("不归我管") }, 3),
    ]);
    assert!(by_platform(&story.ticket, worker(), 4).is_empty());
    assert_eq!(routed().routed(&story.events[0], &story.ticket), None);
}

#[test]
fn what_is_late_by_then_is_late() {
    let story = Story::begin(Some(Severity::Small));
    let events = by_platform(&story.ticket, worker(), 6);
    let kinds: Vec<_> = events.iter().map(|event| event.fact.headline().name()).collect();
    assert_eq!(kinds, ["breached", "escalated", "dispatched"]);
}

#[test]
fn the_platform_leaves_alone_what_somebody_had_in_hand() {
    let grade = |category: Option<&str>, affair| Command::Grade {
        category: category.map(str::to_owned),
        severity: None,
        affair,
        service: None,
    };
    let shared = || grade(None, Some(Affair::Shared));
    let withdraw = Command::Withdraw { reason: text("好了") };
    for steps in [
        vec![(clerk(), to_person(), 1)],
        vec![(clerk(), shared(), 1), (member(), Command::Claim, 2)],
        vec![(resident(), withdraw, 1)],
        vec![(clerk(), Command::Decline { reason: text("不属实") }, 1)],
    ] {
        let story = Story::begin(None).steps(&steps);
        assert!(by_platform(&story.ticket, worker(), 3).is_empty(), "{:?}", story.ticket.status());
    }
    // What waits for those above, for a meeting, or rests, is sorted and still waits.
    for held in [
        vec![(clerk(), Command::Escalate { reason: text("要街道定") }, 1)],
        vec![(clerk(), Command::RaiseTopic { reason: text("下次会上议") }, 1)],
        vec![(supervisor(), pause(), 1)],
    ] {
        let story = Story::begin(None).steps(&held);
        let story = story.steps(&[(clerk(), grade(Some("lighting"), None), 2)]);
        let graded = story.events.last().unwrap();
        assert_eq!(routed().routed(graded, &story.ticket), None, "{held:?}");
        assert!(by_platform(&story.ticket, worker(), 3).is_empty(), "{held:?}");
    }
    // Graded away meanwhile, another route or none is its own.
    let mut playbook = routed();
    playbook.categories.push(Category::named("water", "供水"));
    let mut story = Story::begin(None);
    story.playbook = playbook.clone();
    let story = story.steps(&[(clerk(), grade(Some("water"), None), 1)]);
    let to = (&known(worker()), &text("按规程"));
    assert!(dispatch_by_route(&story.ticket, &route("lighting"), to, &playbook, after(2)).is_empty());
    // A call waits for whoever answers; and who cannot handle it does not get it.
    let call = Story::of(&Submission { call: true, ..submission(None) }, &resident());
    assert!(by_platform(&call.ticket, worker(), 1).is_empty());
    let elsewhere = person(9, &[(Role::GridWorker, at("532504002001"))]);
    assert!(by_platform(&Story::begin(None).ticket, elsewhere, 1).is_empty());
}
