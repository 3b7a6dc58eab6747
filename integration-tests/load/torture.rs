//! People work while servers are killed, databases crash, disks fill up and wires are cut; says what came of it, and fails
//! when anything that was acknowledged is not there once.
//!
//! `torture [SERVER] [MINUTES] [SEED] [sqlite|postgres]`: the program to start, `target/release/huying`; for how long, 10, half of
//! it on each database; what is drawn, unless it is to be drawn anew; one database only.

use integration_tests::Backend;
use integration_tests::torture::{Blow, Plan, table, torture};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// How many violations are shown.
const SHOWN: usize = 40;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let program = arguments.next().map_or_else(|| PathBuf::from("target/release/huying"), PathBuf::from);
    let minutes: f64 = arguments.next().map_or(10.0, |minutes| minutes.parse().expect("how many minutes"));
    let seed =
        arguments.next().map_or_else(|| fastrand::u64(..1 << 32), |seed| seed.parse().expect("a seed"));
    let backends = match arguments.next().as_deref() {
        None => [Backend::Sqlite, Backend::Postgres].to_vec(),
        Some("sqlite") => vec![Backend::Sqlite],
        Some("postgres") => vec![Backend::Postgres],
        Some(other) => panic!("not a database: {other}"),
    };
    eprintln!("seed {seed}: what is drawn comes again with `make torture SEED={seed}`");
    let mut outcomes = Vec::new();
    for backend in &backends {
        let plan = Plan {
            program: program.clone(),
            backend: *backend,
            blows: Blow::all(*backend),
            lasting: Duration::from_secs_f64(minutes * 60.0) / u32::try_from(backends.len()).unwrap_or(1),
            seed,
            rest: Duration::from_millis(15),
            clients: 6,
            starts: 4,
            aloud: true,
        };
        outcomes.push(torture(&plan).await);
    }
    println!("{}", table(&outcomes));
    let mut code = ExitCode::SUCCESS;
    for outcome in outcomes.iter().filter(|outcome| !outcome.violations.is_empty()) {
        eprintln!("seed {}; the data is kept: {}", outcome.seed, outcome.kept.join(" and "));
        for violation in outcome.violations.iter().take(SHOWN) {
            eprintln!("- {violation}");
        }
        eprintln!("{} in all", outcome.violations.len());
        code = ExitCode::FAILURE;
    }
    code
}
