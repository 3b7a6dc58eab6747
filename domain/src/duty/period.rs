//! The days, weeks, months and years in which duties are owed, in China.

use crate::calendar::YEARS;
use crate::playbook::duty::{DutyRule, Every};
use crate::time::{Timestamp, china, china_day};
use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use std::fmt;

/// A period (期): a day, a week from Monday, a month, a quarter, half a year, a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    every: Every,
    first: NaiveDate,
    /// The first day behind it.
    next: NaiveDate,
}

impl Period {
    /// The one that a day lies in; `None` for what is never planned, and at the ends of time.
    pub fn of(every: Every, day: NaiveDate) -> Option<Self> {
        let month = |months: u32| {
            let first = NaiveDate::from_ymd_opt(day.year(), (day.month0() / months) * months + 1, 1)?;
            Some((first, first.checked_add_months(chrono::Months::new(months))?))
        };
        let (first, next) = match every {
            Every::Day => (day, day.succ_opt()?),
            Every::Week => {
                let first = day.week(Weekday::Mon).checked_first_day()?;
                (first, first.checked_add_days(Days::new(7))?)
            }
            Every::Month => month(1)?,
            Every::Quarter => month(3)?,
            Every::HalfYear => month(6)?,
            Every::Year => month(12)?,
            Every::None => return None,
        };
        YEARS.contains(&first.year()).then_some(Self { every, first, next })
    }

    /// Those of a duty that are to be planned at a time: the one that is, and where reminders begin before their period does,
    /// the next one too. None whose day is over.
    pub fn due(rule: &DutyRule, now: Timestamp) -> Vec<Self> {
        let ahead = now + TimeDelta::days(rule.remind_days.into());
        let mut due: Vec<_> =
            [now, ahead].into_iter().filter_map(|at| Self::of(rule.every, china_day(at))).collect();
        due.dedup();
        due.retain(|period| {
            let until = period.window(rule.on).1;
            until > now && (period.span().0 <= now || until <= ahead)
        });
        due
    }

    /// Reads `2026-11-21`, `2026-W47`, `2026-11`, `2026-Q4`, `2026-H2`, `2026`.
    pub fn parse(text: &str) -> Option<Self> {
        let part = |from: usize| text.get(from..).filter(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
        let number = |from: usize, digits: usize| {
            part(from).filter(|rest| rest.len() == digits).and_then(|rest| rest.parse::<u32>().ok())
        };
        let year: i32 =
            text.get(..4).filter(|y| y.bytes().all(|b| b.is_ascii_digit())).and_then(|y| y.parse().ok())?;
        let month = |month: u32| NaiveDate::from_ymd_opt(year, month, 1);
        let (every, day) = match (text.len(), text.get(4..6)) {
            (4, _) => (Every::Year, month(1)?),
            (8, Some("-W")) => (Every::Week, NaiveDate::from_isoywd_opt(year, number(6, 2)?, Weekday::Mon)?),
            (7, Some("-Q")) => (Every::Quarter, month(number(6, 1)?.checked_mul(3)?.checked_sub(2)?)?),
            (7, Some("-H")) => (Every::HalfYear, month(number(6, 1)?.checked_mul(6)?.checked_sub(5)?)?),
            (7, _) if text.get(4..5) == Some("-") => (Every::Month, month(number(5, 2)?)?),
            (10, _) => (Every::Day, NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?),
            _ => return None,
        };
        Self::of(every, day)
    }

    /// From when until when it lasts; the end is no part of it.
    pub fn span(&self) -> (Timestamp, Timestamp) {
        (midnight(self.first), midnight(self.next))
    }

    /// From when until when a duty on a day of it is owed: all of it without.
    pub fn window(&self, on: Option<u8>) -> (Timestamp, Timestamp) {
        let on = on.filter(|_| matches!(self.every, Every::Week | Every::Month));
        let day = on.and_then(|on| {
            self.first
                .checked_add_days(Days::new(u64::from(on.saturating_sub(1))))
                .filter(|day| *day < self.next)
        });
        match day.and_then(|day| Some((day, day.succ_opt()?))) {
            Some((day, next)) => (midnight(day), midnight(next)),
            None => self.span(),
        }
    }
}

/// The beginning of a day in China.
fn midnight(day: NaiveDate) -> Timestamp {
    let there = day.and_time(NaiveTime::MIN).and_local_timezone(china()).earliest();
    there.map_or(Timestamp::MAX_UTC, |at| at.with_timezone(&Utc))
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month0) = (self.first.year(), self.first.month0());
        match self.every {
            Every::Day => write!(f, "{}", self.first.format("%Y-%m-%d")),
            Every::Week => {
                let week = self.first.iso_week();
                write!(f, "{}-W{:02}", week.year(), week.week())
            }
            Every::Month => write!(f, "{year}-{:02}", month0 + 1),
            Every::Quarter => write!(f, "{year}-Q{}", month0 / 3 + 1),
            Every::HalfYear => write!(f, "{year}-H{}", month0 / 6 + 1),
            Every::Year | Every::None => write!(f, "{year}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[rstest]
    #[case(Every::Day, "2026-11-21", "2026-11-21", "2026-11-20T16:00:00Z", "2026-11-21T16:00:00Z")]
    #[case(Every::Week, "2026-11-21", "2026-W47", "2026-11-15T16:00:00Z", "2026-11-22T16:00:00Z")]
    #[case(Every::Week, "2027-01-01", "2026-W53", "2026-12-27T16:00:00Z", "2027-01-03T16:00:00Z")]
    #[case(Every::Month, "2028-02-29", "2028-02", "2028-01-31T16:00:00Z", "2028-02-29T16:00:00Z")]
    #[case(Every::Quarter, "2026-11-21", "2026-Q4", "2026-09-30T16:00:00Z", "2026-12-31T16:00:00Z")]
    #[case(Every::HalfYear, "2026-11-21", "2026-H2", "2026-06-30T16:00:00Z", "2026-12-31T16:00:00Z")]
    #[case(Every::Year, "2026-11-21", "2026", "2025-12-31T16:00:00Z", "2026-12-31T16:00:00Z")]
    fn l02_periods_are_those_of_china(
        #[case] every: Every,
        #[case] on: &str,
        #[case] name: &str,
        #[case] from: &str,
        #[case] until: &str,
    ) {
        let period = Period::of(every, day(on)).unwrap();
        assert_eq!((period.to_string().as_str(), Period::parse(name)), (name, Some(period)));
        let (first, last) = period.span();
        assert_eq!((first, last), (from.parse().unwrap(), until.parse().unwrap()));
    }

    #[rstest]
    #[case(Every::Month, Some(23), "2026-11-22T16:00:00Z", "2026-11-23T16:00:00Z")]
    #[case(Every::Week, Some(1), "2026-11-15T16:00:00Z", "2026-11-16T16:00:00Z")]
    #[case(Every::Week, None, "2026-11-15T16:00:00Z", "2026-11-22T16:00:00Z")]
    #[case(Every::Year, Some(3), "2025-12-31T16:00:00Z", "2026-12-31T16:00:00Z")]
    fn l02_a_day_of_a_period_is_its_window(
        #[case] every: Every,
        #[case] on: Option<u8>,
        #[case] from: &str,
        #[case] until: &str,
    ) {
        let (first, last) = Period::of(every, day("2026-11-21")).unwrap().window(on);
        assert_eq!((first, last), (from.parse().unwrap(), until.parse().unwrap()));
    }

    #[rstest]
    #[case("")]
    #[case("26")]
    #[case("2026-13")]
    #[case("2026-Q5")]
    #[case("2026-Q0")]
    #[case("2026-H3")]
    #[case("2026-W54")]
    #[case("2026-02-30")]
    #[case("9999")]
    #[case("2026-+1")]
    #[case("二〇二六")]
    fn what_is_no_period_is_none(#[case] text: &str) {
        assert_eq!(Period::parse(text), None);
    }

    /// The next one only where its reminder begins before it does, and from then on.
    #[rstest]
    #[case::no_day(Every::Month, None, 7, "2026-11-24T01:00:00Z", &["2026-11"])]
    #[case::reminded_within(Every::Week, None, 2, "2026-11-21T01:00:00Z", &["2026-W47"])]
    #[case::not_yet(Every::Month, Some(1), 3, "2026-11-28T15:00:00Z", &[])]
    #[case::reminded_before(Every::Month, Some(1), 3, "2026-11-28T16:00:00Z", &["2026-12"])]
    #[case::on_its_day(Every::Week, Some(1), 7, "2026-11-16T01:00:00Z", &["2026-W47"])]
    #[case::a_week_before(Every::Week, Some(1), 7, "2026-11-16T16:00:00Z", &["2026-W48"])]
    fn l02_a_period_is_planned_when_it_or_its_reminder_begins(
        #[case] every: Every,
        #[case] on: Option<u8>,
        #[case] remind_days: u16,
        #[case] now: &str,
        #[case] periods: &[&str],
    ) {
        let (key, who, at) = ("visit".into(), "grid_worker".into(), "grant".into());
        let name = "入户问需".into();
        let rule =
            DutyRule { key, name, who, at, every, on, times: 1, radius_metres: None, photos: 0, remind_days };
        let due: Vec<_> = Period::due(&rule, now.parse().unwrap()).iter().map(ToString::to_string).collect();
        assert_eq!(due, periods);
    }

    #[test]
    fn nothing_is_planned_that_is_never_owed() {
        assert_eq!(Period::of(Every::None, day("2026-11-21")), None);
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read(text in "\\PC{0,12}") {
            if let Some(period) = Period::parse(&text) {
                prop_assert_eq!(Period::parse(&period.to_string()), Some(period));
            }
        }
    }
}
