//! Identities: UUID v7 in a type of their own each, so that a unit is never taken for a person.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// A ticket (工单).
    TicketId,
    /// A person (人员): resident or staff.
    UserId,
    /// A unit (单位): department, institution, property company.
    UnitId,
    /// A grant (授权).
    GrantId,
    /// A shift (值班).
    ShiftId,
    /// A tie (关系).
    TieId,
    /// A deed (纪实).
    DeedId,
    /// An absence (请假).
    AbsenceId,
    /// A place (地点). Immutable, while its code may change.
    PlaceId,
    /// A point (点位).
    PointId,
    /// A text that somebody wrote freely (文本).
    TextId,
    /// A photo (照片).
    PhotoId,
}
