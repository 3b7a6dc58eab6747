//! 服务目录: what a county does for its people, and tickets that are about one of its services.

use crate::rules::{import, mile_with, play_by, play_with, said};
use crate::ticket::path;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, TestApp, lamp};
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};
use std::fmt::Write;

const COUNTY: &str = "532504";
const HEADINGS: &str = "编码,名称,类别,事权,承办单位,材料,办事指南\n";
const SHEET: &str = "SZ-01,路灯报修,公共设施,公家事,市住房和城乡建设局,,\n\
    SZ-02,道路坑洼修补,facilities,,,,\nMZ-01,临时救助申请,办事咨询,公家事,市民政局,身份证；户口本; 申请书,符合条件的当场受理，5 个工作日办结，不收费\n\
    LL-01,楼道杂物清理,环境卫生,大家事,,,\n";

async fn catalogue(app: &TestApp) {
    play_with(app, "", &format!("{HEADINGS}{SHEET}")).await;
}

fn codes(page: &Answer) -> Vec<&str> {
    page.items().iter().map(|one| one["code"].as_str().unwrap()).collect()
}

fn about(service: &str, more: &[(&str, &str)]) -> Value {
    let mut body = json!({"content": "北门的路灯不亮", "place": {"code": COMMUNITY}, "service": service});
    for (name, value) in more {
        body[name] = json!(value);
    }
    body
}

/// The numbers of a list: those of one moment are in no promised order.
async fn numbers(caller: &Caller, list: &str) -> Vec<String> {
    let page = caller.get(&format!("/tickets?{list}")).await.expect(200);
    let mut all: Vec<_> =
        page.items().iter().map(|item| item["number"].as_str().unwrap().to_owned()).collect();
    all.sort();
    all
}

#[rstest]
#[tokio::test]
async fn q06_services_are_listed_and_found(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    assert_eq!(resident.get("/services").await.expect(200).items().len(), 0, "Mile has none of its own");
    catalogue(&app).await;
    let all = resident.get("/services").await.expect(200);
    assert_eq!(codes(&all), ["LL-01", "MZ-01", "SZ-01", "SZ-02"]);
    let help = &all.items()[1];
    assert_eq!(help["papers"], json!(["身份证", "户口本", "申请书"]));
    assert_eq!((&help["unit"], &help["affair"]), (&json!("市民政局"), &json!("public")));
    assert_eq!(help["guide"], json!("符合条件的当场受理，5 个工作日办结，不收费"));
    assert!(all.items()[0].get("guide").is_none(), "{}", all.text);
    assert_eq!((&help["category"], &help["category_name"]), (&json!("service"), &json!("办事咨询")));
    let found = async |query: &str| {
        let page = resident.get(&format!("/services?county={COUNTY}&{query}")).await.expect(200);
        codes(&page).join(" ")
    };
    assert_eq!(found("q=路灯").await, "SZ-01");
    assert_eq!(found("q=sz-").await, "SZ-01 SZ-02");
    assert_eq!(found("category=facilities&q=坑").await, "SZ-02");
    assert_eq!(found("category=safety").await, "");
    // Page by page, each once; a cursor belongs to its list.
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = resident.get(&format!("/services?limit=3{cursor}")).await.expect(200);
        seen.extend(codes(&page).iter().map(|code| (*code).to_owned()));
        let Some(next) = page.json["next_cursor"].as_str() else { break };
        resident.get(&format!("/services?q=路&cursor={next}")).await.refused(400, "cursor.invalid");
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, ["LL-01", "MZ-01", "SZ-01", "SZ-02"]);
    resident.get("/services?county=999999").await.refused_for(422, "place.no_province", "?county");
    resident.get("/services?county=532503").await.refused_for(422, "place.unknown", "?county");
    resident.get("/services?limit=101").await.refused_for(422, "request.out_of_range", "?limit");
    app.anyone().get("/services").await.refused(401, "auth.token_missing");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn q06_a_sheet_of_services_is_taken_whole_or_not_at_all(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let bad = "SZ-01,路灯报修,公共设施,,,\nSZ-01,又一个,公共设施,,,\nSZ-03,,公共设施,,,\n\
        SZ-04,没有类别,天文,,,\nSZ-05,没有事权,公共设施,谁的事,,\n坏码,名称,公共设施,,,\n";
    let refused = import(&app, &mile_with(""), Some(&format!("{HEADINGS}{bad}")));
    assert!(!refused.status.success());
    let text = said(&refused);
    for fault in [
        "第 3 行.code: 编码重复",
        "第 4 行",
        "第 5 行.category: 没有这个类别",
        "第 6 行: 事权应为",
        "第 7 行.code",
    ] {
        assert!(text.contains(fault), "{fault}: {text}");
    }
    let mut many = HEADINGS.to_owned();
    for n in 0..=5_000 {
        writeln!(many, "N{n},事项{n},公共设施,,,").unwrap();
    }
    let text = said(&import(&app, &mile_with(""), Some(&many)));
    assert!(text.contains("至多 5000 项"), "{text}");
    let inline = "[[services]]\ncode = \"A1\"\nname = \"开锁\"\ncategory = \"service\"\nonline = true\n";
    let text = said(&import(&app, &mile_with(inline), Some(&format!("{HEADINGS}{SHEET}"))));
    assert!(text.contains("services_file") && text.contains("二者取一"), "{text}");
    app.app.reload_playbooks().await.unwrap();
    let resident = app.resident("王芳").await;
    assert!(resident.get("/services").await.expect(200).items().is_empty(), "nothing of it was taken");
    // Written in the playbook itself they count as well.
    play_by(&app, inline, &[]).await;
    let page = resident.get("/services").await.expect(200);
    assert_eq!((codes(&page), &page.items()[0]["online"]), (vec!["A1"], &json!(true)));
    // Another sheet beside the same playbook is another playbook.
    catalogue(&app).await;
    play_with(&app, "", &format!("{HEADINGS}{SHEET}SZ-09,井盖缺失,公共设施,,,\n")).await;
    assert_eq!(resident.get("/services?q=井盖").await.expect(200).items().len(), 1);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn q06_a_service_sorts_the_ticket_that_names_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    catalogue(&app).await;
    let (resident, clerk) = (app.resident("王芳").await, app.staff("community_clerk", COMMUNITY).await);
    let filed = resident.post("/tickets", about("SZ-01", &[])).await.expect(201);
    assert_eq!(filed.json["service"], json!({"code": "SZ-01", "name": "路灯报修"}));
    assert_eq!((filed.str("category"), filed.str("affair")), ("facilities", "public"));
    // What is said besides counts.
    let said = [("category", "safety"), ("affair", "shared")];
    let otherwise = resident.post("/tickets", about("SZ-01", &said)).await.expect(201);
    assert_eq!((otherwise.str("category"), otherwise.str("affair")), ("safety", "shared"));
    // A service without an affair leaves it open, for the information officer to see.
    let unsorted = resident.post("/tickets", about("SZ-02", &[])).await.expect(201);
    assert_eq!((unsorted.str("category"), &unsorted.json["affair"]), ("facilities", &json!(null)));
    let plain = resident.post("/tickets", lamp()).await.expect(201);
    assert_eq!(plain.json["service"], json!(null));
    let refused = resident.post("/tickets", about("SZ-1", &[])).await;
    refused.refused_for(422, "ticket.service_unknown", "/service");
    assert!(refused.text.contains("SZ-01 路灯报修") && refused.text.contains("SZ-02"), "{}", refused.text);
    let none = resident.post("/tickets", about("路灯", &[])).await;
    assert!(none.text.contains("SZ-01 路灯报修") && !none.text.contains("SZ-02"), "{}", none.text);
    // Graded: the service says the rest, and who may claim it.
    let grade = format!("{}/grade", path(&plain));
    clerk.post(&grade, json!({"service": "nothing"})).await.refused_for(
        422,
        "ticket.service_unknown",
        "/service",
    );
    let graded = clerk.post(&grade, json!({"service": "LL-01"})).await.expect(200);
    assert_eq!((graded.str("category"), graded.str("affair")), ("environment", "shared"));
    assert_eq!(
        (&graded.json["claimable"], &graded.json["service"]["name"]),
        (&json!(true), &json!("楼道杂物清理"))
    );
    let timeline = clerk.get(&format!("{}/timeline", path(&plain))).await.expect(200);
    assert_eq!(timeline.items()[1]["service"], "LL-01");
    assert_eq!(clerk.get(&path(&plain)).await.expect(200).json["service"], graded.json["service"]);
    // Found again by it.
    assert_eq!(numbers(&clerk, "service=SZ-01").await, [filed.str("number"), otherwise.str("number")]);
    assert_eq!(numbers(&resident, "mine=true&service=LL-01").await, [plain.str("number")]);
    assert!(numbers(&clerk, "service=MZ-01").await.is_empty());
    // A catalogue that has it no more leaves the code.
    play_with(&app, "", &format!("{HEADINGS}MZ-01,临时救助申请,办事咨询,,,\n")).await;
    let shown = resident.get(&path(&filed)).await.expect(200);
    assert_eq!(shown.json["service"], json!({"code": "SZ-01", "name": null}));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn l04_the_information_officer_sees_what_is_not_sorted(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let (resident, clerk) = (app.resident("王芳").await, app.staff("community_clerk", COMMUNITY).await);
    let file = async |category: Option<&str>, affair: Option<&str>| {
        let mut body = lamp();
        (body["category"], body["affair"]) = (json!(category), json!(affair));
        resident.post("/tickets", body).await.expect(201)
    };
    let neither = file(None, None).await;
    let half = file(Some("facilities"), None).await;
    let sorted = file(Some("facilities"), Some("public")).await;
    let gone = file(None, None).await;
    let _ = resident.post(&format!("{}/withdraw", path(&gone)), json!({"reason": "自己修好了"})).await;
    assert_eq!(numbers(&clerk, "sorted=false").await, [neither.str("number"), half.str("number")]);
    assert_eq!(numbers(&clerk, "sorted=true").await, [sorted.str("number")]);
    let _ = clerk.post(&format!("{}/grade", path(&half)), json!({"affair": "public"})).await.expect(200);
    assert_eq!(numbers(&clerk, &format!("place={COMMUNITY}&sorted=false")).await, [neither.str("number")]);
    let elsewhere = app.staff("community_clerk", NEIGHBOUR).await;
    assert!(numbers(&elsewhere, "sorted=false").await.is_empty());
    clerk.get("/tickets?sorted=maybe").await.refused_for(400, "request.invalid_value", "?sorted");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn l04_who_may_claim_goes_by_category_too(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let wrong = "[[policy.claims]]\nroles = [\"volunteer\"]\n\n[[policy.claims]]\ncategory = \"moon\"\nroles = [\"volunteer\"]\n";
    let text = said(&import(&app, &mile_with(wrong), None));
    assert!(text.contains("policy.claims[2]: affair、category 至少写一项"), "{text}");
    assert!(text.contains("policy.claims[3].category: 没有这个类别"), "{text}");
    let rule = "[[policy.claims]]\ncategory = \"dispute\"\nroles = [\"volunteer\"]\n";
    play_by(&app, rule, &[]).await;
    let (resident, volunteer) = (app.resident("王芳").await, app.staff("volunteer", COMMUNITY).await);
    let file = async |category: &str| {
        let body = json!({"content": "楼上漏水", "place": {"code": COMMUNITY}, "category": category});
        path(&resident.post("/tickets", body).await.expect(201))
    };
    let (dispute, other) = (file("dispute").await, file("property").await);
    volunteer.post(&format!("{other}/claim"), json!({})).await.refused(404, "ticket.not_found");
    let claimed = volunteer.post(&format!("{dispute}/claim"), json!({})).await.expect(200);
    assert_eq!(claimed.str("status"), "accepted");
    app.stop().await;
}
