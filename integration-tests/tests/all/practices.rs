//! The capabilities of the five practices, each named after its row.

use crate::ticket::{Cast, path, solved};
use integration_tests::Backend;
use integration_tests::app::{COMMUNITY, TestApp, here, lamp};
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[tokio::test]
async fn m03_on_the_scene_within_5_minutes(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket_at("accepted").await;
    app.pass(5);
    let arrived = cast.worker.post(&format!("{ticket}/arrive"), here()).await.expect(200);
    let clock = arrived.clock("arrive", 1);
    assert_eq!((&clock["state"], &clock["met_at"]), (&json!("met"), &json!("2026-11-21T01:05:00Z")));
    assert_eq!(clock["warn_at"], "2026-11-21T01:04:00Z");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m03_small_problem_breaches_after_30_minutes(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket_at("accepted").await;
    app.pass(30);
    assert_eq!(cast.resident.get(&ticket).await.clock("solve", 1)["state"], "running");
    app.pass(1);
    // It shows although nobody has done anything.
    let late = cast.resident.get(&ticket).await;
    assert_eq!(late.clock("solve", 1)["state"], "breached");
    assert_eq!(late.clock("solve", 1)["breached_at"], "2026-11-21T01:30:00Z");
    // A late act is a breach, and stays one.
    let resolved = cast.resolve(&ticket).await.expect(200);
    let clock = resolved.clock("solve", 1);
    assert_eq!((&clock["state"], &clock["met_at"]), (&json!("breached"), &json!("2026-11-21T01:31:00Z")));
    let timeline = cast.resident.get(&format!("{ticket}/timeline")).await;
    let breaches: Vec<_> = timeline.items().iter().filter(|entry| entry["kind"] == "breached").collect();
    let told =
        |entry: &&Value| (entry["clock"].clone(), entry["occurred_at"].clone(), entry["actor"].clone());
    assert_eq!(
        breaches.iter().map(told).collect::<Vec<_>>(),
        [
            (json!("arrive"), json!("2026-11-21T01:05:00Z"), Value::Null),
            (json!("solve"), json!("2026-11-21T01:30:00Z"), Value::Null)
        ]
    );
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m03_large_problem_has_5_hours_and_grading_is_the_dispatcher_s(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ungraded = json!({"content": "电梯停运", "place": {"code": COMMUNITY}});
    let submitted = cast.resident.post("/tickets", ungraded).await.expect(201);
    assert_eq!(submitted.json["clocks"].as_array().unwrap().len(), 1, "only the arrive clock runs");
    let ticket = path(&submitted);
    app.pass(10);
    let large = json!({"lead": {"person": cast.worker_id}, "severity": "large"});
    let graded = cast.clerk.post(&format!("{ticket}/dispatch"), large).await.expect(200);
    // Back-dated to the submission.
    assert_eq!(graded.clock("solve", 1)["started_at"], "2026-11-21T01:00:00Z");
    assert_eq!(graded.clock("solve", 1)["due_at"], "2026-11-21T06:00:00Z");
    assert_eq!(graded.clock("arrive", 1)["state"], "breached");
    let _ = cast.accept(&ticket).await.expect(200);
    app.pass(290);
    assert_eq!(cast.resolve(&ticket).await.expect(200).clock("solve", 1)["state"], "met");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m03_what_is_overdue_is_listed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket().await;
    let overdue = |answer: integration_tests::Answer| answer.expect(200).items().len();
    assert_eq!(overdue(cast.clerk.get("/tickets?overdue=true").await), 0);
    assert_eq!(overdue(cast.clerk.get("/tickets?overdue=false").await), 1);
    app.pass(6);
    let list = cast.clerk.get("/tickets?overdue=true").await;
    assert_eq!((list.items().len(), &list.items()[0]["overdue"]), (1, &json!(true)));
    assert_eq!(format!("/tickets/{}", list.items()[0]["id"].as_str().unwrap()), ticket);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn l07_no_ticket_closes_without_a_reply(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket_at("accepted").await;
    let resolve = format!("{ticket}/resolve");
    let silent = json!({"outcome": "solved"});
    cast.worker.post(&resolve, silent).await.refused_for(400, "request.missing_field", "/reply");
    let blank = json!({"outcome": "solved", "reply": " \n"});
    cast.worker.post(&resolve, blank).await.refused_for(422, "text.empty", "/reply");
    cast.rate(&ticket, "satisfied").await.refused(409, "ticket.not_resolved");
    let _ = cast.worker.post(&resolve, solved()).await.expect(200);
    let closed = cast.rate(&ticket, "satisfied").await.expect(200);
    assert_eq!(closed.json["resolution"]["reply"], "已更换灯泡");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m01_a_ticket_is_filed_at_a_real_place(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    let at = |code: &str| json!({"content": "路灯", "place": {"code": code}});
    let filed = resident.post("/tickets", at("532504002200")).await.expect(201);
    assert_eq!(filed.json["place"]["name"], "瓦草村委会");
    let refused = [
        ("532504001099", 422, "place.unknown"),
        ("110101001001", 422, "place.unknown"),
        ("532504", 422, "place.too_wide"),
        ("532504001", 422, "place.too_wide"),
        ("5325040010", 422, "place.no_level"),
        ("５３２５０４００１００７", 422, "place.not_digits"),
        ("", 422, "place.not_digits"),
        ("532504001007' --", 422, "place.not_digits"),
    ];
    for (code, status, problem) in refused {
        resident.post("/tickets", at(code)).await.refused_for(status, problem, "/place/code");
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn l01_staff_record_the_channel(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let mut body = lamp();
    body["channel"] = json!("collection_day");
    let refused = cast.resident.post("/tickets", body.clone()).await;
    refused.refused_for(422, "ticket.channel_for_staff", "/channel");
    let filed = cast.worker.post("/tickets", body).await.expect(201);
    assert_eq!(filed.str("channel"), "collection_day");
    assert_eq!(cast.ticket().await.len(), "/tickets/".len() + 36);
    let list = cast.clerk.get("/tickets?channel=collection_day").await.expect(200);
    assert_eq!(list.items().len(), 1);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z01_the_resident_follows_and_rates(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket_at("resolved").await;
    let mine = cast.resident.get("/tickets?mine=true").await.expect(200);
    assert_eq!((mine.items().len(), &mine.items()[0]["status"]), (1, &json!("resolved")));
    let stars = json!({"satisfaction": "satisfied", "stars": 6});
    let rate = format!("{ticket}/rate");
    cast.resident.post(&rate, stars).await.refused_for(422, "ticket.stars_out_of_range", "/stars");
    cast.worker.post(&rate, json!({"satisfaction": "satisfied"})).await.refused(403, "permission.reach");
    assert_eq!(cast.rate(&ticket, "satisfied").await.expect(200).str("status"), "closed");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z02_every_step_has_its_time_and_actor(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket().await;
    app.pass(1);
    let _ = cast.dispatch(&ticket).await.expect(200);
    app.pass(1);
    let _ = cast.accept(&ticket).await.expect(200);
    let timeline = cast.resident.get(&format!("{ticket}/timeline")).await.expect(200);
    let [resident, clerk] = [app.id_of(&cast.resident).await, app.id_of(&cast.clerk).await];
    let steps: Vec<_> = timeline
        .items()
        .iter()
        .map(|e| (&e["label"], e["occurred_at"].as_str().unwrap(), &e["actor"]))
        .collect();
    assert_eq!(
        steps,
        [
            (&json!("群众点单"), "2026-11-21T01:00:00Z", &json!(resident)),
            (&json!("党组织派单"), "2026-11-21T01:01:00Z", &json!(clerk)),
            (&json!("接单"), "2026-11-21T01:02:00Z", &json!(cast.worker_id)),
        ]
    );
    app.stop().await;
}
