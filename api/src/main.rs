//! The binary `huying`.

use clap::Parser;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    api::cli::run(api::cli::Cli::parse()).await
}
