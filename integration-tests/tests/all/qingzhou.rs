//! 青州市: 居民提事、网格听事、社区议事、民主定事、协同办事、群众评事 (六事), by its own playbook: its catalogue of
//! services, who was asked first, the five kinds of handling. More is told in `qingzhou_grid.rs`.

use crate::county::County;
use crate::machine::act;
use crate::story::{
    below, count, entry, file, labels, order, person, rate, resident, seen_by, steps, take, times, was_told,
};
use crate::ticket::path;
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SIX: &str = "居民提事 网格听事 社区议事 民主定事 协同办事 群众评事";
/// 7 大领域, with how many services each has.
const FIELDS: [(&str, usize); 7] = [
    ("网格党建", 75),
    ("经济发展", 88),
    ("社会治理", 98),
    ("环境保护", 89),
    ("市场监管", 101),
    ("公共服务", 142),
    ("应急安全", 90),
];

/// A grid of 圣水泉社区 in 云门山街道 with a courtyard in it, and those who work there.
pub(crate) struct Shengshui {
    pub(crate) county: County,
    pub(crate) grid: String,
    pub(crate) yard: String,
    pub(crate) resident: Caller,
    pub(crate) worker: Caller,
    pub(crate) leader: Caller,
    pub(crate) clerk: Caller,
    pub(crate) street: Caller,
    pub(crate) supervisor: Caller,
    pub(crate) admin: Caller,
    /// The clerk of 范公亭社区, in another street.
    pub(crate) stranger: Caller,
}

impl Shengshui {
    pub(crate) async fn open(backend: Backend) -> Self {
        let county = County::open(backend, "qingzhou").await;
        let community = county.place("圣水泉社区").to_owned();
        let grid = below(&county, &community, "圣水泉第一网格").await;
        let yard = below(&county, &grid, "圣水花园3号楼院").await;
        Self {
            resident: resident(&county, "刘桂兰").await,
            worker: person(&county, "grid_worker", &grid, "网格员小孙").await,
            leader: person(&county, "grid_leader", &grid, "网格长老于").await,
            clerk: county.staff("community_clerk", "圣水泉社区").await,
            street: county.staff("street_dispatcher", "云门山街道").await,
            supervisor: county.staff("supervisor", "青州市").await,
            admin: county.staff("county_admin", "青州市").await,
            stranger: county.staff("community_clerk", "范公亭社区").await,
            county,
            grid,
            yard,
        }
    }

    pub(crate) async fn catch_up(&self) {
        self.county.app.app.catch_up().await.unwrap();
    }

    /// To whom somebody dispatches.
    pub(crate) async fn to(&self, caller: &Caller) -> Value {
        json!({"lead": {"person": self.county.app.id_of(caller).await}})
    }
}

#[rstest]
#[tokio::test]
async fn q06_683_services_in_seven_fields_sort_what_is_asked(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let sheng = Shengshui::open(backend).await;
    let Shengshui { county, resident, clerk, worker, yard, .. } = &sheng;
    // The catalogue, page by page, as a resident reads it.
    let (mut fields, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let page = resident.get(&format!("/services?county=370781&limit=100{cursor}")).await.expect(200);
        for service in page.items() {
            *fields.entry(service["category_name"].as_str().unwrap().to_owned()).or_insert(0) += 1;
        }
        let Some(next) = page.json["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(fields, FIELDS.map(|(name, count)| (name.to_owned(), count)).into());
    assert_eq!(fields.values().sum::<usize>(), 683);
    let found = resident.get("/services?county=370781&q=燃气泄漏").await.expect(200);
    assert_eq!(
        (&found.items()[0]["code"], &found.items()[0]["unit"]),
        (&json!("YJ014"), &json!("市燃气经营企业"))
    );
    // A leak of gas: an emergency by its service, on the street's desk, to be reached within half an hour.
    let gas = resident
        .post("/tickets", order("楼道里闻到煤气味", yard, json!({"service": "YJ014"})))
        .await
        .expect(201);
    assert_eq!(
        (gas.str("category_name"), gas.str("affair_name"), &gas.json["service"]["name"]),
        ("应急安全", "政务事", &json!("管道燃气泄漏报警"))
    );
    assert_eq!(
        (gas.str("desk"), &times(&gas, "arrive")[0]),
        (county.place("云门山街道"), &json!("2026-11-21T01:30:00Z"))
    );
    sheng.catch_up().await;
    let sent = clerk.get(&path(&gas)).await.expect(200);
    assert_eq!(sent.str("status_name"), "待响应");
    assert_eq!(times(&sent, "accept")[0], "2026-11-21T01:10:00Z", "ten minutes");
    assert_eq!(
        entry(clerk, &path(&gas), "dispatched").await["text"],
        "平台按规程派单：类别“应急安全”派给当地网格员。"
    );
    // A payment to the poor: to the bureau that the playbook names, within five working days of Saturday.
    let civil = county.unit("市民政局", "department").await;
    let handler = county.app.of_unit("department_handler", civil).await;
    let allowance = file(resident, "想申请低保", yard, json!({"service": "FW001"})).await;
    sheng.catch_up().await;
    let at_bureau = handler.get(&allowance).await.expect(200);
    assert_eq!(
        (at_bureau.json["lead"]["unit"].as_str(), at_bureau.str("category_name")),
        (Some(civil.to_string().as_str()), "公共服务")
    );
    assert_eq!(times(&at_bureau, "solve")[0], "2026-11-27T09:30:00Z");
    assert_eq!(
        times(&at_bureau, "accept")[0],
        "2026-11-23T02:30:00Z",
        "two working hours from Monday's first"
    );
    assert_eq!(at_bureau.json["clocks"].as_array().unwrap().len(), 2, "nobody need come");
    assert!(was_told(county, &handler, "assigned").await);
    // Footsteps overhead: the grid worker persuades. Of what the catalogue has not, it says what is like it.
    let steps = file(resident, "楼上天天半夜跳绳", yard, json!({"service": "ZL002"})).await;
    sheng.catch_up().await;
    let steps = worker.get(&steps).await.expect(200);
    assert_eq!(
        (steps.json["lead"]["person"].as_str(), steps.str("affair_name")),
        (Some(county.app.id_of(worker).await.as_str()), "家务事")
    );
    let unknown = resident.post("/tickets", order("煤气", yard, json!({"service": "YJ01"}))).await;
    unknown.refused_for(422, "ticket.service_unknown", "/service");
    assert!(unknown.text.contains("YJ014 管道燃气泄漏报警"), "{}", unknown.text);
    // Found again by it, by those whom it concerns.
    let list = "/tickets?service=YJ014";
    assert_eq!(
        (count(clerk, list).await, count(&sheng.supervisor, list).await, count(&sheng.stranger, list).await),
        (1, 1, 0)
    );
    assert_eq!(seen_by(&allowance, &[clerk, &sheng.stranger]).await, ["200", "ticket.not_found"]);
    sheng.county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn q06_whoever_was_asked_first_answers_until_somebody_has_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let sheng = Shengshui::open(backend).await;
    let Shengshui { county, worker, clerk, leader, resident, .. } = &sheng;
    let first = county.app.id_of(worker).await;
    let told = json!({"channel": "home_visit", "severity": "large"});
    let visited = worker.post("/tickets", order("独居老人家水管漏水", &sheng.yard, told)).await.expect(201);
    assert_eq!(visited.json["first_asked"], json!({"person": first, "responsible": true}));
    assert_eq!(visited.str("severity_name"), "一般事项");
    let ticket = path(&visited);
    let of = async |caller: &Caller| count(caller, "/tickets?first_asked=true").await;
    // Handing it to the clerk does not hand over the answering for it.
    let _ = take(clerk, &ticket, "dispatch", sheng.to(leader).await).await;
    assert_eq!((of(worker).await, of(clerk).await), (1, 0));
    // Two working hours from Monday's first, and nobody has it: whoever was asked first hears of it as well.
    county.app.pass(2 * 24 * 60 + 91);
    assert!(was_told(county, worker, "breached").await);
    let taken = take(leader, &ticket, "accept", json!({})).await;
    assert_eq!(
        times(&taken, "accept"),
        ["2026-11-23T02:30:00Z", "2026-11-23T02:31:00Z", "2026-11-23T02:30:00Z"].map(Value::from)
    );
    assert_eq!((&taken.json["first_asked"]["responsible"], of(worker).await), (&json!(false), 0));
    // A promise with its day, kept before it.
    let day = json!({"text": "今天下午换阀门", "due_at": "2026-11-23T10:00:00Z"});
    act(resident, &ticket, "promise", day.clone()).await.refused(403, "permission.role");
    let _ = take(leader, &ticket, "promise", day).await;
    let done = take(leader, &ticket, "resolve", json!({"outcome": "solved", "reply": "阀门已换"})).await;
    assert_eq!((&done.clock("promise", 1)["state"], done.str("status_name")), (&json!("met"), "待评事"));
    let seen = labels(worker, &ticket).await;
    for word in ["居民提事", "首问负责", "精准派单", "超时", "协同办事", "服务承诺", "办结反馈"]
    {
        assert!(seen.iter().any(|label| label == word), "{word}: {seen:?}");
    }
    assert_eq!(
        seen_by(&ticket, &[resident, &sheng.stranger, &sheng.supervisor]).await,
        ["ticket.not_found", "ticket.not_found", "200"]
    );
    sheng.county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn q02_five_kinds_of_handling_have_a_limit_each(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let sheng = Shengshui::open(backend).await;
    let Shengshui { county, resident, clerk, leader, supervisor, .. } = &sheng;
    // From Saturday morning: two hours from acceptance; 5, 10, 15 and 3 working days of 7.5 hours.
    let kinds = [
        ("immediate", "即办件", "2026-11-21T03:00:00Z"),
        ("pending", "待办件", "2026-11-27T09:30:00Z"),
        ("escalated", "上报件", "2026-12-04T09:30:00Z"),
        ("suggestion", "建议件", "2026-12-11T09:30:00Z"),
        ("redo", "重办件", "2026-11-25T09:30:00Z"),
    ];
    let mut tickets = Vec::new();
    for (handling, name, due) in kinds {
        let ticket = file(resident, "楼院里的事", &sheng.yard, json!({"category": "governance"})).await;
        let mut to = sheng.to(leader).await;
        to["handling"] = json!(handling);
        let sent = take(clerk, &ticket, "dispatch", to).await;
        assert_eq!(sent.str("handling_name"), name);
        let taken = take(leader, &ticket, "accept", json!({})).await;
        assert_eq!(times(&taken, "solve")[0], due, "{name}");
        assert_eq!(count(clerk, &format!("/tickets?handling={handling}")).await, 1, "{name}");
        assert_eq!(entry(resident, &ticket, "dispatched").await["handling_name"], name);
        tickets.push(ticket);
    }
    let odd = json!({"lead": {"person": county.app.id_of(leader).await}, "handling": "odd"});
    act(clerk, &tickets[0], "dispatch", odd).await.refused_for(400, "request.unknown_value", "/handling");
    // On the spot; an answer is all that a suggestion is owed.
    county.app.pass(90);
    let spot = take(leader, &tickets[0], "resolve", json!({"outcome": "solved", "reply": "当场清走"})).await;
    assert_eq!(spot.clock("solve", 1)["state"], "met");
    let answered = take(leader, &tickets[3], "reply", json!({"text": "已列入明年计划"})).await;
    assert_eq!(answered.clock("solve", 1)["state"], "met");
    // What was to be done again and is late: the supervisor hears of it, and the street has it.
    let _ = take(supervisor, &tickets[4], "supervise", json!({"reason": "群众评了不满意，盯到办好"})).await;
    assert!(!was_told(county, supervisor, "breached").await);
    county.app.pass(4 * 24 * 60 + 7 * 60 + 1);
    assert!(was_told(county, supervisor, "breached").await && was_told(county, clerk, "breached").await);
    let late = clerk.get(&tickets[4]).await.expect(200);
    assert_eq!(
        (late.clock("solve", 1)["state"].as_str(), late.str("desk")),
        (Some("breached"), county.place("云门山街道"))
    );
    let waits = clerk.get(&tickets[1]).await.expect(200);
    assert_eq!(
        (waits.clock("solve", 1)["state"].as_str(), waits.str("desk")),
        (Some("running"), county.place("圣水泉社区"))
    );
    sheng.county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn six_things_from_the_resident_to_the_rating_by_way_of_the_street(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let sheng = Shengshui::open(backend).await;
    let Shengshui { county, resident, worker, clerk, street, stranger, supervisor, .. } = &sheng;
    let ticket = file(resident, "小区充电桩太少，夜里抢不到", &sheng.yard, json!({})).await;
    let filed = resident.get(&ticket).await.expect(200);
    assert_eq!(
        (filed.str("status_name"), filed.json["rung"]["name"].as_str()),
        ("待听事", Some("社区党委会议"))
    );
    assert_eq!(count(clerk, "/tickets?sorted=false").await, 1);
    let sorted = json!({"category": "environment", "severity": "complex", "affair": "public"});
    act(worker, &ticket, "grade", sorted.clone()).await.refused(403, "permission.role");
    let sorted = take(clerk, &ticket, "grade", sorted).await;
    assert_eq!(
        (sorted.str("severity_name"), &times(&sorted, "plan")[0]),
        ("重点难点问题", &json!("2026-12-04T09:30:00Z"))
    );
    // 社区议事, and what the community cannot decide goes up, whole, and comes back decided on.
    let units = json!({"units": [], "conclusion": "两委、物业、业委会都同意加装，缺电容量"});
    act(stranger, &ticket, "discuss", units.clone()).await.refused(404, "ticket.not_found");
    let _ = take(clerk, &ticket, "discuss", units).await;
    let decided = json!({"text": "供电公司增容，街道出一半", "back": true});
    act(street, &ticket, "decide", decided.clone()).await.refused(409, "ticket.not_escalated");
    let up = take(clerk, &ticket, "escalate", json!({"reason": "要增容"})).await;
    assert_eq!(
        (up.str("desk"), up.json["rung"]["name"].as_str()),
        (county.place("云门山街道"), Some("街道党工委会议"))
    );
    act(clerk, &ticket, "decide", decided.clone()).await.refused(403, "permission.reach");
    let back = take(street, &ticket, "decide", decided).await;
    assert_eq!(
        (back.str("desk"), back.json["rung"]["name"].as_str()),
        (county.place("圣水泉社区"), Some("社区党委会议"))
    );
    // 协同办事.
    let power = county.unit("国网青州市供电公司", "enterprise").await;
    let power = (power, county.app.of_unit("department_handler", power).await);
    act(clerk, &ticket, "whistle", json!({"units": [power.0], "reason": "来"}))
        .await
        .refused(409, "ticket.whistle_not_yours");
    let _ =
        take(clerk, &ticket, "dispatch", json!({"lead": {"unit": power.0}, "note": "报装走绿色通道"})).await;
    let _ = take(&power.1, &ticket, "accept", json!({})).await;
    let _ = take(&power.1, &ticket, "plan", json!({"text": "十二月装 20 个"})).await;
    assert_eq!(resident.get(&ticket).await.expect(200).json["plan"]["text"], "十二月装 20 个");
    let _ = take(&power.1, &ticket, "reply", json!({"text": "已装 12 个"})).await;
    assert!(was_told(county, resident, "replied").await, "progress is seen at once");
    act(resident, &ticket, "rate", json!({"satisfaction": "satisfied"}))
        .await
        .refused(409, "ticket.not_resolved");
    let _ = take(&power.1, &ticket, "resolve", json!({"outcome": "solved", "reply": "20 个全部通电"})).await;
    // 群众评事: not content at first, then content.
    let again = take(resident, &ticket, "rate", json!({"satisfaction": "dissatisfied"})).await;
    assert_eq!((again.str("status_name"), &again.json["round"]), ("待响应", &json!(2)));
    let _ = take(&power.1, &ticket, "accept", json!({})).await;
    let _ = take(&power.1, &ticket, "resolve", json!({"outcome": "solved", "reply": "坏的两个已换"})).await;
    let closed = take(resident, &ticket, "rate", json!({"satisfaction": "satisfied"})).await;
    assert_eq!(closed.str("status_name"), "已办结");
    assert_eq!(steps(resident, &ticket).await, (SIX.to_owned(), SIX.to_owned()));
    let told = labels(resident, &ticket).await;
    let says = |word: &str| told.iter().any(|label| label == word);
    assert!(
        [
            "居民提事",
            "网格听事",
            "社区议事",
            "上报社区党委",
            "民主定事",
            "解决方案",
            "进度更新",
            "督促整改",
            "群众评事",
            "办结归档"
        ]
        .iter()
        .all(|word| says(word)),
        "{told:?}"
    );
    // What was said among staff the resident does not read; what was decided is theirs to know that it was.
    let timeline = resident.get(&format!("{ticket}/timeline?limit=100")).await.expect(200);
    for secret in ["绿色通道", "缺电容量", "街道出一半", "要增容"] {
        assert!(!timeline.text.contains(secret), "{secret}");
    }
    assert_eq!(seen_by(&ticket, &[worker, supervisor, stranger]).await, ["200", "200", "ticket.not_found"]);
    sheng.catch_up().await;
    let figures = clerk.get(&format!("/figures?place={}", county.place("圣水泉社区"))).await.expect(200);
    for name in ["群众满意度", "接诉响应率"] {
        assert_eq!(rate(&figures, name), [json!(1), json!(1), json!(1.0)], "{name}: the last rating counts");
    }
    sheng.county.app.stop().await;
}
