//! 首问负责: the first of staff to take up a ticket answers for it until somebody has accepted it.

use crate::machine::{act, reason};
use crate::rules::play_by;
use crate::ticket::{Cast, path};
use integration_tests::app::{COMMUNITY, TestApp};
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const ROLES: &str = "[first_asked]\nroles = [\"grid_worker\", \"community_clerk\"]\n";

/// How many tickets somebody answers for.
async fn answers_for(caller: &Caller) -> usize {
    caller.get("/tickets?first_asked=true").await.expect(200).items().len()
}

fn first(person: &str, responsible: bool) -> Value {
    json!({"person": person, "responsible": responsible})
}

#[rstest]
#[tokio::test]
async fn q06_the_first_to_take_it_up_answers_until_somebody_accepts(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    play_by(&app, ROLES, &[]).await;
    let cast = Cast::of(&app).await;
    let clerk = app.id_of(&cast.clerk).await;
    let ticket = cast.ticket().await;
    assert_eq!(cast.resident.get(&ticket).await.json["first_asked"], Value::Null);
    let noted = act(&cast.clerk, &ticket, "note", reason()).await.expect(200);
    assert_eq!(noted.json["first_asked"], first(&clerk, true));
    // Whoever comes later does not.
    let _ = act(&cast.worker, &ticket, "note", reason()).await.expect(200);
    assert_eq!((answers_for(&cast.clerk).await, answers_for(&cast.worker).await), (1, 0));
    let _ = cast.dispatch(&ticket).await.expect(200);
    assert_eq!(answers_for(&cast.clerk).await, 1, "nobody has accepted it");
    let accepted = cast.accept(&ticket).await.expect(200);
    assert_eq!(accepted.json["first_asked"], first(&clerk, false));
    assert_eq!(answers_for(&cast.clerk).await, 0);
    let returned = act(&cast.worker, &ticket, "return", reason()).await.expect(200);
    assert_eq!(returned.json["first_asked"], first(&clerk, true), "theirs again");
    let narrowed = cast.clerk.get("/tickets?first_asked=true&status=accepted").await.expect(200);
    assert_eq!((answers_for(&cast.clerk).await, narrowed.items().len()), (1, 0));
    let within = cast.clerk.get(&format!("/tickets?mine=true&first_asked=true&place={COMMUNITY}")).await;
    assert_eq!(within.expect(200).items().len(), 0, "raised by another");
    let timeline = cast.resident.get(&format!("{ticket}/timeline")).await;
    let steps: Vec<_> = timeline.items().iter().filter(|entry| entry["kind"] == "first_asked").collect();
    assert_eq!((steps.len(), &steps[0]["label"]), (1, &json!("首问负责")));
    assert_eq!(steps[0]["lead"], json!({"person": clerk, "unit": null}));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn q06_whoever_takes_it_down_hears_of_its_limits(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    play_by(&app, ROLES, &[]).await;
    let cast = Cast::of(&app).await;
    let visited = json!({"content": "独居老人家水管漏水", "place": {"code": COMMUNITY}, "severity": "small",
        "channel": "home_visit"});
    let taken_down = cast.worker.post("/tickets", visited.clone()).await.expect(201);
    assert_eq!(taken_down.json["first_asked"], first(&cast.worker_id, true));
    assert_eq!(taken_down.header("etag"), "\"2\"");
    // What they raise for themselves is no such thing.
    let own = json!({"content": "路灯不亮", "place": {"code": COMMUNITY}});
    assert_eq!(cast.worker.post("/tickets", own).await.expect(201).json["first_asked"], Value::Null);
    app.pass(6);
    app.app.catch_up().await.unwrap();
    let told = crate::inbox::told(&cast.worker).await;
    assert_eq!(told.iter().filter(|kind| *kind == "breached").count(), 1, "{told:?}");
    // Once somebody has accepted it, it is theirs.
    let ticket = path(&taken_down);
    let other = app.staff("grid_leader", COMMUNITY).await;
    let lead = json!({"lead": {"person": app.id_of(&other).await}});
    let _ = act(&cast.clerk, &ticket, "dispatch", lead).await.expect(200);
    let _ = act(&other, &ticket, "accept", json!({})).await.expect(200);
    app.pass(30);
    app.app.catch_up().await.unwrap();
    assert_eq!(crate::inbox::told(&cast.worker).await.iter().filter(|kind| *kind == "breached").count(), 1);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn q06_of_two_at_once_one_is_first(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    play_by(&app, ROLES, &[]).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket().await;
    let (one, other) = tokio::join!(
        act(&cast.clerk, &ticket, "note", reason()),
        act(&cast.worker, &ticket, "note", reason())
    );
    assert_eq!((one.status, other.status), (200, 200));
    assert_eq!(answers_for(&cast.clerk).await + answers_for(&cast.worker).await, 1);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn q06_whoever_leaves_hands_it_over(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    play_by(&app, ROLES, &[]).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", "532504").await;
    let successor = app.staff("grid_leader", COMMUNITY).await;
    let successor_id = app.id_of(&successor).await;
    let ticket = cast.ticket().await;
    let _ = act(&cast.worker, &ticket, "note", reason()).await.expect(200);
    let leave = json!({"successor": successor_id, "reason": "调离"});
    let _ = admin.post(&format!("/users/{}/leave", cast.worker_id), leave).await.expect(200);
    app.app.catch_up().await.unwrap();
    let handed = cast.clerk.get(&ticket).await.expect(200);
    assert_eq!(handed.json["first_asked"], first(&successor_id, true));
    assert_eq!(answers_for(&successor).await, 1);
    assert!(crate::inbox::told(&successor).await.contains(&"first_asked".to_owned()));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn q06_nobody_answers_where_the_playbook_names_no_role(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket_at("dispatched").await;
    assert_eq!(cast.clerk.get(&ticket).await.expect(200).json["first_asked"], Value::Null);
    assert_eq!(answers_for(&cast.clerk).await, 0);
    app.stop().await;
}
