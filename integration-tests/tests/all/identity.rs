//! Signing in, tokens, and what they are worth.

use api::{NewToken, Scope};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use integration_tests::app::{COMMUNITY, NEIGHBOUR, TestApp, UNIT, config};
use integration_tests::client::send;
use integration_tests::{Answer, Backend};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use std::time::Duration;

#[rstest]
#[tokio::test]
async fn a_resident_signs_in(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let sign_in = |code: &str| {
        let (anyone, body) = (app.anyone(), json!({"code": code}));
        async move { anyone.post("/auth/wechat", body).await }
    };
    let first = sign_in("dev:王芳").await.expect(200);
    assert_eq!((first.str("token_type"), &first.json["expires_in"]), ("Bearer", &json!(900)));
    assert_eq!(first.json["user"]["name"], "王芳");
    assert_eq!(first.header("cache-control"), "no-store");
    assert_eq!(sign_in("dev:王芳").await.json["user"], first.json["user"], "the same name is the same user");
    assert_ne!(sign_in("dev:李四").await.json["user"]["id"], first.json["user"]["id"]);
    for (code, status, problem) in [
        ("wx-code", 401, "auth.code_invalid"),
        ("dev:", 422, "text.empty"),
        ("dev:\0", 422, "text.control_character"),
    ] {
        sign_in(code).await.refused(status, problem);
    }
    sign_in(&format!("dev:{}", "名".repeat(31))).await.refused_for(422, "text.too_long", "/code");
    let me = app.anyone().with_token(first.str("access_token")).get("/me").await.expect(200);
    assert_eq!(me.json["user"], first.json["user"]);
    assert_eq!((&me.json["roles"], &me.json["playbook"]["key"]), (&json!([]), &json!("mile")));
    assert_eq!(me.json["playbook"]["vocabulary"]["steps"]["submitted"], "群众点单");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn fifty_first_logins_at_once_are_one_user(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let calls = (0..50).map(|_| {
        let anyone = app.anyone();
        async move { anyone.post("/auth/wechat", json!({"code": "dev:新人"})).await.expect(200) }
    });
    let answers: Vec<Answer> = calls.collect::<tokio::task::JoinSet<_>>().join_all().await;
    assert!(answers.iter().all(|answer| answer.json["user"] == answers[0].json["user"]));
    app.stop().await;
}

fn part(json: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(json.to_string())
}

#[rstest]
#[tokio::test]
async fn forged_tokens_are_refused(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    let parts: Vec<_> = resident.token().split('.').map(str::to_owned).collect();
    let read = |part: &str| -> Value {
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let (header, claims) = (read(&parts[0]), read(&parts[1]));
    assert_eq!((&header["alg"], header["kid"].is_string()), (&json!("EdDSA"), true));
    // Others verify a token by the public keys.
    let keys = app.anyone().get("//.well-known/jwks.json").await.expect(200).json;
    let key =
        keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"]).expect("its key");
    let public = BASE64_URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap();
    let public = UnparsedPublicKey::new(&ED25519, public);
    let signed = format!("{}.{}", parts[0], parts[1]);
    public
        .verify(signed.as_bytes(), &BASE64_URL_SAFE_NO_PAD.decode(&parts[2]).unwrap())
        .expect("it is genuine");
    let edit = |json: &Value, name: &str, value: Value| {
        let mut json = json.clone();
        json[name] = value;
        part(&json)
    };
    let (claims_part, signature) = (&parts[1], &parts[2]);
    let other_user = edit(&claims, "sub", json!(uuid::Uuid::nil()));
    let later = edit(&claims, "exp", json!(claims["exp"].as_i64().unwrap() + 9_999));
    let forged = [
        format!("{}.{claims_part}.", edit(&header, "alg", json!("none"))),
        format!("{}.{claims_part}.", part(&json!({"alg": "none", "typ": "JWT"}))),
        format!("{}.{claims_part}.{signature}", edit(&header, "alg", json!("HS256"))),
        format!("{}.{claims_part}.{signature}", edit(&header, "kid", json!("another"))),
        format!("{}.{claims_part}.{signature}", part(&json!({"alg": "EdDSA", "typ": "JWT"}))),
        format!("{}.{other_user}.{signature}", parts[0]),
        format!("{}.{later}.{signature}", parts[0]),
        format!("{}.{claims_part}.{}", parts[0], &signature[..signature.len() - 4]),
        "x.y.z".to_owned(),
        "-".to_owned(),
    ];
    for token in forged {
        let answer = app.anyone().with_token(&token).get("/me").await;
        answer.refused(401, "auth.token_invalid");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    app.anyone().get("/me").await.refused(401, "auth.token_missing");
    let basic = app.anyone().request(Method::GET, "/me").header("authorization", "Basic eDp5");
    send(basic).await.refused(401, "auth.token_missing");
    let _ = resident.get("/me").await.expect(200);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_token_is_good_for_15_minutes(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let login = app.anyone().post("/auth/wechat", json!({"code": "dev:王芳"})).await.expect(200);
    let resident = app.anyone().with_token(login.str("access_token"));
    app.pass(14);
    let _ = resident.get("/me").await.expect(200);
    app.pass(1);
    resident.get("/me").await.refused(401, "auth.token_expired");
    resident.get("/tickets").await.refused(401, "auth.token_expired");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn another_deployment_s_token_is_none(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let database = backend.empty().await;
    let url = database.url.clone();
    let other = TestApp::on(database, config(&url, backend.redis_url())).await;
    let login = other.anyone().post("/auth/wechat", json!({"code": "dev:王芳"})).await.expect(200);
    let stranger = other.anyone().with_token(login.str("access_token"));
    app.anyone().with_token(stranger.token()).get("/me").await.refused(401, "auth.token_invalid");
    let me = stranger.get("/me").await.expect(200);
    assert_eq!(me.json["playbook"], Value::Null, "no county, no playbook");
    other.stop().await;
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn new_grants_end_old_tokens(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let token = |role: &str, scope: Scope| NewToken {
        role: role.to_owned(),
        scope,
        person: Some("张三".to_owned()),
        lifetime: Duration::from_secs(900),
    };
    let at = |place: &str| Scope::Place(place.to_owned());
    let clerk =
        app.anyone().with_token(&app.app.token(&token("community_clerk", at(COMMUNITY))).await.unwrap());
    let _ = clerk.get("/tickets").await.expect(200);
    // The same grant again changes nothing.
    let _ = app.app.token(&token("community_clerk", at(COMMUNITY))).await.unwrap();
    let _ = clerk.get("/tickets").await.expect(200);
    let newer = app.app.token(&token("community_clerk", at(NEIGHBOUR))).await.unwrap();
    for path in ["/me", "/tickets", "/tickets?mine=true"] {
        clerk.get(path).await.refused(401, "auth.grants_changed");
    }
    clerk.post("/tickets", integration_tests::app::lamp()).await.refused(401, "auth.grants_changed");
    let me = app.anyone().with_token(&newer).get("/me").await.expect(200);
    assert_eq!(me.json["roles"].as_array().unwrap().len(), 2);
    // Two communities of one street: their list is the street's, seen through their own.
    let _ = app.anyone().with_token(&newer).get("/tickets").await.expect(200);
    for wrong in [
        token("king", at(COMMUNITY)),
        token("grid_worker", at("532504001099")),
        token("grid_worker", at("53")),
        token("department_handler", Scope::Unit(uuid::Uuid::nil())),
    ] {
        assert!(app.app.token(&wrong).await.is_err(), "{wrong:?}");
    }
    let _ = app.app.token(&token("department_handler", Scope::Unit(UNIT))).await.unwrap();
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn development_login_is_off_and_never_behind_a_proxy(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    for name in ["x-forwarded-for", "forwarded", "via", "x-forwarded-proto"] {
        let request = app.anyone().request(Method::GET, "//health").header(name, "x");
        send(request).await.refused(403, "auth.dev_login_behind_proxy");
    }
    let mut closed = config(&app.url, backend.redis_url());
    closed.dev_login = false;
    let closed = api::App::start(closed, app.clock.clone()).await.unwrap();
    let anyone = integration_tests::Caller::anyone(&closed.url());
    anyone.post("/auth/wechat", json!({"code": "dev:王芳"})).await.refused(401, "auth.code_invalid");
    let forwarded = anyone.request(Method::GET, "//health").header("x-forwarded-for", "203.0.113.7");
    assert_eq!(send(forwarded).await.status, 200);
    closed.stop().await.unwrap();
    app.stop().await;
}
