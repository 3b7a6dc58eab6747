//! When a point is open (开放时间): the same every week, in the time of China.

use super::refusal::{PointFault, PointRefusal};
use crate::calendar::Span;
use crate::time::{Timestamp, china};
use chrono::{Datelike, Timelike};
use serde::{Deserialize, Serialize};

/// The most spans of a week.
pub const MAX_SPANS: usize = 50;
const DAY: i32 = 1_440;

/// A stretch of one weekday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// 1 (Monday) to 7.
    pub weekday: u8,
    /// From when to when; at its end it is closed. The whole day is `00:00-24:00`, and what goes on after midnight is a span of
    /// the next day.
    pub span: Span,
}

impl Opening {
    /// Minutes since Monday 00:00, the end not among them.
    pub fn minutes(&self) -> (i32, i32) {
        let midnight = (i32::from(self.weekday) - 1) * DAY;
        let minute = |of: chrono::TimeDelta| midnight + i32::try_from(of.num_minutes()).unwrap_or(DAY);
        (minute(self.span.begin()), minute(self.span.end()))
    }
}

/// The opening hours of a week, in order; none where nothing is said of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hours(Vec<Opening>);

impl Hours {
    /// Out of weekdays with the times from which and to which it is open, as `HH:MM`. They may come in any order.
    ///
    /// # Errors
    /// [`PointRefusal::Field`] for the first that is none, ends before it begins, or overlaps with another.
    pub fn new(given: &[(i64, String, String)]) -> Result<Self, PointRefusal> {
        if given.len() > MAX_SPANS {
            return Err(PointFault::HoursCount.at("/hours"));
        }
        let mut spans = Vec::with_capacity(given.len());
        for (i, (weekday, from, to)) in given.iter().enumerate() {
            let weekday = u8::try_from(*weekday).ok().filter(|weekday| (1..=7).contains(weekday));
            let weekday = weekday.ok_or_else(|| PointFault::Weekday.at(format!("/hours/{i}/weekday")))?;
            // Each by itself, so that the fault names the one that is wrong.
            for (name, time) in [("from", from), ("to", to)] {
                if format!("{time}-24:00").parse::<Span>().is_err() {
                    return Err(PointFault::Time.at(format!("/hours/{i}/{name}")));
                }
            }
            let span: Span = format!("{from}-{to}")
                .parse()
                .map_err(|_| PointFault::Time.at(format!("/hours/{i}/from")))?;
            if span.end() <= span.begin() {
                return Err(PointFault::HoursReversed.at(format!("/hours/{i}/to")));
            }
            spans.push((i, Opening { weekday, span }));
        }
        spans.sort_by_key(|(_, opening)| opening.minutes());
        for pair in spans.windows(2) {
            let [(before, one), (after, other)] = pair else { continue };
            if other.minutes().0 < one.minutes().1 {
                return Err(PointFault::HoursOverlap.at(format!("/hours/{}", before.max(after))));
            }
        }
        Ok(Self(spans.into_iter().map(|(_, opening)| opening).collect()))
    }

    /// Whether nothing is said of them.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The spans, in order.
    pub fn spans(&self) -> &[Opening] {
        &self.0
    }

    /// Whether it is open at a time; `None` where nothing is said of it. Holidays are not known to them.
    pub fn open_at(&self, at: Timestamp) -> Option<bool> {
        let now = minute_of_week(at);
        let open = self.0.iter().any(|opening| {
            let (begin, end) = opening.minutes();
            (begin..end).contains(&now)
        });
        (!self.is_empty()).then_some(open)
    }
}

/// Minutes since Monday 00:00 in China.
pub fn minute_of_week(at: Timestamp) -> i32 {
    let there = at.with_timezone(&china());
    let minutes = there.weekday().num_days_from_monday() * 1_440 + there.hour() * 60 + there.minute();
    i32::try_from(minutes).unwrap_or_default()
}
