//! Blows while people work, each once. `make torture` deals all of them for minutes, on the release build.

use integration_tests::Backend;
use integration_tests::torture::{Blow, Plan, torture};
use rstest::rstest;
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

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_once_whatever_happens(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let plan = Plan {
        program: program(),
        backend,
        blows: Blow::few(backend),
        lasting: Duration::ZERO,
        seed: 53_522,
        rest: Duration::from_millis(90),
        clients: 2,
        starts: 1,
        aloud: false,
    };
    let outcome = torture(&plan).await;
    assert_eq!(outcome.violations, Vec::<String>::new(), "kept: {:?}", outcome.kept);
    assert!(outcome.has_all(&[Blow::Kill, Blow::AnswerCut]) && outcome.acknowledged > 50, "{outcome:?}");
}
