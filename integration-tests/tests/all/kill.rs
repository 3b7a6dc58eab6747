//! Replicas as processes, killed while people work. `make kills` does the same for two minutes.

use integration_tests::replicas::work_while_killed;
use std::process::Command;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_follows_once_although_replicas_are_killed() {
    // A run of these tests alone does not build the program.
    let cargo = Command::new(env!("CARGO"))
        .args(["build", "-q", "--locked", "-p", "api", "--bin", "huying"])
        .status();
    assert!(cargo.unwrap().success());
    let tests = std::env::current_exe().unwrap();
    let program = tests.ancestors().nth(2).unwrap().join("huying");
    let outcome = work_while_killed(&program, Duration::from_secs(8)).await;
    assert_eq!(outcome.faults, Vec::<String>::new(), "{outcome:?}");
    assert!(outcome.kills >= 2 && outcome.breaches > 0 && outcome.flags > 0, "{outcome:?}");
}
