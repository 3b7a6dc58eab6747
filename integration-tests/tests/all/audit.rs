//! The audit trail: who looked at personal data, and who changed what people may.

use crate::people::{newest, user, worker};
use integration_tests::app::{COMMUNITY, NEIGHBOUR, STREET, TestApp};
use integration_tests::database::execute;
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};

const COUNTY: &str = "532504";

async fn audit(caller: &Caller, query: &str) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = caller.get(&format!("/audit?limit=3{query}{cursor}")).await.expect(200);
        found.extend(page.items().to_vec());
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

fn kinds(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["kind"].as_str().unwrap()).collect()
}

#[rstest]
#[tokio::test]
async fn f07_unmasking_is_seen_by_the_supervisor_of_the_place_only(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let (here, there) = (app.staff("supervisor", STREET).await, app.staff("supervisor", "532504002").await);
    let person = worker(&admin, "王小二", Some("13812345678"), COMMUNITY).await;
    let path = user(&person);
    admin.post(&format!("{path}/unmask"), json!({})).await.refused_for(
        400,
        "request.missing_field",
        "/reason",
    );
    let plain = admin.post(&format!("{path}/unmask"), json!({"reason": "电话核实"})).await.expect(200);
    assert_eq!((plain.str("name"), plain.str("phone")), ("王小二", "13812345678"));
    assert_eq!(plain.header("cache-control"), "no-store");
    let found = audit(&here, "&kind=unmasked").await;
    let [entry] = &found[..] else { panic!("{found:?}") };
    assert_eq!((&entry["label"], &entry["reason"]), (&json!("查看明文"), &json!("电话核实")));
    assert_eq!((&entry["by"], &entry["subject"]), (&json!(app.id_of(&admin).await), &person.json["id"]));
    assert_eq!((&entry["aggregate"], &entry["scope_code"]), (&json!("person"), &json!(COMMUNITY)));
    assert_eq!(audit(&there, "&kind=unmasked").await.len(), 0);
    here.post(&format!("{path}/unmask"), json!({"reason": "x"})).await.refused(403, "permission.role");
    there.get(&path).await.refused(404, "person.not_found");
    app.resident("王芳").await.get("/audit").await.refused(403, "permission.role");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn who_changed_what_is_written_down(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let by = app.id_of(&admin).await;
    let began = app.clock.now();
    app.pass(1);
    let person = worker(&admin, "王小二", None, COMMUNITY).await;
    let path = user(&person);
    app.pass(1);
    let grant = json!({"role": "volunteer", "places": [NEIGHBOUR]});
    let granted = admin.post(&format!("{path}/grant"), grant).await.expect(200);
    let revoke = json!({"grant": newest(&granted)});
    let _ = admin.post(&format!("{path}/revoke"), revoke).await.expect(200);
    let _ = admin.put_with(&path, &[], json!({"name": "王小三"})).await.expect(200);
    let _ = admin.post(&format!("{path}/leave"), json!({"reason": "调往别处"})).await.expect(200);
    let unit = admin.post("/units", json!({"name": "市水务局", "place": COUNTY})).await.expect(201);
    let about = audit(&admin, &format!("&subject={}", person.str("id"))).await;
    assert_eq!(kinds(&about), ["left", "revoked", "edited", "revoked", "granted", "granted", "registered"]);
    assert_eq!((&about[0]["reason"], &about[0]["label"]), (&json!("调往别处"), &json!("离岗")));
    assert_eq!((&about[4]["role"], &about[4]["places"]), (&json!("volunteer"), &json!([NEIGHBOUR])));
    assert_eq!(about[4]["scope_code"], NEIGHBOUR);
    assert!(about.iter().all(|entry| entry["by"] == json!(by)));
    let created = audit(&admin, "&kind=unit_described").await;
    let new = created.iter().find(|entry| entry["subject"] == unit.json["id"]).unwrap();
    assert_eq!(
        (&new["name"], &new["aggregate"], &new["label"]),
        (&json!("市水务局"), &json!("unit"), &json!("单位建档"))
    );
    assert_eq!(audit(&admin, &format!("&person={by}")).await.len(), 8);
    let earlier = (began + chrono::TimeDelta::minutes(2)).format("%FT%TZ");
    assert_eq!(kinds(&audit(&admin, &format!("&person={by}&to={earlier}")).await), ["granted", "registered"]);
    assert_eq!(audit(&admin, &format!("&person={by}&from={earlier}&kind=left")).await.len(), 1);
    assert_eq!(
        kinds(&audit(&admin, &format!("&person={by}&place={NEIGHBOUR}")).await),
        ["revoked", "granted"]
    );
    admin.get("/audit?from=-0001-01-01T00:00:00Z").await.expect(422).refused(422, "request.out_of_range");
    // The command line's own grants are there too, by nobody.
    let own = audit(&admin, &format!("&subject={by}")).await;
    assert_eq!((kinds(&own), &own[0]["by"]), (vec!["granted"], &Value::Null));
    let english = admin.request(reqwest::Method::GET, "/audit?limit=1").header("accept-language", "en");
    assert_eq!(integration_tests::client::send(english).await.items()[0]["label"], "Unit described");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn unmasked_tickets_are_in_it_and_other_ticket_events_are_not(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let cast = crate::ticket::Cast::of(&app).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let _ = cast.ticket().await;
    let before = audit(&admin, "").await.len();
    let fact = r#"{"fact": {"kind": "unmasked"}, "clocks": []}"#;
    let copy = format!(
        "INSERT INTO event (stream, stream_version, kind, v, actor, scope_code, occurred_at, recorded_at, payload) \
         SELECT stream, 2, 'unmasked', v, actor, scope_code, occurred_at, recorded_at, '{fact}' FROM event WHERE kind = 'submitted'"
    );
    execute(&app.url, &copy).await;
    let after = audit(&admin, "").await;
    assert_eq!((after.len(), &after[0]["aggregate"]), (before + 1, &json!("ticket")));
    execute(&app.url, "DELETE FROM event WHERE kind = 'unmasked'").await;
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn one_county_a_list(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    // Nothing is known of the other county but its code.
    let scope = r#"{"places": ["140226", "532504"]}"#;
    execute(&app.url, &format!("UPDATE role_grant SET scope = '{scope}'")).await;
    execute(
        &app.url,
        "INSERT INTO grant_place (grant_id, code, user_id) SELECT id, '140226', user_id FROM role_grant",
    )
    .await;
    execute(&app.url, "UPDATE app_user SET grants_version = grants_version + 1").await;
    let admin_name = "county_admin@532504";
    let login =
        app.anyone().post("/auth/wechat", json!({"code": format!("dev:{admin_name}")})).await.expect(200);
    let admin = admin.with_token(login.str("access_token"));
    admin.get("/audit").await.refused_for(422, "audit.place_required", "?place");
    assert_eq!(admin.get("/audit?place=140226").await.expect(200).items().len(), 0);
    assert!(!audit(&admin, &format!("&place={COUNTY}")).await.is_empty());
    app.stop().await;
}
