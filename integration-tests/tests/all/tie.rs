//! Ties: who answers for which place, who is linked, paired, a member; and the chain from a place to the county.

use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT};
use integration_tests::client::Answer;
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const COUNTY: &str = "532504";

async fn place_id(caller: &Caller, code: &str) -> String {
    caller.get(&format!("/places?code={code}")).await.expect(200).items()[0]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn unit(admin: &Caller, name: &str, kind: &str, seat: Option<&str>) -> String {
    let body = json!({"name": name, "kind": kind, "place": COUNTY, "seat": seat});
    admin.post("/units", body).await.expect(201).str("id").to_owned()
}

async fn person(admin: &Caller, name: &str, grants: Value) -> String {
    admin.post("/users", json!({"name": name, "grants": grants})).await.expect(201).str("id").to_owned()
}

async fn tie(caller: &Caller, body: Value) -> Answer {
    caller.post("/ties", body).await
}

async fn chain(caller: &Caller, code: &str) -> Answer {
    caller.get(&format!("/places/{}/chain", place_id(caller, code).await)).await.expect(200)
}

/// Who is in a chain: level by level the posts and the ties, by name.
fn names(chain: &Answer) -> Vec<(String, Vec<String>)> {
    let name = |one: &Value| {
        let who = if one["person"].is_null() { &one["unit"] } else { &one["person"] };
        who["name"].as_str().unwrap().to_owned()
    };
    let level = |link: &Value| {
        let all = ["posts", "ties"].iter().flat_map(|of| link[of].as_array().unwrap());
        let mut names: Vec<_> = all.map(name).collect();
        names.sort();
        (link["code"].as_str().unwrap().to_owned(), names)
    };
    chain.items().iter().map(level).collect()
}

#[rstest]
#[tokio::test]
async fn l03_everyone_who_answers_for_a_place_is_found(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let body = json!({"parent": COMMUNITY, "name": "一号网格", "reason": "网格划分方案"});
    let grid = admin.post("/places", body).await.expect(201).str("code").to_owned();
    let worker = json!([{"role": "grid_worker", "places": [grid]}]);
    let _ = person(&admin, "网格员甲", worker).await;
    let leader = person(&admin, "县领导乙", json!([])).await;
    let cadre = person(&admin, "街道干部丙", json!([])).await;
    let linked = json!({"kind": "responsible", "person": leader, "place": COMMUNITY, "post": "包保县领导"});
    let made = tie(&admin, linked.clone()).await.expect(201);
    assert_eq!((made.str("since"), made.header("etag")), ("2026-11-21", "\"1\""));
    tie(&admin, linked).await.refused(409, "tie.exists");
    let _ = tie(&admin, json!({"kind": "linked", "person": cadre, "place": STREET})).await.expect(201);
    let of_unit = json!({"kind": "responsible", "unit": UNIT, "place": grid, "line": "city_management"});
    let _ = tie(&admin, of_unit).await.expect(201);
    let seen = names(&chain(&admin, &grid).await);
    let level = |code: &str| seen.iter().find(|(at, _)| at == code).map(|(_, names)| names.clone()).unwrap();
    assert_eq!(
        seen.iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>(),
        [&grid, COMMUNITY, STREET, COUNTY]
    );
    assert_eq!(level(&grid), ["市住房和城乡建设局", "网格员甲"]);
    assert!(level(COMMUNITY).contains(&"县领导乙".to_owned()), "{seen:?}");
    assert_eq!(level(STREET).iter().filter(|name| *name == "街道干部丙").count(), 1);
    // A resident sees who answers, but no phone.
    let resident = app.resident("普建华").await;
    let public = chain(&resident, &grid).await;
    assert!(names(&public).iter().any(|(_, names)| names.contains(&"县领导乙".to_owned())));
    assert!(!public.text.contains("phone"), "{}", public.text);
    // From the day after its end on it is gone, and its record is not.
    let ended = admin.post(&format!("/ties/{}/end", made.str("id")), json!({"on": "2026-11-21"})).await;
    assert_eq!(ended.expect(200).str("until"), "2026-11-21");
    let again = admin.post(&format!("/ties/{}/end", made.str("id")), json!({"on": "2026-11-21"})).await;
    again.refused(409, "tie.ended");
    assert!(
        names(&chain(&admin, &grid).await).iter().any(|(_, names)| names.contains(&"县领导乙".to_owned()))
    );
    app.pass(24 * 60);
    assert!(
        !names(&chain(&admin, &grid).await).iter().any(|(_, names)| names.contains(&"县领导乙".to_owned()))
    );
    let all = admin.get(&format!("/ties?person={leader}")).await.expect(200);
    assert_eq!(all.items().len(), 1);
    let on = admin.get(&format!("/ties?person={leader}&on=2026-11-22")).await.expect(200);
    assert_eq!(on.items().len(), 0);
    // Where a place moves, its ties go along.
    let body = json!({"parent": "532504002", "reason": "区划调整"});
    let moved =
        admin.post(&format!("/places/{}/move", place_id(&admin, COMMUNITY).await), body).await.expect(200);
    let there = format!("{}{}", moved.str("code"), &grid[12..]);
    assert!(names(&chain(&admin, &there).await)[0].1.contains(&"市住房和城乡建设局".to_owned()));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f01_party_organisations_of_five_levels_are_a_tree(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let kinds = [
        ("弥阳街道大工委", "party_working_committee"),
        ("温泉社区大党委", "party_committee"),
        ("温泉社区第一网格党总支", "party_general_branch"),
        ("温泉小区党支部", "party_branch"),
        ("温泉小区3栋党小组", "party_group"),
    ];
    let mut above: Option<String> = None;
    let mut ids = Vec::new();
    for (name, kind) in kinds {
        let id = unit(&admin, name, kind, Some(COMMUNITY)).await;
        if let Some(above) = &above {
            let _ = tie(&admin, json!({"kind": "under", "unit": id, "of": above})).await.expect(201);
        }
        above = Some(id.clone());
        ids.push(id);
    }
    let mut at = Some(ids[0].clone());
    let mut depth = 1;
    while let Some(id) = at {
        let below = admin.get(&format!("/units?under={id}")).await.expect(200);
        at = below.items().first().map(|unit| unit["id"].as_str().unwrap().to_owned());
        depth += usize::from(at.is_some());
    }
    assert_eq!(depth, 5);
    // Nobody lies below themselves, nor below two.
    let circle = json!({"kind": "under", "unit": ids[0], "of": ids[4]});
    tie(&admin, circle).await.refused_for(422, "tie.circle", "/of");
    let twice = json!({"kind": "under", "unit": ids[4], "of": ids[1]});
    tie(&admin, twice).await.refused(409, "tie.one_above");
    // Community, stationed unit, estate branch and property company are an alliance; members are in three teams.
    let alliance = unit(&admin, "温泉社区四方联盟", "alliance", Some(COMMUNITY)).await;
    let community = unit(&admin, "温泉社区", "community_office", Some(COMMUNITY)).await;
    let property = unit(&admin, "温泉物业", "property_company", Some(COMMUNITY)).await;
    for one in [&community, &UNIT.to_string(), &ids[3], &property] {
        let _ = tie(&admin, json!({"kind": "member", "unit": one, "of": alliance})).await.expect(201);
    }
    let members = admin.get(&format!("/ties?unit={alliance}&kind=member")).await.expect(200);
    assert_eq!(members.items().len(), 4);
    let member = person(&admin, "党员戊", json!([])).await;
    for kind in ["in_service_team", "estate_team", "stationed_team"] {
        let team = unit(&admin, kind, kind, Some(COMMUNITY)).await;
        let _ = tie(&admin, json!({"kind": "member", "person": member, "of": team})).await.expect(201);
    }
    assert_eq!(admin.get(&format!("/ties?person={member}")).await.expect(200).items().len(), 3);
    // They are found by kind, by the first letters of their names, and by the place that they belong to.
    let found = admin.get("/units?kind=party_branch").await.expect(200);
    assert_eq!(found.items()[0]["name"], "温泉小区党支部");
    assert_eq!(found.items()[0]["kind_name"], "党支部");
    let found = admin.get("/units?q=wqxq").await.expect(200);
    assert_eq!(found.items().len(), 2);
    assert_eq!(admin.get("/units?q=大党委").await.expect(200).items().len(), 1);
    assert_eq!(admin.get(&format!("/units?place={COMMUNITY}")).await.expect(200).items().len(), 11);
    assert_eq!(admin.get(&format!("/units?place={NEIGHBOUR}")).await.expect(200).items().len(), 0);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m04_members_of_committees_and_m11_teams_have_rosters(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let committee = unit(&admin, "温泉社区大党委", "party_committee", Some(COMMUNITY)).await;
    let member = json!({"kind": "member", "unit": UNIT, "of": committee, "post": "成员单位"});
    let _ = tie(&clerk, member.clone()).await.expect(201);
    let neighbour = app.staff("community_clerk", NEIGHBOUR).await;
    tie(&neighbour, member).await.refused(403, "tie.beyond_scope");
    let team = unit(&admin, "温泉社区安全员队", "warden_team", Some(COMMUNITY)).await;
    let wardens = [person(&admin, "钱一", json!([])).await, person(&admin, "孙二", json!([])).await];
    for warden in &wardens {
        let _ = tie(&clerk, json!({"kind": "member", "person": warden, "of": team})).await.expect(201);
    }
    let page = format!("/ties?unit={team}&kind=member&limit=1");
    let first = clerk.get(&page).await.expect(200);
    let last = clerk.get(&format!("{page}&cursor={}", first.str("next_cursor"))).await.expect(200);
    assert!(last.json["next_cursor"].is_null());
    let mut roster = [&first, &last].map(|page| page.items()[0]["person"]["name"].as_str().unwrap());
    roster.sort_unstable();
    assert_eq!(roster, ["孙二", "钱一"]);
    let members = clerk.get(&format!("/ties?unit={committee}")).await.expect(200);
    assert_eq!(members.items()[0]["unit"]["name"], "市住房和城乡建设局");
    assert_eq!(neighbour.get(&format!("/ties?unit={committee}")).await.expect(200).items().len(), 0);
    // Whoever is erased is on no roster any more; a unit that has people stays.
    let reason = json!({"reason": "本人申请注销"});
    let _ = admin.post(&format!("/users/{}/erase", wardens[0]), reason).await.expect(200);
    assert_eq!(clerk.get(&format!("/ties?unit={team}")).await.expect(200).items().len(), 1);
    let _ = app.of_unit("department_handler", UNIT).await;
    admin.post(&format!("/units/{UNIT}/retire"), json!({})).await.refused(409, "unit.in_use");
    let _ = admin.post(&format!("/units/{team}/retire"), json!({})).await.expect(200);
    let _ = admin.get(&format!("/units/{team}")).await.expect(200).str("retired_at");
    admin.put_with(&format!("/units/{team}"), &[], json!({"name": "x"})).await.refused(409, "unit.retired");
    let more = json!({"kind": "member", "person": wardens[1], "of": team});
    tie(&clerk, more).await.refused_for(422, "tie.unit_unknown", "/of");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f06_a_member_checks_in_to_a_community(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let member = app.staff("party_member", "532504002").await;
    let here = |code: &str| json!({"place": code});
    let first = member.post("/me/check-ins", here(COMMUNITY)).await.expect(201);
    member.post("/me/check-ins", here(COMMUNITY)).await.refused(409, "tie.exists");
    member.post("/me/check-ins", here(STREET)).await.refused_for(422, "tie.not_a_community", "/place");
    let _ = member.post("/me/check-ins", here(NEIGHBOUR)).await.expect(201);
    let third = "532504002001";
    member.post("/me/check-ins", here(third)).await.refused(409, "tie.too_many_check_ins");
    app.resident("普建华").await.post("/me/check-ins", here(COMMUNITY)).await.refused(403, "permission.role");
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let members = clerk.get(&format!("/ties?place={COMMUNITY}&kind=checked_in")).await.expect(200);
    assert_eq!(members.items().len(), 1);
    let id = app.id_of(&member).await;
    let other = json!({"kind": "checked_in", "person": id, "place": third});
    clerk.post("/ties", other).await.refused_for(422, "tie.sides", "/kind");
    // They go again, by themselves.
    let end = format!("/ties/{}/end", first.str("id"));
    app.staff("grid_worker", NEIGHBOUR).await.post(&end, json!({})).await.refused(404, "tie.not_found");
    let _ = member.post(&end, json!({})).await.expect(200);
    app.pass(24 * 60);
    let _ = member.post("/me/check-ins", here(third)).await.expect(201);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z07_one_answers_for_a_line_at_a_grid(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let police = unit(&admin, "市公安局", "department", None).await;
    let line = |unit: &str, line: &str| json!({"kind": "responsible", "unit": unit, "place": COMMUNITY, "line": line});
    let _ = tie(&admin, line(&police, "security")).await.expect(201);
    let _ = tie(&admin, line(&police, "party")).await.expect(201);
    let other = UNIT.to_string();
    tie(&admin, line(&other, "security")).await.refused(409, "tie.line_taken");
    tie(&admin, line(&other, "fishing")).await.refused_for(422, "tie.line_unknown", "/line");
    let mut wrong = line(&other, "labour");
    wrong["kind"] = json!("paired");
    tie(&admin, wrong).await.refused_for(422, "tie.line_misplaced", "/line");
    let both = json!({"kind": "responsible", "place": COMMUNITY});
    tie(&admin, both).await.refused_for(422, "tie.holder_one_of", "/person");
    let listed = admin.get(&format!("/ties?place={STREET}&line=security")).await.expect(200);
    assert_eq!(listed.items()[0]["line_name"], "综治");
    admin.get("/ties").await.refused_for(422, "tie.one_lens", "?place");
    // Two who ask at the same moment: one gets it.
    let labour = |unit: &str| tie(&admin, line(unit, "labour"));
    let (one, two) = tokio::join!(labour(&police), labour(&other));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    // A community that goes on as another brings its ties along; what that has already it does not have twice.
    let kept = json!({"kind": "responsible", "unit": other, "place": NEIGHBOUR, "line": "security"});
    let _ = tie(&admin, kept).await.expect(201);
    let into = json!({"into": NEIGHBOUR, "reason": "两个社区合并"});
    let _ =
        admin.post(&format!("/places/{}/merge", place_id(&admin, COMMUNITY).await), into).await.expect(200);
    let today = admin.get(&format!("/ties?place={NEIGHBOUR}&on=2026-11-22&limit=100")).await.expect(200);
    let mut lines: Vec<_> = today.items().iter().map(|tie| tie["line"].as_str().unwrap()).collect();
    lines.sort_unstable();
    assert_eq!(lines, ["labour", "party", "security"]);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m06_linked_leaders_visit_twice_a_year_and_misses_are_shown(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let leader = app.staff("supervisor", COUNTY).await;
    let id = app.id_of(&leader).await;
    let other = person(&admin, "乡镇领导丁", json!([])).await;
    for who in [&id, &other] {
        let linked = json!({"kind": "linked", "person": who, "place": COMMUNITY, "since": "2026-01-01"});
        let _ = tie(&admin, linked).await.expect(201);
    }
    let visit = |on: &str| json!({"kind": "visit", "person": id, "place": COMMUNITY, "on": on, "account": "走访困难户"});
    let first = leader.post("/deeds", visit("2026-03-02")).await.expect(201);
    let _ = leader.post("/deeds", visit("2026-11-21")).await.expect(201);
    leader.post("/deeds", visit("2026-11-22")).await.refused_for(422, "deed.day", "/on");
    leader.post("/deeds", visit("2025-12-31")).await.refused_for(422, "deed.not_linked", "/kind");
    let mut elsewhere = visit("2026-11-21");
    elsewhere["place"] = json!(NEIGHBOUR);
    leader.post("/deeds", elsewhere).await.refused_for(422, "deed.not_linked", "/kind");
    let mut of_other = visit("2026-11-21");
    of_other["person"] = json!(other);
    leader.post("/deeds", of_other).await.refused(403, "deed.beyond_scope");
    let visits = format!("/places/{}/visits", place_id(&admin, STREET).await);
    let seen = |answer: &Answer| {
        let of = |item: &Value| (item["visits"].as_i64().unwrap(), item["missing"].as_i64().unwrap());
        let mut all: Vec<_> = answer.items().iter().map(of).collect();
        all.sort_unstable();
        all
    };
    let year = admin.get(&visits).await.expect(200);
    assert_eq!((year.json["due"].as_i64(), seen(&year)), (Some(2), vec![(0, 2), (2, 0)]));
    assert_eq!(seen(&admin.get(&format!("{visits}?year=2027")).await.expect(200)), [(0, 2), (0, 2)]);
    admin.get(&format!("{visits}?year=1")).await.refused_for(422, "calendar.year_out_of_range", "?year");
    // What was written down by mistake does not count.
    let retract = format!("/deeds/{}/retract", first.str("id"));
    let _ = leader.post(&retract, json!({"reason": "记错了"})).await.expect(200);
    leader.post(&retract, json!({"reason": "记错了"})).await.refused(409, "deed.retracted");
    assert_eq!(seen(&admin.get(&visits).await.expect(200)), [(0, 2), (1, 1)]);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m11_teams_and_z11_organisations_have_a_record_of_what_they_did(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let team = unit(&admin, "温泉社区志愿者队", "volunteer_team", Some(COMMUNITY)).await;
    let shelter = unit(&admin, "弥勒市社会工作协会", "social_organisation", None).await;
    let deed = |unit: &str, kind: &str, on: &str, served: u32| json!({"kind": kind, "unit": unit, "place": COMMUNITY, "on": on, "account": "为老人理发", "served": served});
    for (unit, kind, on, served) in [
        (&team, "service", "2026-11-01", 30),
        (&team, "activity", "2026-11-20", 200),
        (&shelter, "service", "2026-11-10", 5),
    ] {
        let _ = clerk.post("/deeds", deed(unit, kind, on, served)).await.expect(201);
    }
    let neighbour = app.staff("community_clerk", NEIGHBOUR).await;
    neighbour.post("/deeds", deed(&team, "service", "2026-11-01", 1)).await.refused(403, "deed.beyond_scope");
    clerk.post("/deeds", deed(&team, "service", "2026-11-01", 100_001)).await.refused_for(
        422,
        "deed.served",
        "/served",
    );
    let all = clerk.get("/deeds?limit=2").await.expect(200);
    let days: Vec<_> = all.items().iter().map(|deed| deed["on"].as_str().unwrap()).collect();
    assert_eq!(days, ["2026-11-20", "2026-11-10"]);
    let rest = clerk.get(&format!("/deeds?limit=2&cursor={}", all.str("next_cursor"))).await.expect(200);
    assert_eq!((rest.items().len(), rest.items()[0]["served"].as_i64()), (1, Some(30)));
    let of_team = clerk.get(&format!("/deeds?unit={team}&kind=service")).await.expect(200);
    assert_eq!((of_team.items().len(), &of_team.items()[0]["unit"]["name"]), (1, &json!("温泉社区志愿者队")));
    let november = clerk.get("/deeds?from=2026-11-05&to=2026-11-15").await.expect(200);
    assert_eq!(november.items()[0]["unit"]["name"], "弥勒市社会工作协会");
    assert_eq!(neighbour.get("/deeds").await.expect(200).items().len(), 0);
    app.resident("王芳").await.get("/deeds").await.refused(403, "permission.role");
    app.stop().await;
}
