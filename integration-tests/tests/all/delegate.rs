//! 办理途径、居民代表: by what means it is done, and who of the residents watches the work.

use crate::inbox::told;
use crate::machine::{act, reason};
use crate::ticket::{Cast, path, solved};
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT, lamp};
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

fn named(persons: &[&str]) -> Value {
    json!({"persons": persons})
}

/// Two whom the county knows, and who see nothing of the community by it.
async fn two(app: &TestApp) -> [Caller; 2] {
    [app.staff("volunteer", NEIGHBOUR).await, app.staff("party_member", NEIGHBOUR).await]
}

fn said(text: &str, satisfied: bool) -> Value {
    json!({"text": text, "satisfied": satisfied})
}

/// The numbers of the tickets that somebody watches.
async fn watched(caller: &Caller) -> Vec<String> {
    let list = caller.get("/tickets?delegate=true").await.expect(200);
    list.items().iter().map(|ticket| ticket["number"].as_str().unwrap().to_owned()).collect()
}

fn entries(timeline: &Answer, kind: &str) -> Vec<Value> {
    timeline.items().iter().filter(|entry| entry["kind"] == kind).cloned().collect()
}

#[rstest]
#[tokio::test]
async fn q06_a_plan_says_by_what_means_it_is_done(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket_at("accepted").await;
    let by = |means: &str| json!({"text": "先查管网，再开挖", "means": means});
    act(&cast.worker, &ticket, "plan", by("joint")).await.refused_for(422, "ticket.nobody_assists", "/means");
    act(&cast.worker, &ticket, "plan", by("magic")).await.refused_for(400, "request.unknown_value", "/means");
    let planned = act(&cast.worker, &ticket, "plan", by("tender")).await.expect(200);
    assert_eq!(planned.json["plan"]["means"], "tender");
    // Everybody who sees the plan sees it.
    for caller in [&cast.resident, &cast.clerk] {
        assert_eq!(caller.get(&ticket).await.json["plan"]["means"], "tender");
        let steps = entries(&caller.get(&format!("{ticket}/timeline")).await, "planned");
        assert_eq!(steps[0]["means"], "tender");
    }
    // The newest plan is the one that holds.
    let silent = act(&cast.worker, &ticket, "plan", json!({"text": "改为自行维修"})).await.expect(200);
    assert_eq!(silent.json["plan"]["means"], Value::Null);
    // With somebody who assists it is done jointly.
    let together = cast.ticket().await;
    let lead = json!({"lead": {"person": cast.worker_id}, "assist": [{"unit": UNIT}]});
    let _ = act(&cast.clerk, &together, "dispatch", lead).await.expect(200);
    let _ = cast.accept(&together).await.expect(200);
    let joint = act(&cast.worker, &together, "plan", by("joint")).await.expect(200);
    assert_eq!(joint.json["plan"]["means"], "joint");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn q06_delegates_read_as_the_requester_does_and_say_how_it_goes(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let [delegate, _] = two(&app).await;
    let id = app.id_of(&delegate).await;
    let ticket = cast.ticket_at("accepted").await;
    let _ = act(&cast.clerk, &ticket, "note", json!({"reason": "已电话联系"})).await.expect(200);
    delegate.get(&ticket).await.refused(404, "ticket.not_found");
    act(&delegate, &ticket, "observe", said("看不到", false)).await.refused(404, "ticket.not_found");
    let set = act(&cast.clerk, &ticket, "delegates", named(&[&id])).await.expect(200);
    assert_eq!(set.json["delegates"], json!([id]));
    // They are told, and find it in a list of their own: what they raised is another.
    app.app.catch_up().await.unwrap();
    assert_eq!(told(&delegate).await, ["delegate_named"]);
    let number = set.str("number").to_owned();
    assert_eq!(watched(&delegate).await, [number.as_str()]);
    assert_eq!(delegate.get("/tickets?mine=true").await.expect(200).items().len(), 0);
    assert_eq!(watched(&cast.resident).await, [""; 0]);
    // As the requester does, but not whom to call, nor who asked.
    let seen = delegate.get(&ticket).await.expect(200);
    assert_eq!((&seen.json["requester"], &seen.json["contact"]), (&Value::Null, &Value::Null));
    assert_eq!((seen.str("content"), &seen.json["delegates"]), ("北门的路灯不亮", &json!([id])));
    let timeline = delegate.get(&format!("{ticket}/timeline")).await.expect(200);
    assert_eq!(entries(&timeline, "noted"), [] as [Value; 0], "among staff");
    assert_eq!(entries(&timeline, "submitted")[0]["actor"], Value::Null);
    let steps = entries(&timeline, "delegates_named");
    assert_eq!((&steps[0]["label"], &steps[0]["persons"]), (&json!("请居民代表监督"), &json!([id])));
    let _ = delegate.get(&format!("{ticket}/steps")).await.expect(200);
    for (command, body) in
        [("urge", json!({})), ("withdraw", reason()), ("supplement", json!({"content": "加一盏"}))]
    {
        act(&delegate, &ticket, command, body).await.refused(403, "permission.reach");
    }
    // What they say is for staff and for the requester, and for whoever handles it at once.
    act(&delegate, &ticket, "observe", said(" ", true)).await.refused_for(422, "text.empty", "/text");
    let _ = act(&delegate, &ticket, "observe", said("水泥没有养护就通车了", false)).await.expect(200);
    for caller in [&cast.resident, &cast.clerk, &cast.worker] {
        let steps = entries(&caller.get(&format!("{ticket}/timeline")).await, "observed");
        assert_eq!(
            (&steps[0]["text"], &steps[0]["satisfied"]),
            (&json!("水泥没有养护就通车了"), &json!(false))
        );
        assert_eq!((&steps[0]["actor"], &steps[0]["label"]), (&json!(id), &json!("居民代表监督意见")));
    }
    app.app.catch_up().await.unwrap();
    for caller in [&cast.worker, &cast.clerk] {
        assert!(told(caller).await.contains(&"observed".to_owned()));
    }
    act(&cast.resident, &ticket, "observe", said("自己的", true)).await.refused(403, "permission.reach");
    act(&cast.worker, &ticket, "observe", said("很好", true)).await.refused(403, "permission.reach");
    // Until it is closed.
    let _ = cast.resolve(&ticket).await.expect(200);
    let _ = act(&delegate, &ticket, "observe", said("已修好", true)).await.expect(200);
    let _ = cast.rate(&ticket, "satisfied").await.expect(200);
    act(&delegate, &ticket, "observe", said("迟了", true)).await.refused(409, "ticket.already_closed");
    assert_eq!((watched(&delegate).await.len(), delegate.get(&ticket).await.status), (1, 200));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn q06_naming_again_replaces_and_nobody_watches_their_own_work(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let [one, other] = two(&app).await;
    let (one_id, other_id) = (app.id_of(&one).await, app.id_of(&other).await);
    let leader = app.staff("grid_leader", COMMUNITY).await;
    let leader_id = app.id_of(&leader).await;
    let handler = app.of_unit("department_handler", UNIT).await;
    let handler_id = app.id_of(&handler).await;
    let ticket = cast.ticket_at("accepted").await;
    let _ = act(&cast.clerk, &ticket, "delegates", named(&[&one_id])).await.expect(200);
    let both = named(&[&other_id, &leader_id]);
    let again = act(&cast.clerk, &ticket, "delegates", both).await.expect(200);
    assert_eq!(again.json["delegates"], json!([other_id, leader_id]));
    one.get(&ticket).await.refused(404, "ticket.not_found");
    assert_eq!(
        (watched(&one).await.len(), watched(&other).await.len(), watched(&leader).await.len()),
        (0, 1, 1)
    );
    act(&one, &ticket, "observe", said("晚了", true)).await.refused(404, "ticket.not_found");
    // Who is none.
    let nobody = uuid::Uuid::nil().to_string();
    let passer_by = app.id_of(&app.resident("路人").await).await;
    let refusals = [
        (named(&[&one_id, &nobody]), "ticket.delegate_unknown", "/persons/1"),
        (named(&[&passer_by]), "ticket.delegate_unknown", "/persons/0"),
        (named(&[&one_id, &one_id]), "ticket.delegate_twice", "/persons/1"),
        (named(&[&cast.worker_id]), "ticket.delegate_handles", "/persons/0"),
        (named(&[nobody.as_str(); 6]), "ticket.delegates_too_many", "/persons"),
    ];
    for (body, code, field) in refusals {
        act(&cast.clerk, &ticket, "delegates", body).await.refused_for(422, code, field);
    }
    let of_unit = cast.ticket().await;
    let _ = act(&cast.clerk, &of_unit, "dispatch", json!({"lead": {"unit": UNIT}})).await.expect(200);
    act(&cast.clerk, &of_unit, "delegates", named(&[&handler_id])).await.refused_for(
        422,
        "ticket.delegate_handles",
        "/persons/0",
    );
    // Who takes it on watches it no more.
    let _ = act(&cast.worker, &ticket, "return", reason()).await.expect(200);
    let lead = json!({"lead": {"person": leader_id}});
    let given = act(&cast.clerk, &ticket, "dispatch", lead).await.expect(200);
    assert_eq!(given.json["delegates"], json!([other_id]));
    assert_eq!(watched(&leader).await, [""; 0]);
    let none = act(&cast.clerk, &ticket, "delegates", named(&[])).await.expect(200);
    assert_eq!(none.json.get("delegates"), None);
    other.get(&ticket).await.refused(404, "ticket.not_found");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn q06_who_names_delegates_and_of_what_not(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let [delegate, _] = two(&app).await;
    let id = app.id_of(&delegate).await;
    let street = app.staff("street_dispatcher", STREET).await;
    let ticket = cast.ticket_at("accepted").await;
    act(&cast.worker, &ticket, "delegates", named(&[&id])).await.refused(403, "permission.role");
    act(&cast.resident, &ticket, "delegates", named(&[&id])).await.refused(403, "permission.role");
    // Whoever dispatches at its desk.
    let _ = act(&cast.clerk, &ticket, "escalate", reason()).await.expect(200);
    act(&cast.clerk, &ticket, "delegates", named(&[&id])).await.refused(403, "permission.reach");
    let _ = act(&street, &ticket, "delegates", named(&[&id])).await.expect(200);
    let _ = act(&cast.worker, &ticket, "resolve", solved()).await.expect(200);
    act(&street, &ticket, "delegates", named(&[])).await.refused(409, "ticket.already_resolved");
    // Never what is confidential.
    let mut secret = lamp();
    secret["confidential"] = json!(true);
    let secret = path(&cast.resident.post("/tickets", secret).await.expect(201));
    act(&cast.clerk, &secret, "delegates", named(&[&id])).await.refused(409, "ticket.confidential");
    delegate.get(&secret).await.refused(404, "ticket.not_found");
    app.stop().await;
}

/// Two who name others at the same time: those of the last watch it, and nobody else.
#[rstest]
#[tokio::test]
async fn q06_of_two_at_once_the_last_holds(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let street = app.staff("street_dispatcher", STREET).await;
    let [one, other] = two(&app).await;
    let (one_id, other_id) = (app.id_of(&one).await, app.id_of(&other).await);
    let ticket = cast.ticket().await;
    let (first, second) = tokio::join!(
        act(&cast.clerk, &ticket, "delegates", named(&[&one_id])),
        act(&street, &ticket, "delegates", named(&[&other_id]))
    );
    assert_eq!((first.status, second.status), (200, 200));
    let holds = cast.clerk.get(&ticket).await.expect(200).json["delegates"].clone();
    let sees = [watched(&one).await.len(), watched(&other).await.len()];
    assert_eq!(sees, if holds == json!([one_id]) { [1, 0] } else { [0, 1] });
    app.stop().await;
}

/// Who was entered into the roster and signs in later is who was named.
#[rstest]
#[tokio::test]
async fn q06_who_is_on_the_roster_watches_once_they_sign_in(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", "532504").await;
    let entered = json!({"name": "周代表", "phone": "13812345678"});
    let entry = admin.post("/users", entered).await.expect(201).str("id").to_owned();
    let (before, after) = (cast.ticket().await, cast.ticket().await);
    let named_before = act(&cast.clerk, &before, "delegates", named(&[&entry])).await.expect(200);
    assert_eq!(named_before.json["delegates"], json!([entry]));
    let zhou = app.resident("周").await;
    let id = app.id_of(&zhou).await;
    let bound = zhou.post("/auth/phone", json!({"code": "dev:13812345678"})).await;
    assert_eq!(bound.status / 100, 2, "{}", bound.text);
    app.app.catch_up().await.unwrap();
    // Being known by more they sign in anew.
    let zhou = app.resident("周").await;
    assert_eq!(cast.clerk.get(&before).await.json["delegates"], json!([id]));
    assert_eq!(watched(&zhou).await.len(), 1);
    // By the entry or by who that is, they are known, and are one.
    act(&cast.clerk, &after, "delegates", named(&[&entry, &id])).await.refused_for(
        422,
        "ticket.delegate_twice",
        "/persons/1",
    );
    let set = act(&cast.clerk, &after, "delegates", named(&[&entry])).await.expect(200);
    assert_eq!((&set.json["delegates"], watched(&zhou).await.len()), (&json!([id]), 2));
    let _ = act(&zhou, &before, "observe", said("来看过了", true)).await.expect(200);
    app.stop().await;
}
