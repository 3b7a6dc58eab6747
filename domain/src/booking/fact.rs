//! What happens to bookings.

use crate::id::{PointId, UserId};
use crate::matter::Fact;
use crate::text::TextRef;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What happened to a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the booking")]
pub enum BookingFact {
    /// 预约.
    Booked { requester: UserId, point: PointId, begins_at: Timestamp, text: Option<TextRef> },
    /// 预约提醒.
    BookingReminded,
    /// 预约办理.
    BookingServed { text: Option<TextRef> },
    /// 预约未到.
    BookingNoShow,
    /// 取消预约; without a text whoever was to come was erased.
    BookingCancelled { text: Option<TextRef> },
}

impl Fact for BookingFact {
    fn word(&self) -> &'static str {
        match self {
            Self::Booked { .. } => "booked",
            Self::BookingReminded => "booking_reminded",
            Self::BookingServed { .. } => "booking_served",
            Self::BookingNoShow => "booking_no_show",
            Self::BookingCancelled { .. } => "booking_cancelled",
        }
    }
}
