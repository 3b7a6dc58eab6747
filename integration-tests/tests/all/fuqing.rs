//! The story of Fuqing: 邻聚里, 书记问事、居民议事、民主定事、承诺办事、办毕评事.

use crate::county::County;
use crate::inbox::told;
use crate::machine::act;
use crate::story::{below, labels, listed, resident, seated, somebody, step, steps_done, take, tie};
use crate::ticket::path;
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const FIVE: [&str; 5] = ["书记问事", "居民议事", "民主定事", "承诺办事", "办毕评事"];

fn answered(reply: &str) -> Value {
    json!({"outcome": "solved", "reply": reply})
}

async fn filed(caller: &Caller, place: &str, category: &str, affair: Option<&str>, content: &str) -> Answer {
    let body = json!({"content": content, "place": {"code": place}, "category": category, "affair": affair});
    caller.post("/tickets", body).await.expect(201)
}

/// 音西街道福百社区冠发小区: what is raised at the talking point goes through the five steps, and again when it is not well done.
#[rstest]
#[tokio::test]
async fn f09_fuqing_ask_discuss_decide_do_judge(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::open(backend, "fuqing").await;
    let app = &county.app;
    let grid = below(&county, county.place("福百社区"), "第一网格").await;
    let estate = below(&county, &grid, "冠发小区").await;
    let resident = resident(&county, "居民郑国森").await;
    let secretary = county.staff("community_clerk", "福百社区").await;
    let next_door = county.staff("community_clerk", "京东方社区").await;
    let leader = app.staff("grid_leader", &estate).await;
    let member = somebody(&county, "party_member", "福百社区", "党员老陈").await;
    let ticket = path(&filed(&resident, &estate, "environment", None, "五号楼后面的垃圾桶三天没有清").await);
    assert_eq!(steps_done(&resident, &ticket).await, FIVE[..1]);
    act(&resident, &ticket, "rate", json!({"satisfaction": "satisfied"}))
        .await
        .refused(409, "ticket.not_resolved");
    act(&leader, &ticket, "accept", json!({})).await.refused(409, "ticket.not_dispatched");
    act(&leader, &ticket, "discuss", json!({"conclusion": "好"})).await.refused(403, "permission.role");
    let sorted = json!({"affair": "shared", "severity": "small"});
    act(&next_door, &ticket, "grade", sorted.clone()).await.refused(404, "ticket.not_found");
    let sorted = take(&secretary, &ticket, "grade", sorted).await;
    let names = ["status_name", "affair_name", "severity_name", "category_name"];
    assert_eq!(names.map(|name| sorted.str(name)), ["待议", "小区事", "小事", "环境卫生"]);
    let _ =
        take(&secretary, &ticket, "discuss", json!({"conclusion": "十二户到会，议定换桶、每日两清"})).await;
    assert_eq!(steps_done(&resident, &ticket).await, FIVE[..2]);
    // 线上发布、线下网格领办: the platform gives it to the party member who leads the grid.
    app.app.catch_up().await.unwrap();
    assert_eq!(steps_done(&resident, &ticket).await, FIVE[..3]);
    let dispatched = step(&secretary, &ticket, "dispatched").await;
    assert_eq!((&dispatched["label"], &dispatched["actor"]), (&json!("网格领办"), &Value::Null));
    assert_eq!(dispatched["text"], "平台按规程派单：小区事派给当地党员网格长。");
    app.app.catch_up().await.unwrap();
    assert_eq!(told(&leader).await, ["assigned"]);
    act(&member, &ticket, "claim", json!({})).await.refused(404, "ticket.not_found");
    let accepted = take(&leader, &ticket, "accept", json!({})).await;
    assert_eq!(
        (accepted.str("status_name"), accepted.clock("accept", 1)["due_at"].as_str()),
        ("承诺办理中", Some("2026-11-23T02:00:00Z"))
    );
    assert_eq!(accepted.clock("solve", 1)["due_at"], "2026-11-24T09:30:00Z", "two working days");
    let promise = json!({"text": "周一换桶，周二起每日两清", "due_at": "2026-11-24T09:30:00Z"});
    let _ = take(&leader, &ticket, "promise", promise).await;
    app.pass(2 * 24 * 60);
    let _ = take(&leader, &ticket, "resolve", answered("已换两只新桶")).await;
    assert_eq!(steps_done(&resident, &ticket).await, FIVE[..4]);
    // 办毕评事: badly done is done again, and judged again.
    act(&leader, &ticket, "rate", json!({"satisfaction": "satisfied"}))
        .await
        .refused(403, "permission.reach");
    let again = take(&resident, &ticket, "rate", json!({"satisfaction": "dissatisfied"})).await;
    assert_eq!((again.str("status_name"), &again.json["round"]), ("待领办", &json!(2)));
    let _ = take(&leader, &ticket, "accept", json!({})).await;
    let _ = take(&leader, &ticket, "resolve", answered("两清到位，张贴了清运时间")).await;
    let closed = take(&resident, &ticket, "rate", json!({"satisfaction": "satisfied"})).await;
    assert_eq!((closed.str("status_name"), steps_done(&resident, &ticket).await.len()), ("已办毕", 5));
    let seen = labels(&secretary, &ticket).await;
    for label in [
        "三清梳理",
        "居民议事",
        "网格领办",
        "承诺办事",
        "承诺时限",
        "办毕答复",
        "居民评事",
        "再办再评",
        "闭环办毕",
    ] {
        assert!(seen.iter().any(|seen| seen == label), "{label}: {seen:?}");
    }
    let timeline = resident.get(&format!("{ticket}/timeline?limit=100")).await.expect(200);
    assert!(!timeline.text.contains("十二户到会"), "what staff conclude is theirs: {}", timeline.text);
    next_door.get(&ticket).await.refused(404, "ticket.not_found");
    app.app.catch_up().await.unwrap();
    assert!(told(&next_door).await.is_empty());
    // 积旗 is not Fuqing's.
    assert_eq!(leader.get("/flags/count").await.expect(200).json["held"], 0);
    county.app.stop().await;
}

/// 龙江街道天宝社区: needs are posted online, and somebody of the grid runs the errand.
#[rstest]
#[tokio::test]
async fn f11_fuqing_posted_online_taken_by_the_grid(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::open(backend, "fuqing").await;
    let app = &county.app;
    let here = county.place("天宝社区");
    let resident = resident(&county, "居民林秋月").await;
    let secretary = county.staff("community_clerk", "天宝社区").await;
    let volunteer = somebody(&county, "volunteer", "天宝社区", "志愿者吴佳妮").await;
    let stranger = somebody(&county, "volunteer", "南门社区", "志愿者薛晨").await;
    let errand =
        path(&filed(&resident, here, "errand", Some("private"), "独居，脚扭了，想请人买菜买药").await);
    app.app.catch_up().await.unwrap();
    let given = resident.get(&errand).await.expect(200);
    assert_eq!((given.str("status_name"), given.str("category_name")), ("待领办", "跑腿代办"));
    assert_eq!(given.json["lead"]["person"], json!(app.id_of(&volunteer).await));
    stranger.get(&errand).await.refused(404, "ticket.not_found");
    let accepted = take(&volunteer, &errand, "accept", json!({})).await;
    // At the door within the hour, done the same day, whatever day it is.
    assert_eq!(accepted.clock("arrive", 1)["due_at"], "2026-11-21T02:00:00Z");
    assert_eq!(accepted.clock("solve", 1)["due_at"], "2026-11-21T13:00:00Z");
    app.pass(50);
    let there = json!({"position": {"lat": 25.7205, "lng": 119.3842, "datum": "gcj02"}});
    let arrived = take(&volunteer, &errand, "arrive", there).await;
    assert_eq!(arrived.clock("arrive", 1)["state"], "met");
    assert_eq!(step(&resident, &errand, "arrived").await["label"], "上门到场");
    let _ = take(&volunteer, &errand, "resolve", answered("菜和药已送到门口")).await;
    let _ = take(&resident, &errand, "rate", json!({"satisfaction": "satisfied"})).await;
    app.app.catch_up().await.unwrap();
    assert_eq!(told(&resident).await, ["dispatched", "accepted", "arrived", "resolved"]);
    assert_eq!(told(&volunteer).await, ["assigned", "rated"]);
    assert!(told(&stranger).await.is_empty());
    // Whoever is about to file the same sees that it is raised already; and nobody's name.
    let neighbour = self::resident(&county, "居民何祥官").await;
    let _ = filed(&resident, here, "environment", None, "楼道堆了旧家具").await;
    let alike = neighbour.get(&format!("/tickets/alike?place={here}&category=environment")).await.expect(200);
    assert_eq!((&alike.json["count"], &alike.items()[0]["category_name"]), (&json!(1), &json!("环境卫生")));
    assert!(!alike.text.contains("旧家具") && !alike.text.contains("林秋月"), "{}", alike.text);
    // What can be done at the counter is read first: on what conditions, with which papers.
    let guides = resident.get("/services?county=350181&q=社保卡").await.expect(200);
    let card = &guides.items()[0];
    assert_eq!((&card["category_name"], &card["papers"]), (&json!("办事咨询预约"), &json!(["身份证"])));
    assert!(card["guide"].as_str().unwrap().contains("社区便民窗口"), "{}", guides.text);
    // Where nobody leads the grid the list is there to take from, for members, and not for volunteers.
    let shared = path(&filed(&resident, here, "activity", Some("shared"), "想借活动室排练伬唱").await);
    app.app.catch_up().await.unwrap();
    let member = somebody(&county, "party_member", "天宝社区", "党员陈颖").await;
    let worker = county.staff("grid_worker", "天宝社区").await;
    for (who, open) in [(&member, true), (&worker, true), (&volunteer, false), (&stranger, false)] {
        assert_eq!(listed(who, "claimable=true").await.contains(&shared), open);
    }
    act(&volunteer, &shared, "claim", json!({})).await.refused(404, "ticket.not_found");
    act(&secretary, &shared, "claim", json!({})).await.refused(403, "permission.role");
    let _ = take(&member, &shared, "claim", json!({})).await;
    assert_eq!(step(&resident, &shared, "claimed").await["label"], "党员领办");
    act(&worker, &shared, "claim", json!({})).await.refused(409, "ticket.already_accepted");
    county.app.stop().await;
}

/// 社区网格周例会 → 街道党建联席会 → 市委疑难问题会商: it goes up with its file, and comes back with a decision.
#[rstest]
#[tokio::test]
async fn f02_fuqing_hard_cases_go_up_three_rungs(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::open(backend, "fuqing").await;
    let app = &county.app;
    let resident = resident(&county, "居民倪小凤").await;
    let secretary = county.staff("community_clerk", "瑞亭社区").await;
    let street = county.staff("street_dispatcher", "龙山街道").await;
    let elsewhere = county.staff("street_dispatcher", "音西街道").await;
    let city = county.staff("county_admin", "福清市").await;
    let body = json!({"content": "三个老小区共用的化粪池满了，谁也不认", "place": {"code": county.place("瑞亭社区")},
        "category": "environment", "severity": "complex"});
    let filed = resident.post("/tickets", body).await.expect(201);
    let ticket = path(&filed);
    // 疑难问题: a list of the project within seven working days, and no limit to solve it.
    assert_eq!(
        (filed.str("severity_name"), &filed.clock("plan", 1)["due_at"]),
        ("疑难问题", &json!("2026-12-01T09:30:00Z"))
    );
    let rungs = |ticket: &Answer| {
        let rung = &ticket.json["rung"];
        (rung["name"].as_str().unwrap().to_owned(), rung["meets"].as_str().unwrap().to_owned())
    };
    let named = |name: &str, meets: &str| (name.to_owned(), meets.to_owned());
    assert_eq!(rungs(&filed), named("社区网格周例会", "week"));
    let decision = |back: bool| json!({"text": "城管局清掏，三个小区按户分摊", "back": back});
    act(&secretary, &ticket, "decide", decision(true)).await.refused(409, "ticket.not_escalated");
    act(&street, &ticket, "decide", decision(true)).await.refused(409, "ticket.not_escalated");
    let up = take(&secretary, &ticket, "escalate", json!({"reason": "三个社区之间"})).await;
    assert_eq!(rungs(&up), named("街道党建联席会", "month"));
    act(&elsewhere, &ticket, "decide", decision(true)).await.refused(404, "ticket.not_found");
    assert_eq!(
        listed(&street, &format!("desk={}&escalated=true", county.place("龙山街道"))).await,
        [ticket.as_str()]
    );
    assert_eq!(step(&street, &ticket, "escalated").await["text"], "三个社区之间", "with its file");
    assert_eq!(step(&resident, &ticket, "escalated").await["text"], Value::Null);
    let top = take(&street, &ticket, "escalate", json!({"reason": "要动市里的管网"})).await;
    assert_eq!(rungs(&top), named("市委疑难问题会商研判", "quarter"));
    act(&street, &ticket, "decide", decision(true)).await.refused(403, "permission.reach");
    act(&city, &ticket, "escalate", json!({"reason": "再上"})).await.refused(409, "ticket.at_the_top");
    let back = take(&city, &ticket, "decide", decision(true)).await;
    assert_eq!((back.str("desk"), rungs(&back)), (county.place("瑞亭社区"), named("社区网格周例会", "week")));
    let decided = step(&secretary, &ticket, "decided").await;
    assert_eq!(
        (&decided["label"], &decided["text"]),
        (&json!("民主定事"), &json!("城管局清掏，三个小区按户分摊"))
    );
    app.app.catch_up().await.unwrap();
    assert!(told(&secretary).await.contains(&"decided".to_owned()));
    assert!(told(&city).await.contains(&"escalated".to_owned()));
    assert!(told(&elsewhere).await.is_empty());
    county.app.stop().await;
}

/// 一小区一策: 石竹街道金辉华府 has 红色物业, the old lanes are the community's, and an estate without a company is its owners'.
#[rstest]
#[tokio::test]
async fn f10_fuqing_each_estate_by_its_own_way(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::open(backend, "fuqing").await;
    let app = &county.app;
    let grid = below(&county, county.place("太城社区"), "第三网格").await;
    let (red, lanes) =
        (below(&county, &grid, "金辉华府小区").await, below(&county, &grid, "老城街巷片").await);
    let own = below(&county, &grid, "无物业小区").await;
    let building = below(&county, &red, "六号楼").await;
    let (company, manager) = seated(&county, "金辉物业公司", "property_company", &red).await;
    let (owners, committee) = seated(&county, "无物业小区业主委员会", "owners_committee", &own).await;
    let (secretary, resident) =
        (county.staff("community_clerk", "太城社区").await, resident(&county, "居民江爱玉").await);
    let next_door = county.staff("community_clerk", "名辉社区").await;
    let set = |caller: &Caller, place: &str, mode: &str, unit: Value| {
        let body =
            json!({"place": place, "mode": mode, "unit": unit, "reason": "小区事、大家议：业主大会表决"});
        let caller = caller.clone();
        async move { caller.put_with("/estates", &[], body).await }
    };
    set(&next_door, &red, "red_property", json!(company)).await.refused(403, "matter.beyond_scope");
    // Neither a grid nor a building is an estate.
    for place in [&grid, &building] {
        set(&secretary, place, "community_run", Value::Null).await.refused_for(422, "matter.place", "/place");
    }
    let made = set(&secretary, &red, "red_property", json!(company)).await.expect(201);
    assert_eq!(made.str("mode_name"), "红色物业");
    let _ = set(&secretary, &lanes, "community_run", Value::Null).await.expect(201);
    let _ = set(&secretary, &own, "self_run", json!(owners)).await.expect(201);
    let person = json!(app.id_of(&secretary).await);
    let expected = [
        (&building, json!({"person": null, "unit": company})),
        (&lanes, json!({"person": person, "unit": null})),
        (&own, json!({"person": null, "unit": owners})),
        (&grid, Value::Null),
    ];
    let mut tickets = Vec::new();
    for (place, lead) in expected {
        let ticket = path(&filed(&resident, place, "property", Some("shared"), "电梯停了，物业费照收").await);
        app.app.catch_up().await.unwrap();
        assert_eq!(secretary.get(&ticket).await.expect(200).json["lead"], lead, "{place}");
        tickets.push(ticket);
    }
    let shown = resident.get(&format!("{}/estate", tickets[0])).await.expect(200);
    assert_eq!((shown.str("mode_name"), &shown.json["unit"]["name"]), ("红色物业", &json!("金辉物业公司")));
    assert_eq!(shown.json["place"]["name"], "金辉华府小区");
    // 协商议事 with the company; its neighbours among the companies see nothing of it.
    committee.get(&tickets[0]).await.refused(404, "ticket.not_found");
    let talk = json!({"units": [company], "conclusion": "支部、物业、业委会三方议定：三日内换曳引机"});
    let _ = take(&secretary, &tickets[0], "discuss", talk).await;
    let _ = take(&manager, &tickets[0], "accept", json!({})).await;
    let _ = take(&manager, &tickets[0], "resolve", answered("曳引机已换，停梯三天的物业费退回")).await;
    let _ = take(&resident, &tickets[0], "rate", json!({"satisfaction": "fairly_satisfied"})).await;
    app.app.catch_up().await.unwrap();
    let city = county.staff("county_admin", "福清市").await;
    let figures = city.get(&format!("/figures?unit={company}")).await.expect(200);
    let counted =
        ["submitted", "resolved", "fairly_satisfied"].map(|name| figures.json["totals"][name].as_i64());
    assert_eq!(counted, [Some(1); 3], "counted for it: {}", figures.text);
    county.app.stop().await;
}

/// 安全隐患: at the spot within half an hour, on the street's desk; and in Fuqing nobody whistles.
#[rstest]
#[tokio::test]
async fn fuqing_danger_within_half_an_hour_and_nobody_whistles(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::open(backend, "fuqing").await;
    let app = &county.app;
    let resident = resident(&county, "居民黄志远").await;
    let street = county.staff("street_dispatcher", "玉屏街道").await;
    let secretary = county.staff("community_clerk", "幸福社区").await;
    let unit = county.unit("市消防救援大队", "department").await;
    let handler = app.of_unit("department_handler", unit).await;
    let danger =
        filed(&resident, county.place("幸福社区"), "safety", Some("public"), "楼下电动车飞线充电冒烟").await;
    let ticket = path(&danger);
    assert_eq!((danger.str("desk"), danger.str("affair_name")), (county.place("玉屏街道"), "公事"));
    assert_eq!(danger.clock("arrive", 1)["due_at"], "2026-11-21T01:30:00Z");
    for who in [&street, &secretary] {
        let whistle = json!({"units": [unit], "reason": "快来"});
        let refused = act(who, &ticket, "whistle", whistle).await;
        refused.refused(409, "ticket.whistle_not_yours");
        assert!(refused.text.contains("可以吹哨的：无人"), "{}", refused.text);
    }
    let _ = take(&street, &ticket, "dispatch", json!({"lead": {"unit": unit}})).await;
    let _ = take(&handler, &ticket, "accept", json!({})).await;
    app.pass(31);
    app.app.catch_up().await.unwrap();
    assert_eq!(resident.get(&ticket).await.expect(200).clock("arrive", 1)["state"], "breached");
    for who in [&handler, &street] {
        assert!(told(who).await.contains(&"breached".to_owned()), "{:?}", told(who).await);
    }
    assert!(labels(&resident, &ticket).await.contains(&"超时".to_owned()));
    county.app.stop().await;
}

/// 龙山街道融东社区安定里巷道“白改黑”: veterans of the party take the lane on as a team, twenty working days.
#[rstest]
#[tokio::test]
async fn fuqing_veterans_take_on_the_lane_as_a_team(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::open(backend, "fuqing").await;
    let app = &county.app;
    let lane = below(&county, county.place("融东社区"), "安定里网格").await;
    let resident = resident(&county, "居民陈依妹").await;
    let veteran = somebody(&county, "party_member", "融东社区", "退伍老兵林祖光").await;
    let comrade = somebody(&county, "volunteer", "融东社区", "退伍老兵老何").await;
    let team = county.unit("安定里退伍老兵志愿队", "member_team").await;
    for one in [&veteran, &comrade] {
        let _ = tie(&county, json!({"kind": "member", "person": app.id_of(one).await, "of": team})).await;
    }
    let ticket =
        filed(&resident, &lane, "renovation", Some("shared"), "安定里巷道坑洼，请改成柏油并有人监督").await;
    assert_eq!(ticket.clock("solve", 1)["due_at"], "2026-12-18T09:30:00Z");
    let ticket = path(&ticket);
    app.app.catch_up().await.unwrap();
    let led = take(&veteran, &ticket, "claim", json!({"team": team})).await;
    assert_eq!(
        (led.str("handler"), &led.json["assist"][0]["unit"]),
        (&*app.id_of(&veteran).await, &json!(team))
    );
    let three = "目标：全巷沥青；时间：十二月十日前；验收：居民代表签字";
    let planned = take(&veteran, &ticket, "plan", json!({"text": three})).await;
    assert_eq!(planned.json["plan"]["text"], three);
    assert_eq!(step(&resident, &ticket, "planned").await["label"], "项目清单");
    let _ = take(&comrade, &ticket, "note", json!({"reason": "今日轮到我巡查"})).await;
    act(&comrade, &ticket, "resolve", answered("好了")).await.refused(403, "permission.reach");
    let _ = take(&veteran, &ticket, "reply", json!({"text": "已铺一半，夜里请绕行"})).await;
    app.pass(14 * 24 * 60);
    let _ = take(&veteran, &ticket, "resolve", answered("全巷已铺完，居民代表签字验收")).await;
    let closed = take(&resident, &ticket, "rate", json!({"satisfaction": "satisfied", "stars": 5})).await;
    assert_eq!((closed.str("status_name"), &closed.clock("solve", 1)["state"]), ("已办毕", &json!("met")));
    app.app.catch_up().await.unwrap();
    assert_eq!(told(&comrade).await, ["assist_asked"]);
    assert_eq!(told(&resident).await, ["accepted", "planned", "replied", "resolved"]);
    county.app.stop().await;
}
