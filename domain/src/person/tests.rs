//! Commands on people: who may, and what follows.

use super::*;
use crate::actor::{Actor, Grant, Scope};
use crate::id::{GrantId, TextId, UnitId, UserId};
use crate::permission::Role;
use crate::phone::Phone;
use crate::place::{Levels, PlaceCode};
use crate::refusal::Refusal;
use crate::text::{FreeText, Text, TextRef};
use crate::time::Timestamp;
use rstest::rstest;
use uuid::Uuid;

const UNIT: UnitId = UnitId(Uuid::from_u128(90));

fn place(code: &str) -> PlaceCode {
    PlaceCode::parse(code, &Levels::default()).unwrap()
}

fn at(code: &str) -> Scope {
    Scope::Places(vec![place(code)])
}

fn actor(role: Role, code: &str) -> Actor {
    Actor { user: UserId(Uuid::from_u128(1)), grants: vec![Grant { role, scope: at(code) }] }
}

fn held(n: u128, role: Role, scope: Scope) -> Held {
    let county = matches!(scope, Scope::Unit(_)).then(|| place("532504"));
    Held { id: GrantId(Uuid::from_u128(n)), placed: PlacedGrant { grant: Grant { role, scope }, county } }
}

fn person(grants: Vec<Held>) -> Person {
    Person {
        id: UserId(Uuid::from_u128(2)),
        name: "王小二".into(),
        phone: Phone::parse("13812345678").ok(),
        profile: Profile::parse(&["电工".into()], &[], &[]).ok(),
        place: Whereabouts { grants, ..Whereabouts::default() },
        version: 3,
        created_at: Timestamp::UNIX_EPOCH,
        erased_at: None,
    }
}

fn worker() -> Person {
    person(vec![held(7, Role::GridWorker, at("532504001007"))])
}

fn reason() -> Text {
    let reference = TextRef { id: TextId(Uuid::from_u128(5)), hash: [0; 32] };
    Text { reference, body: FreeText::parse("因工作需要".into()).unwrap() }
}

fn decided(person: &Person, command: &Command, actor: &Actor) -> Result<Change, Refusal> {
    decide(person, command, actor, |_| Levels::default(), Timestamp::UNIX_EPOCH)
}

fn grant(code: &str) -> Command {
    let Held { id, placed } = held(8, Role::GridLeader, at(code));
    Command::Grant { id, new: placed }
}

fn revoke() -> Command {
    Command::Revoke { grant: GrantId(Uuid::from_u128(7)) }
}

fn leave(successor: Option<(Role, &str)>) -> Command {
    let known = |(role, code)| (Actor { user: UserId(Uuid::from_u128(4)), ..actor(role, code) }, vec![]);
    let successor = successor.map(|s| Successor { id: UserId(Uuid::from_u128(4)), known: Some(known(s)) });
    Command::Leave { successor, reason: reason() }
}

fn unknown_successor() -> Command {
    let successor = Some(Successor { id: UserId(Uuid::from_u128(4)), known: None });
    Command::Leave { successor, reason: reason() }
}

fn edit() -> Command {
    Command::Edit { name: "王小三".into(), phone: None }
}

fn profile() -> Command {
    Command::Profile { profile: Profile::parse(&[], &["陪诊".into()], &[]).unwrap() }
}

const COUNTY: (Role, &str) = (Role::CountyAdmin, "532504");

#[rstest]
#[case::edit(COUNTY, worker(), edit(), "")]
#[case::edit_out_of_sight((Role::CountyAdmin, "140226"), worker(), edit(), "person.not_found")]
#[case::edit_elsewhere((Role::CountyAdmin, "532504002"), worker(), edit(), "person.not_found")]
#[case::a_clerk_only_sees((Role::CommunityClerk, "532504001007"), worker(), edit(), "person.beyond_scope")]
#[case::a_number_that_opens_more_than_theirs(COUNTY,
    person(vec![held(6, Role::GridWorker, at("532504001")), held(7, Role::SystemAdmin, at("532504"))]), edit(),
    "person.phone_beyond_scope")]
#[case::a_name_opens_nothing(COUNTY,
    person(vec![held(6, Role::GridWorker, at("532504001")), held(7, Role::SystemAdmin, at("532504"))]),
    Command::Edit { name: "王小三".into(), phone: Phone::parse("13812345678").ok() }, "")]
#[case::profile(COUNTY, worker(), profile(), "")]
#[case::profile_of_who_is_only_seen((Role::CommunityClerk, "532504001007"), worker(), profile(), "person.beyond_scope")]
#[case::profile_out_of_sight((Role::CountyAdmin, "140226"), worker(), profile(), "person.not_found")]
#[case::profile_own_is_own(COUNTY, worker(), Command::ProfileOwn { profile: Profile::default() }, "person.beyond_scope")]
#[case::grant(COUNTY, worker(), grant("532504001"), "")]
#[case::grant_beyond((Role::CountyAdmin, "532504001"), worker(), grant("532504002"), "grant.beyond_scope")]
#[case::revoke(COUNTY, worker(), revoke(), "")]
#[case::revoke_nothing(COUNTY, worker(), Command::Revoke { grant: GrantId(Uuid::nil()) }, "grant.unknown")]
#[case::revoke_wider((Role::CountyAdmin, "532504001"),
    person(vec![held(6, Role::GridWorker, at("532504001")), held(7, Role::Supervisor, at("532504"))]), revoke(),
    "grant.beyond_scope")]
#[case::leave(COUNTY, worker(), leave(None), "")]
#[case::leave_to(COUNTY, worker(), leave(Some((Role::GridLeader, "532504001"))), "")]
#[case::leave_to_elsewhere(COUNTY, worker(), leave(Some((Role::GridLeader, "532504002"))), "person.successor_cannot_handle")]
#[case::leave_to_nobody(COUNTY, worker(), unknown_successor(), "person.successor_cannot_handle")]
#[case::nothing_to_leave(COUNTY, Person { place: Whereabouts { traced: Some(place("532504")), ..Default::default() },
    ..person(vec![]) }, leave(None), "person.not_in_post")]
#[case::leave_not_theirs(COUNTY, person(vec![held(7, Role::SystemAdmin, at("532504"))]), leave(None), "person.not_in_post")]
#[case::unmask(COUNTY, worker(), Command::Unmask { reason: reason() }, "")]
#[case::erase(COUNTY, worker(), Command::Erase { reason: reason() }, "")]
#[case::erase_beyond(COUNTY, person(vec![held(6, Role::GridWorker, at("532504")), held(7, Role::SystemAdmin, at("532504"))]),
    Command::Erase { reason: reason() }, "grant.beyond_scope")]
#[case::erased(COUNTY, Person { erased_at: Some(Timestamp::UNIX_EPOCH), ..worker() }, edit(), "person.erased")]
#[case::own_is_own(COUNTY, worker(), Command::EraseOwn, "person.beyond_scope")]
fn who_may_change_whom(
    #[case] (role, code): (Role, &str),
    #[case] person: Person,
    #[case] command: Command,
    #[case] refusal: &str,
) {
    let decided = decided(&person, &command, &actor(role, code));
    assert_eq!(decided.as_ref().err().map_or("", Refusal::code), refusal);
    if let Ok(change) = decided {
        let events = i32::try_from(change.events.len()).unwrap();
        assert!(events > 0 && change.after.version == person.version + events);
        // Whoever counts in the county is known there from then on, whatever else happened.
        assert!(change.events.iter().all(|event| event.at.is_some_and(|at| at.county() == "532504")));
    }
}

#[test]
fn whoever_leaves_keeps_what_is_not_the_actors_to_take() {
    let two = person(vec![held(6, Role::GridWorker, at("532504001")), held(7, Role::Hotline, at("532504"))]);
    let change = decided(&two, &leave(None), &actor(Role::CountyAdmin, "532504")).unwrap();
    assert_eq!(
        (change.taken, change.after.place.grants),
        (vec![two.place.grants[0].clone()], vec![two.place.grants[1].clone()])
    );
    assert_eq!(change.handover, Some(None));
}

#[test]
fn nothing_personal_is_left_of_who_was_erased() {
    let two = person(vec![
        held(6, Role::GridWorker, at("532504001")),
        held(7, Role::DepartmentHandler, Scope::Unit(UNIT)),
    ]);
    let change =
        decided(&two, &Command::Erase { reason: reason() }, &actor(Role::CountyAdmin, "532504")).unwrap();
    let after = &change.after;
    assert_eq!((after.name.as_str(), after.phone, after.place.grants.len()), (ERASED_NAME, None, 0));
    assert_eq!(after.profile, None);
    assert!(change.erases() && change.taken.len() == 2);
    let kinds: Vec<_> = change.events.iter().map(|event| event.fact.headline().name()).collect();
    assert_eq!(kinds, ["revoked", "revoked", "erased"]);
}

#[test]
fn a_resident_erases_themselves_and_staff_leave_first() {
    let own = |person: &Person| {
        let actor = Actor { user: person.id, grants: vec![] };
        decided(person, &Command::EraseOwn, &actor)
    };
    assert!(own(&person(vec![])).unwrap().erases());
    assert_eq!(own(&worker()).unwrap_err().code(), "person.still_in_post");
}

#[test]
fn everybody_writes_their_own_profile_and_an_empty_one_is_none() {
    let own = |person: &Person, skills: &[String]| {
        let actor = Actor { user: person.id, grants: vec![] };
        let profile = Profile::parse(skills, &[], &[]).unwrap();
        decided(person, &Command::ProfileOwn { profile }, &actor).unwrap()
    };
    let two = vec![held(6, Role::GridWorker, at("532504001")), held(7, Role::Volunteer, at("140226"))];
    for (person, places) in [
        (person(vec![]), vec![None]),
        (worker(), vec![Some(place("532504001007"))]),
        (person(two), vec![Some(place("532504001")), Some(place("140226"))]),
    ] {
        let change = own(&person, &["水管".into()]);
        assert_eq!(change.events.iter().map(|event| event.at).collect::<Vec<_>>(), places);
        assert!(change.events.iter().all(|event| event.fact == Fact::Profiled));
        assert_eq!(change.after.profile.unwrap().skills, ["水管"]);
        assert_eq!(own(&person, &[]).after.profile, None);
    }
}

#[test]
fn a_grant_of_two_counties_is_told_to_each() {
    let both = Actor {
        user: UserId(Uuid::from_u128(1)),
        grants: vec![Grant {
            role: Role::CountyAdmin,
            scope: Scope::Places(vec![place("532504"), place("140226")]),
        }],
    };
    let scope = Scope::Places(["532504001", "532504002", "140226100"].map(place).to_vec());
    let new = PlacedGrant { grant: Grant { role: Role::Supervisor, scope }, county: None };
    let command = Command::Grant { id: GrantId(Uuid::from_u128(9)), new };
    let change = decided(&worker(), &command, &both).unwrap();
    let told: Vec<_> = change.events.iter().map(|event| event.at.unwrap().to_string()).collect();
    assert_eq!(told, ["532504", "140226100"]);
    let Fact::Granted { scope: Scope::Places(places), .. } = &change.events[1].fact else {
        panic!("granted")
    };
    assert_eq!(places, &[place("140226100")]);
}

#[test]
fn who_is_registered_belongs_somewhere() {
    let admin = actor(Role::CountyAdmin, "532504");
    let register = |grants| register(&person(grants), &admin, |_| Levels::default());
    let alone = register(vec![]).unwrap();
    assert_eq!(alone, [Happened { at: Some(place("532504")), fact: Fact::Registered }]);
    let with = register(vec![held(7, Role::GridWorker, at("532504001007"))]).unwrap();
    assert_eq!((with.len(), with[0].at), (2, Some(place("532504001007"))));
    let beyond = register(vec![held(7, Role::GridWorker, at("140226"))]);
    assert_eq!(beyond.unwrap_err().code(), "grant.beyond_scope");
}
