//! `huying import`, `huying export` and `huying template`: a county from the spreadsheets that it has, and back.

use super::{Common, open};
use crate::import::{self, Faulty, Outcome, Step, unreadable};
use anyhow::{Context, bail, ensure};
use clap::{Args, ValueEnum};
use domain::actor::{Actor, Grant, Scope};
use domain::id::UserId;
use domain::import::{Subject as Of, Tally};
use domain::permission::Role;
use domain::place::PlaceCode;
use domain::text::FreeText;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use infra::Store;
use infra::store::Import as Asked;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use uuid::Uuid;

/// How many faults are listed.
const LISTED: usize = 20;

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Subject {
    /// 地点
    Places,
    /// 单位
    Units,
    /// 人员
    People,
    /// 关系
    Ties,
}

impl Subject {
    fn of(self) -> Of {
        match self {
            Self::Places => Of::Places,
            Self::Units => Of::Units,
            Self::People => Of::People,
            Self::Ties => Of::Ties,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct Import {
    /// 表格里是什么；先地点，再单位、人员，最后关系
    subject: Subject,
    /// .xlsx 或 .csv 文件，模板由 huying template 生成
    file: PathBuf,
    /// 县级代码；只有一个县时可不填
    #[arg(long)]
    county: Option<String>,
    /// 只检查，不写入
    #[arg(long)]
    dry_run: bool,
    /// 依据、事由，记入沿革
    #[arg(long)]
    reason: Option<String>,
    /// 有问题时，标注过的副本写到哪里；不填则在原文件旁，文件名加「-问题」
    #[arg(long, value_name = "FILE")]
    marked: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// 导出什么
    subject: Subject,
    /// 写到哪个文件，.xlsx 或 .csv
    file: PathBuf,
    /// 地点编码：该地及其下各级；只有一个县时可不填
    #[arg(long)]
    place: Option<String>,
    /// 文件已存在时覆盖
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Args)]
pub(super) struct Template {
    /// 什么的模板
    subject: Subject,
    /// 写到哪个 .xlsx 文件
    file: PathBuf,
    /// 县级代码；只有一个县时可不填
    #[arg(long)]
    county: Option<String>,
}

pub(super) async fn import(common: &Common, asked: Import) -> anyhow::Result<ExitCode> {
    let bytes = std::fs::read(&asked.file).with_context(|| format!("读不到 {}", asked.file.display()))?;
    let (store, clock) = open(common).await?;
    let outcome = take(&store, clock.now(), &asked, bytes).await;
    store.close().await?;
    let outcome = outcome?;
    let mut out = io::stdout();
    let report = match outcome {
        Outcome::Done(tally) => {
            said(&mut out, &tally, asked.dry_run)?;
            return Ok(ExitCode::SUCCESS);
        }
        Outcome::Unreadable(refusal) => unreadable(&refusal),
        Outcome::Faulty(Faulty { report, marked }) => {
            for fault in report.faults.iter().take(LISTED) {
                let column = fault.column.as_deref().unwrap_or("整行");
                writeln!(out, "第 {} 行 {column}：{}", fault.row, fault.message)?;
            }
            let to = asked.marked.clone().unwrap_or_else(|| beside(&asked.file));
            std::fs::write(&to, marked).with_context(|| format!("写不了 {}", to.display()))?;
            writeln!(out, "共 {} 处问题，全部标注在 {}", HumanCount(report.count as u64), to.display())?;
            report
        }
    };
    if let Some((_, sentence)) = report.problem {
        writeln!(out, "{sentence}")?;
    }
    writeln!(out, "什么都没有写入；改好后可以再导入")?;
    Ok(ExitCode::FAILURE)
}

async fn take(
    store: &Store,
    now: domain::time::Timestamp,
    asked: &Import,
    bytes: Vec<u8>,
) -> anyhow::Result<Outcome> {
    let county = county(store, asked.county.as_deref())?;
    let name = asked.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let reason = asked.reason.clone().unwrap_or_else(|| format!("表格导入：{name}"));
    let reason = FreeText::parse(reason).map_err(|refusal| anyhow::anyhow!("--reason 有误：{refusal}"))?;
    let actor = program(county);
    let import = Asked {
        county,
        actor: &actor,
        by: None,
        now,
        reason: &store.text(reason, now),
        dry_run: asked.dry_run,
        job: None,
    };
    let bar =
        ProgressBar::new_spinner().with_style(ProgressStyle::with_template("{spinner} {msg} {elapsed}")?);
    bar.enable_steady_tick(Duration::from_millis(100));
    let outcome = import::take(store, asked.subject.of(), bytes, &import, |step| {
        bar.set_message(match step {
            Step::Read => "读表格",
            Step::Take => "核对、写入",
            Step::Mark => "标注问题",
        });
    });
    let outcome = outcome.await;
    bar.finish_and_clear();
    outcome
}

/// The program may do in a county what its system administrator may.
fn program(county: PlaceCode) -> Actor {
    let grants = vec![Grant { role: Role::SystemAdmin, scope: Scope::Places(vec![county]) }];
    Actor { user: UserId(Uuid::nil()), grants }
}

fn county(store: &Store, given: Option<&str>) -> anyhow::Result<PlaceCode> {
    let code = match given {
        Some(given) => given.to_owned(),
        None => match store.only_county() {
            Some(playbook) => playbook.county.clone(),
            None => bail!("请用 --county 指明县级代码；还没有规程的，先用 huying playbook import 导入"),
        },
    };
    let code = store.place_code(&code).with_context(|| format!("{code} 不是县级代码"))?;
    ensure!(code.as_str() == code.county(), "{code} 不是县级代码");
    ensure!(store.playbook(code.county()).is_ok(), "{code} 还没有规程，先用 huying playbook import 导入");
    Ok(code)
}

fn said(out: &mut impl Write, tally: &Tally, dry_run: bool) -> io::Result<()> {
    let Tally { rows, added, changed, unchanged } = *tally;
    let done = if dry_run { "检查无误，没有写入" } else { "已导入" };
    writeln!(
        out,
        "{done}：{} 行，新增 {}，更改 {}，不变 {}",
        HumanCount(rows),
        HumanCount(added),
        HumanCount(changed),
        HumanCount(unchanged)
    )
}

fn beside(file: &Path) -> PathBuf {
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    file.with_file_name(format!("{stem}-问题.xlsx"))
}

pub(super) async fn export(common: &Common, asked: Export) -> anyhow::Result<()> {
    let Export { subject, file, place, force } = asked;
    ensure!(force || !file.exists(), "{} 已存在；要覆盖请加 --force", file.display());
    let csv = match file.extension().and_then(|end| end.to_str()) {
        Some(end) if end.eq_ignore_ascii_case("csv") => true,
        Some(end) if end.eq_ignore_ascii_case("xlsx") => false,
        _ => bail!("文件名应以 .xlsx 或 .csv 结尾"),
    };
    let (store, _) = open(common).await?;
    let given = async {
        let place = match place {
            Some(place) => store.place_code(&place).with_context(|| format!("地点编码 {place} 有误"))?,
            None => county(&store, None)?,
        };
        import::give(&store, subject.of(), place, csv).await
    };
    let given = given.await;
    store.close().await?;
    let (rows, bytes) = given?;
    std::fs::write(&file, bytes).with_context(|| format!("写不了 {}", file.display()))?;
    writeln!(io::stdout(), "已导出 {} 行到 {}", HumanCount(rows as u64), file.display())?;
    if subject.of() == Of::People {
        writeln!(io::stdout(), "内有姓名和手机号明文，请妥善保管，用后删除")?;
    }
    Ok(())
}

pub(super) async fn template(common: &Common, asked: Template) -> anyhow::Result<()> {
    let Template { subject, file, county } = asked;
    let (store, _) = open(common).await?;
    let county = county.or_else(|| store.only_county().map(|playbook| playbook.county.clone()));
    let made = import::template(&store, subject.of(), county.as_deref()).await;
    store.close().await?;
    std::fs::write(&file, made?).with_context(|| format!("写不了 {}", file.display()))?;
    writeln!(io::stdout(), "模板已写到 {}", file.display()).map_err(Into::into)
}
