//! 左云县, on: 三级七天调解 through all its levels to 情理法诉, what its leaders look after, what is owed day by day, and
//! the one net that was made of many.

use crate::machine::{act, reason};
use crate::photo::{add, jpeg};
use crate::story::{count, entry, file, labels, seen_by, steps, take, times, was_told};
use crate::zuoyun::{Yuntai, there};
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const DAY: i64 = 24 * 60;

/// A dispute over a leak that the platform gave to the micro-grid's worker, who accepted it: its path.
async fn leak(yun: &Yuntai) -> String {
    let more = json!({"category": "dispute", "affair": "shared"});
    let ticket = file(&yun.resident, "楼上漏水泡了我家屋顶，他家说是公共管道的事", &yun.grid, more).await;
    yun.catch_up().await;
    let taken = take(&yun.worker, &ticket, "accept", json!({})).await;
    assert_eq!(
        (taken.str("category_name"), &times(&taken, "solve")[0]),
        ("矛盾纠纷", &json!("2026-11-28T01:00:00Z")),
        "seven days"
    );
    let _ = take(&yun.worker, &ticket, "arrive", there()).await;
    ticket
}

/// Begun with both sides; its path.
async fn begun(yun: &Yuntai, ticket: &str) -> (String, Answer) {
    let requester = yun.county.app.id_of(&yun.resident).await;
    let parties = json!({"parties": [
        {"side": "first", "person": requester}, {"side": "second", "name": "楼上住户马某"}
    ]});
    act(&yun.clerk, ticket, "mediation", parties.clone()).await.refused(403, "permission.reach");
    let begun = act(&yun.worker, ticket, "mediation", parties).await.expect(201);
    (format!("/mediations/{}", begun.str("id")), begun)
}

fn session(way: &str, text: &str) -> Value {
    json!({"way": way, "text": text, "came": [1, 2]})
}

#[rstest]
#[tokio::test]
async fn z03_a_dispute_goes_through_three_levels_in_seven_days_and_to_the_court(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let yun = Yuntai::open(backend).await;
    let (app, hold) = (&yun.county.app, |at: &str| format!("{at}/session"));
    let ticket = leak(&yun).await;
    let (at, begun) = begun(&yun, &ticket).await;
    assert_eq!((begun.str("status_name"), begun.str("due_at")), ("调解中", "2026-11-28T01:00:00Z"));
    let names = begun.json["levels"].as_array().unwrap().iter().map(|level| level["level_name"].clone());
    assert_eq!(names.collect::<Vec<_>>(), ["微网格", "社区", "乡镇"]);
    let until: Vec<_> = begun.json["levels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|level| level["until"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        until,
        ["2026-11-23T01:00:00Z", "2026-11-25T01:00:00Z", "2026-11-28T01:00:00Z"],
        "2, 2 and 3 days"
    );
    // 微网格: by feeling. Neither the levels above, nor next door, nor the county's administrator, looks in.
    let none = "matter.not_found";
    let all: [&Caller; 7] =
        [&yun.worker, &yun.resident, &yun.clerk, &yun.town, &yun.leader, &yun.admin, &yun.stranger];
    assert_eq!(seen_by(&at, &all).await, ["200", "200", none, none, none, none, none]);
    let _ = yun.worker.post(&hold(&at), session("feeling", "请双方到党群服务中心坐下喝茶")).await.expect(200);
    app.pass(2 * DAY);
    yun.catch_up().await;
    // 社区, when two days are over: by law. Whoever had it sees it still, and does nothing any more.
    assert_eq!(seen_by(&at, &all).await, ["200", "200", "200", none, none, none, none]);
    assert!(was_told(&yun.county, &yun.clerk, "matter_assigned").await);
    yun.worker.post(&hold(&at), session("feeling", "再喝一次茶")).await.refused(403, "matter.beyond_scope");
    let law = yun.clerk.post(&hold(&at), session("law", "讲民法典相邻关系")).await.expect(200);
    assert_eq!((law.str("level"), &law.json["levels"][0]["how"]), ("community", &json!("days_over")));
    app.pass(DAY);
    // 镇, handed up with its file before its days are over.
    let up = json!({"reason": "涉及管道产权，社区定不了"});
    yun.resident.post(&format!("{at}/hand-up"), up.clone()).await.refused(403, "permission.role");
    let _ = yun.clerk.post(&format!("{at}/hand-up"), up).await.expect(200);
    let town = yun.town.get(&at).await.expect(200);
    assert_eq!(
        (town.str("level"), town.json["sessions"].as_array().unwrap().len()),
        ("street", 2),
        "with its file"
    );
    assert_eq!(town.json["levels"][1]["reason"], "涉及管道产权，社区定不了");
    let _ = yun.town.post(&hold(&at), session("reason", "请住建局看管道图")).await.expect(200);
    let draft =
        yun.town.post(&format!("{at}/agree"), json!({"text": "楼上修管，各付一半"})).await.expect(200);
    assert_eq!(draft.str("status_name"), "待签字");
    let _ = yun.resident.post(&format!("{at}/sign"), json!({"agreement": 1})).await.expect(200);
    // The other side does not sign: on the seventh day the door of the court is shown (情理法诉).
    yun.town.post(&format!("{at}/guidance"), json!({"text": "已告知"})).await.refused(409, "matter.not_yet");
    app.pass(4 * DAY);
    yun.catch_up().await;
    let guided = yun.resident.get(&at).await.expect(200);
    assert_eq!(
        (guided.str("status_name"), guided.str("court")),
        ("已引导诉讼", "调解期满未达成协议，您可以依法向左云县人民法院提起诉讼。")
    );
    assert!(was_told(&yun.county, &yun.resident, "matter_decided").await);
    let _ = yun.town.post(&format!("{at}/guidance"), json!({"text": "当面告知并送达文书"})).await.expect(200);
    yun.town.post(&hold(&at), session("law", "再谈")).await.refused(409, "matter.over");
    // The ticket's own limit is over as well, and by the playbook that sends it nowhere.
    app.pass(1);
    yun.catch_up().await;
    let late = yun.clerk.get(&ticket).await.expect(200);
    assert_eq!(
        (&times(&late, "solve")[2], late.str("desk")),
        (&json!("2026-11-28T01:00:00Z"), yun.county.place("云和园社区"))
    );
    yun.county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z03_what_is_signed_for_in_the_micro_grid_goes_no_further(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let yun = Yuntai::open(backend).await;
    let ticket = leak(&yun).await;
    let (at, _) = begun(&yun, &ticket).await;
    let sign = format!("{at}/sign");
    yun.resident.post(&sign, json!({"agreement": 1})).await.refused(409, "matter.not_yet");
    let _ =
        yun.worker.post(&format!("{at}/agree"), json!({"text": "楼上三日内修好并刷墙"})).await.expect(200);
    let _ = yun.resident.post(&sign, json!({"agreement": 1})).await.expect(200);
    let paper = json!({"agreement": 1, "party": 2, "witness": "小区网格长在场"});
    let settled = yun.worker.post(&sign, paper).await.expect(200);
    assert_eq!((settled.str("status_name"), settled.json.get("court")), ("已达成协议", None));
    yun.county.app.pass(8 * DAY);
    yun.catch_up().await;
    assert_eq!(yun.worker.get(&at).await.expect(200).str("status"), "settled");
    assert_eq!(seen_by(&at, &[&yun.clerk, &yun.town]).await, ["matter.not_found", "matter.not_found"]);
    let done = json!({"outcome": "solved", "reply": "双方握手言和"});
    let done = take(&yun.worker, &ticket, "resolve", done).await;
    assert_eq!(times(&done, "solve")[2], "2026-11-28T01:00:00Z", "what is late is late, agreed on or not");
    yun.county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z09_leaders_supervise_orders_and_key_tasks_until_they_are_done(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let yun = Yuntai::open(backend).await;
    let Yuntai { county, leader, town, worker, resident, .. } = &yun;
    let more = json!({"category": "safety", "affair": "shared", "severity": "large"});
    let ticket = file(resident, "井盖松动，孩子上学要从上面走", &yun.grid, more).await;
    // 平安隐患 stands on the town's desk from the first.
    let filed = town.get(&ticket).await.expect(200);
    assert_eq!(
        (filed.str("desk"), filed.json["rung"]["name"].as_str()),
        (county.place("云兴镇"), Some("镇联席议事会"))
    );
    yun.catch_up().await;
    let _ = take(worker, &ticket, "accept", json!({})).await;
    for (caller, code) in [(worker, "permission.role"), (&yun.clerk, "permission.role")] {
        act(caller, &ticket, "supervise", reason()).await.refused(403, code);
    }
    act(&yun.stranger, &ticket, "supervise", reason()).await.refused(403, "permission.role");
    let why = json!({"reason": "包抓小区反映三次了，今天办结报我"});
    let watched = take(leader, &ticket, "supervise", why).await;
    assert_eq!(watched.str("supervised_at"), "2026-11-21T01:00:00Z");
    assert!(was_told(county, worker, "supervised").await && !was_told(county, resident, "supervised").await);
    assert_eq!(count(leader, "/tickets?supervised=true").await, 1);
    // That it is supervised the resident may know; why is among staff.
    let seen = entry(resident, &ticket, "supervised").await;
    assert_eq!((&seen["label"], &seen["text"]), (&json!("领导督办"), &Value::Null));
    let _ = take(worker, &ticket, "arrive", there()).await;
    let _ = take(worker, &ticket, "resolve", json!({"outcome": "solved", "reply": "换了新井盖"})).await;
    assert!(was_told(county, leader, "supervised_resolved").await);
    assert_eq!(count(leader, "/tickets?supervised=true").await, 1, "until it is rated");
    let _ = take(resident, &ticket, "rate", json!({"satisfaction": "satisfied"})).await;
    assert_eq!(count(leader, "/tickets?supervised=true").await, 0);
    // A key task of the community that a leader looks after reports every week until it is struck off.
    let housing = county.unit("县住房和城乡建设管理局", "department").await;
    let handler = county.app.of_unit("department_handler", housing).await;
    let mut task = json!({"place": county.place("云和园社区"), "goal": "年底前完成云泰园小区雨污分流"});
    task["leader"] = json!(county.app.id_of(leader).await);
    task["unit"] = json!(housing);
    task["due_at"] = json!("2026-12-31T10:00:00Z");
    task["every_days"] = json!(7);
    worker.post("/key-tasks", task.clone()).await.refused(403, "permission.role");
    let set = leader.post("/key-tasks", task).await.expect(201);
    let at = format!("/key-tasks/{}", set.str("id"));
    assert_eq!(
        seen_by(&at, &[&handler, &yun.clerk, town, &yun.stranger]).await,
        ["200", "200", "200", "matter.not_found"]
    );
    county.app.pass(7 * DAY);
    yun.catch_up().await;
    assert_eq!(leader.get(&at).await.expect(200).json["missed"], 1);
    assert!(was_told(county, leader, "matter_overdue").await);
    let report = json!({"text": "主管道已开挖", "percent": 60});
    yun.clerk.post(&format!("{at}/report"), report.clone()).await.refused(403, "matter.beyond_scope");
    let _ = handler.post(&format!("{at}/report"), report).await.expect(200);
    let end = json!({"status": "done", "text": "现场验收"});
    handler.post(&format!("{at}/end"), end.clone()).await.refused(403, "matter.beyond_scope");
    assert_eq!(leader.post(&format!("{at}/end"), end).await.expect(200).str("status_name"), "已销号");
    yun.county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn what_the_community_cannot_solve_goes_up_to_town_and_county(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let yun = Yuntai::open(backend).await;
    let Yuntai { county, clerk, town, admin, resident, .. } = &yun;
    let more = json!({"category": "facilities", "severity": "complex"});
    let ticket = file(resident, "整片小区冬天供热不够", &yun.grid, more).await;
    let filed = clerk.get(&ticket).await.expect(200);
    assert_eq!(
        (filed.str("severity_name"), filed.json["rung"]["name"].as_str()),
        ("特殊复杂事", Some("居民议事会"))
    );
    assert_eq!(times(&filed, "plan")[0], "2026-11-24T01:00:00Z");
    let up = |text: &str| json!({"reason": text});
    let _ = take(clerk, &ticket, "escalate", up("涉及三个小区")).await;
    clerk
        .post(&format!("{ticket}/decide"), json!({"text": "自己办", "back": true}))
        .await
        .refused(403, "permission.reach");
    let county_up = take(town, &ticket, "escalate", up("热源在县里")).await;
    assert_eq!(
        (county_up.str("desk"), county_up.json["rung"]["name"].as_str()),
        ("140226", Some("县级领导协调机制会议"))
    );
    town.post(&format!("{ticket}/decide"), json!({"text": "镇里办", "back": true}))
        .await
        .refused(403, "permission.reach");
    let back = take(admin, &ticket, "decide", json!({"text": "能源局增开一台锅炉", "back": true})).await;
    assert_eq!(back.json["escalated_at"], Value::Null);
    let told = labels(resident, &ticket).await;
    assert_eq!(told, ["群众网上点单", "逐级上调", "逐级上调", "会商定案"]);
    assert_eq!(entry(resident, &ticket, "decided").await["text"], Value::Null);
    assert_eq!(entry(clerk, &ticket, "decided").await["text"], "能源局增开一台锅炉");
    assert_eq!(steps(resident, &ticket).await.1, "发现 会商");
    assert!(was_told(county, clerk, "decided").await);
    yun.county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn curtains_are_looked_at_every_day_and_leaders_come_every_quarter(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let yun = Yuntai::open(backend).await;
    let Yuntai { county, worker, leader, clerk, admin, .. } = &yun;
    let leads = county.app.id_of(leader).await;
    let tie = json!({"kind": "linked", "person": leads, "place": county.place("云和园社区")});
    let _ = admin.post("/ties", tie).await.expect(201);
    yun.catch_up().await;
    let owed = async |caller: &Caller, key: &str| {
        let list = caller.get(&format!("/duties?mine=true&key={key}")).await.expect(200);
        assert_eq!(list.items().len(), 1, "{key}: {}", list.text);
        list.items()[0].clone()
    };
    // 窗帘行动: the micro-grid, every day.
    let curtain = owed(worker, "curtain").await;
    assert_eq!(
        (&curtain["name"], &curtain["period"], &curtain["place"]["name"]),
        (&json!("窗帘行动"), &json!("2026-11-21"), &json!("云泰园一号微网格"))
    );
    let record = |duty: &Value| format!("/duties/{}/record", duty["id"].as_str().unwrap());
    yun.stranger.post(&record(&curtain), json!({"text": "看过了"})).await.refused(404, "matter.not_found");
    let seen =
        worker.post(&record(&curtain), json!({"text": "五户独居老人的窗帘都拉开了"})).await.expect(200);
    assert_eq!(seen.str("status_name"), "已履职");
    // 民情恳谈会: each estate of the community, every month; 领导包抓: every quarter, with a photo.
    let talk = owed(clerk, "resident_talk").await;
    assert_eq!((&talk["place"]["name"], &talk["period"]), (&json!("云泰园小区"), &json!("2026-11")));
    let visit = owed(leader, "leader_visit").await;
    assert_eq!((&visit["period"], &visit["photos"]), (&json!("2026-Q4"), &json!(1)));
    leader.post(&record(&visit), json!({"text": "调研"})).await.refused_for(422, "matter.range", "/photos");
    let photo = add(leader, county.place("云和园社区"), jpeg()).await.expect(201);
    let said = json!({"text": "调研供热", "photos": [photo.str("id")]});
    assert_eq!(leader.post(&record(&visit), said).await.expect(200).str("status"), "done");
    // The next day nobody looks: it is missed, and the county sees how far it reached.
    county.app.pass(DAY);
    yun.catch_up().await;
    county.app.pass(DAY);
    yun.catch_up().await;
    let missed = worker.get("/duties?mine=true&key=curtain&status=missed").await.expect(200);
    assert_eq!(missed.items().iter().map(|one| one["period"].clone()).collect::<Vec<_>>(), ["2026-11-22"]);
    let places = admin.get("/places?code=140226").await.expect(200);
    let all = format!("/places/{}/duties?key=curtain&period=", places.items()[0]["id"].as_str().unwrap());
    for (day, done, missed) in [("2026-11-21", 1, 0), ("2026-11-22", 0, 1)] {
        let reach = admin.get(&format!("{all}{day}")).await.expect(200);
        assert_eq!(
            (&reach.json["done"], &reach.json["missed"]),
            (&json!(done), &json!(missed)),
            "{}",
            reach.text
        );
    }
    yun.county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z07_four_nets_are_one_and_each_line_has_one_who_answers(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let yun = Yuntai::open(backend).await;
    let Yuntai { county, admin, worker, resident, .. } = &yun;
    let lines = [
        ("party", "党建", "县委组织部"),
        ("security", "综治", "县委政法委员会"),
        ("labour", "人社", "县人力资源和社会保障局"),
        ("city_management", "城管", "县城市管理局"),
    ];
    let other = county.unit("县司法局", "department").await;
    for (line, name, unit) in lines {
        let unit = county.unit(unit, "department").await;
        let answers = |unit| json!({"kind": "responsible", "unit": unit, "place": yun.grid, "line": line});
        let _ = admin.post("/ties", answers(unit)).await.expect(201);
        admin.post("/ties", answers(other)).await.refused(409, "tie.line_taken");
        let tied = admin.get(&format!("/ties?place={}&line={line}", county.code)).await.expect(200);
        assert_eq!((tied.items().len(), &tied.items()[0]["line_name"]), (1, &json!(name)));
    }
    let foreign = json!({"kind": "responsible", "unit": other, "place": yun.grid, "line": "fishing"});
    admin.post("/ties", foreign).await.refused_for(422, "tie.line_unknown", "/line");
    // One place, all who answer for it, up to the county; residents see them too.
    let place = resident.get(&format!("/places?code={}", yun.grid)).await.expect(200);
    assert_eq!(place.items()[0]["level_name"], "微网格");
    let chain = format!("/places/{}/chain", place.items()[0]["id"].as_str().unwrap());
    let chain = resident.get(&chain).await.expect(200);
    let levels: Vec<_> = chain.items().iter().map(|link| link["name"].as_str().unwrap()).collect();
    assert_eq!(levels, ["云泰园一号微网格", "云泰园小区", "云和园社区", "云兴镇", "左云县"]);
    let here = &chain.items()[0];
    assert_eq!(here["ties"].as_array().unwrap().len(), 4, "{}", chain.text);
    assert_eq!(
        (&here["posts"][0]["role_name"], &here["posts"][0]["person"]["id"]),
        (&json!("微网格员"), &json!(county.app.id_of(worker).await))
    );
    yun.county.app.stop().await;
}
