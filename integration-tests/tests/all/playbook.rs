//! Playbooks: how a county does it, as data that changes while people work.

use crate::rules::{huying, said};
use crate::ticket::path;
use integration_tests::app::{COMMUNITY, TestApp};
use integration_tests::{Answer, Backend};
use rstest::rstest;
use serde_json::json;

const MILE: &str = include_str!("../../../playbooks/mile.toml");

/// Brings in what the playbook of Mile says from now on.
async fn import(app: &TestApp, source: &str) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("mile.toml");
    std::fs::write(&file, source).unwrap();
    let imported = huying(&app.url, &["playbook", "import", file.to_str().unwrap()]);
    assert!(imported.status.success(), "{}", said(&imported));
    app.app.reload_playbooks().await.unwrap();
}

/// How many minutes a clock has.
fn minutes(ticket: &Answer, kind: &str) -> i64 {
    let clock = ticket.json["clocks"].as_array().unwrap().iter().find(|clock| clock["kind"] == kind).unwrap();
    let at = |name: &str| clock[name].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    (at("due_at") - at("started_at")).num_minutes()
}

#[rstest]
#[tokio::test]
async fn a_ticket_keeps_the_playbook_that_it_began_under(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let (resident, clerk) = (app.resident("王芳").await, app.staff("community_clerk", COMMUNITY).await);
    let lamp = json!({"content": "路灯不亮", "place": {"code": COMMUNITY}});
    let old = path(&resident.post("/tickets", lamp.clone()).await.expect(201));
    let dropped = MILE.replacen("[[categories]]\nkey = \"facilities\"\nname = \"公共设施\"\n\n", "", 1);
    let changed = dropped.replacen("limit_seconds = 1800\n", "limit_seconds = 600\n", 1);
    assert_ne!(changed, dropped);
    import(&app, &changed).await;
    let new = path(&resident.post("/tickets", lamp).await.expect(201));
    let graded = json!({"severity": "small", "category": "facilities"});
    let kept = clerk.post(&format!("{old}/grade"), graded.clone()).await.expect(200);
    assert_eq!(minutes(&kept, "solve"), 30, "{}", kept.text);
    clerk.post(&format!("{new}/grade"), graded).await.refused_for(
        422,
        "ticket.category_unknown",
        "/category",
    );
    let anew = clerk.post(&format!("{new}/grade"), json!({"severity": "small"})).await.expect(200);
    assert_eq!(minutes(&anew, "solve"), 10);
    // A process that begins anew reads what it no longer knows by heart.
    let replica = app.replica(integration_tests::app::config(&app.url, backend.redis_url())).await;
    let there = integration_tests::Caller::anyone(&replica.url()).with_token(clerk.token());
    let large = there.post(&format!("{old}/grade"), json!({"category": "facilities"})).await.expect(200);
    assert_eq!(minutes(&large, "solve"), 30);
    // What merges into another is each settled by its own.
    let merged = json!({"into": new.trim_start_matches("/tickets/"), "reason": "同一盏灯"});
    let _ = clerk.post(&format!("{old}/merge"), merged).await.expect(200);
    let audit =
        app.staff("county_admin", "532504").await.get("/audit?kind=playbook_imported").await.expect(200);
    assert_eq!(audit.items().len(), 2, "{}", audit.text);
    assert_eq!((&audit.items()[0]["label"], &audit.items()[0]["version"]), (&json!("导入规程"), &json!(4)));
    replica.stop().await.unwrap();
    app.stop().await;
}
