//! Playbooks: how a county does it, as data that changes while people work.

use crate::rules::{huying, said};
use crate::ticket::{Cast, path, solved};
use integration_tests::app::{COMMUNITY, TestApp, config, lamp};
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::task::JoinSet;

pub(crate) const HERE: &str = "/playbooks/532504";

pub(crate) const MILE: &str = include_str!("../../../playbooks/mile.toml");

/// Brings in what the playbook of Mile says from now on.
pub(crate) async fn import(app: &TestApp, source: &str) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("mile.toml");
    std::fs::write(&file, source).unwrap();
    let imported = huying(&app.url, &["playbook", "import", file.to_str().unwrap()]);
    assert!(imported.status.success(), "{}", said(&imported));
    app.app.reload_playbooks().await.unwrap();
}

/// How many minutes a clock has.
pub(crate) fn minutes(ticket: &Answer, kind: &str) -> i64 {
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
    let skills =
        "[[matching]]\ncategory = \"facilities\"\nskills = [\"电工\", \"水管\", \"维修\", \"焊工\"]\n\n";
    let dropped = dropped.replacen(skills, "", 1);
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
    let replica = app.replica(config(&app.url, backend.redis_url())).await;
    let there = Caller::anyone(&replica.url()).with_token(clerk.token());
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

/// What the playbook of Mile says, with its version as `If-Match` has it.
pub(crate) async fn current(admin: &Caller) -> (Value, String) {
    let found = admin.get(HERE).await.expect(200);
    assert_eq!(found.json["version"], found.json["playbook"]["policy"]["version"]);
    (found.json["playbook"].clone(), found.header("etag").to_owned())
}

/// Writes it anew.
pub(crate) async fn put(admin: &Caller, playbook: &Value, version: &str) -> Answer {
    let body = json!({"playbook": playbook, "note": "调整时限"});
    admin.put_with(HERE, &[("if-match", version)], body).await
}

/// The rule of a kind and severity.
pub(crate) fn rule<'a>(playbook: &'a mut Value, kind: &str, severity: Option<&str>) -> &'a mut Value {
    let rules = playbook["policy"]["clocks"].as_array_mut().unwrap();
    rules.iter_mut().find(|rule| rule["kind"] == kind && rule["severity"] == json!(severity)).unwrap()
}

#[rstest]
#[tokio::test]
async fn m02_a_county_speaks_its_own_words(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let (admin, cast) = (app.staff("county_admin", "532504").await, Cast::of(&app).await);
    let (mut playbook, version) = current(&admin).await;
    playbook["words"]["statuses"]["dispatched"] = json!("等接单");
    playbook["words"]["handlings"]["immediate"] = json!("马上办");
    playbook["words"]["steps"]["dispatched"] = json!("支部派单");
    playbook["words"]["roles"]["grid_leader"] = json!("党员网格长");
    playbook["words"]["levels"]["community"] = json!("村居");
    let _ = put(&admin, &playbook, &version).await.expect(200);
    let mut body = lamp();
    body["affair"] = json!("shared");
    body["category"] = json!("facilities");
    let filed = cast.resident.post("/tickets", body).await.expect(201);
    assert_eq!((filed.str("status_name"), filed.str("affair_name")), ("待派单", "小事"));
    assert_eq!((filed.str("category_name"), filed.str("severity_name")), ("公共设施", "小问题"));
    let ticket = path(&filed);
    let dispatch = json!({"lead": {"person": cast.worker_id}, "handling": "immediate"});
    let dispatched = cast.clerk.post(&format!("{ticket}/dispatch"), dispatch).await.expect(200);
    assert_eq!((dispatched.str("status_name"), dispatched.str("handling_name")), ("等接单", "马上办"));
    let list = cast.clerk.get("/tickets").await.expect(200);
    assert_eq!(
        (&list.items()[0]["status_name"], &list.items()[0]["affair_name"]),
        (&json!("等接单"), &json!("小事"))
    );
    let timeline = cast.resident.get(&format!("{ticket}/timeline")).await.expect(200);
    let labels: Vec<_> = timeline.items().iter().map(|step| step["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["群众点单", "支部派单"]);
    assert_eq!(timeline.items()[1]["handling_name"], "马上办");
    app.app.catch_up().await.unwrap();
    let inbox = cast.resident.get("/me/inbox").await.expect(200);
    let told = inbox.items().iter().find(|entry| entry["kind"] == "dispatched").unwrap();
    assert_eq!(
        (&told["label"], &told["ticket"]["status_name"]),
        (&json!("您的诉求有新进展：支部派单"), &json!("等接单"))
    );
    let me = cast.clerk.get("/me").await.expect(200);
    let words = &me.json["playbook"]["vocabulary"];
    assert_eq!(
        (&words["steps"]["dispatched"], &words["steps"]["urged"]),
        (&json!("支部派单"), &json!("催办"))
    );
    assert_eq!(
        (&words["roles"]["grid_leader"], &words["levels"]["community"]),
        (&json!("党员网格长"), &json!("村居"))
    );
    assert_eq!((&words["affairs"]["public"], &me.json["playbook"]["version"]), (&json!("大事"), &json!(4)));
    let place = cast.clerk.get("/places?under=532504001&limit=1").await;
    assert!(
        place.status != 200 || place.items().iter().all(|place| place["level_name"] == "村居"),
        "{}",
        place.text
    );
    // English is the same everywhere.
    let english = cast.resident.request(reqwest::Method::GET, &ticket).header("accept-language", "en");
    let english = integration_tests::client::send(english).await.expect(200);
    assert_eq!((english.str("status_name"), english.str("affair_name")), ("dispatched", "shared"));
    app.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn switching_while_people_work_disturbs_nobody(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let replica = app.replica(config(&app.url, backend.redis_url())).await;
    let admin = app.staff("county_admin", "532504").await;
    let over = Arc::new(AtomicBool::new(false));
    let mut people = JoinSet::new();
    for n in 0..4 {
        let (resident, over) = (app.resident(&format!("居民{n}")).await, over.clone());
        let Cast { resident: _, clerk, worker, worker_id } = Cast::of(&app).await;
        // Half of what is done is done elsewhere, where newer versions are not heard of yet.
        let there = |caller: &Caller| Caller::anyone(&replica.url()).with_token(caller.token());
        let worker = if n % 2 == 0 { worker } else { there(&worker) };
        people.spawn(async move {
            let mut done = 0;
            while !over.load(Ordering::Relaxed) || done == 0 {
                let filed = resident.post("/tickets", lamp()).await.expect(201);
                let (ticket, version) = (path(&filed), filed.json["playbook_version"].clone());
                let lead = json!({"lead": {"person": worker_id}});
                let _ = clerk.post(&format!("{ticket}/dispatch"), lead).await.expect(200);
                let _ = worker.post(&format!("{ticket}/accept"), json!({})).await.expect(200);
                let _ = worker.post(&format!("{ticket}/resolve"), solved()).await.expect(200);
                let rate = json!({"satisfaction": "satisfied"});
                let closed = resident.post(&format!("{ticket}/rate"), rate).await.expect(200);
                assert_eq!((closed.str("status"), &closed.json["playbook_version"]), ("closed", &version));
                done += 1;
            }
            done
        });
    }
    for n in 0..20 {
        let (mut playbook, version) = current(&admin).await;
        rule(&mut playbook, "solve", Some("small"))["limit_seconds"] = json!(1_000 + n);
        let categories = playbook["categories"].as_array_mut().unwrap();
        if n % 2 == 0 {
            drop(categories.pop());
        } else {
            categories.push(json!({"key": "other", "name": "其他"}));
        }
        let _ = put(&admin, &playbook, &version).await.expect(200);
    }
    over.store(true, Ordering::Relaxed);
    let done: Vec<u32> = people.join_all().await;
    assert!(done.iter().all(|done| *done > 0), "{done:?}");
    assert_eq!(current(&admin).await.1, "\"23\"");
    replica.stop().await.unwrap();
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn playbooks_are_checked_and_compared_without_a_server() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let url = format!("sqlite://{}", at("none.db"));
    let sample = huying(&url, &["playbook", "new", "522730", "龙里 “呼应”"]);
    assert!(sample.status.success(), "{}", said(&sample));
    std::fs::write(at("longli.toml"), &sample.stdout).unwrap();
    std::fs::write(at("mile.toml"), MILE).unwrap();
    let good = huying(&url, &["playbook", "check", &at("longli.toml"), &at("mile.toml")]);
    assert!(good.status.success() && said(&good).contains("龙里 “呼应”"), "{}", said(&good));
    let bad = MILE.replacen("rated = ", "rate = ", 1).replacen("limit_seconds = 300", "limit_seconds = 0", 1);
    std::fs::write(at("bad.toml"), bad).unwrap();
    std::fs::write(at("broken.toml"), "key = \"a\"\n[words\n").unwrap();
    let checked = huying(&url, &["playbook", "check", &at("bad.toml"), &at("mile.toml"), &at("broken.toml")]);
    let text = said(&checked);
    assert_eq!(checked.status.code(), Some(1), "{text}");
    for line in [
        "bad.toml: policy.clocks[0].limit_seconds: 时限必须大于 0",
        "bad.toml: words.steps.rated: 缺少这一步的用语",
        "bad.toml: words.steps.rate: 没有这个键",
        "mile.toml: 没有问题",
        "broken.toml: 第 2 行: 不是 TOML",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let shorter = MILE.replacen("limit_seconds = 1800", "limit_seconds = 900", 1);
    std::fs::write(at("shorter.toml"), shorter).unwrap();
    let differs = huying(&url, &["playbook", "diff", &at("mile.toml"), &at("shorter.toml")]);
    assert_eq!(said(&differs).trim(), "/policy/clocks/1/limit_seconds: 1800 → 900");
    let same = huying(&url, &["playbook", "diff", &at("mile.toml"), &at("mile.toml")]);
    assert_eq!(said(&same).trim(), "没有不同");
    let unknown = huying(&url, &["playbook", "diff", "532504", &at("mile.toml")]);
    assert!(!unknown.status.success() && said(&unknown).contains("532504 还没有规程"), "{}", said(&unknown));
}
