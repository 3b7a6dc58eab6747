//! The story of Longli: 四单, 居民点单、支部派单、全员接单、组织晒单.

use crate::county::County;
use crate::machine::act;
use crate::story::{
    below, labels, listed, rate_of, resident, somebody, step, steps_done, take, tie, told_of_tickets,
};
use crate::ticket::path;
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::HashMap;

const DAY: i64 = 24 * 60;
const MENUS: [(&str, &str); 7] = [
    ("consultation", "政策法规咨询"),
    ("dispute", "矛盾纠纷调解"),
    ("errand", "事务代办"),
    ("environment", "环境卫生整治"),
    ("facilities", "市政设施维护"),
    ("property", "物业与停车管理"),
    ("safety", "治安巡逻与应急"),
];

fn about(content: &str, place: &str) -> Value {
    json!({"content": content, "place": {"code": place}})
}

async fn order(caller: &Caller, content: &str, place: &str) -> String {
    path(&caller.post("/tickets", about(content, place)).await.expect(201))
}

fn answered(reply: &str) -> Value {
    json!({"outcome": "solved", "reply": reply})
}

/// 公家事: a street's lamps, from 居民点单 to 组织晒单.
#[rstest]
#[tokio::test]
async fn longli_order_dispatch_take_show(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let county = County::open(backend, "longli").await;
    let app = &county.app;
    let resident = resident(&county, "居民罗小梅").await;
    let officer = county.staff("community_clerk", "冠山社区").await;
    let next_door = county.staff("community_clerk", "西门社区").await;
    let supervisor = county.staff("supervisor", "龙里县").await;
    let housing = county.unit("县住房城乡建设局", "department").await;
    let handler = app.of_unit("department_handler", housing).await;
    let market = county.unit("县市场监管局", "department").await;
    let stranger = app.of_unit("department_handler", market).await;
    // Institutions answer for a grid of the large grid (包保).
    let large = below(&county, county.place("冠山社区"), "第一大网格").await;
    let grid = below(&county, &large, "龙溪苑小区网格").await;
    let _ = tie(&county, json!({"kind": "responsible", "unit": housing, "place": grid})).await;

    let order = about("老旧小区巷道五盏路灯不亮，车也没有地方停", &grid);
    let ordered = resident.post("/tickets", order).await.expect(201);
    let ticket = path(&ordered);
    assert_eq!((ordered.str("number"), ordered.str("status_name")), ("522730-261121-00001", "待派单"));
    let desk = (ordered.str("desk"), &ordered.json["rung"]["name"]);
    assert_eq!(desk, (county.place("冠山社区"), &json!("社区党支部分析研判会")));
    // Nobody has sorted it: five working days from Monday on.
    let clock = ordered.clock("solve", 1);
    assert_eq!((&clock["due_at"], &clock["working_time"]), (&json!("2026-11-27T10:00:00Z"), &json!(true)));
    app.app.catch_up().await.unwrap();
    assert_eq!(
        (told_of_tickets(&officer).await, told_of_tickets(&next_door).await),
        (vec!["to_dispatch".to_owned()], vec![])
    );
    let sorted = json!({"category": "facilities", "affair": "public", "severity": "large"});
    act(&next_door, &ticket, "grade", sorted.clone()).await.refused(404, "ticket.not_found");
    act(&resident, &ticket, "grade", sorted.clone()).await.refused(403, "permission.role");
    let sorted = take(&officer, &ticket, "grade", sorted).await;
    let names = ["category_name", "affair_name", "severity_name"].map(|name| sorted.str(name).to_owned());
    assert_eq!(names, ["市政设施维护", "公家事", "较大问题"]);

    // 支部派单: the unit that answers for the grid is given it.
    app.app.catch_up().await.unwrap();
    let dispatched = resident.get(&ticket).await.expect(200);
    assert_eq!(
        (dispatched.str("status_name"), &dispatched.json["lead"]["unit"]),
        ("待接单", &json!(housing))
    );
    let seen = step(&officer, &ticket, "dispatched").await;
    assert_eq!(seen["text"], "平台按规程派单：公家事派给包保单位。");
    assert_eq!(step(&resident, &ticket, "dispatched").await["text"], Value::Null);
    // Four working hours from Monday, half past eight.
    assert_eq!(dispatched.clock("accept", 1)["due_at"], "2026-11-23T07:00:00Z");
    stranger.get(&ticket).await.refused(404, "ticket.not_found");
    app.app.catch_up().await.unwrap();
    assert_eq!(told_of_tickets(&handler).await, ["assigned"]);

    // 共商“公家事”: nobody takes it before it is talked over.
    app.pass(2 * DAY);
    act(&handler, &ticket, "accept", json!({})).await.refused(409, "ticket.not_discussed");
    act(&stranger, &ticket, "discuss", json!({"conclusion": "好"})).await.refused(404, "ticket.not_found");
    let talked = json!({"units": [market], "conclusion": "住建局换灯，市监局核灯具，周三前完成"});
    let _ = take(&handler, &ticket, "discuss", talked).await;
    let accepted = take(&handler, &ticket, "accept", json!({})).await;
    act(&officer, &ticket, "resolve", answered("好了")).await.refused(403, "permission.reach");
    let clock = accepted.clock("accept", 1);
    assert_eq!((&clock["state"], &clock["met_at"]), (&json!("met"), &json!("2026-11-23T01:00:00Z")));
    assert_eq!(accepted.str("status_name"), "办理中");
    let promise = json!({"text": "周三下班前五盏全部换好", "due_at": "2026-11-25T10:00:00Z"});
    let _ = take(&handler, &ticket, "promise", promise).await;
    app.pass(DAY);
    let _ = take(&supervisor, &ticket, "supervise", json!({"reason": "巷道夜里有老人摔倒"})).await;
    app.pass(DAY);
    act(&resident, &ticket, "rate", json!({"satisfaction": "satisfied"}))
        .await
        .refused(409, "ticket.not_resolved");
    // 件件有回音.
    let resolve = json!({"outcome": "solved"});
    act(&handler, &ticket, "resolve", resolve).await.refused_for(400, "request.missing_field", "/reply");
    let resolved = take(&handler, &ticket, "resolve", answered("五盏已换，另划车位十二个")).await;
    assert_eq!(resolved.str("status_name"), "待评议");
    for kind in ["promise", "solve"] {
        assert_eq!(resolved.clock(kind, 1)["state"], "met", "{kind}");
    }
    app.pass(60);
    let judged = json!({"satisfaction": "satisfied", "stars": 5});
    act(&next_door, &ticket, "rate", judged.clone()).await.refused(404, "ticket.not_found");
    let closed = take(&resident, &ticket, "rate", judged).await;
    assert_eq!(closed.str("status_name"), "已晒单");

    // The county's own words and steps; what is among staff stays there.
    let public = [
        "居民点单",
        "三事分流",
        "支部派单",
        "共商对策",
        "接单",
        "明确办结时限",
        "督查",
        "反馈办理结果",
        "群众评议",
        "组织晒单",
    ];
    let seen = labels(&supervisor, &ticket).await;
    for label in public {
        assert!(seen.iter().any(|seen| seen == label), "{label}: {seen:?}");
    }
    let timeline = resident.get(&format!("{ticket}/timeline?limit=100")).await.expect(200);
    for secret in ["市监局核灯具", "有老人摔倒"] {
        assert!(!timeline.text.contains(secret), "{}", timeline.text);
    }
    assert!(timeline.text.contains("五盏全部换好") && timeline.text.contains("另划车位十二个"));
    for caller in [&resident, &supervisor] {
        assert_eq!(steps_done(caller, &ticket).await, ["居民点单", "支部派单", "全员接单", "组织晒单"]);
    }
    app.app.catch_up().await.unwrap();
    assert_eq!(told_of_tickets(&resident).await, ["dispatched", "accepted", "promised", "resolved"]);
    assert_eq!(told_of_tickets(&handler).await, ["assigned", "supervised", "rated"]);
    assert_eq!(told_of_tickets(&supervisor).await, ["supervised_resolved"]);
    assert_eq!(told_of_tickets(&next_door).await, [""; 0]);
    let figures = supervisor.get(&format!("/figures?place={}", county.place("冠山社区"))).await.expect(200);
    for (key, name) in
        [("echo", "回音率"), ("response", "按时接单率"), ("resolution", "解决率"), ("satisfaction", "满意率")]
    {
        assert_eq!(rate_of(&figures, key), (name.to_owned(), json!(1.0)), "{}", figures.text);
    }
    county.app.stop().await;
}

/// Seven menus in three affairs; each affair is taken by those whom the playbook names, and refused to all others.
#[rstest]
#[tokio::test]
async fn l04_longli_sorts_by_seven_menus_and_three_affairs(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::open(backend, "longli").await;
    let app = &county.app;
    let resident = resident(&county, "居民陈光荣").await;
    let here = county.place("西门社区");
    let officer = county.staff("community_clerk", "西门社区").await;
    let next_door = county.staff("community_clerk", "冠山社区").await;
    let supervisor = county.staff("supervisor", "龙里县").await;
    // 及时统计汇总、分类梳理: what waits to be sorted is a list that gets shorter.
    let mut waiting = Vec::new();
    for (_, name) in MENUS {
        waiting.push(order(&resident, &format!("请帮忙：{name}"), here).await);
    }
    let of = format!("place={here}&sorted=false");
    assert_eq!(listed(&officer, &of).await.len(), 7);
    assert!(listed(&next_door, "sorted=false").await.is_empty());
    let affairs = ["shared", "private", "private", "shared", "public", "shared", "public"];
    for (i, (menu, name)) in MENUS.into_iter().enumerate() {
        let sorted = json!({"category": menu, "affair": affairs[i]});
        act(&next_door, &waiting[i], "grade", sorted.clone()).await.refused(404, "ticket.not_found");
        act(&supervisor, &waiting[i], "grade", sorted.clone()).await.refused(403, "permission.role");
        let sorted = take(&officer, &waiting[i], "grade", sorted).await;
        assert_eq!(sorted.str("category_name"), name);
        assert_eq!(listed(&officer, &of).await.len(), 6 - i);
        let seen = step(&officer, &waiting[i], "graded").await;
        assert_eq!((&seen["label"], &seen["actor"]), (&json!("三事分流"), &json!(app.id_of(&officer).await)));
    }
    let eighth = json!({"category": "eighth", "affair": "shared"});
    act(&officer, &waiting[0], "grade", eighth).await.refused_for(
        422,
        "ticket.category_unknown",
        "/category",
    );
    let me = officer.get("/me").await.expect(200);
    let menu: Vec<_> = MENUS.iter().map(|(_, name)| json!(name)).collect();
    assert!(menu.iter().all(|name| me.text.contains(name.as_str().unwrap())), "{}", me.text);
    // A question of the law has one working day, whoever takes it; others go by their affair.
    for (menu, due) in [
        (0, "2026-11-23T10:00:00Z"),
        (1, "2026-11-23T01:00:00Z"),
        (3, "2026-11-24T01:00:00Z"),
        (4, "2026-11-27T10:00:00Z"),
    ] {
        assert_eq!(officer.get(&waiting[menu]).await.clock("solve", 1)["due_at"], due, "{:?}", MENUS[menu]);
    }
    // What is urgent goes to the street at once.
    let street = county.staff("street_dispatcher", "冠山街道").await;
    assert_eq!(street.get(&waiting[6]).await.expect(200).str("desk"), county.place("冠山街道"));
    assert_eq!(street.get(&waiting[5]).await.expect(200).str("desk"), here);

    // Who takes what: everybody tries each affair, and the neighbours too.
    let roles = ["volunteer", "party_member", "grid_worker", "grid_leader"];
    let may: [(&str, &str, &[&str]); 3] = [
        ("public", "公家事", &[]),
        ("shared", "大家事", &["party_member", "grid_worker", "grid_leader"]),
        ("private", "自家事", &roles),
    ];
    let (mut people, mut neighbours) = (HashMap::new(), HashMap::new());
    for role in roles {
        people.insert(role, somebody(&county, role, "西门社区", &format!("西门{role}")).await);
        neighbours.insert(role, somebody(&county, role, "冠山社区", &format!("冠山{role}")).await);
    }
    for (affair, name, takers) in may {
        for role in roles {
            let ticket = order(&resident, "楼道里的事", here).await;
            let sorted = take(&officer, &ticket, "grade", json!({"affair": affair})).await;
            assert_eq!(
                (sorted.str("affair_name"), &sorted.json["claimable"]),
                (name, &json!(!takers.is_empty()))
            );
            let theirs = &neighbours[role];
            act(theirs, &ticket, "claim", json!({})).await.refused(404, "ticket.not_found");
            for nobody in [&officer, &supervisor] {
                act(nobody, &ticket, "claim", json!({})).await.refused(403, "permission.role");
            }
            let ours = &people[role];
            let open = listed(ours, "claimable=true").await.contains(&ticket);
            let claim = act(ours, &ticket, "claim", json!({})).await;
            assert_eq!(open, takers.contains(&role), "{affair} {role}");
            if open {
                let claimed = claim.expect(200);
                assert_eq!(
                    (claimed.str("status_name"), claimed.str("handler")),
                    ("办理中", &*app.id_of(ours).await)
                );
                assert_eq!(step(&resident, &ticket, "claimed").await["label"], "认领岗位接单");
                continue;
            }
            // Grid workers see all of their community; members and volunteers see what they may take.
            match role {
                "grid_worker" | "grid_leader" => claim.refused(409, "ticket.not_claimable"),
                _ => claim.refused(404, "ticket.not_found"),
            }
        }
    }

    // 公家事 is its unit's alone, once it was talked over.
    let law = county.unit("县综合行政执法局", "department").await;
    let handler = app.of_unit("department_handler", law).await;
    let _ = take(&officer, &waiting[4], "dispatch", json!({"lead": {"unit": law}})).await;
    act(&handler, &waiting[4], "claim", json!({})).await.refused(403, "permission.role");
    act(&handler, &waiting[4], "accept", json!({})).await.refused(409, "ticket.not_discussed");
    let _ = take(&officer, &waiting[4], "discuss", json!({"conclusion": "由执法局清理，社区劝导"})).await;
    assert_eq!(take(&handler, &waiting[4], "accept", json!({})).await.str("affair_name"), "公家事");
    county.app.stop().await;
}

/// 街乡吹哨、部门报到: and what community and street think of who came.
#[rstest]
#[tokio::test]
async fn longli_the_street_whistles_and_departments_report_in(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::open(backend, "longli").await;
    let app = &county.app;
    let resident = resident(&county, "居民熊德明").await;
    let officer = county.staff("community_clerk", "大冲社区").await;
    let street = county.staff("street_dispatcher", "冠山街道").await;
    let elsewhere = county.staff("street_dispatcher", "谷脚镇").await;
    let admin = county.staff("county_admin", "龙里县").await;
    let mut units = Vec::new();
    for name in ["县住房城乡建设局", "县市场监管局", "县综合行政执法局"] {
        let id = county.unit(name, "department").await;
        units.push((id, app.of_unit("department_handler", id).await));
    }
    let ids: Vec<_> = units.iter().map(|(id, _)| *id).collect();
    let ticket = order(&resident, "农贸市场外占道经营，油烟进了三楼", county.place("大冲社区")).await;
    let whistle = json!({"units": ids, "reason": "占道、油烟、违建，须三家同时到场"});
    act(&resident, &ticket, "whistle", whistle.clone()).await.refused(403, "permission.role");
    act(&elsewhere, &ticket, "whistle", whistle.clone()).await.refused(404, "ticket.not_found");
    act(&admin, &ticket, "whistle", whistle.clone()).await.refused(409, "ticket.whistle_not_yours");
    let called = take(&street, &ticket, "whistle", whistle).await;
    assert_eq!(called.json["whistles"][2]["due_at"], "2026-11-21T02:00:00Z", "an hour");
    let there = json!({"position": {"lat": 26.4531, "lng": 106.9795, "datum": "gcj02"}});
    app.pass(40);
    let _ = take(&units[0].1, &ticket, "report-in", there.clone()).await;
    app.pass(40);
    let _ = take(&units[1].1, &ticket, "report-in", there).await;
    let opinion = |unit: usize, score: u8| json!({"unit": ids[unit], "score": score, "text": "看到场快慢"});
    for (who, unit, score) in [(&officer, 0, 100), (&street, 0, 80), (&officer, 1, 60), (&street, 2, 0)] {
        let _ = take(who, &ticket, "opinions", opinion(unit, score)).await;
    }
    act(&units[0].1, &ticket, "opinions", opinion(0, 100)).await.refused(403, "permission.role");
    let seen = labels(&officer, &ticket).await;
    for label in ["街乡吹哨", "部门报到", "居民评议实绩"] {
        assert!(seen.iter().any(|seen| seen == label), "{label}: {seen:?}");
    }
    assert!(!labels(&resident, &ticket).await.contains(&"居民评议实绩".to_owned()));
    app.app.catch_up().await.unwrap();
    assert_eq!(told_of_tickets(&units[2].1).await, ["whistled"]);
    // 实绩晾晒: a fifth of the mean, for the unit and for whoever has the county.
    let appraisal =
        async |caller: &Caller, unit: usize| caller.get(&format!("/units/{}/appraisal", ids[unit])).await;
    let of = [
        (0, ["in_time", "late", "missing"], json!(90.0), json!(18.0)),
        (1, ["late", "in_time", "missing"], json!(60.0), json!(12.0)),
        (2, ["missing", "in_time", "late"], json!(0.0), json!(0.0)),
    ];
    for (unit, [one, none, neither], score, contribution) in of {
        let found = appraisal(&admin, unit).await.expect(200);
        let counted = [one, none, neither].map(|state| found.json[state].clone());
        assert_eq!(counted, [json!(1), json!(0), json!(0)], "{}", found.text);
        assert_eq!((&found.json["score"], &found.json["contribution"]), (&score, &contribution));
        assert_eq!(appraisal(&units[unit].1, unit).await.expect(200).json, found.json);
        appraisal(&units[(unit + 1) % 3].1, unit).await.refused(404, "unit.not_found");
    }
    county.app.stop().await;
}
