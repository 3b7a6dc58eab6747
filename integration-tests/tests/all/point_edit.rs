//! How points are kept: by whom, what may be said of them, and that they go along with their place.

use crate::point::{COUNTY, at, call, found, names, near, place_id, with};
use futures_util::future::join_all;
use integration_tests::Backend;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp};
use rstest::rstest;
use serde_json::{Value, json};

const OTHER_STREET: &str = "532504002";

#[rstest]
#[tokio::test]
async fn points_are_kept_by_those_of_the_place(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let next_door = app.staff("community_clerk", NEIGHBOUR).await;
    let street = app.staff("street_dispatcher", STREET).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let body = at("service_point", "服务站", (0.0, 0.0));
    let key = [("idempotency-key", "k")];
    let point = clerk.post_with("/points", &key, body.clone()).await.expect(201);
    assert_eq!(clerk.post_with("/points", &key, body.clone()).await.expect(201).text, point.text);
    clerk
        .post_with("/points", &key, at("shop", "别的", (0.0, 0.0)))
        .await
        .refused(422, "idempotency.key_reused");
    let this = call(&point);
    for caller in [
        app.resident("王芳").await,
        app.staff("grid_worker", COMMUNITY).await,
        app.staff("supervisor", COUNTY).await,
    ] {
        caller.post("/points", body.clone()).await.refused(403, "permission.role");
        caller.put_with(&this, &[], body.clone()).await.refused(403, "permission.role");
        caller
            .post(&format!("{this}/retire"), json!({"reason": "试试"}))
            .await
            .refused(403, "permission.role");
        let _ = caller.get(&this).await.expect(200);
    }
    next_door.post("/points", body.clone()).await.refused(403, "point.beyond_scope");
    next_door.put_with(&this, &[], body.clone()).await.refused(403, "point.beyond_scope");
    next_door
        .post(&format!("{this}/retire"), json!({"reason": "试试"}))
        .await
        .refused(403, "point.beyond_scope");
    let there = with(body.clone(), json!({"place": NEIGHBOUR}));
    // Both ends must be theirs.
    clerk.put_with(&this, &[], there.clone()).await.refused(403, "point.beyond_scope");
    let moved = street.put_with(&this, &[("if-match", "\"1\"")], there.clone()).await.expect(200);
    assert_eq!((moved.json["place"]["code"].as_str(), moved.header("etag")), (Some(NEIGHBOUR), "\"2\""));
    street
        .put_with(&this, &[("if-match", "\"1\"")], there.clone())
        .await
        .refused(412, "point.version_mismatch");
    // What is not said again is gone.
    let named = with(there.clone(), json!({"conveniences": "饮水"}));
    assert_eq!(street.put_with(&this, &[], named).await.expect(200).str("conveniences"), "饮水");
    assert!(street.put_with(&this, &[], there.clone()).await.expect(200).json.get("conveniences").is_none());
    let retire = format!("{this}/retire");
    street
        .post_with(&retire, &[("if-match", "\"3\"")], json!({"reason": "迁走"}))
        .await
        .refused(412, "point.version_mismatch");
    let gone = street.post(&retire, json!({"reason": "服务站已迁走"})).await.expect(200);
    assert!(gone.json["retired_at"].is_string(), "{}", gone.text);
    street.post(&retire, json!({"reason": "再撤"})).await.refused(409, "point.retired");
    street.put_with(&this, &[], there).await.refused(409, "point.retired");
    assert_eq!(app.resident("王芳").await.get(&this).await.expect(200).header("etag"), "\"5\"");
    assert!(admin.get(&format!("/points?place={COUNTY}")).await.expect(200).items().is_empty());
    assert!(near(&admin, "").await.expect(200).items().is_empty());
    let audit = admin.get(&format!("/audit?place={COUNTY}&subject={}", point.str("id"))).await.expect(200);
    let told: Vec<_> = audit
        .items()
        .iter()
        .map(|entry| {
            (
                entry["kind"].as_str().unwrap(),
                entry["label"].as_str().unwrap(),
                entry["scope_code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("point_retired", "撤销点位", NEIGHBOUR),
            ("point_changed", "修改点位", NEIGHBOUR),
            ("point_changed", "修改点位", NEIGHBOUR),
            ("point_changed", "修改点位", NEIGHBOUR),
            ("point_founded", "设立点位", COMMUNITY)
        ]
    );
    assert_eq!(
        (&audit.items()[0]["reason"], &audit.items()[4]["name"]),
        (&json!("服务站已迁走"), &json!("服务站"))
    );
    admin.get("/points/01990000-0000-7000-8000-00000000ffff").await.refused(404, "point.not_found");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f05_what_is_no_point_is_refused(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let body = at("service_point", "服务站", (0.0, 0.0));
    let service = json!({"name": "理发", "modes": ["home"], "price": "free"});
    let paid = |price: &str, more: Value| json!({"services": [with(json!({"name": "理发", "modes": ["home"], "price": price}), more)]});
    let open = |weekday: i64, from: &str, to: &str| json!({"weekday": weekday, "from": from, "to": to});
    for (more, status, code, field) in [
        (json!({"name": " "}), 422, "text.empty", "/name"),
        (json!({"name": "名".repeat(51)}), 422, "text.too_long", "/name"),
        (json!({"kind": "bar"}), 400, "request.unknown_value", "/kind"),
        (json!({"place": "532504999"}), 422, "place.unknown", "/place"),
        (json!({"place": COUNTY}), 422, "point.at_county", "/place"),
        (json!({"place": "x"}), 422, "place.not_digits", "/place"),
        (
            json!({"position": {"lat": 51.5, "lng": -0.1, "datum": "wgs84"}}),
            422,
            "position.outside_china",
            "/position/lng",
        ),
        (
            json!({"position": {"lat": 0.0, "lng": 103.4, "datum": "gcj02"}}),
            422,
            "position.outside_china",
            "/position/lat",
        ),
        (
            json!({"position": {"lat": 24.4, "lng": 103.4, "datum": "bd09"}}),
            400,
            "request.unknown_value",
            "/position/datum",
        ),
        (json!({"position": {"lat": 24.4, "lng": 103.4}}), 400, "request.missing_field", "/position/datum"),
        (json!({"phone": "12345"}), 422, "phone.invalid", "/phone"),
        (json!({"address": "路".repeat(201)}), 422, "text.too_long", "/address"),
        (json!({"activities": "班".repeat(2001)}), 422, "text.too_long", "/activities"),
        (json!({"conveniences": "\u{1b}"}), 422, "text.control_character", "/conveniences"),
        (json!({"unit": uuid::Uuid::nil()}), 422, "unit.unknown", "/unit"),
        (json!({"hours": [open(8, "08:00", "09:00")]}), 422, "point.weekday", "/hours/0/weekday"),
        (json!({"hours": [open(1, "8点", "09:00")]}), 422, "point.time", "/hours/0/from"),
        (json!({"hours": [open(1, "22:00", "06:00")]}), 422, "point.hours_reversed", "/hours/0/to"),
        (
            json!({"hours": [open(1, "08:00", "12:00"), open(1, "11:00", "13:00")]}),
            422,
            "point.hours_overlap",
            "/hours/1",
        ),
        (json!({"hours": vec![open(1, "08:00", "12:00"); 51]}), 422, "point.hours_count", "/hours"),
        (json!({"services": vec![service.clone(); 51]}), 422, "point.services_count", "/services"),
        (
            json!({"services": [{"name": "理发", "modes": [], "price": "free"}]}),
            422,
            "point.no_modes",
            "/services/0/modes",
        ),
        (
            json!({"services": [{"name": "理发", "modes": ["home", "home"], "price": "free"}]}),
            422,
            "point.mode_twice",
            "/services/0/modes",
        ),
        (
            json!({"services": [{"name": "理发", "modes": ["fax"], "price": "free"}]}),
            400,
            "request.unknown_value",
            "/services/0/modes/0",
        ),
        (
            json!({"services": [service, {"name": "", "modes": ["home"], "price": "free"}]}),
            422,
            "text.empty",
            "/services/1/name",
        ),
        (paid("part_paid", json!({})), 422, "point.price_without_amount", "/services/0/amount"),
        (paid("commercial", json!({"amount": 500})), 422, "point.price_without_amount", "/services/0/per"),
        (paid("commercial", json!({"amount": 0, "per": "次"})), 422, "point.amount", "/services/0/amount"),
        (
            paid("commercial", json!({"amount": 5.5, "per": "次"})),
            400,
            "request.invalid_type",
            "/services/0/amount",
        ),
        (paid("free", json!({"amount": 500})), 422, "point.free_with_amount", "/services/0/amount"),
        (json!({"colour": "red"}), 400, "request.unknown_field", "/colour"),
    ] {
        admin.post("/points", with(body.clone(), more)).await.refused_for(status, code, field);
    }
    // All that is wrong is said at once.
    let wrong = with(body.clone(), json!({"name": "", "phone": "1", "hours": [open(0, "08:00", "09:00")]}));
    let refused = admin.post("/points", wrong).await;
    assert_eq!(refused.json["errors"].as_array().unwrap().len(), 3, "{}", refused.text);
    // As many as may be.
    let service = json!({"name": "理发", "modes": ["order", "booking", "home", "errand"], "price": "free"});
    let full = found(&admin, with(body, json!({"services": vec![service; 50]}))).await;
    assert_eq!(full.json["services"].as_array().unwrap().len(), 50);
    for (query, status, code) in [
        ("", 400, "request.missing_field"),
        ("?place=5325", 422, "place.no_level"),
        ("?place=532504&q=", 422, "text.empty"),
        ("?place=532504&cursor=abc", 400, "cursor.invalid"),
        ("?place=532504&limit=0", 422, "request.out_of_range"),
    ] {
        admin.get(&format!("/points{query}")).await.refused(status, code);
    }
    admin.post("/points/x/retire", json!({"reason": "试试"})).await.refused(404, "point.not_found");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn points_go_along_with_their_place(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let resident = app.resident("王芳").await;
    let grid = json!({"parent": COMMUNITY, "name": "一号网格", "reason": "网格划分"});
    let grid = admin.post("/places", grid).await.expect(201);
    let in_grid = with(at("venue", "小广场", (10.0, 0.0)), json!({"place": grid.str("code")}));
    let (centre, square) =
        (found(&admin, at("service_point", "服务站", (0.0, 0.0))).await, found(&admin, in_grid).await);
    // Its place has another code from now on, at once; the point is the same.
    let community = place_id(&admin, COMMUNITY).await;
    let to = json!({"parent": OTHER_STREET, "reason": "区划调整"});
    let now = admin.post(&format!("/places/{community}/move"), to).await.expect(200).str("code").to_owned();
    let seen = resident.get(&call(&centre)).await.expect(200);
    assert_eq!((&seen.json["place"]["code"], seen.header("etag")), (&json!(now), "\"1\""));
    assert_eq!(resident.get(&call(&square)).await.json["place"]["code"], json!(format!("{now}001")));
    assert!(resident.get(&format!("/points?place={STREET}")).await.expect(200).items().is_empty());
    assert_eq!(
        names(&resident.get(&format!("/points?place={OTHER_STREET}")).await.expect(200)),
        ["服务站", "小广场"]
    );
    app.pass(1);
    // A form with the old code means the place of today.
    let by_old_code = found(&admin, at("shop", "小店", (0.0, 0.0))).await;
    assert_eq!(by_old_code.json["place"]["code"], json!(now));
    // While points are there it does not end.
    let grid = format!("/places/{}", grid.str("id"));
    admin.post(&format!("{grid}/retire"), json!({"reason": "拆迁"})).await.refused(409, "place.has_points");
    // It goes on as the neighbour, points and all.
    let into = json!({"into": NEIGHBOUR, "reason": "两个社区合并"});
    let _ = admin.post(&format!("/places/{community}/merge"), into).await.expect(200);
    for point in [&centre, &by_old_code] {
        let seen = resident.get(&call(point)).await.expect(200);
        assert_eq!((&seen.json["place"]["code"], seen.header("etag")), (&json!(NEIGHBOUR), "\"2\""));
    }
    let below = resident.get(&call(&square)).await.expect(200);
    assert_eq!(
        (&below.json["place"]["code"], below.header("etag")),
        (&json!(format!("{NEIGHBOUR}001")), "\"1\"")
    );
    let list = resident.get(&format!("/points?place={NEIGHBOUR}")).await.expect(200);
    assert_eq!(names(&list), ["服务站", "小店", "小广场"]);
    let audit = admin.get(&format!("/audit?place={COUNTY}&kind=point_moved")).await.expect(200);
    assert_eq!((audit.items().len(), &audit.items()[0]["scope_code"]), (2, &json!(NEIGHBOUR)));
    // Without points it does, and takes none from then on.
    let elsewhere = with(at("venue", "小广场", (10.0, 0.0)), json!({"place": NEIGHBOUR}));
    let _ = admin.put_with(&call(&square), &[("if-match", "\"1\"")], elsewhere).await.expect(200);
    let _ = admin.post(&format!("{grid}/retire"), json!({"reason": "拆迁"})).await.expect(200);
    let there = with(at("venue", "新点", (0.0, 0.0)), json!({"place": format!("{NEIGHBOUR}001")}));
    admin.post("/points", there).await.refused_for(422, "place.retired", "/place");
    app.app.catch_up().await.unwrap();
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn points_are_listed_in_pages(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let resident = app.resident("王芳").await;
    for i in 0..7 {
        // Whoever comes later has the later id.
        app.pass(1);
        let place = if i % 2 == 0 { NEIGHBOUR } else { COMMUNITY };
        let kind = if i == 4 { "camera" } else { "suggestion_box" };
        let _ = found(&admin, with(at(kind, &format!("{i}号箱"), (0.0, 0.0)), json!({"place": place}))).await;
    }
    for (caller, query, expected) in [
        (&admin, "", vec!["1号箱", "3号箱", "5号箱", "0号箱", "2号箱", "4号箱", "6号箱"]),
        (&resident, "", vec!["1号箱", "3号箱", "5号箱", "0号箱", "2号箱", "6号箱"]),
        (&resident, "&q=5号", vec!["5号箱"]),
        (&resident, "&q=%25", vec![]),
        (&admin, "&kind=camera", vec!["4号箱"]),
    ] {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page =
                caller.get(&format!("/points?place={STREET}&limit=2{query}{cursor}")).await.expect(200);
            assert!(page.items().len() <= 2);
            all.extend(names(&page).into_iter().map(str::to_owned));
            match page.json["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(all, expected, "{query}");
    }
    app.stop().await;
}

/// Whichever is first: a place that ends has no points, which the check at the end of a test looks at.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn no_point_is_left_at_a_place_that_just_ended(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    for round in 0..5 {
        let grid = json!({"parent": COMMUNITY, "name": "网格", "reason": "网格划分"});
        let grid = admin.post("/places", grid).await.expect(201);
        let body = with(at("venue", "小广场", (0.0, 0.0)), json!({"place": grid.str("code")}));
        let path = format!("/places/{}", grid.str("id"));
        let into = json!({"into": grid.str("code"), "reason": "合并"});
        let other = json!({"parent": COMMUNITY, "name": "旧网格", "reason": "网格划分"});
        let other = admin.post("/places", other).await.expect(201);
        let there = with(body.clone(), json!({"place": other.str("code")}));
        let (retire, merge) = (format!("{path}/retire"), format!("/places/{}/merge", other.str("id")));
        let points =
            join_all((0..4).map(|n| admin.post("/points", if n % 2 == 0 { &body } else { &there }.clone())));
        let (points, retired, merged) =
            tokio::join!(points, admin.post(&retire, json!({"reason": "拆迁"})), admin.post(&merge, into),);
        assert!(matches!(retired.status, 200 | 409 | 503), "{round}: {}", retired.text);
        assert!(matches!(merged.status, 200 | 422 | 503), "{round}: {}", merged.text);
        for point in &points {
            assert!(matches!(point.status, 201 | 422 | 503), "{round}: {}", point.text);
        }
    }
    app.stop().await;
}
