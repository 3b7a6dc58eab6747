//! Members' promises, what posts need, and members' points.

use crate::point::place_id;
use crate::ticket::Cast;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT, lamp};
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const DAY: i64 = 24 * 60;

fn promise(due: &str) -> Value {
    json!({"place": COMMUNITY, "what": "每周六上午陪独居老人看病", "due_at": due})
}

async fn told(caller: &Caller, kind: &str) -> Vec<String> {
    let inbox = caller.get("/me/inbox").await.expect(200);
    let of_kind = inbox.items().iter().filter(|one| one["matter"]["kind"] == kind);
    of_kind.map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
}

async fn state(member: &Caller, due: &str) -> String {
    format!("/promises/{}", member.post("/promises", promise(due)).await.expect(201).str("id"))
}

#[rstest]
#[tokio::test]
async fn l08_f06_a_promise_is_public_and_kept_with_evidence(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let member = app.staff("party_member", NEIGHBOUR).await;
    let resident = app.resident("王芳").await;
    let due = "2026-11-30T10:00:00Z";
    // Whoever reported to the community promises there.
    member.post("/promises", promise(due)).await.refused(403, "matter.beyond_scope");
    let _ = member.post("/me/check-ins", json!({"place": COMMUNITY})).await.expect(201);
    let stated = member.post("/promises", promise(due)).await.expect(201);
    assert_eq!((stated.str("status_name"), stated.header("etag")), ("践诺中", "\"1\""));
    resident.post("/promises", promise(due)).await.refused(403, "permission.role");
    let path = format!("/promises/{}", stated.str("id"));
    let list = resident.get(&format!("/promises?place={STREET}")).await.expect(200);
    assert_eq!(list.items()[0]["what"], "每周六上午陪独居老人看病");
    assert!(!list.items()[0]["member"]["name"].as_str().unwrap().is_empty());
    // What shows it is one's own.
    let evidence = |deed: Option<&str>, ticket: Option<&str>| json!({"evidence": "陪诊四次", "deed": deed, "ticket": ticket});
    let keep = format!("{path}/keep");
    let other = resident.post("/tickets", lamp()).await.expect(201);
    member.post(&keep, evidence(None, Some(other.str("id")))).await.refused_for(422, "matter.who", "/ticket");
    member.post(&keep, evidence(Some(other.str("id")), None)).await.refused_for(422, "matter.who", "/deed");
    clerk.post(&keep, evidence(None, None)).await.refused(403, "permission.role");
    let stranger = app.staff("party_member", COMMUNITY).await;
    stranger.post(&keep, evidence(None, None)).await.refused(403, "matter.beyond_scope");
    let id = app.id_of(&member).await;
    let deed =
        json!({"kind": "service", "person": id, "place": COMMUNITY, "on": "2026-11-21", "account": "陪诊"});
    let deed = member.post("/deeds", deed).await.expect(201);
    let kept = member.post(&keep, evidence(Some(deed.str("id")), None)).await.expect(200);
    assert_eq!((kept.str("status_name"), &kept.json["kept"]["deed"]), ("已践诺", &deed.json["id"]));
    assert_eq!(told(&clerk, "promise").await, ["matter_reported"]);
    member.post(&keep, evidence(None, None)).await.refused(409, "matter.over");
    // The community asks for more, and they keep it anew.
    let question = format!("{path}/question");
    let reason = json!({"reason": "请补充日期"});
    member.post(&question, reason.clone()).await.refused(403, "permission.role");
    let neighbour = app.staff("community_clerk", NEIGHBOUR).await;
    neighbour.post(&question, reason.clone()).await.refused(403, "matter.beyond_scope");
    let back = clerk.post(&question, reason.clone()).await.expect(200);
    assert_eq!(
        (back.str("status"), back.json["questions"][0]["reason"].as_str()),
        ("open", Some("请补充日期"))
    );
    clerk.post(&question, reason.clone()).await.refused(409, "matter.not_yet");
    assert_eq!(told(&member, "promise").await, ["matter_decided"]);
    let _ = member.post(&keep, evidence(None, None)).await.expect(200);
    // One is withdrawn with a reason that everybody reads.
    let second = state(&member, due).await;
    let gone = member.post(&format!("{second}/withdraw"), json!({"reason": "调离本市"})).await.expect(200);
    assert_eq!((gone.str("status"), gone.str("closing")), ("withdrawn", "调离本市"));
    member.post(&format!("{second}/withdraw"), reason).await.refused(409, "matter.over");
    let mine = member.get("/promises?mine=true").await.expect(200);
    assert_eq!(mine.items().len(), 2);
    assert_eq!(resident.get("/promises?mine=true").await.expect(200).items().len(), 0);
    resident.get("/promises").await.refused_for(400, "request.missing_field", "?place");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn l08_what_is_not_kept_in_time_is_late_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let member = app.staff("party_member", COMMUNITY).await;
    let resident = app.resident("王芳").await;
    let first = state(&member, "2026-11-23T01:00:00Z").await;
    let second = state(&member, "2026-11-23T01:00:00Z").await;
    let third = state(&member, "2026-12-31T01:00:00Z").await;
    let evidence = json!({"evidence": "已完成"});
    let _ = member.post(&format!("{second}/keep"), evidence.clone()).await.expect(200);
    for _ in 0..3 {
        app.pass(DAY);
        app.app.catch_up().await.unwrap();
    }
    assert_eq!(resident.get(&first).await.expect(200).str("status_name"), "逾期未践诺");
    assert_eq!(resident.get(&third).await.expect(200).str("status"), "open");
    assert_eq!(told(&member, "promise").await, ["matter_overdue"]);
    let count = async |place: &str| resident.get(&format!("/promises/count?place={place}")).await.expect(200);
    let expected = json!({"stated": 3, "kept": 1, "late": 1, "open": 2, "withdrawn": 0});
    assert_eq!(count(COMMUNITY).await.json, expected);
    assert_eq!(count("532504").await.json, expected);
    assert_eq!(count(NEIGHBOUR).await.json["stated"], 0);
    let late = member.post(&format!("{first}/keep"), evidence).await.expect(200);
    assert_eq!(late.str("status_name"), "逾期践诺");
    let expected = json!({"stated": 3, "kept": 2, "late": 1, "open": 1, "withdrawn": 0});
    assert_eq!(count(COMMUNITY).await.json, expected);
    let late = resident.get(&format!("/promises?place={COMMUNITY}&status=kept_late")).await.expect(200);
    assert_eq!(late.items().len(), 1);
    // What is wrong is named.
    let past = promise("2020-01-01T00:00:00Z");
    member.post("/promises", past).await.refused_for(422, "matter.time", "/due_at");
    let mut street = promise("2026-12-31T01:00:00Z");
    street["place"] = json!(STREET);
    member.post("/promises", street).await.refused_for(422, "tie.not_a_community", "/place");
    app.stop().await;
}

fn row<'a>(scores: &'a Answer, member: &str) -> &'a Value {
    let of = scores.items().iter().find(|one| one["member"]["id"] == member);
    of.unwrap_or_else(|| panic!("no {member}: {}", scores.text))
}

#[rstest]
#[tokio::test]
async fn l08_points_are_what_the_records_of_a_month_say(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let member = app.staff("party_member", COMMUNITY).await;
    let (member_id, guest) = (app.id_of(&member).await, app.staff("party_member", NEIGHBOUR).await);
    let guest_id = app.id_of(&guest).await;
    let _ = guest.post("/me/check-ins", json!({"place": COMMUNITY})).await.expect(201);
    // A promise kept, one kept late, a post held, and a ticket completed.
    for late in [false, true] {
        let path = state(&member, "2026-11-22T01:00:00Z").await;
        if late {
            app.pass(2 * DAY);
        }
        let _ = member.post(&format!("{path}/keep"), json!({"evidence": "已完成"})).await.expect(200);
    }
    let post = json!({"place": COMMUNITY, "name": "便民岗", "purpose": "帮忙", "services": ["换灯", "开锁", "代买"]});
    let post = cast.clerk.post("/posts", post).await.expect(201);
    let claim = json!({"services": ["换灯", "开锁", "代买"]});
    let claim = guest.post(&format!("/posts/{}/claim", post.str("id")), claim).await.expect(201);
    let ticket = cast.ticket().await;
    let lead = json!({"lead": {"person": member_id}});
    let _ = cast.clerk.post(&format!("{ticket}/dispatch"), lead).await.expect(200);
    let _ = member.post(&format!("{ticket}/accept"), json!({})).await.expect(200);
    let _ = member
        .post(&format!("{ticket}/resolve"), json!({"outcome": "solved", "reply": "好了"}))
        .await
        .expect(200);
    let _ = cast.rate(&ticket, "satisfied").await.expect(200);
    app.app.catch_up().await.unwrap();
    let path = format!("/places/{}/member-points", place_id(&cast.clerk, COMMUNITY).await);
    for caller in [&cast.clerk, &member, &guest] {
        let scores = caller.get(&format!("{path}?month=2026-11")).await.expect(200);
        let first = row(&scores, &member_id);
        assert_eq!((&first["rank"], &first["points"]), (&json!(1), &json!(4)), "{}", scores.text);
        assert_eq!(first["promises"], json!({"count": 1, "points": 2}));
        assert_eq!(first["late_promises"], json!({"count": 1, "points": 1}));
        assert_eq!(first["tickets"], json!({"count": 1, "points": 1}));
        let second = row(&scores, &guest_id);
        assert_eq!((&second["rank"], &second["points"]), (&json!(2), &json!(1)));
        assert_eq!(second["posts"], json!({"count": 1, "points": 1}));
        assert!(!second["member"]["name"].as_str().unwrap().is_empty());
    }
    // Page by page, whoever did nothing the last.
    let (mut seen, mut page) = (Vec::new(), format!("{path}?limit=1"));
    loop {
        let got = cast.clerk.get(&page).await.expect(200);
        seen.extend(got.items().iter().map(|one| one["member"]["id"].as_str().unwrap().to_owned()));
        let Some(next) = got.json["next_cursor"].as_str() else { break };
        page = format!("{path}?limit=1&cursor={next}");
    }
    assert_eq!(seen[..2], [member_id.clone(), guest_id.clone()]);
    // A ticket that is opened again, and a post that was left, count no more.
    let _ = guest.post(&format!("/post-claims/{}/leave", claim.str("id")), json!({})).await.expect(200);
    let _ = cast.resident.post(&format!("{ticket}/reopen"), json!({"reason": "又坏了"})).await.expect(200);
    app.app.catch_up().await.unwrap();
    let scores = cast.clerk.get(&path).await.expect(200);
    assert_eq!(
        (&row(&scores, &member_id)["points"], &row(&scores, &guest_id)["points"]),
        (&json!(3), &json!(0))
    );
    assert_eq!(cast.clerk.get(&format!("{path}?month=2026-10")).await.expect(200).items()[0]["points"], 0);
    // A month that is none or to come; somebody of elsewhere.
    for month in ["2026-12", "2026-13", "x"] {
        cast.clerk.get(&format!("{path}?month={month}")).await.refused_for(422, "matter.time", "?month");
    }
    app.staff("community_clerk", NEIGHBOUR).await.get(&path).await.refused(403, "matter.beyond_scope");
    cast.resident.get(&path).await.refused(403, "permission.role");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn f06_what_posts_need_is_taken_by_one_unit(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", "532504").await;
    let street = app.staff("street_dispatcher", STREET).await;
    let other = json!({"name": "市消防救援大队", "place": "532504"});
    let other = admin.post("/units", other).await.expect(201).str("id").to_owned();
    let handler = app.of_unit("department_handler", UNIT).await;
    let rival = app.of_unit("department_handler", other.parse().unwrap()).await;
    let need =
        json!({"place": STREET, "what": "火灾隐患排查", "people": 6, "due_at": "2026-12-15T10:00:00Z"});
    let set = street.post("/post-needs", need.clone()).await.expect(201);
    assert_eq!((set.str("status_name"), set.json["people"].as_u64()), ("待认领", Some(6)));
    handler.post("/post-needs", need.clone()).await.refused(403, "permission.role");
    let path = format!("/post-needs/{}", set.str("id"));
    let take = format!("{path}/take");
    handler.post(&take, json!({"unit": other})).await.refused_for(422, "matter.who", "/unit");
    street.post(&take, json!({"unit": UNIT})).await.refused(403, "permission.role");
    handler.post(&format!("{path}/done"), json!({"text": "完成"})).await.refused(409, "matter.not_yet");
    // Both at once, and one has it.
    let (ours, theirs) = (json!({"unit": UNIT}), json!({"unit": other}));
    let (one, two) = tokio::join!(handler.post(&take, ours), rival.post(&take, theirs));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", one.text, two.text);
    let (winner, loser, lost) =
        if one.status == 200 { (&handler, &rival, &two) } else { (&rival, &handler, &one) };
    lost.refused(409, "matter.over");
    assert_eq!(told(&street, "post_need").await, ["matter_reported"]);
    assert_eq!(winner.get("/post-needs?mine=true").await.expect(200).items().len(), 1);
    assert_eq!(loser.get("/post-needs?mine=true").await.expect(200).items().len(), 0);
    let report = json!({"text": "派出六人，排查 212 户"});
    loser.post(&format!("{path}/done"), report.clone()).await.refused(403, "matter.beyond_scope");
    let done = winner.post(&format!("{path}/done"), report).await.expect(200);
    assert_eq!((done.str("status_name"), done.str("report")), ("已完成", "派出六人，排查 212 户"));
    street.post(&format!("{path}/withdraw"), json!({"text": "不需要了"})).await.refused(409, "matter.over");
    // One for a post, overdue and withdrawn.
    let post = json!({"place": COMMUNITY, "name": "便民岗", "purpose": "帮忙", "services": ["换灯", "开锁", "代买"]});
    let post = street.post("/posts", post).await.expect(201).str("id").to_owned();
    let mut of_post = need.clone();
    of_post["post"] = json!(post);
    let second = street.post("/post-needs", of_post.clone()).await.expect(201);
    assert_eq!(second.str("post"), post);
    of_post["place"] = json!(NEIGHBOUR);
    street.post("/post-needs", of_post).await.refused_for(422, "post.unknown", "/post");
    app.pass(30 * DAY - 60);
    let resident = app.resident("王芳").await;
    let overdue = resident.get(&format!("/post-needs?place={STREET}&overdue=true")).await.expect(200);
    assert_eq!((overdue.items().len(), &overdue.items()[0]["overdue"]), (1, &json!(true)));
    let withdraw = format!("/post-needs/{}/withdraw", second.str("id"));
    let gone = street.post(&withdraw, json!({"text": "不需要了"})).await.expect(200);
    assert_eq!(gone.str("status"), "withdrawn");
    let mut wrong = need;
    wrong["people"] = json!(0);
    street.post("/post-needs", wrong).await.refused_for(422, "matter.range", "/people");
    app.stop().await;
}
