//! Working-time calendars: what comes with the program, what administrators enter, and what holds where.

use api::MigrateTo;
use integration_tests::app::{COMMUNITY, STREET, TestApp, config};
use integration_tests::database::{execute, number};
use integration_tests::{Answer, Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const COUNTY: &str = "532504";

fn day(date: &str, name: &str) -> Value {
    json!({"date": date, "name": name})
}

/// A year with New Year's Day off, made up for on a Saturday.
fn year(year: u16) -> Value {
    json!({"holidays": [day(&format!("{year}-01-01"), "元旦")], "workdays": [day(&format!("{year}-01-09"), "元旦")]})
}

/// The same of one county.
fn of_county(mut days: Value) -> Value {
    days["place"] = json!(COUNTY);
    days
}

async fn put(caller: &Caller, year: u16, body: Value) -> Answer {
    caller.put_with(&format!("/calendars/{year}"), &[], body).await
}

/// What a calendar says of a day: kind, name and where it is from; null where it says nothing.
fn said(calendar: &Answer, date: &str) -> Value {
    let days = calendar.json["days"].as_array().unwrap();
    let day = days.iter().find(|day| day["date"] == date);
    day.map_or(Value::Null, |day| json!([day["kind"], day["name"], day["from"]]))
}

#[rstest]
#[tokio::test]
async fn the_announced_years_are_there(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let resident = app.resident("王芳").await;
    let list = resident.get("/calendars").await.expect(200);
    assert_eq!(list.json["missing"], json!([2027]), "next year is missing from October on");
    let newest = &list.items()[0];
    assert_eq!(
        [&newest["year"], &newest["place"], &newest["holidays"], &newest["workdays"]],
        [&json!(2026), &Value::Null, &json!(33), &json!(6)]
    );
    assert_eq!(list.items().len(), 23, "2004 to 2026");
    let here = resident.get(&format!("/calendars/2026?place={STREET}")).await.expect(200);
    assert_eq!((here.str("place"), &here.json["known"], here.header("etag")), (COUNTY, &json!(true), ""));
    assert_eq!(here.json["working_days"], 248);
    assert_eq!(here.json["hours"], json!(["08:30-12:00", "14:00-17:30"]));
    assert_eq!(said(&here, "2026-10-01"), json!(["holiday", "国庆节", "country"]));
    assert_eq!(said(&here, "2026-10-10"), json!(["workday", "国庆节", "country"]));
    let nation = resident.get("/calendars/2026").await.expect(200);
    assert_eq!((&nation.json["version"], nation.header("etag")), (&json!(1), "\"1\""));
    let unknown = resident.get("/calendars/2030").await.expect(200);
    assert_eq!((&unknown.json["known"], &unknown.json["days"]), (&json!(false), &json!([])));
    assert_eq!(unknown.json["working_days"], 261);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_county_lays_its_own_days_over(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let (system, county) = (app.staff("system_admin", COUNTY).await, app.staff("county_admin", COUNTY).await);
    let entered = put(&system, 2027, year(2027)).await.expect(200);
    assert_eq!((entered.header("etag"), &entered.json["working_days"]), ("\"1\"", &json!(261)));
    assert_eq!(county.get("/calendars").await.expect(200).json["missing"], json!([]));
    let own = json!({
        "holidays": [day("2027-11-16", "州庆"), day("2027-01-09", "腊八")], "workdays": [day("2027-01-01", "值守")]
    });
    let own = put(&county, 2027, of_county(own)).await.expect(200);
    assert_eq!((own.header("etag"), &own.json["version"]), ("\"1\"", &json!(1)));
    let here = county.get("/calendars/2027?place=532504").await.expect(200);
    assert_eq!(here.json, own.json);
    assert_eq!(here.json["working_days"], 260);
    assert_eq!(said(&here, "2027-11-16"), json!(["holiday", "州庆", "county"]));
    assert_eq!(said(&here, "2027-01-09"), json!(["holiday", "腊八", "county"]));
    assert_eq!(said(&here, "2027-01-01"), json!(["workday", "值守", "county"]));
    let nation = county.get("/calendars/2027").await.expect(200);
    assert_eq!(said(&nation, "2027-11-16"), Value::Null);
    let list = county.get("/calendars?place=532504").await.expect(200);
    let first: Vec<_> = list.items()[..2].iter().map(|item| [&item["year"], &item["place"]]).collect();
    assert_eq!(first, [[&json!(2027), &Value::Null], [&json!(2027), &json!(COUNTY)]]);
    assert_eq!(
        county.get("/calendars").await.expect(200).items().len(),
        24,
        "the county's is not the country's"
    );
    // What the county has besides goes, and the country's days hold again.
    let none = put(&county, 2027, of_county(json!({"holidays": [], "workdays": []}))).await.expect(200);
    assert_eq!(
        (none.header("etag"), said(&none, "2027-01-01")),
        ("\"2\"", json!(["holiday", "元旦", "country"]))
    );
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn who_enters_what(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let county = app.staff("county_admin", COUNTY).await;
    let street = app.staff("county_admin", STREET).await;
    let clerk = app.staff("community_clerk", STREET).await;
    let system = app.staff("system_admin", STREET).await;
    put(&county, 2027, year(2027)).await.refused(403, "calendar.beyond_scope");
    put(&street, 2027, of_county(year(2027))).await.refused(403, "calendar.beyond_scope");
    put(&clerk, 2027, of_county(year(2027))).await.refused(403, "permission.role");
    let _ = put(&county, 2027, of_county(year(2027))).await.expect(200);
    let _ = put(&system, 2027, of_county(year(2027))).await.expect(200);
    let _ = put(&system, 2027, year(2027)).await.expect(200);
    let mut at_street = year(2027);
    at_street["place"] = json!(STREET);
    put(&county, 2027, at_street).await.refused_for(422, "calendar.not_a_county", "/place");
    let mut elsewhere = year(2027);
    elsewhere["place"] = json!("140226");
    put(&system, 2027, elsewhere).await.refused_for(422, "place.unknown", "/place");
    county.get("/calendars?place=140226").await.refused_for(422, "place.unknown", "?place");
    county.get("/calendars/2027?place=5325").await.refused_for(422, "place.no_level", "?place");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn what_is_no_calendar_is_refused_by_field(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let system = app.staff("system_admin", COUNTY).await;
    let days = |holidays: Value, workdays: Value| json!({"holidays": holidays, "workdays": workdays});
    let all = |year: i32| {
        let first = chrono::NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
        let dates = first.iter_days().take_while(|date| date.to_string().starts_with(&year.to_string()));
        Value::from(dates.map(|date| day(&date.to_string(), "休")).collect::<Vec<_>>())
    };
    let new_year = || json!([day("2027-01-01", "元旦")]);
    let mut too_many = all(2028);
    too_many.as_array_mut().unwrap().push(day("2028-12-31", "休"));
    let cases = [
        (1999, days(json!([]), json!([])), "calendar.year_out_of_range", "year"),
        (2101, days(json!([]), json!([])), "calendar.year_out_of_range", "year"),
        (
            2027,
            days(json!([day("2028-01-01", "元旦")]), json!([])),
            "calendar.other_year",
            "/holidays/0/date",
        ),
        (
            2027,
            days(new_year(), json!([day("+12027-01-01", "元旦")])),
            "calendar.other_year",
            "/workdays/0/date",
        ),
        (2027, days(new_year(), new_year()), "calendar.day_twice", "/workdays/0/date"),
        (
            2027,
            days(json!([day("2027-01-01", &"节".repeat(21))]), json!([])),
            "text.too_long",
            "/holidays/0/name",
        ),
        (2027, days(json!([]), json!([day("2027-01-01", " ")])), "text.empty", "/workdays/0/name"),
        (2028, days(too_many, json!([])), "calendar.too_many_days", "/holidays"),
        (2027, days(all(2027), json!([])), "calendar.no_working_time", "/holidays"),
    ];
    for (year, body, code, field) in cases {
        put(&system, year, body.clone()).await.refused_for(422, code, field);
    }
    let both = days(json!([day("2026-01-01", "元旦"), day("2027-01-01", "")]), json!([]));
    let both = put(&system, 2027, both).await;
    both.refused_for(422, "calendar.other_year", "/holidays/0/date");
    both.refused_for(422, "calendar.other_year", "/holidays/1/name");
    put(&system, 2027, days(json!([day("2027-02-29", "x")]), json!([]))).await.refused_for(
        400,
        "request.invalid_value",
        "/holidays/0/date",
    );
    put(&system, 2027, json!({"holidays": []})).await.refused_for(400, "request.missing_field", "/workdays");
    put(&system, 2027, days(json!([["2027-01-01", "元旦"]]), json!([]))).await.refused_for(
        400,
        "request.invalid_type",
        "/holidays/0",
    );
    for path in ["/calendars/next", "/calendars/20260000000"] {
        system.get(path).await.refused_for(400, "request.invalid_value", "year");
    }
    system.get("/calendars/1999").await.refused_for(422, "calendar.year_out_of_range", "year");
    // The country's days are refused where a county has taken all others off: here, all but one Monday.
    let mut off = all(2027);
    off.as_array_mut().unwrap().retain(|day| day["date"] != "2027-03-01");
    let _ = put(&system, 2027, of_county(days(off, json!([])))).await.expect(200);
    let last = put(&system, 2027, days(json!([day("2027-03-01", "休")]), json!([]))).await;
    last.refused_for(422, "calendar.no_working_time", "/holidays");
    assert!(last.str("detail").contains(COUNTY), "{}", last.text);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn an_entry_is_made_once_and_on_the_version_that_was_read(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let system = app.staff("system_admin", COUNTY).await;
    let with =
        async |headers: &[(&str, &str)], body: Value| system.put_with("/calendars/2027", headers, body).await;
    with(&[("if-match", "\"1\"")], year(2027)).await.refused(412, "calendar.version_mismatch");
    let first = with(&[("idempotency-key", "k")], year(2027)).await.expect(200);
    let again = with(&[("idempotency-key", "k")], year(2027)).await.expect(200);
    assert_eq!((again.header("idempotent-replayed"), &again.text), ("true", &first.text));
    assert_eq!(again.header("etag"), "\"1\"");
    with(&[("idempotency-key", "k")], json!({"holidays": [], "workdays": []}))
        .await
        .refused(422, "idempotency.key_reused");
    let second = with(&[("if-match", "\"1\"")], year(2027)).await.expect(200);
    assert_eq!(second.header("etag"), "\"2\"");
    with(&[("if-match", "\"1\"")], year(2027)).await.refused(412, "calendar.version_mismatch");
    // Many at once: each is made, one after the other.
    let all = (0..8).map(|_| {
        let system = system.clone();
        tokio::spawn(async move { put(&system, 2027, year(2027)).await })
    });
    let mut made = 0;
    for one in all.collect::<Vec<_>>() {
        let answer = one.await.unwrap();
        match answer.status {
            200 => made += 1,
            _ => answer.refused(503, "store.contended"),
        }
    }
    assert!(made > 0);
    let now = system.get("/calendars/2027").await.expect(200);
    assert_eq!(now.json["version"], 2 + made);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn entries_stand_in_the_audit_trail(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let (system, county) = (app.staff("system_admin", COUNTY).await, app.staff("county_admin", COUNTY).await);
    let trail = async |query: &str| {
        let page = county.get(&format!("/audit?{query}")).await.expect(200);
        let of_calendar = page.items().iter().filter(|entry| entry["aggregate"] == "calendar");
        of_calendar
            .map(|entry| json!([entry["kind"], entry["year"], entry["scope_code"], entry["by"]]))
            .collect::<Vec<_>>()
    };
    assert_eq!(trail("").await, Vec::<Value>::new(), "what the program brought nobody entered");
    let _ = put(&system, 2027, year(2027)).await.expect(200);
    let _ = put(&county, 2027, of_county(year(2027))).await.expect(200);
    let (by_system, by_county) = (app.id_of(&system).await, app.id_of(&county).await);
    let entries =
        [json!(["days_replaced", 2027, COUNTY, by_county]), json!(["days_replaced", 2027, "", by_system])];
    assert_eq!(trail("").await, entries);
    assert_eq!(trail("kind=days_replaced").await, entries);
    assert_eq!(trail(&format!("person={by_system}")).await, entries[1..]);
    let page = county.get("/audit?kind=days_replaced&limit=1").await.expect(200);
    assert_eq!(page.items()[0]["label"], "修改日历");
    let next = page.str("next_cursor");
    assert_eq!(trail(&format!("kind=days_replaced&limit=1&cursor={next}")).await, entries[1..]);
    let elsewhere = app.staff("county_admin", "532504002").await;
    let page = elsewhere.get("/audit?kind=days_replaced").await.expect(200);
    assert_eq!(
        page.items().len(),
        1,
        "the country's concerns them too, the county's does not lie in their street"
    );
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn what_another_replica_entered_counts_here(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let other = app.replica(config(&app.url, backend.redis_url())).await;
    let system = app.staff("system_admin", COUNTY).await;
    let there = Caller::anyone(&other.url()).with_token(system.token());
    let _ = put(&system, 2027, year(2027)).await.expect(200);
    // What is shown is read; only what is reckoned with waits for the minute.
    let shown = there.get("/calendars/2027").await.expect(200);
    assert_eq!((&shown.json["version"], shown.header("etag")), (&json!(1), "\"1\""));
    assert_eq!(other.missing_years(), [2027]);
    other.reload_playbooks().await.unwrap();
    assert_eq!((other.missing_years(), app.app.missing_years()), (vec![], vec![]));
    other.stop().await.unwrap();
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn what_an_administrator_entered_stays(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let system = app.staff("system_admin", COUNTY).await;
    let mut edited = year(2026);
    edited["holidays"][0]["name"] = json!("新年");
    let _ = put(&system, 2026, edited).await.expect(200);
    let _ = put(&system, 2027, of_county(year(2027))).await.expect(200);
    let (url, token) = (app.url.clone(), system.token().to_owned());
    let shown = async |app: &TestApp| {
        let system = app.anyone().with_token(&token);
        let calendars = ["/calendars/2026", "/calendars/2027?place=532504", "/calendars?place=532504"];
        let mut all = Vec::new();
        for calendar in calendars {
            all.push(system.get(calendar).await.expect(200).json);
        }
        all
    };
    let before = shown(&app).await;
    assert_eq!(before[0]["days"][0]["name"], "新年");
    let mut database = app.leave().await;
    let at = api::Database::parse(&url).unwrap();
    // A start changes nothing; nor does going back to where there were no calendars.
    for steps in
        [0, number(&url, "SELECT COUNT(*) FROM seaql_migrations WHERE version >= 'm20261122_000009'").await]
    {
        if steps > 0 {
            api::migrate(&at, MigrateTo::Down(steps.try_into().unwrap())).await.unwrap();
            api::migrate(&at, MigrateTo::Up).await.unwrap();
        }
        let app = TestApp::on(database, config(&url, backend.redis_url())).await;
        assert_eq!(shown(&app).await, before, "{steps} back");
        database = app.leave().await;
    }
}

#[rstest]
#[tokio::test]
async fn a_calendar_that_is_not_as_its_history_says_is_found(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    execute(&app.url, "UPDATE calendar_year SET version = 2 WHERE year = 2026").await;
    let faults = app.app.verify().await.unwrap();
    assert!(faults.len() == 1 && faults[0].starts_with("calendar "), "{faults:?}");
    execute(&app.url, "UPDATE calendar_year SET version = 1 WHERE year = 2026").await;
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn administrators_are_told_once_of_a_year_that_is_missing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let county = app.staff("county_admin", COUNTY).await;
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    // It is November, and next year's holidays are not entered.
    for _ in 0..2 {
        assert_eq!(app.app.tell_missing_years().await.unwrap(), [2027]);
    }
    let inbox = county.get("/me/inbox").await.expect(200);
    let message = &inbox.items()[0];
    assert_eq!((inbox.items().len(), &message["kind"]), (1, &json!("calendar_missing")));
    assert_eq!((&message["due_at"], &message["ticket"]), (&json!("2026-12-31T16:00:00Z"), &Value::Null));
    assert_eq!(clerk.get("/me/inbox").await.expect(200).items().len(), 0);
    app.stop().await;
}
