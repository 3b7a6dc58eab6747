//! What is put before the next meeting of its desk, and settled there (practices Q02).

use super::*;
use proptest::prelude::*;

fn raise() -> Command {
    Command::RaiseTopic { reason: text("三个小区都停水，当场定不了") }
}

fn decided(back: bool) -> Command {
    Command::Decide { text: text("由社区牵头，周五前修好"), back }
}

fn up() -> Command {
    Command::Escalate { reason: text("超出社区能力") }
}

#[test]
fn q02_what_cannot_be_settled_waits_for_the_meeting_of_its_own_desk() {
    let mut story = Story::begin(None).steps(&[(clerk(), raise(), 1)]);
    let topic = story.ticket.topic.unwrap();
    assert_eq!((topic.by, topic.at), (clerk().user, after(1)));
    assert_eq!(
        (story.ticket.desk, story.ticket.escalation),
        (place("532504001007"), None),
        "it goes up to nobody"
    );
    assert_eq!(story.ticket.stored_version(), 5);
    assert_eq!(story.step(&clerk(), &raise(), after(2)).unwrap_err().code(), "ticket.already_a_topic");
    let back = story.step(&clerk(), &decided(true), after(2)).unwrap_err();
    assert_eq!((back.code(), back.field()), ("ticket.nowhere_back", Some("/back")));
    assert_eq!(story.step(&worker(), &decided(false), after(2)).unwrap_err().code(), "permission.role");
    story.step(&clerk(), &decided(false), after(2)).unwrap();
    assert_eq!((story.ticket.topic, story.ticket.desk), (None, place("532504001007")));
    assert_eq!(story.step(&clerk(), &decided(false), after(3)).unwrap_err().code(), "ticket.not_escalated");
    story.step(&clerk(), &raise(), after(3)).unwrap();
}

#[test]
fn q02_whoever_handles_it_puts_it_there_and_nobody_else_below() {
    let neighbour = person(17, &[(Role::CommunityClerk, at("532504001008"))]);
    let other = person(18, &[(Role::GridWorker, at("532504001007"))]);
    let mut story = Story::begin(None).steps(&[(clerk(), to_person(), 1), (worker(), Command::Accept, 2)]);
    for (actor, code) in [
        (resident(), "permission.role"),
        (other, "permission.reach"),
        (supervisor(), "permission.role"),
        (neighbour, "ticket.not_found"),
    ] {
        assert_eq!(story.step(&actor, &raise(), after(3)).unwrap_err().code(), code);
    }
    story.step(&worker(), &raise(), after(3)).unwrap();
    assert_eq!(story.ticket.topic.unwrap().by, worker().user);
    // On a desk above those below have no meeting on it.
    let mut above = Story::begin(None).steps(&[(clerk(), up(), 1)]);
    assert_eq!(above.step(&clerk(), &raise(), after(2)).unwrap_err().code(), "permission.reach");
    above.step(&dispatcher(), &raise(), after(2)).unwrap();
    assert!(above.ticket.escalation.is_some(), "it waits for their decision all the same");
    above.step(&dispatcher(), &decided(true), after(3)).unwrap();
    assert_eq!((above.ticket.topic, above.ticket.escalation), (None, None));
    assert_eq!(above.ticket.desk, place("532504001007"));
}

#[test]
fn q02_what_goes_up_or_ends_is_no_topic_any_more() {
    let raised = || Story::begin(Some(Severity::Small)).steps(&[(clerk(), raise(), 1)]);
    assert_eq!(raised().steps(&[(clerk(), up(), 2)]).ticket.topic, None);
    let worked = [(clerk(), to_person(), 2), (worker(), Command::Accept, 3)];
    let worked = raised().steps(&worked);
    assert!(worked.ticket.topic.is_some(), "the work goes on meanwhile");
    assert_eq!(worked.steps(&[(worker(), resolve(), 4)]).ticket.topic, None);
    let ends = [
        (resident(), Command::Withdraw { reason: text("不用了") }),
        (clerk(), Command::Decline { reason: text("不属本县") }),
    ];
    for (actor, command) in ends {
        assert_eq!(raised().steps(&[(actor, command, 2)]).ticket.topic, None);
    }
    // A limit that passed moves the desk, and the topic is one of those above.
    let mut late = raised();
    late.happen(settle(&late.ticket, &late.playbook.policy, after(6)));
    assert_eq!((late.ticket.desk, late.ticket.topic.is_some()), (place("532504001"), true));
    assert_eq!(late.step(&clerk(), &decided(false), after(7)).unwrap_err().code(), "permission.reach");
    late.step(&dispatcher(), &decided(false), after(7)).unwrap();
}

#[test]
fn q02_who_put_it_there_is_known_by_who_they_turned_out_to_be() {
    let mut story = Story::begin(None).steps(&[(clerk(), raise(), 1)]);
    let policy = story.playbook.policy.clone();
    story.happen(identify(&story.ticket, clerk().user, member().user, &policy, after(2)));
    assert_eq!(story.ticket.topic.unwrap().by, member().user);
}

proptest! {
    /// Whatever happens to it, only what is open is a topic, and of who decides on nothing nobody is refused for no reason.
    #[test]
    fn q02_only_what_is_open_is_a_topic(
        walk in proptest::collection::vec(proptest::sample::select(machine::commands()), 1..24)
    ) {
        let mut story = Story::begin(Some(Severity::Small));
        for (minute, (_, actor, command)) in (1..).zip(walk) {
            let before = story.ticket.clone();
            let happened = story.step(&actor, &command, after(minute)).is_ok();
            prop_assert!(story.ticket.state.is_open() || story.ticket.topic.is_none());
            if happened && matches!(command, Command::RaiseTopic { .. }) {
                prop_assert!(before.topic.is_none() && story.ticket.topic.is_some());
                prop_assert_eq!(before.escalation, story.ticket.escalation);
            }
            if happened && matches!(command, Command::Decide { .. }) {
                prop_assert!(story.ticket.topic.is_none() && story.ticket.escalation.is_none());
            }
        }
    }
}
