//! Each command in each state, who may give it, and what is stored.

use super::*;
use crate::permission::{Action, PermissionRefusal};
use crate::policy::Act;
use rstest::rstest;

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
    let of_unit =
        |county: &str| AssigneeFacts::Person { actor: department(), units: vec![(UNIT, place(county))] };
    let person = |actor| AssigneeFacts::Person { actor, units: vec![] };
    let cases = [
        (AssigneeFacts::Unknown, Some("ticket.lead_unknown")),
        (person(elsewhere), Some("ticket.lead_cannot_handle")),
        (person(resident()), Some("ticket.lead_cannot_handle")),
        (of_unit("140226"), Some("ticket.lead_cannot_handle")),
        (of_unit("532504"), None),
        (AssigneeFacts::Unit { county: place("140226") }, Some("ticket.lead_cannot_handle")),
    ];
    for (facts, code) in cases {
        let one = Assignment { to: Assignee::Person(UserId(Uuid::from_u128(77))), facts };
        let result = Story::begin(None).step(&clerk(), &dispatch(one.clone(), None), after(1));
        let refused = result.err().map(|refusal| (refusal.code(), refusal.field().map(str::to_owned)));
        assert_eq!(refused, code.map(|code| (code, Some("/lead".to_owned()))));
        let helping = Command::Dispatch {
            lead: known(worker()),
            assist: vec![unit(), one],
            severity: None,
            affair: None,
            handling: None,
            note: None,
        };
        let result = Story::begin(None).step(&clerk(), &helping, after(1));
        let refused = result.err().map(|refusal| (refusal.code(), refusal.field().map(str::to_owned)));
        assert_eq!(refused, code.map(|code| (code, Some("/assist/1".to_owned()))));
    }
}

#[test]
fn out_of_sight_is_not_there_and_in_sight_is_not_yet_allowed() {
    let stranger = person(9, &[(Role::CommunityClerk, at("532504001008"))]);
    let mut story = Story::begin(None);
    let refusal = |result: Result<(), Refusal>| result.unwrap_err();
    assert_eq!(refusal(story.step(&stranger, &to_person(), after(1))), TicketRefusal::NotFound.into());
    let mut others = Story::begin(None).steps(&[(clerk(), to_unit(), 1)]);
    let reach = PermissionRefusal::Reach { action: Action::TicketAccept };
    assert_eq!(refusal(others.step(&worker(), &Command::Accept, after(1))), reach.into());
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

/// As earlier versions kept it: not how far the round had come.
fn without_steps(mut ticket: Ticket) -> Ticket {
    ticket.done.retain(|done| done.act != Act::Accept);
    Ticket { accepted_at: None, steps: Steps::default(), ..ticket }
}

/// What is stored today must be readable for ever: these files are never changed, only added to.
#[test]
fn stored_tickets_and_events_of_every_version_are_read() {
    let mut story = Story::begin(Some(Severity::Small)).steps(&[
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), resolve(), 4),
        (resident(), rate(Satisfaction::Satisfied), 5),
    ]);
    let fixtures = [
        (2, include_str!("../fixtures/ticket_v2.json")),
        (3, include_str!("../fixtures/ticket_v3.json")),
        (4, include_str!("../fixtures/ticket_v4.json")),
    ];
    for (version, json) in fixtures {
        // When the round came how far was not kept before.
        let unknown = without_steps(story.ticket.clone());
        let expected = if version < 4 { unknown } else { story.ticket.clone() };
        assert_eq!(ticket_from_json(json, version).unwrap(), expected, "version {version}");
    }
    let facts = |json: &str, version| -> Vec<Fact> {
        let facts: Vec<serde_json::Value> = serde_json::from_str(json).unwrap();
        facts.into_iter().map(|fact| fact_from_json(fact, version).unwrap()).collect()
    };
    let now: Vec<_> = story.events.iter().map(|event| event.fact.clone()).collect();
    let today = now;
    assert_eq!(facts(include_str!("../fixtures/facts_v2.json"), 2), today);
    assert_eq!(facts(include_str!("../fixtures/facts_v3.json"), 3), today);
    let breached = |version, json: serde_json::Value| fact_from_json(json, version).unwrap();
    assert_eq!(breached(2, serde_json::json!({"kind": "breached"})), Fact::Breached { tell: vec![] });
    let told = serde_json::json!({"kind": "warned", "tell": ["duty", "handler"]});
    assert_eq!(breached(3, told), Fact::Warned { tell: vec![Audience::Duty, Audience::Handler] });
    let id = "00000000-0000-0000-0000-000000000001";
    let recoded = serde_json::json!({"kind": "recoded", "place": {"id": id, "code": "532504002031"}});
    assert!(matches!(breached(4, recoded), Fact::Recoded { place } if place.code.as_str() == "532504002031"));
    assert!(today.iter().all(|fact| fact.version() == 3));
    // What version 5 says more of comes back as it was written.
    let ticket = include_str!("../fixtures/ticket_v5.json");
    let newest = ticket_from_json(ticket, 5).unwrap();
    assert_eq!(newest.stored_version(), 5);
    assert_eq!(
        serde_json::to_value(&newest).unwrap(),
        serde_json::from_str::<serde_json::Value>(ticket).unwrap()
    );
    let new = facts(include_str!("../fixtures/facts_v5.json"), 5);
    assert_eq!(
        serde_json::to_value(&new).unwrap(),
        serde_json::from_str::<serde_json::Value>(include_str!("../fixtures/facts_v5.json")).unwrap()
    );
    assert!(new.iter().all(|fact| fact.version() == 5), "programs of before leave them alone");
    // Version 1 did not keep when a ticket closes by itself, and its state not who dispatched it.
    let v1 = facts(include_str!("../fixtures/facts_v1.json"), 1);
    for (event, fact) in story.events.iter_mut().zip(v1) {
        if let Fact::Resolved { closes_at, .. } = &mut event.fact {
            *closes_at = None;
        }
        assert_eq!(event.fact, fact);
    }
    let folded = fold(&story.events);
    let upcast = ticket_from_json(include_str!("../fixtures/ticket_v1.json"), 1).unwrap();
    let State::Closed { work, resolution, at } = folded.state else { panic!("closed") };
    let state = State::Closed { work: Work { at: resolution.at, ..work }, resolution, at };
    assert_eq!(upcast, without_steps(Ticket { dispatched_by: None, state, ..folded }));
    assert!(ticket_from_json("{}", 1).is_err() && ticket_from_json("{}", 9).is_err());
}

#[test]
fn a_ticket_of_version_2_keeps_what_was_done_and_ends_its_supervision() {
    let steps = [
        (clerk(), to_person(), 1),
        (worker(), Command::Accept, 2),
        (worker(), arrive(), 3),
        (worker(), plan(), 4),
        (worker(), Command::Reply { text: text("已开挖") }, 5),
        (worker(), resolve(), 6),
        (resident(), rate(Satisfaction::Satisfied), 7),
    ];
    let supervise = Command::Supervise { reason: text("久拖未办") };
    for done in 0..=steps.len() {
        let mut story = Story::begin(Some(Severity::Small)).steps(&steps[..done.min(1)]);
        story.step(&supervisor(), &supervise, after(1)).unwrap();
        let story = story.steps(&steps[done.min(1)..done]);
        let mut stored = serde_json::to_value(&story.ticket).unwrap();
        let fields = stored.as_object_mut().unwrap();
        fields.remove("rests");
        for name in ["done", "steps", "accepted_at", "playbook"] {
            fields.remove(name);
        }
        fields.insert("paused_ms".into(), 0.into());
        fields.insert("supervision".into(), serde_json::json!({"by": supervisor().user, "at": after(1)}));
        let expected = without_steps(story.ticket);
        assert_eq!(ticket_from_json(&stored.to_string(), 2).unwrap(), expected, "after {done} steps");
    }
}
