//! Time and those above: clocks that rest and move, the ladder, supervision.

use crate::machine::{act, reason};
use crate::ticket::{Cast, path};
use integration_tests::Backend;
use integration_tests::app::{COMMUNITY, STREET, TestApp, here, lamp};
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[tokio::test]
async fn it_goes_up_the_ladder_by_hand_and_by_itself(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let street = app.staff("street_dispatcher", STREET).await;
    let ticket = cast.ticket_at("accepted").await;
    assert_eq!(cast.resident.get(&ticket).await.str("desk"), COMMUNITY);
    let escalated = act(&cast.worker, &ticket, "escalate", reason()).await.expect(200);
    assert_eq!((escalated.str("status"), escalated.str("desk")), ("accepted", STREET));
    let on_desk = |desk: &str| {
        let (street, path) = (street.clone(), format!("/tickets?desk={desk}"));
        async move { street.get(&path).await.expect(200).items().len() }
    };
    assert_eq!((on_desk(STREET).await, on_desk(COMMUNITY).await), (1, 0));
    // The arrive limit passes: nobody does anything, and it is the county's.
    app.pass(6);
    app.app.catch_up().await.unwrap();
    let ticket_now = street.get(&ticket).await;
    assert_eq!((ticket_now.str("desk"), ticket_now.header("etag")), ("532504", "\"6\""));
    app.app.catch_up().await.unwrap();
    assert_eq!(street.get(&ticket).await.header("etag"), "\"6\"", "once only");
    act(&street, &ticket, "escalate", reason()).await.refused(409, "ticket.at_the_top");
    let timeline = cast.resident.get(&format!("{ticket}/timeline")).await;
    let up = timeline.items().iter().filter(|entry| entry["kind"] == "escalated");
    let up: Vec<_> = up.map(|entry| (&entry["desk"], &entry["actor"], &entry["text"])).collect();
    assert_eq!(up[0], (&json!(STREET), &json!(cast.worker_id), &Value::Null));
    assert_eq!(up[1], (&json!("532504"), &Value::Null, &Value::Null));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m03_a_supervisor_lets_the_clocks_rest(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let supervisor = app.staff("supervisor", "532504").await;
    let ticket = cast.ticket_at("accepted").await;
    act(&cast.clerk, &ticket, "pause", reason()).await.refused(403, "permission.role");
    act(&supervisor, &ticket, "resume", reason()).await.refused(409, "ticket.not_paused");
    app.pass(3);
    let paused = act(&supervisor, &ticket, "pause", reason()).await.expect(200);
    assert_eq!(paused.clock("arrive", 1)["state"], "paused");
    act(&supervisor, &ticket, "pause", reason()).await.refused(409, "ticket.already_paused");
    app.pass(120);
    app.app.catch_up().await.unwrap();
    assert_eq!(supervisor.get("/tickets?overdue=true").await.items().len(), 0);
    let resumed = act(&supervisor, &ticket, "resume", reason()).await.expect(200);
    let clock = resumed.clock("solve", 1);
    assert_eq!((&clock["paused_seconds"], &clock["due_at"]), (&json!(7_200), &json!("2026-11-21T03:30:00Z")));
    assert_eq!(cast.resolve(&ticket).await.expect(200).clock("solve", 1)["state"], "met");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m03_more_time_is_asked_for_and_decided_on(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket_at("accepted").await;
    let until = |time: &str| json!({"until": format!("2026-11-21T{time}Z"), "reason": "等配件"});
    act(&cast.clerk, &ticket, "extend", until("03:00:00")).await.refused(403, "permission.reach");
    let past = act(&cast.worker, &ticket, "extend", until("00:30:00")).await;
    past.refused_for(422, "ticket.time_too_early", "/until");
    act(&cast.worker, &ticket, "extend", until("01:30:00")).await.refused(422, "ticket.time_too_early");
    for never in ["2029-01-01T00:00:00Z", "+262142-12-31T00:00:00Z"] {
        let never = json!({"until": never, "reason": "等配件"});
        act(&cast.worker, &ticket, "extend", never).await.refused_for(422, "ticket.time_too_late", "/until");
    }
    let asked = act(&cast.worker, &ticket, "extend", until("03:00:00")).await.expect(200);
    assert_eq!(asked.json["extension"]["until"], "2026-11-21T03:00:00Z");
    assert_eq!(asked.clock("solve", 1)["due_at"], "2026-11-21T01:30:00Z", "the clock runs on meanwhile");
    act(&cast.worker, &ticket, "extend", until("04:00:00")).await.refused(409, "ticket.extension_pending");
    let refused = act(&cast.clerk, &ticket, "extend/refuse", reason()).await.expect(200);
    assert_eq!(refused.json["extension"], Value::Null);
    act(&cast.clerk, &ticket, "extend/approve", json!({})).await.refused(409, "ticket.no_extension");
    let _ = act(&cast.worker, &ticket, "extend", until("03:00:00")).await.expect(200);
    let approved = act(&cast.clerk, &ticket, "extend/approve", json!({"note": "抓紧"})).await.expect(200);
    assert_eq!(approved.clock("solve", 1)["due_at"], "2026-11-21T03:00:00Z");
    app.pass(110);
    assert_eq!(cast.resolve(&ticket).await.expect(200).clock("solve", 1)["state"], "met");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z09_a_leader_supervises_until_it_is_done(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let leader = app.staff("supervisor", "532504").await;
    let (watched, _other) = (cast.ticket_at("dispatched").await, cast.ticket().await);
    act(&cast.worker, &watched, "supervise", reason()).await.refused(403, "permission.role");
    let supervised = act(&leader, &watched, "supervise", reason()).await.expect(200);
    assert_eq!(supervised.str("supervised_at"), "2026-11-21T01:00:00Z");
    act(&leader, &watched, "supervise", reason()).await.refused(409, "ticket.already_supervised");
    let list = leader.get("/tickets?supervised=true").await.expect(200);
    assert_eq!((list.items().len(), &list.items()[0]["supervised"]), (1, &json!(true)));
    let _ = cast.accept(&watched).await.expect(200);
    let _ = cast.resolve(&watched).await.expect(200);
    assert_eq!(leader.get("/tickets?supervised=true").await.items().len(), 1, "not yet rated");
    let closed = cast.rate(&watched, "satisfied").await.expect(200);
    assert_eq!(closed.json["supervised_at"], Value::Null);
    assert_eq!(leader.get("/tickets?supervised=true").await.items().len(), 0);
    let _ = act(&cast.resident, &watched, "reopen", reason()).await.expect(200);
    let _ = act(&leader, &watched, "supervise", reason()).await.expect(200);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn an_unrated_ticket_closes_by_itself(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket_at("resolved").await;
    let read = cast.resident.get(&ticket).await;
    assert_eq!(read.json["resolution"]["rating_ends_at"], "2026-11-28T01:00:00Z");
    app.pass(7 * 1_440);
    app.app.catch_up().await.unwrap();
    assert_eq!(
        cast.resident.get(&ticket).await.str("status"),
        "resolved",
        "at the last moment one may still rate"
    );
    app.pass(1);
    // Whether or not anybody has noticed.
    cast.rate(&ticket, "dissatisfied").await.refused(409, "ticket.already_closed");
    app.app.catch_up().await.unwrap();
    let closed = cast.resident.get(&ticket).await;
    assert_eq!((closed.str("status"), &closed.json["rating"]), ("closed", &Value::Null));
    let timeline = cast.resident.get(&format!("{ticket}/timeline?limit=100")).await;
    let last = timeline.items().last().unwrap();
    assert_eq!(
        (&last["kind"], &last["occurred_at"], &last["actor"]),
        (&json!("closed"), &json!("2026-11-28T01:00:00Z"), &Value::Null)
    );
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m03_complex_is_planned_in_two_days_and_answered_in_two(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let mut body = lamp();
    body["severity"] = json!("complex");
    let filed = cast.resident.post("/tickets", body).await.expect(201);
    assert_eq!(filed.clock("plan", 1)["due_at"], "2026-11-23T01:00:00Z");
    let ticket = path(&filed);
    let _ = cast.dispatch(&ticket).await.expect(200);
    let _ = cast.accept(&ticket).await.expect(200);
    app.pass(1_440);
    let yesterday = json!({"text": "开挖", "due": "2026-11-21T00:00:00Z"});
    act(&cast.worker, &ticket, "plan", yesterday).await.refused_for(422, "ticket.time_too_early", "/due");
    let never = json!({"text": "开挖", "due": "9999-12-31T00:00:00Z"});
    act(&cast.worker, &ticket, "plan", never).await.refused_for(422, "ticket.time_too_late", "/due");
    let plan = json!({"text": "先查管网，再开挖", "due": "2026-11-24T01:00:00Z"});
    let planned = act(&cast.worker, &ticket, "plan", plan).await.expect(200);
    assert_eq!(planned.clock("plan", 1)["state"], "met");
    assert_eq!(planned.clock("answer", 1)["due_at"], "2026-11-24T01:00:00Z");
    assert_eq!(cast.resident.get(&ticket).await.json["plan"]["text"], "先查管网，再开挖");
    app.pass(2 * 1_440 + 1);
    // Too late is a breach, and is recorded as met all the same.
    let replied = act(&cast.worker, &ticket, "reply", json!({"text": "管网已查清"})).await.expect(200);
    let clock = replied.clock("answer", 1);
    assert_eq!((&clock["state"], &clock["met_at"]), (&json!("breached"), &json!("2026-11-24T01:01:00Z")));
    assert_eq!(replied.json["progress"]["text"], "管网已查清");
    assert_eq!(cast.resolve(&ticket).await.expect(200).str("status"), "resolved");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m03_regrading_keeps_starts_and_breaches(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket_at("accepted").await;
    act(&cast.worker, &ticket, "grade", json!({"severity": "large"})).await.refused(403, "permission.role");
    act(&cast.clerk, &ticket, "grade", json!({"category": "moon"})).await.refused_for(
        422,
        "ticket.category_unknown",
        "/category",
    );
    app.pass(31);
    let graded = act(&cast.clerk, &ticket, "grade", json!({"severity": "large", "category": "property"}))
        .await
        .expect(200);
    let clock = graded.clock("solve", 1);
    assert_eq!(
        (&clock["started_at"], &clock["due_at"]),
        (&json!("2026-11-21T01:00:00Z"), &json!("2026-11-21T06:00:00Z"))
    );
    assert_eq!(
        (&clock["state"], &clock["breached_at"]),
        (&json!("breached"), &json!("2026-11-21T01:30:00Z"))
    );
    assert_eq!((graded.str("category"), graded.str("severity")), ("property", "large"));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn what_was_done_out_of_reach_counts_from_when_it_was_done(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket_at("accepted").await;
    app.pass(60);
    let at = |time: &str| {
        let mut body = here();
        body["occurred_at"] = json!(format!("2026-11-21T{time}Z"));
        body
    };
    act(&cast.worker, &ticket, "arrive", at("03:00:00")).await.refused_for(
        422,
        "ticket.time_too_late",
        "/occurred_at",
    );
    act(&cast.worker, &ticket, "arrive", at("00:10:00")).await.refused_for(
        422,
        "ticket.time_too_early",
        "/occurred_at",
    );
    let arrived = act(&cast.worker, &ticket, "arrive", at("01:04:00.123456789")).await.expect(200);
    assert_eq!(arrived.clock("arrive", 1)["state"], "met");
    let timeline = cast.worker.get(&format!("{ticket}/timeline?limit=100")).await;
    let entry = timeline.items().iter().find(|entry| entry["kind"] == "arrived").unwrap();
    assert_eq!(
        (&entry["occurred_at"], &entry["recorded_at"]),
        (&json!("2026-11-21T01:04:00.123456Z"), &json!("2026-11-21T02:00:00Z"))
    );
    app.stop().await;
}

/// What one process cannot read (a newer one wrote it) keeps nobody else waiting.
#[rstest]
#[tokio::test]
async fn what_cannot_be_settled_keeps_no_other_waiting(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket().await;
    integration_tests::database::copy_tickets(&app.url, 250).await;
    let unreadable = "UPDATE ticket SET state_v = 99, next_at = (SELECT next_at FROM ticket WHERE number NOT LIKE 'copy-%') \
        WHERE number LIKE 'copy-%'";
    integration_tests::database::execute(&app.url, unreadable).await;
    let earlier = "UPDATE ticket SET next_at = (SELECT min(created_at) FROM ticket) WHERE state_v = 99";
    integration_tests::database::execute(&app.url, earlier).await;
    app.pass(6);
    app.app.catch_up().await.unwrap();
    assert_eq!(cast.clerk.get(&ticket).await.str("desk"), STREET);
    // The copies have no history, so this store does not add up.
    app.app.stop().await.unwrap();
}
