//! 群众呼叫、党员响应、网格帮办: a call goes to party members and the grid at once, and whoever answers first takes it. And taking
//! a ticket with a team (组团式).

use crate::inbox::told;
use crate::rules::{import, mile_with, play_by, said};
use crate::ticket::path;
use api::{NewToken, Scope};
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, lamp};
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinSet;

const COUNTY: &str = "532504";
const ON: &str = "[call]\nroles = [\"party_member\", \"grid_worker\"]\nlevel = \"community\"\n";

pub(crate) async fn named(app: &TestApp, role: &str, place: &str, name: &str) -> Caller {
    let lifetime = Duration::from_secs(30 * 86_400);
    let (role, scope) = (role.to_owned(), Scope::Place(place.to_owned()));
    let token = app.app.token(&NewToken { role, scope, person: Some(name.to_owned()), lifetime }).await;
    app.anyone().with_token(&token.unwrap())
}

async fn grid(app: &TestApp, name: &str) -> String {
    let admin = app.staff("county_admin", COUNTY).await;
    let body = json!({"parent": COMMUNITY, "name": name, "reason": "网格划分方案"});
    admin.post("/places", body).await.expect(201).str("code").to_owned()
}

async fn call(resident: &Caller, place: &str) -> Answer {
    let body = json!({"content": "老人在楼下摔倒了", "place": {"code": place}, "call": true});
    resident.post("/tickets", body).await
}

async fn claim(caller: &Caller, ticket: &str) -> Answer {
    caller.post(&format!("{ticket}/claim"), json!({})).await
}

async fn claimable(caller: &Caller) -> Vec<String> {
    let page = caller.get("/tickets?claimable=true").await.expect(200);
    page.items().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[rstest]
#[tokio::test]
async fn q09_a_call_is_heard_at_once_and_whoever_answers_first_takes_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    call(&resident, COMMUNITY).await.refused_for(422, "ticket.call_off", "/call");
    play_by(&app, ON, &[]).await;
    let (first, second) = (grid(&app, "一号网格").await, grid(&app, "二号网格").await);
    let worker = named(&app, "grid_worker", &first, "网格员甲").await;
    let next_door = named(&app, "grid_worker", &second, "网格员乙").await;
    let member = named(&app, "party_member", COMMUNITY, "党员丙").await;
    let volunteer = named(&app, "volunteer", &first, "志愿者丁").await;
    let elsewhere = named(&app, "grid_worker", NEIGHBOUR, "网格员戊").await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let leader = app.staff("grid_leader", STREET).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let shift = json!({"place": STREET, "person": app.id_of(&leader).await,
        "starts_at": "2026-11-21T00:00:00Z", "ends_at": "2026-11-22T01:00:00Z"});
    let _ = admin.post("/shifts", shift).await.expect(201);

    let filed = call(&resident, &first).await.expect(201);
    assert_eq!((&filed.json["call"], &filed.json["claimable"]), (&json!(true), &json!(true)));
    assert_eq!(filed.json["answered_after_seconds"], Value::Null);
    let plain = resident.post("/tickets", lamp()).await.expect(201);
    assert_eq!((&plain.json["call"], &plain.json["claimable"]), (&json!(false), &json!(false)));
    app.app.catch_up().await.unwrap();
    for hears in [&worker, &next_door, &member] {
        assert_eq!(told(hears).await, ["called"]);
    }
    assert_eq!(told(&clerk).await, ["to_dispatch", "to_dispatch"]);
    assert_eq!(told(&leader).await, ["duty_new", "duty_new"]);
    for hears_nothing in [&volunteer, &elsewhere] {
        assert!(told(hears_nothing).await.is_empty());
    }

    // Whatever it is about, and although it lies in another grid of the community, it is theirs to take.
    let ticket = path(&filed);
    let _ = clerk.post(&format!("{ticket}/grade"), json!({"affair": "public"})).await.expect(200);
    assert_eq!(claimable(&next_door).await, [filed.str("id")]);
    assert_eq!(claimable(&member).await, [filed.str("id")]);
    assert!(claimable(&elsewhere).await.is_empty() && claimable(&volunteer).await.is_empty());
    assert_eq!(next_door.get(&ticket).await.expect(200).json["claimable"], true);
    elsewhere.get(&ticket).await.refused(404, "ticket.not_found");
    for nobody in [&elsewhere, &volunteer] {
        claim(nobody, &ticket).await.refused(404, "ticket.not_found");
    }
    app.pass(3);
    let taken = claim(&next_door, &ticket).await.expect(200);
    assert_eq!((taken.str("status"), &taken.json["answered_after_seconds"]), ("accepted", &json!(180)));
    claim(&member, &ticket).await.refused(409, "ticket.already_accepted");
    assert!(claimable(&member).await.is_empty());
    app.pass(7);
    assert_eq!(resident.get(&ticket).await.expect(200).json["answered_after_seconds"], 180);
    // Calls and all else are told apart.
    let ids = async |list: &str| {
        let page = clerk.get(&format!("/tickets?{list}")).await.expect(200);
        page.items().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (ids("call=true").await, ids("call=false").await),
        (vec![filed.str("id").to_owned()], vec![plain.str("id").to_owned()])
    );
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn q09_who_may_claim_what_a_call_is_about_is_not_called(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    play_by(&app, "[call]\nroles = [\"grid_worker\"]\n", &[]).await;
    let (first, second) = (grid(&app, "一号网格").await, grid(&app, "二号网格").await);
    let resident = app.resident("王芳").await;
    let worker = named(&app, "grid_worker", &second, "网格员甲").await;
    let here = named(&app, "party_member", &first, "党员乙").await;
    let next_door = named(&app, "party_member", &second, "党员丙").await;
    let body = json!({"content": "帮忙抬一下", "place": {"code": first}, "affair": "shared", "call": true});
    let filed = resident.post("/tickets", body).await.expect(201);
    let ticket = path(&filed);
    app.app.catch_up().await.unwrap();
    assert_eq!(
        (told(&worker).await, told(&here).await, told(&next_door).await),
        (vec!["called".into()], vec![], vec![])
    );
    let id = filed.str("id").to_owned();
    assert_eq!((claimable(&worker).await, claimable(&here).await), (vec![id.clone()], vec![id]));
    assert!(claimable(&next_door).await.is_empty());
    next_door.get(&ticket).await.refused(404, "ticket.not_found");
    claim(&next_door, &ticket).await.refused(404, "ticket.not_found");
    let _ = claim(&here, &ticket).await.expect(200);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn q09_the_list_of_who_answers_reaches_as_far_as_the_call(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    play_by(&app, "[call]\nroles = [\"party_member\"]\nlevel = \"street\"\n", &[]).await;
    let resident = app.resident("王芳").await;
    let member = named(&app, "party_member", NEIGHBOUR, "党员甲").await;
    let filed = call(&resident, COMMUNITY).await.expect(201);
    // What is no call is for those who are there.
    let _ = shared(&resident).await;
    assert_eq!(claimable(&member).await, [filed.str("id")]);
    let here = member.get(&format!("/tickets?claimable=true&place={NEIGHBOUR}")).await.expect(200);
    assert!(here.items().is_empty(), "who asks for a place gets that");
    let _ = claim(&member, &path(&filed)).await.expect(200);
    app.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn q09_of_twenty_who_answer_one_has_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    play_by(&app, ON, &[]).await;
    let resident = app.resident("王芳").await;
    let mut members = Vec::new();
    for n in 0..20 {
        members.push(named(&app, "party_member", COMMUNITY, &format!("党员{n}")).await);
    }
    for _ in 0..3 {
        let ticket = path(&call(&resident, COMMUNITY).await.expect(201));
        let claims = members.iter().map(|member| {
            let (member, ticket) = (member.clone(), ticket.clone());
            async move { claim(&member, &ticket).await }
        });
        let mut answers = claims.collect::<JoinSet<_>>().join_all().await;
        answers.sort_by_key(|answer| answer.status);
        assert_eq!(answers[0].status, 200, "{}", answers[0].text);
        for late in &answers[1..] {
            late.refused(409, "ticket.already_accepted");
        }
        let winner = answers[0].str("handler");
        assert_eq!(resident.get(&ticket).await.expect(200).str("handler"), winner);
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn q09_a_bad_rule_of_calls_is_refused(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    for (rule, fault) in [
        ("[call]\nroles = []\n", "call.roles: 至少一种角色"),
        ("[call]\nroles = [\"supervisor\"]\n", "call.roles: 有的角色不能认领工单"),
        ("[call]\nroles = [\"party_member\"]\nlevel = \"planet\"\n", "planet"),
        ("[call]\nroles = [\"party_member\"]\nloud = true\n", "loud"),
    ] {
        let refused = import(&app, &mile_with(rule), None);
        assert!(!refused.status.success() && said(&refused).contains(fault), "{}", said(&refused));
    }
    app.stop().await;
}

/// A team of the county with these members, and its id.
async fn team(app: &TestApp, name: &str, kind: &str, members: &[&Caller]) -> String {
    let admin = app.staff("county_admin", COUNTY).await;
    let body = json!({"name": name, "kind": kind, "place": COUNTY, "seat": null});
    let team = admin.post("/units", body).await.expect(201).str("id").to_owned();
    for member in members {
        let body = json!({"kind": "member", "person": app.id_of(member).await, "of": team});
        let _ = admin.post("/ties", body).await.expect(201);
    }
    team
}

async fn shared(resident: &Caller) -> String {
    let body = json!({"content": "楼道堆满杂物", "place": {"code": COMMUNITY}, "affair": "shared"});
    path(&resident.post("/tickets", body).await.expect(201))
}

#[rstest]
#[tokio::test]
async fn l07_a_team_takes_it_together(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    let leads = named(&app, "party_member", COMMUNITY, "党员甲").await;
    let helps = named(&app, "volunteer", COMMUNITY, "志愿者乙").await;
    let other = named(&app, "party_member", COMMUNITY, "党员丙").await;
    let red = team(&app, "温泉红色先锋队", "volunteer_team", &[&leads, &helps]).await;
    let office = team(&app, "温泉办公室", "department", &[&leads]).await;
    let ticket = shared(&resident).await;
    let with = async |caller: &Caller, team: &str| {
        caller.post(&format!("{ticket}/claim"), json!({"team": team})).await
    };
    with(&other, &red).await.refused_for(422, "ticket.not_in_team", "/team");
    with(&leads, &office).await.refused_for(422, "ticket.not_a_team", "/team");
    with(&leads, &uuid::Uuid::nil().to_string()).await.refused_for(422, "ticket.not_a_team", "/team");
    with(&leads, "red").await.refused_for(400, "request.invalid_value", "/team");
    with(&helps, &red).await.refused(404, "ticket.not_found");
    helps.get(&ticket).await.refused(404, "ticket.not_found");

    let taken = with(&leads, &red).await.expect(200);
    let leader = app.id_of(&leads).await;
    assert_eq!((taken.str("status"), taken.str("handler")), ("accepted", leader.as_str()));
    assert_eq!(taken.json["assist"], json!([{"person": null, "unit": red}]));
    let timeline = leads.get(&format!("{ticket}/timeline")).await.expect(200);
    let last = timeline.items().last().unwrap().clone();
    assert_eq!((&last["kind"], &last["assist"]), (&json!("claimed"), &taken.json["assist"]));
    // Those of the team see it, are told, and help; they do not lead.
    let page = helps.get("/tickets?assist=true").await.expect(200);
    assert_eq!(page.items()[0]["id"], taken.json["id"]);
    app.app.catch_up().await.unwrap();
    assert_eq!(told(&helps).await, ["assist_asked"]);
    let _ = helps.post(&format!("{ticket}/note"), json!({"reason": "我带推车"})).await.expect(200);
    let solved = json!({"outcome": "solved", "reply": "已清走"});
    helps.post(&format!("{ticket}/resolve"), solved.clone()).await.refused(403, "permission.reach");
    other.get(&ticket).await.refused(404, "ticket.not_found");
    with(&other, &red).await.refused(409, "ticket.already_accepted");
    let _ = leads.post(&format!("{ticket}/resolve"), solved).await.expect(200);
    // Given back, a ticket is no longer the team's.
    let back = shared(&resident).await;
    let _ = leads.post(&format!("{back}/claim"), json!({"team": red})).await.expect(200);
    let _ = helps.get(&back).await.expect(200);
    let _ = leads.post(&format!("{back}/return"), json!({"reason": "人手不够"})).await.expect(200);
    helps.get(&back).await.refused(404, "ticket.not_found");
    app.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn l07_of_two_teams_one_has_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    let mut sides = Vec::new();
    for n in 0..2 {
        let member = named(&app, "party_member", COMMUNITY, &format!("党员{n}")).await;
        let team = team(&app, &format!("先锋{n}队"), "member_team", &[&member]).await;
        sides.push((member, team));
    }
    for _ in 0..5 {
        let ticket = shared(&resident).await;
        let claims = sides.iter().map(|(member, team)| {
            let (member, body, path) = (member.clone(), json!({"team": team}), format!("{ticket}/claim"));
            async move { member.post(&path, body).await }
        });
        let mut answers = claims.collect::<JoinSet<_>>().join_all().await;
        answers.sort_by_key(|answer| answer.status);
        assert_eq!(answers[0].status, 200, "{}", answers[0].text);
        answers[1].refused(409, "ticket.already_accepted");
        assert_eq!(answers[0].json["assist"].as_array().unwrap().len(), 1);
    }
    app.stop().await;
}
