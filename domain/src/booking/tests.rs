//! What may happen to a booking.

use super::*;
use crate::actor::{Grant, Scope};
use crate::geo::{Datum, Position};
use crate::id::{PlaceId, TextId};
use crate::permission::Role;
use crate::place::Levels;
use crate::point::{About, Details, Hours, Kind, Price, Service};
use crate::text::FreeText;
use proptest::prelude::*;
use rstest::rstest;
use uuid::Uuid;

fn code() -> PlaceCode {
    PlaceCode::parse("532504001007", &Levels::default()).unwrap()
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

/// Saturday, 9 in the morning in China.
fn now() -> Timestamp {
    at("2026-11-21T01:00:00Z")
}

/// Monday, 9 in the morning.
fn monday() -> Timestamp {
    at("2026-11-23T01:00:00Z")
}

fn unit() -> UnitId {
    UnitId(Uuid::from_u128(70))
}

fn resident(n: u128) -> Actor {
    Actor { user: UserId(Uuid::from_u128(n)), grants: vec![] }
}

fn clerk(n: u128) -> Actor {
    let grant = Grant { role: Role::CommunityClerk, scope: Scope::Places(vec![code()]) };
    Actor { grants: vec![grant], ..resident(n) }
}

fn handler(n: u128, unit: UnitId) -> Actor {
    let grant = Grant { role: Role::DepartmentHandler, scope: Scope::Unit(unit) };
    Actor { grants: vec![grant], ..resident(n) }
}

fn text(body: &str) -> Text {
    let reference = TextRef { id: TextId(Uuid::from_u128(9)), hash: [0; 32] };
    Text { reference, body: FreeText::parse(body.to_owned()).unwrap() }
}

fn point(seats: u16) -> Point {
    let service =
        |name: &str, modes: &[Mode]| Service { name: name.into(), modes: modes.into(), price: Price::Free };
    let details = Details {
        hours: Hours::new(&[(1, "09:00".into(), "11:00".into()), (6, "09:00".into(), "11:00".into())])
            .unwrap(),
        services: vec![service("社保卡补领", &[Mode::Booking]), service("饮水", &[Mode::Order])],
        slots: Some(Slots { minutes: 30, seats, closed: vec![] }),
        ..Details::default()
    };
    let about = About {
        kind: Kind::ServicePoint,
        name: "服务中心".into(),
        place: PlaceId(Uuid::nil()),
        position: Position::new(24.4, 103.4, Datum::Wgs84).unwrap(),
        unit: Some(unit()),
        details,
    };
    Point { id: PointId(Uuid::from_u128(50)), version: 1, about, retired_at: None }
}

fn new(n: u128, begins_at: Timestamp) -> NewBooking {
    NewBooking { requester: resident(n).user, service: "社保卡补领".into(), begins_at, text: None }
}

fn booked_at(begins_at: Timestamp) -> Booking {
    Booking::book(&new(1, begins_at), (&point(1), &code()), &HashSet::new(), &resident(1), now())
        .unwrap()
        .after
}

fn refused<T>(result: Result<T, Refusal>) -> &'static str {
    result.err().map_or("", |refusal| refusal.code())
}

#[rstest]
#[case::well(|_: &mut NewBooking, _: &mut Point| (), "")]
#[case::no_slots(|_: &mut NewBooking, point: &mut Point| point.about.details.slots = None, "booking.not_bookable")]
#[case::retired(|_: &mut NewBooking, point: &mut Point| point.retired_at = Some(now()), "booking.not_bookable")]
#[case::not_by_appointment(|new: &mut NewBooking, _: &mut Point| new.service = "饮水".into(), "booking.no_such_service")]
#[case::no_service(|new: &mut NewBooking, _: &mut Point| new.service = "护照".into(), "booking.no_such_service")]
#[case::past(|new: &mut NewBooking, _: &mut Point| new.begins_at = now() - TimeDelta::minutes(30), "matter.time")]
#[case::far(|new: &mut NewBooking, _: &mut Point| new.begins_at = monday() + TimeDelta::days(35), "matter.time")]
#[case::between(|new: &mut NewBooking, _: &mut Point| new.begins_at += TimeDelta::minutes(10), "booking.no_slot")]
#[case::closed(|new: &mut NewBooking, _: &mut Point| new.begins_at += TimeDelta::hours(2), "booking.no_slot")]
#[case::seconds(|new: &mut NewBooking, _: &mut Point| new.begins_at += TimeDelta::seconds(1), "booking.no_slot")]
fn f11_what_can_be_booked(#[case] change: fn(&mut NewBooking, &mut Point), #[case] code_of: &str) {
    let (mut new, mut point) = (new(1, monday()), point(1));
    change(&mut new, &mut point);
    let booked = Booking::book(&new, (&point, &code()), &HashSet::new(), &resident(1), now());
    assert_eq!(refused(booked), code_of);
}

#[rstest]
#[case::oneself(resident(1), "")]
#[case::another(resident(2), "matter.beyond_scope")]
#[case::clerk(clerk(2), "")]
#[case::unit(handler(2, unit()), "")]
#[case::other_unit(handler(2, UnitId(Uuid::from_u128(71))), "matter.beyond_scope")]
fn f11_who_books_for_whom(#[case] actor: Actor, #[case] code_of: &str) {
    let booked = Booking::book(&new(1, monday()), (&point(1), &code()), &HashSet::new(), &actor, now());
    assert_eq!(refused(booked), code_of);
}

proptest! {
    /// However many come in whatever order, nobody has a seat that another has, none is empty while somebody is refused, and
    /// nobody has two of a day.
    #[test]
    fn f11_seats_are_given_once(seats in 1u16..5, people in prop::collection::vec((1u128..6, 0i64..4), 1..40)) {
        let (point, mut taken) = (point(seats), HashSet::new());
        for (person, slot) in people {
            let begins_at = monday() + TimeDelta::minutes(30 * slot);
            let there = (&point, &code());
            match Booking::book(&new(person, begins_at), there, &taken, &resident(person), now()) {
                Ok(change) => {
                    for slot in change.after.columns().slots {
                        prop_assert!(taken.insert(slot));
                    }
                }
                Err(refusal) => {
                    let full = super::seats(point.id, begins_at, point.about.details.slots.as_ref().unwrap()).all(|seat| taken.contains(&seat));
                    let twice = taken.contains(&own(resident(person).user, point.id, begins_at));
                    prop_assert_eq!(refusal.code(), if twice { "booking.once_a_day" } else { "booking.full" });
                    prop_assert!(twice || full);
                }
            }
        }
    }
}

#[test]
fn f11_they_are_reminded_once_and_known_not_to_have_come() {
    let booked = booked_at(monday());
    let (reminder, over) =
        (monday() - TimeDelta::hours(2), monday() + TimeDelta::minutes(30) + TimeDelta::days(1));
    assert_eq!(booked.columns().next_at, Some(reminder));
    assert!(booked.settle(reminder - TimeDelta::seconds(1)).is_none());
    let reminded = booked.settle(reminder).unwrap();
    assert_eq!(reminded.tell, [(Recipient::Person(resident(1).user), Notice::MatterDue)]);
    let reminded = reminded.after;
    assert_eq!(reminded.columns().next_at, Some(over));
    assert!(reminded.settle(over - TimeDelta::seconds(1)).is_none());
    let missed = reminded.settle(over).unwrap().after;
    assert_eq!((missed.status, missed.columns().next_at), (BookingStatus::NoShow, None));
    assert!(missed.columns().slots.is_empty() && missed.settle(over).is_none());
    // Nobody is reminded of what has begun.
    assert!(booked.settle(monday()).unwrap().tell.is_empty());
    // Whoever books for now needs no reminder.
    let soon = booked_at(now() + TimeDelta::minutes(30));
    assert!(soon.reminded && soon.settle(now() + TimeDelta::hours(1)).is_none());
}

#[rstest]
#[case::clerk(clerk(2), monday(), "")]
#[case::unit(handler(2, unit()), monday(), "")]
#[case::early(clerk(2), monday() - TimeDelta::hours(12), "")]
#[case::too_early(clerk(2), monday() - TimeDelta::hours(13), "booking.too_early")]
#[case::oneself(resident(1), monday(), "matter.beyond_scope")]
#[case::other_unit(handler(2, UnitId(Uuid::from_u128(71))), monday(), "matter.beyond_scope")]
fn f11_who_serves_and_when(#[case] actor: Actor, #[case] then: Timestamp, #[case] code_of: &str) {
    let served = booked_at(monday()).serve(Some(&text("已受理")), &actor, &code(), then);
    assert_eq!(refused(served), code_of);
}

#[rstest]
#[case::oneself(resident(1), monday() - TimeDelta::seconds(1), "")]
#[case::oneself_late(resident(1), monday(), "booking.begun")]
#[case::clerk_late(clerk(2), monday(), "")]
#[case::another(resident(2), now(), "matter.beyond_scope")]
fn f11_who_cancels_and_when(#[case] actor: Actor, #[case] then: Timestamp, #[case] code_of: &str) {
    let cancelled = booked_at(monday()).cancel(&text("有事"), &actor, &code(), then);
    assert_eq!(refused(cancelled), code_of);
}

#[test]
fn f11_what_is_over_stays_so() {
    let (before, end) = (booked_at(monday()), monday() + TimeDelta::minutes(30));
    assert_eq!(refused(before.miss(&clerk(2), &code(), end - TimeDelta::seconds(1))), "booking.too_early");
    let missed = before.miss(&clerk(2), &code(), end).unwrap();
    assert_eq!(missed.tell, [(Recipient::Person(resident(1).user), Notice::MatterOverdue)]);
    let missed = missed.after;
    assert_eq!(refused(missed.miss(&clerk(2), &code(), end)), "matter.over");
    assert_eq!(refused(missed.cancel(&text("x"), &clerk(2), &code(), end)), "matter.over");
    // They came after all, and nobody had written it down.
    let week = TimeDelta::days(7);
    let served = missed.serve(None, &clerk(2), &code(), end + week - TimeDelta::seconds(1)).unwrap().after;
    assert_eq!(served.status, BookingStatus::Served);
    assert_eq!(refused(missed.serve(None, &clerk(2), &code(), end + week)), "matter.over");
    assert_eq!(refused(served.serve(None, &clerk(2), &code(), end)), "matter.over");
    let cancelled = before.cancel(&text("有事"), &resident(1), &code(), now()).unwrap();
    let keepers = [Recipient::Desk(code()), Recipient::Unit(unit())];
    assert!(keepers.iter().all(|keeper| cancelled.tell.contains(&(*keeper, Notice::MatterReported))));
    assert!(cancelled.after.columns().slots.is_empty() && cancelled.after.given_up(now()).is_none());
    assert_eq!(before.given_up(now()).unwrap().after.status, BookingStatus::Cancelled);
}

#[test]
fn f11_whoever_booked_for_somebody_sees_it_while_they_serve_there() {
    let booked = Booking::book(&new(1, monday()), (&point(1), &code()), &HashSet::new(), &clerk(2), now());
    let booked = booked.unwrap().after;
    assert!(booked.is_seen_by(&resident(1), &code()) && booked.is_seen_by(&clerk(2), &code()));
    assert!(booked.is_seen_by(&handler(3, unit()), &code()));
    // Whoever serves there, by post or for the unit of the point, reads who comes.
    let named = |actor: &Actor| booked.names_requester_to(actor, &code());
    assert!(named(&resident(1)) && named(&clerk(2)) && named(&handler(3, unit())));
    assert!(!named(&resident(3)) && !named(&handler(3, UnitId(Uuid::from_u128(99)))));
    // They left.
    assert!(!booked.is_seen_by(&resident(2), &code()));
    assert_eq!(refused(booked.cancel(&text("x"), &resident(2), &code(), now())), "matter.beyond_scope");
}

#[rstest]
#[case::as_it_is(|_: &mut Point| (), true)]
#[case::retired(|point: &mut Point| point.retired_at = Some(now()), false)]
#[case::other_unit(|point: &mut Point| point.about.unit = None, false)]
#[case::no_more_slots(|point: &mut Point| point.about.details.slots = None, true)]
#[case::closed(|point: &mut Point| slots(point).closed.push(china_day(monday())), true)]
#[case::other_grid(|point: &mut Point| slots(point).minutes = 20, false)]
#[case::more_seats(|point: &mut Point| slots(point).seats = 2, true)]
#[case::no_hours(|point: &mut Point| point.about.details.hours = Hours::default(), false)]
#[case::no_service(|point: &mut Point| point.about.details.services.clear(), false)]
fn f11_what_was_promised_is_kept(#[case] change: fn(&mut Point), #[case] fits: bool) {
    let mut point = point(1);
    change(&mut point);
    assert_eq!(booked_at(monday()).fits(&point), fits);
}

fn slots(point: &mut Point) -> &mut Slots {
    point.about.details.slots.as_mut().unwrap()
}
