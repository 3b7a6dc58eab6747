//! Appeals: what was counted against somebody through no fault of theirs is left out of the figures, and the record says so.

use crate::ticket::Cast;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT};
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const COUNTY: &str = "532504";

fn because(what: &str) -> Value {
    json!({"what": what, "reason": "派错单位，退回用去两小时"})
}

async fn appeal(caller: &Caller, ticket: &str, what: &str) -> Answer {
    caller.post(&format!("{ticket}/appeals"), because(what)).await
}

async fn decide(caller: &Caller, appeal: &str, uphold: bool) -> Answer {
    caller.post(&format!("{appeal}/decide"), json!({"uphold": uphold, "reason": "情况属实"})).await
}

fn path(appeal: &Answer) -> String {
    format!("/appeals/{}", appeal.str("id"))
}

/// What is counted, and the same without what is left out.
fn both(answer: &Value, names: &[&str]) -> [Vec<i64>; 2] {
    [&answer["totals"], &answer["adjusted"]["totals"]]
        .map(|totals| names.iter().map(|name| totals[name].as_i64().unwrap()).collect())
}

/// A ticket that was solved too late and rated, and who decides on appeals there: the street and the county.
async fn late(backend: Backend) -> (TestApp, Cast, [Caller; 2], String) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let above = [app.staff("street_dispatcher", STREET).await, app.staff("county_admin", COUNTY).await];
    let ticket = cast.ticket_at("accepted").await;
    app.pass(120);
    let _ = cast.resolve(&ticket).await.expect(200);
    let _ = cast.rate(&ticket, "satisfied").await.expect(200);
    (app, cast, above, ticket)
}

#[rstest]
#[tokio::test]
async fn an_appeal_that_is_upheld_leaves_its_matter_out_of_the_figures(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, cast, [street, admin], ticket) = late(backend).await;
    let _ = cast.ticket_at("closed").await;
    app.app.catch_up().await.unwrap();
    let names = ["submitted", "solved", "solved_in_time", "breaches", "rated", "satisfied"];
    let figures = async || admin.get(&format!("/figures?place={COMMUNITY}")).await.expect(200).json;
    let before = figures().await;
    let [all, adjusted] = both(&before, &names);
    assert_eq!((all[..3].to_vec(), all[3] > 0, all[4..].to_vec()), (vec![2, 2, 1], true, vec![2, 2]));
    assert_eq!(all, adjusted);
    // Whoever handled it appeals, and the street decides: neither they nor those below.
    let made = appeal(&cast.worker, &ticket, "breach").await.expect(201);
    assert_eq!(
        (made.str("status_name"), made.str("what_name"), made.str("level")),
        ("待决定", "超时", "street")
    );
    appeal(&cast.clerk, &ticket, "breach").await.refused(409, "appeal.pending");
    let breach = path(&made);
    decide(&cast.worker, &breach, true).await.refused(403, "permission.role");
    decide(&cast.clerk, &breach, true).await.refused(403, "permission.role");
    // Until then nothing is left out.
    app.app.catch_up().await.unwrap();
    assert_eq!(both(&figures().await, &names), [all.clone(), all.clone()]);
    let upheld = decide(&street, &breach, true).await.expect(200);
    assert_eq!((upheld.str("status_name"), upheld.str("decision")), ("准予剔除", "情况属实"));
    decide(&street, &breach, false).await.refused(409, "matter.over");
    app.app.catch_up().await.unwrap();
    let [now, without] = both(&figures().await, &names);
    assert_eq!((&now, without), (&all, vec![2, 2, 2, 0, 2, 2]));
    // The ticket says so to staff, and its history too; the requester reads of no appraisals.
    let seen = cast.clerk.get(&ticket).await.expect(200);
    assert_eq!(seen.json["excluded"][0]["what"], "breach");
    assert_eq!(cast.resident.get(&ticket).await.expect(200).json.get("excluded"), None);
    for (caller, there) in [(&cast.clerk, true), (&cast.resident, false)] {
        let timeline = caller.get(&format!("{ticket}/timeline?limit=100")).await.expect(200);
        assert_eq!(timeline.items().iter().any(|step| step["kind"] == "excluded"), there);
    }
    appeal(&cast.worker, &ticket, "breach").await.refused_for(409, "appeal.nothing", "/what");
    // The community for itself: the rating, and then all of it, in the table of places as well.
    let rating = path(&appeal(&cast.clerk, &ticket, "rating").await.expect(201));
    let whole = path(&appeal(&cast.clerk, &ticket, "ticket").await.expect(201));
    let _ = decide(&admin, &rating, true).await.expect(200);
    app.app.catch_up().await.unwrap();
    assert_eq!(both(&figures().await, &names)[1], [2, 2, 2, 0, 1, 1]);
    let _ = decide(&street, &whole, true).await.expect(200);
    app.app.catch_up().await.unwrap();
    let places = admin.get(&format!("/figures/places?place={STREET}")).await.expect(200);
    let here = places.items().iter().find(|line| line["place"] == COMMUNITY).unwrap().clone();
    assert_eq!(both(&here, &names), [all, vec![1, 1, 1, 0, 1, 1]]);
    assert_eq!(figures().await["days"][0]["adjusted"]["submitted"], 1);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn an_appeal_that_is_refused_changes_nothing_and_whoever_appeals_does_not_decide(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, cast, [street, admin], ticket) = late(backend).await;
    // Only those who had to do with it, and only against what there is.
    let neighbour = app.staff("community_clerk", NEIGHBOUR).await;
    appeal(&neighbour, &ticket, "breach").await.refused(404, "ticket.not_found");
    appeal(&cast.resident, &ticket, "breach").await.refused(403, "permission.role");
    let fresh = cast.ticket_at("accepted").await;
    for what in ["breach", "rating"] {
        appeal(&cast.worker, &fresh, what).await.refused_for(409, "appeal.nothing", "/what");
    }
    // A street's own goes to the county.
    let own = appeal(&street, &ticket, "ticket").await.expect(201);
    assert_eq!(own.str("level"), "county");
    let other_street = app.staff("street_dispatcher", STREET).await;
    decide(&other_street, &path(&own), true).await.refused(403, "matter.beyond_scope");
    decide(&neighbour, &path(&own), true).await.refused(403, "permission.role");
    let refused = decide(&admin, &path(&own), false).await.expect(200);
    assert_eq!(refused.str("status_name"), "不予剔除");
    app.app.catch_up().await.unwrap();
    assert_eq!(cast.clerk.get(&ticket).await.expect(200).json.get("excluded"), None);
    // It may be asked again; units ask the county, and not even an administrator decides on their own unit's.
    let unit = app.of_unit("department_handler", UNIT).await;
    let theirs = cast.ticket().await;
    let to_unit = json!({"lead": {"unit": UNIT}});
    let _ = cast.clerk.post(&format!("{theirs}/dispatch"), to_unit).await.expect(200);
    let made = appeal(&unit, &theirs, "ticket").await.expect(201);
    assert_eq!(
        (made.str("level"), made.json["unit"]["name"].as_str()),
        ("county", Some("市住房和城乡建设局"))
    );
    decide(&street, &path(&made), true).await.refused(403, "matter.beyond_scope");
    let count = async |caller: &Caller, query: &str| {
        caller.get(&format!("/appeals?{query}")).await.expect(200).items().len()
    };
    assert_eq!((count(&unit, "mine=true").await, count(&unit, "").await), (1, 0));
    assert_eq!((count(&admin, "").await, count(&admin, "status=open").await), (2, 1));
    assert_eq!((count(&cast.clerk, "").await, count(&neighbour, "").await), (2, 0));
    neighbour.get(&path(&made)).await.refused(404, "matter.not_found");
    app.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_appeal_or_decide_at_once_one_does(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, cast, [street, admin], ticket) = late(backend).await;
    let statuses = |one: &Answer, other: &Answer| {
        let mut both = [one.status, other.status];
        both.sort_unstable();
        both
    };
    let (one, other) =
        tokio::join!(appeal(&cast.worker, &ticket, "breach"), appeal(&cast.clerk, &ticket, "breach"));
    assert_eq!(statuses(&one, &other), [201, 409]);
    let made = path(if one.status == 201 { &one } else { &other });
    let (up, down) = tokio::join!(decide(&street, &made, true), decide(&admin, &made, false));
    assert_eq!(statuses(&up, &down), [200, 409]);
    for _ in 0..2 {
        app.app.catch_up().await.unwrap();
    }
    // The ticket says what was decided, and says it once.
    let seen = cast.clerk.get(&ticket).await.expect(200);
    let excluded = seen.json["excluded"].as_array().map_or(0, Vec::len);
    assert_eq!(excluded, usize::from(up.status == 200));
    app.stop().await;
}
