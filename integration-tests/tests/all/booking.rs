//! Bookings of services at points: slots, seats, reminders, and who did not come.

use crate::point::{at, call, found, with};
use futures_util::future::join_all;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT};
use integration_tests::client::Answer;
use integration_tests::database::contains;
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

/// Monday, 9 in the morning in China; it is Saturday.
const MONDAY: &str = "2026-11-23T01:00:00Z";

/// A centre with slots of half an hour on Mondays from nine to ten.
async fn centre(clerk: &Caller, seats: u32, more: Value) -> Answer {
    let said = json!({
        "hours": [{"weekday": 1, "from": "09:00", "to": "10:00"}], "slots": {"minutes": 30, "seats": seats},
        "services": [{"name": "社保卡补领", "modes": ["booking"], "price": "free"}, {"name": "饮水", "modes": ["order"], "price": "free"}]
    });
    found(clerk, with(with(at("service_point", "党群服务中心", (10.0, 0.0)), said), more)).await
}

fn wish(point: &Answer) -> Value {
    json!({"point": point.str("id"), "service": "社保卡补领", "begins_at": MONDAY})
}

fn path(booking: &Answer) -> String {
    format!("/bookings/{}", booking.str("id"))
}

async fn told(caller: &Caller) -> Vec<String> {
    let inbox = caller.get("/me/inbox").await.expect(200);
    let of_bookings = inbox.items().iter().filter(|one| one["matter"]["kind"] == "booking");
    of_bookings.map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
}

async fn free(caller: &Caller, point: &Answer) -> Vec<u64> {
    let slots = caller.get(&format!("{}/slots?day=2026-11-23", call(point))).await.expect(200);
    slots.items().iter().map(|slot| slot["free"].as_u64().unwrap()).collect()
}

#[rstest]
#[tokio::test]
async fn f11_a_service_is_booked_and_the_booked_are_served(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let resident = app.resident("王芳").await;
    let point = centre(&clerk, 2, json!({})).await;
    let day = resident.get(&format!("{}/slots?day=2026-11-23", call(&point))).await.expect(200);
    assert_eq!(day.json["services"], json!(["社保卡补领"]));
    assert_eq!(day.items()[0], json!({"begins_at": MONDAY, "ends_at": "2026-11-23T01:30:00Z", "free": 2}));
    assert_eq!(day.items().len(), 2);
    let booking =
        resident.post("/bookings", with(wish(&point), json!({"text": "要带什么？"}))).await.expect(201);
    assert_eq!((booking.str("status_name"), booking.str("text")), ("已预约", "要带什么？"));
    assert_eq!(booking.json["point"]["name"], json!("党群服务中心"));
    assert_eq!(
        (free(&resident, &point).await, told(&clerk).await),
        (vec![1, 2], vec!["matter_assigned".to_owned()])
    );
    // Two hours before it begins they are reminded, once.
    let this = path(&booking);
    clerk.post(&format!("{this}/serve"), json!({})).await.refused(409, "booking.too_early");
    app.pass(46 * 60 - 1);
    app.app.catch_up().await.unwrap();
    assert!(told(&resident).await.is_empty());
    app.pass(1);
    app.app.catch_up().await.unwrap();
    app.app.catch_up().await.unwrap();
    assert_eq!(told(&resident).await, ["matter_due"]);
    // Whoever serves there says what came of it, and nobody else.
    resident.post(&format!("{this}/serve"), json!({})).await.refused(403, "permission.role");
    let neighbour = app.staff("community_clerk", NEIGHBOUR).await;
    neighbour.post(&format!("{this}/serve"), json!({})).await.refused(404, "matter.not_found");
    clerk.post(&format!("{this}/miss"), json!({})).await.refused(409, "booking.too_early");
    // Who said before that they did not come puts it right.
    app.pass(150);
    let missed = clerk.post(&format!("{this}/miss"), json!({})).await.expect(200);
    assert_eq!(missed.str("status_name"), "未到");
    assert_eq!(told(&resident).await[0], "matter_overdue");
    let served = clerk.post(&format!("{this}/serve"), json!({"text": "十个工作日后来取"})).await.expect(200);
    assert_eq!((served.str("status_name"), served.str("reply")), ("已办理", "十个工作日后来取"));
    assert_eq!(told(&resident).await[0], "matter_done");
    clerk.post(&format!("{this}/miss"), json!({})).await.refused(409, "matter.over");
    let admin = app.staff("county_admin", "532504").await;
    let audit = admin.get("/audit?place=532504").await.expect(200);
    assert!(audit.text.contains("预约办理"), "{}", audit.text);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f11_of_many_who_book_at_once_as_many_have_a_seat_as_there_are(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let point = centre(&clerk, 3, json!({})).await;
    let names = ["甲", "乙", "丙", "丁", "戊", "己", "庚", "辛"];
    let people = join_all(names.map(|name| app.resident(name))).await;
    let answers = join_all(people.iter().map(|who| who.post("/bookings", wish(&point)))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 201, 409, 409, 409, 409, 409]);
    let late = answers.iter().find(|answer| answer.status == 409).unwrap();
    late.refused_for(409, "booking.full", "/begins_at");
    assert_eq!(free(&clerk, &point).await, [0, 3]);
    // One a day each: nobody keeps others out.
    let (n, first) = answers.iter().enumerate().find(|(_, answer)| answer.status == 201).unwrap();
    let later = with(wish(&point), json!({"begins_at": "2026-11-23T01:30:00Z"}));
    people[n].post("/bookings", later.clone()).await.refused_for(409, "booking.once_a_day", "/begins_at");
    // A seat that is given back is free.
    let cancelled =
        people[n].post(&format!("{}/cancel", path(first)), json!({"text": "临时有事"})).await.expect(200);
    assert_eq!(cancelled.str("status"), "cancelled");
    assert_eq!(free(&clerk, &point).await, [1, 3]);
    let _ = people[n].post("/bookings", later).await.expect(201);
    // Whoever repeats the call has what they had.
    let key = [("idempotency-key", "k")];
    let who = app.resident("重试者").await;
    let once = who.post_with("/bookings", &key, wish(&point)).await.expect(201);
    assert_eq!(who.post_with("/bookings", &key, wish(&point)).await.expect(201).text, once.text);
    assert_eq!(app.app.verify().await.unwrap(), Vec::<String>::new());
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f11_who_did_not_come_is_known_and_lists_are_by_day(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let resident = app.resident("王芳").await;
    let handler = app.of_unit("department_handler", UNIT).await;
    let point = centre(&clerk, 2, json!({"unit": UNIT})).await;
    let other = centre(&clerk, 2, json!({"name": "另一处"})).await;
    let mine = resident.post("/bookings", wish(&point)).await.expect(201);
    let elsewhere = resident.post("/bookings", wish(&other)).await.expect(201);
    // The unit that runs the point hears of it, and books for those who call.
    assert_eq!(told(&handler).await, ["matter_assigned"]);
    let volunteer = app.id_of(&app.staff("volunteer", COMMUNITY).await).await;
    let for_other = with(wish(&point), json!({"person": volunteer}));
    resident.post("/bookings", for_other.clone()).await.refused(403, "matter.beyond_scope");
    let booked = handler.post("/bookings", for_other).await.expect(201);
    assert_eq!(booked.json["requester"]["id"], json!(volunteer));
    // Whoever serves there reads who comes, for the unit as well; who watches over the county does not.
    let comes =
        async |caller: &Caller| caller.get(&path(&mine)).await.expect(200).json["requester"]["name"].clone();
    assert_eq!((comes(&handler).await, comes(&clerk).await), (json!("王芳"), json!("王芳")));
    assert_eq!(comes(&app.staff("supervisor", "532504").await).await, "王*");
    let nobody = with(wish(&point), json!({"person": uuid::Uuid::from_u128(7)}));
    clerk.post("/bookings", nobody).await.refused_for(422, "matter.who", "/person");
    let count = async |caller: &Caller, query: &str| {
        caller.get(&format!("/bookings?{query}")).await.expect(200).items().len()
    };
    assert_eq!((count(&resident, "mine=true").await, count(&resident, "").await), (2, 0));
    assert_eq!(count(&clerk, "day=2026-11-23").await, 3);
    assert_eq!(count(&clerk, "day=2026-11-24").await, 0);
    assert_eq!(count(&clerk, &format!("point={}&status=booked", point.str("id"))).await, 2);
    assert_eq!(count(&handler, "mine=true").await, 2);
    assert_eq!(count(&app.staff("community_clerk", NEIGHBOUR).await, "").await, 0);
    // A day after its slot nobody came.
    app.pass(48 * 60 + 31);
    let late = json!({"text": "去不了了"});
    resident.post(&format!("{}/cancel", path(&mine)), late.clone()).await.refused(409, "booking.begun");
    let _ = handler.post(&format!("{}/serve", path(&booked)), json!({})).await.expect(200);
    let missed = clerk.post(&format!("{}/miss", path(&elsewhere)), json!({})).await.expect(200);
    assert_eq!(missed.str("status_name"), "未到");
    app.pass(24 * 60 + 30);
    app.app.catch_up().await.unwrap();
    app.app.catch_up().await.unwrap();
    assert_eq!(resident.get(&path(&mine)).await.expect(200).str("status"), "no_show");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f11_what_cannot_be_booked_is_said(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let resident = app.resident("王芳").await;
    let point = centre(&clerk, 1, json!({})).await;
    let refused = async |more: Value, status: u16, code: &str, field: &str| {
        resident.post("/bookings", with(wish(&point), more)).await.refused_for(status, code, field);
    };
    refused(json!({"service": "饮水"}), 422, "booking.no_such_service", "/service").await;
    refused(json!({"begins_at": "2026-11-23T01:10:00Z"}), 422, "booking.no_slot", "/begins_at").await;
    refused(json!({"begins_at": "2026-11-16T01:00:00Z"}), 422, "matter.time", "/begins_at").await;
    refused(json!({"begins_at": "2027-11-22T01:00:00Z"}), 422, "matter.time", "/begins_at").await;
    refused(json!({"begins_at": "+262142-12-31T20:00:00Z"}), 422, "matter.time", "/begins_at").await;
    refused(json!({"point": uuid::Uuid::from_u128(7)}), 404, "point.not_found", "/point").await;
    refused(json!({"text": ""}), 422, "text.empty", "/text").await;
    for (day, status, code) in [
        ("2026-11-20", 422, "request.out_of_range"),
        ("2026-12-22", 422, "request.out_of_range"),
        ("tomorrow", 400, "request.invalid_value"),
    ] {
        resident.get(&format!("{}/slots?day={day}", call(&point))).await.refused_for(status, code, "?day");
    }
    let _ = resident.get("/bookings?day=9999-12-31").await.expect(200);
    resident.get("/bookings?day=-9999-01-01").await.refused_for(422, "request.out_of_range", "?day");
    // A point without slots, and one that is none any more.
    let plain = found(&clerk, at("venue", "广场", (20.0, 0.0))).await;
    resident.post("/bookings", wish(&plain)).await.refused_for(409, "booking.not_bookable", "/point");
    assert!(free(&resident, &plain).await.is_empty());
    let _ = clerk.post(&format!("{}/retire", call(&point)), json!({"reason": "迁走"})).await.expect(200);
    resident.post("/bookings", wish(&point)).await.refused_for(409, "booking.not_bookable", "/point");
    // What is said of slots.
    for (more, code, field) in [
        (json!({"slots": {"minutes": 4, "seats": 1}}), "point.slot_minutes", "/slots/minutes"),
        (json!({"slots": {"minutes": 30, "seats": 0}}), "point.seats", "/slots/seats"),
        (
            json!({"slots": {"minutes": 30, "seats": 1, "closed": vec!["2027-01-01"; 61]}}),
            "point.closed_count",
            "/slots/closed",
        ),
        (json!({"hours": []}), "point.slots_without_hours", "/slots"),
        (json!({"services": []}), "point.slots_for_nothing", "/slots"),
    ] {
        let said = json!({
            "hours": [{"weekday": 1, "from": "09:00", "to": "10:00"}], "slots": {"minutes": 30, "seats": 1},
            "services": [{"name": "社保卡补领", "modes": ["booking"], "price": "free"}]
        });
        let body = with(with(at("service_point", "服务中心", (10.0, 0.0)), said), more);
        clerk.post("/points", body).await.refused_for(422, code, field);
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f11_a_booking_says_nothing_of_whoever_was_erased(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let resident = app.resident("王芳").await;
    let point = centre(&clerk, 1, json!({})).await;
    let said = with(wish(&point), json!({"text": "替李桂芳领"}));
    let booking = path(&resident.post("/bookings", said).await.expect(201));
    app.pass(48 * 60);
    let resident = app.resident("王芳").await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let _ = clerk.post(&format!("{booking}/serve"), json!({"text": "李桂芳的卡已领"})).await.expect(200);
    let copy = resident.get("/me/export").await.expect(200);
    assert!(copy.text.contains("替李桂芳领") && copy.text.contains("booking"), "{}", copy.text);
    let _ = resident.post("/me/erase", json!({})).await.expect(200);
    for word in ["替李桂芳领", "李桂芳的卡已领"] {
        assert!(!contains(&app.url, word).await, "{word}");
    }
    let seen = clerk.get(&booking).await.expect(200);
    assert_eq!((seen.str("status"), seen.json.get("text")), ("served", None));
    // What they were still to come to is given up, and their seat is free.
    let gone = app.resident("路人").await;
    let next = json!({"begins_at": "2026-11-30T01:00:00Z"});
    let coming = path(&gone.post("/bookings", with(wish(&point), next.clone())).await.expect(201));
    let _ = gone.post("/me/erase", json!({})).await.expect(200);
    app.app.catch_up().await.unwrap();
    assert_eq!(clerk.get(&coming).await.expect(200).str("status"), "cancelled");
    assert_eq!(told(&clerk).await[0], "matter_reported");
    let _ = app.resident("下一位").await.post("/bookings", with(wish(&point), next)).await.expect(201);
    assert_eq!(app.app.verify().await.unwrap(), Vec::<String>::new());
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f11_what_was_promised_is_kept_or_cancelled_first(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    // A street has a counter of its own.
    let street = app.staff("street_dispatcher", STREET).await;
    let resident = app.resident("王芳").await;
    let body = |more: Value| {
        let said = json!({
            "place": STREET, "hours": [{"weekday": 1, "from": "09:00", "to": "10:00"}],
            "slots": {"minutes": 30, "seats": 2}, "services": [{"name": "社保卡补领", "modes": ["booking"], "price": "free"}]
        });
        with(with(at("service_point", "街道便民服务中心", (10.0, 0.0)), said), more)
    };
    let point = found(&street, body(json!({}))).await;
    let booking = path(&resident.post("/bookings", wish(&point)).await.expect(201));
    for more in [
        json!({"slots": {"minutes": 20, "seats": 2}}),
        json!({"hours": [{"weekday": 2, "from": "09:00", "to": "10:00"}]}),
        json!({"unit": UNIT}),
        json!({"place": COMMUNITY}),
    ] {
        street.put_with(&call(&point), &[], body(more)).await.refused(409, "point.booked");
    }
    street
        .post(&format!("{}/retire", call(&point)), json!({"reason": "迁走"}))
        .await
        .refused(409, "point.booked");
    // A day that is closed takes no more, and keeps what it took.
    let closed = body(json!({"slots": {"minutes": 30, "seats": 2, "closed": ["2026-11-23"]}}));
    let shown = street.put_with(&call(&point), &[], closed).await.expect(200);
    assert_eq!(shown.json["slots"]["closed"], json!(["2026-11-23"]));
    assert!(free(&resident, &point).await.is_empty());
    let other = app.resident("路人").await;
    other.post("/bookings", wish(&point)).await.refused_for(422, "booking.no_slot", "/begins_at");
    let reason = json!({"text": "停电，改日再约"});
    let cancelled = street.post(&format!("{booking}/cancel"), reason).await.expect(200);
    assert_eq!((cancelled.str("status"), cancelled.str("reply")), ("cancelled", "停电，改日再约"));
    assert_eq!(told(&resident).await, ["matter_decided"]);
    let _ = street.post(&format!("{}/retire", call(&point)), json!({"reason": "迁走"})).await.expect(200);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f11_whoever_serves_at_a_street_serves(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let street = app.staff("street_dispatcher", STREET).await;
    let resident = app.resident("王芳").await;
    let point = centre(&street, 1, json!({"place": STREET})).await;
    let booking = path(&resident.post("/bookings", wish(&point)).await.expect(201));
    app.pass(48 * 60);
    let served = street.post(&format!("{booking}/serve"), json!({})).await.expect(200);
    assert_eq!(served.str("status_name"), "已办理");
    app.stop().await;
}
