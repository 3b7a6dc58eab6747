//! The database goes away, and comes back: 503 meanwhile, and no restart.

use crate::ticket::Cast;
use integration_tests::app::{TestApp, config, lamp};
use integration_tests::proxy::Proxy;
use integration_tests::{Backend, Caller, services};
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection, Row, SqliteConnection};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

async fn refuse(caller: &Caller, ticket: &str) {
    for answer in [caller.get(ticket).await, caller.post("/tickets", lamp()).await] {
        answer.refused(503, "store.unavailable");
        assert_eq!(answer.header("retry-after"), "1");
    }
    let ready = caller.get("//ready").await.expect(503);
    assert_eq!(ready.str("database"), "down");
    assert_eq!(caller.get("//health").await.status, 200);
}

/// The first calls after the mending may still find dead connections in the pool.
async fn recovers(caller: &Caller, ticket: &str) {
    for _ in 0..40 {
        if caller.get(ticket).await.status == 200 && caller.post("/tickets", lamp()).await.status == 201 {
            return;
        }
    }
    panic!("the server does not recover");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_postgresql_is_503_until_it_is_back() {
    let (app, proxy) = TestApp::behind_proxy(Backend::Postgres.redis_url()).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket().await;
    proxy.cut();
    refuse(&cast.resident, &ticket).await;
    proxy.mend();
    recovers(&cast.resident, &ticket).await;
    app.stop().await;
}

/// A client that goes away while its transaction begins leaves no open transaction in the pool, into which later
/// changes would vanish.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_takes_nothing_along() {
    let (app, proxy) = TestApp::behind_proxy(None).await;
    let cast = Cast::of(&app).await;
    for i in 0..8 {
        // A first login writes two rows in a transaction.
        proxy.hold();
        let login = format!("{{\"code\": \"dev:路人{i}\"}}");
        let mut client = TcpStream::connect(app.app.url().trim_start_matches("http://")).await.unwrap();
        let head = "POST /api/v1/auth/wechat HTTP/1.1\r\nhost: x\r\ncontent-type: application/json";
        let request = format!("{head}\r\ncontent-length: {}\r\n\r\n{login}", login.len());
        client.write_all(request.as_bytes()).await.unwrap();
        for message in 1..=i % 4 {
            proxy.held(message).await;
            proxy.let_one_through();
        }
        proxy.held(i % 4 + 1).await;
        // Not closed but reset: what was asked for is dropped half-way.
        client.set_zero_linger().unwrap();
        drop(client);
        // By the time the one worker has answered others, it has seen the reset.
        for _ in 0..3 {
            let _ = app.anyone().get("//health").await.expect(200);
        }
        proxy.release().await;
    }
    for _ in 0..20 {
        let filed = cast.resident.post("/tickets", lamp()).await.expect(201);
        let _ = cast.resident.get(&crate::ticket::path(&filed)).await.expect(200);
    }
    let mut eyes = PgConnection::connect(&app.url).await.unwrap();
    let open =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in %'";
    let count: i64 = eyes.fetch_one(open).await.unwrap().get(0);
    assert_eq!(count, 0, "transactions were left open");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_for_what_was_asked() {
    let (app, proxy) = TestApp::behind_proxy(None).await;
    let resident = app.resident("王芳").await;
    let _ = resident.get("/tickets").await.expect(200);
    proxy.hold();
    let asking = tokio::spawn(async move { resident.post("/tickets", lamp()).await });
    proxy.held(1).await;
    let anyone = app.anyone();
    let stopping = tokio::spawn(app.app.stop());
    // The door is closed before the last answer is given.
    while anyone.request(reqwest::Method::GET, "//health").send().await.is_ok() {
        tokio::task::yield_now().await;
    }
    proxy.release().await;
    assert_eq!(asking.await.unwrap().status, 201);
    stopping.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sqlite_that_somebody_holds_is_503_until_they_let_go() {
    let app = TestApp::start(Backend::Sqlite).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket().await;
    let keyed = || cast.clerk.post_with("/tickets", &[("Idempotency-Key", "lamp-7")], lamp());
    let first = keyed().await.expect(201);
    // Whoever comes next has to lease a number.
    while !cast.clerk.post("/tickets", lamp()).await.expect(201).str("number").ends_with("-00050") {}
    let mut holder = SqliteConnection::connect(&app.url).await.unwrap();
    holder.execute("BEGIN IMMEDIATE").await.unwrap();
    // Reading goes on; writing waits its five seconds, then says so, but what was answered before is answered again.
    let _ = cast.resident.get(&ticket).await.expect(200);
    let (answer, again) = tokio::join!(cast.resident.post("/tickets", lamp()), keyed());
    answer.refused(503, "store.unavailable");
    assert_eq!(answer.header("retry-after"), "1");
    let again = again.expect(201);
    assert_eq!((again.str("id"), again.header("idempotent-replayed")), (first.str("id"), "true"));
    holder.execute("ROLLBACK").await.unwrap();
    recovers(&cast.resident, &ticket).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_somebody_holds_keeps_no_other_waiting() {
    let app = TestApp::start(Backend::Postgres).await;
    let cast = Cast::of(&app).await;
    let (held, free) = (cast.ticket().await, cast.ticket().await);
    let mut holder = PgConnection::connect(&app.url).await.unwrap();
    let id = held.rsplit_once('/').unwrap().1;
    let hold = format!("BEGIN; SELECT 1 FROM ticket WHERE id = '{id}' FOR UPDATE");
    holder.execute(sqlx::AssertSqlSafe(hold)).await.unwrap();
    let note = |ticket: &str| {
        let (clerk, path) = (cast.clerk.clone(), format!("{ticket}/note"));
        tokio::spawn(async move { clerk.post(&path, json!({"reason": "已联系"})).await })
    };
    // More of them than there are writers.
    let waiting: Vec<_> = (0..5).map(|_| note(&held)).collect();
    for _ in 0..3 {
        let _ = note(&free).await.unwrap().expect(200);
    }
    assert!(waiting.iter().all(|noted| !noted.is_finished()), "they wait for whoever holds it");
    holder.execute("ROLLBACK").await.unwrap();
    for noted in waiting {
        let _ = noted.await.unwrap().expect(200);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_redis_costs_time_only() {
    let database = Backend::Postgres.database().await;
    let url = database.url.clone();
    let proxy = Proxy::start(services::redis().address()).await;
    let app = TestApp::on(database, config(&url, Some(format!("redis://{}/", proxy.address)))).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket().await;
    proxy.cut();
    assert_eq!(app.anyone().get("//ready").await.expect(200).str("cache"), "down");
    let newcomer = app.resident("普建华").await;
    let _ = newcomer.post("/tickets", lamp()).await.expect(201);
    let _ = cast.dispatch(&ticket).await.expect(200);
    app.stop().await;
}
