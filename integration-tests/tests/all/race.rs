//! Many at once.

use crate::ticket::Cast;
use futures_util::future::join_all;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT, config, here, lamp};
use integration_tests::database::HeldTickets;
use integration_tests::{Answer, Backend, Caller};
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
    let at_replica = Caller::anyone(&replica.url()).with_token(resident.token());
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
        let anyone = Caller::anyone(&app.url());
        keys.insert(anyone.get("//.well-known/jwks.json").await.expect(200).text);
        app.stop().await.unwrap();
    }
    assert_eq!(keys.len(), 1, "all have the same keys");
}

async fn community(admin: &Caller, name: &str) -> (String, String) {
    let body = json!({"parent": STREET, "name": name, "reason": "新设社区"});
    let made = admin.post("/places", body).await.expect(201);
    (made.str("code").to_owned(), format!("/places/{}/merge", made.str("id")))
}

/// It was decided on before the place ended, and is written after: always.
#[tokio::test]
async fn what_was_on_its_way_to_a_place_that_is_merged_goes_along() {
    let app = TestApp::start(Backend::Postgres).await;
    let admin = app.staff("county_admin", "532504").await;
    let (code, merge) = community(&admin, "旧社区").await;
    let held = HeldTickets::of(&app.url, "event").await;
    let burden = json!({"place": code, "kind": "plate", "name": "牌子"});
    let merged = async {
        // Its row is there and not committed, so the merge does not see it.
        held.so_many_wait(1).await;
        let merged = admin.post(&merge, json!({"into": NEIGHBOUR, "reason": "合并"}));
        let go_on = async {
            held.so_many_wait(2).await;
            held.let_go().await;
        };
        tokio::join!(merged, go_on).0
    };
    let (entered, merged) = tokio::join!(admin.post("/burdens", burden), merged);
    let _ = (entered.expect(201), merged.expect(200));
    app.app.catch_up().await.unwrap();
    app.pass(1);
    app.app.catch_up().await.unwrap();
    let there = admin.get(&format!("/burdens?place={NEIGHBOUR}")).await.expect(200);
    assert_eq!(there.items().len(), 1);
    app.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn no_matter_is_left_at_a_place_that_just_ended(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", "532504").await;
    let mut entered = 0;
    for round in 0..5 {
        let (code, merge) = community(&admin, &format!("旧社区{round}")).await;
        let burden = json!({"place": code, "kind": "plate", "name": "牌子"});
        let burdens = join_all((0..8).map(|_| admin.post("/burdens", burden.clone())));
        let into = json!({"into": NEIGHBOUR, "reason": "合并"});
        let (burdens, merged) = tokio::join!(burdens, admin.post(&merge, into));
        let _ = merged.expect(200);
        for one in &burdens {
            assert!(matches!(one.status, 201 | 422 | 503), "{round}: {}", one.text);
        }
        entered += burdens.iter().filter(|one| one.status == 201).count();
    }
    app.app.catch_up().await.unwrap();
    app.pass(1);
    app.app.catch_up().await.unwrap();
    let there = admin.get(&format!("/burdens?place={NEIGHBOUR}&limit=100")).await.expect(200);
    assert_eq!(there.items().len(), entered);
    app.stop().await;
}
