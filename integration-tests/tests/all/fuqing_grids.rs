//! The story of Fuqing goes on: its five levels, its talking days, the homes that are visited, and its members' posts.

use crate::county::County;
use crate::photo::{add, jpeg};
use crate::story::{
    below, chain, coverage, owed, rate_of, record, resident, seated, somebody, step, take, tie, told_of,
    told_of_tickets,
};
use crate::ticket::path;
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const DAY: i64 = 24 * 60;

fn spot() -> Value {
    json!({"lat": 25.72, "lng": 119.38, "datum": "wgs84"})
}

/// 街道“大工委”—社区“大党委”—网格党总支—小区党支部—楼栋党小组, tied to their places; a grid that grew too large is split.
#[rstest]
#[tokio::test]
async fn f01_fuqing_five_levels_an_alliance_and_a_grid_that_is_split(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::open(backend, "fuqing").await;
    let app = &county.app;
    let grid = below(&county, county.place("宏兴社区"), "第一网格").await;
    let (north, south) = (below(&county, &grid, "北苑").await, below(&county, &grid, "南苑").await);
    let building = below(&county, &south, "三号楼").await;
    let levels = [
        ("石竹街道大工委", "party_working_committee", county.place("石竹街道")),
        ("宏兴社区大党委", "party_committee", county.place("宏兴社区")),
        ("第一网格党总支", "party_general_branch", grid.as_str()),
        ("南苑小区党支部", "party_branch", south.as_str()),
        ("三号楼党小组", "party_group", building.as_str()),
    ];
    let mut above = None;
    for (name, kind, seat) in levels {
        let (unit, _) = seated(&county, name, kind, seat).await;
        let _ = tie(&county, json!({"kind": "responsible", "unit": unit, "place": seat})).await;
        if let Some(above) = above {
            let _ = tie(&county, json!({"kind": "under", "unit": unit, "of": above})).await;
        }
        above = Some(unit);
    }
    let leader = app.staff("grid_leader", &grid).await;
    let resident = resident(&county, "居民薛金钗").await;
    let seen = chain(&resident, &building).await;
    let words: Vec<_> = seen.iter().map(|(level, _)| level.as_str()).collect();
    assert_eq!(words, ["楼栋", "小区", "网格", "社区", "街道（镇）", "市"]);
    for (at, (name, ..)) in levels.iter().rev().enumerate() {
        assert!(seen[at].1.contains(&(*name).to_owned()), "{name}: {seen:?}");
    }
    // 四方联盟: community, stationed unit, estate branch, property company.
    let alliance = county.unit("宏兴社区党建联盟", "alliance").await;
    for (name, kind) in [
        ("宏兴社区居委会", "community_office"),
        ("石竹中心小学", "institution"),
        ("北苑小区党支部", "party_branch"),
        ("南苑物业公司", "property_company"),
    ] {
        let unit = county.unit(name, kind).await;
        let _ = tie(&county, json!({"kind": "member", "unit": unit, "of": alliance})).await;
    }
    let city = county.staff("county_admin", "福清市").await;
    assert_eq!(city.get(&format!("/ties?unit={alliance}&kind=member")).await.expect(200).items().len(), 4);
    // 动态调整: the southern estate becomes a grid of its own, and what was filed there goes along, as does its history.
    let filed = json!({"content": "楼道灯坏了", "place": {"code": building}});
    let ticket = path(&resident.post("/tickets", filed).await.expect(201));
    let id = |code: &str| {
        let (city, path) = (city.clone(), format!("/places?code={code}"));
        async move { city.get(&path).await.expect(200).items()[0]["id"].as_str().unwrap().to_owned() }
    };
    let this = format!("/places/{}", id(&grid).await);
    let parts = json!({"parts": [{"name": "第二网格", "places": [south]}], "reason": "规模适度：户数过千"});
    leader.post(&format!("{this}/split"), parts.clone()).await.refused(403, "permission.role");
    let _ = city.post(&format!("{this}/split"), parts).await.expect(200);
    app.app.catch_up().await.unwrap();
    let moved = city.get(&ticket).await.expect(200).json["place"]["code"].as_str().unwrap().to_owned();
    assert!(!moved.starts_with(&grid) && moved.starts_with(county.place("宏兴社区")), "{moved}");
    assert_eq!(city.get(&ticket).await.json["place"]["name"], "三号楼");
    let history = city.get(&format!("{this}/history")).await.expect(200);
    assert!(history.text.contains("户数过千"), "{}", history.text);
    // Whoever leads the first grid has the north, and no longer the south.
    leader.get(&ticket).await.refused(404, "ticket.not_found");
    let stays = json!({"content": "院门关不上", "place": {"code": north}});
    let stays = path(&resident.post("/tickets", stays).await.expect(201));
    let _ = leader.get(&stays).await.expect(200);
    county.app.stop().await;
}

/// 说事日 is every Wednesday at each talking point, and the grids meet on Monday: held on the spot, with a photo, or missed.
#[rstest]
#[tokio::test]
async fn f09_fuqing_the_talking_day_and_the_meeting_of_the_grids(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::open(backend, "fuqing").await;
    let app = &county.app;
    let here = county.place("福百社区");
    let grid = below(&county, here, "第一网格").await;
    let estate = below(&county, &grid, "冠发小区").await;
    let secretary = county.staff("community_clerk", "福百社区").await;
    let chair = app.staff("grid_leader", &estate).await;
    let supervisor = county.staff("supervisor", "福清市").await;
    let next_door = county.staff("community_clerk", "京东方社区").await;
    let point =
        json!({"kind": "talking_point", "name": "冠发小区说事点", "place": estate, "position": spot()});
    let point = secretary.post("/points", point).await.expect(201);
    // Monday.
    app.pass(2 * DAY);
    app.app.catch_up().await.unwrap();
    let meeting = owed(&secretary, "grid_meeting").await;
    let meeting = meeting.iter().find(|one| one["period"] == "2026-W48").unwrap();
    assert_eq!((&meeting["name"], &meeting["place"]["code"]), (&json!("网格周例会"), &json!(here)));
    let photo = async |caller: &Caller, place: &str| {
        add(caller, place, jpeg()).await.expect(201).str("id").to_owned()
    };
    let minutes =
        json!({"text": "过了七件，两件报街道", "photos": [photo(&secretary, here).await], "attendance": 9});
    record(&next_door, meeting, minutes.clone()).await.refused(404, "matter.not_found");
    assert_eq!(record(&secretary, meeting, minutes).await.expect(200).str("status_name"), "已履职");
    let day = owed(&chair, "talking_day").await;
    assert_eq!(day.len(), 1, "{day:?}");
    let day = &day[0];
    assert_eq!(
        (&day["name"], &day["point"], &day["from"]),
        (&json!("说事日"), &point.json["id"], &json!("2026-11-24T16:00:00Z"))
    );
    let picture = photo(&chair, &estate).await;
    let held = |lat: f64, photos: Value| {
        json!({"text": "202 户来了 31 户，议定三件", "photos": photos, "attendance": 31,
        "position": {"lat": lat, "lng": 119.38, "datum": "wgs84"}})
    };
    record(&chair, day, held(25.72, json!([picture]))).await.refused_for(422, "matter.time", "/occurred_at");
    app.pass(2 * DAY);
    app.app.catch_up().await.unwrap();
    assert_eq!(told_of(&chair, "duty").await, ["matter_due"]);
    record(&chair, day, held(25.72, json!([]))).await.refused_for(422, "matter.range", "/photos");
    record(&chair, day, held(25.73, json!([picture]))).await.refused_for(422, "duty.too_far", "/position");
    let came = record(&chair, day, held(25.7205, json!([picture]))).await.expect(200);
    assert_eq!((came.str("status"), &came.json["records"][0]["attendance"]), ("done", &json!(31)));
    // Next week nobody held it.
    for days in [5, 3] {
        app.pass(days * DAY);
        app.app.catch_up().await.unwrap();
    }
    for (week, expected) in [("2026-W48", [1, 1, 0, 0]), ("2026-W49", [1, 0, 0, 1])] {
        let seen = coverage(&supervisor, here, &format!("key=talking_day&period={week}")).await;
        assert_eq!(seen, expected.map(Some), "{week}");
    }
    assert_eq!(told_of(&chair, "duty").await[0], "matter_overdue");
    assert!(told_of(&next_door, "duty").await.iter().all(|kind| kind != "matter_done"));
    county.app.stop().await;
}

/// 问平安: twenty households a month for each grid, one after the other.
#[rstest]
#[tokio::test]
async fn fuqing_twenty_households_are_visited_a_month(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::open(backend, "fuqing").await;
    let app = &county.app;
    let here = county.place("天宝社区");
    let (one, two) = (below(&county, here, "一网格").await, below(&county, here, "二网格").await);
    let (worker, other) = (app.staff("grid_worker", &one).await, app.staff("grid_worker", &two).await);
    let secretary = county.staff("community_clerk", "天宝社区").await;
    app.app.catch_up().await.unwrap();
    let round = &owed(&worker, "household_round").await[0];
    assert_eq!(
        (&round["name"], &round["times"], &round["period"]),
        (&json!("问平安走访"), &json!(20), &json!("2026-11"))
    );
    record(&other, round, json!({"text": "走访"})).await.refused(404, "matter.not_found");
    for home in 1..=20 {
        let done =
            record(&worker, round, json!({"text": format!("第 {home} 户，发民情联系卡")})).await.expect(200);
        assert_eq!(done.str("status"), if home < 20 { "planned" } else { "done" });
    }
    record(&worker, round, json!({"text": "再一户"})).await.refused(409, "matter.over");
    app.pass(10 * DAY);
    app.app.catch_up().await.unwrap();
    assert_eq!(
        coverage(&secretary, here, "key=household_round&period=2026-11").await,
        [2, 1, 0, 1].map(Some)
    );
    assert_eq!(told_of(&other, "duty").await[0], "matter_overdue");
    county.app.stop().await;
}

/// 先锋岗, 双报到, 对单接任务: one or two posts of three or four services; residents find whom to ask; units take tasks.
#[rstest]
#[tokio::test]
async fn f04_f06_fuqing_pioneer_posts_and_double_check_in(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::open(backend, "fuqing").await;
    let app = &county.app;
    let here = county.place("融东社区");
    let secretary = county.staff("community_clerk", "融东社区").await;
    let street = county.staff("street_dispatcher", "龙山街道").await;
    let resident = resident(&county, "居民刘东升").await;
    // In service elsewhere: 认门.
    let member = somebody(&county, "party_member", "小桥社区", "在职党员陈颖").await;
    let services = ["修灯换泡", "水管维修", "家电检修", "陪诊", "代购"];
    let mut posts = Vec::new();
    for name in ["便民维修岗", "助老服务岗", "治安巡逻岗"] {
        let post = json!({"place": here, "name": name, "purpose": "邻里互帮", "services": services});
        posts.push(format!("/posts/{}/claim", secretary.post("/posts", post).await.expect(201).str("id")));
    }
    let promising = |count: usize| json!({"services": services[..count]});
    member.post(&posts[0], promising(3)).await.refused(403, "matter.beyond_scope");
    let _ = member.post("/me/check-ins", json!({"place": here})).await.expect(201);
    for wrong in [2, 5] {
        member.post(&posts[0], promising(wrong)).await.refused_for(422, "matter.range", "/services");
    }
    let held = member.post(&posts[0], promising(3)).await.expect(201);
    let _ = member.post(&posts[1], promising(4)).await.expect(201);
    member.post(&posts[2], promising(3)).await.refused(409, "post.too_many");
    resident.post(&posts[2], promising(3)).await.refused(403, "permission.role");
    // 按图索骥: found by their post, and asked.
    let shown = resident.get(&format!("/posts?place={here}")).await.expect(200);
    let of_lamps = shown.items().iter().find(|post| post["name"] == "便民维修岗").unwrap();
    assert_eq!(of_lamps["holders"][0]["member"]["name"], "在职党员陈颖");
    let ask = json!({"content": "厨房灯不亮", "place": {"code": here}, "ask": held.str("id")});
    let asked = resident.post("/tickets", ask).await.expect(201);
    assert_eq!(
        (asked.str("status_name"), &asked.json["lead"]["person"]),
        ("待领办", &json!(app.id_of(&member).await))
    );
    // 践诺 and 纪实.
    let promise = json!({"place": here, "what": "每月检修一次公共照明", "due_at": "2026-12-31T10:00:00Z"});
    let promise = member.post("/promises", promise).await.expect(201);
    let deed = json!({"kind": "service", "person": app.id_of(&member).await, "place": here, "on": "2026-11-21",
        "account": "检修照明 14 处", "served": 60});
    let deed = member.post("/deeds", deed).await.expect(201);
    let keep = json!({"evidence": "检修照明 14 处", "deed": deed.str("id")});
    let kept = member.post(&format!("/promises/{}/keep", promise.str("id")), keep).await.expect(200);
    assert_eq!(kept.str("status_name"), "已践诺");
    // 按岗位提需求、对单接任务.
    let need = json!({"place": county.place("龙山街道"), "what": "疫苗接种引导", "people": 6, "due_at": "2026-12-01T10:00:00Z"});
    let need = street.post("/post-needs", need).await.expect(201);
    let unit = county.unit("市教育局", "department").await;
    let handler = app.of_unit("department_handler", unit).await;
    let take = format!("/post-needs/{}/take", need.str("id"));
    street.post(&take, json!({"unit": unit})).await.refused(403, "permission.role");
    assert_eq!(handler.post(&take, json!({"unit": unit})).await.expect(200).json["unit"]["name"], "市教育局");
    county.app.stop().await;
}

/// “15分钟党群服务圈”: four ways of service and what is open now, found from where somebody stands.
#[rstest]
#[tokio::test]
async fn f05_fuqing_services_within_fifteen_minutes(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::open(backend, "fuqing").await;
    let secretary = county.staff("community_clerk", "天宝社区").await;
    let resident = resident(&county, "居民林晓倩").await;
    let all_ways =
        json!([{"name": "代缴水电费", "modes": ["order", "booking", "home", "errand"], "price": "free"}]);
    let cut =
        json!([{"name": "上门理发", "modes": ["home"], "price": "part_paid", "amount": 1000, "per": "次"}]);
    for (kind, name, lat, services) in [
        ("service_point", "天宝社区党群服务站", 25.723, all_ways),
        ("shop", "天宝理发店", 25.718, cut),
        ("shop", "宏路五金店", 25.80, json!([])),
    ] {
        let body = json!({"kind": kind, "name": name, "place": county.place("天宝社区"), "services": services,
            "position": {"lat": lat, "lng": 119.38, "datum": "wgs84"}, "activities": "每周三：说事日",
            "conveniences": "饮水、充电", "hours": [{"weekday": 6, "from": "08:00", "to": "12:00"}]});
        let _ = secretary.post("/points", body).await.expect(201);
    }
    let near = async |query: &str| {
        let found =
            resident.get(&format!("/points/near?lat=25.72&lng=119.38&datum=wgs84{query}")).await.expect(200);
        found.items().iter().map(|point| point["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(near("").await, ["天宝理发店", "天宝社区党群服务站"]);
    for mode in ["order", "booking", "errand"] {
        assert_eq!(near(&format!("&mode={mode}")).await, ["天宝社区党群服务站"], "{mode}");
    }
    assert_eq!(near("&mode=home").await.len(), 2);
    assert_eq!(near("&price=part_paid").await, ["天宝理发店"]);
    assert!(near("&open_at=2026-11-22T01:00:00Z").await.is_empty());
    county.app.stop().await;
}

/// 预约办事: nobody waits at the counter for a card.
#[rstest]
#[tokio::test]
async fn f11_fuqing_books_a_time_at_the_counter(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::open(backend, "fuqing").await;
    let secretary = county.staff("community_clerk", "天宝社区").await;
    let (resident, neighbour) =
        (resident(&county, "居民林晓倩").await, resident(&county, "居民何祥官").await);
    let counter = json!({"kind": "service_point", "name": "天宝社区便民窗口", "place": county.place("天宝社区"),
        "position": {"lat": 25.723, "lng": 119.38, "datum": "wgs84"},
        "services": [{"name": "社保卡补领", "modes": ["booking"], "price": "free"}],
        "hours": [{"weekday": 1, "from": "08:30", "to": "12:00"}], "slots": {"minutes": 15, "seats": 1}});
    let counter = secretary.post("/points", counter).await.expect(201);
    let slots = format!("/points/{}/slots?day=2026-11-23", counter.str("id"));
    let day = resident.get(&slots).await.expect(200);
    assert_eq!((day.items().len(), &day.items()[0]["begins_at"]), (14, &json!("2026-11-23T00:30:00Z")));
    let wish =
        json!({"point": counter.str("id"), "service": "社保卡补领", "begins_at": "2026-11-23T00:30:00Z"});
    let booking = resident.post("/bookings", wish.clone()).await.expect(201);
    neighbour.post("/bookings", wish).await.refused_for(409, "booking.full", "/begins_at");
    let day = neighbour.get(&slots).await.expect(200);
    assert_eq!((&day.items()[0]["free"], &day.items()[1]["free"]), (&json!(0), &json!(1)));
    let this = format!("/bookings/{}", booking.str("id"));
    neighbour.get(&this).await.refused(404, "matter.not_found");
    county.app.pass(45 * 60 + 30);
    county.app.app.catch_up().await.unwrap();
    assert_eq!(told_of(&resident, "booking").await, ["matter_due"]);
    let secretary = county.staff("community_clerk", "天宝社区").await;
    let served = secretary.post(&format!("{this}/serve"), json!({"text": "新卡已交本人"})).await.expect(200);
    assert_eq!((served.str("status_name"), served.str("reply")), ("已办理", "新卡已交本人"));
    county.app.stop().await;
}

/// “劝和”小组: the quarrels of the 202 households of 冠发小区 are its own to settle, and nobody else reads of them.
#[rstest]
#[tokio::test]
async fn f09_fuqing_the_peacemakers_of_the_estate(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::open(backend, "fuqing").await;
    let app = &county.app;
    let grid = below(&county, county.place("福百社区"), "第一网格").await;
    let estate = below(&county, &grid, "冠发小区").await;
    let (group, peacemaker) = seated(&county, "冠发小区“劝和”小组", "social_organisation", &estate).await;
    let (_, other) = seated(&county, "冠发小区物业公司", "property_company", &estate).await;
    let secretary = county.staff("community_clerk", "福百社区").await;
    let street = county.staff("street_dispatcher", "音西街道").await;
    let (upstairs, downstairs) =
        (resident(&county, "居民何祥官").await, resident(&county, "居民郑国森").await);
    let body = json!({"content": "楼上半夜拖桌椅，说了三回都不改", "place": {"code": estate}, "category": "dispute",
        "affair": "private", "severity": "small", "confidential": true});
    let quarrel = downstairs.post("/tickets", body).await.expect(201);
    assert_eq!((quarrel.str("category_name"), quarrel.str("affair_name")), ("邻里矛盾纠纷", "家事"));
    let ticket = path(&quarrel);
    upstairs.get(&ticket).await.refused(404, "ticket.not_found");
    let to_group = json!({"lead": {"unit": group}, "note": "两家都是老街坊，先分头谈"});
    let _ = take(&secretary, &ticket, "dispatch", to_group).await;
    other.get(&ticket).await.refused(404, "ticket.not_found");
    let accepted = take(&peacemaker, &ticket, "accept", json!({})).await;
    // Who complained is not theirs to know.
    assert_eq!((&accepted.json["requester"], &accepted.json["confidential"]), (&Value::Null, &json!(true)));
    assert_eq!(accepted.clock("accept", 1)["due_at"], "2026-11-23T02:00:00Z");
    let _ = take(&peacemaker, &ticket, "reply", json!({"text": "已上门听了双方"})).await;
    // Fuqing says nothing of levels and days of mediation, so nobody begins one.
    let parties = json!({"parties": [{"side": "first", "name": "甲"}, {"side": "second", "name": "乙"}]});
    let begun = peacemaker.post(&format!("{ticket}/mediation"), parties).await;
    assert_eq!((begun.status, begun.str("code")), (409, "mediation.not_a_dispute"), "{}", begun.text);
    app.pass(2 * DAY + 60);
    let settled = json!({"outcome": "solved", "reply": "楼上铺了地毯，约定十点后不挪家具"});
    let resolved = take(&peacemaker, &ticket, "resolve", settled).await;
    assert_eq!(resolved.clock("solve", 1)["state"], "met", "小事不出门");
    let _ = take(&downstairs, &ticket, "rate", json!({"satisfaction": "satisfied"})).await;
    assert_eq!(step(&downstairs, &ticket, "replied").await["label"], "阶段答复");
    for who in [&downstairs, &peacemaker] {
        let timeline = who.get(&format!("{ticket}/timeline?limit=100")).await.expect(200);
        assert_eq!(timeline.text.contains("老街坊"), app.id_of(who).await == app.id_of(&peacemaker).await);
    }
    app.app.catch_up().await.unwrap();
    assert!(told_of_tickets(&street).await.is_empty(), "大事不出小区");
    assert_eq!(told_of_tickets(&downstairs).await, ["dispatched", "accepted", "replied", "resolved"]);
    let figures = secretary.get(&format!("/figures?place={estate}")).await.expect(200);
    assert_eq!(rate_of(&figures, "satisfaction"), ("评事满意率".to_owned(), json!(1.0)));
    county.app.stop().await;
}
