//! What in-service members (在职党员) of a community did in a month, and a month (practices L08).

use crate::playbook::MemberPoints;
use crate::time::{Timestamp, china, china_day};
use chrono::{Datelike, Days, Months, NaiveDate, NaiveTime};
use std::fmt;
use std::str::FromStr;

/// What a member did in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemberTally {
    /// Promises kept in time.
    pub promises: i64,
    /// Promises kept late.
    pub late: i64,
    /// Tickets completed: red flags that are held.
    pub tickets: i64,
    /// Posts held at the end of the month.
    pub posts: i64,
}

impl MemberTally {
    /// What it is worth.
    pub fn points(&self, rules: MemberPoints) -> i64 {
        let MemberPoints { promise_kept, promise_late, ticket_done, post_month } = rules;
        self.promises * i64::from(promise_kept)
            + self.late * i64::from(promise_late)
            + self.tickets * i64::from(ticket_done)
            + self.posts * i64::from(post_month)
    }
}

/// A month in China, of the years 2000 to 2199.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonthOf(NaiveDate);

/// What is no month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a month is written like 2026-11")]
pub struct NoMonth;

impl MonthOf {
    /// That in which a moment lies.
    pub fn at(at: Timestamp) -> Self {
        let day = china_day(at);
        Self(day.with_day(1).unwrap_or(day))
    }

    /// Its first and its last day.
    pub fn days(self) -> (NaiveDate, NaiveDate) {
        let next = self.0.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX);
        (self.0, next.checked_sub_days(Days::new(1)).unwrap_or(next))
    }

    /// When it begins, and when the next one does.
    pub fn moments(self) -> (Timestamp, Timestamp) {
        let next = self.0.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX);
        let midnight = |day: NaiveDate| {
            let midnight = day.and_time(NaiveTime::MIN).and_local_timezone(china()).single();
            midnight.map_or(Timestamp::MAX_UTC, |midnight| midnight.to_utc())
        };
        (midnight(self.0), midnight(next))
    }
}

impl fmt::Display for MonthOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m"))
    }
}

impl FromStr for MonthOf {
    type Err = NoMonth;

    fn from_str(text: &str) -> Result<Self, NoMonth> {
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let (year, month) = text
            .split_once('-')
            .filter(|(year, month)| year.len() == 4 && month.len() == 2 && digits(year) && digits(month))
            .ok_or(NoMonth)?;
        let year: i32 = year.parse().ok().filter(|year| (2000..2200).contains(year)).ok_or(NoMonth)?;
        let month = month.parse().map_err(|_| NoMonth)?;
        NaiveDate::from_ymd_opt(year, month, 1).map(Self).ok_or(NoMonth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("2026-11", Some(("2026-11-01", "2026-11-30", "2026-10-31T16:00:00+00:00", "2026-11-30T16:00:00+00:00")))]
    #[case("2024-02", Some(("2024-02-01", "2024-02-29", "2024-01-31T16:00:00+00:00", "2024-02-29T16:00:00+00:00")))]
    #[case("2026-12", Some(("2026-12-01", "2026-12-31", "2026-11-30T16:00:00+00:00", "2026-12-31T16:00:00+00:00")))]
    #[case("2026-13", None)]
    #[case("2026-00", None)]
    #[case("2026-1", None)]
    #[case("+026-11", None)]
    #[case("1999-12", None)]
    #[case("2200-01", None)]
    #[case("", None)]
    #[case("２０２６-11", None)]
    fn a_month_is_that_of_china(#[case] text: &str, #[case] expected: Option<(&str, &str, &str, &str)>) {
        let month = text.parse::<MonthOf>().ok();
        let told = month.map(|month| {
            let ((first, last), (from, to)) = (month.days(), month.moments());
            assert_eq!((month.to_string().as_str(), MonthOf::at(from)), (text, month));
            [first.to_string(), last.to_string(), from.to_rfc3339(), to.to_rfc3339()]
        });
        assert_eq!(told, expected.map(|(a, b, c, d)| [a, b, c, d].map(str::to_owned)));
    }

    #[test]
    fn points_are_what_was_done_by_what_it_is_worth() {
        let rules = MemberPoints { promise_kept: 5, promise_late: 3, ticket_done: 2, post_month: 1 };
        let tally = MemberTally { promises: 2, late: 1, tickets: 4, posts: 1 };
        assert_eq!((tally.points(rules), MemberTally::default().points(rules)), (22, 0));
    }
}
