//! 三级七天调解法: disputes are mediated level by level within seven days, and then the court's door is shown.

use crate::rules::{import, mile_with, play_by, said};
use crate::ticket::{Cast, path};
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp};
use integration_tests::database::number;
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const RULE: &str = "[mediation]\ncategory = \"dispute\"\ncourt = \"可以向弥勒市人民法院起诉\"\n";
pub(crate) const DAY: i64 = 24 * 60;

/// A dispute that the grid's worker accepted.
pub(crate) struct Dispute {
    pub(crate) app: TestApp,
    pub(crate) cast: Cast,
    pub(crate) street: Caller,
    pub(crate) ticket: String,
    requester: String,
}

impl Dispute {
    pub(crate) async fn of(backend: Backend) -> Self {
        let app = TestApp::start(backend).await;
        play_by(&app, RULE, &[]).await;
        let cast = Cast::of(&app).await;
        let street = app.staff("street_dispatcher", STREET).await;
        let requester = app.id_of(&cast.resident).await;
        let ticket = accepted(&cast, "dispute").await;
        Self { app, cast, street, ticket, requester }
    }

    fn parties(&self) -> Value {
        json!({"parties": [
            {"side": "first", "person": self.requester}, {"side": "second", "name": "三楼住户赵某"}
        ]})
    }

    async fn begin(&self) -> Answer {
        self.cast.worker.post(&format!("{}/mediation", self.ticket), self.parties()).await
    }

    /// Begun; its path.
    pub(crate) async fn begun(&self) -> String {
        format!("/mediations/{}", self.begin().await.expect(201).str("id"))
    }
}

async fn accepted(cast: &Cast, category: &str) -> String {
    let body = json!({"content": "楼上漏水吵了几个月", "place": {"code": COMMUNITY}, "category": category});
    let ticket = path(&cast.resident.post("/tickets", body).await.expect(201));
    let _ = cast.dispatch(&ticket).await.expect(200);
    let _ = cast.accept(&ticket).await.expect(200);
    ticket
}

/// What somebody was told of mediations, the latest first.
pub(crate) async fn told(caller: &Caller) -> Vec<String> {
    let inbox = caller.get("/me/inbox?limit=100").await.expect(200);
    let of_mediations = inbox.items().iter().filter(|one| one["matter"]["kind"] == "mediation");
    of_mediations.map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
}

pub(crate) fn session() -> Value {
    json!({"way": "feeling", "text": "先请双方喝茶，各说经过", "came": [1, 2]})
}

#[rstest]
#[tokio::test]
async fn z03_a_dispute_is_mediated_agreed_on_and_resolved(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let dispute = Dispute::of(backend).await;
    let Dispute { app, cast, street, ticket, .. } = &dispute;
    let begun = dispute.begin().await.expect(201);
    assert_eq!((begun.str("status_name"), begun.str("level")), ("调解中", "grid"));
    let until: Vec<_> =
        begun.json["levels"].as_array().unwrap().iter().map(|level| level["until"].clone()).collect();
    let (grid, community, all) = ("2026-11-23T01:00:00Z", "2026-11-25T01:00:00Z", "2026-11-28T01:00:00Z");
    assert_eq!((until, begun.str("due_at")), (vec![json!(grid), json!(community), json!(all)], all));
    assert_eq!(begun.json["levels"][0]["mediator"]["id"], cast.worker_id.as_str());
    assert_eq!(begun.json["parties"][1]["name"], "三楼住户赵某");
    let mediation = format!("/mediations/{}", begun.str("id"));
    assert_eq!(told(&cast.resident).await, ["matter_reported"]);
    // Each round is mediated once.
    dispute.begin().await.refused(409, "mediation.begun");
    let held = cast.worker.post(&format!("{mediation}/session"), session()).await.expect(200);
    assert_eq!(held.json["sessions"][0]["way"], "feeling");
    assert_eq!(held.json["sessions"][0]["came"], json!([1, 2]));
    let sign = format!("{mediation}/sign");
    cast.resident.post(&sign, json!({"agreement": 1})).await.refused(409, "matter.not_yet");
    let agree = json!({"text": "乙方三日内修好，甲方不再追究"});
    let agreed = cast.worker.post(&format!("{mediation}/agree"), agree.clone()).await.expect(200);
    assert_eq!((agreed.str("status_name"), &agreed.json["agreement"]["number"]), ("待签字", &json!(1)));
    // What was read is what is signed for.
    let anew = cast.worker.post(&format!("{mediation}/agree"), agree).await.expect(200);
    assert_eq!(anew.json["agreement"]["number"], 2);
    let stale = cast.resident.post(&sign, json!({"agreement": 1})).await;
    stale.refused_for(409, "mediation.other_agreement", "/agreement");
    let own = json!({"agreement": 2});
    let once = cast.resident.post(&sign, own.clone()).await.expect(200);
    assert_eq!(once.str("status"), "agreed");
    cast.resident.post(&sign, own.clone()).await.refused(409, "mediation.signed");
    // The other side signs on paper, before a witness; nobody signs for others otherwise.
    let paper = json!({"agreement": 2, "party": 2, "witness": "社区支书在场"});
    cast.resident.post(&sign, paper.clone()).await.refused(403, "matter.beyond_scope");
    cast.worker.post(&sign, own).await.refused_for(422, "mediation.paper", "/witness");
    let nobody = json!({"agreement": 2, "party": 3, "witness": "社区支书在场"});
    cast.worker.post(&sign, nobody).await.refused_for(422, "matter.who", "/party");
    let settled = cast.worker.post(&sign, paper).await.expect(200);
    assert_eq!(
        (settled.str("status_name"), &settled.json["levels"][0]["how"]),
        ("已达成协议", &json!("settled"))
    );
    assert_eq!(settled.json["agreement"]["signed"][1]["witness"], "社区支书在场");
    cast.worker.post(&format!("{mediation}/session"), session()).await.refused(409, "matter.over");
    assert_eq!(told(&cast.resident).await[..2], ["matter_done", "matter_to_decide"]);
    // No more days run, and the ticket is answered as any other.
    app.pass(8 * DAY);
    app.app.catch_up().await.unwrap();
    let seen = cast.resident.get(&format!("{ticket}/mediation")).await.expect(200);
    assert_eq!((seen.str("status"), seen.json.get("court")), ("settled", None));
    let _ = cast.resolve(ticket).await.expect(200);
    // What was said is not in the audit trail, that it happened is.
    let admin = app.staff("county_admin", "532504").await;
    let audit = admin.get("/audit?place=532504&limit=100").await.expect(200);
    assert!(audit.text.contains("拟定调解协议"), "{}", audit.text);
    for secret in ["甲方不再追究", "三楼住户赵某", "喝茶", "支书"] {
        assert!(!audit.text.contains(secret), "{secret}");
    }
    street.get(&mediation).await.refused(404, "matter.not_found");
    dispute.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z03_the_file_goes_up_level_by_level_and_then_to_the_court(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let dispute = Dispute::of(backend).await;
    let Dispute { app, cast, street, .. } = &dispute;
    let mediation = dispute.begun().await;
    let (hand_up, hold) = (format!("{mediation}/hand-up"), format!("{mediation}/session"));
    let reason = json!({"reason": "涉及房屋质量"});
    // The level above has nothing to do with it yet.
    cast.clerk.get(&mediation).await.refused(404, "matter.not_found");
    cast.clerk.post(&hand_up, reason.clone()).await.refused(404, "matter.not_found");
    app.pass(DAY);
    let up = cast.worker.post(&hand_up, reason.clone()).await.expect(200);
    assert_eq!((up.str("level"), &up.json["levels"][0]["how"]), ("community", &json!("handed_up")));
    assert_eq!(up.json["levels"][0]["reason"], "涉及房屋质量");
    assert_eq!(told(&cast.clerk).await, ["matter_assigned"]);
    // Whoever had it still sees it, and does nothing any more; the clerk sees all of it and takes it on.
    cast.worker.post(&hold, session()).await.refused(403, "matter.beyond_scope");
    assert_eq!(cast.worker.get(&mediation).await.expect(200).json["levels"][1].get("mediator"), None);
    let law = json!({"way": "law", "text": "讲民法典相邻关系", "came": [2]});
    let held = cast.clerk.post(&hold, law).await.expect(200);
    assert_eq!(held.json["levels"][1]["mediator"]["id"], app.id_of(&cast.clerk).await.as_str());
    // By itself, four days after acceptance whenever it was handed up before; and on the seventh day to the court.
    app.pass(3 * DAY);
    app.app.catch_up().await.unwrap();
    let risen = street.get(&mediation).await.expect(200);
    assert_eq!((risen.str("level"), &risen.json["levels"][1]["how"]), ("street", &json!("days_over")));
    assert_eq!(risen.json["levels"][2]["from"], "2026-11-25T01:00:00Z");
    assert_eq!(told(street).await, ["matter_assigned"]);
    assert_eq!(told(&cast.clerk).await[0], "matter_overdue");
    street.post(&hand_up, reason).await.refused(409, "mediation.top_level");
    let guidance = format!("{mediation}/guidance");
    let told_them = json!({"text": "已当面告知"});
    street.post(&guidance, told_them.clone()).await.refused(409, "matter.not_yet");
    app.pass(3 * DAY);
    app.app.catch_up().await.unwrap();
    let guided = cast.resident.get(&mediation).await.expect(200);
    assert_eq!((guided.str("status_name"), guided.str("court")), ("已引导诉讼", "可以向弥勒市人民法院起诉"));
    assert_eq!(guided.json["levels"][2]["how"], "guided");
    assert_eq!(told(&cast.resident).await[0], "matter_decided");
    cast.resident.post(&guidance, told_them.clone()).await.refused(403, "permission.role");
    let recorded = street.post(&guidance, told_them.clone()).await.expect(200);
    assert_eq!(recorded.json["guidance"]["text"], "已当面告知");
    street.post(&guidance, told_them).await.refused(409, "matter.over");
    street.post(&hold, session()).await.refused(409, "matter.over");
    dispute.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z03_mediations_are_for_those_whom_they_concern(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let dispute = Dispute::of(backend).await;
    let Dispute { app, cast, street, ticket, requester } = &dispute;
    let begin = format!("{ticket}/mediation");
    let parties = |parties: Value| json!({"parties": parties});
    // Only whoever accepted it begins, and names both sides.
    cast.clerk.post(&begin, dispute.parties()).await.refused(403, "permission.reach");
    let stranger = app.staff("grid_worker", NEIGHBOUR).await;
    stranger.post(&begin, dispute.parties()).await.refused(404, "ticket.not_found");
    let first = json!({"side": "first", "person": requester});
    let second = json!({"side": "second", "name": "赵某"});
    let cases = [
        (parties(json!([first])), "matter.range", "/parties"),
        (parties(json!([first, {"side": "first", "name": "赵某"}])), "mediation.sides", "/parties"),
        (parties(json!([first, {"side": "second"}])), "mediation.party", "/parties"),
        (parties(json!([first, {"side": "second", "person": requester}])), "mediation.party", "/parties"),
        (
            parties(json!([first, {"side": "second", "person": uuid::Uuid::nil()}])),
            "matter.who",
            "/parties/1/person",
        ),
        (parties(json!([first, {"side": "second", "person": cast.worker_id}])), "matter.who", "/parties"),
        (parties(json!([first, {"side": "second", "name": " "}])), "text.empty", "/parties/1/name"),
        (parties(json!(vec![second; 11])), "matter.range", "/parties"),
    ];
    for (body, code, field) in cases {
        cast.worker.post(&begin, body).await.refused_for(422, code, field);
    }
    // What is no dispute is not mediated.
    let other = accepted(cast, "property").await;
    let refused = cast.worker.post(&format!("{other}/mediation"), dispute.parties()).await;
    refused.refused(409, "mediation.not_a_dispute");
    let mediation = dispute.begun().await;
    let wrong = json!({"way": "law", "text": "讲法", "came": [3]});
    cast.worker.post(&format!("{mediation}/session"), wrong).await.refused_for(422, "matter.range", "/came");
    // Neither those above nor beside it, nor who administers the county.
    let admin = app.staff("county_admin", "532504").await;
    let neighbour = app.resident("普建华").await;
    for caller in [&cast.clerk, street, &admin, &stranger, &neighbour] {
        caller.get(&mediation).await.refused(404, "matter.not_found");
        caller.get(&begin).await.refused(404, "ticket.not_found");
        caller
            .post(&format!("{mediation}/sign"), json!({"agreement": 1}))
            .await
            .refused(404, "matter.not_found");
    }
    let count = async |caller: &Caller, query: &str| {
        caller.get(&format!("/mediations?{query}")).await.expect(200).items().len()
    };
    let colleague = app.staff("grid_leader", COMMUNITY).await;
    assert_eq!(
        (count(&colleague, "").await, count(&cast.clerk, "").await, count(&admin, "").await),
        (1, 0, 0)
    );
    assert_eq!((count(&cast.clerk, "level=grid").await, count(&stranger, "").await), (0, 0));
    assert_eq!((count(&cast.resident, "").await, count(&cast.resident, "mine=true").await), (0, 1));
    let _ = cast.worker.post(&format!("{mediation}/hand-up"), json!({"reason": "谈不拢"})).await.expect(200);
    assert_eq!((count(&colleague, "").await, count(&cast.clerk, "status=open").await), (0, 1));
    assert_eq!((count(&cast.worker, "mine=true").await, count(&cast.worker, "").await), (1, 0));
    // A week after acceptance there is nothing left to begin.
    let late = accepted(cast, "dispute").await;
    app.pass(7 * DAY);
    let refused = cast.worker.post(&format!("{late}/mediation"), dispute.parties()).await;
    refused.refused(409, "mediation.days_over");
    dispute.app.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn z03_of_two_who_begin_or_hand_up_at_once_one_does(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let dispute = Dispute::of(backend).await;
    let cast = &dispute.cast;
    let (one, other) = tokio::join!(dispute.begin(), dispute.begin());
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let begun = if one.status == 201 { &one } else { &other };
    let mediation = format!("/mediations/{}", begun.str("id"));
    let up = async |caller: &Caller| {
        caller.post(&format!("{mediation}/hand-up"), json!({"reason": "谈不拢"})).await
    };
    let colleague = dispute.app.staff("grid_leader", COMMUNITY).await;
    let (one, other) = tokio::join!(up(&cast.worker), up(&colleague));
    // Whoever came second no longer has it: up one level only.
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert!(statuses == [200, 403] || statuses == [200, 404], "{statuses:?}");
    assert_eq!(cast.worker.get(&mediation).await.expect(200).str("level"), "community");
    dispute.app.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn z03_a_playbook_whose_levels_do_not_nest_is_refused(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let wrong = "[mediation]\ncategory = \"moon\"\nlevels = [{ level = \"street\", days = 3 }, { level = \"grid\", days = 0 }]\n";
    let text = said(&import(&app, &mile_with(wrong), None));
    for fault in [
        "mediation.category: 没有这个类别",
        "mediation.levels[1].level: 各级须由低到高",
        "mediation.levels[1].days",
    ] {
        assert!(text.contains(fault), "{text}");
    }
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z03_what_was_written_goes_with_whoever_wrote_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let dispute = Dispute::of(backend).await;
    let Dispute { app, cast, ticket, .. } = &dispute;
    let admin = app.staff("county_admin", "532504").await;
    let (begin, key) = (format!("{ticket}/mediation"), [("idempotency-key", "k")]);
    let begun = cast.worker.post_with(&begin, &key, dispute.parties()).await.expect(201);
    let mediation = format!("/mediations/{}", begun.str("id"));
    let hold = format!("{mediation}/session");
    let _ = cast.worker.post(&hold, session()).await.expect(200);
    app.pass(DAY);
    let up = json!({"reason": "涉及房屋质量"});
    let _ = cast.worker.post(&format!("{mediation}/hand-up"), up).await.expect(200);
    let law = json!({"way": "law", "text": "讲民法典相邻关系", "came": [2]});
    let _ = cast.clerk.post(&hold, law).await.expect(200);
    // What is kept for retries concerns a party who did nothing there.
    let _ = cast.resident.post("/me/erase", json!({})).await.expect(200);
    let again = cast.worker.post_with(&begin, &key, dispute.parties()).await;
    again.refused(409, "idempotency.answer_erased");
    // Of whoever began it go their words, of others theirs.
    let erase = async |id: &str| {
        let _ = admin.post(&format!("/users/{id}/erase"), json!({"reason": "本人申请"})).await.expect(200);
    };
    let words = ["先请双方喝茶", "涉及房屋质量", "三楼住户赵某", "讲民法典相邻关系"];
    let left = async || {
        let mut left = Vec::new();
        for word in words {
            let sql = format!("SELECT count(*) FROM free_text WHERE body LIKE '%{word}%'");
            left.extend((number(&app.url, &sql).await > 0).then_some(word));
        }
        left
    };
    assert_eq!(left().await, words);
    let clerk = app.id_of(&cast.clerk).await;
    erase(&cast.worker_id).await;
    assert_eq!(left().await, [words[3]]);
    erase(&clerk).await;
    assert_eq!(left().await, [""; 0]);
    dispute.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z03_where_a_community_has_moved_the_street_of_now_is_told(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let dispute = Dispute::of(backend).await;
    let Dispute { app, street, .. } = &dispute;
    let admin = app.staff("county_admin", "532504").await;
    let other = app.staff("street_dispatcher", "532504002").await;
    let mediation = dispute.begun().await;
    let place = admin.get(&format!("/places?code={COMMUNITY}")).await.expect(200);
    let this = format!("/places/{}", place.items()[0]["id"].as_str().unwrap());
    let to = json!({"parent": "532504002", "reason": "区划调整"});
    let _ = admin.post(&format!("{this}/move"), to).await.expect(200);
    app.app.catch_up().await.unwrap();
    for days in [2, 2] {
        app.pass(days * DAY);
        app.app.catch_up().await.unwrap();
    }
    assert_eq!(other.get(&mediation).await.expect(200).str("level"), "street");
    assert_eq!((told(&other).await, told(street).await), (vec!["matter_assigned".to_owned()], vec![]));
    dispute.app.stop().await;
}
