//! `huying playbook`: how a county does it, as data.

use super::{Common, open};
use anyhow::Context;
use clap::Subcommand;
use infra::store::Seed;
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Playbook {
    /// 导入一个县的规程；有问题的全部列出，什么也不写入
    Import {
        /// .toml 文件，见 playbooks/；其 services_file 从同一目录读取
        file: PathBuf,
    },
}

pub(super) async fn run(common: &Common, Playbook::Import { file }: Playbook) -> anyhow::Result<()> {
    let source = std::fs::read_to_string(&file).with_context(|| format!("读不到 {}", file.display()))?;
    let services = Seed::services_file(&source).map(|name| file.with_file_name(name));
    let read =
        |path: PathBuf| std::fs::read(&path).with_context(|| format!("读不到服务事项 {}", path.display()));
    let services = services.map(read).transpose()?;
    let name = file.to_string_lossy();
    let seed = Seed { file: &name, source: &source, services: services.as_deref() };
    let (store, clock) = open(common).await?;
    let imported = store.import_playbook(&seed, clock.now()).await;
    store.close().await?;
    imported?;
    writeln!(std::io::stdout(), "规程已导入：{}", file.display()).map_err(Into::into)
}
