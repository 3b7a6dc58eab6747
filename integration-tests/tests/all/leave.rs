//! 离岗: who succeeds, and what becomes of the tickets.

use crate::people::{user, worker};
use crate::ticket::{Cast, path};
use integration_tests::Backend;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp};
use integration_tests::database::{HeldTickets, number};
use rstest::rstest;
use serde_json::{Value, json};

const COUNTY: &str = "532504";

#[rstest]
#[tokio::test]
async fn whoever_leaves_is_succeeded_by_who_can(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let leave = format!("/users/{}/leave", cast.worker_id);
    let next = worker(&admin, "接替人", None, COMMUNITY).await;
    let elsewhere = worker(&admin, "别处的", None, NEIGHBOUR).await;
    for wrong in [elsewhere.str("id"), &cast.worker_id, "01990000-0000-7000-8000-00000000ffff"] {
        let body = json!({"successor": wrong, "reason": "调动"});
        admin.post(&leave, body).await.refused_for(422, "person.successor_cannot_handle", "/successor");
    }
    admin.post(&leave, json!({"reason": " "})).await.refused_for(422, "text.empty", "/reason");
    let body = json!({"successor": next.str("id"), "reason": "调往别处"});
    let left = admin.post(&leave, body.clone()).await.expect(200);
    assert_eq!(left.json["grants"], json!([]));
    cast.worker.get("/tickets").await.refused(401, "auth.grants_changed");
    admin.post(&leave, body).await.refused(409, "person.not_in_post");
    assert_eq!(number(&app.url, "SELECT count(*) FROM handover WHERE successor_id IS NOT NULL").await, 1);
    // They can be granted something again.
    let grant = json!({"role": "volunteer", "places": [NEIGHBOUR]});
    let _ = admin.post(&format!("/users/{}/grant", cast.worker_id), grant).await.expect(200);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn whoever_leaves_hands_over_what_is_open(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let next = worker(&admin, "接替人", None, COMMUNITY).await;
    let (dispatched, accepted) = (cast.ticket_at("dispatched").await, cast.ticket_at("accepted").await);
    let (resolved, closed) = (cast.ticket_at("resolved").await, cast.ticket_at("closed").await);
    let leave = format!("/users/{}/leave", cast.worker_id);
    let body = json!({"successor": next.str("id"), "reason": "调往别处"});
    let _ = admin.post(&leave, body).await.expect(200);
    // A server that died here goes on with it: nothing but the row says what is left to do.
    assert_eq!(number(&app.url, "SELECT count(*) FROM handover").await, 1);
    app.app.catch_up().await.unwrap();
    for ticket in [&dispatched, &accepted] {
        let handed = cast.clerk.get(ticket).await.expect(200);
        assert_eq!(
            (handed.str("status"), &handed.json["lead"]["person"]),
            ("dispatched", &json!(next.str("id")))
        );
        let timeline = cast.resident.get(&format!("{ticket}/timeline?limit=100")).await;
        assert_eq!(timeline.items().last().unwrap()["label"], "移交");
    }
    for (ticket, status) in [(&resolved, "resolved"), (&closed, "closed")] {
        assert_eq!(cast.clerk.get(ticket).await.str("status"), status);
    }
    // A second look changes nothing.
    let before = cast.clerk.get(&accepted).await.header("etag").to_owned();
    assert_eq!(number(&app.url, "SELECT count(*) FROM handover").await, 1);
    app.pass(1);
    app.app.catch_up().await.unwrap();
    assert_eq!(number(&app.url, "SELECT count(*) FROM handover").await, 0);
    assert_eq!(cast.clerk.get(&accepted).await.header("etag"), before);
    // Without a successor the desk dispatches anew.
    let leave = format!("/users/{}/leave", next.str("id"));
    let _ = admin.post(&leave, json!({"reason": "退休"})).await.expect(200);
    app.app.catch_up().await.unwrap();
    assert_eq!(cast.clerk.get(&dispatched).await.str("status"), "submitted");
    app.stop().await;
}

#[tokio::test]
async fn what_was_on_its_way_to_them_goes_on_too() {
    let app = TestApp::start(Backend::Postgres).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let ticket = cast.ticket().await;
    let held = HeldTickets::at(&app.url).await;
    let leave = async {
        // The dispatch has looked up its lead, and waits to be written down.
        held.somebody_waits().await;
        let left =
            admin.post(&format!("/users/{}/leave", cast.worker_id), json!({"reason": "调往别处"})).await;
        app.app.catch_up().await.unwrap();
        held.let_go().await;
        left
    };
    let (dispatched, left) = tokio::join!(cast.dispatch(&ticket), leave);
    let _ = (dispatched.expect(200), left.expect(200));
    app.app.catch_up().await.unwrap();
    assert_eq!(cast.clerk.get(&ticket).await.str("status"), "dispatched", "nobody knows yet");
    app.pass(1);
    app.app.catch_up().await.unwrap();
    assert_eq!(cast.clerk.get(&ticket).await.str("status"), "submitted");
    assert_eq!(number(&app.url, "SELECT count(*) FROM handover").await, 0);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn whoever_keeps_a_part_keeps_its_tickets(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let person = worker(&admin, "两处的", None, COMMUNITY).await;
    let grant = json!({"role": "grid_worker", "places": [NEIGHBOUR]});
    let both = admin.post(&format!("{}/grant", user(&person)), grant).await.expect(200);
    let neighbours = json!({"content": "井盖松动", "place": {"code": NEIGHBOUR}});
    let there = path(&cast.resident.post("/tickets", neighbours).await.expect(201));
    let here = cast.ticket().await;
    let dispatch = json!({"lead": {"person": person.str("id")}});
    let street = app.staff("street_dispatcher", STREET).await;
    for ticket in [&here, &there] {
        let _ = street.post(&format!("{ticket}/dispatch"), dispatch.clone()).await.expect(200);
    }
    let held = both.json["grants"].as_array().unwrap();
    let here_held = held.iter().find(|grant| grant["places"] == json!([COMMUNITY])).unwrap();
    let revoke = json!({"grant": here_held["id"]});
    let _ = admin.post(&format!("{}/revoke", user(&person)), revoke).await.expect(200);
    app.app.catch_up().await.unwrap();
    assert_eq!(street.get(&here).await.str("status"), "submitted");
    assert_eq!(street.get(&there).await.str("status"), "dispatched");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn whoever_left_gets_nothing_back(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let (resolved, closed) = (cast.ticket_at("resolved").await, cast.ticket_at("closed").await);
    let accepted = cast.ticket_at("accepted").await;
    // They assist with another's ticket, too.
    let other = worker(&admin, "同事", None, COMMUNITY).await;
    let helped = cast.ticket().await;
    let both = json!({"lead": {"person": other.str("id")}, "assist": [{"person": cast.worker_id}]});
    let _ = cast.clerk.post(&format!("{helped}/dispatch"), both).await.expect(200);
    // Taking back the only role that handles tickets is as good as leaving.
    let person = format!("/users/{}", cast.worker_id);
    let grant = admin.get(&person).await.expect(200).json["grants"][0]["id"].clone();
    let _ = admin.post(&format!("{person}/revoke"), json!({"grant": grant})).await.expect(200);
    app.app.catch_up().await.unwrap();
    assert_eq!(cast.clerk.get(&accepted).await.str("status"), "submitted");
    let relieved = cast.clerk.get(&helped).await;
    assert_eq!((relieved.str("status"), &relieved.json["assist"]), ("dispatched", &json!([])));
    let again = cast.rate(&resolved, "dissatisfied").await.expect(200);
    assert_eq!((again.str("status"), &again.json["round"]), ("submitted", &json!(2)));
    let reopen = json!({"reason": "又坏了"});
    let reopened = cast.resident.post(&format!("{closed}/reopen"), reopen).await.expect(200);
    assert_eq!((reopened.str("status"), &reopened.json["lead"]), ("submitted", &Value::Null));
    app.stop().await;
}
