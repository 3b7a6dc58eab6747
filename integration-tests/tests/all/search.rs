//! The roster looked through by name: whole, its beginning, or its initials in pinyin. Names are sealed; keyed hashes find them.

use crate::password::{PASSWORD, add_user, login};
use crate::people::{names, newest, user, worker};
use crate::wechat;
use futures_util::future::join_all;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT};
use integration_tests::database::{contains, execute, number};
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::json;
use std::time::Duration;
use tokio::time::sleep;

const COUNTY: &str = "532504";

async fn found(caller: &Caller, q: &str) -> Vec<String> {
    names(caller, &format!("&q={q}")).await
}

#[rstest]
#[tokio::test]
async fn f07_the_roster_is_looked_through_by_name_and_initials(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    for name in
        ["李建国", "李建华", "李江", "单雄信", "曾国荃", "Anna Li", "王小二", "阿依古丽·买买提明·吐尔逊江"]
    {
        app.pass(1);
        let _ = worker(&admin, name, None, COMMUNITY).await;
    }
    for (q, expected) in [
        ("李", vec!["李江", "李建华", "李建国"]),
        ("李建", vec!["李建华", "李建国"]),
        ("%20李建国%20", vec!["李建国"]),
        ("lj", vec!["李江", "李建华", "李建国"]),
        ("LJG", vec!["李建国"]),
        ("ljgx", vec![]),
        ("建国", vec![]),
        ("jg", vec![]),
        // By every reading of a surname.
        ("sxx", vec!["单雄信"]),
        ("dx", vec!["单雄信"]),
        ("zg", vec!["曾国荃"]),
        ("cgq", vec!["曾国荃"]),
        ("an", vec!["Anna Li"]),
        ("ANNA%20l", vec!["Anna Li"]),
        ("anna%20x", vec![]),
        ("阿依古丽·买买提明·吐尔逊江", vec!["阿依古丽·买买提明·吐尔逊江"]),
        ("阿依古丽·买买提明·吐尔逊河", vec![]),
        ("阿依古丽·买买提明", vec!["阿依古丽·买买提明·吐尔逊江"]),
        ("aygl", vec!["阿依古丽·买买提明·吐尔逊江"]),
        ("王二", vec![]),
    ] {
        assert_eq!(found(&admin, q).await, expected, "{q}");
    }
    for (q, code) in [
        ("l", "person.q_too_short"),
        ("", "text.empty"),
        ("%20", "text.empty"),
        ("李%00", "text.control_character"),
        ("138123", "phone.invalid"),
        (&"李".repeat(31), "text.too_long"),
    ] {
        admin.get(&format!("/users?q={q}")).await.refused_for(422, code, "?q");
    }
    // A cursor is good for what it was given for.
    let first = admin.get("/users?limit=1&q=李").await.expect(200);
    let other = format!("/users?limit=1&q=王&cursor={}", first.str("next_cursor"));
    admin.get(&other).await.refused(400, "cursor.invalid");
    assert!(!contains(&app.url, "李建国").await && !contains(&app.url, "ljg").await, "nothing in plain");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f07_each_finds_those_of_their_area_only_and_no_residents(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    for (name, place) in [("李一", COMMUNITY), ("李二", NEIGHBOUR), ("李三", "532504002001")] {
        app.pass(1);
        let _ = worker(&admin, name, None, place).await;
    }
    app.pass(1);
    let of_unit = json!([{"role": "department_handler", "unit": UNIT}]);
    let _ = admin.post("/users", json!({"name": "李四", "grants": of_unit})).await.expect(201);
    // A resident of that name with a ticket, and one of the roster without a post.
    let resident = app.resident("李五").await;
    let lamp = integration_tests::app::lamp();
    let _ = resident.post("/tickets", lamp).await.expect(201);
    let _ = admin.post("/users", json!({"name": "李六", "phone": "13812345678"})).await.expect(201);
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let street = app.staff("street_dispatcher", STREET).await;
    assert_eq!(found(&admin, "李").await, ["李四", "李三", "李二", "李一"]);
    assert_eq!(found(&street, "李").await, ["李二", "李一"]);
    assert_eq!(found(&clerk, "李").await, ["李一"]);
    assert_eq!(found(&admin, &format!("李&place={STREET}")).await, ["李二", "李一"]);
    assert_eq!(found(&admin, "李&role=department_handler").await, ["李四"]);
    assert_eq!(found(&admin, &format!("李&role=grid_worker&place={NEIGHBOUR}")).await, ["李二"]);
    assert_eq!(found(&admin, &format!("李&unit={UNIT}")).await, ["李四"]);
    assert_eq!(found(&street, &format!("李&unit={UNIT}")).await, [""; 0]);
    // By the whole number they are found as before.
    assert_eq!(found(&admin, "13812345678").await, ["李*"]);
    resident.get("/users?q=李").await.refused(403, "permission.role");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f07_nobody_is_found_by_what_they_were_called_or_held(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let path = user(&worker(&admin, "李建国", None, COMMUNITY).await);
    let edit = json!({"name": "王建国"});
    let _ = admin.put_with(&path, &[], edit).await.expect(200);
    assert_eq!((found(&admin, "李").await.len(), found(&admin, "wjg").await.len()), (0, 1));
    // One grant of two is left, and then none.
    let grant = json!({"role": "volunteer", "places": [NEIGHBOUR]});
    let granted = admin.post(&format!("{path}/grant"), grant.clone()).await.expect(200);
    let revoke = json!({"grant": newest(&granted)});
    let _ = admin.post(&format!("{path}/revoke"), revoke).await.expect(200);
    assert_eq!(found(&admin, "王").await, ["王建国"]);
    let _ = admin.post(&format!("{path}/leave"), json!({"reason": "调动"})).await.expect(200);
    assert_eq!(found(&admin, "王").await, [""; 0]);
    assert_eq!(number(&app.url, "SELECT count(DISTINCT user_id) FROM name_token").await, 1);
    // Renamed while they held nothing, granted something again.
    let _ = admin.put_with(&path, &[], json!({"name": "赵建国"})).await.expect(200);
    assert_eq!(found(&admin, "赵").await, [""; 0]);
    let _ = admin.post(&format!("{path}/grant"), grant).await.expect(200);
    assert_eq!((found(&admin, "王").await.len(), found(&admin, "zhao").await.len()), (0, 0));
    assert_eq!(found(&admin, "zj").await, ["赵建国"]);
    let _ = admin.post(&format!("{path}/erase"), json!({"reason": "本人要求"})).await.expect(200);
    for q in ["赵", "zj", "已注销"] {
        assert_eq!(found(&admin, q).await, [""; 0], "{q}");
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f07_who_turns_out_to_be_of_the_roster_is_found_by_its_name(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, wechat) = wechat::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    add_user(&app, "chen.hongmei", Some("13800001111"), Some(("community_clerk", COMMUNITY))).await;
    let roster = login(&app.anyone(), "chen.hongmei", PASSWORD).await.expect(200);
    assert_eq!(found(&admin, "chen.").await, ["chen.hongmei"]);
    let chen = wechat::user(&app, &wechat, "o-chen").await;
    let bound = wechat::bind(&chen, &wechat.phone_code("13800001111")).await.expect(200);
    let page = admin.get("/users?q=chen.hong").await.expect(200);
    let [one] = page.items() else { panic!("{}", page.text) };
    assert_eq!(one["id"], bound.json["user"]["id"]);
    assert_ne!(one["id"], roster.json["user"]["id"]);
    // Without a post on either side nobody is found.
    let _ = admin.post("/users", json!({"name": "李六", "phone": "13812345678"})).await.expect(201);
    let other = wechat::user(&app, &wechat, "o-li").await;
    let _ = wechat::bind(&other, &wechat.phone_code("13812345678")).await.expect(200);
    assert_eq!(found(&admin, "李").await, [""; 0]);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn whoever_was_there_before_is_found_once_the_server_has_looked(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let _ = worker(&admin, "李建国", None, COMMUNITY).await;
    let _ = worker(&admin, "王小二", None, COMMUNITY).await;
    let _ = app.resident("李五").await;
    let all = number(&app.url, "SELECT count(*) FROM name_token").await;
    // To be found by a part of one's name only is a fault.
    execute(
        &app.url,
        "DELETE FROM name_token WHERE token = (SELECT token FROM name_token ORDER BY token LIMIT 1)",
    )
    .await;
    assert!(!app.app.verify().await.unwrap().is_empty());
    // As the migration leaves it: the table is empty, and people are there. That is none, for it does not last.
    execute(&app.url, "DELETE FROM name_token").await;
    assert_eq!(found(&admin, "李").await, [""; 0]);
    assert_eq!(app.app.verify().await.unwrap(), [""; 0]);
    // Two replicas look at once.
    let config = integration_tests::app::config(&app.url, backend.redis_url());
    let other = app.replica(config).await;
    let (one, two) = tokio::join!(app.app.index_names(), other.index_names());
    assert!(one.unwrap() + two.unwrap() >= 3);
    assert_eq!(number(&app.url, "SELECT count(*) FROM name_token").await, all);
    assert_eq!(found(&admin, "ljg").await, ["李建国"]);
    assert_eq!(app.app.index_names().await.unwrap(), 0, "there is nothing left to do");
    other.stop().await.unwrap();
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn whoever_is_renamed_while_the_server_looks_is_found_by_the_new_name(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let mut people = Vec::new();
    for i in 0..20 {
        people.push(user(&worker(&admin, &format!("李{i}"), None, COMMUNITY).await));
    }
    for round in 0..3 {
        execute(&app.url, "DELETE FROM name_token").await;
        let name = format!("王{round}");
        let renamed = people.iter().map(|path| admin.put_with(path, &[], json!({"name": name})));
        let (done, answers) = tokio::join!(app.app.index_names(), join_all(renamed));
        let _ = done.unwrap();
        answers.into_iter().for_each(|answer| drop(answer.expect(200)));
        assert_eq!(found(&admin, &format!("王{round}")).await.len(), 20);
    }
    // That nothing is left of any other name is looked at by whoever ends the server.
    let _ = app.app.index_names().await.unwrap();
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn the_server_looks_by_itself_at_its_start(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    for i in 0..3 {
        let _ = worker(&admin, &format!("李{i}"), None, COMMUNITY).await;
    }
    execute(&app.url, "DELETE FROM name_token").await;
    let mut config = integration_tests::app::config(&app.url, backend.redis_url());
    config.jobs = true;
    let other = app.replica(config).await;
    let mut looks = 0;
    while found(&admin, "李").await.len() < 3 {
        looks += 1;
        assert!(looks < 500, "nobody looks");
        sleep(Duration::from_millis(20)).await;
    }
    other.stop().await.unwrap();
    app.stop().await;
}
