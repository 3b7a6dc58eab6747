//! A stretch of the working day.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

const HOUR: u16 = 60;
const DAY: u16 = 24 * HOUR;

/// A stretch of the working day (时段), to the minute: `08:30-12:00` in text, in TOML as in JSON. It may end at `24:00`; what
/// goes on after midnight is a span of the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span {
    begin: u16,
    end: u16,
}

/// A text that is no span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a span is written like 08:30-12:00, from 00:00 to 24:00")]
pub struct NoSpan;

impl Span {
    /// From one minute of the day to another, both 0 to 1440; `None` beyond that. It may be empty or backwards, which
    /// [`Calendar::faults`](super::Calendar::faults) reports.
    pub fn new(begin: u16, end: u16) -> Option<Self> {
        (begin <= DAY && end <= DAY).then_some(Self { begin, end })
    }

    /// Since midnight.
    pub fn begin(&self) -> TimeDelta {
        TimeDelta::minutes(self.begin.into())
    }

    /// Since midnight. Work that falls due at this very moment is due in this span.
    pub fn end(&self) -> TimeDelta {
        TimeDelta::minutes(self.end.into())
    }

    /// How long it is; zero when it is backwards.
    pub fn length(&self) -> TimeDelta {
        (self.end() - self.begin()).max(TimeDelta::zero())
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { begin, end } = self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", begin / HOUR, begin % HOUR, end / HOUR, end % HOUR)
    }
}

impl FromStr for Span {
    type Err = NoSpan;

    fn from_str(text: &str) -> Result<Self, NoSpan> {
        let (begin, end) = text.split_once('-').ok_or(NoSpan)?;
        let span = minute(begin).zip(minute(end)).and_then(|(begin, end)| Self::new(begin, end));
        span.ok_or(NoSpan)
    }
}

/// `HH:MM`, and nothing looser.
pub(crate) fn minute(text: &str) -> Option<u16> {
    let two = |text: &str| {
        let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (hours, minutes) = text.split_once(':')?;
    let minutes = two(minutes).filter(|minutes| *minutes < HOUR)?;
    Some(two(hours)? * HOUR + minutes)
}

impl TryFrom<String> for Span {
    type Error = NoSpan;

    fn try_from(text: String) -> Result<Self, NoSpan> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}
