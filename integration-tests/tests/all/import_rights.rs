//! What a sheet may not do: what whoever hands it in may not do by any other way either. And sheets that are handed in again.

use crate::import::{COUNTY, faults, import, tally};
use integration_tests::Backend;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, TestApp};
use integration_tests::database::execute;
use rstest::rstest;
use serde_json::json;

const ELSEWHERE: &str = "532504002001";

#[rstest]
#[tokio::test]
async fn a_sheet_of_ties_ends_none_that_is_beyond_its_author(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let people = format!("姓名,手机号,角色,地点编码\n钱多多,13800000011,网格员,{COMMUNITY}");
    let _ = import(&app, &admin, "people", people).await;
    let tie = |until: &str| {
        format!("类别,人员手机号,地点编码,自,至\n包保,13800000011,{COMMUNITY},2026-01-01,{until}")
    };
    assert_eq!(tally(&import(&app, &admin, "ties", tie("")).await), [1, 1, 0, 0]);
    let other = app.staff("county_admin", "532504002").await;
    let refused = import(&app, &other, "ties", tie("2026-11-21")).await;
    assert_eq!(faults(&refused), [(2, "地点编码".into(), "tie.beyond_scope".into())]);
    let checked_in = format!("类别,人员手机号,地点编码\n认门报到,13800000011,{COMMUNITY}");
    assert_eq!(faults(&import(&app, &admin, "ties", checked_in).await).len(), 1);
    // Who may ends it; the same sheet again changes nothing, and neither does one of a tie that ends by itself.
    assert_eq!(tally(&import(&app, &admin, "ties", tie("2026-11-21")).await), [1, 0, 1, 0]);
    assert_eq!(tally(&import(&app, &admin, "ties", tie("2026-11-21")).await), [1, 0, 0, 1]);
    let bounded =
        format!("类别,人员手机号,地点编码,自,至\n挂联,13800000011,{COMMUNITY},2026-11-01,2027-10-31");
    assert_eq!(tally(&import(&app, &admin, "ties", bounded.clone()).await), [1, 1, 0, 0]);
    assert_eq!(tally(&import(&app, &admin, "ties", bounded).await), [1, 0, 0, 1]);
    // One sheet puts another in the place of whoever answered, whichever row comes first.
    let line = |who: &str, until: &str| format!("包保,,{who},{COMMUNITY},综治,{until}");
    let head = "类别,人员手机号,单位,地点编码,条线,至";
    let units = "单位名称,类别\n市公安局,部门\n市应急局,部门";
    let _ = import(&app, &admin, "units", units).await;
    let first = format!("{head}\n{}", line("市公安局", ""));
    assert_eq!(tally(&import(&app, &admin, "ties", first).await), [1, 1, 0, 0]);
    let swapped = format!("{head}\n{}\n{}", line("市应急局", ""), line("市公安局", "2026-11-21"));
    assert_eq!(tally(&import(&app, &admin, "ties", swapped).await), [2, 1, 1, 0]);
    // Numbers in plain of whoever is tied are for who may see them all.
    let street = "/exports?subject=ties&place=532504002&reason=核对";
    other.get(street).await.refused_for(422, "place.not_a_county", "?place");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn whom_the_county_does_not_know_it_learns_nothing_of(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    // A resident with a phone number, as WeChat brings them; nobody has had to do with them.
    let people = "姓名,手机号\n王芳,13800000031";
    assert_eq!(tally(&import(&app, &admin, "people", people).await), [1, 1, 0, 0]);
    let found = admin.get("/users?q=13800000031").await.expect(200);
    let id = found.items()[0]["id"].as_str().unwrap().to_owned();
    execute(
        &app.url,
        "UPDATE event SET scope_code = '140226' WHERE kind = 'registered' AND aggregate = 'person'",
    )
    .await;
    let tied = json!({"kind": "responsible", "person": id, "place": COMMUNITY});
    clerk.post("/ties", tied).await.refused_for(422, "tie.person_unknown", "/person");
    let deed = json!({"kind": "service", "person": id, "place": COMMUNITY, "account": "理发"});
    clerk.post("/deeds", deed).await.refused_for(422, "tie.person_unknown", "/person");
    let sheet = format!("类别,人员手机号,地点编码\n包保,13800000031,{COMMUNITY}");
    assert_eq!(faults(&import(&app, &admin, "ties", sheet).await)[0].2, "tie.person_unknown");
    let renamed = import(&app, &admin, "people", "姓名,手机号,技能\n王花,13800000031,电工").await;
    assert_eq!(faults(&renamed), [(2, "手机号".into(), "import.phone_elsewhere".into())]);
    // A post makes them the county's.
    let post = format!("姓名,手机号,角色,地点编码\n王芳,13800000031,网格员,{COMMUNITY}");
    assert_eq!(tally(&import(&app, &admin, "people", post).await), [1, 0, 1, 0]);
    let _ = clerk
        .post("/ties", json!({"kind": "responsible", "person": id, "place": COMMUNITY}))
        .await
        .expect(201);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn what_is_held_already_needs_no_right_and_numbers_stay_taken(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let street = app.staff("county_admin", "532504002").await;
    // Beyond what the street may grant, and theirs already.
    let both = format!("姓名,手机号,角色,地点编码\n钱多多,13800000041,网格员,{COMMUNITY}、{ELSEWHERE}");
    assert_eq!(tally(&import(&app, &admin, "people", both.clone()).await), [1, 1, 0, 0]);
    assert_eq!(tally(&import(&app, &street, "people", both).await), [1, 0, 0, 1]);
    let more = format!("姓名,手机号,角色,地点编码\n钱多多,13800000041,网格长,{COMMUNITY}");
    assert_eq!(faults(&import(&app, &street, "people", more).await)[0].2, "grant.beyond_scope");
    // The number of a unit that was retired stays its own, and one unit is one row.
    let unit = "单位名称,类别,编号\n老单位,部门,OLD-1";
    assert_eq!(tally(&import(&app, &admin, "units", unit).await), [1, 1, 0, 0]);
    let found = admin.get("/units?q=OLD-1").await.expect(200);
    let retire = format!("/units/{}/retire", found.items()[0]["id"].as_str().unwrap());
    let _ = admin.post(&retire, json!({})).await.expect(200);
    assert_eq!(
        faults(&import(&app, &admin, "units", unit).await),
        [(2, "编号".into(), "unit.code_taken".into())]
    );
    let _ = import(&app, &admin, "units", "单位名称,类别\n市水务局二,部门").await;
    let twice = "单位名称,类别,编号\n市水务局二,事业单位,\n市水务局二,部门,W-1";
    assert_eq!(
        faults(&import(&app, &admin, "units", twice).await),
        [(3, "单位名称".into(), "import.twice".into())]
    );
    // A unit's seat goes along where its place goes on as another.
    let seated =
        json!({"name": "温泉社区居委会", "kind": "community_office", "place": COUNTY, "seat": COMMUNITY});
    let seated = admin.post("/units", seated).await.expect(201);
    let place = admin.get(&format!("/places?code={COMMUNITY}")).await.expect(200);
    let merge = format!("/places/{}/merge", place.items()[0]["id"].as_str().unwrap());
    let _ = admin.post(&merge, json!({"into": NEIGHBOUR, "reason": "两个社区合并"})).await.expect(200);
    let unit = admin.get(&format!("/units/{}", seated.str("id"))).await.expect(200);
    assert_eq!(unit.str("seat"), NEIGHBOUR);
    app.stop().await;
}
