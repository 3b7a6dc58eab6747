//! Whom to call about a ticket: sealed, masked, hidden, looked up for a reason.

use crate::ticket::{Cast, path};
use integration_tests::app::{COMMUNITY, NEIGHBOUR, TestApp, UNIT, lamp};
use integration_tests::{Answer, Backend};
use rstest::rstest;
use serde_json::{Value, json};

const PHONE: &str = "13812345678";

fn with_contact(confidential: bool) -> Value {
    let mut body = lamp();
    body["contact"] = json!({"name": "王小二", "phone": "138 1234-5678"});
    body["confidential"] = json!(confidential);
    body
}

fn contact(answer: &Answer) -> (Value, Value, Value) {
    let contact = &answer.json["contact"];
    (contact["name"].clone(), contact["phone"].clone(), contact["masked"].clone())
}

fn plain() -> (Value, Value, Value) {
    (json!("王小二"), json!(PHONE), json!(false))
}

fn masked() -> (Value, Value, Value) {
    (json!("王**"), json!("138****5678"), json!(true))
}

#[rstest]
#[tokio::test]
async fn f07_only_who_handles_it_sees_whom_to_call(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let filed = cast.resident.post("/tickets", with_contact(false)).await.expect(201);
    assert_eq!(contact(&filed), plain());
    let ticket = path(&filed);
    let seen = |caller: &integration_tests::Caller| {
        let (caller, ticket) = (caller.clone(), ticket.clone());
        async move { contact(&caller.get(&ticket).await.expect(200)) }
    };
    assert_eq!(seen(&cast.clerk).await, masked());
    assert_eq!(seen(&cast.worker).await, masked(), "not theirs yet");
    let dispatched = cast.dispatch(&ticket).await.expect(200);
    assert_eq!(contact(&dispatched), masked(), "an answer hides what a read hides");
    assert_eq!(seen(&cast.worker).await, plain());
    assert_eq!(seen(&cast.resident).await, plain());
    // Without a contact it is the requester whom one calls.
    let own = path(&cast.resident.post("/tickets", lamp()).await.expect(201));
    assert_eq!(cast.resident.get(&own).await.json["contact"]["name"], "王芳");
    assert_eq!(cast.clerk.get(&own).await.json["contact"]["name"], "王*");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn what_is_confidential_is_hidden_from_the_handler_too(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let resident = app.id_of(&cast.resident).await;
    let filed = cast.resident.post("/tickets", with_contact(true)).await.expect(201);
    assert_eq!(contact(&filed), plain());
    let ticket = path(&filed);
    let _ = cast.dispatch(&ticket).await.expect(200);
    let _ = cast.accept(&ticket).await.expect(200);
    for caller in [&cast.worker, &cast.clerk] {
        let seen = caller.get(&ticket).await.expect(200);
        assert_eq!((&seen.json["contact"], &seen.json["requester"]), (&Value::Null, &Value::Null));
        assert!(!seen.text.contains(&resident) && !seen.text.contains("王小二"), "{}", seen.text);
        let timeline = caller.get(&format!("{ticket}/timeline")).await.expect(200);
        assert!(!timeline.text.contains(&resident), "{}", timeline.text);
        assert_eq!(timeline.items()[0]["actor"], Value::Null);
        // Not by asking for the number either.
        assert_eq!(caller.get(&format!("/tickets?q={PHONE}")).await.expect(200).items().len(), 0);
    }
    assert_eq!(contact(&cast.resident.get(&ticket).await), plain());
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f07_every_look_at_it_is_for_a_reason_and_on_record(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    for confidential in [false, true] {
        let ticket = path(&cast.resident.post("/tickets", with_contact(confidential)).await.expect(201));
        let unmask = format!("{ticket}/unmask");
        cast.clerk.post(&unmask, json!({"reason": " "})).await.refused_for(422, "text.empty", "/reason");
        cast.worker.post(&unmask, json!({"reason": "想知道"})).await.refused(403, "permission.role");
        let elsewhere = app.staff("community_clerk", NEIGHBOUR).await;
        elsewhere.post(&unmask, json!({"reason": "想知道"})).await.refused(404, "ticket.not_found");
        let shown = cast.clerk.post(&unmask, json!({"reason": "核实地址"})).await.expect(200);
        assert_eq!(contact(&shown), plain());
        // The next look needs its own reason.
        assert_ne!(contact(&cast.clerk.get(&ticket).await), plain());
        let timeline = cast.resident.get(&format!("{ticket}/timeline")).await;
        let entry = timeline.items().last().unwrap();
        assert_eq!(
            (&entry["label"], &entry["text"]),
            (&json!("查看明文"), &Value::Null),
            "they see that, not why"
        );
        let staff = cast.clerk.get(&format!("{ticket}/timeline")).await;
        assert_eq!(staff.items().last().unwrap()["text"], "核实地址");
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_ticket_is_found_by_the_phone_of_whom_to_call(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let filed = cast.resident.post("/tickets", with_contact(false)).await.expect(201);
    let _ = cast.resident.post("/tickets", lamp()).await.expect(201);
    for written in [PHONE, "138-1234-5678", "%2B8613812345678"] {
        let found = cast.clerk.get(&format!("/tickets?q={written}")).await.expect(200);
        assert_eq!(found.items().len(), 1, "{written}");
        assert_eq!(found.items()[0]["number"], filed.json["number"]);
    }
    assert_eq!(cast.clerk.get("/tickets?q=13912345678").await.expect(200).items().len(), 0);
    // Nobody tries numbers until they know who asked: only those who may see whom to call.
    let leader = app.staff("grid_leader", COMMUNITY).await;
    let ticket = path(&filed);
    let _ = leader.get(&ticket).await.expect(200);
    assert_eq!(leader.get(&format!("/tickets?q={PHONE}")).await.expect(200).items().len(), 0);
    let _ = cast.dispatch(&ticket).await.expect(200);
    assert_eq!(cast.worker.get(&format!("/tickets?q={PHONE}")).await.expect(200).items().len(), 1);
    // Through one's own eyes only.
    let unit = app.of_unit("department_handler", UNIT).await;
    assert_eq!(unit.get(&format!("/tickets?q={PHONE}")).await.expect(200).items().len(), 0);
    cast.clerk.get("/tickets?q=1381234567").await.refused_for(422, "ticket.q_not_a_number", "?q");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m01_a_household_is_no_part_of_the_plain_code(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    // The example has no buildings: one is put there by hand.
    integration_tests::database::add_place(&app.url, &format!("{COMMUNITY}003012"), "3 组 12 栋").await;
    let mut body = lamp();
    body["place"]["code"] = json!(format!("{COMMUNITY}0030120405"));
    let filed = cast.resident.post("/tickets", body).await.expect(201);
    assert_eq!(filed.json["place"], json!({"code": format!("{COMMUNITY}003012"), "name": "3 组 12 栋"}));
    assert_eq!(filed.json["contact"]["household"], "0405");
    let ticket = path(&filed);
    assert_eq!(cast.clerk.get(&ticket).await.json["contact"]["household"], "****");
    let _ = cast.dispatch(&ticket).await.expect(200);
    assert_eq!(cast.worker.get(&ticket).await.json["contact"]["household"], "0405");
    assert!(!integration_tests::database::contains(&app.url, "0030120405").await, "not in the database");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f07_nothing_personal_lies_about_in_the_database(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let key = [("idempotency-key", "k")];
    let filed = cast.resident.post_with("/tickets", &key, with_contact(true)).await.expect(201);
    let ticket = path(&filed);
    let _ = cast
        .clerk
        .post_with(&format!("{ticket}/unmask"), &key, json!({"reason": "核实地址"}))
        .await
        .expect(200);
    // The check can fail: what people wrote freely is there.
    assert!(integration_tests::database::contains(&app.url, "北门的路灯不亮").await);
    for secret in ["王小二", PHONE, "王芳"] {
        assert!(!integration_tests::database::contains(&app.url, secret).await, "{secret}");
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_bad_contact_names_its_field(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    let rows = [
        (json!({}), 422, "ticket.contact_empty", "/contact"),
        (json!({"name": ""}), 422, "text.empty", "/contact/name"),
        (json!({"name": "名".repeat(31)}), 422, "text.too_long", "/contact/name"),
        (json!({"phone": "12345"}), 422, "phone.invalid", "/contact/phone"),
        (json!({"phone": "１３８１２３４５６７８"}), 422, "phone.invalid", "/contact/phone"),
        (json!({"phone": 13_812_345_678_u64}), 400, "request.invalid_type", "/contact/phone"),
        (json!({"name": "王", "wechat": "x"}), 400, "request.unknown_field", "/contact/wechat"),
    ];
    for (contact, status, code, field) in rows {
        let mut body = lamp();
        body["contact"] = contact;
        resident.post("/tickets", body).await.refused_for(status, code, field);
    }
    app.stop().await;
}
