//! Members' posts: set by the community, claimed by members, looked through by residents, who ask one directly.

use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, lamp};
use integration_tests::database::execute;
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

fn post(name: &str) -> Value {
    json!({
        "place": COMMUNITY, "name": name, "purpose": "帮老人修灯、修水管",
        "services": ["修灯换泡", "水管维修", "家电检修", "代缴水电费", "陪诊"], "skills": ["电工", "水管"]
    })
}

fn three() -> Value {
    json!({"services": ["修灯换泡", "水管维修", "家电检修"]})
}

async fn set(clerk: &Caller, name: &str) -> String {
    format!("/posts/{}", clerk.post("/posts", post(name)).await.expect(201).str("id"))
}

async fn told(caller: &Caller, kind: &str) -> Vec<String> {
    let inbox = caller.get("/me/inbox").await.expect(200);
    let of_kind = inbox.items().iter().filter(|one| one["matter"]["kind"] == kind);
    of_kind.map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
}

#[rstest]
#[tokio::test]
async fn l05_f04_a_community_keeps_posts_that_members_claim(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let member = app.staff("party_member", COMMUNITY).await;
    let resident = app.resident("王芳").await;
    let made = clerk.post("/posts", post("便民维修岗")).await.expect(201);
    assert_eq!((made.str("status_name"), made.header("etag")), ("开放", "\"1\""));
    let at = format!("/posts/{}", made.str("id"));
    // Three or four services of those that it offers.
    let claim = format!("{at}/claim");
    for (services, code) in [
        (json!(["修灯换泡", "水管维修"]), "matter.range"),
        (json!(["修灯换泡", "水管维修", "水管维修"]), "matter.range"),
        (json!(["修灯换泡", "水管维修", "家电检修", "代缴水电费", "陪诊"]), "matter.range"),
        (json!(["修灯换泡", "水管维修", "跳舞"]), "matter.unknown"),
    ] {
        member.post(&claim, json!({"services": services})).await.refused_for(422, code, "/services");
    }
    let held = member.post(&claim, three()).await.expect(201);
    assert_eq!((held.str("status_name"), held.str("post_name")), ("在岗", "便民维修岗"));
    member.post(&claim, three()).await.refused(409, "post.held");
    resident.post(&claim, three()).await.refused(403, "permission.role");
    app.staff("party_member", NEIGHBOUR)
        .await
        .post(&claim, three())
        .await
        .refused(403, "matter.beyond_scope");
    // Residents see what there is, and who does it.
    for seen in [resident.get(&at).await.expect(200).json, {
        let list = resident.get(&format!("/posts?place={STREET}")).await.expect(200);
        assert_eq!(list.items().len(), 1);
        list.items()[0].clone()
    }] {
        assert_eq!((&seen["name"], &seen["purpose"]), (&json!("便民维修岗"), &json!("帮老人修灯、修水管")));
        assert_eq!(seen["holders"][0]["services"], three()["services"]);
        assert_eq!(seen["holders"][0]["id"], held.json["id"]);
        assert!(!seen["holders"][0]["member"]["name"].as_str().unwrap().is_empty());
    }
    assert_eq!(resident.get(&format!("{at}/claims")).await.expect(200).items().len(), 1);
    assert_eq!(resident.get(&format!("/posts?place={NEIGHBOUR}")).await.expect(200).items().len(), 0);
    assert_eq!(member.get("/me/posts").await.expect(200).items()[0]["id"], held.json["id"]);
    // Others neither set nor retire them, nor send anybody away.
    let reason = json!({"reason": "并入综合服务岗"});
    member.post("/posts", post("岗")).await.refused(403, "permission.role");
    let neighbour = app.staff("community_clerk", NEIGHBOUR).await;
    neighbour.post("/posts", post("岗")).await.refused(403, "matter.beyond_scope");
    neighbour.post(&format!("{at}/retire"), reason.clone()).await.refused(403, "matter.beyond_scope");
    let leave = format!("/post-claims/{}/leave", held.str("id"));
    resident.post(&leave, json!({})).await.refused(403, "matter.beyond_scope");
    // Whoever left may come again; when the post is retired, whoever holds it is let go and told.
    assert_eq!(member.post(&leave, json!({})).await.expect(200).str("status_name"), "已退岗");
    member.post(&leave, json!({})).await.refused(409, "matter.over");
    let _ = member.post(&claim, three()).await.expect(201);
    assert_eq!(
        clerk.post(&format!("{at}/retire"), reason.clone()).await.expect(200).str("status"),
        "retired"
    );
    assert_eq!(told(&member, "post_claim").await, ["matter_done"]);
    assert_eq!(member.get("/me/posts").await.expect(200).items().len(), 0);
    assert_eq!(member.get("/me/posts?status=ended").await.expect(200).items().len(), 1);
    assert_eq!(resident.get(&format!("/posts?place={COMMUNITY}")).await.expect(200).items().len(), 0);
    clerk.post(&format!("{at}/retire"), reason).await.refused(409, "matter.over");
    member.post(&claim, three()).await.refused(409, "matter.over");
    let admin = app.staff("county_admin", "532504").await;
    let audit = admin.get("/audit?place=532504").await.expect(200);
    for word in ["设立岗位", "认岗", "退岗", "撤销岗位"] {
        assert!(audit.text.contains(word), "{word}: {}", audit.text);
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f04_a_member_who_checked_in_holds_two_posts_however_many_they_claim_at_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let member = app.staff("party_member", NEIGHBOUR).await;
    let mut posts = Vec::new();
    for name in ["一岗", "二岗", "三岗", "四岗"] {
        posts.push(set(&clerk, name).await);
    }
    member.post(&format!("{}/claim", posts[0]), three()).await.refused(403, "matter.beyond_scope");
    let _ = member.post("/me/check-ins", json!({"place": COMMUNITY})).await.expect(201);
    // Ten at once, to four posts.
    let claims = (0..10).map(|n| {
        let (member, path) = (member.clone(), format!("{}/claim", posts[n % 4]));
        tokio::spawn(async move { member.post(&path, three()).await })
    });
    let mut won = 0;
    for claim in claims.collect::<Vec<_>>() {
        let answer = claim.await.unwrap();
        match answer.status {
            201 => won += 1,
            409 => assert!(["post.held", "post.too_many"].contains(&answer.str("code")), "{}", answer.text),
            _ => assert_eq!(answer.str("code"), "store.contended", "{}", answer.text),
        }
    }
    assert_eq!(won, 2);
    let held = member.get("/me/posts").await.expect(200);
    assert_eq!(held.items().len(), 2);
    let free = posts.iter().find(|post| {
        let of = |one: &Value| post.ends_with(one["post"].as_str().unwrap());
        !held.items().iter().any(of)
    });
    let free = format!("{}/claim", free.unwrap());
    member.post(&free, three()).await.refused(409, "post.too_many");
    // A seat that is given up is free again.
    let leave = format!("/post-claims/{}/leave", held.items()[1]["id"].as_str().unwrap());
    let _ = member.post(&leave, json!({"reason": "事多"})).await.expect(200);
    let _ = member.post(&free, three()).await.expect(201);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f04_a_resident_asks_whoever_holds_a_post(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    // Checked in, and granted nothing there.
    let member = app.staff("party_member", NEIGHBOUR).await;
    let _ = member.post("/me/check-ins", json!({"place": COMMUNITY})).await.expect(201);
    let resident = app.resident("王芳").await;
    let at = set(&clerk, "便民维修岗").await;
    let held = member.post(&format!("{at}/claim"), three()).await.expect(201);
    let asking = |ask: &str, place: &str| {
        let mut body = lamp();
        body["ask"] = json!(ask);
        body["place"]["code"] = json!(place);
        body
    };
    let asked = resident.post("/tickets", asking(held.str("id"), COMMUNITY)).await.expect(201);
    assert_eq!((asked.str("status"), asked.header("etag")), ("dispatched", "\"2\""));
    assert_eq!(asked.json["lead"]["person"], held.json["member"]["id"]);
    app.app.catch_up().await.unwrap();
    let inbox = member.get("/me/inbox").await.expect(200);
    assert!(inbox.items().iter().any(|one| one["kind"] == "assigned"), "{}", inbox.text);
    let ticket = format!("/tickets/{}", asked.str("id"));
    let _ = member.post(&format!("{ticket}/accept"), json!({})).await.expect(200);
    let done = json!({"outcome": "solved", "reply": "已换灯泡"});
    let _ = member.post(&format!("{ticket}/resolve"), done).await.expect(200);
    // One who cannot gives it back, and the desk dispatches it.
    let second = resident.post("/tickets", asking(held.str("id"), COMMUNITY)).await.expect(201);
    let back = format!("/tickets/{}/return", second.str("id"));
    let returned = member.post(&back, json!({"reason": "在外地"})).await.expect(200);
    assert_eq!(returned.str("status"), "submitted");
    // Of another community, oneself, nobody.
    let elsewhere = resident.post("/tickets", asking(held.str("id"), NEIGHBOUR)).await;
    elsewhere.refused_for(422, "post.ask_elsewhere", "/ask");
    let oneself = member.post("/tickets", asking(held.str("id"), COMMUNITY)).await;
    oneself.refused_for(422, "post.ask_oneself", "/ask");
    let nobody = asking("01990000-0000-7000-8000-00000000dead", COMMUNITY);
    resident.post("/tickets", nobody).await.refused_for(422, "post.ask_over", "/ask");
    let _ = member.post(&format!("/post-claims/{}/leave", held.str("id")), json!({})).await.expect(200);
    let over = resident.post("/tickets", asking(held.str("id"), COMMUNITY)).await;
    over.refused_for(422, "post.ask_over", "/ask");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f04_what_is_wrong_with_a_post_is_named(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let street = app.staff("street_dispatcher", STREET).await;
    let with = |key: &str, value: Value| {
        let mut body = post("便民维修岗");
        body[key] = value;
        body
    };
    for (body, code, field) in [
        (with("place", json!(STREET)), "tie.not_a_community", "/place"),
        (with("name", json!(" ")), "text.empty", "/name"),
        (with("services", json!(["修灯", "理发"])), "matter.range", "/services"),
        (with("services", json!(["修灯", "理发", "修灯"])), "profile.twice", "/services/2"),
        (with("services", json!(vec!["x"; 31])), "profile.too_many", "/services"),
        (with("skills", json!(["电\u{0}工"])), "text.control_character", "/skills/0"),
        (with("purpose", json!("")), "text.empty", "/purpose"),
    ] {
        street.post("/posts", body).await.refused_for(422, code, field);
    }
    let _ = street.get("/posts?place=1").await.expect(422);
    street.get("/posts/01990000-0000-7000-8000-00000000dead").await.refused(404, "matter.not_found");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn l05_nobody_holds_a_post_that_is_retired(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let member = app.staff("party_member", COMMUNITY).await;
    let volunteer = app.staff("volunteer", COMMUNITY).await;
    let reason = json!({"reason": "并入综合服务岗"});
    let held = async |at: &str| clerk.get(&format!("{at}/claims")).await.expect(200).items().len();
    // It was retired, and then the server ended before whoever held it was let go.
    let at = set(&clerk, "便民维修岗").await;
    let claim = member.post(&format!("{at}/claim"), three()).await.expect(201);
    let id = at.trim_start_matches("/posts/");
    let sql = match backend {
        Backend::Sqlite => format!(
            "UPDATE matter SET status = 'retired', open = 0, state = json_set(state, '$.status', 'retired') \
             WHERE lower(hex(id)) = '{}'",
            id.replace('-', "")
        ),
        Backend::Postgres => format!(
            "UPDATE matter SET status = 'retired', open = false, state = jsonb_set(state, '{{status}}', '\"retired\"') \
             WHERE id = '{id}'"
        ),
    };
    execute(&app.url, &sql).await;
    assert_eq!(held(&at).await, 1);
    member.post(&format!("{at}/retire"), reason.clone()).await.refused(403, "permission.role");
    let neighbour = app.staff("community_clerk", NEIGHBOUR).await;
    neighbour.post(&format!("{at}/retire"), reason.clone()).await.refused(403, "matter.beyond_scope");
    assert_eq!(held(&at).await, 1);
    clerk.post(&format!("{at}/retire"), reason.clone()).await.refused(409, "matter.over");
    assert_eq!(held(&at).await, 0);
    let ended = member.get("/me/posts?status=ended").await.expect(200);
    assert_eq!(ended.items()[0]["id"], claim.json["id"]);
    // Whoever claims while it is retired is let go with it, or comes too late.
    for round in 0..5 {
        let at = set(&clerk, &format!("岗{round}")).await;
        let (claim, retire) = (format!("{at}/claim"), format!("{at}/retire"));
        let (retired, a, b) = tokio::join!(
            clerk.post(&retire, reason.clone()),
            member.post(&claim, three()),
            volunteer.post(&claim, three()),
        );
        let _ = retired.expect(200);
        for one in [a, b] {
            assert!(one.status == 201 || one.str("code") == "matter.over", "{}", one.text);
        }
        assert_eq!(held(&at).await, 0);
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f04_whoever_may_hold_a_post_no_more_leaves_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", "532504").await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let (member, resident) = (app.staff("party_member", COMMUNITY).await, app.resident("王芳").await);
    let at = set(&clerk, "便民维修岗").await;
    let claim = member.post(&format!("{at}/claim"), three()).await.expect(201);
    let person = format!("/users/{}", app.id_of(&member).await);
    let held = async || resident.get(&at).await.expect(200).json["holders"].as_array().unwrap().len();
    let revoke = async |role: &str| {
        let grants = admin.get(&person).await.expect(200).json["grants"].clone();
        let grant = grants.as_array().unwrap().iter().find(|grant| grant["role"] == role).unwrap();
        let _ = admin.post(&format!("{person}/revoke"), json!({"grant": grant["id"]})).await.expect(200);
        app.app.catch_up().await.unwrap();
    };
    // Whoever is a volunteer there as well stays.
    let volunteer = json!({"role": "volunteer", "places": [COMMUNITY]});
    let _ = admin.post(&format!("{person}/grant"), volunteer).await.expect(200);
    revoke("party_member").await;
    assert_eq!(held().await, 1);
    revoke("volunteer").await;
    assert_eq!(held().await, 0);
    let ended = clerk.get(&format!("{at}/claims?status=ended")).await.expect(200);
    assert_eq!((ended.items().len(), &ended.items()[0]["id"]), (1, &claim.json["id"]));
    let mut asking = lamp();
    asking["ask"] = claim.json["id"].clone();
    resident.post("/tickets", asking).await.refused_for(422, "post.ask_over", "/ask");
    // A check-in counts to the end of the day, for nobody who is no member any more.
    let guest = app.staff("party_member", NEIGHBOUR).await;
    let _ = guest.post("/me/check-ins", json!({"place": COMMUNITY})).await.expect(201);
    let _ = guest.post(&format!("{at}/claim"), three()).await.expect(201);
    let leave = format!("/users/{}/leave", app.id_of(&guest).await);
    let _ = admin.post(&leave, json!({"reason": "调离"})).await.expect(200);
    app.app.catch_up().await.unwrap();
    assert_eq!(held().await, 0);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn l05_all_who_hold_a_post_are_shown(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let member = app.staff("party_member", COMMUNITY).await;
    let at = set(&clerk, "便民维修岗").await;
    let _ = member.post(&format!("{at}/claim"), three()).await.expect(201);
    let (numbers, id) = match backend {
        Backend::Sqlite => (
            "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 1000) SELECT n FROM s)",
            "CAST(printf('claim%011d', s.n) AS BLOB)",
        ),
        Backend::Postgres => ("(SELECT generate_series(1, 1000) AS n)", "md5('claim' || s.n)::uuid"),
    };
    let row = "kind, county, place_id, status, open, topic, parent_id, ticket_id, sorted_at, due_at, next_at, state, state_v, version, \
         created_by, created_at, updated_at";
    let event = "stream_version, kind, v, scope_code, occurred_at, recorded_at, payload";
    for sql in [
        format!(
            "INSERT INTO event (aggregate, stream, {event}) SELECT aggregate, {id}, {event} FROM event, {numbers} s WHERE kind = 'post_claimed'"
        ),
        format!(
            "INSERT INTO matter (id, {row}) SELECT {id}, {row} FROM matter, {numbers} s WHERE kind = 'post_claim'"
        ),
    ] {
        execute(&app.url, &sql).await;
    }
    assert_eq!(clerk.get(&at).await.expect(200).json["holders"].as_array().unwrap().len(), 1_001);
    app.stop().await;
}
