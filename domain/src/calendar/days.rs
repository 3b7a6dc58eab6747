//! Which days are not as their weekday says: holidays, and the days that are worked to make up for them.

use super::CalendarRefusal;
use crate::text::FreeText;
use crate::time::{Timestamp, china_day};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Range, RangeInclusive};
use strum::{EnumIter, IntoStaticStr};

/// The years that a calendar can be kept for.
pub const YEARS: RangeInclusive<i32> = 2000..=2100;
/// The most days that a year can name.
pub const MAX_DAYS: usize = 366;
/// The longest name of a day, in characters.
pub const MAX_NAME: usize = 20;
/// From this month on the next year is expected. The State Council announces it in October or November.
const ANNOUNCED_FROM: u32 = 10;

/// What a day is, whatever its weekday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DayKind {
    /// Nobody works (节假日).
    Holiday,
    /// Worked to make up for a holiday (调休上班).
    Workday,
}

/// A day and what it is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedDay {
    /// The day.
    pub date: NaiveDate,
    /// 国庆节; 1 to [`MAX_NAME`] characters.
    pub name: String,
}

/// A year as somebody entered it, for the whole country or for one county.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YearDays {
    /// Days off.
    pub holidays: Vec<NamedDay>,
    /// Days that are worked although they are not in the week of work.
    pub workdays: Vec<NamedDay>,
}

impl YearDays {
    /// Each day with its kind, holidays first.
    pub fn iter(&self) -> impl Iterator<Item = (DayKind, &NamedDay)> {
        let holidays = self.holidays.iter().map(|day| (DayKind::Holiday, day));
        holidays.chain(self.workdays.iter().map(|day| (DayKind::Workday, day)))
    }

    /// Everything that is wrong with it as the days of `year`, all at once; nothing but the number when there are too many.
    pub fn faults(&self, year: i32) -> Vec<CalendarRefusal> {
        let mut faults = Vec::new();
        if !YEARS.contains(&year) {
            faults.push(CalendarRefusal::YearOutOfRange { year });
        }
        let count = self.holidays.len() + self.workdays.len();
        if count > MAX_DAYS {
            faults.push(CalendarRefusal::TooManyDays { count });
            return faults;
        }
        let mut seen = BTreeSet::new();
        for (list, days) in [("holidays", &self.holidays), ("workdays", &self.workdays)] {
            for (i, NamedDay { date, name }) in days.iter().enumerate() {
                let field = |name: &str| format!("/{list}/{i}/{name}");
                if date.year() != year {
                    faults.push(CalendarRefusal::OtherYear { field: field("date"), date: *date, year });
                }
                if !seen.insert(*date) {
                    faults.push(CalendarRefusal::Twice { field: field("date"), date: *date });
                }
                if let Err(refusal) = FreeText::check(name, MAX_NAME) {
                    faults.push(CalendarRefusal::Name { field: field("name"), refusal });
                }
            }
        }
        faults
    }
}

/// What days are, and of which years that is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Days {
    kinds: BTreeMap<NaiveDate, DayKind>,
    years: BTreeSet<i32>,
}

impl Days {
    /// Lays a year of the whole country down: from then on it is known.
    pub fn learn(&mut self, year: i32, days: &YearDays) {
        self.years.insert(year);
        self.overlay(days);
    }

    /// Lays a county's own days over what is there, day by day. That alone makes no year known.
    pub fn overlay(&mut self, days: &YearDays) {
        self.kinds.extend(days.iter().map(|(kind, day)| (day.date, kind)));
    }

    /// What this day is, when it is not as its weekday says.
    pub fn kind(&self, date: NaiveDate) -> Option<DayKind> {
        self.kinds.get(&date).copied()
    }

    /// The days of a stretch, its end excluded, that are named, in order.
    pub fn within(&self, dates: Range<NaiveDate>) -> impl Iterator<Item = (NaiveDate, DayKind)> {
        // A map panics at a range that ends before it begins.
        let dates = dates.start..dates.end.max(dates.start);
        self.kinds.range(dates).map(|(date, kind)| (*date, *kind))
    }

    /// Whether the country's days of this year are known. Of other years it knows weekdays only.
    pub fn knows(&self, year: i32) -> bool {
        self.years.contains(&year)
    }

    /// The years that should be known by now, and are not; see [`missing_years`].
    pub fn missing(&self, now: Timestamp) -> Vec<i32> {
        missing_years(now, |year| self.knows(year))
    }
}

/// The years that should be known by now, and are not: this year at any time, the next one from 1 October on (Chinese
/// date), so that there is time to enter it.
pub fn missing_years(now: Timestamp, knows: impl Fn(i32) -> bool) -> Vec<i32> {
    let today = china_day(now);
    let expected = if today.month() >= ANNOUNCED_FROM { today.year() + 1 } else { today.year() };
    (today.year()..=expected).filter(|year| !knows(*year)).collect()
}
