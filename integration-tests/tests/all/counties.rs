//! Five counties from their sheets, on the command line.

use crate::county::files;
use crate::rules::{huying, said};
use integration_tests::Backend;
use integration_tests::app::{self, TestApp};
use rstest::rstest;
use serde_json::{Value, json};

/// The streets and communities of five counties, as the statistical codes of 2023 have them.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn m01_all_five_counties_load_from_the_command_line(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let dir = tempfile::tempdir().unwrap();
    for (key, county, count) in [
        ("mile", "532504", 160),
        ("longli", "522730", 89),
        ("fuqing", "350181", 549),
        ("qingzhou", "370781", 1_094),
        ("zuoyun", "140226", 163),
    ] {
        let [playbook, places] = files(key);
        let (playbook, places) = (playbook.to_str().unwrap(), places.to_str().unwrap());
        // Mile is what every server here begins with.
        if key != "mile" {
            let unknown = huying(&app.url, &["import", "places", places, "--county", county]);
            assert!(!unknown.status.success() && said(&unknown).contains("规程"), "{}", said(&unknown));
        }
        let imported = huying(&app.url, &["playbook", "import", playbook]);
        assert!(imported.status.success(), "{}", said(&imported));
        let loaded = huying(&app.url, &["import", "places", places, "--county", county]);
        assert!(loaded.status.success(), "{key}: {}", said(&loaded));
        let again = huying(&app.url, &["import", "places", places, "--county", county]);
        assert!(said(&again).contains("新增 0，更改 0"), "{}", said(&again));
        let out = dir.path().join(format!("{key}.csv"));
        let exported = huying(&app.url, &["export", "places", out.to_str().unwrap(), "--place", county]);
        assert!(exported.status.success(), "{}", said(&exported));
        assert_eq!(std::fs::read_to_string(&out).unwrap().lines().count() - 1, count, "{key}");
    }
    // They are places like any others.
    app.app.reload_playbooks().await.unwrap();
    let resident = app.resident("王芳").await;
    // Which county's words a resident hears, where there are several, is theirs to say.
    assert_eq!(resident.get("/me").await.expect(200).json["playbook"], Value::Null);
    let longli = resident.get("/me?county=522730").await.expect(200).json["playbook"].clone();
    assert_eq!(longli["vocabulary"]["affairs"]["public"], "公家事");
    resident.get("/me?county=532503").await.refused_for(422, "place.unknown", "?county");
    let mut lamp = app::lamp();
    lamp["place"]["code"] = json!("522730001001");
    let ticket = resident.post("/tickets", lamp).await.expect(201);
    assert!(ticket.json["place"]["name"].as_str().unwrap().contains("社区"), "{}", ticket.text);
    // A sheet with a fault is marked beside it, and the exit says so.
    let bad = dir.path().join("bad.csv");
    std::fs::write(&bad, "编码,名称\n522730001001999,x\n99,y\n").unwrap();
    let refused = huying(&app.url, &["import", "places", bad.to_str().unwrap(), "--county", "522730"]);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(said(&refused).contains("第 3 行") && dir.path().join("bad-问题.xlsx").exists());
    let template = dir.path().join("people.xlsx");
    let made = huying(&app.url, &["template", "people", template.to_str().unwrap()]);
    assert!(made.status.success() && template.exists(), "{}", said(&made));
    app.stop().await;
}
