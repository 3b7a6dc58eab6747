//! `huying backup` and `huying restore`.

use super::Common;
use anyhow::{bail, ensure};
use clap::Args;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use infra::Clock;
use infra::store::{Job, Manifest, Restored, Step, Told};
use std::future::poll_fn;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::task::Poll;
use tokio::signal::unix::{SignalKind, signal};

/// How many faults are listed.
const LISTED: usize = 20;

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// 写到哪个文件
    file: PathBuf,
    /// 文件已存在时覆盖
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// huying backup 写出的文件
    file: PathBuf,
}

pub(super) async fn backup(common: &Common, Backup { file, force }: Backup) -> anyhow::Result<()> {
    let settings = common.settings()?;
    let (database, master) = settings.data()?;
    let (clock, told) = (Clock::system(), bar()?);
    let job =
        Job { file: &file, master: &master, programs: settings.programs.as_deref(), clock: &clock, told };
    let ended = told_to_end()?;
    // What is dropped leaves nothing half done behind.
    let manifest = tokio::select! {
        done = crate::backup(&database, &job, force) => done?,
        () = ended => bail!("已中断"),
    };
    let Manifest { tables, last_position, .. } = &manifest;
    let rows: u64 = tables.values().map(|tally| tally.rows).sum();
    let size = std::fs::metadata(&file)?.len();
    let mut out = io::stdout();
    writeln!(
        out,
        "已备份到 {}（{}）：{} 张表 {rows} 行，最后的事件是第 {last_position} 条",
        file.display(),
        HumanBytes(size),
        tables.len()
    )?;
    let key = match database.is_sqlite() {
        true => "数据目录中的 master.key，或 HUYING_MASTER_KEY",
        false => "HUYING_MASTER_KEY",
    };
    writeln!(out, "主密钥（{key}）不在备份中：没有它什么也打不开，请另外保管")?;
    writeln!(out, "备份含有群众所写的原文和办理记录，只应让管理数据的人读到")?;
    Ok(())
}

pub(super) async fn restore(common: &Common, Restore { file }: Restore) -> anyhow::Result<()> {
    let settings = common.settings()?;
    let (database, master) = settings.data()?;
    let (clock, told) = (Clock::system(), bar()?);
    let job =
        Job { file: &file, master: &master, programs: settings.programs.as_deref(), clock: &clock, told };
    let Restored { manifest, faults } = crate::restore(&database, &job, told_to_end()?).await?;
    let mut out = io::stdout();
    for (table, tally) in &manifest.tables {
        writeln!(out, "{table:20} {:>12} 行，与备份时相同", tally.rows)?;
    }
    writeln!(
        out,
        "已恢复到 {} 的状态，最后的事件是第 {} 条",
        manifest.taken_at.to_rfc3339(),
        manifest.last_position
    )?;
    for fault in faults.iter().take(LISTED) {
        writeln!(out, "{fault}")?;
    }
    ensure!(faults.is_empty(), "已恢复，与备份时相同；但核对时发现 {} 处不符（列在上面）", faults.len());
    writeln!(out, "此后注销的人员须重新注销，此后的改动须重新办理")?;
    Ok(())
}

/// What is done is shown where somebody looks.
fn bar() -> anyhow::Result<Told> {
    let tables = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} 张表 {elapsed}")?;
    let bytes = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {elapsed}，还需 {eta}")?;
    let unknown = ProgressStyle::with_template("{msg} {bytes} {elapsed}")?;
    let plain = ProgressStyle::with_template("{msg} {elapsed}")?;
    let bar = ProgressBar::new(0);
    Ok(Arc::new(move |step, done, all| {
        let (words, style) = match (step, all) {
            (Step::Count, _) => ("清点", &tables),
            (Step::Copy, Some(_)) => ("复制", &bytes),
            (Step::Copy, None) => ("导出", &unknown),
            (Step::Load, _) => ("导入", &bytes),
            (Step::Verify, _) => ("核对", &plain),
        };
        bar.set_style(style.clone());
        bar.set_message(words);
        bar.set_length(all.unwrap_or_default());
        bar.set_position(done);
    }))
}

/// Ends when this process is told to.
fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    let hangup = (!outlives_its_terminal()).then(SignalKind::hangup);
    let kinds = [SignalKind::interrupt(), SignalKind::terminate()].into_iter().chain(hangup);
    let mut signals = kinds.map(signal).collect::<io::Result<Vec<_>>>()?;
    Ok(poll_fn(move |context| match signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready()) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    }))
}

/// Whether it was started by `nohup` or the like.
#[cfg(target_os = "linux")]
fn outlives_its_terminal() -> bool {
    let status = procfs::process::Process::myself().and_then(|process| process.status());
    status.is_ok_and(|status| status.sigign & 1 << (SignalKind::hangup().as_raw_value() - 1) != 0)
}

#[cfg(not(target_os = "linux"))]
fn outlives_its_terminal() -> bool {
    false
}
