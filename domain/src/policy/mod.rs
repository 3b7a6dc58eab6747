//! The policy (时限规则) of a playbook: its clocks, windows and who may claim, as data. What a clock does with its rule is
//! `ticket/clock.rs` and `ticket/decide/clocks.rs`.
//!
//! To add something that a rule may say: a field of [`ClockRule`] with a default, its fault in [`Policy::faults`], and, where
//! clocks that run must remember it, a field of `Clock`.

#[cfg(test)]
mod tests;

use crate::calendar::Calendar;
use crate::permission::{Action, Role, Roles, reaches};
use crate::place::PlaceCode;
use crate::playbook::{Fault, Level};
use crate::ticket::{Affair, Audience, ClockKind, Handling, Severity};
use crate::time::Timestamp;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use strum::IntoEnumIterator;
use strum::{EnumIter, EnumString, IntoStaticStr};

/// What a version may be.
const VERSIONS: RangeInclusive<u32> = 1..=1_000_000_000;

/// How many limits there may be.
const MOST_CLOCKS: usize = 1_000;

/// How long things may take in a county, and who may take what (时限规则).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The version of the whole playbook: the store gives each change the next number, at least that of its seed. Tickets and
    /// clocks keep the one that they began under. 1 to 1,000,000,000.
    pub version: u32,
    /// What becomes of a clock that is still running when the ticket is resolved, and that resolving does not stop.
    pub arrive_unmet_at_resolve: Unmet,
    /// How long a requester may rate; then the ticket closes by itself. Seconds, 7 days unless said.
    #[serde(default = "seven_days")]
    pub rating_window_seconds: u32,
    /// How long a closed ticket may be reopened. Seconds, 10 days unless said.
    #[serde(default = "ten_days")]
    pub reopen_window_seconds: u32,
    /// The least time between two urgings. Seconds, 10 minutes unless said.
    #[serde(default = "ten_minutes")]
    pub urge_every_seconds: u32,
    /// How far back work done out of reach of the network may be dated. Seconds, 12 hours unless said; 0 for not at all.
    #[serde(default = "twelve_hours")]
    pub offline_seconds: u32,
    /// Who may claim what (practices L04, L07, Q09).
    #[serde(default)]
    pub claims: Vec<ClaimRule>,
    /// The affairs that a unit takes only once they were talked over (共商对策, practices L07); none unless said.
    #[serde(default)]
    pub discuss_first: Vec<Affair>,
    /// Which affairs may be referred to self-help, mutual help or the market (practices M02); private ones unless said.
    #[serde(default = "private")]
    pub refer: Vec<Affair>,
    /// What lies on a higher desk than that of its community from the start (practices M09).
    #[serde(default)]
    pub desks: Vec<DeskRule>,
    /// What working time is, for clocks that count it. Its days are not part of the playbook: the store puts them in.
    #[serde(default)]
    pub calendar: Calendar,
    /// For each kind the first that fits holds.
    pub clocks: Vec<ClockRule>,
}

fn seven_days() -> u32 {
    7 * 86_400
}

fn ten_days() -> u32 {
    10 * 86_400
}

fn ten_minutes() -> u32 {
    600
}

fn private() -> Vec<Affair> {
    vec![Affair::Private]
}

fn twelve_hours() -> u32 {
    12 * 3_600
}

/// Which roles may claim tickets of an affair, of a category, or of both, before anybody dispatched them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimRule {
    /// Of which affair; all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affair: Option<Affair>,
    /// Of which category; all when left out. One of the two must be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Who; each a role that can claim at all.
    pub roles: Vec<Role>,
}

/// On whose desk tickets of a category lie from the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskRule {
    /// Of which category; each at most once.
    pub category: String,
    /// At which level.
    pub level: Level,
}

/// What becomes of a clock that nothing met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unmet {
    /// It no longer matters: the problem was solved without it.
    Cancel,
    /// The promise was broken.
    Breach,
}

/// What time a clock counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeKind {
    /// 自然时: around the clock.
    #[default]
    Natural,
    /// 工作时: only what the calendar calls working time.
    Working,
}

impl TimeKind {
    /// Whether it is [`Self::Natural`], which goes without saying.
    pub fn is_natural(&self) -> bool {
        *self == Self::Natural
    }

    /// The moment at which so much of this time has passed since `from`.
    pub fn after(self, calendar: &Calendar, from: Timestamp, time: TimeDelta) -> Timestamp {
        match self {
            Self::Natural => from + time,
            Self::Working => calendar.after(from, time),
        }
    }

    /// How much of this time passes from one moment to another; none when the second is not later.
    pub fn between(self, calendar: &Calendar, from: Timestamp, to: Timestamp) -> TimeDelta {
        match self {
            Self::Natural => (to - from).max(TimeDelta::zero()),
            Self::Working => calendar.between(from, to),
        }
    }
}

/// When a clock begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// 点单; in a later round when that begins.
    Submission,
    /// 派单: the first of the round.
    Dispatch,
    /// 接单: the first of the round.
    Acceptance,
    /// 出方案: when the plan is made or was due, whichever is earlier. Only for the answer.
    Plan,
}

/// What stops a clock.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Act {
    /// 接单.
    Accept,
    /// 到场.
    Arrive,
    /// 出方案.
    Plan,
    /// 阶段答复.
    Reply,
    /// 办结.
    Resolve,
}

/// What a ticket was sorted as: what rules are chosen by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sorting<'a> {
    /// Once graded.
    pub severity: Option<Severity>,
    /// Once sorted.
    pub affair: Option<Affair>,
    /// Key of the playbook's category.
    pub category: Option<&'a str>,
    /// Once dispatched so.
    pub handling: Option<Handling>,
}

/// One limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockRule {
    /// What must happen.
    pub kind: ClockKind,
    /// For which severity; all of them, and tickets that were not graded, when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// For which affair; all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affair: Option<Affair>,
    /// For which category; all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// For which kind of handling; all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling: Option<Handling>,
    /// No limit for what this rule fits, whatever rules come after it (practices M03: arrival can be switched off).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub off: bool,
    /// Seconds of its time, more than 0.
    #[serde(default)]
    pub limit_seconds: u32,
    /// What time it counts.
    #[serde(default, skip_serializing_if = "TimeKind::is_natural")]
    pub time: TimeKind,
    /// After which share of the limit it warns, 1 to 100; 100 is never. 80 unless said.
    #[serde(default = "eighty")]
    pub warn_percent: u8,
    /// When it begins: the answer with the plan, all others at the submission unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Start>,
    /// What stops it; what its kind says unless said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stops: Vec<Act>,
    /// Whether it rests while the ticket does.
    #[serde(default = "yes")]
    pub pauses: bool,
    /// Whom it warns.
    #[serde(default = "handler_and_desk")]
    pub warns: Vec<Audience>,
    /// Whom a breach is told.
    #[serde(default = "handler_and_desk")]
    pub tells: Vec<Audience>,
    /// Whether a breach goes to the desk a level up (practices M03).
    #[serde(default = "yes")]
    pub escalates: bool,
}

fn eighty() -> u8 {
    80
}

fn yes() -> bool {
    true
}

fn handler_and_desk() -> Vec<Audience> {
    vec![Audience::Handler, Audience::Desk]
}

impl ClockRule {
    /// A natural limit for all of a kind, warning after 80%; for a severity where one is given.
    pub fn natural(kind: ClockKind, severity: Option<Severity>, limit_seconds: u32) -> Self {
        Self {
            kind,
            severity,
            affair: None,
            category: None,
            handling: None,
            off: false,
            limit_seconds,
            time: TimeKind::Natural,
            warn_percent: eighty(),
            start: None,
            stops: Vec::new(),
            pauses: true,
            warns: handler_and_desk(),
            tells: handler_and_desk(),
            escalates: true,
        }
    }

    /// From start to due, of its time.
    pub fn limit(&self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.limit_seconds))
    }

    /// From start to warning, of its time.
    pub fn warning(&self) -> TimeDelta {
        TimeDelta::milliseconds(i64::from(self.limit_seconds) * i64::from(self.warn_percent) * 10)
    }

    /// When it begins.
    pub fn start(&self) -> Start {
        let usual = if self.kind == ClockKind::Answer { Start::Plan } else { Start::Submission };
        self.start.unwrap_or(usual)
    }

    /// Whether something that may still happen once it has begun stops it.
    fn can_stop(&self) -> bool {
        let stops = if self.stops.is_empty() { self.kind.stops() } else { &self.stops };
        let is_over = |act: &Act| match self.start() {
            Start::Submission | Start::Dispatch => false,
            Start::Acceptance => *act == Act::Accept,
            Start::Plan => matches!(act, Act::Accept | Act::Plan),
        };
        !stops.iter().all(is_over)
    }

    /// Whether it is for what is sorted so.
    fn fits(&self, sorting: &Sorting<'_>) -> bool {
        (self.severity.is_none() || self.severity == sorting.severity)
            && (self.affair.is_none() || self.affair == sorting.affair)
            && (self.category.is_none() || self.category.as_deref() == sorting.category)
            && (self.handling.is_none() || self.handling == sorting.handling)
    }

    /// Whether it fits all that `other` fits.
    fn covers(&self, other: &Self) -> bool {
        let wide = Sorting {
            severity: other.severity,
            affair: other.affair,
            category: other.category.as_deref(),
            handling: other.handling,
        };
        self.kind == other.kind && self.fits(&wide)
    }
}

impl Policy {
    /// The rule for a clock of what is sorted so; none where there is no limit.
    pub fn rule(&self, kind: ClockKind, sorting: &Sorting<'_>) -> Option<&ClockRule> {
        self.clocks.iter().find(|rule| rule.kind == kind && rule.fits(sorting)).filter(|rule| !rule.off)
    }

    /// Who may claim a ticket that is sorted so; nobody while it has not been sorted.
    pub fn claim(&self, sorting: &Sorting<'_>) -> Roles {
        let rules = self.claims.iter().filter(|rule| {
            (rule.affair.is_none() || rule.affair == sorting.affair)
                && (rule.category.is_none() || rule.category.as_deref() == sorting.category)
        });
        rules.flat_map(|rule| rule.roles.iter().copied()).collect()
    }

    /// The desk on which tickets of a category lie from the start, where that is not the community's.
    pub fn desk(&self, category: Option<&str>, place: &PlaceCode) -> Option<PlaceCode> {
        let rule = self.desks.iter().find(|rule| Some(rule.category.as_str()) == category)?;
        rule.level.of(place)
    }

    /// Everything that is wrong with it. `categories` are the keys of the playbook's.
    pub fn faults(&self, categories: &[&str]) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |key: String, reason: &str| faults.push(Fault::new(key, reason));
        for (i, rule) in self.claims.iter().enumerate() {
            if rule.affair.is_none() && rule.category.is_none() {
                fault(format!("policy.claims[{i}]"), "affair、category 至少写一项");
            }
            if rule.category.as_deref().is_some_and(|category| !categories.contains(&category)) {
                fault(format!("policy.claims[{i}].category"), "没有这个类别");
            }
            if rule.roles.iter().any(|role| reaches(*role, Action::TicketClaim).is_empty()) {
                fault(format!("policy.claims[{i}].roles"), "有的角色不能认领工单");
            }
        }
        if !VERSIONS.contains(&self.version) {
            fault("policy.version".into(), "版本应为 1 至 1000000000");
        }
        for (i, affair) in self.discuss_first.iter().enumerate() {
            if self.discuss_first[..i].contains(affair) {
                fault(format!("policy.discuss_first[{i}]"), "三事重复");
            }
        }
        for (i, rule) in self.desks.iter().enumerate() {
            let key = format!("policy.desks[{i}].category");
            if !categories.contains(&rule.category.as_str()) {
                fault(key, "没有这个类别");
            } else if self.desks[..i].iter().any(|earlier| earlier.category == rule.category) {
                fault(key, "同一类别只能有一条");
            }
        }
        let windows = [
            ("rating_window_seconds", self.rating_window_seconds),
            ("reopen_window_seconds", self.reopen_window_seconds),
        ];
        for (name, _) in windows.iter().filter(|(_, window)| *window == 0) {
            fault(format!("policy.{name}"), "期限必须大于 0");
        }
        for (key, reason) in self.calendar.faults() {
            fault(format!("policy.calendar.{key}"), reason);
        }
        if self.clocks.len() > MOST_CLOCKS {
            fault("policy.clocks".into(), "时限至多 1000 条");
        }
        for (i, rule) in self.clocks.iter().take(MOST_CLOCKS).enumerate() {
            let mut fault = |name: &str, reason| fault(format!("policy.clocks[{i}].{name}"), reason);
            if rule.limit_seconds == 0 && !rule.off {
                fault("limit_seconds", "时限必须大于 0；不计时请写 off = true");
            }
            if rule.limit_seconds != 0 && rule.off {
                fault("limit_seconds", "已写 off = true，不应再写时限");
            }
            if !(1..=100).contains(&rule.warn_percent) {
                fault("warn_percent", "预警比例应为 1 至 100");
            }
            if (rule.start() == Start::Plan) != (rule.kind == ClockKind::Answer) {
                fault("start", "答复时限从方案起算，其他时限不从方案起算");
            }
            if rule.kind == ClockKind::Promise {
                fault("kind", "承诺时限由承诺的人写明，规程不写");
            }
            if !rule.off && !rule.can_stop() {
                fault("stops", "没有动作能使这个时限停止：所写的动作在起算之前或起算之时就已发生");
            }
            if rule.category.as_deref().is_some_and(|category| !categories.contains(&category)) {
                fault("category", "没有这个类别");
            }
            if self.clocks[..i].iter().any(|earlier| earlier.covers(rule)) {
                fault("kind", "同类时限重复，或已被前面的时限覆盖");
            }
        }
        for severity in Severity::iter() {
            let sorting = Sorting { severity: Some(severity), ..Sorting::default() };
            let work = [ClockKind::Solve, ClockKind::Plan];
            if work.iter().all(|kind| self.rule(*kind, &sorting).is_none()) {
                let reason = format!("轻重为 {} 的诉求没有办结时限，也没有出方案时限", severity.name());
                fault("policy.clocks".to_owned(), &reason);
            }
        }
        faults
    }
}
