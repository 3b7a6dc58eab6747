//! A year of a calendar as an aggregate: the whole country's, or what one county has besides.

use super::YearDays;
use crate::actor::Actor;
use crate::permission::{Action, Reach, reaches};
use crate::place::PlaceCode;
use crate::refusal::{Args, Refusal};
use crate::text::TextRefusal;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, EnumIter, EnumString, IntoStaticStr};

/// The version in which calendar events are stored.
pub const EVENT_VERSION: i16 = 1;

/// What happened to a year of a calendar. It keeps the days whole, so that the history says what held when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, EnumDiscriminants)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[strum_discriminants(
    name(Headline),
    derive(Hash, EnumIter, EnumString, IntoStaticStr),
    strum(serialize_all = "snake_case"),
    doc = "What kind of event it is: the word in the `kind` column and in the audit trail."
)]
pub enum Fact {
    /// Taken from what the program brings (导入日历).
    DaysImported {
        /// Which year.
        year: i32,
        /// Its days.
        days: YearDays,
    },
    /// Entered by an administrator in the place of what was there (修改日历).
    DaysReplaced {
        /// Which year.
        year: i32,
        /// Its days from then on.
        days: YearDays,
    },
}

impl Headline {
    /// The word.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Fact {
    /// The kind.
    pub fn headline(&self) -> Headline {
        self.into()
    }
}

/// Why a year of a calendar was refused. Fields are JSON Pointers below the body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarRefusal {
    /// Not among [`YEARS`](super::YEARS).
    #[error("no calendar is kept for {year}")]
    YearOutOfRange {
        /// As given.
        year: i32,
    },
    /// More than [`MAX_DAYS`](super::MAX_DAYS), holidays and make-up days together.
    #[error("{count} days")]
    TooManyDays {
        /// As given.
        count: usize,
    },
    /// A day of another year.
    #[error("{date} is not in {year}")]
    OtherYear {
        /// Where.
        field: String,
        /// As given.
        date: NaiveDate,
        /// The year that is entered.
        year: i32,
    },
    /// A day that stands there already, as a holiday or as a make-up day.
    #[error("{date} twice")]
    Twice {
        /// Where it stands for the second time.
        field: String,
        /// As given.
        date: NaiveDate,
    },
    /// The name of a day is no such text.
    #[error("{field}: {refusal}")]
    Name {
        /// Where.
        field: String,
        /// Why not.
        refusal: TextRefusal,
    },
    /// In a county that it holds for no minute of the year would be worked.
    #[error("no working time in {county:?}")]
    NoWorkingTime {
        /// The county; `None` for one with the hours that hold unless a playbook says otherwise.
        county: Option<String>,
    },
    /// A county without a playbook has no calendar.
    #[error("this is no county")]
    NotACounty,
    /// Not by this actor.
    #[error("beyond the actor's scope")]
    BeyondScope,
}

impl CalendarRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::YearOutOfRange { .. } => "calendar.year_out_of_range",
            Self::TooManyDays { .. } => "calendar.too_many_days",
            Self::OtherYear { .. } => "calendar.other_year",
            Self::Twice { .. } => "calendar.day_twice",
            Self::Name { refusal, .. } => Refusal::from(refusal.clone()).code(),
            Self::NoWorkingTime { .. } => "calendar.no_working_time",
            Self::NotACounty => "calendar.not_a_county",
            Self::BeyondScope => "calendar.beyond_scope",
        }
    }

    /// Parts of the sentence.
    pub fn args(&self) -> Args {
        match self {
            Self::YearOutOfRange { year } => vec![
                ("year", year.to_string()),
                ("min", super::YEARS.start().to_string()),
                ("max", super::YEARS.end().to_string()),
            ],
            Self::TooManyDays { count } => {
                vec![("count", count.to_string()), ("max", super::MAX_DAYS.to_string())]
            }
            Self::OtherYear { field: _, date, year } => {
                vec![("date", date.to_string()), ("year", year.to_string())]
            }
            Self::Twice { field: _, date } => vec![("date", date.to_string())],
            Self::Name { field: _, refusal } => Refusal::from(refusal.clone()).args(),
            Self::NoWorkingTime { county } => vec![("county", county.clone().unwrap_or_else(|| "-".into()))],
            Self::NotACounty | Self::BeyondScope => vec![],
        }
    }

    /// The field of the body; `year` is in the path.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::YearOutOfRange { .. } => Some("year"),
            Self::TooManyDays { .. } | Self::NoWorkingTime { .. } => Some("/holidays"),
            Self::OtherYear { field, .. } | Self::Twice { field, .. } | Self::Name { field, .. } => {
                Some(field)
            }
            Self::NotACounty => Some("/place"),
            Self::BeyondScope => None,
        }
    }
}

impl Actor {
    /// Whether they may enter the days of a county, or of the whole country: the former its administrators whose area is
    /// the whole of it, and both whoever reaches anywhere with it.
    ///
    /// # Errors
    /// [`CalendarRefusal::NotACounty`], [`CalendarRefusal::BeyondScope`].
    pub fn may_edit_calendar(&self, county: Option<&PlaceCode>) -> Result<(), CalendarRefusal> {
        if county.is_some_and(|county| county.as_str() != county.county()) {
            return Err(CalendarRefusal::NotACounty);
        }
        let anywhere = |role| reaches(role, Action::CalendarEdit).contains(&Reach::Anywhere);
        let theirs = self.grants.iter().any(|grant| anywhere(grant.role))
            || county
                .is_some_and(|county| self.area_of(Action::CalendarEdit).any(|area| area.covers(county)));
        if theirs { Ok(()) } else { Err(CalendarRefusal::BeyondScope) }
    }
}
