//! Replicas as processes, killed while people work. `make kills` does the same for two minutes.

use integration_tests::replicas::work_while_killed;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

/// The program beside these tests. A run of all tests has built it; a run of these alone may not have.
pub(crate) fn program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests.ancestors().nth(2).unwrap().join("huying");
    let built = fs::metadata(&program).and_then(|built| built.modified()).ok();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let crates = ["api", "domain", "infra", "migrations", "openapi", "playbooks"].map(|name| root.join(name));
    if built.is_none_or(|built| crates.iter().any(|folder| changed_since(built, folder))) {
        let mut build = Command::new(env!("CARGO"));
        assert!(
            build
                .args(["build", "-q", "--locked", "-p", "api", "--bin", "huying"])
                .status()
                .unwrap()
                .success()
        );
    }
    program
}

/// Whether anything that the program is made of was changed after `then`.
fn changed_since(then: SystemTime, folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().flatten().any(|entry| {
        let (path, about) = (entry.path(), entry.metadata().unwrap());
        if about.is_dir() {
            !path.ends_with("tests") && changed_since(then, &path)
        } else {
            about.modified().unwrap() > then
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_follows_once_although_replicas_are_killed() {
    let outcome = work_while_killed(&program(), Duration::from_secs(8)).await;
    assert_eq!(outcome.faults, Vec::<String>::new(), "{outcome:?}");
    assert!(outcome.kills >= 2 && outcome.breaches > 0 && outcome.flags > 0, "{outcome:?}");
}
