//! Rolls a new program out over an old one while people work, takes it back, and says what came of it:
//! `upgrade OLD NEW [SECONDS EACH STAGE]`.

use integration_tests::upgrade::roll_out;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut program = || arguments.next().map(PathBuf::from).expect("upgrade OLD NEW [SECONDS]");
    let (old, new) = (program(), program());
    let seconds = arguments.next().and_then(|seconds| seconds.parse().ok()).unwrap_or(8);
    let rollout = roll_out(&old, &new, Duration::from_secs(seconds)).await;
    let mut out = std::io::stdout();
    writeln!(out, "{rollout:#?}").expect("somebody reads");
    assert!(rollout.faults.is_empty(), "it does not add up");
}
