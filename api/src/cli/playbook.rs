//! `huying playbook`: how a county does it, as data.

use super::{Common, open};
use anyhow::Context;
use clap::Subcommand;
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Playbook {
    /// 导入一个县的规程；有问题的全部列出，什么也不写入
    Import {
        /// .toml 文件，见 playbooks/
        file: PathBuf,
    },
}

pub(super) async fn run(common: &Common, Playbook::Import { file }: Playbook) -> anyhow::Result<()> {
    let source = std::fs::read_to_string(&file).with_context(|| format!("读不到 {}", file.display()))?;
    let (store, clock) = open(common).await?;
    let imported = store.import_playbook(&file.to_string_lossy(), &source, clock.now()).await;
    store.close().await?;
    imported?;
    writeln!(std::io::stdout(), "规程已导入：{}", file.display()).map_err(Into::into)
}
