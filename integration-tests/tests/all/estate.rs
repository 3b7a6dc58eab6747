//! 一小区一策: problems of property go to whoever looks after the estate, by the mode that it has.

use crate::call::named;
use crate::rules::{import, mile_with, play_by, said};
use crate::ticket::path;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, TestApp, UNIT};
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const COUNTY: &str = "532504";
const MODES: &str = "[estate]\ncategory = \"property\"\nlevel = \"小组（小区）\"\n\n\
    [[estate_modes]]\nkey = \"red_property\"\nname = \"红色物业\"\nto = \"property\"\n\n\
    [[estate_modes]]\nkey = \"community_run\"\nname = \"社区托管\"\nto = \"community\"\n\n\
    [[estate_modes]]\nkey = \"self_run\"\nname = \"居民自管\"\nto = \"owners\"\n\n\
    [[routes]]\ncategory = \"property\"\nto = { estate = true }\n";

struct County {
    app: TestApp,
    admin: Caller,
    clerk: Caller,
    resident: Caller,
}

impl County {
    async fn start(backend: Backend) -> Self {
        let app = TestApp::start(backend).await;
        play_by(&app, MODES, &[]).await;
        let admin = app.staff("county_admin", COUNTY).await;
        let clerk = named(&app, "community_clerk", COMMUNITY, "社区文书").await;
        let resident = app.resident("王芳").await;
        Self { app, admin, clerk, resident }
    }

    async fn place(&self, parent: &str, name: &str) -> String {
        let body = json!({"parent": parent, "name": name, "reason": "小区划分"});
        self.admin.post("/places", body).await.expect(201).str("code").to_owned()
    }

    async fn unit(&self, kind: &str, name: &str) -> String {
        let body = json!({"name": name, "kind": kind, "place": COUNTY, "seat": null});
        self.admin.post("/units", body).await.expect(201).str("id").to_owned()
    }

    async fn set(&self, place: &str, mode: &str, unit: Option<&str>) -> Answer {
        put(&self.clerk, mode_of(place, mode, unit)).await
    }

    /// A ticket as it is after the platform looked at it.
    async fn routed(&self, place: &str, category: &str) -> (String, Value) {
        let body = json!({"content": "电梯坏了三天", "place": {"code": place}, "category": category});
        let ticket = path(&self.resident.post("/tickets", body).await.expect(201));
        self.app.app.catch_up().await.unwrap();
        let shown = self.admin.get(&ticket).await.expect(200);
        (ticket, shown.json["lead"].clone())
    }
}

fn mode_of(place: &str, mode: &str, unit: Option<&str>) -> Value {
    json!({"place": place, "mode": mode, "unit": unit, "reason": "业主大会表决"})
}

async fn put(caller: &Caller, body: Value) -> Answer {
    caller.put_with("/estates", &[], body).await
}

#[rstest]
#[tokio::test]
async fn f10_each_estates_problems_go_by_its_own_mode(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::start(backend).await;
    let (app, clerk) = (&county.app, &county.clerk);
    let (red, run) = (county.place(COMMUNITY, "红石小区").await, county.place(COMMUNITY, "老街片").await);
    let own = county.place(COMMUNITY, "自管院").await;
    let company = county.unit("property_company", "安居物业").await;
    let set = county.set(&red, "red_property", Some(&company)).await.expect(201);
    assert_eq!((set.str("mode_name"), set.str("to")), ("红色物业", "property"));
    assert_eq!((set.json["unit"]["name"].as_str(), set.header("etag")), (Some("安居物业"), "\"1\""));
    let _ = county.set(&run, "community_run", None).await.expect(201);
    let _ = county.set(&own, "self_run", None).await.expect(201);
    // To the company, for a building of the estate as well; to the community; to nobody yet.
    let building = county.place(&red, "一栋").await;
    let (ticket, lead) = county.routed(&building, "property").await;
    assert_eq!(lead, json!({"person": null, "unit": company}));
    let (other, lead) = county.routed(&run, "property").await;
    assert_eq!(lead, json!({"person": app.id_of(clerk).await, "unit": null}));
    assert_eq!(county.routed(&own, "property").await.1, Value::Null);
    assert_eq!(county.routed(COMMUNITY, "property").await.1, Value::Null);
    assert_eq!(county.routed(&red, "facilities").await.1, Value::Null, "no problem of property");
    // Whoever sees the ticket sees in which mode and by whom.
    let estate = county.resident.get(&format!("{ticket}/estate")).await.expect(200);
    assert_eq!((&estate.json["property"], estate.str("mode_name")), (&json!(true), "红色物业"));
    assert_eq!(estate.json["unit"], json!({"id": company, "name": "安居物业"}));
    assert_eq!(estate.json["place"], json!({"code": red, "name": "红石小区"}));
    let estate = clerk.get(&format!("{other}/estate")).await.expect(200);
    assert_eq!((estate.str("to"), &estate.json["unit"]), ("community", &Value::Null));
    let neighbour = app.staff("community_clerk", NEIGHBOUR).await;
    neighbour.get(&format!("{ticket}/estate")).await.refused(404, "ticket.not_found");
    // It is talked over with the company, which solves it, and counts for it.
    let hired = app.of_unit("department_handler", company.parse().unwrap()).await;
    let talk = json!({"units": [company], "conclusion": "社区、业主、物业三方商定三日内修复"});
    let _ = clerk.post(&format!("{ticket}/discuss"), talk).await.expect(200);
    let _ = hired.post(&format!("{ticket}/accept"), json!({})).await.expect(200);
    app.app.catch_up().await.unwrap();
    let figures = county.admin.get(&format!("/figures?unit={company}")).await.expect(200);
    assert_eq!(figures.json["totals"]["submitted"], 1, "{}", figures.text);
    assert_eq!(figures.json["totals"]["accepted"], 1, "{}", figures.text);
    // Owners who have a committee by now look after it themselves.
    let committee = county.unit("owners_committee", "自管院业委会").await;
    let changed = county.set(&own, "self_run", Some(&committee)).await.expect(200);
    assert_eq!(changed.header("etag"), "\"2\"");
    assert_eq!(county.routed(&own, "property").await.1["unit"], json!(committee));
    // Another mode holds from the next ticket on.
    let _ = county.set(&red, "community_run", None).await.expect(200);
    assert_eq!(county.routed(&red, "property").await.1["unit"], Value::Null);
    county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f10_an_estate_has_one_mode_that_the_community_sets(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::start(backend).await;
    let (clerk, admin) = (&county.clerk, &county.admin);
    let estate = county.place(COMMUNITY, "红石小区").await;
    let building = county.place(&estate, "一栋").await;
    let company = county.unit("property_company", "安居物业").await;
    // Of those who set it at once the first begins it and the others change it.
    let body = |reason: usize| {
        let mut body = mode_of(&estate, "red_property", Some(&company));
        body["reason"] = json!(format!("第{reason}次表决"));
        body
    };
    let (a, b, c) = tokio::join!(put(clerk, body(1)), put(admin, body(2)), put(clerk, body(3)));
    let mut statuses = [a.status, b.status, c.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 201], "{} {} {}", a.text, b.text, c.text);
    let listed = admin.get("/estates?place=532504").await.expect(200);
    assert_eq!(listed.items().len(), 1);
    let id = format!("/estates/{}", listed.items()[0]["id"].as_str().unwrap());
    assert_eq!(clerk.get(&id).await.expect(200).header("etag"), "\"3\"");
    let count = async |caller: &Caller, query: &str| {
        caller.get(&format!("/estates?{query}")).await.expect(200).items().len()
    };
    assert_eq!(count(clerk, &format!("unit={company}")).await, 1);
    assert_eq!((count(clerk, "mode=red_property").await, count(clerk, "mode=self_run").await), (1, 0));
    // Neither another community's, nor at a level that is no estate, nor with the wrong unit.
    let neighbour = county.app.staff("community_clerk", NEIGHBOUR).await;
    put(&neighbour, mode_of(&estate, "community_run", None)).await.refused(403, "matter.beyond_scope");
    neighbour.get(&id).await.refused(404, "matter.not_found");
    assert_eq!(count(&neighbour, "").await, 0);
    let worker = county.app.staff("grid_worker", COMMUNITY).await;
    let _ = worker.get(&id).await.expect(200);
    put(&worker, mode_of(&estate, "community_run", None)).await.refused(403, "permission.role");
    for place in [COMMUNITY, building.as_str()] {
        county.set(place, "community_run", None).await.refused_for(422, "matter.place", "/place");
    }
    county.set(&estate, "moon", None).await.refused_for(422, "matter.unknown", "/mode");
    let department = UNIT.to_string();
    let committee = county.unit("owners_committee", "业委会").await;
    for (mode, unit) in [
        ("red_property", None),
        ("red_property", Some(department.as_str())),
        ("red_property", Some(committee.as_str())),
        ("community_run", Some(company.as_str())),
        ("self_run", Some(company.as_str())),
    ] {
        county.set(&estate, mode, unit).await.refused_for(422, "matter.who", "/unit");
    }
    let _ = admin.post(&format!("/units/{committee}/retire"), json!({})).await.expect(200);
    county.set(&estate, "self_run", Some(&committee)).await.refused_for(422, "matter.who", "/unit");
    let audit = admin.get("/audit?place=532504").await.expect(200);
    assert!(audit.text.contains("确定小区管理方式"), "{}", audit.text);
    // A playbook whose route leads to estates without a word on them is refused.
    let bad = "[[routes]]\ncategory = \"property\"\nto = { estate = true }\n";
    let text = said(&import(&county.app, &mile_with(bad), None));
    assert!(text.contains("routes[0].to.estate"), "{text}");
    county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f10_an_estate_goes_with_its_place(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let county = County::start(backend).await;
    let (admin, clerk) = (&county.admin, &county.clerk);
    let (gone, stays) = (county.place(COMMUNITY, "前院").await, county.place(COMMUNITY, "后院").await);
    let company = county.unit("property_company", "安居物业").await;
    let set = county.set(&gone, "red_property", Some(&company)).await.expect(201);
    let _ = county.set(&stays, "community_run", None).await.expect(201);
    let place = admin.get(&format!("/places?code={gone}")).await.expect(200).items()[0]["id"].clone();
    let merge = format!("/places/{}/merge", place.as_str().unwrap());
    let _ = admin.post(&merge, json!({"into": stays, "reason": "零散小区合并管理"})).await.expect(200);
    let listed = admin.get("/estates?place=532504").await.expect(200);
    assert_eq!((listed.items().len(), &listed.items()[0]["place"]["code"]), (1, &json!(stays)));
    assert_eq!(clerk.get(&format!("/estates?unit={company}")).await.expect(200).items().len(), 0);
    let kept = clerk.get(&format!("/estates/{}", set.str("id"))).await.expect(200);
    assert_eq!(kept.str("mode_name"), "红色物业");
    // By the code of before it is the other from then on, tickets and mode.
    let (_, lead) = county.routed(&gone, "property").await;
    assert_eq!(lead, json!({"person": county.app.id_of(clerk).await, "unit": null}));
    let _ = county.set(&gone, "self_run", None).await.expect(200);
    assert_eq!(admin.get("/estates?place=532504").await.expect(200).items().len(), 1);
    county.app.stop().await;
}
