//! Points (点位, practices F05): what is found on the ground of a county besides the net of places. Each belongs to a place,
//! and lies where that lies today.

mod event;
mod hours;
mod refusal;
mod service;
mod slots;
#[cfg(test)]
mod tests;
mod walk;

pub use event::{EVENT_VERSION, Fact, Headline};
pub use hours::{Hours, MAX_SPANS, Opening, minute_of_week};
pub use refusal::{PointFault, PointRefusal};
pub use service::{AMOUNT, Charge, MAX_PER, MAX_SERVICES, Mode, Price, Service, offers, wanted};
pub use slots::{MAX_CLOSED, SEATS, SLOT_MINUTES, Slots};
pub use walk::{
    Around, DEFAULT_MINUTES, DETOUR, METRES_A_MINUTE, MINUTES, around, band, metres, reach, walk_minutes,
};

use crate::actor::Actor;
use crate::geo::{Datum, Position};
use crate::id::{PlaceId, PointId, UnitId};
use crate::permission::Action;
use crate::phone::Phone;
use crate::place::{NetRefusal, PlaceCode};
use crate::refusal::Refusal;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// The longest name of a point or of a service, in characters.
pub const MAX_NAME: usize = 50;
/// The longest text of a disclosure, in characters.
pub const MAX_TEXT: usize = 2_000;

/// What a point is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// 服务点.
    ServicePoint,
    /// 说事点.
    TalkingPoint,
    /// 意见箱.
    SuggestionBox,
    /// 监控. For staff alone.
    Camera,
    /// 商铺: a partner that serves residents.
    Shop,
    /// 活动场所.
    Venue,
}

impl Kind {
    /// Whether residents may see it.
    pub fn is_public(self) -> bool {
        match self {
            Self::ServicePoint | Self::TalkingPoint | Self::SuggestionBox | Self::Shop | Self::Venue => true,
            Self::Camera => false,
        }
    }

    /// The word.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A point (点位).
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Who it is, for ever.
    pub id: PointId,
    /// How often it changed: the version of its last event.
    pub version: i32,
    /// All that is said of it.
    pub about: About,
    /// Since when it is no point any more.
    pub retired_at: Option<Timestamp>,
}

/// All that is said of a point, and replaced as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// What it is.
    #[serde(rename = "of")]
    pub kind: Kind,
    /// What it is called, 1 to [`MAX_NAME`] characters.
    pub name: String,
    /// The place that it belongs to.
    pub place: PlaceId,
    /// Where it is, WGS-84.
    pub position: Position,
    /// The unit that runs it, of the same county.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    /// The rest.
    pub details: Details,
}

/// What nothing is found by, but what residents read: among it the four disclosures (practices F05).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// Where exactly, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Whom to call there: of the point, and public.
    #[serde(skip_serializing_if = "Option::is_none", with = "phone_text")]
    pub phone: Option<Phone>,
    /// 开放时间.
    pub hours: Hours,
    /// 活动计划.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activities: Option<String>,
    /// 便民服务: what is there for everybody, and what to know of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conveniences: Option<String>,
    /// 服务事项.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Service>,
    /// 预约时段: how it is booked; not at all without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slots: Option<Slots>,
}

/// A point as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The point.
    pub point: Point,
    /// The code of its place today.
    pub place: PlaceCode,
    /// What its place is called.
    pub place_name: String,
    /// What the unit that runs it is called.
    pub unit_name: Option<String>,
}

/// A position as points keep it: WGS-84, to a tenth of a millimetre, so that it reads the same out of text.
pub fn kept(position: Position) -> Position {
    let round = |degrees: f64| (degrees * 1e9).round() / 1e9;
    let there = position.to(Datum::Wgs84);
    // What lies at the very edge of what a position may be stays where it is.
    Position::new(round(there.lat()), round(there.lng()), Datum::Wgs84).unwrap_or(there)
}

impl About {
    /// What goes with what.
    ///
    /// # Errors
    /// [`PointFault::CameraOnlyMap`]: of a camera a map needs no more than where it is. [`PointFault::SlotsWithoutHours`],
    /// [`PointFault::SlotsForNothing`].
    pub fn check(&self) -> Result<(), PointRefusal> {
        let Details { address: _, phone, hours, activities, conveniences, services, slots } = &self.details;
        if self.kind.is_public() {
            let booked = |service: &Service| service.modes.contains(&Mode::Booking);
            return match slots {
                Some(_) if hours.is_empty() => Err(PointFault::SlotsWithoutHours.at("/slots")),
                Some(_) if !services.iter().any(booked) => Err(PointFault::SlotsForNothing.at("/slots")),
                _ => Ok(()),
            };
        }
        let said = [
            ("/phone", phone.is_some()),
            ("/hours", !hours.is_empty()),
            ("/activities", activities.is_some()),
            ("/conveniences", conveniences.is_some()),
            ("/services", !services.is_empty()),
            ("/slots", slots.is_some()),
        ];
        match said.into_iter().find(|(_, is_said)| *is_said) {
            Some((field, _)) => Err(PointFault::CameraOnlyMap.at(field)),
            None => Ok(()),
        }
    }
}

impl Actor {
    /// Whether they may see points of a kind.
    pub fn sees_points_of(&self, kind: Kind) -> bool {
        kind.is_public() || self.is_staff()
    }

    /// Whether they keep the points of a place.
    ///
    /// # Errors
    /// [`PointRefusal::BeyondScope`].
    pub fn may_edit_points(&self, place: &PlaceCode) -> Result<(), PointRefusal> {
        let theirs = self.area_of(Action::PointEdit).any(|area| area.covers(place));
        if theirs { Ok(()) } else { Err(PointRefusal::BeyondScope { code: *place }) }
    }

    /// Whether they may put a point at a place: from a street down, and while it is a place.
    ///
    /// # Errors
    /// [`PointRefusal::BeyondScope`], [`PointRefusal::AtCounty`], [`NetRefusal::Retired`].
    pub fn may_put_point_at(&self, place: &PlaceCode, retired: bool) -> Result<(), Refusal> {
        self.may_edit_points(place)?;
        if place.as_str() == place.county() {
            return Err(PointRefusal::AtCounty.into());
        }
        if retired { Err(NetRefusal::Retired { code: *place }.into()) } else { Ok(()) }
    }
}

/// In its one form. (A phone number has none of its own, so that none is written down by chance.)
mod phone_text {
    use crate::phone::Phone;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    // The signatures are serde's.
    pub(super) fn serialize<S: Serializer>(phone: &Option<Phone>, s: S) -> Result<S::Ok, S::Error> {
        phone.as_ref().map(Phone::as_str).serialize(s)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Phone>, D::Error> {
        let text = Option::<String>::deserialize(d)?;
        text.map(|text| Phone::parse(&text).map_err(D::Error::custom)).transpose()
    }
}
