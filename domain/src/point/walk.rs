//! What can be reached on foot (practices F05: within fifteen minutes, *chosen: on foot*). Nobody walks as the crow flies, and
//! ways are not known here: they are taken to be longer by [`DETOUR`].

use crate::geo::{Datum, Position};
use geo::{Distance, Haversine, Point};
use std::ops::RangeInclusive;

/// How far somebody walks in a minute.
pub const METRES_A_MINUTE: f64 = 80.0;
/// How much longer ways are than the straight line.
pub const DETOUR: f64 = 1.3;
/// For how long one may ask, minutes.
pub const MINUTES: RangeInclusive<i64> = 1..=60;
/// Unless one asks for more or less.
pub const DEFAULT_MINUTES: u16 = 15;

/// Metres of a degree of latitude, a little less than they are, so that nothing at the edge is overlooked.
const METRES_A_DEGREE: f64 = 111_000.0;
/// Bands of latitude a degree: of 5.6 km each.
const BANDS_A_DEGREE: f64 = 20.0;

/// The straight line between two positions, metres.
pub fn metres(one: Position, other: Position) -> f64 {
    let [one, other] = [one, other].map(|position| {
        let position = position.to(Datum::Wgs84);
        Point::new(position.lng(), position.lat())
    });
    Haversine.distance(one, other)
}

/// How long somebody walks to what lies so many metres away as the crow flies: begun minutes count.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "half way round the earth is some weeks"
)]
pub fn walk_minutes(metres: f64) -> u32 {
    (metres * DETOUR / METRES_A_MINUTE).ceil() as u32
}

/// How far away, as the crow flies, may lie what is reached within so many minutes: metres.
pub fn reach(minutes: u16) -> f64 {
    f64::from(minutes) * METRES_A_MINUTE / DETOUR
}

/// A rectangle that holds all that is reached, and somewhat more; WGS-84.
#[derive(Debug, Clone, PartialEq)]
pub struct Around {
    /// Latitudes, degrees.
    pub lat: RangeInclusive<f64>,
    /// Longitudes, degrees.
    pub lng: RangeInclusive<f64>,
}

impl Around {
    /// The bands that it touches.
    pub fn bands(&self) -> RangeInclusive<i32> {
        band(*self.lat.start())..=band(*self.lat.end())
    }
}

/// What to look at for what is reached within so many minutes.
pub fn around(centre: Position, minutes: u16) -> Around {
    let centre = centre.to(Datum::Wgs84);
    let (lat, lng) = (centre.lat(), centre.lng());
    let north = reach(minutes) / METRES_A_DEGREE;
    // Degrees of longitude are shortest where it is farthest from the equator.
    let east = north / (lat.abs() + north).to_radians().cos();
    Around { lat: lat - north..=lat + north, lng: lng - east..=lng + east }
}

/// The band of latitude in which a position lies, counted from the equator: what an index looks up first, since it can look
/// for a range of one thing only.
#[expect(clippy::cast_possible_truncation, reason = "there are 3,600 of them")]
pub fn band(lat: f64) -> i32 {
    (lat * BANDS_A_DEGREE).floor() as i32
}
