//! `huying reactors` and `huying rebuild`: where reactors stand, what they set aside, and their tables made anew.

use super::{Common, open};
use anyhow::{Context, bail, ensure};
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use domain::time::Timestamp;
use indicatif::{ProgressBar, ProgressStyle};
use infra::Store;
use infra::store::{Reactor, ReactorState};
use std::io::Write;
use strum::IntoEnumIterator;

#[derive(Debug, Subcommand)]
pub(super) enum Reactors {
    /// 程序修好后，再做一次搁置的事件
    Retry {
        /// 哪个任务
        #[arg(value_parser = reactor())]
        reactor: String,
    },
}

pub(super) fn reactor() -> PossibleValuesParser {
    Reactor::iter().map(Reactor::name).collect::<Vec<_>>().into()
}

pub(super) async fn run(common: &Common, what: Option<Reactors>) -> anyhow::Result<()> {
    let (store, clock) = open(common).await?;
    let done = match what {
        None => list(&store, clock.now()).await,
        Some(Reactors::Retry { reactor }) => retry(&store, &reactor, clock.now()).await,
    };
    store.close().await?;
    done
}

pub(super) async fn rebuild(common: &Common, name: &str) -> anyhow::Result<()> {
    let (store, clock) = open(common).await?;
    let done = rebuild_one(&store, name, clock.now()).await;
    store.close().await?;
    done
}

/// How many waiting events are counted.
const COUNTED: u32 = 1_000_000;

/// Prints a line for each.
async fn list(store: &Store, now: Timestamp) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    for reactor in Reactor::iter() {
        let ReactorState { cursor, behind, waiting_since, set_aside, generation, .. } =
            store.reactor_state(reactor, COUNTED).await?;
        let seconds = waiting_since.map_or(0, |since| (now - since).num_seconds().max(0));
        writeln!(
            out,
            "{:8}  位置 {}  落后 {behind} 条、{seconds} 秒  搁置 {set_aside}  第 {generation} 代",
            reactor.name(),
            cursor.position(),
        )?;
    }
    Ok(())
}

/// Does what was set aside once more.
async fn retry(store: &Store, name: &str, now: Timestamp) -> anyhow::Result<()> {
    let reactor = named(name)?;
    ensure!(!reactor.is_rebuilt(), "{name} 按当时所知统计，补做会重复：请用 huying rebuild {name} 重新统计");
    let retried = store.retry_set_aside(reactor, now).await?;
    writeln!(std::io::stdout(), "已补做 {} 条，仍搁置 {} 条", retried.done, retried.failed)?;
    Ok(())
}

/// Makes its tables anew, and says on the standard error how far it has come.
async fn rebuild_one(store: &Store, name: &str, now: Timestamp) -> anyhow::Result<()> {
    let reactor = named(name)?;
    ensure!(
        reactor.is_rebuilt(),
        "{name} 的消息已经发出，不能重做；搁置的可用 huying reactors retry {name} 补做"
    );
    let style = ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len} 条 {elapsed}，还需 {eta}")?;
    let bar = ProgressBar::new(0).with_style(style);
    let rebuilt = store.rebuild(reactor, now, |read, all| {
        bar.set_length(all);
        bar.set_position(read);
    });
    let rebuilt = rebuilt.await;
    bar.finish_and_clear();
    let rebuilt = rebuilt?;
    if !rebuilt.took_over {
        bail!("另有一次 {name} 的重新统计在后开始，以那一次为准");
    }
    let passed_over = match rebuilt.passed_over {
        0 => String::new(),
        count => format!("，其中 {count} 条无法读取，已搁置"),
    };
    writeln!(std::io::stdout(), "{name} 已重新统计：{} 条事件{passed_over}", rebuilt.events)?;
    Ok(())
}

fn named(name: &str) -> anyhow::Result<Reactor> {
    name.parse().ok().with_context(|| format!("没有后台任务 {name}"))
}
