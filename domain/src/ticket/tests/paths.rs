//! Routes of affairs, and whom tickets come from and go to: practices M02, M09, M10, Z01.

use super::*;
use crate::id::PointId;
use crate::point::Kind;
use crate::unit::UnitKind;
use rstest::rstest;
use strum::IntoEnumIterator;

fn sorted(affair: Affair) -> Story {
    let affair = Command::Grade { category: None, severity: None, affair: Some(affair), service: None };
    Story::begin(None).steps(&[(clerk(), affair, 1)])
}

fn facts(kind: UnitKind, seat: Option<&str>) -> UnitFacts {
    UnitFacts { kind, county: place("532504"), seat: seat.map(place) }
}

fn to_unit_of(kind: UnitKind) -> Guide {
    Guide { point: None, unit: Some((UNIT, Some(facts(kind, None)))) }
}

fn to_point_of(kind: Kind, code: &str) -> Guide {
    Guide { point: Some((PointId(Uuid::from_u128(70)), Some((kind, place(code))))), unit: None }
}

#[rstest]
#[case::themselves(ReferTo::SelfHelp, Guide::default(), None)]
#[case::a_station(ReferTo::MutualHelp, to_point_of(Kind::ServicePoint, "532504001007"), None)]
#[case::a_shop(ReferTo::Market, to_point_of(Kind::Shop, "532504002001"), None)]
#[case::a_company(ReferTo::Market, to_unit_of(UnitKind::Enterprise), None)]
#[case::volunteers(ReferTo::MutualHelp, to_unit_of(UnitKind::VolunteerTeam), None)]
#[case::a_shop_helps_nobody_for_nothing(ReferTo::MutualHelp, to_point_of(Kind::Shop, "532504001007"),
    Some(("ticket.refer_unfit", "/point")))]
#[case::a_camera(ReferTo::Market, to_point_of(Kind::Camera, "532504001007"), Some(("ticket.refer_unfit", "/point")))]
#[case::a_department(ReferTo::Market, to_unit_of(UnitKind::Department), Some(("ticket.refer_unfit", "/unit")))]
#[case::elsewhere(ReferTo::Market, to_point_of(Kind::Shop, "140226001001"),
    Some(("ticket.refer_point_unknown", "/point")))]
#[case::no_point(ReferTo::Market, Guide { point: Some((PointId(Uuid::nil()), None)), unit: None },
    Some(("ticket.refer_point_unknown", "/point")))]
#[case::no_unit(ReferTo::Market, Guide { point: None, unit: Some((UNIT, None)) },
    Some(("ticket.refer_unit_unknown", "/unit")))]
#[case::oneself_is_nobody(ReferTo::SelfHelp, to_unit_of(UnitKind::VolunteerTeam),
    Some(("ticket.refer_to_nobody", "/unit")))]
#[case::both(ReferTo::Market, Guide { unit: to_unit_of(UnitKind::Enterprise).unit, ..to_point_of(Kind::Shop, "532504001007") },
    Some(("ticket.refer_one_of", "/unit")))]
fn m02_to_whom_residents_are_guided(
    #[case] to: ReferTo,
    #[case] guide: Guide,
    #[case] refused: Option<(&str, &str)>,
) {
    let mut story = sorted(Affair::Private);
    let refer = Command::Refer { to, guide, text: text("可到互助站") };
    let result = story.step(&clerk(), &refer, after(2));
    let said = result.as_ref().err().map(|refusal| (refusal.code(), refusal.field().unwrap_or_default()));
    assert_eq!(said, refused);
    assert_eq!(story.ticket.referral.map(|referral| referral.to), refused.is_none().then_some(to));
}

#[test]
fn m02_only_affairs_that_the_playbook_names_are_referred() {
    let refer =
        Command::Refer { to: ReferTo::SelfHelp, guide: Guide::default(), text: text("可自行解决") };
    for mut story in [sorted(Affair::Public), sorted(Affair::Shared), Story::begin(None)] {
        assert_eq!(story.step(&clerk(), &refer, after(2)).unwrap_err().code(), "ticket.not_referable");
    }
    // Guided is an outcome of what was referred.
    let guided = Command::Resolve { outcome: Outcome::Guided, reply: text("已告知") };
    let mut story =
        sorted(Affair::Private).steps(&[(clerk(), to_person(), 2), (worker(), Command::Accept, 2)]);
    let refusal = story.step(&worker(), &guided, after(3)).unwrap_err();
    assert_eq!((refusal.code(), refusal.field()), ("ticket.not_referred", Some("/outcome")));
    story.step(&worker(), &refer, after(3)).unwrap();
    story.step(&worker(), &guided, after(4)).unwrap();
    assert_eq!(story.ticket.status(), Status::Resolved);
}

#[rstest]
#[case::their_own(department(), Some(facts(UnitKind::Department, None)), None)]
#[case::their_community(clerk(), Some(facts(UnitKind::CommunityOffice, Some("532504001007"))), None)]
#[case::next_door(
    clerk(),
    Some(facts(UnitKind::CommunityOffice, Some("532504001008"))),
    Some("ticket.for_unit_not_theirs")
)]
#[case::a_department_is_its_people(
    clerk(),
    Some(facts(UnitKind::Department, Some("532504001007"))),
    Some("ticket.for_unit_not_theirs")
)]
#[case::no_such(department(), None, Some("ticket.for_unit_unknown"))]
#[case::a_resident(resident(), Some(facts(UnitKind::Department, None)), Some("ticket.for_unit_for_staff"))]
fn z01_for_whom_somebody_may_ask(
    #[case] by: Actor,
    #[case] facts: Option<UnitFacts>,
    #[case] refused: Option<&str>,
) {
    let asked = Submission { for_unit: Some((UNIT, facts)), ..submission(None) };
    let said = submit(&asked, &by, &playbook(), start()).map(|events| fold(&events).requester_unit);
    match refused {
        Some(code) => {
            let refusal = said.unwrap_err();
            assert_eq!((refusal.code(), refusal.field()), (code, Some("/for_unit")));
        }
        None => assert_eq!(said.unwrap(), Some(UNIT)),
    }
}

#[test]
fn z01_those_of_the_unit_see_it_and_do_nothing_to_it() {
    let office = facts(UnitKind::CommunityOffice, Some("532504001007"));
    let asked = Submission { for_unit: Some((UNIT, Some(office))), ..submission(None) };
    let mut story = Story::of(&asked, &clerk());
    let of_it = department();
    assert!(!of_it.sees_by_role(&story.ticket.parties()), "not what staff write among themselves");
    let refusal = story.step(&of_it, &Command::Urge, after(1)).unwrap_err();
    assert_eq!(refusal.code(), "permission.reach", "seen, and not theirs to urge");
    story.step(&clerk(), &Command::Urge, after(1)).unwrap();
}

#[rstest]
#[case::m10_message(Source::Message { group: "温泉小区".into(), id: "7".into() }, "ticket.message_needs_chat", "/origin/message")]
#[case::f11_order(Source::Order { number: "SZ7".into() }, "ticket.order_needs_hotline", "/origin/order")]
fn what_comes_from_elsewhere_comes_its_own_way(
    #[case] source: Source,
    #[case] code: &str,
    #[case] field: &str,
) {
    for channel in Channel::iter() {
        let given = Submission { source: Some(source.clone()), channel, ..submission(None) };
        let refusal = submit(&given, &worker(), &playbook(), start()).err();
        let said = refusal.as_ref().map(|refusal| (refusal.code(), refusal.field()));
        assert_eq!(said, (channel != source.channel()).then_some((code, Some(field))), "{channel:?}");
    }
}

#[test]
fn m09_emergencies_lie_with_the_county() {
    let mut playbook = playbook();
    playbook.categories.push(Category::named("emergency", "突发事件"));
    playbook.policy.desks.push(DeskRule { category: "emergency".into(), level: Level::County });
    let emergency = Submission { category: Some("emergency".into()), ..submission(None) };
    let events = submit(&emergency, &resident(), &playbook, start()).unwrap();
    assert_eq!(fold(&events).desk, place("532504"));
    // One that turns out to be one goes there, and those who sort it anew do not bring it down again.
    let events = submit(&submission(None), &resident(), &playbook, start()).unwrap();
    let mut story = Story { ticket: fold(&events), events, playbook };
    assert_eq!(story.ticket.desk, place("532504001007"));
    let as_a = |key: &str| Command::Grade {
        category: Some(key.into()),
        severity: None,
        affair: None,
        service: None,
    };
    story.step(&clerk(), &as_a("emergency"), after(1)).unwrap();
    assert_eq!((story.ticket.desk, story.ticket.escalation), (place("532504"), None));
    story.step(&clerk(), &as_a("lighting"), after(2)).unwrap();
    assert_eq!(story.ticket.desk, place("532504"));
}
