//! How often somebody may sign in, file and call: in one process, across replicas, and with Redis away.

use crate::password::form;
use api::{App, Config, Quotas};
use integration_tests::app::{COMMUNITY, TestApp, config, lamp, quota};
use integration_tests::client::send;
use integration_tests::proxy::Proxy;
use integration_tests::{Answer, Backend, Caller, services};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

/// A part of Redis that no other test uses: all tests call from one address, and copies of a database have the same keys.
fn own_redis(backend: Backend) -> Option<String> {
    static USED: AtomicU32 = AtomicU32::new(1);
    let number = USED.fetch_add(1, Ordering::SeqCst);
    assert!(number < 16, "Redis has 16 parts");
    backend.redis_url().map(|url| format!("{url}{number}"))
}

fn ten_logins() -> Quotas {
    Quotas { logins: quota(10, 60), ..Quotas::default() }
}

async fn sign_in(caller: &Caller) -> Answer {
    caller.post("/auth/wechat", json!({"code": "dev:王芳"})).await
}

/// Checks that a quota is used up, and tells in how many seconds there is one again.
#[track_caller]
fn exceeded(answer: &Answer) -> u64 {
    answer.refused(429, "rate.exceeded");
    let seconds = answer.header("retry-after").parse().expect("seconds");
    assert!(answer.str("detail").contains(&format!("{seconds} 秒")), "{}", answer.text);
    seconds
}

#[rstest]
#[tokio::test]
async fn the_eleventh_login_of_a_minute_waits(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let redis = own_redis(backend);
    let app = TestApp::with(backend, |config| {
        (config.rates, config.redis_url) = (ten_logins(), redis.map(Into::into));
    })
    .await;
    let anyone = app.anyone();
    for i in 0..10 {
        // What fails counts as well: it is the guessing that is limited.
        let code = if i % 2 == 0 { "dev:王芳" } else { "guess" };
        let answer = anyone.post("/auth/wechat", json!({"code": code})).await;
        assert_eq!(answer.status, if i % 2 == 0 { 200 } else { 401 }, "{}", answer.text);
    }
    let refused = sign_in(&anyone).await;
    assert_eq!(exceeded(&refused), 6);
    assert!(refused.str("detail").contains("同一地址登录：每 60 秒至多 10 次"), "{}", refused.text);
    app.pass(1);
    for _ in 0..10 {
        let _ = sign_in(&anyone).await.expect(200);
    }
    exceeded(&sign_in(&anyone).await);
    // Whoever is signed in goes on, also behind an address that many share.
    let _ = app.resident("王芳").await.get("/me").await.expect(200);
    anyone.post("/auth/refresh", json!({"refresh_token": "x"})).await.refused(401, "auth.refresh_invalid");
    app.stop().await;
}

/// A new call that takes a secret cannot forget its limit.
#[tokio::test]
async fn every_public_call_with_a_secret_is_limited() {
    let rates = Quotas { renewals: quota(10, 60), ..ten_logins() };
    let app = TestApp::with(Backend::Sqlite, |config| config.rates = rates).await;
    let document = app.anyone().get("//openapi.json").await.expect(200).json;
    for (path, item) in document["paths"].as_object().unwrap() {
        if !path.starts_with("/api/v1/auth/") || item["post"]["x-permission"] != "public" {
            continue;
        }
        app.pass(1);
        for i in 0..=10 {
            let answer = send(app.anyone().request(Method::POST, &format!("/{path}")).json(&json!({}))).await;
            assert_eq!(answer.status == 429, i == 10, "{path}: {}", answer.text);
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn a_form_counts_as_what_is_in_it() {
    let rates = Quotas { logins: quota(2, 60), renewals: quota(6, 60), ..Quotas::default() };
    let app = TestApp::with(Backend::Sqlite, |config| config.rates = rates).await;
    let guess = [("grant_type", "password"), ("username", "chen"), ("password", "guess")];
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    for _ in 0..2 {
        form(&app, &refresh).await.refused(400, "auth.refresh_invalid");
        form(&app, &guess).await.refused(400, "auth.password_invalid");
    }
    exceeded(&form(&app, &guess).await);
    form(&app, &refresh).await.refused(400, "auth.refresh_invalid");
    exceeded(&form(&app, &refresh).await);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn the_twenty_first_ticket_of_an_hour_waits(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let rates = Quotas { tickets: quota(20, 3600), ..Quotas::default() };
    let app = TestApp::with(backend, |config| config.rates = rates).await;
    let resident = app.resident("王芳").await;
    let once = [("idempotency-key", "once")];
    let first = resident.post_with("/tickets", &once, lamp()).await.expect(201);
    // What is not valid is no ticket, and what is nowhere neither.
    for _ in 0..20 {
        let nowhere = json!({"content": "路灯", "place": {"code": "532504001999"}});
        resident.post("/tickets", nowhere).await.refused_for(422, "place.unknown", "/place/code");
    }
    resident
        .post("/tickets", json!({"content": "", "place": {"code": COMMUNITY}}))
        .await
        .refused(422, "text.empty");
    for _ in 1..20 {
        let _ = resident.post("/tickets", lamp()).await.expect(201);
    }
    assert_eq!(exceeded(&resident.post("/tickets", lamp()).await), 180);
    exceeded(&resident.post_with("/tickets", &[("idempotency-key", "another")], lamp()).await);
    let again = resident.post_with("/tickets", &once, lamp()).await.expect(201);
    assert_eq!((again.str("id"), again.header("idempotent-replayed")), (first.str("id"), "true"));
    resident
        .post_with("/tickets", &once, json!({"content": "x", "place": {"code": COMMUNITY}}))
        .await
        .refused(422, "idempotency.key_reused");
    assert_eq!(resident.get("/tickets?limit=100").await.items().len(), 20);
    // Neighbours, and staff, who enter what came by telephone.
    let _ = app.resident("李四").await.post("/tickets", lamp()).await.expect(201);
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    for _ in 0..25 {
        let _ = clerk.post("/tickets", lamp()).await.expect(201);
    }
    app.pass(3);
    let _ = resident.post("/tickets", lamp()).await.expect(201);
    exceeded(&resident.post("/tickets", lamp()).await);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn errands_of_residents_are_counted_as_tickets_are(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let rates = Quotas { tickets: quota(2, 3600), ..Quotas::default() };
    let app = TestApp::with(backend, |config| config.rates = rates).await;
    let errand = || json!({"place": COMMUNITY, "text": "代办社保卡补领"});
    let resident = app.resident("王芳").await;
    let once = [("idempotency-key", "once")];
    let first = resident.post_with("/errands", &once, errand()).await.expect(201);
    let _ = resident.post("/tickets", lamp()).await.expect(201);
    exceeded(&resident.post("/errands", errand()).await);
    let again = resident.post_with("/errands", &once, errand()).await.expect(201);
    assert_eq!(again.str("id"), first.str("id"));
    let worker = app.staff("grid_worker", COMMUNITY).await;
    for _ in 0..3 {
        let _ = worker.post("/errands", errand()).await.expect(201);
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn calls_are_counted_by_user(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let rates = Quotas { calls: quota(60, 60), ..Quotas::default() };
    let app = TestApp::with(backend, |config| config.rates = rates).await;
    let resident = app.resident("王芳").await;
    for i in 0..60 {
        // Those that are refused count too.
        let path = if i % 2 == 0 { "/me" } else { "/tickets/none" };
        assert!([200, 404].contains(&resident.get(path).await.status));
    }
    assert_eq!(exceeded(&resident.get("/me").await), 1);
    // Another token of the same user is no new allowance.
    exceeded(&app.resident("王芳").await.get("/me").await);
    let _ = app.resident("李四").await.get("/me").await.expect(200);
    let _ = app.anyone().get("//health").await.expect(200);
    app.anyone().get("/me").await.refused(401, "auth.token_missing");
    app.pass(1);
    let _ = resident.get("/me").await.expect(200);
    app.stop().await;
}

async fn two(backend: Backend, redis: Option<String>) -> (TestApp, App) {
    let set = |config: &mut Config| {
        config.rates = Quotas { logins: quota(10, 60), calls: quota(600, 60), ..Quotas::default() };
        config.redis_url = redis.clone().map(Into::into);
    };
    let app = TestApp::with(backend, set).await;
    let mut second = config(&app.url, None);
    set(&mut second);
    let second = app.replica(second).await;
    (app, second)
}

#[tokio::test]
async fn replicas_share_through_redis() {
    let (app, second) = two(Backend::Postgres, own_redis(Backend::Postgres)).await;
    let (here, there) = (app.anyone(), Caller::anyone(&second.url()));
    for i in 0..10 {
        let _ = sign_in(if i % 2 == 0 { &here } else { &there }).await.expect(200);
    }
    assert_eq!(exceeded(&sign_in(&here).await), 6);
    assert_eq!(exceeded(&sign_in(&there).await), 6);
    // Calls are taken in blocks of 20: together never more than the quota, and less than a block short of it.
    let resident = app.resident("王芳").await;
    let elsewhere = there.with_token(resident.token());
    let mut passed = 0;
    for _ in 0..350 {
        for caller in [&resident, &elsewhere] {
            let answer = caller.get("/me").await;
            passed += u32::from(answer.status == 200);
            assert!([200, 429].contains(&answer.status), "{}", answer.text);
        }
    }
    assert!((581..=600).contains(&passed), "{passed}");
    second.stop().await.unwrap();
    app.stop().await;
}

#[tokio::test]
async fn replicas_without_redis_count_for_themselves() {
    let (app, second) = two(Backend::Postgres, None).await;
    for caller in [app.anyone(), Caller::anyone(&second.url())] {
        for _ in 0..10 {
            let _ = sign_in(&caller).await.expect(200);
        }
        exceeded(&sign_in(&caller).await);
    }
    second.stop().await.unwrap();
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_redis_lifts_no_limit() {
    let proxy = Proxy::start(services::redis().address()).await;
    let part = own_redis(Backend::Postgres).unwrap();
    let url = part.replace(&services::redis().address().to_string(), &proxy.address.to_string());
    let app = TestApp::with(Backend::Postgres, |config| {
        config.rates = Quotas { logins: quota(10, 60), calls: quota(60, 60), ..Quotas::default() };
        config.redis_url = Some(url.into());
    })
    .await;
    let (anyone, resident) = (app.anyone(), app.resident("王芳").await);
    for _ in 0..6 {
        let _ = sign_in(&anyone).await.expect(200);
    }
    let _ = resident.get("/me").await.expect(200);
    proxy.cut();
    // What Redis had allowed before is remembered here.
    for _ in 0..4 {
        let _ = sign_in(&anyone).await.expect(200);
    }
    exceeded(&sign_in(&anyone).await);
    let mut passed = 1;
    while resident.get("/me").await.status == 200 {
        passed += 1;
        assert!(passed <= 62, "calls are not limited");
    }
    assert!(passed >= 60, "{passed}");
    proxy.mend();
    app.pass(2);
    let _ = sign_in(&anyone).await.expect(200);
    app.stop().await;
}

#[tokio::test]
async fn an_address_is_the_client_s_behind_a_proxy_that_is_trusted() {
    let behind = |trusted: &'static str| {
        TestApp::with(Backend::Sqlite, move |config| {
            config.rates = ten_logins();
            config.trusted_proxies = trusted.parse().expect("addresses");
            // Or else nothing that is forwarded is answered.
            config.dev_login = false;
        })
    };
    let guess = |app: &TestApp, from: &str| {
        let request = app.anyone().request(Method::POST, "/auth/wechat").header("x-forwarded-for", from);
        send(request.json(&json!({"code": "guess"})))
    };
    let app = behind("127.0.0.1").await;
    for i in 0..10 {
        // What a client writes itself stands to the left.
        assert_eq!(guess(&app, &format!("198.51.100.{i}, 203.0.113.7")).await.status, 401);
    }
    exceeded(&guess(&app, "203.0.113.7").await);
    assert_eq!(guess(&app, "203.0.113.8").await.status, 401);
    for i in 0..10 {
        assert_eq!(guess(&app, &format!("2001:db8:1:2::{i}")).await.status, 401);
    }
    exceeded(&guess(&app, "2001:db8:1:2:3:4:5:6").await);
    assert_eq!(guess(&app, "2001:db8:1:3::1").await.status, 401);
    app.stop().await;
    let app = behind("").await;
    for i in 0..=10 {
        assert_eq!(guess(&app, &format!("203.0.113.{i}")).await.status, if i < 10 { 401 } else { 429 });
    }
    app.stop().await;
}

#[tokio::test]
async fn english_on_request() {
    let rates = Quotas { logins: quota(1, 60), ..Quotas::default() };
    let app = TestApp::with(Backend::Sqlite, |config| config.rates = rates).await;
    let _ = sign_in(&app.anyone()).await.expect(200);
    let request = app.anyone().request(Method::POST, "/auth/wechat").header("accept-language", "en");
    let refused = send(request.json(&json!({"code": "dev:王芳"}))).await;
    assert_eq!(
        refused.json["detail"],
        "Sign-ins of an address: at most 1 in 60 seconds; try again in 60 seconds."
    );
    assert_eq!(refused.json["errors"], Value::Null);
    app.stop().await;
}
