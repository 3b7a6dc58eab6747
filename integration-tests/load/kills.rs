//! Kills one of two replicas again and again while people work, and says what came of it: `kills [PROGRAM] [SECONDS]`.

use integration_tests::replicas::work_while_killed;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let program = arguments.next().map_or_else(|| PathBuf::from("target/release/huying"), PathBuf::from);
    let seconds = arguments.next().and_then(|seconds| seconds.parse().ok()).unwrap_or(120);
    let outcome = work_while_killed(&program, Duration::from_secs(seconds)).await;
    let mut out = std::io::stdout();
    writeln!(out, "{outcome:#?}").expect("somebody reads");
    assert!(outcome.faults.is_empty(), "it does not add up");
}
