//! 左云县: 网上点单、智能派单、高效落单、跟踪查单、即时评单 (五单), and the seven steps, by its own playbook, in its own
//! town. What is disputed, and what its leaders look after, is told in `zuoyun_peace.rs`.

use crate::county::County;
use crate::machine::act;
use crate::story::{
    below, count, entry, file, labels, order, person, rate, resident, seen_by, steps, take, times, was_told,
};
use crate::ticket::path;
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const SEVEN: &str = "发现 吹哨 报到 会商 办理 反馈 评价";

/// 云泰园小区 (of 云和园社区 here) with its first micro-grid, and those who look after it.
pub(crate) struct Yuntai {
    pub(crate) county: County,
    pub(crate) estate: String,
    pub(crate) grid: String,
    pub(crate) resident: Caller,
    pub(crate) worker: Caller,
    pub(crate) clerk: Caller,
    pub(crate) town: Caller,
    pub(crate) leader: Caller,
    pub(crate) admin: Caller,
    /// A grid worker of 西街社区, in the same town.
    pub(crate) stranger: Caller,
}

impl Yuntai {
    pub(crate) async fn open(backend: Backend) -> Self {
        let county = County::open(backend, "zuoyun").await;
        let community = county.place("云和园社区").to_owned();
        let estate = below(&county, &community, "云泰园小区").await;
        let grid = below(&county, &estate, "云泰园一号微网格").await;
        Self {
            resident: resident(&county, "李秀英").await,
            worker: person(&county, "grid_worker", &grid, "微网格员小郭").await,
            clerk: county.staff("community_clerk", "云和园社区").await,
            town: county.staff("street_dispatcher", "云兴镇").await,
            leader: county.staff("supervisor", "左云县").await,
            admin: county.staff("county_admin", "左云县").await,
            stranger: county.staff("grid_worker", "西街社区").await,
            county,
            estate,
            grid,
        }
    }

    pub(crate) async fn catch_up(&self) {
        self.county.app.app.catch_up().await.unwrap();
    }

    /// A ticket as it is once the platform has looked at it.
    async fn routed(&self, more: Value) -> Answer {
        let ticket = file(&self.resident, "请帮忙", &self.grid, more).await;
        self.catch_up().await;
        self.clerk.get(&ticket).await.expect(200)
    }
}

/// Where people stand in Zuoyun.
pub(crate) fn there() -> Value {
    json!({"position": {"lat": 40.013, "lng": 112.703, "datum": "gcj02"}})
}

fn names(ticket: &Answer) -> [&str; 4] {
    ["status_name", "category_name", "severity_name", "affair_name"].map(|name| ticket.str(name))
}

#[rstest]
#[tokio::test]
async fn z01_five_orders_from_the_phone_to_the_rating(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let yun = Yuntai::open(backend).await;
    let Yuntai { county, resident, worker, clerk, stranger, leader, .. } = &yun;
    // 网上点单.
    let lamp = json!({"category": "facilities", "severity": "small", "affair": "shared"});
    let filed =
        resident.post("/tickets", order("楼道感应灯坏了，老人怕摔", &yun.grid, lamp)).await.expect(201);
    assert_eq!(names(&filed), ["待派单", "公共设施", "小事", "社区事"]);
    assert_eq!(filed.json["place"]["name"], "云泰园一号微网格");
    assert!(filed.str("number").starts_with("140226-261121-"), "{}", filed.text);
    let ticket = path(&filed);
    act(worker, &ticket, "resolve", json!({"outcome": "solved", "reply": "好了"}))
        .await
        .refused(409, "ticket.not_accepted");
    act(resident, &ticket, "rate", json!({"satisfaction": "satisfied"}))
        .await
        .refused(409, "ticket.not_resolved");
    // 智能派单: by the platform, to whoever works in the micro-grid.
    county.app.pass(1);
    yun.catch_up().await;
    let dispatched = clerk.get(&ticket).await.expect(200);
    assert_eq!(
        (dispatched.str("status_name"), &dispatched.json["lead"]["person"]),
        ("待落单", &json!(county.app.id_of(worker).await))
    );
    assert_eq!(times(&dispatched, "accept")[0], "2026-11-21T01:31:00Z", "half an hour from the dispatch");
    assert_eq!(entry(clerk, &ticket, "dispatched").await["text"], "平台按规程派单：社区事派给当地微网格员。");
    assert!(was_told(county, worker, "assigned").await && was_told(county, clerk, "to_dispatch").await);
    let _ = take(clerk, &ticket, "note", json!({"reason": "三楼住着独居老人，先去看她"})).await;
    // 高效落单: accepted, and half an hour from then to be there.
    act(worker, &ticket, "resolve", json!({"outcome": "solved", "reply": "好了"}))
        .await
        .refused(409, "ticket.not_accepted");
    county.app.pass(4);
    let taken = take(worker, &ticket, "accept", json!({})).await;
    assert_eq!(times(&taken, "accept")[1], "2026-11-21T01:05:00Z");
    assert_eq!(
        (taken.str("status_name"), &times(&taken, "arrive")[0]),
        ("办理中", &json!("2026-11-21T01:35:00Z"))
    );
    county.app.pass(20);
    let arrived = take(worker, &ticket, "arrive", there()).await;
    assert_eq!(
        times(&arrived, "arrive"),
        [json!("2026-11-21T01:35:00Z"), json!("2026-11-21T01:25:00Z"), Value::Null]
    );
    county.app.pass(35);
    let fixed =
        take(worker, &ticket, "resolve", json!({"outcome": "solved", "reply": "换了三盏感应灯"})).await;
    assert_eq!(
        times(&fixed, "solve"),
        [json!("2026-11-22T01:00:00Z"), json!("2026-11-21T02:00:00Z"), Value::Null]
    );
    assert_eq!(fixed.json["resolution"]["rating_ends_at"], "2026-11-24T02:00:00Z", "three days");
    // 跟踪查单: the resident follows every step of it, and reads nothing that staff wrote to each other.
    let mine = resident.get("/tickets?mine=true").await.expect(200);
    assert_eq!(mine.items()[0]["status_name"], "待评单");
    let timeline = resident.get(&format!("{ticket}/timeline?limit=100")).await.expect(200);
    assert!(
        !timeline.text.contains("独居老人") && !timeline.text.contains("按规程派单"),
        "{}",
        timeline.text
    );
    let denied = "ticket.not_found";
    assert_eq!(
        seen_by(&ticket, &[resident, worker, clerk, leader, stranger]).await,
        ["200", "200", "200", "200", denied]
    );
    act(stranger, &ticket, "note", json!({"reason": "我去"})).await.refused(404, denied);
    // 即时评单.
    act(worker, &ticket, "rate", json!({"satisfaction": "satisfied"})).await.refused(403, "permission.reach");
    let rated = take(resident, &ticket, "rate", json!({"satisfaction": "satisfied", "stars": 5})).await;
    assert_eq!(rated.str("status_name"), "已评单");
    let told = [
        "群众网上点单",
        "平台智能派单",
        "窗口首问",
        "网格员高效落单",
        "到场办理",
        "办结反馈",
        "群众即时评单",
        "评价办结",
    ];
    assert_eq!(labels(resident, &ticket).await, told);
    // The seven steps are a view: nothing was talked over, and that is no fault.
    let without_talk = SEVEN.replace("会商 ", "");
    assert_eq!(steps(resident, &ticket).await, (SEVEN.to_owned(), without_talk));
    assert!(was_told(county, worker, "rated").await);
    let figures = clerk.get(&format!("/figures?place={}", county.place("云和园社区"))).await.expect(200);
    for name in ["落单及时率", "办结率", "满意率"] {
        assert_eq!(rate(&figures, name), [json!(1), json!(1), json!(1.0)], "{name}");
    }
    yun.county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z01_the_platform_finds_the_nearest_who_is_free_and_whoever_answers(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let yun = Yuntai::open(backend).await;
    let (county, clerk) = (&yun.county, &yun.clerk);
    let other = below(county, &yun.estate, "云泰园二号微网格").await;
    let wide = person(county, "grid_worker", county.place("云和园社区"), "微网格员老冯").await;
    let _next = person(county, "grid_worker", &other, "二号微网格员").await;
    let [near, wider] = [county.app.id_of(&yun.worker).await, county.app.id_of(&wide).await];
    let dispute = || json!({"category": "dispute", "affair": "shared"});
    // Nearest: of the micro-grid, however busy, before whoever has the whole community; never next door.
    for _ in 0..3 {
        assert_eq!(yun.routed(dispute()).await.json["lead"]["person"], json!(near));
    }
    // Free: nobody who is away.
    let away =
        json!({"person": near, "starts_at": "2026-11-21T00:30:00Z", "ends_at": "2026-11-21T09:00:00Z"});
    let _ = clerk.post("/absences", away).await.expect(201);
    assert_eq!(yun.routed(dispute()).await.json["lead"]["person"], json!(wider));
    // What is the government's goes to the unit that answers for the micro-grid; without one it waits.
    let public = || json!({"category": "environment", "affair": "public"});
    assert_eq!(yun.routed(public()).await.str("status_name"), "待派单");
    let unit = county.unit("县住房和城乡建设管理局", "department").await;
    let tie = json!({"kind": "responsible", "unit": unit, "place": yun.grid, "line": "city_management"});
    let _ = yun.admin.post("/ties", tie).await.expect(201);
    assert_eq!(yun.routed(public()).await.json["lead"]["unit"], json!(unit));
    // The company that manages the estate; the window of the community; the bureau that a service names.
    let company = county.unit("云泰物业", "property_company").await;
    let _ = yun
        .admin
        .post("/ties", json!({"kind": "manages", "unit": company, "place": yun.estate}))
        .await
        .expect(201);
    assert_eq!(yun.routed(json!({"category": "property"})).await.json["lead"]["unit"], json!(company));
    let window = yun.routed(json!({"service": "ZJ001"})).await;
    assert_eq!(
        (&window.json["service"]["name"], window.str("category_name"), window.str("affair_name")),
        (&json!("残疾人证办理"), "证件办理", "政府事")
    );
    assert_eq!(window.json["lead"]["person"], json!(county.app.id_of(clerk).await));
    assert_eq!(
        window.json["clocks"].as_array().unwrap().iter().filter(|clock| clock["kind"] == "arrive").count(),
        0
    );
    // Five days of seven hours, from Monday on.
    assert_eq!(times(&window, "solve")[0], "2026-11-27T10:00:00Z");
    let civil = county.unit("县民政局", "department").await;
    let medical = county.unit("县医疗保障局", "department").await;
    for (service, unit) in [("JZ001", civil), ("JZ004", medical)] {
        assert_eq!(
            yun.routed(json!({"service": service})).await.json["lead"]["unit"],
            json!(unit),
            "{service}"
        );
    }
    yun.county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z01_a_community_orders_and_a_unit_takes_the_order(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let yun = Yuntai::open(backend).await;
    let (county, clerk) = (&yun.county, &yun.clerk);
    let community = county.place("云和园社区").to_owned();
    let mut office = json!({"kind": "community_office", "name": "云和园社区居委会", "place": county.code});
    office["seat"] = json!(community);
    let office = yun.admin.post("/units", office).await.expect(201).str("id").to_owned();
    let culture = county.unit("县文化和旅游局", "department").await;
    let handler = county.app.of_unit("department_handler", culture).await;
    // 社区点单.
    let more = json!({"category": "culture", "affair": "public", "severity": "large", "for_unit": office});
    let body = order("请安排一位老师教社区剪纸班", &community, more);
    let west = county.staff("community_clerk", "西街社区").await;
    west.post("/tickets", body.clone()).await.refused_for(422, "ticket.for_unit_not_theirs", "/for_unit");
    yun.resident.post("/tickets", body.clone()).await.refused_for(
        422,
        "ticket.for_unit_for_staff",
        "/for_unit",
    );
    let asked = clerk.post("/tickets", body).await.expect(201);
    assert_eq!((asked.str("requester_unit"), asked.str("category_name")), (office.as_str(), "文教礼活动"));
    let ticket = path(&asked);
    handler.get(&ticket).await.refused(404, "ticket.not_found");
    // 单位接单.
    let _ = take(&yun.town, &ticket, "dispatch", json!({"lead": {"unit": culture}})).await;
    assert!(was_told(county, &handler, "assigned").await);
    let _ = take(&handler, &ticket, "accept", json!({})).await;
    let _ = take(&handler, &ticket, "arrive", there()).await;
    let _ = take(&handler, &ticket, "resolve", json!({"outcome": "solved", "reply": "每周六上午上课"})).await;
    act(&handler, &ticket, "rate", json!({"satisfaction": "satisfied"}))
        .await
        .refused(403, "permission.reach");
    // 群众监督: whoever asked rates; the community finds what it asked for.
    let rated = take(clerk, &ticket, "rate", json!({"satisfaction": "fairly_satisfied"})).await;
    assert_eq!(rated.str("status_name"), "已评单");
    assert_eq!(count(clerk, &format!("/tickets?for_unit={office}")).await, 1);
    assert_eq!(
        seen_by(&ticket, &[&west, &yun.worker, &yun.leader]).await,
        ["ticket.not_found", "ticket.not_found", "200"]
    );
    yun.county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z02_z10_the_town_whistles_the_departments_report_in(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let yun = Yuntai::open(backend).await;
    let Yuntai { county, resident, clerk, town, admin, stranger, .. } = &yun;
    let mut units = Vec::new();
    for name in ["县住房和城乡建设管理局", "县公安局", "县能源局"] {
        let id = county.unit(name, "department").await;
        units.push((id, county.app.of_unit("department_handler", id).await));
    }
    let [(housing, builder), (police, officer), (energy, absent)] = units.try_into().unwrap();
    // 发现.
    let market = json!({"category": "environment", "affair": "public", "severity": "large"});
    let ticket = file(resident, "夜市占道，油烟呛人，半夜还有人打架", &yun.grid, market).await;
    county.app.pass(1);
    // 吹哨: the town, not the community (乡镇吹哨、部门报到).
    let call = json!({"units": [housing, police, energy], "reason": "三家同时到场，先疏散摊贩"});
    act(clerk, &ticket, "whistle", call.clone()).await.refused(409, "ticket.whistle_not_yours");
    act(&yun.worker, &ticket, "whistle", call.clone()).await.refused(403, "permission.role");
    act(stranger, &ticket, "whistle", call.clone()).await.refused(403, "permission.role");
    builder.get(&ticket).await.refused(404, "ticket.not_found");
    let called = take(town, &ticket, "whistle", call).await;
    assert_eq!(called.json["whistles"][0]["due_at"], "2026-11-21T02:01:00Z", "an hour");
    for handler in [&builder, &officer, &absent] {
        assert!(was_told(county, handler, "whistled").await);
    }
    // 报到: in time, late, never; each arrival is measured.
    county.app.pass(20);
    let _ = take(&builder, &ticket, "report-in", there()).await;
    act(&builder, &ticket, "report-in", there()).await.refused(409, "ticket.already_reported_in");
    assert!(was_told(county, town, "reported_in").await);
    let early = json!({"unit": police, "score": 0, "text": "还没来"});
    act(clerk, &ticket, "opinions", early).await.refused(409, "ticket.report_in_pending");
    county.app.pass(55);
    let seen = take(&officer, &ticket, "report-in", there()).await;
    let shown = |name: &str| {
        seen.json["whistles"].as_array().unwrap().iter().map(|one| one[name].clone()).collect::<Vec<_>>()
    };
    assert_eq!(shown("state"), ["in_time", "late", "missing"]);
    assert_eq!(shown("seconds"), [json!(1_200), json!(4_500), Value::Null]);
    // 会商, 办理, 反馈.
    let agreed = json!({"units": [housing, police], "conclusion": "划定摊位，十点半收摊"});
    act(stranger, &ticket, "discuss", agreed.clone()).await.refused(403, "permission.role");
    let _ = take(town, &ticket, "discuss", agreed).await;
    let _ = take(town, &ticket, "dispatch", json!({"lead": {"unit": housing}, "assist": [{"unit": police}]}))
        .await;
    let _ = take(&builder, &ticket, "accept", json!({})).await;
    let _ = take(&builder, &ticket, "arrive", there()).await;
    let _ =
        take(&builder, &ticket, "resolve", json!({"outcome": "solved", "reply": "已划定 32 个摊位"})).await;
    // 协同考核: community and town, 30 of a hundred.
    for (who, unit, score) in [(clerk, housing, 90), (town, housing, 70), (clerk, police, 60)] {
        let _ = take(who, &ticket, "opinions", json!({"unit": unit, "score": score, "text": "看到得快不快"}))
            .await;
    }
    let _ = take(resident, &ticket, "rate", json!({"satisfaction": "satisfied"})).await;
    act(town, &ticket, "opinions", json!({"unit": housing, "score": 1, "text": "改分"}))
        .await
        .refused(409, "ticket.already_closed");
    yun.catch_up().await;
    for (unit, counts, score, part) in [
        (housing, [1, 0, 0], json!(80.0), json!(24.0)),
        (police, [0, 1, 0], json!(60.0), json!(18.0)),
        (energy, [0, 0, 1], Value::Null, Value::Null),
    ] {
        let found = admin.get(&format!("/units/{unit}/appraisal")).await.expect(200);
        let counted = ["in_time", "late", "missing"].map(|name| found.json[name].as_i64().unwrap());
        assert_eq!(
            (counted, &found.json["score"], &found.json["contribution"]),
            (counts, &score, &part),
            "{}",
            found.text
        );
        assert_eq!(found.json["weight_percent"], 30);
    }
    // All seven steps, in the county's words; what is thought of units, and was concluded, is among staff.
    assert_eq!(steps(resident, &ticket).await, (SEVEN.to_owned(), SEVEN.to_owned()));
    let told = labels(resident, &ticket).await;
    for word in ["乡镇吹哨", "部门报到", "会商", "到场办理", "办结反馈", "群众即时评单"]
    {
        assert!(told.iter().any(|label| label == word), "{word}: {told:?}");
    }
    assert!(
        !told.contains(&"协同考核评价".to_owned())
            && labels(clerk, &ticket).await.contains(&"协同考核评价".to_owned())
    );
    assert_eq!(entry(resident, &ticket, "discussed").await["text"], Value::Null);
    assert_eq!(resident.get(&ticket).await.expect(200).json["whistles"][0]["opinions"], json!([]));
    assert_eq!(entry(town, &ticket, "discussed").await["text"], "划定摊位，十点半收摊");
    assert_eq!(
        seen_by(&ticket, &[stranger, &officer, &yun.leader]).await,
        ["ticket.not_found", "200", "200"]
    );
    yun.county.app.stop().await;
}
