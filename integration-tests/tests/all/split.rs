//! A community splits while its residents go on filing tickets.

use integration_tests::Backend;
use integration_tests::app::{COMMUNITY, TestApp, lamp};
use integration_tests::database::number;
use rstest::rstest;
use serde_json::json;

const COUNTY: &str = "532504";

#[rstest]
#[tokio::test]
async fn f01_a_community_splits_while_tickets_arrive(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let founded = json!({"parent": COMMUNITY, "name": "北区小组", "reason": "网格划分方案"});
    let group = admin.post("/places", founded).await.expect(201).str("code").to_owned();
    let place = admin.get(&format!("/places?code={COMMUNITY}")).await.expect(200);
    let split = format!("/places/{}/split", place.items()[0]["id"].as_str().unwrap());
    let residents = [app.resident("甲").await, app.resident("乙").await, app.resident("丙").await];
    // Each files where they live, with the code of the sign at their gate.
    let files = residents.iter().map(|resident| async {
        for n in 0..8 {
            let mut ticket = lamp();
            ticket["place"]["code"] = json!(if n % 2 == 0 { group.as_str() } else { COMMUNITY });
            let _ = resident.post("/tickets", ticket).await.expect(201);
        }
    });
    let splits = async {
        let part =
            json!({"parts": [{"name": "温泉北社区", "places": [group]}], "reason": "人口增长，一分为二"});
        let _ = admin.post(&split, part).await.expect(200);
        app.app.catch_up().await.unwrap();
    };
    tokio::join!(futures_util::future::join_all(files), splits);
    app.pass(1);
    app.app.catch_up().await.unwrap();
    let now = admin.get(&format!("/places?code={group}")).await.expect(200);
    let now = now.items()[0]["code"].as_str().unwrap().to_owned();
    assert_ne!(now, group);
    for (code, count) in [(now.as_str(), 12), (COMMUNITY, 12), (group.as_str(), 0)] {
        let sql = format!("SELECT count(*) FROM ticket WHERE scope_code = '{code}'");
        assert_eq!(number(&app.url, &sql).await, count, "{code}");
    }
    app.stop().await;
}
