//! What is shown of calendars.

use super::{Calendar, DayKind, Days, NamedDay, YearDays};
use crate::place::PlaceCode;
use crate::time::Timestamp;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// A day that is not as its weekday says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveDay {
    /// The day.
    pub date: NaiveDate,
    /// What it is.
    pub kind: DayKind,
    /// What it is called.
    pub name: String,
    /// Whether the county says so, and not the country.
    pub own: bool,
}

/// A year as it holds in a county, or in the whole country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveYear {
    /// Which year.
    pub year: i32,
    /// Where; `None` for the whole country.
    pub county: Option<PlaceCode>,
    /// Of what was entered there; `None` where nothing was.
    pub version: Option<i32>,
    /// Whether the country's days are known.
    pub known: bool,
    /// The days, in order.
    pub days: Vec<EffectiveDay>,
    /// The hours there, with these days.
    pub calendar: Calendar,
}

impl EffectiveYear {
    /// The country's days, with what a county has of its own laid over, under the hours that hold there.
    pub fn of(
        year: i32,
        county: Option<PlaceCode>,
        version: Option<i32>,
        hours: Calendar,
        [nation, own]: [Option<&YearDays>; 2],
    ) -> Self {
        let (mut days, mut named) = (Days::default(), BTreeMap::new());
        if let Some(nation) = nation {
            days.learn(year, nation);
        }
        if let Some(own) = own {
            days.overlay(own);
        }
        for (list, own) in [(nation, false), (own, true)] {
            for (kind, NamedDay { date, name }) in list.into_iter().flat_map(YearDays::iter) {
                named.insert(*date, EffectiveDay { date: *date, kind, name: name.clone(), own });
            }
        }
        let calendar = hours.with_days(days);
        Self { year, county, version, known: nation.is_some(), days: named.into_values().collect(), calendar }
    }

    /// How many of its days are worked.
    pub fn workdays(&self) -> i64 {
        self.calendar.workdays_of(self.year)
    }
}

/// A year that somebody entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnteredYear {
    /// Which year.
    pub year: i32,
    /// Where; `None` for the whole country.
    pub county: Option<PlaceCode>,
    /// How often it was entered.
    pub version: i32,
    /// How many days off it names.
    pub holidays: usize,
    /// How many make-up days it names.
    pub workdays: usize,
    /// When it was entered last.
    pub updated_at: Timestamp,
}
