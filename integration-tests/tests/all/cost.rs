//! How often a call goes to PostgreSQL, counted on the wire.

use crate::ticket::{Cast, path, solved};
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
