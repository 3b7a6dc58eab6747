//! Whom a ticket fits: who is recommended to whoever dispatches it, in which order, and why.

use api::{NewToken, Scope};
use integration_tests::app::{COMMUNITY, NEIGHBOUR, TestApp, lamp};
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

async fn somebody(app: &TestApp, name: &str, role: &str, profile: Value) -> Caller {
    let new = NewToken {
        role: role.to_owned(),
        scope: Scope::Place(COMMUNITY.to_owned()),
        person: Some(name.to_owned()),
        lifetime: std::time::Duration::from_secs(30 * 86_400),
    };
    let caller = app.anyone().with_token(&app.app.token(&new).await.unwrap());
    let _ = caller.put_with("/me/profile", &[], profile).await.expect(200);
    caller
}

fn names(candidates: &Answer) -> Vec<&str> {
    candidates.items().iter().map(|one| one["person"]["name"].as_str().unwrap()).collect()
}

/// Why somebody is recommended, in words.
fn why(candidates: &Answer, name: &str) -> Vec<String> {
    let of = candidates.items().iter().find(|one| one["person"]["name"] == name);
    let reasons = of.unwrap_or_else(|| panic!("no {name}: {}", candidates.text))["reasons"].as_array();
    reasons.unwrap().iter().map(|one| one["text"].as_str().unwrap().to_owned()).collect()
}

async fn about_the_lamp(app: &TestApp, category: Option<&str>) -> String {
    let mut body = lamp();
    body["category"] = json!(category);
    let ticket = app.resident("王芳").await.post("/tickets", body).await.expect(201);
    format!("/tickets/{}", ticket.str("id"))
}

#[rstest]
#[tokio::test]
async fn l05_a_ticket_is_matched_by_skill_wish_and_free_hours(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    // Saturday, nine in the morning.
    let free = |from: &str, to: &str| json!([{"weekday": 6, "from": from, "to": to}]);
    let electrician =
        json!({"skills": ["高级电工证", "理发"], "wishes": ["陪诊"], "free": free("08:30", "12:00")});
    let expert = somebody(&app, "电工老张", "volunteer", electrician).await;
    let _ = somebody(&app, "热心小李", "party_member", json!({"wishes": ["水管维修"]})).await;
    let _ = somebody(&app, "有空小王", "grid_worker", json!({"free": free("10:00", "11:00")})).await;
    let holder = somebody(&app, "岗上小赵", "party_member", json!({})).await;
    let away = somebody(&app, "请假小孙", "volunteer", json!({"skills": ["电工"]})).await;
    let on_duty = somebody(&app, "值班小钱", "grid_worker", json!({})).await;
    let post = json!({"place": COMMUNITY, "name": "便民岗", "purpose": "帮忙", "services": ["换灯", "开锁", "代买"],
        "skills": ["电工"]});
    let post = clerk.post("/posts", post).await.expect(201);
    let claim = json!({"services": ["换灯", "开锁", "代买"]});
    let _ = holder.post(&format!("/posts/{}/claim", post.str("id")), claim).await.expect(201);
    let hours = ("2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z");
    let leave = json!({"starts_at": hours.0, "ends_at": hours.1});
    let _ = away.post("/absences", leave).await.expect(201);
    let duty_id = app.id_of(&on_duty).await;
    let shift = json!({"place": COMMUNITY, "person": duty_id, "starts_at": hours.0, "ends_at": hours.1});
    let _ = clerk.post("/shifts", shift).await.expect(201);
    let ticket = about_the_lamp(&app, Some("facilities")).await;
    let path = format!("{ticket}/candidates");
    let found = clerk.get(&path).await.expect(200);
    assert_eq!(names(&found), ["电工老张", "岗上小赵", "热心小李", "值班小钱", "有空小王"]);
    assert!(found.json["skills"].as_array().unwrap().contains(&json!("电工")));
    assert_eq!(why(&found, "电工老张"), ["会：高级电工证", "现在有空，到 12:00", "手头没有工单"]);
    assert_eq!(why(&found, "岗上小赵"), ["在岗：便民岗", "手头没有工单"]);
    assert_eq!(why(&found, "热心小李"), ["愿意：水管维修", "手头没有工单"]);
    assert_eq!(why(&found, "值班小钱"), ["正在值班", "手头没有工单"]);
    assert_eq!(why(&found, "有空小王"), ["即将有空，从 10:00", "手头没有工单"]);
    assert_eq!(found.items()[0]["roles"], json!(["志愿者"]));
    // Whoever is recommended can be dispatched to; of those alike, whoever has less to do comes first.
    let lead = json!({"lead": {"person": app.id_of(&expert).await}});
    let _ = clerk.post(&format!("{ticket}/dispatch"), lead).await.expect(200);
    let found = clerk.get(&path).await.expect(200);
    assert_eq!(why(&found, "电工老张")[2], "手头工单数：1");
    let other = about_the_lamp(&app, None).await;
    let _ = somebody(&app, "空闲小周", "volunteer", json!({"free": free("08:30", "12:00")})).await;
    let found = clerk.get(&format!("{other}/candidates")).await.expect(200);
    assert_eq!(found.json["skills"], json!([]), "nothing is known of what fits it");
    assert_eq!(names(&found)[..3], ["值班小钱", "空闲小周", "电工老张"]);
    // Once back from leave, they are recommended; the hours have passed by then.
    app.pass(24 * 60);
    let found = clerk.get(&path).await.expect(200);
    assert!(names(&found).contains(&"请假小孙"), "{}", found.text);
    assert_eq!(why(&found, "电工老张"), ["会：高级电工证", "手头工单数：1"]);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn l05_whoever_dispatches_sees_who_fits_and_nobody_else(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let volunteer = somebody(&app, "志愿者", "volunteer", json!({"skills": ["电工"]})).await;
    let path = format!("{}/candidates", about_the_lamp(&app, Some("facilities")).await);
    app.resident("王芳").await.get(&path).await.refused(403, "permission.role");
    volunteer.get(&path).await.refused(403, "permission.role");
    let neighbour = app.staff("community_clerk", NEIGHBOUR).await;
    neighbour.get(&path).await.refused(404, "ticket.not_found");
    let nowhere = "/tickets/01990000-0000-7000-8000-00000000dead/candidates";
    clerk.get(nowhere).await.refused(404, "ticket.not_found");
    // Those of the neighbour are not for this place, and nobody is recommended for what they raised themselves.
    let _ = app.staff("volunteer", NEIGHBOUR).await;
    assert_eq!(names(&clerk.get(&path).await.expect(200)), ["志愿者"]);
    let mut own = lamp();
    own["category"] = json!("facilities");
    let own = volunteer.post("/tickets", own).await.expect(201);
    let found = clerk.get(&format!("/tickets/{}/candidates", own.str("id"))).await.expect(200);
    assert_eq!(found.items().len(), 0);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn l05_twenty_are_recommended_at_most(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    for n in 0..23 {
        let skills = if n == 7 { json!({"skills": ["焊工"]}) } else { json!({}) };
        let _ = somebody(&app, &format!("志愿者{n}"), "volunteer", skills).await;
    }
    let path = format!("{}/candidates", about_the_lamp(&app, Some("facilities")).await);
    let found = clerk.get(&path).await.expect(200);
    assert_eq!((found.items().len(), names(&found)[0]), (20, "志愿者7"));
    let english = clerk.request(reqwest::Method::GET, &path).header("accept-language", "en");
    let english = integration_tests::client::send(english).await.expect(200);
    assert_eq!(why(&english, "志愿者7")[0], "can do: 焊工");
    app.stop().await;
}
