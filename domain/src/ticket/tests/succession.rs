//! Who is in whose place: those who leave a post, and roster entries that turn out to be somebody.

use super::*;
use crate::place::PlaceRef;
use rstest::rstest;

#[rstest]
#[case::to_a_successor(to_person(), worker(), Some(member()), Status::Dispatched, Some(Assignee::Person(member().user)))]
#[case::to_nobody(to_person(), worker(), None, Status::Submitted, None)]
#[case::to_nobody_who_can(to_person(), worker(), Some(person(7, &[(Role::GridWorker, at("532504002"))])), Status::Submitted, None)]
#[case::back_to_the_unit(
    to_unit(),
    department(),
    Some(member()),
    Status::Dispatched,
    Some(Assignee::Unit(UNIT))
)]
fn whoever_leaves_hands_over(
    #[case] dispatched: Command,
    #[case] leaver: Actor,
    #[case] successor: Option<Actor>,
    #[case] status: Status,
    #[case] lead: Option<Assignee>,
) {
    let mut story = Story::begin(Some(Severity::Large))
        .steps(&[(clerk(), dispatched, 1), (leaver.clone(), Command::Accept, 2)]);
    let due = story.ticket.next_due();
    let departure = Departure {
        person: leaver.user,
        facts: AssigneeFacts::Unknown,
        successor: successor.map(|actor| (actor.user, known(actor).facts)),
        by: clerk().user,
    };
    let over =
        |story: &Story, who: &Departure| hand_over(&story.ticket, who, &story.playbook.policy, after(3));
    let other = Departure { person: resident().user, ..departure.clone() };
    assert!(over(&story, &other).is_empty(), "it is not theirs");
    let still = Departure { facts: known(leaver).facts, ..departure.clone() };
    assert!(over(&story, &still).is_empty(), "they can still handle it");
    story.happen(over(&story, &departure));
    assert_eq!((story.ticket.status(), story.ticket.lead(), story.ticket.next_due()), (status, lead, due));
    assert!(over(&story, &departure).is_empty(), "once only");
}

#[test]
fn the_successor_assists_in_their_place() {
    let help = Command::Dispatch {
        lead: unit(),
        assist: vec![known(worker())],
        severity: None,
        affair: None,
        handling: None,
        note: None,
    };
    let mut story = Story::begin(None).steps(&[(clerk(), help, 1)]);
    let to = |successor: Actor| Departure {
        person: worker().user,
        facts: AssigneeFacts::Unknown,
        successor: Some((successor.user, known(successor).facts)),
        by: clerk().user,
    };
    let over = |story: &Story, who| hand_over(&story.ticket, &who, &story.playbook.policy, after(2));
    let relieved = over(&story, to(person(7, &[(Role::GridWorker, at("532504002"))])));
    assert!(matches!(relieved[..], [Event { fact: Fact::Relieved { to: None, .. }, .. }]), "they cannot");
    story.happen(over(&story, to(member())));
    assert_eq!(story.ticket.assist, [Assignee::Person(member().user)]);
}

#[rstest]
#[case::leads(worker(), vec![], known(worker()), worker())]
#[case::takes_it_for_the_unit(department(), vec![], unit(), department())]
#[case::assists(member(), vec![known(member())], known(worker()), worker())]
#[case::raised_it(resident(), vec![], unit(), department())]
#[case::dispatched_and_supervises_it(clerk(), vec![], unit(), department())]
fn whoever_was_a_roster_entry_goes_on_as_who_they_are(
    #[case] entry: Actor,
    #[case] assist: Vec<Assignment>,
    #[case] lead: Assignment,
    #[case] handler: Actor,
) {
    let to = person(99, &[]).user;
    let dispatch =
        Command::Dispatch { lead, assist, severity: None, affair: None, handling: None, note: None };
    let supervisor =
        person(2, &[(Role::CommunityClerk, at("532504001007")), (Role::Supervisor, at("532504"))]);
    let steps = [
        (supervisor.clone(), dispatch, 1),
        (supervisor, Command::Supervise { reason: text("反复出现") }, 1),
        (handler.clone(), Command::Accept, 2),
        (handler, resolve(), 3),
        (resident(), rate(Satisfaction::Satisfied), 4),
    ];
    for done in 0..=steps.len() {
        let mut story = Story::begin(Some(Severity::Large)).steps(&steps[..done]);
        let before = story.ticket.clone();
        let identify =
            |story: &Story| identify(&story.ticket, entry.user, to, &story.playbook.policy, after(5));
        story.happen(identify(&story));
        // All that named the entry names them, and nothing else is another.
        let renamed = |ticket: &Ticket| {
            let words = serde_json::to_string(ticket).unwrap();
            words.replace(&entry.user.to_string(), &to.to_string())
        };
        assert_eq!(serde_json::to_string(&story.ticket).unwrap(), renamed(&before), "after {done} steps");
        assert!(identify(&story).is_empty(), "once only");
    }
}

#[test]
fn nobody_takes_part_twice_after_turning_out_to_be_another() {
    let (entry, they) = (member().user, worker().user);
    let dispatch = Command::Dispatch {
        lead: known(worker()),
        assist: vec![known(member()), unit()],
        severity: None,
        affair: None,
        handling: None,
        note: None,
    };
    let mut story = Story::begin(None).steps(&[(clerk(), dispatch, 1)]);
    story.happen(identify(&story.ticket, entry, they, &story.playbook.policy, after(2)));
    assert_eq!(story.ticket.assist, [Assignee::Unit(UNIT)], "they lead");
    story.happen(identify(&story.ticket, they, resident().user, &story.playbook.policy, after(2)));
    assert_eq!(story.ticket.lead(), Some(Assignee::Person(resident().user)));
}

/// Whatever has happened to it, an ended one too: it lies there, and on a desk as far above as before.
#[test]
fn m01_a_ticket_goes_along_with_its_place() {
    let elsewhere = PlaceRef { id: Story::begin(None).ticket.place.id, code: place("532504002031") };
    let escalate = Command::Escalate { reason: text("超出社区权限") };
    let steps = [
        (clerk(), dispatch(known(worker()), None), 1),
        (worker(), Command::Accept, 2),
        (worker(), escalate, 3),
        (worker(), resolve(), 4),
        (resident(), rate(Satisfaction::Satisfied), 5),
    ];
    for done in 0..=steps.len() {
        let mut story = Story::begin(None).steps(&steps[..done]);
        let before = story.ticket.clone();
        let recode = |story: &Story| recode(&story.ticket, elsewhere, &story.playbook.policy, after(6));
        story.happen(recode(&story));
        assert_eq!(story.ticket.place, elsewhere, "after {done} steps");
        let desk = story.ticket.desk;
        assert!(desk.covers(&elsewhere.code) && desk.as_str().len() <= before.desk.as_str().len(), "{desk}");
        assert_eq!((story.ticket.status(), story.ticket.handler()), (before.status(), before.handler()));
        assert!(recode(&story).is_empty(), "once only");
    }
}
