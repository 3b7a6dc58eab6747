//! Sheets: a county comes in from what its clerks have, whole or not at all, and goes out again.

use integration_tests::app::{self, COMMUNITY, NEIGHBOUR, TestApp};
use integration_tests::client::{Answer, send};
use integration_tests::{Backend, Caller};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

pub(crate) const COUNTY: &str = "532504";

/// Hands a sheet in.
async fn ask(caller: &Caller, subject: &str, more: &str, sheet: impl Into<Vec<u8>>) -> Answer {
    let path = format!("/imports?subject={subject}&place={COUNTY}{more}");
    send(caller.request(Method::POST, &path).body(sheet.into())).await
}

/// The same, and what came of it once it was worked off.
pub(crate) async fn import(
    app: &TestApp,
    caller: &Caller,
    subject: &str,
    sheet: impl Into<Vec<u8>>,
) -> Answer {
    let asked = ask(caller, subject, "", sheet).await.expect(202);
    assert_eq!(asked.str("status"), "waiting");
    done(app, caller, &asked).await
}

async fn done(app: &TestApp, caller: &Caller, asked: &Answer) -> Answer {
    app.app.catch_up().await.unwrap();
    caller.get(&format!("/imports/{}", asked.str("id"))).await.expect(200)
}

pub(crate) fn tally(done: &Answer) -> [u64; 4] {
    assert_eq!(done.str("status"), "done", "{}", done.text);
    ["rows", "added", "changed", "unchanged"].map(|of| done.json["tally"][of].as_u64().unwrap())
}

/// Row, heading and code of each fault.
pub(crate) fn faults(done: &Answer) -> Vec<(u64, String, String)> {
    assert_eq!(done.str("status"), "refused", "{}", done.text);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let faults = done.json["faults"].as_array().unwrap().iter();
    faults.map(|one| (one["row"].as_u64().unwrap(), text(&one["column"]), text(&one["code"]))).collect()
}

async fn export(caller: &Caller, subject: &str, more: &str) -> Vec<u8> {
    let path = format!("/exports?subject={subject}&place={COUNTY}{more}");
    let response = caller.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(response.status(), 200, "{}", path);
    response.bytes().await.unwrap().to_vec()
}

#[rstest]
#[tokio::test]
async fn m01_a_net_comes_in_whole_or_not_at_all(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let grid = format!("{COMMUNITY}901");
    // Parents may come further down, digits may be full width, headings decorated, titles above them.
    let sheet = format!(
        "弥勒市网格表,,\n＊编码（必填）,名称,备注\n{grid}001,一号楼,x\n{grid},九号小区,\n５３２５０４００１００７,温泉新社区,"
    );
    let dry = ask(&admin, "places", "&dry_run=true", sheet.clone()).await.expect(202);
    let dry = done(&app, &admin, &dry).await;
    assert_eq!((tally(&dry), dry.json["unknown_columns"].is_null()), ([3, 2, 1, 0], true));
    assert_eq!(admin.get(&format!("/places?code={grid}")).await.expect(200).items().len(), 0);
    assert_eq!(tally(&import(&app, &admin, "places", sheet.clone()).await), [3, 2, 1, 0]);
    let place = admin.get(&format!("/places?code={grid}")).await.expect(200);
    assert_eq!(place.items()[0]["name"], "九号小区");
    let id = place.items()[0]["id"].as_str().unwrap();
    let history = admin.get(&format!("/places/{id}/history")).await.expect(200);
    assert_eq!(
        (&history.items()[0]["kind"], &history.items()[0]["reason"]),
        (&json!("founded"), &json!("表格导入"))
    );
    // The same sheet again changes nothing.
    assert_eq!(tally(&import(&app, &admin, "places", sheet).await), [3, 0, 0, 3]);
    // Every fault of every row at once, and nothing of the sheet is there.
    let bad = format!(
        "编码,名称\n{grid}002,二号楼\n{grid}002,三号楼\n{COMMUNITY}902001,孤楼\n522730001,外县\n12,短\n{grid}003,\n{}0041234,住户",
        format_args!("{grid}001")
    );
    let refused = import(&app, &admin, "places", bad).await;
    let found: Vec<_> = faults(&refused).into_iter().map(|(row, _, code)| (row, code)).collect();
    let expected = [
        (3, "import.twice"),
        (4, "import.nothing_above"),
        (5, "import.other_county"),
        (6, "place.no_level"),
        (7, "sheet.required"),
    ];
    for (row, code) in expected {
        assert!(found.contains(&(row, code.to_owned())), "{row} {code}: {found:?}");
    }
    assert_eq!(refused.json["fault_count"], json!(found.len()));
    assert_eq!(admin.get(&format!("/places?code={grid}002")).await.expect(200).items().len(), 0);
    let marked = format!("/imports/{}/marked", refused.str("id"));
    let copy = admin.request(Method::GET, &marked).send().await.unwrap();
    let kind = copy.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.ends_with("spreadsheetml.sheet"));
    // The copy is a sheet itself: it can be put right and handed in, and as it is it has the same faults.
    let again = import(&app, &admin, "places", copy.bytes().await.unwrap().to_vec()).await;
    let again: Vec<_> = faults(&again).into_iter().map(|(row, _, code)| (row, code)).collect();
    assert_eq!(again, found);
    // Nobody else sees it, and what was right has no marks.
    let other = app.staff("county_admin", "532504002").await;
    other.get(&marked).await.refused(404, "import.not_found");
    admin.get(&format!("/imports/{}/marked", dry.str("id"))).await.refused(409, "import.nothing_marked");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_sheet_is_for_who_administers_what_is_in_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let street = app.staff("county_admin", "532504002").await;
    let refused = import(&app, &street, "places", format!("编码,名称\n{COMMUNITY}901,九号小区")).await;
    assert_eq!(faults(&refused), [(2, "编码".into(), "place.beyond_scope".into())]);
    let boss = format!("姓名,手机号,角色,地点编码\n赵一,13800000001,县管理员,{COUNTY}");
    let refused = import(&app, &street, "people", boss).await;
    assert_eq!(faults(&refused), [(2, "角色".into(), "grant.beyond_scope".into())]);
    let refused = import(&app, &street, "units", "单位名称,类别\n市水务局,部门").await;
    assert_eq!(faults(&refused)[0].2, "unit.beyond_scope");
    let clerk = app.staff("community_clerk", COMMUNITY).await;
    ask(&clerk, "places", "", "编码,名称\n1,2").await.refused(403, "permission.role");
    ask(&street, "hats", "", "x").await.refused_for(400, "request.unknown_value", "?subject");
    let elsewhere =
        send(street.request(Method::POST, "/imports?subject=places&place=140226").body("x")).await;
    elsewhere.refused_for(403, "place.beyond_scope", "?place");
    // Who has lost what they were granted by the time it is worked off takes nothing in.
    let admin = app.staff("county_admin", COUNTY).await;
    let asked = ask(&street, "places", "", "编码,名称\n532504002901,新村").await.expect(202);
    let id = app.id_of(&street).await;
    let person = admin.get(&format!("/users/{id}")).await.expect(200);
    let grant = person.json["grants"][0]["id"].clone();
    let _ = admin.post(&format!("/users/{id}/revoke"), json!({"grant": grant})).await.expect(200);
    app.app.catch_up().await.unwrap();
    assert_eq!(admin.get("/places?code=532504002901").await.expect(200).items().len(), 0, "{}", asked.text);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn m01_people_come_with_their_posts(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let sheet = format!(
        "姓名,手机号,角色,地点编码,单位\n钱多多,１３８ ００００ ００１１,网格员,{COMMUNITY}、{NEIGHBOUR},\n钱多多,13800000011,志愿者,{COUNTY},\n\
         孙小美,13800000012,单位经办人,,市住房和城乡建设局\n李建,13800000013,,,"
    );
    assert_eq!(tally(&import(&app, &admin, "people", sheet.clone()).await), [4, 3, 0, 0]);
    assert_eq!(tally(&import(&app, &admin, "people", sheet).await), [4, 0, 0, 3]);
    let found = admin.get("/users?q=13800000011").await.expect(200);
    let qian = &found.items()[0];
    assert_eq!((&qian["name"], qian["grants"].as_array().unwrap().len()), (&json!("钱多多"), 2));
    // They can be dispatched to at once.
    let resident = app.resident("王芳").await;
    let ticket = resident.post("/tickets", app::lamp()).await.expect(201);
    let path = format!("/tickets/{}/dispatch", ticket.str("id"));
    let _ = admin.post(&path, json!({"lead": {"person": qian["id"]}})).await.expect(200);
    // What they can do, want to do, and when they are free comes with them, and goes out again.
    let can = "姓名,手机号,技能,服务意愿,空闲时段\n李建,13800000013,电工、驾驶,助老,周六09:00-12:00、周日14:00-17:30";
    assert_eq!(tally(&import(&app, &admin, "people", can).await), [1, 0, 1, 0]);
    assert_eq!(tally(&import(&app, &admin, "people", can).await), [1, 0, 0, 1]);
    let cannot = "姓名,手机号,技能,空闲时段\n李建,13800000013,,周八09:00-12:00\n李建,13800000013,电工、电工,";
    let found = faults(&import(&app, &admin, "people", cannot).await);
    assert!(found.iter().any(|(row, column, _)| (*row, column.as_str()) == (2, "空闲时段")), "{found:?}");
    assert!(found.iter().any(|(row, column, _)| (*row, column.as_str()) == (3, "技能")), "{found:?}");
    // A later sheet adds what they lack, takes nothing away, and calls them by their right name.
    let more = format!("姓名,手机号,角色,地点编码\n钱多,13800000011,网格长,{COMMUNITY}");
    assert_eq!(tally(&import(&app, &admin, "people", more).await), [1, 0, 1, 0]);
    let qian = admin.get(&format!("/users/{}", qian["id"].as_str().unwrap())).await.expect(200);
    assert_eq!((qian.str("name"), qian.json["grants"].as_array().unwrap().len()), ("钱多", 3));
    // Each fault by its row and column.
    let bad = format!(
        "姓名,手机号,角色,地点编码,单位\n甲,13800000021,网格员,,\n乙,13800000022,网格员,{COMMUNITY}999,\n丙,138,网格员,{COMMUNITY},\n\
         丁,13800000024,皇帝,{COMMUNITY},\n戊,13800000025,单位经办人,,市太空局\n己,13800000026,,,\n庚,13800000026,,,\n,13800000027,,,"
    );
    let refused = import(&app, &admin, "people", bad).await;
    let found = faults(&refused);
    for expected in [
        (2, "角色", "import.role_incomplete"),
        (3, "地点编码", "place.unknown"),
        (4, "手机号", "phone.invalid"),
        (5, "角色", "sheet.not_a_choice"),
        (6, "单位", "tie.unit_unknown"),
        (8, "姓名", "import.name_differs"),
        (9, "姓名", "sheet.required"),
    ] {
        let (row, column, code) = expected;
        assert!(found.contains(&(row, column.to_owned(), code.to_owned())), "{expected:?}: {found:?}");
    }
    assert_eq!(admin.get("/users?q=13800000026").await.expect(200).items().len(), 0);
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn what_goes_out_comes_in_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let units = format!(
        "单位名称,类别,编号,属地编码\n温泉社区大党委,大党委,,{COMMUNITY}\n=SUM物业,物业公司,91532504MA0000001X,{COMMUNITY}"
    );
    assert_eq!(tally(&import(&app, &admin, "units", units).await), [2, 2, 0, 0]);
    let people = format!("姓名,手机号,角色,地点编码\n钱多多,13800000011,网格员,{COMMUNITY}");
    assert_eq!(tally(&import(&app, &admin, "people", people).await), [1, 1, 0, 0]);
    let ties = format!(
        "类别,人员手机号,单位,地点编码,所属单位,条线,职务,自,至\n包保,13800000011,,{COMMUNITY},,,包保干部,2026年1月1日,\n\
         管理,,91532504MA0000001X,{COMMUNITY},,,,2026/1/1,\n成员,,市住房和城乡建设局,,温泉社区大党委,,成员单位,,\n\
         包保,,市住房和城乡建设局,{COMMUNITY},,城市管理,责任单位,,"
    );
    assert_eq!(tally(&import(&app, &admin, "ties", ties.clone()).await), [4, 4, 0, 0]);
    assert_eq!(tally(&import(&app, &admin, "ties", ties).await), [4, 0, 0, 4]);
    let listed = admin.get(&format!("/ties?place={COMMUNITY}")).await.expect(200);
    assert_eq!(listed.items().len(), 3);
    for (subject, rows) in [("places", 1), ("units", 16), ("people", 1), ("ties", 4)] {
        for format in ["xlsx", "csv"] {
            let out = export(&admin, subject, &format!("&format={format}&reason=年度核对")).await;
            let [all, added, changed, unchanged] = tally(&import(&app, &admin, subject, out).await);
            assert_eq!((added, changed, all), (0, 0, unchanged), "{subject} as {format}");
            assert!(all >= rows, "{subject}: {all}");
        }
    }
    // Phone numbers in plain are not had without a reason, and the reason is written down.
    let people = admin.get(&format!("/exports?subject=people&place={COUNTY}")).await;
    people.refused_for(422, "text.empty", "?reason");
    let audit = admin.get(&format!("/audit?place={COUNTY}&kind=sheet_exported")).await.expect(200);
    assert_eq!(
        (&audit.items()[0]["label"], &audit.items()[0]["reason"]),
        (&json!("导出表格"), &json!("年度核对"))
    );
    // A tie can be ended by a sheet; wrong rows are told.
    let ends = format!("类别,人员手机号,地点编码,至\n包保,13800000011,{COMMUNITY},2026-11-21");
    assert_eq!(tally(&import(&app, &admin, "ties", ends).await), [1, 0, 1, 0]);
    let bad = format!(
        "类别,人员手机号,单位,地点编码,所属单位,条线\n结对,13800000011,,{COMMUNITY},,\n包保,13999999999,,{COMMUNITY},,\n隶属,,温泉社区大党委,,温泉社区大党委,\n\
         包保,,市住房和城乡建设局,{NEIGHBOUR},,打鱼\n包保,,,{COMMUNITY},,"
    );
    let found: Vec<_> = faults(&import(&app, &admin, "ties", bad).await)
        .into_iter()
        .map(|(row, _, code)| (row, code))
        .collect();
    for (row, code) in
        [(2, "tie.sides"), (3, "tie.person_unknown"), (4, "tie.sides"), (6, "tie.holder_one_of")]
    {
        assert!(found.contains(&(row, code.to_owned())), "{row} {code}: {found:?}");
    }
    assert!(
        found
            .iter()
            .any(|(row, code)| *row == 5 && (code == "tie.line_unknown" || code == "sheet.not_a_choice"))
    );
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_sheet_that_was_taken_is_not_lost(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let sheet = format!("编码,名称\n{COMMUNITY}901,九号小区");
    let key = [("idempotency-key", "sheet-1")];
    let post = |key: &'static str| {
        let path = format!("/imports?subject=places&place={COUNTY}");
        send(admin.request(Method::POST, &path).header("idempotency-key", key).body(sheet.clone()))
    };
    let asked = post(key[0].1).await.expect(202);
    assert_eq!(post(key[0].1).await.expect(202).str("id"), asked.str("id"));
    admin.get(&format!("/imports/{}/marked", asked.str("id"))).await.refused(409, "import.not_done");
    // Whoever comes next works it off.
    let next = app.replica(app::config(&app.url, backend.redis_url())).await;
    next.catch_up().await.unwrap();
    next.stop().await.unwrap();
    let done = admin.get(&format!("/imports/{}", asked.str("id"))).await.expect(200);
    assert_eq!(tally(&done), [1, 1, 0, 0]);
    // Two sheets that found the same place at the same moment: one founds it, for the other it is there.
    let both = format!("编码,名称\n{COMMUNITY}902,十号小区");
    let (one, two) = (ask(&admin, "places", "", both.clone()).await, ask(&admin, "places", "", both).await);
    let other = app.replica(app::config(&app.url, backend.redis_url())).await;
    let (first, second) = tokio::join!(app.app.catch_up(), other.catch_up());
    first.unwrap();
    second.unwrap();
    other.stop().await.unwrap();
    let mut added = 0;
    for asked in [one, two] {
        added += tally(&admin.get(&format!("/imports/{}", asked.str("id"))).await.expect(200))[1];
    }
    assert_eq!(added, 1);
    // A week later nothing of it is kept.
    app.pass(8 * 24 * 60);
    app.app.forget().await.unwrap();
    admin.get(&format!("/imports/{}", asked.str("id"))).await.refused(404, "import.not_found");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn what_is_no_sheet_is_told(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let admin = app.staff("county_admin", COUNTY).await;
    let bad: [(&[u8], &str); 5] = [
        (b"", "没有内容"),
        (b"PK\x03\x04 not a zip", "表格"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old one", "xlsx"),
        ("姓名,电话\n甲,乙".as_bytes(), "编码"),
        (b"\x00\x01\x02\x03\xff\xfe\xfd", "表格"),
    ];
    for (bytes, word) in bad {
        let refused = import(&app, &admin, "places", bytes).await;
        assert_eq!(refused.str("status"), "refused", "{}", refused.text);
        let problem = refused.json["problem"].as_str().unwrap_or_default();
        assert!(!problem.is_empty() && !problem.contains('{'), "{word}: {}", refused.text);
    }
    let large = vec![b'x'; 21 << 20];
    let sent = admin.request(Method::POST, &format!("/imports?subject=places&place={COUNTY}")).body(large);
    // Whoever sends on although they were refused may find the connection closed.
    if let Ok(response) = sent.send().await {
        assert_eq!(response.status(), 413);
    }
    app.stop().await;
}
