//! 会商、台账、承诺: what is talked over, entered on the ledger, and promised.

use crate::inbox::told;
use crate::machine::act;
use crate::rules::play_by;
use crate::ticket::Cast;
use integration_tests::Backend;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, TestApp, UNIT, here};
use rstest::rstest;
use serde_json::{Value, json};

fn talked() -> Value {
    json!({"units": [UNIT], "conclusion": "由住建局牵头，周五前完成"})
}

#[rstest]
#[tokio::test]
async fn l07_public_matters_are_talked_over_before_their_unit_takes_them(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    play_by(&app, "", &[("[policy]\n", "[policy]\ndiscuss_first = [\"public\"]\n")]).await;
    let cast = Cast::of(&app).await;
    let handler = app.of_unit("department_handler", UNIT).await;
    let ticket = cast.ticket().await;
    let to_unit = json!({"lead": {"unit": UNIT}, "affair": "public"});
    let _ = act(&cast.clerk, &ticket, "dispatch", to_unit.clone()).await.expect(200);
    act(&handler, &ticket, "accept", json!({})).await.refused(409, "ticket.not_discussed");
    act(&cast.resident, &ticket, "discuss", talked()).await.refused(403, "permission.role");
    act(&cast.worker, &ticket, "discuss", talked()).await.refused(403, "permission.role");
    let neighbour = app.staff("community_clerk", NEIGHBOUR).await;
    act(&neighbour, &ticket, "discuss", talked()).await.refused(404, "ticket.not_found");
    let empty = act(&handler, &ticket, "discuss", json!({"conclusion": ""})).await;
    empty.refused_for(422, "text.empty", "/conclusion");
    let twice = act(&handler, &ticket, "discuss", json!({"conclusion": "好", "units": [UNIT, UNIT]})).await;
    twice.refused_for(422, "ticket.unit_twice", "/units/1");
    let discussed = act(&cast.clerk, &ticket, "discuss", talked()).await.expect(200);
    assert_eq!(discussed.json["discussion"]["units"], json!([UNIT]));
    app.app.catch_up().await.unwrap();
    assert!(told(&handler).await.contains(&"discussed".to_owned()));
    let _ = act(&handler, &ticket, "accept", json!({})).await.expect(200);
    // Who helps may write it down, too, and what is shared waits for nobody.
    let shared = cast.ticket().await;
    let with_help =
        json!({"lead": {"person": cast.worker_id}, "assist": [{"unit": UNIT}], "affair": "shared"});
    let _ = act(&cast.clerk, &shared, "dispatch", with_help).await.expect(200);
    let _ = act(&handler, &shared, "discuss", json!({"conclusion": "一起去"})).await.expect(200);
    let _ = cast.accept(&shared).await.expect(200);
    let _ = cast.resolve(&shared).await.expect(200);
    act(&cast.clerk, &shared, "discuss", talked()).await.refused(409, "ticket.already_resolved");
    // The conclusion is among staff; that there was one is not.
    let text = |timeline: &integration_tests::Answer| {
        let step = timeline.items().iter().find(|step| step["kind"] == "discussed").unwrap().clone();
        step["text"].clone()
    };
    let path = format!("{ticket}/timeline");
    assert_eq!(text(&cast.clerk.get(&path).await), "由住建局牵头，周五前完成");
    assert_eq!(text(&cast.resident.get(&path).await), Value::Null);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z02_the_whistle_the_report_in_and_the_discussion_have_their_time_and_actor(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let handler = app.of_unit("department_handler", UNIT).await;
    let ticket = cast.ticket().await;
    let whistle = json!({"units": [UNIT], "reason": "须到场"});
    let steps = [
        (&cast.clerk, "whistle", whistle),
        (&handler, "report-in", here()),
        (&handler, "discuss", talked()),
        (&cast.clerk, "dispatch", json!({"lead": {"unit": UNIT}})),
        (&handler, "accept", json!({})),
        (&handler, "resolve", json!({"outcome": "solved", "reply": "已清理"})),
        (&cast.resident, "rate", json!({"satisfaction": "satisfied"})),
    ];
    for (who, what, body) in &steps {
        app.pass(1);
        let _ = act(who, &ticket, what, body.clone()).await.expect(200);
    }
    let timeline = cast.clerk.get(&format!("{ticket}/timeline?limit=100")).await;
    let named =
        ["submitted", "whistled", "reported_in", "discussed", "dispatched", "accepted", "resolved", "rated"];
    let entry = |kind: &str| timeline.items().iter().find(|entry| entry["kind"] == kind).cloned().unwrap();
    for (i, kind) in named.iter().enumerate() {
        assert_eq!(entry(kind)["occurred_at"], format!("2026-11-21T01:0{i}:00Z"), "{kind}");
    }
    let clerk = json!(app.id_of(&cast.clerk).await);
    let unit = json!(app.id_of(&handler).await);
    assert_eq!((&entry("whistled")["actor"], &entry("reported_in")["actor"]), (&clerk, &unit));
    assert_eq!((&entry("discussed")["actor"], &entry("discussed")["label"]), (&unit, &json!("现场办公")));
    app.stop().await;
}

fn assessed(commonality: &str) -> Value {
    json!({"commonality": commonality, "opinion": "多个小区都有，列入计划", "planned_for": "2026-12-07"})
}

#[rstest]
#[tokio::test]
async fn l01_the_branch_assesses_and_the_ledger_tells_shared_from_individual(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let mut tickets = Vec::new();
    for _ in 0..3 {
        tickets.push(cast.ticket().await);
        app.pass(1);
    }
    act(&cast.worker, &tickets[0], "assess", assessed("shared")).await.refused(403, "permission.role");
    act(&cast.resident, &tickets[0], "assess", assessed("shared")).await.refused(403, "permission.role");
    let neighbour = app.staff("community_clerk", NEIGHBOUR).await;
    act(&neighbour, &tickets[0], "assess", assessed("shared")).await.refused(404, "ticket.not_found");
    let _ = act(&cast.clerk, &tickets[0], "assess", assessed("odd")).await.expect(400);
    let past = json!({"commonality": "shared", "opinion": "列入计划", "planned_for": "2026-11-20"});
    act(&cast.clerk, &tickets[0], "assess", past).await.refused_for(
        422,
        "ticket.time_too_early",
        "/planned_for",
    );
    let entry = act(&cast.clerk, &tickets[0], "assess", assessed("individual")).await.expect(200);
    let ledger = &entry.json["ledger"];
    assert_eq!(
        (&ledger["commonality"], &ledger["planned_for"]),
        (&json!("individual"), &json!("2026-12-07"))
    );
    // Assessed anew, it counts once.
    app.pass(1);
    let _ = act(&cast.clerk, &tickets[0], "assess", assessed("shared")).await.expect(200);
    let _ = act(&cast.clerk, &tickets[1], "assess", assessed("individual")).await.expect(200);
    let listed = |query: &str| {
        let (clerk, path) = (cast.clerk.clone(), format!("/tickets?{query}"));
        async move {
            let page = clerk.get(&path).await.expect(200);
            page.items()
                .iter()
                .map(|item| format!("/tickets/{}", item["id"].as_str().unwrap()))
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(listed("ledger=true").await, [tickets[1].clone(), tickets[0].clone()]);
    assert_eq!(listed("ledger=false").await, [tickets[2].clone()]);
    assert_eq!(listed("commonality=shared").await, [tickets[0].clone()]);
    assert_eq!(listed("commonality=individual&ledger=true").await, [tickets[1].clone()]);
    assert_eq!(listed("commonality=individual&ledger=false").await, Vec::<String>::new());
    cast.clerk.get("/tickets?commonality=odd").await.refused(400, "request.unknown_value");
    let shown = cast.clerk.get("/tickets?commonality=shared").await;
    assert_eq!(shown.items()[0]["planned_for"], "2026-12-07");
    app.app.catch_up().await.unwrap();
    let figures = cast.clerk.get(&format!("/figures?place={COMMUNITY}")).await.expect(200);
    let counts = |totals: &Value| (totals["common"].clone(), totals["individual"].clone());
    assert_eq!(counts(&figures.json["totals"]), (json!(1), json!(1)));
    assert!(app.app.rebuild(api::Reactor::Figures).await.unwrap());
    let anew = cast.clerk.get(&format!("/figures?place={COMMUNITY}")).await.expect(200);
    assert_eq!(counts(&anew.json["totals"]), (json!(1), json!(1)));
    // What the branch thinks is among staff.
    let timeline = cast.resident.get(&format!("{}/timeline", tickets[1])).await;
    let step = timeline.items().iter().find(|step| step["kind"] == "assessed").unwrap();
    assert_eq!((&step["commonality"], &step["text"]), (&json!("individual"), &Value::Null));
    // What has ended is assessed no more.
    let reason = json!({"reason": "不用了"});
    let _ = act(&cast.resident, &tickets[2], "withdraw", reason).await.expect(200);
    act(&cast.clerk, &tickets[2], "assess", assessed("shared")).await.refused(409, "ticket.ended");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn l01_what_is_answered_on_the_spot_has_a_stated_deadline(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let promise = |due: &str| json!({"text": "明天上午修好", "due_at": due});
    let ticket = cast.ticket_at("accepted").await;
    act(&cast.resident, &ticket, "promise", promise("2026-11-22T01:00:00Z"))
        .await
        .refused(403, "permission.role");
    let past = act(&cast.worker, &ticket, "promise", promise("2026-11-21T01:00:00Z")).await;
    past.refused_for(422, "ticket.time_too_early", "/due_at");
    let promised = act(&cast.worker, &ticket, "promise", promise("2026-11-22T01:00:00Z")).await.expect(200);
    assert_eq!(promised.clock("promise", 1)["due_at"], "2026-11-22T01:00:00Z");
    app.app.catch_up().await.unwrap();
    assert!(told(&cast.resident).await.contains(&"promised".to_owned()));
    // Whoever dispatches may state another while it is not broken.
    let sooner = act(&cast.clerk, &ticket, "promise", promise("2026-11-21T11:00:00Z")).await.expect(200);
    assert_eq!(sooner.clock("promise", 1)["due_at"], "2026-11-21T11:00:00Z");
    let timeline = cast.resident.get(&format!("{ticket}/timeline?limit=100")).await;
    let words: Vec<_> = timeline.items().iter().filter(|step| step["kind"] == "promised").collect();
    assert_eq!(
        (words.len(), &words[1]["text"], &words[1]["until"]),
        (2, &json!("明天上午修好"), &json!("2026-11-21T11:00:00Z"))
    );
    // It stays open: the limit warns, and rings, by itself.
    let rung = |kind: &str| {
        let (clerk, path, kind) =
            (cast.clerk.clone(), format!("{ticket}/timeline?limit=100"), kind.to_owned());
        async move {
            let timeline = clerk.get(&path).await.expect(200);
            timeline.items().iter().filter(|step| step["kind"] == *kind && step["clock"] == "promise").count()
        }
    };
    app.pass(8 * 60 + 1);
    app.app.catch_up().await.unwrap();
    assert_eq!((rung("warned").await, rung("breached").await), (1, 0));
    app.pass(2 * 60);
    app.app.catch_up().await.unwrap();
    assert_eq!((rung("warned").await, rung("breached").await), (1, 1));
    let late = cast.clerk.get(&ticket).await;
    assert_eq!((late.str("status"), &late.clock("promise", 1)["state"]), ("accepted", &json!("breached")));
    act(&cast.worker, &ticket, "promise", promise("2026-11-23T01:00:00Z"))
        .await
        .refused(409, "ticket.promise_broken");
    // Resolving it is what stops the clock.
    let kept = cast.ticket_at("accepted").await;
    let _ = act(&cast.worker, &kept, "promise", promise("2026-11-22T01:00:00Z")).await.expect(200);
    assert_eq!(cast.resolve(&kept).await.expect(200).clock("promise", 1)["state"], "met");
    act(&cast.worker, &kept, "promise", promise("2026-11-23T01:00:00Z"))
        .await
        .refused(409, "ticket.already_resolved");
    app.stop().await;
}

/// 发现、吹哨、报到、会商、办理、反馈、评价: Zuoyun's.
const SEVEN: [(&str, &str, &[&str]); 7] = [
    ("find", "发现", &["submitted"]),
    ("whistle", "吹哨", &["whistled"]),
    ("report_in", "报到", &["reported_in"]),
    ("discuss", "会商", &["discussed", "opined", "noted"]),
    ("handle", "办理", &["accepted", "claimed", "arrived"]),
    ("answer", "反馈", &["resolved"]),
    ("rate", "评价", &["rated"]),
];

/// Which steps are done, of which round they are, and whether somebody is named.
fn done(steps: &integration_tests::Answer) -> Vec<(String, u64, bool)> {
    let done = steps.items().iter().filter(|step| step["done"] == true);
    done.map(|step| {
        (
            step["key"].as_str().unwrap().to_owned(),
            step["round"].as_u64().unwrap(),
            !step["last_actor"].is_null(),
        )
    })
    .collect()
}

#[rstest]
#[tokio::test]
async fn z02_seven_steps_as_the_county_names_them(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let handler = app.of_unit("department_handler", UNIT).await;
    let ticket = cast.ticket_at("accepted").await;
    let usual = cast.resident.get(&format!("{ticket}/steps")).await.expect(200);
    let names: Vec<_> = usual.items().iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["群众点单", "党组织派单", "职能部门办单", "群众评单"]);
    let is = |key: &str, round| (key.to_owned(), round, true);
    assert_eq!(done(&usual), [is("order", 1), is("dispatch", 1), is("do", 1)]);
    // Another county tells its people of other steps.
    let steps: String = SEVEN
        .map(|(key, name, of)| format!("[[steps]]\nkey = \"{key}\"\nname = \"{name}\"\nof = {of:?}\n\n"))
        .concat();
    play_by(&app, &steps, &[]).await;
    let path = format!("{ticket}/steps");
    app.pass(1);
    let _ = act(&cast.clerk, &ticket, "note", json!({"reason": "先看看"})).await.expect(200);
    let clerk = cast.clerk.get(&path).await.expect(200);
    assert_eq!(done(&clerk), [is("find", 1), is("discuss", 1), is("handle", 1)]);
    // What staff write among themselves is no step for the requester.
    assert_eq!(done(&cast.resident.get(&path).await.expect(200)), [is("find", 1), is("handle", 1)]);
    let _ =
        act(&cast.clerk, &ticket, "whistle", json!({"units": [UNIT], "reason": "须到场"})).await.expect(200);
    app.pass(1);
    let _ = act(&handler, &ticket, "report-in", here()).await.expect(200);
    app.pass(1);
    let _ = act(&handler, &ticket, "discuss", talked()).await.expect(200);
    let _ = cast.resolve(&ticket).await.expect(200);
    let _ = cast.rate(&ticket, "dissatisfied").await.expect(200);
    app.pass(1);
    let _ = cast.accept(&ticket).await.expect(200);
    let resident = cast.resident.get(&path).await.expect(200);
    let all = [
        ("find", 1),
        ("whistle", 1),
        ("report_in", 1),
        ("discuss", 1),
        ("handle", 2),
        ("answer", 1),
        ("rate", 1),
    ];
    assert_eq!(done(&resident), all.map(|(key, round)| is(key, round)));
    assert_eq!(resident.json["round"], 2, "what is of an earlier round is to be done again");
    let step = |key: &str| resident.items().iter().find(|step| step["key"] == key).cloned().unwrap();
    let handled = step("handle");
    let times = [&handled["first_at"], &handled["last_at"]];
    assert_eq!(times, [&json!("2026-11-21T01:00:00Z"), &json!("2026-11-21T01:04:00Z")]);
    assert_eq!(step("report_in")["last_actor"], json!(app.id_of(&handler).await));
    assert_eq!(step("rate")["last_actor"], json!(app.id_of(&cast.resident).await));
    // Whoever does not see the ticket sees no steps; whoever may not know who raised it is not told here.
    let neighbour = app.staff("community_clerk", NEIGHBOUR).await;
    neighbour.get(&path).await.refused(404, "ticket.not_found");
    let secret = json!({"content": "有人打牌扰民", "place": {"code": COMMUNITY}, "confidential": true});
    let secret =
        format!("/tickets/{}/steps", cast.resident.post("/tickets", secret).await.expect(201).str("id"));
    assert_eq!(done(&cast.clerk.get(&secret).await.expect(200)), [("find".to_owned(), 1, false)]);
    assert_eq!(done(&cast.resident.get(&secret).await.expect(200)), [is("find", 1)]);
    app.stop().await;
}
