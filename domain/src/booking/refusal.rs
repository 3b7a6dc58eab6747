//! Why nothing is booked, or a booking stays as it is.

use crate::refusal::Args;
use crate::time::Timestamp;

/// Why nothing is booked, or a booking stays as it is, beside what holds for all matters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BookingRefusal {
    /// The point has no slots, or is none any more.
    #[error("the point takes no bookings")]
    NotBookable,
    /// The point does not do that by appointment.
    #[error("no such service by appointment")]
    NoSuchService {
        /// What it does by appointment.
        allowed: String,
    },
    /// No slot of the point begins then.
    #[error("no slot begins then")]
    NoSlot,
    /// Whoever comes is booked there for that day.
    #[error("booked there for that day before")]
    OnceADay,
    /// All seats of the slot are taken.
    #[error("all seats are taken")]
    Full,
    /// The slot has begun: it is for whoever serves there to say what came of it.
    #[error("it has begun")]
    Begun,
    /// Nobody can have come yet.
    #[error("not before {from}")]
    TooEarly {
        /// From when on.
        from: Timestamp,
    },
}

impl BookingRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotBookable => "booking.not_bookable",
            Self::NoSuchService { .. } => "booking.no_such_service",
            Self::NoSlot => "booking.no_slot",
            Self::OnceADay => "booking.once_a_day",
            Self::Full => "booking.full",
            Self::Begun => "booking.begun",
            Self::TooEarly { .. } => "booking.too_early",
        }
    }

    /// The parts of its sentence.
    pub fn args(&self) -> Args {
        match self {
            Self::NotBookable | Self::NoSlot | Self::OnceADay | Self::Full | Self::Begun => vec![],
            Self::NoSuchService { allowed } => vec![("allowed", allowed.clone())],
            Self::TooEarly { from } => vec![("earliest", from.to_rfc3339())],
        }
    }

    /// The field of the body.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::NotBookable => Some("/point"),
            Self::NoSuchService { .. } => Some("/service"),
            Self::NoSlot | Self::OnceADay | Self::Full => Some("/begins_at"),
            Self::Begun | Self::TooEarly { .. } => None,
        }
    }
}
