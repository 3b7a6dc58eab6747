//! The whole machine over HTTP: what `docs/tickets.md` shows, and what follows from each step.

use crate::ticket::{Cast, path, solved};
use integration_tests::app::{COMMUNITY, NEIGHBOUR, TestApp, UNIT, lamp};
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

pub(crate) fn reason() -> Value {
    json!({"reason": "情况说明"})
}

pub(crate) async fn act(caller: &Caller, ticket: &str, command: &str, body: Value) -> Answer {
    caller.post(&format!("{ticket}/{command}"), body).await
}

/// The kinds of what happened, as the caller sees it.
async fn kinds(caller: &Caller, ticket: &str) -> Vec<String> {
    let timeline = caller.get(&format!("{ticket}/timeline?limit=100")).await.expect(200);
    timeline.items().iter().map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect()
}

#[rstest]
#[tokio::test]
async fn what_is_returned_waits_to_be_dispatched_again(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket_at("accepted").await;
    act(&cast.worker, &ticket, "return", json!({"reason": ""})).await.refused_for(
        422,
        "text.empty",
        "/reason",
    );
    let returned = act(&cast.worker, &ticket, "return", reason()).await.expect(200);
    assert_eq!((returned.str("status"), &returned.json["lead"]), ("submitted", &Value::Null));
    assert_eq!(returned.clock("solve", 1)["state"], "running", "the limits run on");
    // Whoever dispatches may take it back too, as long as it is not resolved.
    let _ = cast.dispatch(&ticket).await.expect(200);
    let _ = act(&cast.clerk, &ticket, "return", reason()).await.expect(200);
    // Why is among staff.
    let timeline = cast.resident.get(&format!("{ticket}/timeline")).await;
    let entry = timeline.items().iter().find(|entry| entry["kind"] == "returned").unwrap();
    assert_eq!((&entry["label"], &entry["text"]), (&json!("退回"), &Value::Null));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn the_requester_urges_adds_and_withdraws(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket_at("accepted").await;
    let urged = act(&cast.resident, &ticket, "urge", json!({})).await.expect(200);
    assert_eq!(urged.json["urged"], 1);
    act(&cast.resident, &ticket, "urge", json!({})).await.refused(409, "ticket.urged_recently");
    app.pass(10);
    assert_eq!(act(&cast.resident, &ticket, "urge", json!({})).await.expect(200).json["urged"], 2);
    let more = json!({"content": "旁边的一盏也不亮"});
    let _ = act(&cast.resident, &ticket, "supplement", more.clone()).await.expect(200);
    let timeline = cast.worker.get(&format!("{ticket}/timeline?limit=100")).await;
    assert!(timeline.items().iter().any(|entry| entry["text"] == "旁边的一盏也不亮"));
    let _ = act(&cast.clerk, &ticket, "note", json!({"reason": "已电话联系"})).await.expect(200);
    assert!(kinds(&cast.worker, &ticket).await.contains(&"noted".to_owned()));
    assert!(!kinds(&cast.resident, &ticket).await.contains(&"noted".to_owned()), "among staff");
    let withdrawn = act(&cast.resident, &ticket, "withdraw", reason()).await.expect(200);
    assert_eq!(
        (withdrawn.str("status"), &withdrawn.json["end"]["reason"]),
        ("withdrawn", &json!("情况说明"))
    );
    assert_eq!(withdrawn.clock("solve", 1)["state"], "cancelled");
    for command in ["urge", "withdraw", "accept", "resolve", "return"] {
        let (caller, body) = match command {
            "accept" => (&cast.worker, json!({})),
            "resolve" => (&cast.clerk, solved()),
            "return" => (&cast.clerk, reason()),
            "urge" => (&cast.resident, json!({})),
            _ => (&cast.resident, reason()),
        };
        let refused = act(caller, &ticket, command, body).await;
        refused.refused(409, "ticket.ended");
        assert!(refused.text.contains("已撤单"), "{}", refused.text);
    }
    // What comes late becomes a note, and is not lost.
    let _ = act(&cast.clerk, &ticket, "note", json!({"reason": "灯其实已修好"})).await.expect(200);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn l07_what_is_declined_is_answered(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let dispatched = cast.ticket_at("dispatched").await;
    act(&cast.clerk, &dispatched, "decline", reason()).await.refused(409, "ticket.already_dispatched");
    let ticket = cast.ticket().await;
    act(&cast.clerk, &ticket, "decline", json!({})).await.refused_for(
        400,
        "request.missing_field",
        "/reason",
    );
    let why = json!({"reason": "属于邻县，请拨打邻县热线。"});
    let _ = act(&cast.clerk, &ticket, "decline", why).await.expect(200);
    let seen = cast.resident.get(&ticket).await.expect(200);
    assert_eq!(
        (seen.str("status"), &seen.json["end"]["reason"]),
        ("declined", &json!("属于邻县，请拨打邻县热线。"))
    );
    assert_eq!(
        cast.resident.get(&format!("{ticket}/timeline")).await.items()[1]["text"],
        "属于邻县，请拨打邻县热线。"
    );
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn merged_requesters_follow_the_target_and_are_told(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let neighbour = app.resident("普建华").await;
    let target = cast.ticket().await;
    let source = path(&neighbour.post("/tickets", lamp()).await.expect(201));
    let id = |path: &str| path.trim_start_matches("/tickets/").to_owned();
    let into = |path: &str| json!({"into": id(path), "reason": "同一盏路灯"});
    neighbour.get(&target).await.refused(404, "ticket.not_found");
    act(&cast.clerk, &source, "merge", into(&source)).await.refused_for(
        422,
        "ticket.merge_into_itself",
        "/into",
    );
    let nowhere = json!({"into": uuid::Uuid::nil(), "reason": "x"});
    act(&cast.clerk, &source, "merge", nowhere).await.refused_for(
        422,
        "ticket.merge_target_unknown",
        "/into",
    );
    let mut there = lamp();
    there["place"]["code"] = json!(NEIGHBOUR);
    let far = path(&cast.resident.post("/tickets", there).await.expect(201));
    act(&cast.clerk, &source, "merge", into(&far)).await.refused_for(
        422,
        "ticket.merge_target_unknown",
        "/into",
    );
    let closed = cast.ticket_at("closed").await;
    let refused = act(&cast.clerk, &source, "merge", into(&closed)).await;
    refused.refused(409, "ticket.merge_target_not_open");
    assert!(refused.text.contains("已评单"));
    act(&cast.worker, &source, "merge", into(&target)).await.refused(403, "permission.role");
    // A key makes it once, although both tickets changed.
    let key = [("idempotency-key", "merge-1")];
    let merge = format!("{source}/merge");
    let merged = cast.clerk.post_with(&merge, &key, into(&target)).await.expect(200);
    assert_eq!((merged.str("status"), &merged.json["end"]["into"]), ("merged", &json!(id(&target))));
    let again = cast.clerk.post_with(&merge, &key, into(&target)).await.expect(200);
    assert_eq!((again.header("idempotent-replayed"), &again.text), ("true", &merged.text));
    // Told, and on board.
    let seen = neighbour.get(&source).await.expect(200);
    assert_eq!(
        seen.json["end"],
        json!({"reason": "同一盏路灯", "into": id(&target), "at": "2026-11-21T01:00:00Z"})
    );
    let follows = neighbour.get(&target).await.expect(200);
    assert_eq!((&follows.json["joined"], &follows.json["contact"]), (&json!(1), &Value::Null));
    assert_eq!(follows.json["requester"], Value::Null, "who else asked is not theirs to know");
    assert_eq!(kinds(&neighbour, &target).await, ["submitted", "absorbed"]);
    let mine = neighbour.get("/tickets?mine=true").await.expect(200);
    let mut ids: Vec<_> = mine.items().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    let mut both = vec![id(&source), id(&target)];
    both.sort();
    assert_eq!(ids, both, "what became of theirs is theirs");
    // In circles: what was merged is not open.
    act(&cast.clerk, &target, "merge", into(&source)).await.refused(409, "ticket.merge_target_not_open");
    act(&cast.clerk, &source, "merge", into(&target)).await.refused(409, "ticket.ended");
    act(&cast.resident, &target, "withdraw", reason()).await.refused(409, "ticket.others_joined");
    let _ = act(&neighbour, &target, "supplement", json!({"content": "我也是"})).await.expect(200);
    // Their own ticket may have been confidential: they stay unnamed, to staff as well, and so does it to the others.
    let added = async |who: &Caller, kind: &str, what: &str| {
        let history = who.get(&format!("{target}/timeline")).await.expect(200);
        history.items().iter().find(|entry| entry["kind"] == kind).unwrap()[what].clone()
    };
    assert_eq!(added(&cast.clerk, "supplemented", "actor").await, Value::Null);
    assert!(added(&neighbour, "supplemented", "actor").await.is_string());
    assert_eq!(added(&cast.clerk, "absorbed", "ticket").await, id(&source));
    assert_eq!(added(&cast.resident, "absorbed", "ticket").await, Value::Null);
    let _ = cast.dispatch(&target).await.expect(200);
    let _ = cast.accept(&target).await.expect(200);
    let _ = cast.resolve(&target).await.expect(200);
    let rated = act(&neighbour, &target, "rate", json!({"satisfaction": "satisfied"})).await.expect(200);
    assert_eq!(rated.str("status"), "closed");
    app.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_two_merges_that_cross_one_is_made(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    for _ in 0..10 {
        let (a, b) = (cast.ticket().await, cast.ticket().await);
        let into = |path: &str| json!({"into": path.trim_start_matches("/tickets/"), "reason": "同一件事"});
        let (one, two) =
            tokio::join!(act(&cast.clerk, &a, "merge", into(&b)), act(&cast.clerk, &b, "merge", into(&a)));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{} {}", one.text, two.text);
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_closed_ticket_is_reopened_within_ten_days(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let (early, late) = (cast.ticket_at("closed").await, cast.ticket_at("closed").await);
    act(&cast.worker, &early, "reopen", reason()).await.refused(403, "permission.reach");
    let resolved = cast.ticket_at("resolved").await;
    act(&cast.resident, &resolved, "reopen", reason()).await.refused(409, "ticket.not_closed");
    app.pass(10 * 1_440);
    let reopened = act(&cast.resident, &early, "reopen", reason()).await.expect(200);
    assert_eq!((reopened.str("status"), &reopened.json["round"]), ("dispatched", &json!(2)));
    assert_eq!(reopened.json["lead"]["person"], json!(cast.worker_id));
    assert_eq!(reopened.clock("solve", 2)["state"], "running");
    app.pass(1);
    act(&cast.resident, &late, "reopen", reason()).await.refused(409, "ticket.reopen_window_over");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_lead_and_those_who_assist(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let helper = app.staff("volunteer", COMMUNITY).await;
    let helper_id = app.id_of(&helper).await;
    let unit = app.of_unit("department_handler", UNIT).await;
    let unit_person = app.id_of(&unit).await;
    let ticket = cast.ticket().await;
    helper.get(&ticket).await.refused(404, "ticket.not_found");
    let to =
        |assist: Value| json!({"lead": {"person": cast.worker_id}, "assist": assist, "handling": "pending"});
    let twice = act(&cast.clerk, &ticket, "dispatch", to(json!([{"person": cast.worker_id}]))).await;
    twice.refused_for(422, "ticket.assist_twice", "/assist/0");
    let nobody = json!([{"unit": UNIT}, {"person": uuid::Uuid::nil()}]);
    act(&cast.clerk, &ticket, "dispatch", to(nobody)).await.refused_for(
        422,
        "ticket.lead_unknown",
        "/assist/1",
    );
    let many: Vec<_> = (0..21).map(|i| json!({"person": uuid::Uuid::from_u128(i)})).collect();
    act(&cast.clerk, &ticket, "dispatch", to(json!(many))).await.refused_for(
        422,
        "ticket.assist_too_many",
        "/assist",
    );
    let assist = json!([{"unit": UNIT}, {"person": helper_id}]);
    let dispatched = act(&cast.clerk, &ticket, "dispatch", to(assist)).await.expect(200);
    assert_eq!(
        dispatched.json["assist"],
        json!([{"person": null, "unit": UNIT}, {"person": helper_id, "unit": null}])
    );
    assert_eq!(dispatched.str("handling"), "pending");
    for (caller, list) in
        [(&helper, "/tickets?assist=true".to_owned()), (&unit, format!("/tickets?assist=true&unit={UNIT}"))]
    {
        assert_eq!(caller.get(&list).await.expect(200).items().len(), 1);
        let seen = caller.get(&ticket).await.expect(200);
        assert_eq!(seen.json["contact"]["masked"], true);
        let _ = act(caller, &ticket, "note", reason()).await.expect(200);
        act(caller, &ticket, "accept", json!({})).await.refused(403, "permission.reach");
    }
    assert_eq!(cast.clerk.get("/tickets?handling=pending").await.items().len(), 1);
    // Whose only grant is a unit may be named as a person, too.
    let other = cast.ticket().await;
    let by_name = json!({"lead": {"person": unit_person}});
    let _ = act(&cast.clerk, &other, "dispatch", by_name).await.expect(200);
    let _ = act(&unit, &other, "accept", json!({})).await.expect(200);
    // Taken back, nobody assists any more.
    let _ = act(&cast.clerk, &ticket, "return", reason()).await.expect(200);
    helper.get(&ticket).await.refused(404, "ticket.not_found");
    assert_eq!(helper.get("/tickets?assist=true").await.items().len(), 0);
    app.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn l07_shared_matters_are_claimed_and_one_wins(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let person = |name: &str, role: &str| api::NewToken {
        role: role.to_owned(),
        scope: api::Scope::Place(COMMUNITY.to_owned()),
        person: Some(name.to_owned()),
        lifetime: std::time::Duration::from_secs(3_600),
    };
    let mut members = Vec::new();
    for name in ["党员甲", "党员乙", "党员丙", "党员丁"] {
        members.push(app.anyone().with_token(&app.app.token(&person(name, "party_member")).await.unwrap()));
    }
    let volunteer = app.anyone().with_token(&app.app.token(&person("志愿者", "volunteer")).await.unwrap());
    let ticket = cast.ticket().await;
    members[0].get(&ticket).await.refused(404, "ticket.not_found");
    act(&cast.worker, &ticket, "claim", json!({})).await.refused(409, "ticket.not_claimable");
    // Sorting opens it, for those whom the playbook names.
    let graded = act(&cast.clerk, &ticket, "grade", json!({"affair": "shared"})).await.expect(200);
    assert_eq!(graded.json["claimable"], true);
    assert_eq!(members[0].get("/tickets?claimable=true").await.expect(200).items().len(), 1);
    assert_eq!(volunteer.get("/tickets?claimable=true").await.expect(200).items().len(), 0);
    act(&volunteer, &ticket, "claim", json!({})).await.refused(404, "ticket.not_found");
    let calls = members.iter().map(|member| {
        let (member, path) = (member.clone(), format!("{ticket}/claim"));
        async move { member.post(&path, json!({})).await }
    });
    let mut answers = calls.collect::<tokio::task::JoinSet<_>>().join_all().await;
    answers.sort_by_key(|answer| answer.status);
    assert_eq!((answers[0].status, answers[0].str("status")), (200, "accepted"));
    answers[1..].iter().for_each(|answer| answer.refused(409, "ticket.already_accepted"));
    assert_eq!(members[0].get("/tickets?claimable=true").await.items().len(), 0);
    act(&cast.clerk, &ticket, "grade", json!({})).await.refused(422, "ticket.nothing_to_grade");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn l01_the_channel_and_the_event_that_it_came_from(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let with = |name: &str, value: Value| {
        let mut body = lamp();
        body["channel"] = json!("delegates_meeting");
        body["origin"] = json!({"title": "温泉社区居民代表大会", "held_on": "2026-11-20"});
        body["occurred_at"] = json!("2026-11-20T07:00:00Z");
        body[name] = value;
        body
    };
    let filed = cast.clerk.post("/tickets", with("severity", json!("small"))).await.expect(201);
    assert_eq!(filed.json["origin"], json!({"title": "温泉社区居民代表大会", "held_on": "2026-11-20"}));
    assert_eq!(
        (filed.str("occurred_at"), filed.str("created_at")),
        ("2026-11-20T07:00:00Z", "2026-11-21T01:00:00Z")
    );
    assert_eq!(
        filed.clock("solve", 1)["started_at"],
        "2026-11-21T01:00:00Z",
        "nobody could have kept a limit before"
    );
    assert_eq!(cast.clerk.get(&path(&filed)).await.json["origin"], filed.json["origin"]);
    let rows = [
        ("occurred_at", json!("2026-11-22T00:00:00Z"), "ticket.time_too_late", "/occurred_at"),
        ("occurred_at", json!("2026-10-01T00:00:00Z"), "ticket.time_too_early", "/occurred_at"),
        ("origin", json!({"title": ""}), "text.empty", "/origin/title"),
        (
            "origin",
            json!({"title": "会", "held_on": "2026-11-22"}),
            "ticket.time_too_late",
            "/origin/held_on",
        ),
        (
            "origin",
            json!({"title": "会", "held_on": "2025-11-01"}),
            "ticket.time_too_early",
            "/origin/held_on",
        ),
        (
            "origin",
            json!({"title": "会", "held_on": "-262143-01-01"}),
            "ticket.time_too_early",
            "/origin/held_on",
        ),
        ("origin", json!({"title": "会".repeat(201)}), "text.too_long", "/origin/title"),
    ];
    for (name, value, code, field) in rows {
        cast.clerk.post("/tickets", with(name, value)).await.refused_for(422, code, field);
    }
    // The limit is now, as people in China read it.
    let ahead = with("origin", json!({"title": "会", "held_on": "2026-11-22"}));
    let told = cast.clerk.post("/tickets", ahead).await.text;
    assert!(told.contains("2026-11-21 09:00"), "{told}");
    let mut own = lamp();
    own["occurred_at"] = json!("2026-11-20T07:00:00Z");
    cast.resident.post("/tickets", own).await.refused_for(
        422,
        "ticket.occurred_at_for_staff",
        "/occurred_at",
    );
    app.stop().await;
}
