//! Every floor of the house stands only on floors below it.

use serde_json::Value;
use std::process::Command;

/// The floors, from the ground; and what each crate may use of the others.
const FLOORS: [(&str, &[&str]); 6] = [
    ("domain", &[]),
    ("migrations", &[]),
    ("openapi", &["domain"]),
    ("infra", &["domain", "migrations"]),
    ("api", &["domain", "infra", "openapi"]),
    ("integration-tests", &["api"]),
];
/// Crates that stand behind one floor's door alone.
const BEHIND: [(&str, &[&str]); 17] = [
    // The bench compares with a handler of its own, `load/bare.rs`.
    ("actix-web", &["api", "integration-tests"]),
    ("sea-orm", &["infra"]),
    ("sea-orm-migration", &["migrations"]),
    // The tests look into the database with it.
    ("sqlx", &["infra", "integration-tests"]),
    ("rusqlite", &["infra"]),
    ("redis", &["infra"]),
    ("governor", &["infra"]),
    ("calamine", &["infra"]),
    ("rust_xlsxwriter", &["infra"]),
    ("jsonwebtoken", &["api"]),
    // `huying demo day` is a client of the server, as the tests are.
    ("reqwest", &["infra", "api", "integration-tests"]),
    // Both count; the API prints.
    ("prometheus-client", &["infra", "api"]),
    ("opentelemetry", &["infra"]),
    ("opentelemetry_sdk", &["infra"]),
    ("opentelemetry-otlp", &["infra"]),
    ("tracing-opentelemetry", &["infra"]),
    ("tokio", &["infra", "api", "integration-tests"]),
];

#[test]
fn every_floor_stands_on_floors_below() {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("cargo says what there is");
    let packages = metadata["packages"].as_array().expect("packages");
    assert_eq!(packages.len(), FLOORS.len(), "a crate without a floor");
    for package in packages {
        let name = package["name"].as_str().expect("a name");
        let (_, below) = FLOORS.iter().find(|(floor, _)| *floor == name).expect("a floor");
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let used = dependency["name"].as_str().expect("a name");
            if FLOORS.iter().any(|(floor, _)| *floor == used) {
                assert!(below.contains(&used), "{name} must not use {used}");
            }
            if let Some((_, may)) = BEHIND.iter().find(|(behind, _)| *behind == used) {
                assert!(may.contains(&name), "{name} must not use {used}");
            }
        }
    }
}
