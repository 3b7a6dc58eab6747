//! The story of Longli goes on: where its orders come from, who goes to ask for them, and who takes them together.

use crate::county::County;
use crate::inbox::told;
use crate::machine::act;
use crate::story::{labels, listed, resident, somebody, step, take, tie, told_of};
use crate::ticket::path;
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const DAY: i64 = 24 * 60;

fn answered(reply: &str) -> Value {
    json!({"outcome": "solved", "reply": reply})
}

/// 群众会、居民代表大会、入户问需、征集日、意见箱、微信群: each with where it came from, on the ledger, in the plan.
#[rstest]
#[tokio::test]
async fn l01_longli_orders_come_from_meetings_doors_and_boxes(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::open(backend, "longli").await;
    let app = &county.app;
    let here = county.place("龙坪社区");
    let officer = county.staff("community_clerk", "龙坪社区").await;
    let next_door = county.staff("community_clerk", "城南社区").await;
    let channels = [
        ("mass_meeting", "龙坪社区城市基层治理群众会", "院坝积水，雨天老人出不了门"),
        ("delegates_meeting", "龙坪社区居民代表大会", "停车难，消防通道被占"),
        ("home_visit", "入户问需", "独居老人家水管漏水"),
        ("collection_day", "主题党日征集日", "老旧小区环境卫生差"),
        ("suggestion_box", "三号意见箱", "希望装电动车充电桩"),
        ("chat", "龙坪一网格微信群", "楼道灯坏了"),
    ];
    let mut tickets = Vec::new();
    for (channel, title, content) in channels {
        let body = json!({"content": content, "place": {"code": here}, "channel": channel,
            "origin": {"title": title, "held_on": "2026-11-20"}, "occurred_at": "2026-11-20T11:00:00Z"});
        let filed = officer.post("/tickets", body).await.expect(201);
        assert_eq!((filed.str("channel"), &filed.json["origin"]["title"]), (channel, &json!(title)));
        let own = path(&filed);
        assert_eq!(listed(&officer, &format!("channel={channel}")).await, [own.as_str()]);
        assert!(listed(&next_door, &format!("channel={channel}")).await.is_empty());
        // Whoever takes it down answers first.
        assert_eq!(filed.json["first_asked"]["person"], json!(app.id_of(&officer).await));
        tickets.push(own);
        app.pass(1);
    }
    assert_eq!(step(&officer, &tickets[0], "first_asked").await["label"], "首接");
    // 现场答复，并明确办结时限: it stays open until it is done.
    let on_the_spot = json!({"text": "明天中午前疏通院坝排水沟", "due_at": "2026-11-22T04:00:00Z"});
    act(&next_door, &tickets[0], "promise", on_the_spot.clone()).await.refused(404, "ticket.not_found");
    let promised = take(&officer, &tickets[0], "promise", on_the_spot).await;
    assert_eq!(
        (promised.str("status_name"), promised.clock("promise", 1)["state"].as_str()),
        ("待派单", Some("running"))
    );
    // 社区党支部分析研判，建立台账，纳入派单计划: what is common, and what is somebody's own.
    let assess = |commonality: &str| json!({"commonality": commonality, "opinion": "三个老旧小区都有，报街道统筹", "planned_for": "2026-11-30"});
    act(&next_door, &tickets[1], "assess", assess("shared")).await.refused(404, "ticket.not_found");
    for (at, commonality) in [(1, "shared"), (3, "shared"), (2, "individual")] {
        let entry = take(&officer, &tickets[at], "assess", assess(commonality)).await;
        assert_eq!(entry.json["ledger"]["planned_for"], "2026-11-30");
    }
    assert_eq!(listed(&officer, "commonality=shared").await.len(), 2);
    assert_eq!(listed(&officer, "commonality=individual").await, [tickets[2].as_str()]);
    assert_eq!(listed(&officer, "ledger=true").await.len(), 3);
    assert_eq!(step(&officer, &tickets[1], "assessed").await["label"], "支部分析研判");
    app.app.catch_up().await.unwrap();
    let figures = officer.get(&format!("/figures?place={here}")).await.expect(200);
    let counted = ["submitted", "common", "individual"].map(|name| figures.json["totals"][name].as_i64());
    assert_eq!(counted, [Some(6), Some(2), Some(1)]);
    // The meeting itself is on record, with how many came and what was raised.
    let raised: Vec<_> = tickets[..2].iter().map(|one| one.trim_start_matches("/tickets/")).collect();
    let held = |key: &str, place: &str| json!({"key": key, "place": place, "text": "听民声", "attendance": 86, "raised": raised});
    let meeting = officer.post("/duties", held("mass_meeting", here)).await.expect(201);
    assert_eq!((meeting.str("name"), &meeting.json["records"][0]["attendance"]), ("群众会", &json!(86)));
    let _ = officer.post("/duties", held("delegates_meeting", here)).await.expect(201);
    let elsewhere = officer.post("/duties", held("mass_meeting", county.place("城南社区"))).await;
    elsewhere.refused_for(403, "duty.not_theirs", "/place");
    // What is promised and not done rings, and the street hears of what the community cannot do.
    app.pass(DAY + 4 * 60);
    app.app.catch_up().await.unwrap();
    let late = officer.get(&tickets[0]).await.expect(200);
    assert_eq!(late.clock("promise", 1)["state"], "breached");
    assert!(labels(&officer, &tickets[0]).await.contains(&"超时".to_owned()));
    county.app.stop().await;
}

/// 社区党支部 → 街道联席会 → 县级联席会: a hard case goes up and comes back with what was decided.
#[rstest]
#[tokio::test]
async fn longli_a_hard_case_goes_up_to_the_joint_meetings(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::open(backend, "longli").await;
    let app = &county.app;
    let resident = resident(&county, "居民骆文英").await;
    let officer = county.staff("community_clerk", "三合社区").await;
    let street = county.staff("street_dispatcher", "冠山街道").await;
    let town = county.staff("street_dispatcher", "谷脚镇").await;
    let admin = county.staff("county_admin", "龙里县").await;
    let body = json!({"content": "污水管网从三个小区中间过，一下雨就冒", "place": {"code": county.place("三合社区")},
        "category": "environment", "severity": "complex"});
    let filed = resident.post("/tickets", body).await.expect(201);
    let ticket = path(&filed);
    assert_eq!(
        (&filed.json["rung"]["name"], filed.str("severity_name")),
        (&json!("社区党支部分析研判会"), "疑难问题")
    );
    // A plan within five working days; no limit to solve it.
    assert_eq!(filed.clock("plan", 1)["due_at"], "2026-11-27T10:00:00Z");
    assert!(filed.json["clocks"].as_array().unwrap().iter().all(|clock| clock["kind"] != "solve"));
    let up = take(&officer, &ticket, "escalate", json!({"reason": "管网在社区之间"})).await;
    assert_eq!((up.str("desk"), &up.json["rung"]["name"]), (county.place("冠山街道"), &json!("街道联席会")));
    let decision = |back: bool| json!({"text": "住建局牵头改管，街道协调开挖", "back": back});
    act(&officer, &ticket, "decide", decision(true)).await.refused(403, "permission.reach");
    act(&town, &ticket, "decide", decision(true)).await.refused(404, "ticket.not_found");
    let top = take(&street, &ticket, "escalate", json!({"reason": "要县里出钱"})).await;
    assert_eq!(
        (&top.json["rung"]["name"], &top.json["rung"]["meets"]),
        (&json!("县级联席会"), &json!("quarter"))
    );
    act(&street, &ticket, "decide", decision(true)).await.refused(403, "permission.reach");
    app.app.catch_up().await.unwrap();
    assert!(told(&admin).await.contains(&"escalated".to_owned()));
    let back = take(&admin, &ticket, "decide", decision(true)).await;
    assert_eq!((back.str("desk"), &back.json["escalated_at"]), (county.place("三合社区"), &Value::Null));
    let decided = step(&officer, &ticket, "decided").await;
    assert_eq!(
        (&decided["label"], &decided["text"]),
        (&json!("联席议定"), &json!("住建局牵头改管，街道协调开挖"))
    );
    assert_eq!(step(&resident, &ticket, "decided").await["text"], Value::Null);
    assert_eq!(step(&resident, &ticket, "escalated").await["label"], "上报街道");
    app.app.catch_up().await.unwrap();
    assert!(told(&officer).await.contains(&"decided".to_owned()));
    county.app.stop().await;
}

/// 8小时外: members take what is shared as a team, residents help with what is private, and flags are counted.
#[rstest]
#[tokio::test]
async fn l07_l09_longli_taken_after_hours_in_a_team_and_one_flag_each(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::open(backend, "longli").await;
    let app = &county.app;
    let here = county.place("奋进社区");
    let resident = resident(&county, "居民汪洋").await;
    let officer = county.staff("community_clerk", "奋进社区").await;
    let member = somebody(&county, "party_member", "奋进社区", "党员邱瑞").await;
    let worker = somebody(&county, "grid_worker", "奋进社区", "网格员潘国英").await;
    let volunteer = somebody(&county, "volunteer", "奋进社区", "志愿者岑小雨").await;
    let team = county.unit("奋进社区志愿服务队", "volunteer_team").await;
    for one in [&member, &worker, &volunteer] {
        let _ = tie(&county, json!({"kind": "member", "person": app.id_of(one).await, "of": team})).await;
    }
    let order = async |content: &str, affair: &str| {
        let body = json!({"content": content, "place": {"code": here}, "affair": affair});
        path(&resident.post("/tickets", body).await.expect(201))
    };
    // Saturday, eight in the evening.
    app.pass(11 * 60);
    let shared = order("单元门口垃圾成堆，想一起扫一次", "shared").await;
    app.pass(60);
    act(&volunteer, &shared, "claim", json!({"team": team})).await.refused(404, "ticket.not_found");
    let taken = take(&member, &shared, "claim", json!({"team": team})).await;
    assert_eq!((taken.str("affair_name"), &taken.json["assist"][0]["unit"]), ("大家事", &json!(team)));
    assert_eq!(taken.clock("solve", 1)["due_at"], "2026-11-24T12:00:00Z", "three days, nights included");
    let _ = take(&volunteer, &shared, "note", json!({"reason": "我带两把铁锹"})).await;
    act(&volunteer, &shared, "resolve", answered("扫完了")).await.refused(403, "permission.reach");
    app.pass(60);
    let _ = take(&member, &shared, "resolve", answered("十一人清走三车垃圾")).await;
    let _ = take(&resident, &shared, "rate", json!({"satisfaction": "satisfied"})).await;
    app.app.catch_up().await.unwrap();
    assert_eq!(told(&resident).await, ["accepted", "resolved"]);
    let flags =
        async |caller: &Caller| caller.get("/flags/count").await.expect(200).json["held"].as_i64().unwrap();
    assert_eq!([flags(&member).await, flags(&volunteer).await, flags(&officer).await], [1, 0, 0]);
    // 自家事: volunteers too, within two days; nobody says they are satisfied, and it closes by itself after a week.
    let private = order("父母年纪大了，赡养的事兄弟谈不拢", "private").await;
    assert_eq!(take(&worker, &private, "claim", json!({})).await.str("affair_name"), "自家事");
    let _ = take(&worker, &private, "return", json!({"reason": "我与其一方沾亲"})).await;
    let own = take(&volunteer, &private, "claim", json!({})).await;
    assert_eq!(own.clock("solve", 1)["due_at"], "2026-11-23T14:00:00Z");
    let _ = take(&volunteer, &private, "resolve", answered("兄弟三人议定按月轮流")).await;
    app.pass(7 * DAY + 1);
    app.app.catch_up().await.unwrap();
    let closed = resident.get(&private).await.expect(200);
    assert_eq!((closed.str("status_name"), flags(&volunteer).await), ("已晒单", 0));
    // What is opened again takes its flag back.
    let again = act(&resident, &shared, "reopen", json!({"reason": "又堆起来了"})).await.expect(200);
    assert_eq!(again.str("status_name"), "待接单");
    app.app.catch_up().await.unwrap();
    assert_eq!(flags(&member).await, 0);
    county.app.stop().await;
}

/// 结合特长、意愿、时间派单; 服务岗位 and 承诺践诺 are for everybody to see.
#[rstest]
#[tokio::test]
async fn l05_l08_longli_whom_a_lamp_fits_and_what_members_promised(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::open(backend, "longli").await;
    let app = &county.app;
    let here = county.place("水桥社区");
    let resident = resident(&county, "居民陆晓军").await;
    let officer = county.staff("community_clerk", "水桥社区").await;
    let next_door = county.staff("community_clerk", "兴龙社区").await;
    let electrician = somebody(&county, "volunteer", "水桥社区", "退休电工老黄").await;
    let _ = electrician.put_with("/me/profile", &[], json!({"skills": ["电工证三级"]})).await.expect(200);
    let lawyer = somebody(&county, "party_member", "水桥社区", "律师党员小莫").await;
    let _ = lawyer
        .put_with("/me/profile", &[], json!({"skills": ["法律"], "wishes": ["政策宣讲"]}))
        .await
        .expect(200);
    let first = async |category: &str| {
        let body = json!({"content": "请派个合适的人", "place": {"code": here}, "category": category});
        let ticket = path(&resident.post("/tickets", body).await.expect(201));
        next_door.get(&format!("{ticket}/candidates")).await.refused(404, "ticket.not_found");
        let found = officer.get(&format!("{ticket}/candidates")).await.expect(200);
        let best = &found.items()[0];
        (best["person"]["name"].as_str().unwrap().to_owned(), best["reasons"][0]["text"].clone())
    };
    assert_eq!(first("facilities").await, ("退休电工老黄".to_owned(), json!("会：电工证三级")));
    for category in ["consultation", "dispute"] {
        assert_eq!(first(category).await, ("律师党员小莫".to_owned(), json!("会：法律")), "{category}");
    }
    let post = json!({"place": here, "name": "法律服务岗", "purpose": "答疑、调解", "services": ["答疑", "调解", "宣讲"]});
    let post = officer.post("/posts", post).await.expect(201);
    let claim = json!({"services": ["答疑", "调解", "宣讲"]});
    let _ = lawyer.post(&format!("/posts/{}/claim", post.str("id")), claim).await.expect(201);
    let seen = resident.get(&format!("/posts?place={here}")).await.expect(200);
    assert_eq!(seen.items()[0]["holders"][0]["member"]["name"], "律师党员小莫");
    let promise = json!({"place": here, "what": "每月两次法律夜校", "due_at": "2026-12-31T10:00:00Z"});
    let promise = lawyer.post("/promises", promise).await.expect(201);
    let keep = format!("/promises/{}/keep", promise.str("id"));
    let _ = lawyer.post(&keep, json!({"evidence": "已办两次，61 人参加"})).await.expect(200);
    let count = resident.get(&format!("/promises/count?place={}", county.code)).await.expect(200);
    assert_eq!((&count.json["stated"], &count.json["kept"]), (&json!(1), &json!(1)));
    app.app.catch_up().await.unwrap();
    assert_eq!(told_of(&officer, "promise").await, ["matter_reported"]);
    assert!(told_of(&next_door, "promise").await.is_empty());
    county.app.stop().await;
}
