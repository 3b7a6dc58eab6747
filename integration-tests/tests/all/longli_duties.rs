//! The story of Longli goes on: who goes to ask at the doors and on the 23rd, and who answers for which grid.

use crate::boundary::{draw, square};
use crate::county::County;
use crate::photo::{add, jpeg};
use crate::story::{below, chain, coverage, owed, record, resident, seated, somebody, tie, told_of};
use integration_tests::Backend;
use rstest::rstest;
use serde_json::json;

const DAY: i64 = 24 * 60;

/// 每周 1 次“入户问需”，每月 23 日征集日，意见箱，包保单位每月到网格: planned, recorded on the spot, and missed.
#[rstest]
#[tokio::test]
async fn l02_longli_weekly_visits_the_23rd_and_the_boxes(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let county = County::open(backend, "longli").await;
    let app = &county.app;
    let here = county.place("冠山社区");
    let large = below(&county, here, "第一大网格").await;
    let (one, two) = (below(&county, &large, "龙溪苑小区").await, below(&county, &large, "老粮站小区").await);
    let officer = county.staff("community_clerk", "冠山社区").await;
    let worker = app.staff("grid_worker", &one).await;
    let lazy = app.staff("grid_worker", &two).await;
    let supervisor = county.staff("supervisor", "龙里县").await;
    let admin = county.staff("county_admin", "龙里县").await;
    let _ = draw(&admin, &one, square(106.97, 26.45, 2.0)).await.expect(200);
    let at = |lat: f64| json!({"lat": lat, "lng": 106.971, "datum": "wgs84"});
    let suggestions =
        json!({"kind": "suggestion_box", "name": "龙溪苑意见箱", "place": one, "position": at(26.451)});
    let _ = officer.post("/points", suggestions).await.expect(201);
    let (_, unit) = {
        let (id, handler) = seated(&county, "县市场监管局", "department", here).await;
        let _ = tie(&county, json!({"kind": "responsible", "unit": id, "place": one})).await;
        (id, handler)
    };
    app.app.catch_up().await.unwrap();
    // Each branch collects at every estate on the 23rd; three days before it is reminded.
    let days = owed(&officer, "collection_day").await;
    assert_eq!(days.len(), 2, "one at each estate");
    let day = days.iter().find(|day| day["place"]["code"] == json!(one)).unwrap();
    assert_eq!(
        (&day["name"], &day["from"], &day["until"]),
        (&json!("主题党日征集日"), &json!("2026-11-22T16:00:00Z"), &json!("2026-11-23T16:00:00Z"))
    );
    assert!(told_of(&officer, "duty").await.contains(&"matter_due".to_owned()));
    let (a, b) =
        (add(&officer, &one, jpeg()).await.expect(201), add(&officer, &one, jpeg()).await.expect(201));
    let collected = |lat: f64, photos: &[&str]| json!({"text": "收到意见七条", "photos": photos, "attendance": 41, "position": at(lat)});
    let both = [a.str("id"), b.str("id")];
    let early = record(&officer, day, collected(26.451, &both)).await;
    early.refused_for(422, "matter.time", "/occurred_at");
    assert!(early.text.contains("应在 2026-11-23 00:00:00 与 2026-11-24 00:00:00 之间"), "{}", early.text);
    let visit = &owed(&worker, "home_visit").await[0];
    assert_eq!((&visit["name"], &visit["period"]), (&json!("入户问需"), &json!("2026-W47")));
    let photo = add(&worker, &one, jpeg()).await.expect(201);
    let visited = json!({"text": "走访张家、李家，想装扶手", "photos": [photo.str("id")]});
    record(&worker, visit, json!({"text": "走访"})).await.refused_for(422, "matter.range", "/photos");
    record(&lazy, visit, visited.clone()).await.refused(404, "matter.not_found");
    assert_eq!(record(&worker, visit, visited).await.expect(200).str("status_name"), "已履职");

    // Monday, the 23rd.
    for _ in 0..2 {
        app.pass(DAY);
        app.app.catch_up().await.unwrap();
    }
    assert_eq!(coverage(&supervisor, here, "key=home_visit&period=2026-W47").await, [2, 1, 0, 1].map(Some));
    assert_eq!(told_of(&lazy, "duty").await, ["matter_overdue", "matter_due"]);
    let raised =
        json!({"content": "老旧小区环境卫生差", "place": {"code": one}, "channel": "collection_day"});
    let raised = officer.post("/tickets", raised).await.expect(201);
    record(&officer, day, collected(26.451, &both[..1])).await.refused_for(422, "matter.range", "/photos");
    // At its fixed spot: within 200 metres of the estate.
    record(&officer, day, collected(26.455, &both)).await.refused_for(422, "duty.too_far", "/position");
    let mut full = collected(26.4535, &both);
    full["raised"] = json!([raised.str("id")]);
    let done = record(&officer, day, full).await.expect(200);
    assert_eq!(
        (done.str("status_name"), &done.json["records"][0]["raised"][0]),
        ("已履职", &raised.json["id"])
    );
    let boxes = owed(&officer, "suggestion_box").await;
    let c = add(&officer, &one, jpeg()).await.expect(201);
    let emptied = |lat: f64| json!({"text": "三封信", "photos": [c.str("id")], "position": at(lat)});
    record(&officer, &boxes[0], emptied(26.452)).await.refused_for(422, "duty.too_far", "/position");
    assert_eq!(record(&officer, &boxes[0], emptied(26.4513)).await.expect(200).str("status"), "done");
    // The next day the other estate was missed, and whoever supervises the county sees it; so does the officer's own inbox.
    app.pass(DAY);
    app.app.catch_up().await.unwrap();
    assert_eq!(
        coverage(&supervisor, here, "key=collection_day&period=2026-11").await,
        [2, 1, 0, 1].map(Some)
    );
    assert!(told_of(&officer, "duty").await.contains(&"matter_overdue".to_owned()));
    // 亮实绩: the unit came to its grid this month; in December it did not.
    let round = &owed(&unit, "unit_round").await[0];
    assert_eq!((&round["name"], &round["unit"]["name"]), (&json!("包保单位到网格"), &json!("县市场监管局")));
    let shown = add(&unit, &one, jpeg()).await;
    let body = json!({"text": "摸排食品小作坊 12 家，解决两件", "photos": [shown.expect(201).str("id")]});
    assert_eq!(record(&unit, round, body).await.expect(200).str("status"), "done");
    for days in [9, 30] {
        app.pass(days * DAY);
        app.app.catch_up().await.unwrap();
    }
    let supervisor = county.staff("supervisor", "龙里县").await;
    for (month, expected) in [("2026-11", [1, 1, 0, 0]), ("2026-12", [1, 0, 0, 1])] {
        let query = format!("key=unit_round&period={month}");
        assert_eq!(coverage(&supervisor, here, &query).await, expected.map(Some), "{month}");
    }
    county.app.stop().await;
}

/// 双向包保: from a household's grid up to the county everybody who answers for it is found.
#[rstest]
#[tokio::test]
async fn l03_longli_two_way_responsibility(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let county = County::open(backend, "longli").await;
    let here = county.place("光明社区");
    let large = below(&county, here, "第二大网格").await;
    let grid = below(&county, &large, "粮食局宿舍").await;
    let cast = [
        ("县委常委王书记", here),
        ("街道科级干部陈主任", here),
        ("县处级领导李县长", large.as_str()),
        ("社区常务干部张支书", large.as_str()),
    ];
    for (name, at) in cast {
        let leader = somebody(&county, "supervisor", "光明社区", name).await;
        let person = county.app.id_of(&leader).await;
        let _ = tie(&county, json!({"kind": "responsible", "person": person, "place": at})).await;
    }
    let unit = county.unit("县住房城乡建设局", "department").await;
    let _ = tie(&county, json!({"kind": "responsible", "unit": unit, "place": grid})).await;
    let resident = resident(&county, "居民简朝阳").await;
    let seen = chain(&resident, &grid).await;
    let levels: Vec<_> = seen.iter().map(|(level, _)| level.as_str()).collect();
    assert_eq!(levels, ["网格（小区）", "大网格", "社区", "街道（镇）", "县"]);
    assert_eq!(seen[0].1, ["县住房城乡建设局"]);
    for name in ["县处级领导李县长", "社区常务干部张支书"] {
        assert!(seen[1].1.contains(&name.to_owned()), "{seen:?}");
    }
    for name in ["县委常委王书记", "街道科级干部陈主任"] {
        assert!(seen[2].1.contains(&name.to_owned()), "{seen:?}");
    }
    // Of another community it says nothing.
    assert!(
        chain(&resident, county.place("水桥社区"))
            .await
            .iter()
            .all(|(_, names)| !names.contains(&cast[0].0.into()))
    );
    county.app.stop().await;
}
