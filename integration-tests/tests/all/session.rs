//! Sessions: refresh tokens that are good once, signing out, and keys that are replaced while servers run.

use crate::password::{PASSWORD, add_user, login};
use api::{App, Purpose};
use integration_tests::app::{TestApp, config};
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::json;
use sqlx::{Connection, Row};

async fn sign_in(app: &TestApp, name: &str) -> Answer {
    app.anyone().post("/auth/wechat", json!({"code": format!("dev:{name}")})).await.expect(200)
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.anyone().post("/auth/refresh", json!({"refresh_token": token})).await
}

fn as_of(app: &TestApp, answer: &Answer) -> Caller {
    app.anyone().with_token(answer.str("access_token"))
}

/// The texts that a query yields: what is stored, and no call shows.
pub(crate) async fn stored(app: &TestApp, sql: &'static str) -> Vec<String> {
    if app.url.starts_with("postgres") {
        let mut eyes = sqlx::PgConnection::connect(&app.url).await.unwrap();
        sqlx::query(sql).fetch_all(&mut eyes).await.unwrap().iter().map(|row| row.get(0)).collect()
    } else {
        let mut eyes = sqlx::SqliteConnection::connect(&app.url).await.unwrap();
        sqlx::query(sql).fetch_all(&mut eyes).await.unwrap().iter().map(|row| row.get(0)).collect()
    }
}

/// The kinds of events of people, as they are stored.
pub(crate) async fn events(app: &TestApp) -> Vec<String> {
    stored(app, "SELECT kind FROM event WHERE aggregate = 'person' ORDER BY position").await
}

#[rstest]
#[tokio::test]
async fn a_refresh_token_is_good_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let first = sign_in(&app, "王芳").await;
    app.pass(16);
    as_of(&app, &first).get("/me").await.refused(401, "auth.token_expired");
    let second = refresh(&app, first.str("refresh_token")).await.expect(200);
    assert_eq!(second.json["user"], first.json["user"]);
    assert_ne!(second.str("refresh_token"), first.str("refresh_token"));
    let third = refresh(&app, second.str("refresh_token")).await.expect(200);
    let other = sign_in(&app, "王芳").await;
    let _ = as_of(&app, &third).get("/me").await.expect(200);
    // Stolen, or copied: nobody can tell, so it ends.
    refresh(&app, first.str("refresh_token")).await.refused(401, "auth.refresh_reused");
    refresh(&app, third.str("refresh_token")).await.refused(401, "auth.refresh_invalid");
    as_of(&app, &third).get("/me").await.refused(401, "auth.grants_changed");
    as_of(&app, &other).get("/tickets").await.refused(401, "auth.grants_changed");
    // Another sign-in of theirs goes on.
    let _ = refresh(&app, other.str("refresh_token")).await.expect(200);
    for none in ["", "x", &"A".repeat(64), first.str("access_token")] {
        refresh(&app, none).await.refused(401, "auth.refresh_invalid");
    }
    assert_eq!(events(&app).await, ["token_reused"]);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_token_that_comes_at_once_ends_its_family(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(2, 20)] count: usize,
) {
    let app = TestApp::start(backend).await;
    let first = sign_in(&app, "王芳").await;
    let calls = (0..count).map(|_| {
        let (caller, token) = (app.anyone(), first.str("refresh_token").to_owned());
        async move { caller.post("/auth/refresh", json!({"refresh_token": token})).await }
    });
    let answers = calls.collect::<tokio::task::JoinSet<_>>().join_all().await;
    let fine: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert!(fine.len() <= 1, "{} of them were good", fine.len());
    assert!(answers.iter().any(|answer| answer.json["code"] == "auth.refresh_reused"));
    for answer in fine {
        refresh(&app, answer.str("refresh_token")).await.refused(401, "auth.refresh_invalid");
        as_of(&app, answer).get("/me").await.refused(401, "auth.grants_changed");
    }
    as_of(&app, &first).get("/me").await.refused(401, "auth.grants_changed");
    assert_eq!(events(&app).await, ["token_reused"]);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_session_ends_by_itself(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let day = 24 * 60;
    let idle = sign_in(&app, "李四").await;
    let mut kept = sign_in(&app, "王芳").await;
    for _ in 0..6 {
        app.pass(29 * day);
        app.app.forget().await.unwrap();
        kept = refresh(&app, kept.str("refresh_token")).await.expect(200);
    }
    refresh(&app, idle.str("refresh_token")).await.refused(401, "auth.refresh_invalid");
    // 174 days old: 6 are left, not 30.
    app.pass(6 * day);
    refresh(&app, kept.str("refresh_token")).await.refused(401, "auth.refresh_invalid");
    // A family that died is known until its last token would have died too.
    let first = sign_in(&app, "王芳").await;
    let _ = refresh(&app, first.str("refresh_token")).await.expect(200);
    app.pass(29 * day);
    app.app.forget().await.unwrap();
    refresh(&app, first.str("refresh_token")).await.refused(401, "auth.refresh_reused");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn signing_out_here_and_everywhere(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let (here, there) = (sign_in(&app, "王芳").await, sign_in(&app, "王芳").await);
    let body = json!({"refresh_token": here.str("refresh_token")});
    for _ in 0..2 {
        let _ = app.anyone().post("/auth/logout", body.clone()).await.expect(204);
    }
    let _ = app.anyone().post("/auth/logout", json!({"refresh_token": "x"})).await.expect(204);
    refresh(&app, here.str("refresh_token")).await.refused(401, "auth.refresh_invalid");
    let there = refresh(&app, there.str("refresh_token")).await.expect(200);
    let key = [("idempotency-key", "k")];
    let _ = as_of(&app, &there).post_with("/auth/logout-all", &key, json!({})).await.expect(204);
    let again = as_of(&app, &there).post_with("/auth/logout-all", &key, json!({})).await.expect(204);
    assert_eq!(again.header("idempotent-replayed"), "true");
    for token in [&here, &there] {
        as_of(&app, token).get("/me").await.refused(401, "auth.grants_changed");
        as_of(&app, token).post("/auth/logout-all", json!({})).await.refused(401, "auth.grants_changed");
        as_of(&app, token)
            .post("/auth/phone", json!({"code": "dev:13800001111"}))
            .await
            .refused(401, "auth.grants_changed");
        refresh(&app, token.str("refresh_token")).await.refused(401, "auth.refresh_invalid");
    }
    assert_eq!(events(&app).await, ["signed_out"]);
    let _ = as_of(&app, &sign_in(&app, "王芳").await).get("/me").await.expect(200);
    app.stop().await;
}

/// Another server on the same database.
async fn replica(app: &TestApp, backend: Backend) -> App {
    App::start(config(&app.url, backend.redis_url()), app.clock.clone()).await.unwrap()
}

#[rstest]
#[tokio::test]
async fn token_keys_are_replaced_while_servers_run(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let other = replica(&app, backend).await;
    let at_other = |caller: &Caller| Caller::anyone(&other.url()).with_token(caller.token());
    let known =
        || async { app.anyone().get("//.well-known/jwks.json").await.json["keys"].as_array().unwrap().len() };
    let old = app.resident("王芳").await;
    let _ = at_other(&old).get("/me").await.expect(200);
    app.app.rotate_key(Purpose::Token, false).await.unwrap();
    let new = app.resident("李四").await;
    // The other server has not heard of the key: it looks, at the first token that names it.
    let callers = (0..20).map(|_| {
        let caller = at_other(&new);
        async move { caller.get("/me").await.status }
    });
    let statuses = callers.collect::<tokio::task::JoinSet<_>>().join_all().await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    for caller in [&old, &new] {
        let _ = caller.get("/me").await.expect(200);
        let _ = at_other(caller).get("/me").await.expect(200);
    }
    assert_eq!(known().await, 2);
    app.pass(15);
    // Good for 30 days by its own word, but not by that of its key.
    old.get("/me").await.refused(401, "auth.token_invalid");
    at_other(&old).get("/me").await.refused(401, "auth.token_invalid");
    let _ = at_other(&new).get("/me").await.expect(200);
    assert_eq!(known().await, 1);
    app.app.rotate_key(Purpose::Token, true).await.unwrap();
    new.get("/me").await.refused(401, "auth.token_invalid");
    other.reload_keys().await.unwrap();
    at_other(&new).get("/me").await.refused(401, "auth.token_invalid");
    let _ = at_other(&app.resident("李四").await).get("/me").await.expect(200);
    assert_eq!(known().await, 1);
    other.stop().await.unwrap();
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn what_an_old_key_sealed_stays_readable(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let other = replica(&app, backend).await;
    add_user(&app, "chen.hongmei", Some("13800001111"), None).await;
    app.app.rotate_key(Purpose::Seal, false).await.unwrap();
    // The other server does not know the key yet, and need not.
    let login_there = login(&Caller::anyone(&other.url()), "chen.hongmei", PASSWORD).await.expect(200);
    assert_eq!(login_there.json["user"]["name"], "chen.hongmei");
    let early = sign_in(&app, "早来").await;
    let there = Caller::anyone(&other.url()).with_token(early.str("access_token"));
    assert_eq!(there.get("/me").await.expect(200).json["user"]["name"], "早来");
    app.pass(5);
    for server in [&app.app, &other] {
        server.reload_keys().await.unwrap();
    }
    let late = sign_in(&app, "晚来").await;
    for (login, name) in [(&early, "早来"), (&late, "晚来")] {
        let there = Caller::anyone(&other.url()).with_token(login.str("access_token"));
        assert_eq!(there.get("/me").await.expect(200).json["user"]["name"], name);
    }
    let _ = login(&app.anyone(), "chen.hongmei", PASSWORD).await.expect(200);
    other.stop().await.unwrap();
    app.stop().await;
}
