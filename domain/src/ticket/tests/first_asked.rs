//! 首问负责: who answers for a ticket until somebody has accepted it (practices Q06).

use super::*;

fn asked(roles: &[Role]) -> Story {
    asked_by(&submission(None), &resident(), roles)
}

fn asked_by(submission: &Submission, by: &Actor, roles: &[Role]) -> Story {
    let playbook = Playbook { first_asked: FirstAskedRule { roles: roles.to_vec() }, ..playbook() };
    let events = submit(submission, by, &playbook, start()).unwrap();
    Story { ticket: fold(&events), events, playbook }
}

const BOTH: [Role; 2] = [Role::GridWorker, Role::CommunityClerk];

fn note() -> Command {
    Command::Note { text: text("已电话联系") }
}

#[test]
fn q06_the_first_to_take_it_up_answers_until_somebody_accepts() {
    let mut story = asked(&BOTH);
    assert_eq!(story.ticket.first_asked, None);
    story.step(&worker(), &note(), after(1)).unwrap();
    assert_eq!(story.happened(), ["submitted", "noted", "first_asked"]);
    let story = story.steps(&[(clerk(), to_person(), 2)]);
    assert_eq!(story.ticket.answers_first(), Some(worker().user), "whoever comes later does not");
    let story = story.steps(&[(worker(), Command::Accept, 3)]);
    assert_eq!(story.ticket.answers_first(), None);
    let story = story.steps(&[(worker(), Command::Return { reason: text("不属本人") }, 4)]);
    assert_eq!(story.ticket.answers_first(), Some(worker().user), "given back, it is theirs again");
    assert_eq!(story.events.iter().filter(|event| event.fact.headline() == Headline::FirstAsked).count(), 1);
}

#[test]
fn q06_whoever_writes_it_down_for_a_resident_is_asked_first() {
    let taken_down = Submission { channel: Channel::HomeVisit, ..submission(None) };
    assert_eq!(asked_by(&taken_down, &worker(), &BOTH).ticket.first_asked, Some(worker().user));
    assert_eq!(asked_by(&submission(None), &worker(), &BOTH).ticket.first_asked, None, "their own");
    let elsewhere = person(9, &[(Role::GridWorker, at("532504001008"))]);
    assert_eq!(asked_by(&taken_down, &elsewhere, &BOTH).ticket.first_asked, None, "not of that place");
}

#[test]
fn q06_nobody_is_where_the_playbook_names_no_role() {
    for roles in [&[][..], &[Role::CommunityClerk]] {
        let story = asked(roles).steps(&[(worker(), note(), 1)]);
        assert_eq!(story.ticket.first_asked, None);
    }
    let over = asked(&BOTH)
        .steps(&[(resident(), Command::Withdraw { reason: text("不用了") }, 1), (worker(), note(), 2)]);
    assert_eq!(over.ticket.first_asked, None, "nothing is left to answer for");
}

#[test]
fn q06_whoever_leaves_hands_it_over() {
    let successor = person(7, &[(Role::GridWorker, at("532504001007"))]);
    for (to, expected) in [(Some(successor.clone()), Some(successor.user)), (None, None)] {
        let mut story = asked(&BOTH).steps(&[(worker(), note(), 1)]);
        let departure = Departure {
            person: worker().user,
            facts: AssigneeFacts::Unknown,
            successor: to.map(|actor| (actor.user, known(actor).facts)),
            by: clerk().user,
        };
        story.happen(hand_over(&story.ticket, &departure, &story.playbook.policy, after(2)));
        assert_eq!(story.ticket.first_asked, expected);
        assert!(
            hand_over(&story.ticket, &departure, &story.playbook.policy, after(3)).is_empty(),
            "once only"
        );
    }
    let mut story = asked(&BOTH).steps(&[(worker(), note(), 1)]);
    story.happen(identify(&story.ticket, worker().user, successor.user, &story.playbook.policy, after(2)));
    assert_eq!(story.ticket.first_asked, Some(successor.user));
}
