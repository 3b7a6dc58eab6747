//! 平台智能派单: what the platform dispatches by itself, by the routes of the playbook.

use crate::call::named;
use crate::inbox::told;
use crate::rules::{huying, import, mile_with, play_by, play_with, said};
use crate::ticket::path;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT};
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const COUNTY: &str = "532504";
/// To whoever works in the grid, to a unit, and to whoever answers for the place.
const ROUTES: &str = "[[routes]]\ncategory = \"safety\"\nto = { role = \"grid_worker\" }\n\n\
    [[routes]]\ncategory = \"facilities\"\naffair = \"public\"\nto = { unit = \"市住房和城乡建设局\" }\n\n\
    [[routes]]\ncategory = \"facilities\"\nto = { tie = \"responsible\" }\n\n\
    [[routes]]\ncategory = \"property\"\nto = { unit = \"没有的单位\" }\n";

struct County {
    app: TestApp,
    resident: Caller,
    clerk: Caller,
    admin: Caller,
}

impl County {
    async fn with(backend: Backend, routes: &str) -> Self {
        let app = TestApp::start(backend).await;
        play_by(&app, routes, &[]).await;
        let (resident, clerk) = (app.resident("王芳").await, app.staff("community_clerk", COMMUNITY).await);
        let admin = app.staff("county_admin", COUNTY).await;
        Self { app, resident, clerk, admin }
    }

    /// A grid of the community.
    async fn grid(&self, name: &str) -> String {
        let body = json!({"parent": COMMUNITY, "name": name, "reason": "网格划分方案"});
        self.admin.post("/places", body).await.expect(201).str("code").to_owned()
    }

    async fn file(&self, place: &str, category: &str, affair: Option<&str>) -> String {
        let body =
            json!({"content": "请帮忙", "place": {"code": place}, "category": category, "affair": affair});
        path(&self.resident.post("/tickets", body).await.expect(201))
    }

    /// A ticket of this category as it is after the platform looked at it.
    async fn routed(&self, place: &str, category: &str, affair: Option<&str>) -> Answer {
        let ticket = self.file(place, category, affair).await;
        self.app.app.catch_up().await.unwrap();
        self.clerk.get(&ticket).await.expect(200)
    }
}

#[rstest]
#[tokio::test]
async fn z01_the_platform_finds_whoever_is_nearest_and_free(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::with(backend, ROUTES).await;
    let app = &county.app;
    let grid = county.grid("一号网格").await;
    let (first, second) = (
        named(app, "grid_worker", &grid, "网格员甲").await,
        named(app, "grid_worker", &grid, "网格员乙").await,
    );
    let wider = named(app, "grid_worker", COMMUNITY, "网格员丙").await;
    let _elsewhere = named(app, "grid_worker", NEIGHBOUR, "网格员丁").await;
    let (a, b, c) = (app.id_of(&first).await, app.id_of(&second).await, app.id_of(&wider).await);
    let lead = |ticket: &Answer| ticket.json["lead"]["person"].as_str().unwrap_or_default().to_owned();
    // The fewest first: of two without any, either; then the other.
    let one = county.routed(&grid, "safety", None).await;
    let other = county.routed(&grid, "safety", None).await;
    let mut both = [lead(&one), lead(&other)];
    both.sort();
    let mut expected = [a.clone(), b.clone()];
    expected.sort();
    assert_eq!((one.str("status"), both), ("dispatched", expected));
    // On duty before all others, however much they have.
    let shift = json!({"place": grid, "person": a,
        "starts_at": "2026-11-21T00:00:00Z", "ends_at": "2026-11-21T12:00:00Z"});
    let _ = county.clerk.post("/shifts", shift).await.expect(201);
    for _ in 0..2 {
        assert_eq!(lead(&county.routed(&grid, "safety", None).await), a);
    }
    // Nobody who is away; where all of the grid are, whoever is there in the community.
    for person in [&a, &b] {
        let away =
            json!({"person": person, "starts_at": "2026-11-21T00:30:00Z", "ends_at": "2026-11-21T09:00:00Z"});
        let _ = county.clerk.post("/absences", away).await.expect(201);
        let next = if person == &a { &b } else { &c };
        assert_eq!(&lead(&county.routed(&grid, "safety", None).await), next);
    }
    // The timeline says that nobody did it, and staff read by which route; the requester is told that it was dispatched.
    let ticket = format!("/tickets/{}", one.str("id"));
    let step = async |caller: &Caller| {
        let timeline = caller.get(&format!("{ticket}/timeline")).await.expect(200);
        timeline.items().iter().find(|step| step["kind"] == "dispatched").unwrap().clone()
    };
    let seen = step(&county.clerk).await;
    assert_eq!(seen["actor"], Value::Null);
    assert_eq!(seen["text"], "平台按规程派单：类别“治安安全”派给当地网格员。");
    assert_eq!(step(&county.resident).await["text"], Value::Null);
    let taker = if lead(&one) == a { &first } else { &second };
    assert!(told(taker).await.contains(&"assigned".to_owned()));
    assert!(told(&county.resident).await.contains(&"dispatched".to_owned()));
    let _ = taker.post(&format!("{ticket}/accept"), json!({})).await.expect(200);
    county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z01_the_platform_dispatches_to_units_and_to_whoever_answers_for_the_place(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::with(backend, ROUTES).await;
    let grid = county.grid("一号网格").await;
    let public = county.routed(&grid, "facilities", Some("public")).await;
    assert_eq!(public.json["lead"], json!({"person": null, "unit": UNIT}));
    // Nobody answers for the place, a unit is not there, or no route fits: it waits for a person.
    for category in ["facilities", "property", "dispute"] {
        assert_eq!(county.routed(&grid, category, None).await.str("status"), "submitted", "{category}");
    }
    let unit = async |name: &str| {
        let body = json!({"name": name, "kind": "department", "place": COUNTY, "seat": null});
        county.admin.post("/units", body).await.expect(201).str("id").to_owned()
    };
    let (street, near) = (unit("弥阳街道城管队").await, unit("温泉物业专班").await);
    let tie = async |unit: &str, place: &str, line: Option<&str>| {
        let body = json!({"kind": "responsible", "unit": unit, "place": place, "line": line});
        county.admin.post("/ties", body).await.expect(201).str("id").to_owned()
    };
    let lead = async || county.routed(&grid, "facilities", None).await.json["lead"]["unit"].clone();
    let _ = tie(&street, STREET, None).await;
    assert_eq!(lead().await, json!(street));
    let nearest = tie(&near, &grid, Some("city_management")).await;
    assert_eq!(lead().await, json!(near));
    let _ = tie(&street, &grid, None).await;
    assert_eq!(lead().await, json!(street), "for all lines before for one");
    let _ = county.admin.post(&format!("/ties/{nearest}/end"), json!({})).await.expect(200);
    county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z01_a_route_is_one_of_the_playbook_that_the_ticket_began_under(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::with(backend, ROUTES).await;
    let app = &county.app;
    let worker = named(app, "grid_worker", COMMUNITY, "网格员甲").await;
    let body = json!({"content": "请帮忙", "place": {"code": COMMUNITY}});
    let ticket = path(&county.resident.post("/tickets", body).await.expect(201));
    // Another route since, and of what it leads to only the ticket's own counts.
    play_by(app, "[[routes]]\ncategory = \"safety\"\nto = { role = \"community_clerk\" }\n", &[]).await;
    let _ = county.clerk.post(&format!("{ticket}/grade"), json!({"category": "safety"})).await.expect(200);
    app.app.catch_up().await.unwrap();
    let routed = county.clerk.get(&ticket).await.expect(200);
    assert_eq!(routed.json["lead"]["person"], json!(app.id_of(&worker).await), "{}", routed.text);
    let new = county.routed(COMMUNITY, "safety", None).await;
    assert_eq!(new.json["lead"]["person"], json!(app.id_of(&county.clerk).await));
    county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z01_people_who_were_faster_have_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let county = County::with(backend, ROUTES).await;
    let app = &county.app;
    let worker = named(app, "grid_worker", COMMUNITY, "网格员甲").await;
    let member = named(app, "party_member", COMMUNITY, "党员乙").await;
    let mut tickets = Vec::new();
    for _ in 0..6 {
        tickets.push(county.file(COMMUNITY, "safety", Some("shared")).await);
    }
    let act = async |caller: &Caller, at: usize, act: &str, body: Value| {
        let _ = caller.post(&format!("{}/{act}", tickets[at]), body).await.expect(200);
    };
    act(&member, 0, "claim", json!({})).await;
    act(&county.clerk, 1, "dispatch", json!({"lead": {"unit": UNIT}})).await;
    act(&county.clerk, 2, "grade", json!({"category": "dispute"})).await;
    act(&county.resident, 3, "withdraw", json!({"reason": "好了"})).await;
    act(&county.clerk, 4, "dispatch", json!({"lead": {"unit": UNIT}})).await;
    act(&county.clerk, 4, "return", json!({"reason": "派错了"})).await;
    app.app.catch_up().await.unwrap();
    let status = async |at: usize| county.clerk.get(&tickets[at]).await.expect(200).str("status").to_owned();
    let expected = ["accepted", "dispatched", "submitted", "withdrawn", "submitted", "dispatched"];
    for (at, expected) in expected.iter().enumerate() {
        assert_eq!(&status(at).await, expected, "{at}");
    }
    assert_eq!(county.clerk.get(&tickets[1]).await.expect(200).json["lead"]["unit"], json!(UNIT));
    // Sorted later, a route fits then.
    act(&county.clerk, 2, "grade", json!({"category": "safety"})).await;
    app.app.catch_up().await.unwrap();
    assert_eq!(status(2).await, "dispatched");
    // Given back, it is for people.
    act(&worker, 2, "return", json!({"reason": "不归我管"})).await;
    let _ =
        county.clerk.post(&format!("{}/grade", tickets[2]), json!({"severity": "small"})).await.expect(200);
    app.app.catch_up().await.unwrap();
    assert_eq!(status(2).await, "submitted");
    // Worked off twice at once, each is dispatched once.
    let many: Vec<_> = {
        let mut many = Vec::new();
        for _ in 0..5 {
            many.push(county.file(COMMUNITY, "safety", None).await);
        }
        many
    };
    let (one, other) = tokio::join!(app.app.react(), app.app.react());
    one.unwrap();
    other.unwrap();
    // What other sessions of the database held back is read now.
    app.app.catch_up().await.unwrap();
    for ticket in many {
        let timeline = county.clerk.get(&format!("{ticket}/timeline")).await.expect(200);
        let times = timeline.items().iter().filter(|step| step["kind"] == "dispatched").count();
        assert_eq!(times, 1, "{}", timeline.text);
    }
    county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z01_bad_routes_are_refused_and_services_have_theirs(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let bad = "[[routes]]\ncategory = \"moon\"\nto = { role = \"supervisor\" }\n\n\
        [[routes]]\nservice = \"S9\"\nto = { tie = \"member\" }\n\n[[routes]]\nto = { unit = \"水务局\" }\n\n\
        [[routes]]\naffair = \"public\"\nto = { role = \"grid_worker\" }\n";
    let text = said(&import(&app, &mile_with(bad), None));
    for fault in [
        "routes[0].category: 没有这个类别",
        "routes[0].to.role: 这个角色不能接单",
        "routes[1].service: 没有这个服务事项",
        "routes[1].to.tie",
        "routes[3]: 已被前面的派单路径覆盖",
    ] {
        assert!(text.contains(fault), "{fault}: {text}");
    }
    // A route may name a service of the sheet.
    let sheet = "编码,名称,类别,事权,承办单位,材料\nS1,开锁,治安安全,,,\n";
    let route = "[[routes]]\nservice = \"S1\"\nto = { role = \"grid_worker\" }\n";
    play_with(&app, route, sheet).await;
    let worker = named(&app, "grid_worker", COMMUNITY, "网格员甲").await;
    let resident = app.resident("王芳").await;
    let body = json!({"content": "门锁坏了", "place": {"code": COMMUNITY}, "service": "S1"});
    let ticket = path(&resident.post("/tickets", body).await.expect(201));
    app.app.catch_up().await.unwrap();
    let shown = resident.get(&ticket).await.expect(200);
    assert_eq!(shown.json["lead"]["person"], json!(app.id_of(&worker).await));
    // The reactor is one of those that can be looked at.
    let listed = said(&huying(&app.url, &["reactors"]));
    assert!(listed.contains("dispatch"), "{listed}");
    app.stop().await;
}
