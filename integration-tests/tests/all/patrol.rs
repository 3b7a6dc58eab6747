//! Patrols of grid workers: begun once, tracked in order, what was found, how far they went.

use crate::password::{PASSWORD, add_user, login};
use crate::photo::{add, jpeg};
use crate::wechat::{bind, start, user};
use integration_tests::app::{self, COMMUNITY, NEIGHBOUR, TestApp};
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

/// A position so many thousandths of a degree north, at a time.
fn point(north: f64, at: &str) -> Value {
    json!({"lat": 24.4 + north / 1000.0, "lng": 103.4, "at": at})
}

fn points(points: &[Value]) -> Value {
    json!({"datum": "wgs84", "points": points})
}

async fn begin(worker: &Caller) -> (String, String) {
    let begun = worker.post("/patrols", json!({"place": COMMUNITY})).await.expect(201);
    (format!("/patrols/{}", begun.str("id")), begun.str("id").to_owned())
}

#[rstest]
#[tokio::test]
async fn m09_a_patrol_has_a_way_a_length_and_findings(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let worker = app.staff("grid_worker", COMMUNITY).await;
    let (path, _) = begin(&worker).await;
    worker.post("/patrols", json!({"place": COMMUNITY})).await.refused(409, "patrol.under_way");
    app.pass(10);
    let track = format!("{path}/track");
    let way = points(&[point(0.0, "2026-11-21T01:01:00Z"), point(1.0, "2026-11-21T01:03:00Z")]);
    let tracked = worker.post(&track, way).await.expect(200);
    assert_eq!((&tracked.json["metres"], &tracked.json["points"]), (&json!(111), &json!(2)));
    // In order, in time, in China, and not too many.
    let late = points(&[point(2.0, "2026-11-21T01:02:00Z")]);
    worker.post(&track, late).await.refused_for(422, "patrol.order", "/points");
    let early = points(&[point(2.0, "2026-11-21T03:00:00Z")]);
    worker.post(&track, early).await.refused_for(422, "matter.time", "/points");
    worker.post(&track, points(&[])).await.refused_for(422, "matter.range", "/points");
    let many = vec![point(1.0, "2026-11-21T01:04:00Z"); 501];
    worker.post(&track, points(&many)).await.refused_for(422, "matter.range", "/points");
    let nowhere =
        json!({"datum": "wgs84", "points": [{"lat": 0.0, "lng": 103.4, "at": "2026-11-21T01:04:00Z"}]});
    assert_eq!(worker.post(&track, nowhere).await.status, 422);
    // A jump is doubtful, and kept.
    let jump = points(&[point(40.0, "2026-11-21T01:04:00Z")]);
    let jumped = worker.post(&track, jump).await.expect(200);
    assert_eq!(
        (tracked.json["doubtful"].as_bool(), jumped.json["doubtful"].as_bool()),
        (Some(false), Some(true))
    );
    // What was found becomes a ticket, with a photo.
    let ticket = worker.post("/tickets", app::lamp()).await.expect(201);
    let photo = add(&worker, COMMUNITY, jpeg()).await.expect(201);
    let finding = json!({"text": "北门路灯不亮", "ticket": ticket.json["id"], "photos": [photo.json["id"]]});
    let found = worker.post(&format!("{path}/findings"), finding.clone()).await.expect(200);
    assert_eq!(found.json["findings"][0]["ticket"], ticket.json["id"]);
    let again = worker.post(&format!("{path}/findings"), finding).await;
    again.refused_for(422, "duty.photo_used", "/photos");
    let unknown = json!({"text": "x", "ticket": uuid::Uuid::nil()});
    let unknown = worker.post(&format!("{path}/findings"), unknown).await;
    unknown.refused_for(422, "duty.raised_unknown", "/ticket");
    // Who works there sees it; nobody else does, and only its worker goes on with it.
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let seen = clerk.get(&format!("{path}?datum=wgs84")).await.expect(200);
    assert_eq!(seen.json["track"][1], json!({"lat": 24.401, "lng": 103.4, "at": "2026-11-21T01:03:00Z"}));
    let shifted = clerk.get(&path).await.expect(200);
    assert_eq!(shifted.json["datum"], "gcj02");
    assert_ne!(shifted.json["track"][1]["lat"], seen.json["track"][1]["lat"]);
    clerk.post(&format!("{path}/end"), json!({})).await.refused(403, "matter.beyond_scope");
    for role in ["community_clerk", "grid_worker"] {
        let neighbour = app.staff(role, NEIGHBOUR).await;
        neighbour.get(&path).await.refused(404, "matter.not_found");
    }
    let ended = worker.post(&format!("{path}/end"), json!({"text": "已报修"})).await.expect(200);
    assert_eq!((ended.str("status_name"), ended.str("closing")), ("已结束", "已报修"));
    worker.post(&format!("{path}/end"), json!({})).await.refused(409, "matter.over");
    worker.post("/patrols", json!({"place": NEIGHBOUR})).await.refused(403, "matter.beyond_scope");
    app.resident("王芳").await.get(&path).await.refused(403, "permission.role");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m09_patrols_are_listed_by_area_and_by_worker(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let (worker, leader) =
        (app.staff("grid_worker", COMMUNITY).await, app.staff("grid_leader", COMMUNITY).await);
    let (forgotten, first) = begin(&worker).await;
    // Two at once: one wins.
    let place = json!({"place": COMMUNITY});
    let (one, other) = tokio::join!(leader.post("/patrols", place.clone()), leader.post("/patrols", place));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409], "{} {}", one.text, other.text);
    // Forgotten, it ends after a day, and another may begin.
    app.pass(25 * 60);
    app.app.catch_up().await.unwrap();
    let over = worker.get(&forgotten).await.expect(200);
    assert_eq!((over.str("status"), over.str("ended_at")), ("ended", "2026-11-22T01:00:00Z"));
    let (_, second) = begin(&worker).await;
    let ids = async |caller: &Caller, query: &str| -> Vec<String> {
        let page = caller.get(&format!("/patrols?{query}")).await.expect(200);
        page.items().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&leader, "").await.len(), 3);
    let of_worker = format!("worker={}", app.id_of(&worker).await);
    assert_eq!(ids(&leader, &of_worker).await, [second.clone(), first.clone()]);
    assert_eq!(ids(&worker, "mine=true").await, [second.clone(), first]);
    assert_eq!(ids(&leader, "status=under_way").await, std::slice::from_ref(&second));
    assert_eq!(ids(&leader, &format!("{of_worker}&from=2026-11-22")).await, [second]);
    let neighbour = app.staff("community_clerk", NEIGHBOUR).await;
    assert_eq!(ids(&neighbour, &of_worker).await, Vec::<String>::new());
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m09_a_patrol_goes_on_with_whoever_the_worker_turned_out_to_be(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, wechat) = start(backend).await;
    let mut chen = user(&app, &wechat, "o-chen").await;
    let mut patrols = Vec::new();
    for (username, phone) in [("chen.hongmei", "13800001111"), ("chen.laoban", "13900002222")] {
        add_user(&app, username, Some(phone), Some(("grid_worker", COMMUNITY))).await;
        let roster = login(&app.anyone(), username, PASSWORD).await.expect(200);
        let (path, _) = begin(&app.anyone().with_token(roster.str("access_token"))).await;
        let bound = bind(&chen, &wechat.phone_code(phone)).await.expect(200);
        chen = app.anyone().with_token(bound.str("access_token"));
        // Who looked at it before the join looks again before they change it.
        assert_eq!(chen.get(&path).await.expect(200).header("etag"), "\"2\"");
        chen.post("/patrols", json!({"place": COMMUNITY})).await.refused(409, "patrol.under_way");
        patrols.push(path);
    }
    let end = async |path: &str| {
        let _ = chen.post(&format!("{path}/end"), json!({})).await.expect(200);
    };
    // Ending the second leaves the first what only it has.
    end(&patrols[1]).await;
    chen.post("/patrols", json!({"place": COMMUNITY})).await.refused(409, "patrol.under_way");
    end(&patrols[0]).await;
    let _ = begin(&chen).await;
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m09_a_photo_shows_one_thing_whoever_is_first(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let (path, _) = begin(&clerk).await;
    let findings = format!("{path}/findings");
    let photo = add(&clerk, COMMUNITY, jpeg()).await.expect(201).json["id"].clone();
    let twice = json!({"text": "路灯不亮", "photos": [photo, photo]});
    clerk.post(&findings, twice).await.refused_for(422, "duty.photo_used", "/photos");
    for _ in 0..5 {
        let photo = add(&clerk, COMMUNITY, jpeg()).await.expect(201).json["id"].clone();
        let meeting = json!({
            "key": "mass_meeting", "place": COMMUNITY, "text": "停车位划线", "attendance": 46, "photos": [photo]
        });
        let finding = json!({"text": "路灯不亮", "photos": [photo]});
        let (a, b, c, d) = tokio::join!(
            clerk.post(&findings, finding.clone()),
            clerk.post("/duties", meeting.clone()),
            clerk.post(&findings, finding),
            clerk.post("/duties", meeting),
        );
        let (first, late): (Vec<_>, Vec<_>) = [a, b, c, d].into_iter().partition(|one| one.status < 300);
        assert_eq!(first.len(), 1);
        for one in late {
            one.refused_for(422, "duty.photo_used", "/photos");
        }
    }
    app.stop().await;
}
