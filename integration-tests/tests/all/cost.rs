//! How often a call goes to PostgreSQL, counted on the wire.

use crate::ticket::{Cast, path, solved};
use futures_util::future::join_all;
use integration_tests::app::{TestApp, here, lamp};
use integration_tests::proxy::Proxy;
use integration_tests::{Answer, Backend};
use serde_json::json;
use std::future::Future;

/// The round trips of a call.
async fn trips(proxy: &Proxy, call: impl Future<Output = Answer>) -> (usize, Answer) {
    let before = proxy.statements();
    let answer = call.await;
    assert!(answer.status < 300, "{}", answer.text);
    (proxy.statements() - before, answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_costs_two_round_trips_and_a_dispatch_three() {
    let (app, proxy) = TestApp::behind_proxy(Backend::Postgres.redis_url()).await;
    let cast = Cast::of(&app).await;
    // The first number of a block is leased, one in fifty.
    let _ = cast.ticket().await;
    // A token that is new to the process is looked up once.
    for caller in [&cast.clerk, &cast.worker] {
        let _ = caller.get("/tickets").await.expect(200);
    }
    let keyed = [("idempotency-key", "k")];
    let (create, filed) = trips(&proxy, cast.resident.post_with("/tickets", &keyed, lamp())).await;
    let ticket = path(&filed);
    let (read, _) = trips(&proxy, cast.resident.get(&ticket)).await;
    let (dispatch, _) = trips(&proxy, cast.dispatch(&ticket)).await;
    let (accept, _) = trips(&proxy, cast.accept(&ticket)).await;
    let (arrive, _) = trips(&proxy, cast.worker.post(&format!("{ticket}/arrive"), here())).await;
    let (resolve, _) = trips(&proxy, cast.worker.post(&format!("{ticket}/resolve"), solved())).await;
    let (rate, _) =
        trips(&proxy, cast.resident.post(&format!("{ticket}/rate"), json!({"satisfaction": "satisfied"})))
            .await;
    let (page, _) = trips(&proxy, cast.clerk.get("/tickets")).await;
    let (timeline, _) = trips(&proxy, cast.resident.get(&format!("{ticket}/timeline"))).await;
    println!("round trips: create {create}, read {read}, dispatch {dispatch}, accept {accept}, page {page}");
    assert_eq!((create, dispatch), (2, 3));
    assert_eq!((accept, arrive, resolve, rate), (2, 2, 2, 2));
    assert_eq!((read, page, timeline), (1, 1, 1));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_that_come_together_are_asked_together_and_each_gets_its_own() {
    let (app, proxy) = TestApp::behind_proxy(Backend::Postgres.redis_url()).await;
    let cast = Cast::of(&app).await;
    let mut tickets = Vec::new();
    for _ in 0..3 {
        tickets.push(cast.ticket().await);
    }
    let nobodys = "/tickets/01990000-0000-7000-8000-00000000ffff".to_owned();
    // Both tokens are known from here on.
    for caller in [&cast.clerk, &cast.resident] {
        let _ = caller.get("/me").await.expect(200);
    }
    let before = proxy.statements();
    proxy.hold();
    let reads = (0..60).map(|n| {
        let (cast, nobodys) = (&cast, &nobodys);
        let ticket = &tickets[n % 3];
        async move {
            match n % 4 {
                0 => (nobodys, cast.clerk.get(nobodys).await, 404),
                1 => (ticket, cast.resident.get(ticket).await, 200),
                _ => (ticket, cast.clerk.get(ticket).await, 200),
            }
        }
    });
    let release = async {
        // One asks, and another begins as it takes long; the rest waits.
        proxy.held(2).await;
        proxy.release().await;
    };
    let (answers, ()) = tokio::join!(join_all(reads), release);
    for (asked, answer, status) in answers {
        let answer = answer.expect(status);
        assert!(
            status == 404 || asked.ends_with(answer.json["id"].as_str().unwrap()),
            "{asked}: {}",
            answer.text
        );
    }
    let statements = proxy.statements() - before;
    assert!(statements < 60, "{statements} statements for 60 reads");
    app.stop().await;
}
