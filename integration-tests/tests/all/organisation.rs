//! Social organisations and enterprises, and what they gave.

use integration_tests::Backend;
use integration_tests::app::{COMMUNITY, TestApp};
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test]
async fn z11_organisations_and_enterprises_are_registered_with_what_they_gave(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", "532504").await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    for (name, kind, served) in
        [("弥勒市社会工作协会", "social_organisation", 12), ("弥勒市惠民超市", "enterprise", 80)]
    {
        let body = json!({"name": name, "kind": kind, "place": "532504", "seat": COMMUNITY});
        let id = admin.post("/units", body).await.expect(201).str("id").to_owned();
        let listed = clerk.get(&format!("/units?kind={kind}&place={COMMUNITY}")).await.expect(200);
        assert_eq!(listed.items()[0]["name"], name);
        let gave = json!({"kind": "service", "unit": id, "place": COMMUNITY, "account": "送生活用品", "served": served});
        let _ = clerk.post("/deeds", gave).await.expect(201);
        let record = clerk.get(&format!("/deeds?unit={id}")).await.expect(200);
        assert_eq!((record.items().len(), &record.items()[0]["served"]), (1, &json!(served)));
    }
    app.stop().await;
}
