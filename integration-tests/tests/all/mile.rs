//! The story of Mile: 53522, three affairs on their ways, the whistle, and lighter communities.

use crate::county::County;
use crate::inbox::told;
use crate::machine::act;
use crate::story::labels;
use crate::ticket::path;
use integration_tests::app::here;
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

/// The people of a community of Mile.
struct Town {
    county: County,
    resident: Caller,
    clerk: Caller,
    worker: Caller,
    next_door: Caller,
}

impl Town {
    async fn open(backend: Backend) -> Self {
        let county = County::open(backend, "mile").await;
        let resident = county.app.resident("居民王芳").await;
        let clerk = county.staff("community_clerk", "温泉社区").await;
        let worker = county.staff("grid_worker", "温泉社区").await;
        let next_door = county.staff("grid_worker", "福地社区").await;
        Self { county, resident, clerk, worker, next_door }
    }

    /// What a resident raises at 温泉社区.
    async fn raised(&self, content: &str, severity: &str) -> (String, Answer) {
        let at = json!({"code": self.county.place("温泉社区")});
        let body = json!({"content": content, "place": at, "severity": severity});
        let filed = self.resident.post("/tickets", body).await.expect(201);
        (path(&filed), filed)
    }

    async fn to_worker(&self, ticket: &str, sorting: Value) -> Answer {
        let mut body = json!({"lead": {"person": self.county.app.id_of(&self.worker).await}});
        body.as_object_mut().unwrap().extend(sorting.as_object().unwrap().clone());
        act(&self.clerk, ticket, "dispatch", body).await.expect(200)
    }

    async fn settle(&self) {
        self.county.app.app.catch_up().await.unwrap();
    }
}

fn done(reply: &str) -> Value {
    json!({"outcome": "solved", "reply": reply})
}

/// 点单、派单、办单、评单: an order from a chat group is on the scene in five minutes and done in thirty.
#[rstest]
#[tokio::test]
async fn m03_m10_mile_closes_the_loop_that_a_chat_began(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let town = Town::open(backend).await;
    let app = &town.county.app;
    let message = json!({"title": "红色微信群", "message": {"group": "温泉社区红色微信群", "id": "260"}});
    let order = json!({"content": "三栋的电梯停了，老人下不来", "place": {"code": town.county.place("温泉社区")},
        "severity": "small", "category": "facilities", "channel": "chat", "origin": message});
    let taken = town.clerk.post("/tickets", order.clone()).await.expect(201);
    let names = [taken.str("status_name"), taken.str("severity_name"), taken.str("category_name")];
    assert_eq!(names, ["待派单", "小问题", "公共设施"]);
    assert_eq!(taken.clock("arrive", 1)["due_at"], "2026-11-21T01:05:00Z");
    assert_eq!(taken.clock("solve", 1)["due_at"], "2026-11-21T01:30:00Z");
    assert_eq!(town.clerk.post("/tickets", order).await.status, 409, "one message, one ticket");
    let ticket = path(&taken);
    // Nobody does what is not theirs, or before its turn.
    let to_me = json!({"lead": {"person": app.id_of(&town.worker).await}});
    act(&town.worker, &ticket, "dispatch", to_me).await.refused(403, "permission.role");
    act(&town.worker, &ticket, "accept", json!({})).await.refused(409, "ticket.not_dispatched");
    app.pass(1);
    assert_eq!(town.to_worker(&ticket, json!({"affair": "shared"})).await.str("affair_name"), "小事");
    let early = act(&town.worker, &ticket, "resolve", done("好了")).await;
    early.refused(409, "ticket.not_accepted");
    assert!(early.text.contains("待接单"), "{}", early.text);
    town.settle().await;
    assert_eq!(told(&town.worker).await, ["assigned"]);
    let _ = act(&town.worker, &ticket, "accept", json!({})).await.expect(200);
    app.pass(3);
    let arrived = act(&town.worker, &ticket, "arrive", here()).await.expect(200);
    assert_eq!((&arrived.clock("arrive", 1)["state"], arrived.str("status_name")), (&json!("met"), "办单中"));
    app.pass(20);
    let solved = act(&town.worker, &ticket, "resolve", done("门机换了，已试运行")).await.expect(200);
    assert_eq!((&solved.clock("solve", 1)["state"], solved.str("status_name")), (&json!("met"), "待评单"));
    act(&town.worker, &ticket, "rate", json!({"satisfaction": "satisfied"}))
        .await
        .refused(403, "permission.reach");
    let rated = act(&town.clerk, &ticket, "rate", json!({"satisfaction": "satisfied", "stars": 5})).await;
    assert_eq!(rated.expect(200).str("status_name"), "已评单");
    let way = ["群众点单", "党组织派单", "接单", "到达现场", "职能部门办单", "群众评单", "闭环结单"];
    assert_eq!(labels(&town.clerk, &ticket).await, way);
    let steps = town.clerk.get(&format!("{ticket}/steps")).await.expect(200);
    let loop_: Vec<_> = steps.items().iter().map(|step| (&step["name"], &step["done"])).collect();
    let names = ["群众点单", "党组织派单", "职能部门办单", "群众评单"].map(|name| json!(name));
    assert_eq!(loop_, names.iter().map(|name| (name, &json!(true))).collect::<Vec<_>>());
    // The community next door and the other residents saw none of it.
    town.next_door.get(&ticket).await.refused(404, "ticket.not_found");
    town.resident.get(&ticket).await.refused(404, "ticket.not_found");
    town.settle().await;
    let figures = format!("/figures?place={}&from=2026-11-21&to=2026-11-21", town.county.code);
    let totals = town.county.staff("supervisor", "弥勒市").await.get(&figures).await.expect(200);
    assert_eq!(
        (&totals.json["totals"]["solved"], &totals.json["totals"]["satisfied"]),
        (&json!(1), &json!(1))
    );
    town.county.app.stop().await;
}

/// Five minutes, thirty minutes, five hours, two days, two days; and what is late goes up by itself.
#[rstest]
#[tokio::test]
async fn m03_mile_counts_53522_and_sends_up_what_is_late(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let town = Town::open(backend).await;
    let app = &town.county.app;
    let street = town.county.staff("street_dispatcher", "弥阳街道").await;
    let (large, filed) = town.raised("主街爆管，路面积水", "large").await;
    assert_eq!(filed.clock("solve", 1)["due_at"], "2026-11-21T06:00:00Z");
    let (complex, filed) = town.raised("老旧小区整片改造", "complex").await;
    assert_eq!(
        (filed.str("severity_name"), &filed.clock("plan", 1)["due_at"]),
        ("特殊复杂问题", &json!("2026-11-23T01:00:00Z"))
    );
    for ticket in [&large, &complex] {
        let _ = town.to_worker(ticket, json!({"affair": "public"})).await;
        let _ = act(&town.worker, ticket, "accept", json!({})).await.expect(200);
        let _ = act(&town.worker, ticket, "arrive", here()).await.expect(200);
    }
    // The large one is late after five hours.
    app.pass(5 * 60 + 1);
    town.settle().await;
    for caller in [&town.clerk, &town.worker] {
        let heard = told(caller).await;
        assert!(heard.contains(&"breached".to_owned()), "{heard:?}");
    }
    // The plan in two days; the answer in two days from then.
    app.pass(19 * 60 - 1);
    let plan = json!({"text": "分三期改造，先改水电", "due": "2026-12-20T01:00:00Z"});
    let planned = act(&town.worker, &complex, "plan", plan).await.expect(200);
    assert_eq!(planned.clock("plan", 1)["state"], "met");
    assert_eq!(planned.clock("answer", 1)["due_at"], "2026-11-24T01:00:00Z");
    app.pass(24 * 60);
    let replied =
        act(&town.worker, &complex, "reply", json!({"text": "下周一入户征求意见"})).await.expect(200);
    assert_eq!(replied.clock("answer", 1)["state"], "met");
    // What was late lies with the street.
    let late = street.get(&large).await.expect(200);
    assert_eq!(
        (&late.clock("solve", 1)["state"], late.str("desk")),
        (&json!("breached"), town.county.place("弥阳街道"))
    );
    assert_eq!(late.json["rung"]["name"], "党建工作联席会议");
    let seen = labels(&town.clerk, &large).await;
    assert_eq!(seen[4..], ["超时", "上报"]);
    let overdue = street.get("/tickets?overdue=true").await.expect(200);
    assert_eq!(overdue.items().len(), 1, "{}", overdue.text);
    town.county.app.stop().await;
}

/// 吹哨报到: the community calls three of the 114, and its opinion is a fifth of how they are appraised.
#[rstest]
#[tokio::test]
async fn m02_m04_mile_blows_the_whistle_and_private_matters_are_referred(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let town = Town::open(backend).await;
    let app = &town.county.app;
    let [police, market, city] =
        ["市公安局", "市市场监督管理局", "市城市管理局"].map(|name| town.county.unit(name, "institution"));
    let (police, market, city) = (police.await, market.await, city.await);
    let (first, second) =
        (app.of_unit("department_handler", police).await, app.of_unit("department_handler", market).await);
    let (stalls, _) = town.raised("夜市占道经营，油烟进屋", "large").await;
    let call = json!({"units": [police, market, city], "reason": "环境卫生整治，须同时到场"});
    act(&town.worker, &stalls, "whistle", call.clone()).await.refused(403, "permission.role");
    town.resident.get(&format!("/units/{police}/appraisal")).await.refused(403, "permission.role");
    let called = act(&town.clerk, &stalls, "whistle", call).await.expect(200);
    assert_eq!(called.json["whistles"][0]["due_at"], "2026-11-21T01:30:00Z");
    app.pass(12);
    let came = act(&first, &stalls, "report-in", here()).await.expect(200);
    assert_eq!(came.json["whistles"][0]["seconds"], 720);
    app.pass(25);
    let late = act(&second, &stalls, "report-in", here()).await.expect(200);
    let state = |one: usize| late.json["whistles"][one]["state"].as_str().unwrap();
    assert_eq!([state(0), state(1), state(2)], ["in_time", "late", "missing"]);
    let of_unit = json!({"lead": {"unit": police}, "affair": "public"});
    let _ = act(&town.clerk, &stalls, "dispatch", of_unit).await.expect(200);
    let _ = act(&first, &stalls, "accept", json!({})).await.expect(200);
    let _ = act(&first, &stalls, "resolve", done("摊位入市")).await.expect(200);
    let opinion = json!({"unit": police, "score": 95, "text": "第一个到"});
    act(&first, &stalls, "opinions", opinion.clone()).await.refused(403, "permission.role");
    let _ = act(&town.clerk, &stalls, "opinions", opinion).await.expect(200);
    town.settle().await;
    let appraised = first.get(&format!("/units/{police}/appraisal")).await.expect(200);
    assert_eq!(appraised.json["weight_percent"], 20, "{}", appraised.text);
    let seen = labels(&town.clerk, &stalls).await;
    for word in ["吹哨", "报到", "社区考核评价"] {
        assert!(seen.contains(&word.to_owned()), "{word}: {seen:?}");
    }
    // 私事: guided to the market, by the words of the county; nobody claims what is everybody's but who may.
    let (private, _) = town.raised("家里的洗衣机不转了", "small").await;
    let graded = act(&town.clerk, &private, "grade", json!({"affair": "private"})).await.expect(200);
    assert_eq!(graded.str("affair_name"), "私事");
    let (member, volunteer) = (
        town.county.staff("party_member", "温泉社区").await,
        town.county.staff("volunteer", "温泉社区").await,
    );
    act(&member, &private, "claim", json!({})).await.refused(404, "ticket.not_found");
    let refer = json!({"to": "market", "text": "东门家电维修铺可上门"});
    let _ = act(&town.clerk, &private, "refer", refer).await.expect(200);
    let _ = act(&volunteer, &private, "claim", json!({})).await.expect(200);
    let _ = act(&volunteer, &private, "resolve", done("陪着找师傅修好了")).await.expect(200);
    let _ = act(&town.resident, &private, "rate", json!({"satisfaction": "satisfied"})).await.expect(200);
    let way = labels(&town.resident, &private).await;
    assert!(way.contains(&"引导自行解决".to_owned()), "{way:?}");
    town.county.app.stop().await;
}

/// 扩能减负: nine bodies, sixty-seven plates, forty-two meetings and fourteen ledgers fewer.
#[rstest]
#[tokio::test]
async fn m05_m06_mile_lightens_its_communities_and_its_leaders_visit_them(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let town = Town::open(backend).await;
    let app = &town.county.app;
    let at = town.county.place("温泉社区").to_owned();
    let fewer = [("body", 9), ("plate", 67), ("meeting", 42), ("ledger", 14)];
    for (kind, count) in fewer {
        for n in 0..=count {
            let burden = json!({"place": at, "kind": kind, "name": format!("第 {n} 项")});
            let entered = town.clerk.post("/burdens", burden).await.expect(201);
            // One of each stays: what the list allows.
            if n < count {
                let reduce = format!("/burdens/{}/reduce", entered.str("id"));
                let _ = town.clerk.post(&reduce, json!({"reason": "清理规范"})).await.expect(200);
            }
        }
    }
    let counted = town.clerk.get(&format!("/burdens/count?place={}", town.county.code)).await.expect(200);
    for (kind, count) in fewer {
        let line = counted.items().iter().find(|line| line["kind"] == kind).unwrap();
        assert_eq!((&line["reduced"], &line["there"]), (&json!(count), &json!(1)), "{kind}");
    }
    // Each leader is linked to a community: two visits a year, a meeting a quarter, planned by the playbook.
    let admin = town.county.staff("county_admin", "弥勒市").await;
    let leader = town.county.staff("supervisor", "温泉社区").await;
    let tie = json!({"kind": "linked", "person": app.id_of(&leader).await, "place": at});
    let _ = admin.post("/ties", tie).await.expect(201);
    town.settle().await;
    let owed = leader.get("/duties?mine=true").await.expect(200);
    let mut names: Vec<_> = owed
        .items()
        .iter()
        .map(|duty| (duty["name"].as_str().unwrap(), duty["times"].as_u64().unwrap()))
        .collect();
    names.sort_unstable();
    assert_eq!(names, [("党建工作联席会议", 1), ("领导调研指导", 2)]);
    let visit = owed.items().iter().find(|duty| duty["key"] == "leader_visit").unwrap();
    let record = format!("/duties/{}/record", visit["id"].as_str().unwrap());
    let text = json!({"text": "调研物业管理，协调门禁改造"});
    town.clerk.post(&record, text.clone()).await.refused(403, "matter.beyond_scope");
    assert_eq!(leader.post(&record, text).await.expect(200).json["done"], 1);
    town.county.app.stop().await;
}

/// What is a limit elsewhere: no arrival for papers at a window, limits that begin with another step, working hours.
#[rstest]
#[tokio::test]
async fn m03_other_counties_count_otherwise(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let zuoyun = County::open(backend, "zuoyun").await;
    let (clerk, worker) = (
        zuoyun.staff("community_clerk", "云兴街社区").await,
        zuoyun.staff("grid_worker", "云兴街社区").await,
    );
    let resident = zuoyun.app.resident("居民郝美丽").await;
    let lead = json!({"lead": {"person": zuoyun.app.id_of(&worker).await}});
    for (category, arrival) in [("subsidy", None), ("environment", Some("2026-11-21T01:40:00Z"))] {
        let body = json!({"content": "老人的补贴", "place": {"code": zuoyun.place("云兴街社区")}, "category": category});
        let ticket = path(&resident.post("/tickets", body).await.expect(201));
        let _ = act(&clerk, &ticket, "dispatch", lead.clone()).await.expect(200);
        if arrival.is_some() {
            zuoyun.app.pass(10);
        }
        let accepted = act(&worker, &ticket, "accept", json!({})).await.expect(200);
        let clocks = accepted.json["clocks"].as_array().unwrap();
        let due = clocks
            .iter()
            .find(|clock| clock["kind"] == "arrive")
            .map(|clock| clock["due_at"].as_str().unwrap());
        assert_eq!(due, arrival, "{category}: {}", accepted.text);
    }
    zuoyun.app.stop().await;
    // On a Saturday morning four working hours end on Monday afternoon.
    let longli = County::open(backend, "longli").await;
    let clerk = longli.staff("community_clerk", "冠山社区").await;
    let unit = longli.unit("县住房城乡建设局", "institution").await;
    let body = json!({"content": "停车难", "place": {"code": longli.place("冠山社区")}});
    let ticket = path(&longli.app.resident("居民罗小梅").await.post("/tickets", body).await.expect(201));
    let public = json!({"lead": {"unit": unit}, "affair": "public"});
    let dispatched = act(&clerk, &ticket, "dispatch", public).await.expect(200);
    let accept = dispatched.clock("accept", 1);
    assert_eq!((&accept["due_at"], &accept["working_time"]), (&json!("2026-11-23T07:00:00Z"), &json!(true)));
    longli.app.stop().await;
}
