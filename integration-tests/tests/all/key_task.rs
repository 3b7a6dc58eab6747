//! Key tasks that leaders look after: they report until they are done.

use integration_tests::app::{COMMUNITY, NEIGHBOUR, TestApp, UNIT};
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

fn task(leader: &str) -> Value {
    json!({
        "place": COMMUNITY, "goal": "三个月内完成雨污分流改造", "leader": leader, "unit": UNIT,
        "due_at": "2027-02-21T10:00:00Z", "every_days": 7
    })
}

async fn told(caller: &Caller) -> Vec<String> {
    let inbox = caller.get("/me/inbox").await.expect(200);
    let of_tasks = inbox.items().iter().filter(|one| one["matter"]["kind"] == "key_task");
    of_tasks.map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
}

#[rstest]
#[tokio::test]
async fn z09_a_key_task_reports_until_it_is_done(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", "532504").await;
    let leader = app.staff("supervisor", COMMUNITY).await;
    let leader_id = app.id_of(&leader).await;
    let handler = app.of_unit("department_handler", UNIT).await;
    let set = admin.post("/key-tasks", task(&leader_id)).await.expect(201);
    assert_eq!((set.str("status_name"), set.header("etag")), ("推进中", "\"1\""));
    assert_eq!(set.json["unit"]["name"], "市住房和城乡建设局");
    assert_eq!(set.str("report_due"), "2026-11-28T01:00:00Z");
    let path = format!("/key-tasks/{}", set.str("id"));
    assert_eq!(told(&handler).await, ["matter_assigned"]);
    // Whoever does it reports, and the leader hears of it.
    let body = json!({"text": "管网开挖过半", "percent": 50});
    let reported = handler.post(&format!("{path}/report"), body.clone()).await.expect(200);
    assert_eq!(
        (&reported.json["percent"], reported.json["reports"][0]["text"].as_str()),
        (&json!(50), Some("管网开挖过半"))
    );
    assert_eq!(told(&leader).await, ["matter_reported", "matter_assigned"]);
    // Two weeks without a report are two that are missing.
    for missed in 1..=2 {
        app.pass(7 * 24 * 60);
        app.app.catch_up().await.unwrap();
        let now = admin.get(&path).await.expect(200);
        assert_eq!(now.json["missed"], missed, "{}", now.text);
    }
    assert_eq!(told(&leader).await[..2], ["matter_overdue", "matter_overdue"]);
    // Neither a neighbour nor a resident sees it; who sees it but does not do it does not report.
    let neighbour = app.staff("community_clerk", NEIGHBOUR).await;
    neighbour.get(&path).await.refused(404, "matter.not_found");
    neighbour.post(&format!("{path}/report"), body.clone()).await.refused(404, "matter.not_found");
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    clerk.post(&format!("{path}/report"), body.clone()).await.refused(403, "matter.beyond_scope");
    let too_much = json!({"text": "完成", "percent": 101});
    handler.post(&format!("{path}/report"), too_much).await.refused_for(422, "matter.range", "/percent");
    // The leader strikes it off; nothing is owed any more.
    let open = json!({"status": "open", "text": "还没完"});
    leader.post(&format!("{path}/end"), open).await.refused_for(400, "request.unknown_value", "/status");
    let end = json!({"status": "done", "text": "验收通过"});
    handler.post(&format!("{path}/end"), end.clone()).await.refused(403, "matter.beyond_scope");
    let done = leader.post(&format!("{path}/end"), end.clone()).await.expect(200);
    assert_eq!((done.str("status_name"), &done.json["percent"]), ("已销号", &json!(100)));
    leader.post(&format!("{path}/end"), end).await.refused(409, "matter.over");
    handler.post(&format!("{path}/report"), body).await.refused(409, "matter.over");
    app.pass(30 * 24 * 60);
    app.app.catch_up().await.unwrap();
    // Whoever signed in has long been signed out.
    let admin = app.staff("county_admin", "532504").await;
    assert_eq!(admin.get(&path).await.expect(200).json["missed"], 2);
    let audit = admin.get("/audit?place=532504").await.expect(200);
    assert!(audit.text.contains("重点任务销号"), "{}", audit.text);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z09_key_tasks_are_listed_by_area_and_by_who_does_them(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", "532504").await;
    let leader = app.staff("supervisor", COMMUNITY).await;
    let leader_id = app.id_of(&leader).await;
    let handler = app.of_unit("department_handler", UNIT).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(admin.post("/key-tasks", task(&leader_id)).await.expect(201).str("id").to_owned());
        app.pass(1);
    }
    let elsewhere = json!({
        "place": NEIGHBOUR, "goal": "拆除违建", "leader": leader_id, "person": leader_id,
        "due_at": "2026-12-21T10:00:00Z", "every_days": 1
    });
    let other = admin.post("/key-tasks", elsewhere).await.expect(201).str("id").to_owned();
    ids.reverse();
    // Page by page, the latest first.
    let (mut seen, mut page) = (Vec::new(), "/key-tasks?place=532504&limit=1".to_owned());
    loop {
        let got = admin.get(&page).await.expect(200);
        seen.extend(got.items().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        let Some(next) = got.json["next_cursor"].as_str() else { break };
        page = format!("/key-tasks?place=532504&limit=1&cursor={next}");
    }
    assert_eq!(seen, [vec![other.clone()], ids.clone()].concat());
    let of = async |caller: &Caller, query: &str| {
        caller.get(&format!("/key-tasks?{query}")).await.expect(200).items().len()
    };
    assert_eq!(of(&admin, &format!("place={COMMUNITY}")).await, 3);
    assert_eq!(of(&leader, "").await, 3);
    assert_eq!((of(&leader, "mine=true").await, of(&handler, "mine=true").await), (4, 3));
    assert_eq!(of(&handler, "").await, 0);
    app.pass(31 * 24 * 60);
    let admin = app.staff("county_admin", "532504").await;
    assert_eq!(of(&admin, "place=532504&overdue=true").await, 1);
    let dropped = json!({"status": "dropped", "text": "列入明年计划"});
    let _ = admin.post(&format!("/key-tasks/{other}/end"), dropped).await.expect(200);
    assert_eq!(of(&admin, "place=532504&overdue=true").await, 0);
    assert_eq!(of(&admin, "place=532504&status=dropped").await, 1);
    // What is wrong is named.
    let mut wrong = task(&leader_id);
    wrong["every_days"] = json!(0);
    admin.post("/key-tasks", wrong).await.refused_for(422, "matter.range", "/every_days");
    let mut wrong = task(&leader_id);
    wrong["due_at"] = json!("2020-01-01T00:00:00Z");
    admin.post("/key-tasks", wrong).await.refused_for(422, "matter.time", "/due_at");
    let nobody = task("01990000-0000-7000-8000-00000000dead");
    admin.post("/key-tasks", nobody).await.refused_for(422, "matter.who", "/leader");
    let mut nowhere = task(&leader_id);
    nowhere["unit"] = json!("01990000-0000-7000-8000-00000000dead");
    admin.post("/key-tasks", nowhere).await.refused_for(422, "matter.who", "/unit");
    app.stop().await;
}
