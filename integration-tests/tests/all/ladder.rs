//! 逐级会商: what one level cannot solve goes up with its file, and comes back with a decision.

use crate::machine::{act, reason};
use crate::rules::{import, mile_with, play_by};
use crate::ticket::Cast;
use integration_tests::app::{COMMUNITY, STREET, TestApp, here};
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

/// The ladder of Fuqing: grids weekly, the street monthly, the city quarterly.
const FUQING: &str = r#"
[[ladder]]
key = "grids"
name = "网格周例会"
level = "community"
up = "street_meeting"
meets = "week"

[[ladder]]
key = "street_meeting"
name = "街道联席会"
level = "street"
up = "city"
meets = "month"

[[ladder]]
key = "city"
name = "市级会商"
level = "county"
meets = "quarter"
"#;

fn decision(back: bool) -> Value {
    json!({"text": "由街道牵头，住建局配合", "back": back})
}

/// The numbers of the tickets that a list shows.
pub(crate) async fn listed(caller: &Caller, query: &str) -> Vec<String> {
    let list = caller.get(&format!("/tickets?{query}")).await.expect(200);
    list.items().iter().map(|ticket| ticket["number"].as_str().unwrap().to_owned()).collect()
}

/// The first entry of a kind.
pub(crate) fn entry(timeline: &Answer, kind: &str) -> Value {
    timeline.items().iter().find(|entry| entry["kind"] == kind).unwrap().clone()
}

#[rstest]
#[tokio::test]
async fn f02_it_goes_up_with_its_file_and_comes_back_with_a_decision(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    play_by(&app, FUQING, &[]).await;
    let cast = Cast::of(&app).await;
    let street = app.staff("street_dispatcher", STREET).await;
    let elsewhere = app.staff("street_dispatcher", "532504002").await;
    let ticket = cast.ticket_at("accepted").await;
    let _ = cast.worker.post(&format!("{ticket}/arrive"), here()).await.expect(200);
    let first = cast.resident.get(&ticket).await.expect(200);
    let grids = json!({"key": "grids", "name": "网格周例会", "meets": "week"});
    assert_eq!((&first.json["rung"], &first.json["escalated_at"]), (&grids, &Value::Null));
    act(&street, &ticket, "decide", decision(true)).await.refused(409, "ticket.not_escalated");
    app.pass(1);
    let up = act(&cast.clerk, &ticket, "escalate", json!({"reason": "管网在三个小区之间"})).await.expect(200);
    assert_eq!((up.str("desk"), up.str("escalated_at")), (STREET, "2026-11-21T01:01:00Z"));
    let meeting = json!({"key": "street_meeting", "name": "街道联席会", "meets": "month"});
    assert_eq!(up.json["rung"], meeting);
    // It waits on the desk of the street, whole.
    let number = up.str("number").to_owned();
    let waiting = format!("desk={STREET}&escalated=true");
    assert_eq!(listed(&street, &waiting).await, [number.as_str()]);
    assert_eq!(listed(&street, &format!("desk={COMMUNITY}&escalated=true")).await, [""; 0]);
    assert_eq!(listed(&street, "escalated=false").await, [""; 0]);
    let file = street.get(&format!("{ticket}/timeline")).await.expect(200);
    assert_eq!(entry(&file, "escalated")["text"], "管网在三个小区之间");
    assert_eq!(entry(&file, "arrived")["actor"], json!(cast.worker_id));
    // Who decides: those of its desk.
    act(&cast.clerk, &ticket, "decide", decision(true)).await.refused(403, "permission.reach");
    act(&elsewhere, &ticket, "decide", decision(true)).await.refused(404, "ticket.not_found");
    let empty = json!({"text": " ", "back": true});
    act(&street, &ticket, "decide", empty).await.refused_for(422, "text.empty", "/text");
    let back = act(&street, &ticket, "decide", decision(true)).await.expect(200);
    assert_eq!((back.str("desk"), &back.json["escalated_at"]), (COMMUNITY, &Value::Null));
    assert_eq!((&back.json["rung"], back.str("status")), (&grids, "accepted"));
    assert_eq!(listed(&street, &waiting).await, [""; 0]);
    act(&street, &ticket, "decide", decision(true)).await.refused(409, "ticket.not_escalated");
    // Among staff; the requester sees that it was decided on.
    for (caller, text) in [(&cast.worker, json!("由街道牵头，住建局配合")), (&cast.resident, Value::Null)]
    {
        let decided = entry(&caller.get(&format!("{ticket}/timeline")).await, "decided");
        assert_eq!((&decided["text"], &decided["label"]), (&text, &json!("联席会议定")));
        assert_eq!(decided["desk"], COMMUNITY);
    }
    // Whoever asked, and whoever handles it, is told.
    app.app.catch_up().await.unwrap();
    for caller in [&cast.clerk, &cast.worker] {
        assert!(crate::inbox::told(caller).await.contains(&"decided".to_owned()));
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f02_the_county_decides_on_what_the_street_hands_on(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let street = app.staff("street_dispatcher", STREET).await;
    let county = app.staff("county_admin", "532504").await;
    let ticket = cast.ticket().await;
    let _ = act(&cast.clerk, &ticket, "escalate", reason()).await.expect(200);
    let handed_on = act(&street, &ticket, "escalate", reason()).await.expect(200);
    assert_eq!(
        handed_on.json["rung"],
        json!({"key": "county", "name": "城市基层党建联盟协商会", "meets": "quarter"})
    );
    act(&street, &ticket, "escalate", reason()).await.refused(409, "ticket.at_the_top");
    act(&street, &ticket, "decide", decision(false)).await.refused(403, "permission.reach");
    let kept = act(&county, &ticket, "decide", json!({"text": "由市住建局办理"})).await.expect(200);
    assert_eq!((kept.str("desk"), &kept.json["escalated_at"]), ("532504", &Value::Null));
    // What went up because a limit passed asks for no decision.
    let late = cast.ticket().await;
    app.pass(6);
    app.app.catch_up().await.unwrap();
    assert_eq!(street.get(&late).await.str("desk"), STREET);
    act(&street, &late, "decide", decision(true)).await.refused(409, "ticket.not_escalated");
    app.stop().await;
}

/// Two who decide at the same time: one of them does.
#[rstest]
#[tokio::test]
async fn f02_a_decision_is_made_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let street = app.staff("street_dispatcher", STREET).await;
    let county = app.staff("county_admin", "532504").await;
    let ticket = cast.ticket().await;
    let _ = act(&cast.clerk, &ticket, "escalate", reason()).await.expect(200);
    let (one, other) = tokio::join!(
        act(&street, &ticket, "decide", decision(true)),
        act(&county, &ticket, "decide", decision(true))
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f02_a_ladder_that_goes_round_in_a_circle_is_not_imported(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let circle = FUQING.replace("level = \"county\"", "level = \"county\"\nup = \"grids\"");
    let refused = import(&app, &mile_with(&circle), None);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("ladder[2].up: 逐级上报成环"), "{said}");
    app.stop().await;
}
