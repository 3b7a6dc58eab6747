//! Bad input gets a clear error and loses nothing: which field, what was wrong, what is allowed.

use crate::ticket::Cast;
use integration_tests::Backend;
use integration_tests::app::{COMMUNITY, TestApp, here, lamp};
use integration_tests::client::send;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

fn with(name: &str, value: Value) -> Value {
    let mut body = lamp();
    body[name] = value;
    body
}

#[rstest]
#[tokio::test]
async fn a_bad_submission_names_its_field(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    let rows: [(Value, u16, &str, &str); 24] = [
        (with("content", json!(5)), 400, "request.invalid_type", "/content"),
        (with("content", Value::Null), 400, "request.invalid_type", "/content"),
        (with("content", json!("")), 422, "text.empty", "/content"),
        (with("content", json!(" \n\u{3000}")), 422, "text.empty", "/content"),
        (with("content", json!("灯".repeat(10_001))), 422, "text.too_long", "/content"),
        (with("content", json!("灯\0灭")), 422, "text.control_character", "/content"),
        (with("content", json!("\u{1b}[2J")), 422, "text.control_character", "/content"),
        (with("colour", json!("red")), 400, "request.unknown_field", "/colour"),
        (with("severity", json!("huge")), 400, "request.unknown_value", "/severity"),
        (with("category", json!("moon")), 422, "ticket.category_unknown", "/category"),
        (with("category", json!("a\0b")), 422, "ticket.category_unknown", "/category"),
        (with("address", json!("")), 422, "text.empty", "/address"),
        (with("address", json!("号".repeat(201))), 422, "text.too_long", "/address"),
        (with("place", json!({})), 422, "place.code_or_position", "/place"),
        (with("place", json!({"code": COMMUNITY, "lat": 24.4})), 422, "place.code_or_position", "/place"),
        (with("place", json!({"lat": 24.4, "lng": 103.4})), 400, "request.missing_field", "/place/datum"),
        (
            with("place", json!({"lat": 0.0, "lng": 0.0, "datum": "gcj02"})),
            422,
            "position.outside_china",
            "/place/lat",
        ),
        (
            with("place", json!({"lat": 51.5, "lng": -0.1, "datum": "wgs84"})),
            422,
            "position.outside_china",
            "/place/lng",
        ),
        (
            with("place", json!({"lat": 24.4, "lng": 103.4, "datum": "bd09"})),
            400,
            "request.unknown_value",
            "/place/datum",
        ),
        (
            with("place", json!({"lat": 24.4, "lng": 103.4, "datum": "gcj02"})),
            422,
            "place.no_grid_at_position",
            "/place",
        ),
        (with("place", json!({"code": COMMUNITY, "town": 1})), 400, "request.unknown_field", "/place/town"),
        (with("place", json!([COMMUNITY, null, null, null])), 400, "request.invalid_type", "/place"),
        (with("severity", json!({"small": null})), 400, "request.invalid_type", "/severity"),
        (json!({"content": "x"}), 400, "request.missing_field", "/place"),
    ];
    for (body, status, code, field) in rows {
        resident.post("/tickets", body).await.refused_for(status, code, field);
    }
    // All that is wrong is said at once.
    let several = json!({"content": "", "place": {"code": "x"}, "address": ""});
    let answer = resident.post("/tickets", several).await;
    assert_eq!(answer.json["errors"].as_array().unwrap().len(), 3, "{}", answer.text);
    assert_eq!(resident.get("/tickets").await.items().len(), 0, "nothing was filed");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_body_that_is_no_json(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    let post = |body: Vec<u8>, media: &str| {
        let request = resident.request(Method::POST, "/tickets").header("content-type", media).body(body);
        send(request)
    };
    let json = "application/json";
    post(b"{\"content\": \"x\"".to_vec(), json).await.refused(400, "request.malformed_json");
    post(b"".to_vec(), json).await.refused(400, "request.malformed_json");
    post(b"\xff\xfe".to_vec(), json).await.refused(400, "request.malformed_json");
    post(b"{\"content\": \"\xff\", \"place\": {}}".to_vec(), json)
        .await
        .refused(400, "request.malformed_json");
    post(b"{}".to_vec(), "text/plain").await.refused(415, "request.media_type");
    post("[".repeat(200_000).into_bytes(), json).await.refused(400, "request.invalid_type");
    post(vec![b' '; 1024 * 1024 + 1], json).await.refused(413, "request.too_large");
    let _ = post(lamp().to_string().into_bytes(), "application/json; charset=utf-8").await.expect(201);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_bad_query_names_its_parameter(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    for _ in 0..3 {
        let _ = cast.ticket().await;
    }
    let rows = [
        ("limit=0", 422, "request.out_of_range", "?limit"),
        ("limit=101", 422, "request.out_of_range", "?limit"),
        ("limit=-1", 422, "request.out_of_range", "?limit"),
        ("limit=ten", 400, "request.invalid_value", "?limit"),
        ("page=2", 400, "request.unknown_field", "?page"),
        ("status=open", 400, "request.unknown_value", "?status"),
        ("place=53250a", 422, "place.not_digits", "?place"),
        ("category=%00", 422, "text.control_character", "?category"),
        ("category=", 422, "text.empty", "?category"),
        ("q=路灯", 422, "ticket.q_not_a_number", "?q"),
        ("from=yesterday", 400, "request.invalid_value", "?from"),
        ("from=-9999-01-01T00:00:00Z", 422, "request.out_of_range", "?from"),
        ("to=%2B200000-01-01T00:00:00Z", 422, "request.out_of_range", "?to"),
        ("cursor=", 400, "cursor.invalid", "?cursor"),
        ("cursor=%00", 400, "cursor.invalid", "?cursor"),
        ("cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 400, "cursor.invalid", "?cursor"),
    ];
    for (query, status, code, field) in rows {
        cast.clerk.get(&format!("/tickets?{query}")).await.refused_for(status, code, field);
    }
    let page = cast.clerk.get("/tickets?limit=1").await;
    let cursor = page.str("next_cursor");
    let forged =
        if cursor.starts_with('A') { cursor.replacen('A', "B", 1) } else { format!("A{}", &cursor[1..]) };
    for query in [
        format!("limit=1&cursor={forged}"),
        format!("limit=1&cursor={}", &cursor[..cursor.len() - 2]),
        format!("limit=1&status=closed&cursor={cursor}"),
    ] {
        cast.clerk.get(&format!("/tickets?{query}")).await.refused_for(400, "cursor.invalid", "?cursor");
    }
    let _ = cast.clerk.get(&format!("/tickets?limit=2&cursor={cursor}")).await.expect(200);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn bad_commands_change_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket_at("accepted").await;
    let before = cast.resident.get(&ticket).await.json;
    let arrive = |position: Value| {
        let (worker, path) = (cast.worker.clone(), format!("{ticket}/arrive"));
        async move { worker.post(&path, json!({"position": position})).await }
    };
    let no_datum = json!({"lat": 24.4, "lng": 103.4});
    arrive(no_datum).await.refused_for(400, "request.missing_field", "/position/datum");
    let london = json!({"lat": 51.5, "lng": -0.1, "datum": "wgs84"});
    arrive(london).await.refused_for(422, "position.outside_china", "/position/lng");
    let text = json!({"lat": "24.4", "lng": 103.4, "datum": "gcj02"});
    arrive(text).await.refused_for(400, "request.invalid_type", "/position/lat");
    let photos = json!({"position": here()["position"], "photos": []});
    cast.worker.post(&format!("{ticket}/arrive"), photos).await.refused_for(
        400,
        "request.unknown_field",
        "/photos",
    );
    let extra = json!({"force": true});
    cast.worker.post(&format!("{ticket}/accept"), extra).await.refused_for(
        400,
        "request.unknown_field",
        "/force",
    );
    let long = json!({"outcome": "solved", "reply": "好".repeat(10_001)});
    cast.worker.post(&format!("{ticket}/resolve"), long).await.refused_for(422, "text.too_long", "/reply");
    assert_eq!(cast.resident.get(&ticket).await.json, before);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn english_on_request(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    let ask = |language: &str| {
        let body = with("content", json!("灯".repeat(10_001)));
        send(resident.request(Method::POST, "/tickets").header("accept-language", language).json(&body))
    };
    let detail =
        |answer: &integration_tests::Answer| answer.json["errors"][0]["detail"].as_str().unwrap().to_owned();
    assert_eq!(detail(&ask("en").await), "10001 characters, at most 10000.");
    assert_eq!(detail(&ask("zh-CN,en;q=0.8").await), "共 10001 个字，至多 10000 个字。");
    assert_eq!(detail(&ask("fr").await), "共 10001 个字，至多 10000 个字。");
    let sent = resident.request(Method::GET, "/tickets/x").header("x-request-id", "mine-1");
    assert_eq!(send(sent).await.str("request_id"), "mine-1");
    let evil = resident.request(Method::GET, "/tickets/x").header("x-request-id", "a b\"c");
    assert_ne!(send(evil).await.str("request_id"), "a b\"c");
    app.stop().await;
}
