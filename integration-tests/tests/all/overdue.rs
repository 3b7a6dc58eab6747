//! What was belated is one list a person, and what is new is heard live.

use crate::inbox::{inbox, told};
use crate::live::id;
use crate::ticket::{Cast, path};
use integration_tests::app::{COMMUNITY, STREET, TestApp, config};
use integration_tests::{Backend, Caller, Listener};
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[tokio::test]
async fn what_nobody_watched_is_one_list(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let street = app.staff("street_dispatcher", STREET).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(cast.ticket_at("accepted").await);
    }
    app.app.catch_up().await.unwrap();
    let quiet = told(&cast.worker).await.len();
    // The sweep was away for ten hours: each ticket has two limits that passed, and went up two levels.
    app.pass(600);
    app.app.catch_up().await.unwrap();
    let after = inbox(&cast.worker).await;
    assert_eq!(after.items().len(), quiet + 1, "{}", after.text);
    let list = &after.items()[0];
    assert_eq!(list["kind"], "overdue_list");
    assert_eq!((&list["ticket"], &list["clock"]), (&Value::Null, &Value::Null));
    let at = format!("/me/inbox/messages/{}", list["id"]);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = cast.worker.get(&format!("{at}?limit=4{cursor}")).await.expect(200);
        assert_eq!(page.str("kind"), "overdue_list");
        seen.extend(page.json["list"].as_array().unwrap().iter().cloned());
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(list["items"], seen.len());
    seen.retain(|item| item["kind"] == "breached");
    assert_eq!((seen.len(), &seen[0]["clock"]), (6, &json!("arrive")));
    for ticket in &open {
        let of_it = seen
            .iter()
            .filter(|item| format!("/tickets/{}", item["ticket"]["id"].as_str().unwrap()) == *ticket);
        assert_eq!(of_it.count(), 2);
    }
    // What came up to the street's desk with it is in the street's one list.
    let above = inbox(&street).await;
    assert_eq!(above.items().len(), 1, "{}", above.text);
    let detail = street.get(&format!("/me/inbox/messages/{}", above.items()[0]["id"])).await.expect(200);
    let kinds: Vec<_> =
        detail.json["list"].as_array().unwrap().iter().map(|item| item["kind"].clone()).collect();
    assert!(kinds.contains(&json!("escalated")) && above.items()[0]["items"] == kinds.len());
    let late = json!({"content": "又一盏", "place": {"code": COMMUNITY}, "severity": "small"});
    let fourth = path(&cast.resident.post("/tickets", late).await.expect(201));
    let _ = cast.dispatch(&fourth).await.expect(200);
    let _ = cast.accept(&fourth).await.expect(200);
    app.app.catch_up().await.unwrap();
    // Ten hours later it is another list.
    app.pass(600);
    app.app.catch_up().await.unwrap();
    let lists = inbox(&cast.worker).await;
    let lists: Vec<_> = lists.items().iter().filter(|item| item["kind"] == "overdue_list").cloned().collect();
    assert_eq!((lists.len(), &lists[1]["items"]), (2, &list["items"]));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_list_that_grows_is_unread_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    // One is due at 01:07, the other at 01:10; the sweep comes at 01:10 and at 01:14.
    app.pass(2);
    let _ = cast.ticket_at("accepted").await;
    app.pass(3);
    let _ = cast.ticket_at("accepted").await;
    app.pass(5);
    app.app.catch_up().await.unwrap();
    let list = async || {
        let all = inbox(&cast.worker).await;
        let lists: Vec<_> =
            all.items().iter().filter(|item| item["kind"] == "overdue_list").cloned().collect();
        assert_eq!(lists.len(), 1, "{}", all.text);
        lists[0].clone()
    };
    let before = list().await;
    let _ = cast.worker.post("/me/inbox/read", json!({"ids": [before["id"]]})).await.expect(200);
    assert!(list().await["read_at"].is_string());
    app.pass(4);
    app.app.catch_up().await.unwrap();
    let after = list().await;
    assert_eq!((&after["id"], &after["read_at"]), (&before["id"], &Value::Null));
    assert!(after["items"].as_i64() > before["items"].as_i64());
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn messages_are_heard_by_whom_they_are_for_and_after_coming_back(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let inbox = json!({"inbox": true});
    let before = cast.ticket().await;
    app.app.catch_up().await.unwrap();
    // What came before is in the inbox; from now on it is told.
    let mut clerk = Listener::to(&cast.clerk, &inbox).await;
    let mut resident = Listener::to(&cast.resident, &inbox).await;
    let begun = clerk.cursor.clone();
    let ticket = cast.ticket().await;
    app.app.catch_up().await.unwrap();
    let told = clerk.next().await;
    assert_eq!((&told["type"], &told["entry"]["kind"]), (&json!("inbox"), &json!("to_dispatch")));
    assert_eq!((&told["entry"]["ticket"]["id"], &told["unread"]), (&json!(id(&ticket)), &json!(2)));
    let read = cast.clerk.get("/me/inbox").await.expect(200);
    assert_eq!(read.items()[0], told["entry"], "the same as the inbox shows");
    assert_eq!(read.items()[1]["ticket"]["id"], id(&before));
    let _ = cast.dispatch(&ticket).await.expect(200);
    app.app.catch_up().await.unwrap();
    assert_eq!(resident.next().await["entry"]["kind"], "dispatched", "and not what the clerk was told");
    // Whoever was away hears what they missed: here out of what the server remembers, and from another replica out of
    // the tables.
    let mut again = Listener::after(&cast.clerk, &inbox, Some(&begun)).await;
    assert_eq!(again.next().await["entry"], told["entry"]);
    let other = app.replica(config(&app.url, backend.redis_url())).await;
    let elsewhere = Caller::anyone(&other.url()).with_token(cast.clerk.token());
    let mut again = Listener::after(&elsewhere, &inbox, Some(&begun)).await;
    let late = again.next().await["entry"].clone();
    assert_eq!(
        (&late["id"], &late["ticket"]["status"]),
        (&told["entry"]["id"], &json!("dispatched")),
        "as it is by now"
    );
    let third = cast.ticket().await;
    app.app.catch_up().await.unwrap();
    assert_eq!(again.next().await["entry"]["ticket"]["id"], id(&third));
    other.stop().await.unwrap();
    app.stop().await;
}
