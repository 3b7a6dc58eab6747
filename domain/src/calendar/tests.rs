//! Working time by tables, and against a reference that walks minute by minute.

use super::*;
use proptest::collection::{btree_map, btree_set};
use proptest::prelude::*;
use proptest::sample::subsequence;
use rstest::rstest;
use serde_json::json;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A moment of China, `2026-09-30 17:00` or with seconds.
fn at(text: &str) -> Timestamp {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f");
    let local = local.or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M")).unwrap();
    local.and_local_timezone(china()).unwrap().to_utc()
}

fn named(dates: &[&str]) -> Vec<NamedDay> {
    dates.iter().map(|date| NamedDay { date: day(date), name: "国庆节".into() }).collect()
}

/// National Day 2026: off from Thursday, 1 October, to Wednesday, 7 October; made up for on Sunday, 20 September, and on
/// Saturday, 10 October.
fn national_day() -> YearDays {
    let off = ["01", "02", "03", "04", "05", "06", "07"].map(|day| format!("2026-10-{day}"));
    let off: Vec<_> = off.iter().map(String::as_str).collect();
    YearDays { holidays: named(&off), workdays: named(&["2026-09-20", "2026-10-10"]) }
}

fn calendar() -> Calendar {
    let mut days = Days::default();
    days.learn(2026, &national_day());
    Calendar::default().with_days(days)
}

#[rstest]
#[case::nothing("2026-11-21 03:00", 0, "2026-11-21 03:00")]
#[case::less_than_nothing("2026-11-20 09:00", -5, "2026-11-20 09:00")]
#[case::within_the_morning("2026-11-20 09:00", 60, "2026-11-20 10:00")]
#[case::until_noon("2026-11-20 11:00", 60, "2026-11-20 12:00")]
#[case::over_lunch("2026-11-20 11:00", 61, "2026-11-20 14:01")]
#[case::raised_at_noon("2026-11-20 12:00", 1, "2026-11-20 14:01")]
#[case::raised_at_lunch("2026-11-20 13:00", 30, "2026-11-20 14:30")]
#[case::before_work("2026-11-20 02:00", 30, "2026-11-20 09:00")]
#[case::the_last_minute("2026-11-20 17:29", 1, "2026-11-20 17:30")]
#[case::over_the_weekend("2026-11-20 17:29", 2, "2026-11-23 08:31")]
#[case::on_a_saturday("2026-11-21 10:00", 420, "2026-11-23 17:30")]
#[case::a_whole_day("2026-11-19 08:30", 420, "2026-11-19 17:30")]
#[case::a_day_and_a_minute("2026-11-19 08:30", 421, "2026-11-20 08:31")]
#[case::a_day_from_midday("2026-11-19 10:00", 420, "2026-11-20 10:00")]
#[case::made_up_for_before("2026-09-18 17:00", 31, "2026-09-20 08:31")]
#[case::over_the_holidays("2026-09-30 17:00", 60, "2026-10-08 09:00")]
#[case::into_the_make_up_day("2026-10-09 17:00", 60, "2026-10-10 09:00")]
#[case::over_the_sunday_after("2026-10-10 17:30", 1, "2026-10-12 08:31")]
#[case::to_the_microsecond("2026-11-20 11:59:59.999999", 1, "2026-11-20 14:00:59.999999")]
fn a_limit_in_working_time(#[case] from: &str, #[case] minutes: i64, #[case] due: &str) {
    let working = TimeDelta::minutes(minutes);
    assert_eq!(calendar().after(at(from), working), at(due));
    assert_eq!(calendar().between(at(from), at(due)), working.max(TimeDelta::zero()));
}

#[rstest]
#[case::backwards("2026-11-20 10:00", "2026-11-20 09:00", 0)]
#[case::at_night("2026-11-20 18:00", "2026-11-21 08:30", 0)]
#[case::a_weekend("2026-11-20 17:30", "2026-11-23 08:30", 0)]
#[case::the_holidays("2026-10-01 00:00", "2026-10-08 08:30", 0)]
#[case::with_make_up_days("2026-09-28 00:00", "2026-10-12 00:00", 6 * 420)]
#[case::a_whole_year("2026-01-01 00:00", "2027-01-01 00:00", (261 - 5 + 2) * 420)]
fn working_time_between(#[case] from: &str, #[case] to: &str, #[case] minutes: i64) {
    assert_eq!(calendar().between(at(from), at(to)), TimeDelta::minutes(minutes));
}

#[test]
fn the_end_of_the_day_is_a_time_too() {
    let calendar = Calendar {
        weekdays: vec![1, 2, 3, 4, 5, 6, 7],
        spans: ["00:00-08:00", "08:00-24:00"].map(|span| span.parse().unwrap()).to_vec(),
        ..Calendar::default()
    };
    assert_eq!(calendar.faults(), []);
    let (from, to) = (at("2026-02-27 13:00"), at("2026-03-01 00:00"));
    assert_eq!(calendar.after(from, to - from), to, "at midnight, and not a moment later");
    assert_eq!(calendar.between(from, to), to - from);
}

#[test]
fn hours_hang_on_the_offset() {
    let calendar = Calendar { utc_offset: "+06:00".parse().unwrap(), ..Calendar::default() };
    assert_eq!(calendar.after(at("2026-11-20 10:00"), TimeDelta::minutes(1)), at("2026-11-20 10:31"));
}

#[test]
fn a_search_ends_where_nothing_is_worked() {
    let idle = Calendar { weekdays: vec![], ..Calendar::default() };
    let due = idle.after(at("2026-11-20 10:00"), TimeDelta::minutes(1));
    assert_eq!(due, at("2036-11-20 00:00"));
    assert_eq!(idle.between(at("2026-11-20 10:00"), due), TimeDelta::zero());
    // So does one that is longer than anybody waits.
    assert_eq!(calendar().after(at("2026-11-20 10:00"), TimeDelta::days(36_500)), at("2036-11-20 00:00"));
}

#[rstest]
#[case(json!({"weekdays": []}), &["weekdays"])]
#[case(json!({"weekdays": [0, 1, 1, 8]}), &["weekdays[0]", "weekdays[2]", "weekdays[3]"])]
#[case(json!({"spans": []}), &["spans"])]
#[case(json!({"spans": ["12:00-08:30"]}), &["spans[0]"])]
#[case(json!({"spans": ["09:00-09:00"]}), &["spans[0]"])]
#[case(json!({"spans": ["14:00-17:30", "08:30-12:00"]}), &["spans[1]"])]
#[case(json!({"spans": ["08:30-12:00", "11:59-17:30"]}), &["spans[1]"])]
#[case(json!({"spans": ["08:30-12:00", "12:00-24:00"]}), &[])]
#[case(json!({"spans": [], "weekdays": [9]}), &["weekdays[0]", "spans"])]
fn faults_name_their_keys(#[case] json: serde_json::Value, #[case] keys: &[&str]) {
    let calendar: Calendar = serde_json::from_value(json).unwrap();
    let faults = calendar.faults();
    assert_eq!(faults.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), keys);
}

#[test]
fn a_calendar_is_text() {
    let json =
        json!({"utc_offset": "+08:00", "weekdays": [1, 2, 3, 4, 5], "spans": ["08:30-12:00", "14:00-17:30"]});
    assert_eq!(serde_json::to_value(calendar()).unwrap(), json);
    assert_eq!(serde_json::from_value::<Calendar>(json!({})).unwrap(), Calendar::default());
    assert_eq!(serde_json::from_value::<Calendar>(json).unwrap(), Calendar::default());
    for wrong in [
        json!({"days": []}),
        json!({"utc_offset": "Asia/Shanghai"}),
        json!({"spans": ["8:30-12:00"]}),
        json!({"spans": ["08:30-24:01"]}),
        json!({"spans": ["08:60-12:00"]}),
        json!({"spans": ["08:30–12:00"]}),
        json!({"spans": ["08:30-+9:00"]}),
        json!({"spans": [""]}),
    ] {
        assert!(serde_json::from_value::<Calendar>(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn a_county_lays_its_own_days_over() {
    let mut days = Days::default();
    let own = YearDays { holidays: named(&["2026-10-10", "2026-11-16"]), workdays: named(&["2026-10-07"]) };
    days.overlay(&own);
    assert!(!days.knows(2026), "a county's own days are not all that there is to know");
    days.learn(2026, &national_day());
    days.overlay(&own);
    let calendar = Calendar::default().with_days(days);
    let worked = ["2026-10-06", "2026-10-07", "2026-10-10", "2026-11-16", "2026-09-20"];
    assert_eq!(worked.map(|date| calendar.is_workday(day(date))), [false, true, false, false, true]);
    assert_eq!(calendar.workdays_of(2026), 261 - 5 + 2 + 1 - 1 - 1);
}

#[rstest]
#[case("2026-09-30 23:59", &[2025, 2026, 2027], &[])]
#[case("2026-09-30 23:59", &[2026], &[])]
#[case("2026-09-30 23:59", &[2025], &[2026])]
#[case("2026-10-01 00:00", &[2026], &[2027])]
#[case("2026-12-31 23:59", &[2026, 2027], &[])]
#[case("2027-01-01 00:00", &[2026], &[2027])]
#[case("2026-10-01 00:00", &[], &[2026, 2027])]
fn a_missing_year_is_told_long_before(#[case] now: &str, #[case] known: &[i32], #[case] missing: &[i32]) {
    let mut days = Days::default();
    known.iter().for_each(|year| days.learn(*year, &YearDays::default()));
    assert_eq!(days.missing(at(now)), missing);
}

#[rstest]
#[case(2026, &["2026-10-01"], &["2026-10-10"], &[])]
#[case(1999, &["1999-10-01"], &[], &[("calendar.year_out_of_range", "year")])]
#[case(2101, &[], &[], &[("calendar.year_out_of_range", "year")])]
#[case(2026, &["2027-01-01"], &["2025-12-31"], &[
    ("calendar.other_year", "/holidays/0/date"), ("calendar.other_year", "/workdays/0/date")])]
#[case(2026, &["2026-10-01", "2026-10-01"], &["2026-10-01"], &[
    ("calendar.day_twice", "/holidays/1/date"), ("calendar.day_twice", "/workdays/0/date")])]
fn a_year_has_its_own_days_once(
    #[case] year: i32,
    #[case] holidays: &[&str],
    #[case] workdays: &[&str],
    #[case] faults: &[(&str, &str)],
) {
    let days = YearDays { holidays: named(holidays), workdays: named(workdays) };
    let found = days.faults(year);
    let found: Vec<_> = found.iter().map(|fault| (fault.code(), fault.field().unwrap())).collect();
    assert_eq!(found, faults);
}

#[test]
fn a_year_has_366_days_with_names() {
    let dates: Vec<_> = day("2024-01-01").iter_days().take(367).collect();
    let called = |date: &NaiveDate, name: &str| NamedDay { date: *date, name: name.to_owned() };
    let holidays = dates[..366].iter().map(|date| called(date, "休")).collect();
    let whole = YearDays { holidays, workdays: vec![] };
    assert_eq!(whole.faults(2024), []);
    let more = YearDays { workdays: vec![called(&dates[366], "班")], ..whole };
    assert_eq!(more.faults(2024), [CalendarRefusal::TooManyDays { count: 367 }]);
    for (text, code) in
        [("", "text.empty"), (&"节".repeat(21), "text.too_long"), ("\0", "text.control_character")]
    {
        let days = YearDays { holidays: vec![], workdays: vec![called(&dates[0], text)] };
        let [fault] = &days.faults(2024)[..] else { panic!("one fault") };
        assert_eq!((fault.code(), fault.field()), (code, Some("/workdays/0/name")));
    }
}

mod permission {
    use super::*;
    use crate::actor::{Actor, Grant, Scope};
    use crate::id::UserId;
    use crate::permission::Role;
    use crate::place::{Levels, PlaceCode};
    use uuid::Uuid;

    const BEYOND: Result<(), CalendarRefusal> = Err(CalendarRefusal::BeyondScope);

    #[rstest]
    #[case(Role::SystemAdmin, "532504", [Ok(()), Ok(()), Ok(())])]
    #[case(Role::CountyAdmin, "532504", [BEYOND, Ok(()), BEYOND])]
    #[case(Role::CountyAdmin, "532504001", [BEYOND, BEYOND, BEYOND])]
    #[case(Role::Supervisor, "532504", [BEYOND, BEYOND, BEYOND])]
    #[case(Role::Resident, "532504", [BEYOND, BEYOND, BEYOND])]
    fn who_enters_which_days(
        #[case] role: Role,
        #[case] code: &str,
        #[case] may: [Result<(), CalendarRefusal>; 3],
    ) {
        let place = |code| PlaceCode::parse(code, &Levels::default()).unwrap();
        let grants = vec![Grant { role, scope: Scope::Places(vec![place(code)]) }];
        let actor = Actor { user: UserId(Uuid::from_u128(1)), grants };
        let tried = [None, Some(place("532504")), Some(place("140226"))];
        assert_eq!(tried.map(|county| actor.may_edit_calendar(county.as_ref())), may);
        let street = place("532504001");
        assert_eq!(actor.may_edit_calendar(Some(&street)), Err(CalendarRefusal::NotACounty));
    }
}

/// How far the reference looks.
const DAYS: i64 = 30;

/// The first day of the calendars below; a Thursday.
fn first_day() -> NaiveDate {
    day("2026-01-01")
}

/// Whether the minute that begins at this moment is worked, as it is said and not as it is built.
fn is_worked(calendar: &Calendar, minute: Timestamp) -> bool {
    let local = minute.with_timezone(&calendar.utc_offset).naive_local();
    let since = local.time() - NaiveTime::MIN;
    let in_week = calendar.weekdays.iter().any(|day| u32::from(*day) == local.weekday().number_from_monday());
    let off = match calendar.days.kind(local.date()) {
        Some(kind) => kind == DayKind::Holiday,
        None => !in_week,
    };
    !off && calendar.spans.iter().any(|span| span.begin() <= since && since < span.end())
}

/// Goes on minute by minute until `to`, or until `enough` time was worked: when that was, and how much.
fn walk(calendar: &Calendar, from: Timestamp, to: Timestamp, enough: TimeDelta) -> (Timestamp, TimeDelta) {
    let (mut now, mut worked) = (from, TimeDelta::zero());
    while now < to && worked < enough {
        let minute = now.timestamp().div_euclid(60) * 60;
        let minute = Timestamp::from_timestamp(minute, 0).unwrap();
        let rest = (minute + TimeDelta::minutes(1)).min(to) - now;
        if is_worked(calendar, minute) {
            let step = rest.min(enough - worked);
            worked += step;
            now += step;
        } else {
            now += rest;
        }
    }
    (now, worked)
}

fn calendars() -> impl Strategy<Value = Calendar> {
    let spans = btree_set(0_u16..=1440, 2..=8).prop_map(|ends| {
        let ends: Vec<_> = ends.into_iter().collect();
        ends.chunks_exact(2).map(|ends| Span::new(ends[0], ends[1]).unwrap()).collect::<Vec<_>>()
    });
    let kinds = prop_oneof![Just(DayKind::Holiday), Just(DayKind::Workday)];
    let days = btree_map(0..2 * DAYS, kinds, 0..20);
    let offsets = prop_oneof![Just(8 * 60), Just(0), Just(-5 * 60), Just(5 * 60 + 45)];
    let weekdays = subsequence(vec![1, 2, 3, 4, 5, 6, 7], 1..=7);
    (offsets, weekdays, spans, days).prop_map(|(minutes, weekdays, spans, kinds)| {
        let mut days = Days::default();
        let mut named = YearDays::default();
        for (n, kind) in kinds {
            let list = if kind == DayKind::Holiday { &mut named.holidays } else { &mut named.workdays };
            list.push(NamedDay { date: first_day() + TimeDelta::days(n), name: "节".into() });
        }
        days.learn(2026, &named);
        let utc_offset = FixedOffset::east_opt(minutes * 60).unwrap();
        Calendar { utc_offset, weekdays, spans, days }
    })
}

/// Moments in the first ten days, to the microsecond; every other one at a full minute.
fn moments() -> impl Strategy<Value = Timestamp> {
    let micros = prop_oneof![Just(0), 0_i64..60_000_000];
    (0_i64..10 * 1440, micros).prop_map(|(minutes, micros)| {
        let midnight = first_day().and_time(NaiveTime::MIN).and_utc();
        midnight + TimeDelta::minutes(minutes) + TimeDelta::microseconds(micros)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn as_if_walked_minute_by_minute(
        calendar in calendars(), from in moments(), span in 0..DAYS * 1440, share in 0_i64..=1000, odd in 0_i64..60_000_000
    ) {
        prop_assert_eq!(calendar.faults(), []);
        let to = from + TimeDelta::minutes(span) + TimeDelta::microseconds(odd);
        let (_, worked) = walk(&calendar, from, to, TimeDelta::MAX);
        prop_assert_eq!(calendar.between(from, to), worked);
        // Often the whole of it, so that a limit ends where a span does.
        let limit = TimeDelta::microseconds(worked.num_microseconds().unwrap() / 1000 * share);
        let limit = if share > 900 { worked } else { limit };
        let (due, _) = walk(&calendar, from, to, limit);
        prop_assert_eq!(calendar.after(from, limit), due);
    }

    #[test]
    fn what_was_added_lies_between(calendar in calendars(), from in moments(), seconds in 0_i64..2_000_000) {
        let limit = TimeDelta::seconds(seconds);
        let due = calendar.after(from, limit);
        let horizon = from.with_timezone(&calendar.utc_offset).date_naive() + HORIZON;
        if due.with_timezone(&calendar.utc_offset).date_naive() < horizon {
            prop_assert_eq!(calendar.between(from, due), limit);
        } else {
            prop_assert!(calendar.between(from, due) <= limit);
        }
    }

    #[test]
    fn later_is_never_earlier(
        calendar in calendars(), from in moments(), later in moments(), a in 0_i64..200_000, b in 0_i64..200_000
    ) {
        let (from, later) = (from.min(later), from.max(later));
        let (less, more) = (TimeDelta::seconds(a.min(b)), TimeDelta::seconds(a.max(b)));
        prop_assert!(calendar.after(from, less) <= calendar.after(from, more));
        prop_assert!(calendar.after(from, more) <= calendar.after(later, more));
        let to = later + more;
        prop_assert!(calendar.between(later, to) <= calendar.between(from, to));
        // A stretch is the sum of its parts.
        prop_assert_eq!(calendar.between(from, to), calendar.between(from, later) + calendar.between(later, to));
    }

    #[test]
    fn spans_read_as_they_are_written(begin in 0_u16..=1440, end in 0_u16..=1440, noise in "\\PC{0,12}") {
        let span = Span::new(begin, end).unwrap();
        prop_assert_eq!(span.to_string().parse::<Span>(), Ok(span));
        if let Ok(span) = noise.parse::<Span>() {
            prop_assert_eq!(span.to_string(), noise);
        }
    }
}
