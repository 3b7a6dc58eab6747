//! Units: entered by who administers the county, seen by its staff.

use crate::ticket::Cast;
use integration_tests::Backend;
use integration_tests::app::{COMMUNITY, STREET, TestApp, UNIT};
use rstest::rstest;
use serde_json::json;

const COUNTY: &str = "532504";
/// How many units the example of Mile has.
const MILE: usize = 14;

#[rstest]
#[tokio::test]
async fn a_unit_is_entered_renamed_and_listed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let created = admin.post("/units", json!({"name": "市林业局", "place": COUNTY})).await.expect(201);
    assert_eq!((created.str("place"), created.header("etag")), (COUNTY, "\"1\""));
    let path = format!("/units/{}", created.str("id"));
    let rename = json!({"name": "市林业和草原局"});
    let renamed = admin.put_with(&path, &[("if-match", "\"1\"")], rename.clone()).await.expect(200);
    assert_eq!((renamed.str("name"), renamed.header("etag")), ("市林业和草原局", "\"2\""));
    admin.put_with(&path, &[("if-match", "\"1\"")], rename).await.refused(412, "unit.version_mismatch");
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = admin.get(&format!("/units?limit=1{cursor}")).await.expect(200);
        found.extend(page.items().iter().map(|unit| unit["name"].as_str().unwrap().to_owned()));
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(found.len(), MILE + 1);
    assert!(found.contains(&"市林业和草原局".to_owned()) && found.contains(&"市住房和城乡建设局".to_owned()));
    // A ticket can be led by it, and people can be granted roles for it.
    let handler = json!([{"role": "department_handler", "unit": created.str("id")}]);
    let _ = admin.post("/users", json!({"name": "王小二", "grants": handler})).await.expect(201);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn units_are_the_countys(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let street = app.staff("county_admin", STREET).await;
    let new = |place: &str| json!({"name": "x", "place": place});
    street.post("/units", new(COUNTY)).await.refused(403, "unit.beyond_scope");
    street.post("/units", new(STREET)).await.refused_for(422, "unit.not_a_county", "/place");
    let unit = format!("/units/{UNIT}");
    street.put_with(&unit, &[], json!({"name": "x"})).await.refused(403, "unit.beyond_scope");
    let admin = app.staff("county_admin", COUNTY).await;
    admin.post("/units", json!({"name": "名".repeat(51), "place": COUNTY})).await.refused_for(
        422,
        "text.too_long",
        "/name",
    );
    // Staff of any place of the county see them, people of a unit too.
    for caller in [app.staff("grid_worker", COMMUNITY).await, app.of_unit("department_handler", UNIT).await] {
        assert_eq!(caller.get(&unit).await.expect(200).str("name"), "市住房和城乡建设局");
        assert_eq!(caller.get("/units").await.expect(200).items().len(), MILE);
        assert_eq!(caller.get("/units?place=140226").await.expect(200).items().len(), 0);
        caller.post("/units", new(COUNTY)).await.refused(403, "permission.role");
    }
    app.resident("王芳").await.get("/units").await.refused(403, "permission.role");
    admin.get("/units/01990000-0000-7000-8000-00000000ffff").await.refused(404, "unit.not_found");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn people_of_a_unit_can_lead(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let handler = app.of_unit("department_handler", UNIT).await;
    let ticket = cast.ticket().await;
    let lead = json!({"lead": {"person": app.id_of(&handler).await}});
    let _ = cast.clerk.post(&format!("{ticket}/dispatch"), lead).await.expect(200);
    let _ = handler.post(&format!("{ticket}/accept"), json!({})).await.expect(200);
    app.stop().await;
}
