//! What the server says of itself: numbers that move by what was done, and say nothing about anybody.

use crate::ticket::{Cast, path};
use crate::wechat::start;
use integration_tests::app::{COMMUNITY, TestApp, config, lamp, quota};
use integration_tests::database::HeldTickets;
use integration_tests::proxy::Proxy;
use integration_tests::wechat::Wechat;
use integration_tests::{Backend, Listener, Numbers, services};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, SqliteConnection};
use std::path::Path;

const CREATES: &str = "huying_http_requests_total{route=\"/api/v1/tickets\",method=\"POST\",status=\"2xx\"}";
const CREATE_COUNT: &str = "huying_http_request_seconds_count{route=\"/api/v1/tickets\",method=\"POST\"}";

async fn look(app: &TestApp) -> Numbers {
    Numbers::of(&app.anyone()).await
}

#[rstest]
#[tokio::test]
async fn numbers_move_by_what_was_done(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let _ = cast.ticket().await;
    let before = look(&app).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(cast.resident.post("/tickets", lamp()).await.expect(201).str("id").to_owned());
    }
    let ticket = format!("/tickets/{}", ids[0]);
    for _ in 0..2 {
        let _ = cast.resident.get(&ticket).await.expect(200);
    }
    let _ = cast.resident.request(Method::HEAD, &ticket).send().await.unwrap();
    cast.resident.post(&format!("{ticket}/accept"), json!({})).await.refused(403, "permission.role");
    cast.resident.post("/tickets", json!({})).await.refused(400, "request.missing_field");
    for made_up in ["/tickets/x/y/王芳", "/no/such", "//nothing"] {
        let made_up = made_up.replace("王芳", "wangfang");
        cast.resident.get(&made_up).await.refused(404, "route.not_found");
    }
    let odd = Method::from_bytes(b"WANGFANG").unwrap();
    assert_eq!(cast.resident.request(odd, &ticket).send().await.unwrap().status(), 405);
    let after = look(&app).await;
    let moved = |name: &str| after.get(name) - before.get(name);
    assert_eq!((moved(CREATES), moved(CREATE_COUNT)), (3.0, 4.0));
    let asked = |route: &str, method: &str, status: &str| {
        moved(&format!(
            "huying_http_requests_total{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}}"
        ))
    };
    assert_eq!(asked("/api/v1/tickets", "POST", "4xx"), 1.0);
    assert_eq!(asked("/api/v1/tickets/{id}", "GET", "2xx"), 3.0, "a HEAD is a GET");
    assert_eq!(asked("/api/v1/tickets/{id}/accept", "POST", "4xx"), 1.0);
    assert_eq!(asked("other", "other", "4xx"), 4.0);
    assert_eq!(asked("/metrics", "GET", "2xx"), 1.0);
    let refused = |code: &str| moved(&format!("huying_refusals_total{{code=\"{code}\"}}"));
    assert_eq!((refused("permission.role"), refused("request.missing_field")), (1.0, 1.0));
    assert_eq!((refused("route.not_found"), refused("route.method_not_allowed")), (3.0, 1.0));
    assert_eq!(after.sum("huying_http_requests_total") - before.sum("huying_http_requests_total"), 13.0);
    assert_eq!(moved("huying_journal_write_seconds_count"), 3.0, "each create is one write");
    assert!(backend == Backend::Postgres || moved("huying_journal_group_changes_sum") == 3.0);
    assert_eq!(
        (after.get("huying_journal_waiting"), after.get("huying_http_requests_in_flight")),
        (0.0, 1.0)
    );
    assert!(after.get("huying_connections") >= 1.0);
    let kind = if backend == Backend::Sqlite { "sqlite" } else { "postgres" };
    let build = format!("huying_build_info{{version=\"{}\",backend=\"{kind}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(after.get(&build), 1.0);
    assert!(after.get("huying_pool_connections") >= 1.0 && after.get("huying_pool_max_connections") >= 4.0);
    for name in ["resident_memory_bytes", "cpu_seconds_total", "open_fds", "max_fds", "start_time_seconds"] {
        assert!(after.get(&format!("process_{name}")) > 0.0, "{name}");
    }
    // Nobody is in there, and nothing that somebody made up.
    ids.push(cast.worker_id.clone());
    for name in after.names() {
        assert!(
            !ids.iter().any(|id| name.contains(id)) && !name.to_lowercase().contains("wangfang"),
            "{name}"
        );
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn sign_ins_questions_to_wechat_and_rates_are_counted(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, wechat) = start(backend).await;
    let sign_in = async |code: &str| app.anyone().post("/auth/wechat", json!({"code": code})).await;
    let login = sign_in(&wechat.login_code("o-wang")).await.expect(200);
    sign_in("nonsense").await.refused(401, "auth.code_invalid");
    wechat.be_busy(2);
    sign_in(&wechat.login_code("o-li")).await.refused(503, "wechat.busy");
    wechat.talk_garbage(true);
    sign_in("nonsense").await.refused(503, "wechat.busy");
    let _ = sign_in("dev:王芳").await.expect(200);
    let refresh = json!({"refresh_token": login.str("refresh_token")});
    let _ = app.anyone().post("/auth/refresh", refresh.clone()).await.expect(200);
    app.anyone().post("/auth/refresh", refresh).await.refused(401, "auth.refresh_reused");
    let wrong = json!({"username": "nobody", "password": "correct horse battery"});
    app.anyone().post("/auth/password", wrong).await.refused(401, "auth.password_invalid");
    let numbers = look(&app).await;
    let signed = |way: &str, outcome: &str| {
        numbers.get(&format!("huying_sign_ins_total{{way=\"{way}\",outcome=\"{outcome}\"}}"))
    };
    assert_eq!(
        [signed("wechat", "succeeded"), signed("wechat", "refused"), signed("wechat", "failed")],
        [1.0, 1.0, 2.0]
    );
    assert_eq!([signed("development", "succeeded"), signed("password", "refused")], [1.0, 1.0]);
    assert_eq!([signed("refresh", "succeeded"), signed("refresh", "refused")], [1.0, 1.0]);
    let asked = |outcome: &str| {
        let labels = format!("to=\"wechat\",call=\"jscode2session\",outcome=\"{outcome}\"");
        numbers.get(&format!("huying_outgoing_call_seconds_count{{{labels}}}"))
    };
    assert_eq!([asked("answered"), asked("refused"), asked("busy"), asked("lost")], [1.0, 1.0, 2.0, 1.0]);
    app.stop().await;
}

#[tokio::test]
async fn who_comes_too_often_is_counted() {
    let app = TestApp::with(Backend::Sqlite, |config| config.rates.logins = quota(2, 60)).await;
    for status in [200, 200, 429, 429, 429] {
        let login = app.anyone().post("/auth/wechat", json!({"code": "dev:王芳"})).await;
        assert_eq!(login.status, status);
    }
    assert_eq!(look(&app).await.get("huying_rates_exceeded_total{rate=\"logins\"}"), 3.0);
    app.stop().await;
}

/// Two who change the same ticket while nobody can write: both wait, and one of them must look again.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn who_waits_and_who_was_too_late_is_counted(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let supplement = format!("{}/supplement", cast.ticket().await);
    let _ = look(&app).await;
    let (mut held, mut file) = (None, None);
    if backend == Backend::Postgres {
        held = Some(HeldTickets::at(&app.url).await);
    } else {
        let mut session = SqliteConnection::connect(&app.url).await.unwrap();
        session.execute("BEGIN IMMEDIATE").await.unwrap();
        file = Some(session);
    }
    let say = |words: &'static str| {
        let (resident, supplement) = (cast.resident.clone(), supplement.clone());
        tokio::spawn(async move { resident.post(&supplement, json!({"content": words})).await })
    };
    let (one, other) = (say("还有一盏"), say("共三盏"));
    let waiting = loop {
        let numbers = look(&app).await;
        if numbers.get("huying_journal_waiting") >= 2.0 {
            break numbers;
        }
        assert!(!one.is_finished() && !other.is_finished(), "nobody is held");
    };
    assert_eq!(waiting.get("huying_http_requests_in_flight"), 3.0);
    assert_eq!(waiting.get("huying_change_conflicts_total"), 0.0);
    if let Some(held) = held {
        held.let_go().await;
    }
    if let Some(mut file) = file {
        file.execute("ROLLBACK").await.unwrap();
    }
    let (one, other) = (one.await.unwrap(), other.await.unwrap());
    assert_eq!((one.status, other.status), (200, 200), "{} {}", one.text, other.text);
    let after = look(&app).await;
    assert_eq!(after.get("huying_change_conflicts_total"), 1.0);
    assert_eq!(after.get("huying_change_retries_total"), 1.0);
    assert_eq!(after.get("huying_journal_waiting"), 0.0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_away_is_counted() {
    let database = Backend::Postgres.database().await;
    let url = database.url.clone();
    let proxy = Proxy::start(services::redis().address()).await;
    let app = TestApp::on(database, config(&url, Some(format!("redis://{}/", proxy.address)))).await;
    let resident = app.resident("王芳").await;
    let _ = resident.get("/tickets").await.expect(200);
    let before = look(&app).await;
    assert_eq!(
        (before.sum("huying_redis_faults_total"), before.get("huying_cache_misses_total")),
        (0.0, 1.0)
    );
    proxy.cut();
    let _ = app.resident("普建华").await.get("/tickets").await.expect(200);
    let after = look(&app).await;
    assert!(after.get("huying_redis_faults_total{what=\"get\"}") >= 1.0);
    assert_eq!(after.get("huying_cache_misses_total"), 1.0, "a fault is no miss");
    app.stop().await;
}

#[tokio::test]
async fn those_who_listen_are_counted() {
    let app = TestApp::start(Backend::Sqlite).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let listener = Listener::to(&clerk, &json!({"place": COMMUNITY})).await;
    let numbers = look(&app).await;
    assert_eq!(numbers.get("huying_listeners"), 1.0);
    assert!(numbers.get("huying_connections") >= 2.0);
    drop(listener);
    while look(&app).await.get("huying_listeners") > 0.0 {}
    app.stop().await;
}

/// All names of numbers in what somebody asks of Prometheus.
fn asked_for(text: &str) -> Vec<&str> {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
        .filter(|word| word.starts_with("huying_") || word.starts_with("process_"))
        .collect()
}

/// What panels ask.
fn questions<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("expr").and_then(Value::as_str));
            fields.values().for_each(|field| questions(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| questions(item, found)),
        _ => {}
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_and_the_rules_ask_for_numbers_that_there_are(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let wechat = Wechat::start().await;
    let app = TestApp::with(backend, |config| {
        config.wechat = Some(wechat.app());
        config.rates.tickets = quota(1, 60);
        config.jobs = true;
    })
    .await;
    let resident = app.resident("王芳").await;
    let filed = resident.post("/tickets", lamp()).await.expect(201);
    resident.post("/tickets", lamp()).await.refused(429, "rate.exceeded");
    let _ = resident.get(&path(&filed)).await.expect(200);
    let code = json!({"code": wechat.login_code("o-wang")});
    let _ = app.anyone().post("/auth/wechat", code).await.expect(200);
    let numbers = loop {
        // Until every job has done its work once.
        let numbers = look(&app).await;
        let done =
            numbers.names().filter(|name| name.starts_with("huying_task_succeeded_at_seconds")).count();
        if done == 15 && numbers.has("huying_reactor_leads") {
            break numbers;
        }
    };
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    let read = |file: &str| std::fs::read_to_string(deploy.join(file)).unwrap();
    let (dashboard, rules) = (read("grafana/huying.json"), read("prometheus/huying.rules.yml"));
    let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
    let mut panels = Vec::new();
    questions(&dashboard, &mut panels);
    assert!(panels.len() > 30 && dashboard["uid"] == "huying");
    let rules: String = rules.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    assert!(rules.matches("- alert:").count() >= 10);
    let mut seen = 0;
    for name in panels.iter().copied().chain([rules.as_str()]).flat_map(asked_for) {
        assert!(numbers.has(name), "nobody counts {name}");
        seen += 1;
    }
    assert!(seen > 60, "{seen}");
    app.stop().await;
}
