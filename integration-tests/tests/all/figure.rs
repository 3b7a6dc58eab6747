//! Figures and rates: what became of the tickets of a day, by place and by unit.

use crate::ticket::Cast;
use api::Reactor;
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp, UNIT};
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

async fn figures(caller: &Caller, query: &str) -> Answer {
    caller.get(&format!("/figures?{query}")).await.expect(200)
}

fn some(answer: &Value, names: &[&str]) -> Vec<i64> {
    names.iter().map(|name| answer["totals"][name].as_i64().unwrap()).collect()
}

fn rate<'a>(answer: &'a Value, key: &str) -> &'a Value {
    answer["rates"].as_array().unwrap().iter().find(|rate| rate["key"] == key).unwrap()
}

#[rstest]
#[tokio::test]
async fn what_became_of_the_tickets_of_a_day(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", "532504").await;
    // One stays, one is answered, two are rated, one is withdrawn though it was accepted in time.
    let _ = cast.ticket_at("submitted").await;
    let _ = cast.ticket_at("resolved").await;
    let _ = cast.ticket_at("closed").await;
    let bad = cast.ticket_at("resolved").await;
    let _ = cast.rate(&bad, "dissatisfied").await.expect(200);
    let gone = cast.ticket().await;
    let _ =
        cast.resident.post(&format!("{gone}/withdraw"), json!({"reason": "自己修好了"})).await.expect(200);
    app.pass(6);
    // Too late for the limit to arrive, which stands for that to accept.
    let late = cast.ticket().await;
    app.pass(6);
    let _ = cast.dispatch(&late).await.expect(200);
    let _ = cast.accept(&late).await.expect(200);
    app.app.catch_up().await.unwrap();
    let names = ["submitted", "dropped", "accepted", "resolved", "solved", "reworked", "rated", "satisfied"];
    for place in [COMMUNITY, STREET, "532504"] {
        let answer = figures(&admin, &format!("place={place}")).await.json;
        assert_eq!(some(&answer, &names), [6, 1, 4, 2, 2, 1, 2, 1], "{place}: {answer}");
        assert_eq!(some(&answer, &["dissatisfied", "arrived", "solved_in_time"]), [1, 0, 2]);
        let response = rate(&answer, "response");
        assert_eq!((&response["name"], &response["denominator"]), (&json!("响应率"), &json!(5)));
        assert_eq!((&response["numerator"], &response["value"]), (&json!(3), &json!(0.6)));
        assert_eq!(rate(&answer, "resolution")["value"], json!(0.4));
        assert_eq!(rate(&answer, "satisfaction")["value"], json!(0.5));
        assert_eq!(
            (answer["days"].as_array().unwrap().len(), &answer["days"][0]["day"]),
            (1, &json!("2026-11-21"))
        );
    }
    let nothing = figures(&admin, &format!("place={NEIGHBOUR}")).await.json;
    assert_eq!((&nothing["days"], &rate(&nothing, "response")["value"]), (&json!([]), &Value::Null));
    // The day is China's.
    app.pass(15 * 60);
    let _ = cast.ticket().await;
    app.app.catch_up().await.unwrap();
    let answer = figures(&admin, "place=532504&from=2026-11-22&to=2026-11-22").await.json;
    assert_eq!(some(&answer, &["submitted"]), [1]);
    // Answers come late: they count on the day of the submission.
    let before = figures(&admin, "place=532504&to=2026-11-21").await.json;
    assert_eq!(some(&before, &["submitted", "accepted"]), [6, 4]);
    assert!(app.app.rebuild(Reactor::Figures).await.unwrap());
    assert_eq!(figures(&admin, "place=532504&to=2026-11-21").await.json, before);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_ticket_counts_for_the_unit_that_leads(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let admin = app.staff("county_admin", "532504").await;
    let unit = app.of_unit("department_handler", UNIT).await;
    let of_unit = format!("unit={UNIT}");
    let ticket = cast.ticket().await;
    let lead = json!({"lead": {"unit": UNIT}});
    let _ = cast.clerk.post(&format!("{ticket}/dispatch"), lead).await.expect(200);
    app.app.catch_up().await.unwrap();
    assert_eq!(some(&figures(&unit, &of_unit).await.json, &["submitted", "accepted"]), [1, 0]);
    let _ = unit.post(&format!("{ticket}/accept"), json!({})).await.expect(200);
    app.app.catch_up().await.unwrap();
    assert_eq!(some(&figures(&admin, &of_unit).await.json, &["submitted", "accepted"]), [1, 1]);
    // Back on the desk it is nobody's.
    let back = json!({"reason": "不归我们管"});
    let _ = unit.post(&format!("{ticket}/return"), back).await.expect(200);
    app.app.catch_up().await.unwrap();
    let answer = figures(&unit, &of_unit).await.json;
    assert_eq!((some(&answer, &["submitted", "accepted"]), &answer["days"]), (vec![0, 0], &json!([])));
    assert_eq!(some(&figures(&admin, "place=532504").await.json, &["submitted"]), [1]);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn each_place_below_has_a_line(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let cast = Cast::of(&app).await;
    let _ = cast.ticket_at("closed").await;
    app.app.catch_up().await.unwrap();
    let admin = app.staff("county_admin", "532504").await;
    let streets = admin.get("/figures/places?place=532504").await.expect(200);
    assert!(streets.items().len() > 3, "{}", streets.text);
    assert!(streets.items().iter().all(|line| line["place"].as_str().unwrap().len() == 9));
    let here = streets.items().iter().find(|line| line["place"] == STREET).unwrap();
    assert_eq!((&here["name"], some(here, &["submitted"])), (&json!("弥阳街道"), vec![1]));
    let communities = admin.get(&format!("/figures/places?place={STREET}")).await.expect(200);
    let submitted: i64 = communities.items().iter().map(|line| some(line, &["submitted"])[0]).sum();
    assert_eq!(submitted, 1);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn figures_are_for_those_of_the_place(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    let dispatcher = app.staff("street_dispatcher", STREET).await;
    let admin = app.staff("county_admin", "532504").await;
    let _ = clerk.get(&format!("/figures?place={COMMUNITY}")).await.expect(200);
    for path in [format!("place={NEIGHBOUR}"), format!("place={STREET}"), format!("unit={UNIT}")] {
        clerk.get(&format!("/figures?{path}")).await.refused(404, "figure.not_found");
    }
    let _ = dispatcher.get(&format!("/figures/places?place={STREET}")).await.expect(200);
    dispatcher.get("/figures/places?place=532504").await.refused(404, "figure.not_found");
    admin.get(&format!("/figures?unit={}", uuid::Uuid::nil())).await.refused(404, "figure.not_found");
    app.resident("王芳").await.get("/figures?place=532504").await.refused(403, "permission.role");
    for (query, status, code, field) in [
        ("", 422, "figure.place_or_unit", "?place"),
        ("place=532504&unit=01990000-0000-7000-8000-000000000091", 422, "figure.place_or_unit", "?place"),
        ("place=53", 422, "place.no_level", "?place"),
        ("place=532504&from=yesterday", 400, "request.invalid_value", "?from"),
        ("place=532504&from=2026-11-02&to=2026-11-01", 422, "request.out_of_range", "?to"),
        ("place=532504&from=2025-11-01&to=2026-11-02", 422, "request.out_of_range", "?to"),
        ("place=532504&from=-262143-01-01", 422, "request.out_of_range", "?from"),
        ("place=532504&to=-262143-01-01", 422, "request.out_of_range", "?to"),
    ] {
        admin.get(&format!("/figures?{query}")).await.refused_for(status, code, field);
    }
    admin.get("/figures/places").await.refused_for(400, "request.missing_field", "?place");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn the_server_says_how_far_its_reactors_are(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with(backend, |config| config.jobs = true).await;
    let cast = Cast::of(&app).await;
    let _ = cast.ticket_at("closed").await;
    app.app.catch_up().await.unwrap();
    let leads = async {
        // Its tasks say so once they have begun.
        while !app.anyone().get("//metrics").await.text.contains("huying_reactor_leads{reactor=\"flags\"} 1")
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), leads).await.expect("it leads");
    let metrics = app.anyone().get("//metrics").await.expect(200);
    assert!(metrics.header("content-type").starts_with("application/openmetrics-text"));
    for name in
        ["reactor_position", "reactor_behind_events", "reactor_behind_seconds", "reactor_set_aside_events"]
    {
        for reactor in ["flags", "figures"] {
            let line = format!("huying_{name}{{reactor=\"{reactor}\"}} ");
            assert!(metrics.text.contains(&line), "{line} is not in {}", metrics.text);
        }
    }
    assert!(metrics.text.contains("huying_sweep_behind_seconds "), "{}", metrics.text);
    app.stop().await;
}
