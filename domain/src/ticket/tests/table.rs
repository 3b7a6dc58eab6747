//! Each command in each state, who may give it, and what is stored.

use super::*;
use crate::permission::{Action, PermissionRefusal};
use rstest::rstest;
use strum::IntoEnumIterator;

#[rstest]
#[case(clerk(), to_person(), [None, Some("ticket.already_dispatched"), Some("ticket.already_dispatched"), Some("ticket.already_dispatched"), Some("ticket.already_dispatched")])]
#[case(worker(), Command::Accept, [Some("permission.reach"), None, Some("ticket.already_accepted"), Some("ticket.already_accepted"), Some("ticket.already_accepted")])]
#[case(worker(), arrive(), [Some("permission.reach"), Some("ticket.not_accepted"), None, Some("ticket.already_resolved"), Some("ticket.already_resolved")])]
#[case(worker(), resolve(), [Some("permission.reach"), Some("ticket.not_accepted"), None, Some("ticket.already_resolved"), Some("ticket.already_resolved")])]
#[case(resident(), rate(Satisfaction::Satisfied), [Some("ticket.not_resolved"), Some("ticket.not_resolved"), Some("ticket.not_resolved"), None, Some("ticket.already_closed")])]
#[case(resident(), rate(Satisfaction::Dissatisfied), [Some("ticket.not_resolved"), Some("ticket.not_resolved"), Some("ticket.not_resolved"), None, Some("ticket.already_closed")])]
fn each_command_in_each_state(
    #[case] actor: Actor,
    #[case] command: Command,
    #[case] expected: [Option<&str>; 5],
) {
    for (status, expected) in Status::iter().zip(expected) {
        let code = story_at(status).step(&actor, &command, after(6)).err().map(|refusal| refusal.code());
        assert_eq!(code, expected, "{command:?} while {status:?}");
    }
}

#[test]
fn a_unit_ticket_waits_for_any_of_its_handlers() {
    let story = Story::begin(None).steps(&[(clerk(), to_unit(), 1)]);
    assert_eq!(story.ticket.parties().unit, Some(UNIT));
    let story = story.steps(&[(department(), Command::Accept, 2), (department(), resolve(), 3)]);
    assert_eq!(story.ticket.handler(), Some(department().user));
}

#[test]
fn whoever_is_assigned_needs_to_be_able_to_handle_it() {
    let elsewhere = person(9, &[(Role::GridWorker, at("532504002001"))]);
    let cases = [
        (LeadFacts::Unknown, "ticket.lead_unknown"),
        (LeadFacts::Person(elsewhere), "ticket.lead_cannot_handle"),
        (LeadFacts::Person(resident()), "ticket.lead_cannot_handle"),
        (LeadFacts::Person(department()), "ticket.lead_cannot_handle"),
        (LeadFacts::Unit { county: place("140226") }, "ticket.lead_cannot_handle"),
    ];
    for (facts, code) in cases {
        let command = dispatch(Assignee::Person(worker().user), facts, None);
        let refusal = Story::begin(None).step(&clerk(), &command, after(1)).unwrap_err();
        assert_eq!((refusal.code(), refusal.field()), (code, Some("/lead")));
    }
}

#[test]
fn out_of_sight_is_not_there_and_in_sight_is_not_yet_allowed() {
    let stranger = person(9, &[(Role::CommunityClerk, at("532504001008"))]);
    let mut story = Story::begin(None);
    let refusal = |result: Result<(), Refusal>| result.unwrap_err();
    assert_eq!(refusal(story.step(&stranger, &to_person(), after(1))), TicketRefusal::NotFound.into());
    let reach = PermissionRefusal::Reach { action: Action::TicketAccept };
    assert_eq!(refusal(story.step(&worker(), &Command::Accept, after(1))), reach.into());
    let role = PermissionRefusal::Role { action: Action::TicketDispatch };
    assert_eq!(refusal(story.step(&resident(), &to_person(), after(1))), role.into());
}

#[rstest]
#[case::category(Submission { category: Some("moon".into()), ..submission(None) }, "ticket.category_unknown", Some("/category"))]
#[case::channel(Submission { channel: Channel::Hotline, ..submission(None) }, "ticket.channel_for_staff", Some("/channel"))]
#[case::street(Submission { place: PlaceRef { code: place("532504001"), ..submission(None).place }, ..submission(None) }, "place.too_wide", None)]
fn what_cannot_be_submitted(#[case] submission: Submission, #[case] code: &str, #[case] field: Option<&str>) {
    let refusal = submit(&submission, &resident(), &playbook(), start()).unwrap_err();
    assert_eq!((refusal.code(), refusal.field()), (code, field));
}

#[test]
fn events_out_of_order_are_a_broken_history() {
    let story = story_at(Status::Closed);
    let mut ticket = Ticket::begin(&story.events[0]).unwrap();
    let before = ticket.clone();
    let broken = ticket.apply(&story.events[2]).unwrap_err();
    assert_eq!(broken, BrokenHistory { event: "accepted", status: "submitted" });
    assert_eq!(ticket, before);
    assert!(Ticket::begin(&story.events[1]).is_err());
}

/// What is stored today must be readable for ever: these files are never changed, only added to.
#[test]
fn stored_tickets_and_events_of_version_1_are_read() {
    let story = story_at(Status::Closed);
    let ticket: Ticket = serde_json::from_str(include_str!("../fixtures/ticket_v1.json")).unwrap();
    assert_eq!(ticket, story.ticket);
    let facts: Vec<Fact> = serde_json::from_str(include_str!("../fixtures/facts_v1.json")).unwrap();
    assert_eq!(facts, story.events.into_iter().map(|event| event.fact).collect::<Vec<_>>());
}
