//! Who grants what, and what becomes of the tokens.

use crate::people::{user, worker};
use integration_tests::Backend;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT};
use rstest::rstest;
use serde_json::{Value, json};

const COUNTY: &str = "532504";

#[rstest]
#[tokio::test]
async fn grants_stay_within_the_scope_of_who_grants(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let county = app.staff("county_admin", COUNTY).await;
    let street = app.staff("county_admin", STREET).await;
    let system = app.staff("system_admin", COUNTY).await;
    let person = user(&worker(&county, "王小二", None, COMMUNITY).await);
    let grant = format!("{person}/grant");
    let of = |role: &str, place: &str| json!({"role": role, "places": [place]});
    for (caller, body) in [
        (&street, of("grid_worker", "532504002")),
        (&street, of("grid_worker", COUNTY)),
        (&street, json!({"role": "grid_worker", "places": [COMMUNITY, "532504002"]})),
        (&street, json!({"role": "department_handler", "unit": UNIT})),
        (&county, of("hotline", COUNTY)),
        (&county, of("system_admin", COMMUNITY)),
    ] {
        caller.post(&grant, body).await.refused(403, "grant.beyond_scope");
    }
    let beyond = json!({"name": "x", "grants": [{"role": "volunteer", "places": ["532504002"]}]});
    street.post("/users", beyond).await.refused_for(403, "grant.beyond_scope", "/grants");
    system.post(&grant, of("resident", COMMUNITY)).await.refused_for(422, "grant.resident", "/role");
    county.post(&grant, of("grid_worker", COMMUNITY)).await.refused(409, "grant.already_held");
    let _ = system.post(&grant, of("hotline", COUNTY)).await.expect(200);
    let granted =
        county.post(&grant, json!({"role": "volunteer", "places": [NEIGHBOUR, STREET, STREET]})).await;
    let grants = granted.expect(200).json["grants"].as_array().unwrap().clone();
    let held = |role: &str| grants.iter().find(|grant| grant["role"] == role).unwrap();
    assert_eq!(held("volunteer")["places"], json!([STREET]), "what another covers adds nothing");
    // What one could not have granted one does not take.
    let revoke = |grant: &Value| json!({"grant": grant["id"]});
    county
        .post(&format!("{person}/revoke"), revoke(held("hotline")))
        .await
        .refused(403, "grant.beyond_scope");
    let _ = county.post(&format!("{person}/revoke"), revoke(held("volunteer"))).await.expect(200);
    county.post(&format!("{person}/revoke"), revoke(held("volunteer"))).await.refused_for(
        422,
        "grant.unknown",
        "/grant",
    );
    let other = app.staff("county_admin", "532504002").await;
    other.post(&grant, of("volunteer", "532504002")).await.refused(404, "person.not_found");
    app.staff("supervisor", COUNTY)
        .await
        .post(&grant, of("volunteer", COUNTY))
        .await
        .refused(403, "permission.role");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_grant_has_at_most_64_places(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let person = user(&worker(&admin, "王小二", None, COMMUNITY).await);
    let file = include_str!("../../../api/demo/mile-places.csv");
    let codes: Vec<_> =
        file.lines().filter_map(|line| line.split(',').next()).filter(|code| code.len() == 12).collect();
    let grant = |count: usize| json!({"role": "grid_leader", "places": codes[..count]});
    let grant_path = format!("{person}/grant");
    admin.post(&grant_path, grant(65)).await.refused_for(422, "grant.places_count", "/places");
    let granted = admin.post(&grant_path, grant(64)).await.expect(200);
    let places = granted.json["grants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|grant| grant["places"].as_array().unwrap().len());
    assert_eq!(places.max(), Some(64));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn tokens_die_with_what_they_stood_for(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let person = format!("/users/{}", app.id_of(&clerk).await);
    let _ = clerk.get("/tickets").await.expect(200);
    let grants = admin.get(&person).await.expect(200).json["grants"].clone();
    let _ = admin.post(&format!("{person}/revoke"), json!({"grant": grants[0]["id"]})).await.expect(200);
    for path in ["/tickets", "/users", "/units", "/me"] {
        clerk.get(path).await.refused(401, "auth.grants_changed");
    }
    // What was an administrator's token ends too.
    let own = format!("/users/{}", app.id_of(&admin).await);
    let grants = admin.get(&own).await.expect(200).json["grants"].clone();
    let _ = admin.post(&format!("{own}/revoke"), json!({"grant": grants[0]["id"]})).await.expect(200);
    for path in ["/audit", "/users", "/units", &person] {
        admin.get(path).await.refused(401, "auth.grants_changed");
    }
    admin.post("/users", json!({"name": "x"})).await.refused(401, "auth.grants_changed");
    admin.post("/units", json!({"name": "x", "place": COUNTY})).await.refused(401, "auth.grants_changed");
    admin.post(&format!("{person}/leave"), json!({"reason": "x"})).await.refused(401, "auth.grants_changed");
    app.stop().await;
}
