//! `huying playbook`: how a county does it, as data.

use super::{Common, open};
use anyhow::{Context, bail, ensure};
use clap::Subcommand;
use domain::place::PlaceCode;
use domain::playbook::{
    Affected, Changes, Difference, Late, LimitChange, OpenTickets, Playbook, differences,
};
use domain::policy::{Start, TimeKind};
use domain::ticket::{Affair, Handling, Severity};
use infra::store::Seed;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What a county starts from.
const SAMPLE: &str = include_str!("../../../playbooks/default.toml");

#[derive(Debug, Subcommand)]
pub(super) enum PlaybookCommand {
    /// 导入一个县的规程；有问题的全部列出，什么也不写入
    Import {
        /// .toml 文件，见 playbooks/；其 services_file 从同一目录读取
        file: PathBuf,
    },
    /// 检查规程，列出全部问题；不需要数据库，有问题时退出码为 1
    Check {
        /// .toml 文件
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// 比较两份规程
    Diff {
        /// .toml 文件，或县级代码（库中现行的）
        before: String,
        /// .toml 文件，或县级代码（库中现行的）
        after: String,
    },
    /// 换成这份规程会怎样：与现行的有何不同，对在办工单意味着什么；什么也不写入
    Preview {
        /// .toml 文件
        file: PathBuf,
    },
    /// 写出一份规程样本，供一个县从这里起步
    New {
        /// 县级代码，6 位
        county: String,
        /// 名称
        name: String,
    },
}

pub(super) async fn run(common: &Common, command: PlaybookCommand) -> anyhow::Result<()> {
    match command {
        PlaybookCommand::Import { file } => {
            let (source, services) = (text(&file)?, services(&file)?);
            let name = file.to_string_lossy();
            let seed = Seed { file: &name, source: &source, services: services.as_deref() };
            let (store, clock) = open(common).await?;
            let imported = store.import_playbook(&seed, clock.now()).await;
            store.close().await?;
            imported?;
            say(&format!("规程已导入：{}\n", file.display()))
        }
        PlaybookCommand::Check { files } => check(&files),
        PlaybookCommand::Diff { before, after } => {
            let (before, after) = (value(common, &before).await?, value(common, &after).await?);
            let changes = differences(&before, &after);
            say(&if changes.is_empty() { "没有不同\n".to_owned() } else { different(&changes) })
        }
        PlaybookCommand::Preview { file } => preview(common, &file).await,
        PlaybookCommand::New { county, name } => {
            ensure!(PlaceCode::is_of_a_county(&county), "应为县级代码：6 位数字，前两位为省级代码");
            let quoted = Value::from(name).to_string();
            let own = SAMPLE.replacen("\"default\"", &format!("\"{county}\""), 1);
            say(&own.replacen("\"通行规程\"", &quoted, 1).replacen("\"000000\"", &format!("\"{county}\""), 1))
        }
    }
}

fn say(text: &str) -> anyhow::Result<()> {
    std::io::stdout().write_all(text.as_bytes()).map_err(Into::into)
}

fn text(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("读不到 {}", file.display()))
}

/// The sheet of services that a playbook names, beside it.
fn services(file: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    let beside = Seed::services_file(&text(file)?).map(|name| file.with_file_name(name));
    let read =
        |path: PathBuf| std::fs::read(&path).with_context(|| format!("读不到服务事项 {}", path.display()));
    beside.map(read).transpose()
}

/// The playbook of a file with its services, or everything that is wrong with both.
fn whole(file: &Path) -> anyhow::Result<Result<Playbook, Vec<String>>> {
    let (source, services) = (text(file)?, services(file)?);
    let name = file.to_string_lossy();
    Ok(Seed { file: &name, source: &source, services: services.as_deref() }.playbook())
}

/// Every fault of every file, a line each.
fn check(files: &[PathBuf]) -> anyhow::Result<()> {
    let mut count = 0;
    for file in files {
        match whole(file)? {
            Ok(playbook) => say(&format!("{}: 没有问题（{}）\n", file.display(), playbook.name))?,
            Err(faults) => {
                count += faults.len();
                for fault in faults {
                    say(&format!("{}: {fault}\n", file.display()))?;
                }
            }
        }
    }
    ensure!(count == 0, "共 {count} 个问题");
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<Playbook> {
    match whole(file)? {
        Ok(playbook) => Ok(playbook),
        Err(faults) => {
            let lines: Vec<_> = faults.iter().map(|fault| format!("{}: {fault}", file.display())).collect();
            bail!("{}", lines.join("\n"))
        }
    }
}

/// A playbook as values: of a file, or of a county as the database has it.
async fn value(common: &Common, what: &str) -> anyhow::Result<Value> {
    let file = Path::new(what);
    if file.exists() || !PlaceCode::is_of_a_county(what) {
        return Ok(serde_json::to_value(read(file)?)?);
    }
    let (store, _) = open(common).await?;
    let playbook = store.playbook(what);
    store.close().await?;
    let playbook = playbook.map_err(|_| anyhow::anyhow!("{what} 还没有规程"))?;
    Ok(serde_json::to_value(&*playbook)?)
}

async fn preview(common: &Common, file: &Path) -> anyhow::Result<()> {
    let playbook = read(file)?;
    let (store, clock) = open(common).await?;
    if store.playbook(&playbook.county).is_err() {
        store.close().await?;
        return say(&format!(
            "{} 还没有规程，没有诉求受影响；用 huying playbook import 导入\n",
            playbook.county
        ));
    }
    let found = store.playbook_effects(&playbook.county, Some(&playbook), clock.now()).await;
    store.close().await?;
    let (current, affected) = found.map_err(|error| anyhow::anyhow!("{}：{error}", playbook.county))?;
    for fault in playbook.faults_after(&current, affected.breaks_levels) {
        say(&format!("{}: {fault}\n", file.display()))?;
    }
    say(&format!("现行版本 {}\n", current.policy.version))?;
    let Changes { values, limits } = current.changes_to(&playbook);
    say(&format!("与现行版本不同 {} 处\n{}", values.len(), different(&values)))?;
    say(&limited(&limits))?;
    say(&affects(&affected))
}

fn different(changes: &[Difference]) -> String {
    let shown = |value: &Option<Value>| value.as_ref().map_or("（无）".to_owned(), ToString::to_string);
    let line = |one: &Difference| format!("  {}: {} → {}\n", one.path, shown(&one.before), shown(&one.after));
    changes.iter().map(line).collect()
}

/// The limits that would be others.
fn limited(limits: &[LimitChange]) -> String {
    let limit = |limit: Option<domain::playbook::Limit>| match limit {
        None => "不计时".to_owned(),
        Some(limit) => {
            let time = if limit.time == TimeKind::Working { "工作时" } else { "自然时" };
            let start = match limit.start {
                Start::Submission => "点单",
                Start::Dispatch => "派单",
                Start::Acceptance => "接单",
                Start::Plan => "方案",
            };
            format!("{} 秒（{time}，自{start}起）", limit.seconds)
        }
    };
    let line = |one: &LimitChange| {
        let kind: &str = one.kind.into();
        let mut of = vec![kind, one.severity.map_or("未评定", Severity::name)];
        of.extend(one.affair.map(Affair::name));
        of.extend(one.category.as_deref());
        of.extend(one.handling.map(Handling::name));
        format!("  {}: {} → {}\n", of.join("、"), limit(one.before), limit(one.after))
    };
    let lines: String = limits.iter().map(line).collect();
    format!("此后点单的，{} 项时限不同\n{lines}", limits.len())
}

/// What it would mean for what is open.
fn affects(affected: &Affected) -> String {
    let Affected { open, categories, late, breaks_levels: _ } = affected;
    let all: i64 = open.iter().map(|one| one.count).sum();
    let mut text = format!("在办工单 {all} 单，各按起始的版本办理，不受影响\n");
    for OpenTickets { version, count } in open {
        let version = version.map_or("未记版本".to_owned(), |version| format!("版本 {version}"));
        text.push_str(&format!("  {version}: {count} 单\n"));
    }
    for (category, count) in categories {
        text.push_str(&format!("  类别 {category} 不再有: {count} 单\n"));
    }
    for Late { kind, severity, running, late } in late {
        let kind: &str = (*kind).into();
        let severity = severity.map_or("未评定", Severity::name);
        text.push_str(&format!("  {kind}、{severity}: 正在走 {running}，假如改按这份规程已超时 {late}\n"));
    }
    text
}
