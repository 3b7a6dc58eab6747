//! The clocks of 53522 (practices M03): on the scene in 5 minutes, a small problem solved in 30 minutes, a large one in
//! 5 hours, a specially complex one planned in 2 days and answered in 2 days. The limits are the playbook's; what a clock
//! is, is here.

use super::Rest;
use crate::calendar::Calendar;
use crate::policy::{Act, ClockRule, Policy, TimeKind};
use crate::time::Timestamp;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// What must happen before a clock rings.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ClockKind {
    /// Accepted (接单).
    Accept,
    /// On the scene (到场).
    Arrive,
    /// Solved (办结).
    Solve,
    /// Planned (出方案).
    Plan,
    /// Answered (答复).
    Answer,
    /// Solved by when that was promised (承诺): no rule sets it, whoever promises does (practices L01).
    Promise,
}

/// A clock (时限): one a kind and round. What there is not is not stored: each ticket and many an event has clocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// What must happen.
    pub kind: ClockKind,
    /// In which round of the ticket.
    pub round: u16,
    /// From when it counts.
    pub started_at: Timestamp,
    /// Until when it must have happened; at this very moment is still in time.
    pub due_at: Timestamp,
    /// When it warns.
    pub warn_at: Timestamp,
    /// When it happened, in time or late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub met_at: Option<Timestamp>,
    /// Its due time, once that has passed unmet; or when the ticket was resolved without it, where the playbook calls
    /// that a breach. Nobody takes it back; only an act that was in time, and was told late, shows that there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breached_at: Option<Timestamp>,
    /// When it stopped to matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
    /// Since when it rests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_at: Option<Timestamp>,
    /// How long it has rested before, in ms; its due time has moved by as much.
    #[serde(default)]
    pub paused_ms: i64,
    /// Version of the playbook's policy that set it.
    pub policy_version: u32,
    /// What time it counts.
    #[serde(default, skip_serializing_if = "TimeKind::is_natural")]
    pub time: TimeKind,
    /// What stops it, where that is not what usually stops its kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stops: Option<Vec<Act>>,
    /// Whether it goes on while the ticket rests.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restless: bool,
    /// When it warned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warned_at: Option<Timestamp>,
}

impl ClockKind {
    /// What stops a clock of this kind unless its rule says otherwise.
    pub(crate) fn stops(self) -> &'static [Act] {
        match self {
            Self::Accept => &[Act::Accept],
            Self::Arrive => &[Act::Arrive],
            Self::Solve | Self::Promise => &[Act::Resolve],
            Self::Plan => &[Act::Plan],
            Self::Answer => &[Act::Reply, Act::Resolve],
        }
    }
}

/// How a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ClockState {
    /// Nothing has happened yet, and there is time.
    Running,
    /// Happened in time.
    Met,
    /// Did not happen in time; `met_at` says when it did after all.
    Breached,
    /// No longer matters.
    Cancelled,
    /// Rests.
    Paused,
}

impl Clock {
    /// A clock that begins at `started_at`, which may lie in the past (a late grading).
    pub fn start(rule: &ClockRule, round: u16, started_at: Timestamp, policy: &Policy) -> Self {
        let after = |time| rule.time.after(&policy.calendar, started_at, time);
        Self {
            kind: rule.kind,
            round,
            started_at,
            due_at: after(rule.limit()),
            warn_at: after(rule.warning()),
            met_at: None,
            breached_at: None,
            cancelled_at: None,
            paused_at: None,
            paused_ms: 0,
            policy_version: policy.version,
            time: rule.time,
            stops: Some(&rule.stops).filter(|stops| !stops.is_empty()).cloned(),
            restless: !rule.pauses,
            warned_at: None,
        }
    }

    /// What somebody promises at `at`; it warns when four fifths of the time until then have passed.
    pub(super) fn promise(
        (round, started_at): (u16, Timestamp),
        at: Timestamp,
        due_at: Timestamp,
        policy: &Policy,
    ) -> Self {
        Self {
            kind: ClockKind::Promise,
            round,
            started_at,
            due_at,
            warn_at: at + (due_at - at) * 4 / 5,
            met_at: None,
            breached_at: None,
            cancelled_at: None,
            paused_at: None,
            paused_ms: 0,
            policy_version: policy.version,
            time: TimeKind::Natural,
            stops: None,
            restless: false,
            warned_at: None,
        }
    }

    /// Whether `act` stops it.
    pub fn stops_on(&self, act: Act) -> bool {
        self.stops.as_deref().unwrap_or(self.kind.stops()).contains(&act)
    }

    /// Neither met nor breached nor cancelled, and it does not rest.
    pub fn is_running(&self) -> bool {
        self.is_in_time() && self.paused_at.is_none()
    }

    /// Neither met nor breached nor cancelled, whether or not it rests.
    pub fn is_in_time(&self) -> bool {
        self.is_owed() && self.breached_at.is_none()
    }

    /// Neither met nor cancelled: still owed, in time or not.
    pub fn is_owed(&self) -> bool {
        self.met_at.is_none() && self.cancelled_at.is_none()
    }

    /// Whether its time has passed unnoticed by `now`.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.is_running() && now > self.due_at
    }

    /// Whether it is to warn and has not yet. A warning as late as its limit is none.
    pub fn warns(&self, now: Timestamp) -> bool {
        self.warns_at().is_some_and(|warn_at| now > warn_at) && now <= self.due_at
    }

    /// When it is to warn, where it has not.
    fn warns_at(&self) -> Option<Timestamp> {
        let ahead = self.is_running() && self.warned_at.is_none() && self.warn_at < self.due_at;
        ahead.then_some(self.warn_at)
    }

    /// When time alone does something to it next.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.is_running().then(|| self.warns_at().unwrap_or(self.due_at))
    }

    /// How it stands at `now`, whether or not anybody has settled it.
    pub fn state(&self, now: Timestamp) -> ClockState {
        if self.breached_at.is_some() || self.is_due(now) {
            ClockState::Breached
        } else if self.met_at.is_some() {
            ClockState::Met
        } else if self.cancelled_at.is_some() {
            ClockState::Cancelled
        } else if self.paused_at.is_some() {
            ClockState::Paused
        } else {
            ClockState::Running
        }
    }

    /// The same clock with its breach written down, at its true time.
    pub(super) fn breach(&self) -> Self {
        Self { breached_at: Some(self.due_at), ..self.clone() }
    }

    /// The same clock, having warned at `at`.
    pub(super) fn warn(&self, at: Timestamp) -> Self {
        Self { warned_at: Some(at), ..self.clone() }
    }

    /// Happened at `at`. What happened in time is in time, although the limit had passed before anybody heard of it.
    pub(super) fn meet(&self, at: Timestamp, calendar: &Calendar) -> Self {
        let clock = self.resume(at, calendar);
        // Its limit may have been set anew since: a longer one does not undo a breach, a shorter one does not hide one.
        let breached_at = clock.breached_at.filter(|breached_at| at > clock.due_at.min(*breached_at));
        Self { met_at: Some(at), breached_at, ..clock }
    }

    pub(super) fn cancel(&self, at: Timestamp, calendar: &Calendar) -> Self {
        Self { cancelled_at: Some(at), ..self.resume(at, calendar) }
    }

    pub(super) fn pause(&self, at: Timestamp) -> Self {
        Self { paused_at: Some(at), ..self.clone() }
    }

    /// Goes on after a rest, if it rested; what is left of its time is what was left before.
    pub(super) fn resume(&self, at: Timestamp, calendar: &Calendar) -> Self {
        let Some(since) = self.paused_at else { return self.clone() };
        Self { paused_at: None, ..self.clone() }.without(since, at.max(since), calendar)
    }

    /// Having rested when its ticket did, as far as it had begun by then and was not over.
    pub(super) fn rested(
        mut self,
        rests: &[Rest],
        resting_since: Option<Timestamp>,
        calendar: &Calendar,
    ) -> Self {
        if self.restless {
            return self;
        }
        for rest in rests {
            if rest.from > self.due_at {
                return self;
            }
            let from = rest.from.max(self.started_at);
            self = self.without(from, rest.to.max(from), calendar);
        }
        match resting_since {
            Some(since) if self.is_in_time() && since <= self.due_at => {
                self.pause(since.max(self.started_at))
            }
            Some(_) | None => self,
        }
    }

    /// The same clock where the time between two moments does not count.
    fn without(self, from: Timestamp, to: Timestamp, calendar: &Calendar) -> Self {
        let later = |at: Timestamp| match self.time {
            // A warning that has been keeps its distance, too.
            TimeKind::Natural => at + (to - from),
            TimeKind::Working if at <= from => at,
            TimeKind::Working => calendar.after(to, calendar.between(from, at)),
        };
        Self {
            due_at: later(self.due_at),
            warn_at: later(self.warn_at),
            paused_ms: self.paused_ms + (to - from).num_milliseconds(),
            ..self
        }
    }

    /// More time, at `at`; the warning keeps its distance and comes again. What it has rested since its pause is not added
    /// once more.
    pub(super) fn extend(&self, until: Timestamp, at: Timestamp, calendar: &Calendar) -> Self {
        let time = self.time;
        let left = time.between(calendar, at, until);
        let distance = time.between(calendar, self.warn_at, self.due_at);
        let (since, due_at) = match self.paused_at {
            // What was promised, also at night.
            None => (at, until),
            Some(since) => (since, time.after(calendar, since, left)),
        };
        let warn_at = time.after(calendar, since, (left - distance).max(TimeDelta::zero()));
        Self { due_at, warn_at, warned_at: None, ..self.clone() }
    }
}
