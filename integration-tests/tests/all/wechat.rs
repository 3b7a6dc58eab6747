//! WeChat, over real HTTP: who somebody is, and which phone number is theirs.

use crate::password::{PASSWORD, add_user, login};
use crate::session::{events, stored};
use crate::ticket::{Cast, path, solved};
use integration_tests::app::{COMMUNITY, NEIGHBOUR, TestApp, config, lamp};
use integration_tests::wechat::Wechat;
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

pub(crate) async fn start(backend: Backend) -> (TestApp, Wechat) {
    let wechat = Wechat::start().await;
    let database = backend.database().await;
    let mut config = config(&database.url.clone(), backend.redis_url());
    config.wechat = Some(wechat.app());
    (TestApp::on(database, config).await, wechat)
}

async fn sign_in(app: &TestApp, code: &str) -> Answer {
    app.anyone().post("/auth/wechat", json!({"code": code})).await
}

pub(crate) async fn user(app: &TestApp, wechat: &Wechat, openid: &str) -> Caller {
    let login = sign_in(app, &wechat.login_code(openid)).await.expect(200);
    app.anyone().with_token(login.str("access_token"))
}

pub(crate) async fn bind(caller: &Caller, code: &str) -> Answer {
    caller.post("/auth/phone", json!({"code": code})).await
}

#[rstest]
#[tokio::test]
async fn an_openid_is_a_user(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (app, wechat) = start(backend).await;
    let code = wechat.login_code("o-wang");
    let first = sign_in(&app, &code).await.expect(200);
    assert_eq!(first.json["user"]["name"], "微信用户");
    assert!(!first.text.contains("session_key") && !first.text.contains("o-wang"));
    let again = sign_in(&app, &wechat.login_code("o-wang")).await.expect(200);
    assert_eq!(again.json["user"], first.json["user"]);
    let other = sign_in(&app, &wechat.login_code("o-li")).await.expect(200);
    assert_ne!(other.json["user"]["id"], first.json["user"]["id"]);
    let caller = app.anyone().with_token(first.str("access_token"));
    let _ = caller.post("/tickets", lamp()).await.expect(201);
    // A code is good once, and of its own kind.
    sign_in(&app, &code).await.refused_for(401, "auth.code_invalid", "/code");
    sign_in(&app, &wechat.phone_code("13800001111")).await.refused(401, "auth.code_invalid");
    let _ = sign_in(&app, "dev:王芳").await.expect(200);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn what_wechat_refuses_is_told_apart(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (app, wechat) = start(backend).await;
    for (code, status, problem) in [
        ("40029", 401, "auth.code_invalid"),
        ("40163", 401, "auth.code_invalid"),
        ("40226", 403, "auth.wechat_blocked"),
        ("-1", 503, "wechat.busy"),
        ("45011", 503, "wechat.busy"),
        ("45009", 503, "wechat.busy"),
        ("40013", 503, "wechat.unavailable"),
        ("40125", 503, "wechat.unavailable"),
        ("40164", 503, "wechat.unavailable"),
        ("41002", 503, "wechat.unavailable"),
        ("41004", 503, "wechat.unavailable"),
        ("89503", 503, "wechat.unavailable"),
    ] {
        let answer = sign_in(&app, &format!("errcode:{code}")).await;
        answer.refused(status, problem);
        assert_eq!(answer.header("retry-after") == "1", status == 503, "{code}");
        assert!(!answer.text.contains("rid:"), "nothing of the inside: {}", answer.text);
    }
    sign_in(&app, "nobody's").await.refused(401, "auth.code_invalid");
    // Busy once is asked again; busy twice is said.
    wechat.be_busy(1);
    let _ = sign_in(&app, &wechat.login_code("o-wang")).await.expect(200);
    wechat.be_busy(2);
    sign_in(&app, &wechat.login_code("o-wang")).await.refused(503, "wechat.busy");
    wechat.talk_garbage(true);
    sign_in(&app, &wechat.login_code("o-wang")).await.refused(503, "wechat.busy");
    wechat.talk_garbage(false);
    let _ = sign_in(&app, &wechat.login_code("o-wang")).await.expect(200);
    // Nobody is there at all.
    let mut gone = config(&app.url, backend.redis_url());
    gone.wechat = Some(api::WechatApp { base_url: "http://127.0.0.1:9".to_owned(), ..wechat.app() });
    let gone = api::App::start(gone, app.clock.clone()).await.unwrap();
    let answer = Caller::anyone(&gone.url()).post("/auth/wechat", json!({"code": "x"})).await;
    answer.refused(503, "wechat.busy");
    gone.stop().await.unwrap();
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_phone_number_is_one_user_s(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (app, wechat) = start(backend).await;
    let wang = user(&app, &wechat, "o-wang").await;
    let code = wechat.phone_code("13800001111");
    let bound = bind(&wang, &code).await.expect(200);
    assert!(!bound.text.contains("13800001111"));
    let _ = app.anyone().with_token(bound.str("access_token")).get("/me").await.expect(200);
    let _ = wang.get("/me").await.expect(200);
    // Again, by another code: nothing changes.
    let _ = bind(&wang, &wechat.phone_code("13800001111")).await.expect(200);
    let li = user(&app, &wechat, "o-li").await;
    bind(&li, &wechat.phone_code("13800001111")).await.refused(409, "auth.phone_taken");
    // The same digits in another country are another number.
    let _ =
        bind(&li, &wechat.phone_code_of("13800001111", json!(852), "wx0123456789abcdef")).await.expect(200);
    for wrong in [
        code,
        wechat.login_code("o-wang"),
        wechat.phone_code_of("13800002222", json!(86), "wxfedcba9876543210"),
        "errcode:40029".to_owned(),
        "errcode:40013".to_owned(),
    ] {
        bind(&wang, &wrong).await.refused_for(401, "auth.code_invalid", "/code");
    }
    bind(&wang, "dev:").await.refused_for(422, "phone.invalid", "/code");
    bind(&wang, "errcode:45011").await.refused(503, "wechat.busy");
    bind(&wang, "errcode:40125").await.refused(503, "wechat.unavailable");
    app.anyone().post("/auth/phone", json!({"code": "x"})).await.refused(401, "auth.token_missing");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn fifty_at_once_fetch_one_token(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (app, wechat) = start(backend).await;
    let mut callers = Vec::new();
    for i in 0..50 {
        callers.push((
            user(&app, &wechat, &format!("o-{i}")).await,
            wechat.phone_code(&format!("138000{i:05}")),
        ));
    }
    let calls =
        callers.into_iter().map(|(caller, code)| async move { bind(&caller, &code).await.expect(200) });
    let answers = calls.collect::<tokio::task::JoinSet<_>>().join_all().await;
    assert_eq!((answers.len(), wechat.calls()), (50, (1, 50)));
    // Killed by WeChat, it is fetched once more; and refused again, no further.
    let wang = user(&app, &wechat, "o-wang").await;
    wechat.kill_token();
    let _ = bind(&wang, &wechat.phone_code("13900000000")).await.expect(200);
    assert_eq!(wechat.calls(), (2, 52));
    bind(&wang, "errcode:42001").await.refused(503, "wechat.unavailable");
    assert_eq!(wechat.calls(), (3, 54));
    // It is given up before it ends.
    app.pass(2 * 60 - 5);
    let wang = user(&app, &wechat, "o-wang").await;
    let _ = bind(&wang, &wechat.phone_code("13900000001")).await.expect(200);
    assert_eq!(wechat.calls(), (4, 55));
    // Another replica takes it from the shared cache.
    let mut second = config(&app.url, backend.redis_url());
    second.wechat = Some(wechat.app());
    let second = api::App::start(second, app.clock.clone()).await.unwrap();
    let there = Caller::anyone(&second.url()).with_token(wang.token());
    let _ = bind(&there, &wechat.phone_code("13900000002")).await.expect(200);
    let fetched = if backend == Backend::Postgres { 4 } else { 5 };
    assert_eq!(wechat.calls(), (fetched, 56));
    second.stop().await.unwrap();
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_token_that_is_refused_is_not_asked_for_in_a_loop(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, wechat) = start(backend).await;
    let wang = user(&app, &wechat, "o-wang").await;
    wechat.refuse_tokens(Some(40125));
    for _ in 0..5 {
        bind(&wang, &wechat.phone_code("13800001111")).await.refused(503, "wechat.unavailable");
    }
    let (tokens, phones) = wechat.calls();
    assert!(tokens < 5 && phones == 0, "{tokens} calls");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_roster_entry_turns_out_to_be_the_user(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, wechat) = start(backend).await;
    add_user(&app, "chen.hongmei", Some("13800001111"), Some(("community_clerk", COMMUNITY))).await;
    let roster = login(&app.anyone(), "chen.hongmei", PASSWORD).await.expect(200);
    let on_roster = app.anyone().with_token(roster.str("access_token"));
    let _ = on_roster.get("/me").await.expect(200);
    let chen = user(&app, &wechat, "o-chen").await;
    assert_eq!(chen.get("/me").await.expect(200).json["roles"], json!([]));
    let bound = bind(&chen, &wechat.phone_code("13800001111")).await.expect(200);
    assert_eq!(bound.json["user"]["name"], "chen.hongmei", "staff are called as on the roster");
    // What was known before ends; the new token has the roles.
    on_roster.get("/me").await.refused(401, "auth.grants_changed");
    chen.get("/me").await.refused(401, "auth.grants_changed");
    let refresh = json!({"refresh_token": roster.str("refresh_token")});
    app.anyone().post("/auth/refresh", refresh).await.refused(401, "auth.refresh_invalid");
    let chen = app.anyone().with_token(bound.str("access_token"));
    let me = chen.get("/me").await.expect(200);
    assert_eq!(me.json["roles"][0]["role"], "community_clerk");
    assert_eq!(me.json["user"]["id"], bound.json["user"]["id"]);
    // Their tickets are to follow, and who audits the community sees why.
    let handed = "SELECT CASE WHEN u.joined_into = h.successor_id AND u.phone_hash IS NULL THEN 'follows' ELSE '?' END \
        FROM handover h JOIN app_user u ON u.id = h.person_id";
    assert_eq!(stored(&app, handed).await, ["follows"]);
    assert_eq!(events(&app).await, ["granted", "phone_bound", "password_set", "phone_bound", "joined"]);
    let scopes = "SELECT scope_code FROM event WHERE kind IN ('password_set', 'joined')";
    assert_eq!(stored(&app, scopes).await, [COMMUNITY, COMMUNITY]);
    // What is held on the entry is held on them, and the entry is nobody any more.
    let export = chen.get("/me/export").await.expect(200);
    let audit: Vec<_> = export.json["audit"].as_array().unwrap().iter().map(|e| e["kind"].clone()).collect();
    assert!(audit.contains(&json!("granted")) && audit.contains(&json!("joined")), "{audit:?}");
    let entry = format!("/users/{}", roster.json["user"]["id"].as_str().unwrap());
    app.staff("county_admin", "532504").await.get(&entry).await.refused(404, "person.not_found");
    // Both ways in lead to the same user now.
    for again in [
        login(&app.anyone(), "chen.hongmei", PASSWORD).await.expect(200),
        sign_in(&app, &wechat.login_code("o-chen")).await.expect(200),
    ] {
        assert_eq!(again.json["user"], bound.json["user"]);
    }
    // And the number is theirs alone.
    let other = user(&app, &wechat, "o-li").await;
    bind(&other, &wechat.phone_code("13800001111")).await.refused(409, "auth.phone_taken");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn nobody_holds_twice_what_two_entries_held(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, wechat) = start(backend).await;
    let admin = app.staff("county_admin", "532504").await;
    let held = |role| json!({"role": role, "places": [COMMUNITY]});
    let mut chen = user(&app, &wechat, "o-chen").await;
    for (phone, roles) in
        [("13800001111", &["community_clerk"][..]), ("13900002222", &["community_clerk", "volunteer"])]
    {
        let grants: Vec<_> = roles.iter().map(held).collect();
        let entry = json!({"name": "陈红梅", "phone": phone, "grants": grants});
        let _ = admin.post("/users", entry).await.expect(201);
        let bound = bind(&chen, &wechat.phone_code(phone)).await.expect(200);
        chen = app.anyone().with_token(bound.str("access_token"));
    }
    let roles = &chen.get("/me").await.expect(200).json["roles"];
    assert_eq!(roles.as_array().unwrap().len(), 2, "{roles}");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn the_tickets_of_a_roster_entry_go_on_with_the_user(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, wechat) = start(backend).await;
    let cast = Cast::of(&app).await;
    add_user(&app, "chen.hongmei", Some("13800001111"), Some(("grid_worker", COMMUNITY))).await;
    let roster = login(&app.anyone(), "chen.hongmei", PASSWORD).await.expect(200);
    let entry = app.anyone().with_token(roster.str("access_token"));
    let dispatch = json!({"lead": {"person": roster.json["user"]["id"]}, "severity": "large"});
    let (handled, done) = (cast.ticket().await, cast.ticket().await);
    for ticket in [&handled, &done] {
        let _ = cast.clerk.post(&format!("{ticket}/dispatch"), dispatch.clone()).await.expect(200);
        let _ = entry.post(&format!("{ticket}/accept"), json!({})).await.expect(200);
        let _ = entry.post(&format!("{ticket}/plan"), json!({"text": "先查管网"})).await.expect(200);
    }
    let _ = entry.post(&format!("{done}/resolve"), solved()).await.expect(200);
    let mut confidential = lamp();
    confidential["confidential"] = json!(true);
    let raised = path(&entry.post("/tickets", confidential).await.expect(201));
    let steps = async || -> Vec<_> {
        let timeline = cast.clerk.get(&format!("{raised}/timeline")).await.expect(200);
        timeline.items().iter().map(|step| (step["label"].clone(), step["actor"].clone())).collect()
    };
    let unnamed = |label: &str| (json!(label), Value::Null);
    let chen = user(&app, &wechat, "o-chen").await;
    let bound = bind(&chen, &wechat.phone_code("13800001111")).await.expect(200);
    let chen = app.anyone().with_token(bound.str("access_token"));
    // Before it is done they stay unnamed, and a round that begins is theirs.
    assert_eq!(steps().await, [unnamed("群众点单")]);
    assert_eq!(cast.rate(&done, "dissatisfied").await.expect(200).str("status"), "dispatched");
    app.app.catch_up().await.unwrap();
    // What they were doing they still do: nothing is to be accepted or planned a second time.
    let theirs = cast.clerk.get(&handled).await.expect(200);
    assert_eq!((theirs.str("status"), theirs.json["plan"]["text"].as_str()), ("accepted", Some("先查管网")));
    assert_eq!(theirs.json["lead"]["person"], bound.json["user"]["id"]);
    let _ = chen.post(&format!("{handled}/resolve"), solved()).await.expect(200);
    assert_eq!(cast.clerk.get(&done).await.json["lead"], theirs.json["lead"]);
    // What they raised is theirs, and nobody else learns under which name.
    let mine = chen.get("/tickets?mine=true").await.expect(200);
    let mine: Vec<_> =
        mine.items().iter().map(|ticket| format!("/tickets/{}", ticket["id"].as_str().unwrap())).collect();
    assert_eq!(mine, std::slice::from_ref(&raised));
    let _ = chen.post(&format!("{raised}/supplement"), json!({"content": "还有一处"})).await.expect(200);
    assert_eq!(steps().await, ["群众点单", "并档", "补充"].map(unnamed));
    let timeline = chen.get(&format!("{raised}/timeline")).await.expect(200);
    assert_eq!(timeline.items()[0]["actor"], bound.json["user"]["id"]);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn nothing_is_taken_from_whoever_joined_in_between(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, wechat) = start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", "532504").await;
    let entry = json!({"name": "陈红梅", "phone": "13800001111", "grants": [
        {"role": "grid_worker", "places": [COMMUNITY]}, {"role": "volunteer", "places": [NEIGHBOUR]},
    ]});
    let entry = admin.post("/users", entry).await.expect(201);
    let id = entry.str("id");
    let to_entry = json!({"lead": {"person": id}});
    let open = cast.ticket().await;
    let _ = cast.clerk.post(&format!("{open}/dispatch"), to_entry.clone()).await.expect(200);
    // A colleague leaves to them, and one of their two grants is taken back, before they come with WeChat.
    let left = cast.ticket_at("accepted").await;
    let leave = json!({"successor": id, "reason": "调往别处"});
    let _ = admin.post(&format!("/users/{}/leave", cast.worker_id), leave).await.expect(200);
    let grants = entry.json["grants"].as_array().unwrap();
    let other = grants.iter().find(|grant| grant["role"] == "volunteer").unwrap();
    let _ = admin.post(&format!("/users/{id}/revoke"), json!({"grant": other["id"]})).await.expect(200);
    app.pass(1);
    let chen = user(&app, &wechat, "o-chen").await;
    let bound = bind(&chen, &wechat.phone_code("13800001111")).await.expect(200);
    app.app.catch_up().await.unwrap();
    for ticket in [&open, &left] {
        let theirs = cast.clerk.get(ticket).await;
        let lead = (theirs.str("status"), &theirs.json["lead"]["person"]);
        assert_eq!(lead, ("dispatched", &bound.json["user"]["id"]));
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_ticket_that_names_another_is_not_found_by_its_requesters_number(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, wechat) = start(backend).await;
    let wang = user(&app, &wechat, "o-wang").await;
    let bound = bind(&wang, &wechat.phone_code("13800001111")).await.expect(200);
    let wang = app.anyone().with_token(bound.str("access_token"));
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let mut named = lamp();
    named["contact"] = json!({"name": "李四", "phone": "13900002222"});
    let _ = wang.post("/tickets", named).await.expect(201);
    let found = |phone| clerk.get(phone);
    assert_eq!(found("/tickets?q=13800001111").await.expect(200).items().len(), 0);
    assert_eq!(found("/tickets?q=13900002222").await.expect(200).items().len(), 1);
    let _ = wang.post("/tickets", lamp()).await.expect(201);
    assert_eq!(found("/tickets?q=13800001111").await.expect(200).items().len(), 1);
    app.stop().await;
}
