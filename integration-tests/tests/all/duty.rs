//! 值班: who is on duty, and the bell of what is new and what is late.

use crate::inbox::told;
use crate::people::worker;
use crate::ticket::Cast;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT, lamp};
use integration_tests::client::send;
use integration_tests::database::number;
use integration_tests::{Answer, Backend, Caller};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

const COUNTY: &str = "532504";
/// The clock of the tests stands at 01:00.
const EARLIER: &str = "2026-11-21T00:00:00Z";
const LATER: &str = "2026-11-21T02:00:00Z";
const EVENING: &str = "2026-11-21T12:00:00Z";
const TOMORROW: &str = "2026-11-22T01:00:00Z";

fn shift(place: &str, person: &str, starts_at: &str, ends_at: &str) -> Value {
    json!({"place": place, "person": person, "starts_at": starts_at, "ends_at": ends_at})
}

async fn on_duty(admin: &Caller, place: &str, person: &str) -> Answer {
    admin.post("/shifts", shift(place, person, EARLIER, TOMORROW)).await.expect(201)
}

async fn remove(caller: &Caller, path: &str) -> Answer {
    send(caller.request(Method::DELETE, path)).await
}

#[rstest]
#[tokio::test]
async fn the_bell_rings_at_the_nearest_place_that_has_somebody(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    let admin = app.staff("county_admin", COUNTY).await;
    let near = app.staff("grid_worker", COMMUNITY).await;
    let far = app.staff("grid_leader", STREET).await;
    let next_door = app.staff("grid_worker", NEIGHBOUR).await;
    let file = async || {
        let _ = resident.post("/tickets", lamp()).await.expect(201);
        app.app.catch_up().await.unwrap();
    };
    // Nobody is on duty: nobody is rung.
    file().await;
    assert_eq!(number(&app.url, "SELECT count(*) FROM inbox WHERE kind = 'duty_new'").await, 0);
    let _ = on_duty(&admin, STREET, &app.id_of(&far).await).await;
    let _ = on_duty(&admin, NEIGHBOUR, &app.id_of(&next_door).await).await;
    file().await;
    assert_eq!(told(&far).await, ["duty_new"]);
    // Somebody nearer, from two o'clock on.
    let nearer = shift(COMMUNITY, &app.id_of(&near).await, LATER, EVENING);
    let _ = admin.post("/shifts", nearer).await.expect(201);
    file().await;
    assert_eq!((told(&near).await.len(), told(&far).await.len()), (0, 2));
    app.pass(60);
    file().await;
    // What was late of the three before is told in one list; what is new rings.
    assert_eq!(told(&near).await, ["duty_new", "overdue_list"]);
    assert_eq!(told(&far).await.len(), 2);
    // At twelve it is over; what was late all the while is in one list of whoever is on duty now.
    app.pass(10 * 60);
    app.app.catch_up().await.unwrap();
    assert_eq!((told(&near).await.len(), told(&far).await.len()), (2, 3));
    assert_eq!(told(&far).await[2], "overdue_list");
    assert_eq!(told(&next_door).await.len(), 0);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn the_bell_rings_for_what_is_late_and_once_with_the_rest(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let clerk = app.id_of(&cast.clerk).await;
    let watch = app.staff("grid_leader", COMMUNITY).await;
    let _ = on_duty(&admin, COMMUNITY, &clerk).await;
    let _ = on_duty(&admin, COMMUNITY, &app.id_of(&watch).await).await;
    let _ = cast.ticket_at("accepted").await;
    app.pass(6);
    app.app.catch_up().await.unwrap();
    let rung = |told: &[String], kind: &str| told.iter().filter(|told| *told == kind).count();
    let (watch, clerk) = (told(&watch).await, told(&cast.clerk).await);
    assert_eq!((rung(&watch, "duty_new"), rung(&watch, "duty_overdue")), (1, 1));
    // Whoever is on duty and at the desk is told once of each.
    assert_eq!(rung(&clerk, "to_dispatch") + rung(&clerk, "duty_new"), 1);
    assert_eq!(rung(&clerk, "breached") + rung(&clerk, "duty_overdue"), 1);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_shift_is_entered_listed_and_cancelled(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let key = [("idempotency-key", "k")];
    let first = shift(COMMUNITY, &cast.worker_id, EARLIER, LATER);
    let made = cast.clerk.post_with("/shifts", &key, first.clone()).await.expect(201);
    assert_eq!(
        (made.str("place"), made.str("person"), made.header("etag")),
        (COMMUNITY, cast.worker_id.as_str(), "\"1\"")
    );
    let again = cast.clerk.post_with("/shifts", &key, first.clone()).await.expect(201);
    assert_eq!((again.header("idempotent-replayed"), &again.text), ("true", &made.text));
    cast.clerk.post("/shifts", first).await.refused(409, "shift.overlaps");
    let overlapping = shift(COMMUNITY, &cast.worker_id, "2026-11-21T01:30:00Z", EVENING);
    cast.clerk.post("/shifts", overlapping).await.refused(409, "shift.overlaps");
    // Where one ends the next begins; and at another place at the same time.
    let second =
        cast.clerk.post("/shifts", shift(COMMUNITY, &cast.worker_id, LATER, EVENING)).await.expect(201);
    let leader = app.staff("street_dispatcher", STREET).await;
    let leader_id = app.id_of(&leader).await;
    let _ = admin.post("/shifts", shift(COMMUNITY, &leader_id, EARLIER, TOMORROW)).await.expect(201);
    let _ = admin.post("/shifts", shift(STREET, &leader_id, EARLIER, TOMORROW)).await.expect(201);
    let list = async |caller: &Caller, query: &str| {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = caller.get(&format!("/shifts?limit=2{query}{cursor}")).await.expect(200);
            found.extend(page.items().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            match page.json["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    };
    assert_eq!(list(&admin, "").await.len(), 4);
    assert_eq!(list(&admin, "").await[0], second.str("id"), "those that start last come first");
    assert_eq!(list(&cast.clerk, "").await.len(), 3, "the street's is not of the community");
    assert_eq!(list(&admin, &format!("&place={STREET}&at={EARLIER}")).await.len(), 3);
    assert_eq!(list(&admin, &format!("&at={LATER}")).await.len(), 3);
    assert_eq!(list(&admin, &format!("&from={LATER}")).await.len(), 3);
    assert_eq!(list(&admin, &format!("&to={LATER}")).await.len(), 3);
    assert_eq!(list(&admin, &format!("&person={leader_id}")).await.len(), 2);
    assert_eq!(list(&cast.clerk, &format!("&person={leader_id}")).await.len(), 1);
    assert_eq!(list(&admin, "&place=140226").await.len(), 0);
    cast.resident.get("/shifts").await.refused(403, "permission.role");
    // Not theirs to cancel, not theirs to see, not this version.
    let path = format!("/shifts/{}", made.str("id"));
    remove(&cast.worker, &path).await.refused(403, "permission.role");
    let next_door = app.staff("community_clerk", NEIGHBOUR).await;
    remove(&next_door, &path).await.refused(404, "shift.not_found");
    let other_version = cast.clerk.request(Method::DELETE, &path).header("if-match", "\"2\"");
    send(other_version).await.refused(412, "shift.version_mismatch");
    assert_eq!(remove(&cast.clerk, &path).await.expect(200).json, made.json);
    remove(&cast.clerk, &path).await.refused(404, "shift.not_found");
    remove(&cast.clerk, "/shifts/x").await.refused(404, "shift.not_found");
    assert_eq!(list(&admin, "").await.len(), 3);
    let audit = admin.get(&format!("/audit?subject={}", made.str("id"))).await.expect(200);
    let labels: Vec<_> = audit.items().iter().map(|entry| entry["label"].clone()).collect();
    assert_eq!(labels, ["撤班", "排班"]);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_bad_shift_names_its_field(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let worker = cast.worker_id.as_str();
    let elsewhere = app.id_of(&app.staff("grid_worker", NEIGHBOUR).await).await;
    let resident = app.id_of(&cast.resident).await;
    let nobody = "01990000-0000-7000-8000-00000000ffff";
    let rows = [
        (shift("5325", worker, EARLIER, LATER), 422, "place.no_level", "/place"),
        (shift("532504001999", worker, EARLIER, LATER), 422, "place.unknown", "/place"),
        (shift(COMMUNITY, worker, LATER, EARLIER), 422, "shift.ends_before_start", "/ends_at"),
        (shift(COMMUNITY, worker, LATER, LATER), 422, "shift.ends_before_start", "/ends_at"),
        (shift(COMMUNITY, worker, EARLIER, "2026-11-21T01:00:00Z"), 422, "shift.over", "/ends_at"),
        (shift(COMMUNITY, worker, EARLIER, "2026-12-22T00:00:01Z"), 422, "shift.too_long", "/ends_at"),
        (shift(COMMUNITY, worker, "0000-01-01T00:00:00Z", LATER), 422, "request.out_of_range", "/starts_at"),
        (
            shift(COMMUNITY, worker, EARLIER, "+262000-01-01T00:00:00Z"),
            422,
            "request.out_of_range",
            "/ends_at",
        ),
        (shift(COMMUNITY, nobody, EARLIER, LATER), 422, "shift.person_cannot", "/person"),
        (shift(COMMUNITY, &elsewhere, EARLIER, LATER), 422, "shift.person_cannot", "/person"),
        (shift(COMMUNITY, &resident, EARLIER, LATER), 422, "shift.person_cannot", "/person"),
        (shift(COMMUNITY, "x", EARLIER, LATER), 400, "request.invalid_value", "/person"),
        (shift(COMMUNITY, worker, "tonight", LATER), 400, "request.invalid_value", "/starts_at"),
    ];
    for (body, status, code, field) in rows {
        cast.clerk.post("/shifts", body).await.refused_for(status, code, field);
    }
    let away = shift(NEIGHBOUR, &elsewhere, EARLIER, LATER);
    cast.clerk.post("/shifts", away).await.refused(403, "shift.beyond_scope");
    cast.clerk.get("/shifts?at=noon").await.refused_for(400, "request.invalid_value", "?at");
    cast.clerk.get("/shifts?cursor=AAAA").await.refused_for(400, "cursor.invalid", "?cursor");
    assert_eq!(number(&app.url, "SELECT count(*) FROM shift").await, 0);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn whoever_leaves_is_on_duty_no_more(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let resident = app.resident("王芳").await;
    let one = worker(&admin, "值班员", None, COMMUNITY).await;
    let id = one.str("id");
    let unit = json!({"role": "department_handler", "unit": UNIT});
    let _ = admin.post(&format!("/users/{id}/grant"), unit).await.expect(200);
    let _ = admin.post("/shifts", shift(COMMUNITY, id, EARLIER, LATER)).await.expect(201);
    let _ = admin.post("/shifts", shift(STREET, id, LATER, EVENING)).await.expect(201);
    // For the unit they can still be on duty, anywhere in the county.
    let grants = admin.get(&format!("/users/{id}")).await.expect(200).json["grants"].clone();
    let grants = grants.as_array().unwrap();
    let of_place = grants.iter().find(|grant| grant["role"] == "grid_worker").unwrap()["id"].clone();
    let _ = admin.post(&format!("/users/{id}/revoke"), json!({"grant": of_place})).await.expect(200);
    assert_eq!(number(&app.url, "SELECT count(*) FROM shift").await, 2);
    app.pass(10);
    let _ = admin.post(&format!("/users/{id}/leave"), json!({"reason": "退休"})).await.expect(200);
    // The one that had begun ends now, the one to come is none.
    let left = admin.get(&format!("/shifts?person={id}")).await.expect(200);
    let ends: Vec<_> = left.items().iter().map(|item| item["ends_at"].clone()).collect();
    assert_eq!(ends, [json!("2026-11-21T01:10:00Z")]);
    let _ = resident.post("/tickets", lamp()).await.expect(201);
    app.app.catch_up().await.unwrap();
    assert_eq!(number(&app.url, "SELECT count(*) FROM inbox WHERE kind = 'duty_new'").await, 0);
    let erase = json!({"reason": "本人书面申请注销"});
    let _ = admin.post(&format!("/users/{id}/erase"), erase).await.expect(200);
    assert_eq!(number(&app.url, "SELECT count(*) FROM shift").await, 0);
    app.stop().await;
}
