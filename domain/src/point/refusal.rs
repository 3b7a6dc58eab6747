//! Why a point stays as it is, or is none.

use super::service::AMOUNT;
use super::slots::{MAX_CLOSED, SEATS, SLOT_MINUTES};
use super::{MAX_SERVICES, MAX_SPANS};
use crate::place::PlaceCode;
use crate::refusal::Args;
use strum::{EnumIter, IntoStaticStr};

/// What is wrong with a field of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, IntoStaticStr)]
pub enum PointFault {
    /// More spans than [`MAX_SPANS`].
    #[strum(serialize = "point.hours_count")]
    HoursCount,
    /// No weekday.
    #[strum(serialize = "point.weekday")]
    Weekday,
    /// No time of the day.
    #[strum(serialize = "point.time")]
    Time,
    /// It closes before it opens, or at the same time.
    #[strum(serialize = "point.hours_reversed")]
    HoursReversed,
    /// Two spans have time in common.
    #[strum(serialize = "point.hours_overlap")]
    HoursOverlap,
    /// More services than [`MAX_SERVICES`].
    #[strum(serialize = "point.services_count")]
    ServicesCount,
    /// A service that cannot be had in any way.
    #[strum(serialize = "point.no_modes")]
    NoModes,
    /// One way twice.
    #[strum(serialize = "point.mode_twice")]
    ModeTwice,
    /// What is not free costs something.
    #[strum(serialize = "point.price_without_amount")]
    PriceWithoutAmount,
    /// What is free costs nothing.
    #[strum(serialize = "point.free_with_amount")]
    FreeWithAmount,
    /// Not an amount that anything costs.
    #[strum(serialize = "point.amount")]
    Amount,
    /// Slots that are too short or too long.
    #[strum(serialize = "point.slot_minutes")]
    SlotMinutes,
    /// Slots for nobody or for too many.
    #[strum(serialize = "point.seats")]
    Seats,
    /// Too many days on which nothing is booked.
    #[strum(serialize = "point.closed_count")]
    ClosedCount,
    /// Slots without opening hours that they are cut from.
    #[strum(serialize = "point.slots_without_hours")]
    SlotsWithoutHours,
    /// Slots where no service is had by appointment.
    #[strum(serialize = "point.slots_for_nothing")]
    SlotsForNothing,
    /// Of a camera nothing is said but where it is.
    #[strum(serialize = "point.camera_only_map")]
    CameraOnlyMap,
}

impl PointFault {
    /// The refusal of a field, a JSON Pointer.
    pub fn at(self, field: impl Into<String>) -> PointRefusal {
        PointRefusal::Field { fault: self, field: field.into() }
    }
}

/// Why a point was not entered or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PointRefusal {
    /// None of that id, or out of sight.
    #[error("no such point")]
    NotFound,
    /// It is no point any more.
    #[error("the point was retired")]
    Retired,
    /// At a place whose points the actor does not keep.
    #[error("{code} is beyond the actor's scope")]
    BeyondScope {
        /// The place.
        code: PlaceCode,
    },
    /// A point belongs to a street or to a place below.
    #[error("a county is too wide")]
    AtCounty,
    /// A point stays in its county.
    #[error("{code} lies in another county")]
    OtherCounty {
        /// The place that does.
        code: PlaceCode,
    },
    /// The unit that is to run it is of another county.
    #[error("the unit is of another county")]
    UnitElsewhere,
    /// What was booked there could not be kept.
    #[error("{count} bookings could not be kept")]
    Booked {
        /// How many.
        count: usize,
    },
    /// There are more around a position than are looked at.
    #[error("more than {max} points")]
    TooMany {
        /// How many are.
        max: i64,
    },
    /// A field is wrong.
    #[error("{field}: {fault:?}")]
    Field {
        /// How.
        fault: PointFault,
        /// JSON Pointer.
        field: String,
    },
}

impl PointRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "point.not_found",
            Self::Retired => "point.retired",
            Self::BeyondScope { .. } => "point.beyond_scope",
            Self::AtCounty => "point.at_county",
            Self::OtherCounty { .. } => "point.other_county",
            Self::UnitElsewhere => "point.unit_elsewhere",
            Self::Booked { .. } => "point.booked",
            Self::TooMany { .. } => "point.too_many",
            Self::Field { fault, field: _ } => (*fault).into(),
        }
    }

    /// The parts of its sentence.
    pub fn args(&self) -> Args {
        match self {
            Self::BeyondScope { code } | Self::OtherCounty { code } => vec![("code", code.to_string())],
            Self::Booked { count } => vec![("count", count.to_string())],
            Self::TooMany { max } => vec![("max", max.to_string())],
            Self::Field { fault, field: _ } => match fault {
                PointFault::HoursCount => vec![("max", MAX_SPANS.to_string())],
                PointFault::ServicesCount => vec![("max", MAX_SERVICES.to_string())],
                PointFault::ClosedCount => vec![("max", MAX_CLOSED.to_string())],
                PointFault::SlotMinutes => between(&SLOT_MINUTES),
                PointFault::Seats => between(&SEATS),
                PointFault::Amount => between(&AMOUNT),
                PointFault::SlotsWithoutHours
                | PointFault::SlotsForNothing
                | PointFault::Weekday
                | PointFault::Time
                | PointFault::HoursReversed
                | PointFault::HoursOverlap
                | PointFault::NoModes
                | PointFault::ModeTwice
                | PointFault::PriceWithoutAmount
                | PointFault::FreeWithAmount
                | PointFault::CameraOnlyMap => vec![],
            },
            Self::NotFound | Self::Retired | Self::AtCounty | Self::UnitElsewhere => vec![],
        }
    }

    /// The field of the request.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Field { fault: _, field } => Some(field),
            Self::AtCounty | Self::OtherCounty { .. } => Some("/place"),
            Self::UnitElsewhere => Some("/unit"),
            Self::TooMany { .. } => Some("?minutes"),
            Self::NotFound | Self::Retired | Self::BeyondScope { .. } | Self::Booked { .. } => None,
        }
    }
}

fn between(range: &std::ops::RangeInclusive<i64>) -> Args {
    vec![("min", range.start().to_string()), ("max", range.end().to_string())]
}
