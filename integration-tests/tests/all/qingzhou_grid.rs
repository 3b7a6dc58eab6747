//! 青州市, on: 群众呼叫、党员响应、网格帮办, the rounds from door to door, what is gathered every day, and who looks
//! after a courtyard.

use crate::inbox;
use crate::machine::act;
use crate::photo::{add, jpeg};
use crate::qingzhou::Shengshui;
use crate::story::{below, count, entry, file, labels, order, person, record, seen_by, take, was_told};
use crate::ticket::path;
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const DAY: i64 = 24 * 60;

#[rstest]
#[tokio::test]
async fn q09_residents_call_members_answer_the_grid_helps(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let sheng = Shengshui::open(backend).await;
    let Shengshui { county, resident, worker, leader, clerk, .. } = &sheng;
    let community = county.place("圣水泉社区").to_owned();
    let captain = person(county, "party_member", &sheng.yard, "楼道长老高").await;
    let member = person(county, "party_member", &community, "党员小刘").await;
    let volunteer = person(county, "volunteer", &community, "志愿者小马").await;
    let far = person(county, "party_member", county.place("云门社区"), "云门社区党员").await;
    let called = resident
        .post("/tickets", order("老伴摔倒了起不来", &sheng.yard, json!({"call": true})))
        .await
        .expect(201);
    assert_eq!((&called.json["call"], &called.json["answered_after_seconds"]), (&json!(true), &Value::Null));
    let ticket = path(&called);
    // At once, to members and to the grid of the community; neither to volunteers nor to the next community.
    for hears in [&captain, &member, worker, leader] {
        assert!(was_told(county, hears, "called").await);
    }
    for hears_nothing in [&volunteer, &far] {
        assert_eq!(inbox::told(hears_nothing).await, [""; 0]);
    }
    assert!(was_told(county, clerk, "to_dispatch").await);
    assert_eq!(
        (count(&member, "/tickets?claimable=true").await, count(&far, "/tickets?claimable=true").await),
        (1, 0)
    );
    assert_eq!(
        seen_by(&ticket, &[&captain, &member, worker, &volunteer, &far]).await,
        ["200", "200", "200", "ticket.not_found", "ticket.not_found"]
    );
    // The platform does not dispatch what people answer, and of those who answer at once one has it.
    assert_eq!(clerk.get(&ticket).await.expect(200).str("status_name"), "待听事");
    county.app.pass(2);
    let (one, other) =
        tokio::join!(act(&captain, &ticket, "claim", json!({})), act(worker, &ticket, "claim", json!({})));
    let (first, second) = if one.status == 200 { (one, other) } else { (other, one) };
    assert_eq!(
        (first.str("status_name"), &first.json["answered_after_seconds"]),
        ("协同办理中", &json!(120))
    );
    second.refused(409, "ticket.already_accepted");
    act(&far, &ticket, "claim", json!({})).await.refused(404, "ticket.not_found");
    assert_eq!(entry(resident, &ticket, "claimed").await["label"], "党员响应");
    assert_eq!(count(clerk, "/tickets?call=true").await, 1);
    sheng.county.app.stop().await;
}

async fn owed(caller: &Caller, key: &str) -> Value {
    let list = caller.get(&format!("/duties?mine=true&key={key}")).await.expect(200);
    assert_eq!(list.items().len(), 1, "{key}: {}", list.text);
    list.items()[0].clone()
}

#[rstest]
#[tokio::test]
async fn q09_building_captains_knock_at_every_courtyard_and_it_shows_how_far_they_came(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let sheng = Shengshui::open(backend).await;
    let Shengshui { county, admin, stranger, .. } = &sheng;
    let second = below(county, &sheng.grid, "圣水花园4号楼院").await;
    let first = person(county, "party_member", &sheng.yard, "楼道长老高").await;
    let other = person(county, "party_member", &second, "楼道长老许").await;
    sheng.catch_up().await;
    let round = owed(&first, "knock").await;
    assert_eq!(
        (&round["name"], &round["period"], &round["place"]["name"]),
        (&json!("敲门行动"), &json!("2026-Q4"), &json!("圣水花园3号楼院"))
    );
    record(&first, &round, json!({"text": "走遍三个单元"})).await.refused_for(422, "matter.range", "/photos");
    let photo = add(&first, &sheng.yard, jpeg()).await.expect(201);
    // What they were told at the doors is raised, and stands with the round.
    let heard = json!({"channel": "home_visit", "category": "environment", "severity": "large"});
    let raised = first.post("/tickets", order("地下室返潮", &sheng.yard, heard)).await.expect(201);
    let told = json!({"text": "走遍 36 户", "photos": [photo.str("id")], "raised": [raised.str("id")]});
    record(&other, &round, told.clone()).await.refused(404, "matter.not_found");
    assert_eq!(record(&first, &round, told).await.expect(200).str("status_name"), "已履职");
    let place = async |code: &str| {
        let found = admin.get(&format!("/places?code={code}")).await.expect(200);
        found.items()[0]["id"].as_str().unwrap().to_owned()
    };
    let reach =
        format!("/places/{}/duties?key=knock&period=2026-Q4", place(county.place("圣水泉社区")).await);
    let covered = admin.get(&reach).await.expect(200);
    assert_eq!((&covered.json["places"], &covered.json["places_done"]), (&json!(2), &json!(1)));
    let rows: Vec<_> = covered
        .items()
        .iter()
        .map(|row| (row["place"]["name"].as_str().unwrap(), row["done"].as_i64()))
        .collect();
    assert_eq!(rows, [("圣水花园3号楼院", Some(1)), ("圣水花园4号楼院", Some(0))]);
    stranger.get(&reach).await.refused(404, "place.not_found");
    sheng.county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn q02_what_was_heard_is_gathered_every_day_and_sorted_on_friday(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let sheng = Shengshui::open(backend).await;
    let Shengshui { county, worker, leader, clerk, stranger, .. } = &sheng;
    sheng.catch_up().await;
    let day = owed(worker, "daily_gathering").await;
    assert_eq!(
        (&day["name"], &day["period"], &day["place"]["name"]),
        (&json!("汇总社情民意"), &json!("2026-11-21"), &json!("圣水泉第一网格"))
    );
    // By visit, from a chat, out of the box: three channels, one list.
    for (channel, content) in
        [("home_visit", "路灯太暗"), ("chat", "快递柜堵门"), ("suggestion_box", "盼着通公交")]
    {
        let _ = file(worker, content, &sheng.grid, json!({"channel": channel})).await;
    }
    assert_eq!(count(clerk, "/tickets?sorted=false").await, 3);
    assert_eq!(count(stranger, "/tickets?sorted=false").await, 0);
    record(stranger, &day, json!({"text": "三件"})).await.refused(404, "matter.not_found");
    assert_eq!(
        record(worker, &day, json!({"text": "今天三件，待办两件、建议一件"})).await.expect(200).str("status"),
        "done"
    );
    // 网格工作会议 on Friday, by the leader of the grid, and not before it.
    assert_eq!(count(leader, "/duties?mine=true&key=working_meeting").await, 0, "this Friday is over");
    county.app.pass(3 * DAY);
    sheng.catch_up().await;
    let meeting = owed(leader, "working_meeting").await;
    assert_eq!(
        (&meeting["from"], &meeting["until"]),
        (&json!("2026-11-26T16:00:00Z"), &json!("2026-11-27T16:00:00Z"))
    );
    let photo = add(leader, &sheng.grid, jpeg()).await.expect(201);
    let held = json!({"text": "三件都有人管了", "attendance": 7, "photos": [photo.str("id")]});
    record(leader, &meeting, held.clone()).await.refused_for(422, "matter.time", "/occurred_at");
    county.app.pass(3 * DAY);
    sheng.catch_up().await;
    assert_eq!(record(leader, &meeting, held).await.expect(200).str("status_name"), "已履职");
    // What nobody gathered is missed, day by day, and the desk heard.
    let missed = worker.get("/duties?mine=true&key=daily_gathering&status=missed").await.expect(200);
    assert!(
        missed.items().iter().all(|one| one["period"] != "2026-11-21") && !missed.items().is_empty(),
        "{}",
        missed.text
    );
    assert!(was_told(county, clerk, "matter_overdue").await);
    sheng.county.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn problems_of_property_go_by_the_way_that_each_courtyard_chose(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let sheng = Shengshui::open(backend).await;
    let Shengshui { county, resident, worker, clerk, stranger, .. } = &sheng;
    let own = below(county, &sheng.grid, "龙苑1号楼院").await;
    let company = county.unit("圣水物业", "property_company").await;
    let mode = |place: &str, mode: &str, unit: Value| json!({"place": place, "mode": mode, "unit": unit, "reason": "业主大会表决"});
    let put = async |caller: &Caller, body: Value| caller.put_with("/estates", &[], body).await;
    let red = mode(&sheng.yard, "red_property", json!(company));
    put(stranger, red.clone()).await.refused(403, "matter.beyond_scope");
    put(worker, red.clone()).await.refused(403, "permission.role");
    put(clerk, mode(&sheng.grid, "red_owners", Value::Null)).await.refused_for(422, "matter.place", "/place");
    assert_eq!(put(clerk, red).await.expect(201).str("mode_name"), "红色物业");
    assert_eq!(
        put(clerk, mode(&own, "red_owners", Value::Null)).await.expect(201).str("mode_name"),
        "红色业委会自管"
    );
    let routed = async |place: &str| {
        let ticket = file(resident, "物业费涨了，电梯还是坏的", place, json!({"category": "property"})).await;
        sheng.catch_up().await;
        (ticket.clone(), clerk.get(&ticket).await.expect(200))
    };
    let (ticket, at_company) = routed(&sheng.yard).await;
    assert_eq!(
        (at_company.json["lead"]["unit"].as_str(), at_company.str("category_name")),
        (Some(company.to_string().as_str()), "物业服务")
    );
    assert_eq!(
        entry(clerk, &ticket, "dispatched").await["text"],
        "平台按规程派单：类别“物业服务”派给所在楼院的管理方。"
    );
    let seen = resident.get(&format!("{ticket}/estate")).await.expect(200);
    assert_eq!((seen.str("mode_name"), &seen.json["unit"]["name"]), ("红色物业", &json!("圣水物业")));
    stranger.get(&format!("{ticket}/estate")).await.refused(404, "ticket.not_found");
    // Owners without a committee yet: it waits for a person; once they have one, the next goes there.
    assert_eq!(routed(&own).await.1.str("status_name"), "待听事");
    let committee = county.unit("龙苑业委会", "owners_committee").await;
    let _ = put(clerk, mode(&own, "red_owners", json!(committee))).await.expect(200);
    assert_eq!(routed(&own).await.1.json["lead"]["unit"], json!(committee));
    // The company does it, and it counts for the company; it also promises once a year (年初定诺).
    let hired = county.app.of_unit("department_handler", company).await;
    let manages = json!({"kind": "manages", "unit": company, "place": sheng.yard});
    let _ = sheng.admin.post("/ties", manages).await.expect(201);
    sheng.catch_up().await;
    let promise = owed(&hired, "property_promise").await;
    assert_eq!(
        (&promise["name"], &promise["period"], &promise["place"]["name"]),
        (&json!("物业年初定诺"), &json!("2026"), &json!("圣水泉社区"))
    );
    let photo = add(&hired, county.place("圣水泉社区"), jpeg()).await.expect(201);
    let said = json!({"text": "电梯半年一检，收费每季公示", "photos": [photo.str("id")]});
    record(worker, &promise, said.clone()).await.refused(404, "matter.not_found");
    assert_eq!(record(&hired, &promise, said).await.expect(200).str("status"), "done");
    let _ = take(&hired, &ticket, "accept", json!({})).await;
    let _ =
        take(&hired, &ticket, "resolve", json!({"outcome": "solved", "reply": "电梯已修，收费已公示"})).await;
    let _ = take(resident, &ticket, "rate", json!({"satisfaction": "fairly_satisfied"})).await;
    sheng.catch_up().await;
    let figures = sheng.admin.get(&format!("/figures?unit={company}")).await.expect(200);
    assert_eq!(
        (&figures.json["totals"]["solved"], &figures.json["totals"]["fairly_satisfied"]),
        (&json!(1), &json!(1))
    );
    assert!(labels(resident, &ticket).await.contains(&"群众评事".to_owned()));
    sheng.county.app.stop().await;
}
