//! Profiles: what people can do, want to do, and when they are free; who writes them, who sees them, and where they go.

use crate::password::{PASSWORD, add_user, login};
use crate::people::{user, worker};
use crate::wechat;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT};
use integration_tests::database::{contains, number};
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const COUNTY: &str = "532504";

fn electrician() -> Value {
    json!({"skills": [" 电工证三级 ", "水管"], "wishes": ["陪诊"], "free": [
        {"weekday": 7, "from": "14:00", "to": "24:00"}, {"weekday": 6, "from": "08:30", "to": "12:00"}]})
}

/// The same as it is shown.
fn shown() -> Value {
    json!({"skills": ["电工证三级", "水管"], "wishes": ["陪诊"], "free": [
        {"weekday": 6, "from": "08:30", "to": "12:00"}, {"weekday": 7, "from": "14:00", "to": "24:00"}]})
}

#[rstest]
#[tokio::test]
async fn l05_a_profile_is_written_by_who_keeps_the_roster(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let (elsewhere, clerk) =
        (app.staff("county_admin", "532504002").await, app.staff("community_clerk", COMMUNITY).await);
    let person = worker(&admin, "王小二", None, COMMUNITY).await;
    let at = format!("{}/profile", user(&person));
    assert_eq!(person.json.get("profile"), None);
    let headers = [("if-match", "\"2\""), ("idempotency-key", "k")];
    let put = admin.put_with(&at, &headers, electrician()).await.expect(200);
    assert_eq!((&put.json["profile"], put.header("etag")), (&shown(), "\"3\""));
    let replay = admin.put_with(&at, &headers, electrician()).await.expect(200);
    assert_eq!((replay.header("idempotent-replayed"), &replay.text), ("true", &put.text));
    admin
        .put_with(&at, &[("if-match", "\"2\"")], electrician())
        .await
        .refused(412, "person.version_mismatch");
    // Whoever sees them sees it.
    assert_eq!(clerk.get(&user(&person)).await.expect(200).json["profile"], shown());
    clerk.put_with(&at, &[], electrician()).await.refused(403, "permission.role");
    elsewhere.put_with(&at, &[], electrician()).await.refused(404, "person.not_found");
    // A change of the name leaves it, and what is not given is gone.
    let renamed = admin.put_with(&user(&person), &[], json!({"name": "王小三"})).await.expect(200);
    assert_eq!(renamed.json["profile"], shown());
    let less = admin.put_with(&at, &[], json!({"wishes": ["看护"]})).await.expect(200);
    assert_eq!(less.json["profile"], json!({"skills": [], "wishes": ["看护"], "free": []}));
    let none = admin.put_with(&at, &[], json!({})).await.expect(200);
    assert_eq!(none.json.get("profile"), None);
    // The audit trail says who and when, and nothing of the content.
    let audit = admin.get("/audit?kind=profiled").await.expect(200);
    let [_, _, first] = audit.items() else { panic!("{}", audit.text) };
    assert_eq!((&first["label"], &first["subject"]), (&json!("完善档案"), &person.json["id"]));
    assert_eq!(first["scope_code"], COMMUNITY);
    assert!(!audit.text.contains("看护") && !audit.text.contains("电工"));
    let told = "SELECT count(*) FROM event WHERE kind = 'profiled' AND CAST(payload AS text) LIKE '%陪诊%'";
    assert_eq!(number(&app.url, told).await, 0);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f04_everybody_writes_their_own_profile(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let member = app.staff("party_member", COMMUNITY).await;
    for caller in [&app.resident("王芳").await, &member] {
        assert_eq!(caller.get("/me").await.expect(200).json.get("profile"), None);
        let put = caller.put_with("/me/profile", &[], electrician()).await.expect(200);
        assert_eq!(put.json["profile"], shown());
        assert!(!put.str("name").contains('*'), "their own in full: {}", put.text);
        assert_eq!(caller.get("/me").await.expect(200).json["profile"], shown());
        let again = [("if-match", put.header("etag"))];
        let _ = caller.put_with("/me/profile", &again, json!({"skills": ["木工"]})).await.expect(200);
        let stale = caller.put_with("/me/profile", &again, electrician()).await;
        stale.refused(412, "person.version_mismatch");
        let export = caller.get("/me/export").await.expect(200);
        assert_eq!(export.json["profile"]["skills"], json!(["木工"]));
    }
    app.anyone().put_with("/me/profile", &[], electrician()).await.refused(401, "auth.token_missing");
    let admin = app.staff("county_admin", COUNTY).await;
    let audit = admin.get("/audit?kind=profiled").await.expect(200);
    assert_eq!(audit.items().len(), 2, "residents without a place are nobody's");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f04_a_bad_profile_is_refused_with_all_its_fields(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    let free = |weekday: i64, from: &str, to: &str| json!({"weekday": weekday, "from": from, "to": to});
    for (body, code, field) in [
        (json!({"skills": vec!["工"; 21]}), "profile.too_many", "/skills"),
        (json!({"wishes": ["技".repeat(21)]}), "text.too_long", "/wishes/0"),
        (json!({"wishes": ["陪诊", " "]}), "text.empty", "/wishes/1"),
        (json!({"skills": ["电\n工"]}), "text.control_character", "/skills/0"),
        (json!({"skills": ["电工", "电工 "]}), "profile.twice", "/skills/1"),
        (json!({"free": vec![free(1, "08:00", "09:00"); 22]}), "profile.too_many", "/free"),
        (json!({"free": [free(8, "08:00", "09:00")]}), "profile.weekday", "/free/0/weekday"),
        (json!({"free": [free(-1, "08:00", "09:00")]}), "profile.weekday", "/free/0/weekday"),
        (json!({"free": [free(1, "8:00", "09:00")]}), "profile.time", "/free/0/from"),
        (json!({"free": [free(1, "08:00", "24:01")]}), "profile.time", "/free/0/to"),
        (json!({"free": [free(1, "09:00", "09:00")]}), "profile.backwards", "/free/0/to"),
        (
            json!({"free": [free(1, "08:00", "10:00"), free(1, "09:59", "11:00")]}),
            "profile.overlap",
            "/free/1",
        ),
    ] {
        resident.put_with("/me/profile", &[], body).await.refused_for(422, code, field);
    }
    let both = json!({"skills": [""], "free": [free(0, "x", "09:00")]});
    let refused = resident.put_with("/me/profile", &[], both).await;
    refused.refused_for(422, "text.empty", "/skills/0");
    assert_eq!(refused.json["errors"].as_array().unwrap().len(), 3, "{}", refused.text);
    for body in [
        json!({"skill": []}),
        json!({"skills": "电工"}),
        json!({"free": [["1", "08:00", "09:00"]]}),
        json!({"free": [{"weekday": 1.5, "from": "08:00", "to": "09:00"}]}),
    ] {
        let refused = resident.put_with("/me/profile", &[], body).await;
        assert!(matches!(refused.status, 400 | 422), "{}", refused.text);
    }
    assert_eq!(resident.get("/me").await.expect(200).json.get("profile"), None);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn l05_a_profile_goes_with_who_is_erased(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let person = worker(&admin, "王小二", None, COMMUNITY).await;
    let resident = app.resident("王芳").await;
    let put = |caller: Caller, at: String, skill: &'static str| async move {
        let _ = caller.put_with(&at, &[], json!({"skills": [skill]})).await.expect(200);
    };
    put(admin.clone(), format!("{}/profile", user(&person)), "电工证三级").await;
    put(resident.clone(), "/me/profile".into(), "木工证二级").await;
    assert!(contains(&app.url, "电工证三级").await && contains(&app.url, "木工证二级").await);
    let reason = json!({"reason": "本人书面申请注销"});
    let erased = admin.post(&format!("{}/erase", user(&person)), reason).await.expect(200);
    assert_eq!(erased.json.get("profile"), None);
    let _ = resident.post("/me/erase", json!({})).await.expect(200);
    assert!(!contains(&app.url, "电工证三级").await && !contains(&app.url, "木工证二级").await);
    let late = admin.put_with(&format!("{}/profile", user(&person)), &[], electrician()).await;
    late.refused(409, "person.erased");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn l05_who_turns_out_to_be_of_the_roster_keeps_their_own_profile(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(false, true)] own: bool,
) {
    let (app, wechat) = wechat::start(backend).await;
    add_user(&app, "chen.hongmei", Some("13800001111"), Some(("community_clerk", COMMUNITY))).await;
    let roster = login(&app.anyone(), "chen.hongmei", PASSWORD).await.expect(200);
    let on_roster = app.anyone().with_token(roster.str("access_token"));
    let _ = on_roster.put_with("/me/profile", &[], electrician()).await.expect(200);
    let chen = wechat::user(&app, &wechat, "o-chen").await;
    if own {
        let _ = chen.put_with("/me/profile", &[], json!({"skills": ["木工"]})).await.expect(200);
    }
    let bound = wechat::bind(&chen, &wechat.phone_code("13800001111")).await.expect(200);
    let chen = app.anyone().with_token(bound.str("access_token"));
    let profile = chen.get("/me").await.expect(200).json["profile"].clone();
    let expected = if own { json!({"skills": ["木工"], "wishes": [], "free": []}) } else { shown() };
    assert_eq!(profile, expected);
    assert_eq!(number(&app.url, "SELECT count(*) FROM app_user WHERE profile IS NOT NULL").await, 1);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn l05_people_are_found_by_skill(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    for (i, (name, place, skills)) in [
        ("甲", COMMUNITY, json!(["电工", "水管"])),
        ("乙", NEIGHBOUR, json!(["电工"])),
        ("丙", COMMUNITY, json!(["电工助理"])),
        ("丁", COMMUNITY, json!([])),
        ("戊", "532504002001", json!(["电工"])),
    ]
    .into_iter()
    .enumerate()
    {
        app.pass(1);
        let person = worker(&admin, name, Some(&format!("1381234000{i}")), place).await;
        let body = json!({"skills": skills, "wishes": ["看护"]});
        let _ = admin.put_with(&format!("{}/profile", user(&person)), &[], body).await.expect(200);
    }
    let volunteer = json!([{"role": "volunteer", "unit": UNIT}]);
    let of_unit = admin.post("/users", json!({"name": "己", "grants": volunteer})).await.expect(201);
    let _ = admin.put_with(&format!("{}/profile", user(&of_unit)), &[], electrician()).await.expect(200);
    let names = async |caller: &Caller, query: &str| crate::people::names(caller, query).await;
    assert_eq!(names(&admin, "&skill=电工").await, ["戊", "乙", "甲"], "to the letter, newest first");
    assert_eq!(names(&admin, "&skill=%20水管%20").await, ["己", "甲"]);
    assert_eq!(names(&admin, &format!("&skill=电工&place={STREET}")).await, ["乙", "甲"]);
    assert_eq!(names(&admin, "&skill=电工&role=supervisor").await, [""; 0]);
    assert_eq!(names(&admin, "&skill=电工&role=grid_worker&q=甲").await, ["甲"]);
    assert_eq!(names(&admin, "&skill=电工&q=13812340000").await, ["甲"]);
    assert_eq!(names(&admin, "&skill=木工&q=13812340000").await, [""; 0]);
    assert_eq!(names(&admin, &format!("&skill=水管&unit={UNIT}")).await, ["己"]);
    assert_eq!(names(&admin, "&skill=看护").await, [""; 0], "a wish is no skill");
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    assert_eq!(names(&clerk, "&skill=电工").await, ["甲"]);
    let page = admin.get("/users?skill=水管&q=甲").await.expect(200);
    assert_eq!(page.items()[0]["profile"]["skills"], json!(["电工", "水管"]));
    admin.get("/users?skill=").await.refused_for(422, "text.empty", "?skill");
    let long = format!("/users?skill={}", "工".repeat(21));
    admin.get(&long).await.refused_for(422, "text.too_long", "?skill");
    app.stop().await;
}
