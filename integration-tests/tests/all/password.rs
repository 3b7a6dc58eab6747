//! Passwords and one-time codes, and those who guess at them.

use api::{NewUser, Scope};
use aws_lc_rs::hmac;
use integration_tests::app::{COMMUNITY, TestApp, config};
use integration_tests::client::send;
use integration_tests::{Answer, Backend, Caller};
use reqwest::Method;
use rstest::rstest;
use serde_json::json;
use std::sync::{Arc, Mutex};

pub(crate) const PASSWORD: &str = "correct horse battery";

/// Somebody with [`PASSWORD`], called like their user name.
pub(crate) async fn add_user(app: &TestApp, username: &str, phone: Option<&str>, role: Option<(&str, &str)>) {
    let grant = role.map(|(role, place)| (role.to_owned(), Scope::Place(place.to_owned())));
    let user = NewUser {
        name: username.to_owned(),
        username: username.to_owned(),
        password: PASSWORD.into(),
        phone: phone.map(str::to_owned),
        grant,
    };
    app.app.add_user(&user).await.unwrap();
}

pub(crate) async fn login(caller: &Caller, username: &str, password: &str) -> Answer {
    caller.post("/auth/password", json!({"username": username, "password": password})).await
}

async fn signed_in(app: &TestApp, username: &str, password: &str) -> Caller {
    let answer = login(&app.anyone(), username, password).await.expect(200);
    app.anyone().with_token(answer.str("access_token"))
}

#[rstest]
#[tokio::test]
async fn staff_sign_in_with_a_password(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    add_user(&app, "chen.hongmei", None, Some(("community_clerk", COMMUNITY))).await;
    let answer = login(&app.anyone(), " Chen.Hongmei", PASSWORD).await.expect(200);
    assert_eq!((answer.header("cache-control"), answer.str("token_type")), ("no-store", "Bearer"));
    let clerk = app.anyone().with_token(answer.str("access_token"));
    assert_eq!(clerk.get("/me").await.expect(200).json["roles"][0]["role"], "community_clerk");
    for (username, password) in [("chen.hongmei", "wrong"), ("nobody", PASSWORD), ("", "")] {
        let refused = login(&app.anyone(), username, password).await;
        refused.refused(401, "auth.password_invalid");
        assert!(!refused.text.contains(PASSWORD));
    }
    // The name is taken, and some passwords are none.
    let new = |username: &str, password: &str| NewUser {
        name: "张三".to_owned(),
        username: username.to_owned(),
        password: password.into(),
        phone: None,
        grant: None,
    };
    for (username, password) in
        [("CHEN.hongmei", PASSWORD), ("zhang.san", "short"), ("zhang.san", "password123"), ("a b", PASSWORD)]
    {
        assert!(app.app.add_user(&new(username, password)).await.is_err(), "{username} {password}");
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_password_is_changed_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    add_user(&app, "chen.hongmei", None, None).await;
    let first = login(&app.anyone(), "chen.hongmei", PASSWORD).await.expect(200);
    let chen = app.anyone().with_token(first.str("access_token"));
    let change = |old: &str, new: &str| json!({"old": old, "new": new});
    for (new, code) in [
        ("short", "password.length"),
        ("CHEN.hongmei", "password.is_username"),
        ("1234567890", "password.common"),
    ] {
        chen.post("/me/password", change(PASSWORD, new)).await.refused_for(422, code, "/new");
    }
    let wrong = chen.post("/me/password", change("wrong", "another horse battery")).await;
    wrong.refused_for(401, "auth.password_invalid", "/old");
    let key = [("idempotency-key", "k")];
    let body = change(PASSWORD, "another horse battery");
    let changed = chen.post_with("/me/password", &key, body.clone()).await.expect(204);
    assert_eq!(changed.text, "");
    // The answer was lost: the same call again is answered, not refused for the old password.
    let again = chen.post_with("/me/password", &key, body).await.expect(204);
    assert_eq!(again.header("idempotent-replayed"), "true");
    // Everything that was signed in is signed out.
    chen.get("/me").await.refused(401, "auth.grants_changed");
    let refresh = json!({"refresh_token": first.str("refresh_token")});
    app.anyone().post("/auth/refresh", refresh).await.refused(401, "auth.refresh_invalid");
    login(&app.anyone(), "chen.hongmei", PASSWORD).await.refused(401, "auth.password_invalid");
    let _ = signed_in(&app, "chen.hongmei", "another horse battery").await;
    // Who signs in otherwise has no password to change.
    let resident = app.resident("王芳").await;
    let answer = resident.post("/me/password", change(PASSWORD, "another horse battery")).await;
    answer.refused(409, "auth.no_password");
    app.stop().await;
}

/// The code of a base32 secret at a time, worked out apart from the server.
fn totp(secret: &str, at: i64) -> String {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String =
        secret.chars().map(|letter| format!("{:05b}", LETTERS.find(letter).unwrap())).collect();
    let bytes: Vec<u8> =
        (0..bits.len() / 8).map(|i| u8::from_str_radix(&bits[8 * i..8 * i + 8], 2).unwrap()).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes);
    let tag = hmac::sign(&key, &(at / 30).to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes(tag[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

#[rstest]
#[tokio::test]
async fn a_one_time_code_is_good_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    add_user(&app, "chen.hongmei", None, None).await;
    let chen = signed_in(&app, "chen.hongmei", PASSWORD).await;
    chen.post("/me/otp/confirm", json!({"otp": "000000"})).await.refused(409, "auth.otp_off");
    chen.post("/me/otp/remove", json!({"password": PASSWORD})).await.refused(409, "auth.otp_off");
    let wrong = json!({"password": "not the password"});
    chen.post("/me/otp", wrong).await.refused_for(401, "auth.password_invalid", "/password");
    let made = chen.post("/me/otp", json!({"password": PASSWORD})).await.expect(200);
    let secret = made.str("secret").to_owned();
    assert!(made.str("uri").starts_with("otpauth://totp/huying:chen.hongmei?secret="));
    // Not asked for before it is confirmed.
    let _ = signed_in(&app, "chen.hongmei", PASSWORD).await;
    let code = || totp(&secret, app.clock.now().timestamp());
    let wrong = if code() == "000000" { "000001" } else { "000000" };
    chen.post("/me/otp/confirm", json!({"otp": wrong})).await.refused_for(401, "auth.otp_invalid", "/otp");
    let _ = chen.post("/me/otp/confirm", json!({"otp": code()})).await.expect(204);
    chen.post("/me/otp/confirm", json!({"otp": code()})).await.refused(409, "auth.otp_on");
    chen.post("/me/otp", json!({"password": PASSWORD})).await.refused(409, "auth.otp_on");
    let try_with = |otp: &str| {
        let (anyone, otp) = (app.anyone(), otp.to_owned());
        let body = json!({"username": "chen.hongmei", "password": PASSWORD, "otp": otp});
        async move { anyone.post("/auth/password", body).await }
    };
    login(&app.anyone(), "chen.hongmei", PASSWORD).await.refused(401, "auth.otp_required");
    try_with(&code()).await.refused(401, "auth.otp_invalid");
    app.pass(1);
    try_with(wrong).await.refused(401, "auth.otp_invalid");
    let fresh = code();
    let both = [try_with(&fresh), try_with(&fresh)].into_iter().collect::<tokio::task::JoinSet<_>>();
    let mut statuses: Vec<_> = both.join_all().await.iter().map(|answer| answer.status).collect();
    statuses.sort();
    assert_eq!(statuses, [200, 401], "one of two at the same moment");
    // Without the code, the guesses that were made still count.
    for _ in 0..4 {
        app.pass(1);
        try_with(wrong).await.refused(401, "auth.otp_invalid");
        login(&app.anyone(), "chen.hongmei", PASSWORD).await;
    }
    app.pass(20);
    let chen = app.anyone().with_token(try_with(&code()).await.expect(200).str("access_token"));
    chen.post("/me/otp/remove", json!({"password": "wrong"})).await.refused(401, "auth.password_invalid");
    let _ = chen.post("/me/otp/remove", json!({"password": PASSWORD})).await.expect(204);
    let _ = signed_in(&app, "chen.hongmei", PASSWORD).await;
    app.stop().await;
}

/// A server behind a proxy, so that calls come from anywhere.
async fn behind_a_proxy(backend: Backend) -> TestApp {
    let database = backend.database().await;
    let mut config = config(&database.url.clone(), backend.redis_url());
    config.dev_login = false;
    config.trusted_proxies = "127.0.0.1".parse().unwrap();
    TestApp::on(database, config).await
}

async fn login_from(app: &TestApp, address: &str, username: &str, password: &str) -> Answer {
    let body = json!({"username": username, "password": password});
    app.anyone().post_with("/auth/password", &[("x-forwarded-for", address)], body).await
}

const OWNER: &str = "198.51.100.1";
const GUESSER: &str = "203.0.113.9";

#[rstest]
#[tokio::test]
async fn guessing_locks_out_the_guesser_alone(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = behind_a_proxy(backend).await;
    add_user(&app, "chen.hongmei", None, None).await;
    // One who exists and one who does not are the same from outside.
    for username in ["chen.hongmei", "nobody"] {
        for _ in 0..5 {
            login_from(&app, GUESSER, username, "wrong").await.refused(401, "auth.password_invalid");
        }
        for password in ["wrong", PASSWORD] {
            let locked = login_from(&app, GUESSER, username, password).await;
            locked.refused(429, "auth.locked");
            assert_eq!(locked.header("retry-after"), "900");
        }
    }
    let _ = login_from(&app, OWNER, "chen.hongmei", PASSWORD).await.expect(200);
    app.pass(10);
    let locked = login_from(&app, GUESSER, "chen.hongmei", PASSWORD).await;
    assert_eq!(locked.header("retry-after"), "300");
    app.pass(5);
    login_from(&app, GUESSER, "chen.hongmei", "wrong").await.refused(401, "auth.password_invalid");
    // A right one clears the pair.
    for _ in 0..2 {
        for _ in 0..4 {
            login_from(&app, OWNER, "chen.hongmei", "wrong").await.refused(401, "auth.password_invalid");
        }
        let _ = login_from(&app, OWNER, "chen.hongmei", PASSWORD).await.expect(200);
    }
    // All addresses of a /64 are one's.
    for i in 0..5 {
        let address = format!("2001:db8:1:2::{i:x}");
        login_from(&app, &address, "chen.hongmei", "wrong").await.refused(401, "auth.password_invalid");
    }
    login_from(&app, "2001:db8:1:2:ffff::1", "chen.hongmei", PASSWORD).await.refused(429, "auth.locked");
    let _ = login_from(&app, "2001:db8:1:3::1", "chen.hongmei", PASSWORD).await.expect(200);
    // Twenty at once are not twenty guesses.
    let calls =
        (0..20).map(|_| {
            let caller = app.anyone();
            let body = json!({"username": "chen.hongmei", "password": "wrong"});
            async move {
                caller.post_with("/auth/password", &[("x-forwarded-for", "192.0.2.7")], body).await.status
            }
        });
    let statuses = calls.collect::<tokio::task::JoinSet<_>>().join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 5, "{statuses:?}");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_siege_leaves_the_owner_their_door(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = behind_a_proxy(backend).await;
    add_user(&app, "chen.hongmei", None, None).await;
    let _ = login_from(&app, OWNER, "chen.hongmei", PASSWORD).await.expect(200);
    for i in 0..10 {
        for _ in 0..5 {
            let answer = login_from(&app, &format!("203.0.113.{i}"), "chen.hongmei", "wrong").await;
            answer.refused(401, "auth.password_invalid");
        }
    }
    let locked = login_from(&app, "192.0.2.1", "chen.hongmei", PASSWORD).await;
    locked.refused(429, "auth.locked");
    assert_eq!(locked.header("retry-after"), "900");
    let _ = login_from(&app, OWNER, "chen.hongmei", PASSWORD).await.expect(200);
    login_from(&app, OWNER, "chen.hongmei", "wrong").await.refused(401, "auth.password_invalid");
    app.app.forget().await.unwrap();
    login_from(&app, "192.0.2.1", "chen.hongmei", PASSWORD).await.refused(429, "auth.locked");
    app.pass(61);
    app.app.forget().await.unwrap();
    let _ = login_from(&app, "192.0.2.1", "chen.hongmei", PASSWORD).await.expect(200);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn hashing_leaves_others_their_turn(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    // One thread serves all requests.
    let app = TestApp::start(backend).await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut calls = tokio::task::JoinSet::new();
    for i in 0..20 {
        let (caller, order) = (app.anyone(), order.clone());
        calls.spawn(async move {
            login(&caller, &format!("nobody-{i}"), PASSWORD).await.refused(401, "auth.password_invalid");
            order.lock().unwrap().push("login");
        });
    }
    for _ in 0..10 {
        let _ = app.anyone().get("//health").await.expect(200);
        order.lock().unwrap().push("health");
    }
    let _ = calls.join_all().await;
    let order = order.lock().unwrap().clone();
    let last = order.iter().rposition(|call| *call == "login").unwrap();
    let among = order[..last].iter().filter(|call| **call == "health").count();
    assert!(among >= 5, "{order:?}");
    app.stop().await;
}

pub(crate) async fn form(app: &TestApp, fields: &[(&str, &str)]) -> Answer {
    send(app.anyone().request(Method::POST, "/auth/token").form(fields)).await
}

#[rstest]
#[tokio::test]
async fn oauth_clients_get_tokens_too(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    add_user(&app, "chen.hongmei", None, None).await;
    let grant = [("grant_type", "password"), ("username", "chen.hongmei"), ("password", PASSWORD)];
    let answer =
        form(&app, &[&grant[..], &[("client_id", "x"), ("scope", "all")]].concat()).await.expect(200);
    let chen = app.anyone().with_token(answer.str("access_token"));
    let _ = chen.get("/me").await.expect(200);
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", answer.str("refresh_token"))];
    let _ = form(&app, &refresh).await.expect(200);
    let wrong = [("grant_type", "password"), ("username", "chen.hongmei"), ("password", "wrong")];
    for (fields, status, code, error) in [
        (&wrong[..], 400, "auth.password_invalid", "invalid_grant"),
        (&refresh[..], 400, "auth.refresh_reused", "invalid_grant"),
        (&refresh[..], 400, "auth.refresh_invalid", "invalid_grant"),
        (
            &[("grant_type", "client_credentials")][..],
            400,
            "oauth.unsupported_grant_type",
            "unsupported_grant_type",
        ),
        (&grant[..2], 400, "oauth.invalid_request", "invalid_request"),
        (&[][..], 400, "oauth.invalid_request", "invalid_request"),
    ] {
        let answer = form(&app, fields).await;
        answer.refused(status, code);
        assert_eq!((answer.str("error"), answer.str("error_description")), (error, answer.str("detail")));
    }
    app.anyone()
        .post("/auth/token", json!({"grant_type": "password"}))
        .await
        .refused(415, "oauth.media_type");
    // A one-time code stands behind the password.
    let chen = signed_in(&app, "chen.hongmei", PASSWORD).await;
    let secret =
        chen.post("/me/otp", json!({"password": PASSWORD})).await.expect(200).str("secret").to_owned();
    let code = || totp(&secret, app.clock.now().timestamp());
    let _ = chen.post("/me/otp/confirm", json!({"otp": code()})).await.expect(204);
    form(&app, &grant).await.refused(400, "auth.otp_required");
    app.pass(1);
    let password = format!("{PASSWORD} {}", code());
    let _ = form(&app, &[grant[0], grant[1], ("password", &password)]).await.expect(200);
    app.stop().await;
}
