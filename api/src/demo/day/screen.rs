//! What whoever plays a day sees: a clock and counters that move, some of what happens, and what came of it.

use super::super::client::Tally;
use super::course::{BEGINS, Deed, MINUTES};
use domain::ticket::{Satisfaction, Status};
use indicatif::{ProgressBar, ProgressStyle};
use openapi::Lang;
use openapi::label;
use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::io::Write;
use std::time::Duration;
use strum::{EnumCount, EnumIter, IntoEnumIterator};
use tokio::time::{Instant, sleep_until};

/// Between two lines: who watches reads along.
const PAUSE: Duration = Duration::from_millis(350);
/// How much of what was said is shown, in characters.
const EXCERPT: usize = 30;

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, EnumCount, EnumIter)]
pub(super) enum Count {
    Submitted,
    Dispatched,
    Claimed,
    Accepted,
    Arrived,
    Resolved,
    Rated,
    Dissatisfied,
    Urged,
    Supervised,
    Flags,
    Read,
    Pushes,
}

impl Count {
    fn word(self) -> &'static str {
        match self {
            Self::Submitted => "点单",
            Self::Dispatched => "派单",
            Self::Claimed => "认领",
            Self::Accepted => "接单",
            Self::Arrived => "到场",
            Self::Resolved => "办结",
            Self::Rated => "评单",
            Self::Dissatisfied => "不满意",
            Self::Urged => "催办",
            Self::Supervised => "督办",
            Self::Flags => "红旗",
            Self::Read => "读消息",
            Self::Pushes => "推送",
        }
    }

    /// What the bar has room for.
    const ON_BAR: [Self; 6] =
        [Self::Submitted, Self::Dispatched, Self::Resolved, Self::Rated, Self::Flags, Self::Pushes];
}

/// The screen, with the clock of the day.
pub(super) struct Screen {
    bar: ProgressBar,
    begun: Instant,
    lasts: Duration,
    counts: [Cell<i64>; Count::COUNT],
    last_line: RefCell<Option<Instant>>,
}

impl Screen {
    pub(super) fn new(lasts: Duration) -> Self {
        let bar = ProgressBar::new(MINUTES.into());
        if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:20} {msg}") {
            bar.set_style(style);
        }
        Self {
            bar,
            begun: Instant::now(),
            lasts,
            counts: std::array::from_fn(|_| Cell::new(0)),
            last_line: RefCell::default(),
        }
    }

    pub(super) fn begin(&self, url: &str, tickets: usize, seed: u64) {
        self.line(&format!(
            "在 {url} 播放弥勒的一天：{} 秒，{tickets} 件工单（--seed {seed} 可重来）。按 Ctrl-C 停止。",
            self.lasts.as_secs()
        ));
    }

    /// Waits until a minute of the day has come.
    pub(super) async fn until(&self, minute: u32) {
        sleep_until(self.begun + self.lasts * minute / MINUTES).await;
    }

    /// The time of the day: `09:42`.
    fn clock(&self) -> String {
        let minute = self.minute();
        format!("{:02}:{:02}", (BEGINS + minute) / 60, (BEGINS + minute) % 60)
    }

    fn minute(&self) -> u32 {
        let gone = self.begun.elapsed().as_millis() * u128::from(MINUTES) / self.lasts.as_millis().max(1);
        u32::try_from(gone).unwrap_or(MINUTES).min(MINUTES)
    }

    /// Moves the clock on.
    pub(super) fn show(&self) {
        self.bar.set_position(self.minute().into());
        self.bar.set_prefix(self.clock());
        let counts = Count::ON_BAR.map(|count| format!("{} {}", count.word(), self.count(count)));
        self.bar.set_message(counts.join("  "));
    }

    pub(super) fn count(&self, count: Count) -> i64 {
        self.counts[count as usize].get()
    }

    pub(super) fn set(&self, count: Count, to: i64) {
        self.counts[count as usize].set(to);
        self.show();
    }

    pub(super) fn add(&self, count: Count, more: i64) {
        self.set(count, self.count(count) + more);
    }

    /// Counts a step, and says it where there is room.
    pub(super) fn happened(&self, deed: Deed, number: &str, who: &str, place: &str, said: &str) {
        let (count, what) = match deed {
            Deed::Submit => (Some(Count::Submitted), "点单"),
            Deed::Dispatch => (Some(Count::Dispatched), "派单"),
            Deed::Claim => (Some(Count::Claimed), "认领"),
            Deed::Accept => (Some(Count::Accepted), "接单"),
            Deed::Arrive => (Some(Count::Arrived), "到场"),
            Deed::Reply => (None, "答复"),
            Deed::Resolve => (Some(Count::Resolved), "办结"),
            Deed::Rate(Satisfaction::Satisfied) => (Some(Count::Rated), "满意"),
            Deed::Rate(Satisfaction::FairlySatisfied) => (Some(Count::Rated), "基本满意"),
            Deed::Rate(Satisfaction::Dissatisfied) => {
                self.add(Count::Dissatisfied, 1);
                (Some(Count::Rated), "不满意，重办")
            }
            Deed::Urge => (Some(Count::Urged), "催办"),
            Deed::Supervise => (Some(Count::Supervised), "督办"),
            Deed::Withdraw => (None, "撤单"),
            Deed::Decline => (None, "不予受理"),
        };
        if let Some(count) = count {
            self.add(count, 1);
        }
        let excerpt: String = said.chars().take(EXCERPT).collect();
        let more = if said.chars().count() > EXCERPT { "…" } else { "" };
        let said = if said.is_empty() { String::new() } else { format!("：{excerpt}{more}") };
        self.now_and_then(&format!("{number} {place} {who} {what}{said}"));
    }

    pub(super) fn read(&self, who: &str, messages: usize) {
        self.add(Count::Read, i64::try_from(messages).unwrap_or(i64::MAX));
        self.now_and_then(&format!("{who} 读了 {messages} 条消息"));
    }

    pub(super) fn failure(&self, why: &str) {
        self.line(&format!("{} 失败 {why}", self.clock()));
    }

    fn now_and_then(&self, text: &str) {
        let mut last = self.last_line.borrow_mut();
        if last.is_none_or(|last| last.elapsed() >= PAUSE) {
            *last = Some(Instant::now());
            self.line(&format!("{} {text}", self.clock()));
        }
    }

    /// That nobody reads it is no reason to end.
    fn line(&self, text: &str) {
        self.bar.suspend(|| writeln!(std::io::stdout(), "{text}").unwrap_or_default());
    }

    /// What came of the day.
    pub(super) fn end(
        &self,
        interrupted: bool,
        states: &[(Status, usize)],
        tally: &Tally,
        url: &str,
        county: &str,
    ) {
        let clock = self.clock();
        self.bar.finish_and_clear();
        let how = if interrupted { "停在" } else { "到了" };
        let counts: Vec<_> =
            Count::iter().map(|count| format!("{} {}", count.word(), self.count(count))).collect();
        let states = states.iter().filter(|(_, tickets)| *tickets > 0);
        let states: Vec<_> = states
            .map(|(status, tickets)| format!("{} {tickets}", label::status(*status, Lang::Chinese)))
            .collect();
        let Tally { calls, failed, slowest: (took, which) } = tally;
        let mut text = format!("\n{how} {clock}。\n{}\n现状：{}\n", counts.join("，"), states.join("，"));
        let _ = write!(
            text,
            "调用 {calls} 次，失败 {failed} 次；最慢 {} 毫秒（{which}）\n\
             没有办完的，到场 5 分钟、小问题 30 分钟后超时，见 GET {url}/api/v1/tickets?overdue=true\n\
             接着看：\n  接口文档 {url}/docs/\n  统计 {url}/api/v1/figures?place={county}\n  红旗 {url}/api/v1/flags?place={county}",
            took.as_millis()
        );
        self.line(&text);
    }
}
