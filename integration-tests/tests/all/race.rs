//! Many at once.

use crate::ticket::Cast;
use integration_tests::app::{TestApp, config, lamp};
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
    for _ in 0..10 {
        let ticket = cast.ticket_at("dispatched").await;
        let calls = (0..2).map(|_| {
            let (worker, ticket) = (cast.worker.clone(), ticket.clone());
            async move { worker.post(&format!("{ticket}/accept"), json!({})).await }
        });
        let mut answers = at_once(calls).await;
        answers.sort_by_key(|answer| answer.status);
        assert_eq!(answers[0].status, 200, "{}", answers[0].text);
        answers[1].refused(409, "ticket.already_accepted");
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
