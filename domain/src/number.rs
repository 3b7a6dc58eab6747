//! Ticket numbers for people to read out: `532504-261121-00017` (county, day in China, count).

use crate::place::PlaceCode;
use arrayvec::ArrayString;
use chrono::NaiveDate;
use std::fmt::Write;

/// The number of a ticket (工单编号). Unique; gaps are allowed and order is not promised.
pub type TicketNumber = ArrayString<24>;

/// Replicas lease this many numbers of a county and day at a time.
pub const LEASE: u32 = 50;

/// Puts a number together. `count` begins at 1 and is padded to five digits.
pub fn ticket_number(place: &PlaceCode, day: NaiveDate, count: u32) -> TicketNumber {
    let mut number = TicketNumber::new();
    // 6 + 1 + 6 + 1 + at most 10 digits always fit into 24.
    write!(number, "{}-{}-{count:05}", place.county(), day.format("%y%m%d")).expect("a number fits");
    number
}

/// Whether `text` has the shape of a ticket number: what a search box takes for one.
pub fn is_ticket_number(text: &str) -> bool {
    let mut parts = text.split('-');
    let digits = |part: Option<&str>, least: usize, most: usize| {
        part.is_some_and(|p| (least..=most).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()))
    };
    digits(parts.next(), 6, 6)
        && digits(parts.next(), 6, 6)
        && digits(parts.next(), 5, 10)
        && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::{Levels, PlaceCode};

    #[test]
    fn a_number_names_county_day_and_count() {
        let place = PlaceCode::parse("532504001007", &Levels::default()).unwrap();
        let day = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        assert_eq!(ticket_number(&place, day, 17).as_str(), "532504-261121-00017");
        assert_eq!(ticket_number(&place, day, u32::MAX).as_str(), "532504-261121-4294967295");
        assert!(is_ticket_number("532504-261121-00017"));
        for wrong in [
            "",
            "532504",
            "532504-261121-",
            "532504-261121-0001",
            "532504-261121-00017-1",
            "53250４-261121-00017",
        ] {
            assert!(!is_ticket_number(wrong), "{wrong}");
        }
    }
}
