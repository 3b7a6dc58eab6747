//! Points: what there is around somebody, what of it they can walk to, and that it goes along with its place.

use crate::people::settled;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT};
use integration_tests::client::Answer;
use integration_tests::database::execute;
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

pub(crate) const COUNTY: &str = "532504";
/// Where everybody stands: WGS-84.
const LAT: f64 = 24.4;
const LNG: f64 = 103.4;
/// A degree of latitude has so many metres, of longitude there so many.
const DEGREE: (f64, f64) = (111_195.0, 101_263.0);

/// What is said of a point so many metres north and east.
pub(crate) fn at(kind: &str, name: &str, (north, east): (f64, f64)) -> Value {
    let (lat, lng) = (LAT + north / DEGREE.0, LNG + east / DEGREE.1);
    let position =
        json!({"lat": (lat * 1e7).round() / 1e7, "lng": (lng * 1e7).round() / 1e7, "datum": "wgs84"});
    json!({"kind": kind, "name": name, "place": COMMUNITY, "position": position})
}

pub(crate) fn with(mut body: Value, more: Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

pub(crate) async fn found(clerk: &Caller, body: Value) -> Answer {
    clerk.post("/points", body).await.expect(201)
}

pub(crate) fn call(point: &Answer) -> String {
    format!("/points/{}", point.str("id"))
}

pub(crate) async fn near(caller: &Caller, query: &str) -> Answer {
    caller.get(&format!("/points/near?lat={LAT}&lng={LNG}&datum=wgs84{query}")).await
}

pub(crate) fn names(page: &Answer) -> Vec<&str> {
    page.items().iter().map(|point| point["name"].as_str().unwrap()).collect()
}

pub(crate) async fn place_id(caller: &Caller, code: &str) -> String {
    let places = caller.get(&format!("/places?code={code}")).await.expect(200);
    places.items()[0]["id"].as_str().unwrap().to_owned()
}

/// 923 metres as the crow flies, of ways that are 1.3 times as long, at 80 metres a minute.
#[rstest]
#[tokio::test]
async fn f05_service_points_within_fifteen_minutes_on_foot(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let resident = app.resident("王芳").await;
    for (name, spot) in [
        ("四百米", (0.0, 400.0)),
        ("门口", (0.0, 0.0)),
        ("正好十五分钟", (922.0, 0.0)),
        ("十六分钟", (-925.0, 0.0)),
        // In the corner of the rectangle, and out of reach.
        ("角上", (900.0, 900.0)),
        ("一小时", (0.0, -3_680.0)),
    ] {
        let _ = found(&clerk, at("service_point", name, spot)).await;
    }
    let shop = with(
        at("shop", "理发店", (300.0, 0.0)),
        json!({"services": [
        {"name": "上门理发", "modes": ["booking", "home"], "price": "part_paid", "amount": 500, "per": "次"},
        {"name": "代缴水费", "modes": ["errand"], "price": "free"}]}),
    );
    let _ = found(&clerk, shop).await;
    let quarter = near(&resident, "").await.expect(200);
    assert_eq!(names(&quarter), ["门口", "理发店", "四百米", "正好十五分钟"]);
    let told: Vec<_> = quarter
        .items()
        .iter()
        .map(|point| (point["metres"].as_u64().unwrap(), point["walk_minutes"].as_u64().unwrap()))
        .collect();
    assert_eq!(told, [(0, 0), (300, 5), (400, 7), (922, 15)]);
    assert_eq!(names(&near(&resident, "&limit=1").await.expect(200)), ["门口"]);
    assert_eq!(names(&near(&resident, "&minutes=6").await.expect(200)), ["门口", "理发店"]);
    assert_eq!(near(&resident, "&minutes=16&kind=service_point").await.expect(200).items().len(), 4);
    assert_eq!(near(&resident, "&minutes=60").await.expect(200).items().len(), 7);
    // Each of the four ways, and each of the three prices; of one service, where both are asked for.
    for (query, finds) in [
        ("mode=home", true),
        ("mode=booking", true),
        ("mode=errand", true),
        ("mode=order", false),
        ("price=part_paid", true),
        ("price=free", true),
        ("price=commercial", false),
        ("mode=home&price=part_paid", true),
        ("mode=home&price=free", false),
    ] {
        let found = near(&resident, &format!("&{query}")).await.expect(200);
        assert_eq!(names(&found), if finds { vec!["理发店"] } else { vec![] }, "{query}");
    }
    assert_eq!(
        near(&resident, "&kind=shop").await.expect(200).items()[0]["services"][0],
        json!({"name": "上门理发", "modes": ["booking", "home"], "price": "part_paid", "amount": 500, "per": "次"})
    );
    for (query, status, code, field) in [
        ("&minutes=0", 422, "request.out_of_range", "?minutes"),
        ("&minutes=61", 422, "request.out_of_range", "?minutes"),
        ("&minutes=-1", 422, "request.out_of_range", "?minutes"),
        ("&minutes=x", 400, "request.invalid_value", "?minutes"),
        ("&limit=101", 422, "request.out_of_range", "?limit"),
        ("&kind=bar", 400, "request.unknown_value", "?kind"),
        ("&mode=fax", 400, "request.unknown_value", "?mode"),
        ("&price=cheap", 400, "request.unknown_value", "?price"),
        ("&open_at=noon", 400, "request.invalid_value", "?open_at"),
        ("&open_at=-262143-01-01T00:00:00Z", 422, "request.out_of_range", "?open_at"),
    ] {
        near(&resident, query).await.refused_for(status, code, field);
    }
    for (position, status, code) in [
        ("lat=0&lng=103.4&datum=wgs84", 422, "position.outside_china"),
        ("lat=NaN&lng=103.4&datum=wgs84", 422, "position.outside_china"),
        ("lat=24.4&lng=103.4&datum=bd09", 400, "request.unknown_value"),
        ("lat=24.4&lng=103.4", 400, "request.missing_field"),
    ] {
        resident.get(&format!("/points/near?{position}")).await.refused(status, code);
    }
    app.anyone().get("/points/near?lat=24.4&lng=103.4&datum=wgs84").await.refused(401, "auth.token_missing");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f05_four_disclosures_and_when_it_is_open(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let resident = app.resident("王芳").await;
    // It is Saturday, 9 in the morning.
    let said = json!({
        "address": "温泉路 12 号", "phone": "0873-612 3456", "unit": UNIT,
        "hours": [{"weekday": 6, "from": "14:00", "to": "17:30"}, {"weekday": 6, "from": "08:30", "to": "12:00"}],
        "activities": "每周三下午：书画班", "conveniences": "饮水、充电",
        "services": [{"name": "开证明", "modes": ["order"], "price": "free"}]
    });
    let centre = found(&clerk, with(at("service_point", "党群服务中心", (10.0, 0.0)), said)).await;
    let day_and_night = json!({"hours": (1..=7).map(|day| json!({"weekday": day, "from": "00:00", "to": "24:00"})).collect::<Vec<_>>()});
    app.pass(1);
    let _ = found(&clerk, with(at("venue", "广场", (20.0, 0.0)), day_and_night)).await;
    let _ = found(&clerk, at("suggestion_box", "意见箱", (30.0, 0.0))).await;
    let seen = resident.get(&format!("{}?datum=wgs84", call(&centre))).await.expect(200);
    assert_eq!(
        (seen.str("phone"), seen.str("kind_name"), seen.str("activities"), seen.str("conveniences")),
        ("08736123456", "服务点", "每周三下午：书画班", "饮水、充电")
    );
    // In order, whichever way they came.
    assert_eq!(seen.json["hours"][0], json!({"weekday": 6, "from": "08:30", "to": "12:00"}));
    assert_eq!(
        (&seen.json["open_now"], &seen.json["unit"]["name"]),
        (&json!(true), &json!("市住房和城乡建设局"))
    );
    assert_eq!(
        (&seen.json["place"]["code"], &seen.json["place"]["name"]),
        (&json!(COMMUNITY), &json!("温泉社区"))
    );
    app.pass(180);
    assert_eq!(resident.get(&call(&centre)).await.json["open_now"], json!(false));
    for (time, open) in [
        ("2026-11-21T00:29:00Z", vec!["广场"]),
        ("2026-11-21T00:30:00Z", vec!["党群服务中心", "广场"]),
        ("2026-11-21T04:00:00Z", vec!["广场"]),
        ("2026-11-22T01:00:00Z", vec!["广场"]),
        // The same every week; Saturday begins in China when it is Friday elsewhere.
        ("2026-11-28T06:00:00Z", vec!["党群服务中心", "广场"]),
    ] {
        let near = near(&resident, &format!("&open_at={time}")).await.expect(200);
        assert_eq!(names(&near), open, "{time}");
        let list = resident.get(&format!("/points?place={COMMUNITY}&open_at={time}")).await.expect(200);
        assert_eq!(names(&list), open, "{time}");
    }
    let boxes = near(&resident, "&kind=suggestion_box").await.expect(200);
    assert!(boxes.items()[0].get("open_now").is_none(), "{}", boxes.text);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f05_both_datums_are_the_same_spot(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let on_map = json!({"lat": 24.4119, "lng": 103.4149, "datum": "gcj02"});
    let point = found(&clerk, with(at("venue", "广场", (0.0, 0.0)), json!({"position": on_map}))).await;
    // Answered as it came, to the last digit.
    assert_eq!(point.json["position"], on_map);
    assert_eq!(clerk.get(&call(&point)).await.expect(200).json["position"], on_map);
    let by_gps = clerk.get(&format!("{}?datum=wgs84", call(&point))).await.expect(200);
    let gps = &by_gps.json["position"];
    let (lat, lng) = (gps["lat"].as_f64().unwrap(), gps["lng"].as_f64().unwrap());
    let metres = ((lat - 24.4119) * DEGREE.0).hypot((lng - 103.4149) * DEGREE.1);
    assert!((100.0..700.0).contains(&metres), "{metres}");
    for (lat, lng, datum) in [(24.4119, 103.4149, "gcj02"), (lat, lng, "wgs84")] {
        let near =
            clerk.get(&format!("/points/near?lat={lat}&lng={lng}&datum={datum}&minutes=1")).await.expect(200);
        let found = &near.items()[0];
        assert_eq!((found["metres"].as_u64(), &found["position"]["datum"]), (Some(0), &json!(datum)));
        assert!((found["position"]["lat"].as_f64().unwrap() - lat).abs() < 2e-7, "{}", near.text);
    }
    // Who takes one for the other stands elsewhere.
    let wrong = clerk.get("/points/near?lat=24.4119&lng=103.4149&datum=wgs84&minutes=1").await.expect(200);
    assert!(wrong.items().is_empty());
    let list = clerk.get(&format!("/points?place={COMMUNITY}&datum=wgs84")).await.expect(200);
    assert_eq!(&list.items()[0]["position"], gps);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z08_a_camera_is_for_staff_alone(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let worker = app.staff("grid_worker", NEIGHBOUR).await;
    let resident = app.resident("王芳").await;
    let camera =
        found(&clerk, with(at("camera", "北门监控", (10.0, 0.0)), json!({"address": "北门灯杆"}))).await;
    let _ = found(&clerk, at("talking_point", "说事亭", (20.0, 0.0))).await;
    resident.get(&call(&camera)).await.refused(404, "point.not_found");
    let list = format!("/points?place={COUNTY}");
    assert_eq!(names(&resident.get(&list).await.expect(200)), ["说事亭"]);
    assert_eq!(names(&resident.get(&format!("{list}&kind=camera")).await.expect(200)), [""; 0]);
    assert_eq!(names(&near(&resident, "").await.expect(200)), ["说事亭"]);
    assert_eq!(names(&near(&resident, "&kind=camera").await.expect(200)), [""; 0]);
    assert_eq!(worker.get(&call(&camera)).await.expect(200).str("address"), "北门灯杆");
    assert_eq!(names(&worker.get(&format!("{list}&kind=camera")).await.expect(200)), ["北门监控"]);
    assert_eq!(names(&near(&worker, "").await.expect(200)), ["北门监控", "说事亭"]);
    let talks = with(at("camera", "东门监控", (0.0, 0.0)), json!({"phone": "0873-6123456"}));
    clerk.post("/points", talks).await.refused_for(422, "point.camera_only_map", "/phone");
    app.stop().await;
}

/// Points by the thousand, of all communities: evenly over so many degrees from a corner.
async fn strew(url: &str, count: u32, (lat, lng): (f64, f64), (high, wide): (f64, f64)) {
    let (series, id, whole) = if url.starts_with("postgres") {
        ("generate_series(1, $n) AS s(i)", "gen_random_uuid()", "CAST(floor(s.lat * 20) AS integer)")
    } else {
        let series = "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $n) SELECT i FROM n) AS s";
        (series, "randomblob(16)", "CAST(s.lat * 20 AS integer)")
    };
    let series = series.replace("$n", &count.to_string());
    let places =
        "(SELECT id, code, row_number() OVER (ORDER BY code) AS k FROM place WHERE length(code) = 12)";
    let total = "(SELECT count(*) FROM place WHERE length(code) = 12)";
    let sql = format!(
        "INSERT INTO point (id, version, place_id, code, kind, name, lat, lng, band, offers, details) \
         SELECT {id}, 1, p.id, p.code, 'shop', '撒点', s.lat, s.lng, {whole}, 0, '{{}}' FROM \
         (SELECT s.i, {lat} + (CAST(s.i AS bigint) * 7919 % 100003) * {high} / 100003 AS lat, {lng} + (CAST(s.i AS bigint) * 104729 % 100019) * {wide} / 100019 AS lng \
         FROM {series}) s JOIN {places} p ON p.k = 1 + s.i % {total}"
    );
    execute(url, &sql).await;
}

#[rstest]
#[tokio::test]
async fn f05_among_200_000_points_few_are_looked_at(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    strew(&app.url, 200_000, (18.0, 74.0), (35.0, 60.0)).await;
    strew(&app.url, 300, (LAT - 0.008, LNG - 0.008), (0.016, 0.016)).await;
    let postgres = backend == Backend::Postgres;
    let in_turn = "SELECT seq_tup_read::bigint FROM pg_stat_user_tables WHERE relname = 'point'";
    let mut before = 0;
    if postgres {
        execute(&app.url, "ANALYZE point").await;
        before = settled(&app.url, in_turn).await;
    }
    for _ in 0..10 {
        let near = near(&resident, "&limit=100").await.expect(200);
        assert!(near.items().len() == 100 && near.items()[0]["metres"].as_u64() < Some(300), "{}", near.text);
        assert_eq!(near.items()[0]["name"], "撒点");
    }
    let first = resident.get(&format!("/points?place={STREET}&q=撒点")).await.expect(200);
    assert_eq!(first.items().len(), 20);
    let first = resident.get(&format!("/points?place={COUNTY}")).await.expect(200);
    assert_eq!(first.items().len(), 20);
    if postgres {
        assert_eq!(settled(&app.url, in_turn).await - before, 0, "rows that were read one after another");
    }
    // Where more are than are looked at, it says so, and not the wrong ones.
    strew(&app.url, 5_001, (LAT - 0.001, LNG - 0.001), (0.002, 0.002)).await;
    near(&resident, "").await.refused_for(422, "point.too_many", "?minutes");
    let _ = near(&resident, "&minutes=1").await.expect(200);
    execute(&app.url, "DELETE FROM point").await;
    app.stop().await;
}
