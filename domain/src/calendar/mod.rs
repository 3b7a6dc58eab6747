//! Working time (工作时间): which minutes of which days are worked, and what that makes of a limit. What counts in working
//! days in a county's rules (an answer within 2 working days, say) is reckoned here, and only here.

mod days;
mod edit;
mod span;
#[cfg(test)]
mod tests;
mod view;

pub use days::{DayKind, Days, MAX_DAYS, MAX_NAME, NamedDay, YEARS, YearDays, missing_years};
pub use edit::{CalendarRefusal, EVENT_VERSION, Fact, Headline};
pub(crate) use span::minute;
pub use span::{NoSpan, Span};
pub use view::{EffectiveDay, EffectiveYear, EnteredYear};

use crate::time::{Timestamp, china};
use chrono::{Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// How far ahead [`Calendar::after`] looks: ten years.
const HORIZON: TimeDelta = TimeDelta::days(3_653);

/// A working-time calendar (工作日历): which minutes of which days are worked. A playbook says the hours; which days are
/// holidays or worked to make up for one comes from [`Days`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Calendar {
    /// Where its clocks hang: `+08:00` unless said. China has no summer time, so an offset is enough.
    #[serde(with = "offset")]
    pub utc_offset: FixedOffset,
    /// The days of the week that are worked, 1 (Monday) to 7; Monday to Friday unless said.
    pub weekdays: Vec<u8>,
    /// The hours of a day that is worked, in order; 08:30-12:00 and 14:00-17:30 unless said. A day that is worked to make up
    /// for a holiday has the same.
    pub spans: Vec<Span>,
    /// Holidays and make-up days; they are no part of a playbook's text.
    #[serde(skip)]
    pub days: Days,
}

impl Default for Calendar {
    fn default() -> Self {
        let span = |begin, end| Span::new(begin, end).expect("within the day");
        Self {
            utc_offset: china(),
            weekdays: vec![1, 2, 3, 4, 5],
            spans: vec![span(8 * 60 + 30, 12 * 60), span(14 * 60, 17 * 60 + 30)],
            days: Days::default(),
        }
    }
}

impl Calendar {
    /// The same hours, with these holidays and make-up days.
    #[must_use]
    pub fn with_days(self, days: Days) -> Self {
        Self { days, ..self }
    }

    /// Whether anything is worked on this day.
    pub fn is_workday(&self, date: NaiveDate) -> bool {
        self.days.kind(date).map_or(self.is_in_week(date), |kind| kind == DayKind::Workday)
    }

    /// The moment at which so much working time has passed since `from`, exact to the microsecond. No time, or less, is
    /// `from` itself, also at night. The end of a span belongs to it: what falls due at the last minute before noon is due
    /// at noon, and not in the afternoon.
    ///
    /// Looks ten years ahead. A limit that is not over by then (a calendar that [`Self::faults`] refuses, or years of
    /// holidays) ends there, at midnight.
    pub fn after(&self, from: Timestamp, working: TimeDelta) -> Timestamp {
        if working <= TimeDelta::zero() {
            return from;
        }
        let local = self.local(from);
        let (today, so_far) = (local.date(), local.time() - NaiveTime::MIN);
        let (a_day, mut left) = (self.a_day(), working);
        let end = today.checked_add_signed(HORIZON).unwrap_or(NaiveDate::MAX);
        let dates = today.iter_days().take_while(|date| *date < end);
        for date in dates.filter(|date| self.is_workday(*date)) {
            let since = if date == today { so_far } else { TimeDelta::zero() };
            if since.is_zero() && left > a_day {
                left -= a_day;
                continue;
            }
            for span in &self.spans {
                let begin = span.begin().max(since);
                let rest = (span.end() - begin).max(TimeDelta::zero());
                if left <= rest {
                    return self.moment(date, begin + left);
                }
                left -= rest;
            }
        }
        self.moment(end, TimeDelta::zero())
    }

    /// The working time from `from` until before `to`; none when that is not later.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> TimeDelta {
        if to <= from {
            return TimeDelta::zero();
        }
        let (from, to) = (self.local(from), self.local(to));
        let until = |at: NaiveDateTime| self.worked_until(at);
        if from.date() == to.date() {
            return until(to) - until(from);
        }
        let first = self.hours_of(from.date()) - until(from);
        let tomorrow = from.date().succ_opt().unwrap_or(NaiveDate::MAX);
        let days = self.workdays(tomorrow..to.date());
        first + self.a_day() * i32::try_from(days).unwrap_or(i32::MAX) + until(to)
    }

    /// How many days of a stretch, its end excluded, are worked. Costs what the stretch has in holidays, however long it is.
    pub fn workdays(&self, dates: Range<NaiveDate>) -> i64 {
        let span = (dates.end - dates.start).num_days().max(0);
        let weeks = span / 7;
        let rest = usize::try_from(span % 7).unwrap_or_default();
        let in_weeks = weeks * i64::try_from(self.weekdays.len()).unwrap_or_default();
        let in_rest = dates.start.iter_days().take(rest).filter(|date| self.is_in_week(*date)).count();
        let named = self.days.within(dates).map(|(date, kind)| match (kind, self.is_in_week(date)) {
            (DayKind::Holiday, true) => -1,
            (DayKind::Workday, false) => 1,
            (DayKind::Holiday, false) | (DayKind::Workday, true) => 0,
        });
        in_weeks + i64::try_from(in_rest).unwrap_or_default() + named.sum::<i64>()
    }

    /// How many days of a year are worked; none in a year that does not exist.
    pub fn workdays_of(&self, year: i32) -> i64 {
        let new_year = |year| NaiveDate::from_ymd_opt(year, 1, 1);
        new_year(year).zip(new_year(year + 1)).map_or(0, |(from, to)| self.workdays(from..to))
    }

    /// What is wrong with its hours and weekdays, all at once: the key, and the reason in Chinese. Without faults there is
    /// working time in every week that has no holidays.
    pub fn faults(&self) -> Vec<(String, &'static str)> {
        let mut faults = Vec::new();
        if self.weekdays.is_empty() {
            faults.push(("weekdays".to_owned(), "每周至少一个工作日"));
        }
        for (i, weekday) in self.weekdays.iter().enumerate() {
            if !(1..=7).contains(weekday) {
                faults.push((format!("weekdays[{i}]"), "星期应为 1（周一）至 7（周日）"));
            } else if self.weekdays[..i].contains(weekday) {
                faults.push((format!("weekdays[{i}]"), "星期重复"));
            }
        }
        if self.spans.is_empty() {
            faults.push(("spans".to_owned(), "每天至少一个工作时段"));
        }
        for (i, span) in self.spans.iter().enumerate() {
            let before = i.checked_sub(1).map(|before| &self.spans[before]);
            if span.length().is_zero() {
                faults.push((format!("spans[{i}]"), "时段的结束应晚于开始"));
            } else if before.is_some_and(|before| span.begin() < before.end()) {
                faults.push((format!("spans[{i}]"), "时段应按先后排列，且不能重叠"));
            }
        }
        faults
    }

    fn is_in_week(&self, date: NaiveDate) -> bool {
        self.weekdays.iter().any(|weekday| u32::from(*weekday) == date.weekday().number_from_monday())
    }

    /// The working time of a day that is worked.
    fn a_day(&self) -> TimeDelta {
        self.spans.iter().map(Span::length).sum()
    }

    fn hours_of(&self, date: NaiveDate) -> TimeDelta {
        if self.is_workday(date) { self.a_day() } else { TimeDelta::zero() }
    }

    /// The working time of a day until a moment of it.
    fn worked_until(&self, at: NaiveDateTime) -> TimeDelta {
        if !self.is_workday(at.date()) {
            return TimeDelta::zero();
        }
        let so_far = at.time() - NaiveTime::MIN;
        let of = |span: &Span| (so_far.min(span.end()) - span.begin()).max(TimeDelta::zero());
        self.spans.iter().map(of).sum()
    }

    fn local(&self, at: Timestamp) -> NaiveDateTime {
        at.with_timezone(&self.utc_offset).naive_local()
    }

    fn moment(&self, date: NaiveDate, since_midnight: TimeDelta) -> Timestamp {
        let offset = TimeDelta::seconds(self.utc_offset.local_minus_utc().into());
        (date.and_time(NaiveTime::MIN) + since_midnight - offset).and_utc()
    }
}

/// An offset as text, `+08:00`.
mod offset {
    use chrono::FixedOffset;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over like this")]
    pub(super) fn serialize<S: Serializer>(offset: &FixedOffset, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(offset)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<FixedOffset, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(|_| D::Error::custom("an offset is written like +08:00"))
    }
}
