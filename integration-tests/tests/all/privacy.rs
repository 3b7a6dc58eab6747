//! What PIPL asks for: nothing personal in plain, a copy for whoever asks for theirs, and its end.

use crate::people::{user, worker};
use crate::ticket::{Cast, path};
use integration_tests::app::{COMMUNITY, TestApp, lamp};
use integration_tests::database::{HeldNumber, contains, number};
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const COUNTY: &str = "532504";

/// A ticket with everything that can be written on one, closed.
async fn whole_story(cast: &Cast) -> String {
    let body = json!({"content": "楼道灯坏了请修一修", "place": {"code": COMMUNITY}, "address": "三栋二单元门口",
        "severity": "small", "origin": {"title": "十一月居民座谈会"}});
    let ticket = path(&cast.resident.post("/tickets", body).await.expect(201));
    let dispatch = json!({"lead": {"person": cast.worker_id}, "note": "这位居民常来催请尽快"});
    let _ = cast.clerk.post(&format!("{ticket}/dispatch"), dispatch).await.expect(200);
    let _ = cast.accept(&ticket).await.expect(200);
    let arrive = json!({"position": {"lat": 24.41, "lng": 103.41, "datum": "gcj02"}});
    let _ = cast.worker.post(&format!("{ticket}/arrive"), arrive).await.expect(200);
    let resolve = json!({"outcome": "solved", "reply": "灯泡和开关都换了"});
    let _ = cast.worker.post(&format!("{ticket}/resolve"), resolve).await.expect(200);
    let rate = json!({"satisfaction": "satisfied", "stars": 5, "comment": "修得又快又好"});
    let _ = cast.resident.post(&format!("{ticket}/rate"), rate).await.expect(200);
    ticket
}

const TEXTS: [&str; 6] = [
    "楼道灯坏了请修一修",
    "三栋二单元门口",
    "这位居民常来催请尽快",
    "灯泡和开关都换了",
    "修得又快又好",
    "十一月居民座谈会",
];

#[rstest]
#[tokio::test]
async fn f07_names_and_phones_are_never_in_plain(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let person = worker(&admin, "欧阳小二", Some("13812345678"), COMMUNITY).await;
    let key = [("idempotency-key", "k")];
    let unmask = format!("{}/unmask", user(&person));
    // What shows them is not kept, and each time is in the audit.
    for _ in 0..2 {
        let plain = admin.post_with(&unmask, &key, json!({"reason": "核实情况"})).await.expect(200);
        assert!(plain.header("idempotent-replayed").is_empty());
    }
    assert_eq!(number(&app.url, "SELECT count(*) FROM event WHERE kind = 'unmasked'").await, 2);
    assert_eq!(number(&app.url, "SELECT count(*) FROM idempotency").await, 0);
    let _ = app.resident("司徒居民").await.post("/tickets", lamp()).await.expect(201);
    assert!(
        contains(&app.url, "核实情况").await && contains(&app.url, "北门的路灯不亮").await,
        "the search finds what is there"
    );
    for personal in ["欧阳小二", "13812345678", "司徒居民"] {
        assert!(!contains(&app.url, personal).await, "{personal} is in plain");
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn an_export_holds_all_that_is_theirs(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let ticket = whole_story(&cast).await;
    let note = json!({"reason": "回头再看一眼"});
    let _ = cast.clerk.post(&format!("{ticket}/note"), note).await.expect(200);
    let resident = app.id_of(&cast.resident).await;
    let _ = admin
        .post(&format!("/users/{resident}/unmask"), json!({"reason": "电话核实灯的事"}))
        .await
        .expect(200);
    let export = cast.resident.get("/me/export").await.expect(200);
    assert_eq!(export.header("cache-control"), "no-store");
    assert_eq!((export.str("name"), export.str("id")), ("王芳", resident.as_str()));
    assert_eq!(export.json["identities"], json!([{"provider": "local", "subject": "王芳"}]));
    for text in [TEXTS[0], TEXTS[1], TEXTS[3], TEXTS[4], TEXTS[5], "电话核实灯的事"] {
        assert!(export.text.contains(text), "{text} is missing");
    }
    assert!(!export.text.contains(TEXTS[2]), "what staff write to each other is theirs");
    let [own] = &export.json["tickets"].as_array().unwrap()[..] else { panic!("one ticket") };
    assert_eq!(format!("/tickets/{}", own["id"].as_str().unwrap()), ticket);
    let kinds: Vec<_> = own["steps"].as_array().unwrap().iter().map(|step| step["kind"].clone()).collect();
    assert_eq!(kinds, ["submitted", "dispatched", "accepted", "arrived", "resolved", "rated", "closed"]);
    assert_eq!(
        (&own["steps"][5]["satisfaction"], &own["steps"][5]["stars"]),
        (&json!("satisfied"), &json!(5))
    );
    assert_eq!(own["steps"][3].get("position"), None, "where the handler was is theirs");
    let audit: Vec<_> = export.json["audit"].as_array().unwrap().iter().map(|e| e["kind"].clone()).collect();
    assert_eq!(audit, ["unmasked", "exported"], "that one took a copy is in it");
    let worker = cast.worker.get("/me/export").await.expect(200);
    let acts: Vec<_> =
        worker.json["acts"].as_array().unwrap().iter().map(|act| act["kind"].clone()).collect();
    assert_eq!(
        (acts, worker.json["tickets"].clone()),
        (vec![json!("accepted"), json!("arrived"), json!("resolved")], json!([]))
    );
    assert_eq!(worker.json["acts"][1]["position"], json!({"lat": 24.41, "lng": 103.41, "datum": "gcj02"}));
    assert_eq!(worker.json["grants"][0]["role"], "grid_worker");
    app.stop().await;
}

/// Lists and counts as somebody sees them, without what was written.
async fn figures(caller: &Caller) -> Vec<Value> {
    let page = caller.get("/tickets?limit=100").await.expect(200);
    let mut items = page.items().to_vec();
    for item in &mut items {
        item["excerpt"] = Value::Null;
    }
    items
}

#[rstest]
#[tokio::test]
async fn erasure_leaves_nobody_and_every_figure(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = whole_story(&cast).await;
    let open = path(&cast.resident.post("/tickets", lamp()).await.expect(201));
    let neighbour = app.resident("普建华").await;
    let other = neighbour
        .post("/tickets", json!({"content": "别人的诉求不受影响", "place": {"code": COMMUNITY}}))
        .await
        .expect(201);
    let before = figures(&cast.clerk).await;
    let events = number(&app.url, "SELECT count(*) FROM event WHERE aggregate = 'ticket'").await;
    cast.worker.post("/me/erase", json!({})).await.refused(409, "person.still_in_post");
    let erased = cast.resident.post("/me/erase", json!({})).await.expect(200);
    assert_eq!((erased.str("name"), &erased.json["phone"]), ("已注销", &Value::Null));
    for call in ["/me", "/tickets", "/me/export", &ticket] {
        cast.resident.get(call).await.refused(401, "auth.grants_changed");
    }
    cast.resident.post("/tickets", lamp()).await.refused(401, "auth.grants_changed");
    assert_eq!(figures(&cast.clerk).await, before);
    assert_eq!(number(&app.url, "SELECT count(*) FROM event WHERE aggregate = 'ticket'").await, events);
    let read = cast.clerk.get(&ticket).await.expect(200);
    for text in [
        &read.json["content"],
        &read.json["address"],
        &read.json["rating"]["comment"],
        &read.json["resolution"]["reply"],
    ] {
        assert_eq!(text, &Value::Null);
    }
    let timeline = cast.clerk.get(&format!("{ticket}/timeline")).await.expect(200);
    assert!(timeline.items().iter().all(|step| step["text"].is_null()), "{}", timeline.text);
    // What is open is handled all the same.
    let _ = cast.dispatch(&open).await.expect(200);
    assert_eq!(cast.clerk.get(&path(&other)).await.expect(200).str("content"), "别人的诉求不受影响");
    // The same name is somebody new.
    let anew = app.anyone().post("/auth/wechat", json!({"code": "dev:王芳"})).await.expect(200);
    assert_ne!(anew.json["user"]["id"], erased.json["id"]);
    for text in TEXTS.into_iter().chain(["北门的路灯不亮"]) {
        assert!(!contains(&app.url, text).await, "{text} is still there");
    }
    assert!(contains(&app.url, "别人的诉求不受影响").await);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn an_administrator_erases_on_request(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let _ = whole_story(&cast).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let worker = format!("/users/{}", cast.worker_id);
    let elsewhere = app.staff("county_admin", "532504002").await;
    let reason = || json!({"reason": "本人书面申请注销"});
    elsewhere.post(&format!("{worker}/erase"), reason()).await.refused(404, "person.not_found");
    cast.clerk.post(&format!("{worker}/erase"), reason()).await.refused(403, "permission.role");
    let _ = admin.post(&format!("{worker}/erase"), reason()).await.expect(200);
    cast.worker.get("/me").await.refused(401, "auth.grants_changed");
    let read = admin.get(&worker).await.expect(200);
    assert_eq!((read.str("name"), &read.json["grants"]), ("已注销", &json!([])));
    assert!(read.json["erased_at"].is_string());
    admin.post(&format!("{worker}/erase"), reason()).await.refused(409, "person.erased");
    let grant = json!({"role": "volunteer", "places": [COMMUNITY]});
    admin.post(&format!("{worker}/grant"), grant).await.refused(409, "person.erased");
    assert_eq!(number(&app.url, "SELECT count(*) FROM handover").await, 1);
    // What they wrote is gone, what others wrote is not.
    assert!(
        !contains(&app.url, TEXTS[3]).await
            && contains(&app.url, TEXTS[0]).await
            && contains(&app.url, TEXTS[4]).await
    );
    app.stop().await;
}

#[tokio::test]
async fn f07_what_was_on_its_way_goes_too() {
    let app = TestApp::start(Backend::Postgres).await;
    let resident = app.resident("普建华").await;
    let _ = resident.post("/tickets", lamp()).await.expect(201);
    let id = app.id_of(&resident).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let held = HeldNumber::at(&app.url, "532504-261121-00002").await;
    let submit = json!({"content": "楼道灯坏了请修一修", "place": {"code": COMMUNITY}, "contact": {"phone": "13812345678"}});
    let key = [("idempotency-key", "k")];
    let erase = async {
        held.somebody_waits().await;
        let erased = admin.post(&format!("/users/{id}/erase"), json!({"reason": "本人书面申请注销"})).await;
        held.let_go().await;
        erased
    };
    let (submitted, erased) = tokio::join!(resident.post_with("/tickets", &key, submit), erase);
    let _ = (submitted.expect(201), erased.expect(200));
    app.app.catch_up().await.unwrap();
    assert!(contains(&app.url, "楼道灯坏了请修一修").await, "nobody knows yet");
    app.pass(1);
    app.app.catch_up().await.unwrap();
    assert!(!contains(&app.url, "楼道灯坏了请修一修").await);
    assert_eq!(number(&app.url, "SELECT count(*) FROM ticket_contact").await, 0);
    assert_eq!(number(&app.url, "SELECT count(*) FROM idempotency WHERE length(answer) > 0").await, 0);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f07_kept_answers_go_with_whom_they_are_about(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let key = [("idempotency-key", "k")];
    let ticket = path(&cast.resident.post_with("/tickets", &key, lamp()).await.expect(201));
    let neighbour = app.resident("普建华").await;
    let _ = neighbour.post_with("/tickets", &key, lamp()).await.expect(201);
    let dispatch = format!("{ticket}/dispatch");
    let dispatch = || cast.clerk.post_with(&dispatch, &key, cast.to_worker());
    let first = dispatch().await.expect(200);
    assert_eq!(dispatch().await.expect(200).text, first.text);
    let _ = cast.resident.post("/me/erase", json!({})).await.expect(200);
    // Not done a second time, and not told either.
    dispatch().await.refused(409, "idempotency.answer_erased");
    assert_eq!(number(&app.url, "SELECT count(*) FROM event WHERE kind = 'dispatched'").await, 1);
    let replay = neighbour.post_with("/tickets", &key, lamp()).await.expect(201);
    assert_eq!(replay.header("idempotent-replayed"), "true", "what is about others stays");
    assert_eq!(number(&app.url, "SELECT count(*) FROM idempotency WHERE length(answer) > 0").await, 1);
    app.stop().await;
}
