//! Duties at points: owed at each, on their day, and recorded on the spot.

use crate::boundary::{draw, square};
use crate::duty_plan::{duties, own, started};
use crate::point::{at, found as point, with};
use crate::story::record;
use integration_tests::Backend;
use integration_tests::app::COMMUNITY;
use rstest::rstest;
use serde_json::{Value, json};

/// Where points without a distance lie: WGS-84.
const HERE: (f64, f64) = (24.4, 103.4);

fn there((lat, lng): (f64, f64)) -> Value {
    json!({"lat": lat, "lng": lng, "datum": "wgs84"})
}

#[rstest]
#[tokio::test]
async fn l02_boxes_are_emptied_on_their_day_and_on_the_spot(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let boxes = r#"
[[duties]]
key = "suggestion_box"
name = "开启意见箱"
who = "grid_worker"
at = "suggestion_box"
every = "month"
on = 23
radius_metres = 50
"#;
    let app = started(backend, boxes).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let _ = point(&clerk, at("suggestion_box", "北门意见箱", (0.0, 0.0))).await;
    let _ = point(&clerk, at("talking_point", "说事亭", (0.0, 0.0))).await;
    let worker = app.staff("grid_worker", COMMUNITY).await;
    app.app.catch_up().await.unwrap();
    let mine = own(&worker, "suggestion_box").await;
    assert_eq!(
        (&mine["from"], &mine["until"]),
        (&json!("2026-11-22T16:00:00Z"), &json!("2026-11-23T16:00:00Z"))
    );
    let body = |position: Value| json!({"text": "收到建议两条", "position": position});
    record(&worker, &mine, body(there(HERE))).await.refused_for(422, "matter.time", "/occurred_at");
    app.pass(2 * 24 * 60);
    record(&worker, &mine, json!({"text": "收到建议"})).await.refused_for(
        422,
        "duty.position_required",
        "/position",
    );
    // Beijing is far away.
    let far = record(&worker, &mine, body(there((39.9, 116.4)))).await;
    far.refused_for(422, "duty.too_far", "/position");
    let metres: u32 = far.json["errors"][0]["message"]
        .as_str()
        .or(far.json["detail"].as_str())
        .unwrap()
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .unwrap();
    assert!((2_050_000..2_150_000).contains(&metres), "{metres}");
    record(&worker, &mine, body(there((24.4005, 103.4)))).await.refused(422, "duty.too_far");
    let outside = record(&worker, &mine, body(there((0.0, 103.4)))).await;
    assert_eq!(outside.status, 422, "{}", outside.text);
    let done = record(&worker, &mine, body(there((24.4002, 103.4)))).await.expect(200);
    assert_eq!((done.str("status"), &done.json["records"][0]["metres"]), ("done", &json!(22)));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f09_the_talking_day_is_a_weekday_at_each_talking_point(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let day = r#"
[[duties]]
key = "talking_day"
name = "说事日"
who = "grid_leader"
at = "talking_point"
every = "week"
on = 3
radius_metres = 200
"#;
    let app = started(backend, day).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let leader = app.staff("grid_leader", COMMUNITY).await;
    let pavilion = point(&clerk, at("talking_point", "说事亭", (0.0, 0.0))).await;
    let hall = with(at("talking_point", "议事厅", (600.0, 0.0)), json!({"address": "二楼"}));
    let _ = point(&clerk, hall).await;
    // Wednesday of this week is over: nothing is owed any more.
    app.app.catch_up().await.unwrap();
    assert_eq!(duties(&leader, "mine=true&key=talking_day").await, Vec::<Value>::new());
    app.pass(2 * 24 * 60);
    app.app.catch_up().await.unwrap();
    let owed = duties(&leader, "mine=true&key=talking_day").await;
    assert_eq!(owed.len(), 2);
    let at_pavilion = owed.iter().find(|one| one["point"] == pavilion.json["id"]).unwrap();
    assert_eq!(at_pavilion["from"], "2026-11-24T16:00:00Z");
    // Told when there is a network again: on the day it was held, some hours later.
    app.pass(3 * 24 * 60 - 4 * 60);
    app.app.catch_up().await.unwrap();
    let held = |at: &str| json!({"text": "议定三件事", "position": there(HERE), "occurred_at": at});
    record(&leader, at_pavilion, held("2026-11-25T08:00:00Z")).await.refused_for(
        422,
        "matter.time",
        "/occurred_at",
    );
    let done = record(&leader, at_pavilion, held("2026-11-25T15:00:00Z")).await.expect(200);
    assert_eq!((done.str("status"), &done.json["records"][0]["late"]), ("done", &json!(false)));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn l02_without_a_boundary_of_its_own_a_place_is_where_the_one_above_is(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let round = r#"
[[duties]]
key = "grid_round"
name = "网格走访"
who = "grid_worker"
at = "小组（小区）"
every = "week"
times = 3
radius_metres = 200
"#;
    let app = started(backend, round).await;
    let admin = app.staff("county_admin", "532504").await;
    let grid = json!({"parent": COMMUNITY, "name": "第二网格", "reason": "网格划分方案"});
    let code = admin.post("/places", grid).await.expect(201).str("code").to_owned();
    let worker = app.staff("grid_worker", &code).await;
    app.app.catch_up().await.unwrap();
    let mine = own(&worker, "grid_round").await;
    let body = |position: (f64, f64)| json!({"text": "走访十户", "position": there(position)});
    // Nobody drew anything: nothing can be measured.
    let done = record(&worker, &mine, body((39.9, 116.4))).await.expect(200);
    assert_eq!(done.json["records"][0]["metres"], Value::Null);
    let _ = draw(&admin, COMMUNITY, square(103.4, 24.4, 20.0)).await.expect(200);
    record(&worker, &mine, body((39.9, 116.4))).await.refused_for(422, "duty.too_far", "/position");
    let done = record(&worker, &mine, body((24.41, 103.41))).await.expect(200);
    assert_eq!(done.json["records"][1]["metres"], 0);
    // Its own is nearer.
    let _ = draw(&admin, &code, square(103.4, 24.4, 1.0)).await.expect(200);
    record(&worker, &mine, body((24.41, 103.41))).await.refused(422, "duty.too_far");
    app.stop().await;
}
