//! Playbooks over the API: who reads and who changes them, what is refused, and what a preview says.

use crate::playbook::{HERE, MILE, current, import, minutes, put, rule};
use crate::rules::{huying, said};
use crate::ticket::{Cast, path};
use integration_tests::app::{COMMUNITY, TestApp, UNIT, lamp};
use integration_tests::{Backend, Caller};
use rstest::rstest;
use serde_json::{Value, json};
use std::path::Path;

/// A place below a community, whose code is the playbook's levels.
async fn below(admin: &Caller) {
    let place = json!({"parent": COMMUNITY, "name": "温泉小区", "reason": "民政批复"});
    let _ = admin.post("/places", place).await.expect(201);
}

/// Zuoyun, with the sample for a playbook.
pub(crate) async fn another_county(app: &TestApp) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("zuoyun.toml");
    std::fs::write(&file, huying(&app.url, &["playbook", "new", "140226", "左云"]).stdout).unwrap();
    let places = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/demo/zuoyun-places.csv");
    for arguments in [
        &["playbook", "import", file.to_str().unwrap()][..],
        &["import", "places", places.to_str().unwrap(), "--county", "140226"][..],
    ] {
        let done = huying(&app.url, arguments);
        assert!(done.status.success(), "{}", said(&done));
    }
    app.app.reload_playbooks().await.unwrap();
}

#[rstest]
#[tokio::test]
async fn an_administrator_changes_the_playbook(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let (admin, cast) = (app.staff("county_admin", "532504").await, Cast::of(&app).await);
    let (mut playbook, version) = current(&admin).await;
    assert_eq!(version, "\"3\"");
    rule(&mut playbook, "solve", Some("small"))["limit_seconds"] = json!(600);
    let body = json!({"playbook": playbook, "note": "调整时限"});
    // Nobody changes what they have not read.
    admin.put_with(HERE, &[], body.clone()).await.refused(428, "playbook.if_match_required");
    admin.put_with(HERE, &[("if-match", "*")], body.clone()).await.refused(428, "playbook.if_match_required");
    put(&admin, &playbook, "\"2\"").await.refused(412, "playbook.version_mismatch");
    let key = [("if-match", version.as_str()), ("idempotency-key", "once")];
    let changed = admin.put_with(HERE, &key, body.clone()).await.expect(200);
    assert_eq!((changed.header("etag"), &changed.json["version"]), ("\"4\"", &json!(4)));
    assert_eq!(admin.put_with(HERE, &key, body).await.header("idempotent-replayed"), "true");
    put(&admin, &playbook, &version).await.refused(412, "playbook.version_mismatch");
    // It counts at once, for what is filed from then on.
    let ticket = cast.resident.post("/tickets", lamp()).await.expect(201);
    assert_eq!((minutes(&ticket, "solve"), &ticket.json["playbook_version"]), (10, &json!(4)));
    // Every version is kept, with who made it and why.
    let by = app.id_of(&admin).await;
    let versions = admin.get(&format!("{HERE}/versions?limit=1")).await.expect(200);
    let newest = &versions.items()[0];
    assert_eq!(
        (&newest["version"], &newest["made_by"], &newest["note"]),
        (&json!(4), &json!(by), &json!("调整时限"))
    );
    let cursor = versions.str("next_cursor");
    let rest = admin.get(&format!("{HERE}/versions?limit=1&cursor={cursor}")).await.expect(200);
    assert_eq!((&rest.items()[0]["version"], &rest.items()[0]["seeded"]), (&json!(3), &json!(true)));
    assert_eq!(rest.json["next_cursor"], Value::Null);
    let mut before = admin.get(&format!("{HERE}/versions/3")).await.expect(200).json["playbook"].clone();
    assert_eq!(rule(&mut before, "solve", Some("small"))["limit_seconds"], 1800);
    admin.get(&format!("{HERE}/versions/5")).await.refused(404, "playbook.not_found");
    let audit = admin.get("/audit?kind=playbook_edited").await.expect(200);
    let [entry] = audit.items() else { panic!("{}", audit.text) };
    assert_eq!(
        (&entry["label"], &entry["reason"], &entry["version"]),
        (&json!("修改规程"), &json!("调整时限"), &json!(4))
    );
    // The very same seed does not undo what was changed.
    import(&app, MILE).await;
    assert_eq!(current(&admin).await.1, "\"4\"");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn whoever_works_in_the_county_reads_its_playbook_and_its_administrators_change_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", "532504").await;
    let (playbook, version) = current(&admin).await;
    let system = app.staff("system_admin", "532504").await;
    let handler = app.of_unit("department_handler", UNIT).await;
    let listed = json!([{"county": "532504", "key": "mile", "name": "弥勒 53522", "version": 3}]);
    for reader in [&admin, &system, &handler, &app.staff("grid_worker", COMMUNITY).await] {
        assert_eq!(reader.get("/playbooks").await.expect(200).json["items"], listed);
        let _ = reader.get(HERE).await.expect(200);
    }
    handler.get("/playbooks/140226").await.refused(404, "playbook.not_found");
    for nothing in ["5325", "x", "532504001"] {
        admin.get(&format!("/playbooks/{nothing}")).await.refused(404, "playbook.not_found");
    }
    put(&handler, &playbook, &version).await.refused(403, "permission.role");
    app.resident("王芳").await.get(HERE).await.refused(403, "permission.role");
    app.anyone().get(HERE).await.refused(401, "auth.token_missing");
    // Who administers a part of it does not change the whole.
    let street = app.staff("county_admin", "532504001").await;
    put(&street, &playbook, &version).await.refused(403, "playbook.beyond_scope");
    let preview = format!("{HERE}/preview");
    street.post(&preview, json!({"playbook": playbook})).await.refused(403, "playbook.beyond_scope");
    another_county(&app).await;
    let elsewhere = app.staff("county_admin", "140226").await;
    let listed = json!([{"county": "140226", "key": "140226", "name": "左云", "version": 1}]);
    assert_eq!(elsewhere.get("/playbooks").await.expect(200).json["items"], listed);
    assert_eq!(system.get("/playbooks").await.expect(200).items().len(), 2);
    elsewhere.get(HERE).await.refused(404, "playbook.not_found");
    put(&elsewhere, &playbook, &version).await.refused(404, "playbook.not_found");
    let _ = put(&system, &playbook, &version).await.expect(200);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn every_fault_is_told_at_once_with_its_place(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", "532504").await;
    below(&admin).await;
    let (good, version) = current(&admin).await;
    let mut bad = good.clone();
    bad["colour"] = json!("red");
    bad["words"]["steps"].as_object_mut().unwrap().remove("rated");
    bad["words"]["affairs"]["big"] = json!("大事");
    bad["policy"]["clocks"][0]["limit"] = json!(5);
    bad["policy"]["clocks"][1]["limit_seconds"] = json!(0);
    let accept = json!({"kind": "accept", "start": "acceptance", "limit_seconds": 60});
    bad["policy"]["clocks"].as_array_mut().unwrap().push(accept);
    let body = json!({"playbook": bad, "note": " "});
    let refused = admin.put_with(HERE, &[("if-match", &version)], body).await;
    refused.refused(422, "playbook.fault");
    let mut fields: Vec<_> = refused.json["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "/note",
            "/playbook/colour",
            "/playbook/policy/clocks/0/limit",
            "/playbook/policy/clocks/1/limit_seconds",
            "/playbook/policy/clocks/6/stops",
            "/playbook/words/affairs/big",
            "/playbook/words/steps/rated",
        ]
    );
    assert!(refused.text.contains("缺少这一步的用语"), "{}", refused.text);
    // What another type says is named in words, and never a fault of ours.
    for (at, wrong) in
        [("/levels", json!({})), ("/policy", json!(null)), ("/name", json!(5)), ("/rates", json!([[1]]))]
    {
        let mut bad = good.clone();
        *bad.pointer_mut(at).unwrap() = wrong;
        let refused = put(&admin, &bad, &version).await;
        refused.refused(422, "playbook.fault");
        assert!(refused.json["errors"][0]["field"].as_str().unwrap().starts_with(&format!("/playbook{at}")));
    }
    let mut other = good.clone();
    other["county"] = json!("140226");
    put(&admin, &other, &version).await.refused_for(422, "playbook.other_county", "/playbook/county");
    let mut levels = good.clone();
    levels["levels"][0]["width"] = json!(4);
    put(&admin, &levels, &version).await.refused_for(409, "playbook.levels_in_use", "/playbook/levels");
    levels = good.clone();
    levels["levels"][0]["name"] = json!("组");
    let _ = put(&admin, &levels, &version).await.expect(200);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_preview_says_what_would_change_and_changes_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let (admin, cast) = (app.staff("county_admin", "532504").await, Cast::of(&app).await);
    let mut old = lamp();
    old["category"] = json!("facilities");
    let ticket = path(&cast.resident.post("/tickets", old.clone()).await.expect(201));
    app.pass(12);
    app.app.catch_up().await.unwrap();
    let _ = cast.resident.post("/tickets", lamp()).await.expect(201);
    below(&admin).await;
    let (mut playbook, version) = current(&admin).await;
    rule(&mut playbook, "solve", Some("small"))["limit_seconds"] = json!(600);
    playbook["categories"].as_array_mut().unwrap().retain(|category| category["key"] != "facilities");
    playbook["matching"][1]["category"] = json!("other");
    let preview = admin.post(&format!("{HERE}/preview"), json!({"playbook": playbook})).await.expect(200);
    assert_eq!((&preview.json["faults"], &preview.json["version"]), (&json!([]), &json!(3)));
    let paths: Vec<_> =
        preview.json["changes"].as_array().unwrap().iter().map(|one| one["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["/categories/facilities", "/matching/1/category", "/policy/clocks/1/limit_seconds"]);
    let [limit] = &preview.json["limits"].as_array().unwrap()[..] else { panic!("{}", preview.text) };
    assert_eq!((&limit["kind"], &limit["severity"]), (&json!("solve"), &json!("small")));
    assert_eq!((&limit["before"]["seconds"], &limit["after"]["seconds"]), (&json!(1800), &json!(600)));
    assert_eq!(preview.json["open"], json!([{"version": 3, "tickets": 2}]));
    assert_eq!(preview.json["vanishing"], json!([{"category": "facilities", "tickets": 1}]));
    // The older one's arrival is breached already; of the two to be solved one would be late.
    assert_eq!(
        preview.json["late"],
        json!([
            {"kind": "arrive", "severity": "small", "running": 1, "late": 0},
            {"kind": "solve", "severity": "small", "running": 2, "late": 1},
        ])
    );
    let mut bad = playbook.clone();
    bad["policy"]["clocks"][1]["limit_seconds"] = json!(0);
    let faulty = admin.post(&format!("{HERE}/preview"), json!({"playbook": bad})).await.expect(200);
    assert_eq!(faulty.json["faults"][0]["field"], "/policy/clocks/1/limit_seconds");
    assert_eq!((&faulty.json["changes"], &faulty.json["open"][0]["tickets"]), (&json!([]), &json!(2)));
    bad = playbook.clone();
    bad["levels"][0]["width"] = json!(4);
    let faulty = admin.post(&format!("{HERE}/preview"), json!({"playbook": bad})).await.expect(200);
    assert_eq!(faulty.json["faults"][0]["field"], "/levels");
    // The command line says the same, as text.
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("mile.toml");
    let changed = MILE.replacen("limit_seconds = 1800\n", "limit_seconds = 600\n", 1);
    std::fs::write(&file, changed).unwrap();
    let told = huying(&app.url, &["playbook", "preview", file.to_str().unwrap()]);
    let text = said(&told);
    assert!(told.status.success() && text.contains("/policy/clocks/1/limit_seconds: 1800 → 600"), "{text}");
    assert!(text.contains("版本 3: 2 单"), "{text}");
    std::fs::write(&file, MILE.replacen("\"532504\"", "\"532502\"", 1)).unwrap();
    let told = huying(&app.url, &["playbook", "preview", file.to_str().unwrap()]);
    assert!(told.status.success() && said(&told).contains("532502 还没有规程"), "{}", said(&told));
    assert_eq!(current(&admin).await.1, version);
    let _ = cast.clerk.get(&ticket).await.expect(200);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_name_that_no_row_can_hold_is_refused(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", "532504").await;
    let (playbook, version) = current(&admin).await;
    for (pointer, word) in [
        ("/name", "弥\0勒".to_owned()),
        ("/categories/0/name", "设\0施".to_owned()),
        ("/duties/0/name", "\u{1b}".to_owned()),
        ("/categories/0/key", "k".repeat(51)),
    ] {
        let mut changed = playbook.clone();
        *changed.pointer_mut(pointer).unwrap() = json!(word);
        let refused = put(&admin, &changed, &version).await.expect(422);
        let fields: Vec<_> =
            refused.json["errors"].as_array().unwrap().iter().map(|one| one["field"].clone()).collect();
        assert!(fields.contains(&json!(format!("/playbook{pointer}"))), "{}", refused.text);
    }
    app.stop().await;
}
