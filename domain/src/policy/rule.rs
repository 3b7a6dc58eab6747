//! A limit: what it is for, what time it counts, when it begins and what stops it.

use crate::calendar::Calendar;
use crate::ticket::{Affair, Audience, ClockKind, Handling, Severity};
use crate::time::Timestamp;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

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
    pub(super) fn can_stop(&self) -> bool {
        let stops = if self.stops.is_empty() { self.kind.stops() } else { &self.stops };
        let is_over = |act: &Act| match self.start() {
            Start::Submission | Start::Dispatch => false,
            Start::Acceptance => *act == Act::Accept,
            Start::Plan => matches!(act, Act::Accept | Act::Plan),
        };
        !stops.iter().all(is_over)
    }

    /// Whether it is for what is sorted so.
    pub(super) fn fits(&self, sorting: &Sorting<'_>) -> bool {
        (self.severity.is_none() || self.severity == sorting.severity)
            && (self.affair.is_none() || self.affair == sorting.affair)
            && (self.category.is_none() || self.category.as_deref() == sorting.category)
            && (self.handling.is_none() || self.handling == sorting.handling)
    }

    /// Whether it fits all that `other` fits.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let wide = Sorting {
            severity: other.severity,
            affair: other.affair,
            category: other.category.as_deref(),
            handling: other.handling,
        };
        self.kind == other.kind && self.fits(&wide)
    }
}
