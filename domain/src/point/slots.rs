//! In which slots a point can be booked (预约时段, practices F11): its opening hours, cut into stretches of the same length.

use super::hours::Hours;
use super::refusal::{PointFault, PointRefusal};
use crate::time::{Timestamp, china, china_day};
use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// How long a slot may last, in minutes.
pub const SLOT_MINUTES: RangeInclusive<i64> = 5..=240;
/// How many may come at a time.
pub const SEATS: RangeInclusive<i64> = 1..=50;
/// The most days on which a point is closed although its hours say otherwise.
pub const MAX_CLOSED: usize = 60;

/// The slots of a point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slots {
    /// How long each lasts, in [`SLOT_MINUTES`].
    pub minutes: u16,
    /// How many may come in each, in [`SEATS`].
    pub seats: u16,
    /// On which days nothing is booked, such as holidays: at most [`MAX_CLOSED`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed: Vec<NaiveDate>,
}

impl Slots {
    /// Out of what was said.
    ///
    /// # Errors
    /// [`PointRefusal::Field`]: too short or too long, for nobody or too many, or too many days.
    pub fn new(minutes: i64, seats: i64, closed: Vec<NaiveDate>) -> Result<Self, PointRefusal> {
        if closed.len() > MAX_CLOSED {
            return Err(PointFault::ClosedCount.at("/slots/closed"));
        }
        let number =
            |given, range: RangeInclusive<i64>| u16::try_from(given).ok().filter(|_| range.contains(&given));
        Ok(Self {
            minutes: number(minutes, SLOT_MINUTES)
                .ok_or_else(|| PointFault::SlotMinutes.at("/slots/minutes"))?,
            seats: number(seats, SEATS).ok_or_else(|| PointFault::Seats.at("/slots/seats"))?,
            closed,
        })
    }

    /// When those of a day in China begin; none where it is closed.
    pub fn on(&self, hours: &Hours, day: NaiveDate) -> impl Iterator<Item = Timestamp> {
        let open = !self.closed.contains(&day);
        self.cut(hours, day).filter(move |_| open)
    }

    /// The same whether it is closed or not. What is left of a stretch and is too short for one is none.
    pub fn cut(&self, hours: &Hours, day: NaiveDate) -> impl Iterator<Item = Timestamp> {
        let weekday = day.weekday().number_from_monday();
        let midnight = day.and_time(NaiveTime::MIN).and_local_timezone(china()).single();
        let length = self.length();
        let of_day = hours.spans().iter().filter(move |opening| u32::from(opening.weekday) == weekday);
        of_day.flat_map(move |opening| {
            let (first, end) = (opening.span.begin(), opening.span.end());
            let begins = std::iter::successors(Some(first), move |begin| Some(*begin + length));
            let whole = begins.take_while(move |begin| *begin + length <= end);
            whole.filter_map(move |begin| Some((midnight? + begin).to_utc()))
        })
    }

    /// Whether one begins at a time.
    pub fn begin_at(&self, hours: &Hours, at: Timestamp) -> bool {
        self.on(hours, china_day(at)).any(|begin| begin == at)
    }

    /// How long each lasts.
    pub fn length(&self) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.minutes.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    /// 2026-11-23 is a Monday.
    fn monday() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 23).unwrap()
    }

    fn hours(spans: &[(i64, &str, &str)]) -> Hours {
        let spans: Vec<_> =
            spans.iter().map(|(day, from, to)| (*day, (*from).into(), (*to).into())).collect();
        Hours::new(&spans).unwrap()
    }

    #[rstest]
    #[case::halves(30, &[(1, "08:30", "10:00")], &["08:30", "09:00", "09:30"])]
    #[case::rest_is_none(40, &[(1, "08:30", "10:00")], &["08:30", "09:10"])]
    #[case::too_short(60, &[(1, "08:30", "09:00")], &[])]
    #[case::twice_a_day(60, &[(1, "14:00", "15:00"), (1, "09:00", "10:00")], &["09:00", "14:00"])]
    #[case::other_day(60, &[(2, "09:00", "10:00")], &[])]
    #[case::to_midnight(60, &[(1, "23:00", "24:00")], &["23:00"])]
    fn the_hours_of_a_day_are_cut(
        #[case] minutes: u16,
        #[case] spans: &[(i64, &str, &str)],
        #[case] begins: &[&str],
    ) {
        let (slots, hours) = (Slots { minutes, seats: 1, closed: vec![] }, hours(spans));
        let found: Vec<_> = slots
            .on(&hours, monday())
            .map(|at| at.with_timezone(&china()).format("%H:%M").to_string())
            .collect();
        assert_eq!(found, begins);
        assert!(slots.on(&hours, monday()).all(|at| slots.begin_at(&hours, at) && china_day(at) == monday()));
    }

    #[rstest]
    #[case(4, 1, Some("/slots/minutes"))]
    #[case(241, 1, Some("/slots/minutes"))]
    #[case(-1, 1, Some("/slots/minutes"))]
    #[case(5, 0, Some("/slots/seats"))]
    #[case(5, 51, Some("/slots/seats"))]
    #[case(240, 50, None)]
    fn slots_have_their_measure(#[case] minutes: i64, #[case] seats: i64, #[case] wrong: Option<&str>) {
        let field = Slots::new(minutes, seats, vec![])
            .err()
            .and_then(|refusal| refusal.field().map(ToString::to_string));
        assert_eq!(field.as_deref(), wrong);
    }

    #[test]
    fn on_closed_days_there_are_none() {
        let hours = hours(&[(1, "09:00", "10:00")]);
        let slots = Slots { minutes: 30, seats: 1, closed: vec![monday()] };
        assert_eq!((slots.on(&hours, monday()).count(), slots.cut(&hours, monday()).count()), (0, 2));
        assert_eq!(slots.on(&hours, monday() + TimeDelta::days(7)).count(), 2);
        let many = vec![monday(); MAX_CLOSED + 1];
        let refusal = Slots::new(30, 1, many).unwrap_err();
        assert_eq!((refusal.code(), refusal.field()), ("point.closed_count", Some("/slots/closed")));
    }

    proptest! {
        #[test]
        fn slots_lie_within_the_hours_and_beside_each_other(minutes in 5u16..=240, from in 0u32..1_400, length in 1u32..1_440) {
            let to = (from + length).min(1_440);
            let time = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
            let hours = Hours::new(&[(1, time(from), time(to))]).unwrap();
            let slots = Slots { minutes, seats: 1, closed: vec![] };
            let begins: Vec<_> = slots.on(&hours, monday()).collect();
            prop_assert_eq!(begins.len(), usize::try_from((to - from) / u32::from(minutes)).unwrap());
            for begin in &begins {
                prop_assert_eq!(hours.open_at(*begin), Some(true));
                prop_assert_eq!(hours.open_at(*begin + slots.length() - TimeDelta::minutes(1)), Some(true));
            }
            prop_assert!(begins.windows(2).all(|pair| pair[1] - pair[0] == slots.length()));
        }
    }
}
