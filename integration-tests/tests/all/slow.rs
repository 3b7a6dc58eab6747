//! Whoever takes their time: clients that trickle, connections that stand still, calls that do not end.

use crate::wire::{EVER, connect, get, post, rest, say, server, short, told};
use api::Wire;
use integration_tests::Backend;
use integration_tests::app::{TestApp, lamp};
use rstest::rstest;
use sqlx::{Connection, Executor, PgConnection, SqliteConnection};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Writes a byte now and then for as long as the server listens, and then reads what it said.
async fn trickle(wire: &mut TcpStream, piece: &[u8]) -> String {
    let (mut read, mut write) = wire.split();
    let mut answer = Vec::new();
    let trickling = async {
        while write.write_all(piece).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        std::future::pending::<()>().await;
    };
    let reading = tokio::time::timeout(EVER, read.read_to_end(&mut answer));
    tokio::select! {
        ended = reading => drop(ended.expect("the server ends it")),
        () = trickling => {}
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn clients_that_take_their_time_are_ended() {
    let app = server().await;
    let resident = app.resident("王芳").await;
    let token = resident.token();
    // A body, byte by byte.
    let mut wire = connect(&app).await;
    wire.write_all(&post(token, "content-length: 100000\r\n", b"{")).await.unwrap();
    assert_eq!(told(&trickle(&mut wire, b" ").await), (408, "request.too_slow".to_owned()));
    // A body in pieces without end.
    let mut wire = connect(&app).await;
    wire.write_all(&post(token, "transfer-encoding: chunked\r\n", b"")).await.unwrap();
    assert_eq!(told(&trickle(&mut wire, b"1\r\n \r\n").await), (408, "request.too_slow".to_owned()));
    // A form, which is none of JSON.
    let mut wire = connect(&app).await;
    let head = "POST /api/v1/auth/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n\
        content-length: 100000\r\nconnection: close\r\n\r\n";
    wire.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(told(&trickle(&mut wire, b"a").await), (408, "request.too_slow".to_owned()));
    // Whoever may not send one is not waited for.
    let answer = say(&app, &post("none", "content-length: 100000\r\n", b"{")).await;
    assert_eq!(told(&answer).0, 401);
    // A body that ends before its time.
    let mut wire = connect(&app).await;
    wire.write_all(&post(token, "content-length: 100\r\n", b"{}")).await.unwrap();
    wire.shutdown().await.unwrap();
    assert_eq!(told(&rest(&mut wire).await), (400, "request.body_interrupted".to_owned()));
    // The head of the first request.
    let mut wire = connect(&app).await;
    wire.write_all(b"GET /health HTTP/1.1\r\nx: ").await.unwrap();
    assert_eq!(told(&trickle(&mut wire, b"x").await).0, 408);
    // Nothing at all.
    let mut wire = connect(&app).await;
    assert_eq!(told(&rest(&mut wire).await).0, 408);
    app.stop().await;
}

#[tokio::test]
async fn connections_that_stand_still_are_cut() {
    let app = server().await;
    let health = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n";
    // Nothing after an answer.
    let mut wire = connect(&app).await;
    wire.write_all(health).await.unwrap();
    assert_eq!(told(&rest(&mut wire).await).0, 200);
    // The head of a later request.
    let mut wire = connect(&app).await;
    wire.write_all(health).await.unwrap();
    let mut first = [0; 12];
    wire.read_exact(&mut first).await.unwrap();
    wire.write_all(b"GET /health HTTP/1.1\r\nx: ").await.unwrap();
    let answers = trickle(&mut wire, b"x").await;
    assert_eq!(answers.matches("HTTP/1.1").count(), 0, "{answers}");
    // A body that nobody reads, without end.
    let mut wire = connect(&app).await;
    wire.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
    assert_eq!(told(&trickle(&mut wire, b"1\r\n \r\n").await).0, 200);
    // Requests without end, whose answers nobody takes.
    let mut wire = connect(&app).await;
    let document = b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(100);
    let pouring = async { while wire.write_all(&document).await.is_ok() {} };
    tokio::time::timeout(EVER, pouring).await.expect("the server ends it");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_call_that_takes_too_long_is_answered_and_its_write_goes_on(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let call = Duration::from_secs(2);
    let app = TestApp::with(backend, |config| config.wire = Wire { call, ..short() }).await;
    let resident = app.resident("王芳").await;
    let _ = resident.post("/tickets", lamp()).await.expect(201);
    // Somebody else holds what the write needs; reading goes on.
    let mut holder = Holder::of(backend, &app.url).await;
    holder.say("BEGIN IMMEDIATE", "BEGIN; LOCK TABLE ticket IN SHARE MODE").await;
    let answer = resident.post("/tickets", lamp()).await;
    answer.refused(503, "request.timeout");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(resident.get("/tickets").await.items().len(), 1);
    holder.say("ROLLBACK", "ROLLBACK").await;
    // The write is in a task of its own: it may be a moment after.
    let deadline = Instant::now() + EVER;
    while resident.get("/tickets").await.items().len() == 1 {
        assert!(Instant::now() < deadline, "what was begun is lost");
    }
    assert_eq!(resident.get("/tickets").await.items().len(), 2);
    app.stop().await;
}

enum Holder {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Holder {
    async fn of(backend: Backend, url: &str) -> Self {
        match backend {
            Backend::Sqlite => Self::Sqlite(SqliteConnection::connect(url).await.unwrap()),
            Backend::Postgres => Self::Postgres(PgConnection::connect(url).await.unwrap()),
        }
    }

    async fn say(&mut self, sqlite: &'static str, postgres: &'static str) {
        match self {
            Self::Sqlite(session) => drop(session.execute(sqlite).await.unwrap()),
            Self::Postgres(session) => drop(sqlx::raw_sql(postgres).execute(session).await.unwrap()),
        }
    }
}

/// As many connections as there may be, and one more: it waits until one of them ends.
#[tokio::test]
async fn there_are_only_so_many_connections() {
    let app = TestApp::with(Backend::Sqlite, |config| {
        config.wire = Wire { connections: 4, head: Duration::from_secs(3), ..short() };
    })
    .await;
    let mut open = Vec::new();
    for _ in 0..4 {
        open.push(connect(&app).await);
    }
    let (mut fifth, asked) = (connect(&app).await, get("/health", ""));
    fifth.write_all(&asked).await.unwrap();
    assert_eq!(told(&rest(&mut open.remove(0)).await).0, 408, "those that say nothing are ended");
    drop(open);
    assert_eq!(told(&rest(&mut fifth).await).0, 200);
    app.stop().await;
}
