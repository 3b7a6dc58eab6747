//! Whom a submission asks directly.

use super::*;

fn asking(ask: Assignment) -> Submission {
    Submission { ask: Some(ask), ..submission(Some(Severity::Small)) }
}

#[test]
fn who_holds_a_post_is_asked_without_a_dispatcher() {
    let mut story = Story::of(&asking(known(worker())), &resident());
    assert_eq!(story.happened(), ["submitted", "dispatched"]);
    assert_eq!(story.ticket.lead(), Some(Assignee::Person(worker().user)));
    assert_eq!((story.ticket.dispatched_by, story.events[1].actor), (None, None));
    // They accept, or return it to be dispatched as any other.
    story.step(&worker(), &Command::Return { reason: text("在外地") }, after(1)).unwrap();
    story.step(&clerk(), &to_person(), after(2)).unwrap();
    story.step(&worker(), &Command::Accept, after(3)).unwrap();
    assert_eq!(story.ticket.status(), Status::Accepted);
}

#[test]
fn nobody_asks_themselves_or_who_handles_nothing() {
    let refused = |ask: Assignment, by: &Actor| {
        let refusal = submit(&asking(ask), by, &playbook(), start()).unwrap_err();
        (refusal.code(), refusal.field().map(str::to_owned))
    };
    let field = Some("/ask".to_owned());
    assert_eq!(refused(known(worker()), &worker()), ("post.ask_oneself", field.clone()));
    let nobody = known(person(9, &[]));
    assert_eq!(refused(nobody, &resident()), ("ticket.lead_cannot_handle", field.clone()));
    assert_eq!(refused(unit(), &resident()), ("ticket.lead_cannot_handle", field));
}
