//! The rules of points, by tables.

use super::*;
use crate::actor::{Grant, Scope};
use crate::geo::Datum;
use crate::id::UserId;
use crate::permission::Role;
use crate::place::Levels;
use chrono::DateTime;
use proptest::prelude::*;
use rstest::rstest;
use uuid::Uuid;

fn at(lat: f64, lng: f64) -> Position {
    Position::new(lat, lng, Datum::Wgs84).unwrap()
}

fn hours(spans: &[(i64, &str, &str)]) -> Result<Hours, PointRefusal> {
    let given: Vec<_> =
        spans.iter().map(|(day, from, to)| (*day, (*from).to_owned(), (*to).to_owned())).collect();
    Hours::new(&given)
}

/// 80 metres a minute, ways 1.3 times as long: 923 metres in a quarter of an hour.
#[rstest]
#[case(0.0, 0)]
#[case(1.0, 1)]
#[case(61.5, 1)]
#[case(61.6, 2)]
#[case(923.0, 15)]
#[case(923.1, 16)]
#[case(3_692.3, 60)]
#[case(3_692.4, 61)]
fn f05_how_long_somebody_walks(#[case] metres: f64, #[case] minutes: u32) {
    assert_eq!(walk_minutes(metres), minutes);
}

/// A thousandth of a degree of latitude is 111 m everywhere, of longitude 101 m in Mile.
#[rstest]
#[case(at(24.4, 103.4), at(24.401, 103.4), 111.2)]
#[case(at(24.4, 103.4), at(24.4, 103.401), 101.3)]
#[case(at(24.4, 103.4), at(24.4, 103.4), 0.0)]
#[case(at(24.4, 103.4), at(24.4, 103.4).to(Datum::Gcj02), 0.0)]
fn f05_how_far_it_is(#[case] one: Position, #[case] other: Position, #[case] expected: f64) {
    assert!((metres(one, other) - expected).abs() < 0.1, "{}", metres(one, other));
}

proptest! {
    /// Whatever is reached lies in the rectangle that is looked at, and in a band of it; and that is not much larger.
    #[test]
    fn f05_nothing_within_reach_is_overlooked(
        lat in 18.0..53.0_f64, lng in 74.0..134.0_f64, minutes in 1..=60_u16,
        north in -0.04..0.04_f64, east in -0.06..0.06_f64,
    ) {
        let (here, there) = (at(lat, lng), at(lat + north, lng + east));
        let around = around(here, minutes);
        let metres = metres(here, there);
        let within = around.lat.contains(&there.lat()) && around.lng.contains(&there.lng());
        if walk_minutes(metres) <= minutes.into() {
            prop_assert!(metres <= reach(minutes) + 1e-6);
            prop_assert!(within && around.bands().contains(&band(there.lat())), "{metres} m");
        }
        if within {
            prop_assert!(metres < reach(minutes) * 1.5, "{metres} m");
        }
        prop_assert!(around.bands().count() <= 3);
    }

    #[test]
    fn hours_never_panic_and_are_open_where_they_say(
        spans in proptest::collection::vec((0..9_i64, "[0-9]{2}:[0-9]{2}", "[0-9]{2}:[0-9]{2}"), 0..5),
        minute in 0..10_080_i64,
    ) {
        let Ok(hours) = Hours::new(&spans) else { return Ok(()) };
        // A Monday at midnight in China.
        let monday = DateTime::from_timestamp(1_795_363_200, 0).unwrap();
        let open = hours.open_at(monday + chrono::TimeDelta::minutes(minute));
        let said = hours.spans().iter().any(|one| {
            let (begin, end) = one.minutes();
            (i64::from(begin)..i64::from(end)).contains(&minute)
        });
        prop_assert_eq!(open, (!hours.is_empty()).then_some(said));
    }
}

#[rstest]
#[case(&[], None)]
#[case(&[(1, "08:30", "12:00"), (1, "14:00", "17:30"), (7, "00:00", "24:00")], None)]
#[case(&[(1, "12:00", "14:00"), (1, "08:30", "12:00")], None)]
#[case(&[(0, "08:30", "12:00")], Some(("point.weekday", "/hours/0/weekday")))]
#[case(&[(1, "08:30", "12:00"), (8, "08:30", "12:00")], Some(("point.weekday", "/hours/1/weekday")))]
#[case(&[(1, "8:30", "12:00")], Some(("point.time", "/hours/0/from")))]
#[case(&[(1, "08:30", "24:01")], Some(("point.time", "/hours/0/to")))]
#[case(&[(1, "08:30", "12:00-13:00")], Some(("point.time", "/hours/0/to")))]
#[case(&[(1, "22:00", "06:00")], Some(("point.hours_reversed", "/hours/0/to")))]
#[case(&[(1, "08:00", "08:00")], Some(("point.hours_reversed", "/hours/0/to")))]
#[case(&[(1, "08:30", "12:00"), (2, "08:30", "12:00"), (1, "11:59", "13:00")], Some(("point.hours_overlap", "/hours/2")))]
#[case(&[(3, "08:30", "12:00"); 51], Some(("point.hours_count", "/hours")))]
fn f05_what_opening_hours_may_be(#[case] spans: &[(i64, &str, &str)], #[case] refused: Option<(&str, &str)>) {
    let refusal = hours(spans).err();
    let said = refusal.as_ref().map(|refusal| (refusal.code(), refusal.field().unwrap()));
    assert_eq!(said, refused);
}

/// Saturday 21 November 2026, in China.
#[rstest]
#[case("2026-11-21T00:29:59Z", Some(false))]
#[case("2026-11-21T00:30:00Z", Some(true))]
#[case("2026-11-21T03:59:59Z", Some(true))]
#[case("2026-11-21T04:00:00Z", Some(false))]
#[case("2026-11-21T15:59:59Z", Some(false))]
#[case("2026-11-21T16:00:00Z", Some(true))] // Sunday has begun.
#[case("2026-11-22T15:59:59Z", Some(true))]
#[case("2026-11-22T16:00:00Z", Some(false))]
fn f05_when_it_is_open(#[case] when: DateTime<chrono::Utc>, #[case] open: Option<bool>) {
    let hours = hours(&[(7, "00:00", "24:00"), (6, "08:30", "12:00")]).unwrap();
    assert_eq!(hours.open_at(when), open);
    assert_eq!(Hours::default().open_at(when), None);
}

#[rstest]
#[case(Charge::Free, None, None, Ok(None))]
#[case(Charge::PartPaid, Some(500), Some("次"), Ok(Some(500)))]
#[case(Charge::Commercial, Some(10_000_000), Some("小时"), Ok(Some(10_000_000)))]
#[case(Charge::PartPaid, None, Some("次"), Err(("point.price_without_amount", "/s/amount")))]
#[case(Charge::Commercial, Some(500), None, Err(("point.price_without_amount", "/s/per")))]
#[case(Charge::Commercial, Some(0), Some("次"), Err(("point.amount", "/s/amount")))]
#[case(Charge::Commercial, Some(-500), Some("次"), Err(("point.amount", "/s/amount")))]
#[case(Charge::Commercial, Some(10_000_001), Some("次"), Err(("point.amount", "/s/amount")))]
#[case(Charge::Commercial, Some(i64::MAX), Some("次"), Err(("point.amount", "/s/amount")))]
#[case(Charge::Free, Some(0), None, Err(("point.free_with_amount", "/s/amount")))]
#[case(Charge::Free, None, Some("次"), Err(("point.free_with_amount", "/s/per")))]
fn f05_each_service_is_free_part_paid_or_commercial(
    #[case] charge: Charge,
    #[case] amount: Option<i64>,
    #[case] per: Option<&str>,
    #[case] expected: Result<Option<u32>, (&str, &str)>,
) {
    let price = Price::new(charge, amount, per.map(str::to_owned), "/s");
    if let Ok(price) = &price {
        assert_eq!(Charge::from(price), charge);
    }
    let said = price.as_ref().map(|price| price.amount().map(|(amount, _)| amount));
    let refused = said.map_err(|refusal| (refusal.code(), refusal.field().unwrap()));
    assert_eq!(refused, expected);
}

#[rstest]
#[case(&[], Some("point.no_modes"))]
#[case(&[Mode::Home, Mode::Home], Some("point.mode_twice"))]
#[case(&[Mode::Order, Mode::Booking, Mode::Home, Mode::Errand], None)]
fn f05_a_service_is_had_in_some_of_four_ways(#[case] modes: &[Mode], #[case] refused: Option<&str>) {
    let service = Service::new("理发".into(), modes.to_vec(), Price::Free, "/s");
    assert_eq!(service.err().map(|refusal| refusal.code()), refused);
}

#[rstest]
#[case(Some(Mode::Home), None, true)]
#[case(Some(Mode::Order), None, true)]
#[case(Some(Mode::Errand), None, false)]
#[case(None, Some(Charge::Free), true)]
#[case(None, Some(Charge::Commercial), false)]
// Not one service that is both.
#[case(Some(Mode::Home), Some(Charge::Free), false)]
#[case(Some(Mode::Home), Some(Charge::PartPaid), true)]
fn f05_what_is_wanted_is_offered_by_one_service(
    #[case] mode: Option<Mode>,
    #[case] charge: Option<Charge>,
    #[case] found: bool,
) {
    let part_paid = Price::PartPaid { amount: 500, per: "次".into() };
    let services = [
        Service::new("理发".into(), vec![Mode::Home], part_paid, "/s").unwrap(),
        Service::new("量血压".into(), vec![Mode::Order], Price::Free, "/s").unwrap(),
    ];
    assert_eq!(wanted(mode, charge).unwrap() & offers(&services) != 0, found);
    assert_eq!(wanted(None, None), None);
}

#[test]
fn every_way_and_price_has_a_bit_of_its_own() {
    use strum::IntoEnumIterator;
    let pairs = Mode::iter().flat_map(|mode| Charge::iter().map(move |charge| (mode, charge)));
    let bits: std::collections::BTreeSet<_> =
        pairs.map(|(mode, charge)| wanted(Some(mode), Some(charge)).unwrap()).collect();
    assert_eq!((bits.len(), bits.iter().all(|bits| bits.count_ones() == 1)), (12, true));
}

fn about(kind: Kind, details: Details) -> About {
    let place = PlaceId(Uuid::from_u128(7));
    About { kind, name: "北门".into(), place, position: at(24.4, 103.4), unit: None, details }
}

#[test]
fn z08_of_a_camera_a_map_needs_where_it_is() {
    let phone = Phone::parse("0873-6123456").ok();
    let said = [
        (Details { phone, ..Details::default() }, "/phone"),
        (Details { hours: hours(&[(1, "08:00", "09:00")]).unwrap(), ..Details::default() }, "/hours"),
        (Details { activities: Some("周三".into()), ..Details::default() }, "/activities"),
        (Details { conveniences: Some("饮水".into()), ..Details::default() }, "/conveniences"),
    ];
    for (details, field) in said {
        assert_eq!(about(Kind::Shop, details.clone()).check(), Ok(()));
        assert_eq!(about(Kind::Camera, details).check(), Err(PointFault::CameraOnlyMap.at(field)));
    }
    let address = Details { address: Some("北门灯杆".into()), ..Details::default() };
    assert_eq!(about(Kind::Camera, address).check(), Ok(()));
}

#[rstest]
#[case(Role::CommunityClerk, "532504001007", "532504001007003", None)]
#[case(Role::StreetDispatcher, "532504001", "532504001", None)]
#[case(Role::CountyAdmin, "532504", "532504001007", None)]
#[case(Role::SystemAdmin, "532504", "532504001007", None)]
#[case(Role::SystemAdmin, "532504", "532504", Some("point.at_county"))]
#[case(Role::CommunityClerk, "532504001007", "532504001008", Some("point.beyond_scope"))]
#[case(Role::CommunityClerk, "532504001007", "532504001", Some("point.beyond_scope"))]
#[case(Role::GridWorker, "532504001007", "532504001007", Some("point.beyond_scope"))]
#[case(Role::Supervisor, "532504", "532504001007", Some("point.beyond_scope"))]
fn who_keeps_the_points_of_a_place(
    #[case] role: Role,
    #[case] granted: &str,
    #[case] code: &str,
    #[case] refused: Option<&str>,
) {
    let place = |code| PlaceCode::parse(code, &Levels::default()).unwrap();
    let grants = vec![Grant { role, scope: Scope::Places(vec![place(granted)]) }];
    let actor = Actor { user: UserId(Uuid::from_u128(1)), grants };
    let asked = |retired| actor.may_put_point_at(&place(code), retired).err().map(|refusal| refusal.code());
    assert_eq!(asked(false), refused);
    assert_eq!(asked(true), refused.or(Some("place.retired")));
    assert!(actor.sees_points_of(Kind::Camera));
    let resident = Actor { user: actor.user, grants: vec![] };
    assert!(!resident.sees_points_of(Kind::Camera) && resident.sees_points_of(Kind::SuggestionBox));
}

#[test]
fn what_happened_survives_storage() {
    let details = Details {
        phone: Phone::parse("0873-6123456").ok(),
        hours: hours(&[(1, "08:30", "12:00")]).unwrap(),
        services: vec![Service::new("理发".into(), vec![Mode::Home], Price::Free, "/s").unwrap()],
        ..Details::default()
    };
    let fact = Fact::PointFounded(about(Kind::ServicePoint, details));
    let json = serde_json::to_value(&fact).unwrap();
    assert_eq!((&json["kind"], &json["of"]), (&"point_founded".into(), &"service_point".into()));
    assert_eq!(json["details"]["hours"][0]["span"], "08:30-12:00");
    assert_eq!(serde_json::from_value::<Fact>(json).unwrap(), fact);
    let said_nothing = about(Kind::Camera, Details::default());
    let json = serde_json::to_value(&said_nothing).unwrap();
    assert_eq!(serde_json::from_value::<About>(json).unwrap(), said_nothing);
}
