//! What goes up to be decided on, and comes back (practices F02).

use super::*;

fn up() -> Command {
    Command::Escalate { reason: text("超出社区能力") }
}

fn decided(back: bool) -> Command {
    Command::Decide { text: text("由街道牵头解决"), back }
}

fn county() -> Actor {
    person(9, &[(Role::CountyAdmin, at("532504"))])
}

#[test]
fn f02_what_goes_up_comes_back_to_those_who_asked() {
    let mut story = Story::begin(None).steps(&[(clerk(), up(), 1)]);
    assert_eq!((story.ticket.desk, story.ticket.escalation.unwrap().at), (place("532504001"), after(1)));
    assert_eq!(story.step(&clerk(), &decided(true), after(2)).unwrap_err().code(), "permission.reach");
    story.step(&dispatcher(), &decided(true), after(2)).unwrap();
    assert_eq!((story.ticket.desk, story.ticket.escalation), (place("532504001007"), None));
    let again = story.step(&dispatcher(), &decided(true), after(2)).unwrap_err();
    assert_eq!(again.code(), "ticket.not_escalated", "once only");
}

#[test]
fn f02_a_street_hands_on_and_the_county_s_decision_goes_to_whoever_asked_first() {
    let street_up = (dispatcher(), Command::Escalate { reason: text("需县级协调") }, 2);
    let mut story = Story::begin(None).steps(&[(clerk(), up(), 1), street_up]);
    assert_eq!(story.ticket.desk, place("532504"));
    assert_eq!(story.step(&dispatcher(), &decided(true), after(3)).unwrap_err().code(), "permission.reach");
    let top = story.step(&clerk(), &up(), after(3)).unwrap_err();
    assert_eq!(top.code(), "ticket.at_the_top");
    story.step(&county(), &decided(true), after(3)).unwrap();
    assert_eq!(story.ticket.desk, place("532504001007"));
    // The county may keep it, too.
    let mut kept = Story::begin(None).steps(&[(clerk(), up(), 1)]);
    kept.step(&dispatcher(), &decided(false), after(2)).unwrap();
    assert_eq!((kept.ticket.desk, kept.ticket.escalation), (place("532504001"), None));
}

#[test]
fn f02_what_only_time_sent_up_waits_for_no_decision() {
    let mut story = Story::begin(None);
    let late = story.step(&dispatcher(), &decided(true), after(6)).unwrap_err();
    assert_eq!(late.code(), "ticket.not_escalated");
    story.happen(settle(&story.ticket, &story.playbook.policy, after(6)));
    assert_eq!((story.ticket.desk, story.ticket.escalation), (place("532504001"), None));
}

#[test]
fn f02_a_question_ends_with_the_ticket_and_goes_along_with_its_place() {
    let story = Story::begin(Some(Severity::Small)).steps(&[(clerk(), to_person(), 1), (clerk(), up(), 1)]);
    let elsewhere = PlaceRef { id: story.ticket.place.id, code: place("532504002031") };
    let mut moved =
        Story { ticket: story.ticket.clone(), events: story.events.clone(), playbook: playbook() };
    moved.happen(recode(&moved.ticket, elsewhere, &playbook().policy, after(2)));
    assert_eq!(moved.ticket.escalation.unwrap().from, place("532504002031"));
    let done = story.steps(&[(worker(), Command::Accept, 2), (worker(), resolve(), 3)]);
    assert_eq!(done.ticket.escalation, None);
}
