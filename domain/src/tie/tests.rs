//! What a tie may be, and what it refuses.

use super::*;
use crate::actor::{Actor, Grant, Scope};
use crate::permission::Role;
use crate::place::Levels;
use rstest::rstest;
use uuid::Uuid;

const PERSON: Holder = Holder::Person(UserId(Uuid::from_u128(1)));
const UNIT: Holder = Holder::Unit(UnitId(Uuid::from_u128(2)));
const PLACE: Target = Target::Place(PlaceId(Uuid::from_u128(3)));
const OF: Target = Target::Unit(UnitId(Uuid::from_u128(4)));

fn playbook() -> Playbook {
    serde_json::from_value(serde_json::json!({
        "key": "mile", "name": "弥勒", "county": "532504", "categories": [], "levels": [],
        "policy": {"version": 1, "arrive_unmet_at_resolve": "cancel", "rating_window_seconds": 1, "reopen_window_seconds": 1,
            "urge_every_seconds": 1, "offline_seconds": 1, "claims": [], "clocks": []},
    }))
    .unwrap()
}

fn code(text: &str) -> PlaceCode {
    PlaceCode::parse(text, &Levels::default()).unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn tie(kind: TieKind, holder: Holder, target: Target) -> Tie {
    Tie {
        id: TieId(Uuid::from_u128(9)),
        kind,
        holder,
        target,
        line: None,
        post: None,
        since: day("2026-11-22"),
        until: None,
        version: 1,
    }
}

fn actor(role: Role, area: &str) -> Actor {
    let grants = vec![Grant { role, scope: Scope::Places(vec![code(area)]) }];
    Actor { user: UserId(Uuid::from_u128(1)), grants }
}

fn checked(tie: &Tie, change: impl FnOnce(&mut Setting<'_>)) -> Result<(), TieRefusal> {
    let (playbook, actor) = (playbook(), actor(Role::CommunityClerk, "532504001007"));
    let mut setting = Setting {
        playbook: &playbook,
        actor: &actor,
        today: day("2026-11-22"),
        at: code("532504001007"),
        holder_county: None,
        others: 0,
        circle: false,
    };
    change(&mut setting);
    check(tie, &setting)
}

#[rstest]
#[case(TieKind::Responsible, PERSON, PLACE, true)]
#[case(TieKind::Responsible, UNIT, PLACE, true)]
#[case(TieKind::Responsible, PERSON, OF, false)]
#[case(TieKind::Linked, PERSON, PLACE, true)]
#[case(TieKind::Linked, UNIT, PLACE, false)]
#[case(TieKind::Paired, UNIT, PLACE, true)]
#[case(TieKind::Paired, UNIT, OF, true)]
#[case(TieKind::Paired, PERSON, PLACE, false)]
#[case(TieKind::Paired, UNIT, Target::Unit(UnitId(Uuid::from_u128(2))), false)]
#[case(TieKind::Member, PERSON, OF, true)]
#[case(TieKind::Member, UNIT, OF, true)]
#[case(TieKind::Member, UNIT, PLACE, false)]
#[case(TieKind::Manages, UNIT, PLACE, true)]
#[case(TieKind::Manages, PERSON, PLACE, false)]
#[case(TieKind::Under, UNIT, OF, true)]
#[case(TieKind::Under, PERSON, OF, false)]
fn l03_a_tie_has_two_sides_that_fit(
    #[case] kind: TieKind,
    #[case] holder: Holder,
    #[case] target: Target,
    #[case] fits: bool,
) {
    let expected = if fits { Ok(()) } else { Err(TieRefusal::Sides { kind }) };
    assert_eq!(checked(&tie(kind, holder, target), |_| {}), expected);
}

#[test]
fn only_who_administers_the_place_ties_to_it() {
    let one = tie(TieKind::Responsible, UNIT, PLACE);
    for (role, area, may) in [
        (Role::CommunityClerk, "532504001007", true),
        (Role::CountyAdmin, "532504", true),
        (Role::CommunityClerk, "532504001008", false),
        (Role::GridWorker, "532504001007", false),
        (Role::Supervisor, "532504", false),
    ] {
        let playbook = playbook();
        let asks = actor(role, area);
        let setting = Setting {
            playbook: &playbook,
            actor: &asks,
            today: day("2026-11-22"),
            at: code("532504001007"),
            holder_county: None,
            others: 0,
            circle: false,
        };
        let expected = if may { Ok(()) } else { Err(TieRefusal::BeyondScope) };
        assert_eq!(check(&one, &setting), expected, "{role:?} {area}");
    }
}

#[test]
fn dates_lines_counties_and_circles() {
    let one = || tie(TieKind::Responsible, UNIT, PLACE);
    let dated = |since, until: Option<&str>| Tie { since: day(since), until: until.map(day), ..one() };
    let wrong = Err(TieRefusal::Dates { latest: day("2027-11-22") });
    assert_eq!(checked(&dated("2026-11-22", Some("2026-11-22")), |_| {}), Ok(()));
    assert_eq!(checked(&dated("2026-11-22", Some("2026-11-21")), |_| {}), wrong);
    assert_eq!(checked(&dated("2027-11-23", None), |_| {}), wrong);
    assert_eq!(checked(&dated("1999-01-01", None), |_| {}), Ok(()));
    let lined = |line: &str| Tie { line: Some(line.into()), ..one() };
    assert_eq!(checked(&lined("security"), |_| {}), Ok(()));
    let allowed = "party, security, labour, city_management".to_owned();
    assert_eq!(checked(&lined("军事"), |_| {}), Err(TieRefusal::LineUnknown { allowed }));
    let paired = Tie { kind: TieKind::Paired, ..lined("party") };
    assert_eq!(checked(&paired, |_| {}), Err(TieRefusal::LineMisplaced));
    let far = |setting: &mut Setting<'_>| setting.holder_county = Some(code("140226"));
    assert_eq!(checked(&one(), far), Err(TieRefusal::OtherCounty));
    let under = tie(TieKind::Under, UNIT, OF);
    assert_eq!(checked(&under, |setting| setting.circle = true), Err(TieRefusal::Circle));
    assert_eq!(checked(&under, |setting| setting.others = 1), Err(TieRefusal::OneAbove));
}

#[test]
fn f06_members_check_in_for_themselves_to_two_communities() {
    let own = tie(TieKind::CheckedIn, PERSON, PLACE);
    let member = actor(Role::PartyMember, "532504002001");
    let (playbook, worker) = (playbook(), actor(Role::GridWorker, "532504001007"));
    let setting = |actor, at: &str, others| Setting {
        playbook: &playbook,
        actor,
        today: day("2026-11-22"),
        at: code(at),
        holder_county: None,
        others,
        circle: false,
    };
    assert_eq!(check(&own, &setting(&member, "532504001007", 1)), Ok(()));
    let many = Err(TieRefusal::TooManyCheckIns { max: 2 });
    assert_eq!(check(&own, &setting(&member, "532504001007", 2)), many);
    assert_eq!(check(&own, &setting(&member, "532504001", 0)), Err(TieRefusal::NotACommunity));
    assert_eq!(check(&own, &setting(&worker, "532504001007", 0)), Err(TieRefusal::BeyondScope));
    let other = tie(TieKind::CheckedIn, Holder::Person(UserId(Uuid::from_u128(7))), PLACE);
    assert_eq!(check(&other, &setting(&member, "532504001007", 0)), Err(TieRefusal::BeyondScope));
}

#[test]
fn a_tie_ends_once_and_not_before_it_began() {
    let clerk = actor(Role::CommunityClerk, "532504001007");
    let at = code("532504001007");
    let one = tie(TieKind::Responsible, UNIT, PLACE);
    assert_eq!(check_end(&one, &at, &clerk, day("2026-11-22")), Ok(()));
    let before = Err(TieRefusal::EndsBefore { since: day("2026-11-22") });
    assert_eq!(check_end(&one, &at, &clerk, day("2026-11-21")), before);
    let ended = Tie { until: Some(day("2026-12-01")), ..one.clone() };
    assert_eq!(check_end(&ended, &at, &clerk, day("2026-12-01")), Err(TieRefusal::Ended));
    assert_eq!(check_end(&ended, &at, &clerk, day("2026-11-30")), Ok(()), "earlier than it was to");
    let elsewhere = actor(Role::CommunityClerk, "532504001008");
    assert_eq!(check_end(&one, &at, &elsewhere, day("2026-11-22")), Err(TieRefusal::BeyondScope));
    let checked_in = tie(TieKind::CheckedIn, PERSON, PLACE);
    assert_eq!(check_end(&checked_in, &at, &elsewhere, day("2026-11-22")), Ok(()), "their own");
    assert!(
        ended.holds(day("2026-12-01")) && !ended.holds(day("2026-12-02")) && !one.holds(day("2026-11-21"))
    );
}
