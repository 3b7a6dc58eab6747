//! Duties of a playbook: planned, reminded of, recorded, missed, and how far they reach. Those at points are in `duty_spot.rs`.

use crate::photo::{add, jpeg};
use crate::rules::{huying, said};
use crate::story::record;
use integration_tests::app::{self, COMMUNITY, NEIGHBOUR, TestApp};
use integration_tests::client::Answer;
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const COUNTY: &str = "532504";

/// A server whose playbook has these duties besides its own.
pub(crate) async fn started(backend: Backend, duties: &str) -> TestApp {
    let app = TestApp::start(backend).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("mile.toml");
    std::fs::write(&file, format!("{}\n{duties}", include_str!("../../../playbooks/mile.toml"))).unwrap();
    let imported = huying(&app.url, &["playbook", "import", file.to_str().unwrap()]);
    assert!(imported.status.success(), "{}", said(&imported));
    app.app.reload_playbooks().await.unwrap();
    app
}

async fn grid(admin: &Caller, name: &str) -> String {
    let body = json!({"parent": COMMUNITY, "name": name, "reason": "网格划分方案"});
    admin.post("/places", body).await.expect(201).str("code").to_owned()
}

/// The duties that a list shows.
pub(crate) async fn duties(caller: &Caller, query: &str) -> Vec<Value> {
    caller.get(&format!("/duties?{query}")).await.expect(200).items().to_vec()
}

/// The one duty of theirs with this key.
pub(crate) async fn own(caller: &Caller, key: &str) -> Value {
    let mut all = duties(caller, &format!("mine=true&key={key}")).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

async fn told(caller: &Caller) -> Vec<String> {
    let inbox = caller.get("/me/inbox").await.expect(200);
    let of_duties = inbox.items().iter().filter(|one| one["matter"]["kind"] == "duty");
    of_duties.map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
}

async fn coverage(caller: &Caller, code: &str, query: &str) -> Answer {
    let place = caller.get(&format!("/places?code={code}")).await.expect(200);
    let id = place.items()[0]["id"].as_str().unwrap().to_owned();
    caller.get(&format!("/places/{id}/duties?{query}")).await
}

const VISITS: &str = r#"
[[duties]]
key = "home_visit"
name = "入户问需"
who = "grid_worker"
at = "grant"
every = "week"
times = 2
photos = 1
remind_days = 1
"#;

#[rstest]
#[tokio::test]
async fn l02_weekly_visits_are_planned_reminded_recorded_and_missed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = started(backend, VISITS).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let (north, south) = (grid(&admin, "北网格").await, grid(&admin, "南网格").await);
    let (one, other) = (app.staff("grid_worker", &north).await, app.staff("grid_worker", &south).await);
    let neighbour = app.staff("grid_worker", NEIGHBOUR).await;
    // Each is planned once, whoever looks how often.
    app.app.catch_up().await.unwrap();
    app.app.catch_up().await.unwrap();
    let week = "key=home_visit&from=2026-11-16&to=2026-11-16";
    assert_eq!(duties(&admin, &format!("place={COUNTY}&{week}")).await.len(), 3);
    assert_eq!(duties(&clerk, week).await.len(), 2);
    let mine = own(&one, "home_visit").await;
    assert_eq!((&mine["status_name"], &mine["period"]), (&json!("待履职"), &json!("2026-W47")));
    assert_eq!(
        (&mine["from"], &mine["until"], &mine["times"]),
        (&json!("2026-11-15T16:00:00Z"), &json!("2026-11-22T16:00:00Z"), &json!(2))
    );
    // A photo each, of their own, and each shows one visit.
    let body = |photos: &[&str]| json!({"text": "走访三户", "photos": photos});
    record(&one, &mine, body(&[])).await.refused_for(422, "matter.range", "/photos");
    let theirs = add(&other, &south, jpeg()).await.expect(201);
    record(&one, &mine, body(&[theirs.str("id")])).await.refused_for(422, "duty.photo_unknown", "/photos");
    let (first, second) =
        (add(&one, &north, jpeg()).await.expect(201), add(&one, &north, jpeg()).await.expect(201));
    let raised = app.resident("王芳").await.post("/tickets", app::lamp()).await.expect(201);
    let mut said = body(&[first.str("id")]);
    said["raised"] = json!([uuid::Uuid::nil()]);
    record(&one, &mine, said.clone()).await.refused_for(422, "duty.raised_unknown", "/raised");
    said["raised"] = json!([raised.str("id")]);
    let path = format!("/duties/{}/record", mine["id"].as_str().unwrap());
    let key = [("idempotency-key", "visit-1")];
    let once = one.post_with(&path, &key, said.clone()).await.expect(200);
    assert_eq!((once.str("status"), &once.json["done"]), ("planned", &json!(1)));
    assert_eq!(once.json["records"][0]["raised"][0], raised.json["id"]);
    // Sent again it is the same record, although its photo is used by now.
    let again = one.post_with(&path, &key, said).await.expect(200);
    assert_eq!((again.header("idempotent-replayed"), &again.json), ("true", &once.json));
    record(&one, &mine, body(&[first.str("id")])).await.refused_for(422, "duty.photo_used", "/photos");
    let done = record(&one, &mine, body(&[second.str("id")])).await.expect(200);
    assert_eq!(done.str("status_name"), "已履职");
    record(&one, &mine, body(&[second.str("id")])).await.refused(409, "matter.over");
    // Neither another worker's nor a clerk's to record.
    record(&neighbour, &mine, body(&[])).await.refused(404, "matter.not_found");
    record(&clerk, &mine, body(&[])).await.refused(403, "matter.beyond_scope");
    // Reminded once, a day before the end.
    let owed = own(&other, "home_visit").await;
    app.pass(15 * 60);
    app.app.catch_up().await.unwrap();
    app.app.catch_up().await.unwrap();
    assert_eq!((told(&other).await, told(&one).await), (vec!["matter_due".to_owned()], vec![]));
    // What is not done at its end is missed, and the desk knows.
    app.pass(24 * 60);
    app.app.catch_up().await.unwrap();
    assert_eq!(told(&other).await, ["matter_overdue", "matter_due"]);
    assert_eq!(told(&clerk).await, ["matter_overdue"]);
    let missed = other.get(&format!("/duties/{}", owed["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(missed.str("status_name"), "未履职");
    // Late ones count as late.
    let late = |photo: &str| json!({"text": "补走访", "photos": [photo], "late": true});
    let in_time = json!({"text": "走访", "photos": [theirs.str("id")]});
    record(&other, &owed, in_time).await.refused_for(422, "matter.time", "/occurred_at");
    let _ = record(&other, &owed, late(theirs.str("id"))).await.expect(200);
    let last = add(&other, &south, jpeg()).await.expect(201);
    let made_up = record(&other, &owed, late(last.str("id"))).await.expect(200);
    assert_eq!(made_up.str("status_name"), "补履职");
    let all = coverage(&admin, COUNTY, "key=home_visit&period=2026-W47").await.expect(200);
    let figures =
        ["places", "places_done", "due", "done", "late", "missed"].map(|name| all.json[name].as_i64());
    assert_eq!(figures, [3, 2, 3, 2, 1, 1].map(Some), "{}", all.text);
    let who = all.items().iter().find(|row| row["missed"] == 1).unwrap();
    assert_eq!(who["place"]["code"], NEIGHBOUR);
    coverage(&clerk, NEIGHBOUR, "key=home_visit").await.refused(404, "place.not_found");
    coverage(&clerk, COMMUNITY, "key=nothing").await.refused_for(422, "matter.unknown", "?key");
    coverage(&clerk, COMMUNITY, "key=home_visit&period=2026-W60").await.refused_for(
        400,
        "request.invalid_value",
        "?period",
    );
    let audit = admin.get("/audit?place=532504").await.expect(200);
    assert!(audit.text.contains("未履职") && audit.text.contains("上传照片"), "{}", audit.text);
    // That the program planned and reminded fills no page, unless somebody asks for it.
    assert!(!audit.text.contains("排定履职") && !audit.text.contains("提醒履职"), "{}", audit.text);
    let planned = admin.get("/audit?place=532504&kind=duty_planned").await.expect(200);
    assert!(!planned.items().is_empty(), "{}", planned.text);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m06_leaders_visit_twice_a_year_and_meet_on_the_spot(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let leader = app.staff("supervisor", COMMUNITY).await;
    let id = app.id_of(&leader).await;
    let tie = json!({"kind": "linked", "person": id, "place": COMMUNITY});
    let tie = admin.post("/ties", tie).await.expect(201);
    app.app.catch_up().await.unwrap();
    let visits = own(&leader, "leader_visit").await;
    assert_eq!((&visits["period"], &visits["times"]), (&json!("2026"), &json!(2)));
    let meeting = own(&leader, "quarterly_meeting").await;
    assert_eq!(meeting["period"], "2026-Q4");
    let said = |text: &str| json!({"text": text});
    let once = record(&leader, &visits, said("调研物业管理")).await.expect(200);
    assert_eq!((once.str("status"), &once.json["done"]), ("planned", &json!(1)));
    let came = json!({"text": "研究老旧小区改造", "attendance": 12});
    let met = record(&leader, &meeting, came).await.expect(200);
    assert_eq!((met.str("status"), &met.json["records"][0]["attendance"]), ("done", &json!(12)));
    // A meeting on the spot is held when it is needed, by whoever is linked there.
    let extra =
        json!({"key": "on_site_meeting", "place": COMMUNITY, "text": "现场协调停车", "attendance": 9});
    let held = leader.post("/duties", extra.clone()).await.expect(201);
    assert_eq!((held.str("status_name"), &held.json["period"]), ("已履职", &Value::Null));
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    clerk.post("/duties", extra.clone()).await.refused_for(403, "duty.not_theirs", "/place");
    let mut elsewhere = extra.clone();
    elsewhere["place"] = json!(NEIGHBOUR);
    leader.post("/duties", elsewhere).await.refused_for(403, "duty.not_theirs", "/place");
    let mut unknown = extra;
    unknown["key"] = json!("picnic");
    leader.post("/duties", unknown).await.refused_for(422, "matter.unknown", "/key");
    let many = json!({"key": "mass_meeting", "place": COMMUNITY, "text": "停车位划线", "attendance": 46});
    let _ = clerk.post("/duties", many).await.expect(201);
    let month = coverage(&admin, COMMUNITY, "key=mass_meeting").await.expect(200);
    assert_eq!((month.str("period"), &month.json["done"]), ("2026-11", &json!(1)));
    // Whoever is linked no more owes nothing more; what was done stays.
    let end = json!({"on": "2026-11-21"});
    let _ = admin.post(&format!("/ties/{}/end", tie.str("id")), end).await.expect(200);
    app.pass(24 * 60);
    app.app.catch_up().await.unwrap();
    let visits = admin.get(&format!("/duties/{}", visits["id"].as_str().unwrap())).await.expect(200);
    assert_eq!((visits.str("status_name"), &visits.json["done"]), ("已取消", &json!(1)));
    let met = admin.get(&format!("/duties/{}", meeting["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(met.str("status"), "done");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m07_the_estate_branch_meets_every_month(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let estate = grid(&admin, "温泉小区").await;
    let unit = json!({"name": "温泉小区党支部", "kind": "party_branch", "place": COUNTY, "seat": estate});
    let unit = admin.post("/units", unit).await.expect(201);
    let id: uuid::Uuid = unit.str("id").parse().unwrap();
    let secretary = app.of_unit("department_handler", id).await;
    app.app.catch_up().await.unwrap();
    let mine = own(&secretary, "estate_meeting").await;
    assert_eq!((&mine["period"], &mine["place"]["code"]), (&json!("2026-11"), &json!(estate)));
    assert_eq!(mine["unit"]["name"], "温泉小区党支部");
    let met = record(&secretary, &mine, json!({"text": "议定更换门禁"})).await.expect(200);
    assert_eq!(met.str("status"), "done");
    assert_eq!(met.json["records"][0]["by"]["id"], json!(app.id_of(&secretary).await));
    // Another unit neither sees nor records it.
    let stranger = app.of_unit("department_handler", app::UNIT).await;
    record(&stranger, &mine, json!({"text": "x"})).await.refused(404, "matter.not_found");
    // In December there is another; in January it was missed.
    for (day, count) in [(12, 2), (31, 3)] {
        app.pass(day * 24 * 60);
        app.app.catch_up().await.unwrap();
        // Whoever comes back after weeks signs in anew.
        let secretary = app.of_unit("department_handler", id).await;
        assert_eq!(duties(&secretary, "mine=true&key=estate_meeting").await.len(), count);
    }
    let secretary = app.of_unit("department_handler", id).await;
    let missed = duties(&secretary, "mine=true&key=estate_meeting&status=missed").await;
    assert_eq!(missed.iter().map(|one| one["period"].clone()).collect::<Vec<_>>(), ["2026-12"]);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn q09_knocking_at_doors_is_covered_by_building(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let knock = r#"
[[duties]]
key = "knock"
name = "敲门行动"
who = "party_member"
at = "小组（小区）"
every = "quarter"

[[duties]]
key = "talking_day"
name = "说事日"
who = "grid_leader"
at = "talking_point"
every = "week"
on = 3
"#;
    let app = started(backend, knock).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let (a, b) = (grid(&admin, "1栋").await, grid(&admin, "2栋").await);
    let captain = app.staff("party_member", &a).await;
    let _ = app.staff("party_member", &b).await;
    // Two replicas plan at once, and each duty is there once.
    let replica = app.replica(app::config(&app.url, backend.redis_url())).await;
    let (here, there) = tokio::join!(app.app.catch_up(), replica.catch_up());
    here.unwrap();
    there.unwrap();
    replica.stop().await.unwrap();
    let knocks = "key=knock&period=2026-Q4";
    let before = coverage(&admin, COMMUNITY, knocks).await.expect(200);
    assert_eq!((&before.json["places"], &before.json["places_done"]), (&json!(2), &json!(0)));
    let mine = own(&captain, "knock").await;
    let _ = record(&captain, &mine, json!({"text": "走遍 32 户"})).await.expect(200);
    let after = coverage(&admin, COMMUNITY, knocks).await.expect(200);
    assert_eq!((&after.json["places"], &after.json["places_done"]), (&json!(2), &json!(1)));
    let rows: Vec<_> =
        after.items().iter().map(|row| (&row["place"]["code"], row["done"].as_i64())).collect();
    assert_eq!(rows, [(&json!(a), Some(1)), (&json!(b), Some(0))]);
    // Somebody for the whole community owes each building of it.
    let all = app.staff("party_member", COMMUNITY).await;
    app.app.catch_up().await.unwrap();
    assert_eq!(duties(&all, "mine=true&key=knock").await.len(), 2);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn q02_lists_of_duties_are_paged_and_checked(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let daily = r#"
[[duties]]
key = "daily_gathering"
name = "汇总社情民意"
who = "grid_worker"
at = "grant"
every = "day"
"#;
    let app = started(backend, daily).await;
    let worker = app.staff("grid_worker", COMMUNITY).await;
    for _ in 0..3 {
        app.app.catch_up().await.unwrap();
        app.pass(24 * 60);
    }
    let (mut seen, mut query) = (Vec::new(), "mine=true&key=daily_gathering&limit=1".to_owned());
    loop {
        let got = worker.get(&format!("/duties?{query}")).await.expect(200);
        seen.extend(got.items().iter().map(|one| one["period"].as_str().unwrap().to_owned()));
        let Some(next) = got.json["next_cursor"].as_str() else { break };
        query = format!("mine=true&key=daily_gathering&limit=1&cursor={next}");
    }
    assert_eq!(seen, ["2026-11-23", "2026-11-22", "2026-11-21"]);
    assert_eq!(duties(&worker, "mine=true&status=missed").await.len(), 2);
    worker.get("/duties?status=asleep").await.refused_for(400, "request.unknown_value", "?status");
    let resident = app.resident("王芳").await;
    resident.get("/duties").await.refused(403, "permission.role");
    app.stop().await;
}
