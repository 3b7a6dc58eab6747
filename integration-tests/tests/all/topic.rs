//! 议题: what cannot be settled on the spot waits for the next meeting of its desk, and is settled there.

use crate::inbox::told;
use crate::ladder::{entry, listed};
use crate::machine::{act, reason};
use crate::rules::play_by;
use crate::ticket::{Cast, path};
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT, lamp};
use integration_tests::{Answer, Backend};
use rstest::rstest;
use serde_json::{Value, json};

/// The meetings of Longli: of the community each week; its street is beside the ladder.
const MEETINGS: &str = r#"
[[ladder]]
key = "working"
name = "社区工作例会"
level = "community"
up = "county"
meets = "week"

[[ladder]]
key = "county"
name = "县级"
level = "county"
"#;

fn decision(text: &str) -> Value {
    json!({"text": text})
}

#[rstest]
#[tokio::test]
async fn q02_it_waits_for_the_meeting_of_its_desk_and_is_settled_there(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    play_by(&app, MEETINGS, &[]).await;
    let cast = Cast::of(&app).await;
    let leader = app.staff("grid_leader", COMMUNITY).await;
    let elsewhere = app.staff("grid_leader", NEIGHBOUR).await;
    let ticket = cast.ticket_at("accepted").await;
    assert_eq!(cast.clerk.get(&ticket).await.expect(200).json["topic"], Value::Null);
    app.pass(1);
    let empty = json!({"reason": " "});
    act(&cast.worker, &ticket, "topic", empty).await.refused_for(422, "text.empty", "/reason");
    let why = json!({"reason": "三个小区共用的管网，当场定不了"});
    let raised = act(&cast.worker, &ticket, "topic", why).await.expect(200);
    assert_eq!(
        raised.json["topic"],
        json!({"since": "2026-11-21T01:01:00Z", "by": cast.worker_id, "reason": "三个小区共用的管网，当场定不了"})
    );
    // It goes up to nobody: the working meeting of its own community has it.
    assert_eq!((raised.str("desk"), &raised.json["escalated_at"]), (COMMUNITY, &Value::Null));
    assert_eq!(raised.json["rung"], json!({"key": "working", "name": "社区工作例会", "meets": "week"}));
    assert_eq!(cast.clerk.get(&ticket).await.json["topic"], raised.json["topic"], "as it was answered");
    act(&cast.worker, &ticket, "topic", reason()).await.refused(409, "ticket.already_a_topic");
    // The requester sees that it is one; why is among staff.
    let seen = cast.resident.get(&ticket).await.expect(200);
    assert_eq!(
        (&seen.json["topic"]["since"], &seen.json["topic"]["reason"]),
        (&json!("2026-11-21T01:01:00Z"), &Value::Null)
    );
    for (caller, text) in
        [(&cast.clerk, json!("三个小区共用的管网，当场定不了")), (&cast.resident, Value::Null)]
    {
        let step = entry(&caller.get(&format!("{ticket}/timeline")).await, "topic_raised");
        assert_eq!((&step["text"], &step["label"]), (&text, &json!("列为议题")));
    }
    // The requester is told, the leader of its grid, and those whose meeting it is before.
    app.app.catch_up().await.unwrap();
    for caller in [&cast.resident, &leader, &cast.clerk] {
        assert_eq!(told(caller).await.iter().filter(|kind| *kind == "topic_raised").count(), 1);
    }
    for caller in [&elsewhere, &cast.worker] {
        assert!(!told(caller).await.contains(&"topic_raised".to_owned()));
    }
    // What was handed up alone can go back.
    let back = json!({"text": "退回", "back": true});
    act(&cast.clerk, &ticket, "decide", back).await.refused_for(422, "ticket.nowhere_back", "/back");
    act(&cast.worker, &ticket, "decide", decision("就这样")).await.refused(403, "permission.role");
    let settled = act(&cast.clerk, &ticket, "decide", decision("物业出资，社区组织")).await.expect(200);
    assert_eq!((&settled.json["topic"], settled.str("status")), (&Value::Null, "accepted"));
    assert_eq!(settled.str("desk"), COMMUNITY);
    act(&cast.clerk, &ticket, "decide", decision("再定")).await.refused(409, "ticket.not_escalated");
    app.app.catch_up().await.unwrap();
    assert!(told(&cast.worker).await.contains(&"decided".to_owned()), "whoever handles it");
    // It may be put there again.
    let _ = act(&cast.clerk, &ticket, "topic", reason()).await.expect(200);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn q02_those_who_meet_find_what_is_before_them(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let street = app.staff("street_dispatcher", STREET).await;
    let next_door = app.staff("community_clerk", NEIGHBOUR).await;
    let handler = app.of_unit("department_handler", UNIT).await;
    let mut here = Vec::new();
    for _ in 0..3 {
        let ticket = cast.ticket().await;
        let _ = act(&cast.clerk, &ticket, "topic", reason()).await.expect(200);
        here.insert(0, cast.clerk.get(&ticket).await.str("number").to_owned());
        app.pass(1);
    }
    let none = cast.ticket().await;
    let mut there = lamp();
    there["place"]["code"] = json!(NEIGHBOUR);
    let there = path(&cast.resident.post("/tickets", there).await.expect(201));
    let _ = act(&next_door, &there, "topic", reason()).await.expect(200);
    let beside = next_door.get(&there).await.str("number").to_owned();
    // Of one's own places, or of the one that is named.
    assert_eq!(listed(&cast.clerk, "topic=true").await, here);
    assert_eq!(listed(&next_door, "topic=true").await, [beside.as_str()]);
    let both: Vec<_> = [beside.clone()].into_iter().chain(here.clone()).collect();
    assert_eq!(listed(&street, "topic=true").await, both);
    assert_eq!(listed(&street, &format!("topic=true&place={NEIGHBOUR}")).await, [beside.as_str()]);
    assert_eq!(listed(&street, &format!("topic=true&desk={COMMUNITY}")).await, here);
    assert_eq!(listed(&cast.clerk, &format!("topic=true&place={NEIGHBOUR}")).await, [""; 0], "out of sight");
    assert_eq!(listed(&handler, "topic=true").await, [""; 0]);
    let number = cast.clerk.get(&none).await.str("number").to_owned();
    assert_eq!(listed(&cast.clerk, "topic=false").await, [number.as_str()]);
    // Page by page.
    let page = street.get("/tickets?topic=true&limit=3").await.expect(200);
    assert!(page.items().iter().all(|ticket| ticket["topic"] == true));
    let next = page.str("next_cursor");
    let rest = street.get(&format!("/tickets?topic=true&limit=3&cursor={next}")).await.expect(200);
    assert_eq!((page.items().len(), rest.items().len(), &rest.json["next_cursor"]), (3, 1, &Value::Null));
    // What goes up, or ends, is before that meeting no more.
    let up = cast.ticket().await;
    let _ = act(&cast.clerk, &up, "topic", reason()).await.expect(200);
    assert_eq!(listed(&cast.clerk, "topic=true").await.len(), 4);
    let handed_up = act(&cast.clerk, &up, "escalate", reason()).await.expect(200);
    assert_eq!(handed_up.json["topic"], Value::Null);
    assert_eq!(listed(&cast.clerk, "topic=true").await, here);
    let gone = path(&cast.resident.post("/tickets", lamp()).await.expect(201));
    let _ = act(&cast.clerk, &gone, "topic", reason()).await.expect(200);
    let withdrawn = act(&cast.resident, &gone, "withdraw", reason()).await.expect(200);
    assert_eq!(withdrawn.json["topic"], Value::Null);
    assert_eq!(listed(&cast.clerk, "topic=true").await, here);
    act(&cast.clerk, &gone, "topic", reason()).await.refused(409, "ticket.ended");
    act(&cast.clerk, &gone, "decide", decision("迟了")).await.refused(409, "ticket.ended");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn q02_who_may_put_it_there(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let street = app.staff("street_dispatcher", STREET).await;
    let other = app.staff("grid_leader", COMMUNITY).await;
    let supervisor = app.staff("supervisor", "532504").await;
    let next_door = app.staff("community_clerk", NEIGHBOUR).await;
    let ticket = cast.ticket_at("dispatched").await;
    act(&cast.resident, &ticket, "topic", reason()).await.refused(403, "permission.role");
    act(&supervisor, &ticket, "topic", reason()).await.refused(403, "permission.role");
    act(&other, &ticket, "topic", reason()).await.refused(403, "permission.reach");
    act(&next_door, &ticket, "topic", reason()).await.refused(404, "ticket.not_found");
    let resolved = cast.ticket_at("resolved").await;
    act(&cast.clerk, &resolved, "topic", reason()).await.refused(409, "ticket.already_resolved");
    // Once it lies on the desk of the street, that is whose meeting it is before.
    let _ = act(&cast.clerk, &ticket, "escalate", reason()).await.expect(200);
    act(&cast.clerk, &ticket, "topic", reason()).await.refused(403, "permission.reach");
    act(&cast.clerk, &ticket, "decide", decision("由社区定")).await.refused(403, "permission.reach");
    let _ = act(&street, &ticket, "topic", reason()).await.expect(200);
    let back = json!({"text": "社区办理", "back": true});
    let decided = act(&street, &ticket, "decide", back).await.expect(200);
    assert_eq!((decided.str("desk"), &decided.json["topic"]), (COMMUNITY, &Value::Null));
    assert_eq!(decided.json["escalated_at"], Value::Null);
    // What is confidential is put there as it is handled: who raised it is told to nobody.
    let mut secret = lamp();
    secret["confidential"] = json!(true);
    let secret = path(&cast.resident.post("/tickets", secret).await.expect(201));
    let raised = act(&cast.clerk, &secret, "topic", reason()).await.expect(200);
    assert_eq!((&raised.json["requester"], raised.json["topic"].is_object()), (&Value::Null, true));
    app.stop().await;
}

/// Two who put it there at the same time: one of them does.
#[rstest]
#[tokio::test]
async fn q02_it_is_put_there_once_and_settled_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let street = app.staff("street_dispatcher", STREET).await;
    let ticket = cast.ticket_at("accepted").await;
    let statuses = |answers: [Answer; 2]| {
        let mut statuses = answers.map(|answer| answer.status);
        statuses.sort_unstable();
        statuses
    };
    let (one, other) = tokio::join!(
        act(&cast.clerk, &ticket, "topic", reason()),
        act(&cast.worker, &ticket, "topic", reason())
    );
    assert_eq!(statuses([one, other]), [200, 409]);
    let (one, other) = tokio::join!(
        act(&cast.clerk, &ticket, "decide", decision("甲")),
        act(&street, &ticket, "decide", decision("乙"))
    );
    assert_eq!(statuses([one, other]), [200, 409]);
    let timeline = cast.clerk.get(&format!("{ticket}/timeline?limit=100")).await.expect(200);
    for kind in ["topic_raised", "decided"] {
        assert_eq!(timeline.items().iter().filter(|entry| entry["kind"] == kind).count(), 1);
    }
    app.stop().await;
}
