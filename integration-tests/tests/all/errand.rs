//! Errands that somebody runs for a resident: whoever is first, with papers that come back.

use crate::photo::{add, jpeg};
use crate::rules::play_with;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp};
use integration_tests::database::{contains, number};
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

async fn told(caller: &Caller) -> Vec<String> {
    let inbox = caller.get("/me/inbox").await.expect(200);
    let of_errands = inbox.items().iter().filter(|one| one["matter"]["kind"] == "errand");
    of_errands.map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
}

async fn ask(caller: &Caller) -> String {
    let body = json!({"place": COMMUNITY, "text": "代办社保卡补领", "service": "social_card"});
    format!("/errands/{}", caller.post("/errands", body).await.expect(201).str("id"))
}

#[rstest]
#[tokio::test]
async fn m09_an_errand_is_run_with_its_papers_and_confirmed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let worker = app.staff("grid_worker", COMMUNITY).await;
    let errand = ask(&resident).await;
    assert_eq!(told(&clerk).await, ["matter_to_decide"]);
    let call =
        async |caller: &Caller, what: &str, body: Value| caller.post(&format!("{errand}/{what}"), body).await;
    call(&worker, "papers", json!({"papers": ["户口簿"]})).await.refused(409, "matter.not_yet");
    // Whoever is first has it.
    let (one, other) = tokio::join!(call(&worker, "take", json!({})), call(&clerk, "take", json!({})));
    let (taker, loser) = if one.status == 200 { (&worker, &other) } else { (&clerk, &one) };
    loser.refused(409, "errand.taken");
    assert_eq!(told(&resident).await, ["matter_decided"]);
    // For whom it is whoever runs it reads; their colleague reads that it is somebody called Wang.
    let colleague = if taker.token() == worker.token() { &clerk } else { &worker };
    let requester =
        async |caller: &Caller| caller.get(&errand).await.expect(200).json["requester"]["name"].clone();
    assert_eq!((requester(taker).await, requester(&resident).await), (json!("王芳"), json!("王芳")));
    assert_eq!(requester(colleague).await, "王*");
    let listed = colleague.get("/errands").await.expect(200);
    assert_eq!(listed.items()[0]["requester"]["name"], "王*");
    // Which papers, when, by whom.
    let papers = call(taker, "papers", json!({"papers": ["户口簿", "身份证"]})).await.expect(200);
    let taker_id = app.id_of(taker).await;
    assert_eq!(papers.json["papers"][1]["name"], "身份证");
    assert_eq!(papers.json["papers"][1]["handed_to"]["id"], json!(taker_id));
    call(taker, "papers", json!({"papers": []})).await.refused_for(422, "matter.range", "/papers");
    let long = json!({"papers": ["长".repeat(51)]});
    assert_eq!(call(taker, "papers", long).await.status, 422);
    let _ = call(taker, "progress", json!({"text": "已交窗口"})).await.expect(200);
    // Each must be back, or it is said why not.
    let finish = json!({"text": "新卡已交本人"});
    call(taker, "finish", finish.clone()).await.refused(409, "errand.papers_left");
    call(taker, "cancel", json!({"text": "x"})).await.refused(409, "errand.papers_left");
    let back = |papers: Value| json!({"papers": papers});
    call(taker, "return", back(json!([{"number": 3}]))).await.refused_for(
        422,
        "errand.no_such_paper",
        "/papers",
    );
    let _ = call(taker, "return", back(json!([{"number": 1}]))).await.expect(200);
    call(taker, "return", back(json!([{"number": 1}]))).await.refused(409, "errand.returned_before");
    let kept = call(taker, "return", back(json!([{"number": 2, "kept": "窗口留存"}]))).await.expect(200);
    assert_eq!((&kept.json["papers"][1]["kept"], kept.str("status")), (&json!("窗口留存"), "taken"));
    call(&resident, "confirm", json!({})).await.refused(409, "matter.not_yet");
    call(&resident, "cancel", json!({"text": "不用了"})).await.refused(409, "errand.taken");
    let done = call(taker, "finish", finish).await.expect(200);
    assert_eq!((done.str("status_name"), done.str("reply")), ("待确认", "新卡已交本人"));
    call(taker, "confirm", json!({})).await.refused(403, "matter.beyond_scope");
    let closed = call(&resident, "confirm", json!({})).await.expect(200);
    assert_eq!((closed.str("status_name"), &closed.json["confirmed"]), ("已办结", &json!(true)));
    call(&resident, "confirm", json!({})).await.refused(409, "matter.over");
    // Neither another resident nor a neighbour's staff sees it.
    for other in [app.resident("路人").await, app.staff("grid_worker", NEIGHBOUR).await] {
        other.get(&errand).await.refused(404, "matter.not_found");
    }
    app.resident("路人")
        .await
        .post(&format!("{errand}/take"), json!({}))
        .await
        .refused(403, "permission.role");
    let admin = app.staff("county_admin", "532504").await;
    let audit = admin.get("/audit?place=532504").await.expect(200);
    assert!(audit.text.contains("归还材料"), "{}", audit.text);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m09_errands_are_listed_cancelled_and_close_by_themselves(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    let worker = app.staff("grid_worker", COMMUNITY).await;
    let (first, second) = (ask(&resident).await, ask(&resident).await);
    let _ = resident.post(&format!("{first}/cancel"), json!({"text": "已自行办理"})).await.expect(200);
    resident.post(&format!("{first}/cancel"), json!({"text": "x"})).await.refused(409, "matter.over");
    // Staff ask for somebody whom they know there.
    let id = app.id_of(&app.staff("volunteer", COMMUNITY).await).await;
    let for_other = json!({"place": COMMUNITY, "text": "代缴水费", "person": id});
    let asked = worker.post("/errands", for_other.clone()).await.expect(201);
    assert_eq!(asked.json["requester"]["id"], json!(id));
    assert_eq!(asked.json["asked_by"]["id"], json!(app.id_of(&worker).await));
    resident.post("/errands", for_other).await.refused(403, "matter.beyond_scope");
    let nobody = json!({"place": COMMUNITY, "text": "x", "person": uuid::Uuid::from_u128(7)});
    worker.post("/errands", nobody).await.refused_for(422, "matter.who", "/person");
    // One's own nobody runs.
    let own = ask(&worker).await;
    worker.post(&format!("{own}/take"), json!({})).await.refused(403, "matter.beyond_scope");
    let count = async |caller: &Caller, query: &str| {
        caller.get(&format!("/errands?{query}")).await.expect(200).items().len()
    };
    assert_eq!((count(&resident, "mine=true").await, count(&resident, "").await), (2, 0));
    assert_eq!((count(&worker, "").await, count(&worker, "status=asked").await), (4, 3));
    assert_eq!(count(&worker, "service=social_card&limit=1").await, 1);
    let neighbour = app.staff("grid_worker", NEIGHBOUR).await;
    assert_eq!(count(&neighbour, "").await, 0);
    // Where the county has a catalogue, for what is in it.
    play_with(&app, "", "编码,名称,类别,事权,承办单位,材料\nRS-07,社保卡补领,办事咨询,,,\n").await;
    let of = |service: &str| json!({"place": COMMUNITY, "text": "代办社保卡", "service": service});
    let unknown = resident.post("/errands", of("RS-99")).await;
    unknown.refused_for(422, "ticket.service_unknown", "/service");
    let _ = resident.post("/errands", of("RS-07")).await.expect(201);
    let street = json!({"place": STREET, "text": "代办社保卡"});
    resident.post("/errands", street).await.refused_for(422, "matter.place", "/place");
    // Nobody confirms: it closes by itself.
    let _ = worker.post(&format!("{second}/take"), json!({})).await.expect(200);
    let _ = worker.post(&format!("{second}/finish"), json!({"text": "办好了"})).await.expect(200);
    app.pass(7 * 24 * 60);
    app.app.catch_up().await.unwrap();
    let closed = resident.get(&second).await.expect(200);
    assert_eq!((closed.str("status"), &closed.json["confirmed"]), ("closed", &json!(false)));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m09_an_errand_says_nothing_of_whoever_was_erased(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    let worker = app.staff("grid_worker", COMMUNITY).await;
    let body = json!({"place": COMMUNITY, "text": "代办老年卡", "service": "给李桂芳办老年卡"});
    let errand = format!("/errands/{}", resident.post("/errands", body).await.expect(201).str("id"));
    let other = ask(&app.resident("路人").await).await;
    for errand in [&errand, &other] {
        let _ = worker.post(&format!("{errand}/take"), json!({})).await.expect(200);
    }
    let papers = json!({"papers": ["李家户口簿", "李家身份证"]});
    let _ = worker.post(&format!("{errand}/papers"), papers).await.expect(200);
    let _ = worker.post(&format!("{errand}/progress"), json!({"text": "老人行动不便"})).await.expect(200);
    let _ = worker.post(&format!("{other}/progress"), json!({"text": "已交窗口"})).await.expect(200);
    let words = ["代办老年卡", "给李桂芳办老年卡", "李家户口簿", "李家身份证", "老人行动不便"];
    for word in words {
        assert!(contains(&app.url, word).await, "{word}");
    }
    let _ = resident.post("/me/erase", json!({})).await.expect(200);
    for word in words {
        assert!(!contains(&app.url, word).await, "{word}");
    }
    let seen = worker.get(&errand).await.expect(200);
    assert_eq!((seen.json.get("service"), seen.str("status")), (None, "taken"));
    // Of others nothing is gone.
    let seen = worker.get(&other).await.expect(200);
    assert_eq!((seen.str("service"), &seen.json["steps"][0]["text"]), ("social_card", &json!("已交窗口")));
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m09_errands_go_on_where_their_community_does(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", "532504").await;
    let resident = app.resident("王芳").await;
    let worker = app.staff("grid_worker", COMMUNITY).await;
    let errand = ask(&resident).await;
    let photo = add(&worker, COMMUNITY, jpeg()).await.expect(201);
    let clerk = app.staff("community_clerk", NEIGHBOUR).await;
    clerk.get(&errand).await.refused(404, "matter.not_found");
    let place = admin.get(&format!("/places?code={COMMUNITY}")).await.expect(200);
    let this = format!("/places/{}", place.items()[0]["id"].as_str().unwrap());
    let merge = json!({"into": NEIGHBOUR, "reason": "两个社区合并"});
    let _ = admin.post(&format!("{this}/merge"), merge).await.expect(200);
    app.app.catch_up().await.unwrap();
    assert_eq!(clerk.get("/errands").await.expect(200).items().len(), 1);
    assert_eq!(clerk.get(&errand).await.expect(200).json["place"]["code"], json!(NEIGHBOUR));
    let _ = clerk.post(&format!("{errand}/take"), json!({})).await.expect(200);
    let seen = clerk.request(reqwest::Method::GET, &format!("/photos/{}", photo.str("id")));
    assert_eq!(seen.send().await.unwrap().status(), 200);
    let behind =
        "SELECT count(*) FROM matter m JOIN place p ON p.id = m.place_id WHERE p.retired_at IS NOT NULL";
    assert_eq!(number(&app.url, behind).await, 0);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f07_a_copy_of_one_s_own_holds_errands_and_photos(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    let worker = app.staff("grid_worker", COMMUNITY).await;
    let errand = ask(&resident).await;
    let _ = ask(&app.resident("路人").await).await;
    let _ = worker.post(&format!("{errand}/take"), json!({})).await.expect(200);
    let _ = worker.post(&format!("{errand}/progress"), json!({"text": "已交窗口"})).await.expect(200);
    let photo = add(&worker, COMMUNITY, jpeg()).await.expect(201);
    let copy = async |caller: &Caller| caller.get("/me/export").await.expect(200).json;
    let theirs = copy(&resident).await;
    let [one] = &theirs["matters"].as_array().unwrap()[..] else { panic!("{}", theirs["matters"]) };
    assert_eq!(format!("/errands/{}", one["id"].as_str().unwrap()), errand);
    let named = (&one["kind"], &one["topic"], &one["status"], &one["place"]);
    assert_eq!(named, (&json!("errand"), &json!("social_card"), &json!("taken"), &json!(COMMUNITY)));
    // The words of each are with whoever wrote them.
    assert_eq!((&one["texts"], &theirs["photos"]), (&json!(["代办社保卡补领"]), &json!([])));
    let staff = copy(&worker).await;
    assert_eq!(staff["matters"][0]["texts"], json!(["已交窗口"]));
    assert_eq!(
        (staff["matters"].as_array().unwrap().len(), &staff["photos"]),
        (1, &json!([photo.json["id"]]))
    );
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m09_who_dispatches_there_takes_over_what_its_runner_left(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    let (worker, other) =
        (app.staff("grid_worker", COMMUNITY).await, app.staff("grid_leader", COMMUNITY).await);
    let (clerk, neighbour) =
        (app.staff("community_clerk", COMMUNITY).await, app.staff("community_clerk", NEIGHBOUR).await);
    let errand = ask(&resident).await;
    let call =
        async |caller: &Caller, what: &str, body: Value| caller.post(&format!("{errand}/{what}"), body).await;
    let _ = call(&worker, "take", json!({})).await.expect(200);
    let _ = call(&worker, "papers", json!({"papers": ["户口簿"]})).await.expect(200);
    let admin = app.staff("county_admin", "532504").await;
    let path = format!("/users/{}/leave", app.id_of(&worker).await);
    let _ = admin.post(&path, json!({"reason": "调往别处"})).await.expect(200);
    let reason = json!({"reason": "原接办人已离岗"});
    call(&clerk, "take", json!({})).await.refused(409, "errand.taken");
    call(&clerk, "take", json!({"reason": ""})).await.refused_for(422, "text.empty", "/reason");
    call(&other, "take", reason.clone()).await.refused(409, "errand.taken");
    call(&neighbour, "take", reason.clone()).await.refused(404, "matter.not_found");
    let taken = call(&clerk, "take", reason).await.expect(200);
    assert_eq!(taken.json["taker"]["id"], json!(app.id_of(&clerk).await));
    assert_eq!(taken.json["papers"][0]["name"], "户口簿");
    assert_eq!(told(&resident).await, ["matter_decided", "matter_reported", "matter_decided"]);
    let audit = admin.get("/audit?place=532504&kind=errand_taken_over").await.expect(200);
    let [entry] = audit.items() else { panic!("{}", audit.text) };
    assert_eq!((&entry["label"], &entry["reason"]), (&json!("接替代办"), &json!("原接办人已离岗")));
    let back = json!({"papers": [{"number": 1}]});
    let _ = call(&clerk, "return", back).await.expect(200);
    let _ = call(&clerk, "finish", json!({"text": "办好了"})).await.expect(200);
    app.stop().await;
}
