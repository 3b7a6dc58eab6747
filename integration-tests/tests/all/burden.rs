//! What is asked of communities, what burdens them, and the street's powers.

use crate::rules::{import, mile_with, play_by, said};
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT};
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

const COUNTY: &str = "532504";
const LIST: &str = "[[admitted]]\nkey = \"census\"\nname = \"人口普查\"\n\n\
    [[admitted]]\nkey = \"dogs\"\nname = \"养犬登记\"\ndepartment = \"市公安局\"\n";

fn asked(key: Option<&str>) -> Value {
    json!({
        "place": COMMUNITY, "key": key, "what": "逐户核对人口", "reason": "国务院令",
        "until": "2026-12-11T10:00:00Z", "recurring": true
    })
}

/// What somebody was told of matters of a kind, the latest first.
async fn told(caller: &Caller, kind: &str) -> Vec<String> {
    let inbox = caller.get("/me/inbox?limit=100").await.expect(200);
    let of_kind = inbox.items().iter().filter(|one| one["matter"]["kind"] == kind);
    of_kind.map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
}

async fn count(caller: &Caller, path: &str) -> usize {
    caller.get(path).await.expect(200).items().len()
}

#[rstest]
#[tokio::test]
async fn m05_what_is_on_the_list_is_admitted_and_the_rest_decided_on(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    play_by(&app, LIST, &[]).await;
    let handler = app.of_unit("department_handler", UNIT).await;
    let (street, clerk) =
        (app.staff("street_dispatcher", STREET).await, app.staff("community_clerk", COMMUNITY).await);
    // On the list: at once, and the community hears of it.
    let admitted = handler.post("/admissions", asked(Some("census"))).await.expect(201);
    assert_eq!((admitted.str("status_name"), admitted.header("etag")), ("已准入", "\"1\""));
    assert_eq!((&admitted.json["may_be_done"], &admitted.json["recurring"]), (&json!(true), &json!(true)));
    assert_eq!(admitted.json["unit"]["name"], "市住房和城乡建设局");
    assert_eq!(told(&clerk, "admission").await, ["matter_assigned"]);
    // Not on it, or another department's: it waits for the street, and the community may not do it.
    let mut waiting = Vec::new();
    for key in [None, Some("dogs")] {
        let pending = handler.post("/admissions", asked(key)).await.expect(201);
        assert_eq!(
            (pending.str("status"), &pending.json["may_be_done"]),
            ("pending", &json!(false)),
            "{key:?}"
        );
        waiting.push(format!("/admissions/{}", pending.str("id")));
    }
    assert_eq!(told(&street, "admission").await, ["matter_to_decide", "matter_to_decide"]);
    let refuse = json!({"admit": false, "reason": "属部门自身职责"});
    let admit = json!({"admit": true, "reason": "一次性工作，同意"});
    let decide = |path: &str| format!("{path}/decide");
    clerk.post(&decide(&waiting[0]), admit.clone()).await.refused(403, "permission.role");
    let elsewhere = app.staff("street_dispatcher", "532504002").await;
    elsewhere.post(&decide(&waiting[0]), admit.clone()).await.refused(404, "matter.not_found");
    // Of two who decide at once, one does.
    let (path, admin) = (decide(&waiting[0]), app.staff("county_admin", COUNTY).await);
    let (one, other) = tokio::join!(street.post(&path, refuse.clone()), admin.post(&path, refuse.clone()));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let refused = clerk.get(&waiting[0]).await.expect(200);
    assert_eq!((refused.str("status_name"), &refused.json["may_be_done"]), ("不予准入", &json!(false)));
    assert_eq!(refused.str("decision"), "属部门自身职责");
    assert!(told(&handler, "admission").await.contains(&"matter_decided".to_owned()));
    let allowed = street.post(&decide(&waiting[1]), admit).await.expect(200);
    assert_eq!((allowed.str("status"), &allowed.json["may_be_done"]), ("admitted", &json!(true)));
    street.post(&decide(&waiting[1]), refuse).await.refused(409, "matter.over");
    // By area, unit and status.
    assert_eq!(count(&clerk, "/admissions").await, 3);
    assert_eq!(count(&clerk, "/admissions?status=refused").await, 1);
    assert_eq!(count(&street, &format!("/admissions?unit={UNIT}")).await, 3);
    assert_eq!(count(&elsewhere, &format!("/admissions?unit={UNIT}")).await, 0);
    assert_eq!(
        (count(&handler, "/admissions?mine=true").await, count(&handler, "/admissions").await),
        (3, 0)
    );
    assert_eq!(count(&handler, &format!("/admissions?unit={UNIT}&place={NEIGHBOUR}")).await, 0);
    let listed = handler.get(&format!("/admissions/listed?place={COMMUNITY}")).await.expect(200);
    assert_eq!(listed.items()[1], json!({"key": "dogs", "name": "养犬登记", "department": "市公安局"}));
    // What it was admitted until is over by itself.
    app.pass(21 * 24 * 60);
    app.app.catch_up().await.unwrap();
    let ended = clerk.get(&waiting[1]).await.expect(200);
    assert_eq!((ended.str("status"), &ended.json["may_be_done"]), ("ended", &json!(false)));
    assert_eq!(clerk.get(&waiting[0]).await.expect(200).str("status"), "refused");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m05_a_community_reports_what_is_pushed_on_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let handler = app.of_unit("department_handler", UNIT).await;
    let (street, clerk) =
        (app.staff("street_dispatcher", STREET).await, app.staff("community_clerk", COMMUNITY).await);
    let report = json!({"place": COMMUNITY, "unit": UNIT, "what": "代收台账", "reason": "电话要求"});
    let pushed = clerk.post("/admissions/report", report.clone()).await.expect(201);
    assert_eq!((pushed.str("status"), &pushed.json["unadmitted"]), ("reported", &json!(true)));
    assert_eq!(pushed.json["may_be_done"], json!(false));
    assert_eq!(told(&street, "admission").await, ["matter_to_decide"]);
    assert_eq!(told(&handler, "admission").await, ["matter_reported"]);
    let path = format!("/admissions/{}/decide", pushed.str("id"));
    let refused = street.post(&path, json!({"admit": false, "reason": "退回部门"})).await.expect(200);
    assert_eq!(refused.str("status"), "refused");
    // What is on no list waits, and what nobody decides on lapses.
    let lapsing = handler.post("/admissions", asked(None)).await.expect(201);
    app.pass(21 * 24 * 60);
    let late = json!({"admit": true, "reason": "补批"});
    let path = format!("/admissions/{}", lapsing.str("id"));
    street.post(&format!("{path}/decide"), late).await.refused(409, "matter.over");
    app.app.catch_up().await.unwrap();
    assert_eq!(clerk.get(&path).await.expect(200).str("status"), "lapsed");
    // What is wrong is named.
    let with = |key: &str, value: Value| {
        let mut body = asked(None);
        body["until"] = json!("2027-01-21T10:00:00Z");
        body[key] = value;
        body
    };
    let unlisted = with("key", json!("census"));
    handler.post("/admissions", unlisted).await.refused_for(422, "matter.unknown", "/key");
    let street_wide = with("place", json!(STREET));
    handler.post("/admissions", street_wide).await.refused_for(422, "matter.place", "/place");
    let past = with("until", json!("2026-11-01T00:00:00Z"));
    handler.post("/admissions", past).await.refused_for(422, "matter.time", "/until");
    let nobody = with("unit", json!(Uuid::nil()));
    handler.post("/admissions", nobody).await.refused_for(422, "matter.who", "/unit");
    handler.post("/admissions", with("what", json!(" "))).await.refused_for(422, "text.empty", "/what");
    clerk.post("/admissions", asked(None)).await.refused(403, "permission.role");
    let neighbour = app.staff("community_clerk", NEIGHBOUR).await;
    neighbour.post("/admissions/report", report).await.refused(403, "matter.beyond_scope");
    neighbour.get(&path).await.refused(404, "matter.not_found");
    // Two entries of one key are no list.
    let twice = said(&import(&app, &mile_with(&format!("{LIST}\n{LIST}")), None));
    assert!(twice.contains("admitted[2].key: 准入事项重复"), "{twice}");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m05_the_burden_register_counts_what_there_is_and_what_was_reduced(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let enter = async |caller: &Caller, place: &str, kind: &str, unit: Option<Uuid>| {
        let body = json!({"place": place, "kind": kind, "name": "某项", "unit": unit});
        let entered = caller.post("/burdens", body).await.expect(201);
        assert_eq!((entered.str("status"), entered.str("kind")), ("there", kind));
        format!("/burdens/{}", entered.str("id"))
    };
    let mut plates = Vec::new();
    for _ in 0..3 {
        plates.push(enter(&clerk, COMMUNITY, "plate", Some(UNIT)).await);
    }
    let _body = enter(&clerk, COMMUNITY, "body", None).await;
    let ledger = enter(&admin, NEIGHBOUR, "ledger", None).await;
    let reason = json!({"reason": "无文件依据"});
    let reduced = clerk.post(&format!("{}/reduce", plates[0]), reason.clone()).await.expect(200);
    assert_eq!((reduced.str("status_name"), reduced.str("reason")), ("已精简", "无文件依据"));
    assert_eq!(reduced.str("reduced_at"), "2026-11-21T01:00:00Z");
    // Once, whoever is faster.
    let path = format!("{}/reduce", plates[1]);
    let (one, other) = tokio::join!(clerk.post(&path, reason.clone()), admin.post(&path, reason.clone()));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let _ = admin.post(&format!("{ledger}/reduce"), reason.clone()).await.expect(200);
    let counts = async |caller: &Caller, place: &str| -> Vec<(String, i64, i64)> {
        let counted = caller.get(&format!("/burdens/count?place={place}")).await.expect(200);
        let line = |one: &Value| {
            let number = |key: &str| one[key].as_i64().unwrap();
            (one["kind"].as_str().unwrap().to_owned(), number("there"), number("reduced"))
        };
        counted.items().iter().map(line).collect()
    };
    let lines = |numbers: [(i64, i64); 4]| -> Vec<_> {
        let kinds = ["body", "plate", "meeting", "ledger"].iter().zip(numbers);
        kinds.map(|(kind, (there, reduced))| ((*kind).to_owned(), there, reduced)).collect()
    };
    assert_eq!(counts(&admin, COUNTY).await, lines([(1, 0), (1, 2), (0, 0), (0, 1)]));
    assert_eq!(counts(&clerk, COUNTY).await, lines([(1, 0), (1, 2), (0, 0), (0, 0)]));
    assert_eq!(counts(&clerk, NEIGHBOUR).await, lines([(0, 0); 4]));
    assert_eq!(count(&admin, "/burdens?place=532504&kind=plate&open=true").await, 1);
    assert_eq!(count(&admin, "/burdens?place=532504&open=false").await, 3);
    assert_eq!(count(&clerk, &format!("/burdens?unit={UNIT}")).await, 3);
    // Neither elsewhere nor by others.
    let elsewhere = json!({"place": NEIGHBOUR, "kind": "plate", "name": "某项"});
    clerk.post("/burdens", elsewhere).await.refused(403, "matter.beyond_scope");
    clerk.post(&format!("{ledger}/reduce"), reason.clone()).await.refused(404, "matter.not_found");
    let street_wide = json!({"place": STREET, "kind": "plate", "name": "某项"});
    admin.post("/burdens", street_wide).await.refused_for(422, "matter.place", "/place");
    let supervisor = app.staff("supervisor", COUNTY).await;
    let _ = supervisor.get(&plates[2]).await.expect(200);
    supervisor.post(&format!("{}/reduce", plates[2]), reason).await.refused(403, "permission.role");
    let unknown = json!({"place": COMMUNITY, "kind": "plate", "name": "某项", "unit": Uuid::nil()});
    clerk.post("/burdens", unknown).await.refused_for(422, "matter.who", "/unit");
    let audit = admin.get("/audit?place=532504").await.expect(200);
    assert!(audit.text.contains("精简社区负担"), "{}", audit.text);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m05_the_streets_powers_are_recorded_with_what_came_of_them(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let street = app.staff("street_dispatcher", STREET).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let mut used = Vec::new();
    for which in ["appointments", "planning", "management", "decisions", "projects"] {
        let body = json!({"place": STREET, "which": which, "text": "街道意见", "unit": UNIT});
        let power = street.post("/powers", body).await.expect(201);
        assert_eq!((power.str("status"), power.str("which")), ("used", which));
        used.push(format!("/powers/{}", power.str("id")));
    }
    let adopted = json!({"adopted": true, "text": "已写入控规修编"});
    let done = street.post(&format!("{}/outcome", used[1]), adopted.clone()).await.expect(200);
    assert_eq!((done.str("status_name"), done.str("outcome")), ("已采纳", "已写入控规修编"));
    assert_eq!(done.str("which_name"), "规划参与权");
    let rejected = json!({"adopted": false, "text": "资金不足"});
    let not = admin.post(&format!("{}/outcome", used[4]), rejected.clone()).await.expect(200);
    assert_eq!(not.str("status"), "rejected");
    street.post(&format!("{}/outcome", used[1]), rejected).await.refused(409, "matter.over");
    assert_eq!(count(&admin, "/powers?place=532504").await, 5);
    assert_eq!(count(&admin, "/powers?status=used").await, 3);
    assert_eq!(count(&street, &format!("/powers?which=planning&unit={UNIT}")).await, 1);
    // The street's, and in its area.
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let body = json!({"place": COMMUNITY, "which": "planning", "text": "社区意见"});
    clerk.post("/powers", body.clone()).await.refused(403, "permission.role");
    let elsewhere = app.staff("street_dispatcher", "532504002").await;
    elsewhere.post("/powers", body).await.refused(403, "matter.beyond_scope");
    elsewhere.post(&format!("{}/outcome", used[0]), adopted).await.refused(404, "matter.not_found");
    let vague = json!({"place": STREET, "which": "money", "text": "街道意见"});
    assert_eq!(street.post("/powers", vague).await.status, 400);
    app.stop().await;
}
