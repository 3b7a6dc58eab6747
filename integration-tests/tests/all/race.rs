//! Many at once.

use crate::ticket::Cast;
use integration_tests::app::{COMMUNITY, TestApp, UNIT, config, here, lamp};
use integration_tests::{Answer, Backend};
use rstest::rstest;
use serde_json::json;
use std::collections::HashSet;
use std::future::Future;
use tokio::task::JoinSet;

async fn at_once<F: Future<Output = Answer> + Send + 'static>(
    calls: impl IntoIterator<Item = F>,
) -> Vec<Answer> {
    calls.into_iter().collect::<JoinSet<_>>().join_all().await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn fifty_identical_creates_are_one_ticket(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    let calls = (0..50).map(|_| {
        let resident = resident.clone();
        async move { resident.post_with("/tickets", &[("idempotency-key", "one")], lamp()).await }
    });
    let answers = at_once(calls).await;
    let texts: HashSet<_> = answers.iter().map(|answer| (answer.status, answer.text.clone())).collect();
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert_eq!(answers[0].status, 201);
    assert_eq!(answers.iter().filter(|answer| answer.header("idempotent-replayed").is_empty()).count(), 1);
    assert_eq!(resident.get("/tickets").await.items().len(), 1);
    app.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_accept_one_wins(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let token = |name: &str| api::NewToken {
        role: "department_handler".to_owned(),
        scope: api::Scope::Unit(UNIT),
        person: Some(name.to_owned()),
        lifetime: std::time::Duration::from_secs(3_600),
    };
    let mut handlers = Vec::new();
    for name in ["张伟", "刘军"] {
        handlers.push(app.anyone().with_token(&app.app.token(&token(name)).await.unwrap()));
    }
    for _ in 0..10 {
        let ticket = cast.ticket().await;
        let to_unit = json!({"lead": {"unit": UNIT}});
        let _ = cast.clerk.post(&format!("{ticket}/dispatch"), to_unit).await.expect(200);
        let calls = handlers.iter().map(|handler| {
            let (handler, ticket) = (handler.clone(), ticket.clone());
            async move { handler.post(&format!("{ticket}/accept"), json!({})).await }
        });
        let mut answers = at_once(calls.collect::<Vec<_>>()).await;
        answers.sort_by_key(|answer| answer.status);
        assert_eq!(answers[0].status, 200, "{}", answers[0].text);
        answers[1].refused(409, "ticket.already_accepted");
    }
    // Who insists on a version is told that it has moved on, and never decided anew.
    let ticket = cast.ticket_at("accepted").await;
    let calls = (0..5).map(|_| {
        let (worker, ticket) = (cast.worker.clone(), ticket.clone());
        async move { worker.post_with(&format!("{ticket}/arrive"), &[("if-match", "\"3\"")], here()).await }
    });
    let mut statuses: Vec<_> = at_once(calls).await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412]);
    app.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_those_that_overlap_one_is_entered(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let enter = |path: &'static str, starts: &str, ends: &str| {
        let (clerk, person) = (cast.clerk.clone(), &cast.worker_id);
        let mut body = json!({"person": person, "starts_at": starts, "ends_at": ends});
        if path == "/shifts" {
            body["place"] = json!(COMMUNITY);
        }
        async move { clerk.post(path, body).await }
    };
    for (path, code) in [("/shifts", "shift.overlaps"), ("/absences", "absence.overlaps")] {
        for day in 10..20 {
            let noon = format!("2027-01-{day}T12:00:00Z");
            let calls = (0..6).map(|hour| enter(path, &format!("2027-01-{day}T0{hour}:00:00Z"), &noon));
            let mut answers = at_once(calls).await;
            answers.sort_by_key(|answer| answer.status);
            assert_eq!(answers[0].status, 201, "{}", answers[0].text);
            answers[1..].iter().for_each(|answer| answer.refused(409, code));
        }
        // Those that do not are all entered.
        let hour = |hour: i32| format!("2027-02-01T0{hour}:00:00Z");
        let calls = (0..5).map(|n| enter(path, &hour(n), &hour(n + 1)));
        assert!(at_once(calls).await.iter().all(|answer| answer.status == 201));
    }
    app.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_unique_across_replicas(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let replica = api::App::start(config(&app.url, backend.redis_url()), app.clock.clone()).await.unwrap();
    let resident = app.resident("王芳").await;
    let at_replica = integration_tests::Caller::anyone(&replica.url()).with_token(resident.token());
    let calls = (0..120).map(|i| {
        let caller = if i % 2 == 0 { resident.clone() } else { at_replica.clone() };
        async move { caller.post("/tickets", lamp()).await.expect(201) }
    });
    let answers = at_once(calls).await;
    let numbers: HashSet<_> = answers.iter().map(|answer| answer.str("number").to_owned()).collect();
    assert_eq!(numbers.len(), 120);
    replica.stop().await.unwrap();
    app.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn replicas_start_together_on_an_empty_database(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let database = backend.empty().await;
    let starts = (0..3).map(|_| {
        let config = config(&database.url, backend.redis_url());
        api::App::start(config, api::Clock::system())
    });
    let starts = starts.map(tokio::spawn).collect::<Vec<_>>();
    let mut keys = HashSet::new();
    for start in starts {
        let app = start.await.unwrap().unwrap();
        let anyone = integration_tests::Caller::anyone(&app.url());
        keys.insert(anyone.get("//.well-known/jwks.json").await.expect(200).text);
        app.stop().await.unwrap();
    }
    assert_eq!(keys.len(), 1, "all have the same keys");
}
