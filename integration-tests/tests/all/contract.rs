//! The contract: the document that is committed, served, and kept by every call.

use integration_tests::Backend;
use integration_tests::app::TestApp;
use integration_tests::client::send;
use reqwest::Method;
use rstest::rstest;
use std::fs;
use std::path::Path;

const COMMITTED: &str = "../openapi/openapi.json";

pub(crate) fn committed() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(COMMITTED);
    fs::read_to_string(path).expect("openapi/openapi.json is there")
}

#[rstest]
#[tokio::test]
async fn t01_the_document_matches_the_code(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let served = app.anyone().get("//openapi.json").await.expect(200);
    assert_eq!(served.json["openapi"], "3.1.0");
    assert!(
        served.text.trim_end() == committed().trim_end(),
        "openapi/openapi.json is stale: run `make openapi`"
    );
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn t04_swagger_ui_is_served_offline(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    let page = app.anyone().get("//docs/").await.expect(200);
    assert!(
        page.text.contains("zh-CN") && page.header("content-security-policy").contains("default-src 'self'")
    );
    for file in ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "huying.js"] {
        assert!(page.text.contains(file), "{file} is not in the page");
        assert!(app.anyone().get(&format!("//docs/{file}")).await.expect(200).text.len() > 1_000);
    }
    assert!(!page.text.contains("http://") && !page.text.contains("https://"), "nothing from elsewhere");
    app.anyone().get("//docs/../../etc/passwd").await.refused(404, "route.not_found");
    app.anyone().get("//docs/nothing.js").await.refused(404, "route.not_found");
    app.stop().await;
}

#[rstest]
#[tokio::test]
async fn what_is_no_call_says_so(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    app.anyone().get("/nothing").await.refused(404, "route.not_found");
    send(app.anyone().request(Method::DELETE, "/tickets")).await.refused(405, "route.method_not_allowed");
    app.anyone().get("/tickets/x/dispatch").await.refused(405, "route.method_not_allowed");
    // What is a call of its own is the id of nothing, whatever the method.
    for path in ["/admissions/report", "/points/near"] {
        for method in [Method::PUT, Method::DELETE] {
            send(app.anyone().request(method, path)).await.refused(405, "route.method_not_allowed");
        }
    }
    app.anyone().get("/admissions/report").await.refused(405, "route.method_not_allowed");
    let ready = app.anyone().get("//ready").await.expect(200);
    let cache = if backend == Backend::Sqlite { "memory" } else { "up" };
    assert_eq!(ready.json, serde_json::json!({"status": "ready", "database": "up", "cache": cache}));
    assert_eq!(app.anyone().get("//health").await.expect(200).str("status"), "alive");
    app.stop().await;
}

/// Of two schemas of one name the document keeps one, and says nothing.
#[test]
fn each_schema_has_a_name_of_its_own() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/src")];
    let mut names: Vec<String> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let (mut is_schema, mut alias) = (false, None);
            for line in fs::read_to_string(path).unwrap().lines() {
                is_schema |= line.starts_with("#[derive") && line.contains("ToSchema");
                if let Some(name) = line.strip_prefix("#[schema(as = ") {
                    alias = name.strip_suffix(")]").map(str::to_owned);
                }
                let declared = line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum "));
                if let Some(rest) = declared {
                    let name = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned();
                    names.extend(alias.take().or(Some(name)).filter(|_| is_schema));
                    is_schema = false;
                }
            }
        }
    }
    let count = names.len();
    names.sort();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
    assert!(count > 50 && twice.is_empty(), "{count} schemas, twice {twice:?}");
}
