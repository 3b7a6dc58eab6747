//! Who may touch a ticket, and the document of the whole table.

use super::*;
use crate::actor::{Actor, Grant, Scope};
use crate::id::{UnitId, UserId};
use crate::place::{Levels, PlaceCode};
use crate::ticket::{Assignee, Whistle};
use crate::time::Timestamp;
use rstest::rstest;
use std::collections::BTreeSet;
use std::fmt::Write;
use uuid::Uuid;

fn place(code: &str) -> PlaceCode {
    PlaceCode::parse(code, &Levels::default()).unwrap()
}

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

const UNIT: UnitId = UnitId(Uuid::from_u128(90));

fn actor(n: u128, grants: &[(Role, Scope)]) -> Actor {
    let grants = grants.iter().map(|(role, scope)| Grant { role: *role, scope: scope.clone() }).collect();
    Actor { user: user(n), grants }
}

fn at(code: &str) -> Scope {
    Scope::Places(vec![place(code)])
}

/// Requested by 1 and 7, led by unit 90, accepted by 2, helped by 4 and unit 91, dispatched by 5, on the street's desk; unit 92
/// was called, and 8 watches it.
fn parties() -> Parties<'static> {
    const HELP: [Assignee; 2] =
        [Assignee::Person(UserId(Uuid::from_u128(4))), Assignee::Unit(UnitId(Uuid::from_u128(91)))];
    const CALLED: [Whistle; 1] = [Whistle {
        unit: UnitId(Uuid::from_u128(92)),
        round: 1,
        by: UserId(Uuid::from_u128(5)),
        at: Timestamp::UNIX_EPOCH,
        due_at: Timestamp::UNIX_EPOCH,
        report: None,
        released_at: None,
    }];
    const DELEGATES: [UserId; 1] = [UserId(Uuid::from_u128(8))];
    const JOINED: [UserId; 1] = [UserId(Uuid::from_u128(7))];
    Parties {
        requester: user(1),
        requester_unit: Some(UnitId(Uuid::from_u128(93))),
        joined: &JOINED,
        place: place("532504001007"),
        desk: place("532504001"),
        unit: Some(UNIT),
        handler: Some(user(2)),
        dispatched_by: Some(user(5)),
        assist: &HELP,
        called: &CALLED,
        claim: Roles::from_iter([Role::PartyMember]),
        call: None,
        hear: Roles::default(),
        mates: &[],
        delegates: &DELEGATES,
    }
}

const OWN: &[&str] =
    &["ticket.view", "ticket.rate", "ticket.urge", "ticket.supplement", "ticket.withdraw", "ticket.reopen"];
const HANDLE: &[&str] = &[
    "ticket.view",
    "ticket.accept",
    "ticket.arrive",
    "ticket.resolve",
    "ticket.return",
    "ticket.plan",
    "ticket.reply",
    "ticket.extend",
    "ticket.promise",
    "ticket.refer",
    "ticket.topic",
];
const HANDLE_AND_MORE: &[&str] = &["ticket.escalate", "ticket.note"];
const CLERK: &[&str] = &[
    "ticket.view",
    "ticket.dispatch",
    "ticket.grade",
    "ticket.return",
    "ticket.escalate",
    "ticket.note",
    "ticket.decline",
    "ticket.merge",
    "ticket.unmask",
    "ticket.whistle",
    "ticket.opine",
    "ticket.discuss",
    "ticket.assess",
    "ticket.promise",
    "ticket.refer",
];

fn many(parts: &[&[&'static str]]) -> BTreeSet<&'static str> {
    parts.concat().into_iter().collect()
}

#[rstest]
#[case::requester(actor(1, &[]), many(&[OWN]))]
#[case::joined_by_a_merge(actor(7, &[]), many(&[OWN]))]
#[case::delegate(actor(8, &[]), many(&[&["ticket.view", "ticket.observe"]]))]
#[case::stranger(actor(3, &[]), many(&[]))]
#[case::handler_without_role(actor(2, &[]), many(&[]))]
#[case::clerk_of_it(actor(3, &[(Role::CommunityClerk, at("532504001007"))]), many(&[CLERK]))]
#[case::clerk_who_dispatched_it(actor(5, &[(Role::CommunityClerk, at("532504001007"))]),
    many(&[CLERK, &["ticket.decide_extension"]]))]
#[case::clerk_next_door(actor(3, &[(Role::CommunityClerk, at("532504001008"))]), many(&[]))]
#[case::street(actor(3, &[(Role::StreetDispatcher, at("532504001"))]),
    many(&[CLERK, &["ticket.decide", "ticket.topic", "ticket.delegate", "ticket.decide_extension", "ticket.supervise"]]))]
#[case::grid_worker_there(actor(3, &[(Role::GridWorker, at("532504001007"))]), many(&[&["ticket.view", "ticket.note"]]))]
#[case::its_unit(actor(3, &[(Role::DepartmentHandler, Scope::Unit(UNIT))]), many(&[HANDLE, HANDLE_AND_MORE, &["ticket.discuss"]]))]
#[case::handler(actor(2, &[(Role::GridWorker, at("532504001008"))]), many(&[HANDLE, HANDLE_AND_MORE]))]
#[case::helper(actor(4, &[(Role::Volunteer, at("532504001008"))]), many(&[&["ticket.view", "ticket.note"]]))]
#[case::helping_unit(actor(3, &[(Role::DepartmentHandler, Scope::Unit(UnitId(Uuid::from_u128(91))))]),
    many(&[&["ticket.view", "ticket.note", "ticket.discuss"]]))]
#[case::unit_that_was_called(actor(3, &[(Role::DepartmentHandler, Scope::Unit(UnitId(Uuid::from_u128(92))))]),
    many(&[&["ticket.view", "ticket.note", "ticket.report_in", "ticket.discuss"]]))]
#[case::member_of_a_unit_that_was_called(actor(3, &[(Role::PartyMember, Scope::Unit(UnitId(Uuid::from_u128(92))))]), many(&[]))]
#[case::of_the_unit_that_asked(actor(3, &[(Role::DepartmentHandler, Scope::Unit(UnitId(Uuid::from_u128(93))))]),
    many(&[&["ticket.view"]]))]
#[case::member_who_may_claim(actor(3, &[(Role::PartyMember, at("532504001"))]), many(&[&["ticket.view", "ticket.claim"]]))]
#[case::volunteer_who_may_not(actor(3, &[(Role::Volunteer, at("532504001"))]), many(&[]))]
#[case::member_elsewhere(actor(3, &[(Role::PartyMember, at("532504002"))]), many(&[]))]
#[case::supervisor(actor(3, &[(Role::Supervisor, at("532504"))]), many(&[&[
    "ticket.view", "ticket.decide_extension", "ticket.escalate", "ticket.pause", "ticket.supervise", "ticket.note",
    "ticket.reopen", "ticket.unmask"]]))]
#[case::system_admin(actor(3, &[(Role::SystemAdmin, at("532504"))]), many(&[]))]
fn who_may_touch_a_ticket(#[case] actor: Actor, #[case] allowed: BTreeSet<&str>) {
    let on_tickets = Action::iter().filter(|a| a.name().starts_with("ticket.") && *a != Action::TicketSubmit);
    let may: BTreeSet<_> =
        on_tickets.filter(|a| actor.may(*a, &parties()).is_ok()).map(Action::name).collect();
    assert_eq!(may, allowed);
}

#[test]
fn everyone_is_a_resident() {
    for role in Role::iter() {
        let actor = actor(1, &[(role, at("532504"))]);
        assert_eq!(actor.has(Action::TicketSubmit), Ok(()), "{role:?}");
        assert_eq!(actor.has(Action::MeView), Ok(()), "{role:?}");
    }
    assert_eq!(
        actor(1, &[]).has(Action::TicketDispatch),
        Err(PermissionRefusal::Role { action: Action::TicketDispatch })
    );
}

#[test]
fn the_document_shows_the_whole_table() {
    let mut text = String::from(
        "# Who may do what\n\n\
         Made from the one table (`domain/src/permission/table.rs`) by a test, which fails when it is stale; `make docs` writes it\n\
         anew. Everyone who signed in is a resident. An empty cell: never. How far it reaches otherwise:\n\n\
         **anywhere**: needs nothing to reach to · **own**: raised by oneself, or about oneself · **assigned**: to oneself or one's unit ·\n\
         **assisting**: oneself or one's unit helps · **raised**: for one's unit · **delegated**: watched for the residents ·\n\
         **claimable**: open to be claimed by this role in its places ·\n\
         **called**: one's unit was called by a whistle · **dispatched**: by oneself · **area**: in the places that the role is granted for · **desk**: on a desk there\n\n| action |",
    );
    for role in Role::iter() {
        write!(text, " {} |", <&str>::from(role)).unwrap();
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(Role::iter().count()));
    for action in Action::iter() {
        write!(text, "\n| {} |", action.name()).unwrap();
        for role in Role::iter() {
            let words: Vec<_> =
                reaches(role, action).iter().map(|reach| format!("{reach:?}").to_lowercase()).collect();
            write!(text, " {} |", words.join(", ")).unwrap();
        }
    }
    text.push('\n');
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/permissions.md");
    if std::env::var_os("HUYING_WRITE_DOCS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "docs/permissions.md is stale: run `make docs`");
}

#[test]
fn a_call_is_heard_in_its_area_by_its_own_roles_only() {
    let next_door = "532504001007002";
    let call = Parties {
        place: place("532504001007001"),
        claim: Roles::from_iter([Role::PartyMember, Role::Volunteer]),
        call: Some(place("532504001007")),
        hear: Roles::from_iter([Role::PartyMember]),
        ..parties()
    };
    let may = |role, code: &str| actor(3, &[(role, at(code))]).may(Action::TicketClaim, &call).is_ok();
    assert!(may(Role::PartyMember, next_door), "it is theirs to answer");
    assert!(may(Role::Volunteer, "532504001007001"), "what it is about is theirs, where they are");
    assert!(!may(Role::Volunteer, next_door), "they are not called");
    // Nobody any more once it was dispatched, whoever heard it.
    let taken = Parties { claim: Roles::default(), ..call };
    let member = actor(3, &[(Role::PartyMember, at(next_door))]);
    assert!(member.may(Action::TicketClaim, &taken).is_err());
}
