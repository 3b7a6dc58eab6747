//! 吹哨报到: units are called, come or do not, and are appraised.

use crate::inbox::told;
use crate::machine::act;
use crate::rules::play_by;
use crate::ticket::{Cast, path};
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT, here, lamp};
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const COUNTY: &str = "532504";

fn call(units: &[&str]) -> Value {
    json!({"units": units, "reason": "占道经营，须多家同时到场"})
}

fn opinion(unit: &str, score: u8) -> Value {
    json!({"unit": unit, "score": score, "text": "到得快"})
}

/// A unit of the county with somebody who handles for it.
async fn unit(app: &TestApp, admin: &Caller, name: &str) -> (String, Caller) {
    let body = json!({"name": name, "kind": "institution", "place": COUNTY});
    let id = admin.post("/units", body).await.expect(201).str("id").to_owned();
    let handler = app.of_unit("department_handler", id.parse().unwrap()).await;
    (id, handler)
}

async fn appraisal(app: &TestApp, caller: &Caller, unit: &str) -> Answer {
    app.app.catch_up().await.unwrap();
    caller.get(&format!("/units/{unit}/appraisal")).await
}

#[rstest]
#[tokio::test]
async fn m04_a_community_calls_several_units_and_who_came_when_is_measured(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let (first, fast) = unit(&app, &admin, "市城市管理局").await;
    let (second, slow) = unit(&app, &admin, "市市场监管局").await;
    let (third, _absent) = unit(&app, &admin, "市交警大队").await;
    let ticket = cast.ticket().await;
    fast.get(&ticket).await.refused(404, "ticket.not_found");
    assert_eq!(fast.get("/tickets?called=true").await.expect(200).items().len(), 0);
    app.pass(1);
    let called = act(&cast.clerk, &ticket, "whistle", call(&[&first, &second, &third])).await.expect(200);
    let whistle = &called.json["whistles"][0];
    assert_eq!(whistle["unit"], json!(first));
    let times = [&whistle["at"], &whistle["due_at"]];
    assert_eq!(times, [&json!("2026-11-21T01:01:00Z"), &json!("2026-11-21T01:31:00Z")]);
    // Each that was called sees it, is told, and finds it.
    let seen = fast.get(&ticket).await.expect(200);
    assert_eq!((seen.str("status"), &seen.json["whistles"][2]["state"]), ("submitted", &json!("waiting")));
    assert_eq!(fast.get("/tickets?called=true").await.expect(200).items()[0]["id"], seen.json["id"]);
    let asked = format!("/tickets?called=true&unit={first}&status=submitted");
    assert_eq!(fast.get(&asked).await.expect(200).items().len(), 1);
    assert_eq!(slow.get(&asked).await.expect(200).items().len(), 1, "they were called to the same");
    app.app.catch_up().await.unwrap();
    assert_eq!(told(&fast).await, ["whistled"]);
    app.pass(10);
    let came = act(&fast, &ticket, "report-in", here()).await.expect(200);
    assert_eq!(
        (&came.json["whistles"][0]["seconds"], &came.json["whistles"][0]["state"]),
        (&json!(600), &json!("in_time"))
    );
    app.app.catch_up().await.unwrap();
    assert!(told(&cast.clerk).await.contains(&"reported_in".to_owned()));
    act(&fast, &ticket, "report-in", here()).await.refused(409, "ticket.already_reported_in");
    let other = json!({"position": here()["position"], "unit": second});
    act(&fast, &ticket, "report-in", other).await.refused_for(422, "ticket.unit_not_called", "/unit");
    let uncalled = app.of_unit("department_handler", UNIT).await;
    act(&uncalled, &ticket, "report-in", here()).await.refused(404, "ticket.not_found");
    act(&cast.worker, &ticket, "report-in", here()).await.refused(403, "permission.role");
    let again = act(&cast.clerk, &ticket, "whistle", call(&[&first, &second])).await;
    again.refused_for(422, "ticket.unit_waited_for", "/units/1");
    app.pass(30);
    let late = act(&slow, &ticket, "report-in", here()).await.expect(200);
    let states: Vec<_> =
        late.json["whistles"].as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["in_time", "late", "missing"], "nobody wrote down that the third is missing");
    // Once it came, it may be called again.
    let again = act(
        &cast.clerk,
        &ticket,
        "whistle",
        json!({"units": [first], "reason": "又摆出来了", "due_minutes": 5}),
    );
    let again = again.await.expect(200);
    assert_eq!(again.json["whistles"][3]["due_at"], "2026-11-21T01:46:00Z");
    // All of it stands on the timeline with its time and actor; the reason is for staff.
    let steps = cast.clerk.get(&format!("{ticket}/timeline?limit=100")).await;
    let steps = steps.items().iter().filter(|step| !step["units"].is_null());
    let steps: Vec<_> =
        steps.map(|step| (step["kind"].as_str().unwrap(), step["units"].as_array().unwrap().len())).collect();
    assert_eq!(steps, [("whistled", 3), ("reported_in", 1), ("reported_in", 1), ("whistled", 1)]);
    let timeline = cast.resident.get(&format!("{ticket}/timeline")).await;
    let blown = timeline.items().iter().find(|step| step["kind"] == "whistled").unwrap();
    assert_eq!((&blown["text"], &blown["actor"]), (&Value::Null, &json!(app.id_of(&cast.clerk).await)));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m04_the_playbook_says_who_blows_and_what_is_wrong_is_named(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let street = app.staff("street_dispatcher", STREET).await;
    let handler = app.of_unit("department_handler", UNIT).await;
    let (ticket, unit) = (cast.ticket().await, UNIT.to_string());
    let refused = act(&street, &ticket, "whistle", call(&[&unit])).await;
    refused.refused(409, "ticket.whistle_not_yours");
    assert!(refused.str("detail").contains("可以吹哨的：社区党组织工作人员"), "{}", refused.text);
    act(&cast.worker, &ticket, "whistle", call(&[&unit])).await.refused(403, "permission.role");
    let neighbour = app.staff("community_clerk", NEIGHBOUR).await;
    act(&neighbour, &ticket, "whistle", call(&[&unit])).await.refused(404, "ticket.not_found");
    let nil = uuid::Uuid::nil().to_string();
    let wrong = [
        (call(&[]), "ticket.units_count", "/units"),
        (call(&vec![unit.as_str(); 21]), "ticket.units_count", "/units"),
        (call(&[&unit, &unit]), "ticket.unit_twice", "/units/1"),
        (call(&[&nil]), "ticket.unit_unknown", "/units/0"),
        (json!({"units": [unit], "reason": " "}), "text.empty", "/reason"),
        (
            json!({"units": [unit], "reason": "来", "due_minutes": 0}),
            "ticket.due_out_of_range",
            "/due_minutes",
        ),
    ];
    for (body, code, field) in wrong {
        act(&cast.clerk, &ticket, "whistle", body).await.refused_for(422, code, field);
    }
    let abroad = json!({"position": {"lat": 1, "lng": 1, "datum": "gcj02"}});
    let _ = act(&cast.clerk, &ticket, "whistle", call(&[&unit])).await.expect(200);
    act(&handler, &ticket, "report-in", abroad).await.refused_for(
        422,
        "position.outside_china",
        "/position/lat",
    );
    // Another playbook lets the street blow.
    play_by(&app, "[whistle]\nroles = [\"street_dispatcher\"]\nreport_in_minutes = 45", &[]).await;
    // It holds for what is filed from now on.
    let ticket = cast.ticket_at("accepted").await;
    act(&cast.clerk, &ticket, "whistle", call(&[&unit])).await.refused(409, "ticket.whistle_not_yours");
    let again = act(&street, &ticket, "whistle", call(&[&unit])).await.expect(200);
    assert_eq!(again.json["whistles"][0]["due_at"], "2026-11-21T01:45:00Z");
    // What is over is over.
    let closed = cast.ticket_at("closed").await;
    act(&street, &closed, "whistle", call(&[&unit])).await.refused(409, "ticket.already_closed");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m04_two_who_come_for_one_unit_are_one(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket().await;
    let _ = act(&cast.clerk, &ticket, "whistle", call(&[&UNIT.to_string()])).await.expect(200);
    let mut handlers = Vec::new();
    for _ in 0..6 {
        handlers.push(app.of_unit("department_handler", UNIT).await);
    }
    let come = handlers.iter().map(|handler| act(handler, &ticket, "report-in", here()));
    let answers = futures_util::future::join_all(come).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for late in answers.iter().filter(|answer| answer.status != 200) {
        late.refused(409, "ticket.already_reported_in");
    }
    let blow = || act(&cast.clerk, &ticket, "whistle", call(&[&UNIT.to_string()]));
    let (one, two) = tokio::join!(blow(), blow());
    let (called, refused) = if one.status == 200 { (one, two) } else { (two, one) };
    assert_eq!(called.expect(200).json["whistles"].as_array().unwrap().len(), 2);
    refused.refused_for(422, "ticket.unit_waited_for", "/units/0");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m04_the_opinion_of_communities_is_a_fifth_by_their_mean(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let street = app.staff("street_dispatcher", STREET).await;
    let neighbour = app.staff("community_clerk", NEIGHBOUR).await;
    let (name, handler) = unit(&app, &admin, "市城市管理局").await;
    let empty = appraisal(&app, &handler, &name).await.expect(200);
    assert_eq!((&empty.json["whistles"], &empty.json["score"]), (&json!(0), &Value::Null));
    // Two tickets here, one next door.
    let mut tickets = vec![cast.ticket().await, cast.ticket().await];
    let mut there = lamp();
    there["place"]["code"] = json!(NEIGHBOUR);
    tickets.push(path(&cast.resident.post("/tickets", there).await.expect(201)));
    let clerks = [&cast.clerk, &cast.clerk, &neighbour];
    for (ticket, clerk) in tickets.iter().zip(clerks) {
        let _ = act(clerk, ticket, "whistle", call(&[&name])).await.expect(200);
        act(clerk, ticket, "opinions", opinion(&name, 50)).await.refused(409, "ticket.report_in_pending");
    }
    app.pass(6);
    let _ = act(&handler, &tickets[0], "report-in", here()).await.expect(200);
    app.pass(30);
    let _ = act(&handler, &tickets[1], "report-in", here()).await.expect(200);
    // The newest of a level counts; who is not asked does not.
    for (ticket, clerk, score) in [(0, 0, 30), (0, 0, 100), (1, 1, 80), (2, 2, 40)] {
        let _ = act(clerks[clerk], &tickets[ticket], "opinions", opinion(&name, score)).await.expect(200);
    }
    let refused = act(&street, &tickets[0], "opinions", opinion(&name, 1)).await;
    refused.refused(409, "ticket.opinion_not_yours");
    let uncalled = act(&cast.clerk, &tickets[0], "opinions", opinion(&UNIT.to_string(), 1)).await;
    uncalled.refused_for(422, "ticket.unit_not_called", "/unit");
    act(&cast.clerk, &tickets[0], "opinions", opinion(&name, 101)).await.refused_for(
        422,
        "ticket.score_out_of_range",
        "/score",
    );
    let found = appraisal(&app, &handler, &name).await.expect(200);
    let counted =
        ["whistles", "in_time", "late", "missing", "mean_minutes"].map(|name| found.json[name].clone());
    assert_eq!(counted, [json!(3), json!(1), json!(1), json!(1), json!(21.0)]);
    let communities: Vec<_> =
        found.json["communities"].as_array().unwrap().iter().map(|one| one["score"].clone()).collect();
    assert_eq!(communities, [json!(90.0), json!(40.0)]);
    assert_eq!((&found.json["score"], &found.json["contribution"]), (&json!(65.0), &json!(13.0)));
    // The opinion is among staff.
    assert_eq!(cast.clerk.get(&tickets[0]).await.json["whistles"][0]["opinions"][0]["score"], 100);
    assert_eq!(cast.resident.get(&tickets[0]).await.json["whistles"][0]["opinions"], json!([]));
    let kinds = cast.resident.get(&format!("{}/timeline", tickets[0])).await;
    assert!(kinds.items().iter().all(|step| step["kind"] != "opined"), "{}", kinds.text);
    // Who sees it: the unit, and whoever has the county; the communities see what is theirs.
    let other = app.of_unit("department_handler", UNIT).await;
    appraisal(&app, &other, &name).await.refused(404, "unit.not_found");
    appraisal(&app, &cast.clerk, &name).await.refused(404, "unit.not_found");
    assert_eq!(appraisal(&app, &admin, &name).await.expect(200).json, found.json);
    let of = |caller: &Caller, query: &str| {
        let (caller, path) = (caller.clone(), format!("/appraisals?{query}"));
        async move { caller.get(&path).await }
    };
    let here = of(&cast.clerk, &format!("place={COMMUNITY}")).await.expect(200);
    let mine = &here.items()[0];
    assert_eq!((&mine["unit"], &mine["score"], &mine["whistles"]), (&json!(name), &json!(90.0), &json!(2)));
    of(&cast.clerk, &format!("place={COUNTY}")).await.refused(404, "figure.not_found");
    of(&cast.worker, &format!("place={NEIGHBOUR}")).await.refused(404, "figure.not_found");
    of(&cast.resident, &format!("place={COMMUNITY}")).await.refused(403, "permission.role");
    assert_eq!(of(&admin, &format!("place={COUNTY}&year=2025")).await.expect(200).items().len(), 0);
    of(&admin, &format!("place={COUNTY}&year=-7")).await.refused_for(422, "request.out_of_range", "?year");
    // Page by page, the same as at once.
    let (second, _handler) = unit(&app, &admin, "市市场监管局").await;
    let _ = act(&cast.clerk, &tickets[0], "whistle", call(&[&second, &UNIT.to_string()])).await.expect(200);
    app.app.catch_up().await.unwrap();
    let all = of(&admin, &format!("place={COUNTY}")).await.expect(200);
    assert_eq!(all.items().len(), 3);
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = of(&admin, &format!("place={COUNTY}&limit=1{cursor}")).await.expect(200);
        paged.extend(page.items().to_vec());
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, all.items());
    // Made anew from the log, it is the same.
    assert!(app.app.rebuild(api::Reactor::Appraisals).await.unwrap());
    assert_eq!(appraisal(&app, &handler, &name).await.expect(200).json, found.json);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m04_a_unit_that_may_not_come_any_more_is_not_missing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let (name, handler) = unit(&app, &admin, "市城市管理局").await;
    let soon = json!({"units": [name], "reason": "请速来", "due_minutes": 1});
    let answered = cast.ticket_at("accepted").await;
    let (withdrawn, open) = (cast.ticket().await, cast.ticket().await);
    for ticket in [&answered, &withdrawn, &open] {
        let _ = act(&cast.clerk, ticket, "whistle", soon.clone()).await.expect(200);
    }
    // What the calls left is counted before, so that the ends alone take it back.
    app.app.catch_up().await.unwrap();
    let _ = cast.resolve(&answered).await.expect(200);
    let reason = json!({"reason": "自己修好了"});
    let _ = cast.resident.post(&format!("{withdrawn}/withdraw"), reason).await.expect(200);
    act(&handler, &answered, "report-in", here()).await.refused(409, "ticket.already_resolved");
    act(&handler, &withdrawn, "report-in", here()).await.refused(409, "ticket.ended");
    app.pass(2);
    let state =
        async |ticket: &str| handler.get(ticket).await.expect(200).json["whistles"][0]["state"].clone();
    let states = [state(&answered).await, state(&withdrawn).await, state(&open).await];
    assert_eq!(states, ["not_needed", "not_needed", "missing"]);
    // A later round takes nothing of that back.
    let _ = cast.rate(&answered, "dissatisfied").await.expect(200);
    assert_eq!(state(&answered).await, "not_needed");
    let found = appraisal(&app, &handler, &name).await.expect(200);
    let counted = ["whistles", "in_time", "late", "missing"].map(|name| found.json[name].clone());
    assert_eq!(counted, [3, 0, 0, 1]);
    assert_eq!(app.app.verify().await.unwrap(), Vec::<String>::new());
    assert!(app.app.rebuild(api::Reactor::Appraisals).await.unwrap());
    assert_eq!(appraisal(&app, &handler, &name).await.expect(200).json, found.json);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z10_town_and_community_appraise_jointly(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let jointly = "[whistle]\nroles = [\"street_dispatcher\"]\nappraisers = [\"community\", \"street\"]\nweight_percent = 30";
    play_by(&app, jointly, &[]).await;
    let cast = Cast::of(&app).await;
    let town = app.staff("street_dispatcher", STREET).await;
    let handler = app.of_unit("department_handler", UNIT).await;
    let (ticket, unit) = (cast.ticket_at("accepted").await, UNIT.to_string());
    let _ = act(&town, &ticket, "whistle", call(&[&unit])).await.expect(200);
    let _ = act(&handler, &ticket, "report-in", here()).await.expect(200);
    for (who, score) in [(&town, 60), (&cast.clerk, 80)] {
        let _ = act(who, &ticket, "opinions", opinion(&unit, score)).await.expect(200);
    }
    let found = appraisal(&app, &handler, &unit).await.expect(200);
    let levels = &found.json["communities"][0]["opinions"];
    assert_eq!(
        levels,
        &json!([{"appraiser": "community", "score": 80.0}, {"appraiser": "street", "score": 60.0}])
    );
    assert_eq!((&found.json["score"], &found.json["contribution"]), (&json!(70.0), &json!(21.0)));
    // Once the ticket is closed no opinion changes.
    let _ = cast.resolve(&ticket).await.expect(200);
    let _ = cast.rate(&ticket, "satisfied").await.expect(200);
    act(&town, &ticket, "opinions", opinion(&unit, 100)).await.refused(409, "ticket.already_closed");
    app.stop().await;
}
