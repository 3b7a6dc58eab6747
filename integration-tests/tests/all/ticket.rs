//! 点单 → 派单 → 接单 → 办单 → 评单, each refusal on the way, and what is asked of every change.

use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT, here, lamp};
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

/// The cast of a story.
pub(crate) struct Cast {
    pub(crate) resident: Caller,
    pub(crate) clerk: Caller,
    pub(crate) worker: Caller,
    pub(crate) worker_id: String,
}

impl Cast {
    pub(crate) async fn of(app: &TestApp) -> Self {
        let worker = app.staff("grid_worker", COMMUNITY).await;
        let worker_id = app.id_of(&worker).await;
        let (resident, clerk) = (app.resident("王芳").await, app.staff("community_clerk", COMMUNITY).await);
        Self { resident, clerk, worker, worker_id }
    }

    /// A new ticket's path.
    pub(crate) async fn ticket(&self) -> String {
        path(&self.resident.post("/tickets", lamp()).await.expect(201))
    }

    pub(crate) fn to_worker(&self) -> Value {
        json!({"lead": {"person": self.worker_id}})
    }

    pub(crate) async fn dispatch(&self, ticket: &str) -> Answer {
        self.clerk.post(&format!("{ticket}/dispatch"), self.to_worker()).await
    }

    pub(crate) async fn accept(&self, ticket: &str) -> Answer {
        self.worker.post(&format!("{ticket}/accept"), json!({})).await
    }

    pub(crate) async fn resolve(&self, ticket: &str) -> Answer {
        self.worker.post(&format!("{ticket}/resolve"), solved()).await
    }

    pub(crate) async fn rate(&self, ticket: &str, satisfaction: &str) -> Answer {
        self.resident.post(&format!("{ticket}/rate"), json!({"satisfaction": satisfaction})).await
    }

    /// A ticket brought to a state.
    pub(crate) async fn ticket_at(&self, status: &str) -> String {
        let ticket = self.ticket().await;
        let states = ["submitted", "dispatched", "accepted", "resolved", "closed"];
        let steps = states.iter().position(|state| *state == status).expect("a state");
        if steps >= 1 {
            let _ = self.dispatch(&ticket).await.expect(200);
        }
        if steps >= 2 {
            let _ = self.accept(&ticket).await.expect(200);
        }
        if steps >= 3 {
            let _ = self.resolve(&ticket).await.expect(200);
        }
        if steps >= 4 {
            let _ = self.rate(&ticket, "satisfied").await.expect(200);
        }
        ticket
    }
}

pub(crate) fn path(ticket: &Answer) -> String {
    format!("/tickets/{}", ticket.str("id"))
}

pub(crate) fn solved() -> Value {
    json!({"outcome": "solved", "reply": "已更换灯泡"})
}

#[rstest]
#[tokio::test]
async fn a_ticket_goes_the_whole_way(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let body = json!({"content": "北门的路灯不亮\n三天了", "place": {"code": COMMUNITY}, "address": "北门公交站旁",
        "category": "facilities", "severity": "small", "affair": "shared"});
    let submitted = cast.resident.post("/tickets", body).await.expect(201);
    assert_eq!(submitted.str("number"), "532504-261121-00001");
    assert_eq!(submitted.str("status"), "submitted");
    assert_eq!(submitted.json["place"], json!({"code": COMMUNITY, "name": "温泉社区"}));
    assert_eq!(submitted.str("created_at"), "2026-11-21T01:00:00Z");
    assert_eq!(submitted.header("etag"), "\"1\"");
    let ticket = path(&submitted);
    app.pass(1);
    let note = json!({"lead": {"person": cast.worker_id}, "note": "请带梯子"});
    let dispatched = cast.clerk.post(&format!("{ticket}/dispatch"), note).await.expect(200);
    assert_eq!((dispatched.str("status"), dispatched.header("etag")), ("dispatched", "\"2\""));
    assert_eq!(dispatched.json["lead"], json!({"person": cast.worker_id, "unit": null}));
    // What staff write to each other is for them.
    for (caller, note) in [(&cast.worker, json!("请带梯子")), (&cast.resident, Value::Null)] {
        assert_eq!(caller.get(&format!("{ticket}/timeline")).await.items()[1]["text"], note);
    }
    app.pass(1);
    let accepted = cast.accept(&ticket).await.expect(200);
    assert_eq!((accepted.str("status"), accepted.str("handler")), ("accepted", cast.worker_id.as_str()));
    app.pass(2);
    let arrived = cast.worker.post(&format!("{ticket}/arrive"), here()).await.expect(200);
    assert_eq!(arrived.str("arrived_at"), "2026-11-21T01:04:00Z");
    app.pass(10);
    let resolved = cast.resolve(&ticket).await.expect(200);
    assert_eq!(resolved.json["resolution"]["reply"], "已更换灯泡");
    app.pass(10);
    let rate = json!({"satisfaction": "satisfied", "stars": 5, "comment": "很快"});
    let closed = cast.resident.post(&format!("{ticket}/rate"), rate).await.expect(200);
    assert_eq!(closed.str("status"), "closed");
    assert_eq!(
        (&closed.json["rating"]["stars"], &closed.json["rating"]["comment"]),
        (&json!(5), &json!("很快"))
    );
    assert_eq!(closed.str("arrived_at"), "2026-11-21T01:04:00Z");
    // What was answered is what is stored.
    let read = cast.resident.get(&ticket).await.expect(200);
    assert_eq!((read.json, read.headers["etag"].clone()), (closed.json, closed.headers["etag"].clone()));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn each_command_in_each_wrong_state(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let rows: [(&str, &str, &str); 16] = [
        ("dispatched", "dispatch", "ticket.already_dispatched"),
        ("accepted", "dispatch", "ticket.already_dispatched"),
        ("closed", "dispatch", "ticket.already_dispatched"),
        ("accepted", "accept", "ticket.already_accepted"),
        ("resolved", "accept", "ticket.already_accepted"),
        ("closed", "accept", "ticket.already_accepted"),
        ("dispatched", "arrive", "ticket.not_accepted"),
        ("resolved", "arrive", "ticket.already_resolved"),
        ("closed", "arrive", "ticket.already_resolved"),
        ("dispatched", "resolve", "ticket.not_accepted"),
        ("resolved", "resolve", "ticket.already_resolved"),
        ("closed", "resolve", "ticket.already_resolved"),
        ("submitted", "rate", "ticket.not_resolved"),
        ("dispatched", "rate", "ticket.not_resolved"),
        ("accepted", "rate", "ticket.not_resolved"),
        ("closed", "rate", "ticket.already_closed"),
    ];
    for (status, command, code) in rows {
        let ticket = cast.ticket_at(status).await;
        let before = cast.resident.get(&ticket).await.json;
        let (caller, body) = match command {
            "dispatch" => (&cast.clerk, cast.to_worker()),
            "accept" => (&cast.worker, json!({})),
            "arrive" => (&cast.worker, here()),
            "resolve" => (&cast.worker, solved()),
            _ => (&cast.resident, json!({"satisfaction": "satisfied"})),
        };
        caller.post(&format!("{ticket}/{command}"), body).await.refused(409, code);
        assert_eq!(cast.resident.get(&ticket).await.json, before, "{command} while {status}");
    }
    let ticket = cast.ticket_at("accepted").await;
    let _ = cast.worker.post(&format!("{ticket}/arrive"), here()).await.expect(200);
    let again = cast.worker.post(&format!("{ticket}/arrive"), here()).await;
    again.refused(409, "ticket.already_arrived");
    assert!(again.text.contains("办单中"), "{}", again.text);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn who_may_not(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket().await;
    let dispatch = format!("{ticket}/dispatch");
    // Out of scope is not there.
    let elsewhere = app.staff("community_clerk", NEIGHBOUR).await;
    elsewhere.post(&dispatch, cast.to_worker()).await.refused(404, "ticket.not_found");
    elsewhere.get(&ticket).await.refused(404, "ticket.not_found");
    elsewhere.get(&format!("{ticket}/timeline")).await.refused(404, "ticket.not_found");
    app.resident("普建华").await.get(&ticket).await.refused(404, "ticket.not_found");
    let nothing = format!("/tickets/{}", uuid::Uuid::nil());
    cast.clerk.get(&nothing).await.refused(404, "ticket.not_found");
    cast.clerk.get("/tickets/not-an-id").await.refused(404, "ticket.not_found");
    // In scope, and not theirs.
    cast.worker.post(&dispatch, cast.to_worker()).await.refused(403, "permission.role");
    // The state is the better reason: dispatched to them it would be theirs.
    cast.accept(&ticket).await.refused(409, "ticket.not_dispatched");
    // Whoever is assigned must be able to handle it.
    let nobody = json!({"lead": {"person": uuid::Uuid::nil()}});
    cast.clerk.post(&dispatch, nobody).await.refused_for(422, "ticket.lead_unknown", "/lead");
    let stranger = json!({"lead": {"person": app.id_of(&app.staff("grid_worker", NEIGHBOUR).await).await}});
    cast.clerk.post(&dispatch, stranger).await.refused_for(422, "ticket.lead_cannot_handle", "/lead");
    let both = json!({"lead": {"person": cast.worker_id, "unit": UNIT}});
    cast.clerk.post(&dispatch, both).await.refused_for(422, "ticket.lead_one_of", "/lead");
    cast.clerk.post(&dispatch, json!({"lead": {}})).await.refused_for(422, "ticket.lead_one_of", "/lead");
    // A street's dispatcher may, and only who is assigned accepts.
    let street = app.staff("street_dispatcher", STREET).await;
    let _ = street.post(&dispatch, cast.to_worker()).await.expect(200);
    let colleague = app.staff("grid_leader", COMMUNITY).await;
    colleague.post(&format!("{ticket}/accept"), json!({})).await.refused(403, "permission.reach");
    let _ = cast.accept(&ticket).await.expect(200);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_unit_s_ticket_is_accepted_by_any_of_its_handlers(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket().await;
    let to_unit = json!({"lead": {"unit": UNIT}, "severity": "large"});
    let dispatched = cast.clerk.post(&format!("{ticket}/dispatch"), to_unit).await.expect(200);
    assert_eq!(dispatched.json["lead"], json!({"person": null, "unit": UNIT}));
    assert_eq!((dispatched.str("severity"), &dispatched.json["handler"]), ("large", &Value::Null));
    cast.accept(&ticket).await.refused(403, "permission.reach");
    let handler = app.of_unit("department_handler", UNIT).await;
    let inbox = handler.get("/tickets").await.expect(200);
    assert_eq!(inbox.items().len(), 1, "a handler's list is their unit's");
    let accepted = handler.post(&format!("{ticket}/accept"), json!({})).await.expect(200);
    assert_eq!(accepted.str("handler"), app.id_of(&handler).await);
    cast.accept(&ticket).await.refused(409, "ticket.already_accepted");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn dissatisfied_is_done_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket_at("resolved").await;
    app.pass(60);
    let reworked = cast.rate(&ticket, "dissatisfied").await.expect(200);
    assert_eq!((reworked.str("status"), &reworked.json["round"]), ("dispatched", &json!(2)));
    assert_eq!(reworked.json["lead"]["person"], json!(cast.worker_id));
    assert_eq!(reworked.json["resolution"], Value::Null);
    assert_eq!(reworked.clock("solve", 2)["started_at"], "2026-11-21T02:00:00Z");
    assert_eq!(reworked.clock("solve", 2)["state"], "running");
    assert_eq!(cast.resident.get(&ticket).await.json, reworked.json);
    let _ = cast.accept(&ticket).await.expect(200);
    let _ = cast.resolve(&ticket).await.expect(200);
    let closed = cast.rate(&ticket, "fairly_satisfied").await.expect(200);
    assert_eq!((closed.str("status"), &closed.json["round"]), ("closed", &json!(2)));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn if_match_is_honoured(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket_at("dispatched").await;
    let accept = format!("{ticket}/accept");
    cast.worker
        .post_with(&accept, &[("if-match", "\"1\"")], json!({}))
        .await
        .refused(412, "ticket.version_mismatch");
    cast.worker.post_with(&accept, &[("if-match", "2")], json!({})).await.refused(400, "request.header");
    let stranger = app.staff("grid_worker", NEIGHBOUR).await;
    stranger.post_with(&accept, &[("if-match", "\"1\"")], json!({})).await.refused(404, "ticket.not_found");
    let _ = cast.worker.post_with(&accept, &[("if-match", "\"2\"")], json!({})).await.expect(200);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn the_same_key_gets_the_same_answer(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let key = [("idempotency-key", "a1b2")];
    let first = cast.resident.post_with("/tickets", &key, lamp()).await.expect(201);
    assert_eq!(first.header("idempotent-replayed"), "");
    app.pass(5);
    let again = cast.resident.post_with("/tickets", &key, lamp()).await.expect(201);
    assert_eq!((again.header("idempotent-replayed"), &again.text), ("true", &first.text));
    assert_eq!(again.header("etag"), first.header("etag"));
    let other = json!({"content": "别的事", "place": {"code": COMMUNITY}});
    cast.resident.post_with("/tickets", &key, other).await.refused(422, "idempotency.key_reused");
    // The key is the caller's own.
    let stranger = app.resident("普建华").await.post_with("/tickets", &key, lamp()).await.expect(201);
    assert_ne!(stranger.str("id"), first.str("id"));
    // A command that would now be refused replays too, and is not carried out twice.
    let ticket = path(&first);
    let dispatch = format!("{ticket}/dispatch");
    let once = cast.clerk.post_with(&dispatch, &key, cast.to_worker()).await.expect(200);
    let _ = cast.accept(&ticket).await.expect(200);
    let twice = cast.clerk.post_with(&dispatch, &key, cast.to_worker()).await.expect(200);
    assert_eq!((twice.header("idempotent-replayed"), &twice.text), ("true", &once.text));
    // Not even a version that has moved on stands in the way of the answer.
    let insisting = [key[0], ("if-match", "\"1\"")];
    let thrice = cast.clerk.post_with(&dispatch, &insisting, cast.to_worker()).await.expect(200);
    assert_eq!(thrice.header("idempotent-replayed"), "true");
    // Refusals are not kept.
    let resolve = format!("{ticket}/resolve");
    cast.resident.post_with(&resolve, &key, solved()).await.refused(403, "permission.role");
    for wrong in ["", "a b"] {
        let key = [("idempotency-key", wrong)];
        cast.resident.post_with("/tickets", &key, lamp()).await.refused(400, "request.header");
    }
    assert_eq!(cast.resident.get("/tickets").await.items().len(), 1);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn the_timeline_comes_in_pages(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let ticket = cast.ticket_at("closed").await;
    let mut kinds = Vec::new();
    let mut cursor = String::new();
    for _ in 0..4 {
        let page = cast.resident.get(&format!("{ticket}/timeline?limit=2{cursor}")).await.expect(200);
        kinds.extend(page.items().iter().map(|entry| entry["kind"].as_str().unwrap().to_owned()));
        let Some(next) = page.json["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(kinds, ["submitted", "dispatched", "accepted", "resolved", "rated", "closed"]);
    // A cursor belongs to its list.
    let other = cast.ticket().await;
    cast.resident.get(&format!("{other}/timeline?limit=2{cursor}")).await.refused(400, "cursor.invalid");
    let english = cast.resident.request(reqwest::Method::GET, &format!("{ticket}/timeline?limit=1"));
    let english = integration_tests::client::send(english.header("accept-language", "en-GB, zh;q=0.5")).await;
    assert_eq!(english.items()[0]["label"], "Submitted");
    app.stop().await;
}
