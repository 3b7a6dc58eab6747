//! Traces: what a collector is told of a request and of the work beside it, and that nobody waits for a collector.

use crate::torture::program;
use integration_tests::app::{MASTER_KEY, lamp};
use integration_tests::client::send;
use integration_tests::wechat::Wechat;
use integration_tests::{Backend, Caller};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A trace that somebody else began, and their span in it.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// The program, told to trace.
struct Server {
    process: Child,
    anyone: Caller,
    data: tempfile::TempDir,
}

impl Server {
    async fn start(backend: Backend, settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let database = backend.empty().await;
        let log = std::fs::File::create(data.path().join("log")).unwrap();
        let mut command = Command::new(program());
        command
            .env_clear()
            .env("HUYING_DATA_DIR", data.path())
            .env("HUYING_LISTEN", "127.0.0.1:0")
            .env("HUYING_LOG", "json")
            .env("HUYING_MASTER_KEY", MASTER_KEY)
            .envs(settings.iter().copied());
        if backend == Backend::Postgres {
            command.env("DATABASE_URL", &database.url).env("REDIS_URL", backend.redis_url().unwrap());
        }
        let mut process =
            command.args(["serve", "--demo"]).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("huying listening on ").expect(&line);
        Self { anyone: Caller::anyone(url), process, data }
    }

    async fn sign_in(&self, code: &str) -> Caller {
        let login = self.anyone.post("/auth/wechat", json!({"code": code})).await.expect(200);
        self.anyone.with_token(login.str("access_token"))
    }

    /// The lines of its log so far.
    fn log(&self) -> Vec<Value> {
        let log = std::fs::read_to_string(self.data.path().join("log")).unwrap();
        // The last one may be being written.
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn said(&self, what: &str) -> usize {
        self.log().iter().filter(|line| line["message"].as_str().unwrap_or_default().contains(what)).count()
    }

    /// Ends it as an administrator does; how long that took.
    fn end(&mut self) -> Duration {
        let began = Instant::now();
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.process.wait().unwrap().success());
        began.elapsed()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended by itself needs no end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn collector() -> MockServer {
    let server = MockServer::start().await;
    let taken = ResponseTemplate::new(200).set_body_raw(Vec::new(), "application/x-protobuf");
    Mock::given(method("POST")).and(path("/v1/traces")).respond_with(taken).mount(&server).await;
    server
}

/// All that a collector was told; and the same as bytes.
async fn told(collector: &MockServer) -> (Vec<Span>, Vec<u8>) {
    let requests = collector.received_requests().await.unwrap();
    let (mut spans, mut bytes) = (Vec::new(), Vec::new());
    for request in requests {
        assert_eq!(request.headers["content-type"], "application/x-protobuf");
        let message = ExportTraceServiceRequest::decode(request.body.as_slice()).unwrap();
        for resource in message.resource_spans {
            let attributes = resource.resource.unwrap().attributes;
            assert!(attributes.iter().any(|one| one.key == "service.name"));
            spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
        bytes.extend(request.body);
    }
    (spans, bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn attribute(span: &Span, key: &str) -> Option<Any> {
    span.attributes.iter().find(|one| one.key == key)?.value.clone()?.value
}

fn text(span: &Span, key: &str) -> String {
    match attribute(span, key) {
        Some(Any::StringValue(text)) => text,
        other => panic!("{key} of {} is {other:?}", span.name),
    }
}

#[track_caller]
fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    spans.iter().find(|span| span.name == name).unwrap_or_else(|| {
        panic!("no {name} among {:?}", spans.iter().map(|span| &span.name).collect::<Vec<_>>())
    })
}

fn steps<'a>(spans: &'a [Span], of: &Span) -> Vec<&'a str> {
    spans
        .iter()
        .filter(|span| span.parent_span_id == of.span_id)
        .inspect(|span| assert_eq!(span.trace_id, of.trace_id))
        .map(|span| span.name.as_str())
        .collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_is_told_the_way_of_a_request(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (collector, wechat) = (collector().await, Wechat::start().await);
    let app = wechat.app();
    let secret = integration_tests::wechat::SECRET;
    let mut server = Server::start(
        backend,
        &[
            ("HUYING_OTLP_ENDPOINT", &collector.uri()),
            ("HUYING_WECHAT_BASE_URL", &app.base_url),
            ("HUYING_WECHAT_APP_ID", &app.app_id),
            ("HUYING_WECHAT_SECRET", secret),
        ],
    )
    .await;
    let resident = server.sign_in(&wechat.login_code("o-wang")).await;
    let create = resident.request(Method::POST, "/tickets").json(&lamp());
    let filed = send(create.header("traceparent", format!("00-{TRACE}-{PARENT}-01"))).await.expect(201);
    let ticket = format!("/tickets/{}", filed.str("id"));
    let _ = resident.get(&ticket).await.expect(200);
    resident.post(&format!("{ticket}/accept"), json!({})).await.refused(403, "permission.role");
    assert!(server.end() < Duration::from_secs(10));

    let (spans, bytes) = told(&collector).await;
    let create = named(&spans, "POST /api/v1/tickets");
    assert_eq!((hex(&create.trace_id), hex(&create.parent_span_id)), (TRACE.to_owned(), PARENT.to_owned()));
    assert_eq!(text(create, "http.route"), "/api/v1/tickets");
    assert_eq!(text(create, "http.request.method"), "POST");
    assert_eq!(attribute(create, "http.response.status_code"), Some(Any::IntValue(201)));
    assert_eq!(text(create, "request_id"), filed.header("x-request-id"));
    let of_create = steps(&spans, create);
    for step in ["store read", "decide", "journal write"] {
        assert!(of_create.contains(&step), "{step}: {of_create:?}");
    }
    assert!(backend == Backend::Sqlite || of_create.contains(&"cache get"), "{of_create:?}");
    let read = named(&spans, "GET /api/v1/tickets/{id}");
    assert!(hex(&read.trace_id) != TRACE && read.parent_span_id.is_empty());
    assert_eq!(steps(&spans, read), ["store read"]);
    let refused = named(&spans, "POST /api/v1/tickets/{id}/accept");
    assert_eq!(text(refused, "error.type"), "permission.role");
    let entered = named(&spans, "POST /api/v1/auth/wechat");
    assert!(steps(&spans, entered).contains(&"jscode2session"));
    let batch = named(&spans, "reactor");
    assert!(batch.parent_span_id.is_empty() && steps(&spans, batch).contains(&"journal write"));
    assert!(matches!(attribute(batch, "count"), Some(Any::IntValue(1..))));
    // What runs by itself and finds nothing to do is no trace.
    let roots = spans.iter().filter(|span| span.parent_span_id.is_empty());
    let nameless =
        roots.filter(|span| !span.name.contains(' ') && !["reactor", "sweep"].contains(&span.name.as_str()));
    assert_eq!(nameless.count(), 0);

    // Nobody is in there, and no parameters.
    let known = [
        "http.request.method",
        "http.route",
        "http.response.status_code",
        "error.type",
        "request_id",
        "of",
        "count",
    ];
    for one in spans.iter().flat_map(|span| &span.attributes) {
        assert!(known.contains(&one.key.as_str()), "{one:?}");
    }
    let me = filed.str("id");
    for secret in [me, "路灯", "o-wang", resident.token(), secret] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }

    // The log leads to the trace, and shows no spans.
    let log = server.log();
    let line = log.iter().find(|line| line["id"] == filed.header("x-request-id")).unwrap();
    assert_eq!((&line["trace"], &line["message"]), (&json!(TRACE), &json!("request")));
    assert!(log.iter().all(|line| line.get("span").is_none() && line.get("spans").is_none()));
    assert_eq!(log.iter().filter(|line| line["message"] == "request").count(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_of_traces_is_told_and_what_others_follow() {
    let collector = collector().await;
    let settings = [("HUYING_OTLP_ENDPOINT", collector.uri()), ("HUYING_OTLP_SAMPLE", "0".to_owned())];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut server = Server::start(Backend::Sqlite, &settings).await;
    for followed in [false, true, false] {
        let ready = server.anyone.request(Method::GET, "//ready");
        let flags = if followed { "01" } else { "00" };
        let _ = send(ready.header("traceparent", format!("00-{TRACE}-{PARENT}-{flags}"))).await.expect(200);
        let _ = server.anyone.get("//health").await.expect(200);
    }
    // Whatever somebody takes for a traceparent.
    for nonsense in ["", "00", "00-00000000000000000000000000000000-0000000000000000-01", "ff-x-y-z"] {
        let health = server.anyone.request(Method::GET, "//health");
        let _ = send(health.header("traceparent", nonsense)).await.expect(200);
    }
    server.end();
    let (spans, _) = told(&collector).await;
    let names: Vec<_> = spans.iter().filter(|span| span.kind == 2).map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["GET /ready"]);
}

#[rstest]
#[case::refuses(false)]
#[case::hangs(true)]
#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_collector_that_is_away(#[case] hangs: bool) {
    // One that takes connections and says nothing, or a port where nobody is.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let _silent = hangs.then_some(silent);
    let settings = [("HUYING_OTLP_ENDPOINT", endpoint.as_str()), ("OTEL_BSP_SCHEDULE_DELAY", "50")];
    let mut server = Server::start(Backend::Sqlite, &settings).await;
    let resident = server.sign_in("dev:王芳").await;
    let began = Instant::now();
    let mut calls = 0;
    // Until it has been tried several times.
    while server.said("spans are lost") == 0 || began.elapsed() < Duration::from_secs(4) {
        let call = Instant::now();
        let _ = resident.post("/tickets", lamp()).await.expect(201);
        assert!(call.elapsed() < Duration::from_secs(2), "{:?}", call.elapsed());
        assert!(began.elapsed() < Duration::from_secs(60), "nobody says that spans are lost");
        calls += 1;
    }
    assert!(calls > 3 && server.end() < Duration::from_secs(8));
    assert_eq!(server.said("spans are lost"), 1);
}
