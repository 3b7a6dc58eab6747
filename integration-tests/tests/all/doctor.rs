//! `huying doctor` where others run: PostgreSQL, Redis, WeChat; and a database that the program does not know or may not have.

use crate::torture::program;
use integration_tests::database::{execute, number};
use integration_tests::wechat::{SECRET, Wechat};
use integration_tests::{Backend, TestApp, app, services};
use rstest::rstest;
use serde_json::Value;
use std::process::Command;

/// What the doctor says: status, text and remedy of each check, by name.
struct Told(Value);

impl Told {
    fn of(url: &str, variables: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let out = Command::new(program())
            .env_clear()
            .env("HUYING_DATA_DIR", data.path().join("data"))
            .env("HUYING_MASTER_KEY", app::MASTER_KEY)
            .env("DATABASE_URL", url)
            .envs(variables.iter().copied())
            .args(["doctor", "--json"])
            .output()
            .unwrap();
        let said: Value = serde_json::from_slice(&out.stdout).unwrap();
        let worst = ["ok", "warning", "fault"].iter().position(|status| said["status"] == *status);
        assert_eq!(out.status.code(), worst.and_then(|code| code.try_into().ok()), "{said}");
        Self(said)
    }

    fn is(&self, name: &str, status: &str, piece: &str) {
        let checks = self.0["checks"].as_array().unwrap();
        let check =
            checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name}: {}", self.0));
        assert!(check["status"] == status && check.to_string().contains(piece), "{status} {piece}: {check}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_served_database_is_well(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let redis = backend.redis_url();
    let told = Told::of(&app.url, &redis.iter().map(|url| ("REDIS_URL", url.as_str())).collect::<Vec<_>>());
    for name in ["settings", "master_key", "database", "database.schema", "keys", "sweep"] {
        told.is(name, "ok", "");
    }
    for reactor in ["dispatch", "inbox", "duty", "flags", "figures"] {
        told.is(&format!("reactor.{reactor}"), "ok", "");
    }
    match backend {
        Backend::Sqlite => told.is("database.integrity", "ok", ""),
        Backend::Postgres => {
            told.is("database.clock", "ok", "");
            told.is("redis", "ok", "版本");
            // That of the tests is fast and forgetful.
            told.is("database.durable", "fault", "fsync、full_page_writes、synchronous_commit");
        }
    }
    // A newer program was here.
    execute(&app.url, "INSERT INTO seaql_migrations VALUES ('m20991231_000099_future', 1)").await;
    let told = Told::of(&app.url, &[]);
    told.is("database.schema", "warning", "m20991231_000099_future");
    assert!(
        told.0["checks"].as_array().unwrap().iter().all(|check| check["name"] != "work"),
        "work was looked at"
    );
    // One that took away what this program needs.
    execute(&app.url, "INSERT INTO seaql_migrations VALUES ('m20991231_000100_drop_needs_000099', 1)").await;
    let told = Told::of(&app.url, &[]);
    told.is("database.schema", "fault", "m20991231_000100_drop_needs_000099");
    told.is("work", "skipped", "");
    app.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_told(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    // Limits and events of 21 November 2026 wait, since the jobs of this server do not run.
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    let _ = resident.post("/tickets", app::lamp()).await.expect(201);
    execute(&app.url, "UPDATE ticket SET next_at = '2020-01-01T00:00:00+00:00'").await;
    execute(&app.url, "UPDATE event SET recorded_at = '2020-01-01T00:00:00+00:00'").await;
    let told = Told::of(&app.url, &[]);
    told.is("sweep", "fault", "未处理");
    told.is("reactor.inbox", "fault", "落后 1 条");
    drop(app);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_may_not_be_had_is_told_and_left_alone() {
    let empty = Backend::Postgres.empty().await;
    let told = Told::of(&empty.url, &[("REDIS_URL", "redis://127.0.0.1:1/")]);
    told.is("database", "ok", "PostgreSQL");
    told.is("database.schema", "warning", "空库");
    told.is("keys", "skipped", "");
    told.is("redis", "warning", "REDIS_URL");
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(number(&empty.url, tables).await, 0);
    Told::of(&services::postgres().url("nowhere"), &[]).is("database", "fault", "没有这个库");
    let nobody = empty.url.replace("postgres@", "nobody:hunter2@");
    let told = Told::of(&nobody, &[]);
    told.is("database", "fault", "拒绝登录");
    assert!(!told.0.to_string().contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn wechat_is_asked_whether_it_knows_us() {
    let (wechat, empty) = (Wechat::start().await, Backend::Sqlite.empty().await);
    let app = wechat.app();
    let ask = |secret: &str| {
        Told::of(
            &empty.url,
            &[
                ("HUYING_WECHAT_BASE_URL", app.base_url.as_str()),
                ("HUYING_WECHAT_APP_ID", app.app_id.as_str()),
                ("HUYING_WECHAT_SECRET", secret),
            ],
        )
    };
    let told = ask(SECRET);
    told.is("wechat", "ok", "");
    told.is("wechat.clock", "ok", "");
    ask("another").is("wechat", "fault", "AppSecret 不对");
    for (code, status, piece) in [(40164, "fault", "白名单"), (45009, "warning", "稍后再试")] {
        wechat.refuse_tokens(Some(code));
        ask(SECRET).is("wechat", status, piece);
    }
    wechat.talk_garbage(true);
    ask(SECRET).is("wechat", "fault", "无法连接");
}
