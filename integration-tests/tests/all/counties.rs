//! Five counties from their sheets, on the command line.

use crate::rules::{huying, said};
use integration_tests::Backend;
use integration_tests::app::{self, TestApp};
use rstest::rstest;
use serde_json::json;
use std::path::Path;

const COUNTY: &str = "532504";

/// The playbook of Mile, as if it were another county's with other levels.
fn playbook(key: &str, county: &str, levels: &[&str]) -> String {
    let mile = include_str!("../../../playbooks/mile.toml");
    let head = mile.replacen("\"mile\"", &format!("\"{key}\""), 1).replacen(COUNTY, county, 1);
    let (before, rest) = head.split_once("[[levels]]").unwrap();
    let after = &rest[rest.find("[words.steps]").unwrap()..];
    let levels: String =
        levels.iter().map(|name| format!("[[levels]]\nname = \"{name}\"\nwidth = 3\n\n")).collect();
    format!("{before}{levels}{after}")
}

/// The streets and communities of five counties, as the statistical codes of 2023 have them.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn m01_all_five_counties_load_from_the_command_line(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::start(backend).await;
    let dir = tempfile::tempdir().unwrap();
    let counties: [(&str, &str, &[&str], u64); 5] = [
        ("mile", COUNTY, &[], 0),
        ("longli", "522730", &["大网格", "网格"], 89),
        ("fuqing", "350181", &["网格", "小区", "楼栋"], 549),
        ("qingzhou", "370781", &["网格", "微网格"], 1_094),
        ("zuoyun", "140226", &["小区", "微网格"], 163),
    ];
    for (key, county, levels, count) in counties {
        let places = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../api/demo/{key}-places.csv"));
        let places = places.to_str().unwrap();
        if !levels.is_empty() {
            let unknown = huying(&app.url, &["import", "places", places, "--county", county]);
            assert!(!unknown.status.success() && said(&unknown).contains("规程"), "{}", said(&unknown));
            let file = dir.path().join(format!("{key}.toml"));
            std::fs::write(&file, playbook(key, county, levels)).unwrap();
            let imported = huying(&app.url, &["playbook", "import", file.to_str().unwrap()]);
            assert!(imported.status.success(), "{}", said(&imported));
        }
        let loaded = huying(&app.url, &["import", "places", places, "--county", county]);
        assert!(loaded.status.success(), "{key}: {}", said(&loaded));
        let again = huying(&app.url, &["import", "places", places, "--county", county]);
        assert!(said(&again).contains("新增 0，更改 0"), "{}", said(&again));
        let out = dir.path().join(format!("{key}.csv"));
        let exported = huying(&app.url, &["export", "places", out.to_str().unwrap(), "--place", county]);
        assert!(exported.status.success(), "{}", said(&exported));
        if count > 0 {
            let rows = std::fs::read_to_string(&out).unwrap().lines().count() as u64 - 1;
            assert_eq!(rows, count, "{key}");
        }
    }
    // They are places like any others.
    app.app.reload_playbooks().await.unwrap();
    let resident = app.resident("王芳").await;
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
