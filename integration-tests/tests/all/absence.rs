//! 请假: who is away, who stands in for them, and who is rung and told meanwhile.

use crate::inbox::told;
use crate::people::worker;
use crate::ticket::Cast;
use crate::wechat;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT, lamp};
use integration_tests::database::{contains, number};
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};
use std::time::Duration;

const COUNTY: &str = "532504";
/// The clock of the tests stands at 01:00.
const EARLIER: &str = "2026-11-21T00:00:00Z";
const NOW: &str = "2026-11-21T01:00:00Z";
const SOON: &str = "2026-11-21T01:30:00Z";
const LATER: &str = "2026-11-21T02:00:00Z";
const EVENING: &str = "2026-11-21T12:00:00Z";
const TOMORROW: &str = "2026-11-22T01:00:00Z";
const NONE: [&str; 0] = [];

/// Another one of a role for a place, by a name of their own.
async fn another(app: &TestApp, role: &str, place: &str, name: &str) -> Caller {
    let new = api::NewToken {
        role: role.to_owned(),
        scope: api::Scope::Place(place.to_owned()),
        person: Some(name.to_owned()),
        lifetime: Duration::from_secs(30 * 86_400),
    };
    app.anyone().with_token(&app.app.token(&new).await.unwrap())
}

fn away(starts_at: &str, ends_at: &str, stand_in: Option<&str>) -> Value {
    json!({"starts_at": starts_at, "ends_at": ends_at, "stand_in": stand_in})
}

fn of(person: &str, starts_at: &str, ends_at: &str) -> Value {
    json!({"person": person, "starts_at": starts_at, "ends_at": ends_at})
}

async fn enter(caller: &Caller, body: Value) -> String {
    format!("/absences/{}", caller.post("/absences", body).await.expect(201).str("id"))
}

async fn end(caller: &Caller, absence: &str) -> Answer {
    caller.post(&format!("{absence}/end"), json!({})).await
}

async fn on_duty(admin: &Caller, place: &str, person: &str) {
    let shift = json!({"place": place, "person": person, "starts_at": EARLIER, "ends_at": TOMORROW});
    let _ = admin.post("/shifts", shift).await.expect(201);
}

/// What somebody was told since the last time.
async fn heard(app: &TestApp, caller: &Caller) -> Vec<String> {
    app.app.catch_up().await.unwrap();
    let news = caller.get("/me/inbox?limit=100&unread=true").await.expect(200);
    let kinds = news.items().iter().rev().map(|item| item["kind"].as_str().unwrap().to_owned()).collect();
    let _ = caller.post("/me/inbox/read", json!({"up_to": i64::MAX})).await.expect(200);
    kinds
}

#[rstest]
#[tokio::test]
async fn the_bell_rings_who_is_there(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    let admin = app.staff("county_admin", COUNTY).await;
    let near = app.staff("grid_worker", COMMUNITY).await;
    let far = app.staff("grid_leader", STREET).await;
    let stand_in = another(&app, "grid_worker", COMMUNITY, "李建国").await;
    on_duty(&admin, COMMUNITY, &app.id_of(&near).await).await;
    on_duty(&admin, STREET, &app.id_of(&far).await).await;
    let rung = async || {
        let _ = resident.post("/tickets", lamp()).await.expect(201);
        let mut rung = Vec::new();
        for (name, caller) in [("near", &near), ("stand-in", &stand_in), ("far", &far)] {
            if heard(&app, caller).await.contains(&"duty_new".to_owned()) {
                rung.push(name);
            }
        }
        rung
    };
    assert_eq!(rung().await, ["near"]);
    let first = enter(&near, away(NOW, EVENING, Some(&app.id_of(&stand_in).await))).await;
    assert_eq!(rung().await, ["stand-in"]);
    // Away themselves, which they may be; nobody else answers for the first, so the level above does.
    let own = enter(&stand_in, away(NOW, LATER, None)).await;
    assert_eq!(rung().await, ["far"]);
    let _ = end(&stand_in, &own).await.expect(200);
    assert_eq!(rung().await, ["stand-in"]);
    // Back earlier; and away again, with nobody.
    app.pass(10);
    let ended = end(&near, &first).await.expect(200);
    assert_eq!((ended.str("ends_at"), ended.header("etag")), ("2026-11-21T01:10:00Z", "\"2\""));
    assert_eq!(rung().await, ["near"]);
    let _ = enter(&near, away(SOON, LATER, None)).await;
    assert_eq!(rung().await, ["near"], "not yet");
    app.pass(20);
    assert_eq!(rung().await, ["far"]);
    app.pass(30);
    assert_eq!(rung().await, ["near"], "at the very moment at which it ends they are back");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn what_presses_is_told_to_both(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let stand_in = another(&app, "grid_worker", COMMUNITY, "李建国").await;
    let street = app.staff("street_dispatcher", STREET).await;
    let absence = away(NOW, TOMORROW, Some(&app.id_of(&stand_in).await));
    let absence = enter(&cast.worker, absence).await;
    let ticket = cast.ticket_at("dispatched").await;
    for caller in [&cast.worker, &stand_in] {
        assert_eq!(heard(&app, caller).await, ["assigned"]);
    }
    // They have the right to act; what does not press waits for the other.
    let _ = stand_in.get(&ticket).await.expect(200);
    let _ = cast.clerk.post(&format!("{ticket}/note"), json!({"reason": "请带梯子"})).await.expect(200);
    let _ = cast.resident.post(&format!("{ticket}/urge"), json!({})).await.expect(200);
    assert_eq!(heard(&app, &cast.worker).await, ["noted", "urged"]);
    assert_eq!(heard(&app, &stand_in).await, ["urged"]);
    app.pass(6);
    let late = heard(&app, &cast.worker).await;
    assert!(late.iter().any(|kind| kind == "breached" || kind == "overdue_list"), "{late:?}");
    assert_eq!(heard(&app, &stand_in).await, late);
    // Whoever did it is told nothing: the street stands in for the clerk and dispatches.
    let _ = enter(&cast.clerk, away(EARLIER, TOMORROW, Some(&app.id_of(&street).await))).await;
    let _ = (heard(&app, &street).await, heard(&app, &cast.clerk).await);
    let other = cast.ticket().await;
    assert_eq!(heard(&app, &cast.clerk).await, ["to_dispatch"]);
    assert_eq!(heard(&app, &street).await, ["to_dispatch"], "of what came to their desk too");
    let _ = street.post(&format!("{other}/escalate"), json!({"reason": "超出社区能力"})).await.expect(200);
    assert_eq!(heard(&app, &street).await, NONE);
    // Once it is over, the other hears alone.
    let _ = end(&cast.worker, &absence).await.expect(200);
    let _ = cast.ticket_at("dispatched").await;
    assert_eq!(heard(&app, &cast.worker).await, ["assigned"]);
    assert_eq!(heard(&app, &stand_in).await, NONE);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn an_absence_is_entered_listed_and_ended(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let stand_in = another(&app, "grid_worker", COMMUNITY, "李建国").await;
    let stand_in_id = app.id_of(&stand_in).await;
    let key = [("idempotency-key", "k")];
    let body = json!({"starts_at": EARLIER, "ends_at": LATER, "stand_in": stand_in_id, "reason": "家中有事"});
    let made = cast.worker.post_with("/absences", &key, body.clone()).await.expect(201);
    assert_eq!((made.str("person"), made.str("stand_in")), (cast.worker_id.as_str(), stand_in_id.as_str()));
    assert_eq!((made.str("reason"), made.header("etag")), ("家中有事", "\"1\""));
    let again = cast.worker.post_with("/absences", &key, body.clone()).await.expect(201);
    assert_eq!((again.header("idempotent-replayed"), &again.text), ("true", &made.text));
    cast.worker.post("/absences", body).await.refused(409, "absence.overlaps");
    // Where one ends the next begins.
    let second = cast.clerk.post("/absences", of(&cast.worker_id, LATER, EVENING)).await.expect(201);
    let neighbour = app.staff("grid_worker", NEIGHBOUR).await;
    let _ = enter(&neighbour, away(NOW, TOMORROW, None)).await;
    let of_unit = app.of_unit("department_handler", UNIT).await;
    let _ = admin.post("/absences", of(&app.id_of(&of_unit).await, NOW, TOMORROW)).await.expect(201);
    let list = async |caller: &Caller, query: &str| {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = caller.get(&format!("/absences?limit=2{query}{cursor}")).await.expect(200);
            found.extend(page.items().to_vec());
            match page.json["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    };
    assert_eq!(list(&admin, "").await.len(), 4);
    assert_eq!(list(&admin, "").await[0]["id"], second.json["id"], "those that start last come first");
    assert_eq!(list(&cast.clerk, "").await.len(), 2, "of their own community");
    assert_eq!(list(&admin, &format!("&place={STREET}")).await.len(), 3, "a unit is of the county");
    assert_eq!(list(&admin, &format!("&at={NOW}")).await.len(), 3);
    assert_eq!(list(&admin, &format!("&from={LATER}")).await.len(), 3);
    assert_eq!(list(&admin, &format!("&to={LATER}")).await.len(), 3);
    assert_eq!(list(&admin, &format!("&person={}", cast.worker_id)).await.len(), 2);
    assert_eq!(list(&cast.clerk, &format!("&person={}", app.id_of(&neighbour).await)).await.len(), 0);
    assert_eq!(list(&admin, "&place=140226").await.len(), 0);
    assert_eq!(list(&cast.clerk, "&own=true").await.len(), 0);
    assert_eq!(list(&cast.worker, &format!("&place={NEIGHBOUR}")).await.len(), 0);
    // Without an area one sees one's own, and for whom one stands in, but not why.
    let (own, theirs) = (list(&cast.worker, "").await, list(&stand_in, "").await);
    assert_eq!((own.len(), &own[1]["reason"]), (2, &json!("家中有事")));
    assert_eq!((theirs.len(), &theirs[0]["reason"]), (1, &Value::Null));
    assert_eq!(list(&admin, "").await[3]["reason"], json!("家中有事"));
    cast.resident.get("/absences").await.refused(403, "permission.role");
    cast.resident.post("/absences", away(NOW, LATER, None)).await.refused(403, "permission.role");
    // Not theirs to end, not theirs to see, not this version.
    let path = format!("/absences/{}", made.str("id"));
    end(&stand_in, &path).await.refused(403, "absence.beyond_scope");
    end(&neighbour, &path).await.refused(404, "absence.not_found");
    end(&admin, "/absences/x").await.refused(404, "absence.not_found");
    let other_version = [("if-match", "\"2\"")];
    let ends = format!("{path}/end");
    cast.clerk.post_with(&ends, &other_version, json!({})).await.refused(412, "absence.version_mismatch");
    let ended = cast.clerk.post_with(&ends, &[("if-match", "\"1\"")], json!({})).await.expect(200);
    assert_eq!((ended.str("ends_at"), ended.str("reason")), (NOW, "家中有事"));
    end(&cast.worker, &path).await.refused(409, "absence.ended");
    // One that has not begun never was: its time is free.
    let path = format!("/absences/{}", second.str("id"));
    assert_eq!(end(&cast.worker, &path).await.expect(200).json["ends_at"], second.json["starts_at"]);
    end(&cast.worker, &path).await.refused(409, "absence.ended");
    assert_eq!(list(&cast.worker, "").await.len(), 1);
    let _ = enter(&cast.worker, away(NOW, TOMORROW, None)).await;
    let audit = admin.get(&format!("/audit?subject={}", made.str("id"))).await.expect(200);
    let lines: Vec<_> = audit.items().iter().map(|entry| (&entry["label"], &entry["reason"])).collect();
    assert_eq!(lines, [(&json!("销假"), &Value::Null), (&json!("请假"), &json!("家中有事"))]);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_bad_absence_names_its_field(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let worker_id = cast.worker_id.as_str();
    let elsewhere = app.id_of(&app.staff("grid_worker", NEIGHBOUR).await).await;
    let resident = app.id_of(&cast.resident).await;
    let clerk = app.id_of(&cast.clerk).await;
    let nobody = "01990000-0000-7000-8000-00000000ffff";
    let with = |stand_in: &str| json!({"person": worker_id, "starts_at": NOW, "ends_at": LATER, "stand_in": stand_in});
    let because = |reason: &str| json!({"starts_at": NOW, "ends_at": LATER, "reason": reason});
    let rows = [
        (of(worker_id, LATER, EARLIER), 422, "absence.ends_before_start", "/ends_at"),
        (of(worker_id, LATER, LATER), 422, "absence.ends_before_start", "/ends_at"),
        (of(worker_id, EARLIER, NOW), 422, "absence.over", "/ends_at"),
        (of(worker_id, EARLIER, "2027-11-22T00:00:01Z"), 422, "absence.too_long", "/ends_at"),
        (of(worker_id, "0000-01-01T00:00:00Z", LATER), 422, "request.out_of_range", "/starts_at"),
        (of(worker_id, NOW, "+262000-01-01T00:00:00Z"), 422, "request.out_of_range", "/ends_at"),
        (of(nobody, NOW, LATER), 422, "absence.person_cannot", "/person"),
        (of(&elsewhere, NOW, LATER), 422, "absence.person_cannot", "/person"),
        (of(&resident, NOW, LATER), 422, "absence.person_cannot", "/person"),
        (with(nobody), 422, "absence.stand_in_cannot", "/stand_in"),
        (with(worker_id), 422, "absence.stand_in_cannot", "/stand_in"),
        (with(&elsewhere), 422, "absence.stand_in_cannot", "/stand_in"),
        (with(&resident), 422, "absence.stand_in_cannot", "/stand_in"),
        (because(" "), 422, "text.empty", "/reason"),
        (because("a\u{1}"), 422, "text.control_character", "/reason"),
        (of("x", NOW, LATER), 400, "request.invalid_value", "/person"),
        (of(worker_id, "tonight", LATER), 400, "request.invalid_value", "/starts_at"),
    ];
    for (body, status, code, field) in rows {
        cast.clerk.post("/absences", body).await.refused_for(status, code, field);
    }
    // A grid worker does not dispatch, so they cannot stand in for whoever does.
    let for_the_clerk = away(NOW, LATER, Some(worker_id));
    cast.clerk.post("/absences", for_the_clerk).await.refused(422, "absence.stand_in_cannot");
    // Whoever is away at some of that time does not stand in.
    let _ = enter(&cast.clerk, away(SOON, EVENING, None)).await;
    cast.clerk.post("/absences", with(&clerk)).await.refused(422, "absence.stand_in_cannot");
    let before = json!({"person": worker_id, "starts_at": NOW, "ends_at": SOON, "stand_in": clerk});
    let _ = cast.clerk.post("/absences", before).await.expect(201);
    // With a post elsewhere too they are no longer for the one community to enter.
    let both = worker(&admin, "两地的", None, COMMUNITY).await;
    let there = json!({"role": "grid_worker", "places": [NEIGHBOUR]});
    let _ = admin.post(&format!("/users/{}/grant", both.str("id")), there).await.expect(200);
    let both = of(both.str("id"), NOW, LATER);
    cast.clerk.post("/absences", both.clone()).await.refused(403, "absence.beyond_scope");
    let _ = app.staff("street_dispatcher", STREET).await.post("/absences", both).await.expect(201);
    cast.clerk.get("/absences?at=noon").await.refused_for(400, "request.invalid_value", "?at");
    cast.clerk.get("/absences?cursor=AAAA").await.refused_for(400, "cursor.invalid", "?cursor");
    cast.clerk.get("/absences?place=5325").await.refused_for(422, "place.no_level", "?place");
    assert_eq!(number(&app.url, "SELECT count(*) FROM absence").await, 3);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn absences_go_with_whom_they_are_about(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let one = worker(&admin, "请假的", None, COMMUNITY).await;
    let one = one.str("id");
    let key = [("idempotency-key", "k")];
    let sick = json!({"person": one, "starts_at": NOW, "ends_at": LATER, "stand_in": cast.worker_id, "reason": "住院手术"});
    let entered = cast.clerk.post_with("/absences", &key, sick.clone()).await.expect(201);
    // Neither what never was stays.
    let soon = json!({"person": one, "starts_at": EVENING, "ends_at": TOMORROW, "reason": "出院复查"});
    let soon = enter(&cast.clerk, soon).await;
    let _ = end(&cast.clerk, &soon).await.expect(200);
    let own = json!({"starts_at": NOW, "ends_at": LATER, "reason": "本人的事由"});
    let _ = enter(&cast.clerk, own).await;
    // A copy has one's own, and when one stood in, without why.
    let export = cast.worker.get("/me/export").await.expect(200);
    assert_eq!(export.json["absences"][0]["id"], entered.json["id"]);
    assert_eq!(export.json["absences"][0]["reason"], Value::Null);
    let export = cast.clerk.get("/me/export").await.expect(200);
    assert_eq!(
        (export.json["absences"].as_array().unwrap().len(), export.json["absences"][0]["reason"].clone()),
        (1, json!("本人的事由"))
    );
    assert!(contains(&app.url, "住院手术").await && contains(&app.url, "出院复查").await);
    let erase = json!({"reason": "本人书面申请注销"});
    let _ = admin.post(&format!("/users/{one}/erase"), erase.clone()).await.expect(200);
    assert!(!contains(&app.url, "住院手术").await && !contains(&app.url, "出院复查").await);
    assert_eq!(number(&app.url, "SELECT count(*) FROM absence").await, 1);
    assert_eq!(number(&app.url, "SELECT count(*) FROM absence_county").await, 1);
    cast.clerk.post_with("/absences", &key, sick).await.refused(409, "idempotency.answer_erased");
    // Whoever was erased stands in no more.
    let two = worker(&admin, "代班的", None, COMMUNITY).await;
    let _ = enter(&cast.worker, away(NOW, TOMORROW, Some(two.str("id")))).await;
    let stood_in = "SELECT count(*) FROM absence WHERE stand_in IS NOT NULL";
    assert_eq!(number(&app.url, stood_in).await, 1);
    let _ = admin.post(&format!("/users/{}/erase", two.str("id")), erase).await.expect(200);
    assert_eq!(number(&app.url, stood_in).await, 0);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn whoever_can_stand_in_no_more_does_not(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let two = worker(&admin, "代班的", None, COMMUNITY).await;
    let also = json!({"role": "volunteer", "places": [COMMUNITY]});
    let granted = admin.post(&format!("/users/{}/grant", two.str("id")), also).await.expect(200);
    let _ = enter(&cast.worker, away(NOW, TOMORROW, Some(two.str("id")))).await;
    let stood_in = "SELECT count(*) FROM absence WHERE stand_in IS NOT NULL";
    // As a volunteer they still can.
    let grants = granted.json["grants"].as_array().unwrap();
    for (role, left) in [("grid_worker", 1), ("volunteer", 0)] {
        let grant = grants.iter().find(|grant| grant["role"] == role).unwrap()["id"].clone();
        let _ = admin
            .post(&format!("/users/{}/revoke", two.str("id")), json!({"grant": grant}))
            .await
            .expect(200);
        assert_eq!(number(&app.url, stood_in).await, left, "{role}");
    }
    // Nor does somebody who does not handle what the other is given meanwhile.
    let (one, three) =
        (worker(&admin, "请假的", None, COMMUNITY).await, worker(&admin, "也代班的", None, COMMUNITY).await);
    let mut absence = of(one.str("id"), NOW, TOMORROW);
    absence["stand_in"] = three.json["id"].clone();
    let _ = enter(&admin, absence).await;
    for (place, left) in [(COMMUNITY, 1), (NEIGHBOUR, 0)] {
        let more = json!({"role": "volunteer", "places": [place]});
        let _ = admin.post(&format!("/users/{}/grant", one.str("id")), more).await.expect(200);
        assert_eq!(number(&app.url, stood_in).await, left, "{place}");
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_roster_entry_that_is_somebody_is_away_as_they_are(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, stand_in) = wechat::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let entry = worker(&admin, "李建国", Some("13812345678"), COMMUNITY).await;
    let entry = entry.str("id");
    on_duty(&admin, COMMUNITY, entry).await;
    let standing = json!({"person": entry, "starts_at": NOW, "ends_at": LATER, "stand_in": cast.worker_id});
    let _ = admin.post("/absences", standing).await.expect(201);
    let _ = enter(&cast.worker, away(LATER, TOMORROW, Some(entry))).await;
    let user = wechat::user(&app, &stand_in, "o-li").await;
    let bound = wechat::bind(&user, &stand_in.phone_code("13812345678")).await.expect(200);
    let user = user.with_token(bound.str("access_token"));
    let id = app.id_of(&user).await;
    let list = user.get("/absences").await.expect(200);
    let whose: Vec<_> = list.items().iter().map(|item| (&item["person"], &item["stand_in"])).collect();
    let (own, other) = (json!(id), json!(cast.worker_id));
    assert_eq!(whose, [(&other, &own), (&own, &other)]);
    // Their shift is theirs, and so is their stand-in.
    let _ = cast.ticket().await;
    app.app.catch_up().await.unwrap();
    assert_eq!(told(&cast.worker).await, ["duty_new"]);
    assert_eq!(told(&user).await, NONE);
    app.stop().await;
}
