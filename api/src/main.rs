//! The binary `huying`.

use clap::Parser;

/// The system's own keeps what thousands of listeners gave back: a third less memory so, and nothing slower.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    api::cli::run(api::cli::Cli::parse()).await
}
