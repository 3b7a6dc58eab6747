//! 同样的问题是否已有人反映: what others raised already, for whoever is about to file the same.

use crate::rules::play_with;
use crate::ticket::path;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, TestApp, UNIT};
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const COUNTY: &str = "532504";
const SERVICES: &str = "编码,名称,类别,事权,承办单位,材料\nSZ-01,路灯报修,公共设施,,,\n";

async fn file(caller: &Caller, place: &str, content: &str, category: Option<&str>) -> Value {
    let body = json!({"content": content, "place": {"code": place}, "category": category});
    caller.post("/tickets", body).await.expect(201).json
}

/// The numbers of what is alike, and how many there are.
async fn alike(caller: &Caller, query: &str) -> (Vec<String>, i64) {
    let found = caller.get(&format!("/tickets/alike?{query}")).await.expect(200);
    let number = |item: &Value| item["number"].as_str().unwrap().to_owned();
    (found.items().iter().map(number).collect(), found.json["count"].as_i64().unwrap())
}

fn number(ticket: &Value) -> String {
    ticket["number"].as_str().unwrap().to_owned()
}

#[rstest]
#[tokio::test]
async fn f11_whoever_files_sees_what_is_raised_already(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    play_with(&app, "", SERVICES).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let below = async |parent: &str, name: &str| {
        let body = json!({"parent": parent, "name": name, "reason": "网格划分方案"});
        admin.post("/places", body).await.expect(201).str("code").to_owned()
    };
    let (estate, other) = (below(COMMUNITY, "温泉小区").await, below(COMMUNITY, "上清小区").await);
    let (building, next) = (below(&estate, "一栋").await, below(&estate, "二栋").await);
    let (neighbour, asker) = (app.resident("李明").await, app.resident("王芳").await);
    let (clerk, handler) =
        (app.staff("community_clerk", COMMUNITY).await, app.of_unit("department_handler", UNIT).await);
    let there = file(&neighbour, &other, "路灯坏了", Some("facilities")).await;
    let same_estate = file(&neighbour, &next, "灯坏了，晚上看不见", Some("facilities")).await;
    app.pass(2 * 24 * 60);
    let here = file(&neighbour, &building, "楼道灯坏了，我家老人李建国摔了", Some("facilities")).await;
    let by_words = file(&neighbour, COMMUNITY, "我家门口路灯不亮", None).await;
    let _ = file(&neighbour, NEIGHBOUR, "路灯坏了", Some("facilities")).await;
    let _ = file(&neighbour, &building, "垃圾没人收", Some("environment")).await;

    // The nearest first: the building, the estate, the community; by words of the catalogue too.
    let near = format!("place={building}&category=facilities");
    let (found, count) = alike(&asker, &near).await;
    assert_eq!((found, count), (vec![number(&here), number(&same_estate), number(&there)], 3));
    let both = format!("{near}&q=楼下路灯不亮了");
    let (found, _) = alike(&asker, &both).await;
    assert_eq!(found, [number(&here), number(&same_estate), number(&by_words), number(&there)]);
    assert_eq!(alike(&asker, &format!("place={other}&q=路灯")).await.0, [number(&there), number(&by_words)]);
    // A household is asked for its building.
    assert_eq!(alike(&asker, &format!("place={building}0101&category=facilities")).await.1, 3);

    // Nothing of what others wrote, nor who they are, nor which building.
    let shown = asker.get(&format!("/tickets/alike?{near}")).await.expect(200);
    let (first, second, third) = (&shown.items()[0], &shown.items()[1], &shown.items()[2]);
    assert_eq!(
        (&first["id"], &first["status"], &first["status_label"]),
        (&json!(null), &json!("submitted"), &json!("待派单"))
    );
    assert_eq!((&first["category"], &first["category_name"]), (&json!("facilities"), &json!("公共设施")));
    assert_eq!((&first["days_ago"], &second["days_ago"]), (&json!(0), &json!(2)));
    assert_eq!(first["place"], json!({"code": estate, "name": "温泉小区"}));
    assert_eq!(
        (&first["near"], &second["near"], &third["near"]),
        (&json!("片区（楼栋）"), &json!("小组（小区）"), &json!("村（社区）"))
    );
    for secret in ["老人", "李建国", &app.id_of(&neighbour).await, here["id"].as_str().unwrap(), &building]
    {
        assert!(!shown.text.contains(secret), "{secret}: {}", shown.text);
    }
    // As the county says it.
    let _ = clerk
        .post(&format!("/tickets/{}/dispatch", here["id"].as_str().unwrap()), json!({"lead": {"unit": UNIT}}))
        .await
        .expect(200);
    let _ = handler
        .post(&format!("/tickets/{}/accept", here["id"].as_str().unwrap()), json!({}))
        .await
        .expect(200);
    let shown = asker.get(&format!("/tickets/alike?{near}")).await.expect(200);
    assert_eq!(shown.items()[0]["status_label"], "办单中");
    // Who others wrote about cannot be found out: only the county's own words are looked for.
    for probe in ["李建国", "老人摔了", "%", "_"] {
        assert_eq!(alike(&asker, &format!("place={building}&q={probe}")).await.1, 0, "{probe}");
    }
    // One's own may be opened.
    let own = neighbour.get(&format!("/tickets/alike?{near}")).await.expect(200);
    assert_eq!(own.items()[0]["id"], here["id"]);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f11_what_is_confidential_undisclosed_old_or_done_is_not_told_of(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let neighbour = app.resident("李明").await;
    let query = format!("place={COMMUNITY}&category=safety");
    let _ = file(&neighbour, COMMUNITY, "很久以前", Some("safety")).await;
    app.pass(31 * 24 * 60);
    let (neighbour, asker) = (app.resident("李明").await, app.resident("王芳").await);
    let body = json!({"content": "有人威胁我", "place": {"code": COMMUNITY}, "category": "safety", "confidential": true});
    let secret = neighbour.post("/tickets", body).await.expect(201);
    let gone = neighbour
        .post("/tickets", json!({"content": "门禁坏了", "place": {"code": COMMUNITY}, "category": "safety"}))
        .await;
    let gone = path(&gone.expect(201));
    assert_eq!(alike(&asker, &query).await.1, 1);
    assert_eq!(alike(&neighbour, &query).await.1, 2, "their own they know");
    let _ = neighbour.post(&format!("{gone}/withdraw"), json!({"reason": "修好了"})).await.expect(200);
    assert_eq!(alike(&asker, &query).await, (vec![], 0));
    assert_eq!(alike(&neighbour, &query).await.0, [secret.str("number")]);
    // Of what the county keeps to itself nobody is told but who raised it.
    let quarrel = file(&neighbour, COMMUNITY, "邻居天天吵架", Some("dispute")).await;
    let quarrels = format!("place={COMMUNITY}&category=dispute&q=邻里纠纷");
    assert_eq!(alike(&asker, &quarrels).await, (vec![], 0));
    assert_eq!(alike(&neighbour, &quarrels).await, (vec![number(&quarrel)], 1));
    // Ten are shown, and all are counted.
    for n in 0..12 {
        let _ = file(&neighbour, COMMUNITY, &format!("第 {n} 件"), Some("safety")).await;
    }
    let (shown, count) = alike(&asker, &query).await;
    assert_eq!((shown.len(), count), (10, 12));

    let refused = async |query: &str| asker.get(&format!("/tickets/alike?{query}")).await;
    refused("category=safety").await.refused_for(400, "request.missing_field", "?place");
    refused(&format!("place={COMMUNITY}")).await.refused_for(400, "request.missing_field", "?category");
    refused("place=532504&category=safety").await.refused_for(422, "place.too_wide", "?place");
    refused("place=x&category=safety").await.refused_for(422, "place.not_digits", "?place");
    refused("place=140226001001&category=safety").await.refused_for(422, "place.unknown", "?place");
    let long = "长".repeat(61);
    refused(&format!("place={COMMUNITY}&q={long}")).await.refused_for(422, "text.too_long", "?q");
    assert_eq!(alike(&asker, &format!("place={COMMUNITY}&category=moon")).await.1, 0);
    app.stop().await;
}
