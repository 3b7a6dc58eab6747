//! A city's own platform as a client: it pushes tickets under its own numbers, and pulls what becomes of them.

use crate::ticket::{Cast, path, solved};
use futures_util::future::join_all;
use integration_tests::app::{COMMUNITY, STREET, TestApp, here};
use integration_tests::database::contains;
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

/// What the platform took down for somebody who called.
fn order(number: &str) -> Value {
    json!({
        "content": "来电人反映路灯不亮", "place": {"code": COMMUNITY}, "category": "facilities", "channel": "hotline",
        "origin": {"title": "市级热线平台", "order": number}, "contact": {"name": "王小二", "phone": "13800001234"},
        "occurred_at": "2026-11-20T23:00:00Z"
    })
}

async fn told(platform: &Caller) -> Vec<String> {
    let inbox = platform.get("/me/inbox").await.expect(200);
    inbox.items().iter().rev().map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
}

#[rstest]
#[tokio::test]
async fn f11_a_city_s_platform_pushes_tickets_and_pulls_what_becomes_of_them(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let platform = app.staff("hotline", "532504").await;
    let filed = platform
        .post_with("/tickets", &[("idempotency-key", "SZ1")], order("SZ20261121001"))
        .await
        .expect(201);
    assert_eq!((filed.str("channel"), &filed.json["origin"]["title"]), ("hotline", &json!("市级热线平台")));
    let ticket = path(&filed);
    // The community dispatches it as any other, and calls whoever called.
    let seen = cast.clerk.get("/tickets?channel=hotline").await.expect(200);
    assert_eq!(seen.items()[0]["number"], filed.json["number"]);
    let _ = cast.dispatch(&ticket).await.expect(200);
    let _ = cast.accept(&ticket).await.expect(200);
    let held = cast.worker.get(&ticket).await.expect(200);
    assert_eq!(held.json["contact"]["phone"], json!("13800001234"));
    let _ = cast.worker.post(&format!("{ticket}/arrive"), here()).await.expect(200);
    let _ = cast.worker.post(&format!("{ticket}/resolve"), solved()).await.expect(200);
    app.app.catch_up().await.unwrap();
    // Each step is pulled in its order; then the platform says what the caller thinks of it.
    assert_eq!(told(&platform).await, ["dispatched", "accepted", "arrived", "resolved"]);
    let timeline = platform.get(&format!("{ticket}/timeline")).await.expect(200);
    assert!(timeline.text.contains("resolved"), "{}", timeline.text);
    let rated =
        platform.post(&format!("{ticket}/rate"), json!({"satisfaction": "satisfied"})).await.expect(200);
    assert_eq!(rated.str("status"), "closed");
    assert_eq!(platform.get("/tickets?mine=true").await.expect(200).items().len(), 1);
    // Of what others raised it sees nothing.
    let other = cast.ticket().await;
    platform.get(&other).await.refused(404, "ticket.not_found");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f11_an_order_is_filed_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let platform = app.staff("hotline", "532504").await;
    let number = "SZ20261121001";
    // Whatever becomes of the connection: pushed once more, it is the same ticket.
    let all = join_all((0..6).map(|_| platform.post("/tickets", order(number)))).await;
    let mut statuses: Vec<_> = all.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
    let first = all.iter().find(|answer| answer.status == 201).unwrap();
    let again = platform.post("/tickets", order(number)).await;
    again.refused_for(409, "ticket.order_filed", "/origin/order");
    assert!(again.text.contains(first.str("number")), "{}", again.text);
    let spaced = platform.post("/tickets", order(&format!(" {number}"))).await;
    spaced.refused_for(409, "ticket.order_filed", "/origin/order");
    assert!(!contains(&app.url, number).await);
    // Another platform has numbers of its own.
    let other = app.staff("hotline", STREET).await;
    let _ = other.post("/tickets", order(number)).await.expect(201);
    let with = |change: fn(&mut Value)| {
        let mut body = order("SZ2");
        change(&mut body);
        body
    };
    for (body, code, field) in [
        (with(|body| body["channel"] = json!("chat")), "ticket.order_needs_hotline", "/origin/order"),
        (with(|body| body["origin"]["order"] = json!("7".repeat(101))), "text.too_long", "/origin/order"),
        (with(|body| body["origin"]["order"] = json!(" ")), "text.empty", "/origin/order"),
        (
            with(|body| body["origin"]["message"] = json!({"group": "群", "id": "1"})),
            "ticket.one_source",
            "/origin/order",
        ),
    ] {
        platform.post("/tickets", body).await.refused_for(422, code, field);
    }
    // Residents have no platform.
    let resident = app.resident("王芳").await;
    resident.post("/tickets", order("SZ3")).await.refused_for(422, "ticket.channel_for_staff", "/channel");
    app.stop().await;
}
