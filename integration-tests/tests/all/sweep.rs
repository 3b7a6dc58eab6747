//! The sweep: limits ring by themselves, once, at their true time, whoever sweeps and however late.

use crate::ticket::{Cast, path};
use futures_util::future::join_all;
use integration_tests::Backend;
use integration_tests::app::{TestApp, config, lamp};
use integration_tests::database::{execute, number};
use rstest::rstest;
use serde_json::{Value, json};

/// So many tickets of a resident, submitted at this moment.
async fn tickets(app: &TestApp, count: usize) -> Vec<String> {
    let resident = app.resident("王芳").await;
    let submit = || async { path(&resident.post("/tickets", lamp()).await.expect(201)) };
    join_all((0..count).map(|_| submit())).await
}

async fn rung(app: &TestApp, kind: &str) -> i64 {
    number(&app.url, &format!("SELECT count(*) FROM event WHERE kind = '{kind}'")).await
}

#[rstest]
#[tokio::test]
async fn m03_a_limit_warns_before_it_rings(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket().await;
    app.pass(4);
    app.app.catch_up().await.unwrap();
    assert_eq!(rung(&app, "warned").await, 0, "at that very moment it does not yet");
    app.pass(1);
    app.app.catch_up().await.unwrap();
    app.app.catch_up().await.unwrap();
    let warned = cast.clerk.get(&ticket).await.expect(200);
    assert_eq!(warned.clock("arrive", 1)["warned_at"], "2026-11-21T01:05:00Z");
    assert_eq!(
        (warned.clock("arrive", 1)["state"].clone(), rung(&app, "warned").await),
        (json!("running"), 1)
    );
    app.pass(1);
    app.app.catch_up().await.unwrap();
    app.app.catch_up().await.unwrap();
    let timeline = cast.clerk.get(&format!("{ticket}/timeline")).await.expect(200);
    let told: Vec<_> = timeline
        .items()
        .iter()
        .map(|entry| (entry["kind"].clone(), entry["occurred_at"].clone(), entry["recorded_at"].clone()))
        .collect();
    let told_at = |kind: &str, occurred: &str, recorded: &str| {
        let at = |minute: &str| json!(format!("2026-11-21T01:{minute}:00Z"));
        (json!(kind), at(occurred), at(recorded))
    };
    let expected = [
        told_at("submitted", "00", "00"),
        told_at("warned", "04", "05"),
        told_at("breached", "05", "06"),
        told_at("escalated", "05", "06"),
    ];
    assert_eq!(told, expected);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m03_what_was_due_for_hours_rings_once_at_its_true_time(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let all = tickets(&app, 300).await;
    app.pass(600);
    app.app.catch_up().await.unwrap();
    assert_eq!((rung(&app, "breached").await, rung(&app, "escalated").await), (600, 600));
    assert_eq!(rung(&app, "warned").await, 0, "it is too late to warn");
    let clerk = app.staff("county_admin", "532504").await;
    let late = clerk.get(&all[299]).await.expect(200);
    assert_eq!(late.clock("arrive", 1)["breached_at"], "2026-11-21T01:05:00Z");
    assert_eq!(late.clock("solve", 1)["breached_at"], "2026-11-21T01:30:00Z");
    assert_eq!(late.json["desk"], "532504");
    app.app.catch_up().await.unwrap();
    assert_eq!(rung(&app, "breached").await, 600);
    app.stop().await;
}

/// Each replica sweeps all there is, at the same time as the others and as people who act.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn m03_each_limit_rings_once_however_many_sweep(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let all = tickets(&app, 120).await;
    let other = app.replica(config(&app.url, backend.redis_url())).await;
    app.pass(6);
    let acts = join_all(all.iter().take(40).map(|ticket| cast.dispatch(ticket)));
    let (first, second, third, acts) =
        tokio::join!(app.app.catch_up(), other.catch_up(), app.app.catch_up(), acts);
    for swept in [first, second, third] {
        swept.unwrap();
    }
    for act in acts {
        let _ = act.expect(200);
    }
    app.app.catch_up().await.unwrap();
    assert_eq!((rung(&app, "breached").await, rung(&app, "escalated").await), (120, 120));
    other.stop().await.unwrap();
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_ticket_that_cannot_be_settled_keeps_no_other_waiting(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let all = tickets(&app, 12).await;
    let spoilt = all[3].trim_start_matches("/tickets/").replace('-', "");
    let (id, state) = match backend {
        Backend::Sqlite => (format!("X'{spoilt}'"), "'{}'".to_owned()),
        Backend::Postgres => (format!("'{spoilt}'::uuid"), "'{}'::jsonb".to_owned()),
    };
    let whole = format!("CREATE TABLE kept AS SELECT state FROM ticket WHERE id = {id}");
    execute(&app.url, &whole).await;
    execute(&app.url, &format!("UPDATE ticket SET state = {state} WHERE id = {id}")).await;
    app.pass(6);
    app.app.catch_up().await.unwrap();
    assert_eq!(rung(&app, "breached").await, 11);
    execute(&app.url, &format!("UPDATE ticket SET state = (SELECT state FROM kept) WHERE id = {id}")).await;
    app.app.catch_up().await.unwrap();
    assert_eq!(rung(&app, "breached").await, 12);
    app.stop().await;
}

/// The wall clock of a machine is set by people, too.
#[rstest]
#[tokio::test]
async fn m03_a_clock_that_jumps_breaches_nothing_twice_and_forgets_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let first = cast.ticket().await;
    app.pass(60);
    app.app.catch_up().await.unwrap();
    assert_eq!(rung(&app, "breached").await, 2);
    app.pass(-60);
    app.app.catch_up().await.unwrap();
    // What comes in while the clock is behind rings by that clock.
    let second = cast.ticket().await;
    app.pass(6);
    app.app.catch_up().await.unwrap();
    assert_eq!(rung(&app, "breached").await, 3);
    app.pass(60);
    app.app.catch_up().await.unwrap();
    app.pass(-60);
    app.app.catch_up().await.unwrap();
    assert_eq!(rung(&app, "breached").await, 4);
    for ticket in [first, second] {
        let answer = cast.clerk.get(&ticket).await.expect(200);
        let states: Vec<_> =
            answer.json["clocks"].as_array().unwrap().iter().map(|clock| clock["state"].clone()).collect();
        assert_eq!(states, [Value::from("breached"), Value::from("breached")]);
    }
    app.stop().await;
}
