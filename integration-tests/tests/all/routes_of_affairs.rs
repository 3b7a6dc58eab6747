//! The routes that affairs take, and from whom tickets come: 三事分流, 社区点单, an order from a chat, emergencies.

use crate::machine::act;
use crate::ticket::{Cast, path, solved};
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT, here};
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const COUNTY: &str = "532504";

/// A ticket of an affair, dispatched by nobody yet.
async fn of_affair(cast: &Cast, affair: &str) -> String {
    let body = json!({"content": "下水道堵了", "place": {"code": COMMUNITY}, "severity": "small"});
    let ticket = path(&cast.resident.post("/tickets", body).await.expect(201));
    let _ = act(&cast.clerk, &ticket, "grade", json!({"affair": affair})).await.expect(200);
    ticket
}

async fn shop(admin: &Caller) -> String {
    let shop = json!({"kind": "shop", "name": "东门家电维修", "place": COMMUNITY,
        "position": {"lat": 24.4119, "lng": 103.4149, "datum": "gcj02"}});
    admin.post("/points", shop).await.expect(201).str("id").to_owned()
}

fn refer(to: &str, more: Value) -> Value {
    let mut body = json!({"to": to, "text": "东门的铺子可上门，每次 30 元起"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[rstest]
#[tokio::test]
async fn m02_each_affair_takes_its_own_route(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    // 大事: a department is given it.
    let department = app.of_unit("department_handler", UNIT).await;
    let member = app.staff("party_member", COMMUNITY).await;
    let public = of_affair(&cast, "public").await;
    assert!(member.get("/tickets?claimable=true").await.expect(200).items().is_empty());
    let _ = act(&cast.clerk, &public, "dispatch", json!({"lead": {"unit": UNIT}})).await.expect(200);
    let _ = act(&department, &public, "accept", json!({})).await.expect(200);
    let solved_by_unit = act(&department, &public, "resolve", solved()).await.expect(200);
    assert_eq!((solved_by_unit.str("affair"), solved_by_unit.str("status")), ("public", "resolved"));
    // 小事: whom the playbook names claims it.
    let shared = of_affair(&cast, "shared").await;
    let claimed = act(&member, &shared, "claim", json!({})).await.expect(200);
    assert_eq!(claimed.str("handler"), app.id_of(&member).await);
    let _ = act(&member, &shared, "resolve", solved()).await.expect(200);
    // 私事: the requester is shown who helps, and gets a reply all the same.
    let private = of_affair(&cast, "private").await;
    let point = shop(&admin).await;
    let referred =
        act(&cast.clerk, &private, "refer", refer("market", json!({"point": point}))).await.expect(200);
    assert_eq!(referred.str("status"), "submitted", "it goes on");
    let shown = cast.resident.get(&private).await.expect(200);
    assert_eq!(
        shown.json["referral"],
        json!({"to": "market", "point": point, "unit": null,
        "text": "东门的铺子可上门，每次 30 元起", "at": "2026-11-21T01:00:00Z"})
    );
    let timeline = cast.resident.get(&format!("{private}/timeline")).await.expect(200);
    let step = timeline.items().iter().find(|entry| entry["kind"] == "referred").unwrap();
    assert_eq!(
        (&step["text"], &step["refer_to"], &step["point"]),
        (&json!("东门的铺子可上门，每次 30 元起"), &json!("market"), &json!(point))
    );
    let _ = act(&cast.clerk, &private, "dispatch", cast.to_worker()).await.expect(200);
    let _ = act(&cast.worker, &private, "accept", json!({})).await.expect(200);
    let mutual = refer("mutual_help", json!({}));
    let _ = act(&cast.worker, &private, "refer", mutual).await.expect(200);
    let guided = json!({"outcome": "guided", "reply": "已联系互助站"});
    let resolved = act(&cast.worker, &private, "resolve", guided).await.expect(200);
    assert_eq!(resolved.json["resolution"]["outcome"], "guided");
    assert_eq!(resolved.json["referral"]["to"], "mutual_help");
    app.app.catch_up().await.unwrap();
    assert!(crate::inbox::told(&cast.resident).await.contains(&"referred".to_owned()));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m02_nobody_is_sent_where_nobody_helps(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let point = shop(&admin).await;
    let next_door = app.staff("community_clerk", NEIGHBOUR).await;
    let private = of_affair(&cast, "private").await;
    let nowhere = "01990000-0000-7000-8000-00000000ffff";
    let refused = async |body: Value, status: u16, code: &str, field: &str| {
        act(&cast.clerk, &private, "refer", body).await.refused_for(status, code, field);
    };
    refused(refer("market", json!({"point": nowhere})), 422, "ticket.refer_point_unknown", "/point").await;
    refused(refer("market", json!({"unit": nowhere})), 422, "ticket.refer_unit_unknown", "/unit").await;
    refused(refer("mutual_help", json!({"point": point})), 422, "ticket.refer_unfit", "/point").await;
    refused(refer("market", json!({"unit": UNIT})), 422, "ticket.refer_unfit", "/unit").await;
    refused(refer("self_help", json!({"point": point})), 422, "ticket.refer_to_nobody", "/point").await;
    refused(refer("market", json!({"point": point, "unit": UNIT})), 422, "ticket.refer_one_of", "/unit")
        .await;
    refused(json!({"to": "market", "text": ""}), 422, "text.empty", "/text").await;
    refused(json!({"to": "moon", "text": "x"}), 400, "request.unknown_value", "/to").await;
    let self_help = refer("self_help", json!({}));
    act(&cast.resident, &private, "refer", self_help.clone()).await.refused(403, "permission.role");
    act(&cast.worker, &private, "refer", self_help.clone()).await.refused(403, "permission.reach");
    act(&next_door, &private, "refer", self_help.clone()).await.refused(404, "ticket.not_found");
    let shared = of_affair(&cast, "shared").await;
    act(&cast.clerk, &shared, "refer", self_help).await.refused(409, "ticket.not_referable");
    let other = cast.ticket_at("accepted").await;
    let guided = json!({"outcome": "guided", "reply": "已告知"});
    act(&cast.worker, &other, "resolve", guided).await.refused_for(422, "ticket.not_referred", "/outcome");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z01_a_community_and_a_unit_ask(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let next_door = app.staff("community_clerk", NEIGHBOUR).await;
    let office =
        json!({"kind": "community_office", "name": "温泉社区居委会", "place": COUNTY, "seat": COMMUNITY});
    let office = admin.post("/units", office).await.expect(201).str("id").to_owned();
    let asks = |unit: &str| json!({"content": "广场需要一批健身器材", "place": {"code": COMMUNITY}, "for_unit": unit});
    let asked = cast.clerk.post("/tickets", asks(&office)).await.expect(201);
    assert_eq!(asked.str("requester_unit"), office);
    let refused = |answer: Answer, code: &str| answer.refused_for(422, code, "/for_unit");
    refused(next_door.post("/tickets", asks(&office)).await, "ticket.for_unit_not_theirs");
    refused(cast.resident.post("/tickets", asks(&office)).await, "ticket.for_unit_for_staff");
    refused(
        cast.clerk.post("/tickets", asks("01990000-0000-7000-8000-00000000ffff")).await,
        "ticket.for_unit_unknown",
    );
    refused(cast.clerk.post("/tickets", asks(&UNIT.to_string())).await, "ticket.for_unit_not_theirs");
    // It is taken, followed and rated like any other: whoever filed it is its requester.
    let ticket = path(&asked);
    let _ = cast.dispatch(&ticket).await.expect(200);
    let _ = cast.accept(&ticket).await.expect(200);
    let _ = cast.resolve(&ticket).await.expect(200);
    let _ = act(&cast.clerk, &ticket, "rate", json!({"satisfaction": "satisfied"})).await.expect(200);
    // A unit asks through its people; the others of it see that, and no more than whoever asked.
    let (one, other) = (app.of_unit("department_handler", UNIT).await, app.of_unit("volunteer", UNIT).await);
    let stranger = app.staff("volunteer", COMMUNITY).await;
    let ours = path(&one.post("/tickets", asks(&UNIT.to_string())).await.expect(201));
    let _ = act(&cast.clerk, &ours, "note", json!({"reason": "拟派给文旅局"})).await.expect(200);
    let list = other.get(&format!("/tickets?for_unit={UNIT}")).await.expect(200);
    assert_eq!(list.items().len(), 1);
    assert_eq!(other.get(&ours).await.expect(200).str("requester_unit"), UNIT.to_string());
    let seen = other.get(&format!("{ours}/timeline")).await.expect(200);
    assert!(seen.items().iter().all(|entry| entry["kind"] != "noted"));
    act(&other, &ours, "urge", json!({})).await.refused(403, "permission.reach");
    let _ = act(&one, &ours, "urge", json!({})).await.expect(200);
    stranger.get(&ours).await.refused(404, "ticket.not_found");
    assert!(stranger.get(&format!("/tickets?for_unit={UNIT}")).await.expect(200).items().is_empty());
    // Which unit asks in confidence is hidden from whoever dispatches, on the ticket as in every list.
    let mut body = asks(&UNIT.to_string());
    body["confidential"] = json!(true);
    let hidden = path(&one.post("/tickets", body).await.expect(201));
    assert_eq!(unit_seen(&cast.clerk, &hidden).await, Value::Null);
    let count = async |caller: &Caller, more: &str| {
        caller.get(&format!("/tickets?for_unit={UNIT}{more}")).await.expect(200).items().len()
    };
    for more in ["", &format!("&place={COMMUNITY}"), "&mine=true"] {
        let own = if more == "&mine=true" { 0 } else { 1 };
        assert_eq!(count(&cast.clerk, more).await, own, "{more}");
    }
    assert_eq!((count(&one, "").await, count(&other, "").await), (2, 2));
    app.stop().await;
}

/// For which unit a ticket was raised, as somebody sees it.
async fn unit_seen(caller: &Caller, ticket: &str) -> Value {
    caller.get(ticket).await.expect(200).json["requester_unit"].clone()
}

fn from_chat(message: &str) -> Value {
    json!({"content": "3 栋电梯停了", "place": {"code": COMMUNITY}, "severity": "small", "channel": "chat",
        "origin": {"title": "温泉小区居民群", "message": {"group": "温泉小区居民群", "id": message}}})
}

#[rstest]
#[tokio::test]
async fn m10_an_order_from_a_chat_is_a_ticket_like_any_other(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let street = app.staff("street_dispatcher", STREET).await;
    // 点: taken down from the group by the grid worker; 派: by the party organisation; 办, 评.
    let taken = cast.worker.post("/tickets", from_chat("7412")).await.expect(201);
    let chat = path(&taken);
    let ordered = cast.ticket().await;
    for (ticket, requester) in [(&chat, &cast.worker), (&ordered, &cast.resident)] {
        let _ = act(&street, ticket, "dispatch", cast.to_worker()).await.expect(200);
        let _ = cast.accept(ticket).await.expect(200);
        let _ = act(&cast.worker, ticket, "arrive", here()).await.expect(200);
        let _ = cast.resolve(ticket).await.expect(200);
        let _ = act(requester, ticket, "rate", json!({"satisfaction": "satisfied"})).await.expect(200);
    }
    app.app.catch_up().await.unwrap();
    // The same in its timeline, in lists and in figures.
    let kinds = async |ticket: &str| {
        let timeline = cast.clerk.get(&format!("{ticket}/timeline")).await.expect(200);
        timeline.items().iter().map(|entry| entry["kind"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&chat).await, kinds(&ordered).await);
    let listed =
        async |query: &str| cast.clerk.get(&format!("/tickets?{query}")).await.expect(200).items().len();
    assert_eq!((listed("status=closed").await, listed("channel=chat").await), (2, 1));
    let figures =
        admin.get(&format!("/figures?place={COMMUNITY}&from=2026-11-21&to=2026-11-21")).await.expect(200);
    assert!(
        figures.text.contains("\"submitted\":2") && figures.text.contains("\"satisfied\":2"),
        "{}",
        figures.text
    );
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m10_a_message_is_filed_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let key = [("idempotency-key", "k")];
    let first = cast.worker.post_with("/tickets", &key, from_chat("1")).await.expect(201);
    let again = cast.clerk.post("/tickets", from_chat("1")).await;
    again.refused_for(409, "ticket.message_filed", "/origin/message");
    assert!(again.text.contains(first.str("number")), "{}", again.text);
    let spaced = cast.clerk.post("/tickets", from_chat(" 1 ")).await;
    spaced.refused_for(409, "ticket.message_filed", "/origin/message");
    // Whoever sends the very same call again gets its answer.
    let replayed = cast.worker.post_with("/tickets", &key, from_chat("1")).await.expect(201);
    assert_eq!(replayed.text, first.text);
    let mut elsewhere = from_chat("1");
    elsewhere["origin"]["message"]["group"] = json!("福地小区居民群");
    let _ = cast.clerk.post("/tickets", elsewhere).await.expect(201);
    // Many at once: one ticket.
    let all =
        futures_util::future::join_all((0..6).map(|_| cast.clerk.post("/tickets", from_chat("2")))).await;
    let mut statuses: Vec<_> = all.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
    let mut wrong = from_chat("3");
    wrong["channel"] = json!("hotline");
    cast.clerk.post("/tickets", wrong).await.refused_for(422, "ticket.message_needs_chat", "/origin/message");
    let long = from_chat(&"7".repeat(101));
    cast.clerk.post("/tickets", long).await.refused_for(422, "text.too_long", "/origin/message/id");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m09_emergencies_reach_the_command_centre_at_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let watch = app.staff("grid_leader", COUNTY).await;
    let shift = json!({"place": COUNTY, "person": app.id_of(&watch).await,
        "starts_at": "2026-11-21T00:00:00Z", "ends_at": "2026-11-22T00:00:00Z"});
    let _ = admin.post("/shifts", shift.clone()).await.expect(201);
    let near = json!({"place": COMMUNITY, "person": cast.worker_id,
        "starts_at": "2026-11-21T00:00:00Z", "ends_at": "2026-11-22T00:00:00Z"});
    let _ = admin.post("/shifts", near).await.expect(201);
    let emergency = json!({"content": "小区燃气泄漏", "place": {"code": COMMUNITY}, "category": "emergency",
        "severity": "large"});
    let reported = cast.worker.post("/tickets", emergency).await.expect(201);
    assert_eq!((reported.str("desk"), reported.json["rung"]["key"].as_str()), (COUNTY, Some("county")));
    assert_eq!(reported.clock("arrive", 1)["due_at"], "2026-11-21T01:05:00Z");
    app.app.catch_up().await.unwrap();
    assert_eq!(crate::inbox::told(&watch).await, ["duty_new"]);
    assert_eq!(crate::inbox::told(&admin).await, ["to_dispatch"]);
    // The command centre has several departments do it, each with limits.
    let helping = json!({"kind": "department", "name": "应急管理局", "place": COUNTY});
    let helping = admin.post("/units", helping).await.expect(201).str("id").to_owned();
    let ticket = path(&reported);
    let assigned = json!({"lead": {"unit": UNIT}, "assist": [{"unit": helping}, {"person": cast.worker_id}]});
    let assigned = act(&admin, &ticket, "dispatch", assigned).await.expect(200);
    assert_eq!(assigned.json["assist"].as_array().unwrap().len(), 2);
    let accept = assigned.clock("accept", 1);
    assert_eq!((&accept["state"], &accept["due_at"]), (&json!("running"), &json!("2026-11-21T01:02:00Z")));
    assert_eq!(assigned.clock("solve", 1)["due_at"], "2026-11-21T06:00:00Z");
    app.pass(3);
    app.app.catch_up().await.unwrap();
    assert!(crate::inbox::told(&admin).await.contains(&"breached".to_owned()));
    // One that turns out to be one goes there as well.
    let other = cast.ticket().await;
    let graded = act(&cast.clerk, &other, "grade", json!({"category": "emergency"})).await.expect(200);
    assert_eq!((graded.str("desk"), &graded.json["escalated_at"]), (COUNTY, &Value::Null));
    app.app.catch_up().await.unwrap();
    assert_eq!(crate::inbox::told(&watch).await.iter().filter(|kind| *kind == "duty_new").count(), 2);
    app.stop().await;
}
