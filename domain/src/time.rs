//! Time as the rules see it: UTC to the microsecond, always handed in.

use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta, Utc};

/// A moment in UTC, microsecond precision (what PostgreSQL keeps).
pub type Timestamp = DateTime<Utc>;

/// China keeps one time zone, UTC+8, without summer time.
const CHINA_OFFSET_SECONDS: i32 = 8 * 3600;

/// The time of China.
pub fn china() -> FixedOffset {
    FixedOffset::east_opt(CHINA_OFFSET_SECONDS).expect("eight hours are an offset")
}

/// The calendar day in China at `at`: ticket numbers are counted by it.
pub fn china_day(at: Timestamp) -> NaiveDate {
    at.with_timezone(&china()).date_naive()
}

/// A span of whole seconds.
pub fn seconds(n: u32) -> TimeDelta {
    TimeDelta::seconds(i64::from(n))
}
