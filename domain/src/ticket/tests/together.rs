//! Taking a ticket with a team, and calls.

use super::*;
use rstest::rstest;

fn shared() -> Command {
    Command::Grade { category: None, severity: None, affair: Some(Affair::Shared), service: None }
}

fn mate() -> Actor {
    person(61, &[(Role::Volunteer, at("532504001008"))])
}

#[test]
fn a_team_helps_whoever_took_it_and_sees_it() {
    let mut story = Story::begin(None).steps(&[(clerk(), shared(), 1)]);
    story.step(&member(), &Command::ClaimTogether { team: team() }, after(2)).unwrap();
    let ticket = &story.ticket;
    assert_eq!(
        (ticket.lead(), ticket.handler()),
        (Some(Assignee::Person(member().user)), Some(member().user))
    );
    assert_eq!(
        (ticket.assist.clone(), ticket.mates.clone()),
        (vec![Assignee::Unit(team().unit)], vec![mate().user])
    );
    assert!(mate().sees_by_role(&ticket.parties()));
    story.step(&mate(), &Command::Note { text: text("我带梯子") }, after(3)).unwrap();
    assert_eq!(story.step(&mate(), &resolve(), after(3)).unwrap_err().code(), "permission.reach");
    // Whoever turns out to be somebody else is that one in the team as well.
    let mut known = story.ticket.clone();
    let events = identify(&known, mate().user, worker().user, &story.playbook.policy, after(4));
    events.iter().for_each(|event| known.apply(event).unwrap());
    assert_eq!(known.mates, [worker().user]);
    // Given back, it is nobody's.
    story.step(&member(), &Command::Return { reason: text("做不了") }, after(5)).unwrap();
    assert!(story.ticket.mates.is_empty() && story.ticket.assist.is_empty());
}

#[rstest]
#[case::none(Team { known: None, ..team() }, "ticket.not_a_team")]
#[case::department(Team { known: Some((UnitKind::Department, place("532504"))), ..team() }, "ticket.not_a_team")]
#[case::elsewhere(Team { known: Some((UnitKind::MemberTeam, place("140226"))), ..team() }, "ticket.not_a_team")]
#[case::others(Team { members: vec![mate().user], ..team() }, "ticket.not_in_team")]
fn only_a_team_of_ones_own_takes_it(#[case] team: Team, #[case] code: &str) {
    let mut story = Story::begin(None).steps(&[(clerk(), shared(), 1)]);
    let refusal =
        story.step(&member(), &Command::ClaimTogether { team: team.clone() }, after(2)).unwrap_err();
    assert_eq!((refusal.code(), refusal.field()), (code, Some("/team")));
    // Once somebody has it, that is the answer.
    story.step(&worker(), &Command::Claim, after(2)).unwrap();
    let late = story.step(&member(), &Command::ClaimTogether { team }, after(2)).unwrap_err();
    assert_eq!(late.code(), "ticket.already_accepted");
}

#[test]
fn whoever_is_granted_for_the_team_is_of_it() {
    let team = Team { members: vec![], granted: true, ..team() };
    let mut story = Story::begin(None).steps(&[(clerk(), shared(), 1)]);
    story.step(&member(), &Command::ClaimTogether { team }, after(2)).unwrap();
    assert_eq!(story.ticket.mates, []);
}

#[test]
fn a_call_is_heard_in_the_community_and_nowhere_else() {
    let grid = |code: &str| PlaceRef { code: place(code), ..submission(None).place };
    let call = Submission { call: true, place: grid("532504001007003"), ..submission(None) };
    let mut story = Story::of(&call, &resident());
    assert_eq!(story.ticket.call, Some(place("532504001007")));
    let next_grid = person(31, &[(Role::GridWorker, at("532504001007004"))]);
    let volunteer = person(32, &[(Role::Volunteer, at("532504001007"))]);
    let elsewhere = person(33, &[(Role::GridWorker, at("532504001008"))]);
    let above = person(34, &[(Role::PartyMember, at("532504"))]);
    let parties = story.ticket.parties();
    let sees = |actor: &Actor| actor.may(crate::permission::Action::TicketView, &parties).is_ok();
    assert!(sees(&next_grid) && sees(&above) && !sees(&volunteer) && !sees(&elsewhere));
    // Sorted, it stays a call.
    story = story.steps(&[(clerk(), shared(), 1)]);
    for nobody in [&volunteer, &elsewhere] {
        assert_eq!(story.step(nobody, &Command::Claim, after(2)).unwrap_err().code(), "ticket.not_found");
    }
    story.step(&next_grid, &Command::Claim, after(2)).unwrap();
    assert_eq!(story.ticket.answered_after(), Some(TimeDelta::minutes(2)));
    let late = story.step(&above, &Command::Claim, after(3)).unwrap_err();
    assert_eq!(late.code(), "ticket.already_accepted");
    // Where its place goes, the area goes along.
    let there = PlaceRef { code: place("532504001009003"), ..story.ticket.place };
    let events = recode(&story.ticket, there, &story.playbook.policy, after(4));
    events.iter().for_each(|event| story.ticket.apply(event).unwrap());
    assert_eq!(story.ticket.call, Some(place("532504001009")));
}

#[test]
fn where_nobody_is_to_hear_calls_there_are_none() {
    let call = Submission { call: true, ..submission(None) };
    let off = Playbook { call: None, ..playbook() };
    let refusal = submit(&call, &resident(), &off, start()).unwrap_err();
    assert_eq!((refusal.code(), refusal.field()), ("ticket.call_off", Some("/call")));
    let street = CallRule { roles: vec![Role::PartyMember], level: CallLevel::Street };
    let wide = Playbook { call: Some(street), ..playbook() };
    let events = submit(&call, &resident(), &wide, start()).unwrap();
    assert_eq!(Ticket::begin(&events[0]).unwrap().call, Some(place("532504001")));
}
