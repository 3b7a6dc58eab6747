//! What comes over the wire that is no well-behaved client's: each gets a clear answer or a closed connection, in time.

use api::Wire;
use integration_tests::Backend;
use integration_tests::app::TestApp;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longer than any limit here: who waits so long waits for ever.
pub(crate) const EVER: Duration = Duration::from_secs(20);

/// Limits that a test can wait for, and that a machine busy with other tests keeps.
pub(crate) fn short() -> Wire {
    let millis = Duration::from_millis;
    let (head, body, call, idle) = (millis(1_500), millis(1_500), millis(10_000), millis(1_500));
    Wire { head, body, call, idle, connections: 1000, ..Wire::default() }
}

pub(crate) async fn server() -> TestApp {
    TestApp::with(Backend::Sqlite, |config| config.wire = short()).await
}

pub(crate) async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.app.url().trim_start_matches("http://")).await.unwrap()
}

/// All that comes until the server closes.
pub(crate) async fn rest(wire: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = tokio::time::timeout(EVER, wire.read_to_end(&mut answer)).await;
    // A reset is an end too.
    let _ = read.expect("the server closes the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

/// What a server answers to bytes. It may close before it has read them all.
pub(crate) async fn say(app: &TestApp, bytes: &[u8]) -> String {
    let mut wire = connect(app).await;
    let _ = wire.write_all(bytes).await;
    rest(&mut wire).await
}

/// The status of the first answer, 0 for none; and its code.
pub(crate) fn told(answer: &str) -> (u16, String) {
    let status = answer.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0);
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

pub(crate) fn post(token: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /api/v1/tickets HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\nconnection: close\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn sized(token: &str, body: &[u8]) -> Vec<u8> {
    post(token, &format!("content-length: {}\r\n", body.len()), body)
}

pub(crate) fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n").into_bytes()
}

#[tokio::test]
async fn bodies_that_are_none() {
    let app = server().await;
    let resident = app.resident("王芳").await;
    let token = resident.token();
    let nested = |open: &str, close: &str| {
        let (open, close) = (open.repeat(50_000), close.repeat(50_000));
        format!(r#"{{"content": {open}1{close}, "place": {{}}}}"#).into_bytes()
    };
    let number = |number: &str| format!(r#"{{"content": "x", "place": {{"lat": {number}}}}}"#).into_bytes();
    let zipped = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\xae\x05\0\x43\xbf\xa6\xa3\x02\0\0\0";
    let coded = |coding: &str| {
        let length = zipped.len();
        post(token, &format!("content-encoding: {coding}\r\ncontent-length: {length}\r\n"), zipped)
    };
    let rows: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        ("arrays in arrays", sized(token, &nested("[", "]")), 400, "request.invalid_type"),
        ("objects in objects", sized(token, &nested("{\"a\":", "}")), 400, "request.invalid_type"),
        (
            "deep and unknown",
            sized(token, format!("{{\"a\": {}", "[".repeat(500_000)).as_bytes()),
            400,
            "request.unknown_field",
        ),
        ("a huge exponent", sized(token, &number("1e999999999")), 400, "request.malformed_json"),
        ("a long number", sized(token, &number(&"9".repeat(500_000))), 400, "request.malformed_json"),
        ("a small exponent", sized(token, &number("1e-999999999")), 422, "place.code_or_position"),
        ("no number", sized(token, &number("NaN")), 400, "request.malformed_json"),
        (
            "one field twice",
            sized(token, br#"{"content": "x", "content": "y", "place": {}}"#),
            400,
            "request.duplicate_field",
        ),
        (
            "not UTF-8",
            sized(token, b"{\"content\": \"\xc0\xaf\", \"place\": {}}"),
            400,
            "request.malformed_json",
        ),
        (
            "half a pair",
            sized(token, br#"{"content": "\ud83d", "place": {}}"#),
            400,
            "request.malformed_json",
        ),
        ("UTF-16", sized(token, b"\xff\xfe{\0}\0"), 400, "request.malformed_json"),
        ("a byte order mark", sized(token, b"\xef\xbb\xbf{}"), 400, "request.malformed_json"),
        ("gzip", coded("gzip"), 415, "request.encoding"),
        ("two codings", coded("identity, gzip"), 415, "request.encoding"),
        ("too long", post(token, "content-length: 99999999999\r\n", b"{"), 413, "request.too_large"),
        (
            "too long, in pieces",
            post(
                token,
                "transfer-encoding: chunked\r\n",
                &[b"200000\r\n".as_slice(), &[b' '; 0x20_0000], b"\r\n0\r\n\r\n"].concat(),
            ),
            413,
            "request.too_large",
        ),
        (
            "pieces that are none",
            post(token, "transfer-encoding: chunked\r\n", b"zz\r\n{}\r\n0\r\n\r\n"),
            400,
            "request.body_interrupted",
        ),
        ("no media type", post(token, "", b"").into_iter().collect(), 400, "request.malformed_json"),
    ];
    for (name, bytes, status, code) in rows {
        let answer = say(&app, &bytes).await;
        assert_eq!(told(&answer), (status, code.to_owned()), "{name}: {answer:.600}");
    }
    assert_eq!(resident.get("/tickets").await.items().len(), 0);
    app.stop().await;
}

#[tokio::test]
async fn heads_that_are_none() {
    let app = server().await;
    let long = |length: usize| "x".repeat(length);
    let many: String = (0..200).map(|i| format!("x-{i}: 1\r\n")).collect();
    let raw = |head: &str| head.as_bytes().to_vec();
    // 0 is a closed connection; a code only where the request was one at all.
    let rows: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        ("a long path", get(&format!("/{}", long(20_000)), ""), 414, "request.uri_too_long"),
        ("a long query", get(&format!("/health?{}", long(9_000)), ""), 414, "request.uri_too_long"),
        ("a path beyond all", get(&format!("/{}", long(70_000)), ""), 400, ""),
        (
            "a long header",
            get("/health", &format!("x-long: {}\r\n", long(40_000))),
            431,
            "request.headers_too_large",
        ),
        ("a header beyond all", get("/health", &format!("x-long: {}\r\n", long(200_000))), 431, ""),
        ("many headers", get("/health", &many), 431, ""),
        (
            "no length",
            raw("GET /health HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999999\r\n\r\n"),
            400,
            "",
        ),
        ("a negative length", raw("GET /health HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n"), 400, ""),
        (
            "two lengths",
            raw("GET /health HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx"),
            400,
            "",
        ),
        (
            "length and pieces",
            raw(
                "POST /health HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            ),
            400,
            "",
        ),
        (
            "an unknown coding",
            raw("POST /health HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
            400,
            "",
        ),
        ("no host", raw("GET /health HTTP/1.1\r\n\r\n"), 400, ""),
        ("a NUL", get("/api/v1/me\0", ""), 400, ""),
        ("raw bytes", [b"GET /\xc0\xaf HTTP/1.1\r\nhost: x\r\n\r\n".as_slice()].concat(), 400, ""),
        ("a broken header", raw("GET /health HTTP/1.1\r\nhost: x\r\nx y: 1\r\n\r\n"), 400, ""),
        ("HTTP/2 without asking", raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 400, ""),
        ("no HTTP", raw("\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03\r\n\r\n"), 400, ""),
        ("%00", get("/api/v1/tickets/%00", ""), 401, "auth.token_missing"),
        ("overlong", get("/docs/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd", ""), 404, "route.not_found"),
        ("up", get("/docs/../../etc/passwd", ""), 404, "route.not_found"),
        ("up, in disguise", get("/docs/..%2f..%2fetc%2fpasswd", ""), 404, "route.not_found"),
        ("up, in disguise twice", get("/docs/%252e%252e%252fetc", ""), 404, "route.not_found"),
        ("up and into", get("/health/../api/v1/me", ""), 404, "route.not_found"),
        ("two slashes", get("//api/v1/me", ""), 404, "route.not_found"),
        ("two slashes within", get("/api//v1/me", ""), 404, "route.not_found"),
        ("in disguise", get("/api/v1/%6de", ""), 401, "auth.token_missing"),
        (
            "a method of its own",
            raw("BREW /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"),
            405,
            "route.method_not_allowed",
        ),
        (
            "TRACE",
            raw("TRACE /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"),
            405,
            "route.method_not_allowed",
        ),
        (
            "CONNECT",
            raw("CONNECT x:443 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"),
            404,
            "route.not_found",
        ),
        (
            "POST to a page",
            raw("POST /docs/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"),
            404,
            "route.not_found",
        ),
    ];
    for (name, bytes, status, code) in rows {
        let answer = say(&app, &bytes).await;
        assert_eq!(told(&answer), (status, code.to_owned()), "{name}: {answer:.600}");
    }
    app.stop().await;
}

#[tokio::test]
async fn other_methods_and_expectations() {
    let app = server().await;
    let head = say(&app, b"HEAD /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    let (head, body) = head.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("HTTP/1.1 200") && head.contains("content-length: ") && body.is_empty(),
        "{head}"
    );
    let options =
        say(&app, b"OPTIONS /api/v1/tickets HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert_eq!(told(&options), (405, "route.method_not_allowed".to_owned()));
    assert!(options.contains("allow: GET, POST"), "{options}");
    let login = json!({"code": "dev:王芳"}).to_string();
    let expecting = format!(
        "POST /api/v1/auth/wechat HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n\
         expect: 100-continue\r\ncontent-length: {}\r\n\r\n{login}",
        login.len()
    );
    let answer = say(&app, expecting.as_bytes()).await;
    let (go_on, answer) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!((go_on, told(answer).0), ("HTTP/1.1 100 Continue", 200));
    // Asked one after the other without waiting, answered in that order.
    let ask =
        |path: &str, last: &str| format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: {last}\r\n\r\n");
    let pipelined =
        [ask("/health", "keep-alive"), ask("/nothing", "keep-alive"), ask("/ready", "close")].concat();
    let answers = say(&app, pipelined.as_bytes()).await;
    let statuses: Vec<_> = answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["200", "404", "200"]);
    app.stop().await;
}

#[tokio::test]
async fn every_answer_says_how_it_may_be_used() {
    let app = server().await;
    let resident = app.resident("王芳").await;
    for (caller, path) in [
        (&resident, "/me"),
        (&resident, "/tickets"),
        (&resident, "/tickets/none"),
        (&resident, "/nothing"),
        (&app.anyone(), "/me"),
    ] {
        let answer = caller.get(path).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
    }
    for path in ["/me", "//health", "//openapi.json", "//docs/", "//.well-known/jwks.json", "//nothing"] {
        let answer = resident.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
    }
    assert!(app.anyone().get("//.well-known/jwks.json").await.header("cache-control").starts_with("public"));
    app.stop().await;
}
