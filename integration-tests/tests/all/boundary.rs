//! Boundaries: which grid a position lies in, and whether grids cover what is above them.

use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp};
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const COUNTY: &str = "532504";

/// A square of so many thousandths of a degree.
pub(crate) fn square(lng: f64, lat: f64, side: f64) -> Value {
    let further = |from: f64| (from * 1000.0 + side).round() / 1000.0;
    let (east, north) = (further(lng), further(lat));
    json!({"type": "Polygon", "coordinates": [[[lng, lat], [east, lat], [east, north], [lng, north], [lng, lat]]]})
}

/// The boundary of a place, as the administrator draws it.
pub(crate) async fn draw(admin: &Caller, code: &str, geometry: Value) -> integration_tests::client::Answer {
    let place = admin.get(&format!("/places?code={code}")).await.expect(200);
    let path = format!("/places/{}/boundary", place.items()[0]["id"].as_str().unwrap());
    let body = json!({"geometry": geometry, "datum": "wgs84", "reason": "网格划分方案"});
    admin.put_with(&path, &[], body).await
}

async fn found(admin: &Caller, name: &str) -> String {
    let body = json!({"parent": COMMUNITY, "name": name, "reason": "网格划分方案"});
    admin.post("/places", body).await.expect(201).str("code").to_owned()
}

async fn at(caller: &Caller, lat: f64, lng: f64, datum: &str) -> integration_tests::client::Answer {
    caller.get(&format!("/places/at?lat={lat}&lng={lng}&datum={datum}")).await
}

#[rstest]
#[tokio::test]
async fn z07_a_position_finds_its_grid(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let resident = app.resident("普建华").await;
    at(&resident, 24.4, 103.4, "wgs84").await.refused(422, "place.no_grid_at_position");
    let (one, two) = (found(&admin, "一号网格").await, found(&admin, "二号网格").await);
    let drawn = draw(&admin, COMMUNITY, square(103.4, 24.4, 10.0)).await.expect(200);
    assert_eq!(drawn.str("code"), COMMUNITY);
    let _ = draw(&admin, &one, square(103.4, 24.4, 5.0)).await.expect(200);
    let _ = draw(&admin, &two, square(103.405, 24.4, 5.0)).await.expect(200);
    for (lng, code) in [(103.401, one.as_str()), (103.407, &two), (103.409, &two)] {
        assert_eq!(at(&resident, 24.401, lng, "wgs84").await.expect(200).str("code"), code);
    }
    assert_eq!(at(&resident, 24.409, 103.401, "wgs84").await.expect(200).str("code"), COMMUNITY);
    // What WeChat gives lies some 400 m off, and is the same spot.
    let shown = app.resident("甲").await;
    let place = admin.get(&format!("/places?code={one}")).await.items()[0]["id"].as_str().unwrap().to_owned();
    let on_map = shown.get(&format!("/places/{place}/boundary")).await.expect(200);
    assert_eq!(on_map.str("datum"), "gcj02");
    let corner = &on_map.json["geometry"]["coordinates"][0][0][0];
    let (lng, lat) = (corner[0].as_f64().unwrap() + 0.001, corner[1].as_f64().unwrap() + 0.001);
    assert_eq!(at(&shown, lat, lng, "gcj02").await.expect(200).str("code"), one);
    let as_drawn = shown.get(&format!("/places/{place}/boundary?datum=wgs84")).await.expect(200);
    assert_eq!(as_drawn.json["geometry"]["coordinates"][0], square(103.4, 24.4, 5.0)["coordinates"]);
    // A ticket with a position lies in that grid.
    let body =
        json!({"content": "路灯不亮，晚上看不见路", "place": {"lat": lat, "lng": lng, "datum": "gcj02"}});
    assert_eq!(resident.post("/tickets", body).await.expect(201).json["place"]["code"], json!(one));
    // Drawn anew and taken away, it holds at once.
    let _ = draw(&admin, &one, square(103.4, 24.405, 5.0)).await.expect(200);
    assert_eq!(at(&resident, 24.401, 103.401, "wgs84").await.expect(200).str("code"), COMMUNITY);
    let remove = format!("/places/{place}/boundary/remove");
    let _ = admin.post(&remove, json!({"reason": "画错了"})).await.expect(200);
    admin.post(&remove, json!({"reason": "画错了"})).await.refused(422, "place.same");
    shown.get(&format!("/places/{place}/boundary")).await.refused(404, "boundary.not_found");
    assert_eq!(at(&resident, 24.406, 103.401, "wgs84").await.expect(200).str("code"), COMMUNITY);
    let history = admin.get(&format!("/places/{place}/history")).await.expect(200);
    let kinds: Vec<_> = history.items().iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["bounded", "bounded", "bounded", "founded"]);
    // Where it moves, its grids move with it.
    let community =
        admin.get(&format!("/places?code={COMMUNITY}")).await.items()[0]["id"].as_str().unwrap().to_owned();
    let body = json!({"parent": "532504002", "reason": "区划调整"});
    let moved = admin.post(&format!("/places/{community}/move"), body).await.expect(200);
    let there = at(&resident, 24.401, 103.407, "wgs84").await.expect(200);
    assert_eq!(there.str("parent"), moved.str("code"));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z07_overlaps_and_gaps_are_reported(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let codes = [found(&admin, "一号").await, found(&admin, "二号").await, found(&admin, "三号").await];
    let _ = draw(&admin, COMMUNITY, square(103.4, 24.4, 10.0)).await.expect(200);
    let _ = draw(&admin, &codes[0], square(103.4, 24.4, 6.0)).await.expect(200);
    let _ = draw(&admin, &codes[1], square(103.405, 24.4, 6.0)).await.expect(200);
    let community =
        admin.get(&format!("/places?code={COMMUNITY}")).await.items()[0]["id"].as_str().unwrap().to_owned();
    let report = admin.get(&format!("/places/{community}/coverage")).await.expect(200);
    assert_eq!((&report.json["places"], &report.json["without_boundary"]), (&json!(3), &json!([codes[2]])));
    assert_eq!(report.json["overlaps"][0]["codes"], json!([codes[0], codes[1]]));
    let thousandth = |field: &Value| field.as_f64().unwrap() / (111.3 * 101.4);
    assert!((thousandth(&report.json["overlaps"][0]["square_metres"]) - 6.0).abs() < 0.1, "{}", report.text);
    assert!((thousandth(&report.json["outside_square_metres"]) - 6.0).abs() < 0.1, "{}", report.text);
    assert!((thousandth(&report.json["gap_square_metres"]) - 40.0).abs() < 0.5, "{}", report.text);
    let nothing = admin.get("/places/01990000-0000-7000-8000-00000000ffff/coverage").await;
    nothing.refused(404, "place.not_found");
    app.resident("普建华")
        .await
        .get(&format!("/places/{community}/coverage"))
        .await
        .refused(403, "permission.role");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m01_what_is_no_boundary_is_refused(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let street = app.staff("county_admin", STREET).await;
    let _ = draw(&admin, STREET, square(103.4, 24.4, 10.0)).await.expect(200);
    let ring: Vec<_> = (0..20_000).map(|i| json!([103.4 + f64::from(i) * 1e-6, 24.4])).collect();
    let polygon = |coordinates: Value| json!({"type": "Polygon", "coordinates": coordinates});
    for (geometry, code) in [
        (json!({"type": "Point", "coordinates": [103.4, 24.4]}), "boundary.no_area"),
        (json!({"type": "MultiPolygon", "coordinates": []}), "boundary.no_area"),
        (json!({"type": "Kreis"}), "boundary.no_geojson"),
        (json!("北至铁路"), "boundary.no_geojson"),
        (polygon(json!([[[103.4, "x"]]])), "boundary.no_geojson"),
        (polygon(json!([[[103.4], [103.5], [103.6], [103.4]]])), "boundary.no_geojson"),
        (
            polygon(json!([[[103.4, 24.4], [103.5, 24.5], [103.5, 24.4], [103.4, 24.5], [103.4, 24.4]]])),
            "boundary.invalid",
        ),
        (
            polygon(json!([[[24.4, 103.4], [24.5, 103.4], [24.5, 103.5], [24.4, 103.4]]])),
            "boundary.outside_china",
        ),
        (polygon(json!([ring])), "boundary.too_many_points"),
        (square(105.4, 24.4, 5.0), "boundary.outside_parent"),
    ] {
        draw(&admin, NEIGHBOUR, geometry).await.refused_for(422, code, "/geometry");
    }
    // Holes are for what belongs to another.
    let mut with_hole = square(103.4, 24.4, 5.0);
    let hole = json!([[103.401, 24.401], [103.401, 24.402], [103.402, 24.402], [103.401, 24.401]]);
    with_hole["coordinates"].as_array_mut().unwrap().push(hole);
    let _ = draw(&admin, NEIGHBOUR, with_hole).await.expect(200);
    assert_eq!(at(&admin, 24.4012, 103.4018, "wgs84").await.expect(200).str("code"), NEIGHBOUR);
    assert_eq!(at(&admin, 24.4018, 103.4012, "wgs84").await.expect(200).str("code"), STREET);
    draw(&street, COUNTY, square(103.4, 24.4, 5.0)).await.refused(403, "place.beyond_scope");
    at(&admin, 51.5, 103.4, "wgs84").await.refused(422, "place.no_grid_at_position");
    at(&admin, 0.0, 0.0, "wgs84").await.refused_for(422, "position.outside_china", "?lat");
    at(&admin, 24.4, 103.4, "bd09").await.refused(400, "request.unknown_value");
    app.stop().await;
}
