//! By what means it is done, and who of the residents watches (practices Q06).

use super::*;
use crate::permission::Action;
use rstest::rstest;

fn named(persons: Vec<Delegate>) -> Command {
    Command::NameDelegates { persons }
}

fn observe(satisfied: bool) -> Command {
    Command::Observe { text: text("水泥没有养护就通车了"), satisfied }
}

fn by(means: Means) -> Command {
    Command::Plan { text: text("先查管网，再开挖"), due: None, means: Some(means) }
}

fn watched() -> Story {
    Story::begin(Some(Severity::Small)).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (clerk(), named(vec![watcher(neighbour())]), 2),
    ])
}

#[test]
fn q06_a_joint_plan_needs_somebody_to_do_it_with() {
    let mut story = story_at(Status::Accepted);
    let alone = story.step(&worker(), &by(Means::Joint), after(4)).unwrap_err();
    assert_eq!((alone.code(), alone.field()), ("ticket.nobody_assists", Some("/means")));
    for means in [Means::Own, Means::Tender] {
        story.step(&worker(), &by(means), after(4)).unwrap();
        assert_eq!(story.ticket.state.work().unwrap().plan.unwrap().means, Some(means));
        assert_eq!((story.ticket.stored_version(), story.events.last().unwrap().version()), (5, 5));
    }
    story.step(&worker(), &plan(), after(4)).unwrap();
    assert_eq!(story.ticket.state.work().unwrap().plan.unwrap().means, None, "as the newest plan says");
    assert_eq!(story.events.last().unwrap().version(), 3, "programs of before read what says no more");
    let together = Command::Dispatch {
        lead: known(worker()),
        assist: vec![unit()],
        severity: None,
        affair: None,
        handling: None,
        note: None,
    };
    let mut helped = Story::begin(None).steps(&[(clerk(), together, 1), (worker(), Command::Accept, 2)]);
    helped.step(&worker(), &by(Means::Joint), after(3)).unwrap();
}

#[test]
fn q06_delegates_see_what_they_watch_and_say_how_it_goes() {
    let mut story = watched();
    let parties = |story: &Story| neighbour().may(Action::TicketView, &story.ticket.parties()).is_ok();
    assert!(parties(&story) && !neighbour().sees_by_role(&story.ticket.parties()), "as its requester does");
    story.step(&neighbour(), &observe(false), after(3)).unwrap();
    assert!(matches!(story.events.last().unwrap().fact, Fact::Observed { satisfied: false, .. }));
    let others =
        [(resident(), "permission.reach"), (worker(), "permission.reach"), (member(), "ticket.not_found")];
    for (actor, code) in others {
        assert_eq!(story.step(&actor, &observe(true), after(3)).unwrap_err().code(), code);
    }
    for command in [Command::Urge, Command::Withdraw { reason: text("不用了") }] {
        assert_eq!(story.step(&neighbour(), &command, after(3)).unwrap_err().code(), "permission.reach");
    }
    let mut done = story.steps(&[(worker(), resolve(), 4)]);
    done.step(&neighbour(), &observe(true), after(5)).unwrap();
    let mut closed = done.steps(&[(resident(), rate(Satisfaction::Satisfied), 6)]);
    let late = closed.step(&neighbour(), &observe(true), after(7)).unwrap_err();
    assert_eq!((late.code(), parties(&closed)), ("ticket.already_closed", true));
}

#[test]
fn q06_naming_again_replaces_and_whoever_handles_it_watches_nothing() {
    let second = person(22, &[]);
    let story = watched().steps(&[(clerk(), named(vec![watcher(second.clone()), watcher(member())]), 3)]);
    assert_eq!(story.ticket.delegates, [second.user, member().user]);
    assert!(neighbour().may(Action::TicketView, &story.ticket.parties()).is_err());
    // Who watched it and takes it on watches it no more.
    let back = (worker(), Command::Return { reason: text("换人") }, 3);
    let to_member = (clerk(), dispatch(known(member()), None), 4);
    let story = story.steps(&[back, to_member]);
    assert_eq!(story.ticket.delegates, [second.user]);
    let story = story.steps(&[(clerk(), named(vec![]), 5)]);
    assert!(story.ticket.delegates.is_empty());
}

#[test]
fn q06_a_delegate_is_known_by_who_they_turned_out_to_be() {
    let mut story = watched();
    let policy = story.playbook.policy.clone();
    let now = person(23, &[]).user;
    story.happen(identify(&story.ticket, neighbour().user, now, &policy, after(3)));
    assert_eq!(story.ticket.delegates, [now]);
    // Who turns out to be whoever handles it does not watch it.
    story.happen(identify(&story.ticket, now, worker().user, &policy, after(4)));
    assert!(story.ticket.delegates.is_empty());
}

fn nobody() -> Delegate {
    Delegate { person: UserId(Uuid::from_u128(77)), facts: AssigneeFacts::Unknown, rosters: vec![] }
}

/// Not on a roster here, with such posts.
fn stranger(grants: &[(Role, Scope)]) -> Delegate {
    Delegate { rosters: vec![place("140226")], ..watcher(person(24, grants)) }
}

#[rstest]
#[case::nobody_there(vec![watcher(neighbour()), nobody()], "ticket.delegate_unknown", "/persons/1")]
#[case::of_another_county(vec![stranger(&[])], "ticket.delegate_unknown", "/persons/0")]
#[case::with_a_post_elsewhere(vec![stranger(&[(Role::CommunityClerk, at("140226001001"))])],
    "ticket.delegate_unknown", "/persons/0")]
#[case::twice_by_a_post(vec![stranger(&[(Role::Volunteer, at("532504002"))]); 2], "ticket.delegate_twice", "/persons/1")]
#[case::twice(vec![watcher(neighbour()), watcher(neighbour())], "ticket.delegate_twice", "/persons/1")]
#[case::whoever_handles_it(vec![watcher(worker())], "ticket.delegate_handles", "/persons/0")]
#[case::six((31..37).map(|n| watcher(person(n, &[]))).collect(), "ticket.delegates_too_many", "/persons")]
fn q06_who_may_not_be_a_delegate(#[case] persons: Vec<Delegate>, #[case] code: &str, #[case] field: &str) {
    let refusal = watched().step(&clerk(), &named(persons), after(3)).unwrap_err();
    assert_eq!((refusal.code(), refusal.field()), (code, Some(field)));
}

#[test]
fn q06_of_a_unit_s_ticket_none_of_its_handlers_watches() {
    let mut story = Story::begin(None).steps(&[(clerk(), to_unit(), 1)]);
    let facts = AssigneeFacts::Person { actor: department(), units: vec![(UNIT, place("532504"))] };
    let handler = Delegate { person: department().user, facts, rosters: vec![] };
    let refusal = story.step(&clerk(), &named(vec![handler]), after(2)).unwrap_err();
    assert_eq!(refusal.code(), "ticket.delegate_handles");
}

#[test]
fn q06_who_names_them_and_of_what_not() {
    let one = || named(vec![watcher(neighbour())]);
    let mut story = story_at(Status::Accepted);
    for (actor, code) in [(worker(), "permission.role"), (resident(), "permission.role")] {
        assert_eq!(story.step(&actor, &one(), after(4)).unwrap_err().code(), code);
    }
    let up = Command::Escalate { reason: text("超出社区能力") };
    let mut above = story.steps(&[(clerk(), up, 4)]);
    assert_eq!(above.step(&clerk(), &one(), after(4)).unwrap_err().code(), "permission.reach");
    above.step(&dispatcher(), &one(), after(4)).unwrap();
    let secret = Submission { confidential: true, ..submission(None) };
    let mut secret = Story::of(&secret, &resident());
    assert_eq!(secret.step(&clerk(), &one(), after(1)).unwrap_err().code(), "ticket.confidential");
    let mut resolved = story_at(Status::Resolved);
    assert_eq!(resolved.step(&clerk(), &one(), after(4)).unwrap_err().code(), "ticket.already_resolved");
}
