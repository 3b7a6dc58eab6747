//! Places: what there is, how the net changes, and that everything in it goes along.

use crate::ticket::{Cast, path};
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, lamp};
use integration_tests::client::Answer;
use integration_tests::database::number;
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const COUNTY: &str = "532504";
const OTHER_STREET: &str = "532504002";

async fn at(caller: &Caller, code: &str) -> Value {
    caller.get(&format!("/places?code={code}")).await.expect(200).items()[0].clone()
}

async fn call(caller: &Caller, code: &str) -> String {
    format!("/places/{}", at(caller, code).await["id"].as_str().unwrap())
}

async fn found(admin: &Caller, parent: &str, name: &str) -> Answer {
    let body = json!({"parent": parent, "name": name, "reason": "新建小区交付"});
    admin.post("/places", body).await.expect(201)
}

fn codes(page: &Answer) -> Vec<&str> {
    page.items().iter().map(|place| place["code"].as_str().unwrap()).collect()
}

#[rstest]
#[tokio::test]
async fn m01_places_are_looked_at_level_by_level(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("普建华").await;
    let streets = resident.get(&format!("/places?parent={COUNTY}&limit=2")).await.expect(200);
    assert_eq!(codes(&streets), [STREET, OTHER_STREET]);
    let first = &streets.items()[0];
    assert_eq!(
        (first["name"].clone(), first["level"].clone(), first["has_places"].clone()),
        (json!("弥阳街道"), json!(1), json!(true))
    );
    assert_eq!(
        (first["level_name"].clone(), first["parent"].clone()),
        (json!("乡镇（街道）"), json!(COUNTY))
    );
    let cursor = streets.str("next_cursor");
    let next = resident.get(&format!("/places?parent={COUNTY}&limit=2&cursor={cursor}")).await.expect(200);
    assert!(codes(&next)[0] > OTHER_STREET, "{:?}", codes(&next));
    let found = resident.get(&format!("/places?parent={COUNTY}&q=温泉")).await.expect(200);
    assert_eq!(codes(&found), [COMMUNITY, "532504001008"]);
    assert_eq!(found.items()[0]["has_places"], false);
    // What a pattern would mean is text here.
    assert!(resident.get(&format!("/places?parent={COUNTY}&q=%25")).await.expect(200).items().is_empty());
    for query in ["", "?q=温泉", "?parent=532504&code=532504"] {
        let refused = resident.get(&format!("/places{query}")).await;
        refused.refused_for(422, "place.parent_or_code", "?parent");
    }
    resident.get("/places?parent=5325").await.refused_for(422, "place.no_level", "?parent");
    resident.get("/places?parent=532504&cursor=abc").await.refused_for(400, "cursor.invalid", "?cursor");
    resident.get("/places/01990000-0000-7000-8000-00000000ffff").await.refused(404, "place.not_found");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m01_a_place_is_founded_and_called_differently(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let key = [("idempotency-key", "k")];
    let body = json!({"parent": COMMUNITY, "name": "温泉小区", "reason": "新建小区交付", "on": "2026-11-01"});
    let first = admin.post_with("/places", &key, body.clone()).await.expect(201);
    assert_eq!((first.str("code"), first.str("level_name")), ("532504001007001", "小组（小区）"));
    assert_eq!(admin.post_with("/places", &key, body).await.expect(201).text, first.text);
    assert_eq!(found(&admin, COMMUNITY, "二期").await.str("code"), "532504001007002");
    let building = found(&admin, first.str("code"), "1 栋").await;
    assert_eq!(building.str("code"), "532504001007001001");
    let this = format!("/places/{}", first.str("id"));
    let renamed = json!({"name": "温泉花园", "reason": "业主大会决议"});
    let stale = [("if-match", "\"7\"")];
    admin
        .post_with(&format!("{this}/rename"), &stale, renamed.clone())
        .await
        .refused(412, "place.version_mismatch");
    let renamed = admin.post(&format!("{this}/rename"), renamed).await.expect(200);
    assert_eq!((renamed.str("name"), renamed.header("etag")), ("温泉花园", "\"2\""));
    let resident = app.resident("普建华").await;
    let seen = resident.get(&this).await.expect(200);
    assert_eq!((seen.str("name"), seen.json["codes"].as_array().unwrap().len()), ("温泉花园", 1));
    let history = admin.get(&format!("{this}/history")).await.expect(200);
    let kinds: Vec<_> = history.items().iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["place_renamed", "founded"]);
    assert_eq!(
        (&history.items()[1]["on"], &history.items()[1]["reason"]),
        (&json!("2026-11-01"), &json!("新建小区交付"))
    );
    assert!(history.items()[0]["by"].is_string());
    assert!(resident.get(&format!("{this}/history")).await.expect(200).items()[0]["by"].is_null());
    // A ticket can be filed there at once, and the audit trail knows.
    let mut ticket = lamp();
    ticket["place"]["code"] = json!(building.str("code"));
    assert_eq!(resident.post("/tickets", ticket).await.expect(201).json["place"]["name"], "1 栋");
    let audit = admin.get(&format!("/audit?place={COUNTY}&kind=founded")).await.expect(200);
    assert_eq!((audit.items().len(), &audit.items()[0]["label"]), (3, &json!("地点设立")));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m01_what_lies_in_a_community_moves_with_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let street = app.staff("street_dispatcher", STREET).await;
    let other = app.staff("street_dispatcher", OTHER_STREET).await;
    let group = found(&admin, COMMUNITY, "温泉小区").await;
    let (open, accepted, closed) =
        (cast.ticket().await, cast.ticket_at("accepted").await, cast.ticket_at("closed").await);
    let mut below = lamp();
    below["place"]["code"] = group.json["code"].clone();
    let below = path(&cast.resident.post("/tickets", below).await.expect(201));
    let shift = json!({"place": COMMUNITY, "person": cast.worker_id, "starts_at": "2026-11-21T00:00:00Z", "ends_at": "2026-11-22T00:00:00Z"});
    let _ = cast.clerk.post("/shifts", shift).await.expect(201);
    let this = call(&admin, COMMUNITY).await;
    let body = json!({"parent": OTHER_STREET, "reason": "区划调整", "on": "2026-11-20"});
    let moved = admin.post(&format!("{this}/move"), body).await.expect(200);
    let now = moved.str("code").to_owned();
    assert!(now.starts_with(OTHER_STREET), "{now}");
    // The old code stands for it at once, wherever one is asked for.
    let filed = cast.resident.post("/tickets", lamp()).await.expect(201);
    assert_eq!(filed.json["place"], json!({"code": now, "name": "温泉社区"}));
    assert_eq!(at(&cast.resident, COMMUNITY).await["code"], json!(now));
    assert_eq!(at(&cast.resident, group.str("code")).await["code"], json!(format!("{now}001")));
    app.app.catch_up().await.unwrap();
    for (ticket, code) in [(&open, &now), (&accepted, &now), (&closed, &now), (&below, &format!("{now}001"))]
    {
        assert_eq!(other.get(ticket).await.expect(200).json["place"]["code"], json!(code));
        street.get(ticket).await.refused(404, "ticket.not_found");
        let timeline = cast.resident.get(&format!("{ticket}/timeline?limit=100")).await;
        let last = timeline.items().iter().rev().find(|event| event["kind"] == "recoded").unwrap();
        assert_eq!((&last["label"], &last["place"]), (&json!("编码变更"), &json!(code)));
    }
    // Whoever was there is there still, under the code of now, and goes on.
    cast.clerk.get("/tickets").await.refused(401, "auth.grants_changed");
    let person = admin.get(&format!("/users/{}", cast.worker_id)).await.expect(200);
    assert_eq!(person.json["grants"].as_array().unwrap().len(), 1, "{}", person.text);
    assert_eq!(person.json["grants"][0]["places"], json!([now]));
    let clerk = app.staff("community_clerk", &now).await;
    assert_eq!(clerk.get("/tickets?limit=100").await.expect(200).items().len(), 5);
    let shifts = clerk.get("/shifts").await.expect(200);
    assert_eq!(shifts.items()[0]["place"], json!(now));
    assert_eq!(number(&app.url, "SELECT count(*) FROM recoding").await, 1);
    // A second look, when all that was under way has ended, changes nothing.
    let before = other.get(&open).await.header("etag").to_owned();
    app.pass(1);
    app.app.catch_up().await.unwrap();
    assert_eq!(number(&app.url, "SELECT count(*) FROM recoding").await, 0);
    assert_eq!(other.get(&open).await.header("etag"), before);
    let detail = admin.get(&this).await.expect(200);
    let held: Vec<_> =
        detail.json["codes"].as_array().unwrap().iter().map(|held| held["code"].clone()).collect();
    assert_eq!(held, [json!(now), json!(COMMUNITY)]);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f01_places_are_split_and_merged_and_nothing_is_lost(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let (one, two) = (found(&admin, COMMUNITY, "一期").await, found(&admin, COMMUNITY, "二期").await);
    let mut body = lamp();
    body["place"]["code"] = two.json["code"].clone();
    let ticket = path(&cast.resident.post("/tickets", body.clone()).await.expect(201));
    let this = call(&admin, COMMUNITY).await;
    let parts = json!({"parts": [{"name": "温泉北社区", "places": [two.str("code")]}], "reason": "人口增长"});
    let split = admin.post(&format!("{this}/split"), parts).await.expect(200);
    assert_eq!(split.str("code"), COMMUNITY);
    app.app.catch_up().await.unwrap();
    let history = admin.get(&format!("{this}/history")).await.expect(200);
    let north =
        admin.get(&format!("/places/{}", history.items()[0]["into"][0].as_str().unwrap())).await.expect(200);
    let now = format!("{}002", north.str("code"));
    let supervisor = app.staff("supervisor", COUNTY).await;
    assert_eq!(supervisor.get(&ticket).await.expect(200).json["place"]["code"], json!(now));
    assert_eq!(supervisor.get(&ticket).await.json["place"]["name"], "二期");
    // It goes on as the neighbour, group and tickets and all.
    let merge = json!({"into": NEIGHBOUR, "reason": "两个社区合并"});
    let merged = admin.post(&format!("/places/{}/merge", north.str("id")), merge).await.expect(200);
    assert!(merged.json["retired_at"].is_string(), "{}", merged.text);
    app.app.catch_up().await.unwrap();
    let last = supervisor.get(&ticket).await.expect(200).json["place"]["code"].as_str().unwrap().to_owned();
    assert!(last.starts_with(NEIGHBOUR), "{last}");
    for code in [two.str("code"), &now, &last] {
        assert_eq!(at(&admin, code).await["code"], json!(last), "{code}");
    }
    assert_eq!(at(&admin, north.str("code")).await["code"], NEIGHBOUR);
    let gone = admin.get(&format!("/places/{}", north.str("id"))).await.expect(200);
    assert_eq!(gone.str("successor"), NEIGHBOUR);
    // No code is given twice, whoever had it.
    let body = json!({"parent": STREET, "name": "新社区", "code": north.str("code"), "reason": "试试"});
    admin.post("/places", body).await.refused_for(422, "place.code_used", "/code");
    let next = found(&admin, STREET, "新社区").await;
    assert!(next.str("code") > north.str("code"));
    // What is empty ends, and takes no more.
    let this = format!("/places/{}", one.str("id"));
    let _ = admin.post(&format!("{this}/retire"), json!({"reason": "整体拆迁"})).await.expect(200);
    let mut there = lamp();
    there["place"]["code"] = one.json["code"].clone();
    cast.resident.post("/tickets", there).await.refused_for(422, "place.retired", "/place/code");
    admin
        .post(&format!("{this}/rename"), json!({"name": "新名", "reason": "试试"}))
        .await
        .refused(422, "place.retired");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m01_what_would_break_the_net_is_refused(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let street = app.staff("county_admin", STREET).await;
    let _ = cast.ticket().await;
    let group = found(&admin, COMMUNITY, "一期").await;
    let building = found(&admin, group.str("code"), "1 栋").await;
    let (this, county) = (call(&admin, COMMUNITY).await, call(&admin, COUNTY).await);
    let in_street = format!("/places/{}", group.str("id"));
    let because = |mut body: Value| {
        body["reason"] = json!("试试");
        body
    };
    let refused: Vec<(&Caller, String, Value, u16, &str, &str)> = vec![
        (
            &admin,
            "/places".into(),
            json!({"parent": "532504999", "name": "无"}),
            422,
            "place.unknown",
            "/parent",
        ),
        (
            &admin,
            "/places".into(),
            json!({"parent": COMMUNITY, "name": "无", "code": "532504001008001"}),
            422,
            "place.not_below",
            "/code",
        ),
        (
            &admin,
            "/places".into(),
            json!({"parent": COMMUNITY, "name": "无", "code": "53250400100７"}),
            422,
            "place.not_digits",
            "/code",
        ),
        (
            &admin,
            "/places".into(),
            json!({"parent": building.str("code"), "name": "住户"}),
            422,
            "place.household",
            "/code",
        ),
        (&admin, "/places".into(), json!({"parent": COMMUNITY, "name": " "}), 422, "text.empty", "/name"),
        (
            &admin,
            "/places".into(),
            json!({"parent": COMMUNITY, "name": "无", "on": "2026-11-22"}),
            422,
            "place.future",
            "/on",
        ),
        (
            &admin,
            "/places".into(),
            json!({"parent": COMMUNITY, "name": "无", "on": "2026-13-01"}),
            400,
            "request.invalid_value",
            "/on",
        ),
        (&admin, format!("{this}/move"), json!({"parent": COUNTY}), 422, "place.other_level", "/into"),
        (&admin, format!("{this}/move"), json!({"parent": "532504888"}), 422, "place.unknown", "/parent"),
        (
            &admin,
            format!("{this}/move"),
            json!({"parent": STREET, "code": NEIGHBOUR}),
            422,
            "place.code_used",
            "/code",
        ),
        (&admin, format!("{this}/split"), json!({"parts": []}), 422, "place.no_parts", "/parts"),
        (
            &admin,
            format!("{this}/split"),
            json!({"parts": [{"name": "北", "places": [NEIGHBOUR]}]}),
            422,
            "place.not_a_child",
            "/parts",
        ),
        (
            &admin,
            format!("{this}/split"),
            json!({"parts": [{"name": "北", "places": ["x"]}]}),
            422,
            "place.not_digits",
            "/parts/0/places/0",
        ),
        (&admin, format!("{this}/merge"), json!({"into": COMMUNITY}), 422, "place.itself", "/into"),
        (&admin, format!("{this}/merge"), json!({"into": STREET}), 422, "place.other_level", "/into"),
    ];
    for (caller, path, body, status, code, field) in refused {
        caller.post(&path, because(body)).await.refused_for(status, code, field);
    }
    let empty = json!({"name": "新名", "reason": " "});
    admin.post(&format!("{this}/rename"), empty).await.refused_for(422, "text.empty", "/reason");
    for (caller, path, body, status, code) in [
        (&admin, format!("{county}/retire"), json!({}), 422, "place.county"),
        (&admin, format!("{this}/retire"), json!({}), 409, "place.has_places"),
        (&street, format!("{this}/move"), json!({"parent": OTHER_STREET}), 403, "place.beyond_scope"),
        (&cast.clerk, format!("{this}/rename"), json!({"name": "新名"}), 403, "permission.role"),
        (
            &admin,
            "/places/01990000-0000-7000-8000-00000000ffff/retire".into(),
            json!({}),
            404,
            "place.not_found",
        ),
    ] {
        caller.post(&path, because(body)).await.refused(status, code);
    }
    let _ =
        admin.post(&format!("/places/{}/retire", building.str("id")), because(json!({}))).await.expect(200);
    let mut body = lamp();
    body["place"]["code"] = group.json["code"].clone();
    let _ = cast.resident.post("/tickets", body).await.expect(201);
    admin.post(&format!("{in_street}/retire"), because(json!({}))).await.refused(409, "place.has_tickets");
    let _ =
        street.post(&format!("{in_street}/rename"), because(json!({"name": "本街道改名"}))).await.expect(200);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m01_tickets_arrive_while_their_place_moves(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let residents = [app.resident("甲").await, app.resident("乙").await, app.resident("丙").await];
    let admin = app.staff("county_admin", COUNTY).await;
    let this = call(&admin, COMMUNITY).await;
    let files = residents.iter().map(|resident| async {
        for _ in 0..6 {
            let _ = resident.post("/tickets", lamp()).await.expect(201);
        }
    });
    let moves = async {
        for parent in [OTHER_STREET, "532504003", STREET, OTHER_STREET] {
            let body = json!({"parent": parent, "reason": "区划调整"});
            let _ = admin.post(&format!("{this}/move"), body).await.expect(200);
            app.app.catch_up().await.unwrap();
        }
    };
    let founds = async {
        for n in 0..6 {
            let _ = found(&admin, COMMUNITY, &format!("{n} 期")).await;
        }
    };
    tokio::join!(futures_util::future::join_all(files), moves, founds);
    app.pass(1);
    app.app.catch_up().await.unwrap();
    let now = at(&admin, COMMUNITY).await["code"].as_str().unwrap().to_owned();
    assert!(now.starts_with(OTHER_STREET));
    assert_eq!(
        number(&app.url, &format!("SELECT count(*) FROM ticket WHERE scope_code = '{now}'")).await,
        18
    );
    let below = admin.get(&format!("/places?parent={now}&limit=100")).await.expect(200);
    assert_eq!(below.items().len(), 6, "{}", below.text);
    app.stop().await;
}
