//! The net of places: what it refuses, and what it never does.

use super::*;
use crate::actor::{Actor, Grant, Scope};
use crate::id::UserId;
use crate::permission::Role;
use crate::playbook::Playbook;
use proptest::prelude::*;
use rstest::rstest;
use uuid::Uuid;

fn playbook() -> Playbook {
    let level = |name: &str, width, household| serde_json::json!({"name": name, "width": width, "household": household});
    serde_json::from_value(serde_json::json!({
        "key": "mile", "name": "弥勒", "county": "532504", "categories": [],
        "levels": [level("小组", 3, false), level("楼栋", 3, false), level("住户", 4, true)],
        "policy": {"version": 1, "arrive_unmet_at_resolve": "cancel", "rating_window_seconds": 1, "reopen_window_seconds": 1,
            "urge_every_seconds": 1, "offline_seconds": 1, "claims": [], "clocks": []},
    }))
    .unwrap()
}

fn code(text: &str) -> PlaceCode {
    PlaceCode::parse(text, &Levels::default()).unwrap()
}

fn place(n: u128, text: &str) -> Place {
    Place {
        id: PlaceId(Uuid::from_u128(n)),
        code: code(text),
        name: text.to_owned(),
        version: 1,
        retired_at: None,
    }
}

fn admin(area: &str) -> Actor {
    let grants = vec![Grant { role: Role::CountyAdmin, scope: Scope::Places(vec![code(area)]) }];
    Actor { user: UserId(Uuid::from_u128(99)), grants }
}

/// A community with two groups, among codes that were given.
fn decided(command: &Command, given: &[&str], area: &str) -> Result<Vec<Change>, NetRefusal> {
    let (playbook, actor) = (playbook(), admin(area));
    let here = place(1, "532504001007");
    let children = [place(2, "532504001007001"), place(3, "532504001007002")];
    let given = given.iter().map(|text| code(text)).collect();
    decide(
        Setting { playbook: &playbook, actor: &actor, place: &here, children: &children, given: &given },
        command,
    )
}

fn found(wanted: Option<&str>) -> Command {
    Command::Found { id: PlaceId(Uuid::from_u128(9)), name: "新小区".into(), code: wanted.map(code) }
}

fn go(parent: Place, wanted: Option<&str>) -> Command {
    Command::Move(Wanted { parent, code: wanted.map(code) })
}

fn part(n: u128, wanted: Option<&str>, places: &[&str]) -> Part {
    Part {
        id: PlaceId(Uuid::from_u128(n)),
        name: "一部分".into(),
        code: wanted.map(code),
        places: places.iter().map(|text| code(text)).collect(),
    }
}

/// Each change as its place, with the code that it has then.
fn codes(changes: &[Change]) -> Vec<(u128, String)> {
    changes.iter().map(|change| (change.place.0.as_u128(), change.code.to_string())).collect()
}

#[rstest]
#[case(found(None), &[], "532504001007001")]
#[case(found(None), &["532504001007001", "532504001007007"], "532504001007008")]
#[case(found(None), &["532504001007001", "532504001007999"], "532504001007002")]
#[case(found(Some("532504001007055")), &[], "532504001007055")]
#[case(go(place(5, "532504002"), None), &[], "532504002007")]
#[case(go(place(5, "532504002"), None), &["532504002007"], "532504002008")]
#[case(go(place(5, "532504002"), Some("532504002100")), &[], "532504002100")]
#[case(go(place(4, "532504001"), Some("532504001100")), &["532504001007"], "532504001100")]
fn m01_a_place_gets_a_code_that_nobody_had(
    #[case] command: Command,
    #[case] given: &[&str],
    #[case] gets: &str,
) {
    let changes = decided(&command, given, "532504").unwrap();
    assert_eq!(changes[0].code.as_str(), gets);
    assert_eq!(changes.len(), 1);
}

#[rstest]
#[case(found(Some("532504001007001")), &["532504001007001"], NetRefusal::CodeUsed { code: code("532504001007001") })]
#[case(found(Some("532504001008001")), &[], NetRefusal::NotBelow { code: code("532504001008001"), parent: code("532504001007") })]
#[case(Command::Rename { name: "532504001007".into() }, &[], NetRefusal::Same)]
#[case(go(place(5, "532504002001"), None), &[], NetRefusal::OtherLevel { code: code("532504002001") })]
#[case(go(place(5, "140226001"), None), &[], NetRefusal::OtherCounty { code: code("140226001") })]
#[case(go(place(4, "532504001"), None), &[], NetRefusal::Same)]
#[case(go(place(4, "532504001"), Some("532504001007")), &[], NetRefusal::Same)]
#[case(Command::Split { parts: vec![] }, &[], NetRefusal::NoParts)]
#[case(Command::Split { parts: vec![part(9, None, &["532504001007003"])] }, &[], NetRefusal::NotAChild { code: code("532504001007003") })]
#[case(
    Command::Split { parts: vec![part(8, None, &["532504001007001"]), part(9, None, &["532504001007001"])] },
    &[], NetRefusal::Twice { code: code("532504001007001") }
)]
#[case(Command::Merge { into: place(1, "532504001007") }, &[], NetRefusal::Itself)]
#[case(Command::Merge { into: place(5, "532504001") }, &[], NetRefusal::OtherLevel { code: code("532504001") })]
#[case(Command::Retire { open_tickets: false, points: false }, &[], NetRefusal::HasPlaces)]
fn m01_what_would_break_the_net_is_refused(
    #[case] command: Command,
    #[case] given: &[&str],
    #[case] refusal: NetRefusal,
) {
    assert_eq!(decided(&command, given, "532504"), Err(refusal));
}

#[rstest]
#[case(go(place(5, "532504002"), None))]
#[case(Command::Merge { into: place(5, "532504002001") })]
fn nobody_moves_places_out_of_what_they_administer(#[case] command: Command) {
    let refused = decided(&command, &[], "532504001").unwrap_err();
    assert_eq!(refused.code(), "place.beyond_scope");
    assert_eq!(decided(&found(None), &[], "532504002").unwrap_err().code(), "place.beyond_scope");
}

#[test]
fn f01_what_lies_below_goes_along_with_a_split() {
    let parts = vec![part(8, None, &["532504001007002"]), part(9, Some("532504001100"), &[])];
    let changes = decided(&Command::Split { parts }, &["532504001007", "532504001050"], "532504").unwrap();
    let expected = [(8, "532504001051"), (3, "532504001051002"), (9, "532504001100"), (1, "532504001007")];
    assert_eq!(codes(&changes), expected.map(|(id, code)| (id, code.to_owned())));
    assert!(matches!(&changes[3].fact, Fact::Split { into } if into.len() == 2));
}

#[test]
fn f01_another_goes_on_as_a_merged_place_with_all_below_it() {
    let into = place(5, "532504001008");
    let given = ["532504001008001", "532504001008009"];
    let changes = decided(&Command::Merge { into }, &given, "532504").unwrap();
    let expected = [(2, "532504001008010"), (3, "532504001008002"), (1, "532504001007")];
    assert_eq!(codes(&changes), expected.map(|(id, code)| (id, code.to_owned())));
    assert_eq!(changes[2].fact, Fact::Retired { successor: Some(PlaceId(Uuid::from_u128(5))) });
}

#[test]
fn counties_households_and_what_was_retired_stay_as_they_are() {
    let (playbook, actor, given) = (playbook(), admin("532504"), Codes::new());
    let at = |here: &Place, command: &Command| {
        let setting =
            Setting { playbook: &playbook, actor: &actor, place: here, children: &[], given: &given };
        decide(setting, command).unwrap_err()
    };
    assert_eq!(
        at(&place(1, "532504"), &Command::Retire { open_tickets: false, points: false }),
        NetRefusal::County
    );
    assert_eq!(at(&place(1, "532504001007001012"), &found(None)), NetRefusal::Household);
    let gone = Place { retired_at: Some(Timestamp::UNIX_EPOCH), ..place(1, "532504001007") };
    assert_eq!(at(&gone, &found(None)), NetRefusal::Retired { code: gone.code });
    let open = Command::Retire { open_tickets: true, points: true };
    assert_eq!(at(&place(1, "532504001007"), &open), NetRefusal::HasTickets);
}

proptest! {
    /// Whatever was given, a new place gets a code of its level below its parent that was not.
    #[test]
    fn no_code_is_given_twice(given in proptest::collection::btree_set(1_u32..1000, 0..60), merged in any::<bool>()) {
        let all: Vec<String> = given.iter().map(|n| format!("532504001008{n:03}")).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let command = if merged { Command::Merge { into: place(5, "532504001008") } } else { found(None) };
        let changes = decided(&command, &all, "532504").unwrap();
        let mut seen: Vec<_> = all.iter().map(|text| code(text)).collect();
        for change in changes.iter().filter(|change| !matches!(change.fact, Fact::Retired { .. })) {
            prop_assert!(!seen.contains(&change.code));
            prop_assert_eq!(change.code.level(&Levels::default()), Some(3));
            seen.push(change.code);
        }
    }
}
