//! 消息: whoever is concerned is told, once each of what happened, and reads it when they like.

use crate::people::worker;
use crate::ticket::{Cast, path, solved};
use crate::wechat;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT, config, here, lamp};
use integration_tests::client::send;
use integration_tests::database::{execute, number};
use integration_tests::{Answer, Backend, Caller};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

const COUNTY: &str = "532504";

pub(crate) async fn inbox(caller: &Caller) -> Answer {
    caller.get("/me/inbox?limit=100").await.expect(200)
}

/// What somebody was told, oldest first.
pub(crate) async fn told(caller: &Caller) -> Vec<String> {
    let inbox = inbox(caller).await;
    inbox.items().iter().rev().map(|item| item["kind"].as_str().unwrap().to_owned()).collect()
}

/// What somebody was told since the last time.
async fn heard(app: &TestApp, caller: &Caller) -> Vec<String> {
    app.app.catch_up().await.unwrap();
    let news = caller.get("/me/inbox?limit=100&unread=true").await.expect(200);
    let kinds = news.items().iter().rev().map(|item| item["kind"].as_str().unwrap().to_owned()).collect();
    let _ = caller.post("/me/inbox/read", json!({"up_to": i64::MAX})).await.expect(200);
    kinds
}

async fn act(caller: &Caller, ticket: &str, what: &str, body: Value) {
    let _ = caller.post(&format!("{ticket}/{what}"), body).await.expect(200);
}

#[rstest]
#[tokio::test]
async fn l06_everyone_concerned_is_told_on_the_whole_way(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let (resident, clerk, handler) = (&cast.resident, &cast.clerk, &cast.worker);
    let helper = app.staff("grid_leader", COMMUNITY).await;
    let supervisor = app.staff("supervisor", COUNTY).await;
    let bystander = app.staff("community_clerk", NEIGHBOUR).await;
    let none: [&str; 0] = [];
    let ticket = cast.ticket().await;
    assert_eq!(heard(&app, clerk).await, ["to_dispatch"]);
    assert_eq!(heard(&app, resident).await, none, "whoever did it is not told");
    let dispatch =
        json!({"lead": {"person": cast.worker_id}, "assist": [{"person": app.id_of(&helper).await}]});
    act(clerk, &ticket, "dispatch", dispatch).await;
    assert_eq!(heard(&app, handler).await, ["assigned"]);
    assert_eq!(heard(&app, &helper).await, ["assist_asked"]);
    assert_eq!(heard(&app, resident).await, ["dispatched"]);
    act(handler, &ticket, "accept", json!({})).await;
    act(handler, &ticket, "arrive", here()).await;
    act(handler, &ticket, "reply", json!({"text": "正在修"})).await;
    assert_eq!(heard(&app, resident).await, ["accepted", "arrived", "replied"]);
    act(resident, &ticket, "supplement", json!({"content": "还有一盏"})).await;
    act(&supervisor, &ticket, "supervise", json!({"reason": "久拖未办"})).await;
    act(clerk, &ticket, "note", json!({"reason": "注意安全"})).await;
    assert_eq!(heard(&app, handler).await, ["supplemented", "supervised", "noted"]);
    assert_eq!(heard(&app, &helper).await, ["noted"]);
    assert_eq!(heard(&app, clerk).await, ["supervised"]);
    assert_eq!(heard(&app, resident).await, none, "what staff write to each other is theirs");
    act(handler, &ticket, "resolve", solved()).await;
    assert_eq!(heard(&app, resident).await, ["resolved"]);
    assert_eq!(heard(&app, &supervisor).await, ["supervised_resolved"]);
    // Not satisfied: one message, that it is to be done again.
    let _ = cast.rate(&ticket, "dissatisfied").await.expect(200);
    assert_eq!(heard(&app, handler).await, ["reworked"]);
    act(handler, &ticket, "accept", json!({})).await;
    act(handler, &ticket, "resolve", solved()).await;
    let _ = cast.rate(&ticket, "satisfied").await.expect(200);
    assert_eq!(heard(&app, handler).await, ["rated"]);
    act(resident, &ticket, "reopen", json!({"reason": "又不亮了"})).await;
    assert_eq!(heard(&app, handler).await, ["reopened"], "reopening reaches whoever handled it");
    assert_eq!(heard(&app, &bystander).await, none);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn what_goes_another_way_is_told_too(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let (resident, clerk, handler) = (&cast.resident, &cast.clerk, &cast.worker);
    let street = app.staff("street_dispatcher", STREET).await;
    let unit = app.of_unit("department_handler", UNIT).await;
    // Of a unit all who handle are told; nobody of a unit that has none.
    let ticket = cast.ticket().await;
    act(clerk, &ticket, "dispatch", json!({"lead": {"unit": UNIT}})).await;
    assert_eq!(heard(&app, &unit).await, ["assigned"]);
    act(&unit, &ticket, "return", json!({"reason": "不归我们管"})).await;
    assert_eq!(heard(&app, clerk).await, ["to_dispatch", "returned"]);
    act(clerk, &ticket, "escalate", json!({"reason": "超出社区能力"})).await;
    assert_eq!(heard(&app, &street).await, ["escalated"]);
    assert_eq!(heard(&app, clerk).await, Vec::<String>::new(), "the desk is the street's from then on");
    let to_worker = cast.to_worker();
    act(&street, &ticket, "dispatch", to_worker).await;
    act(handler, &ticket, "accept", json!({})).await;
    let until = "2026-11-21T01:20:00Z";
    act(handler, &ticket, "extend", json!({"until": "2026-11-21T02:00:00Z", "reason": "等配件"})).await;
    assert_eq!(heard(&app, &street).await, ["extension_asked"], "whoever dispatched it decides");
    act(&street, &ticket, "extend/refuse", json!({"reason": format!("{until} 之前可以办完")})).await;
    assert_eq!(heard(&app, handler).await, ["assigned", "extension_refused"]);
    let _ = heard(&app, resident).await;
    act(resident, &ticket, "withdraw", json!({"reason": "已经亮了"})).await;
    assert_eq!(heard(&app, handler).await, ["withdrawn"]);
    // Declined, and merged: the requester of what was merged is told, and from then on of the other.
    let (declined, merged) =
        (cast.ticket().await, path(&resident.post("/tickets", lamp()).await.expect(201)));
    let neighbour = app.resident("普建华").await;
    let other = path(&neighbour.post("/tickets", lamp()).await.expect(201));
    act(clerk, &declined, "decline", json!({"reason": "已有专项工程"})).await;
    let into = other.trim_start_matches("/tickets/");
    act(clerk, &merged, "merge", json!({"into": into, "reason": "同一盏灯"})).await;
    assert_eq!(heard(&app, resident).await, ["declined", "merged"]);
    act(clerk, &other, "dispatch", cast.to_worker()).await;
    for requester in [resident, &neighbour] {
        assert_eq!(heard(&app, requester).await, ["dispatched"]);
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn one_message_an_event_and_person(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    // Clerk of the desk and helper at once; the more specific message is theirs.
    let clerk_id = app.id_of(&cast.clerk).await;
    let both = worker(&admin, "两职", None, COMMUNITY).await;
    let both_at = format!("/users/{}/grant", both.str("id"));
    let _ = admin.post(&both_at, json!({"role": "community_clerk", "places": [COMMUNITY]})).await.expect(200);
    let ticket = cast.ticket().await;
    let dispatch = json!({"lead": {"person": both.str("id")}, "assist": [{"person": cast.worker_id}]});
    act(&cast.clerk, &ticket, "dispatch", dispatch).await;
    app.pass(6);
    app.app.catch_up().await.unwrap();
    let messages = |person: &str, kind: &str| {
        format!(
            "SELECT count(*) FROM inbox i WHERE i.kind = '{kind}' AND i.user_id = {}",
            match backend {
                Backend::Postgres => format!("'{person}'"),
                Backend::Sqlite => format!("X'{}'", person.replace('-', "")),
            }
        )
    };
    // The arrival was late: handler and desk are told, who is both is told once.
    assert_eq!(number(&app.url, &messages(both.str("id"), "breached")).await, 1);
    assert_eq!(number(&app.url, &messages(&clerk_id, "breached")).await, 1);
    let twice = "SELECT count(*) FROM (SELECT user_id FROM inbox WHERE position IS NOT NULL \
        GROUP BY user_id, position HAVING count(*) > 1) t";
    assert_eq!(number(&app.url, twice).await, 0);
    // Reactors that begin anew say nothing twice.
    let before = number(&app.url, "SELECT count(*) FROM inbox").await;
    execute(&app.url, "UPDATE reactor SET xid = 0, position = 0 WHERE name IN ('inbox', 'duty')").await;
    app.app.catch_up().await.unwrap();
    assert_eq!(number(&app.url, "SELECT count(*) FROM inbox").await, before);
    let late = inbox(&cast.clerk).await;
    let breach = late.items().iter().find(|item| item["kind"] == "breached").unwrap();
    assert_eq!((&breach["clock"], &breach["due_at"]), (&json!("arrive"), &json!("2026-11-21T01:05:00Z")));
    assert_eq!(breach["label"], "时限已过");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn the_inbox_is_read_page_by_page(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let mut tickets = Vec::new();
    for _ in 0..5 {
        tickets.push(cast.resident.post("/tickets", lamp()).await.expect(201));
    }
    app.app.catch_up().await.unwrap();
    let first = cast.clerk.get("/me/inbox?limit=2").await.expect(200);
    assert_eq!((&first.json["unread"], &first.json["unread_more"]), (&json!(5), &json!(false)));
    let newest = &first.items()[0];
    let ticket = &tickets[4].json;
    let shown = json!({"id": ticket["id"], "number": ticket["number"], "status": "submitted",
        "status_name": "待派单", "place": COMMUNITY, "place_name": "温泉社区"});
    assert_eq!((&newest["ticket"], &newest["read_at"], &newest["items"]), (&shown, &Value::Null, &json!(1)));
    assert!(!first.text.contains("北门的路灯不亮"), "no content");
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = cast.clerk.get(&format!("/me/inbox?limit=2{cursor}")).await.expect(200);
        seen.extend(page.items().iter().map(|item| item["id"].as_i64().unwrap()));
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted_by(|a, b| a > b), "newest first, each once");
    // These two, again, and up to the third.
    let read = async |body: Value| cast.clerk.post("/me/inbox/read", body).await;
    for _ in 0..2 {
        let left = read(json!({"ids": [seen[0], seen[4]]})).await.expect(200);
        assert_eq!(left.json, json!({"unread": 3, "unread_more": false}));
    }
    assert_eq!(read(json!({"up_to": seen[2]})).await.expect(200).json["unread"], 1);
    let unread = cast.clerk.get("/me/inbox?unread=true").await.expect(200);
    assert_eq!(unread.items().iter().map(|item| item["id"].clone()).collect::<Vec<_>>(), [json!(seen[1])]);
    assert_eq!(cast.clerk.get("/me/inbox?unread=false").await.expect(200).items().len(), 4);
    // The same key is the same answer, whatever came between.
    let key = [("idempotency-key", "k")];
    let all = json!({"up_to": seen[0]});
    let once = cast.clerk.post_with("/me/inbox/read", &key, all.clone()).await.expect(200);
    let again = cast.clerk.post_with("/me/inbox/read", &key, all).await.expect(200);
    assert_eq!((again.header("idempotent-replayed"), &again.text), ("true", &once.text));
    cast.clerk
        .post_with("/me/inbox/read", &key, json!({"up_to": 1}))
        .await
        .refused(422, "idempotency.key_reused");
    // Others' are not there, and are not read by saying so.
    let others = format!("/me/inbox/messages/{}", seen[0]);
    assert_eq!(cast.clerk.get(&others).await.expect(200).json["list"], json!([]));
    cast.resident.get(&others).await.refused(404, "inbox.not_found");
    for nothing in ["0", "x", "read", "9223372036854775808"] {
        cast.clerk.get(&format!("/me/inbox/messages/{nothing}")).await.refused(404, "inbox.not_found");
    }
    let fresh = cast.ticket().await;
    app.app.catch_up().await.unwrap();
    let newest = inbox(&cast.clerk).await.items()[0]["id"].clone();
    let _ = cast.resident.post("/me/inbox/read", json!({"ids": [newest]})).await.expect(200);
    assert_eq!(inbox(&cast.clerk).await.json["unread"], 1, "{fresh}");
    for (body, code) in [
        (json!({}), "inbox.ids_or_up_to"),
        (json!({"ids": [1], "up_to": 1}), "inbox.ids_or_up_to"),
        (json!({"ids": []}), "inbox.ids_count"),
        (json!({"ids": vec![1; 101]}), "inbox.ids_count"),
    ] {
        read(body).await.refused_for(422, code, "/ids");
    }
    read(json!({"ids": ["a"]})).await.refused_for(400, "request.invalid_type", "/ids/0");
    cast.clerk.get("/me/inbox?cursor=AAAA").await.refused_for(400, "cursor.invalid", "?cursor");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn nobody_at_the_desk_is_somebody_above(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    let county = app.staff("county_admin", COUNTY).await;
    let _ = resident.post("/tickets", lamp()).await.expect(201);
    app.app.catch_up().await.unwrap();
    assert_eq!(told(&county).await, ["to_dispatch"]);
    let street = app.staff("street_dispatcher", STREET).await;
    let _ = resident.post("/tickets", lamp()).await.expect(201);
    app.app.catch_up().await.unwrap();
    assert_eq!((told(&street).await, told(&county).await.len()), (vec!["to_dispatch".to_owned()], 1));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn messages_go_with_whoever_they_are_of(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let _ = cast.ticket_at("resolved").await;
    app.app.catch_up().await.unwrap();
    let export = cast.resident.get("/me/export").await.expect(200);
    let kinds: Vec<_> =
        export.json["inbox"].as_array().unwrap().iter().map(|item| item["kind"].clone()).collect();
    assert_eq!(kinds, ["dispatched", "accepted", "resolved"]);
    let count = "SELECT count(*) FROM inbox";
    let before = number(&app.url, count).await;
    let _ = cast.resident.post("/me/erase", json!({})).await.expect(200);
    assert_eq!(number(&app.url, count).await, before - 3);
    // Nothing more is written for who was erased; it closes by itself a week later.
    app.pass(7 * 24 * 60 + 1);
    app.app.catch_up().await.unwrap();
    assert_eq!(told(&cast.worker).await, ["assigned", "closed"]);
    assert_eq!(number(&app.url, count).await, before - 3 + 1);
    // Half a year later it is forgotten.
    app.app.forget().await.unwrap();
    assert_eq!(number(&app.url, count).await, before - 3 + 1);
    app.pass(180 * 24 * 60 + 1);
    app.app.forget().await.unwrap();
    assert_eq!(number(&app.url, count).await, 0);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_roster_entry_that_is_somebody_has_their_messages(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, stand_in) = wechat::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let entry = worker(&admin, "李建国", Some("13812345678"), COMMUNITY).await;
    let shift = json!({"place": COMMUNITY, "person": entry.str("id"), "starts_at": "2026-11-21T01:00:00Z",
        "ends_at": "2026-11-22T01:00:00Z"});
    let _ = admin.post("/shifts", shift).await.expect(201);
    let ticket = cast.ticket().await;
    act(&cast.clerk, &ticket, "dispatch", json!({"lead": {"person": entry.str("id")}})).await;
    app.app.catch_up().await.unwrap();
    let user = wechat::user(&app, &stand_in, "o-li").await;
    let bound = wechat::bind(&user, &stand_in.phone_code("13812345678")).await.expect(200);
    let user = user.with_token(bound.str("access_token"));
    let sorted = async || {
        let mut told = told(&user).await;
        told.sort();
        told
    };
    assert_eq!(sorted().await, ["assigned", "duty_new"]);
    // What happens to the entry from now on, and the bell of its shift, is theirs.
    act(&cast.clerk, &ticket, "note", json!({"reason": "请带梯子"})).await;
    let _ = cast.ticket().await;
    app.app.catch_up().await.unwrap();
    assert_eq!(sorted().await, ["assigned", "duty_new", "duty_new", "noted"]);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn nobody_is_told_of_what_was_before(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let _ = cast.ticket_at("accepted").await;
    // As it was before there were messages; then a server that has them starts.
    execute(&app.url, "DELETE FROM reactor WHERE name IN ('inbox', 'duty')").await;
    let newer = app.replica(config(&app.url, backend.redis_url())).await;
    newer.catch_up().await.unwrap();
    assert_eq!(number(&app.url, "SELECT count(*) FROM inbox").await, 0);
    let _ = cast.ticket().await;
    newer.catch_up().await.unwrap();
    assert_eq!(told(&cast.clerk).await, ["to_dispatch"]);
    newer.stop().await.unwrap();
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn only_ones_own(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    for (method, path) in
        [(Method::GET, "/me/inbox"), (Method::GET, "/me/inbox/messages/1"), (Method::POST, "/me/inbox/read")]
    {
        send(app.anyone().request(method, path)).await.refused(401, "auth.token_missing");
    }
    app.stop().await;
}
