//! What time makes of a mediation, and how it ends with its ticket.

use crate::mediation::{DAY, Dispute, session, told};
use integration_tests::Backend;
use integration_tests::app::COMMUNITY;
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test]
async fn z03_nothing_goes_up_of_a_round_that_was_answered(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let dispute = Dispute::of(backend).await;
    let Dispute { app, cast, street, ticket, .. } = &dispute;
    let first = dispute.begun().await;
    // Made up by word of mouth: nobody signs, and the ticket is answered. It comes back, and is mediated anew.
    let _ = cast.resolve(ticket).await.expect(200);
    let _ = cast.rate(ticket, "dissatisfied").await.expect(200);
    let _ = cast.accept(ticket).await.expect(200);
    app.pass(DAY);
    let second = dispute.begun().await;
    app.pass(DAY);
    app.app.catch_up().await.unwrap();
    let ended = cast.resident.get(&first).await.expect(200);
    assert_eq!(
        (ended.str("status_name"), &ended.json["levels"][0]["how"]),
        ("已随工单结束", &json!("ticket_over"))
    );
    assert_eq!(cast.clerk.get(&second).await.expect(200).str("level"), "community");
    assert_eq!(told(&cast.clerk).await, ["matter_assigned"], "of the round that is worked on");
    // Answered while the community has it: neither the street nor the court.
    let _ = cast.resolve(ticket).await.expect(200);
    app.pass(8 * DAY);
    app.app.catch_up().await.unwrap();
    let ended = cast.resident.get(&second).await.expect(200);
    assert_eq!(
        (ended.str("status"), ended.str("level"), ended.json.get("court")),
        ("ended", "community", None)
    );
    assert_eq!(told(street).await, Vec::<String>::new());
    assert!(!told(&cast.resident).await.contains(&"matter_decided".to_owned()));
    cast.clerk.post(&format!("{second}/session"), session()).await.refused(409, "matter.over");
    dispute.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z03_whoever_has_the_file_by_now_acts_before_anybody_wrote_that_down(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let dispute = Dispute::of(backend).await;
    let Dispute { app, cast, street, .. } = &dispute;
    let mediation = dispute.begun().await;
    // The days of two levels are over, and no job has looked.
    app.pass(4 * DAY);
    let held = street.post(&format!("{mediation}/session"), session()).await.expect(200);
    assert_eq!((held.str("level"), held.header("etag")), ("street", "\"4\""));
    for level in [0, 1] {
        assert_eq!(held.json["levels"][level]["how"], "days_over");
    }
    assert_eq!(told(&cast.worker).await, ["matter_overdue"]);
    assert_eq!((told(&cast.clerk).await, told(street).await.len()), (vec!["matter_assigned".to_owned()], 1));
    let admin = app.staff("county_admin", "532504").await;
    let rises = admin.get("/audit?place=532504&kind=mediation_handed_up").await.expect(200);
    assert_eq!(rises.items().len(), 2);
    // What is no mediation is none here either.
    let burden = json!({"place": COMMUNITY, "kind": "plate", "name": "牌子"});
    let burden = cast.clerk.post("/burdens", burden).await.expect(201);
    let none = cast.clerk.post(&format!("/mediations/{}/session", burden.str("id")), session()).await;
    none.refused(404, "matter.not_found");
    dispute.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z03_what_was_agreed_on_is_signed_although_the_ticket_was_answered(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let dispute = Dispute::of(backend).await;
    let Dispute { app, cast, ticket, .. } = &dispute;
    let mediation = dispute.begun().await;
    let agree = json!({"text": "乙方三日内修好，甲方不再追究"});
    let _ = cast.worker.post(&format!("{mediation}/agree"), agree).await.expect(200);
    let sign = format!("{mediation}/sign");
    let _ = cast.resident.post(&sign, json!({"agreement": 1})).await.expect(200);
    let _ = cast.resolve(ticket).await.expect(200);
    // The other party comes when the days of the grid are over: the community has the paper now.
    app.pass(3 * DAY);
    app.app.catch_up().await.unwrap();
    let paper = json!({"agreement": 1, "party": 2, "witness": "社区调解员王某"});
    let settled = cast.clerk.post(&sign, paper).await.expect(200);
    assert_eq!((settled.str("status_name"), settled.str("level")), ("已达成协议", "community"));
    dispute.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z03_nobody_goes_on_with_what_ended_with_its_ticket(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let dispute = Dispute::of(backend).await;
    let Dispute { app, cast, ticket, .. } = &dispute;
    let mediation = dispute.begun().await;
    let agree = json!({"text": "乙方三日内修好，甲方不再追究"});
    let _ = cast.worker.post(&format!("{mediation}/agree"), agree.clone()).await.expect(200);
    let reason = json!({"reason": "我们自己谈好了"});
    let _ = cast.resident.post(&format!("{ticket}/withdraw"), reason).await.expect(200);
    app.pass(60);
    let up = json!({"reason": "谈不拢"});
    for (act, body) in [("session", session()), ("hand-up", up), ("agree", agree)] {
        cast.worker.post(&format!("{mediation}/{act}"), body).await.refused(409, "matter.over");
    }
    let own = json!({"agreement": 1});
    cast.resident.post(&format!("{mediation}/sign"), own).await.refused(409, "matter.over");
    let ended = cast.resident.get(&mediation).await.expect(200);
    assert_eq!((ended.str("status"), &ended.json["levels"][0]["how"]), ("ended", &json!("ticket_over")));
    assert_eq!(told(&cast.resident).await.iter().filter(|kind| *kind == "matter_done").count(), 1);
    dispute.app.stop().await;
}

#[rstest]
#[tokio::test]
async fn z03_an_answered_round_is_only_signed_for_and_ends_with_the_next_one(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let dispute = Dispute::of(backend).await;
    let Dispute { cast, ticket, .. } = &dispute;
    let first = dispute.begun().await;
    let agree = json!({"text": "乙方三日内修好，甲方不再追究"});
    let _ = cast.worker.post(&format!("{first}/agree"), agree.clone()).await.expect(200);
    let _ = cast.resolve(ticket).await.expect(200);
    // Neither is the agreement dropped, nor another put in its place; whoever agreed signs.
    let up = json!({"reason": "谈不拢"});
    for (act, body) in [("session", session()), ("hand-up", up.clone()), ("agree", agree)] {
        cast.worker.post(&format!("{first}/{act}"), body).await.refused(409, "matter.over");
    }
    let signed = cast.resident.post(&format!("{first}/sign"), json!({"agreement": 1})).await.expect(200);
    assert_eq!(signed.str("status"), "agreed");
    // It comes back, and is mediated anew: of the two one is open.
    let _ = cast.rate(ticket, "dissatisfied").await.expect(200);
    let _ = cast.accept(ticket).await.expect(200);
    let second = dispute.begun().await;
    let status = async |path: &str| cast.worker.get(path).await.expect(200).str("status").to_owned();
    assert_eq!([status(&first).await, status(&second).await], ["ended", "open"]);
    let paper = json!({"agreement": 1, "party": 2, "witness": "社区支书在场"});
    cast.worker.post(&format!("{first}/sign"), paper).await.refused(409, "matter.over");
    let _ = cast.worker.post(&format!("{second}/hand-up"), up).await.expect(200);
    dispute.app.stop().await;
}
