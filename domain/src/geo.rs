//! Positions on the ground. A position without a datum is worthless in China: GCJ-02 and WGS-84 lie up to 700 m apart.

use serde::{Deserialize, Serialize};

/// The datum of a position (坐标系).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Datum {
    /// GCJ-02 (国测局坐标), what WeChat and Chinese maps give.
    Gcj02,
    /// WGS-84, what GPS gives.
    Wgs84,
}

/// A position (位置) in degrees, in the datum that it was given in. Latitude 17.5 to 53.6, longitude 73.4 to 135.2.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Position {
    lat: f64,
    lng: f64,
    datum: Datum,
}

/// Why a position was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PositionRefusal {
    /// Outside the rectangle around China, or not a number.
    #[error("{field} is outside China")]
    OutsideChina {
        /// `lat` or `lng`.
        field: &'static str,
    },
}

impl PositionRefusal {
    /// The part of the position that was wrong.
    pub fn field(&self) -> &'static str {
        let Self::OutsideChina { field } = self;
        field
    }
}

impl Position {
    /// Latitudes accepted, degrees.
    pub const LAT: std::ops::RangeInclusive<f64> = 17.5..=53.6;
    /// Longitudes accepted, degrees.
    pub const LNG: std::ops::RangeInclusive<f64> = 73.4..=135.2;

    /// # Errors
    /// [`PositionRefusal::OutsideChina`], naming the coordinate.
    pub fn new(lat: f64, lng: f64, datum: Datum) -> Result<Self, PositionRefusal> {
        if !Self::LAT.contains(&lat) {
            return Err(PositionRefusal::OutsideChina { field: "lat" });
        }
        if !Self::LNG.contains(&lng) {
            return Err(PositionRefusal::OutsideChina { field: "lng" });
        }
        Ok(Self { lat, lng, datum })
    }

    /// Latitude in degrees.
    pub fn lat(&self) -> f64 {
        self.lat
    }

    /// Longitude in degrees.
    pub fn lng(&self) -> f64 {
        self.lng
    }

    /// The datum that it was given in.
    pub fn datum(&self) -> Datum {
        self.datum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(24.41, 103.41, None)]
    #[case(0.0, 0.0, Some("lat"))]
    #[case(51.5, -0.1, Some("lng"))]
    #[case(f64::NAN, 103.0, Some("lat"))]
    #[case(30.0, f64::INFINITY, Some("lng"))]
    fn a_position_lies_in_china(#[case] lat: f64, #[case] lng: f64, #[case] wrong: Option<&'static str>) {
        let refused = Position::new(lat, lng, Datum::Gcj02).err();
        assert_eq!(refused, wrong.map(|field| PositionRefusal::OutsideChina { field }));
    }
}
